package admin

import (
	"context"
	"net/http"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
	reg "smartmail/register"
)

// Planner is what the API does with schedules.
type Planner interface {
	Schedules() desk.Register[reg.Schedule]
	ScheduleState(ctx context.Context, org casework.OrgID, id string) (desk.ScheduleState, error)
	Coming(ctx context.Context, org casework.OrgID, until casework.Day, after casestore.Key, limit int) (desk.Page[desk.Coming], error)
}

// ScheduleState is how far a schedule has come.
type ScheduleState struct {
	Next    *string    `json:"next" format:"date" doc:"Date of the next case; null: none is opened"`
	OpensAt *time.Time `json:"opens_at" doc:"When it is opened; null: it is not, or waits"`
	Last    *string    `json:"last" format:"date" doc:"Date of the last case; null: there is none yet"`
	Case    *uint64    `json:"case" doc:"The last case"`
	Waits   bool       `json:"waits" doc:"For the last case to be closed"`
}

type scheduleStateOutput struct{ Body ScheduleState }

func (s *server) scheduleCalls() {
	t := things[reg.Schedule]{s, "schedule", "schedules", func(d Desk) desk.Register[reg.Schedule] { return d.Schedules() }}
	t.calls()
	listThings(t, func(in *listSchedulesInput) thingFilter { return in.Object.by("by_object") })
	register(s, call{method: http.MethodGet, path: prefix + "/schedules/{id}/state", id: "get-schedule-state", summary: "The next date of a schedule, and its last case"}, s.getScheduleState)
	register(s, call{method: http.MethodGet, path: prefix + "/coming", id: "list-coming", summary: "The next case of each schedule that goes on, the earliest date first"}, s.listComing)
}

type listSchedulesInput struct {
	ListInput
	Object thingValue `query:"object" maxLength:"64" doc:"What their cases are about"`
}

func (s *server) getScheduleState(ctx context.Context, in *ThingParam) (*scheduleStateOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	state, err := s.desk(ctx).ScheduleState(ctx, org, in.ID)
	if err != nil {
		return nil, err
	}
	return &scheduleStateOutput{showState(state)}, nil
}

func showState(s desk.ScheduleState) ScheduleState {
	out := ScheduleState{Next: dayOrNull(s.Next), OpensAt: utc(s.Opens), Last: dayOrNull(s.Last), Waits: s.Waits}
	if n := uint64(s.Case); n != 0 {
		out.Case = &n
	}
	return out
}

// Coming is the next case of a schedule.
type Coming struct {
	Schedule string `json:"schedule"`
	Title    string `json:"title"`
	Class    string `json:"class"`
	Object   string `json:"object"`
	Assignee string `json:"assignee" doc:"Empty: the routes say"`
	ScheduleState
}

type listComingInput struct {
	OrgParam
	PageParams
	Until string `query:"until" format:"date" maxLength:"10" doc:"The last date; left out: all"`
}

type comingOutput struct{ Body List[Coming] }

func (s *server) listComing(ctx context.Context, in *listComingInput) (*comingOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	var until casework.Day
	if in.Until != "" {
		if until, err = casework.ParseDay(in.Until); err != nil {
			return nil, err
		}
	}
	list := scope("coming", org, in.Until)
	after, err := decodeCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.desk(ctx).Coming(ctx, org, until, after, in.limit())
	if err != nil {
		return nil, err
	}
	body, err := listOf(list, page, func(c desk.Coming) (Coming, error) {
		return Coming{Schedule: c.ID, Title: c.Title, Class: c.Class, Object: c.Object, Assignee: c.Assignee, ScheduleState: showState(c.State)}, nil
	})
	return &comingOutput{body}, err
}

func dayOrNull(d casework.Day) *string {
	if d == (casework.Day{}) {
		return nil
	}
	s := d.String()
	return &s
}
