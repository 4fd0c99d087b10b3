package desk

import (
	"context"
	"fmt"
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/message"
)

// Replayed counts what Replay did.
type Replayed struct{ Mails, Changed, Applied int }

// Replay reads every stored mail of the organisation again, by the rules of today, and reports each that they would read another
// way, a line a mail. With apply it tells so on the timeline of each case that the mail is on, once for each new reading: what
// was stored stays as it was.
func (d *Desk) Replay(ctx context.Context, org casework.OrgID, apply bool, report func(line string)) (r Replayed, err error) {
	const portion = 50
	var after casestore.Key
	for {
		mails, next, err := d.someMails(ctx, org, after, portion)
		if err != nil || len(mails) == 0 {
			return r, err
		}
		after = next
		for _, m := range mails {
			if !m.Raw.Erased.IsZero() {
				continue // there is nothing to read
			}
			r.Mails++
			if err := d.replayOne(ctx, m, apply, report, &r); err != nil {
				return r, fmt.Errorf("replay mail %s: %w", m.ID, err)
			}
		}
	}
}

// someMails reads a portion of an organisation's mails, in the order of time.
func (d *Desk) someMails(ctx context.Context, org casework.OrgID, after casestore.Key, limit int) (mails []casework.Mail, next casestore.Key, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		mails = nil
		for f, err := range casestore.Mails.Scan(tx, casestore.Query{Prefix: casestore.K(string(org)), After: after, Limit: limit}) {
			if err != nil {
				return err
			}
			mails, next = append(mails, f.Record), f.Pos
		}
		return nil
	})
	return mails, next, err
}

func (d *Desk) replayOne(ctx context.Context, m casework.Mail, apply bool, report func(string), r *Replayed) error {
	raw, err := d.OpenRaw(ctx, m.Org, m.ID)
	if err != nil {
		return err
	}
	limits := d.Limits
	limits.NullReversePath = m.Envelope.ReversePath == "" && m.Envelope.Protocol != ""
	today := message.Parse(ctx, raw.Raw, limits)
	if err := raw.Close(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := d.Store.View(ctx, func(tx casestore.Tx) error { return d.readStored(tx, m, &today) }); err != nil {
		return err
	}
	changes := readings(m.Content, today)
	if len(changes) == 0 {
		return nil
	}
	r.Changed++
	report(fmt.Sprintf("mail %s: %s", m.ID, casework.Readings(changes)))
	if !apply {
		return nil
	}
	for _, p := range m.Places {
		if p.Case == 0 {
			continue
		}
		added, err := d.correct(ctx, m, p.Case, today, changes)
		if err != nil {
			return err
		}
		if added {
			r.Applied++
		}
	}
	return nil
}

// correct tells on a case how a mail is read today, unless the last such entry says the same.
func (d *Desk) correct(ctx context.Context, m casework.Mail, n casework.CaseNumber, today message.Content, changes []casework.Change) (added bool, err error) {
	err = d.Store.Update(ctx, func(tx casestore.Tx) error {
		added = false
		c, err := casestore.Cases.Get(tx, casestore.CaseKey(m.Org, n))
		if err != nil {
			return caseError(n, err)
		}
		last, err := lastReading(tx, c, m.ID)
		if err != nil || last != nil && len(readings(*last, today)) == 0 {
			return err
		}
		_, entries, err := d.act(tx, c, casework.Correct{Mail: m.ID, Content: today, Changes: changes},
			casework.Actor{Via: casework.ViaRule, Name: "replay"}, d.Now())
		added = len(entries) > 0
		return err
	})
	return added, err
}

// lastReading is how the newest correction on the case reads the mail, or nil.
func lastReading(tx casestore.Tx, c casework.Case, mail casework.MailID) (*message.Content, error) {
	for f, err := range casestore.Entries.Scan(tx, casestore.Query{Prefix: casestore.EntriesOf(c.Org, c.Number), Reverse: true}) {
		if err != nil {
			return nil, err
		}
		if k := f.Record.Correction; k != nil && k.Mail == mail {
			return &k.Content, nil
		}
	}
	return nil, nil
}

// readings lists what one reading of a mail has other than another, in words that fit a line.
func readings(old, today message.Content) (changes []casework.Change) {
	differ := func(field, from, to string) {
		if from != to {
			changes = append(changes, casework.Change{Field: field, From: from, To: to})
		}
	}
	size := func(s string) string { return fmt.Sprintf("%d characters", len([]rune(s))) }
	text := func(field, from, to string) {
		if from != to {
			changes = append(changes, casework.Change{Field: field, From: size(from), To: size(to)})
		}
	}
	differ("class", string(old.Class), string(today.Class))
	differ("subject", old.Subject, today.Subject)
	differ("from", old.From.String(), today.From.String())
	text("text", old.Text, today.Text)
	text("full_text", old.FullText, today.FullText)
	differ("attachments", names(old.Attachments), names(today.Attachments))
	differ("bounces", bounced(old.Bounces), bounced(today.Bounces))
	return changes
}

func names(list []message.Attachment) string {
	var out []string
	for _, a := range list {
		out = append(out, fmt.Sprintf("%s (%s, %d)", a.Name, a.Type, a.Size))
	}
	return fmt.Sprint(out)
}

func bounced(list []message.BouncedRecipient) string {
	var out []string
	for _, b := range list {
		out = append(out, fmt.Sprintf("%s %s permanent=%t", b.Recipient, b.Status, b.Permanent))
	}
	slices.Sort(out)
	return fmt.Sprint(out)
}
