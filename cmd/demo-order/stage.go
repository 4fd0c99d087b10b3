package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"smartmail/testrig"
)

// The people. Each writes from a domain with SPF, DKIM and DMARC.
const (
	tenant   = "anna@boende.example.com"
	supplier = "jour@rorservice.example.net"
)

// stage is where the story plays: the program, the post around it, and DNS.
type stage struct {
	out      io.Writer
	post     *testrig.Post
	program  *testrig.Instance
	ids      map[string]*testrig.Identity // by domain
	letters  int                          // written by people so far
	number   uint64                       // of the case
	supplier string                       // the supplier's reply address
	close    []func(context.Context) error
}

// build sets the stage in the folder.
func build(ctx context.Context, binary, dir string, out io.Writer) (s *stage, err error) {
	s = &stage{out: out, ids: map[string]*testrig.Identity{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.end(ctx))
		}
	}()
	var records []string
	for _, domain := range []string{testrig.Domain, "boende.example.com", "rorservice.example.net"} {
		id, err := testrig.NewIdentity(dir, domain)
		if err != nil {
			return s, err
		}
		s.ids[domain] = id
		records = append(records, id.Records()...)
	}
	zone, err := testrig.NewZone(records...)
	if err != nil {
		return s, err
	}
	s.close = append(s.close, func(context.Context) error { return zone.Close() })
	if s.post, err = testrig.NewPost(dir); err != nil {
		return s, err
	}
	s.close = append(s.close, func(context.Context) error { return s.post.Close() })
	s.program, err = testrig.Start(ctx, testrig.Options{
		Binary: binary, Dir: dir, DNS: zone.Addr, DKIM: s.ids[testrig.Domain].KeyFile,
		Top: fmt.Sprintf("relay: {smarthost: {address: %q}}\n", s.post.Addr),
	})
	if err != nil {
		return s, err
	}
	s.close = append(s.close, s.program.Stop)
	s.post.Connect(testrig.Domain, s.program.SMTP)
	return s, nil
}

// end takes the stage down, what stands on top first.
func (s *stage) end(ctx context.Context) error {
	const orderly = 30 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), orderly)
	defer cancel()
	var errs []error
	for i := len(s.close) - 1; i >= 0; i-- {
		errs = append(errs, s.close[i](ctx))
	}
	return errors.Join(errs...)
}
