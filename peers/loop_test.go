package peers

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"smartmail/testrig"
)

// The second house of these tests, whose mail the first one gets and answers.
const (
	otherDomain = "fel.example.net"
	otherIntake = "felanmalan@fel.example.net"
	supplier    = "jour@rorservice.example.net"
)

// town is two houses with the post between them. Whatever is sent on this machine proves its sender's domain.
type town struct {
	*testing.T
	post *testrig.Post
	a, b *house
}

func openTown(t *testing.T) *town {
	t.Helper()
	var records []string
	ids := map[string]*testrig.Identity{}
	for _, domain := range []string{testrig.Domain, otherDomain, "rorservice.example.net", "boende.example.com"} {
		id, err := testrig.NewIdentity(t.TempDir(), domain)
		if err != nil {
			t.Fatal(err)
		}
		ids[domain] = id
		records = append(records, id.Records()...)
	}
	zone, err := testrig.NewZone(records...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = zone.Close() })
	post, err := testrig.NewPost(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := post.Close(); err != nil {
			t.Error(err)
		}
	})
	settle := func(domain string) *house {
		h := open(t, func(o *testrig.Options) {
			relaying(post.Addr)(o)
			o.DNS, o.Domain, o.DKIM = zone.Addr, domain, ids[domain].KeyFile
		})
		post.Connect(domain, h.SMTP)
		return h
	}
	return &town{T: t, post: post, a: settle(testrig.Domain), b: settle(otherDomain)}
}

// send writes a mail as a person or a program does who marks nothing.
func (w *town) send(from, to, subject, text string) {
	w.Helper()
	if err := w.post.Send(written(from, to, subject, text)); err != nil {
		w.Fatal(err)
	}
}

var serial = func() func() int {
	next := make(chan int, 1)
	next <- 1
	return func() int { n := <-next; next <- n + 1; return n }
}()

func written(from, to, subject, text string) testrig.Letter {
	_, domain, _ := strings.Cut(from, "@")
	return testrig.Letter{From: from, To: []string{to}, Raw: fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <loop-%d@%s>\r\n"+
		"Date: %s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", from, to, subject, serial(), domain, time.Now().Format(time.RFC1123Z), strings.ReplaceAll(text, "\n", "\r\n"))}
}

// quiet waits until nobody has anything to send. The Post answers when a mail has arrived with all that follows from it, so
// that outboxes that are empty one after the other, and have not grown meanwhile, stay so.
func (w *town) quiet() {
	w.Helper()
	idle := func(h *house) (mails int, ok bool) {
		all := h.outbox()
		for _, m := range all {
			if m.State == "queued" || m.State == "deferred" {
				return len(all), false
			}
		}
		return len(all), true
	}
	await(w.T, "the houses fall silent", 20*time.Second, func() bool {
		before, ok := idle(w.a)
		_, others := idle(w.b)
		after, still := idle(w.a)
		return ok && others && still && before == after
	})
}

// wantSeen checks that every mail that reached a house lies on a case or in triage there.
func (w *town) wantSeen() {
	w.Helper()
	for _, h := range []*house{w.a, w.b} {
		reached := 0
		for _, l := range w.post.Passed() {
			if strings.HasSuffix(l.To[0], "@"+h.domain()) {
				reached++
			}
		}
		if seen := len(h.inventory()); seen != reached {
			w.Errorf("%s: %d mails are to be seen of %d that came", h.domain(), seen, reached)
		}
	}
}

func (h *house) domain() string {
	if h.opt.Domain != "" {
		return h.opt.Domain
	}
	return testrig.Domain
}

// answersTo is where a mail asks to be answered.
func answersTo(l testrig.Letter) string {
	for _, name := range []string{"Reply-To", "From"} {
		if list, err := l.Header().AddressList(name); err == nil {
			return list[0].Address
		}
	}
	return l.From
}

// callOut makes an API call that must work.
func (h *house) callOut(path string, in, out any) {
	h.t.Helper()
	if err := h.Call(within(h.t, 10*time.Second), http.MethodPost, path, in, out); err != nil {
		h.t.Fatal(err)
	}
}

// onCase opens a case for a person or a program, as staff do on the telephone, and returns its reply address.
func (h *house) onCase(reporter string) (number uint64, address string) {
	h.t.Helper()
	var c opened
	h.callOut("/api/v1/cases", map[string]any{"org": testrig.Org, "subject": "Droppande kran", "reporter": map[string]string{"email": reporter}}, &c)
	return c.Number, c.Lanes[0].Participants[0].Address
}

var automaticFields = regexp.MustCompile(`(?im)^(?:auto-submitted|x-auto-response-suppress):.*\r\n`)

// unmarked is a mail after a server that forwards it in its own name and leaves out what marks an automatic one.
func unmarked(l testrig.Letter) testrig.Letter {
	l.Raw = automaticFields.ReplaceAll(l.Raw, nil)
	if l.From == "" {
		l.From = answersTo(l)
	}
	return l
}

// Two houses, or a house and a program, never write to each other for long: each mail is kept, and the answers end.
func TestLoops(t *testing.T) {
	for name, c := range map[string]struct {
		most int // mails in all
		play func(w *town)
	}{
		"a fault by the other's intake": {3, func(w *town) { w.send(otherIntake, testrig.Intake, "Fel", "Det droppar.") }},
		"a fault by the other's case": {3, func(w *town) {
			_, address := w.b.onCase(customer)
			w.send(address, testrig.Intake, "Fel", "Det droppar.")
		}},
		"each by the other's intake": {4, func(w *town) {
			w.send(otherIntake, testrig.Intake, "Fel hos er", "Det droppar.")
			w.send(testrig.Intake, otherIntake, "Fel hos oss", "Det rinner.")
		}},
		"each by the other's case": {4, func(w *town) {
			_, hers := w.b.onCase(customer)
			_, his := w.a.onCase(customer)
			w.send(hers, testrig.Intake, "Fel hos er", "Det droppar.")
			w.send(his, otherIntake, "Fel hos oss", "Det rinner.")
		}},
		"case to case": {1, func(w *town) {
			_, hers := w.b.onCase(customer)
			_, his := w.a.onCase(hers)
			w.send(hers, his, "Svar", "Tack.")
		}},
		"staff write to the other's intake": {2, func(w *town) {
			n, _ := w.a.onCase(otherIntake)
			w.a.callOut(fmt.Sprintf("/api/v1/cases/%d/messages", n), map[string]any{"lane": "customer", "text": "Vi kommer i morgon."}, nil)
		}},
		"an order to the other's intake": {2, func(w *town) {
			n, _ := w.a.onCase(customer)
			w.a.callOut(fmt.Sprintf("/api/v1/cases/%d/orders", n), map[string]any{"supplier": otherIntake, "text": "Byt packning."}, nil)
		}},
		"all marks are lost on the way": {4, func(w *town) {
			w.post.Change(unmarked)
			w.send(otherIntake, testrig.Intake, "Fel", "Det droppar.")
		}},
		"an order, and all marks are lost": {4, func(w *town) {
			w.post.Change(unmarked)
			n, _ := w.a.onCase(customer)
			w.a.callOut(fmt.Sprintf("/api/v1/cases/%d/orders", n), map[string]any{"supplier": otherIntake, "text": "KLAR?\nTAR JOBBET"}, nil)
		}},
		"a vacation responder": {3, func(w *town) {
			w.robot(customer, func(n int, l testrig.Letter) testrig.Letter {
				return written(customer, answersTo(l), fmt.Sprintf("Jag svarar nr %d", n), fmt.Sprintf("Hej, jag läser det här om %d dagar.", n))
			})
			w.send(customer, testrig.Intake, "Fel", "Det droppar.")
		}},
		"a vacation responder that gets a message": {3, func(w *town) {
			w.robot(customer, func(n int, l testrig.Letter) testrig.Letter {
				return written(customer, answersTo(l), fmt.Sprintf("Jag svarar nr %d", n), "Hej, jag läser det här sedan.")
			})
			n, _ := w.a.onCase(customer)
			w.a.callOut(fmt.Sprintf("/api/v1/cases/%d/messages", n), map[string]any{"lane": "customer", "text": "Vi kommer i morgon."}, nil)
		}},
		"a supplier's program that repeats what it gets": {6, func(w *town) {
			// The order, the answer, the confirmation, two repetitions; and the tenant hears that it is done.
			w.repeats("TAR JOBBET\nKLAR\nTID 1,5 h\nMATERIAL 1 st packning à 45 kr", "order status order status time material status") // the last one: whoever writes wakes a case that is done
		}},
		"a supplier's program that repeats a short answer": {5, func(w *town) { w.repeats("TID 2 h", "time") }},
	} {
		t.Run(name, func(t *testing.T) {
			w := openTown(t)
			c.play(w)
			w.quiet()
			if n := len(w.post.Passed()); n > c.most {
				t.Errorf("%d mails went to and fro, want %d at most:\n%s", n, c.most, w.log())
			}
			w.wantSeen()
		})
	}
}

// repeats lets a supplier answer an order whose program answers every mail with the mail itself, unmarked. What he said counts once.
func (w *town) repeats(answer, want string) {
	w.Helper()
	w.robot(supplier, func(n int, l testrig.Letter) testrig.Letter {
		return written(supplier, answersTo(l), fmt.Sprintf("Ärende %d hos oss", 1000+n), "Tack för ditt mejl. Du skrev:\n\n"+l.Content(w.Context()).FullText)
	})
	n, _ := w.a.onCase(customer)
	w.a.callOut(fmt.Sprintf("/api/v1/cases/%d/orders", n), map[string]any{"supplier": supplier, "text": "Byt packning."}, nil)
	order, err := w.post.Arrived(within(w.T, time.Minute), supplier, func(testrig.Letter) bool { return true })
	if err != nil {
		w.Fatal(err)
	}
	w.send(supplier, answersTo(order), "Sv: Arbetsorder", answer)
	w.quiet()
	var did []string
	for _, e := range all[struct {
		Kind   string
		Change *struct{ Field string }
	}](w.a, fmt.Sprintf("/api/v1/cases/%d/entries", n)) {
		switch {
		case e.Kind == "change" && e.Change != nil:
			did = append(did, e.Change.Field)
		case e.Kind == "status", e.Kind == "time", e.Kind == "material":
			did = append(did, e.Kind)
		}
	}
	if got := strings.Join(did, " "); got != want {
		w.Errorf("the case tells of %s, want %s", got, want)
	}
}

// A program that makes a new fault of whatever it gets is not told by its mails: the cap on an address ends it.
func TestLoopOfNewFaults(t *testing.T) {
	w := openTown(t)
	w.robot(customer, func(n int, _ testrig.Letter) testrig.Letter {
		return written(customer, testrig.Intake, fmt.Sprintf("Nytt fel %d", n), fmt.Sprintf("Det här är fel %d.", n))
	})
	w.send(customer, testrig.Intake, "Fel", "Det droppar.")
	w.quiet()
	const perHour = 5
	if n := len(w.post.Passed()); n != 2*perHour+1 {
		t.Errorf("%d mails went to and fro, want %d:\n%s", n, 2*perHour+1, w.log())
	}
	w.wantSeen()
}

// robot lets a program answer each mail to the address; n counts from 1.
func (w *town) robot(address string, answer func(n int, l testrig.Letter) testrig.Letter) {
	n := 0
	w.post.Robot(address, func(l testrig.Letter) []testrig.Letter {
		n++
		return []testrig.Letter{answer(n, l)}
	})
}

// log tells what passed, a line for each mail.
func (w *town) log() string {
	var b bytes.Buffer
	for _, l := range w.post.Passed() {
		fmt.Fprintf(&b, "  <%s> to %v: %s\n", l.From, l.To, l.Content(w.Context()).Subject)
	}
	return b.String()
}
