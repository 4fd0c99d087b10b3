package message

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// parts makes a multipart of that type; each part is its header fields and its body.
func parts(ctype string, list ...string) string {
	out := "From: Anna <anna@example.com>\r\nContent-Type: " + ctype + "; boundary=b\r\n\r\n"
	for _, p := range list {
		out += "--b\r\n" + p + "\r\n"
	}
	return out + "--b--\r\n"
}

// openAll reads every attachment of a mail and holds it against what Parse said.
func openAll(t *testing.T, raw []byte, c Content) []string {
	t.Helper()
	var out []string
	for i, a := range c.Attachments {
		opened, r, err := OpenAttachment(context.Background(), InMemory(raw), Limits{}, i)
		if err != nil {
			t.Fatalf("attachment %d: %v", i, err)
		}
		b, err := io.ReadAll(r)
		if err != nil || opened.Name != a.Name || opened.Type != a.Type || opened.Container != a.Container || int64(len(b)) != a.Size {
			t.Errorf("opened %+v of %d bytes, described %+v: %v", opened, len(b), a, err)
		}
		out = append(out, string(b))
	}
	if _, _, err := OpenAttachment(context.Background(), InMemory(raw), Limits{}, len(c.Attachments)); err == nil {
		t.Error("there is one attachment more")
	}
	return out
}

func TestTNEFInMail(t *testing.T) {
	dat, err := os.ReadFile("testdata/winmail.dat")
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for b := range slices.Chunk(dat, 57) {
		lines.WriteString(base64.StdEncoding.EncodeToString(b) + "\r\n")
	}
	part := "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines.String()
	for _, tt := range []struct{ name, mail, text string }{
		{"alone", parts("multipart/mixed", part), "Kranen droppar i köket"},
		{"beside a text", parts("multipart/mixed", "\r\nSe bilden.", part), "Se bilden."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Parse(context.Background(), InMemory(tt.mail), Limits{})
			checkContent(t, tt.name, []byte(tt.mail), c)
			if c.Text != tt.text || len(c.Attachments) != 3 {
				t.Fatalf("%q, %+v", c.Text, c.Attachments)
			}
			files := openAll(t, []byte(tt.mail), c)
			if a := c.Attachments[1]; a.Name != "Bilder på kranen.jpg" || a.Type != "image/jpeg" || a.Container != 1 || files[1] != "the picture" {
				t.Errorf("%+v %q", a, files[1])
			}
			if a := c.Attachments[2]; a.Name != "räkning.pdf" || a.Container != 1 || files[2] != "%PDF-1.4 the bill" || a.Type != "application/pdf" {
				t.Errorf("%+v %q", a, files[2])
			}
		})
	}
}

func TestUuencode(t *testing.T) {
	const file = "begin 644 kran.txt\r\n#0V%T\r\n`\r\nend\r\n"
	mail := "From: a@example.com\r\n\r\nSe filen:\r\n\r\n" + file + "\r\nHej d\xe5\r\nbegin 10 ord\r\n" + strings.Replace(file, "kran", "lift", 1)
	c := Parse(context.Background(), InMemory(mail), Limits{})
	checkContent(t, "uuencode", []byte(mail), c)
	if want := "Se filen:\n\n[kran.txt]\n\nHej då\nbegin 10 ord\n[lift.txt]"; c.FullText != want {
		t.Errorf("%q, expected %q", c.FullText, want)
	}
	if files := openAll(t, []byte(mail), c); len(files) != 2 || files[0] != "Cat" || files[1] != "Cat" || c.Attachments[0].Name != "kran.txt" {
		t.Errorf("%q %+v", files, c.Attachments)
	}
	onFile := Parse(context.Background(), onDisk([]byte(mail)), Limits{})
	if !slices.Equal(onFile.Attachments, c.Attachments) {
		t.Errorf("from a file: %+v", onFile.Attachments)
	}
}

func TestCalendarAnswers(t *testing.T) {
	answer := func(method, status string) string {
		ics := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:" + method + "\r\nBEGIN:VEVENT\r\nUID:1@arende.example.org\r\nSUMMARY:Besök i lägenhet 1203\r\n" +
			"DTSTART;TZID=W. Europe Standard Time:20260105T100000\r\nDTEND:20260105T100000Z\r\nDTSTAMP:20260101T000000Z\r\nATTENDEE;PARTSTAT=" + status + ":mailto:Anna@example.com\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
		return parts("multipart/alternative", "Content-Type: text/plain\r\n\r\nSvar", "Content-Type: text/calendar; charset=utf-8; method="+method+"\r\n\r\n"+ics)
	}
	for _, tt := range []struct{ method, status, want, label string }{
		{"REPLY", "ACCEPTED", Accepted, "calendar-reply-accepted"},
		{"REPLY", "DECLINED", Declined, "calendar-reply-declined"},
		{"REPLY", "TENTATIVE", Tentative, "calendar-reply-tentative"},
		{"COUNTER", "TENTATIVE", Counter, "calendar-reply-counter"},
		{"REQUEST", "NEEDS-ACTION", "", ""},
		{"CANCEL", "ACCEPTED", "", ""},
	} {
		c := Parse(context.Background(), InMemory(answer(tt.method, tt.status)), Limits{})
		if c.Calendar == nil || len(c.Attachments) != 1 {
			t.Fatalf("%s: %+v", tt.method, c)
		}
		if c.Calendar.Answer != tt.want || c.Attachments[0].Label != tt.label || (tt.label != "") != slices.Contains(c.Labels, tt.label) {
			t.Errorf("%s %s: %+v, label %q, labels %q", tt.method, tt.status, c.Calendar, c.Attachments[0].Label, c.Labels)
		}
		if tt.want != "" && c.Calendar.Attendee != "Anna@example.com" {
			t.Errorf("attendee %q", c.Calendar.Attendee)
		}
		start, end := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
		if c.Calendar.Summary != "Besök i lägenhet 1203" || !c.Calendar.Start.Equal(start) || !c.Calendar.End.Equal(end) {
			t.Errorf("%+v", c.Calendar)
		}
	}
	for _, ics := range []string{"", "BEGIN:VCALENDAR", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART\nEND:VEVENT\nEND:VCALENDAR", "x"} {
		if c := parseCalendar(ics, "reply"); c != nil && c.Answer != "" {
			t.Errorf("%q: %+v", ics, c)
		}
	}
}

func TestLabels(t *testing.T) {
	der := base64.StdEncoding.EncodeToString([]byte{0x30, 0x80, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02, 0xA0})
	for _, tt := range []struct{ name, mail, want, text string }{
		{"S/MIME signed", parts(`multipart/signed; protocol="application/pkcs7-signature"`, "\r\nHej", "Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nx"), LabelSMIMESigned, "Hej"},
		{"PGP signed", parts(`multipart/signed; protocol="application/pgp-signature"`, "\r\nHej", "Content-Type: application/pgp-signature\r\n\r\nx"), LabelPGPSigned, "Hej"},
		{"PGP encrypted", parts(`multipart/encrypted; protocol="application/pgp-encrypted"`, "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1", "Content-Type: application/octet-stream\r\n\r\nx"), LabelPGPEncrypted, ""},
		{"S/MIME encrypted", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\r\nx", LabelSMIMEEncrypted, ""},
		{"S/MIME signed, opaque", "Content-Type: application/x-pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" + der, LabelSMIMESigned, ""},
		{"PGP in the text", "\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nx\r\n", LabelPGPEncrypted, "-----BEGIN PGP MESSAGE-----\n\nx"},
		{"nothing", "\r\nHej", "", "Hej"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Parse(context.Background(), InMemory(tt.mail), Limits{})
			var want []string
			if tt.want != "" {
				want = []string{tt.want}
			}
			if !slices.Equal(c.Labels, want) || c.FullText != tt.text {
				t.Errorf("%q %q, expected %q %q", c.Labels, c.FullText, want, tt.text)
			}
		})
	}
}

func TestSniffed(t *testing.T) {
	mail := parts("multipart/mixed", "Content-Type: application/octet-stream; name=bild.dat\r\n\r\n\x89PNG\r\n\x1a\n....", "Content-Type: image/jpeg; name=a.jpg\r\n\r\nMZ\x90")
	c := Parse(context.Background(), InMemory(mail), Limits{})
	if len(c.Attachments) != 2 || c.Attachments[0].Sniffed != "image/png" || c.Attachments[1].Sniffed == "image/jpeg" {
		t.Errorf("%+v", c.Attachments)
	}
}

// A mail attached to a mail is opened as the mail that it is.
func TestAttachedMail(t *testing.T) {
	inner := "From: Bo <bo@example.com>\r\nSubject: Hissen\r\n\r\nDen st\xe5r.\r\n"
	mail := parts("multipart/mixed", "\r\nSe bifogat.", "Content-Type: message/rfc822\r\n\r\n"+inner)
	c := Parse(context.Background(), InMemory(mail), Limits{})
	files := openAll(t, []byte(mail), c)
	if len(files) != 1 {
		t.Fatalf("%+v", c.Attachments)
	}
	if in := Parse(context.Background(), InMemory(files[0]), Limits{}); in.Subject != "Hissen" || in.Text != "Den står." || in.From.Email != "bo@example.com" {
		t.Errorf("%+v", in)
	}
}

// The pictures of a mail that somebody sends on as an attachment are there to be seen, with the mail itself.
func TestAttachmentsOfAttachedMail(t *testing.T) {
	inner := parts("multipart/mixed", "\r\nSe bilden.", "Content-Type: image/png; name=kran.png\r\nContent-Transfer-Encoding: base64\r\n\r\naGVq")
	inner = strings.ReplaceAll(strings.ReplaceAll(inner, "--b", "--c"), "boundary=b", "boundary=c")
	mail := parts("multipart/mixed", "Content-Type: text/plain; name=hej.txt\r\nContent-Disposition: inline\r\n\r\nSe bifogat.", "Content-Type: message/rfc822; name=fw.eml\r\n\r\n"+inner)
	c := Parse(context.Background(), InMemory(mail), Limits{})
	checkContent(t, "attached", []byte(mail), c)
	if files := openAll(t, []byte(mail), c); len(files) != 3 || files[2] != "hej" || c.Attachments[2].Name != "kran.png" || c.Attachments[2].Container != 2 {
		t.Errorf("%q %+v", files, c.Attachments)
	}
	if c.Text != "Se bifogat." {
		t.Errorf("the text with a name is not shown: %q", c.Text)
	}
	if onFile := Parse(context.Background(), onDisk([]byte(mail)), Limits{}); !slices.Equal(onFile.Attachments, c.Attachments) {
		t.Errorf("from a file: %+v", onFile.Attachments)
	}
}

// An attached mail of blank lines only is one without a header.
func TestBlankAttachedMail(t *testing.T) {
	mail := parts("multipart/mixed", "\r\nHej", "Content-Type: message/rfc822\r\n\r\n\r\n\r\n\r\n")
	c := Parse(context.Background(), InMemory(mail), Limits{})
	checkContent(t, "blank", []byte(mail), c)
	if c.Unparseable || c.Text != "Hej" {
		t.Errorf("%+v", c)
	}
}

// Many files in a text cost no more than their length.
func TestManyInnerFiles(t *testing.T) {
	mail := "\r\n" + strings.Repeat("begin 644 a\n#0V%T\n`\nend\n", 20000)
	start := time.Now()
	c := Parse(context.Background(), InMemory(mail), Limits{})
	if d := time.Since(start); len(c.Attachments) != maxInner || d > 3*time.Second {
		t.Errorf("%d attachments in %v", len(c.Attachments), d)
	}
}

func FuzzInner(f *testing.F) {
	dat, err := os.ReadFile("testdata/winmail.dat")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(dat), "application/ms-tnef")
	f.Add("begin 644 a\n#0V%T\n`\nend\n", "text/plain")
	f.Add("BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b\nEND:VEVENT\nEND:VCALENDAR\n", "text/calendar")
	f.Fuzz(func(t *testing.T, body, ctype string) {
		mail := fmt.Appendf(nil, "Content-Type: %s\r\n\r\n%s", ctype, body)
		c := Parse(context.Background(), InMemory(mail), Limits{})
		checkContent(t, "fuzz", mail, c)
		if !c.Unparseable {
			openAll(t, mail, c)
		}
	})
}
