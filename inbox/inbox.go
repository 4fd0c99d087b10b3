// Package inbox is the mailbox of the demo: it takes every mail that the service sends, whoever it is for, keeps the newest in
// memory, and shows them as pages.
//
//	outbound → SMTP on loopback (smtpd) → Box.Accept → memory → pages (list, mail, HTML in a frame, files, raw) → browser
//
// Invariants:
//   - It holds at most Options.Keep mails and Options.KeepBytes bytes of them; the oldest go first.
//   - The pages answer programs of this machine alone, under a name of this machine, so that no other site's page can
//     have a browser read them.
//   - Nothing that a mail holds runs: no page has a script, and HTML of mails is sanitised, in a frame without an origin.
package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"smartmail/message"
	"smartmail/smtpd"
)

// Options of a mailbox; a zero field means its default.
type Options struct {
	Keep      int              // mails; default 200
	KeepBytes int64            // of raw mail; default 64 MiB
	Now       func() time.Time // default time.Now
}

// Box is a mailbox for everybody. It is a smtpd.Receiver, and safe for concurrent use.
type Box struct {
	Options

	mu    sync.RWMutex // guards what follows
	mails []*letter    // oldest first
	bytes int64
	last  int // number of the newest mail ever taken
}

// letter is a mail that came in. It is not changed any more.
type letter struct {
	No       int
	At       time.Time
	Envelope message.Envelope
	Content  message.Content
	raw      []byte
}

// New returns an empty mailbox.
func New(o Options) *Box {
	o.Keep = cmp.Or(o.Keep, 200)
	o.KeepBytes = cmp.Or(o.KeepBytes, 64<<20)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Box{Options: o}
}

// Route implements smtpd.Receiver: everybody has a mailbox here.
func (b *Box) Route(context.Context, *message.Envelope, string) error { return nil }

// Accept implements smtpd.Receiver.
func (b *Box) Accept(ctx context.Context, env message.Envelope, raw message.Raw) (smtpd.Receipt, error) {
	bytes, err := io.ReadAll(io.NewSectionReader(raw, 0, raw.Size()))
	if err != nil {
		return smtpd.Receipt{}, fmt.Errorf("inbox: %w", err)
	}
	l := &letter{At: b.Now(), Envelope: env, raw: bytes}
	l.Content = message.Parse(ctx, message.InMemory(bytes), message.Limits{NullReversePath: env.ReversePath == ""})
	if ctx.Err() != nil {
		return smtpd.Receipt{}, fmt.Errorf("inbox: %w", ctx.Err())
	}
	b.keep(l)
	return smtpd.Receipt{Text: fmt.Sprintf("OK mail=%d", l.No)}, nil
}

// keep numbers the mail and makes room for it.
func (b *Box) keep(l *letter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	l.No = b.last
	b.mails = append(b.mails, l)
	b.bytes += int64(len(l.raw))
	for len(b.mails) > b.Keep || b.bytes > b.KeepBytes && len(b.mails) > 1 {
		b.bytes -= int64(len(b.mails[0].raw))
		b.mails = slices.Delete(b.mails, 0, 1)
	}
}

// errGone is that a mail is not here, or not any more.
var errGone = errors.New("there is no such mail; the oldest ones go when newer ones come")

func (b *Box) letter(no int) (*letter, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, l := range b.mails {
		if l.No == no {
			return l, nil
		}
	}
	return nil, errGone
}

// newestFirst returns all mails.
func (b *Box) newestFirst() []*letter {
	b.mu.RLock()
	defer b.mu.RUnlock()
	all := slices.Clone(b.mails)
	slices.Reverse(all)
	return all
}
