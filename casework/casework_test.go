package casework

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"smartmail/fault"
	"smartmail/message"
)

var (
	noon  = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	staff = Actor{Via: ViaAPI, Name: "Eva"}
)

// ids counts up.
func ids() func() (EntryID, error) {
	n := 0
	return func() (EntryID, error) { n++; return EntryID(fmt.Sprint("e", n)), nil }
}

// do is Do for a command that must succeed.
func do(t *testing.T, c Case, cmd Command, at time.Time) (Case, []Entry) {
	t.Helper()
	next, entries, err := Do(c, cmd, staff, at, ids())
	if err != nil {
		t.Fatal(err)
	}
	return next, entries
}

// opened is case 7 with Anna (1) as its customer and Rör AB (2) as its supplier.
func opened(t *testing.T) Case {
	t.Helper()
	c, _ := do(t, Case{Org: "a", Number: 7}, Open{Subject: "Kran", Priority: "7", Reporter: &Reporter{Name: "Anna", Email: "Anna@home.example"}}, noon)
	c, _ = do(t, c, Order{Name: "Rör AB", Email: "jour@ror.example", MailOut: MailOut{Text: "Byt"}}, noon)
	return c
}

func TestOpen(t *testing.T) {
	c, entries := do(t, Case{Org: "a", Number: 7}, Open{Subject: "Kran\r\nBcc: x@y", Description: "dropp", Priority: "5", Reporter: &Reporter{Email: "anna@home.example"}}, noon)
	if c.Subject != "Kran  Bcc: x@y" || c.Status != StatusNew || !c.DueAt.Equal(noon.AddDate(0, 0, 5)) || c.LastSeq != 1 {
		t.Errorf("case is %+v", c)
	}
	if len(c.Lanes) != 1 || c.Lanes[0].ID != "customer" || c.Lanes[0].Participants[0].No != 1 {
		t.Errorf("lanes are %+v", c.Lanes)
	}
	if len(entries) != 1 || entries[0].Kind != KindCreated || entries[0].Text != "dropp" || entries[0].Seq != 1 || entries[0].Actor != staff {
		t.Errorf("entries are %+v", entries)
	}
	if _, _, err := Do(c, Open{Subject: "again"}, staff, noon, ids()); !fault.Is(err, fault.Conflict) {
		t.Errorf("opening twice gives %v", err)
	}
}

func TestCommandsRefuseWhatIsWrong(t *testing.T) {
	c := opened(t)
	bad, status := "x", Status("gone")
	long := strings.Repeat("x", maxText+1)
	mail := Actor{Via: ViaMail, Name: "Anna"}
	for name, x := range map[string]struct {
		cmd  Command
		by   Actor
		want fault.Kind
	}{
		"no such lane":            {Post{Lane: "customer-9", Text: "x"}, staff, fault.NotFound},
		"empty message":           {Post{Lane: "customer", Text: " \n"}, staff, fault.Invalid},
		"long message":            {Post{Lane: "customer", Text: long}, staff, fault.Invalid},
		"order to nobody":         {Order{Email: "no address"}, staff, fault.Invalid},
		"order with two @":        {Order{Email: "a@b@c"}, staff, fault.Invalid},
		"header injection":        {Order{Email: "a@b\r\nBcc: c@d"}, staff, fault.Invalid},
		"negative price":          {Order{Email: "a@b", MailOut: MailOut{PriceCap: -1}}, staff, fault.Invalid},
		"long order":              {Order{Email: "a@b", MailOut: MailOut{Text: long}}, staff, fault.Invalid},
		"no such status":          {Edit{Status: &status}, staff, fault.Invalid},
		"long field":              {Edit{Fields: map[string]string{"x": strings.Repeat("y", maxField+1)}}, staff, fault.Invalid},
		"lane of no kind":         {AddParticipant{Kind: "friend", Email: "a@b"}, staff, fault.Invalid},
		"participant, no address": {AddParticipant{Kind: LaneCustomer}, staff, fault.Invalid},
		"mail onto no lane":       {ReceiveMail{Lane: "supplier-9"}, mail, fault.Conflict},
		"a mail edits":            {Edit{Class: &bad}, mail, fault.Forbidden},
		"a mail posts":            {Post{Lane: "customer", Text: "x"}, mail, fault.Forbidden},
		"a mail orders":           {Order{Email: "a@b"}, mail, fault.Forbidden},
		"a mail vouches":          {Confirm{Entry: "e1"}, mail, fault.Forbidden},
		"an answer, no proof":     {AnswerOrder{Order: 1, Sender: Known}, mail, fault.Forbidden},
		"an answer, no order":     {AnswerOrder{Order: 9, Sender: Verified}, mail, fault.NotFound},
		"a mail withdraws it":     {WithdrawOrder{Order: 1}, mail, fault.Forbidden},
		"a mail chooses":          {ChooseOffer{Order: 1}, mail, fault.Forbidden},
		"a mail notifies":         {Notify{Participant: 1, Auto: AutoReceived}, mail, fault.Forbidden},
		"nothing to flag":         {Flag{Lane: "supplier-2"}, staff, fault.Invalid},
		"staff notify":            {Notify{Participant: 1, Auto: AutoReceived}, staff, fault.Forbidden},
		"a mail withdraws":        {Withdraw{Entry: "e1"}, mail, fault.Forbidden},
		"vouching for nothing":    {Confirm{Entry: "e1"}, staff, fault.Conflict},
		"a mail adds people":      {AddParticipant{Kind: LaneCustomer, Email: "a@b"}, mail, fault.Forbidden},
		"a mail links":            {LinkTo{Link: Link{Case: 1}}, mail, fault.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			before, _ := json.Marshal(c)
			_, entries, err := Do(c, x.cmd, x.by, noon, ids())
			if err == nil || fault.KindOf(err) != x.want || entries != nil {
				t.Errorf("got %v and %d entries, want kind %v", err, len(entries), x.want)
			}
			if after, _ := json.Marshal(c); !bytes.Equal(before, after) {
				t.Error("the case was changed")
			}
		})
	}
}

func TestEditTellsEachChange(t *testing.T) {
	c := opened(t)
	class, assignee, same := "VVS", "tekniker@a.example", c.Subject
	status, priority := StatusClosed, Priority("30")
	later := noon.Add(time.Hour)
	next, entries := do(t, c, Edit{Status: &status, Class: &class, Assignee: &assignee, Subject: &same, Priority: &priority, Fields: map[string]string{"fabrikat": "Mora"}}, later)
	var told []string
	for _, e := range entries {
		told = append(told, fmt.Sprintf("%s %s: %s > %s", e.Kind, e.Change.Field, e.Change.From, e.Change.To))
	}
	want := []string{"change class:  > VVS", "assignment assignee:  > tekniker@a.example", "change priority: 7 > 30", "change fabrikat:  > Mora", "status status: new > closed"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	if !next.ClosedAt.Equal(later) || !next.DueAt.Equal(noon.AddDate(0, 0, 30)) || next.Fields["fabrikat"] != "Mora" || len(c.Fields) != 0 {
		t.Errorf("case is %+v, before %+v", next, c)
	}
	if _, entries := do(t, next, Edit{Status: &status, Class: &class}, later); len(entries) != 0 {
		t.Errorf("an edit that changes nothing tells %+v", entries)
	}
	open, _ := do(t, next, Edit{Status: ptr(StatusStarted), Fields: map[string]string{"fabrikat": ""}}, later)
	if !open.ClosedAt.IsZero() || len(open.Fields) != 0 {
		t.Errorf("reopened case is %+v", open)
	}
}

func ptr[T any](v T) *T { return &v }

// What a received mail does to a finished case depends on its class and on who sent it.
func TestReceiveMailReopens(t *testing.T) {
	for _, x := range []struct {
		status Status
		class  message.Class
		sender Sender
		want   Status
	}{
		{StatusDone, message.Personal, Verified, StatusNew},
		{StatusClosed, message.Personal, Known, StatusNew},
		{StatusClosed, message.Personal, Unconfirmed, StatusClosed},
		{StatusClosed, message.Personal, Unknown, StatusClosed},
		{StatusClosed, message.Automatic, Verified, StatusClosed},
		{StatusDone, message.Bounce, Known, StatusDone},
		{StatusDone, message.List, Verified, StatusDone},
		{StatusWaiting, message.Personal, Verified, StatusWaiting},
	} {
		c := opened(t)
		c.Status = x.status
		next, entries := do(t, c, ReceiveMail{Lane: "customer", Class: x.class, MailIn: MailIn{Mail: "m", Sender: x.sender}}, noon)
		if next.Status != x.want || entries[0].Kind != KindMailIn || (len(entries) == 2) != (x.want != x.status) {
			t.Errorf("%s mail by %s on a case that is %s: %s, %d entries", x.class, x.sender, x.status, next.Status, len(entries))
		}
	}
}

// Lanes do not leak: a message goes to those on its lane, whatever anything else says.
func TestOutgoingStaysOnItsLane(t *testing.T) {
	c := opened(t)
	c, _ = do(t, c, AddParticipant{Kind: LaneCustomer, Email: "bo@home.example"}, noon)
	c, _ = do(t, c, AddParticipant{Kind: LaneSupplier, Email: "el@el.example"}, noon)
	for lane, want := range map[LaneID][]string{
		"customer":   {"Anna@home.example", "bo@home.example"},
		"supplier-2": {"jour@ror.example"},
		"supplier-4": {"el@el.example"},
	} {
		next, entries := do(t, c, Post{Lane: lane, Text: "hej"}, noon)
		var got []string
		for _, o := range Outgoing(next, entries[0]) {
			got = append(got, o.To.Email)
			if o.Lane != lane || o.State != Queued || o.Entry != entries[0].ID {
				t.Errorf("outbox row is %+v", o)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("lane %s goes to %v, want %v", lane, got, want)
		}
	}
	next, entries := do(t, c, Post{Lane: "internal", Text: "obs"}, noon)
	if entries[0].Kind != KindNote || len(Outgoing(next, entries[0])) != 0 {
		t.Errorf("a note is %+v and goes to %v", entries[0], Outgoing(next, entries[0]))
	}
}

func TestJoinIsOnce(t *testing.T) {
	c := opened(t)
	same, entries := do(t, c, AddParticipant{Kind: LaneCustomer, Email: "ANNA@home.example"}, noon)
	if same.LastNo != c.LastNo || len(entries) != 0 {
		t.Errorf("Anna joined twice: %+v", same.Lanes)
	}
	again, _ := do(t, c, Order{Email: "jour@ror.example"}, noon)
	if again.LastNo != c.LastNo {
		t.Errorf("the same supplier got another lane: %+v", again.Lanes)
	}
	c.LastNo = maxParticipants
	if _, _, err := Do(c, AddParticipant{Kind: LaneCustomer, Email: "x@y"}, staff, noon, ids()); !fault.Is(err, fault.Conflict) {
		t.Errorf("one too many gives %v", err)
	}
}

func TestPriorityJSON(t *testing.T) {
	for in, want := range map[string]string{`7`: `7`, `"7"`: `7`, `"hög"`: `"hög"`, `0`: `0`, `""`: `""`, `366`: `"366"`, `"-0"`: `"-0"`, `"007"`: `"007"`} {
		var p Priority
		if err := json.Unmarshal([]byte(in), &p); err != nil {
			t.Fatal(err)
		}
		if out, _ := json.Marshal(p); string(out) != want {
			t.Errorf("%s becomes %s, want %s", in, out, want)
		}
	}
	if err := json.Unmarshal([]byte(`[]`), new(Priority)); err == nil {
		t.Error("a list is a priority")
	}
}

func TestIDsSortByTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Int64Range(0, 1<<47).Draw(t, "a")
		b := rapid.Int64Range(0, 1<<47).Draw(t, "b")
		x, err1 := NewID(time.UnixMilli(a), rand.Reader)
		y, err2 := NewID(time.UnixMilli(b), rand.Reader)
		if err1 != nil || err2 != nil || len(x) != 24 || a != b && (a < b) != (x < y) {
			t.Fatalf("%d gives %q, %d gives %q", a, x, b, y)
		}
	})
	if _, err := NewID(noon, strings.NewReader("short")); err == nil {
		t.Error("an id without chance")
	}
}

// Whatever commands come, entries are numbered without gaps and only ever appended.
func TestTimelineHasNoGaps(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := Case{Org: "a", Number: 1}
		seq := uint64(0)
		cmds := []Command{
			Open{Subject: "x", Reporter: &Reporter{Email: "a@b"}}, Post{Lane: "customer", Text: "x"}, Post{Lane: "internal", Text: "x"}, Order{Email: "c@d"},
			AddParticipant{Kind: LaneSupplier, Email: "e@f"}, Edit{Status: ptr(StatusClosed)}, Edit{Status: ptr(StatusNew)}, ReceiveMail{Lane: "customer", Class: message.Personal, MailIn: MailIn{Sender: Verified}},
			LinkTo{Link: Link{Kind: "continues", Case: 2}}, Withdraw{Entry: "e1"}, Withdraw{Entry: "e2", Hold: true}, Confirm{Entry: "e2"},
		}
		for _, cmd := range rapid.SliceOfN(rapid.SampledFrom(cmds), 1, 30).Draw(rt, "commands") {
			next, entries, err := Do(c, cmd, staff, noon, ids())
			if err != nil {
				continue
			}
			for _, e := range entries {
				if seq++; e.Seq != seq {
					rt.Fatalf("entry %d after %d", e.Seq, seq-1)
				}
			}
			c = next
		}
		if c.LastSeq != seq {
			rt.Fatalf("case counts %d, told %d", c.LastSeq, seq)
		}
	})
}
