// Package fill makes up stores of many cases for benchmarks: a landlord's property, its people, and what was reported over five years.
//
//	seed → Generator → cases, entries, mails, events → transactions → store
//
// The same seed and size make the same store, but for what signs its addresses. Texts are made of words that tenants use. With a Talk
// the records are those that the real program writes when mail comes in and goes out: raw mails with their hashes, identities and
// references, signed addresses and Message-IDs, so that an answer to any of them finds its case. Without one they are as much as lists
// and searches read, and take less room.
//
// What is made up is put in by transactions of the store, past the desk: the way in is what other benchmarks measure.
package fill

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/mailauth/verdict"
	"smartmail/message"
)

const perUpdate = 1000 // mails, notes and the like in a transaction, roughly

// Options say what is made up.
type Options struct {
	Org   casework.OrgID
	Seed  uint64
	Cases int
	Talk  *Talk // nil: a case is reported by a mail and hardly talked about
}

// Generator makes up cases over five years. It is for one goroutine, and for one store.
type Generator struct {
	Options
	r          *rand.Rand
	begin, end time.Time
}

// New returns the generator of one store.
func New(o Options) *Generator {
	end := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	return &Generator{Options: o, r: rand.New(rand.NewPCG(o.Seed, 1)), begin: end.AddDate(-5, 0, 0), end: end}
}

// End is when the newest case is from.
func (g *Generator) End() time.Time { return g.end }

func (g *Generator) technicians() int {
	if g.Talk != nil {
		return talkTechnicians
	}
	return 50
}

// Fill stores the register, and the cases with all that belongs to them. Its store has none yet.
func (g *Generator) Fill(ctx context.Context, store casestore.Store) error {
	if err := g.settle(ctx, store); err != nil {
		return err
	}
	portions := make(chan []history, 1) // one is made up while another is stored
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error {
		defer close(portions)
		return g.portions(ctx, portions)
	})
	all.Go(func() error {
		for made := range portions {
			err := store.Update(ctx, func(tx casestore.Tx) error {
				for _, h := range made {
					if err := h.put(tx); err != nil {
						return fmt.Errorf("case %d: %w", h.c.Number, err)
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return all.Wait()
}

// portions makes up all cases, as many at a time as a transaction takes.
func (g *Generator) portions(ctx context.Context, to chan<- []history) error {
	size := perUpdate
	if g.Talk != nil {
		size /= g.Talk.Messages
	}
	size = max(1, size)
	for first := 1; first <= g.Cases; first += size {
		var made []history
		for n := first; n < min(first+size, g.Cases+1); n++ {
			h, err := g.history(ctx, casework.CaseNumber(n))
			if err != nil {
				return fmt.Errorf("make up case %d: %w", n, err)
			}
			made = append(made, h)
		}
		select {
		case to <- made:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// history makes up a case: reported by mail, assigned, perhaps ordered, talked about, mostly closed.
func (g *Generator) history(ctx context.Context, n casework.CaseNumber) (history, error) {
	r := g.r
	at := g.begin.Add(time.Duration(float64(g.end.Sub(g.begin)) * float64(n) / float64(g.Cases+1)))
	who := g.reporter(n)
	words := sentence(r, 4+r.IntN(4))
	c := casework.Case{
		Org: g.Org, Number: n, Subject: words, Description: g.description(r), Status: casework.StatusClosed, Class: g.Class(r), Priority: casework.Priority(g.Priority(r)),
		Object: g.Object(r), Fields: map[string]string{"Våning": Floor(r)}, CreatedAt: at, UpdatedAt: at.Add(time.Duration(r.ExpFloat64() * float64(10*24*time.Hour))),
		Reporter: &casework.Reporter{Name: who.Name(), Email: who.Email, Phone: who.Phone, Language: "sv"}, LastNo: 1,
		Lanes: []casework.Lane{{ID: customerLane, Kind: casework.LaneCustomer, Participants: []casework.Participant{{No: 1, Name: who.Name(), Email: who.Email}}}},
	}
	open := g.state(&c)
	if days, ok := c.Priority.Days(); ok {
		c.DueAt = at.AddDate(0, 0, days)
	}
	if c.Status != casework.StatusNew {
		c.Assignee = g.Assignee(r)
	}
	h := history{c: c}
	h.tell(r, casework.Entry{At: at, Kind: casework.KindCreated, Text: c.Description})
	if g.Talk == nil {
		h.mails = append(h.mails, g.mail(r, at, who, words))
		h.tell(r, casework.Entry{At: at, Kind: casework.KindMailIn, Lane: customerLane, MailIn: &casework.MailIn{Mail: h.mails[0].ID, Sender: casework.Verified, Participant: 1}})
	}
	if r.IntN(5) < 2 {
		g.order(&h, open)
	}
	if g.Talk != nil {
		return h, g.talk(ctx, &h, who)
	}
	h.tell(r, casework.Entry{At: at, Kind: casework.KindNote, Lane: internalLane, Text: sentence(r, 5+r.IntN(20))})
	return h, nil
}

const (
	customerLane = "customer"
	internalLane = casework.LaneID(casework.LaneInternal)
)

// reporter is who reported a case. With a Talk his name follows from the number, so that he can be asked for later.
func (g *Generator) reporter(n casework.CaseNumber) Person {
	if g.Talk != nil {
		return g.Reporter(n)
	}
	return g.Tenant(g.r)
}

func (g *Generator) description(r *rand.Rand) string {
	if g.Talk != nil {
		return sentence(r, 8+r.IntN(8))
	}
	return sentence(r, 15+r.IntN(40))
}

// state puts a case into the state that it is in at the end, and tells whether it is yet to be done.
func (g *Generator) state(c *casework.Case) (open bool) {
	r := g.r
	if g.Talk != nil {
		return g.Talk.state(g, c)
	}
	if c.UpdatedAt.After(g.end) {
		c.UpdatedAt = g.end.Add(-time.Duration(r.Int64N(int64(time.Hour))))
		c.Status = []casework.Status{casework.StatusNew, casework.StatusAssigned, casework.StatusStarted, casework.StatusWaiting, casework.StatusDone}[r.IntN(5)]
	}
	return c.Status != casework.StatusClosed
}

// order has a supplier asked.
func (g *Generator) order(h *history, open bool) {
	r := g.r
	s := g.Supplier(r)
	state := casework.OrderDone
	if open {
		state = casework.OrderOpen
	}
	const lane = "supplier-2"
	h.c.Lanes = append(h.c.Lanes, casework.Lane{ID: lane, Kind: casework.LaneSupplier, Participants: []casework.Participant{{No: 2, Name: s.Name(), Email: s.Email}}})
	h.c.Orders, h.c.LastNo = []casework.WorkOrder{{No: 1, Lane: lane, State: state, AskedAt: h.c.CreatedAt}}, 2
	h.tell(r, casework.Entry{At: h.c.CreatedAt, Kind: casework.KindOrder, Lane: lane, Order: 1, MailOut: &casework.MailOut{Text: sentence(r, 20)}})
}

// mail is one of which no more is kept than lists and searches read.
func (g *Generator) mail(r *rand.Rand, at time.Time, who Person, subject string) casework.Mail {
	text := "Hej!\n\n" + sentence(r, 20+r.IntN(40)) + "\n\nMed vänlig hälsning\n" + who.Name()
	m := casework.Mail{
		Org: g.Org, ID: newID[casework.MailID](r, at), At: at, Identity: make([]byte, 32), Envelope: message.Envelope{ReversePath: who.Email},
		Raw: casework.RawRef{Size: 4096}, Auth: verdict.Verdict{From: who.Email},
		Content: message.Content{Subject: subject, From: message.Mailbox{Name: who.Name(), Email: who.Email}, Date: at, Text: text, FullText: text,
			HTML: "<p>" + strings.ReplaceAll(text, "\n", "<br>") + "</p>", MessageID: fmt.Sprintf("%x@%s", r.Uint64(), domain(r)), Class: message.Personal},
	}
	source{r}.fill(m.Identity)
	if r.IntN(3) == 0 {
		m.Content.Attachments = []message.Attachment{{Name: fmt.Sprintf("IMG_%04d.jpg", r.IntN(10000)), Type: "image/jpeg", Size: 1 << 20}}
	}
	return m
}
