package main

import (
	"context"
	"testing"
	"time"

	"smartmail/testrig"
)

// rig is the program as it runs for a test, for a minute at most.
type rig struct {
	*testrig.Instance
	t   *testing.T
	ctx context.Context
	opt testrig.Options
}

// rigged starts the program with a resolver that knows the records; change may be nil. It is gone when the test ends.
func rigged(t *testing.T, change func(*testrig.Options), records ...string) *rig {
	t.Helper()
	bin, err := built()
	if err != nil {
		t.Fatal(err)
	}
	zone, err := testrig.NewZone(records...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = zone.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	r := &rig{t: t, ctx: ctx, opt: testrig.Options{Binary: bin, Dir: t.TempDir(), DNS: zone.Addr}}
	if change != nil {
		change(&r.opt)
	}
	if r.Instance, err = testrig.Start(ctx, r.opt); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Kill)
	return r
}

// call makes a call of the API that has to succeed.
func (r *rig) call(method, path string, in, out any) {
	r.t.Helper()
	if err := r.Call(r.ctx, method, path, in, out); err != nil {
		r.t.Fatal(err)
	}
}
