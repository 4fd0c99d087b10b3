package admin

import (
	"context"
	"net/http"

	"smartmail/casework"
)

// Watching is what the API does for those who want to know what happens on a case.
type Watching interface {
	Watch(ctx context.Context, org casework.OrgID, n casework.CaseNumber, w casework.Watch, by casework.Actor) (casework.Case, error)
}

func (s *server) watchCalls() {
	path := prefix + "/cases/{number}/watch"
	register(s, call{method: http.MethodPost, path: path, id: "watch-case", summary: "Watch a case: what happens on it stands in the to-do list of who watches, once until he has seen to it"}, s.watchCase)
	register(s, call{method: http.MethodDelete, path: path, id: "unwatch-case", summary: "Watch a case no longer"}, s.unwatchCase)
}

type watchInput struct {
	CaseParam
	Contact string `query:"contact" maxLength:"300" example:"bo" doc:"Who watches: somebody of the house who may see the case. Left out: whose the token is, by its name or by the address that it is for. Another's takes the right to change the case"`
}

func (s *server) watchCase(ctx context.Context, in *watchInput) (*caseOutput, error) {
	return s.watch(ctx, in, false)
}

func (s *server) unwatchCase(ctx context.Context, in *watchInput) (*caseOutput, error) {
	return s.watch(ctx, in, true)
}

func (s *server) watch(ctx context.Context, in *watchInput, stop bool) (*caseOutput, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	c, err := s.desk(ctx).Watch(ctx, org, casework.CaseNumber(in.Number), casework.Watch{Contact: in.Contact, Stop: stop}, who.actor)
	if err != nil {
		return nil, err
	}
	return s.showCase(c)
}
