package compose_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	gomessage "github.com/emersion/go-message"
	"github.com/jhillyerd/enmime/v2"

	"smartmail/casework"
	"smartmail/compose"
	"smartmail/message"
)

// Every kind of mail, with what is hardest to write, is without fault to the letter of the RFCs and to three readers.
func TestMailIsStrict(t *testing.T) {
	hard := map[string][]byte{}
	golden, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(golden) < 20 {
		t.Fatalf("%d golden mails, %v", len(golden), err)
	}
	for _, name := range golden {
		if hard[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	for label, subject := range map[string]string{
		"swedish": strings.Repeat("Översvämning i källaren på Björkgårdsvägen ", 6), "emoji": "🚿💧 läcker 👩‍🔧 " + strings.Repeat("🪠", 60),
		"one word": strings.Repeat("a", 300), "english": strings.Repeat("The tap drips again ", 12), "encoded": "=?utf-8?q?x?= å =?", "empty": "",
	} {
		for _, kind := range compose.Samples() {
			hard[kind.Name+", "+label] = hardMail(t, kind.Entry, subject)
		}
	}
	for name, raw := range hard {
		t.Run(name, func(t *testing.T) {
			s := strict{t: t}
			s.lines(raw)
			s.header(raw)
			s.part("", raw)
			s.readers(raw)
		})
	}
}

// hardMail has long names, 8-bit names of files, a logo, and a thread of its own.
func hardMail(t *testing.T, e casework.Entry, subject string) []byte {
	t.Helper()
	cs := theCase()
	cs.Subject, cs.Object = subject, subject
	out := *e.MailOut
	e.ID, e.Seq, e.Lane, e.MailOut = "e1", 5, "customer", &out
	out.Text = "Räksmörgås.\n.\nFrom here on\n" + strings.Repeat("åäö 🚿 ", 400) + strings.Repeat("x", 2000)
	out.Files = []casework.File{
		{ID: "f1", Name: strings.Repeat("ritning över köket ", 10) + ".pdf", Type: "application/pdf", Size: 4},
		{ID: "f2", Name: `a"b\c;d.txt`, Type: "text/plain; charset=utf-8", Size: 4},
		{ID: "f3", Name: strings.Repeat("long-ascii-name-", 12) + ".bin", Type: "x/y", Size: 4},
		{ID: "f4", Name: "🚿.mov", Type: "video/quicktime", Size: compose.MaxAttachments + 1},
	}
	i := item(strings.Repeat("Åsa-Märta Öberg ", 9), "jour@ror.example")
	i.Lane = "customer"
	m, err := composer(t, shelf{c: cs, entry: e, file: "\xff\xfeab"}, "sv", "Förvaltnings AB Björkgården (Väst)").Compose(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// The names of files come back as they were, however long.
func TestNamesOfFiles(t *testing.T) {
	e := out("", "x")
	names := []string{strings.Repeat("ritning över köket ", 10) + ".pdf", strings.Repeat("long-ascii-name-", 12) + ".bin", strings.Repeat("🚿'%*", 20) + ".mov", "kort å.txt"}
	for i, n := range names {
		e.MailOut.Files = append(e.MailOut.Files, casework.File{ID: fmt.Sprint("f", i), Name: n, Type: "x/y", Size: 4})
	}
	m, err := composer(t, shelf{c: theCase(), entry: e, file: "abcd"}, "sv", "D").Compose(t.Context(), item("", "x@y.example"))
	if err != nil {
		t.Fatal(err)
	}
	env, err := enmime.ReadEnvelope(bytes.NewReader(m.Raw))
	if err != nil || len(env.Attachments) != len(names) {
		t.Fatalf("%v, %d attachments", err, len(env.Attachments))
	}
	for i, a := range env.Attachments {
		_, p, err := mime.ParseMediaType(a.Header.Get("Content-Disposition"))
		if want := message.SafeName(names[i]); err != nil || p["filename"] != want || a.FileName != want {
			t.Errorf("%q, %q: %v, want %q", p["filename"], a.FileName, err, want)
		}
	}
}

// strict reads a mail as the RFCs have it and forgives nothing.
type strict struct{ t *testing.T }

// lines: RFC 5322 section 2.1 and 2.3; what we write ourselves stays within 78.
func (s strict) lines(raw []byte) {
	header, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	at := 0
	for l := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if bytes.ContainsAny(l, "\r\n\x00") {
			s.t.Errorf("a bare CR, LF or NUL in %q", l)
		}
		// Past 78 there must be nothing at which the line could have been folded.
		folds := bytes.ContainsAny(bytes.TrimPrefix(bytes.TrimLeft(l, " "), fieldName.Find(l)), " ")
		if len(l) > 998 || len(l) > 78 && (at > len(header) || folds && !bytes.Contains(l, []byte(`"`))) {
			s.t.Errorf("a line of %d octets: %q", len(l), l)
		}
		if at += len(l) + 2; bytes.IndexFunc(l, func(r rune) bool { return r >= 0x7f }) >= 0 {
			s.t.Errorf("not ASCII: %q", l)
		}
	}
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		s.t.Error("the last line does not end")
	}
}

var (
	fieldName   = regexp.MustCompile(`^[!-9;-~]+: `)
	encodedWord = regexp.MustCompile(`=\?utf-8\?b\?([A-Za-z0-9+/]+=*)\?=`)
	messageIDs  = regexp.MustCompile(`^<[!-;=?-~]+@[!-;=?-~]+>$`)
)

// fields takes a header apart; each name in it once.
func (s strict) fields(raw []byte) (map[string]string, []byte) {
	header, body, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		s.t.Fatalf("no body after %q", header)
	}
	out := map[string]string{}
	for f := range strings.SplitSeq(strings.NewReplacer("\r\n ", "\x00 ", "\r\n\t", "\x00 ").Replace(string(header)), "\r\n") {
		name := fieldName.FindString(f)
		if name == "" {
			s.t.Errorf("no field: %q", f)
			continue
		}
		key := strings.ToLower(strings.TrimSuffix(name, ": "))
		if _, twice := out[key]; twice {
			s.t.Errorf("%s is there twice", key)
		}
		for folded := range strings.SplitSeq(f, "\x00") { // RFC 5322 section 3.2.2: no line of spaces alone
			if strings.TrimSpace(folded) == "" {
				s.t.Errorf("an empty line within %q", f)
			}
		}
		out[key] = strings.ReplaceAll(strings.TrimPrefix(f, name), "\x00", "")
	}
	return out, body
}

func (s strict) header(raw []byte) {
	f, _ := s.fields(raw)
	ids := append(strings.Fields(f["references"]), f["message-id"])
	names := []string{"date", "from", "to", "reply-to", "subject", "message-id", "mime-version", "content-type"}
	if !strings.HasPrefix(f["message-id"], "<s-") { // what is on no case is in no thread
		ids, names = append(ids, f["in-reply-to"]), append(names, "in-reply-to", "references")
	}
	for _, name := range names {
		if _, ok := f[name]; !ok {
			s.t.Errorf("no %s", name)
		}
	}
	for _, id := range ids {
		if !messageIDs.MatchString(id) {
			s.t.Errorf("%q is no Message-ID", id)
		}
	}
	if n := len(strings.Fields(f["references"])); n > 12 {
		s.t.Errorf("%d references", n)
	}
	for name, value := range f {
		s.encoded(name, value)
	}
	if _, err := mail.ParseDate(f["date"]); err != nil || f["mime-version"] != "1.0" {
		s.t.Errorf("date %q: %v", f["date"], err)
	}
}

// encoded: RFC 2047 sections 2 and 5.
func (s strict) encoded(name, value string) {
	rest := encodedWord.ReplaceAllStringFunc(value, func(w string) string {
		text, err := base64.StdEncoding.DecodeString(encodedWord.FindStringSubmatch(w)[1])
		if len(w) > 75 || err != nil || !utf8.Valid(text) {
			s.t.Errorf("%s: the encoded word %q of %d characters: %v", name, w, len(w), err)
		}
		return "\x01"
	})
	for quoted := range strings.SplitSeq(rest, `"`) {
		for i, r := range quoted {
			apart := func(j int) bool { return j < 0 || j >= len(quoted) || quoted[j] == ' ' }
			if r == 1 && (!apart(i-1) || !apart(i+1)) {
				s.t.Errorf("%s: an encoded word touches its neighbour in %q", name, value)
			}
		}
	}
	if strings.Contains(rest, "=?") || strings.Count(rest, `"`) > 1 && strings.Contains(rest, "\x01") {
		s.t.Errorf("%s: what is no encoded word looks like one, or stands within quotes: %q", name, value)
	}
}

// part: RFC 2045, 2046 and 2387, all the way down.
func (s strict) part(within string, raw []byte) {
	f, body := s.fields(raw)
	kind, p, err := mime.ParseMediaType(f["content-type"])
	if err != nil {
		s.t.Fatalf("in %q: Content-Type %q: %v", within, f["content-type"], err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		s.leaf(kind, p, f, body)
		return
	}
	if f["content-transfer-encoding"] != "" || len(p["boundary"]) > 70 || p["boundary"] == "" {
		s.t.Errorf("%s: boundary %q, encoding %q", kind, p["boundary"], f["content-transfer-encoding"])
	}
	pieces := strings.Split("\r\n"+string(body), "\r\n--"+p["boundary"])
	if len(pieces) < 3 || pieces[0] != "" || pieces[len(pieces)-1] != "--\r\n" && pieces[len(pieces)-1] != "--" {
		s.t.Fatalf("%s: %d pieces, from %q to %q", kind, len(pieces), pieces[0], pieces[len(pieces)-1])
	}
	for _, piece := range pieces[1 : len(pieces)-1] {
		if !strings.HasPrefix(piece, "\r\n") {
			s.t.Fatalf("%s: a boundary with more behind it: %.80q", kind, piece)
		}
		s.part(kind, []byte(piece[2:]))
	}
	if kind == "multipart/related" && p["type"] != "text/html" {
		s.t.Errorf("related to %q", p["type"])
	}
}

func (s strict) leaf(kind string, p, f map[string]string, body []byte) {
	var r io.Reader
	switch f["content-transfer-encoding"] {
	case "quoted-printable":
		r = quotedprintable.NewReader(bytes.NewReader(body))
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, bytes.NewReader(body))
	default:
		s.t.Fatalf("%s in %q", kind, f["content-transfer-encoding"])
	}
	content, err := io.ReadAll(r)
	if err != nil {
		s.t.Errorf("%s: %v", kind, err)
	}
	if strings.HasPrefix(kind, "text/") && f["content-disposition"] == "" && (p["charset"] != "utf-8" || !utf8.Valid(content)) {
		s.t.Errorf("%s in charset %q", kind, p["charset"])
	}
	if d := f["content-disposition"]; d != "" {
		if how, dp, err := mime.ParseMediaType(d); err != nil || how != "attachment" && how != "inline" || dp["filename"] == "" {
			s.t.Errorf("disposition %q: %v", d, err)
		}
	}
}

// readers: net/mail, go-message and enmime find nothing to complain of.
func (s strict) readers(raw []byte) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, name := range []string{"From", "To", "Reply-To"} {
		if list, err := m.Header.AddressList(name); err != nil || len(list) != 1 {
			s.t.Errorf("%s: %v, %v", name, list, err)
		}
	}
	e, err := gomessage.Read(bytes.NewReader(raw))
	if err == nil {
		err = e.Walk(func(_ []int, part *gomessage.Entity, err error) error {
			if err == nil && part.MultipartReader() == nil {
				_, err = io.Copy(io.Discard, part.Body)
			}
			return err
		})
	}
	if err != nil {
		s.t.Errorf("go-message: %v", err)
	}
	env, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil || len(env.Errors) > 0 {
		s.t.Errorf("enmime: %v", errors.Join(err, fmt.Errorf("%v", env.Errors)))
	}
}
