// Command smartmail is the mail-first case service.
//
//	flags → configuration → service (store, desk, intake, SMTP, API) → run until a signal
//
// It wires and starts; what the parts do is theirs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
	_ "time/tzdata" // an image without time zones keeps those of its organisations

	"github.com/alecthomas/kong"

	"smartmail/trace"
)

// cli is the command line.
type cli struct {
	Demo           demoCmd           `cmd:"" help:"Try it: one process, no configuration, sample data; takes real SMTP and serves the API."`
	Serve          serveCmd          `cmd:"" help:"Run the service."`
	Check          checkCmd          `cmd:"" help:"Validate a configuration and print what is in force."`
	Import         importCmd         `cmd:"" help:"Take in stored mail: mbox, Maildir or .eml files. Safe to run again."`
	ImportRegister importRegisterCmd `cmd:"" help:"Take in people, objects, suppliers or tenancies from a CSV or XLSX file. Safe to run again."`
	Verify         verifyCmd         `cmd:"" help:"Read the whole store and report every fault."`
	Backup         backupCmd         `cmd:"" help:"Copy the whole store into one file, while the service runs."`
	Restore        restoreCmd        `cmd:"" help:"Make a store of a backup."`
	Compact        compactCmd        `cmd:"" help:"Write the database anew without the space that is free in it; with the service stopped."`
	Explain        explainCmd        `cmd:"" help:"Show what each step makes of a mail, without network or store."`
	Replay         replayCmd         `cmd:"" help:"Show what the rules of today would read another way in stored mail."`
	Reindex        reindexCmd        `cmd:"" help:"Make the search index anew, while the service runs."`
	Sample         sampleCmd         `cmd:"" help:"Make up an organisation with three years of cases, for trying out; sends nothing."`
	Token          tokenCmd          `cmd:"" help:"Make an API token for an organisation and print it."`
	Health         healthCmd         `cmd:"" help:"Ask a running service whether it is ready; for container health checks."`
	Version        versionCmd        `cmd:"" help:"Print the version."`
}

// streams are where a command writes.
type streams struct{ out, err io.Writer }

func main() {
	tuneMemory()
	os.Exit(run(os.Args[1:], streams{os.Stdout, os.Stderr}))
}

// run is the program: 0 done, 1 an error, 2 a wrong command line.
func run(args []string, std streams) int {
	var c cli
	exit := -1
	parser, err := kong.New(&c, kong.Name("smartmail"), kong.Description("The mail-first case service."),
		kong.UsageOnError(), kong.Writers(std.out, std.err), kong.Exit(func(code int) { exit = code }))
	if err != nil {
		_, _ = fmt.Fprintln(std.err, "smartmail:", err)
		return 1
	}
	if len(args) == 0 {
		args = []string{"--help"} // whoever does not know the commands yet
	}
	command, err := parser.Parse(args)
	if exit >= 0 {
		return exit // --help was answered
	}
	if err != nil {
		_, _ = fmt.Fprintln(std.err, "smartmail:", err)
		return 2
	}
	ctx, stop := untilSignal(context.Background(), std.err)
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	switch err := command.Run(std); {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		_, _ = fmt.Fprintln(std.err, "smartmail: stopped")
		return 1
	case err != nil:
		_, _ = fmt.Fprintln(std.err, "smartmail:", err)
		return 1
	}
	return 0
}

// sameSignal is how close two signals come when they mean one thing: timeout(1) and some supervisors signal a process and
// its group.
const sameSignal = 100 * time.Millisecond

// untilSignal ends the context at the first SIGTERM or SIGINT; a second one ends the process at once.
func untilSignal(parent context.Context, w io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	done := make(chan struct{})
	go func() {
		var first time.Time
		for {
			select {
			case s := <-signals:
				switch {
				case first.IsZero():
					first = time.Now()
				case time.Since(first) > sameSignal:
					_, _ = fmt.Fprintf(w, "smartmail: %v again: leaving at once\n", s)
					os.Exit(1)
				}
				cancel()
			case <-done:
				return
			}
		}
	}()
	return ctx, func() { signal.Stop(signals); close(done); cancel() }
}

// logger writes structured lines for machines and people alike.
func logger(w io.Writer) *slog.Logger {
	return slog.New(trace.Handler(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelInfo})))
}

type versionCmd struct{}

func (versionCmd) Run(std streams) error {
	_, err := fmt.Fprintln(std.out, "smartmail", version())
	return err
}

// release is the version, set when a release is built.
var release = "0.1.0"

// version names the release, and the commit where the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return release + "+" + s.Value[:12]
		}
	}
	return release
}
