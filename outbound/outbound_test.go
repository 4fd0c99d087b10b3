package outbound_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartmail/casework"
	"smartmail/fault"
	"smartmail/outbound"
)

// Each answer, at each step, leads to the right outcome.
func TestOutcomes(t *testing.T) {
	tests := map[string]struct {
		say     func(*remote, string, string) string
		text    string
		to      string
		state   casework.OutboxState
		status  string
		words   string
		address bool
	}{
		"taken":                 {friendly, "", "", casework.Sent, "2.0.0", "queued as ABC123", false},
		"without pipelining":    {but(map[string]string{"EHLO": "250 mx"}), "", "", casework.Sent, "2.0.0", "", false},
		"HELO":                  {but(map[string]string{"EHLO": "502 what"}), "", "", casework.Sent, "2.0.0", "", false},
		"unknown user":          {but(map[string]string{"RCPT": "550 5.1.1 no such user"}), "", "", casework.Failed, "5.1.1", "no such user", true},
		"unknown, plain":        {but(map[string]string{"EHLO": "250 mx", "RCPT": "550 no such user"}), "", "", casework.Failed, "", "550 no such user", true},
		"greylisted":            {but(map[string]string{"RCPT": "450 4.2.0 greylisted"}), "", "", casework.Deferred, "4.2.0", "greylisted", false},
		"DATA goes through":     {but(map[string]string{"RCPT": "550 5.1.1 no such user", "DATA": "354 go on"}), "", "", casework.Failed, "5.1.1", "no such user", true},
		"DATA refused":          {but(map[string]string{"RCPT": "550 5.1.1 no such user", "DATA": "503 no"}), "", "", casework.Failed, "5.1.1", "no such user", true},
		"sender refused":        {but(map[string]string{"MAIL": "553 5.1.8 bad sender", "RCPT": "503 no", "DATA": "503 no"}), "", "", casework.Failed, "5.1.8", "bad sender", false},
		"content refused":       {but(map[string]string{".": "554 5.7.1 spam"}), "", "", casework.Failed, "5.7.1", "spam", false},
		"refused in the end":    {but(map[string]string{".": "554 no"}), "", "", casework.Failed, "", "554 no", false},
		"disk full":             {but(map[string]string{".": "452 4.3.1 disk full"}), "", "", casework.Deferred, "4.3.1", "disk full", false},
		"5xx, said temporary":   {but(map[string]string{"RCPT": "550 4.7.1 later"}), "", "", casework.Deferred, "4.7.1", "later", false},
		"no welcome":            {but(map[string]string{"": "554 go away"}), "", "", casework.Deferred, "4.4.2", "go away", false},
		"busy":                  {but(map[string]string{"": "421 4.3.2 busy"}), "", "", casework.Deferred, "4.4.2", "busy", false},
		"closed at once":        {but(map[string]string{"": ""}), "", "", casework.Deferred, "4.4.2", "closed", false},
		"closed at EHLO":        {but(map[string]string{"EHLO": ""}), "", "", casework.Deferred, "4.4.2", "closed", false},
		"closed at MAIL":        {but(map[string]string{"MAIL": ""}), "", "", casework.Deferred, "4.4.2", "closed", false},
		"closed at RCPT":        {but(map[string]string{"RCPT": ""}), "", "", casework.Deferred, "4.4.2", "closed", false},
		"closed at DATA":        {but(map[string]string{"DATA": ""}), "", "", casework.Deferred, "4.4.2", "closed", false},
		"closed at the end":     {but(map[string]string{".": ""}), "", "", casework.Deferred, "4.4.2", "closed", false},
		"421 at RCPT":           {but(map[string]string{"RCPT": "421 4.3.2 going down"}), "", "", casework.Deferred, "4.4.2", "going down", false},
		"silent at once":        {but(map[string]string{"": "hang"}), "", "", casework.Deferred, "4.4.2", "no answer in time", false},
		"silent at MAIL":        {but(map[string]string{"MAIL": "hang"}), "", "", casework.Deferred, "4.4.2", "no answer in time", false},
		"silent at the end":     {but(map[string]string{".": "hang"}), "", "", casework.Deferred, "4.4.2", "no answer in time", false},
		"not SMTP":              {but(map[string]string{"": "HTTP/1.1 400 Bad Request"}), "", "", casework.Deferred, "4.4.2", "not an SMTP reply", false},
		"endless reply":         {but(map[string]string{"EHLO": strings.Repeat("250-x\r\n", 300) + "250 x"}), "", "", casework.Deferred, "4.4.2", "over 200 lines", false},
		"endless line":          {but(map[string]string{"EHLO": "250 " + strings.Repeat("x", 5000)}), "", "", casework.Deferred, "4.4.2", "octets", false},
		"no SMTPUTF8":           {but(map[string]string{"EHLO": "250-mx\r\n250 8BITMIME"}), "", "åsa@home.example", casework.Failed, "5.6.7", "SMTPUTF8", false},
		"SMTPUTF8":              {friendly, "", "åsa@hemma.example", casework.Sent, "2.0.0", "", false},
		"a domain beyond ASCII": {but(map[string]string{"EHLO": "250 mx"}), "", "asa@hemmå.example", casework.Sent, "2.0.0", "", false},
		"no 8BITMIME":           {but(map[string]string{"EHLO": "250 mx"}), "Subject: x\r\n\r\nkök\r\n", "", casework.Failed, "5.6.3", "8BITMIME", false},
		"too big":               {friendly, "Subject: x\r\n\r\n" + strings.Repeat("0123456789\r\n", 10_000), "", casework.Failed, "5.3.4", "100000 octets", false},
		"bare LF":               {friendly, "Subject: x\r\n\r\nx\n.\r\nMAIL FROM:<x@y>\r\n", "", casework.Failed, "5.6.0", "bare", false},
		"bare CR":               {friendly, "Subject: x\r\n\r\nx\r", "", casework.Failed, "5.6.0", "bare", false},
		"no address":            {friendly, "", "nobody", casework.Failed, "5.1.3", "no address", true},
		"injection":             {friendly, "", "x@y.example>\r\nDATA", casework.Failed, "5.1.3", "no address", true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if tc.to == "" {
					tc.to = "anna@home.example"
				}
				b, r := newBox(tc.to), &remote{say: tc.say}
				drain(t, b, r, 1, sender(t, b, r, func(o *outbound.Options) { o.Composer = letters{tc.text} }))
				got := b.only(t)
				if got.State != tc.state || got.Status != tc.status || !strings.Contains(got.Remote, tc.words) || got.Address != tc.address {
					t.Errorf("%+v; want %s %s %q, address %v", got, tc.state, tc.status, tc.words, tc.address)
				}
				if got.State == casework.Sent && (len(r.got) != 1 || !strings.HasSuffix(r.got[0], "\r\n.dot\r\n") || got.RemoteID != "ABC123") {
					t.Errorf("the remote got %q, as %q", r.got, got.RemoteID)
				}
			})
		})
	}
}

// Several mails go over one connection; one that was closed meanwhile is opened again, and costs no mail an attempt.
func TestConnectionIsReused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := slices.Repeat([]string{"anna@home.example"}, 20)
		b := newBox(to...)
		ends := 0
		r := &remote{say: func(r *remote, verb, line string) string {
			if verb == "MAIL" && ends == 7 {
				ends++
				return "421 4.4.2 enough for today"
			}
			if verb == "." {
				ends++
			}
			return friendly(r, verb, line)
		}}
		drain(t, b, r, len(to), sender(t, b, r, func(o *outbound.Options) { o.PerDestination = 1 }))
		for id, out := range b.outcomes {
			if len(out) != 1 || out[0].State != casework.Sent {
				t.Errorf("%s: %+v", id, out)
			}
		}
		if len(r.got) != len(to) || r.conns != 2 {
			t.Errorf("%d mails over %d connections, want %d over 2", len(r.got), r.conns, len(to))
		}
	})
}

// A domain that says 421 to a new connection, or refuses by policy for now, is left alone for the pause: one mail costs an attempt, the
// others wait untried and go when it is over. Other domains do not wait.
func TestPause(t *testing.T) {
	for name, tc := range map[string]struct {
		no        map[string]string
		smarthost bool
		pauses    bool
	}{
		"421 at once":             {map[string]string{"": "421 4.7.0 too many connections"}, false, true},
		"421 at RCPT":             {map[string]string{"RCPT": "421 4.7.28 too fast"}, false, true},
		"policy":                  {map[string]string{"RCPT": "450 4.7.1 slow down"}, false, true},
		"another recipient":       {map[string]string{"RCPT": "450 4.2.1 mailbox is locked"}, false, false},
		"smarthost, 421":          {map[string]string{"": "421 4.3.2 shutting down"}, true, true},
		"smarthost, its policy":   {map[string]string{"RCPT": "450 4.7.1 slow down"}, true, false},
		"5xx with a class 4 code": {map[string]string{"RCPT": "550 4.7.1 no"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				to := slices.Repeat([]string{"anna@busy.example"}, 10)
				b := newBox(append(to, "bo@calm.example")...)
				begin := time.Now()
				r := &remote{}
				r.say = func(r *remote, verb, line string) string {
					if a, ok := tc.no[verb]; ok && time.Since(begin) < 50*time.Second {
						return a
					}
					return friendly(r, verb, line)
				}
				calm := &remote{say: friendly}
				dns := names{addr: map[string][]netip.Addr{"busy.example": {netip.MustParseAddr("192.0.2.1")}, "calm.example": {netip.MustParseAddr("192.0.2.2")}}}
				s := sender(t, b, r, func(o *outbound.Options) {
					o.Pause, o.PerDestination = time.Minute, 1
					if !tc.smarthost {
						o.Smarthost, o.Resolver = nil, dns
						o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
							if strings.HasPrefix(addr, "192.0.2.2") {
								return calm.dial(ctx, network, addr)
							}
							return r.dial(ctx, network, addr)
						}
					}
				})
				events := 11
				if tc.pauses { // those that were given back come again
					events = 20
					if tc.smarthost {
						events = 21
					}
				}
				drain(t, b, r, events, s)
				calm.wg.Wait()
				tried := 0
				for _, out := range b.outcomes {
					if len(out) != 1 {
						t.Fatalf("%+v", b.outcomes)
					}
					if out[0].State == casework.Deferred {
						tried++
					}
				}
				if waited := time.Since(begin) >= time.Minute; waited != tc.pauses || tc.pauses && tried != 1 || !tc.pauses && tried < 10 {
					t.Errorf("%v, %d tried", time.Since(begin), tried)
				}
			})
		})
	}
}

// A server that keeps the envelope of a mail that it refused in the end refuses no other mail for that.
func TestRefusedInTheEndLeavesNothing(t *testing.T) {
	for name, knowsRSET := range map[string]bool{"RSET clears it": true, "only a new connection clears it": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBox("bad@home.example", "a@home.example", "b@home.example", "c@home.example")
				open, bad := false, false
				r := &remote{say: func(r *remote, verb, line string) string {
					switch verb {
					case "":
						open = false
					case "RSET":
						open = open && !knowsRSET
					case "MAIL":
						if open {
							return "503 5.5.1 nested MAIL command"
						}
						open = true
					case "RCPT":
						bad = strings.Contains(line, "bad@")
					case ".":
						if bad {
							return "554 5.7.1 no"
						}
						open = false
					}
					return friendly(r, verb, line)
				}}
				drain(t, b, r, 4, sender(t, b, r, func(o *outbound.Options) { o.PerDestination = 1 }))
				failed := 0
				for id, out := range b.outcomes {
					if out[0].State == casework.Failed && out[0].Status == "5.7.1" {
						failed++
					} else if out[0].State != casework.Sent {
						t.Errorf("%s: %+v", id, out)
					}
				}
				if failed != 1 {
					t.Errorf("%d refused", failed)
				}
			})
		})
	}
}

// Two senders on one outbox send each mail once.
func TestTwoSendersSendOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := slices.Repeat([]string{"anna@home.example"}, 500)
		b, r := newBox(to...), &remote{say: friendly}
		drain(t, b, r, len(to), sender(t, b, r, nil), sender(t, b, r, nil))
		slices.Sort(r.got)
		if got := len(slices.Compact(r.got)); got != len(to) || len(b.outcomes) != len(to) {
			t.Errorf("%d different mails, %d outcomes; want %d", got, len(b.outcomes), len(to))
		}
	})
}

// Where the answer could not be noted, the mail goes again with the same Message-ID once the claim is over.
func TestCrashBetweenSendAndReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBox("anna@home.example"), &remote{say: friendly}
		b.forget = true
		drain(t, b, r, 3, sender(t, b, r, nil))
		b.forget = false
		begin := time.Now()
		drain(t, b, r, 1, sender(t, b, r, nil))
		if len(r.got) != 2 || r.got[0] != r.got[1] {
			t.Errorf("the remote got %q", r.got)
		}
		if waited := time.Since(begin); waited < 40*time.Minute {
			t.Errorf("the claim was over after %v", waited)
		}
	})
}

// A host that can't be reached costs its line one attempt.
func TestDeadHostIsTriedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, r := newBox(slices.Repeat([]string{"anna@home.example"}, 10)...), &remote{say: friendly}
		dials := 0
		drain(t, b, r, 10, sender(t, b, r, func(o *outbound.Options) {
			o.PerDestination = 1
			o.Dial = func(context.Context, string, string) (net.Conn, error) {
				dials++
				return nil, &net.OpError{Op: "dial", Err: fmt.Errorf("refused")}
			}
		}))
		if dials > 2 {
			t.Errorf("dialled %d times", dials)
		}
		for id, out := range b.outcomes {
			if out[0].State != casework.Deferred || !strings.Contains(out[0].Remote, "no connection") {
				t.Errorf("%s: %+v", id, out)
			}
		}
	})
}

// A stop lets a mail whose last octet has left be answered, and gives the others back.
func TestStop(t *testing.T) {
	for name, tc := range map[string]struct {
		at       string
		after    time.Duration // until the remote answers
		sent     int
		released int
	}{
		"at the end":         {".", 5 * time.Second, 1, 0},
		"beyond the grace":   {".", time.Minute, 0, 0},
		"at the envelope":    {"MAIL", 5 * time.Second, 0, 1},
		"before the welcome": {"", 5 * time.Second, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reached := make(chan struct{}, 1)
				b := newBox("anna@home.example")
				r := &remote{say: func(r *remote, verb, line string) string {
					if verb == tc.at {
						reached <- struct{}{}
						time.Sleep(tc.after) // the bubble's time, not the clock's
					}
					return friendly(r, verb, line)
				}}
				s := sender(t, b, r, nil)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- s.Run(ctx) }()
				<-reached
				begin := time.Now()
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
				if took := time.Since(begin); took > 20*time.Second {
					t.Errorf("the stop took %v", took)
				}
				r.wg.Wait()
				sent := 0
				for _, out := range b.outcomes["item0000"] {
					if out.State == casework.Sent {
						sent++
					}
				}
				if sent != tc.sent || b.released != tc.released {
					t.Errorf("%d sent, %d released; want %d, %d", sent, b.released, tc.sent, tc.released)
				}
			})
		})
	}
}

// Mail exchangers are tried in the order of their preference; what the DNS says decides before any connection.
func TestExchangers(t *testing.T) {
	one, two := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::2")
	dns := names{
		mx: map[string][]*net.MX{
			"two.example": {{Host: "a.example.", Pref: 10}, {Host: "b.example.", Pref: 20}}, "null.example": {{Host: "."}},
			"self.example": {{Host: "MX.A.example.", Pref: 10}}, "gone.example": {{Host: "nowhere.example.", Pref: 10}},
		},
		addr: map[string][]netip.Addr{"a.example": {one}, "b.example": {two}, "plain.example": {one}},
		fail: map[string]bool{"broken.example": true},
	}
	for domain, tc := range map[string]struct {
		state  casework.OutboxState
		status string
		dialed string
	}{
		"two.example":    {casework.Sent, "2.0.0", "192.0.2.1:2525 [2001:db8::2]:2525"},
		"plain.example":  {casework.Deferred, "4.4.2", "192.0.2.1:2525"},
		"null.example":   {casework.Failed, "5.1.10", ""},
		"self.example":   {casework.Failed, "5.4.6", ""},
		"none.example":   {casework.Failed, "5.1.2", ""},
		"gone.example":   {casework.Deferred, "4.4.2", ""},
		"broken.example": {casework.Deferred, "4.4.2", ""},
	} {
		t.Run(domain, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, r := newBox("anna@"+domain), &remote{say: friendly}
				var dialed []string
				drain(t, b, r, 1, sender(t, b, r, func(o *outbound.Options) {
					o.Smarthost, o.Resolver, o.MXPort = nil, dns, 2525
					o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
						dialed = append(dialed, addr)
						if strings.HasPrefix(addr, one.String()) {
							return nil, fmt.Errorf("refused")
						}
						return r.dial(ctx, network, addr)
					}
				}))
				if got := b.only(t); got.State != tc.state || got.Status != tc.status || strings.Join(dialed, " ") != tc.dialed {
					t.Errorf("%+v, dialled %v", got, dialed)
				}
			})
		})
	}
}

// A smarthost gets the password only over TLS with a certificate that holds; an exchanger is spoken to as it can.
func TestTLSAndAuth(t *testing.T) {
	cert, pool := certificate(t, "smart.example.net")
	offer := func(auth string) func(*remote, string, string) string {
		return func(r *remote, verb, line string) string {
			switch verb {
			case "EHLO":
				return "250-mx\r\n250-STARTTLS\r\n250 AUTH " + auth
			case "STARTTLS":
				return "220 go on"
			case "AUTH":
				if strings.HasPrefix(line, "AUTH PLAIN") {
					return map[bool]string{true: "235 ok", false: "535 5.7.8 no"}[line == "AUTH PLAIN AHVzZXIAc2VjcmV0"]
				}
				return "334 VXNlcm5hbWU6"
			case "DXNLCG==": // the verb in upper case: user
				return "334 UGFzc3dvcmQ6"
			case "C2VJCMV0":
				return "235 ok"
			}
			return friendly(r, verb, line)
		}
	}
	good := &tls.Config{Certificates: []tls.Certificate{cert}}
	for name, tc := range map[string]struct {
		mode  outbound.TLSMode // "" is mx mode
		host  string
		auth  string
		tls   *tls.Config
		state casework.OutboxState
		words string
	}{
		"STARTTLS, PLAIN":     {outbound.StartTLS, "smart.example.net:587", "PLAIN LOGIN", good, casework.Sent, ""},
		"STARTTLS, LOGIN":     {outbound.StartTLS, "smart.example.net:587", "LOGIN", good, casework.Sent, ""},
		"no mechanism":        {outbound.StartTLS, "smart.example.net:587", "CRAM-MD5", good, casework.Deferred, "neither PLAIN nor LOGIN"},
		"another's":           {outbound.StartTLS, "other.example.net:587", "PLAIN", good, casework.Deferred, "TLS"},
		"no TLS, no password": {outbound.NoTLS, "smart.example.net:587", "PLAIN", good, casework.Deferred, "not sent without TLS"},
		"handshake fails":     {outbound.StartTLS, "smart.example.net:587", "PLAIN", &tls.Config{}, casework.Deferred, "TLS"},
		"exchanger":           {"", "", "PLAIN", good, casework.Sent, ""},
		"exchanger, no TLS":   {"", "", "PLAIN", &tls.Config{}, casework.Sent, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, r := newBox("anna@home.example"), &remote{say: offer(tc.auth), tls: tc.tls}
			drain(t, b, r, 1, sender(t, b, r, func(o *outbound.Options) {
				o.RootCAs = pool
				o.Smarthost = &outbound.Smarthost{Address: tc.host, TLS: tc.mode, Username: "user", Password: func() (string, error) { return "secret", nil }}
				if tc.mode == "" {
					o.Smarthost, o.Resolver = nil, names{addr: map[string][]netip.Addr{"home.example": {netip.MustParseAddr("192.0.2.1")}}}
				}
			}))
			if got := b.only(t); got.State != tc.state || !strings.Contains(got.Remote, tc.words) {
				t.Errorf("%+v\n%v", got, r.lines)
			}
			for _, line := range r.lines {
				if tc.state == casework.Deferred && strings.Contains(line, "AHVzZXIAc2VjcmV0") {
					t.Errorf("the password was sent: %q", line)
				}
			}
		})
	}
}

// failing is a composer that can't.
type failing struct{ err error }

func (f failing) Compose(context.Context, casework.OutboxItem) (outbound.Mail, error) {
	return outbound.Mail{}, f.err
}

func TestWhatCannotBeComposed(t *testing.T) {
	for want, err := range map[casework.OutboxState]error{
		casework.Failed: fault.New(fault.NotFound, "there is no case 1"), casework.Deferred: fmt.Errorf("disk trouble"),
	} {
		synctest.Test(t, func(t *testing.T) {
			b, r := newBox("anna@home.example"), &remote{say: friendly}
			var seen sync.Map
			drain(t, b, r, 1, sender(t, b, r, func(o *outbound.Options) {
				o.Composer = failing{err}
				o.Observe = func(out casework.Outcome) { seen.Store(out.State, true) }
			}))
			if got := b.only(t); got.State != want || strings.Contains(got.Remote, "disk trouble") || r.conns != 0 {
				t.Errorf("%+v over %d connections", got, r.conns)
			}
			if _, ok := seen.Load(want); !ok {
				t.Errorf("%s was not observed", want)
			}
		})
	}
}
