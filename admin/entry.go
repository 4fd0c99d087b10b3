package admin

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"smartmail/casework"
	"smartmail/desk"
)

// Actor is who did something, and by which way.
type Actor struct {
	Via   string `json:"via" enum:"mail,api,rule"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

func actor(a casework.Actor) Actor { return Actor{Via: string(a.Via), Name: a.Name, Email: a.Mail} }

// FieldChange tells what changed.
type FieldChange struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// OrderFields are the fields of a work order.
type OrderFields struct {
	Deadline *time.Time `json:"deadline"`
	PriceCap *Kronor    `json:"price_cap"`
	Quote    bool       `json:"quote" doc:"A request for a price, not an order"`
}

// Entry is one event on a case's timeline. The fields of a mail are there for kind mail_in, those of an order for order.
type Entry struct {
	ID          string       `json:"id"`
	Seq         uint64       `json:"seq" doc:"From 1 within the case"`
	At          time.Time    `json:"at"`
	Kind        string       `json:"kind" doc:"mail_in, mail_out, note, order, created, status, assignment, change, participant, link, confirmation, withdrawal ..."`
	Actor       Actor        `json:"actor"`
	Lane        string       `json:"lane"`
	Org         string       `json:"org"`
	Case        uint64       `json:"case"`
	Why         string       `json:"why,omitempty" doc:"In words, where a rule did it"`
	Hidden      string       `json:"hidden,omitempty" enum:"held,withdrawn" doc:"Nobody outside sees it: it waits for a person to vouch for it, or was taken back"`
	Change      *FieldChange `json:"change,omitempty"`
	Text        *string      `json:"text,omitempty" doc:"Of a reply only what is new; of a mail that opens a case all of it"`
	Attachments []Attachment `json:"attachments,omitzero" nullable:"false"`
	*MailFields
	*OrderFields
}

// TransformSchema implements huma.SchemaTransformer: which fields an entry has depends on its kind.
func (Entry) TransformSchema(r huma.Registry, s *huma.Schema) *huma.Schema {
	mailSchema(r, s)
	s.Required = []string{"id", "seq", "at", "kind", "actor", "lane", "org", "case"}
	return s
}

// entry shows an entry.
func (v view) entry(ctx context.Context, e desk.EntryView) (Entry, error) {
	out := Entry{
		ID: string(e.ID), Seq: e.Seq, At: e.At.UTC(), Kind: string(e.Kind), Actor: actor(e.Actor), Lane: string(e.Lane),
		Org: string(e.Org), Case: uint64(e.Case), Why: e.Why,
	}
	switch {
	case e.Withdrawn:
		out.Hidden = "withdrawn"
	case e.Held:
		out.Hidden = "held"
	}
	if c := e.Change; c != nil {
		out.Change = &FieldChange{Field: c.Field, From: c.From, To: c.To}
	}
	if e.Text != "" {
		out.Text = &e.Text
	}
	if e.MailOut != nil {
		out.Attachments = sentFiles(e.MailOut.Files)
		if e.Kind != casework.KindNote { // which has its text where other entries have theirs
			out.Text = &e.MailOut.Text
		}
	}
	if e.Kind == casework.KindOrder && e.MailOut != nil {
		out.OrderFields = &OrderFields{Deadline: utc(e.MailOut.Deadline), Quote: e.MailOut.Quote}
		if ore := Kronor(e.MailOut.PriceCap); ore != 0 {
			out.PriceCap = &ore
		}
	}
	if e.MailIn != nil && e.Mail != nil {
		fields, common, err := v.mail(ctx, *e.Mail, e.MailIn.Sender, e.MailIn.Matched)
		if err != nil {
			return out, err
		}
		fields.SuggestSplit = e.MailIn.SuggestSplit
		out.MailFields, out.Text, out.Attachments = &fields, &common.text, common.attachments
	}
	return out, nil
}

func sentFiles(files []casework.File) []Attachment {
	out := make([]Attachment, 0, len(files))
	for _, f := range files {
		out = append(out, Attachment{ID: f.ID, Name: f.Name, Type: f.Type, Size: f.Size, SHA256: f.SHA256})
	}
	return out
}
