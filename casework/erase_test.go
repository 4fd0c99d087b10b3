package casework

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"smartmail/mailauth/verdict"
	"smartmail/message"
)

var gone = Person{Emails: []string{"anna@home.example"}, Names: []string{"Åsa Ek-Berg"}, Numbers: []string{"070-123 45 67", "19811228-9874"}}

func TestEraserFindsWhatPointsAtHim(t *testing.T) {
	for text, want := range map[string]string{
		"Ring Åsa Ek-Berg, 070-123 45 67.":      "Ring [erased], [erased].",
		"Ring ÅSA  EK-BERG på 0701234567":       "Ring [erased] på [erased]",
		"+46 (0)70 123 45 67, 0046701234567":    "[erased], [erased]",
		"ANNA@home.example; xanna@home.example": "[erased]; xanna@home.example",
		"19811228-9874 811228-9874 8112289874":  "[erased] [erased] [erased]",
		"Hej Åsa, åsa och Åsas":                 "Hej [erased], åsa och Åsas",
		"Ärendet 40701234567 är ett annat":      "Ärendet 40701234567 är ett annat",
		"anna@home.example.org stays another's": "[erased].org stays another's",
		"Ingen härifrån":                        "Ingen härifrån",
	} {
		if got := gone.eraser().text(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if got := gone.outsider().text("Åsa bor här, Åsa Ek-Berg med"); got != "Åsa bor här, [erased] med" {
		t.Errorf("elsewhere a part of a name is anybody's: %q", got)
	}
	if got := (Person{}).eraser().text("x"); got != "x" {
		t.Errorf("nobody: %q", got)
	}
}

// Ranges of a text are where they were, also around and within what is replaced.
func TestErasingMovesRanges(t *testing.T) {
	full := "Ja.\nÅsa Ek-Berg skrev:\n> Nej\nanna@home.example"
	start, end := strings.Index(full, "Åsa"), strings.Index(full, "anna@")
	c := message.Content{FullText: full, Folded: []message.Range{{Start: start, End: end}, {Start: end, End: len(full)}}}
	got := gone.content(gone.eraser(), c)
	first, second := got.Folded[0], got.Folded[1]
	if s := got.FullText[first.Start:first.End]; s != "[erased] skrev:\n> Nej\n" {
		t.Errorf("the first part is %q", s)
	}
	if s := got.FullText[second.Start:second.End]; s != "[erased]" {
		t.Errorf("the second part is %q", s)
	}
	if c.Folded[1].End != len(full) {
		t.Error("the mail that was given has changed")
	}
}

// fill puts a text into every string of a record, and something into everything else.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(value, text)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() || v.Type() == reflect.TypeFor[netip.Addr]() {
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), text)
		}
	}
}

// left lists the JSON names under which a text is still in a record.
func left(t *testing.T, record any, text string) (names []string) {
	t.Helper()
	b, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch x := v.(type) {
		case string:
			if strings.Contains(x, text) {
				names = append(names, strings.TrimPrefix(name, "."))
			}
		case []any:
			for _, e := range x {
				walk(name, e)
			}
		case map[string]any:
			for k, e := range x {
				walk(name+"."+k, e)
			}
		}
	}
	walk("", v)
	slices.Sort(names)
	return names
}

// A field that is added to a record shows here until it is decided what becomes of it: what is left are words of the house, never people's.
func TestNothingOfHimIsLeft(t *testing.T) {
	const him = "anna@home.example"
	var c Case
	fill(reflect.ValueOf(&c).Elem(), him)
	c.Org, c.Lanes[0].ID = "a", "customer"
	var e Entry
	fill(reflect.ValueOf(&e).Elem(), him)
	e.Lane, e.Org = "customer", "a"
	var m, other Mail
	fill(reflect.ValueOf(&m).Elem(), him)
	fill(reflect.ValueOf(&other).Elem(), him)
	other.Content.From, other.Content.FromAll, other.Envelope.ReversePath = message.Mailbox{Email: "x@y.example"}, nil, "x@y.example"
	other.Auth, other.AuthResults = verdict.Verdict{}, ""
	var o OutboxItem
	fill(reflect.ValueOf(&o).Elem(), him)
	entry, files := gone.Entry(c, e)
	if len(files) != 1 {
		t.Errorf("%d files of what was said to him alone", len(files))
	}
	own := gone.Mail(m, true, noon)
	for what, x := range map[string]struct {
		record any
		ours   string // names of what is ours, an id or a word of a list
	}{
		"case":           {gone.Case(c), "attention.about attention.code attention.entry attention.lane class held hold.by.via lanes.kind links.kind merged.attention.about merged.attention.code merged.attention.entry merged.attention.lane merged.waiting.for merged.was object orders.by.via orders.entry orders.lane orders.lines orders.replies.0 orders.state priority proposed reporter.language reporter.segment schedule status waiting.for watchers.contact watchers.entry withdrawn"},
		"entry":          {entry, "actor.via change.field correction.changes.field correction.content.class correction.mail delivery.entry delivery.outbox delivery.state delivery.status id kind line.mail line.unit mail_in.mail mail_in.matched.by mail_in.sender mail_out.about mail_out.auto origin.entry trace"},
		"his mail":       {own, "auth.arc auth.dmarc.policy auth.dmarc.result auth.spf.result content.class envelope.protocol envelope.tls id org places.entry places.rcpt places.triage scan.action"},
		"another's mail": {gone.Mail(other, true, noon), "content.attachments.content_id content.attachments.label content.attachments.sha256 content.attachments.sniffed content.attachments.type content.bounces.kind content.bounces.message_id content.bounces.reason_en content.bounces.reason_sv content.bounces.status content.calendar.answer content.calendar.method content.calendar.uid content.class content.folded.kind content.in_reply_to content.labels content.loop_marks content.marked.kind content.message_id content.notices content.references content.returned envelope.helo envelope.protocol envelope.tls id org places.entry places.rcpt places.triage raw.sha256 scan.action scan.reasons trace"},
		"outgoing":       {gone.Outgoing(o), "entry id lane leased_by message_id org remote_id reply_to return_path staff.auto staff.contact staff.language state status trace"},
	} {
		for _, name := range left(t, x.record, him) {
			if !slices.Contains(strings.Fields(x.ours), name) {
				t.Errorf("%s: %s still has his address", what, name)
			}
		}
	}
	if again := gone.Mail(own, true, noon.Add(time.Hour)); !reflect.DeepEqual(again, own) {
		t.Error("a mail that was erased changes once more")
	}
	if own.Raw.Erased != noon || own.Raw.SHA256 != "" {
		t.Errorf("the raw mail is %+v", own.Raw)
	}
}

func TestErasedCaseKeepsItsFigures(t *testing.T) {
	c, _ := do(t, Case{Org: "a", Number: 7}, Open{Subject: "Kran hos Anna", Description: "Det droppar", Class: "VVS", Object: "kv-1", Reporter: &Reporter{Name: "Anna Ek", Email: "anna@home.example", Language: "sv"}}, noon)
	c, _ = do(t, c, AddParticipant{Kind: LaneSupplier, Name: "Rör AB", Email: "jour@ror.example"}, noon)
	was := c
	next, entries := do(t, c, Erase{Person: Outsiders(c), Why: "asked for", All: true}, noon.Add(time.Hour))
	if len(entries) != 1 || entries[0].Kind != KindErasure {
		t.Fatalf("entries: %+v", entries)
	}
	if next.Subject != Erased || next.Description != Erased || next.Reporter.Name != Erased || next.Reporter.Language != "sv" || next.Lanes[0].Participants[0] != (Participant{No: 1, Name: Erased}) {
		t.Errorf("the case is %+v", next)
	}
	if next.Class != "VVS" || next.Object != "kv-1" || !next.UpdatedAt.Equal(was.UpdatedAt) || next.ErasedAt.IsZero() || next.Lanes[1].Participants[0].Email != "jour@ror.example" {
		t.Errorf("the case lost its figures: %+v", next)
	}
	if out := Outgoing(next, Entry{Kind: KindMailOut, Lane: "customer", MailOut: &MailOut{Text: "x"}}); len(out) != 0 {
		t.Errorf("mail to nobody: %+v", out)
	}
	if _, _, err := Do(next, Post{Lane: "customer", Text: "x"}, staff, noon, ids()); err == nil {
		t.Error("nobody is left on the lane, and one may write there")
	}
}
