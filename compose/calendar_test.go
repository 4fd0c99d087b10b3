package compose_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"smartmail/casework"
	"smartmail/compose"
	"smartmail/message"
)

// invited is a mail about a visit, read again.
func invited(t testing.TB, cs casework.Case, v casework.Visit, to casework.OutboxItem) (compose.Mail, message.Content) {
	t.Helper()
	e := out(casework.AutoUnderstood, "Bokat.")
	e.Order, e.MailOut.Visit = 2, &v
	m, err := composer(t, shelf{c: cs, entry: e}, "sv", "Demo; Bostad, \"AB\"").Compose(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	return m, message.Parse(t.Context(), message.InMemory(m.Raw), message.Limits{})
}

// An invitation is what the reader of such mails reads: the same event, with the same name whatever its time is.
func TestInvitation(t *testing.T) {
	from := at().AddDate(0, 0, 7)
	first := casework.Visit{From: from, To: from.Add(2 * time.Hour)}
	moved := casework.Visit{From: from.AddDate(0, 0, 1), Sequence: 1}
	gone := casework.Visit{From: from.AddDate(0, 0, 1), Sequence: 2, Cancelled: true}
	uid := ""
	for i, v := range []casework.Visit{first, moved, gone} {
		m, c := invited(t, theCase(), v, item("Bo Ek", "jour@ror.example"))
		k := c.Calendar
		if k == nil {
			t.Fatalf("no calendar in\n%s", m.Raw)
		}
		method := "REQUEST"
		if v.Cancelled {
			method = "CANCEL"
		}
		if k.Method != method || !k.Start.Equal(v.From) || !k.End.Equal(v.To) || k.Sequence != i || k.Location != theCase().Object || k.Answer != "" {
			t.Errorf("%+v is read as %+v", v, k)
		}
		if uid == "" {
			uid = k.UID
		}
		n, no, ok := casework.ParseVisitUID(k.UID)
		if k.UID != uid || !ok || n != 1042 || no != 2 {
			t.Errorf("UID is %q, was %q; order %d of case %d", k.UID, uid, no, n)
		}
		raw := string(m.Raw)
		if strings.Count(raw, "text/calendar; charset=utf-8; method="+method) != 1 || strings.Count(raw, `filename="invite.ics"`) != 1 {
			t.Errorf("parts of\n%s", raw)
		}
	}
	if _, c := invited(t, theCase(), first, func() casework.OutboxItem { o := item("", "b@ror.example"); o.Participant = 3; return o }()); c.Calendar.UID == uid {
		t.Error("two participants have the same event")
	}
}

// Whatever names and subjects hold, no line of the calendar is one that they wrote, none is too long, and all is read back.
func TestInvitationIsNotInjected(t *testing.T) {
	nasty := rapid.OneOf(rapid.String(), rapid.StringMatching(`(a|\r\n|\n|BEGIN:VEVENT|ATTENDEE:mailto:x@y|;|,|:|"|\\|å|\x{1F600}| ){0,80}`))
	names := []string{"ATTENDEE", "BEGIN", "BEGIN", "DTSTAMP", "DTSTART", "END", "END", "LOCATION", "METHOD", "ORGANIZER", "PRODID", "SEQUENCE", "STATUS", "SUMMARY", "UID", "VERSION"}
	rapid.Check(t, func(rt *rapid.T) {
		cs := theCase()
		cs.Subject, cs.Object = nasty.Draw(rt, "subject"), "x"+nasty.Draw(rt, "object")
		m, c := invited(t, cs, casework.Visit{From: at()}, item(nasty.Draw(rt, "name"), "jour@ror.example"))
		if c.Calendar == nil || !c.Calendar.Start.Equal(at()) {
			rt.Fatalf("read as %+v of\n%s", c.Calendar, m.Raw)
		}
		ics := compose.ICS(m.Raw)
		var got []string
		for l := range strings.SplitSeq(strings.TrimSuffix(ics, "\r\n"), "\r\n") {
			if len(l) > 75 || strings.ContainsAny(l, "\r\n") {
				rt.Fatalf("line of %d octets: %q", len(l), l)
			}
			if !strings.HasPrefix(l, " ") {
				name, _, _ := strings.Cut(l, ":")
				name, _, _ = strings.Cut(name, ";")
				got = append(got, name)
			}
		}
		if slices.Sort(got); fmt.Sprint(got) != fmt.Sprint(names) {
			rt.Fatalf("properties are %v in\n%s", got, ics)
		}
	})
}
