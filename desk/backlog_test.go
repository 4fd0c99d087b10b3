package desk_test

import (
	"testing"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
)

// What waits grows old, by what it is, and is no age at all where nothing waits.
func TestBacklog(t *testing.T) {
	d, clock := open(t, t.TempDir())
	if b, err := d.Backlog(t.Context()); err != nil || b.Outbox[casework.Queued] != 0 || len(b.Outbox) != 2 || b.Triage != 0 || b.Timers != 0 {
		t.Errorf("an empty house: %+v, %v", b, err)
	}
	_, o := posted(t, d)
	at := clock.Now()
	err := d.Store.Update(t.Context(), func(tx casestore.Tx) error {
		due := casework.Timer{Org: "a", Case: 1, Kind: casework.TimerOrder, Order: 1, DueAt: at.Add(time.Hour)}
		if err := casestore.Timers.Put(tx, &due); err != nil {
			return err
		}
		item := casework.TriageItem{Org: "a", ID: "1", Mail: "m", State: casework.TriageOpen, At: at}
		return casestore.Triage.Put(tx, &item)
	})
	if err != nil {
		t.Fatal(err)
	}
	clock.forward(time.Minute)
	now := clock.Now()
	b, err := d.Backlog(t.Context())
	if err != nil || b.Outbox[casework.Queued] != now.Sub(o.At) || b.Outbox[casework.Deferred] != 0 || b.Triage != now.Sub(at) || b.Timers != 0 {
		t.Errorf("after a minute: %+v, %v", b, err)
	}
	clock.forward(time.Hour)
	if b, err := d.Backlog(t.Context()); err != nil || b.Timers != clock.Now().Sub(at.Add(time.Hour)) {
		t.Errorf("after an hour: %+v, %v", b, err)
	}
}
