package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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

// openFile holds, while derived.db is open, which start of the machine its commits were left to: they are not synced, so as
// not to hold up those that a mail waits for. A file that its process left open is whole as long as the machine has run on.
const openFile = "derived.open"

// bootID names a start of the machine; it is where Linux has it. Elsewhere no two are the same.
const bootID = "/proc/sys/kernel/random/boot_id"

// rest leaves seven eighths of a processor to others while what is derived is far behind.
const rest = 7

// derived is what follows the log: the index of cases and the figures. Each has a follower of its own, so that nobody who looks for a case
// waits for figures.
type derived struct {
	*follow.Follower
	*search.Index
	figures figures
	store   *boltstore.Store
	mark    string // the path of openFile
}

type figures struct {
	*follow.Follower
	*stats.Index
}

func openDerived(s *service) (*derived, error) {
	path, mark, opt := s.cfg.Path(derivedFile), s.cfg.Path(openFile), boltstore.Options{Log: s.log, NoSync: true}
	err := dropTorn(path, mark)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", derivedFile, err)
	}
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
	return &derived{follower(index), index, figures{follower(sums), sums}, store, mark}, nil
}

// Wake tells that something was committed.
func (d *derived) Wake() {
	d.Follower.Wake()
	d.figures.Wake()
}

// dropTorn removes a file that was open when the machine went down, and marks that it is open now.
func dropTorn(path, mark string) error {
	boot, err := os.ReadFile(bootID)
	if err != nil {
		boot = nil // an unknown one
	}
	last, err := os.ReadFile(mark)
	if err == nil && (len(boot) == 0 || !bytes.Equal(last, boot)) {
		err = os.Remove(path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return writeSynced(mark, boot)
}

// writeSynced writes a file that is there whole, and by its name, when it returns.
func writeSynced(path string, content []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// close closes the file for good: everything is on the disk.
func (d *derived) close() error {
	if err := d.store.Close(); err != nil {
		return err
	}
	return os.Remove(d.mark)
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
