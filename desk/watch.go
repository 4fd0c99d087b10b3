package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/register"
)

// Watch has a contact of the house watch a case, or watch it no longer. Errors: fault.NotFound, Invalid, Conflict where he may not see it.
func (d *Desk) Watch(ctx context.Context, org casework.OrgID, n casework.CaseNumber, w casework.Watch, by casework.Actor) (c casework.Case, err error) {
	err = d.update(ctx, func(tx casestore.Tx) error {
		if c, err = casestore.Cases.Get(tx, casestore.CaseKey(org, n)); err != nil {
			return caseError(n, err)
		}
		now := d.Now()
		if !w.Stop && w.Contact != "" {
			_, sees, err := d.audience(tx, c, now).of(w.Contact)
			if err == nil && !sees {
				err = fault.New(fault.Conflict, fmt.Sprintf("%q is nobody of the house who may see case %d", w.Contact, n))
			}
			if err != nil {
				return err
			}
		}
		c, _, err = d.act(tx, c, w, by, now)
		return err
	})
	return c, err
}

// audience decides who of the house may know what happens on a case.
type audience struct {
	tx     casestore.Tx
	c      casework.Case
	at     time.Time
	tokens []casework.APIToken // of the organisation, once they are read
	place  *access.Whereabouts // of the case, once it is found
}

func (d *Desk) audience(tx casestore.Tx, c casework.Case, at time.Time) *audience {
	return &audience{tx: tx, c: c, at: at}
}

// of finds a contact, and whether he may see the case: he works here, and of the tokens that are his one opens it. Who never had a token
// uses no API of his own; what he may see is for whoever lets him in to say, and for who has him watch.
func (a *audience) of(id string) (who register.Contact, sees bool, err error) {
	r, err := casestore.Contacts.Get(a.tx, casestore.ThingKey(a.c.Org, id))
	if who = r.Thing; err != nil || !ofHouse(who) {
		return who, false, ignoreNotFound(err)
	}
	if err := a.readTokens(); err != nil {
		return who, false, err
	}
	sees = true
	for _, t := range a.tokens {
		if !ownedBy(t, who) {
			continue
		}
		if sees, err = a.opens(t); sees || err != nil {
			return who, sees, err
		}
	}
	return who, sees, nil
}

func (a *audience) readTokens() error {
	if a.tokens != nil {
		return nil
	}
	a.tokens = []casework.APIToken{}
	for f, err := range casestore.Tokens.Scan(a.tx, casestore.Query{Prefix: casestore.K(string(a.c.Org))}) {
		if err != nil {
			return err
		}
		a.tokens = append(a.tokens, f.Record)
	}
	return nil
}

// ownedBy reports whether a token is somebody's: it is called by one of the names under which he acts, or is for an address of his.
func ownedBy(t casework.APIToken, who register.Contact) bool {
	return isHe(who, casework.Actor{Via: casework.ViaAPI, Name: t.Name}) || slices.ContainsFunc(who.Emails, func(e string) bool { return slices.Contains(t.Scope.Own, casework.Address(e)) })
}

// opens reports whether a token shows the case with all that is said on it.
func (a *audience) opens(t casework.APIToken) (bool, error) {
	if !t.Valid(a.at) {
		return false, nil
	}
	r, err := role(a.tx, a.c.Org, t.Role)
	if err != nil || r.Archived {
		return false, ignoreNotFound(err)
	}
	g := access.Grant{Role: r, Scope: t.Scope}
	if !g.May(access.ReadCases) || !g.May(access.ReadLanes) || g.Scope.Whole() {
		return g.May(access.ReadCases) && g.May(access.ReadLanes), nil
	}
	if a.place == nil {
		w, err := whereabouts(a.tx, a.c)
		if err != nil {
			return false, err
		}
		a.place = &w
	}
	return g.MayWith(access.ReadCases, *a.place), nil
}

// heard is what came of telling those who watch a case.
type heard struct {
	ended []casework.Entry   // who may see it no longer watches it no longer
	write []register.Contact // who wants a mail
}

// heed puts what a command told before those who watch the case, in its record.
func (d *Desk) heed(tx casestore.Tx, c casework.Case, entries []casework.Entry, by casework.Actor, at time.Time) (casework.Case, heard, error) {
	var h heard
	news, ok := casework.News(entries)
	if !ok || len(c.Watchers) == 0 {
		return c, h, nil
	}
	all, people, does := d.audience(tx, c, at), map[string]register.Contact{}, []string(nil)
	for _, w := range slices.Clone(c.Watchers) {
		who, sees, err := all.of(w.Contact)
		if err != nil {
			return c, h, err
		}
		if !sees {
			stop := casework.Watch{Contact: w.Contact, Stop: true, Why: "he may not see the case any more"}
			var told []casework.Entry
			if c, told, err = d.do(c, stop, rule("watch"), at); err != nil {
				return c, h, err
			}
			h.ended = append(h.ended, told...)
			continue
		}
		if isHe(who, by) {
			does = append(does, who.ID)
		}
		people[who.ID] = who
	}
	for _, id := range c.Heed(news, does) {
		if n := people[id].Notify; n != nil && n.Watched {
			h.write = append(h.write, people[id])
		}
	}
	return c, h, nil
}

// writeWatchers writes to those who want a mail when something happens on a case that they watch.
func (d *Desk) writeWatchers(tx casestore.Tx, c casework.Case, to []register.Contact, at time.Time) (casework.Case, error) {
	var err error
	for _, who := range to {
		text := fmt.Sprintf(inLanguage(d.Notices[c.Org].Language, "Något har hänt i ärende #%d, som du bevakar.", "Something has happened on case #%d, which you watch."), c.Number)
		if c, err = d.mailStaff(tx, c, who, casework.TellStaff{Auto: casework.AutoWatched, Text: text}, at); err != nil {
			return c, err
		}
	}
	return c, nil
}

// watches ends all that his contact watches.
func (e *eraser) watches(after casestore.Key) (casestore.Key, error) {
	if e.contact == "" {
		return nil, nil
	}
	q := casestore.Query{Index: "by_watcher", Prefix: casestore.WatchedBy(e.org, e.contact), After: after, Limit: eraseCases}
	return some(e.tx, casestore.Cases, q, func(c casework.Case) error {
		e.did.Watches++
		if e.order.DryRun {
			return nil
		}
		_, _, err := e.desk.act(e.tx, c, casework.Watch{Contact: e.contact, Stop: true, Why: e.order.Why}, e.order.By, e.at)
		return err
	})
}
