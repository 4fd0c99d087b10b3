package admin

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
)

// Suggestion is where a mail in triage seems to belong.
type Suggestion struct {
	Case uint64 `json:"case"`
	Lane string `json:"lane"`
}

// Decision is what a person did with a mail in triage.
type Decision struct {
	Action  string    `json:"action" enum:"attach,new_case,discard,undo"`
	At      time.Time `json:"at"`
	By      Actor     `json:"by"`
	Case    *uint64   `json:"case"`
	Trusted bool      `json:"trusted" doc:"The sender is trusted from then on"`
}

// Triage is a mail that needs a person first, with the fields of a mail.
type Triage struct {
	ID          string       `json:"id"`
	Org         string       `json:"org"`
	At          time.Time    `json:"at"`
	Why         string       `json:"why"`
	State       string       `json:"state" enum:"open,attached,new_case,discarded"`
	Suggestion  *Suggestion  `json:"suggestion"`
	Case        *uint64      `json:"case" doc:"Where the mail lies: as a held entry, or because somebody decided so"`
	Entry       *string      `json:"entry"`
	DecidedAt   *time.Time   `json:"decided_at"`
	DecidedBy   *Actor       `json:"decided_by"`
	Decisions   []Decision   `json:"decisions" nullable:"false" doc:"All of them, oldest first"`
	Text        string       `json:"text"`
	Attachments []Attachment `json:"attachments" nullable:"false"`
	MailFields
}

// TransformSchema implements huma.SchemaTransformer.
func (Triage) TransformSchema(r huma.Registry, s *huma.Schema) *huma.Schema {
	mailSchema(r, s)
	orNull(s, "suggestion", r.Schema(reflect.TypeFor[Suggestion](), true, ""))
	orNull(s, "decided_by", r.Schema(reflect.TypeFor[Actor](), true, ""))
	return s
}

func (v view) triage(ctx context.Context, t desk.TriageView) (Triage, error) {
	out := Triage{ID: string(t.ID), Org: string(t.Org), At: t.At.UTC(), Why: t.Why, State: string(t.State), DecidedAt: utc(t.DecidedAt)}
	n, entry := uint64(t.Case), string(t.Entry)
	switch {
	case entry != "":
		out.Case, out.Entry = &n, &entry
	case n != 0 && t.State == casework.TriageOpen:
		out.Suggestion = &Suggestion{Case: n, Lane: string(t.Lane)}
	}
	out.Decisions = make([]Decision, 0, len(t.Decisions))
	for _, d := range t.Decisions {
		shown := Decision{Action: d.Action, At: d.At.UTC(), By: actor(d.By), Trusted: d.Trusted}
		if n := uint64(d.Case); n != 0 {
			shown.Case = &n
		}
		out.Decisions = append(out.Decisions, shown)
	}
	if t.DecidedBy != nil {
		by := actor(*t.DecidedBy)
		out.DecidedBy = &by
	}
	fields, common, err := v.mail(ctx, t.Mail, t.Sender, t.Matched)
	out.MailFields, out.Text, out.Attachments = fields, common.text, common.attachments
	return out, err
}

func (s *server) triageCalls() {
	register(s, call{method: http.MethodGet, path: prefix + "/triage", id: "list-triage", summary: "Mails that need a person, oldest first"}, s.listTriage)
	register(s, call{method: http.MethodGet, path: prefix + "/triage/{id}", id: "get-triage", summary: "Read a mail that needs a person"}, s.getTriage)
	register(s, call{method: http.MethodPost, path: prefix + "/triage/{id}", id: "decide-triage", summary: "Decide what becomes of it"}, s.decideTriage)
}

type listTriageInput struct {
	OrgParam
	PageParams
	State string `query:"state" enum:"open,attached,new_case,discarded" default:"open" doc:"What has become of them so far"`
}

type triageListOutput struct{ Body List[Triage] }

func (s *server) listTriage(ctx context.Context, in *listTriageInput) (*triageListOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	list := scope("triage", org, in.State)
	after, err := decodeCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := gather(in.limit(), after, func(t desk.TriageView) int { return weighMail(t.Mail) }, func(after casestore.Key, limit int) (desk.Page[desk.TriageView], error) {
		return s.desk(ctx).TriageQueue(ctx, org, casework.TriageState(in.State), after, limit)
	})
	if err != nil {
		return nil, err
	}
	body, err := listOf(list, page, func(t desk.TriageView) (Triage, error) { return s.view.triage(ctx, t) })
	return &triageListOutput{body}, err
}

type triageOutput struct{ Body Triage }

func (s *server) getTriage(ctx context.Context, in *struct{ IDParam }) (*triageOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	t, err := s.desk(ctx).TriageItem(ctx, org, casework.TriageID(in.ID))
	if err != nil {
		return nil, err
	}
	body, err := s.view.triage(ctx, t)
	return &triageOutput{body}, err
}

type decideTriageInput struct {
	IDParam
	Body struct {
		Action string  `json:"action" enum:"attach,new_case,discard,undo" doc:"undo takes the last decision back"`
		Case   *uint64 `json:"case,omitempty" minimum:"1" nullable:"true" doc:"For attach; left out: the suggested one"`
		Trust  bool    `json:"trust,omitempty" doc:"With attach and new_case: trust this sender from now on"`
	}
}

func (s *server) decideTriage(ctx context.Context, in *decideTriageInput) (*triageOutput, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	var n casework.CaseNumber
	if in.Body.Case != nil {
		n = casework.CaseNumber(*in.Body.Case)
	}
	t, err := s.desk(ctx).Triage(ctx, org, casework.TriageID(in.ID), desk.TriageOrder{
		Action: desk.TriageAction(in.Body.Action), Case: n, Trust: in.Body.Trust, By: who.actor,
	})
	if err != nil {
		return nil, err
	}
	body, err := s.view.triage(ctx, t)
	return &triageOutput{body}, err
}
