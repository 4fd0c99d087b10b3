package admin

import (
	"context"
	"net/http"
	"time"

	"smartmail/casework"
)

// Outgoing is one mail to one recipient, and what became of it so far.
type Outgoing struct {
	ID         string     `json:"id"`
	Org        string     `json:"org"`
	State      string     `json:"state" enum:"queued,deferred,failed,sent,bounced"`
	Case       uint64     `json:"case"`
	Entry      string     `json:"entry"`
	Lane       string     `json:"lane"`
	To         Mailbox    `json:"to"`
	ReplyTo    string     `json:"reply_to" doc:"The recipient's own reply address"`
	MessageID  string     `json:"message_id"`
	ReturnPath string     `json:"return_path"`
	At         time.Time  `json:"at"`
	NextAt     *time.Time `json:"next_at" doc:"When it is tried next; null when it is not"`
	Remote     string     `json:"remote" doc:"The remote's own words"`
	RemoteID   string     `json:"remote_id,omitempty" doc:"The remote's name for a mail that it took, where it told"`
	Status     string     `json:"status,omitempty" doc:"The enhanced code that came with its words (RFC 3463)"`
	TraceID    string     `json:"trace_id,omitempty" doc:"That of the entry"`
	Attempts   int        `json:"attempts" doc:"Begun so far"`
}

func (s *server) outboxCalls() {
	register(s, call{method: http.MethodGet, path: prefix + "/outbox", id: "list-outbox", summary: "Outgoing mail, oldest first"}, s.listOutbox)
}

type listOutboxInput struct {
	OrgParam
	PageParams
	State string `query:"state" enum:"queued,deferred,failed,sent,bounced" doc:"Left out: every state"`
}

type outboxOutput struct{ Body List[Outgoing] }

func (s *server) listOutbox(ctx context.Context, in *listOutboxInput) (*outboxOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	list := scope("outbox", org, in.State)
	after, err := decodeCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.desk(ctx).OutboxPage(ctx, org, casework.OutboxState(in.State), after, in.limit())
	if err != nil {
		return nil, err
	}
	body, err := listOf(list, page, outgoing)
	return &outboxOutput{body}, err
}

func outgoing(o casework.OutboxItem) (Outgoing, error) {
	out := Outgoing{
		ID: string(o.ID), Org: string(o.Org), State: string(o.State), Case: uint64(o.Case), Entry: string(o.Entry), Lane: string(o.Lane),
		To: Mailbox{Name: o.To.Name, Email: o.To.Email}, ReplyTo: o.ReplyTo, MessageID: o.MessageID, ReturnPath: o.ReturnPath,
		At: o.At.UTC(), Remote: o.Remote, RemoteID: o.RemoteID, Status: o.Status, Attempts: o.Attempts, TraceID: o.Trace,
	}
	if o.State == casework.Queued || o.State == casework.Deferred {
		out.NextAt = utc(o.NextAt)
	}
	return out, nil
}
