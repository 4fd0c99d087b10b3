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
	Via   string `json:"via" enum:"mail,api,rule,link"`
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

// Origin is the entry of another case that an entry was taken from.
type Origin struct {
	Case  uint64    `json:"case"`
	Entry string    `json:"entry"`
	At    time.Time `json:"at"`
}

// OrderFields are the fields of a work order.
type OrderFields struct {
	Deadline *time.Time `json:"deadline"`
	PriceCap *Kronor    `json:"price_cap"`
	Quote    bool       `json:"quote" doc:"A request for a price, not an order"`
}

// Line is a draft line of time, material or cost. Numbers are integers, so that nothing is rounded on the way.
type Line struct {
	Mail     string  `json:"mail" doc:"The entry of the mail that says so"`
	Minutes  int     `json:"minutes,omitempty"`
	Who      string  `json:"who,omitempty"`
	Quantity int64   `json:"quantity,omitempty" doc:"In thousandths"`
	Unit     string  `json:"unit,omitempty"`
	Article  string  `json:"article,omitempty"`
	Metres   int64   `json:"metres,omitempty" doc:"Of travel"`
	Price    *Kronor `json:"price,omitempty" doc:"Of one unit, or of the whole job where nothing else is told"`
	Note     string  `json:"note,omitempty"`
}

func draftLine(l casework.Line) *Line {
	out := &Line{
		Mail: string(l.Mail), Minutes: l.Minutes, Who: l.Who, Quantity: l.Quantity, Unit: l.Unit, Article: l.Article, Metres: l.Metres, Note: l.Note,
	}
	if ore := Kronor(l.Ore); ore != 0 {
		out.Price = &ore
	}
	return out
}

// Entry is one event on a case's timeline. The fields of a mail are there for kind mail_in, those of an order for order.
type Entry struct {
	ID          string       `json:"id"`
	Seq         uint64       `json:"seq" doc:"From 1 within the case"`
	At          time.Time    `json:"at"`
	Kind        string       `json:"kind" doc:"mail_in, mail_out, note, order, time, material, cost, flag, created, status, assignment, change, participant, link, confirmation, withdrawal, delivery, suspension, attended, doors, mention, watch, invitation, erasure, hold ..."`
	Actor       Actor        `json:"actor"`
	Lane        string       `json:"lane"`
	Order       string       `json:"order,omitempty" doc:"The order that it is about, such as 1042-2"`
	Visit       *Visit       `json:"visit,omitempty" doc:"That was booked, moved or cancelled; of kind invitation and answer counter the proposed one"`
	Org         string       `json:"org"`
	Case        uint64       `json:"case"`
	Why         string       `json:"why,omitempty" doc:"In words, where a rule did it"`
	Hidden      string       `json:"hidden,omitempty" enum:"held,withdrawn" doc:"Nobody outside sees it: it waits for a person to vouch for it, or was taken back"`
	TraceID     string       `json:"trace_id,omitempty" doc:"Id of the mail or request that caused it, which the log has in each line about that"`
	Origin      *Origin      `json:"origin,omitempty" doc:"The entry of another case that it was taken from"`
	Change      *FieldChange `json:"change,omitempty"`
	Delivery    []Delivered  `json:"delivery,omitzero" nullable:"false" doc:"Of kind mail_out and order: what became of the mail to each recipient so far; of kind delivery: the one that did not arrive"`
	Text        *string      `json:"text,omitempty" doc:"Of a reply only what is new; of a mail that opens a case all of it"`
	Attachments []Attachment `json:"attachments,omitzero" nullable:"false"`
	Line        *Line        `json:"line,omitempty" doc:"Of kind time, material and cost: a draft line as the supplier stated it"`
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
		Org: string(e.Org), Case: uint64(e.Case), Why: e.Why, TraceID: e.Trace,
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
	if o := e.Origin; o != nil {
		out.Origin = &Origin{Case: uint64(o.Case), Entry: string(o.Entry), At: o.At.UTC()}
	}
	if v := e.Visit; v != nil {
		out.Visit = &Visit{From: utc(v.From), To: utc(v.To), Cancelled: v.Cancelled}
	}
	if e.Order != 0 {
		out.Order = casework.OrderID(e.Case, e.Order)
	}
	if e.Line != nil {
		out.Line = draftLine(*e.Line)
	}
	out.Delivery = delivered(e)
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
