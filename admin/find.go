package admin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/property"
	"smartmail/search"
)

type listCasesInput struct {
	OrgParam
	PageParams
	Status   []string `query:"status" enum:"new,assigned,started,waiting,done,closed,returned" maxItems:"7" doc:"One or several, with commas: one of them."`
	Class    string   `query:"class" maxLength:"1000" doc:"A class with all below it: VVS selects VVS > Blandare too."`
	Priority string   `query:"priority" maxLength:"100" doc:"A deadline class in days, or a word of the organisation's own."`
	Assignee string   `query:"assignee" maxLength:"1000" doc:"- selects the cases that nobody is assigned to."`
	Object   string   `query:"object" maxLength:"1000" doc:"That object itself; area finds what lies in it as well."`
	Area     string   `query:"area" maxLength:"1000" doc:"An area, or any object: cases whose object lies in it"`
	Schedule string   `query:"schedule" maxLength:"64" doc:"The schedule that opened them."`
	Person   string   `query:"person" maxLength:"254" doc:"E-mail address of somebody who takes part, reported, or is assigned."`
	Order    []string `query:"order" enum:"asked,offered,thanked,open,accepted,booked,done,declined,returned,withdrawn" maxItems:"10" doc:"Cases with an order in that state, or one of those."`
	Internal string   `query:"internal" enum:"true,false" doc:"Only internal cases, or only the others."`
	Field    []string `query:"field,explode" maxItems:"10" doc:"name=value of a field of the organisation's own; may be given several times: all of them."`

	CreatedFrom time.Time `query:"created_from" doc:"At this instant or later."`
	CreatedTo   time.Time `query:"created_to" doc:"Before this instant."`
	UpdatedFrom time.Time `query:"updated_from" doc:"At this instant or later."`
	UpdatedTo   time.Time `query:"updated_to" doc:"Before this instant."`
	DueFrom     time.Time `query:"due_from" doc:"At this instant or later."`
	DueTo       time.Time `query:"due_to" doc:"Before this instant: with now, what is late."`

	Q    string `query:"q" maxLength:"200" doc:"Words, parts of compounds, numbers, e-mail addresses, names of attachments: all of them are on the case. The case of a number, or of the number of an order, comes first; telephone numbers are found however they are written; where little is found, what may have been meant follows. Ten words count."`
	Sort string `query:"sort" enum:"updated_at,-updated_at,number,-number" default:"-updated_at" doc:"With - the newest or the highest number first."`
}

type casesOutput struct{ Body List[Case] }

func (s *server) listCases(ctx context.Context, in *listCasesInput) (*casesOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	list := scope("cases", org, fmt.Sprintf("%+q", q.Where), in.Area, in.Internal, fmt.Sprint(q.Created, q.Updated, q.Due), in.Q, in.Sort)
	after, err := decodeCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.desk(ctx).Cases(ctx, org, desk.CaseFilter{Query: q, Area: property.ID(in.Area)}, after, in.limit())
	if err != nil {
		return nil, err
	}
	body, err := listOf(list, page, s.view.kase)
	return &casesOutput{body}, err
}

// query is what the parameters ask for.
func (in *listCasesInput) query() (search.Query, error) {
	q := search.Query{
		Created: search.Span{From: in.CreatedFrom, To: in.CreatedTo},
		Updated: search.Span{From: in.UpdatedFrom, To: in.UpdatedTo},
		Due:     search.Span{From: in.DueFrom, To: in.DueTo},
		Text:    in.Q,
		Oldest:  !strings.HasPrefix(in.Sort, "-"), ByNumber: strings.HasSuffix(in.Sort, "number"),
	}
	if in.Internal != "" {
		only := in.Internal == "true"
		q.Internal = &only
	}
	where := func(f search.Field, values ...string) {
		if strings.Join(values, "") != "" {
			q.Where = append(q.Where, search.Condition{Field: f, Values: values})
		}
	}
	where(search.Status, in.Status...)
	where(search.Class, in.Class)
	where(search.Priority, in.Priority)
	where(search.Assignee, in.Assignee)
	where(search.Object, in.Object)
	where(search.Schedule, in.Schedule)
	where(search.Person, casework.Address(in.Person))
	where(search.Order, in.Order...)
	for _, f := range in.Field {
		if name, value, _ := strings.Cut(f, "="); f != "" && (name == "" || value == "") {
			return q, fault.New(fault.Invalid, "field is name=value")
		}
		where(search.Custom, f)
	}
	return q, nil
}
