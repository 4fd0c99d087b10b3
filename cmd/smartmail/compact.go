package main

import (
	"context"
	"fmt"

	"smartmail/casestore/boltstore"
	"smartmail/config"
)

type compactCmd struct{ configFlag }

// Run makes the database smaller, with the service stopped.
func (c *compactCmd) Run(ctx context.Context, std streams) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	if err := hasData(cfg); err != nil {
		return err
	}
	before, after, err := boltstore.Compact(ctx, cfg.Path(databaseFile))
	if err == nil {
		_, err = fmt.Fprintf(std.out, "%s: %d bytes, %d before\n", cfg.Path(databaseFile), after, before)
	}
	return err
}
