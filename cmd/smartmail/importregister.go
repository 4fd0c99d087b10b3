package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"smartmail/casework"
	"smartmail/config"
	"smartmail/control"
	"smartmail/exchange"
)

type importRegisterCmd struct {
	configFlag
	Org            string `required:"" placeholder:"ID" help:"Organisation whose register it is."`
	Kind           string `required:"" enum:"objects,contacts,suppliers,tenancies" placeholder:"KIND" help:"What the file is about: ${enum}."`
	DryRun         bool   `help:"Only tell what would happen."`
	AllOrNothing   bool   `help:"Write nothing if a row is bad; without it a bad row does not stop the others."`
	ArchiveMissing bool   `help:"Archive what was imported with an external key and is not in the file."`
	File           string `arg:"" help:"CSV or XLSX file; docs/sheets.md names its columns."`
}

// Run takes the file in and names every bad row; with one it ends with an error.
func (c *importRegisterCmd) Run(ctx context.Context, std streams) error {
	file, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	return c.with(ctx, std, c.has(c.Org), func(_ *config.Config, target control.Service) error {
		failed, bar := 0, stepsBar(std, c.Kind)
		summary, err := target.ImportRegister(ctx, control.RegisterImport{
			Org: c.Org, Kind: c.Kind, DryRun: c.DryRun, AllOrNothing: c.AllOrNothing, ArchiveMissing: c.ArchiveMissing, File: file,
		}, func(row string) {
			failed++
			_, _ = fmt.Fprintf(std.err, "%s: %s\n", c.File, row)
		}, bar)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintln(std.out, summary)
		if failed > 0 {
			return fmt.Errorf("bad rows: %d", failed)
		}
		return nil
	})
}

// stepsBar shows a bar on a terminal and nothing elsewhere.
func stepsBar(std streams, what string) func(done, total int) {
	f, ok := std.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func(int, int) {}
	}
	bar := progressbar.Default(1, what)
	return func(done, total int) { // a bar that cannot be drawn stops nothing
		bar.ChangeMax(total)
		_ = bar.Set(done)
	}
}

// ImportRegister implements control.Service.
func (c controlled) ImportRegister(ctx context.Context, job control.RegisterImport, report func(string), progress func(done, total int)) (string, error) {
	if !slices.Contains(c.desk.Orgs, casework.OrgID(job.Org)) {
		return "", noSuch(job.Org)
	}
	r, err := exchange.Import(ctx, c.desk, casework.OrgID(job.Org), exchange.Kind(job.Kind), job.File, exchange.Options{
		By:     casework.Actor{Via: casework.ViaAPI, Name: "command line"},
		DryRun: job.DryRun, AllOrNothing: job.AllOrNothing, ArchiveMissing: job.ArchiveMissing, Progress: progress,
	})
	if err != nil {
		return "", err
	}
	for _, b := range r.Bad {
		where := fmt.Sprintf("row %d", b.Row)
		if b.Column != "" {
			where += ", column " + b.Column
		}
		report(where + ": " + b.Why)
	}
	return importSummary(r), nil
}

// importSummary says what came of an import.
func importSummary(r exchange.Result) string {
	s := fmt.Sprintf("%d rows: %d added, %d updated, %d unchanged, %d bad; %d archived", r.Rows, r.Added, r.Updated, r.Unchanged, len(r.Bad), r.Archived)
	if !r.Written {
		s += "; nothing was written: this is what would happen"
	}
	if len(r.Ignored) > 0 {
		s += "\ncolumns left out: " + strings.Join(r.Ignored, ", ")
	}
	if r.NotArchived != "" {
		s += "\nnothing was archived: " + r.NotArchived
	}
	return s
}
