package threading

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"smartmail/casework"
	"smartmail/fault"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// key makes a key from a fixed secret.
func key(t testing.TB, org casework.OrgID, number uint32, expires time.Time) casework.Key {
	t.Helper()
	k, err := NewKey(org, number, noon, bytes.NewReader(bytes.Repeat([]byte{byte(number), 7}, 16)))
	if err != nil {
		t.Fatal(err)
	}
	k.ExpiresAt = expires
	return k
}

// rig is a router for two organisations whose clock stands still.
func rig(t testing.TB) (*Router, *Keyring) {
	t.Helper()
	keys := NewKeyring(func() time.Time { return noon })
	keys.Set("a", []casework.Key{key(t, "a", 1, time.Time{})})
	keys.Set("b", []casework.Key{key(t, "b", 1, time.Time{})})
	return NewRouter(keys, "mx.example.org", []Organisation{
		{ID: "a", Domain: "case.a.example", Intake: []Intake{{"fel@case.a.example", "fault"}, {"info@a.example", "question"}}},
		{ID: "b", Domain: "case.räka.example"},
	}), keys
}

func TestRoute(t *testing.T) {
	r, keys := rig(t)
	addr := func(a string, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	mine := addr(r.Address("a", 1042, 3))
	if local, _, _ := strings.Cut(mine, "@"); len(local) > 64 || strings.ToLower(mine) != mine || !strings.HasPrefix(mine, "a1042-3-") {
		t.Errorf("address %q is not of the documented form", mine)
	}
	theirs := addr(r.Address("b", 1042, 3))
	bounce := addr(r.BounceAddress("a", 1042, 3, "00abc"))
	id := addr(r.MessageID("a", 1042, 3, "00abc"))
	keys.Set("a", []casework.Key{key(t, "a", 1, time.Time{}), key(t, "a", 2, time.Time{}), key(t, "a", 3, noon)})
	expired, _ := NewKeyring(func() time.Time { return noon.Add(-time.Hour) }), ""
	expired.Set("a", []casework.Key{key(t, "a", 3, noon)})
	old := addr(NewRouter(expired, "", []Organisation{{ID: "a", Domain: "case.a.example"}}).Address("a", 1042, 3))

	for name, c := range map[string]struct {
		rcpt string
		want RouteKind
		org  casework.OrgID
		kind fault.Kind
	}{
		"reply address":                   {rcpt: mine, want: ToCase, org: "a"},
		"upper case":                      {rcpt: strings.ToUpper(mine), want: ToCase, org: "a"},
		"quoted local part":               {rcpt: `"` + strings.Replace(mine, "@", `"@`, 1), want: ToCase, org: "a"},
		"final dot":                       {rcpt: mine + ".", want: ToCase, org: "a"},
		"signed by an older key":          {rcpt: mine, want: ToCase, org: "a"},
		"bounce address":                  {rcpt: bounce, want: ToBounce, org: "a"},
		"organisation with umlaut":        {rcpt: theirs, want: ToCase, org: "b"},
		"A-label of it":                   {rcpt: strings.Replace(theirs, "räka", "xn--rka-qla", 1), want: ToCase, org: "b"},
		"intake":                          {rcpt: "Fel@Case.A.example", want: ToIntake, org: "a"},
		"intake on another domain":        {rcpt: "info@a.example", want: ToIntake, org: "a"},
		"postmaster":                      {rcpt: "Postmaster@case.a.example", want: ToRole, org: "a"},
		"abuse":                           {rcpt: "abuse@case.räka.example", want: ToRole, org: "b"},
		"postmaster of our host":          {rcpt: "postmaster@mx.example.org", want: ToRole, org: "a"},
		"Message-ID is no address":        {rcpt: id, kind: fault.NotFound},
		"expired key":                     {rcpt: old, kind: fault.NotFound},
		"another organisation's token":    {rcpt: strings.Split(theirs, "@")[0] + "@case.a.example", kind: fault.NotFound},
		"another case":                    {rcpt: strings.Replace(mine, "a1042", "a1043", 1), kind: fault.NotFound},
		"another participant":             {rcpt: strings.Replace(mine, "-3-", "-4-", 1), kind: fault.NotFound},
		"leading zero":                    {rcpt: strings.Replace(mine, "a1042", "a01042", 1), kind: fault.NotFound},
		"bounce made of an address":       {rcpt: "b" + mine[1:], kind: fault.NotFound},
		"token at a foreign intake":       {rcpt: strings.Split(mine, "@")[0] + "@a.example", kind: fault.NotFound},
		"cut":                             {rcpt: strings.Replace(mine, "@", "", 1), kind: fault.NotFound},
		"unknown in our domain":           {rcpt: "someone@case.a.example", kind: fault.NotFound},
		"other domain":                    {rcpt: "someone@elsewhere.example", kind: fault.Forbidden},
		"domain that ends like ours":      {rcpt: "fel@xcase.a.example", kind: fault.Forbidden},
		"other address of our host":       {rcpt: "info@mx.example.org", kind: fault.Forbidden},
		"no domain":                       {rcpt: "someone", kind: fault.NotFound},
		"empty":                           {rcpt: "", kind: fault.NotFound},
		"percent hack":                    {rcpt: "x%elsewhere.example@case.a.example", kind: fault.NotFound},
		"source route left by the parser": {rcpt: "@a.example:fel@elsewhere.example", kind: fault.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := r.Route(c.rcpt)
			if c.want == "" {
				if err == nil || !fault.Is(err, c.kind) {
					t.Errorf("Route(%q) = %+v, %v, want kind %v", c.rcpt, got, err, c.kind)
				}
				return
			}
			if err != nil || got.Kind != c.want || got.Org != c.org || got.Address != c.rcpt {
				t.Errorf("Route(%q) = %+v, %v, want %v of %v", c.rcpt, got, err, c.want, c.org)
			}
			if (c.want == ToCase || c.want == ToBounce) && (got.Token.Case != 1042 || got.Token.Participant != 3) {
				t.Errorf("token is %+v", got.Token)
			}
		})
	}
}

// One changed character makes any token worthless, or names the same thing by the same spelling.
func TestEveryFlippedCharacterIsRefused(t *testing.T) {
	r, _ := rig(t)
	for _, make := range []func() (string, error){
		func() (string, error) { return r.Address("a", 7, 2) },
		func() (string, error) { return r.BounceAddress("a", 7, 2, "x1") },
	} {
		addr, err := make()
		if err != nil {
			t.Fatal(err)
		}
		for i := range strings.IndexByte(addr, '@') {
			for _, with := range []byte("abz027-.") {
				if addr[i] == with {
					continue
				}
				b := []byte(addr)
				b[i] = with
				if route, err := r.Route(string(b)); err == nil {
					t.Errorf("%q is accepted as %+v", b, route)
				}
			}
		}
	}
}

func TestSignVerifyRoundTrip(t *testing.T) {
	_, keys := rig(t)
	rapid.Check(t, func(t *rapid.T) {
		want := Token{
			Kind:        rapid.SampledFrom([]TokenKind{AddressToken, BounceToken, MessageToken}).Draw(t, "kind"),
			Case:        casework.CaseNumber(rapid.Uint64Range(1, 999_999_999).Draw(t, "case")),
			Participant: casework.ParticipantNo(rapid.Uint32Range(0, 999).Draw(t, "participant")),
		}
		if want.Kind != AddressToken {
			want.Unique = rapid.StringMatching(`[0-9a-v]{1,24}`).Draw(t, "unique")
		}
		local, err := keys.Sign("a", want)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := keys.Verify("a", local); !ok || got != want {
			t.Fatalf("Verify(%q) = %+v, %v, want %+v", local, got, ok, want)
		}
		if got, ok := keys.Verify("b", local); ok {
			t.Fatalf("another organisation accepts %q as %+v", local, got)
		}
	})
}

func TestSignNeedsAKeyAndRoom(t *testing.T) {
	_, keys := rig(t)
	if _, err := keys.Sign("none", Token{Kind: AddressToken, Case: 1}); err == nil {
		t.Error("signed without a key")
	}
	if _, err := keys.Sign("a", Token{Kind: MessageToken, Case: 1 << 60, Participant: 1 << 31, Unique: strings.Repeat("x", 24)}); err == nil {
		t.Error("signed more than 64 octets")
	}
}

func FuzzRoute(f *testing.F) {
	r, _ := rig(f)
	mine, err := r.Address("a", 1, 1)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{mine, "fel@case.a.example", `"a b"@case.a.example`, "@", "a@[127.0.0.1]", "å@räka.example", "m1-1-x-aaaaaaaaaaaaaaaaaaaa@case.a.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, rcpt string) {
		route, err := r.Route(rcpt)
		if (err == nil) == (route.Kind == "") {
			t.Fatalf("Route(%q) = %+v, %v", rcpt, route, err)
		}
		if err == nil && route.Kind == ToCase && casework.Address(strings.Trim(strings.TrimSuffix(rcpt, "."), `"`)) != mine && !strings.Contains(rcpt, `"`) {
			t.Fatalf("%q is taken for a token of ours", rcpt)
		}
	})
}

// FuzzOwn reads any text as a Message-ID or a return path: none is ours but what we signed, whatever case it comes in.
func FuzzOwn(f *testing.F) {
	r, _ := rig(f)
	mine, err := r.MessageID("a", 1, 1, "x1")
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{mine, strings.ToUpper(mine), mine + "x", "m1-1-x1-aaaaaaaaaaaaaaaaaaaa@case.a.example", "@case.a.example", `"` + mine, "m--@case.a.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if token, ours := r.Own("a", id); ours && casework.Address(strings.ReplaceAll(strings.ReplaceAll(id, `"`, ""), `\`, "")) != mine {
			t.Errorf("%q is taken for ours: %+v", id, token)
		}
	})
}
