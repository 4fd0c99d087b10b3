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

// SentText returns what an outgoing mail says, without the template around it. Errors: fault.NotFound.
func (d *Desk) SentText(ctx context.Context, org casework.OrgID, id casework.OutboxID) (text string, err error) {
	o, err := d.OutboxItem(ctx, org, id)
	if err != nil {
		return "", err
	}
	e, err := d.Entry(ctx, org, o.Entry)
	if err == nil && e.MailOut != nil {
		text = e.MailOut.Text
	}
	return text, err
}
