package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/mailauth/verdict"
	"smartmail/message"
)

const perUpdate = 1000 // cases in a transaction

// generator makes up cases over five years, the same ones for the same seed and number.
type generator struct {
	cases      int
	r          *rand.Rand
	begin, end time.Time
}

func newGenerator(seed uint64, n int) *generator {
	end := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	return &generator{cases: n, r: rand.New(rand.NewPCG(seed, 1)), begin: end.AddDate(-5, 0, 0), end: end}
}

// fill stores the register, and the cases with their entries, mails and events.
func (g *generator) fill(ctx context.Context, store casestore.Store) error {
	if err := g.settle(ctx, store); err != nil {
		return err
	}
	for first := 1; first <= g.cases; first += perUpdate {
		var made []history
		for n := first; n < min(first+perUpdate, g.cases+1); n++ {
			made = append(made, g.history(casework.CaseNumber(n)))
		}
		err := store.Update(ctx, func(tx casestore.Tx) error {
			for _, h := range made {
				if err := h.put(tx); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// history is a case with all that belongs to it.
type history struct {
	c       casework.Case
	entries []casework.Entry
	mail    casework.Mail
}

func (h history) put(tx casestore.Tx) error {
	if err := casestore.Cases.Put(tx, &h.c); err != nil {
		return err
	}
	if err := casestore.Mails.Put(tx, &h.mail); err != nil {
		return err
	}
	for i := range h.entries {
		e := &h.entries[i]
		if err := casestore.Entries.Put(tx, e); err != nil {
			return err
		}
		seq, err := tx.Next(casestore.LogSeries(org))
		if err == nil {
			err = casestore.Log.Put(tx, &casework.Event{Org: org, Seq: seq, At: e.At, Kind: casework.EventEntry, Case: e.Case, Entry: e.Seq})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// history makes up a case: reported by mail, assigned, perhaps ordered, talked about, mostly closed.
func (g *generator) history(n casework.CaseNumber) history {
	r := g.r
	at := g.begin.Add(time.Duration(float64(g.end.Sub(g.begin)) * float64(n) / float64(g.cases+1)))
	who, words := g.tenant(r), sentence(r, 4+r.IntN(4))
	c := casework.Case{
		Org: org, Number: n, Subject: words, Description: sentence(r, 15+r.IntN(40)), Status: casework.StatusClosed, Class: g.class(r), Priority: casework.Priority(g.priority(r)),
		Object: g.object(r), Fields: map[string]string{"Våning": floor(r)}, CreatedAt: at, UpdatedAt: at.Add(time.Duration(r.ExpFloat64() * float64(10*24*time.Hour))),
		Reporter: &casework.Reporter{Name: who.name(), Email: who.email, Phone: who.phone, Language: "sv"}, LastNo: 1,
		Lanes: []casework.Lane{{ID: "customer", Kind: casework.LaneCustomer, Participants: []casework.Participant{{No: 1, Name: who.name(), Email: who.email}}}},
	}
	if c.UpdatedAt.After(g.end) {
		c.UpdatedAt = g.end.Add(-time.Duration(r.Int64N(int64(time.Hour))))
		c.Status = []casework.Status{casework.StatusNew, casework.StatusAssigned, casework.StatusStarted, casework.StatusWaiting, casework.StatusDone}[r.IntN(5)]
	}
	if days, ok := c.Priority.Days(); ok {
		c.DueAt = at.AddDate(0, 0, days)
	}
	if c.Status != casework.StatusNew {
		c.Assignee = g.assignee(r)
	}
	h := history{c: c, mail: g.mail(r, at, who, words)}
	h.tell(r, casework.Entry{Kind: casework.KindCreated, Text: c.Description})
	h.tell(r, casework.Entry{Kind: casework.KindMailIn, Lane: "customer", MailIn: &casework.MailIn{Mail: h.mail.ID, Sender: casework.Verified, Participant: 1}})
	if r.IntN(5) < 2 {
		s := g.supplier(r)
		state := casework.OrderDone
		if c.Status != casework.StatusClosed {
			state = casework.OrderOpen
		}
		h.c.Lanes = append(h.c.Lanes, casework.Lane{ID: "supplier-2", Kind: casework.LaneSupplier, Participants: []casework.Participant{{No: 2, Name: s.name(), Email: s.email}}})
		h.c.Orders, h.c.LastNo = []casework.WorkOrder{{No: 1, Lane: "supplier-2", State: state, AskedAt: at}}, 2
		h.tell(r, casework.Entry{Kind: casework.KindOrder, Lane: "supplier-2", Order: 1, MailOut: &casework.MailOut{Text: sentence(r, 20)}})
	}
	h.tell(r, casework.Entry{Kind: casework.KindNote, Lane: "internal", Text: sentence(r, 5+r.IntN(20))})
	return h
}

func (h *history) tell(r *rand.Rand, e casework.Entry) {
	h.c.LastSeq++
	e.Org, e.Case, e.Seq, e.At = org, h.c.Number, h.c.LastSeq, h.c.CreatedAt
	e.ID = newID[casework.EntryID](r, e.At)
	h.entries = append(h.entries, e)
}

func (g *generator) mail(r *rand.Rand, at time.Time, who person, subject string) casework.Mail {
	text := "Hej!\n\n" + sentence(r, 20+r.IntN(40)) + "\n\nMed vänlig hälsning\n" + who.name()
	m := casework.Mail{
		Org: org, ID: newID[casework.MailID](r, at), At: at, Identity: make([]byte, 32), Envelope: message.Envelope{ReversePath: who.email},
		Raw: casework.RawRef{Size: 4096}, Auth: verdict.Verdict{From: who.email},
		Content: message.Content{Subject: subject, From: message.Mailbox{Name: who.name(), Email: who.email}, Date: at, Text: text, FullText: text,
			HTML: "<p>" + strings.ReplaceAll(text, "\n", "<br>") + "</p>", MessageID: fmt.Sprintf("%x@%s", r.Uint64(), domain(r)), Class: message.Personal},
	}
	source{r}.fill(m.Identity)
	if r.IntN(3) == 0 {
		m.Content.Attachments = []message.Attachment{{Name: fmt.Sprintf("IMG_%04d.jpg", r.IntN(10000)), Type: "image/jpeg", Size: 1 << 20}}
	}
	return m
}
