package desk_test

import (
	"slices"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/message"
	"smartmail/threading"
)

// bounced gives the desk a bounce to an address of ours, twice, and returns where it lies.
func bounced(t *testing.T, d *desk.Desk, id, to string, c message.Content) desk.Placed {
	t.Helper()
	route, err := d.Router.Route(to)
	if err != nil {
		t.Fatal(err)
	}
	c.Class = message.Bounce
	del := desk.Delivery{
		Raw: message.InMemory([]byte("bounce")), Routes: []threading.Route{route},
		Mail: casework.Mail{Org: "a", At: d.Now(), Identity: []byte(id), Content: c},
	}
	var placed []desk.Placed
	for range 2 {
		if placed, err = d.Receive(t.Context(), []desk.Delivery{del}); err != nil || len(placed) != 1 {
			t.Fatal(placed, err)
		}
	}
	return placed[0]
}

// waiting lists what triage asks.
func waiting(t *testing.T, d *desk.Desk) []desk.TriageView {
	t.Helper()
	p, err := d.TriageQueue(t.Context(), "a", casework.TriageOpen, nil, 10)
	if err != nil {
		t.Fatal(err)
	}
	return p.Items
}

func suspended(t *testing.T, d *desk.Desk) (out []string) {
	t.Helper()
	p, err := d.Suspensions(t.Context(), "a", nil, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.Items {
		out = append(out, s.Email)
	}
	return out
}

// both is a case with a message that was sent to two people.
func both(t *testing.T) (d *desk.Desk, clock *clock, c casework.Case, anna, bo casework.OutboxItem) {
	t.Helper()
	d, clock = open(t, t.TempDir())
	c = newCase(t, d, "Kran")
	add := casework.AddParticipant{Kind: casework.LaneCustomer, Name: "Bo", Email: "bo@home.example"}
	if _, _, err := d.Do(t.Context(), "a", c.Number, add, eva, 0); err != nil {
		t.Fatal(err)
	}
	post(t, d, c.Number)
	for _, o := range claim(t, d, "one", 2) {
		o = report(t, d, o, casework.Outcome{State: casework.Sent})
		if o.To.Email == "bo@home.example" {
			bo = o
		} else {
			anna = o
		}
	}
	return d, clock, c, anna, bo
}

// A bounce finds its mail by what we signed, counts once, and touches no other mail. Only the return path of the mail itself,
// and a report of that very address, speak against the address.
func TestBounceComesHome(t *testing.T) {
	failure := func(to string) []message.BouncedRecipient {
		return []message.BouncedRecipient{{Recipient: to, Status: "5.1.1", Permanent: true, Reason: "unknown user"}}
	}
	const his, other = "anna@home.example", "vidare@elsewhere.example"
	for name, x := range map[string]struct {
		to      func(anna, bo casework.OutboxItem) string
		content func(anna, bo casework.OutboxItem) message.Content
		state   casework.OutboxState
		suspend bool
		ask     bool // a person has to look
	}{
		"return path":            {state: casework.Bounced, suspend: true, content: func(_, _ casework.OutboxItem) message.Content { return message.Content{Bounces: failure(his)} }},
		"return path, sent on":   {state: casework.Bounced, content: func(_, _ casework.OutboxItem) message.Content { return message.Content{Bounces: failure(other)} }},
		"return path, no report": {state: casework.Bounced, content: func(_, _ casework.OutboxItem) message.Content { return message.Content{} }},
		"return path, sent on by him": {state: casework.Bounced, suspend: true, content: func(_, _ casework.OutboxItem) message.Content {
			return message.Content{Bounces: []message.BouncedRecipient{{Recipient: other, Original: his, Status: "5.1.1", Permanent: true}}}
		}},
		"return path, his box is full": {state: casework.Bounced, content: func(_, _ casework.OutboxItem) message.Content {
			return message.Content{Bounces: []message.BouncedRecipient{{Recipient: his, Status: "5.2.2", Permanent: true}}}
		}},
		"returned mail": {to: func(a, _ casework.OutboxItem) string { return a.ReplyTo }, state: casework.Bounced, content: func(a, b casework.OutboxItem) message.Content {
			return message.Content{Bounces: failure(his), Returned: []string{a.MessageID, "x@y.example"}}
		}},
		"answered Message-ID": {to: func(a, _ casework.OutboxItem) string { return a.ReplyTo }, state: casework.Bounced, content: func(a, _ casework.OutboxItem) message.Content {
			return message.Content{Bounces: failure(his), InReplyTo: []string{a.MessageID}}
		}},
		"quoted": {to: func(a, _ casework.OutboxItem) string { return a.ReplyTo }, state: casework.Bounced, content: func(a, _ casework.OutboxItem) message.Content {
			return message.Content{Bounces: failure(his), FullText: "Message-ID: <" + a.MessageID + ">"}
		}},
		"a known Message-ID that names another": {to: func(a, _ casework.OutboxItem) string { return a.ReplyTo }, state: casework.Sent, ask: true, content: func(a, _ casework.OutboxItem) message.Content {
			return message.Content{Bounces: failure(other), Returned: []string{a.MessageID}}
		}},
		"nothing of ours": {to: func(a, _ casework.OutboxItem) string { return a.ReplyTo }, state: casework.Sent, ask: true, content: func(_, _ casework.OutboxItem) message.Content {
			return message.Content{Bounces: failure(his)}
		}},
		"forged Message-ID": {to: func(a, _ casework.OutboxItem) string { return a.ReplyTo }, state: casework.Sent, ask: true, content: func(a, _ casework.OutboxItem) message.Content {
			return message.Content{Bounces: failure(his), Returned: []string{"x" + a.MessageID}}
		}},
		"delay": {state: casework.Sent, content: func(_, _ casework.OutboxItem) message.Content {
			return message.Content{Bounces: []message.BouncedRecipient{{Recipient: his, Status: "4.4.1", Reason: "still trying"}}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d, _, c, anna, bo := both(t)
			to := anna.ReturnPath
			if x.to != nil {
				to = x.to(anna, bo)
			}
			bounced(t, d, "first", to, x.content(anna, bo))
			place := bounced(t, d, "second", to, x.content(anna, bo))
			got := item(t, d, anna.ID)
			if got.State != x.state || item(t, d, bo.ID).State != casework.Sent {
				t.Errorf("hers is %s, the other's is %s", got.State, item(t, d, bo.ID).State)
			}
			if e := told(t, d, c.Number); len(e) > 1 || (len(e) == 1) != (x.state == casework.Bounced) || len(e) == 1 && e[0].Suspended != x.suspend {
				t.Errorf("the case tells %+v", e)
			}
			if s := suspended(t, d); (len(s) == 1) != x.suspend {
				t.Errorf("suspended: %v", s)
			}
			if name == "delay" && (got.Remote != "still trying" || got.Status != "4.4.1") {
				t.Errorf("a delay is noted as %q %s", got.Remote, got.Status)
			}
			e, err := d.Entry(t.Context(), "a", place.Entry)
			if err != nil || place.Case != c.Number || e.Held || !e.MailIn.Staff {
				t.Errorf("it lies at %+v, held %v, %v", place, e.Held, err)
			}
			c, err = d.Case(t.Context(), "a", c.Number)
			if err != nil || c.ShownTo(e.Lane, e.Entry) || len(c.Held) != 0 {
				t.Errorf("shown to outsiders, or held: %v, %v", c.Held, err)
			}
			if asks := waiting(t, d); (len(asks) == 2) != x.ask || !x.ask && len(asks) != 0 {
				t.Errorf("triage asks %d times", len(asks))
			}
		})
	}
}

// Mail refers to the mails before it: when it bounces, those are not taken to have bounced, whoever had them.
func TestBounceIsAboutTheNewest(t *testing.T) {
	d, clock, c, anna, bo := both(t)
	clock.forward(time.Second)
	post(t, d, c.Number)
	var later casework.OutboxItem
	for _, o := range claim(t, d, "one", 2) {
		if o = report(t, d, o, casework.Outcome{State: casework.Sent}); o.To.Email == "anna@home.example" {
			later = o
		}
	}
	bounced(t, d, "b", later.ReplyTo, message.Content{
		Bounces:  []message.BouncedRecipient{{Recipient: "anna@home.example", Permanent: true}},
		Returned: []string{bo.MessageID, anna.MessageID, later.MessageID},
	})
	got := map[casework.OutboxID]casework.OutboxState{}
	for _, id := range []casework.OutboxID{anna.ID, bo.ID, later.ID} {
		got[id] = item(t, d, id).State
	}
	if got[anna.ID] != casework.Sent || got[bo.ID] != casework.Sent || got[later.ID] != casework.Bounced {
		t.Errorf("%v", got)
	}
}

// A bounce that nothing was found for is discarded or attached like any mail, and stays for staff alone.
func TestUnmatchedBounceInTriage(t *testing.T) {
	d, c := noticing(t)
	cs := newCase(t, d, "Kran")
	address, err := d.Router.Address("a", cs.Number, 1)
	if err != nil {
		t.Fatal(err)
	}
	lost := message.Content{Bounces: []message.BouncedRecipient{{Recipient: "anna@home.example", Permanent: true}}}
	bounced(t, d, "on the case", address, lost)
	c.forward(time.Second)
	bounced(t, d, "nowhere", "fel@a.example", lost)
	all := waiting(t, d)
	if len(all) != 2 || all[0].Why != threading.UnmatchedBounce || all[0].Case != cs.Number || all[0].Entry == "" || all[1].Why != threading.UnmatchedBounce || all[1].Case != 0 {
		t.Fatalf("%+v", all)
	}
	entries := func() (staff int) {
		p, err := d.Entries(t.Context(), "a", cs.Number, nil, 100)
		if err != nil {
			t.Fatal(err)
		}
		return len(slices.DeleteFunc(p.Items, func(e desk.EntryView) bool { return e.MailIn == nil || !e.MailIn.Staff || e.Held }))
	}
	decide := func(i int, o desk.TriageOrder) {
		t.Helper()
		o.By = eva
		if _, err := d.Triage(t.Context(), "a", all[i].ID, o); err != nil {
			t.Fatal(err)
		}
	}
	decide(0, desk.TriageOrder{Action: desk.Attach})
	if n := entries(); n != 1 {
		t.Errorf("what lay there already is there %d times", n)
	}
	decide(0, desk.TriageOrder{Action: desk.Undo})
	decide(0, desk.TriageOrder{Action: desk.Discard})
	decide(1, desk.TriageOrder{Action: desk.Attach, Case: cs.Number})
	if n := entries(); n != 2 {
		t.Errorf("%d bounces for staff, want 2", n)
	}
}
