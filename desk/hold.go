package desk

import (
	"context"
	"slices"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
)

// holds reports whether a case is on legal hold, and counts it.
func (e *eraser) holds(c casework.Case) bool {
	if c.Hold == nil {
		return false
	}
	if !slices.Contains(e.did.Held, c.Number) {
		e.did.Held = append(e.did.Held, c.Number)
	}
	return true
}

// kept reports whether what lies on a case of that number stays: because of a legal hold, and where a retention rule erases another one until that
// is erased too.
func (e *eraser) kept(n casework.CaseNumber) (bool, error) {
	if n == 0 || n == e.expires {
		return false, nil
	}
	c, err := casestore.Cases.Get(e.tx, casestore.CaseKey(e.org, n))
	return err == nil && (e.holds(c) || e.expires != 0 && c.ErasedAt.IsZero()), ignoreNotFound(err)
}

// keptMail reports whether a mail stays: one of the cases that it lies on is kept.
func (e *eraser) keptMail(m casework.Mail) (bool, error) {
	for _, p := range m.Places {
		if kept, err := e.kept(p.Case); kept || err != nil {
			return kept, err
		}
	}
	return false, nil
}

// heldCases reports whether he takes part in a case on legal hold: then his contact stays too, for it says who he is.
func (e *eraser) heldCases() (held bool, err error) {
	for _, email := range e.person.Emails {
		for f, err := range casestore.Cases.Scan(e.tx, casestore.Query{Index: "by_mail", Prefix: casestore.K(string(e.org)).Str(email)}) {
			if err != nil {
				return false, err
			}
			held = e.holds(f.Record) || held
		}
	}
	return held, nil
}

// SetHold puts a legal hold on a case, or lifts it, and returns the case. Errors: fault.NotFound; Invalid without a reason; Conflict where there is
// none to lift.
func (d *Desk) SetHold(ctx context.Context, org casework.OrgID, n casework.CaseNumber, h casework.SetHold, by casework.Actor) (casework.Case, error) {
	c, _, err := d.Do(ctx, org, n, h, by, 0)
	return c, err
}

// SetHold is Desk.SetHold, for those who administer.
func (g *Guarded) SetHold(ctx context.Context, org casework.OrgID, n casework.CaseNumber, h casework.SetHold, by casework.Actor) (casework.Case, error) {
	if err := g.check(ctx, access.Administer, org, n); err != nil {
		return casework.Case{}, err
	}
	return g.desk.SetHold(ctx, org, n, h, by)
}
