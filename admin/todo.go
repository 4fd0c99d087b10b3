package admin

import (
	"context"
	"net/http"
	"time"

	"smartmail/casework"
	"smartmail/desk"
)

// Todo is something that waits for a person.
type Todo struct {
	ID      string    `json:"id" doc:"The entry that tells of it"`
	Org     string    `json:"org"`
	Case    uint64    `json:"case"`
	Subject string    `json:"subject" doc:"Of the case"`
	Lane    string    `json:"lane" doc:"Where to act: what a person writes there settles it"`
	For     string    `json:"for" doc:"Whose it is, by the name that he acts under; empty: anybody's"`
	Why     string    `json:"why"`
	Message *string   `json:"message" doc:"The entry of the message that it is about"`
	Since   time.Time `json:"since"`
}

func (s *server) todoCalls() {
	register(s, call{method: http.MethodGet, path: prefix + "/todo", id: "list-todo", summary: "What waits for a person, newest last"}, s.listTodo)
	register(s, call{method: http.MethodPost, path: prefix + "/todo/{id}/done", id: "done-todo", summary: "Say that it was seen to"}, s.doneTodo)
}

type listTodoInput struct {
	OrgParam
	PageParams
	For string `query:"for" maxLength:"1000" doc:"Whose; left out: everybody's, and what nobody in person has to see to"`
}

type todoOutput struct{ Body List[Todo] }

func (s *server) listTodo(ctx context.Context, in *listTodoInput) (*todoOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	list := scope("todo", org, in.For)
	after, err := decodeCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.desk(ctx).Todos(ctx, org, in.For, after, in.limit())
	if err != nil {
		return nil, err
	}
	body, err := listOf(list, page, func(t desk.Todo) (Todo, error) { return todo(t.Case, t.Attention), nil })
	return &todoOutput{body}, err
}

func todo(c casework.Case, a casework.Attention) Todo {
	out := Todo{
		ID: string(a.Entry), Org: string(c.Org), Case: uint64(c.Number), Subject: c.Subject, Lane: string(a.Lane), For: a.For,
		Why: a.Why, Since: a.Since.UTC(),
	}
	if about := string(a.About); about != "" {
		out.Message = &about
	}
	return out
}

func (s *server) doneTodo(ctx context.Context, in *struct{ IDParam }) (*entryOutput, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	told, err := s.desk(ctx).Attend(ctx, org, casework.EntryID(in.ID), who.actor)
	if err != nil {
		return nil, err
	}
	body, err := s.view.entry(ctx, desk.EntryView{Entry: told})
	return &entryOutput{body}, err
}
