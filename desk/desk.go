// Package desk is the one writer: every change to a case, by mail, API or rule, passes through it.
//
//	command or mail → (rights, decision: casework, threading) → one store transaction {rows, outbox} → committed
//
// It is also where others read from, so that who may see what is decided in one place.
//
// Invariants:
//   - What a method returned without error is durable, together with all that it caused.
//   - Only Erase rewrites what was said, and removes the bytes of a mail that is on a case.
//   - A raw mail is stored before, or with, the first row that names it, and never twice for one organisation.
//   - Nothing is sent but from the outbox, whose rows are written in the transaction of what caused them.
//   - Everything that depends on what is in the store is decided inside the transaction.
package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"smartmail/blobstore"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/message"
	"smartmail/threading"
	"smartmail/trace"
)

// DefaultInline is the size in bytes up to which a raw mail lies in the database. Below it the mail shares the
// transaction's one fsync with all others of the moment; above it a file of its own is cheaper than pages that
// fragment the database.
const DefaultInline = 256 << 10

// Options of a desk. Store, Blobs, Keys and Router are needed.
type Options struct {
	Store   casestore.Store
	Blobs   blobstore.Store
	Keys    *threading.Keyring
	Router  *threading.Router
	Orgs    []casework.OrgID
	Limits  message.Limits             // for taking attachments out of raw mails
	Inline  int64                      // bytes; 0: DefaultInline
	Now     func() time.Time           // nil: time.Now
	Chance  io.Reader                  // nil: crypto/rand
	Log     *slog.Logger               // nil: slog.Default
	Retry   Retry                      // of outgoing mail
	Notices map[casework.OrgID]Notices // what each sends by itself; none: nothing
	Retain  map[casework.OrgID]int     // months after closing when a case is erased whose class has no rule; 0: never
	SMS     *TextMessages              // nil: there are none
	WakeSMS func()                     // called after a commit that put text messages into the outbox; must not block. nil: nobody is told
	Finder  Finder                     // nil: cases are looked through one after the other

	Statistics Statistics // nil: there are no figures

	Logged func() // called after a commit that added to the log; must not block. nil: nobody is told
	Wake   func() // called after a commit that put mail into the outbox; must not block. nil: nobody is told

	// NotErased is told of each case that retention could not erase; must not block. nil: nobody is told
	NotErased func()

	// Resolved is told how long it took to find out where a mail belongs; must not block. nil: nobody is told
	Resolved func(took time.Duration)

	// Delivered makes every mail count as delivered when it is written, so that nothing is sent: for a past that is made up.
	Delivered bool
}

// Desk is safe for concurrent use.
type Desk struct {
	Options
	estates estates
	looks   looks
}

// New returns a desk.
func New(o Options) *Desk {
	if o.Inline == 0 {
		o.Inline = DefaultInline
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Chance == nil {
		o.Chance = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Resolved == nil {
		o.Resolved = func(time.Duration) {}
	}
	return &Desk{Options: o}
}

// newID returns an id of any of the domain's kinds.
func newID[ID ~string](d *Desk, at time.Time) (ID, error) {
	s, err := casework.NewID(at, d.Chance)
	return ID(s), err
}

// update is the store's Update; it wakes the sender and those who follow the log once there is something for them.
func (d *Desk) update(ctx context.Context, fn func(casestore.Tx) error) error {
	w := &watched{}
	err := d.Store.Update(ctx, func(tx casestore.Tx) error {
		*w = watched{Tx: tx, trace: string(trace.From(ctx))}
		return fn(w)
	})
	if err == nil && w.outbox && d.Wake != nil {
		d.Wake()
	}
	if err == nil && w.sms && d.WakeSMS != nil {
		d.WakeSMS()
	}
	if err == nil && w.log && d.Logged != nil {
		d.Logged()
	}
	return err
}

// watched is a transaction that knows whether it wrote mail or text messages into the outbox, or into the log, and what it is caused by.
type watched struct {
	casestore.Tx
	outbox, sms, log bool
	trace            string
}

// traceOf is the id of what caused a transaction; empty where nothing from outside did.
func traceOf(tx casestore.Tx) string {
	if w, ok := tx.(*watched); ok {
		return w.trace
	}
	return ""
}

// Put implements casestore.Tx.
func (w *watched) Put(s *casestore.Schema, row casestore.Row) error {
	w.outbox = w.outbox || s == casestore.Outbox.Schema()
	w.sms = w.sms || s == casestore.SMS.Schema()
	w.log = w.log || s == casestore.Log.Schema()
	return w.Tx.Put(s, row)
}

// Do lets a command act on a case and returns the case and the new entries. expect is the version that the caller saw,
// or 0 for whichever is there. Errors: fault.NotFound, Conflict, Invalid, Forbidden.
func (d *Desk) Do(ctx context.Context, org casework.OrgID, n casework.CaseNumber, cmd casework.Command, by casework.Actor, expect uint64) (casework.Case, []casework.Entry, error) {
	var (
		after   casework.Case
		entries []casework.Entry
	)
	err := d.update(ctx, func(tx casestore.Tx) error {
		c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, n))
		if err != nil {
			return caseError(n, err)
		}
		if expect != 0 && expect != c.Version {
			return fault.New(fault.Conflict, fmt.Sprintf("case %d has changed meanwhile", n))
		}
		if err := livingAfter(tx, c, cmd); err != nil {
			return err
		}
		now := d.Now()
		if after, entries, err = d.act(tx, c, cmd, by, now); err != nil {
			return err
		}
		var more []casework.Entry
		if after, more, err = d.redispatch(tx, c, after, cmd, now); err != nil {
			return err
		}
		if entries = append(entries, more...); after.Assignee != c.Assignee {
			after, err = d.tellAssignee(tx, after, by, now)
		}
		return err
	})
	return after, entries, err
}

// caseError gives a missing row the name that the caller knows it by.
func caseError(n casework.CaseNumber, err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, fmt.Sprintf("there is no case %d", n))
	}
	return err
}

// Open opens a case and returns it.
func (d *Desk) Open(ctx context.Context, org casework.OrgID, cmd casework.Open, by casework.Actor) (casework.Case, error) {
	return d.openSeeing(ctx, org, cmd, by, nil)
}

// openSeeing is Open for somebody who sees some contacts only.
func (d *Desk) openSeeing(ctx context.Context, org casework.OrgID, cmd casework.Open, by casework.Actor, seen seeing) (casework.Case, error) {
	var opened casework.Case
	err := d.update(ctx, func(tx casestore.Tx) (err error) {
		if err := living(tx, org, cmd.Class, cmd.Object); err != nil {
			return err
		}
		opened, err = d.openFor(tx, org, cmd, by, d.Now(), seen)
		return err
	})
	return opened, err
}

// openFor opens a case for whoever takes care of it, and tells him.
func (d *Desk) openFor(tx casestore.Tx, org casework.OrgID, cmd casework.Open, by casework.Actor, at time.Time, seen seeing) (casework.Case, error) {
	c, err := d.open(tx, org, cmd, by, at, seen)
	if err != nil {
		return c, err
	}
	if c, err = d.dispatch(tx, c, at); err != nil {
		return c, err
	}
	return d.tellAssignee(tx, c, by, at)
}

func (d *Desk) open(tx casestore.Tx, org casework.OrgID, cmd casework.Open, by casework.Actor, at time.Time, seen seeing) (casework.Case, error) {
	cmd, err := known(tx, org, cmd, at, seen)
	if err != nil {
		return casework.Case{}, err
	}
	n, err := tx.Next(casestore.CaseSeries(org))
	if err != nil {
		return casework.Case{}, err
	}
	c, _, err := d.act(tx, casework.Case{Org: org, Number: casework.CaseNumber(n)}, cmd, by, at)
	return c, err
}

// act is the one way in which a case changes: command, then case, entries and outbox in the same transaction.
func (d *Desk) act(tx casestore.Tx, c casework.Case, cmd casework.Command, by casework.Actor, at time.Time) (casework.Case, []casework.Entry, error) {
	cmd, err := ruled(tx, c, cmd)
	if err != nil {
		return c, nil, err
	}
	next, entries, err := d.do(c, cmd, by, at)
	if err != nil {
		return c, nil, err
	}
	if len(entries) == 0 && c.Version != 0 {
		return next, nil, nil // nothing changed
	}
	next, told, err := d.heed(tx, next, entries, by, at)
	if err != nil {
		return c, nil, err
	}
	if err := casestore.Cases.Put(tx, &next); err != nil {
		return c, nil, err
	}
	if err := d.retime(tx, c, next); err != nil {
		return c, nil, err
	}
	for _, some := range [][]casework.Entry{entries, told.ended} {
		if err := d.putEntries(tx, next, some); err != nil {
			return c, nil, err
		}
	}
	if next, err = d.announce(tx, next, entries); err != nil {
		return c, nil, err
	}
	if next, err = d.writeWatchers(tx, next, told.write, at); err != nil {
		return c, nil, err
	}
	return next, entries, nil
}

// do decides a command by the organisation's rules.
func (d *Desk) do(c casework.Case, cmd casework.Command, by casework.Actor, at time.Time) (casework.Case, []casework.Entry, error) {
	return d.Notices[c.Org].rules().Do(c, cmd, by, at, func() (casework.EntryID, error) { return newID[casework.EntryID](d, at) })
}

// putEntries stores what a command told, with all that it causes.
func (d *Desk) putEntries(tx casestore.Tx, c casework.Case, entries []casework.Entry) error {
	cause := traceOf(tx)
	for i := range entries {
		entries[i].Trace = cause
		if err := casestore.Entries.Put(tx, &entries[i]); err != nil {
			return err
		}
		if err := record(tx, entryEvent(entries[i])); err != nil {
			return err
		}
		if err := putFiles(tx, entries[i]); err != nil {
			return err
		}
		if err := d.enqueue(tx, c, entries[i]); err != nil {
			return err
		}
	}
	return nil
}

// enqueue writes the outbox rows that an entry causes, with everything that must be signed.
func (d *Desk) enqueue(tx casestore.Tx, c casework.Case, e casework.Entry) error {
	for _, out := range casework.Outgoing(c, e) {
		id, err := newID[casework.OutboxID](d, e.At)
		if err != nil {
			return err
		}
		out.ID, out.Trace = id, e.Trace
		var errs [3]error
		out.ReplyTo, errs[0] = d.Router.Address(c.Org, c.Number, out.Participant)
		out.MessageID, errs[1] = d.Router.MessageID(c.Org, c.Number, out.Participant, string(id))
		out.ReturnPath, errs[2] = d.Router.BounceAddress(c.Org, c.Number, out.Participant, string(id))
		if err := errors.Join(errs[:]...); err != nil {
			return err
		}
		if e.MailOut != nil && e.MailOut.Auto == casework.AutoReceived {
			out.ReturnPath = "" // RFC 3834 section 3.3: nobody answers an acknowledgement
		}
		if d.Delivered {
			out.State, out.SentAt, out.ChangedAt = casework.Sent, e.At, e.At
		}
		if err := casestore.Outbox.Put(tx, &out); err != nil {
			return err
		}
	}
	return nil
}
