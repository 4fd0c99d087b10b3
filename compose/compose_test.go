package compose_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image/jpeg"
	"io"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jhillyerd/enmime/v2"
	"pgregory.net/rapid"

	"smartmail/casework"
	"smartmail/compose"
	"smartmail/desk"
	"smartmail/message"
	"smartmail/threading"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// shelf is a desk with one case and one entry.
type shelf struct {
	c      casework.Case
	entry  casework.Entry
	newest *casework.Mail // on the lane; nil: none
	file   string
	doors  bool
}

func (s shelf) Case(context.Context, casework.OrgID, casework.CaseNumber) (casework.Case, error) {
	return s.c, nil
}

func (s shelf) Entry(context.Context, casework.OrgID, casework.EntryID) (desk.EntryView, error) {
	return desk.EntryView{Entry: s.entry}, nil
}

func (s shelf) HasDoors(context.Context, casework.OrgID, casework.CaseNumber) (bool, error) {
	return s.doors, nil
}

func (s shelf) NewestMail(context.Context, casework.OrgID, casework.CaseNumber, casework.LaneID, uint64) (casework.Mail, bool, error) {
	if s.newest == nil {
		return casework.Mail{}, false, nil
	}
	return *s.newest, true, nil
}

func (s shelf) OpenAttachment(context.Context, casework.OrgID, string) (message.Attachment, io.ReadCloser, error) {
	return message.Attachment{}, io.NopCloser(strings.NewReader(s.file)), nil
}

var _ compose.Reader = (*desk.Desk)(nil)

func at() time.Time { return time.Date(2026, 11, 24, 11, 30, 0, 0, time.UTC) }

func theCase() casework.Case {
	return casework.Case{
		Org: "demo", Number: 1042, Status: casework.StatusAssigned,
		Lanes: []casework.Lane{
			{ID: "customer", Kind: casework.LaneCustomer, Participants: []casework.Participant{{No: 1, Name: "Anna Andersson", Email: "anna@home.example"}}},
			{ID: "supplier-2", Kind: casework.LaneSupplier},
		},
		Orders: []casework.WorkOrder{{No: 2, Lane: "supplier-2", State: casework.OrderBooked, BookedFrom: at().Add(46 * time.Hour), BookedTo: at().Add(48 * time.Hour)}}, Subject: "Droppande kran i köket", Description: "Kranen i köket droppar sedan i går kväll.",
		Class: "VVS > Blandare", Object: "Storgatan 12, lgh 1203, 2 tr", Fields: map[string]string{"Tillträde": "Huvudnyckel, katt hemma"},
		Reporter: &casework.Reporter{Name: "Anna Andersson", Email: "anna@home.example", Phone: "070-000 00 00"},
	}
}

func item(name, email string) casework.OutboxItem {
	return casework.OutboxItem{
		Org: "demo", ID: "o1", Case: 1042, Entry: "e1", Lane: "supplier-2", Participant: 2, At: at(),
		To: casework.Participant{No: 2, Name: name, Email: email}, ReplyTo: "a1042-2-abcdefghijklmnopqrst@arende.example.org",
		MessageID: "m1042-2-o1-abcdefghijklmnopqrst@arende.example.org", ReturnPath: "b1042-2-o1-abcdefghijklmnopqrst@arende.example.org",
	}
}

func composer(t testing.TB, s shelf, language, name string) *compose.Composer {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	c, err := compose.New(compose.Options{
		Reader: s, Location: loc, Orgs: []compose.Org{{ID: "demo", Name: name, Language: language, Look: compose.Look{Footer: "Demo Bostad AB, Storgatan 1, 111 11 Stockholm", Logo: logo(t)}, Links: compose.Links{Page: true}}},
		Signer: signs{}, PublicURL: "https://mx.example.org/",
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// signs makes tokens that tell what they are for.
type signs struct{}

func (signs) SignLink(l threading.Link) (string, error) {
	return fmt.Sprintf("%s.%c%d-%d-%s.%d-%d", l.Org, l.Kind, l.Case, l.Participant, l.Entry, l.File, l.Expires.Unix()), nil
}

func order() casework.Entry {
	return casework.Entry{ID: "e1", Seq: 5, Kind: casework.KindOrder, Lane: "supplier-2", Order: 2, MailOut: &casework.MailOut{
		Text: "Byt packning eller blandare.\nRing hyresgästen innan ni kommer.", Deadline: at().AddDate(0, 0, 7), PriceCap: 250000,
	}}
}

func out(auto, text string) casework.Entry {
	return casework.Entry{ID: "e1", Seq: 5, Kind: casework.KindMailOut, Lane: "supplier-2", MailOut: &casework.MailOut{Text: text, Auto: auto}}
}

// Each kind in both languages, byte for byte. Run with -update after a change, and read what it gives.
func TestGolden(t *testing.T) {
	answered := &casework.Mail{Content: message.Content{MessageID: "x@ror.example", References: []string{"m1042-2-o0-x@arende.example.org"}}}
	withFile := out("", "Ritningen bifogas.\n\nHälsningar\nEva")
	withFile.MailOut.Files = []casework.File{{ID: "f1", Name: "ritning å.pdf", Type: "application/pdf", Size: 4}}
	quote := order()
	quote.MailOut.Quote = true
	about := func(what, text string) casework.Entry {
		e := out("", text)
		e.Order, e.MailOut.About, e.MailOut.PriceCap = 2, what, 180000
		return e
	}
	remind := about(casework.AboutReminder, "Vi har inte hört om ni tar jobbet.")
	remind.MailOut.Auto = casework.AutoReminder
	toCustomer := out("", "Rörmokaren kommer.")
	toCustomer.Lane = "customer"
	toCustomer.MailOut.Files = []casework.File{{ID: "f1", Name: "film å.mp4", Type: "video/mp4", Size: 24_300_000}, {ID: "f2", Name: "b.txt", Type: "text/plain", Size: 4}}
	visit := casework.Visit{From: at().AddDate(0, 0, 7), To: at().AddDate(0, 0, 7).Add(2 * time.Hour), Sequence: 1}
	booked, cancelled := out(casework.AutoUnderstood, "- Bokat 2026-12-01 12:30-14:30"), about(casework.AboutWithdrawn, "")
	gone := visit
	gone.Sequence, gone.Cancelled = 2, true
	booked.Order, booked.MailOut.Visit, cancelled.MailOut.Visit = 2, &visit, &gone
	for name, e := range map[string]casework.Entry{
		"booked": booked, "cancelled": cancelled,
		"reminder": remind, "quote": quote, "withdrawn": about(casework.AboutWithdrawn, "Hyresgästen har lagat det själv."), "chosen": about(casework.AboutChosen, ""), "thanked": about(casework.AboutThanked, ""), "access": about(casework.AboutAccess, ""),
		"new-case": out(casework.AutoNewCase, "Ärende #1042 är ditt."), "watched": out(casework.AutoWatched, "Något har hänt i ärende #1042, som du bevakar."),
		"order": order(), "message": withFile, "customer": toCustomer, "received": out(casework.AutoReceived, "Mottaget."), "understood": out(casework.AutoUnderstood, "- Klar\n- Tid 2,5 h"),
	} {
		for _, language := range []string{"sv", "en"} {
			t.Run(name+"-"+language, func(t *testing.T) {
				s := shelf{c: theCase(), entry: e, newest: answered, file: "%PDF"}
				c := composer(t, s, language, "Demo Bostad AB")
				i := item("Bo Ek", "jour@ror.example")
				i.Lane = e.Lane
				m, err := c.Compose(t.Context(), i)
				if err != nil {
					t.Fatal(err)
				}
				again, err := c.Compose(t.Context(), i)
				if err != nil || string(again.Raw) != string(m.Raw) || m.To != "jour@ror.example" || !strings.HasPrefix(m.From, "b1042-") {
					t.Errorf("a second time it is another mail: %v, from %q to %q", err, m.From, m.To)
				}
				golden := filepath.Join("testdata", name+"-"+language+".eml")
				if *update {
					if err := os.WriteFile(golden, m.Raw, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil || string(want) != string(m.Raw) {
					t.Errorf("%s differs (%v); composed:\n%s", golden, err, m.Raw)
				}
			})
		}
	}
}

// A mail that is on no case needs no desk, has no return path and is in no thread.
func TestMorningMail(t *testing.T) {
	for _, language := range []string{"sv", "en"} {
		i := casework.OutboxItem{
			Org: "demo", ID: "o1", At: at(), To: casework.Participant{Name: "Nora Nord", Email: "nora@landlord.example"}, ReplyTo: "postmaster@arende.example.org", MessageID: "s-o1@arende.example.org",
			Staff: &casework.StaffMail{Auto: casework.AutoMorning, Language: language, Text: "Det här väntar på dig i dag.", Todo: []casework.StaffTodo{
				{Case: 1042, Subject: "Droppande kran\r\nBcc: x@y.example", Why: "sista dagen har passerat", DueAt: at().AddDate(0, 0, -1)},
				{Case: 1051, Subject: "Lås <b>", Why: "Anna har skrivit och väntar på svar", Urgency: casework.Soon},
				{Subject: "Autosvar", Why: "ett mejl som inte hör till något ärende", Urgency: casework.Soon},
			}},
		}
		m, err := composer(t, shelf{}, "sv", "Demo Bostad AB").Compose(t.Context(), i)
		if err != nil || m.From != "" || m.To != "nora@landlord.example" {
			t.Fatalf("from %q to %q, %v", m.From, m.To, err)
		}
		golden := filepath.Join("testdata", "morning-"+language+".eml")
		if *update {
			if err := os.WriteFile(golden, m.Raw, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(golden); err != nil || string(want) != string(m.Raw) {
			t.Errorf("%s differs (%v); composed:\n%s", golden, err, m.Raw)
		}
	}
}

// Whatever names, subjects and texts hold, there are the same header fields, short lines, and the recipient stays who he is.
func TestNothingIsInjected(t *testing.T) {
	nasty := rapid.OneOf(rapid.String(), rapid.StringMatching(`(a|Bcc: x@y|\r\n|\n|\r|=\?utf-8\?q\?=0D=0A\?=|<|>|"|,|;|å|\x00|\x{2028}|--| ){0,60}`))
	rapid.Check(t, func(rt *rapid.T) {
		cs := theCase()
		cs.Subject, cs.Object = nasty.Draw(rt, "subject"), nasty.Draw(rt, "object")
		cs.Reporter.Name = nasty.Draw(rt, "reporter")
		e := order()
		e.MailOut.Text = nasty.Draw(rt, "text")
		e.MailOut.Files = []casework.File{{ID: "f1", Name: nasty.Draw(rt, "file"), Type: nasty.Draw(rt, "type"), Size: 4}}
		c := composer(t, shelf{c: cs, entry: e, file: "%PDF"}, "sv", nasty.Draw(rt, "organisation"))
		m, err := c.Compose(t.Context(), item(nasty.Draw(rt, "name"), "jour@ror.example"))
		if err != nil {
			rt.Fatal(err)
		}
		check(rt, m)
	})
}

func check(rt *rapid.T, m compose.Mail) {
	raw := string(m.Raw)
	for l := range strings.SplitSeq(raw, "\r\n") {
		if len(l) > 998 || strings.ContainsAny(l, "\r\n\x00") { // RFC 5322 section 2.1.1
			rt.Fatalf("line of %d octets: %q", len(l), l)
		}
	}
	read, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		rt.Fatalf("%v in\n%s", err, raw)
	}
	if len(read.Header) != 11 {
		rt.Fatalf("header is %q", read.Header)
	}
	for _, values := range read.Header {
		if len(values) != 1 {
			rt.Fatalf("header is %q", read.Header)
		}
	}
	for name, want := range map[string]string{"To": "jour@ror.example", "From": item("", "").ReplyTo, "Reply-To": item("", "").ReplyTo} {
		list, err := read.Header.AddressList(name)
		if err != nil || len(list) != 1 || list[0].Address != want {
			rt.Fatalf("%s is %q: %v, %v", name, read.Header.Get(name), list, err)
		}
	}
	c := message.Parse(context.Background(), message.InMemory(m.Raw), message.Limits{})
	if len(c.Attachments) != 2 || c.Unparseable || c.HTML == "" {
		rt.Fatalf("read again: %d attachments, %v", len(c.Attachments), c.Notices)
	}
}

func TestAutomaticMailSaysSo(t *testing.T) {
	for auto, want := range map[string]string{"": "", casework.AutoReceived: "auto-replied", casework.AutoUnderstood: "auto-replied", casework.AutoReminder: "auto-generated"} {
		i := item("", "x@y.example")
		i.ReturnPath = ""
		m, err := composer(t, shelf{c: theCase(), entry: out(auto, "x")}, "en", "D").Compose(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		read, err := mail.ReadMessage(strings.NewReader(string(m.Raw)))
		if err != nil || read.Header.Get("Auto-Submitted") != want || (read.Header.Get("X-Auto-Response-Suppress") == "All") != (want != "") || m.From != "" {
			t.Errorf("%q: %v, %q, return path %q", auto, err, read.Header.Get("Auto-Submitted"), m.From)
		}
	}
}

// What goes beyond ten megabytes is a link; without keys, and where a picture cannot be cleaned, it is named alone.
func TestFilesApart(t *testing.T) {
	link := "https://mx.example.org/f/demo.f1042-2-e1.0-"
	for name, x := range map[string]struct {
		size    int64
		content string
		change  func(*compose.Options)
		want    string
	}{
		"fits":            {4, "abcd", nil, ""},
		"too big":         {compose.MaxAttachments + 1, "", nil, "a.bin (10.5 MB): " + link},
		"no keys":         {compose.MaxAttachments + 1, "", func(o *compose.Options) { o.Signer = nil }, "a.bin (10.5 MB, cannot be sent)"},
		"cannot be clean": {7, "\xff\xd8\xff\xe1xyz", nil, "a.bin (7 byte, cannot be sent)"},
	} {
		t.Run(name, func(t *testing.T) {
			e := out("", "x")
			e.MailOut.Files = []casework.File{{ID: "f1", Name: "a.bin", Size: x.size}, {ID: "f2", Name: "b.bin", Size: 2}}
			o := composer(t, shelf{c: theCase(), entry: e, file: x.content + "abcd"}, "en", "D").Options
			if x.change != nil {
				x.change(&o)
			}
			c, err := compose.New(o)
			if err != nil {
				t.Fatal(err)
			}
			m, err := c.Compose(t.Context(), item("", "x@y.example"))
			if err != nil {
				t.Fatal(err)
			}
			read := message.Parse(t.Context(), message.InMemory(m.Raw), message.Limits{})
			if attached := strings.Contains(string(m.Raw), `filename=a.bin`); attached != (x.want == "") || !strings.Contains(string(m.Raw), "filename=b.bin") {
				t.Errorf("attached: %v", attached)
			}
			if x.want != "" && !strings.Contains(read.FullText, x.want) || strings.Contains(read.FullText, "a.bin") != (x.want != "") {
				t.Errorf("no %q in %s", x.want, read.FullText)
			}
		})
	}
}

// A picture goes out without the place where it was taken.
func TestPicturesAreCleaned(t *testing.T) {
	photo := drawn(t, 8, 8, asJPEG)
	const place = "Exif\x00\x00 59.3293 N 18.0686 E"
	segment := append([]byte{0xff, 0xe1, 0, byte(len(place) + 2)}, place...)
	photo = append(append(bytes.Clone(photo[:2]), segment...), photo[2:]...)
	e := out("", "x")
	e.MailOut.Files = []casework.File{{ID: "f1", Name: "a.jpg", Type: "image/jpeg", Size: int64(len(photo))}}
	m, err := composer(t, shelf{c: theCase(), entry: e, file: string(photo)}, "en", "D").Compose(t.Context(), item("", "x@y.example"))
	if err != nil {
		t.Fatal(err)
	}
	env, err := enmime.ReadEnvelope(bytes.NewReader(m.Raw))
	if err != nil || len(env.Attachments) != 1 {
		t.Fatalf("%v, %d attachments", err, len(env.Attachments))
	}
	if _, err := jpeg.Decode(bytes.NewReader(env.Attachments[0].Content)); err != nil || bytes.Contains(env.Attachments[0].Content, []byte("59.3293")) {
		t.Errorf("%v: %q", err, env.Attachments[0].Content)
	}
}

// A customer hears what happens next, and where he can read his case; a supplier does not.
func TestCustomersHearWhatIsNext(t *testing.T) {
	for _, x := range []struct {
		lane   casework.LaneID
		status casework.Status
		page   bool
		want   string
	}{
		{"customer", casework.StatusAssigned, true, "What happens next? A visit is booked for Thursday 26 November 2026 10:30–12:30.\nSee the case: https://mx.example.org/p/demo.p1042-2-.0-1798111800\n"},
		{"customer", casework.StatusDone, true, "What happens next? Is something left to do? Answer the mail.\nSee the case: https://mx.example.org/p/"},
		{"customer", casework.StatusAssigned, false, "12:30.\n--\n"},
		{"supplier-2", casework.StatusAssigned, true, "x\n\n--\n"},
	} {
		cs := theCase()
		cs.Status = x.status
		o := composer(t, shelf{c: cs, entry: out("", "x")}, "en", "D").Options
		o.Orgs[0].Links.Page = x.page
		c, err := compose.New(o)
		if err != nil {
			t.Fatal(err)
		}
		i := item("", "x@y.example")
		i.Lane = x.lane
		m, err := c.Compose(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		if text := message.Parse(t.Context(), message.InMemory(m.Raw), message.Limits{}).FullText; !strings.Contains(text, x.want) {
			t.Errorf("%s, %s: no %q in\n%s", x.lane, x.status, x.want, text)
		}
	}
}

// A supplier at work gets a link to the door codes, where there are any; who is only asked, or has done it, gets none.
func TestLinkToDoors(t *testing.T) {
	chosen := casework.Entry{ID: "e1", Seq: 5, Kind: casework.KindMailOut, Lane: "supplier-2", Order: 2, MailOut: &casework.MailOut{About: casework.AboutChosen}}
	for name, x := range map[string]struct {
		entry casework.Entry
		state casework.OrderState
		doors bool
		want  bool
	}{
		"an order": {order(), casework.OrderOpen, true, true}, "a chosen offer": {chosen, casework.OrderAccepted, true, true}, "no codes": {order(), casework.OrderOpen, false, false},
		"asked for a price": {order(), casework.OrderAsked, true, false}, "done": {order(), casework.OrderDone, true, false}, "taken back": {order(), casework.OrderWithdrawn, true, false},
		"a message": {out("", "x"), casework.OrderOpen, true, false},
	} {
		cs := theCase()
		cs.Lanes[1].Participants = []casework.Participant{{No: 2, Email: "x@y.example"}}
		cs.Orders[0].State = x.state
		m, err := composer(t, shelf{c: cs, entry: x.entry, doors: x.doors}, "sv", "D").Compose(t.Context(), item("", "x@y.example"))
		if err != nil {
			t.Fatal(err)
		}
		const address = "https://mx.example.org/d/demo.d1042-2-e1.0-1796729400"
		text := message.Parse(t.Context(), message.InMemory(m.Raw), message.Limits{}).FullText
		if got := strings.Contains(text, "Portkoder (till och med 2026-12-08): "+address+"\n"); got != x.want || strings.Contains(text, "/d/") != x.want {
			t.Errorf("%s: %v\n%s", name, got, text)
		}
		if got := strings.Contains(htmlOf(t, m.Raw), `href="`+address+`"`); got != x.want {
			t.Errorf("%s: in HTML %v", name, got)
		}
	}
}

// htmlOf is the HTML of a mail, as it stands.
func htmlOf(t *testing.T, raw []byte) string {
	t.Helper()
	e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return e.HTML
}

// A name is quoted or encoded as what is left of it after it was cut.
func TestNamesOfAddresses(t *testing.T) {
	long := strings.Repeat("a b ", 40)
	for name, want := range map[string]string{
		"Bo Ek":           `"Bo Ek" <jour@ror.example>`,
		`Bo "Bosse" \ Ek`: `"Bo \"Bosse\" \\ Ek" <jour@ror.example>`,
		"Åsa Öberg":       "=?utf-8?b?w4VzYSDDlmJlcmc=?= <jour@ror.example>",
		"=?utf-8?q?x?=":   `"= ?utf-8?q?x?=" <jour@ror.example>`,
		"(" + long + "å":  `"(` + strings.TrimSpace(long[:119]) + "\"\r\n <jour@ror.example>",
		"":                "<jour@ror.example>",
	} {
		m, err := composer(t, shelf{c: theCase(), entry: out("", "x")}, "en", "D").Compose(t.Context(), item(name, "jour@ror.example"))
		if err != nil || !strings.Contains(string(m.Raw), "\r\nTo: "+want+"\r\n") {
			t.Errorf("%q: %v: no To: %s in\n%.600s", name, err, want, m.Raw)
		}
	}
}
