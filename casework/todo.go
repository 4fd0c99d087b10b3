package casework

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Code says why something waits for a person.
type Code string

// The codes. The first ones follow from how a case is; the others are asked for by what happened on it.
const (
	CodeNew        Code = "new"         // nobody has taken it on
	CodeNotStarted Code = "not_started" // who has it has not begun
	CodeDeadline   Code = "deadline"    // it is due soon
	CodeOverdue    Code = "overdue"     // it was due: what CodeDeadline becomes as time passes
	CodeTriage     Code = "triage"      // a mail that is on no case
	CodeRetention  Code = "retention"   // a rule by which cases would be erased is new, or another
	CodeWebhook    Code = "webhook"     // one that is disabled; on no case either

	CodeAnswer          Code = "answer"   // somebody wrote, and nobody of the house has since
	CodeDelivery        Code = "delivery" // a message did not arrive
	CodeApproval        Code = "approval" // an order is over its price cap
	CodeOrderDeclined   Code = "order_declined"
	CodeOrderReturned   Code = "order_returned"
	CodeOrderLate       Code = "order_late"
	CodeOrderUnanswered Code = "order_unanswered"
	CodeOffers          Code = "offers"     // all have answered a request for prices
	CodeInvitation      Code = "invitation" // somebody can't at the time
	CodeUnread          Code = "unread"     // an answer was not carried out
	CodeMention         Code = "mention"
	CodeAccess          Code = "access"    // a supplier has not said that he knows how he gets in now
	CodeEscalated       Code = "escalated" // the deadline is over: for whoever answers for the case
	CodeWatched         Code = "watched"   // something has happened on a case that he watches
)

// Urgency orders what waits for a person.
type Urgency uint64

// The urgencies, the most urgent first. What is due has its place by the deadline, and becomes one or the other as time passes.
const (
	Now Urgency = iota
	Soon
	Normal
	ByDeadline
)

// String is the urgency as it is told outside.
func (u Urgency) String() string {
	return [...]string{"now", "soon", "normal", "deadline"}[min(u, ByDeadline)]
}

// Near is how long before its deadline a case is to be seen to, where an organisation has not chosen (Rules.Warn).
const Near = 48 * time.Hour

// Urgency is how urgent it is that somebody sees to something on a case. Of priority 0 everything is.
func (c *Case) Urgency(a Attention) Urgency {
	switch {
	case a.Code == CodeDeadline && a.Since.Equal(c.DueAt):
		return ByDeadline
	case c.Priority == "0":
		return Now
	case a.Code == CodeNew, a.Code == CodeNotStarted, a.Code == CodeWatched:
		return Normal
	}
	return Soon
}

// Waits is all that waits for people on a case, whatever the time. What follows from how the case is stands until that is
// another, and is named by its code and the case.
func (c *Case) Waits() []Attention {
	all := slices.Clone(c.Attention)
	for i, a := range all {
		if a.Code == CodeAnswer && a.For == "" {
			all[i].For = c.Assignee
		}
	}
	if c.Status == StatusDone || c.Status == StatusClosed {
		return all
	}
	derived := func(code Code, since time.Time) {
		all = append(all, Attention{Entry: EntryID(fmt.Sprintf("%s-%d", code, c.Number)), Code: code, For: c.Assignee, Since: since})
	}
	unbegun := (c.Status == StatusNew || c.Status == StatusAssigned || c.Status == StatusReturned) && !c.asked() // else it is the supplier's turn
	if !c.DueAt.IsZero() && c.Status != StatusWaiting && (!unbegun || c.Priority != "0") && !slices.ContainsFunc(all, func(a Attention) bool { return a.Code == CodeDeadline }) {
		derived(CodeDeadline, c.DueAt)
	}
	switch {
	case unbegun && c.Assignee == "":
		derived(CodeNew, c.CreatedAt)
	case unbegun:
		derived(CodeNotStarted, later(c.CreatedAt, c.AssignedAt))
	}
	return all
}

// Task is something that waits on a case at an instant, with how urgent it is then.
type Task struct {
	Attention
	Urgency Urgency // Now, Soon or Normal
}

// Tasks are what waits for people on a case at an instant, the most urgent first and of that the oldest: what a to-do list and the case itself
// say of it. Nobody from outside has anything to do. Instants are compared as the store's indexes have them, to the microsecond.
func (c *Case) Tasks(r Rules, now time.Time) (tasks []Task) {
	if c.Partial {
		return nil
	}
	for _, a := range c.Waits() {
		u := c.Urgency(a)
		if unbegun := a.Code == CodeNew || a.Code == CodeNotStarted; unbegun && c.Pressing(r, now) {
			continue
		}
		if u == ByDeadline {
			switch at := a.Since.UnixMicro(); {
			case at < now.UnixMicro():
				u, a.Code = Now, CodeOverdue
			case at < r.NearAt(now).UnixMicro():
				u = Soon
			default:
				continue
			}
		}
		tasks = append(tasks, Task{a, u})
	}
	slices.SortFunc(tasks, func(a, b Task) int {
		return cmp.Or(cmp.Compare(a.Urgency, b.Urgency), cmp.Compare(a.Since.UnixMicro(), b.Since.UnixMicro()), cmp.Compare(a.Entry, b.Entry))
	})
	return tasks
}

// asked reports whether a supplier has work on the case, or was asked for a price.
func (c *Case) asked() bool {
	return slices.ContainsFunc(c.Orders, func(o WorkOrder) bool { return o.State.Work() || o.State == OrderAsked })
}

// Pressing reports whether the deadline of a case that is not done is near or over: it says more than that nobody has begun, but for a
// case that is due from the beginning.
func (c *Case) Pressing(r Rules, now time.Time) bool {
	return c.Priority != "0" && c.Status != StatusDone && c.Status != StatusWaiting && c.Status != StatusClosed && !c.DueAt.IsZero() && c.DueAt.Before(r.NearAt(now))
}

// Words says in a sentence why something waits, in Swedish for "sv", else in English.
func (a Attention) Words(language string) string {
	w, ok := words()[a.Code]
	if language != "sv" || !ok {
		return cmp.Or(a.Why, withDetail(w[0], a.Detail))
	}
	return withDetail(w[1], a.Detail)
}

func withDetail(sentence, detail string) string {
	if detail == "" {
		detail = "?"
	}
	if !strings.Contains(sentence, "%s") {
		return sentence
	}
	return fmt.Sprintf(sentence, detail)
}

// words are those of each code, in English and in Swedish.
func words() map[Code][2]string {
	return map[Code][2]string{
		CodeNew:             {"new: nobody has taken it on", "nytt: ingen har tagit hand om det"},
		CodeNotStarted:      {"not begun", "inte påbörjat"},
		CodeDeadline:        {"the deadline is near", "sista dagen närmar sig"},
		CodeOverdue:         {"the deadline has passed", "sista dagen har passerat"},
		CodeTriage:          {"a mail that is on no case: somebody has to read it", "ett mejl som inte hör till något ärende: någon måste läsa det"},
		CodeRetention:       {"a retention rule does nothing until somebody confirms it: %s", "en gallringsregel gör inget förrän någon bekräftar den: %s"},
		CodeAnswer:          {"%s has written and waits for an answer", "%s har skrivit och väntar på svar"},
		CodeDelivery:        {"a message to %s did not arrive", "ett meddelande till %s kom inte fram"},
		CodeApproval:        {"order %s is over its price cap", "order %s går över sitt pristak"},
		CodeOrderDeclined:   {"order %s is declined: somebody else has to do it", "leverantören tackar nej till order %s: någon annan måste göra jobbet"},
		CodeOrderReturned:   {"order %s is returned: somebody else has to do it", "leverantören har lämnat tillbaka order %s: någon annan måste göra jobbet"},
		CodeOrderLate:       {"order %s is late", "order %s är försenad"},
		CodeOrderUnanswered: {"order %s was not answered", "leverantören har inte svarat på order %s"},
		CodeOffers:          {"all have answered request %s", "alla har svarat på prisförfrågan %s"},
		CodeInvitation:      {"%s can't at the time that is booked", "%s kan inte den tid som är bokad"},
		CodeUnread:          {"an answer was not carried out: a person has to read it", "ett svar kunde inte tolkas: någon måste läsa det"},
		CodeWatched:         {"something has happened on a case that you watch", "något har hänt i ett ärende som du bevakar"},
		CodeMention:         {"%s mentions you", "%s nämner dig"},
		CodeAccess:          {"the supplier of order %s has not confirmed how he gets in now", "leverantören av order %s har inte bekräftat det nya tillträdet"},
		CodeEscalated:       {"the deadline is over; who has the case: %s", "sista dagen har passerat; ärendet har: %s"},
		CodeWebhook: {"the webhook to %s was disabled after days of failure: see its last answers, put its receiver or address right and make it active again, or remove it",
			"webhooken till %s är avstängd efter flera dagar av fel: se dess senaste svar, rätta mottagaren eller adressen och aktivera den igen, eller ta bort den"},
	}
}
