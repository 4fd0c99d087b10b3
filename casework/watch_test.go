package casework

import (
	"fmt"
	"testing"

	"smartmail/fault"
)

// watched has a case watched by some, and returns it as it is then.
func watched(t *testing.T, c Case, contacts ...string) Case {
	t.Helper()
	for _, who := range contacts {
		var entries []Entry
		c, entries = do(t, c, Watch{Contact: who}, noon.Add(1))
		if len(entries) != 1 || entries[0].Kind != KindWatch || entries[0].Change.To != who {
			t.Fatalf("%s watches: %+v", who, entries)
		}
		c.Watchers[len(c.Watchers)-1].Entry = EntryID("w-" + who) // the ids of do count from one each time
	}
	return c
}

// waiting names what waits for those who watch.
func waiting(c Case) (out []string) {
	for _, a := range c.Attention {
		if a.Code == CodeWatched {
			out = append(out, fmt.Sprintf("%s %s about %s", a.For, a.Entry, a.About))
		}
	}
	return out
}

// Who watches has one thing before him, however much happens, until he has seen to it or acts himself.
func TestHeed(t *testing.T) {
	c := watched(t, opened(t), "nora", "bo")
	if !c.UpdatedAt.Equal(noon) {
		t.Errorf("to watch is work on the case: %v", c.UpdatedAt)
	}
	news := func(id EntryID) Entry { return Entry{ID: id, Kind: KindNote, At: noon} }
	if told := c.Heed(news("n1"), []string{"bo"}); fmt.Sprint(told) != "[nora]" {
		t.Errorf("told: %v", told)
	}
	if told := c.Heed(news("n2"), nil); fmt.Sprint(told) != "[bo]" || fmt.Sprint(waiting(c)) != "[nora w-nora about n1 bo w-bo about n2]" {
		t.Errorf("told: %v, %v", told, waiting(c))
	}
	a := c.Attention[len(c.Attention)-1]
	if a.Lane != "" || c.Urgency(a) != Normal || a.Words("sv") != "något har hänt i ett ärende som du bevakar" {
		t.Errorf("it waits as %+v", a)
	}
	c, _ = do(t, c, Post{Lane: "customer", Text: "x"}, noon)
	if len(waiting(c)) != 2 {
		t.Errorf("what somebody writes settles what is another's: %v", waiting(c))
	}
	c.Heed(news("n3"), []string{"bo"})
	c, _ = do(t, c, Attend{Entry: "w-nora"}, noon)
	if len(waiting(c)) != 0 {
		t.Errorf("seen to, and he acts himself: %v", waiting(c))
	}
	if told := c.Heed(Entry{ID: "n4", Kind: KindAssignment, Change: &Change{To: "nora"}}, nil); fmt.Sprint(told) != "[bo]" {
		t.Errorf("who is given the case is told: %v", told)
	}
	next, entries := do(t, c, Watch{Contact: "bo", Stop: true}, noon)
	if len(entries) != 1 || entries[0].Change.From != "bo" || next.Watches("bo") || !next.Watches("nora") || len(waiting(next)) != 0 || !c.Watches("bo") {
		t.Errorf("he stops: %+v, %+v", entries, next.Watchers)
	}
	for _, again := range []Watch{{Contact: "bo", Stop: true}, {Contact: "nora"}} {
		if _, entries := do(t, next, again, noon); len(entries) != 0 {
			t.Errorf("%+v again: %+v", again, entries)
		}
	}
}

// What a failed message asks of its author is asked, also where those who watch were told of that message.
func TestHeedHidesNothing(t *testing.T) {
	c := watched(t, opened(t), "nora")
	c.Heed(Entry{ID: "m", Kind: KindMailOut}, nil)
	c, _ = do(t, c, Undelivered{Lane: "customer", Author: staff, Delivery: Delivery{Entry: "m", Recipient: "anna@home.example", State: Failed}}, noon)
	if len(c.Attention) != 2 {
		t.Errorf("it waits: %+v", c.Attention)
	}
}

func TestNews(t *testing.T) {
	by := Actor{Via: ViaRule, Name: "r"}
	for name, x := range map[string]struct {
		e    Entry
		news bool
	}{
		"mail": {Entry{Kind: KindMailIn, MailIn: &MailIn{}}, true}, "held": {Entry{Kind: KindMailIn, MailIn: &MailIn{Held: true}}, false},
		"bounce": {Entry{Kind: KindMailIn, MailIn: &MailIn{Staff: true}}, false}, "vouched for": {Entry{Kind: KindConfirm}, true},
		"message": {Entry{Kind: KindMailOut, MailOut: &MailOut{}}, true}, "notice": {Entry{Kind: KindMailOut, MailOut: &MailOut{Auto: AutoNews}}, false},
		"order": {Entry{Kind: KindOrder, MailOut: &MailOut{}}, true}, "note": {Entry{Kind: KindNote}, true}, "a rule's note": {Entry{Kind: KindNote, Actor: by}, false},
		"status by a rule": {Entry{Kind: KindStatus, Actor: by}, true}, "assignee": {Entry{Kind: KindAssignment}, true}, "class": {Entry{Kind: KindChange}, true},
		"deadline": {Entry{Kind: KindChange, Actor: by}, false}, "seen to": {Entry{Kind: KindAttended}, false}, "watch": {Entry{Kind: KindWatch}, false},
		"erasure": {Entry{Kind: KindErasure}, false}, "look at codes": {Entry{Kind: KindDoors}, false},
	} {
		if e, ok := News([]Entry{x.e, {Kind: KindMention}}); ok != x.news || ok && e.Kind != x.e.Kind {
			t.Errorf("%s is news: %v", name, ok)
		}
	}
}

// Those who watch are bounded, and go along with a merger as far as there is room.
func TestWatchers(t *testing.T) {
	var c Case
	full := Case{Org: "a", Number: 8, Status: StatusNew}
	for i := range maxWatchers {
		full, _ = do(t, full, Watch{Contact: fmt.Sprint("c", i)}, noon)
	}
	for name, x := range map[string]struct {
		c    Case
		cmd  Command
		by   Actor
		want fault.Kind
	}{
		"one too many": {full, Watch{Contact: "x"}, staff, fault.Conflict}, "nobody": {c, Watch{}, staff, fault.Invalid},
		"a mail": {c, Watch{Contact: "x"}, Actor{Via: ViaMail}, fault.Forbidden}, "merged": {Case{Merged: &Merger{Into: 9}}, Watch{Contact: "x"}, staff, fault.Conflict},
	} {
		if _, _, err := Do(x.c, x.cmd, x.by, noon, ids()); fault.KindOf(err) != x.want || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	quiet, _ := do(t, opened(t), WithdrawOrder{Order: 1}, noon)
	quiet = watched(t, quiet, "nora")
	into, _ := do(t, Case{Org: "a", Number: 9, Status: StatusNew}, Absorb{From: quiet}, noon)
	if !into.Watches("nora") {
		t.Errorf("she watches %+v", into.Watchers)
	}
	if into, _ := do(t, full, Absorb{From: quiet}, noon); len(into.Watchers) != maxWatchers {
		t.Errorf("%d watch", len(into.Watchers))
	}
}
