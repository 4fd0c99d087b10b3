package desk_test

import (
	"strings"
	"testing"
	"time"

	"smartmail/access"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/register"
)

func TestTokens(t *testing.T) {
	d, c := open(t, t.TempDir())
	ctx := t.Context()
	if _, err := d.Classes().Save(ctx, "b", register.Class{Path: "VVS"}, eva, 0); err != nil {
		t.Fatal(err)
	}
	scope := access.Scope{Classes: []string{"VVS"}}
	made, secret, err := d.CreateToken(ctx, casework.APIToken{Org: "b", Name: "ekonomi", Role: "finance", Scope: scope, ExpiresAt: c.Now().Add(48 * time.Hour)}, eva)
	if err != nil {
		t.Fatal(err)
	}
	got, grant, ok, err := d.Token(ctx, secret)
	if err != nil || !ok || got.Org != "b" || got.Name != "ekonomi" || got.CreatedBy != eva || strings.Contains(string(got.Hash), secret) {
		t.Errorf("token is %+v, %v, %v", got, ok, err)
	}
	if grant.Role.ID != "finance" || !grant.MayWith(access.Money, access.Whereabouts{Class: "VVS > Kran"}) || grant.MayWith(access.Money, access.Whereabouts{Class: "El"}) {
		t.Errorf("it grants %+v", grant)
	}
	for _, wrong := range []string{"", "x", secret + "x", secret[:len(secret)-1]} {
		if _, grant, ok, err := d.Token(ctx, wrong); ok || err != nil || grant.May(access.ReadCases) {
			t.Errorf("%q is accepted: %v", wrong, err)
		}
	}

	// The time of the last use is kept to the hour.
	first := c.Now()
	c.forward(30 * time.Minute)
	for range 2 {
		if _, _, ok, _ := d.Token(ctx, secret); !ok {
			t.Error("it opens nothing")
		}
	}
	if list, err := d.Tokens(ctx, "b", nil, 10); err != nil || len(list.Items) != 1 || !list.Items[0].UsedAt.Equal(first) {
		t.Errorf("tokens: %+v, %v; used at %v", list.Items, err, first)
	}

	c.forward(48 * time.Hour)
	if _, _, ok, err := d.Token(ctx, secret); ok || err != nil {
		t.Errorf("an expired token: %v, %v", ok, err)
	}
	c.forward(-48 * time.Hour)
	if _, err := d.RevokeToken(ctx, "a", made.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("revoked by another organisation: %v", err)
	}
	if revoked, err := d.RevokeToken(ctx, "b", made.ID); err != nil || !revoked.RevokedAt.Equal(c.Now()) {
		t.Errorf("revoked: %+v, %v", revoked, err)
	}
	if _, _, ok, err := d.Token(ctx, secret); ok || err != nil {
		t.Errorf("a revoked token: %v, %v", ok, err)
	}
}

// A role of the organisation's own counts as it is now; one that is archived opens nothing.
func TestTokenOfAnOwnRole(t *testing.T) {
	d, c := open(t, t.TempDir())
	ctx := t.Context()
	for name, wrong := range map[string]casework.APIToken{
		"no such role": {Org: "a", Name: "x", Role: "caretaker"},
		"no name":      {Org: "a", Role: "reader"},
		"past":         {Org: "a", Name: "x", Role: "reader", ExpiresAt: c.Now()},
		"scope":        {Org: "a", Name: "x", Role: "reader", Scope: access.Scope{Own: []string{""}}},
	} {
		if _, _, err := d.CreateToken(ctx, wrong, eva); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	own := access.Role{ID: "caretaker", Name: "Fastighetsskötare", Permissions: []access.Permission{access.ReadCases}}
	if _, err := d.Roles().Save(ctx, "a", own, eva, 0); err != nil {
		t.Fatal(err)
	}
	_, secret, err := d.CreateToken(ctx, casework.APIToken{Org: "a", Name: "x", Role: "caretaker"}, eva)
	if err != nil {
		t.Fatal(err)
	}
	own.Permissions = append(own.Permissions, access.EditCases)
	if _, err := d.Roles().Save(ctx, "a", own, eva, 0); err != nil {
		t.Fatal(err)
	}
	if _, grant, ok, err := d.Token(ctx, secret); !ok || err != nil || !grant.May(access.EditCases) || grant.May(access.Triage) {
		t.Errorf("it grants %+v, %v, %v", grant, ok, err)
	}
	own.Archived = true
	if _, err := d.Roles().Save(ctx, "a", own, eva, 0); err != nil {
		t.Fatal(err)
	}
	if _, _, ok, err := d.Token(ctx, secret); ok || err != nil {
		t.Errorf("of an archived role: %v, %v", ok, err)
	}
}
