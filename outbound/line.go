package outbound

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"smartmail/casework"
	"smartmail/trace"
)

// window is how many mails a sender has claimed at the same time, under way or waiting in line.
const window = 200

// queue is what a running sender has in hand.
type queue struct {
	mu      sync.Mutex
	lines   map[string]*line
	held    int                  // claimed and not yet reported
	workers int                  // connections, of all lines
	full    bool                 // the last claim gave as much as was asked for: there may be more
	pauses  map[string]time.Time // until when a destination is left alone
	noting  chan struct{}        // holds a value for each outcome that is being written
	done    sync.WaitGroup
}

// maxNoting is how many outcomes may be on their way to the disk while the connections go on. The store writes those that come
// together in one commit. It is also how many mails at most go a second time after a crash.
const maxNoting = 64

// line is the mail for one destination.
type line struct {
	dest    string
	items   []casework.OutboxItem
	workers int
}

// perWorker is how many waiting mails make a further connection to the same destination worth while.
const perWorker = 4

// crowd is how long a mail waits when its destination has more in line than is its share.
const crowd = 10 * time.Second

// Run sends until ctx ends. Then it finishes mails whose last octet has left, gives the others back, and returns nil.
func (s *Sender) Run(ctx context.Context) error {
	q := &queue{lines: map[string]*line{}, pauses: map[string]time.Time{}, noting: make(chan struct{}, maxNoting)}
	tick := time.NewTicker(s.Poll)
	defer tick.Stop()
	for {
		if err := s.fill(ctx, q); err != nil && ctx.Err() == nil {
			s.Log.Error("no mail could be claimed", "err", err)
		}
		select {
		case <-ctx.Done():
			q.done.Wait()
			return nil
		case <-s.wake:
		case <-tick.C:
		}
	}
}

// lease is how long a claim lasts: for the longest delivery, and as long again of waiting in line.
func (s *Sender) lease() time.Duration { return 2 * (s.MailTimeout + s.Grace) }

// fill claims mail when there is room for a good deal of it.
func (s *Sender) fill(ctx context.Context, q *queue) error {
	q.mu.Lock()
	room := window - q.held
	q.mu.Unlock()
	if room < window/2 {
		return nil
	}
	items, err := s.Outbox.ClaimOutbox(ctx, s.owner, s.lease(), room)
	if err != nil {
		return err
	}
	q.mu.Lock()
	q.held += len(items)
	q.full = len(items) == room
	q.mu.Unlock()
	for _, item := range items {
		switch dest, err := s.destination(item); {
		case err != nil:
			s.report(ctx, q, item, outcomeOf(err))
		default:
			if later := s.join(ctx, q, dest, item); !later.IsZero() {
				s.release(ctx, q, item, later)
			}
		}
	}
	return nil
}

// join puts a mail in its line, and adds a connection where that is worth while. It returns a time, when to come again, where the
// destination is left alone for now, or the line is too long already: one slow domain must not fill the window.
func (s *Sender) join(ctx context.Context, q *queue, dest string, item casework.OutboxItem) time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := s.Now()
	if until, ok := q.pauses[dest]; ok && now.Before(until) {
		return until
	}
	l := q.lines[dest]
	if l == nil {
		l = &line{dest: dest}
		q.lines[dest] = l
	}
	if s.Smarthost == nil && len(l.items) >= window/4 {
		return now.Add(crowd)
	}
	l.items = append(l.items, item)
	s.hire(ctx, q, l)
	return time.Time{}
}

// pause leaves a destination alone for a while. Mail that waits in its line goes back untried.
func (s *Sender) pause(ctx context.Context, q *queue, l *line) {
	now := s.Now()
	until := now.Add(s.Pause)
	q.mu.Lock()
	maps.DeleteFunc(q.pauses, func(_ string, end time.Time) bool { return !now.Before(end) })
	q.pauses[l.dest] = until
	q.mu.Unlock()
	s.Log.Info("a destination is left alone for a while", "dest", l.dest, "until", until)
	for _, waiting := range q.rest(l) {
		s.release(ctx, q, waiting, until)
	}
}

// hire starts a connection for a line that has use for it. The caller holds the lock.
func (s *Sender) hire(ctx context.Context, q *queue, l *line) {
	if len(l.items) == 0 || l.workers > 0 && len(l.items) <= perWorker*l.workers || l.workers >= s.PerDestination || q.workers >= s.Connections {
		return
	}
	l.workers++
	q.workers++
	q.done.Go(func() { s.work(ctx, q, l) })
}

// work serves a line until it is empty.
func (s *Sender) work(ctx context.Context, q *queue, l *line) {
	c := &carrier{s: s, dest: l.dest}
	for {
		item, ok := q.next(l)
		if !ok {
			break
		}
		s.handle(ctx, q, l, c, item)
	}
	c.hangUp()
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, waiting := range q.lines { // whoever found no connection free when he came
		s.hire(ctx, q, waiting)
	}
}

// next takes the first mail of a line; where none is left the worker has left with that.
func (q *queue) next(l *line) (casework.OutboxItem, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(l.items) == 0 {
		l.workers--
		q.workers--
		if l.workers == 0 {
			delete(q.lines, l.dest)
		}
		return casework.OutboxItem{}, false
	}
	item := l.items[0]
	l.items = l.items[1:]
	return item, true
}

// rest empties a line.
func (q *queue) rest(l *line) []casework.OutboxItem {
	q.mu.Lock()
	defer q.mu.Unlock()
	items := l.items
	l.items = nil
	return items
}

// handle brings one mail to an end for this time.
func (s *Sender) handle(ctx context.Context, q *queue, l *line, c *carrier, item casework.OutboxItem) {
	limit := s.Now().Add(s.MailTimeout)
	if ctx.Err() != nil || item.LeasedUntil.Before(limit.Add(s.Grace)) { // or somebody else might begin it meanwhile
		s.release(ctx, q, item, time.Time{})
		return
	}
	m, err := s.prepare(ctx, item)
	if err != nil {
		if ctx.Err() != nil {
			s.release(ctx, q, item, time.Time{})
			return
		}
		s.report(ctx, q, item, prepareOutcome(err))
		return
	}
	got, err := c.deliver(ctx, m)
	var trouble *broken
	switch {
	case err == nil:
		s.report(ctx, q, item, casework.Outcome{State: casework.Sent, Status: got.status, Remote: got.String(), RemoteID: got.queueID()})
	case ctx.Err() != nil && errors.As(err, &trouble) && !trouble.afterEnd:
		s.release(ctx, q, item, time.Time{}) // it ended because we stop
	default:
		out := outcomeOf(err)
		s.report(ctx, q, item, out)
		if s.Pause > 0 && s.tooFast(err) {
			s.pause(ctx, q, l)
		} else if errors.As(err, &trouble) && trouble.connecting { // the others in line would fare no better
			for _, other := range q.rest(l) {
				s.report(ctx, q, other, out)
			}
		}
	}
}

// report notes what came of a mail, also while the sender stops.
func (s *Sender) report(ctx context.Context, q *queue, item casework.OutboxItem, out casework.Outcome) {
	s.settle(ctx, q, item, "its outcome could not be noted", func(ctx context.Context) error { return s.Outbox.ReportOutbox(ctx, item, out) })
	s.Observe(out)
	s.Log.InfoContext(traced(ctx, item), "outgoing mail", "org", item.Org, "case", item.Case, "outbox", item.ID, "state", out.State, "status", out.Status, "attempt", item.Attempts)
}

// traced is the context with the id of what caused a mail.
func traced(ctx context.Context, item casework.OutboxItem) context.Context {
	return trace.With(ctx, trace.ID(item.Trace))
}

// release gives a mail back untried.
func (s *Sender) release(ctx context.Context, q *queue, item casework.OutboxItem, dueAt time.Time) {
	s.settle(ctx, q, item, "it could not be given back", func(ctx context.Context) error { return s.Outbox.ReleaseOutbox(ctx, item, dueAt) })
}

// settle has the end of a claim written, without waiting for the disk.
func (s *Sender) settle(ctx context.Context, q *queue, item casework.OutboxItem, trouble string, write func(context.Context) error) {
	q.noting <- struct{}{}
	q.done.Go(func() {
		defer func() { <-q.noting }()
		s.write(ctx, q, item, trouble, write)
	})
}

// write writes the end of a claim. What can't be written is due again when the claim is over.
func (s *Sender) write(ctx context.Context, q *queue, item casework.OutboxItem, trouble string, write func(context.Context) error) {
	const tries, patience = 3, 5 * time.Second
	var err error
	for range tries {
		wctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		err = write(wctx)
		cancel()
		if err == nil {
			break
		}
	}
	if err != nil {
		s.Log.ErrorContext(traced(ctx, item), trouble, "org", item.Org, "case", item.Case, "outbox", item.ID, "err", err)
	}
	q.mu.Lock()
	q.held--
	more := q.full && q.held <= window/2
	q.mu.Unlock()
	if more {
		s.Wake()
	}
}
