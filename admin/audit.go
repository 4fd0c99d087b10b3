package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/download"
	"smartmail/exchange/sheet"
)

// Audit is what the API reads of who saw and did what.
type Audit interface {
	Looks(ctx context.Context, org casework.OrgID, f desk.LookFilter, after casestore.Key, limit int) (desk.Page[casework.Look], error)
}

const mediaNDJSON = "application/jsonl"

func (s *server) auditCalls() {
	register(s, call{
		method: http.MethodGet, path: prefix + "/audit", id: "list-audit", streams: true, answer: reflect.TypeFor[List[Look]](), also: []string{mediaCSV, mediaNDJSON},
		summary: "Who saw and did what by the API, oldest first: a line for each call, refused ones as well",
	}, s.listAudit)
}

// asked is what a request says of a call before it is made: about what it is, and by what a list is limited, never the values.
func asked(ctx huma.Context) *casework.Look {
	op := ctx.Operation()
	path := strings.TrimPrefix(op.Path, prefix+"/")
	kind, _, _ := strings.Cut(path, "/")
	l := &casework.Look{Org: casework.OrgID(ctx.Query("org")), Call: op.OperationID, Kind: kind, Item: ctx.Param("id")}
	if l.Item == "" {
		l.Item = ctx.Param("address")
	}
	if k := ctx.Param("kind"); kind == "export" || kind == "import" {
		l.Kind = k
	}
	if n := ctx.Param("number"); n != "" {
		l.Case, l.Item = number(n), n
	}
	u := ctx.URL()
	for name := range u.Query() {
		if !slices.Contains([]string{"org", "limit", "cursor", "format"}, name) {
			l.By = append(l.By, name)
		}
	}
	slices.Sort(l.By)
	return l
}

func number(s string) casework.CaseNumber {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil { // it names no case
		return 0
	}
	return casework.CaseNumber(n)
}

// about says whom a call about a person is about.
func about(ctx context.Context, contact, email string) {
	if l := callerOf(ctx).asked; l != nil && contact != "" {
		l.Kind, l.Item = "contacts", contact
	} else if l != nil {
		l.Item = casework.Address(email)
	}
}

// saw puts a call into the audit trail before it is answered. What may show personal numbers or door codes, and what leaves the house whole, is
// committed by then.
func (s *server) saw(ctx context.Context, c call, out any, err error) error {
	who := callerOf(ctx)
	l, ok := who.line()
	if !ok {
		return nil
	}
	l.Count = items(out)
	if l.Status = c.status; l.Status == 0 {
		l.Status = http.StatusOK
	}
	if err != nil {
		l.Status, _ = statusOf(err)
	}
	ctx = context.WithoutCancel(ctx) // it was seen, also by who has left
	return s.House.Saw(ctx, l, err == nil && (c.exports || c.personal && who.restricted))
}

// line is what the audit trail says of a call; ok is false where it is public, or of no organisation: then nothing was shown.
func (c caller) line() (l casework.Look, ok bool) {
	if c.asked == nil {
		return l, false
	}
	l = *c.asked
	org, none := c.org(string(l.Org))
	if none != nil && len(c.orgs) == 1 {
		org, none = c.orgs[0].ID, nil // he asked for another one
	}
	l.Org, l.Who, l.Token = org, c.actor.Name, c.token
	return l, none == nil
}

// sawAgain puts a request into the audit trail that is answered as before: the name of its header tells it from the first.
func (s *server) sawAgain(ctx context.Context, who caller, status int) error {
	l, ok := who.line()
	if !ok {
		return nil
	}
	l.By, l.Status = append(slices.Clone(l.By), keyHeader), status
	return s.House.Saw(context.WithoutCancel(ctx), l, false)
}

// items is how many an answer with a list has.
func items(out any) int {
	v := reflect.Indirect(reflect.ValueOf(out))
	if v.Kind() != reflect.Struct {
		return 0
	}
	body := v.FieldByName("Body")
	if body.Kind() != reflect.Struct {
		return 0
	}
	if list := body.FieldByName("Items"); list.Kind() == reflect.Slice {
		return list.Len()
	}
	return 0
}

type auditInput struct {
	OrgParam
	PageParams
	Who    string    `query:"who" maxLength:"300" doc:"Name or id of a token"`
	What   string    `query:"what" maxLength:"400" doc:"A kind of things, as paths name it, or one of them: contacts, contacts/ID"`
	Case   uint64    `query:"case" doc:"A case, with its entries, mails, files and orders"`
	From   time.Time `query:"from" doc:"First instant"`
	To     time.Time `query:"to" doc:"The instant before which it ends"`
	Format string    `query:"format" enum:"json,csv,ndjson" default:"json" doc:"csv, with semicolons, and ndjson have all that follows the cursor, whatever the limit"`
}

func (in *auditInput) filter() desk.LookFilter {
	f := desk.LookFilter{Who: in.Who, Case: casework.CaseNumber(in.Case), From: in.From, To: in.To}
	f.Kind, f.Item, _ = strings.Cut(in.What, "/")
	return f
}

// Look is a line of the audit trail.
type Look struct {
	At     time.Time `json:"at"`
	Who    string    `json:"who" doc:"Name of the token"`
	Token  string    `json:"token" doc:"Its id"`
	Call   string    `json:"call" doc:"operationId of the call"`
	Kind   string    `json:"kind" doc:"Of what it was about, as paths name it"`
	Item   string    `json:"item" doc:"Id of what it was about; empty: a list"`
	Case   *uint64   `json:"case" doc:"The case that it lies on"`
	By     []string  `json:"by" nullable:"false" doc:"Names of the parameters that a list was limited by, without their values"`
	Count  int       `json:"count" doc:"Of what a list showed"`
	Status int       `json:"status" doc:"Of HTTP: 403 and 404 are refusals"`
}

func look(l casework.Look) (Look, error) {
	out := Look{At: l.At.UTC(), Who: l.Who, Token: l.Token, Call: l.Call, Kind: l.Kind, Item: l.Item, By: append([]string{}, l.By...), Count: l.Count, Status: l.Status}
	if n := uint64(l.Case); n != 0 {
		out.Case = &n
	}
	return out, nil
}

func (s *server) listAudit(ctx context.Context, in *auditInput) (*huma.StreamResponse, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	list := scope("audit", org, in.Who, in.What, strconv.FormatUint(in.Case, 10), in.From.String(), in.To.String())
	after, err := decodeCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	fetch := func(after casestore.Key, limit int) (desk.Page[casework.Look], error) {
		return s.desk(ctx).Looks(ctx, org, in.filter(), after, limit)
	}
	page, err := fetch(after, in.limit())
	if err != nil {
		return nil, err
	}
	if in.Format == "json" {
		body, err := listOf(list, page, look)
		if err != nil {
			return nil, err
		}
		return s.json(ctx, body)
	}
	write, media := lookLines, mediaNDJSON
	if in.Format == "csv" {
		write, media = lookTable, mediaCSV
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		download.Headers(humagin.Unwrap(hc).Writer.Header(), "audit."+in.Format, media, false)
		hc.SetStatus(http.StatusOK)
		if err := write(hc.BodyWriter(), page, fetch); err != nil {
			s.late(ctx, fmt.Errorf("audit: %w", err))
			panic(http.ErrAbortHandler) // the peer must not take a part for the whole
		}
	}}, nil
}

// fetchLooks reads the page of the audit trail after a place.
type fetchLooks func(after casestore.Key, limit int) (desk.Page[casework.Look], error)

// each visits a page and all that follow.
func (fetch fetchLooks) each(page desk.Page[casework.Look], visit func(casework.Look) error) (err error) {
	for {
		for _, l := range page.Items {
			if err := visit(l); err != nil {
				return err
			}
		}
		if page.Next == nil {
			return nil
		}
		if page, err = fetch(page.Next, maxLimit); err != nil {
			return err
		}
	}
}

func lookLines(w io.Writer, page desk.Page[casework.Look], fetch fetchLooks) error {
	lines := json.NewEncoder(w)
	return fetch.each(page, func(l casework.Look) error {
		v, err := look(l)
		if err == nil {
			err = lines.Encode(v)
		}
		return err
	})
}

func lookTable(w io.Writer, page desk.Page[casework.Look], fetch fetchLooks) error {
	out, err := sheet.NewWriter(w, sheet.CSV)
	if err != nil {
		return err
	}
	if err := out.Write([]string{"at", "who", "token", "call", "kind", "item", "case", "by", "count", "status"}); err != nil {
		return err
	}
	err = fetch.each(page, func(l casework.Look) error {
		kase := ""
		if l.Case != 0 {
			kase = strconv.FormatUint(uint64(l.Case), 10)
		}
		return out.Write([]string{
			l.At.UTC().Format(time.RFC3339Nano), l.Who, l.Token, l.Call, l.Kind, l.Item, kase, strings.Join(l.By, ","), strconv.Itoa(l.Count), strconv.Itoa(l.Status),
		})
	})
	if err != nil {
		return err
	}
	return out.Close()
}
