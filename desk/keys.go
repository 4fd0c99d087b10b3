package desk

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/threading"
)

// LoadKeys fills the keyring from the store, and makes the first key of an organisation that has none.
func (d *Desk) LoadKeys(ctx context.Context) error {
	for _, org := range d.Orgs {
		keys, err := d.orgKeys(ctx, org)
		if err != nil {
			return fmt.Errorf("load keys: %w", err)
		}
		if len(keys) == 0 {
			err := d.addKey(ctx, org, 1)
			if err != nil && !fault.Is(err, fault.Conflict) { // another process was quicker: its key is ours
				return fmt.Errorf("first key: %w", err)
			}
			if keys, err = d.orgKeys(ctx, org); err != nil {
				return fmt.Errorf("load keys: %w", err)
			}
		}
		d.Keys.Set(org, keys)
	}
	return nil
}

func (d *Desk) orgKeys(ctx context.Context, org casework.OrgID) (keys []casework.Key, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		keys = nil
		for f, err := range casestore.Keys.Scan(tx, casestore.Query{Prefix: casestore.K(string(org))}) {
			if err != nil {
				return err
			}
			keys = append(keys, f.Record)
		}
		return nil
	})
	return keys, err
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

// CreateToken makes an API token for an organisation and returns its secret, which is kept nowhere.
func (d *Desk) CreateToken(ctx context.Context, org casework.OrgID, name string) (string, error) {
	var b [24]byte
	if _, err := io.ReadFull(d.Chance, b[:]); err != nil {
		return "", fmt.Errorf("create token: %w", err)
	}
	secret := "sm_" + base64.RawURLEncoding.EncodeToString(b[:])
	hash := sha256.Sum256([]byte(secret))
	id, err := newID[string](d, d.Now())
	if err != nil {
		return "", err
	}
	err = d.Store.Update(ctx, func(tx casestore.Tx) error {
		return casestore.Tokens.Put(tx, &casework.APIToken{ID: id, Name: name, Hash: hash[:], Org: org, CreatedAt: d.Now()})
	})
	return secret, err
}

// Token finds the token that a secret belongs to. ok is false for a secret that is nobody's.
func (d *Desk) Token(ctx context.Context, secret string) (t casework.APIToken, ok bool, err error) {
	// The look-up is by hash, so its time tells nothing of the secret; the comparison is in constant time all the same.
	hash := sha256.Sum256([]byte(secret))
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		for _, org := range d.Orgs {
			found, err := casestore.Tokens.Get(tx, casestore.K(string(org)).Str(string(hash[:])))
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if subtle.ConstantTimeCompare(found.Hash, hash[:]) == 1 {
				t, ok = found, true
			}
		}
		return nil
	})
	return t, ok, err
}
