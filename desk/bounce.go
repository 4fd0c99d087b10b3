package desk

import (
	"cmp"
	"slices"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/message"
	"smartmail/threading"
)

// fate is what a bounce says about one mail of ours.
type fate struct {
	item    casework.OutboxItem
	report  message.BouncedRecipient
	address bool // the address is at fault, and that is proved
}

// bounces finds the mails of ours that a received bounce is about. The return path of a mail is proof of what its systems say: with less
// than that a bounce counts only where it names the recipient, and never against his address. Whoever merely knows a
// Message-ID must not silence somebody; and where a mail was sent on, the next address failed and not this one.
func (d *Desk) bounces(tx casestore.Tx, m casework.Mail, routes []threading.Route) (found []fate, err error) {
	if m.Scan.Hold() != "" {
		return nil, nil
	}
	var rcpts []string
	for _, r := range routes {
		rcpts = append(rcpts, r.Address)
	}
	for _, t := range d.Router.Bounced(m.Org, m.Content, rcpts) {
		o, err := casestore.Outbox.Get(tx, casestore.OutboxKey(m.Org, casework.OutboxID(t.Unique)))
		if ignoreNotFound(err) != nil {
			return nil, err
		}
		if err != nil || o.Case != t.Case || o.Participant != t.Participant {
			continue
		}
		b, named := reportOf(o, m.Content.Bounces)
		if t.Proved || named {
			found = append(found, fate{o, b, t.Proved && named && casework.AddressAtFault(b.Status)})
		}
	}
	return found, nil
}

// noteBounce notes on a mail of ours what a bounce says about its recipient. A bounce that comes again changes nothing.
func (d *Desk) noteBounce(tx casestore.Tx, f fate, at time.Time) error {
	// As it is now: what was noted before in this transaction may have changed it.
	o, err := casestore.Outbox.Get(tx, casestore.OutboxKey(f.item.Org, f.item.ID))
	if err != nil {
		return err
	}
	if o.State == casework.Bounced || o.State == casework.Failed {
		return nil // told already
	}
	words := cmp.Or(f.report.Reason, f.report.ReasonEN, "the mail was returned")
	if f.report.Permanent {
		out := casework.Outcome{State: casework.Bounced, Status: f.report.Status, Remote: words, RemoteID: o.RemoteID, Address: f.address}
		return d.conclude(tx, o, out, at)
	}
	// A delay changes nothing but what is shown: whoever has the mail goes on trying.
	words = clip(words, maxRemote)
	if o.Remote == words && o.Status == f.report.Status || o.LeasedUntil.After(at) {
		return nil
	}
	o.Remote, o.Status, o.ChangedAt = words, f.report.Status, at
	return casestore.Outbox.Put(tx, &o)
}

// reportOf picks what a bounce says about the recipient of a mail; named tells that it says so of his address. The mail went to him
// alone, so that a report of another address tells of one that his mail was sent on to: a failure before a delay. Without
// any report the mail was returned for a reason that cannot be read.
func reportOf(o casework.OutboxItem, reports []message.BouncedRecipient) (b message.BouncedRecipient, named bool) {
	to := casework.Address(o.To.Email)
	his := func(b message.BouncedRecipient) bool {
		return casework.Address(b.Recipient) == to || casework.Address(b.Original) == to
	}
	if i := slices.IndexFunc(reports, his); i >= 0 {
		return reports[i], true
	}
	if i := slices.IndexFunc(reports, func(b message.BouncedRecipient) bool { return b.Permanent }); i >= 0 {
		return reports[i], false
	}
	if len(reports) > 0 {
		return reports[0], false
	}
	return message.BouncedRecipient{Permanent: true}, false
}
