package desk

import (
	"cmp"
	"context"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/register"
)

// What the register knows of who reported a case. A grant that does not see a contact must not read him off a case that it opens under
// his address, nor learn whether he is there: such a case takes nothing from the register, not even where it lies or his segment.
// Whoever sees the contact gets the case with what he would have had, each time that he reads it.

// seeing reports whether somebody sees a contact; nil: he sees all.
type seeing func(tx casestore.Tx, org casework.OrgID, c register.Contact) (bool, error)

// knows is which contacts the holder sees.
func (g *Guarded) knows() seeing {
	contacts := g.Contacts().guard
	if contacts.read != nil {
		return func(casestore.Tx, casework.OrgID, register.Contact) (bool, error) { return false, nil }
	}
	return contacts.seen
}

// reporter finds the contact of an address, of those who are seen; an archived one reports nothing.
func (s seeing) reporter(tx casestore.Tx, org casework.OrgID, email string, day register.Date) (register.Contact, bool, error) {
	var seen func(register.Contact) (bool, error)
	if s != nil {
		seen = func(c register.Contact) (bool, error) { return s(tx, org, c) }
	}
	c, ok, err := casestore.Whose(tx, org, email, day, seen)
	return c, ok && !c.Archived, err
}

// filled is a reporter with what the register has of him beside what he said.
func filled(r casework.Reporter, c register.Contact) *casework.Reporter {
	r.Name, r.Language = cmp.Or(r.Name, c.Name), cmp.Or(r.Language, c.Language)
	if len(c.Phones) > 0 {
		r.Phone = cmp.Or(r.Phone, c.Phones[0])
	}
	return &r
}

// view is a case as the holder sees it.
func (g *Guarded) view(tx casestore.Tx, c casework.Case) (casework.Case, error) {
	c = g.show(c)
	if !g.seesAll() {
		var err error
		if c.Links, err = g.links(tx, c); err != nil {
			return c, err
		}
	}
	if c.Reporter == nil || !c.Reporter.Withheld {
		return c, nil
	}
	contact, ok, err := g.knows().reporter(tx, c.Org, c.Reporter.Email, casestore.Day(c.CreatedAt))
	if ok {
		c.Reporter = filled(*c.Reporter, contact)
	}
	return c, err
}

// viewAll puts cases as the holder sees them in place of those.
func (g *Guarded) viewAll(ctx context.Context, cases []casework.Case) error {
	return g.desk.Store.View(ctx, func(tx casestore.Tx) (err error) {
		for i := range cases {
			if cases[i], err = g.view(tx, cases[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// shown is the case that came of a call, as the holder sees it.
func (g *Guarded) shown(ctx context.Context, c casework.Case, err error) (casework.Case, error) {
	if err != nil {
		return casework.Case{}, err
	}
	seen := []casework.Case{c}
	err = g.viewAll(ctx, seen)
	return seen[0], err
}
