package casestore

import (
	"context"

	"smartmail/casework"
)

// KeysOf returns the keys that sign an organisation's addresses, the oldest first.
func KeysOf(ctx context.Context, store Store, org casework.OrgID) (keys []casework.Key, err error) {
	err = store.View(ctx, func(tx Tx) error {
		keys = nil
		for f, err := range Keys.Scan(tx, Query{Prefix: K(string(org))}) {
			if err != nil {
				return err
			}
			keys = append(keys, f.Record)
		}
		return nil
	})
	return keys, err
}
