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
)

// derivedFile holds what can be made anew from the store, and is when it is missing or damaged.
const derivedFile = "derived.db"

// rest leaves three quarters of a processor's time to others while what is derived is far behind.
const rest = 3

// derived is what follows the log: the index of cases.
type derived struct {
	*follow.Follower
	*search.Index
	store *boltstore.Store
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
	index := &search.Index{Store: store}
	f := follow.New(follow.Options{
		Source: s.store, Target: store, Orgs: orgIDs(s.cfg), Projections: []follow.Projection{index}, Rest: rest, Log: s.log,
	})
	return &derived{f, index, store}, nil
}

// Reindex implements control.Service.
func (c controlled) Reindex(ctx context.Context) (string, error) {
	for _, org := range c.desk.Orgs {
		err := c.derived.Rebuild(ctx, org, c.derived.Index.Name())
		if err != nil && !fault.Is(err, fault.NotFound) { // nothing is derived yet: all will be
			return "", err
		}
	}
	return fmt.Sprintf("the index of %d organisations is made anew while the service runs", len(c.desk.Orgs)), nil
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
