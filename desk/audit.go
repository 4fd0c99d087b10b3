package desk

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"sync"
	"time"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// LooksFor is how long the audit trail is kept.
const LooksFor = 2 * 365 * 24 * time.Hour

// Bounds of what waits to be written into the audit trail.
const (
	looksEvery = time.Second
	maxLooks   = 2000 // then whoever adds one writes them all, and waits
)

// looks are those that wait for a commit that they share.
type looks struct {
	mu      sync.Mutex
	waiting []casework.Look
	writing sync.Mutex // held by who writes, so that nobody overtakes and who waits for it knows that it is done
}

// Saw puts a look into the audit trail: within a second, or where now is true before it returns. An error means that what was looked at must not
// be shown. Errors: those of the store.
func (d *Desk) Saw(ctx context.Context, l casework.Look, now bool) error {
	l.At = d.Now()
	id, err := newID[string](d, l.At)
	if err != nil {
		return err
	}
	l.ID = id
	d.looks.mu.Lock()
	full := len(d.looks.waiting) >= maxLooks
	if !full {
		d.looks.waiting = append(d.looks.waiting, l)
	}
	d.looks.mu.Unlock()
	if !full && !now {
		return nil
	}
	if err := d.WriteLooks(ctx); err != nil || !full {
		return err
	}
	return d.writeLooks(ctx, []casework.Look{l})
}

// WriteLooks writes what waits. What could not be written waits on.
func (d *Desk) WriteLooks(ctx context.Context) error {
	d.looks.writing.Lock()
	defer d.looks.writing.Unlock()
	d.looks.mu.Lock()
	all := d.looks.waiting
	d.looks.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	if err := d.writeLooks(ctx, all); err != nil {
		return err
	}
	d.looks.mu.Lock()
	d.looks.waiting = append([]casework.Look(nil), d.looks.waiting[len(all):]...)
	d.looks.mu.Unlock()
	return nil
}

func (d *Desk) writeLooks(ctx context.Context, all []casework.Look) error {
	err := d.Store.Update(ctx, func(tx casestore.Tx) error {
		for _, l := range all {
			if l.Case == 0 {
				var err error
				if l.Case, err = lookedAt(tx, l); ignoreNotFound(err) != nil {
					return err
				}
			}
			if err := casestore.Looks.Put(tx, &l); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("audit trail: %w", err)
	}
	return nil
}

// lookedAt is the case that a thing lies on; 0: on none. It is found when the trail is written, so that no read waits for it.
func lookedAt(tx casestore.Tx, l casework.Look) (casework.CaseNumber, error) {
	entry := func(id casework.EntryID) (casework.CaseNumber, error) {
		e, err := casestore.Entries.Find(tx, "by_id", casestore.K(string(l.Org)).Str(string(id)))
		return e.Case, err
	}
	mail := func(id casework.MailID) (casework.CaseNumber, error) {
		m, err := casestore.Mails.Get(tx, casestore.MailKey(l.Org, id))
		for _, p := range m.Places {
			if p.Case != 0 {
				return p.Case, err
			}
		}
		return 0, err
	}
	switch l.Kind {
	case "entries", "todo":
		return entry(casework.EntryID(l.Item))
	case "messages":
		return mail(casework.MailID(l.Item))
	case "attachments":
		if id, _, ok := parseAttachmentID(l.Item); ok {
			return mail(id)
		}
		f, err := casestore.Files.Get(tx, casestore.K(string(l.Org)).Str(l.Item))
		if err != nil {
			return 0, err
		}
		return entry(f.Entry)
	case "orders":
		number, _, _ := strings.Cut(l.Item, "-")
		n, err := strconv.ParseUint(number, 10, 63)
		if err != nil {
			return 0, nil //nolint:nilerr // it names no order: the refusal is on record
		}
		return casework.CaseNumber(n), nil
	default:
		return 0, nil
	}
}

// RunLooks writes the audit trail each second until ctx ends. What comes after that is for WriteLooks.
func (d *Desk) RunLooks(ctx context.Context) error {
	tick := time.NewTicker(looksEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := d.WriteLooks(ctx); err != nil && ctx.Err() == nil {
				d.Log.Error("the audit trail is late", "err", err)
			}
		}
	}
}

// LookFilter says which lines of the audit trail are wanted; what is empty does not limit.
type LookFilter struct {
	Who        string // name or id of a token
	Kind, Item string
	Case       casework.CaseNumber
	From, To   time.Time // To does not belong to it
}

func (f LookFilter) fits(l casework.Look) bool {
	return (f.Who == "" || f.Who == l.Who || f.Who == l.Token) && (f.Kind == "" || f.Kind == l.Kind) && (f.Item == "" || f.Item == l.Item) && (f.Case == 0 || f.Case == l.Case)
}

func (f LookFilter) query(org casework.OrgID, after casestore.Key) casestore.Query {
	q := casestore.Query{Prefix: casestore.K(string(org)), After: after}
	at := casestore.Key(nil) // what stands before the key of a row, in an index
	switch {
	case f.Case != 0:
		q.Index, q.Prefix = "by_case", casestore.CaseKey(org, f.Case)
		at = q.Prefix
	case f.Item != "":
		q.Index, q.Prefix = "by_what", casestore.LooksAt(org, f.Kind).Str(f.Item)
		at = q.Prefix
	case f.Who != "":
		q.Index, q.Prefix = "by_who", casestore.LooksBy(org, f.Who)
		at = q.Prefix
	}
	bound := func(t time.Time) casestore.Key {
		return append(append(casestore.Key(nil), at...), casestore.LooksFrom(org, t)...)
	}
	if after == nil && !f.From.IsZero() {
		q.After = bound(f.From)
	}
	if !f.To.IsZero() {
		q.Until = bound(f.To)
	}
	return q
}

// Looks lists the audit trail, oldest first, with all that was looked at until now.
func (d *Desk) Looks(ctx context.Context, org casework.OrgID, f LookFilter, after casestore.Key, limit int) (Page[casework.Look], error) {
	if err := d.WriteLooks(ctx); err != nil {
		return Page[casework.Look]{}, err
	}
	if f.Item != "" && f.Kind == "" {
		return Page[casework.Look]{}, fault.New(fault.Invalid, "what: a thing is named with its kind, such as contacts/ID")
	}
	return page(ctx, d, limit, func(tx casestore.Tx) iter.Seq2[casestore.Found[casework.Look], error] {
		return casestore.Looks.Scan(tx, f.query(org, after))
	}, func(_ casestore.Tx, l casework.Look) (casework.Look, bool, error) { return l, f.fits(l), nil })
}

// Looks is Desk.Looks.
func (g *Guarded) Looks(ctx context.Context, org casework.OrgID, f LookFilter, after casestore.Key, limit int) (Page[casework.Look], error) {
	if err := g.need(access.ReadHistory); err != nil {
		return Page[casework.Look]{}, err
	}
	return g.desk.Looks(ctx, org, f, after, limit)
}

// ForgetLooks removes lines of the audit trail that are older than LooksFor, and tells how many.
func (d *Desk) ForgetLooks(ctx context.Context) (gone int, err error) {
	const portion = 500
	for _, org := range d.Orgs {
		for more := true; more; {
			n := 0
			err := d.Store.Update(ctx, func(tx casestore.Tx) error {
				n = 0
				q := casestore.Query{Prefix: casestore.K(string(org)), Until: casestore.LooksFrom(org, d.Now().Add(-LooksFor)), Limit: portion}
				for f, err := range casestore.Looks.Scan(tx, q) {
					if err != nil {
						return err
					}
					if err := casestore.Looks.Delete(tx, &f.Record); err != nil {
						return err
					}
					n++
				}
				return nil
			})
			if err != nil {
				return gone, fmt.Errorf("forget the audit trail: %w", err)
			}
			gone, more = gone+n, n == portion
		}
	}
	return gone, nil
}

// looked takes an address out of what the audit trail says was looked at.
func (e *eraser) looked(email string) error {
	for _, kind := range []string{"people", "suspensions"} {
		q := casestore.Query{Index: "by_what", Prefix: casestore.LooksAt(e.org, kind).Str(email)}
		for f, err := range casestore.Looks.Scan(e.tx, q) {
			if err != nil {
				return err
			}
			is := f.Record
			is.Item = casework.Erased
			if err := put(e, casestore.Looks, f.Record, is, &e.did.Addresses); err != nil {
				return err
			}
		}
	}
	return nil
}
