package desk_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
)

const lease = 10 * time.Minute

// posted is a case with one message to its customer in the outbox.
func posted(t *testing.T, d *desk.Desk) (casework.Case, casework.OutboxItem) {
	t.Helper()
	c := newCase(t, d, "Kran")
	return c, post(t, d, c.Number)
}

func post(t *testing.T, d *desk.Desk, n casework.CaseNumber) casework.OutboxItem {
	t.Helper()
	_, entries, err := d.Do(t.Context(), "a", n, casework.Post{Lane: "customer", Text: "Vi kommer i dag."}, eva, 0)
	if err != nil {
		t.Fatal(err)
	}
	page, err := d.OutboxPage(t.Context(), "a", "", nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range page.Items {
		if o.Entry == entries[0].ID {
			return o
		}
	}
	t.Fatal("the message is not in the outbox")
	return casework.OutboxItem{}
}

func claim(t *testing.T, d *desk.Desk, owner string, want int) []casework.OutboxItem {
	t.Helper()
	items, err := d.ClaimOutbox(t.Context(), owner, lease, 100)
	if err != nil || len(items) != want {
		t.Fatalf("%s claims %d mails, %v; want %d", owner, len(items), err, want)
	}
	return items
}

func report(t *testing.T, d *desk.Desk, o casework.OutboxItem, out casework.Outcome) casework.OutboxItem {
	t.Helper()
	if err := d.ReportOutbox(t.Context(), o, out); err != nil {
		t.Fatal(err)
	}
	return item(t, d, o.ID)
}

func item(t *testing.T, d *desk.Desk, id casework.OutboxID) casework.OutboxItem {
	t.Helper()
	o, err := d.OutboxItem(t.Context(), "a", id)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// told returns the delivery entries of a case.
func told(t *testing.T, d *desk.Desk, n casework.CaseNumber) (out []casework.Delivery) {
	t.Helper()
	page, err := d.Entries(t.Context(), "a", n, nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range page.Items {
		if e.Kind == casework.KindDelivery {
			out = append(out, *e.Delivery)
		}
	}
	return out
}

// A claim lasts until it is over, released or reported, and counts one attempt.
func TestClaimLasts(t *testing.T) {
	d, clock := open(t, t.TempDir())
	_, o := posted(t, d)
	first := claim(t, d, "one", 1)[0]
	if first.ID != o.ID || first.Attempts != 1 || first.LeasedBy != "one" {
		t.Errorf("claimed %+v", first)
	}
	claim(t, d, "two", 0)
	if err := d.ReleaseOutbox(t.Context(), first, time.Time{}); err != nil {
		t.Fatal(err)
	}
	second := claim(t, d, "two", 1)[0]
	if second.Attempts != 1 {
		t.Errorf("a released mail counts %d attempts, want 1", second.Attempts)
	}
	clock.forward(lease)
	third := claim(t, d, "three", 1)[0]
	if got := report(t, d, second, casework.Outcome{State: casework.Failed, Status: "5.1.1"}); got.State != casework.Queued || got.LeasedBy != "three" {
		t.Errorf("who has lost his claim makes it %s of %q", got.State, got.LeasedBy)
	}
	if got := report(t, d, second, casework.Outcome{State: casework.Sent, RemoteID: "Q1"}); got.State != casework.Sent || got.RemoteID != "Q1" {
		t.Errorf("a mail that was taken after all is %s, %q", got.State, got.RemoteID)
	}
	if got := report(t, d, third, casework.Outcome{State: casework.Deferred}); got.State != casework.Sent {
		t.Errorf("a sent mail became %s", got.State)
	}
	if n, err := d.FreeOutbox(t.Context()); n != 0 || err != nil {
		t.Errorf("freed %d, %v", n, err)
	}
}

// Two senders that claim at the same time never get the same mail.
func TestClaimsAreDisjoint(t *testing.T) {
	d, _ := open(t, t.TempDir())
	c, _ := posted(t, d)
	const mails = 40
	for range mails - 1 {
		post(t, d, c.Number)
	}
	var (
		mu   sync.Mutex
		seen = map[casework.OutboxID]int{}
		wg   sync.WaitGroup
	)
	for _, owner := range []string{"one", "two", "three"} {
		wg.Go(func() {
			for {
				items, err := d.ClaimOutbox(t.Context(), owner, lease, 3)
				if err != nil {
					t.Error(err)
				}
				if len(items) == 0 {
					return
				}
				mu.Lock()
				for _, o := range items {
					seen[o.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) != mails {
		t.Errorf("%d mails were claimed, want %d", len(seen), mails)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was claimed %d times", id, n)
		}
	}
	if n, err := d.FreeOutbox(t.Context()); n != mails || err != nil {
		t.Errorf("freed %d, %v", n, err)
	}
	if got, err := d.ClaimOutbox(t.Context(), "four", lease, 2*mails); len(got) != mails || err != nil {
		t.Errorf("after that %d are due, %v", len(got), err)
	}
}

// Pauses grow up to their limit; when the time is up the mail fails, on the record.
func TestRetryGrowsAndGivesUp(t *testing.T) {
	d, clock := open(t, t.TempDir())
	d.Retry = desk.Retry{First: time.Minute, Max: 4 * time.Minute, GiveUp: time.Hour}
	c, o := posted(t, d)
	begin := clock.Now()
	busy := casework.Outcome{State: casework.Deferred, Status: "4.2.1", Remote: "450 4.2.1 greylisted"}
	for attempt, step := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 4 * time.Minute} {
		got := report(t, d, claim(t, d, "one", 1)[0], busy)
		pause := got.NextAt.Sub(clock.Now())
		if got.State != casework.Deferred || got.Remote != busy.Remote || got.Status != "4.2.1" || got.Attempts != attempt+1 {
			t.Errorf("attempt %d: %+v", attempt+1, got)
		}
		if pause < step*3/4 || pause > step*5/4 {
			t.Errorf("attempt %d: waits %v, want about %v", attempt+1, pause, step)
		}
		claim(t, d, "one", 0)
		clock.forward(pause)
	}
	waiting, err := d.OutboxWaiting(t.Context())
	if err != nil || waiting[casework.Deferred] != 1 || waiting[casework.Queued] != 0 || len(waiting) != 2 {
		t.Errorf("waiting: %v, %v", waiting, err)
	}
	age, err := d.QueueAge(t.Context())
	if err != nil || age != clock.Now().Sub(o.At) {
		t.Errorf("queue age %v, %v", age, err)
	}
	clock.forward(time.Hour - clock.Now().Sub(begin))
	got := report(t, d, claim(t, d, "one", 1)[0], busy)
	if got.State != casework.Failed || got.Status != "5.4.7" || !strings.Contains(got.Remote, "greylisted") {
		t.Errorf("given up: %s %s %q", got.State, got.Status, got.Remote)
	}
	if e := told(t, d, c.Number); len(e) != 1 || e[0].Outbox != o.ID || e[0].Recipient != "anna@home.example" || e[0].State != casework.Failed {
		t.Errorf("the case tells %+v", e)
	}
	if age, err := d.QueueAge(t.Context()); age != 0 || err != nil {
		t.Errorf("queue age %v, %v", age, err)
	}
	if p, err := d.Suspensions(t.Context(), "a", nil, 10); err != nil || len(p.Items) != 0 {
		t.Errorf("given up is not the address's fault: %+v, %v", p.Items, err)
	}
}

// After a permanent failure nothing goes to the address until somebody lifts that.
func TestSuspension(t *testing.T) {
	d, _ := open(t, t.TempDir())
	c, _ := posted(t, d)
	waiting := post(t, d, c.Number)
	items := claim(t, d, "one", 2)
	for _, o := range items {
		if o.ID == waiting.ID {
			if err := d.ReleaseOutbox(t.Context(), o, time.Time{}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		gone := casework.Outcome{State: casework.Failed, Status: "5.1.1", Remote: "550 5.1.1 no such user", Address: true}
		report(t, d, o, gone)
		report(t, d, o, gone)
	}
	claim(t, d, "one", 0)
	if got := item(t, d, waiting.ID); got.State != casework.Failed || !strings.Contains(got.Remote, "no such user") {
		t.Errorf("a later message is %s, %q", got.State, got.Remote)
	}
	if e := told(t, d, c.Number); len(e) != 2 {
		t.Errorf("the case tells of %d failures, want 2", len(e))
	}
	p, err := d.Suspensions(t.Context(), "a", nil, 10)
	if err != nil || len(p.Items) != 1 || p.Items[0].Email != "anna@home.example" {
		t.Fatalf("suspended: %+v, %v", p.Items, err)
	}
	if _, err := d.LiftSuspension(t.Context(), "a", "Anna@Home.example", eva); err != nil {
		t.Fatal(err)
	}
	if _, err := d.LiftSuspension(t.Context(), "a", "anna@home.example", eva); !fault.Is(err, fault.NotFound) {
		t.Errorf("lifted twice: %v", err)
	}
	post(t, d, c.Number)
	claim(t, d, "one", 1)
}

// The sender is woken after the commit of mail for it, and by nothing else.
func TestWake(t *testing.T) {
	d, _ := open(t, t.TempDir())
	woken := 0
	d.Wake = func() { woken++ }
	c, _ := posted(t, d)
	if woken != 1 {
		t.Errorf("woken %d times by one message", woken)
	}
	class := "VVS"
	if _, _, err := d.Do(t.Context(), "a", c.Number, casework.Edit{Class: &class}, eva, 0); err != nil || woken != 1 {
		t.Errorf("woken %d times, %v", woken, err)
	}
}
