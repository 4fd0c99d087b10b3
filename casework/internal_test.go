package casework

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"smartmail/fault"
)

var yes, no = new(true), new(false)

// internalCase is one that Anna reported, with a supplier at work.
func internalCase(t *testing.T) Case {
	t.Helper()
	c, _ := do(t, Case{Org: "a", Number: 7}, Open{Subject: "Byt lås", Internal: true, Reporter: &Reporter{Name: "Anna", Email: "Anna@home.example"}}, noon)
	c, _ = do(t, c, Order{Name: "Rör AB", Email: "jour@ror.example", MailOut: MailOut{Text: "Byt"}}, noon)
	return c
}

// Who reports an internal case takes no part in it, and is still found as one whom it names.
func TestOpenInternal(t *testing.T) {
	c := internalCase(t)
	if len(c.Lanes) != 1 || c.Lanes[0].Kind != LaneSupplier || c.Reporter.Name != "Anna" || c.Mails()[0] != "anna@home.example" {
		t.Errorf("%+v, %v", c.Lanes, c.Mails())
	}
	if c, _ := do(t, Case{Org: "a", Number: 8}, Open{Internal: true, Kind: LaneSupplier, Reporter: &Reporter{Email: "jour@ror.example"}}, noon); len(c.Lanes) != 1 {
		t.Errorf("a supplier who writes late: %+v", c.Lanes)
	}
	if _, _, err := Do(Case{Org: "a", Number: 9}, Open{Internal: true, Reporter: &Reporter{Email: "nobody"}}, staff, noon, ids()); !fault.Is(err, fault.Invalid) {
		t.Errorf("no address: %v", err)
	}
}

// Whatever is done to an internal case, no customer comes onto it.
func TestInternalHasNoCustomers(t *testing.T) {
	other := opened(t)
	other.Number = 8
	said := Entry{Org: "a", Case: 8, ID: "m", Kind: KindMailIn, Lane: "customer", MailIn: &MailIn{Mail: "m", Participant: 1}}
	for name, cmd := range map[string]Command{
		"a participant": AddParticipant{Kind: LaneCustomer, Email: "bo@home.example"},
		"a merger":      Absorb{From: other},
		"a taken mail":  Take{From: other, Entries: []Entry{said}},
		"a split mail":  Take{From: other, Entries: []Entry{said}, New: true},
	} {
		if _, _, err := Do(internalCase(t), cmd, staff, noon, ids()); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		c := crowd(r, 7)
		for i := range rapid.IntRange(1, 6).Draw(r, "steps") {
			cmd := rapid.Custom(func(r *rapid.T) Command {
				switch rapid.IntRange(0, 3).Draw(r, "command") {
				case 0:
					return AddParticipant{Kind: rapid.SampledFrom([]LaneKind{LaneCustomer, LaneSupplier, LaneInternal}).Draw(r, "kind"), Email: "eva@x.example"}
				case 1:
					return Absorb{From: crowd(r, CaseNumber(10+i))}
				case 2:
					return Edit{Internal: yes, Told: rapid.Bool().Draw(r, "told")}
				}
				return Edit{Internal: no}
			}).Draw(r, fmt.Sprint("step ", i))
			next, _, err := Do(c, cmd, staff, noon, ids())
			if err != nil {
				continue
			}
			if c = next; c.Internal && len(c.customers()) > 0 {
				r.Fatalf("after %+v an internal case has %+v", cmd, c.Lanes)
			}
		}
	})
}

// A case becomes internal as long as no customer has heard of it: those who would have leave, on record.
func TestBecomesInternal(t *testing.T) {
	c, entries := do(t, opened(t), Edit{Internal: yes}, noon)
	if !c.Internal || len(c.Lanes) != 1 || len(entries) != 2 || *entries[0].Change != (Change{Field: "participant", From: "Anna@home.example"}) ||
		*entries[1].Change != (Change{Field: "internal", From: "false", To: "true"}) {
		t.Errorf("%+v, %+v", c.Lanes, entries)
	}
	if c, entries := do(t, c, Edit{Internal: yes, Told: true}, noon); !c.Internal || len(entries) != 0 {
		t.Errorf("again: %+v", entries)
	}
	c, _ = do(t, c, Edit{Internal: no}, noon)
	if c.Internal || len(c.Lanes) != 1 {
		t.Errorf("no longer: %+v", c)
	}
	if c, _ := do(t, c, AddParticipant{Kind: LaneCustomer, Email: "anna@home.example"}, noon); c.LastNo != 3 {
		t.Errorf("numbers are used again: %d", c.LastNo)
	}
	merged, _ := do(t, opened(t), LinkTo{Link: Link{Kind: MergedFrom, Case: 3}}, noon)
	gone := opened(t)
	gone.Merged = &Merger{Into: 3}
	for name, x := range map[string]struct {
		c   Case
		cmd Edit
	}{
		"a customer was told":       {opened(t), Edit{Internal: yes, Told: true}},
		"others' addresses lead in": {merged, Edit{Internal: yes}},
		"it goes on elsewhere":      {gone, Edit{Internal: yes}},
	} {
		if _, _, err := Do(x.c, x.cmd, staff, noon, ids()); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestToldCustomers(t *testing.T) {
	c := opened(t)
	for _, x := range []struct {
		kind EntryKind
		lane LaneID
		want bool
	}{
		{KindMailIn, "customer", true}, {KindMailOut, "customer", true}, {KindParticipant, "customer", false},
		{KindMailIn, "supplier-2", false}, {KindOrder, "supplier-2", false}, {KindNote, "internal", false}, {KindCreated, "", false},
	} {
		if got := c.ToldCustomers(Entry{Kind: x.kind, Lane: x.lane}); got != x.want {
			t.Errorf("%s on %q: %v", x.kind, x.lane, got)
		}
	}
}
