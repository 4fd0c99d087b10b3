package admin

import (
	"context"
	"net/http"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	reg "smartmail/register"
)

// Planner is what the API does with schedules.
type Planner interface {
	Schedules() desk.Register[reg.Schedule]
	ScheduleState(ctx context.Context, org casework.OrgID, id string) (desk.ScheduleState, error)
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
	out := ScheduleState{Next: dayOrNull(state.Next), OpensAt: utc(state.Opens), Last: dayOrNull(state.Last), Waits: state.Waits}
	if n := uint64(state.Case); n != 0 {
		out.Case = &n
	}
	return &scheduleStateOutput{out}, nil
}

func dayOrNull(d casework.Day) *string {
	if d == (casework.Day{}) {
		return nil
	}
	s := d.String()
	return &s
}
