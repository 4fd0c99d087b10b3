package threading

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"smartmail/casework"
)

func TestLinkRoundTrip(t *testing.T) {
	_, keys := rig(t)
	rapid.Check(t, func(t *rapid.T) {
		want := Link{
			Kind: rapid.SampledFrom([]LinkKind{FileLink, PageLink, DoorLink}).Draw(t, "kind"), Org: "a",
			Case:        casework.CaseNumber(rapid.Uint64Range(1, 1<<64-1).Draw(t, "case")),
			Participant: casework.ParticipantNo(rapid.Uint32().Draw(t, "participant")),
			Expires:     noon.Add(time.Duration(rapid.Int64Range(1, 1e6).Draw(t, "seconds")) * time.Second).Local(),
		}
		if want.Kind != PageLink {
			want.Entry = casework.EntryID(rapid.StringMatching(`[0-9a-v]{24}`).Draw(t, "entry"))
			want.File = rapid.IntRange(0, 99999).Draw(t, "file")
		}
		token, err := keys.SignLink(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := keys.VerifyLink(token); !ok || got != want {
			t.Fatalf("VerifyLink(%q) = %+v, %v, want %+v", token, got, ok, want)
		}
		if got, ok := keys.VerifyLink("b" + token[1:]); ok {
			t.Fatalf("another organisation accepts %q as %+v", token, got)
		}
	})
}

func TestLinksAreRefused(t *testing.T) {
	r, keys := rig(t)
	links := []Link{
		{Kind: FileLink, Org: "a", Case: 7, Participant: 2, Entry: "0a1b", File: 1, Expires: noon.Add(time.Hour)},
		{Kind: PageLink, Org: "a", Case: 7, Participant: 2, Expires: noon.Add(time.Hour)},
		{Kind: DoorLink, Org: "a", Case: 7, Participant: 2, Entry: "0a1b", Expires: noon.Add(time.Hour)},
	}
	for _, l := range links {
		token, err := keys.SignLink(l)
		if err != nil {
			t.Fatal(err)
		}
		for i := range token {
			for _, with := range []byte("abdz027-.fpA ") {
				if b := []byte(token); b[i] != with {
					b[i] = with
					if got, ok := keys.VerifyLink(string(b)); ok {
						t.Errorf("%q is accepted as %+v", b, got)
					}
				}
			}
		}
		for _, x := range []string{"", "a", strings.ToUpper(token), token + "a", token[:len(token)-1], " " + token, strings.Repeat(token, 3), token + "\n"} {
			if _, ok := keys.VerifyLink(x); ok {
				t.Errorf("%q is accepted", x)
			}
		}
		l.Expires = noon
		if token, err = keys.SignLink(l); err != nil {
			t.Fatal(err)
		}
		if _, ok := keys.VerifyLink(token); ok {
			t.Error("a link is accepted at the instant at which it expires")
		}
	}
	// What proves an address proves no page, though both name the same case and participant.
	address, err := r.Address("a", 7, 2)
	if err != nil {
		t.Fatal(err)
	}
	local, _, _ := strings.Cut(address, "@")
	for _, x := range []string{"a." + local, "a.p" + local[1:], strings.Replace("a.p"+local[1:], "p7-2-", "p7-2-1764072000-", 1)} {
		if _, ok := keys.VerifyLink(x); ok {
			t.Errorf("%q is accepted", x)
		}
	}
	for _, l := range []Link{{Kind: PageLink, Org: "none", Case: 1, Expires: noon}, {Kind: FileLink, Org: "a", Case: 1, Expires: noon}, {Kind: PageLink, Org: "a", Expires: noon}, {Kind: 'x', Org: "a", Case: 1, Expires: noon}} {
		if token, err := keys.SignLink(l); err == nil {
			t.Errorf("%+v is signed: %q", l, token)
		}
	}
}

// A link dies with the key that signed it.
func TestLinksExpireWithTheirKey(t *testing.T) {
	now := noon
	keys := NewKeyring(func() time.Time { return now })
	keys.Set("a", []casework.Key{key(t, "a", 1, noon.Add(time.Minute))})
	token, err := keys.SignLink(Link{Kind: PageLink, Org: "a", Case: 1, Participant: 1, Expires: noon.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := keys.VerifyLink(token); !ok {
		t.Error("refused while its key is valid")
	}
	now = noon.Add(time.Minute)
	if _, ok := keys.VerifyLink(token); ok {
		t.Error("accepted after its key has expired")
	}
}

func FuzzVerifyLink(f *testing.F) {
	_, keys := rig(f)
	mine, err := keys.SignLink(Link{Kind: FileLink, Org: "a", Case: 1, Participant: 1, Entry: "0", Expires: noon.Add(time.Hour)})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{mine, "a.p1-1-1-aaaaaaaaaaaaaaaaaaaa", "a.f1-1-x.1-1-aaaaaaaaaaaaaaaaaaaa", "a.d1-1-x.0-1-aaaaaaaaaaaaaaaaaaaa", ".", "a.p18446744073709551616-1-1-aaaaaaaaaaaaaaaaaaaa"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if l, ok := keys.VerifyLink(token); ok && token != mine {
			t.Fatalf("%q is taken for a link of ours: %+v", token, l)
		}
	})
}
