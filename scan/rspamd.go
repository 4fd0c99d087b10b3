package scan

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"smartmail/message"
)

// Rspamd says how to ask an rspamd "normal" worker, and which action its points lead to.
type Rspamd struct {
	URL      string  // of the worker, such as http://127.0.0.1:11333
	Mark     float64 // from so many points on; 0: never
	Triage   float64 // as Mark
	Reject   float64 // as Mark
	Password string  // sent in the header "Password"; empty: none
	Down     Down
	Timeout  time.Duration // default 10 s
}

// Limits of what is sent to and taken from rspamd.
const (
	maxAnswer     = 1 << 20 // bytes of the JSON answer
	maxRecipients = 100     // recipients that are named to it
	maxSymbols    = 5       // rules that a reason names
)

type rspamd struct {
	Rspamd
	check  string // URL
	client *http.Client
}

func newRspamd(o Rspamd) (*rspamd, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("scan: %q is no http or https address of rspamd", o.URL)
	}
	if o.Mark < 0 || o.Triage < 0 || o.Reject < 0 {
		return nil, errors.New("scan: a score of rspamd is less than 0")
	}
	return &rspamd{Rspamd: o, check: u.JoinPath("checkv2").String(), client: &http.Client{
		// A connection of its own for each mail: rspamd closes them anyway, and a stale one would fail a mail.
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10, DialContext: new(net.Dialer).DialContext},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// body is the mail on its way to rspamd. net/http may go on reading in a goroutine of its own after Do has returned: Close
// makes sure that it does not.
type body struct {
	mu sync.Mutex
	r  io.Reader
}

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r == nil {
		return 0, io.ErrClosedPipe
	}
	return b.r.Read(p)
}

func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.r = nil
	return nil
}

func (r *rspamd) ask(ctx context.Context, env message.Envelope, raw message.Raw) (Verdict, error) {
	mail := &body{r: io.NewSectionReader(raw, 0, raw.Size())}
	defer func() { _ = mail.Close() }() // it cannot fail
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.check, mail)
	if err != nil {
		return Verdict{}, fmt.Errorf("ask: %w", err)
	}
	req.ContentLength = raw.Size()
	if req.ContentLength == 0 {
		req.Body = http.NoBody // net/http takes a length of 0 with a body for an unknown one
	}
	r.describe(req.Header, env)
	resp, err := r.client.Do(req)
	if err != nil {
		return Verdict{}, fmt.Errorf("ask: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // read only
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return Verdict{}, fmt.Errorf("read the answer: %w", err)
	case resp.StatusCode != http.StatusOK:
		return Verdict{}, fmt.Errorf("answer: status %d", resp.StatusCode)
	case len(text) > maxAnswer:
		return Verdict{}, fmt.Errorf("answer: over %d bytes", maxAnswer)
	}
	a, err := readAnswer(text)
	if err != nil {
		return Verdict{}, err
	}
	return r.judge(a), nil
}

// describe tells rspamd what the peer said outside the mail, in the headers of its HTTP protocol.
func (r *rspamd) describe(h http.Header, env message.Envelope) {
	set := func(name, value string) {
		if value != "" && !strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			h.Add(name, value)
		}
	}
	set("From", "<"+env.ReversePath+">")
	for i, rcpt := range env.Recipients {
		if i == maxRecipients {
			break
		}
		set("Rcpt", rcpt)
	}
	if len(env.Recipients) == 1 {
		set("Deliver-To", env.Recipients[0])
	}
	if env.Client.IsValid() {
		set("IP", env.Client.String())
	}
	set("Helo", env.Helo)
	set("Queue-Id", env.Conn)
	set("Password", r.Password)
}

// answer is what counts of rspamd's answer.
type answer struct {
	Score    *float64          `json:"score"`
	Required float64           `json:"required_score"` // from here on rspamd itself would refuse
	Action   string            `json:"action"`
	Symbols  map[string]symbol `json:"symbols"`
}

type symbol struct {
	Score float64 `json:"score"`
}

// readAnswer reads rspamd's JSON. Points and an action have to be in it.
func readAnswer(text []byte) (answer, error) {
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return a, fmt.Errorf("answer: %w", err)
	}
	if a.Score == nil || a.Action == "" {
		return a, errors.New("answer: no score or no action in it")
	}
	return a, nil
}

// judge turns points into a verdict. The thresholds are ours; rspamd's own action counts only where it refuses a mail without
// giving it the points for that, as its modules for policies may: then the strongest action that is set up is taken.
func (r *rspamd) judge(a answer) Verdict {
	v := Verdict{Score: *a.Score}
	strongest := Pass
	for _, t := range []struct {
		from   float64
		action Action
	}{{r.Mark, Mark}, {r.Triage, Triage}, {r.Reject, Reject}} {
		if t.from > 0 {
			strongest = t.action
		}
		if t.from > 0 && v.Score >= t.from {
			v.Action = t.action
		}
	}
	refused := a.Action == "reject" && v.Score < a.Required
	if refused {
		v.Action = strongest
	}
	if v.Action != Pass {
		v.Reasons = []string{reason(a, refused)}
	}
	return v
}

// reason names the points and the rules that gave most of them.
func reason(a answer, refused bool) string {
	var names []string
	for name, s := range a.Symbols {
		if s.Score > 0 {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(x, y string) int {
		return cmp.Or(cmp.Compare(a.Symbols[y].Score, a.Symbols[x].Score), cmp.Compare(x, y))
	})
	text := fmt.Sprintf("rspamd: %.4g points", *a.Score)
	if refused {
		text += ", and it says to refuse the mail"
	}
	for i, name := range names[:min(len(names), maxSymbols)] {
		text += map[bool]string{true: ", of which ", false: ", "}[i == 0] + fmt.Sprintf("%s %.4g", word(name), a.Symbols[name].Score)
	}
	return text
}
