package admin

import (
	"context"
	"net/http"
	"strconv"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
)

func (s *server) entryCalls() {
	register(s, call{method: http.MethodGet, path: prefix + "/cases/{number}/entries", id: "list-entries", summary: "A case's timeline, oldest first"}, s.listEntries)
	register(s, call{method: http.MethodGet, path: prefix + "/entries/{id}", id: "get-entry", summary: "Read an entry"}, s.getEntry)
}

type listEntriesInput struct {
	CaseParam
	PageParams
}

type entriesOutput struct{ Body List[Entry] }

func (s *server) listEntries(ctx context.Context, in *listEntriesInput) (*entriesOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	list := scope("entries", org, strconv.FormatUint(in.Number, 10))
	after, err := decodeCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := gather(in.limit(), after, weighEntry, func(after casestore.Key, limit int) (desk.Page[desk.EntryView], error) {
		return s.desk(ctx).Entries(ctx, org, casework.CaseNumber(in.Number), after, limit)
	})
	if err != nil {
		return nil, err
	}
	body, err := listOf(list, page, func(e desk.EntryView) (Entry, error) { return s.view.entry(ctx, e) })
	return &entriesOutput{body}, err
}

// weighEntry counts the bytes of an entry's texts.
func weighEntry(e desk.EntryView) int {
	size := len(e.Text)
	if e.MailOut != nil {
		size += len(e.MailOut.Text)
	}
	if e.Mail != nil {
		size += weighMail(*e.Mail)
	}
	return size
}

func weighMail(m casework.Mail) int {
	return len(m.Content.Text) + len(m.Content.FullText) + len(m.Content.HTML)
}

// IDParam names a thing by its id.
type IDParam struct {
	OrgParam
	ID string `path:"id" maxLength:"64" doc:"As lists and entries name it"`
}

type entryOutput struct{ Body Entry }

func (s *server) getEntry(ctx context.Context, in *struct{ IDParam }) (*entryOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	e, err := s.desk(ctx).Entry(ctx, org, casework.EntryID(in.ID))
	if err != nil {
		return nil, err
	}
	body, err := s.view.entry(ctx, e)
	return &entryOutput{body}, err
}
