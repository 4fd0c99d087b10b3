package admin

import (
	"context"
	"net/http"
	"time"

	"smartmail/casework"
)

// Suspension keeps mail from an address at which a message failed for good.
type Suspension struct {
	Email  string    `json:"email"`
	Org    string    `json:"org"`
	At     time.Time `json:"at"`
	Status string    `json:"status" doc:"Enhanced code (RFC 3463) of the failure; empty: unknown"`
	Words  string    `json:"words" doc:"The remote's own"`
	Case   uint64    `json:"case" doc:"Of the message that failed"`
	Outbox string    `json:"outbox" doc:"The mail that failed"`

	Message string `json:"message" doc:"The entry of the message that it bore"`
}

func (s *server) suspensionCalls() {
	register(s, call{method: http.MethodGet, path: prefix + "/suspensions", id: "list-suspensions", summary: "Addresses that get no mail, and why"}, s.listSuspensions)
	register(s, call{method: http.MethodDelete, path: prefix + "/suspensions/{address}", id: "lift-suspension", summary: "Let mail go to an address again"}, s.liftSuspension)
}

type listSuspensionsInput struct {
	OrgParam
	PageParams
}

type suspensionsOutput struct{ Body List[Suspension] }

func (s *server) listSuspensions(ctx context.Context, in *listSuspensionsInput) (*suspensionsOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	list := scope("suspensions", org)
	after, err := decodeCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.desk(ctx).Suspensions(ctx, org, after, in.limit())
	if err != nil {
		return nil, err
	}
	body, err := listOf(list, page, func(sp casework.Suspension) (Suspension, error) { return s.suspension(ctx, sp) })
	return &suspensionsOutput{body}, err
}

func (s *server) suspension(ctx context.Context, sp casework.Suspension) (Suspension, error) {
	o, err := s.House.OutboxItem(ctx, sp.Org, sp.Outbox)
	return Suspension{
		Email: sp.Email, Org: string(sp.Org), At: sp.At.UTC(), Status: sp.Status, Words: sp.Remote, Case: uint64(sp.Case),
		Outbox: string(sp.Outbox), Message: string(o.Entry),
	}, err
}

type liftSuspensionInput struct {
	OrgParam
	Address string `path:"address" maxLength:"320" doc:"The e-mail address"`
}

type suspensionOutput struct{ Body Suspension }

// liftSuspension answers with what was lifted.
func (s *server) liftSuspension(ctx context.Context, in *liftSuspensionInput) (*suspensionOutput, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	lifted, err := s.desk(ctx).LiftSuspension(ctx, org, in.Address, who.actor)
	if err != nil {
		return nil, err
	}
	body, err := s.suspension(ctx, lifted)
	return &suspensionOutput{body}, err
}
