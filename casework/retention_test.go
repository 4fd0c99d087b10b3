package casework

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestNextNight(t *testing.T) {
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	for now, want := range map[string]string{
		"2026-11-25T00:59:00Z": "2026-11-25T01:00:00Z", "2026-11-25T01:00:00Z": "2026-11-26T01:00:00Z", "2026-12-31T12:00:00Z": "2027-01-01T01:00:00Z",
		"2026-03-28T12:00:00Z": "2026-03-29T01:00:00Z", // 02:00 does not exist that night: 03:00 does
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := NextNight(at, stockholm).UTC().Format(time.RFC3339); got != want {
			t.Errorf("after %s: %s, want %s", now, got, want)
		}
	}
}

// Everybody outside goes: customers, and whoever reported it, also without an address. The house, suppliers and the segment stay.
func TestErasingOutsiders(t *testing.T) {
	c, _ := do(t, Case{Org: "a", Number: 7}, Open{Subject: "Kran hos Åsa", Description: "Hon är sjuk", Class: "VVS", Reporter: &Reporter{Name: "Åsa Ek", Language: "sv"}}, noon)
	c, _ = do(t, c, AddParticipant{Kind: LaneCustomer, Name: "Boel Alm", Email: "boel@home.example"}, noon)
	c, _ = do(t, c, AddParticipant{Kind: LaneSupplier, Name: "Rör AB", Email: "jour@ror.example"}, noon)
	c, entries := do(t, c, Post{Lane: LaneID(LaneInternal), Text: "Åsa Ek och Boel vill ha nytt"}, noon)
	p := Outsiders(c)
	note, _ := p.Entry(c, entries[len(entries)-1])
	next, _ := do(t, c, Erase{Person: p, All: true, Segment: "student"}, noon)
	b, err := json.Marshal(next)
	if err != nil {
		t.Fatal(err)
	}
	for _, trace := range []string{"Åsa", "Ek", "Boel", "boel@", "sjuk"} {
		if strings.Contains(string(b)+note.Text, trace) {
			t.Errorf("%q is left: %s, %s", trace, b, note.Text)
		}
	}
	if next.Reporter.Segment != "student" || next.Reporter.Language != "sv" || next.Class != "VVS" || !strings.Contains(string(b), "jour@ror.example") {
		t.Errorf("figures are gone: %s", b)
	}
}

func TestExpires(t *testing.T) {
	closed := Case{Status: StatusClosed, ClosedAt: noon}
	for name, x := range map[string]struct {
		change func(*Case)
		want   bool
	}{
		"closed": {func(*Case) {}, true}, "open": {func(c *Case) { c.Status = StatusDone }, false}, "held": {func(c *Case) { c.Hold = &Hold{Reason: "x"} }, false},
		"erased": {func(c *Case) { c.ErasedAt = noon }, false}, "of before that was noted": {func(c *Case) { c.ClosedAt = time.Time{} }, false},
	} {
		c := closed
		if x.change(&c); c.Expires() != x.want {
			t.Errorf("%s: %v", name, !x.want)
		}
	}
}

// Rows as they were stored first.
func TestRetentionRowsStayReadable(t *testing.T) {
	var r Retention
	row := `{"org":"a","class":"VVS","edition":"e2","since":"2026-11-25T12:00:00Z","confirmed":"e1","by":{"via":"api","name":"Eva"},"at":"2026-11-24T12:00:00Z","ran_at":"2026-11-25T01:00:00Z","ran":3,"total":10}`
	if err := json.Unmarshal([]byte(row), &r); err != nil || !r.Waits() || r.Ran != 3 || r.Total != 10 || r.By.Name != "Eva" || r.RanAt.Hour() != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	var timer Timer
	if err := json.Unmarshal([]byte(`{"org":"a","case":0,"kind":"retention","after":"AA","count":40,"due_at":"2026-11-25T01:00:00Z"}`), &timer); err != nil || timer.Kind != TimerRetention || timer.Count != 40 {
		t.Errorf("%+v, %v", timer, err)
	}
}
