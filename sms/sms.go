// Package sms sends text messages by a provider's HTTP API, and hears from it what became of them.
//
//	outbox: claim → POST form, basic auth → provider's answer → outbox: report
//	provider → POST /sms/PROVIDER/TOKEN → outbox: delivered or failed
//
// Invariants:
//   - A message is sent only by him who has claimed it, and its request ends before the claim does.
//   - What the provider refuses for good fails; trouble on the way, and too many at a time, defer. Where the answer was lost the message goes
//     again: better twice than never.
//   - Every answer is read to a bound, and nothing of it is believed but a state, a name and some words.
//   - No number, text or token is logged.
package sms

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"smartmail/casework"
)

// Outbox is the desk as the sender sees it.
type Outbox interface {
	ClaimSMS(ctx context.Context, owner string, lease time.Duration, limit int) ([]casework.SMS, error)
	ReportSMS(ctx context.Context, s casework.SMS, state casework.SMSState, words, remoteID string) error
}

// Path is the beginning of the path at which providers tell what became of messages.
const Path = "/sms/"

const (
	maxAnswer = 64 << 10         // bytes of a provider's answer, or of what he tells, that are read
	timeout   = 30 * time.Second // of one request
	claims    = 10               // messages at a time, one after the other
	lease     = (claims + 1) * timeout
)

// Options of a sender. All but those with a default are needed.
type Options struct {
	Outbox    Outbox
	Provider  string                 // Names has them
	From      string                 // number or name that messages come from
	Username  string                 // or account
	Password  func() (string, error) // asked for each message, so that a changed one needs no restart
	URL       string                 // of the provider's API; empty: his own
	PublicURL string                 // under which the provider reaches us

	Poll   time.Duration // between looks for what is due; 0: 15 s
	Client *http.Client  // nil: one of its own
	Log    *slog.Logger  // nil: slog.Default
}

// Sender sends text messages. Several may run on one outbox.
type Sender struct {
	Options
	provider provider
	owner    string
	wake     chan struct{}
}

// New returns a sender.
func New(o Options) (*Sender, error) {
	p, ok := providers()[o.Provider]
	if !ok || o.Outbox == nil || o.Password == nil || o.From == "" || o.Username == "" || o.PublicURL == "" {
		return nil, errors.New("sms: outbox, a known provider, sender, username, password and public address are needed")
	}
	o.URL = strings.TrimSuffix(cmp.Or(o.URL, p.url), "/")
	o.Poll = cmp.Or(o.Poll, 15*time.Second)
	if o.Client == nil {
		// A redirect would take the password along to somebody else.
		o.Client = &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Sender{Options: o, provider: p, owner: rand.Text(), wake: make(chan struct{}, 1)}, nil
}

// Wake makes the sender look for messages now. It never blocks.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Run sends until ctx ends.
func (s *Sender) Run(ctx context.Context) error {
	tick := time.NewTicker(s.Poll)
	defer tick.Stop()
	for {
		if err := s.round(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("SMS", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-s.wake:
		}
	}
}

// round sends what is due.
func (s *Sender) round(ctx context.Context) error {
	for ctx.Err() == nil {
		due, err := s.Outbox.ClaimSMS(ctx, s.owner, lease, claims)
		if err != nil {
			return err
		}
		for _, m := range due {
			state, words, id := s.send(ctx, m)
			if state != casework.SMSSent {
				s.Log.Warn("SMS not sent", "org", m.Org, "sms", m.ID, "state", state, "attempts", m.Attempts)
			}
			// What was sent is noted, also while the program stops.
			if err := s.Outbox.ReportSMS(context.WithoutCancel(ctx), m, state, words, id); err != nil {
				return err
			}
		}
		if len(due) == 0 {
			return nil
		}
	}
	return nil
}

// send posts one message.
func (s *Sender) send(ctx context.Context, m casework.SMS) (state casework.SMSState, words, id string) {
	password, err := s.Password()
	if err != nil {
		return casework.SMSDeferred, "the password of the provider cannot be read", ""
	}
	callback := strings.TrimSuffix(s.PublicURL, "/") + Path + s.Provider + "/" + string(m.Org) + "." + m.Token
	path, form := s.provider.request(s.Username, s.From, m.To, m.Text, callback)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		return casework.SMSFailed, "the provider's address is wrong", ""
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(s.Username, password)
	resp, err := s.Client.Do(req)
	if err != nil {
		var trouble *url.Error // its text names the address
		if errors.As(err, &trouble) {
			err = trouble.Err
		}
		return casework.SMSDeferred, "the provider was not reached: " + err.Error(), ""
	}
	defer func() { _ = resp.Body.Close() }() // read only
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return casework.SMSDeferred, "the provider's answer broke off", ""
	}
	return s.outcome(resp.StatusCode, body)
}

// outcome reads a provider's answer.
func (s *Sender) outcome(status int, body []byte) (state casework.SMSState, words, id string) {
	a := s.provider.answer(body)
	words = strings.TrimSpace(http.StatusText(status) + " " + a.words)
	switch {
	case status/100 == 2 && a.failed:
		return casework.SMSFailed, words, a.id
	case status/100 == 2:
		return casework.SMSSent, words, a.id
	// 401, 402, 403: our account is at fault, which somebody may put right.
	case status/100 == 5, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout,
		status == http.StatusUnauthorized, status == http.StatusPaymentRequired, status == http.StatusForbidden:
		return casework.SMSDeferred, words, ""
	}
	return casework.SMSFailed, words, ""
}
