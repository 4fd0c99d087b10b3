package desk

import (
	"context"
	"encoding/json"
	"slices"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/register"
)

// Exported is one record of what is held of a person. Exactly one field beside List is set.
type Exported struct {
	List     string // that it belongs to; those of a list come together
	Contact  *casework.Registered[register.Contact]
	Edition  *casework.Edition
	Tenancy  *casework.Registered[register.Tenancy]
	Case     *casework.Case // his lanes only
	Entry    *EntryView     // said on them, or by him
	Mail     *casework.Mail // that he wrote, on no case of his
	Suspends *casework.Suspension
	Trusts   *casework.Party
	Notified *casework.Notified
	Token    *casework.APIToken
	Watch    *Watched
}

// Watched is a case that somebody of the house watches.
type Watched struct {
	Case  casework.CaseNumber
	Entry casework.EntryID // that told so
}

// The lists of an export, in their order.
const (
	ListContacts    = "contacts"
	ListEditions    = "editions"
	ListTenancies   = "tenancies"
	ListCases       = "cases"
	ListEntries     = "entries"
	ListMails       = "mails"
	ListSuspensions = "suspensions"
	ListTrusted     = "trusted"
	ListNotices     = "notices"
	ListTokens      = "tokens"
	ListWatches     = "watches"
)

// ExportLists lists them.
func ExportLists() []string {
	return []string{ListContacts, ListEditions, ListTenancies, ListCases, ListEntries, ListMails, ListSuspensions, ListTrusted, ListNotices, ListTokens, ListWatches}
}

// Export finds a person, of whom Read gives all that is held. Errors as of Erase.
func (d *Desk) Export(ctx context.Context, org casework.OrgID, w Whose) (*Export, error) {
	x := &Export{desk: d, org: org}
	err := d.Store.View(ctx, func(tx casestore.Tx) (err error) {
		x.person, x.contact, err = whose(tx, org, w)
		return err
	})
	return x, err
}

// Export is a person whose records can be read.
type Export struct {
	desk    *Desk
	org     casework.OrgID
	give    func(Exported) error
	person  casework.Person
	contact string // empty: he has none
}

// Read gives all that is held of him, a record at a time, in the order of ExportLists. It reads in portions, so that it needs little memory and
// holds no transaction for as long as a peer takes; what changes meanwhile is there as it was before or after. Errors are also those of give.
func (x Export) Read(ctx context.Context, give func(Exported) error) error {
	x.give = give
	for _, list := range []func(context.Context) error{x.register, x.cases, x.entries, x.mails, x.addresses, x.tokens, x.watches} {
		if err := list(ctx); err != nil {
			return err
		}
	}
	return nil
}

const exportRows = 200 // that are looked at in one transaction

// exportAll gives the rows of a scan that show makes something of.
func exportAll[R any](ctx context.Context, x *Export, t *casestore.Table[R], q casestore.Query, show func(casestore.Tx, R) (Exported, bool, error)) error {
	for q.Limit = exportRows; ; {
		var (
			rows []Exported
			next casestore.Key
		)
		err := x.desk.Store.View(ctx, func(tx casestore.Tx) (err error) {
			rows = nil
			next, err = some(tx, t, q, func(r R) error {
				e, ok, err := show(tx, r)
				if ok {
					rows = append(rows, e)
				}
				return err
			})
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := x.give(r); err != nil {
				return err
			}
		}
		if q.After = next; next == nil {
			return nil
		}
	}
}

func (x *Export) register(ctx context.Context) error {
	if x.contact == "" {
		return nil
	}
	var c casework.Registered[register.Contact]
	err := x.desk.Store.View(ctx, func(tx casestore.Tx) (err error) {
		c, err = casestore.Contacts.Get(tx, casestore.ThingKey(x.org, x.contact))
		return err
	})
	if err == nil {
		err = x.give(Exported{List: ListContacts, Contact: &c})
	}
	if err == nil {
		q := casestore.Query{Prefix: casestore.EditionsOf(x.org, "contact", x.contact)}
		err = exportAll(ctx, x, casestore.Editions, q, func(_ casestore.Tx, e casework.Edition) (Exported, bool, error) {
			return Exported{List: ListEditions, Edition: &e}, json.Valid(e.Thing), nil
		})
	}
	if err != nil {
		return err
	}
	q := casestore.Query{Index: "by_customer", Prefix: casestore.ThingKey(x.org, x.contact)}
	return exportAll(ctx, x, casestore.Tenancies, q, func(_ casestore.Tx, t casework.Registered[register.Tenancy]) (Exported, bool, error) {
		return Exported{List: ListTenancies, Tenancy: &t}, true, nil
	})
}

// each visits his cases, once each whatever the number of his addresses.
func (x *Export) each(ctx context.Context, visit func(c casework.Case, own []casework.LaneID) error) error {
	for i, email := range x.person.Emails {
		q := casestore.Query{Index: "by_mail", Prefix: casestore.K(string(x.org)).Str(email)}
		given := Export{desk: x.desk, give: func(e Exported) error { return visit(*e.Case, e.Case.LanesOf(x.person.Emails)) }}
		err := exportAll(ctx, &given, casestore.Cases, q, func(_ casestore.Tx, c casework.Case) (Exported, bool, error) {
			seen := slices.ContainsFunc(c.Mails(), func(a string) bool { return slices.Contains(x.person.Emails[:i], a) })
			return Exported{Case: &c}, !seen, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *Export) cases(ctx context.Context) error {
	return x.each(ctx, func(c casework.Case, own []casework.LaneID) error {
		c = c.Outside(own)
		return x.give(Exported{List: ListCases, Case: &c})
	})
}

func (x *Export) entries(ctx context.Context) error {
	return x.each(ctx, func(c casework.Case, own []casework.LaneID) error {
		q := casestore.Query{Prefix: casestore.EntriesOf(c.Org, c.Number)}
		return exportAll(ctx, x, casestore.Entries, q, func(tx casestore.Tx, e casework.Entry) (Exported, bool, error) {
			if !x.person.Has(e.Actor.Mail) && !slices.ContainsFunc(own, func(l casework.LaneID) bool { return c.ShownTo(l, e) }) {
				return Exported{}, false, nil
			}
			v, err := viewEntry(tx, c, e)
			v.Outgoing = slices.DeleteFunc(v.Outgoing, func(o casework.OutboxItem) bool { return !x.person.Has(o.To.Email) })
			return Exported{List: ListEntries, Entry: &v}, true, err
		})
	})
}

// mails goes through all of the organisation: his may lie in triage, or on a case in which he takes no part.
func (x *Export) mails(ctx context.Context) error {
	q := casestore.Query{Prefix: casestore.K(string(x.org))}
	return exportAll(ctx, x, casestore.Mails, q, func(tx casestore.Tx, m casework.Mail) (Exported, bool, error) {
		if !x.person.Wrote(m) {
			return Exported{}, false, nil
		}
		for _, p := range m.Places {
			if p.Case == 0 {
				continue
			}
			c, err := casestore.Cases.Get(tx, casestore.CaseKey(m.Org, p.Case))
			if err != nil || slices.ContainsFunc(c.Mails(), x.person.Has) {
				return Exported{}, false, err
			}
		}
		return Exported{List: ListMails, Mail: &m}, true, nil
	})
}

func (x *Export) addresses(ctx context.Context) error {
	for _, list := range []func(casestore.Tx, casestore.Key) (Exported, error){
		held(casestore.Suspended, func(s casework.Suspension) Exported { return Exported{List: ListSuspensions, Suspends: &s} }),
		held(casestore.Parties, func(p casework.Party) Exported { return Exported{List: ListTrusted, Trusts: &p} }),
		held(casestore.Notified, func(n casework.Notified) Exported { return Exported{List: ListNotices, Notified: &n} }),
	} {
		for _, email := range x.person.Emails {
			var e Exported
			err := x.desk.Store.View(ctx, func(tx casestore.Tx) (err error) {
				e, err = list(tx, casestore.PartyKey(x.org, email))
				return err
			})
			if err == nil {
				err = x.give(e)
			}
			if ignoreNotFound(err) != nil {
				return err
			}
		}
	}
	return nil
}

// held reads what a table holds of an address.
func held[R any](t *casestore.Table[R], show func(R) Exported) func(casestore.Tx, casestore.Key) (Exported, error) {
	return func(tx casestore.Tx, key casestore.Key) (Exported, error) {
		r, err := t.Get(tx, key)
		return show(r), err
	}
}

func (x *Export) tokens(ctx context.Context) error {
	q := casestore.Query{Prefix: casestore.K(string(x.org))}
	return exportAll(ctx, x, casestore.Tokens, q, func(_ casestore.Tx, t casework.APIToken) (Exported, bool, error) {
		return Exported{List: ListTokens, Token: &t}, slices.ContainsFunc(append(slices.Clone(t.Scope.Own), t.Scope.Suppliers...), x.person.Has), nil
	})
}

func (x *Export) watches(ctx context.Context) error {
	if x.contact == "" {
		return nil
	}
	q := casestore.Query{Index: "by_watcher", Prefix: casestore.WatchedBy(x.org, x.contact)}
	return exportAll(ctx, x, casestore.Cases, q, func(_ casestore.Tx, c casework.Case) (Exported, bool, error) {
		i := slices.IndexFunc(c.Watchers, func(w casework.Watcher) bool { return w.Contact == x.contact })
		if i < 0 {
			return Exported{}, false, nil
		}
		return Exported{List: ListWatches, Watch: &Watched{Case: c.Number, Entry: c.Watchers[i].Entry}}, true, nil
	})
}

// Export is Desk.Export.
func (g *Guarded) Export(ctx context.Context, org casework.OrgID, w Whose) (*Export, error) {
	if err := g.need(access.Administer); err != nil {
		return nil, err
	}
	return g.desk.Export(ctx, org, w)
}
