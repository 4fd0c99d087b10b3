package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/textproto"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"smartmail/testrig"
)

// load is what the program has to bear.
type load struct {
	i      *testrig.Instance
	anna   *testrig.Identity // of all tenants
	ledger *ledger
	next   atomic.Int64 // numbers mails

	mu    sync.Mutex
	cases []known
}

// known is a case that may be answered on.
type known struct {
	number          int
	address, tenant string
}

const (
	tenants  = 40
	maxCases = 300 // that are remembered
)

// act is something that is done again and again, with a pause between.
type act struct {
	kind  string
	pause time.Duration
	do    func(ctx context.Context, r *rand.Rand) error
}

func (l *load) acts() []act {
	const ms = time.Millisecond
	return []act{
		{"new case", 400 * ms, l.open},
		{"answer", 150 * ms, func(ctx context.Context, r *rand.Rand) error { return l.answer(ctx, r, 0) }},
		{"answer", 150 * ms, func(ctx context.Context, r *rand.Rand) error { return l.answer(ctx, r, 0) }},
		{"picture", 700 * ms, func(ctx context.Context, r *rand.Rand) error { return l.answer(ctx, r, 200<<10) }},
		{"big mail", 8 * time.Second, func(ctx context.Context, r *rand.Rand) error { return l.answer(ctx, r, 3<<20) }},
		{"sent twice", 900 * ms, l.twice},
		{"broken mail", 600 * ms, l.broken},
		{"peer leaves", 500 * ms, l.leave},
		{"slow peer", 200 * ms, l.dawdle},
		{"slow peer", 200 * ms, l.dawdle},
		{"API read", 60 * ms, l.read},
		{"API read", 60 * ms, l.read},
		{"search", 500 * ms, l.search},
		{"mail out", 400 * ms, l.post},
	}
}

// run does everything side by side until ctx ends, and lets each end what it has begun, which work bounds.
func (l *load) run(ctx, work context.Context, seed uint64) {
	var all sync.WaitGroup
	for n, a := range l.acts() {
		r := rand.New(rand.NewPCG(seed, uint64(n)))
		all.Go(func() {
			for {
				if err := a.do(work, r); err != nil {
					l.trouble(a.kind, err)
				} else {
					l.ledger.did(a.kind)
				}
				pause := time.NewTimer(a.pause/2 + rand.N(a.pause))
				select {
				case <-ctx.Done():
					pause.Stop()
					return
				case <-pause.C:
				}
			}
		})
	}
	all.Wait()
}

// trouble tells what may be from what may not: a mail may be put off.
func (l *load) trouble(kind string, err error) {
	var reply *textproto.Error
	if errors.As(err, &reply) && reply.Code/100 == 4 {
		l.ledger.later()
		return
	}
	l.ledger.fault("%s: %v", kind, err)
}

// letter is a mail that no other is, signed by its sender's domain.
func (l *load) letter(from, subject, more, body string) ([]byte, error) {
	n := l.next.Add(1)
	head := fmt.Sprintf("From: Anna <%s>\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <soak-%d@%s>\r\n%s\r\n",
		from, testrig.Intake, subject, time.Now().Format(time.RFC1123Z), n, l.anna.Domain, more)
	return l.anna.Sign([]byte(head + fmt.Sprintf("Nummer %d. ", n) + body))
}

func (l *load) tenant(r *rand.Rand) string {
	return fmt.Sprintf("t%d@%s", r.IntN(tenants), l.anna.Domain)
}

// open reports a fault, and learns the address to answer to.
func (l *load) open(ctx context.Context, r *rand.Rand) error {
	from := l.tenant(r)
	mail, err := l.letter(from, "Kranen droppar "+words(r, 2), "", words(r, 40)+"\r\n")
	if err != nil {
		return err
	}
	at, err := send(ctx, l.i.SMTP, from, testrig.Intake, mail)
	if err != nil {
		return err
	}
	l.ledger.took(at)
	if at.Entry == "" {
		return nil
	}
	var e struct{ Case int }
	if err := l.i.Call(ctx, http.MethodGet, "/api/v1/entries/"+at.Entry, nil, &e); err != nil {
		return err
	}
	var c struct {
		Lanes []struct {
			Participants []struct{ Email, Address string }
		}
	}
	if err := l.i.Call(ctx, http.MethodGet, fmt.Sprintf("/api/v1/cases/%d", e.Case), nil, &c); err != nil {
		return err
	}
	for _, lane := range c.Lanes {
		for _, p := range lane.Participants {
			if p.Email == from {
				l.remember(known{e.Case, p.Address, from}, r)
				return nil
			}
		}
	}
	return fmt.Errorf("case %d has no address for its reporter", e.Case)
}

func (l *load) remember(k known, r *rand.Rand) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.cases) < maxCases {
		l.cases = append(l.cases, k)
	} else {
		l.cases[r.IntN(maxCases)] = k
	}
}

// any is a case, or false while there is none.
func (l *load) any(r *rand.Rand) (known, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.cases) == 0 {
		return known{}, false
	}
	return l.cases[r.IntN(len(l.cases))], true
}

// reply is an answer on a case, with an attachment of so many bytes.
func (l *load) reply(r *rand.Rand, size int) (k known, mail []byte, err error) {
	k, ok := l.any(r)
	if !ok {
		return k, nil, nil
	}
	if size == 0 {
		mail, err = l.letter(k.tenant, "SV: Kranen", "", words(r, 60)+"\r\n")
		return k, mail, err
	}
	file := make([]byte, size)
	for i := range file {
		file[i] = byte(r.Uint32())
	}
	var b strings.Builder
	b.WriteString("--x\r\nContent-Type: text/plain\r\n\r\n" + words(r, 20) + "\r\n--x\r\nContent-Type: image/jpeg; name=bild.jpg\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	const width = 57 // bytes in a line of 76 characters (RFC 2045 section 6.8)
	for at := 0; at < size; at += width {
		b.WriteString(base64.StdEncoding.EncodeToString(file[at:min(at+width, size)]) + "\r\n")
	}
	b.WriteString("--x--\r\n")
	mail, err = l.letter(k.tenant, "SV: Kranen", "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n", "\r\n"+b.String())
	return k, mail, err
}

func (l *load) answer(ctx context.Context, r *rand.Rand, size int) error {
	k, mail, err := l.reply(r, size)
	if err != nil || mail == nil {
		return err
	}
	at, err := send(ctx, l.i.SMTP, k.tenant, k.address, mail)
	if err == nil {
		l.ledger.took(at)
	}
	return err
}

// twice sends a mail as a peer does that did not hear the answer.
func (l *load) twice(ctx context.Context, r *rand.Rand) error {
	k, mail, err := l.reply(r, 0)
	if err != nil || mail == nil {
		return err
	}
	first, err := send(ctx, l.i.SMTP, k.tenant, k.address, mail)
	if err != nil {
		return err
	}
	l.ledger.took(first)
	again, err := send(ctx, l.i.SMTP, k.tenant, k.address, mail)
	if err == nil && again != first {
		l.ledger.fault("the same mail lies at %+v and at %+v", first, again)
	}
	return err
}

// broken sends what no program should write.
func (l *load) broken(ctx context.Context, r *rand.Rand) error {
	n := l.next.Add(1)
	head := fmt.Sprintf("From: b%d@odd.example\r\nSubject: trasig %d\r\nMessage-ID: <odd-%d@odd.example>\r\n", n%50, n, n)
	kinds := []string{
		head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nhalf",
		head + "Content-Type: text/plain; charset=klingon\r\n\r\n\xe5\xe4\xf6\x00\r\n",
		head + "Content-Transfer-Encoding: base64\r\n\r\n!!!!=\r\n",
		head + strings.Repeat("X-Y: z\r\n", 5000) + "\r\nbody\r\n",
		head + "Content-Type: text/html\r\n\r\n" + strings.Repeat("<div>", 5000) + "x\r\n",
		fmt.Sprintf("no header at all, number %d\r\n", n),
		head + "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\neJ8+IgYB\r\n",
		head + "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
	}
	at, err := send(ctx, l.i.SMTP, "x@odd.example", testrig.Intake, []byte(kinds[r.IntN(len(kinds))]))
	if err == nil {
		l.ledger.took(at)
	}
	return err
}

// leave is a peer that goes away in the middle.
func (l *load) leave(ctx context.Context, r *rand.Rand) error {
	p, err := testrig.Dial(ctx, l.i.SMTP)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }()
	switch r.IntN(3) {
	case 0:
		return nil // after EHLO
	case 1:
		_, err := p.Say(250, "MAIL FROM:<x@odd.example>")
		return err
	}
	if err := p.Begin("x@odd.example", []string{testrig.Intake}); err != nil {
		return err
	}
	return p.Text([]byte("From: x@odd.example\r\nSubject: half\r\n\r\n" + words(r, 2000)))
}

// dawdle is a peer that sends in small pieces. Every third leaves before the last.
func (l *load) dawdle(ctx context.Context, r *rand.Rand) error {
	k, mail, err := l.reply(r, 20<<10)
	if err != nil || mail == nil {
		return err
	}
	p, err := testrig.Dial(ctx, l.i.SMTP)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }()
	if err := p.Begin(k.tenant, []string{k.address}); err != nil {
		return err
	}
	const pieces = 20
	for n := range pieces {
		if err := p.Text(mail[n*len(mail)/pieces : (n+1)*len(mail)/pieces]); err != nil {
			return err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if r.IntN(3) == 0 {
		return nil
	}
	at, err := finish(p, nil)
	if err == nil {
		l.ledger.took(at)
	}
	return err
}

// read is what a page of cases asks for.
func (l *load) read(ctx context.Context, r *rand.Rand) error {
	paths := []string{"/api/v1/cases?limit=20", "/api/v1/todo?for=nora", "/api/v1/outbox?limit=20", "/metrics", "/readyz"}
	if k, ok := l.any(r); ok {
		paths = append(paths, fmt.Sprintf("/api/v1/cases/%d", k.number), fmt.Sprintf("/api/v1/cases/%d/entries", k.number))
	}
	return l.get(ctx, paths[r.IntN(len(paths))])
}

func (l *load) search(ctx context.Context, r *rand.Rand) error {
	return l.get(ctx, "/api/v1/cases?q="+words(r, 1))
}

func (l *load) get(ctx context.Context, path string) error {
	res, err := l.i.Do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	if err = errors.Join(err, res.Body.Close()); err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, res.Status)
	}
	return err
}

// post writes to a tenant.
func (l *load) post(ctx context.Context, r *rand.Rand) error {
	k, ok := l.any(r)
	if !ok {
		return nil
	}
	return l.i.Call(ctx, http.MethodPost, fmt.Sprintf("/api/v1/cases/%d/messages", k.number), map[string]string{"lane": "customer", "text": words(r, 30)}, nil)
}

// words are some by chance, without meaning.
func words(r *rand.Rand, n int) string {
	vocabulary := strings.Fields("kran droppar tvattmaskin hiss lampa trapphus nyckel dorr fonster element kallt varmt vatten lacka kok badrum tak golv balkong port kod tid besok tack hej igen snart imorgon")
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(vocabulary[r.IntN(len(vocabulary))])
	}
	return b.String()
}
