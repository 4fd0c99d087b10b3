package admin

import (
	"context"
	"net/http"
	"time"

	"smartmail/casework"
)

// Doors is what the API does with door codes.
type Doors interface {
	Codes(ctx context.Context, org casework.OrgID, n casework.CaseNumber) (casework.DoorCodes, error)
	SetCodes(ctx context.Context, org casework.OrgID, n casework.CaseNumber, text string, by casework.Actor) (casework.DoorCodes, error)
}

// Codes are the door codes of a case.
type Codes struct {
	Text string     `json:"text" doc:"Empty: there are none"`
	By   *Actor     `json:"by,omitempty" doc:"Who wrote them"`
	At   *time.Time `json:"at,omitempty"`
}

type codesOutput struct{ Body Codes }

func (s *server) codesCalls() {
	path := prefix + "/cases/{number}/codes"
	register(s, call{method: http.MethodGet, path: path, id: "get-codes", summary: "Read the door codes of a case, for those who may see what is restricted", personal: true}, s.getCodes)
	register(s, call{method: http.MethodPut, path: path, id: "put-codes", summary: "Write the door codes of a case; suppliers at work get a link to them, and no mail has them", personal: true}, s.putCodes)
}

func showCodes(c casework.DoorCodes) *codesOutput {
	out := Codes{Text: c.Text, At: utc(c.At)}
	if out.At != nil {
		by := actor(c.By)
		out.By = &by
	}
	return &codesOutput{out}
}

type getCodesInput struct{ CaseParam }

func (s *server) getCodes(ctx context.Context, in *getCodesInput) (*codesOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	codes, err := s.desk(ctx).Codes(ctx, org, casework.CaseNumber(in.Number))
	if err != nil {
		return nil, err
	}
	return showCodes(codes), nil
}

type putCodesInput struct {
	CaseParam
	Body struct {
		Text string `json:"text" maxLength:"2000" doc:"Empty: they are removed"`
	}
}

func (s *server) putCodes(ctx context.Context, in *putCodesInput) (*codesOutput, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	codes, err := s.desk(ctx).SetCodes(ctx, org, casework.CaseNumber(in.Number), in.Body.Text, who.actor)
	if err != nil {
		return nil, err
	}
	return showCodes(codes), nil
}
