package admin

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"smartmail/download"
	"smartmail/exchange"
	"smartmail/exchange/sheet"
)

func (s *server) sheetCalls() {
	register(s, call{method: http.MethodPost, path: prefix + "/import/{kind}", id: "import-register", streams: true, bigBody: true, body: sheet.XLSX.MediaType(),
		summary: "Take a part of the register in from a CSV or XLSX file; safe to repeat"}, s.importRegister)
	register(s, call{method: http.MethodGet, path: prefix + "/export/{kind}", id: "export-register", streams: true, exports: true, binary: "text/csv",
		summary: "A part of the register as a CSV or XLSX file, which can be imported again"}, s.exportRegister)
}

// maxBadRows bounds how many bad rows are named; failed counts all.
const maxBadRows = 500

// SheetParam names a kind of sheet.
type SheetParam struct {
	OrgParam
	Kind string `path:"kind" enum:"objects,contacts,suppliers,tenancies" doc:"What the sheet is about; suppliers are those contacts that are"`
}

type importInput struct {
	SheetParam
	DryRun         bool   `query:"dry_run" doc:"Only tell what would happen"`
	AllOrNothing   bool   `query:"all_or_nothing" doc:"Write nothing if a row is bad. Without it a bad row does not stop the others."`
	ArchiveMissing bool   `query:"archive_missing" doc:"Archive what has an external key and is not in the file"`
	RawBody        []byte `contentType:"text/csv"`
}

// ImportResult is what came of an import.
type ImportResult struct {
	Rows        int      `json:"rows"`
	Added       int      `json:"added"`
	Updated     int      `json:"updated"`
	Unchanged   int      `json:"unchanged"`
	Archived    int      `json:"archived"`
	Failed      int      `json:"failed" doc:"Bad rows, also those that are not named"`
	Written     bool     `json:"written" doc:"false: this is what would have happened"`
	NotArchived string   `json:"not_archived,omitempty" doc:"Why nothing was archived though it was asked for"`
	Ignored     []string `json:"ignored" doc:"Columns that no field is known for, or that the caller may not change"`
	Bad         []BadRow `json:"bad" doc:"The first 500"`
}

// BadRow tells what is wrong with a row of a file.
type BadRow struct {
	Row    int    `json:"row" doc:"As an editor or a spreadsheet numbers it; the header is 1"`
	Column string `json:"column" doc:"The field; empty where it is about the whole row"`
	Why    string `json:"why"`
}

func (s *server) importRegister(ctx context.Context, in *importInput) (*struct{ Body ImportResult }, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	r, err := exchange.Import(ctx, s.desk(ctx), org, exchange.Kind(in.Kind), in.RawBody, exchange.Options{
		By: who.actor, DryRun: in.DryRun, AllOrNothing: in.AllOrNothing, ArchiveMissing: in.ArchiveMissing,
	})
	if err != nil {
		return nil, err
	}
	body := ImportResult{
		Rows: r.Rows, Added: r.Added, Updated: r.Updated, Unchanged: r.Unchanged, Archived: r.Archived, Failed: len(r.Bad),
		Written: r.Written, NotArchived: r.NotArchived, Ignored: append([]string{}, r.Ignored...), Bad: []BadRow{},
	}
	for _, b := range r.Bad[:min(len(r.Bad), maxBadRows)] {
		body.Bad = append(body.Bad, BadRow(b))
	}
	return &struct{ Body ImportResult }{body}, nil
}

type exportInput struct {
	SheetParam
	Format string `query:"format" enum:"csv,xlsx" default:"csv" doc:"csv: UTF-8 with semicolons"`
}

func (s *server) exportRegister(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	e, err := exchange.OpenExport(ctx, s.desk(ctx), org, exchange.Kind(in.Kind), sheet.Format(in.Format))
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		download.Headers(humagin.Unwrap(hc).Writer.Header(), in.Kind+"."+in.Format, e.Format.MediaType(), false)
		hc.SetStatus(http.StatusOK)
		if err := e.Write(ctx, hc.BodyWriter()); err != nil {
			s.late(ctx, err)
			panic(http.ErrAbortHandler) // the peer must not take a part for the whole
		}
	}}, nil
}
