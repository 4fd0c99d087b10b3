package desk

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"iter"
	"time"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// CreateToken makes the API token that t describes (organisation, name, role, scope, end) and returns it with its secret, which is
// kept nowhere. What its scope names has to be there. Errors: fault.Invalid.
func (d *Desk) CreateToken(ctx context.Context, t casework.APIToken, by casework.Actor) (casework.APIToken, string, error) {
	var b [24]byte
	if _, err := io.ReadFull(d.Chance, b[:]); err != nil {
		return t, "", fmt.Errorf("create token: %w", err)
	}
	secret := "sm_" + base64.RawURLEncoding.EncodeToString(b[:])
	hash := sha256.Sum256([]byte(secret))
	now := d.Now()
	if err := t.Check(now); err != nil {
		return t, "", err
	}
	id, err := newID[string](d, now)
	if err != nil {
		return t, "", err
	}
	made := casework.APIToken{ID: id, Name: t.Name, Hash: hash[:], Org: t.Org, Role: t.Role, Scope: t.Scope, ExpiresAt: t.ExpiresAt, CreatedAt: now, CreatedBy: by}
	err = d.Store.Update(ctx, func(tx casestore.Tx) error {
		r, err := role(tx, t.Org, t.Role)
		if err != nil {
			return err
		}
		if err := (access.Grant{Role: r, Scope: t.Scope}).Check(); err != nil {
			return err
		}
		if err := scopeFits(tx, t.Org, t.Scope); err != nil {
			return err
		}
		row := made
		return casestore.Tokens.Put(tx, &row)
	})
	return made, secret, err
}

// role finds a role that a token names.
func role(tx casestore.Tx, org casework.OrgID, id string) (access.Role, error) {
	if r, ok := casework.BuiltInRole(id); ok {
		return r, nil
	}
	return mustBe(tx, casestore.Roles, org, "role", id)
}

// usedEvery is how exact the time of a token's last use is: a read must not cost a commit.
const usedEvery = time.Hour

// Token finds the token that a secret belongs to, and what it grants. ok is false for a secret that is nobody's, or whose token has
// expired or was revoked.
func (d *Desk) Token(ctx context.Context, secret string) (t casework.APIToken, grant access.Grant, ok bool, err error) {
	// The look-up is by hash, so its time tells nothing of the secret; the comparison is in constant time all the same.
	hash := sha256.Sum256([]byte(secret))
	now := d.Now()
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		for _, org := range d.Orgs {
			found, err := casestore.Tokens.Get(tx, tokenKey(org, hash[:]))
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if subtle.ConstantTimeCompare(found.Hash, hash[:]) != 1 || !found.Valid(now) {
				return nil
			}
			r, err := role(tx, org, found.Role)
			t, grant, ok = found, access.Grant{Role: r, Scope: found.Scope}, err == nil && !r.Archived
			return err
		}
		return nil
	})
	if ok && now.Sub(t.UsedAt) >= usedEvery {
		d.used(ctx, t, now)
	}
	return t, grant, ok, err
}

func tokenKey(org casework.OrgID, hash []byte) casestore.Key {
	return casestore.K(string(org)).Str(string(hash))
}

// used notes that a token was used. That it could not be noted keeps nobody out.
func (d *Desk) used(ctx context.Context, t casework.APIToken, now time.Time) {
	t.UsedAt = now
	err := d.Store.Update(ctx, func(tx casestore.Tx) error {
		row := t
		return casestore.Tokens.Put(tx, &row)
	})
	if err != nil && !fault.Is(err, fault.Conflict) { // another call was faster
		d.Log.Warn("the use of a token was not noted", "org", t.Org, "token", t.ID, "err", err)
	}
}

// Tokens lists an organisation's tokens, revoked and expired ones as well.
func (d *Desk) Tokens(ctx context.Context, org casework.OrgID, after casestore.Key, limit int) (Page[casework.APIToken], error) {
	return page(ctx, d, limit, func(tx casestore.Tx) iter.Seq2[casestore.Found[casework.APIToken], error] {
		return casestore.Tokens.Scan(tx, casestore.Query{Prefix: casestore.K(string(org)), After: after})
	}, func(_ casestore.Tx, t casework.APIToken) (casework.APIToken, bool, error) { return t, true, nil })
}

// RevokeToken ends a token for good. Errors: fault.NotFound.
func (d *Desk) RevokeToken(ctx context.Context, org casework.OrgID, id string) (revoked casework.APIToken, err error) {
	err = d.Store.Update(ctx, func(tx casestore.Tx) error {
		for f, err := range casestore.Tokens.Scan(tx, casestore.Query{Prefix: casestore.K(string(org))}) {
			if err != nil {
				return err
			}
			if revoked = f.Record; revoked.ID != id {
				continue
			}
			if revoked.RevokedAt.IsZero() {
				revoked.RevokedAt = d.Now()
				return casestore.Tokens.Put(tx, &revoked)
			}
			return nil
		}
		return fault.New(fault.NotFound, "there is no such token")
	})
	return revoked, err
}
