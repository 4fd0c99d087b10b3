package admin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
)

// CaseParam names a case.
type CaseParam struct {
	OrgParam
	Number uint64 `path:"number" minimum:"1" doc:"Of the case, within its organisation"`
}

// caseOutput is a case with its version.
type caseOutput struct {
	ETag     string `header:"ETag" doc:"Version of the case, for If-Match"`
	Location string `header:"Location" doc:"Of a new case"`
	Body     Case
}

func (s *server) caseCalls() {
	register(s, call{method: http.MethodPost, path: prefix + "/cases", id: "open-case", summary: "Open a case", status: http.StatusCreated}, s.openCase)
	register(s, call{method: http.MethodGet, path: prefix + "/cases", id: "list-cases", summary: "Find cases"}, s.listCases)
	register(s, call{method: http.MethodGet, path: prefix + "/cases/{number}", id: "get-case", summary: "Read a case"}, s.getCase)
	register(s, call{method: http.MethodPatch, path: prefix + "/cases/{number}", id: "edit-case", summary: "Change a case"}, s.editCase)
	register(s, call{method: http.MethodPost, path: prefix + "/cases/{number}/participants", id: "add-participant", summary: "Put somebody on a lane", status: http.StatusCreated}, s.addParticipant)
	register(s, call{method: http.MethodGet, path: prefix + "/organisations", id: "list-organisations", summary: "The organisations that the token opens"}, s.listOrgs)
}

// showCase is the answer of every call that ends with a case.
func (s *server) showCase(c casework.Case) (*caseOutput, error) {
	body, err := s.view.kase(c)
	return &caseOutput{ETag: etag(c.Version), Body: body}, err
}

// showNoticing is showCase, with what of a class and an object that a call gave the case is not in the register: they are taken, but no deadline,
// route, field or house comes of them, and most often somebody has mistyped one.
func (s *server) showNoticing(ctx context.Context, c casework.Case, class, object string) (*caseOutput, error) {
	out, err := s.showCase(c)
	if err != nil {
		return nil, err
	}
	noClass, noObject, err := s.desk(ctx).Unregistered(ctx, c.Org, class, object)
	if noClass {
		out.Body.Notices = append(out.Body.Notices, fmt.Sprintf("class: %q is not in the register", class))
	}
	if noObject {
		out.Body.Notices = append(out.Body.Notices, fmt.Sprintf("object: %q is not in the register", object))
	}
	return out, err
}

func etag(version uint64) string { return `"` + strconv.FormatUint(version, 10) + `"` }

// location is the address of something that a call has made.
func location(org casework.OrgID, parts ...any) string {
	path := prefix
	for _, p := range parts {
		path += "/" + url.PathEscape(fmt.Sprint(p))
	}
	return path + "?org=" + url.QueryEscape(string(org))
}

const needsSubject = "a case needs a subject"

type openCaseInput struct {
	OrgParam
	Body struct {
		Org         string      `json:"org,omitempty" maxLength:"64" nullable:"true"`
		Subject     string      `json:"subject" minLength:"1" maxLength:"900"`
		Description string      `json:"description,omitempty" maxLength:"1048576" nullable:"true"`
		Class       string      `json:"class,omitempty" maxLength:"1000" nullable:"true"`
		Priority    Priority    `json:"priority,omitempty"`
		Object      string      `json:"object,omitempty" maxLength:"1000" nullable:"true"`
		Reporter    Reporter    `json:"reporter,omitempty"`
		Access      *accessBody `json:"access,omitempty"`
		Internal    bool        `json:"internal,omitempty" doc:"No customer takes part, is written to or sees it; who reported it is noted, and on no lane"`
	}
}

// accessBody changes how somebody gets in. null and an empty text say that nobody has said.
type accessBody struct {
	MasterKey Change[string] `json:"master_key,omitempty" enum:"yes,no," doc:"Whether it may be used"`
	KeyBox    Change[string] `json:"key_box,omitempty" doc:"Where it is; no code"`
	Pet       Change[string] `json:"pet,omitempty"`
	Present   Change[string] `json:"present,omitempty" enum:"yes,no," doc:"Whether the customer wants to be there"`
	Times     Change[string] `json:"times,omitempty" doc:"At which somebody may come"`
}

func (b *accessBody) edit() casework.AccessEdit {
	if b == nil {
		return casework.AccessEdit{}
	}
	return casework.AccessEdit{
		MasterKey: edited[string](b.MasterKey), KeyBox: edited[string](b.KeyBox), Pet: edited[string](b.Pet),
		Present: edited[string](b.Present), Times: edited[string](b.Times),
	}
}

func (s *server) openCase(ctx context.Context, in *openCaseInput) (*caseOutput, error) {
	b, who := in.Body, callerOf(ctx)
	if b.Org == "" {
		b.Org = in.Org
	}
	if in.Org != "" && in.Org != b.Org {
		return nil, fault.New(fault.Invalid, "org is said twice, and differently")
	}
	org, err := who.org(b.Org)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(b.Subject) == "" {
		return nil, fault.New(fault.Invalid, needsSubject)
	}
	cmd := casework.Open{Subject: b.Subject, Description: b.Description, Class: b.Class, Object: b.Object, Priority: casework.Priority(b.Priority), Access: b.Access.edit(), Internal: b.Internal}
	if b.Reporter != (Reporter{}) {
		cmd.Reporter = &casework.Reporter{Name: b.Reporter.Name, Email: b.Reporter.Email, Phone: b.Reporter.Phone, Language: b.Reporter.Language}
	}
	c, err := s.desk(ctx).Open(ctx, org, cmd, who.actor)
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

type getCaseInput struct{ CaseParam }

func (s *server) getCase(ctx context.Context, in *getCaseInput) (*caseOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	c, err := s.desk(ctx).Case(ctx, org, casework.CaseNumber(in.Number))
	if err != nil {
		return nil, err
	}
	return s.showCase(c)
}

type editCaseInput struct {
	CaseParam
	IfMatch string `header:"If-Match" maxLength:"1000" doc:"The ETag that the change was made upon; a stale one is 409. Left out or *: whatever there is."`
	Body    struct {
		Status   Change[string]            `json:"status,omitempty" enum:"new,assigned,started,waiting,done,closed,returned"`
		Class    Change[string]            `json:"class,omitempty"`
		Priority Change[Priority]          `json:"priority,omitempty"`
		Assignee Change[string]            `json:"assignee,omitempty"`
		Object   Change[string]            `json:"object,omitempty"`
		Subject  Change[string]            `json:"subject,omitempty"`
		WaitFor  Change[string]            `json:"waiting_for,omitempty" enum:"parts,customer,access,other" doc:"Of a case that waits, or comes to: what for; left out: other. reason has it in words"`
		Reason   string                    `json:"reason,omitempty" maxLength:"1000" doc:"Of a change of status: what is waited for, why it is handed back"`
		Access   *accessBody               `json:"access,omitempty" doc:"Suppliers who have work on the case are told by mail what has changed, and asked to answer"`
		Internal *bool                     `json:"internal,omitempty" doc:"true: where no customer has heard of the case; those who stood ready to leave it. 409 where one has"`
		Fields   map[string]Change[string] `json:"fields,omitempty" maxProperties:"100" doc:"Merged into those that there are; null or an empty text removes a field. A number of a class's field is kept with a point, a comma is taken as one; a date is YYYY-MM-DD"`
	}
}

func (s *server) editCase(ctx context.Context, in *editCaseInput) (*caseOutput, error) {
	who, b := callerOf(ctx), in.Body
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	if b.Subject.Set && strings.TrimSpace(b.Subject.Value) == "" {
		return nil, fault.New(fault.Invalid, needsSubject)
	}
	n := casework.CaseNumber(in.Number)
	expect, err := s.expected(ctx, org, n, in.IfMatch)
	if err != nil {
		return nil, err
	}
	edit := casework.Edit{
		Status: edited[casework.Status](b.Status), Priority: edited[casework.Priority](b.Priority), Class: edited[string](b.Class),
		Object: edited[string](b.Object), Assignee: edited[string](b.Assignee), Subject: edited[string](b.Subject),
		Fields: map[string]string{}, Why: b.Reason, WaitFor: edited[casework.WaitFor](b.WaitFor), Access: b.Access.edit(), Internal: b.Internal,
	}
	for name, value := range b.Fields {
		edit.Fields[name] = value.Value
	}
	c, _, err := s.desk(ctx).Do(ctx, org, n, edit, who.actor, expect)
	if err != nil {
		return nil, err
	}
	return s.showNoticing(ctx, c, b.Class.Value, b.Object.Value)
}

// expected turns the If-Match of a case into the version that must still hold, or 0.
func (s *server) expected(ctx context.Context, org casework.OrgID, n casework.CaseNumber, ifMatch string) (uint64, error) {
	return matched(ifMatch, func() (uint64, error) {
		c, err := s.desk(ctx).Case(ctx, org, n)
		return c.Version, err
	})
}

// matched turns If-Match into the version that must still hold, or 0. Tags are compared strongly, so that a weak one never
// matches (RFC 9110 section 13.1.1); the outside interface says 409 where that section has 412.
func matched(ifMatch string, version func() (uint64, error)) (uint64, error) {
	if ifMatch == "" || strings.TrimSpace(ifMatch) == "*" {
		return 0, nil
	}
	v, err := version()
	if err != nil {
		return 0, err
	}
	for tag := range strings.SplitSeq(ifMatch, ",") {
		if strings.TrimSpace(tag) == etag(v) {
			return v, nil
		}
	}
	return 0, fault.New(fault.Conflict, "it has changed meanwhile")
}

type addParticipantInput struct {
	CaseParam
	Body struct {
		Kind  string `json:"kind" enum:"customer,supplier,internal"`
		Name  string `json:"name,omitempty" maxLength:"200" nullable:"true"`
		Email string `json:"email" maxLength:"254"`
	}
}

func (s *server) addParticipant(ctx context.Context, in *addParticipantInput) (*caseOutput, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	cmd := casework.AddParticipant{Kind: casework.LaneKind(in.Body.Kind), Name: in.Body.Name, Email: in.Body.Email}
	c, _, err := s.desk(ctx).Do(ctx, org, casework.CaseNumber(in.Number), cmd, who.actor, 0)
	if err != nil {
		return nil, err
	}
	return s.showCase(c)
}

// Organisation is one that the token opens.
type Organisation struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type orgsOutput struct{ Body List[Organisation] }

func (s *server) listOrgs(ctx context.Context, _ *struct{}) (*orgsOutput, error) {
	page := desk.Page[Org]{Items: callerOf(ctx).orgs, Next: casestore.Key(nil)}
	body, err := listOf("", page, func(o Org) (Organisation, error) { return Organisation{ID: string(o.ID), Name: o.Name}, nil })
	return &orgsOutput{body}, err
}
