package scan

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"smartmail/fault"
	"smartmail/message"
)

// asker is the protocol of one scanner. ask does not touch raw any more when it has returned.
type asker interface {
	ask(ctx context.Context, env message.Envelope, raw message.Raw) (Verdict, error)
}

// guard asks one scanner within its time limit, and less often while it is down.
type guard struct {
	name    string
	asker   asker
	down    Down
	timeout time.Duration
	now     func() time.Time
	log     *slog.Logger

	mu       sync.Mutex
	failures int       // in a row
	nextTry  time.Time // while it is down
}

const (
	// tolerated is how many failures in a row make a scanner count as down. One alone may lie in the mail, and whoever
	// sends such a mail must not switch the scanner off for those that follow.
	tolerated = 3
	pause     = 5 * time.Second // between tries while it is down
)

// errPaused is the failure of a scanner that was not asked.
var errPaused = errors.New("it failed several times in a row, and is asked again in a few seconds")

func (g *guard) scan(ctx context.Context, env message.Envelope, raw message.Raw) (Verdict, error) {
	if !g.admit() {
		return g.missing(errPaused)
	}
	within, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	v, err := g.asker.ask(within, env, raw)
	if err != nil && ctx.Err() != nil { // the peer's time is over, which says nothing of the scanner
		return Verdict{}, fmt.Errorf("%s: %w", g.name, ctx.Err())
	}
	g.note(err == nil)
	if err != nil {
		g.log.Warn("a scanner does not answer", "scanner", g.name, "conn", env.Conn, "err", err)
		return g.missing(err)
	}
	return v, nil
}

// admit tells whether to ask. While the scanner is down, one mail in each pause finds out whether it still is.
func (g *guard) admit() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.failures < tolerated {
		return true
	}
	now := g.now()
	if now.Before(g.nextTry) {
		return false
	}
	g.nextTry = now.Add(pause)
	return true
}

// note remembers how it went.
func (g *guard) note(ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if ok {
		g.failures = 0
		return
	}
	g.failures++
	g.nextTry = g.now().Add(pause)
}

// missing is what a mail gets that this scanner did not look at.
func (g *guard) missing(err error) (Verdict, error) {
	if g.down == Defer {
		return Verdict{}, fault.Wrap(fault.Ours, "a scanner does not answer, try again later", fmt.Errorf("%s: %w", g.name, err))
	}
	return Verdict{Action: Mark, Reasons: []string{g.name + ": did not answer, so the mail is not scanned by it"}, Down: []string{g.name}}, nil
}
