package desk

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/register"
)

// Whose says about whom something is: a contact of the register, or a mail address.
type Whose struct{ Contact, Email string }

// Erasure is an order to erase a person.
type Erasure struct {
	Whose
	DryRun bool   // counts only
	After  string // Erased.Next of the call before
	Why    string
	By     casework.Actor
}

// Erased counts the records that are rewritten or removed.
type Erased struct {
	Cases, Open, Entries, Mails, Files int // Open: of Cases, those that are not closed
	Outgoing, References, Addresses    int // Addresses: suspensions, trusted senders, counts of notices
	Tokens, Contacts, Editions         int
	Watches                            int    // cases that he watched
	Next                               string // where the next call goes on; empty: it is done

	Held []casework.CaseNumber // on legal hold: nothing was taken out of them, nor from the contact
}

func (e *Erased) add(o Erased) {
	e.Cases, e.Open, e.Entries, e.Mails, e.Files = e.Cases+o.Cases, e.Open+o.Open, e.Entries+o.Entries, e.Mails+o.Mails, e.Files+o.Files
	e.Outgoing, e.References, e.Addresses = e.Outgoing+o.Outgoing, e.References+o.References, e.Addresses+o.Addresses
	e.Tokens, e.Contacts, e.Editions, e.Watches = e.Tokens+o.Tokens, e.Contacts+o.Contacts, e.Editions+o.Editions, e.Watches+o.Watches
	for _, n := range o.Held {
		if !slices.Contains(e.Held, n) {
			e.Held = append(e.Held, n)
		}
	}
}

// same reports whether the counts are the same, whatever was held.
func (e Erased) same(o Erased) bool {
	e.Held, o.Held = nil, nil
	return reflect.DeepEqual(e, o)
}

// Bounds of one call of Erase: it goes on with portions until the time is over.
const (
	eraseTime  = 15 * time.Second
	eraseCases = 20  // cases in a transaction
	eraseRows  = 500 // other rows that are looked at in one
)

// Erase takes a person out of everything: the register with all editions, cases, entries, mails, the outbox and what is held of his addresses.
// What is left tells what happened, when and at what cost, and not to whom. It works in portions, each a transaction, and can be called again at
// any time, also after it was done. The contact goes last, for it says which addresses are his. Cases on legal hold stay as they are, with their
// mails, and while there are any of his so does the contact. Errors: fault.Invalid, NotFound, Conflict.
func (d *Desk) Erase(ctx context.Context, org casework.OrgID, o Erasure) (all Erased, err error) {
	stage, after, err := parseSpot(o.After)
	if err != nil {
		return all, err
	}
	for begun := d.Now(); ; {
		part, next, done := Erased{}, casestore.Key(nil), false
		work := func(tx casestore.Tx) error {
			e := eraser{desk: d, tx: tx, org: org, order: o, at: d.Now()}
			if e.person, e.contact, err = whose(tx, org, o.Whose); err != nil {
				return err
			}
			stages := e.stages()
			if done = stage >= len(stages); done {
				return nil
			}
			next, err = stages[stage](after)
			part = e.did
			return err
		}
		if o.DryRun {
			err = d.Store.View(ctx, work)
		} else {
			err = d.update(ctx, work)
		}
		if err != nil || done {
			all.Next = ""
			return all, err
		}
		all.add(part)
		if after = next; next == nil {
			stage++
		}
		all.Next = spot{stage, after}.String()
		if d.Now().Sub(begun) >= eraseTime {
			return all, nil
		}
	}
}

// spot is where a call of Erase goes on.
type spot struct {
	stage int
	after casestore.Key
}

func (p spot) String() string {
	return strconv.Itoa(p.stage) + "." + base64.RawURLEncoding.EncodeToString(p.after)
}

func parseSpot(s string) (stage int, after casestore.Key, err error) {
	if s == "" {
		return 0, nil, nil
	}
	number, rest, _ := strings.Cut(s, ".")
	stage, err1 := strconv.Atoi(number)
	after, err2 := base64.RawURLEncoding.DecodeString(rest)
	if err1 != nil || err2 != nil || stage < 0 {
		return 0, nil, fault.New(fault.Invalid, "after: is no place of an erasure")
	}
	if len(after) == 0 {
		after = nil
	}
	return stage, after, nil
}

// whose finds the person, and his contact if he has one. An address that several contacts have is nobody's alone.
func whose(tx casestore.Tx, org casework.OrgID, w Whose) (p casework.Person, contact string, err error) {
	if (w.Contact == "") == (w.Email == "") {
		return p, "", fault.New(fault.Invalid, "say who: either a contact or an email")
	}
	contact = w.Contact
	if w.Email != "" {
		p.Emails = []string{casework.Address(w.Email)}
		owners, err := owners(tx, org, w.Email)
		if err != nil || len(owners) == 0 {
			return p, "", err
		}
		contact = owners[0]
	}
	r, err := casestore.Contacts.Get(tx, casestore.ThingKey(org, contact))
	if err != nil {
		return p, "", renamed(err, fmt.Sprintf("there is no contact %q", contact))
	}
	c := r.Thing
	for _, email := range c.Emails {
		others, err := owners(tx, org, email)
		if err != nil {
			return p, "", err
		}
		if len(others) > 1 {
			return p, "", fault.New(fault.Conflict, fmt.Sprintf("contacts %s share an address: take it from all but one first", strings.Join(others, ", ")))
		}
		if a := casework.Address(email); !slices.Contains(p.Emails, a) {
			p.Emails = append(p.Emails, a)
		}
	}
	p.Company = c.Company
	if c.Name != casework.Erased {
		p.Names = []string{c.Name}
	}
	p.Numbers = slices.DeleteFunc(append(slices.Clone(c.Phones), c.PersonalNumber), func(s string) bool { return s == "" })
	return p, contact, nil
}

// owners are the contacts that have an address.
func owners(tx casestore.Tx, org casework.OrgID, email string) (ids []string, err error) {
	for f, err := range casestore.Contacts.Scan(tx, casestore.Query{Index: "by_email", Prefix: casestore.PartyKey(org, email)}) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, f.Record.Thing.ID)
	}
	return ids, nil
}

// eraser erases within one transaction.
type eraser struct {
	desk    *Desk
	tx      casestore.Tx
	org     casework.OrgID
	order   Erasure
	at      time.Time
	person  casework.Person
	contact string // empty: he has none
	did     Erased

	expires casework.CaseNumber // the case that a retention rule erases; 0: a person is erased
}

// stages are the steps in their order. Each goes on after a place and returns the next; nil: it is done.
func (e *eraser) stages() []func(after casestore.Key) (casestore.Key, error) {
	var all []func(casestore.Key) (casestore.Key, error)
	for i := range e.person.Emails {
		all = append(all, func(after casestore.Key) (casestore.Key, error) { return e.cases(i, after) })
	}
	return append(all, e.mails, e.references, e.outgoing, e.addresses, e.watches, e.register)
}

// some visits rows of a scan, limit at most, and returns where to go on.
func some[R any](tx casestore.Tx, t *casestore.Table[R], q casestore.Query, visit func(R) error) (next casestore.Key, err error) {
	n := 0
	for f, err := range t.Scan(tx, q) {
		if err == nil {
			err = visit(f.Record)
		}
		if err != nil {
			return nil, err
		}
		n, next = n+1, f.Pos
	}
	if n < q.Limit {
		return nil, nil
	}
	return next, nil
}

// differ reports whether a record was rewritten.
func differ[R any](was, is R) (bool, error) {
	before, err := json.Marshal(was)
	if err != nil {
		return false, fmt.Errorf("erase: %w", err)
	}
	after, err := json.Marshal(is)
	if err != nil {
		return false, fmt.Errorf("erase: %w", err)
	}
	return !bytes.Equal(before, after), nil
}

// put stores what was rewritten, if it was.
func put[R any](e *eraser, t *casestore.Table[R], was, is R, count *int) error {
	changed, err := differ(was, is)
	if err != nil || !changed {
		return err
	}
	*count++
	if e.order.DryRun {
		return nil
	}
	return t.Put(e.tx, &is)
}

// drop removes a row, if it is there.
func drop[R any](e *eraser, t *casestore.Table[R], key casestore.Key, count *int) error {
	r, err := t.Get(e.tx, key)
	if err != nil {
		return ignoreNotFound(err)
	}
	*count++
	if e.order.DryRun {
		return nil
	}
	return t.Delete(e.tx, &r)
}

// addresses removes what is held of his addresses, and ends tokens that are for one of them.
func (e *eraser) addresses(casestore.Key) (casestore.Key, error) {
	for _, email := range e.person.Emails {
		key := casestore.PartyKey(e.org, email)
		for _, err := range []error{
			drop(e, casestore.Suspended, key, &e.did.Addresses), drop(e, casestore.Notified, key, &e.did.Addresses), drop(e, casestore.Parties, key, &e.did.Addresses), e.looked(email),
		} {
			if err != nil {
				return nil, err
			}
		}
	}
	whole := casestore.Query{Prefix: casestore.K(string(e.org))}
	if _, err := some(e.tx, casestore.Parties, whole, func(p casework.Party) error {
		is := p
		is.SpeaksFor = slices.DeleteFunc(slices.Clone(p.SpeaksFor), e.person.Has)
		return put(e, casestore.Parties, p, is, &e.did.Addresses)
	}); err != nil {
		return nil, err
	}
	_, err := some(e.tx, casestore.Tokens, whole, func(t casework.APIToken) error {
		is := t
		is.Scope.Own, is.Scope.Suppliers = e.nobody(t.Scope.Own), e.nobody(t.Scope.Suppliers)
		if slices.ContainsFunc(t.Scope.Own, e.person.Has) {
			is.Name = casework.Erased
			if is.RevokedAt.IsZero() {
				is.RevokedAt = e.at
			}
		}
		return put(e, casestore.Tokens, t, is, &e.did.Tokens)
	})
	return nil, err
}

// nobody puts something that is nobody's address in the place of his: a scope that lost its last address would be open to everything.
func (e *eraser) nobody(addresses []string) []string {
	addresses = slices.Clone(addresses)
	for i, a := range addresses {
		if e.person.Has(a) {
			addresses[i] = casework.Erased
		}
	}
	return addresses
}

// register erases his contact and all its editions; a new edition tells who did so.
func (e *eraser) register(casestore.Key) (casestore.Key, error) {
	if held, err := e.heldCases(); err != nil || held || e.contact == "" {
		return nil, err
	}
	r, err := casestore.Contacts.Get(e.tx, casestore.ThingKey(e.org, e.contact))
	if err != nil {
		return nil, err
	}
	is := r
	is.Thing = r.Thing.Erased(casework.Erased)
	contacts := Register[register.Contact]{desk: e.desk, kind: "contact", table: casestore.Contacts}
	if !e.order.DryRun {
		if _, _, err := contacts.save(e.tx, e.org, is.Thing, e.order.By, e.at, 0); err != nil {
			return nil, err
		}
	}
	changed, err := differ(r.Thing, is.Thing)
	if err != nil {
		return nil, err
	}
	if changed {
		e.did.Contacts++
	}
	for f, err := range casestore.Editions.Scan(e.tx, casestore.Query{Prefix: casestore.EditionsOf(e.org, "contact", e.contact)}) {
		if err != nil {
			return nil, err
		}
		var old register.Contact
		if err := json.Unmarshal(f.Record.Thing, &old); err != nil {
			return nil, fmt.Errorf("edition %d of contact %s: %w", f.Record.Number, e.contact, err)
		}
		edition := f.Record
		if edition.Thing, err = json.Marshal(old.Erased(casework.Erased)); err != nil {
			return nil, fmt.Errorf("edition of contact %s: %w", e.contact, err)
		}
		if err := put(e, casestore.Editions, f.Record, edition, &e.did.Editions); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// Erase is Desk.Erase.
func (g *Guarded) Erase(ctx context.Context, org casework.OrgID, o Erasure) (Erased, error) {
	if err := g.need(access.Administer); err != nil {
		return Erased{}, err
	}
	return g.desk.Erase(ctx, org, o)
}
