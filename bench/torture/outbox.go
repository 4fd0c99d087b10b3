package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/testrig"
)

// outgoing returns what is or was to be sent, by Message-ID. A mail of no entry, and an entry of no mail, goes to report.
func outgoing(tx casestore.Tx, report func(string)) (map[string]casework.OutboxItem, error) {
	items, of := map[string]casework.OutboxItem{}, map[casework.EntryID]int{}
	for f, err := range casestore.Outbox.Scan(tx, casestore.Query{Prefix: casestore.K(testrig.Org)}) {
		if err != nil {
			return nil, err
		}
		if _, twice := items[f.Record.MessageID]; twice {
			report(fmt.Sprintf("%s is the Message-ID of two mails in the outbox", f.Record.MessageID))
		}
		items[f.Record.MessageID] = f.Record
		of[f.Record.Entry]++
	}
	for f, err := range casestore.Entries.Scan(tx, casestore.Query{Prefix: casestore.K(testrig.Org)}) {
		if err != nil {
			return nil, err
		}
		if e := f.Record; e.MailOut != nil && of[e.ID] == 0 {
			report(fmt.Sprintf("entry %s of case %d says what nobody is sent", e.ID, e.Case))
		}
		delete(of, f.Record.ID)
	}
	for entry := range of {
		report(fmt.Sprintf("a mail is to be sent of entry %s, which is not there", entry))
	}
	return items, nil
}

// sentBy holds the outbox against what has left: nothing leaves before its row is there for good, and what a row calls sent was taken.
func (h have) sentBy(o *outcome, when string, left, took map[string]bool) {
	for id := range left {
		if _, ok := h.out[id]; !ok {
			o.fault("%s: %s was sent and is not in the outbox", when, id)
		}
	}
	for id, item := range h.out {
		if item.State == casework.Sent && !took[id] {
			o.fault("%s: %s is called sent, and nobody was given it", when, id)
		}
	}
}

// acknowledged tells of a mail that opened a case and whose sender does not hear of it: that is decided where the mail is stored.
func (h have) acknowledged(o *outcome, when string, m *mail) {
	if len(m.to) != 1 || m.to[0] != testrig.Intake {
		return
	}
	for n := range h.mails[m.id].cases {
		if h.told[n] == 0 {
			o.fault("%s: %s opened case %d, and no mail tells its sender", when, m.id, n)
		}
	}
}

// drained waits until a running program has sent what it had to send.
func drained(ctx context.Context, i *testrig.Instance) error {
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var failed error
	err := testrig.Await(limited, func() bool {
		for _, state := range []casework.OutboxState{casework.Queued, casework.Deferred} {
			var page struct{ Items []struct{} }
			if failed = i.Call(limited, http.MethodGet, "/api/v1/outbox?limit=1&state="+string(state), nil, &page); failed != nil {
				return true
			}
			if len(page.Items) > 0 {
				return false
			}
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("the outbox does not become empty: %w", err)
	}
	return failed
}

// goesOut starts the program on a folder, and looks whether all that its outbox holds goes to the remote, and nothing else; before is what
// another remote was given.
func (r *rack) goesOut(ctx context.Context, o *outcome, dir, when string, to *remote, before map[string]bool, sent []*mail, owed func(*mail) bool) error {
	when += ", started again"
	i, err := r.start(ctx, testrig.Options{Dir: dir, Top: to.relay()})
	if err != nil {
		o.fault("%s: %v", when, err)
		return ctx.Err()
	}
	defer i.Kill()
	if err := drained(ctx, i); err != nil {
		o.fault("%s: %v", when, err)
	}
	i.Kill()
	h, err := held(ctx, o, testrig.Options{Dir: dir}.Data(), when, sent, owed)
	if err != nil {
		return err
	}
	took := to.has()
	maps.Copy(took, before)
	h.sentBy(o, when, took, took)
	for id, item := range h.out {
		if item.State != casework.Sent {
			o.fault("%s: %s is %s and not sent", when, id, item.State)
		}
	}
	return nil
}

// to counts the mails to an address.
func (h have) to(address string) (n int) {
	for _, item := range h.out {
		if item.To.Email == address {
			n++
		}
	}
	return n
}
