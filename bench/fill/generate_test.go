package fill

import (
	"reflect"
	"testing"

	"smartmail/casework"
)

// The same seed makes the same cases. Without a Talk a case has one mail, and nothing that would have to be signed.
func TestSeed(t *testing.T) {
	made := func(seed uint64) (all []history) {
		g := New(Options{Org: "house", Seed: seed, Cases: 20})
		for n := range g.Cases {
			h, err := g.history(t.Context(), casework.CaseNumber(n+1))
			if err != nil || len(h.mails) != 1 || len(h.outbox)+len(h.raws) > 0 {
				t.Fatalf("case %d: %+v, %v", n+1, h, err)
			}
			all = append(all, h)
		}
		return all
	}
	if one := made(1); !reflect.DeepEqual(one, made(1)) || reflect.DeepEqual(one, made(2)) {
		t.Error("what is made up does not hang on the seed alone")
	}
}
