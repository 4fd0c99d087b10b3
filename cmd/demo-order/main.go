// Command demo-order plays the story of one fault, from the tenant's mail to the closed case, with the real program and real SMTP on
// loopback, and tells it as it happens.
//
//	tenant ─mail▶ program ─mail▶ tenant, supplier ─mail▶ program ◀HTTP─ administrator
//
// It exits 0 only if every step was seen where a person would see it: in a mailbox, or in the case.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"smartmail/testrig"
)

// patience is how long the whole story may take, the build of the program included.
const patience = 5 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo-order:", err)
		os.Exit(1)
	}
}

// run builds the program into a temporary folder and plays there.
func run(ctx context.Context, out io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	dir, err := os.MkdirTemp("", "smartmail-order-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary, err := testrig.Build(ctx, dir)
	if err != nil {
		return err
	}
	return play(ctx, binary, dir, out)
}
