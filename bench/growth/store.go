package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"smartmail/bench/fill"
	"smartmail/bench/proc"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/follow"
	"smartmail/search"
	"smartmail/stats"
	"smartmail/testrig"
	"smartmail/threading"
)

const (
	perCase  = 10  // messages
	open     = 300 // cases that are yet to be done, at every size
	smallest = 2 * open * perCase
	hostname = "mx.example.org"

	sourceFile  = "smartmail.db"
	derivedFile = "derived.db"

	perMessage = 3 << 10 // bytes on the disk, roughly; what was found is printed
)

// site is a store, and what has come to it.
type site struct {
	messages int
	opt      testrig.Options
	gen      *fill.Generator
	debug    string // address of the program's debug pages
	head     uint64 // the last event of the log that was accounted for
	rounds   uint64
}

func (s *site) file(name string) string { return filepath.Join(s.opt.Data(), name) }

func (s *site) remove() error { return os.RemoveAll(s.opt.Dir) }

// makeStore has the program make an empty store with its keys, fills it, and derives what is derived.
func (b *bench) makeStore(ctx context.Context, messages int) (s *site, err error) {
	if err := b.room(messages); err != nil {
		return nil, err
	}
	s = &site{messages: messages}
	s.opt = testrig.Options{Binary: b.binary, DNS: b.zone.Addr, Extra: "  max_connections_per_ip: 1000\n"}
	if s.opt.Dir, err = os.MkdirTemp(b.folder, fmt.Sprintf("%d-", messages)); err != nil {
		return nil, err
	}
	if s.debug, err = testrig.FreeAddr(); err != nil {
		return nil, err
	}
	s.opt.Top = fmt.Sprintf("debug: {listen: %q}\n", s.debug)
	i, err := testrig.Start(ctx, s.opt)
	if err != nil {
		return nil, err
	}
	if err := i.Stop(ctx); err != nil {
		return nil, err
	}
	start := time.Now()
	source, err := boltstore.Open(s.file(sourceFile), boltstore.Options{NoSync: true}) // what breaks off is made anew
	if err != nil {
		return nil, err
	}
	defer func() {
		if err = errors.Join(err, source.Close()); err == nil {
			s.tell(b, time.Since(start))
		}
	}()
	keys := threading.NewKeyring(time.Now)
	if err := fill.Keys(ctx, source, testrig.Org, keys); err != nil {
		return nil, err
	}
	router := threading.NewRouter(keys, hostname, []threading.Organisation{{ID: testrig.Org, Domain: testrig.Domain}})
	s.gen = fill.New(fill.Options{Org: testrig.Org, Seed: b.seed, Cases: messages / perCase, Talk: &fill.Talk{Router: router, Hostname: hostname, Messages: perCase, Open: open}})
	if err := s.gen.Fill(ctx, source); err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "%d messages: filled in %v\n", messages, time.Since(start).Round(time.Second))
	if err := s.derive(ctx, source); err != nil {
		return nil, err
	}
	s.head, err = s.account(ctx, source, nil)
	return s, err
}

// derive brings index and figures up with the store.
func (s *site) derive(ctx context.Context, source *boltstore.Store) error {
	derived, err := boltstore.Open(s.file(derivedFile), boltstore.Options{NoSync: true})
	if err != nil {
		return err
	}
	f := follow.New(follow.Options{Source: source, Target: derived, Orgs: []casework.OrgID{testrig.Org}, Log: slog.New(slog.DiscardHandler),
		Projections: []follow.Projection{&search.Index{Store: derived}, &stats.Index{Store: derived}}})
	return errors.Join(f.CatchUp(ctx), derived.Close())
}

// tell says what was made.
func (s *site) tell(b *bench, took time.Duration) {
	b.say("%d messages on %d cases: made in %v, store %d MiB, derived %d MiB\n", s.messages, s.messages/perCase, took.Round(time.Second), fileSize(s.file(sourceFile))>>20, fileSize(s.file(derivedFile))>>20)
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// room tells whether there is room for a store of that size.
func (b *bench) room(messages int) error {
	need := int64(messages) * perMessage
	var fs syscall.Statfs_t
	if err := syscall.Statfs(b.folder, &fs); err != nil {
		return fmt.Errorf("room on the disk: %w", err)
	}
	if free := int64(fs.Bavail) * fs.Bsize; free < need {
		return fmt.Errorf("%d messages take up to %d MiB, %d MiB are free: choose another folder with -dir, or smaller -sizes", messages, need>>20, free>>20)
	}
	return nil
}

// cool has the kernel forget the store's files.
func (s *site) cool() error {
	return errors.Join(proc.Forget(s.file(sourceFile)), proc.Forget(s.file(derivedFile)))
}

// warm reads them.
func (s *site) warm() error {
	return errors.Join(proc.Recall(s.file(sourceFile)), proc.Recall(s.file(derivedFile)))
}
