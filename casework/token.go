package casework

import (
	"slices"
	"time"

	"smartmail/access"
	"smartmail/fault"
)

// APIToken lets its holder use the API, within a role and a scope. Only the hash of the secret is kept.
type APIToken struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	Hash      []byte       `json:"hash"`           // SHA-256 of the secret
	Org       OrgID        `json:"org"`            // the organisation that it is for
	Role      string       `json:"role,omitempty"` // empty: administrator, as tokens were before there were roles
	Scope     access.Scope `json:"scope,omitzero"`
	CreatedAt time.Time    `json:"created_at"`
	CreatedBy Actor        `json:"created_by,omitzero"`
	ExpiresAt time.Time    `json:"expires_at,omitzero"` // zero: never
	RevokedAt time.Time    `json:"revoked_at,omitzero"`
	UsedAt    time.Time    `json:"used_at,omitzero"` // to the hour
	Version   uint64       `json:"-"`
}

// Valid reports whether the token opens anything at that instant.
func (t APIToken) Valid(now time.Time) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}

// Check finds what is wrong with a token that is to be made. Errors are of kind fault.Invalid.
func (t APIToken) Check(now time.Time) error {
	if oneLine(t.Name) == "" || len(t.Name) > maxField {
		return fault.New(fault.Invalid, "name: a token says what it is for")
	}
	if !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(now) {
		return fault.New(fault.Invalid, "expires_at: is past")
	}
	return t.Scope.Check()
}

// BuiltInRole finds one of the roles that every organisation has; "" is the administrator's.
func BuiltInRole(id string) (access.Role, bool) {
	if id == "" {
		return access.Full().Role, true
	}
	i := slices.IndexFunc(access.Roles(), func(r access.Role) bool { return r.ID == id })
	if i < 0 {
		return access.Role{}, false
	}
	return access.Roles()[i], true
}
