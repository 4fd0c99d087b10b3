package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"smartmail/blobstore"
	"smartmail/casestore"
	"smartmail/casework"
)

// Verified counts what Verify read.
type Verified struct {
	Cases, Entries, Mails int
	Bytes                 int64
}

// Verify reads the whole store and reports each fault in a line: every index against its rows, every raw mail against its
// SHA-256, every entry against its case and its mail, and gaps in what must have none.
func (d *Desk) Verify(ctx context.Context, report func(problem string)) (v Verified, err error) {
	if err := d.Store.Verify(ctx, report); err != nil {
		return v, fmt.Errorf("verify indexes: %w", err)
	}
	for _, org := range d.Orgs {
		if err := d.verifyCases(ctx, org, &v, report); err != nil {
			return v, fmt.Errorf("verify cases: %w", err)
		}
		if err := d.verifyMails(ctx, org, &v, report); err != nil {
			return v, fmt.Errorf("verify mails: %w", err)
		}
	}
	return v, nil
}

func (d *Desk) verifyCases(ctx context.Context, org casework.OrgID, v *Verified, report func(string)) error {
	return d.Store.View(ctx, func(tx casestore.Tx) error {
		last := casework.CaseNumber(0)
		for f, err := range casestore.Cases.Scan(tx, casestore.Query{Prefix: casestore.K(string(org))}) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			c := f.Record
			v.Cases++
			if c.Number != last+1 {
				report(fmt.Sprintf("%s: case %d follows case %d: the series has a gap", org, c.Number, last))
			}
			last = c.Number
			if err := verifyEntries(tx, c, v, report); err != nil {
				return err
			}
		}
		return nil
	})
}

func verifyEntries(tx casestore.Tx, c casework.Case, v *Verified, report func(string)) error {
	seq := uint64(0)
	for f, err := range casestore.Entries.Scan(tx, casestore.Query{Prefix: casestore.EntriesOf(c.Org, c.Number)}) {
		if err != nil {
			return err
		}
		e := f.Record
		v.Entries++
		if e.Seq != seq+1 {
			report(fmt.Sprintf("%s: case %d: entry %d follows entry %d", c.Org, c.Number, e.Seq, seq))
		}
		seq = e.Seq
		if e.MailIn == nil {
			continue
		}
		ok, err := casestore.Mails.Has(tx, casestore.MailKey(e.Org, e.MailIn.Mail))
		if err != nil {
			return err
		}
		if !ok {
			report(fmt.Sprintf("%s: case %d: entry %s names mail %s, which is not there", c.Org, c.Number, e.ID, e.MailIn.Mail))
		}
	}
	if seq != c.LastSeq {
		report(fmt.Sprintf("%s: case %d has %d entries and counts %d", c.Org, c.Number, seq, c.LastSeq))
	}
	return nil
}

// verifyMails reads mails in portions, so that no transaction stays open while gigabytes are hashed.
func (d *Desk) verifyMails(ctx context.Context, org casework.OrgID, v *Verified, report func(string)) error {
	const portion = 200
	var after casestore.Key
	for {
		var mails []casework.Mail
		err := d.Store.View(ctx, func(tx casestore.Tx) error {
			mails = nil
			for f, err := range casestore.Mails.Scan(tx, casestore.Query{Prefix: casestore.K(string(org)), After: after, Limit: portion}) {
				if err != nil {
					return err
				}
				mails, after = append(mails, f.Record), f.Pos
			}
			return nil
		})
		if err != nil || len(mails) == 0 {
			return err
		}
		for _, m := range mails {
			v.Mails++
			v.Bytes += m.Raw.Size
			if len(m.Places) == 0 {
				report(fmt.Sprintf("%s: mail %s lies nowhere", org, m.ID))
			}
			if err := d.verifyRaw(ctx, m); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				report(fmt.Sprintf("%s: mail %s: %v", org, m.ID, err))
			}
		}
	}
}

func (d *Desk) verifyRaw(ctx context.Context, m casework.Mail) error {
	if !m.Raw.Erased.IsZero() { // a blob that is left is for the sweep
		return d.Store.View(ctx, func(tx casestore.Tx) error {
			left, err := casestore.Raws.Has(tx, casestore.MailKey(m.Org, m.ID))
			if err == nil && left {
				err = fmt.Errorf("its bytes are there although it was erased at %s", m.Raw.Erased.UTC().Format(time.RFC3339))
			}
			return err
		})
	}
	raw, err := d.OpenRaw(ctx, m.Org, m.ID)
	if err != nil {
		return err
	}
	defer func() { _ = raw.Close() }()
	h := sha256.New()
	n, err := io.Copy(h, io.NewSectionReader(raw, 0, raw.Size()))
	switch sum := hex.EncodeToString(h.Sum(nil)); {
	case err != nil:
		return err
	case n != m.Raw.Size:
		return fmt.Errorf("raw mail has %d bytes, not %d", n, m.Raw.Size)
	case sum != m.Raw.SHA256:
		return fmt.Errorf("raw mail has SHA-256 %s, not %s", sum, m.Raw.SHA256)
	}
	return nil
}

// Sweep removes blobs that no mail names and that are older than any transaction can be.
func (d *Desk) Sweep(ctx context.Context) (int, error) {
	return blobstore.Sweep(ctx, d.Blobs, d.Now().Add(-orphanAge), func(org, id string) (keep bool, err error) {
		err = d.Store.View(ctx, func(tx casestore.Tx) error {
			if strings.HasPrefix(id, filePrefix) {
				keep, err = casestore.Files.Has(tx, casestore.K(org).Str(id))
				return err
			}
			m, err := casestore.Mails.Get(tx, casestore.MailKey(casework.OrgID(org), casework.MailID(id)))
			keep = err == nil && m.Raw.Blob
			return ignoreNotFound(err)
		})
		return keep, err
	})
}
