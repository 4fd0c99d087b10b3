package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"smartmail/casework"
	"smartmail/config"
	"smartmail/control"
	"smartmail/fault"
	"smartmail/message"
)

// adminTokenEnv names the variable that holds a full-rights API token.
const adminTokenEnv = "SMARTMAIL_ADMIN_TOKEN"

type configFlag struct {
	Config string `required:"" placeholder:"FILE" help:"Configuration file."`
}

type serveCmd struct{ configFlag }

// Run serves until a signal comes.
func (c *serveCmd) Run(ctx context.Context, std streams) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	log := logger(std.err)
	svc, err := openService(ctx, cfg, log, nil)
	if err != nil {
		return err
	}
	if os.Getenv(adminTokenEnv) == "" {
		log.Info("no full-rights API token is set; tokens are made by: smartmail token", "variable", adminTokenEnv)
	}
	l, err := listen(ctx, cfg.SMTP.Listen, cfg.HTTP.Listen, func(kind string) string {
		return map[string]string{"SMTP": "smtp.listen", "HTTP": "http.listen"}[kind] + " in " + c.Config
	})
	if err != nil {
		return errors.Join(err, svc.close())
	}
	return errors.Join(svc.run(ctx, l, os.Getenv(adminTokenEnv)), svc.close())
}

type checkCmd struct{ configFlag }

// Run prints the configuration in force.
func (c *checkCmd) Run(std streams) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	if _, err := looks(cfg); err != nil {
		return err
	}
	return cfg.Print(std.out)
}

type verifyCmd struct{ configFlag }

// Run verifies through the running instance, or by itself where none runs.
func (c *verifyCmd) Run(ctx context.Context, std streams) error {
	return c.with(ctx, std, hasData, func(_ *config.Config, target control.Service) error {
		faults := 0
		summary, err := target.Verify(ctx, func(problem string) {
			faults++
			_, _ = fmt.Fprintln(std.out, problem)
		})
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintln(std.out, summary)
		if faults > 0 {
			return fmt.Errorf("faults found: %d", faults)
		}
		return nil
	})
}

// with runs fn on the running instance, or on the store itself where none runs. Before either, check looks at the configuration.
func (c configFlag) with(ctx context.Context, std streams, check func(*config.Config) error, fn func(*config.Config, control.Service) error) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	if err := check(cfg); err != nil {
		return err
	}
	target, done, err := connect(ctx, cfg, std)
	if err != nil {
		return err
	}
	defer done()
	return fn(cfg, target)
}

// has checks that there is such an organisation, before a store is opened for it.
func (c configFlag) has(org string) func(*config.Config) error {
	return func(cfg *config.Config) error {
		if !slices.ContainsFunc(cfg.Organisations, func(o config.Organisation) bool { return o.ID == org }) {
			return fmt.Errorf("there is no organisation %q in %s", org, c.Config)
		}
		return nil
	}
}

// hasData checks that there is a store to read, so that a mistaken folder is not made and called sound.
func hasData(cfg *config.Config) error {
	if _, err := os.Stat(cfg.Path(databaseFile)); err != nil {
		return fmt.Errorf("there is no store in data_dir: %w", err)
	}
	return nil
}

// connect returns the running instance, or opens the store where none runs. done must be called.
func connect(ctx context.Context, cfg *config.Config, std streams) (control.Service, func(), error) {
	if client, ok := control.Dial(cfg.DataDir); ok {
		return client, func() {}, nil
	}
	svc, err := openService(ctx, cfg, logger(std.err), nil)
	if err != nil {
		return nil, nil, err
	}
	return controlled{svc}, func() {
		if err := svc.close(); err != nil {
			_, _ = fmt.Fprintln(std.err, "smartmail: close:", err)
		}
	}, nil
}

// controlled is the service as the control socket, import and verify see it.
type controlled struct{ *service }

// Verify implements control.Service.
func (c controlled) Verify(ctx context.Context, report func(string)) (string, error) {
	v, err := c.desk.Verify(ctx, report)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("read %d cases, %d entries, %d mails with %d bytes", v.Cases, v.Entries, v.Mails, v.Bytes), nil
}

// Replay implements control.Service.
func (c controlled) Replay(ctx context.Context, org string, apply bool, report func(string)) (string, error) {
	if !slices.Contains(c.desk.Orgs, casework.OrgID(org)) {
		return "", noSuch(org)
	}
	r, err := c.desk.Replay(ctx, casework.OrgID(org), apply, report)
	return fmt.Sprintf("%d mails read, %d are read another way today, %d entries added", r.Mails, r.Changed, r.Applied), err
}

// Import implements control.Service: to the addresses of ours that the mail names, else to the first intake address.
func (c controlled) Import(ctx context.Context, org string, raw []byte) (reply string, again bool, err error) {
	rcpts, err := c.importRecipients(ctx, casework.OrgID(org), raw)
	if err != nil {
		return "", false, err
	}
	return c.intake.Take(ctx, message.Envelope{Recipients: rcpts}, message.InMemory(raw))
}

func noSuch(org string) error {
	return fault.New(fault.Invalid, fmt.Sprintf("there is no organisation %q", org))
}

// Token implements control.Service.
func (c controlled) Token(ctx context.Context, org, name, role string) (string, error) {
	if !slices.Contains(c.desk.Orgs, casework.OrgID(org)) {
		return "", noSuch(org)
	}
	t := casework.APIToken{Org: casework.OrgID(org), Name: name, Role: role}
	_, secret, err := c.desk.CreateToken(ctx, t, casework.Actor{Via: casework.ViaAPI, Name: "command line"})
	return secret, err
}

func (c controlled) importRecipients(ctx context.Context, org casework.OrgID, raw []byte) ([]string, error) {
	content := message.Parse(ctx, message.InMemory(raw), message.Limits{})
	var rcpts []string
	for _, list := range [][]message.Mailbox{content.To, content.Cc} {
		for _, mb := range list {
			if r, err := c.router.Route(mb.Email); err == nil && r.Org == org {
				rcpts = append(rcpts, mb.Email)
			}
		}
	}
	if len(rcpts) > 0 {
		return rcpts, nil
	}
	for _, o := range c.cfg.Organisations {
		if casework.OrgID(o.ID) == org && len(o.Intake) > 0 {
			return []string{o.Intake[0].Address}, nil
		}
	}
	return nil, fault.New(fault.Invalid, fmt.Sprintf("organisation %q does not exist or has no intake address", org))
}
