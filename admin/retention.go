package admin

import (
	"context"
	"net/http"
	"slices"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
)

// Retentions is what the API does with the rules by which cases are erased.
type Retentions interface {
	Retention(ctx context.Context, org casework.OrgID) ([]desk.RetentionView, error)
	ConfirmRetention(ctx context.Context, org casework.OrgID, class, edition string, by casework.Actor) (casework.Retention, error)
}

func (s *server) retentionCalls() {
	register(s, call{method: http.MethodGet, path: prefix + "/retention", id: "list-retention", summary: "The rules by which closed cases are erased, each with what it would erase now: the dry run. A rule does nothing before its edition is confirmed"}, s.listRetention)
	register(s, call{method: http.MethodPost, path: prefix + "/retention/confirm", id: "confirm-retention", summary: "Let a retention rule work, as it is in the edition that you have seen"}, s.confirmRetention)
}

// RetentionRule is a rule by which cases are erased.
type RetentionRule struct {
	Class       string           `json:"class" doc:"Whose rule it is, with all classes under it; empty: every case (organisations[].retention)"`
	Months      int              `json:"months" doc:"After closing"`
	Except      []string         `json:"except" nullable:"false" doc:"Classes for which another rule counts, or none"`
	Edition     string           `json:"edition" doc:"Names the rule as it is: what decides which cases are erased is another edition when it changes"`
	Confirmed   bool             `json:"confirmed" doc:"This edition is: it works each night"`
	ConfirmedBy *Actor           `json:"confirmed_by,omitempty" doc:"Who confirmed an edition last"`
	ConfirmedAt *time.Time       `json:"confirmed_at,omitempty"`
	Cases       int              `json:"cases" doc:"That it would erase now"`
	Classes     []RetentionClass `json:"classes" nullable:"false" doc:"Of these"`
	RanAt       *time.Time       `json:"ran_at,omitempty" doc:"Its last run"`
	Ran         int              `json:"ran" doc:"Cases that were erased in it"`
	Total       int              `json:"total" doc:"Cases that it has erased in all"`
	Failures    int              `json:"failures,omitempty" doc:"Cases that could not be erased in its last run; they are tried again in the next one"`
	Failed      []uint64         `json:"failed,omitempty" doc:"Their numbers, 100 at most"`
}

// RetentionClass counts the cases of a class that a rule would erase.
type RetentionClass struct {
	Class  string    `json:"class"`
	Cases  int       `json:"cases"`
	Oldest time.Time `json:"oldest" doc:"When the first of them was closed"`
	Newest time.Time `json:"newest"`
	Sample []uint64  `json:"sample" nullable:"false" doc:"Numbers of the oldest ones"`
}

func retentionRule(v desk.RetentionView) RetentionRule {
	out := RetentionRule{
		Class: v.Class, Months: v.Months, Except: append([]string{}, v.Except...), Edition: v.Edition, Confirmed: v.Confirmed(),
		ConfirmedAt: utc(v.State.At), Classes: []RetentionClass{}, RanAt: utc(v.State.RanAt), Ran: v.State.Ran, Total: v.State.Total, Failures: v.State.Failures,
	}
	for _, n := range v.State.Failed {
		out.Failed = append(out.Failed, uint64(n))
	}
	if out.ConfirmedAt != nil {
		by := actor(v.State.By)
		out.ConfirmedBy = &by
	}
	for _, c := range v.Classes {
		shown := RetentionClass{Class: c.Class, Cases: c.Cases, Oldest: c.Oldest.UTC(), Newest: c.Newest.UTC(), Sample: []uint64{}}
		for _, n := range c.Sample {
			shown.Sample = append(shown.Sample, uint64(n))
		}
		out.Cases, out.Classes = out.Cases+c.Cases, append(out.Classes, shown)
	}
	return out
}

type retentionOutput struct{ Body List[RetentionRule] }

func (s *server) listRetention(ctx context.Context, in *struct{ OrgParam }) (*retentionOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	all, err := s.desk(ctx).Retention(ctx, org)
	if err != nil {
		return nil, err
	}
	out := retentionOutput{Body: List[RetentionRule]{Items: []RetentionRule{}}}
	for _, v := range all {
		out.Body.Items = append(out.Body.Items, retentionRule(v))
	}
	return &out, nil
}

type confirmRetentionInput struct {
	OrgParam
	Body struct {
		Class   string `json:"class" maxLength:"300" doc:"Empty: the rule of every case"`
		Edition string `json:"edition" minLength:"1" maxLength:"100" doc:"As the dry run showed it; another one by now is 409"`
	}
}

type confirmRetentionOutput struct{ Body RetentionRule }

func (s *server) confirmRetention(ctx context.Context, in *confirmRetentionInput) (*confirmRetentionOutput, error) {
	who, b := callerOf(ctx), in.Body
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	if _, err := s.desk(ctx).ConfirmRetention(ctx, org, b.Class, b.Edition, who.actor); err != nil {
		return nil, err
	}
	all, err := s.desk(ctx).Retention(ctx, org)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(v desk.RetentionView) bool { return v.Class == b.Class })
	if i < 0 {
		return nil, fault.New(fault.Conflict, "the rule was taken away meanwhile")
	}
	return &confirmRetentionOutput{retentionRule(all[i])}, nil
}
