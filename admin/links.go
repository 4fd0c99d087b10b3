package admin

import (
	"context"
	"net/http"
	"strings"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
)

func (s *server) linkCalls() {
	path := prefix + "/cases/{number}"
	register(s, call{method: http.MethodPost, path: path + "/merge", id: "merge-case",
		summary: "Close a case that goes on in another one, which is the answer: mail to its addresses comes there"}, s.mergeCase)
	register(s, call{method: http.MethodPost, path: path + "/unmerge", id: "unmerge-case",
		summary: "Take the merger of a case back: mail to its addresses comes to it again, and it stands where it stood; what came meanwhile stays in the other case"}, s.unmergeCase)
	register(s, call{method: http.MethodPost, path: path + "/split", id: "split-case", status: http.StatusCreated,
		summary: "Open a case with entries of this one, where they stay as well"}, s.splitCase)
	register(s, call{method: http.MethodPost, path: prefix + "/entries/{id}/move", id: "move-entry", status: http.StatusCreated,
		summary: "Put a mail or note onto another case; where it was nobody outside sees it any more"}, s.moveEntry)
	register(s, call{method: http.MethodPost, path: path + "/links", id: "link-case", status: http.StatusCreated,
		summary: "Tie a case to another: parent_of (an incident of its reports), child_of, relates_to"}, s.linkCase)
	register(s, call{method: http.MethodDelete, path: path + "/links/{kind}/{case}", id: "unlink-case", summary: "Take a link away"}, s.unlinkCase)
	register(s, call{method: http.MethodPost, path: path + "/updates", id: "update-children", status: http.StatusAccepted,
		summary: "Write to the customers of every open case under this one, on each case by itself"}, s.updateChildren)
}

type mergeCaseInput struct {
	CaseParam
	Body struct {
		Into uint64 `json:"into" minimum:"1" doc:"The case in which this one goes on"`
	}
}

func (s *server) mergeCase(ctx context.Context, in *mergeCaseInput) (*caseOutput, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	c, err := s.desk(ctx).Merge(ctx, org, casework.CaseNumber(in.Number), casework.CaseNumber(in.Body.Into), who.actor)
	if err != nil {
		return nil, err
	}
	return s.showCase(c)
}

func (s *server) unmergeCase(ctx context.Context, in *struct{ CaseParam }) (*caseOutput, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	c, err := s.desk(ctx).Unmerge(ctx, org, casework.CaseNumber(in.Number), who.actor)
	if err != nil {
		return nil, err
	}
	return s.showCase(c)
}

type splitCaseInput struct {
	CaseParam
	Body struct {
		Entries     []string `json:"entries" minItems:"1" maxItems:"100" doc:"Mails and notes of this case"`
		Subject     string   `json:"subject" minLength:"1" maxLength:"900"`
		Description string   `json:"description,omitempty" maxLength:"1048576" nullable:"true"`
		Class       string   `json:"class,omitempty" maxLength:"1000" nullable:"true" doc:"Left out: that of this case; so object and priority"`
		Priority    Priority `json:"priority,omitempty"`
		Object      string   `json:"object,omitempty" maxLength:"1000" nullable:"true"`
	}
}

func (s *server) splitCase(ctx context.Context, in *splitCaseInput) (*caseOutput, error) {
	who, b := callerOf(ctx), in.Body
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(b.Subject) == "" {
		return nil, fault.New(fault.Invalid, needsSubject)
	}
	o := desk.SplitOrder{By: who.actor, Open: casework.Open{
		Subject: b.Subject, Description: b.Description, Class: b.Class, Object: b.Object, Priority: casework.Priority(b.Priority),
	}}
	for _, id := range b.Entries {
		o.Entries = append(o.Entries, casework.EntryID(id))
	}
	c, err := s.desk(ctx).Split(ctx, org, casework.CaseNumber(in.Number), o)
	if err != nil {
		return nil, err
	}
	out, err := s.showNoticing(ctx, c, b.Class, b.Object)
	if err != nil {
		return nil, err
	}
	out.Location = location(org, "cases", c.Number)
	return out, nil
}

type moveEntryInput struct {
	IDParam
	Body struct {
		Case uint64 `json:"case" minimum:"1"`
	}
}

func (s *server) moveEntry(ctx context.Context, in *moveEntryInput) (*acceptedEntry, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	e, err := s.desk(ctx).MoveEntry(ctx, org, casework.EntryID(in.ID), casework.CaseNumber(in.Body.Case), who.actor)
	if err != nil {
		return nil, err
	}
	return s.accepted(ctx, e)
}

type linkCaseInput struct {
	CaseParam
	Body struct {
		Kind string `json:"kind" enum:"parent_of,child_of,relates_to"`
		Case uint64 `json:"case" minimum:"1"`
	}
}

func (s *server) linkCase(ctx context.Context, in *linkCaseInput) (*caseOutput, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	link := casework.Link{Kind: in.Body.Kind, Case: casework.CaseNumber(in.Body.Case)}
	c, err := s.desk(ctx).Link(ctx, org, casework.CaseNumber(in.Number), link, who.actor)
	if err != nil {
		return nil, err
	}
	return s.showCase(c)
}

type unlinkCaseInput struct {
	CaseParam
	Kind string `path:"kind" enum:"parent_of,child_of,relates_to" doc:"As it stands on this case"`
	Case uint64 `path:"case" minimum:"1" doc:"The other one"`
}

func (s *server) unlinkCase(ctx context.Context, in *unlinkCaseInput) (*caseOutput, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	link := casework.Link{Kind: in.Kind, Case: casework.CaseNumber(in.Case)}
	c, err := s.desk(ctx).Unlink(ctx, org, casework.CaseNumber(in.Number), link, who.actor)
	if err != nil {
		return nil, err
	}
	return s.showCase(c)
}

type updateInput struct {
	CaseParam
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"1048576"`
	}
}

// Update tells what was written to the customers of an incident.
type Update struct {
	Note  Entry    `json:"note" doc:"On the incident"`
	Cases []uint64 `json:"cases" nullable:"false" doc:"Those whose customers were written to"`
}

type updateOutput struct{ Body Update }

func (s *server) updateChildren(ctx context.Context, in *updateInput) (*updateOutput, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	note, cases, err := s.desk(ctx).TellChildren(ctx, org, casework.CaseNumber(in.Number), in.Body.Text, who.actor)
	if err != nil {
		return nil, err
	}
	told, err := s.accepted(ctx, note)
	if err != nil {
		return nil, err
	}
	out := &updateOutput{Update{Note: told.Body, Cases: []uint64{}}}
	for _, n := range cases {
		out.Body.Cases = append(out.Body.Cases, uint64(n))
	}
	return out, nil
}
