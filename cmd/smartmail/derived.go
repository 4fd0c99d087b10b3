package main

import (
	"context"
	"fmt"
	"os"

	"smartmail/casestore/boltstore"
	"smartmail/config"
	"smartmail/control"
	"smartmail/fault"
	"smartmail/follow"
	"smartmail/search"
	"smartmail/stats"
)

// derivedFile holds what can be made anew from the store, and is when it is missing or damaged.
const derivedFile = "derived.db"

// rest leaves three quarters of a processor's time to others while what is derived is far behind.
const rest = 3

// derived is what follows the log: the index of cases and the figures. Each has a follower of its own, so that nobody who looks for a case
// waits for figures.
type derived struct {
	*follow.Follower
	*search.Index
	figures figures
	store   *boltstore.Store
}

type figures struct {
	*follow.Follower
	*stats.Index
}

func openDerived(s *service) (*derived, error) {
	path, opt := s.cfg.Path(derivedFile), boltstore.Options{Log: s.log}
	store, err := boltstore.Open(path, opt)
	if fault.Is(err, fault.Invalid) {
		s.log.Warn("what was derived is damaged and is derived anew", "file", path, "err", err)
		if err = os.Remove(path); err == nil {
			store, err = boltstore.Open(path, opt)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", derivedFile, err)
	}
	follower := func(p follow.Projection) *follow.Follower {
		return follow.New(follow.Options{Source: s.store, Target: store, Orgs: orgIDs(s.cfg), Projections: []follow.Projection{p}, Rest: rest, Log: s.log})
	}
	index, sums := &search.Index{Store: store}, &stats.Index{Store: store}
	return &derived{follower(index), index, figures{follower(sums), sums}, store}, nil
}

// Wake tells that something was committed.
func (d *derived) Wake() {
	d.Follower.Wake()
	d.figures.Wake()
}

// Reindex implements control.Service.
func (c controlled) Reindex(ctx context.Context) (string, error) {
	for _, org := range c.desk.Orgs {
		for _, err := range []error{c.derived.Rebuild(ctx, org, c.derived.Index.Name()), c.derived.figures.Rebuild(ctx, org, c.derived.figures.Name())} {
			if err != nil && !fault.Is(err, fault.NotFound) { // nothing is derived yet: all will be
				return "", err
			}
		}
	}
	return fmt.Sprintf("index and figures of %d organisations are made anew while the service runs", len(c.desk.Orgs)), nil
}

type reindexCmd struct{ configFlag }

// Run has the index made anew by the running instance, or by the next one.
func (c *reindexCmd) Run(ctx context.Context, std streams) error {
	return c.with(ctx, std, hasData, func(_ *config.Config, target control.Service) error {
		summary, err := target.Reindex(ctx)
		if err == nil {
			_, err = fmt.Fprintln(std.out, summary)
		}
		return err
	})
}
