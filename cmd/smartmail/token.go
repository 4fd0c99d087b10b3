package main

import (
	"context"
	"fmt"

	"smartmail/config"
	"smartmail/control"
)

type tokenCmd struct {
	configFlag
	Org  string `required:"" placeholder:"ID" help:"Organisation that the token opens."`
	Name string `required:"" placeholder:"NAME" help:"What it is for; shown with what is done by it."`
	Role string `default:"administrator" placeholder:"ID" help:"What it may do: customer, supplier, reader, technician, manager, finance, administrator, or a role of the organisation's own. A scope is given by the API."`
}

// Run makes a token and prints its secret, which is kept nowhere.
func (c *tokenCmd) Run(ctx context.Context, std streams) error {
	return c.with(ctx, std, c.has(c.Org), func(_ *config.Config, target control.Service) error {
		secret, err := target.Token(ctx, c.Org, c.Name, c.Role)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(std.out, secret)
		return err
	})
}
