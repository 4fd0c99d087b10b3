package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"smartmail/testrig"
)

// ledger remembers what was answered 250, and what went wrong.
type ledger struct {
	mu     sync.Mutex
	kept   map[place]bool
	done   map[string]int // acts by their kind
	putOff int            // mails answered 4xx
	faults []string
}

const maxFaults = 20

func newLedger() *ledger { return &ledger{kept: map[place]bool{}, done: map[string]int{}} }

func (l *ledger) did(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done[kind]++
}

// took notes a mail that is kept; twice the same place is a fault, for every mail is another one.
func (l *ledger) took(p place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept[p] {
		l.faults = append(l.faults, fmt.Sprintf("two mails were answered with the place %+v", p))
	}
	l.kept[p] = true
}

func (l *ledger) later() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.putOff++
}

func (l *ledger) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.faults) < maxFaults {
		l.faults = append(l.faults, fmt.Sprintf(format, args...))
	}
}

// summary tells how often each kind of act was done.
func (l *ledger) summary() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(l.done)) {
		parts = append(parts, fmt.Sprintf("%s %d", k, l.done[k]))
	}
	return fmt.Sprintf("%s; mails kept %d, put off %d", strings.Join(parts, ", "), len(l.kept), l.putOff)
}

// audit reads all that the program has, and holds it against what was answered.
func (l *ledger) audit(ctx context.Context, i *testrig.Instance) error {
	have := map[place]int{}
	if err := eachEvent(ctx, i, func(p place) { have[p]++ }); err != nil {
		return err
	}
	if err := eachTriage(ctx, i, func(p place) { have[p]++ }); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range l.kept {
		if have[p] != 1 && len(l.faults) < maxFaults {
			l.faults = append(l.faults, fmt.Sprintf("%+v was answered 250 and is there %d times", p, have[p]))
		}
	}
	if len(have) != len(l.kept) {
		l.faults = append(l.faults, fmt.Sprintf("%d mails are there, %d were answered 250", len(have), len(l.kept)))
	}
	return nil
}

// eachEvent tells of each mail that is on a case.
func eachEvent(ctx context.Context, i *testrig.Instance, tell func(place)) error {
	for after := uint64(0); ; {
		var page struct {
			Items []struct {
				Entry *struct{ ID, Kind string }
			}
			Next uint64
		}
		if err := i.Call(ctx, http.MethodGet, fmt.Sprintf("/api/v1/events?after=%d&limit=200", after), nil, &page); err != nil {
			return err
		}
		for _, e := range page.Items {
			if e.Entry != nil && e.Entry.Kind == "mail_in" {
				tell(place{Entry: e.Entry.ID})
			}
		}
		if len(page.Items) == 0 {
			return nil
		}
		after = page.Next
	}
}

// eachTriage tells of each mail that waits for a person and is on no case.
func eachTriage(ctx context.Context, i *testrig.Instance, tell func(place)) error {
	for cursor := ""; ; {
		var page struct {
			Items []struct {
				ID    string
				Entry *string
			}
			Next *string
		}
		if err := i.Call(ctx, http.MethodGet, "/api/v1/triage?limit=200&cursor="+cursor, nil, &page); err != nil {
			return err
		}
		for _, t := range page.Items {
			if t.Entry == nil { // else it is an entry that is marked
				tell(place{Triage: t.ID})
			}
		}
		if page.Next == nil {
			return nil
		}
		cursor = *page.Next
	}
}
