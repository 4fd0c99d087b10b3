package casework

import (
	"strings"
	"testing"

	"smartmail/fault"
	"smartmail/grammar"
	"smartmail/message"
)

func text(s string) *string { return &s }

// Who is on his way hears that he gets in another way, and it is somebody's to see to until he has answered.
func TestAccess(t *testing.T) {
	key := Edit{Access: AccessEdit{MasterKey: text("yes"), Pet: text("en katt\r\nBcc: x@y")}}
	c, entries := do(t, opened(t), key, noon)
	if c.Access.MasterKey != "yes" || c.Access.MasterKeyBy != staff || !c.Access.MasterKeyAt.Equal(noon) || strings.ContainsAny(c.Access.Pet, "\r\n") {
		t.Errorf("access: %+v", c.Access)
	}
	last := entries[len(entries)-1]
	if out := Outgoing(c, last); len(out) != 1 || out[0].To.Email != "jour@ror.example" || last.Order != 1 || last.MailOut.About != AboutAccess {
		t.Errorf("the supplier is told %+v by %+v", last, out)
	}
	if len(c.Attention) != 1 || c.Attention[0].Code != CodeAccess || c.Attention[0].For != "Eva" || c.Attention[0].Detail != "7-1" {
		t.Fatalf("to do: %+v", c.Attention)
	}
	if same, entries := do(t, c, key, noon); len(entries) != 0 || len(same.Attention) != 1 {
		t.Errorf("the same again: %+v", entries)
	}
	if again, entries := do(t, c, Edit{Access: AccessEdit{MasterKey: text("no")}}, noon.AddDate(0, 0, 1)); len(entries) != 2 || len(again.Attention) != 1 || again.Attention[0].Entry != entries[1].ID || !again.Access.MasterKeyAt.After(noon) {
		t.Errorf("another change: %+v, %+v", entries, again.Attention)
	}
	if told, _ := do(t, c, Post{Lane: "supplier-2", Text: "Hallå?"}, noon); len(told.Attention) != 1 {
		t.Error("what we write ourselves counts as his answer")
	}
	waits := func(c Case) bool { return len(c.Attention) > 0 && c.Attention[0].Code == CodeAccess }
	mail := func(lane LaneID, class message.Class, sender Sender, held bool) ReceiveMail {
		return ReceiveMail{Lane: lane, Class: class, MailIn: MailIn{Mail: "m", Sender: sender, Participant: 2, Held: held}}
	}
	for name, x := range map[string]struct {
		cmd   Command
		by    Actor
		waits bool
	}{
		"he answers":          {mail("supplier-2", message.Personal, Known, false), Actor{Via: ViaMail}, false},
		"his vacation reply":  {mail("supplier-2", message.Automatic, Known, false), Actor{Via: ViaMail}, true},
		"a stranger":          {mail("supplier-2", message.Personal, Unconfirmed, true), Actor{Via: ViaMail}, true},
		"the customer":        {mail("customer", message.Personal, Known, false), Actor{Via: ViaMail}, true},
		"the order is off":    {WithdrawOrder{Order: 1}, staff, false},
		"he has done the job": {AnswerOrder{Order: 1, Sender: Verified, Said: []grammar.Command{{Kind: grammar.Done}}}, Actor{Via: ViaMail}, false},
	} {
		next, _, err := Do(c, x.cmd, x.by, noon, ids())
		if err != nil || waits(next) != x.waits {
			t.Errorf("%s: %v, waits for his answer: %v", name, err, next.Attention)
		}
	}
	if _, _, err := Do(c, Edit{Access: AccessEdit{Present: text("perhaps")}}, staff, noon, ids()); !fault.Is(err, fault.Invalid) {
		t.Errorf("perhaps: %v", err)
	}
	if _, _, err := Do(c, Edit{Access: AccessEdit{Times: text(strings.Repeat("x", 2000))}}, staff, noon, ids()); !fault.Is(err, fault.Invalid) {
		t.Errorf("too long: %v", err)
	}
	if shown := c.Outside([]LaneID{"customer", "supplier-2"}); shown.Access != nil {
		t.Errorf("outside: %+v", shown.Access)
	}
	quiet, entries := do(t, Case{Org: "a", Number: 8}, Open{Subject: "Spis", Access: AccessEdit{KeyBox: text("vid porten")}}, noon)
	if quiet.Access.KeyBox != "vid porten" || len(entries) != 2 || len(quiet.Attention) != 0 || quiet.Access.MasterKeyBy != (Actor{}) {
		t.Errorf("before any order: %+v, %+v", quiet.Access, entries)
	}
}
