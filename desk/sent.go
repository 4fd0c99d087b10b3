package desk

import (
	"context"

	"smartmail/casestore"
	"smartmail/casework"
)

// OutboxItem returns one outgoing mail, whatever its state. It is how a bounce finds the message that it is about: our
// Message-IDs and bounce addresses bear this id, signed.
func (d *Desk) OutboxItem(ctx context.Context, org casework.OrgID, id casework.OutboxID) (o casework.OutboxItem, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		o, err = casestore.Outbox.Get(tx, casestore.K(string(org)).Str(string(id)))
		return renamed(err, "there is no such outgoing mail")
	})
	return o, err
}
