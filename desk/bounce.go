package desk

import (
	"cmp"
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/message"
	"smartmail/threading"
)

// maxBounced bounds how many of our mails one bounce may be about.
const maxBounced = 50

// bounce notes on our own mails what a received bounce says of them. Only what we signed names one: the bounce address that it
// came to, or the Message-ID of the mail that it returns. A bounce that comes again changes nothing.
func (d *Desk) bounce(tx casestore.Tx, m casework.Mail, routes []threading.Route) error {
	if m.Content.Class != message.Bounce || m.Scan.Hold() != "" {
		return nil
	}
	for _, t := range d.bouncedTokens(m, routes) {
		o, err := casestore.Outbox.Get(tx, casestore.OutboxKey(m.Org, casework.OutboxID(t.Unique)))
		if ignoreNotFound(err) != nil {
			return err
		}
		if err != nil || o.Case != t.Case || o.Participant != t.Participant {
			continue // it was removed since
		}
		if err := d.bounced(tx, o, m); err != nil {
			return err
		}
	}
	return nil
}

// bouncedTokens returns what names mails of ours in a bounce.
func (d *Desk) bouncedTokens(m casework.Mail, routes []threading.Route) (tokens []threading.Token) {
	add := func(t threading.Token) {
		if len(tokens) < maxBounced && !slices.ContainsFunc(tokens, func(u threading.Token) bool { return u.Unique == t.Unique }) {
			tokens = append(tokens, t)
		}
	}
	for _, r := range routes {
		if r.Kind == threading.ToBounce {
			add(r.Token)
		}
	}
	ids := slices.Clone(m.Content.Returned)
	for _, b := range m.Content.Bounces {
		ids = append(ids, b.MessageID)
	}
	for _, id := range ids {
		if t, ours := d.Router.Own(m.Org, id); ours && t.Kind == threading.MessageToken {
			add(t)
		}
	}
	return tokens
}

// bounced notes on one mail what a bounce says about its recipient.
func (d *Desk) bounced(tx casestore.Tx, o casework.OutboxItem, m casework.Mail) error {
	if o.State == casework.Bounced || o.State == casework.Failed {
		return nil // told already
	}
	b, ok := reportOf(o, m.Content.Bounces)
	if !ok {
		return nil
	}
	words := cmp.Or(b.Reason, b.ReasonEN, "the mail was returned")
	if b.Permanent {
		out := casework.Outcome{State: casework.Bounced, Status: b.Status, Remote: words, RemoteID: o.RemoteID, Address: casework.AddressAtFault(b.Status)}
		return d.conclude(tx, o, out, m.At)
	}
	// A delay changes nothing but what is shown: whoever has the mail goes on trying.
	words = clip(words, maxRemote)
	if o.Remote == words && o.Status == b.Status || o.LeasedUntil.After(m.At) {
		return nil
	}
	o.Remote, o.Status, o.ChangedAt = words, b.Status, m.At
	return casestore.Outbox.Put(tx, &o)
}

// reportOf picks what a bounce says about the mail's recipient: by the mail's Message-ID, by his address or the one that the
// mail was sent on to, and where there is but one report, that.
func reportOf(o casework.OutboxItem, reports []message.BouncedRecipient) (message.BouncedRecipient, bool) {
	to := casework.Address(o.To.Email)
	for _, matches := range []func(message.BouncedRecipient) bool{
		func(b message.BouncedRecipient) bool { return b.MessageID == o.MessageID },
		func(b message.BouncedRecipient) bool {
			return casework.Address(b.Recipient) == to || casework.Address(b.Original) == to
		},
		func(message.BouncedRecipient) bool { return len(reports) == 1 },
	} {
		if i := slices.IndexFunc(reports, matches); i >= 0 {
			return reports[i], true
		}
	}
	return message.BouncedRecipient{}, false
}
