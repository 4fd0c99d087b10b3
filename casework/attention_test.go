package casework

import (
	"fmt"
	"testing"
	"time"

	"smartmail/fault"
)

// failed is the case after a message on a lane did not arrive.
func failed(t *testing.T, c Case, lane LaneID, message EntryID, by Actor) Case {
	t.Helper()
	u := Undelivered{Lane: lane, Author: by, Delivery: Delivery{Entry: message, Recipient: "anna@home.example", State: Failed, Status: "5.1.1", Remote: "no such user"}}
	c, _, err := Do(c, u, Actor{Via: ViaRule, Name: "delivery"}, noon.Add(time.Hour), ids())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What waits belongs to the author of the message, or to who has the case where a rule wrote it.
func TestAttentionIsItsAuthors(t *testing.T) {
	c := opened(t)
	c.Assignee = "Bo"
	for name, x := range map[string]struct {
		by   Actor
		want string
	}{
		"a person": {staff, "Eva"},
		"a rule":   {Actor{Via: ViaRule, Name: "notice"}, "Bo"},
	} {
		got := failed(t, c, "customer", "e1", x.by).Attention
		if len(got) != 1 || got[0].For != x.want || got[0].About != "e1" || got[0].Why != "a message to anna@home.example did not arrive: 5.1.1 no such user" || !got[0].Since.Equal(noon.Add(time.Hour)) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// It is settled by a person who acts there, and by nothing else; one message asks once.
func TestAttentionIsSettled(t *testing.T) {
	c := failed(t, failed(t, failed(t, opened(t), "customer", "m1", staff), "customer", "m1", staff), "supplier-2", "m2", staff)
	if len(c.Attention) != 2 {
		t.Fatalf("%+v", c.Attention)
	}
	first, closed, done := c.Attention[0].Entry, StatusClosed, StatusDone
	for name, x := range map[string]struct {
		cmd  Command
		want int
	}{
		"writing there":     {Post{Lane: "customer", Text: "x"}, 1},
		"writing elsewhere": {Post{Lane: "internal", Text: "x"}, 2},
		"ordering again":    {Order{Email: "jour@ror.example"}, 1},
		"closing":           {Edit{Status: &closed}, 0},
		"another status":    {Edit{Status: &done}, 2},
		"saying so":         {Attend{Entry: first}, 1},
	} {
		if got, _ := do(t, c, x.cmd, noon); len(got.Attention) != x.want {
			t.Errorf("%s leaves %+v", name, got.Attention)
		}
		if len(c.Attention) != 2 {
			t.Fatalf("%s changed the case that it was given", name)
		}
	}
	if _, _, err := Do(c, Attend{Entry: "none"}, staff, noon, ids()); !fault.Is(err, fault.Conflict) {
		t.Errorf("what asks for nothing: %v", err)
	}
	if _, _, err := Do(c, Attend{Entry: first}, Actor{Via: ViaMail}, noon, ids()); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a mail: %v", err)
	}
}

// A flood of failures does not fill the case's record.
func TestAttentionIsBounded(t *testing.T) {
	c := opened(t)
	for i := range 2 * maxAttention {
		c = failed(t, c, "customer", EntryID(fmt.Sprint("m", i)), staff)
	}
	if len(c.Attention) != maxAttention {
		t.Errorf("%d", len(c.Attention))
	}
}

// FirstID parts the identifiers of before from those of that millisecond and later.
func TestFirstID(t *testing.T) {
	for _, at := range []time.Time{noon, noon.Add(time.Millisecond), time.UnixMilli(0), time.UnixMilli(1 << 20), noon.Add(999 * time.Microsecond)} {
		before, err := NewID(at.Truncate(time.Millisecond).Add(-1), ones{})
		if err != nil {
			t.Fatal(err)
		}
		from, err := NewID(at, zeroes{})
		if err != nil {
			t.Fatal(err)
		}
		if first := FirstID(at); at.UnixMilli() > 0 && first <= before || first >= from {
			t.Errorf("%v: %q is not between %q and %q", at, first, before, from)
		}
	}
}

// ones is the highest chance.
type ones struct{}

func (ones) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 0xFF
	}
	return len(b), nil
}
