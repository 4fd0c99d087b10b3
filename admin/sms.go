package admin

import (
	"context"
	"net/http"
	"time"

	"smartmail/casework"
)

// SMS is one text message to somebody of the house, and what became of it so far.
type SMS struct {
	ID       string     `json:"id"`
	Org      string     `json:"org"`
	State    string     `json:"state" enum:"queued,deferred,sent,delivered,failed"`
	Case     uint64     `json:"case"`
	Contact  string     `json:"contact"`
	To       string     `json:"to" doc:"His number"`
	Text     string     `json:"text"`
	Segments int        `json:"segments" doc:"That it takes, and costs"`
	At       time.Time  `json:"at"`
	NextAt   *time.Time `json:"next_at" doc:"When it is tried next, behind quiet hours; null when it is not"`
	Words    string     `json:"words" doc:"The provider's own, or ours"`
	RemoteID string     `json:"remote_id" doc:"The provider's name for it"`
	Attempts int        `json:"attempts"`
}

func (s *server) smsCalls() {
	register(s, call{method: http.MethodGet, path: prefix + "/sms", id: "list-sms", summary: "Text messages, oldest first"}, s.listSMS)
}

type listSMSInput struct {
	OrgParam
	PageParams
	State string `query:"state" enum:"queued,deferred,sent,delivered,failed" doc:"Left out: every state"`
}

type smsOutput struct{ Body List[SMS] }

func (s *server) listSMS(ctx context.Context, in *listSMSInput) (*smsOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	list := scope("sms", org, in.State)
	after, err := decodeCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.desk(ctx).SMSPage(ctx, org, casework.SMSState(in.State), after, in.limit())
	if err != nil {
		return nil, err
	}
	body, err := listOf(list, page, textMessage)
	return &smsOutput{body}, err
}

func textMessage(m casework.SMS) (SMS, error) {
	out := SMS{
		ID: string(m.ID), Org: string(m.Org), State: string(m.State), Case: uint64(m.Case), Contact: m.Contact, To: m.To, Text: m.Text, Segments: m.Segments,
		At: m.At.UTC(), Words: m.Words, RemoteID: m.RemoteID, Attempts: m.Attempts,
	}
	if m.Waits() {
		out.NextAt = utc(m.NextAt)
	}
	return out, nil
}
