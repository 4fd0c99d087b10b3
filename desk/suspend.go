package desk

import (
	"context"
	"iter"

	"smartmail/casestore"
	"smartmail/casework"
)

// Suspensions returns the addresses that get no mail, in their order, limit at most.
func (d *Desk) Suspensions(ctx context.Context, org casework.OrgID, after casestore.Key, limit int) (Page[casework.Suspension], error) {
	return page(ctx, d, limit, func(tx casestore.Tx) iter.Seq2[casestore.Found[casework.Suspension], error] {
		return casestore.Suspended.Scan(tx, casestore.Query{Prefix: casestore.K(string(org)), After: after})
	}, func(_ casestore.Tx, s casework.Suspension) (casework.Suspension, bool, error) { return s, true, nil })
}

// LiftSuspension lets mail go to the address again, and returns what kept it back; the case of the message that failed tells who
// did so. Messages that failed meanwhile stay failed. Error: fault.NotFound.
func (d *Desk) LiftSuspension(ctx context.Context, org casework.OrgID, email string, by casework.Actor) (s casework.Suspension, err error) {
	err = d.update(ctx, func(tx casestore.Tx) error {
		s, err = casestore.Suspended.Get(tx, casestore.PartyKey(org, email))
		if err != nil {
			return renamed(err, "this address is not suspended")
		}
		if err := casestore.Suspended.Delete(tx, &s); err != nil {
			return err
		}
		if s.Case == 0 { // a mail that is on no case
			return nil
		}
		c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, s.Case))
		if err != nil {
			return caseError(s.Case, err)
		}
		_, _, err = d.act(tx, c, casework.Lift{Email: s.Email}, by, d.Now())
		return err
	})
	return s, err
}
