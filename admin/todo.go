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
	ID       string     `json:"id" doc:"The entry that tells of it; of triage the item; of a webhook that; of a retention rule its edition; of what follows from how the case is, its code and the case: that is not said to be done, but done"`
	Org      string     `json:"org"`
	Case     uint64     `json:"case" doc:"Of a mail in triage the one that is suggested, or 0; of a webhook 0"`
	Subject  string     `json:"subject" doc:"Of the case, or of the mail in triage; of a webhook the host"`
	Lane     string     `json:"lane" doc:"Where to act: what a person writes there settles it"`
	For      string     `json:"for" doc:"Whose it is: who has the case, or the name under which somebody acts; empty: anybody's"`
	Code     string     `json:"code" doc:"new, not_started, deadline, overdue, triage, webhook, answer, delivery, approval, order_declined, order_returned, order_late, order_unanswered, retention, offers, invitation, unread, mention, watched, escalated, access ..."`
	Why      string     `json:"why" doc:"The same in words, in the organisation's language"`
	Urgency  string     `json:"urgency" enum:"now,soon,normal"`
	Priority Priority   `json:"priority" doc:"Of the case"`
	DueAt    *time.Time `json:"due_at"`
	Message  *string    `json:"message" doc:"The entry of the message, or the news, that it is about"`
	Since    time.Time  `json:"since" doc:"Of a deadline: when it is"`
}

func (s *server) todoCalls() {
	register(s, call{method: http.MethodGet, path: prefix + "/todo", id: "list-todo", summary: "What waits for a person, the most urgent first and of that the oldest"}, s.listTodo)
	register(s, call{method: http.MethodPost, path: prefix + "/todo/{id}/done", id: "done-todo", summary: "Say that it was seen to"}, s.doneTodo)
}

type listTodoInput struct {
	OrgParam
	PageParams
	For string `query:"for" maxLength:"1000" doc:"Whose: a contact, or a name under which somebody acts. A contact has also what nobody has taken on in his areas. Left out: everybody's, and what nobody in person has to see to"`
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
	body, err := listOf(list, page, func(t desk.Todo) (Todo, error) { return todo(org, t, s.view.languages[org]), nil })
	return &todoOutput{body}, err
}

func todo(org casework.OrgID, t desk.Todo, language string) Todo {
	c, a := t.Case, t.Attention
	out := Todo{
		ID: string(a.Entry), Org: string(org), Case: uint64(c.Number), Subject: c.Subject, Lane: string(a.Lane), For: a.For,
		Code: string(a.Code), Why: a.Words(language), Urgency: t.Urgency.String(), Since: a.Since.UTC(), DueAt: utc(c.DueAt),
		Priority: Priority(c.Priority),
	}
	if t.Triage != nil {
		out.Case, out.Subject = uint64(t.Triage.Case), t.Triage.Mail.Content.Subject
	}
	if t.Retention != nil {
		out.Subject = t.Retention.Class
	}
	if t.Webhook != nil {
		out.Subject = t.Webhook.Host()
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
