package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/download"
)

// People is what the API does for a person who asks what is held of him, or to be forgotten.
type People interface {
	Export(ctx context.Context, org casework.OrgID, w desk.Whose) (*desk.Export, error)
	Erase(ctx context.Context, org casework.OrgID, o desk.Erasure) (desk.Erased, error)
}

func (s *server) peopleCalls() {
	register(s, call{method: http.MethodGet, path: prefix + "/people/export", id: "export-person", streams: true, object: true, exports: true,
		summary: "All that is held of a person: contact, editions, tenancies, cases with what he sees of them, mails, suspensions, counts of notices, tokens, what he watches"}, s.exportPerson)
	register(s, call{method: http.MethodPost, path: prefix + "/people/erase", id: "erase-person", waits: true,
		summary: "Erase a person and keep the figures. Where next is not empty, call again with it as after"}, s.erasePerson)
}

type exportPersonInput struct {
	OrgParam
	Contact string `query:"contact" maxLength:"300" doc:"The person's contact in the register; this or email"`
	Email   string `query:"email" maxLength:"320" doc:"An address of his; with a contact that has it, all of that contact's count"`
}

func (s *server) exportPerson(ctx context.Context, in *exportPersonInput) (*huma.StreamResponse, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	about(ctx, in.Contact, in.Email)
	x, err := s.desk(ctx).Export(ctx, org, desk.Whose{Contact: in.Contact, Email: in.Email})
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		download.Headers(humagin.Unwrap(hc).Writer.Header(), "person.json", "application/json", false)
		hc.SetStatus(http.StatusOK)
		out := lists{w: bufio.NewWriterSize(hc.BodyWriter(), 64<<10), names: desk.ExportLists()}
		err := x.Read(ctx, func(e desk.Exported) error {
			v, err := s.exported(ctx, e)
			if err != nil {
				return err
			}
			return out.add(e.List, v)
		})
		if err == nil {
			err = out.end()
		}
		if err != nil {
			s.late(ctx, fmt.Errorf("export: %w", err))
			panic(http.ErrAbortHandler) // the peer must not take a part for the whole
		}
	}}, nil
}

// lists writes an object of lists, whose items come one at a time, list after list.
type lists struct {
	w     *bufio.Writer
	names []string // in the order in which they come
	begun int      // lists
	items int      // in the last
}

// begin writes what stands before the items of a list; lists that have none are empty. "" ends the last one.
func (l *lists) begin(name string) error {
	for l.begun == 0 || l.begun <= len(l.names) && l.names[l.begun-1] != name {
		if l.begun == len(l.names) {
			return nil
		}
		between := "{"
		if l.begun > 0 {
			between = "],"
		}
		if _, err := fmt.Fprintf(l.w, "%s%q:[", between, l.names[l.begun]); err != nil {
			return err
		}
		l.begun, l.items = l.begun+1, 0
	}
	return nil
}

func (l *lists) add(name string, v any) error {
	b, err := json.Marshal(v)
	if err == nil {
		err = l.begin(name)
	}
	if err != nil {
		return err
	}
	if l.items++; l.items > 1 {
		b = append([]byte(","), b...)
	}
	_, err = l.w.Write(b)
	return err
}

func (l *lists) end() error {
	if err := l.begin(""); err != nil {
		return err
	}
	if _, err := l.w.WriteString("]}\n"); err != nil {
		return err
	}
	return l.w.Flush()
}

// exported shows a record as the calls about its kind do.
func (s *server) exported(ctx context.Context, e desk.Exported) (any, error) {
	switch {
	case e.Contact != nil:
		return e.Contact.Thing, nil
	case e.Edition != nil:
		return Edition{Number: e.Edition.Number, At: e.Edition.At.UTC(), By: actor(e.Edition.By), Thing: e.Edition.Thing}, nil
	case e.Tenancy != nil:
		return e.Tenancy.Thing, nil
	case e.Case != nil:
		return s.view.kase(*e.Case)
	case e.Entry != nil:
		return s.view.entry(ctx, *e.Entry)
	case e.Mail != nil:
		fields, shown, err := s.view.mail(ctx, *e.Mail, "", casework.Matched{})
		return struct {
			Text        string       `json:"text"`
			Attachments []Attachment `json:"attachments"`
			MailFields
		}{shown.text, shown.attachments, fields}, err
	case e.Suspends != nil:
		return s.suspension(ctx, *e.Suspends)
	case e.Trusts != nil:
		return e.Trusts, nil
	case e.Notified != nil:
		return e.Notified, nil
	case e.Watch != nil:
		return struct {
			Case  uint64 `json:"case"`
			Entry string `json:"entry"`
		}{uint64(e.Watch.Case), string(e.Watch.Entry)}, nil
	default:
		return token(*e.Token), nil
	}
}

type erasePersonInput struct {
	OrgParam
	Body struct {
		Contact string `json:"contact,omitempty" maxLength:"300" doc:"The person's contact in the register; this or email"`
		Email   string `json:"email,omitempty" maxLength:"320" doc:"An address of his; with a contact that has it, all of that contact's count"`
		DryRun  bool   `json:"dry_run,omitempty" doc:"Only count what would be rewritten or removed"`
		After   string `json:"after,omitempty" maxLength:"1000" doc:"next of the call before"`
		Why     string `json:"why,omitempty" maxLength:"1000" doc:"Stands on each case; says nothing of the person"`
	}
}

// Erased counts what was rewritten or removed.
type Erased struct {
	Cases      int    `json:"cases"`
	Open       int    `json:"open" doc:"Of the cases, those that are not closed: nobody of the person's can be reached about them any more"`
	Entries    int    `json:"entries"`
	Mails      int    `json:"mails"`
	Files      int    `json:"files" doc:"That were sent to him alone"`
	Outgoing   int    `json:"outgoing"`
	References int    `json:"references" doc:"Message-IDs that he had part in"`
	Addresses  int    `json:"addresses" doc:"Suspensions, trusted senders, counts of notices"`
	Tokens     int    `json:"tokens" doc:"Ended"`
	Contacts   int    `json:"contacts"`
	Editions   int    `json:"editions"`
	Watches    int    `json:"watches" doc:"Cases that he watched"`
	Next       string `json:"next" doc:"after of the next call; empty: it is done"`

	Held []uint64 `json:"held" nullable:"false" doc:"Cases on legal hold: nothing was taken out of them, and the contact stays until they are free"`
}

func erased(e desk.Erased) Erased {
	out := Erased{
		Cases: e.Cases, Open: e.Open, Entries: e.Entries, Mails: e.Mails, Files: e.Files, Outgoing: e.Outgoing, References: e.References,
		Addresses: e.Addresses, Tokens: e.Tokens, Contacts: e.Contacts, Editions: e.Editions, Watches: e.Watches, Next: e.Next, Held: []uint64{},
	}
	for _, n := range e.Held {
		out.Held = append(out.Held, uint64(n))
	}
	return out
}

type erasedOutput struct{ Body Erased }

func (s *server) erasePerson(ctx context.Context, in *erasePersonInput) (*erasedOutput, error) {
	who, b := callerOf(ctx), in.Body
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	about(ctx, b.Contact, "") // an address would outlive him here
	did, err := s.desk(ctx).Erase(ctx, org, desk.Erasure{
		Whose: desk.Whose{Contact: b.Contact, Email: b.Email}, DryRun: b.DryRun, After: b.After, Why: b.Why, By: who.actor,
	})
	return &erasedOutput{erased(did)}, err
}
