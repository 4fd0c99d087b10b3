package desk

import (
	"context"
	"fmt"
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
)

// Purge removes mails that were discarded longer than DiscardedFor ago, and tells how many.
func (d *Desk) Purge(ctx context.Context) (purged int, err error) {
	const portion = 100
	for _, org := range d.Orgs {
		for {
			gone, err := d.purgeSome(ctx, org, portion)
			purged += gone
			if err != nil {
				return purged, fmt.Errorf("purge: %w", err)
			}
			if gone < portion {
				break
			}
		}
	}
	return purged, nil
}

// purgeSome removes up to limit mails. A blob goes after its row: what a crash leaves between the two the sweep removes.
func (d *Desk) purgeSome(ctx context.Context, org casework.OrgID, limit int) (int, error) {
	var gone []casework.Mail
	err := d.Store.Update(ctx, func(tx casestore.Tx) error {
		gone = nil
		q := casestore.Query{Index: "by_state", Prefix: casestore.K(string(org)).Str(string(casework.TriageDiscarded))}
		for f, err := range casestore.Triage.Scan(tx, q) {
			if err != nil {
				return err
			}
			t := f.Record
			if d.Now().Sub(t.DecidedAt) < DiscardedFor {
				continue
			}
			if len(gone) == limit {
				break
			}
			m, err := d.purgeOne(tx, t)
			if err != nil {
				return err
			}
			gone = append(gone, m)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, m := range gone {
		if m.Raw.Blob {
			if err := d.Blobs.Delete(ctx, string(m.Org), string(m.ID)); err != nil {
				d.Log.Warn("blob of a purged mail stays for the sweep", "org", m.Org, "err", err)
			}
		}
	}
	return len(gone), nil
}

// purgeOne removes a discarded item, and its mail unless that lies on a case as well.
func (d *Desk) purgeOne(tx casestore.Tx, t casework.TriageItem) (casework.Mail, error) {
	if err := casestore.Triage.Delete(tx, &t); err != nil {
		return casework.Mail{}, err
	}
	m, err := casestore.Mails.Get(tx, casestore.MailKey(t.Org, t.Mail))
	if err != nil {
		return casework.Mail{}, ignoreNotFound(err)
	}
	if slices.ContainsFunc(m.Places, func(p casework.Place) bool { return p.Case != 0 }) {
		return casework.Mail{}, nil
	}
	if !m.Raw.Blob {
		raw, err := casestore.Raws.Get(tx, casestore.MailKey(m.Org, m.ID))
		if err != nil {
			return m, err
		}
		raw.Org, raw.ID = m.Org, m.ID // the bytes alone are stored
		if err := casestore.Raws.Delete(tx, &raw); err != nil {
			return m, err
		}
	}
	return m, casestore.Mails.Delete(tx, &m)
}
