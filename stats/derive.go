package stats

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/follow"
	"smartmail/register"
)

// Name implements follow.Projection.
func (x *Index) Name() string { return "figures" }

// Edition implements follow.Projection. It is raised when facts hold something else, and when casework's statuses or order
// states change their places, which facts hold.
func (x *Index) Edition() int { return 2 }

// Derive implements follow.Projection.
func (x *Index) Derive(source casestore.Tx, org casework.OrgID, changes []follow.Change) (func(casestore.Tx) error, error) {
	all := make([]*reading, 0, len(changes))
	for _, ch := range changes {
		r, err := readCase(source, org, ch.Case)
		if err != nil {
			return nil, fmt.Errorf("case %d: %w", ch.Case, err)
		}
		all = append(all, r)
	}
	return func(target casestore.Tx) error { return replace(target, org, all) }, nil
}

func readCase(tx casestore.Tx, org casework.OrgID, n casework.CaseNumber) (*reading, error) {
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, n))
	if fault.Is(err, fault.NotFound) {
		return &reading{fact: fact{number: n}, gone: true}, nil
	}
	if err != nil {
		return nil, err
	}
	segment, err := casestore.ReporterSegment(tx, c)
	if err != nil {
		return nil, err
	}
	r := read(&c, segment)
	for f, err := range casestore.Entries.ScanNaming(tx, casestore.Query{Prefix: casestore.EntriesOf(org, n)}, "change") {
		if err != nil {
			return nil, err
		}
		r.entry(&f.Record)
	}
	r.end(&c)
	return r, nil
}

// replace writes the facts of a portion: every page is read and written once. The cases come in the order of their numbers.
func replace(tx casestore.Tx, org casework.OrgID, all []*reading) error {
	c := &codes{tx: tx, org: org, known: map[name]code{}}
	for len(all) > 0 {
		number := uint64(all[0].number) >> pageBits
		p, err := pages.Get(tx, casestore.K(string(org)).Uint(number))
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		p.Org, p.Page = org, number
		for ; len(all) > 0 && uint64(all[0].number)>>pageBits == number; all = all[1:] {
			at := &p.Facts[uint64(all[0].number)%pageSize]
			if *at = nil; all[0].gone {
				continue
			}
			f, err := c.translate(all[0])
			if err != nil {
				return err
			}
			*at = f.pack()
		}
		if err := pages.Put(tx, &p); err != nil {
			return err
		}
	}
	return nil
}

// Touched implements follow.Registrar: the segment of a customer is that of the cases that he reported, which his addresses find. Those of
// the edition before count as well, since another edition may have taken an address away. Of several contacts with one address a
// tenancy decides whose it is.
func (x *Index) Touched(source casestore.Tx, org casework.OrgID, thing string) (touched []casework.CaseNumber, err error) {
	kind, id, _ := strings.Cut(thing, "/")
	var emails []string
	switch kind {
	case "contact":
		err = editions(source, org, kind, id, func(c register.Contact) error {
			emails = append(emails, c.Emails...)
			return nil
		})
	case "tenancy":
		err = editions(source, org, kind, id, func(t register.Tenancy) error {
			shared, err := sharedBy(source, org, t.Customer)
			emails = append(emails, shared...)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(emails)
	for _, email := range slices.Compact(emails) {
		for k, err := range casestore.Cases.Scan(source, casestore.Query{Index: "by_mail", Prefix: casestore.PartyKey(org, email)}) {
			if err != nil {
				return nil, err
			}
			touched = append(touched, k.Record.Number)
		}
	}
	return touched, nil
}

// maxEditions is how many editions of a thing are looked at: events that are read late stand for several of them.
const maxEditions = 10

// editions looks at what a thing was like lately.
func editions[T any](tx casestore.Tx, org casework.OrgID, kind, id string, look func(T) error) error {
	for f, err := range casestore.Editions.Scan(tx, casestore.Query{Prefix: casestore.EditionsOf(org, kind, id), Reverse: true, Limit: maxEditions}) {
		if err != nil {
			return err
		}
		var thing T
		if err := json.Unmarshal(f.Record.Thing, &thing); err != nil {
			return fmt.Errorf("edition %d of %s/%s: %w", f.Record.Number, kind, id, err)
		}
		if err := look(thing); err != nil {
			return err
		}
	}
	return nil
}

// sharedBy are the addresses of a contact that others have as well.
func sharedBy(tx casestore.Tx, org casework.OrgID, contact string) (shared []string, err error) {
	c, err := casestore.Contacts.Get(tx, casestore.ThingKey(org, contact))
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	for _, email := range c.Thing.Emails {
		n := 0
		for _, err := range casestore.Contacts.Scan(tx, casestore.Query{Index: "by_email", Prefix: casestore.PartyKey(org, email), Limit: 2}) {
			if err != nil {
				return nil, err
			}
			n++
		}
		if n > 1 {
			shared = append(shared, email)
		}
	}
	return shared, err
}
