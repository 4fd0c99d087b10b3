package admin

import (
	"context"
	"net/http"
	"time"

	"smartmail/casework"
	"smartmail/desk"
)

// Feed is what the API reads of the log.
type Feed interface {
	Feed(ctx context.Context, org casework.OrgID, after uint64, limit int) ([]desk.EventView, error)
}

// Bell tells when something was added to the log.
type Bell interface {
	// Next returns a channel that is closed when the next thing happens.
	Next() <-chan struct{}
}

const (
	maxWaiters = 200         // callers who wait for an event at a time; others are answered at once
	lookAgain  = time.Second // another process may write to the store, which rings no bell here
)

// Event is a line of the organisation's log.
type Event struct {
	Seq   uint64    `json:"seq" doc:"From 1 within the organisation, without gaps, in the order in which it was committed"`
	At    time.Time `json:"at"`
	Kind  string    `json:"kind" enum:"entry,register" doc:"entry: a case has a new entry; register: a record has a new edition"`
	Case  *uint64   `json:"case" doc:"Of kind entry"`
	Thing string    `json:"thing,omitempty" doc:"Of kind register: the kind and the id of the record, such as object/norr"`
	Entry *Entry    `json:"entry,omitempty" doc:"Of kind entry: as in a case's timeline, with what became of it until now"`
}

// Events is a part of the log.
type Events struct {
	Items []Event `json:"items" nullable:"false"`
	Next  uint64  `json:"next" doc:"The last event of this answer: after of the next call, also where there was none"`
}

func (s *server) eventCalls() {
	register(s, call{method: http.MethodGet, path: prefix + "/events", id: "list-events", waits: true,
		summary: "What happened in the organisation, oldest first: for whoever keeps a copy. May wait for the next event"}, s.listEvents)
}

type listEventsInput struct {
	OrgParam
	After uint64 `query:"after" doc:"The seq of the last event that is known; 0: from the beginning. 409: the log ends before it, for it was restored"`
	Limit int    `query:"limit" minimum:"1" default:"50" doc:"Most events in the answer; over 200 means 200. It has fewer where they are large."`
	Wait  int    `query:"wait" minimum:"0" maximum:"30" doc:"Seconds that the answer may take where nothing has happened yet"`
}

type eventsOutput struct{ Body Events }

func (s *server) listEvents(ctx context.Context, in *listEventsInput) (*eventsOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	feed, err := s.awaited(ctx, time.Duration(in.Wait)*time.Second, func() ([]desk.EventView, error) {
		return s.feed(ctx, org, in.After, min(in.Limit, maxLimit))
	})
	if err != nil {
		return nil, err
	}
	out := &eventsOutput{Events{Items: make([]Event, 0, len(feed)), Next: in.After}}
	for _, e := range feed {
		shown, err := s.view.event(ctx, e)
		if err != nil {
			return nil, err
		}
		out.Body.Items, out.Body.Next = append(out.Body.Items, shown), e.Seq
	}
	return out, nil
}

// feed gathers events until there are enough of them, or enough text.
func (s *server) feed(ctx context.Context, org casework.OrgID, after uint64, limit int) (all []desk.EventView, err error) {
	for size := 0; len(all) < limit && size < maxBytes; {
		part, err := s.desk(ctx).Feed(ctx, org, after, min(portion, limit-len(all)))
		if err != nil {
			return nil, err
		}
		for _, e := range part {
			if after = e.Seq; e.Entry != nil {
				size += weighEntry(*e.Entry)
			}
		}
		all = append(all, part...)
		if len(part) < portion {
			break
		}
	}
	return all, nil
}

// awaited looks until there is something, or the caller has waited long enough.
func (s *server) awaited(ctx context.Context, wait time.Duration, look func() ([]desk.EventView, error)) ([]desk.EventView, error) {
	next := s.nextRing()
	feed, err := look()
	if len(feed) > 0 || err != nil || wait == 0 || !s.waiters.TryAcquire(1) {
		return feed, err
	}
	defer s.waiters.Release(1)
	again, enough := time.NewTicker(lookAgain), time.NewTimer(wait)
	defer again.Stop()
	defer enough.Stop()
	for len(feed) == 0 && err == nil {
		select {
		case <-next:
		case <-again.C:
		case <-enough.C:
			return feed, nil
		case <-s.Stopping:
			return feed, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		next = s.nextRing() // before the look, so that nothing is missed
		feed, err = look()
	}
	return feed, err
}

// nextRing is the bell's; without a bell nothing is ever heard.
func (s *server) nextRing() <-chan struct{} {
	if s.Bell == nil {
		return nil
	}
	return s.Bell.Next()
}

func (v view) event(ctx context.Context, e desk.EventView) (Event, error) {
	out := Event{Seq: e.Seq, At: e.At.UTC(), Kind: string(e.Kind), Thing: e.Thing}
	if n := uint64(e.Case); n != 0 {
		out.Case = &n
	}
	if e.Entry == nil {
		return out, nil
	}
	entry, err := v.entry(ctx, *e.Entry)
	out.Entry = &entry
	return out, err
}
