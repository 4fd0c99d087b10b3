// Package webhook tells other programs what happened, as Standard Webhooks has it.
//
//	log → cursor of each webhook → POST, signed → 2xx: the next event; else the same one later
//
// Invariants:
//   - A receiver hears of events in the order of the log, each until it has answered 2xx: at least once, under the same webhook-id.
//   - What is told only points: whoever wants to know more asks the API, by his own rights.
//   - No private address is asked, whatever its name resolves to, unless that is allowed; redirects are not followed.
//   - A receiver that is slow holds up no other; answers are bounded in time and bytes.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
)

// Desk is the door to the house; *desk.Desk is one.
type Desk interface {
	Webhooks(ctx context.Context, org casework.OrgID, after casestore.Key, limit int) (desk.Page[casework.Webhook], error)
	ChangeWebhook(ctx context.Context, org casework.OrgID, id string, change func(*casework.Webhook)) (casework.Webhook, error)
	Feed(ctx context.Context, org casework.OrgID, after uint64, limit int) ([]desk.EventView, error)
}

// Options of a teller; Desk, Orgs, Next and Log are needed.
type Options struct {
	Desk    Desk
	Orgs    []casework.OrgID
	Next    func() <-chan struct{} // closed when something happens next
	Private bool                   // addresses that are not public may be asked
	Log     *slog.Logger
	Now     func() time.Time                     // nil: time.Now
	Observe func(status int, took time.Duration) // of each delivery, for metrics; status 0: no answer; nil: nobody
}

const (
	interval  = 5 * time.Second // between looks when nothing is heard
	timeout   = 15 * time.Second
	atATime   = 8       // receivers
	portion   = 50      // events of one receiver before the next look
	maxAnswer = 4 << 10 // bytes that are read
	maxWords  = 300     // bytes that are kept
)

// Teller delivers. It is made by New and works while Run runs.
type Teller struct {
	Options
	client *http.Client
}

// New returns a teller.
func New(o Options) *Teller {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Observe == nil {
		o.Observe = func(int, time.Duration) {}
	}
	dialer := &net.Dialer{Timeout: timeout}
	if !o.Private {
		dialer.Control = publicOnly
	}
	return &Teller{Options: o, client: &http.Client{
		Timeout:       timeout,
		Transport:     &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// otherwise are networks that no receiver is in, besides those that netip tells: those of carriers (RFC 6598), of tests, of tunnels.
const otherwise = "100.64.0.0/10 192.0.0.0/24 198.18.0.0/15 240.0.0.0/4 0.0.0.0/8 64:ff9b::/96 64:ff9b:1::/48 2002::/16 2001::/32 fec0::/10"

// publicOnly looks at the address that is about to be connected to, after its name was resolved: a name can't change in between.
func publicOnly(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address: %w", err)
	}
	ip := ap.Addr().Unmap().WithZone("")
	private := !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast()
	for n := range strings.FieldsSeq(otherwise) {
		private = private || netip.MustParsePrefix(n).Contains(ip)
	}
	if private {
		return fault.New(fault.Forbidden, "the address is not a public one")
	}
	return nil
}

// Run delivers until ctx ends.
func (t *Teller) Run(ctx context.Context) error {
	for {
		next := t.Next() // before the look, so that nothing is missed
		if err := t.Pass(ctx); err != nil && ctx.Err() == nil {
			t.Log.Error("webhooks are late", "err", err)
		}
		timer := time.NewTimer(interval)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-next:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Pass tells every receiver that is due what it has not heard.
func (t *Teller) Pass(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atATime)
	for _, org := range t.Orgs {
		page, err := t.Desk.Webhooks(ctx, org, nil, casework.MaxWebhooks)
		if err != nil {
			return fmt.Errorf("webhooks of %s: %w", org, err)
		}
		for _, w := range page.Items {
			if w.Active() && !w.NextAt.After(t.Now()) {
				g.Go(func() error { return t.tell(ctx, w) })
			}
		}
	}
	return g.Wait()
}

// tell delivers to one receiver until it has heard all, or fails.
func (t *Teller) tell(ctx context.Context, w casework.Webhook) error {
	for {
		feed, err := t.Desk.Feed(ctx, w.Org, w.Seq, portion)
		if fault.Is(err, fault.Conflict) { // the log was restored to an earlier time
			_, err = t.Desk.ChangeWebhook(ctx, w.Org, w.ID, func(w *casework.Webhook) { w.Seq = 0 })
		}
		if err != nil {
			return fmt.Errorf("webhook %s: %w", w.ID, err)
		}
		more := len(feed) == portion
		if w, more, err = t.tellPortion(ctx, w, feed, more); err != nil || !more {
			return err
		}
	}
}

// tellPortion delivers events. The place is written down with each delivery, and after a whole portion: what the receiver does not
// want is read again rather than that each such event costs a commit.
func (t *Teller) tellPortion(ctx context.Context, w casework.Webhook, feed []desk.EventView, more bool) (casework.Webhook, bool, error) {
	seq := w.Seq
	for i, e := range feed {
		kind := kindOf(e)
		wanted := w.Wants(kind)
		if !wanted && (!more || i < len(feed)-1) {
			seq = e.Seq
			continue
		}
		change := func(w *casework.Webhook) { w.Seq = e.Seq }
		if wanted {
			call := t.post(ctx, w, e, kind)
			if ctx.Err() != nil {
				return w, false, nil //nolint:nilerr // cut off by ourselves: tried again at the next start
			}
			change = func(w *casework.Webhook) { w.Seq = seq; w.Told(call) }
		}
		from := w.Seq
		var err error
		w, err = t.Desk.ChangeWebhook(ctx, w.Org, w.ID, func(now *casework.Webhook) {
			if now.Seq == from { // else somebody let it begin elsewhere meanwhile
				change(now)
			}
		})
		switch {
		case fault.Is(err, fault.NotFound): // it was removed
			return w, false, nil
		case err != nil:
			return w, false, fmt.Errorf("webhook %s: %w", w.ID, err)
		case !w.DisabledAt.IsZero():
			t.Log.Error("a webhook is disabled after days of failure", "org", w.Org, "webhook", w.ID)
			return w, false, nil
		case w.Paused, w.Seq != e.Seq: // it is paused, failed, or begins elsewhere
			return w, false, nil
		}
		seq = e.Seq
	}
	return w, more, nil
}

func kindOf(e desk.EventView) string {
	if e.Entry != nil {
		return string(e.Entry.Kind)
	}
	return string(e.Kind)
}

// event is what a receiver is told.
type event struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      data      `json:"data"`
}

type data struct {
	Org   casework.OrgID      `json:"org"`
	Seq   uint64              `json:"seq"`
	Case  casework.CaseNumber `json:"case,omitempty"`
	Entry casework.EntryID    `json:"entry,omitempty"`
	Thing string              `json:"thing,omitempty"`
}

// post delivers one event.
func (t *Teller) post(ctx context.Context, w casework.Webhook, e desk.EventView, kind string) casework.WebhookCall {
	start := t.Now()
	call := casework.WebhookCall{Event: e.Seq, At: start}
	told := event{Type: string(e.Kind), Timestamp: e.At.UTC(), Data: data{Org: e.Org, Seq: e.Seq, Case: e.Case, Thing: e.Thing}}
	if e.Entry != nil {
		told.Type, told.Data.Entry = "entry."+kind, e.Entry.ID
	}
	status, words, err := t.send(ctx, w, fmt.Sprintf("evt_%s_%d", e.Org, e.Seq), start, told)
	if err != nil {
		words = err.Error()
	}
	call.Status, call.Words, call.Took = status, strings.ToValidUTF8(words[:min(len(words), maxWords)], ""), t.Now().Sub(start)
	t.Observe(status, call.Took)
	return call
}

func (t *Teller) send(ctx context.Context, w casework.Webhook, id string, at time.Time, told event) (status int, words string, err error) {
	body, err := json.Marshal(told)
	if err != nil {
		return 0, "", fmt.Errorf("event: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return 0, "", fmt.Errorf("request: %w", err)
	}
	stamp := strconv.FormatInt(at.Unix(), 10)
	signature, err := Sign(w.Secret, id, stamp, body)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "SmartMail-Webhook/1")
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", stamp)
	r.Header.Set("webhook-signature", signature)
	res, err := t.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return res.StatusCode, string(said), err
}

// Sign is the value of webhook-signature: HMAC-SHA256 over id, time and body, in version 1.
func Sign(secret, id, timestamp string, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return "", fmt.Errorf("webhook secret: %w", err)
	}
	h := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(h, "%s.%s.", id, timestamp) // a hash takes all
	h.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil)), nil
}
