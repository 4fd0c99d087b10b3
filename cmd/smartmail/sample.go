package main

import (
	"context"
	"fmt"
	"time"

	"smartmail/casework"
	"smartmail/config"
	"smartmail/control"
	"smartmail/fault"
	"smartmail/sample"
)

type sampleCmd struct {
	configFlag
	Org   string `required:"" placeholder:"ID" help:"Organisation to fill; it must have no cases and objects."`
	Seed  uint64 `default:"1" help:"The same seed on the same day gives the same organisation (default ${default})."`
	Small bool   `help:"60 cases of a year instead of 5,000 of three."`
}

// Run makes up an organisation with a past. It writes at full speed, so it is nothing for a service that takes mail.
func (c *sampleCmd) Run(ctx context.Context, std streams) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	if err := c.has(c.Org)(cfg); err != nil {
		return err
	}
	if _, running := control.Dial(cfg.DataDir); running {
		return fault.New(fault.Conflict, "the service runs on data_dir: stop it first, a sample is made while nobody else writes")
	}
	svc, err := openService(ctx, cfg, logger(std.err), nil)
	if err != nil {
		return err
	}
	size := sample.Full()
	if c.Small {
		size = sample.Small()
	}
	plan := sample.New(c.Seed, size, time.Now())
	if err = sample.Empty(ctx, svc.store, casework.OrgID(c.Org)); err == nil {
		err = sample.Write(ctx, svc.desk.Options, casework.OrgID(c.Org), plan, stepsBar(std, "sample"))
	}
	if closed := svc.close(); err == nil {
		err = closed
	}
	if err == nil {
		_, err = fmt.Fprintf(std.out, "%d objects, %d people and companies, %d tenancies, %d cases since %s; nothing is sent of them\n",
			len(plan.Objects), len(plan.Contacts), len(plan.Tenancies), size.Cases, plan.Steps[0].At.Format(time.DateOnly))
	}
	return err
}
