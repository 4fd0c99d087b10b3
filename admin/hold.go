package admin

import (
	"context"
	"net/http"
	"time"

	"smartmail/casework"
)

// Holds is what the API does with legal holds.
type Holds interface {
	SetHold(ctx context.Context, org casework.OrgID, n casework.CaseNumber, h casework.SetHold, by casework.Actor) (casework.Case, error)
}

// Hold is a legal hold on a case.
type Hold struct {
	Reason string    `json:"reason"`
	By     Actor     `json:"by"`
	At     time.Time `json:"at"`
}

func showHold(h *casework.Hold) *Hold {
	if h == nil {
		return nil
	}
	return &Hold{Reason: h.Reason, By: actor(h.By), At: h.At.UTC()}
}

func (s *server) holdCalls() {
	register(s, call{
		method: http.MethodPut, path: prefix + "/cases/{number}/hold", id: "put-hold",
		summary: "Put a legal hold on a case, or lift it: while it is there neither retention nor the erasure of a person takes anything out of the case",
	}, s.putHold)
}

type putHoldInput struct {
	CaseParam
	Body struct {
		Held   bool   `json:"held" doc:"false: the hold is lifted"`
		Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"Stands on the timeline, for the house alone"`
	}
}

type holdOutput struct {
	Body struct {
		Hold *Hold `json:"hold,omitempty" doc:"Not there: the case may be erased"`
	}
}

func (s *server) putHold(ctx context.Context, in *putHoldInput) (*holdOutput, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	c, err := s.desk(ctx).SetHold(ctx, org, casework.CaseNumber(in.Number), casework.SetHold{On: in.Body.Held, Reason: in.Body.Reason}, who.actor)
	if err != nil {
		return nil, err
	}
	var out holdOutput
	out.Body.Hold = showHold(c.Hold)
	return &out, nil
}
