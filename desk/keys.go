package desk

import (
	"context"
	"fmt"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/threading"
)

// LoadKeys fills the keyring from the store, and makes the first key of an organisation that has none.
func (d *Desk) LoadKeys(ctx context.Context) error {
	for _, org := range d.Orgs {
		keys, err := casestore.KeysOf(ctx, d.Store, org)
		if err != nil {
			return fmt.Errorf("load keys: %w", err)
		}
		if len(keys) == 0 {
			err := d.addKey(ctx, org, 1)
			if err != nil && !fault.Is(err, fault.Conflict) { // another process was quicker: its key is ours
				return fmt.Errorf("first key: %w", err)
			}
			if keys, err = casestore.KeysOf(ctx, d.Store, org); err != nil {
				return fmt.Errorf("load keys: %w", err)
			}
		}
		d.Keys.Set(org, keys)
	}
	return nil
}

func (d *Desk) addKey(ctx context.Context, org casework.OrgID, number uint32) error {
	key, err := threading.NewKey(org, number, d.Now(), d.Chance)
	if err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx casestore.Tx) error {
		fresh := key
		return casestore.Keys.Put(tx, &fresh)
	})
}

// RotateKey makes a new key that signs from now on. Addresses that the old ones signed stay valid until oldValid is over;
// 0 means for good, so that an open case never loses its address.
func (d *Desk) RotateKey(ctx context.Context, org casework.OrgID, oldValid time.Duration) error {
	key, err := threading.NewKey(org, 0, d.Now(), d.Chance)
	if err != nil {
		return err
	}
	err = d.Store.Update(ctx, func(tx casestore.Tx) error {
		fresh := key
		var old []casework.Key
		for f, err := range casestore.Keys.Scan(tx, casestore.Query{Prefix: casestore.K(string(org))}) {
			if err != nil {
				return err
			}
			old = append(old, f.Record)
		}
		for i := range old {
			fresh.Number = max(fresh.Number, old[i].Number)
			if oldValid == 0 || !old[i].ExpiresAt.IsZero() {
				continue
			}
			old[i].ExpiresAt = d.Now().Add(oldValid)
			if err := casestore.Keys.Put(tx, &old[i]); err != nil {
				return err
			}
		}
		fresh.Number++
		return casestore.Keys.Put(tx, &fresh)
	})
	if err != nil {
		return fmt.Errorf("rotate key: %w", err)
	}
	return d.LoadKeys(ctx)
}
