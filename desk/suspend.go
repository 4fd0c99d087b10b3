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

// LiftSuspension lets mail go to the address again, and returns what kept it back. Messages that failed meanwhile stay
// failed. Error: fault.NotFound.
func (d *Desk) LiftSuspension(ctx context.Context, org casework.OrgID, email string) (s casework.Suspension, err error) {
	err = d.Store.Update(ctx, func(tx casestore.Tx) error {
		s, err = casestore.Suspended.Get(tx, casestore.PartyKey(org, email))
		if err != nil {
			return renamed(err, "this address is not suspended")
		}
		return casestore.Suspended.Delete(tx, &s)
	})
	return s, err
}
