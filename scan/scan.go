// Package scan asks spam and virus scanners about a mail before it is committed.
//
// rspamd is asked over HTTP and clamd over its own protocol, side by side, each within a time limit. What they say
// becomes one verdict, the strongest of theirs, with reasons that staff can read. A scanner that does not answer is the
// operator's choice: the mail is accepted and marked, or deferred until the scanner is back.
//
//	mail → Scan → {rspamd ‖ clamd} → Combine → Verdict (pass < mark < triage < reject) or fault.Ours
//
// Invariants:
//   - Only a complete and well-formed answer counts as clean; whatever else comes back is a scanner that did not answer.
//   - The raw mail is not read any more when Scan has returned.
//   - Time, memory and the length of every reason are bounded, whatever a scanner sends.
//   - A scanner that is down costs its time limit a few times, and then once every few seconds.
package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"smartmail/message"
)

// Action is what becomes of a mail. A greater one is stronger.
type Action int

// The actions.
const (
	Pass   Action = iota
	Mark          // placed as any mail, and shown with the reasons
	Triage        // a person looks before it is on any case
	Reject        // refused for good
)

var actionWords = [...]string{"pass", "mark", "triage", "reject"}

func (a Action) String() string {
	if a < Pass || a > Reject {
		return fmt.Sprintf("Action(%d)", int(a))
	}
	return actionWords[a]
}

// ParseAction reads the word for an action.
func ParseAction(word string) (Action, error) {
	for i, w := range actionWords {
		if w == word {
			return Action(i), nil
		}
	}
	return Pass, fmt.Errorf("scan: %q is none of %s", word, strings.Join(actionWords[:], ", "))
}

// Verdict is what scanners say of a mail.
type Verdict struct {
	Action  Action
	Reasons []string // plain words for staff, such as "rspamd: 7.3 points, of which BAYES_SPAM 5.1"
	Score   float64  // spam points as rspamd counts them
	Virus   string   // name of what clamd found
	Down    []string // the scanners that did not answer
}

// Combine is the strongest action, with all that was said.
func Combine(verdicts ...Verdict) Verdict {
	var out Verdict
	for _, v := range verdicts {
		out.Action = max(out.Action, v.Action)
		out.Reasons = append(out.Reasons, v.Reasons...)
		out.Score += v.Score
		out.Virus = cmp.Or(out.Virus, v.Virus)
		out.Down = append(out.Down, v.Down...)
	}
	return out
}

// Down is what to do with a mail while a scanner does not answer.
type Down int

// The policies.
const (
	Accept Down = iota // accept the mail, and mark it as not scanned
	Defer              // tell the peer to try again later
)

// Options say whom to ask. Nil for a scanner: it is not asked.
type Options struct {
	Rspamd   *Rspamd
	Clamd    *Clamd
	MaxBytes int64            // a mail over this size is not scanned, and marked so; default 25 MiB
	Now      func() time.Time // default time.Now
	Log      *slog.Logger     // default slog.Default()
}

// Defaults of the options.
const (
	DefaultMaxBytes = 25 << 20 // what clamd takes by its own default
	DefaultTimeout  = 10 * time.Second
)

// Scanners asks all scanners that are set up. It is safe for concurrent use.
type Scanners struct {
	list     []*guard
	maxBytes int64
}

// New checks the options. It connects to nobody yet: a scanner may be started later.
func New(o Options) (*Scanners, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Log = cmp.Or(o.Log, slog.Default())
	s := &Scanners{maxBytes: cmp.Or(o.MaxBytes, DefaultMaxBytes)}
	add := func(name string, asker asker, down Down, timeout time.Duration) {
		s.list = append(s.list, &guard{
			name: name, asker: asker, down: down, timeout: cmp.Or(timeout, DefaultTimeout), now: o.Now, log: o.Log,
		})
	}
	if o.Rspamd != nil {
		r, err := newRspamd(*o.Rspamd)
		if err != nil {
			return nil, err
		}
		add("rspamd", r, o.Rspamd.Down, o.Rspamd.Timeout)
	}
	if o.Clamd != nil {
		c, err := newClamd(*o.Clamd)
		if err != nil {
			return nil, err
		}
		add("clamd", c, o.Clamd.Down, o.Clamd.Timeout)
	}
	return s, nil
}

// Scan asks every scanner. Its error is fault.Ours: a scanner is down and the mail is to be deferred, or ctx ended. A mail
// that one scanner refuses is refused, whether or not the other answers.
func (s *Scanners) Scan(ctx context.Context, env message.Envelope, raw message.Raw) (Verdict, error) {
	if size := raw.Size(); size > s.maxBytes && len(s.list) > 0 {
		return Verdict{Action: Mark, Reasons: []string{
			fmt.Sprintf("not scanned: %d bytes are over the limit of %d", size, s.maxBytes),
		}}, nil
	}
	verdicts, errs := make([]Verdict, len(s.list)), make([]error, len(s.list))
	var wg sync.WaitGroup
	for i, g := range s.list {
		wg.Go(func() { verdicts[i], errs[i] = g.scan(ctx, env, raw) })
	}
	wg.Wait()
	v := Combine(verdicts...)
	if err := errors.Join(errs...); err != nil && v.Action != Reject {
		return Verdict{}, err
	}
	return v, nil
}

// word makes what a scanner calls something fit for a reason and a log: printable ASCII, at most 100 octets.
func word(s string) string {
	const most = 100
	if len(s) > most {
		s = s[:most]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
