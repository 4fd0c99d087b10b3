package casework

import (
	"slices"
	"strings"
	"time"

	"smartmail/mailauth/verdict"
	"smartmail/message"
)

// KindErasure tells that a person was erased from a case: the one entry of which others may have been rewritten.
const KindErasure EntryKind = "erasure"

// Erase takes a person out of the case as it is now; Person.Entry and Person.Mail take him out of what was said on it. Numbers, times,
// classes, objects and sums stay, and so does when the case changed last: that is no work on it.
type Erase struct {
	Person
	Why     string
	All     bool   // everybody outside is meant: the case counts as erased from now on
	Segment string // of who reported it, which stays where he goes
}

func (x Erase) apply(c *Case, t *teller) error {
	changed := c.UpdatedAt
	was := c.Reporter
	*c = x.Case(*c)
	if r := c.Reporter; r != nil && was != nil && *r != *was {
		r.Segment = x.Segment
	}
	if x.All {
		c.ErasedAt = t.at
	}
	t.tell(c, Entry{Kind: KindErasure, Why: x.Why})
	c.UpdatedAt = changed
	return nil
}

// Outsiders is everybody on a case but the landlord's people and suppliers: whom a retention rule is about.
func Outsiders(c Case) (p Person) {
	add := func(email, name string) {
		if email != "" && !p.Has(email) {
			p.Emails = append(p.Emails, Address(email))
		}
		if name != "" && name != Erased {
			p.Names = append(p.Names, name)
		}
	}
	for _, l := range c.Lanes {
		if l.Kind == LaneCustomer {
			for _, q := range l.Participants {
				add(q.Email, q.Name)
			}
		}
	}
	p.everybody = true
	if r := c.Reporter; r != nil {
		add(r.Email, r.Name)
		if r.Phone != "" {
			p.Numbers = append(p.Numbers, r.Phone)
		}
	}
	return p
}

// Case returns the case without him.
func (p Person) Case(c Case) Case {
	p = p.on(c)
	e, mine := p.eraser(), p.reported(c)
	c = c.clone()
	for i := range c.Lanes {
		for j, q := range c.Lanes[i].Participants {
			if p.Has(q.Email) {
				c.Lanes[i].Participants[j] = Participant{No: q.No, Name: Erased}
			}
		}
	}
	if mine {
		c.Reporter = &Reporter{Name: Erased, Language: c.Reporter.Language, Segment: c.Reporter.Segment}
		c.Subject = Erased
		if c.Description != "" {
			c.Description = Erased
		}
		c.Access = nil // it is his home
	}
	if a := c.Access; a != nil {
		c.Access = &Access{
			MasterKey: a.MasterKey, MasterKeyBy: p.actor(a.MasterKeyBy), MasterKeyAt: a.MasterKeyAt,
			KeyBox: e.text(a.KeyBox), Pet: e.text(a.Pet), Present: a.Present, Times: e.text(a.Times),
		}
	}
	if h := c.Hold; h != nil {
		c.Hold = &Hold{Reason: e.text(h.Reason), By: p.actor(h.By), At: h.At}
	}
	c.Waiting = e.waiting(c.Waiting)
	c.Subject, c.Description = e.text(c.Subject), e.text(c.Description)
	if p.Has(c.Assignee) {
		c.Assignee = Erased
	}
	for k, v := range c.Fields {
		c.Fields[k] = e.text(v)
	}
	for i := range c.Orders {
		c.Orders[i].By = p.actor(c.Orders[i].By)
	}
	c.Attention = e.attention(c.Attention)
	if m := c.Merged; m != nil {
		own := *m
		own.Waiting, own.Attention = e.waiting(m.Waiting), e.attention(m.Attention)
		c.Merged = &own
	}
	return c
}

// attention is what waits for people, without him.
func (e eraser) attention(all []Attention) []Attention {
	all = slices.Clone(all)
	for i := range all {
		a := &all[i]
		a.Detail, a.For, a.Why = e.text(a.Detail), e.text(a.For), e.text(a.Why)
	}
	return all
}

// waiting is what a case waits for, without him.
func (e eraser) waiting(w *Waiting) *Waiting {
	if w == nil {
		return nil
	}
	return &Waiting{For: w.For, Text: e.text(w.Text), Since: w.Since}
}

// actor is who did something, by no name where it was he.
func (p Person) actor(a Actor) Actor {
	if p.Has(a.Mail) {
		return Actor{Via: a.Via, Name: Erased}
	}
	return a
}

// only reports whether nobody but he is on a lane outside: what was said there was said by him or to him.
func (p Person) only(c Case, lane LaneID) bool {
	l, ok := c.Lane(lane)
	return ok && l.Kind != LaneInternal && len(l.Participants) > 0 &&
		!slices.ContainsFunc(l.Participants, func(q Participant) bool { return q.Email != "" && !p.Has(q.Email) })
}

// Entry returns an entry of a case without him, and the files that go with what was said to him alone. c is the case before he was taken out.
func (p Person) Entry(c Case, e Entry) (out Entry, files []File) {
	p = p.on(c)
	x := p.eraser()
	out = e
	out.Actor = p.actor(e.Actor)
	out.Text, out.Why = x.text(e.Text), x.text(e.Why)
	if e.Kind == KindCreated && p.reported(c) && e.Text != "" {
		out.Text = Erased
	}
	if m := e.MailIn; m != nil {
		in := *m
		in.Matched.Reasons, in.Marks = x.texts(m.Matched.Reasons), x.texts(m.Marks)
		out.MailIn = &in
	}
	if m := e.MailOut; m != nil {
		mo := *m
		mo.Text, mo.Files = x.text(m.Text), slices.Clone(m.Files)
		for i := range mo.Files {
			mo.Files[i].Name = x.text(mo.Files[i].Name)
		}
		if p.only(c, e.Lane) {
			files, mo.Files = m.Files, nil
			if m.Text != "" {
				mo.Text = Erased
			}
		}
		out.MailOut = &mo
	}
	if g := e.Change; g != nil {
		out.Change = &Change{Field: g.Field, From: x.text(g.From), To: x.text(g.To)}
		if (g.Field == "subject" || strings.HasPrefix(g.Field, "access.")) && p.reported(c) {
			out.Change.From, out.Change.To = Erased, Erased
		}
	}
	if l := e.Line; l != nil {
		li := *l
		li.Who, li.Article, li.Note = x.text(l.Who), x.text(l.Article), x.text(l.Note)
		out.Line = &li
	}
	if d := e.Delivery; d != nil {
		de := *d
		de.Recipient, de.Remote = x.text(d.Recipient), x.text(d.Remote)
		out.Delivery = &de
	}
	if k := e.Correction; k != nil {
		ko := *k
		ko.Content = p.content(x, k.Content)
		ko.Changes = slices.Clone(k.Changes)
		for i, g := range ko.Changes {
			ko.Changes[i] = Change{Field: g.Field, From: x.text(g.From), To: x.text(g.To)}
		}
		out.Correction = &ko
	}
	return out, files
}

// Wrote reports whether a mail is his: he is its author, or it came in under his address.
func (p Person) Wrote(m Mail) bool { return p.wrote(m.Content) || p.Has(m.Envelope.ReversePath) }

func (p Person) wrote(c message.Content) bool {
	return p.Has(c.From.Email) || slices.ContainsFunc(c.FromAll, func(b message.Mailbox) bool { return p.Has(b.Email) })
}

// blank is what stays of a mail that is erased.
func blank(c message.Content) message.Content {
	return message.Content{Subject: Erased, From: message.Mailbox{Name: Erased}, Date: c.Date, Class: c.Class, Hops: c.Hops, Unparseable: c.Unparseable}
}

// content takes him out of what a mail says: of his own all goes but its kind and time.
func (p Person) content(x eraser, c message.Content) message.Content {
	if p.wrote(c) {
		return blank(c)
	}
	box := func(b message.Mailbox) message.Mailbox {
		if p.Has(b.Email) {
			return message.Mailbox{Name: Erased}
		}
		return message.Mailbox{Name: x.text(b.Name), Email: b.Email}
	}
	boxes := func(all []message.Mailbox) []message.Mailbox {
		all = slices.Clone(all)
		for i := range all {
			all[i] = box(all[i])
		}
		return all
	}
	one := func(b *message.Mailbox) *message.Mailbox {
		if b == nil {
			return nil
		}
		o := box(*b)
		return &o
	}
	c.Subject, c.From, c.FromAll, c.Sender, c.ReplyTo, c.To, c.Cc = x.text(c.Subject), box(c.From), boxes(c.FromAll), one(c.Sender), one(c.ReplyTo), boxes(c.To), boxes(c.Cc)
	c.Folded, c.Marked = slices.Clone(c.Folded), slices.Clone(c.Marked)
	var places []*int
	for _, list := range [][]message.Range{c.Folded, c.Marked} {
		for i := range list {
			places = append(places, &list[i].Start, &list[i].End)
		}
	}
	c.Text, c.FullText, c.HTML = x.text(c.Text), x.moving(c.FullText, places), x.text(c.HTML)
	c.Attachments = slices.Clone(c.Attachments)
	for i := range c.Attachments {
		c.Attachments[i].Name = x.text(c.Attachments[i].Name)
	}
	if k := c.Calendar; k != nil {
		ko := *k
		ko.Attendee, ko.Summary, ko.Location = x.text(k.Attendee), x.text(k.Summary), x.text(k.Location)
		c.Calendar = &ko
	}
	c.Bounces = slices.Clone(c.Bounces)
	for i := range c.Bounces {
		b := &c.Bounces[i]
		b.Recipient, b.Original, b.Reason = x.text(b.Recipient), x.text(b.Original), x.text(b.Reason)
	}
	return c
}

// Mail returns a mail without him. Of his own nothing stays but that it came, when, how big it was, where it lies and what was found out of its
// origin, in words; its raw bytes are for the caller to remove. parts as in called: the mail is on a case that he takes part in. The identity, a
// hash, stays: the same mail again must find its place instead of coming back.
func (p Person) Mail(m Mail, parts bool, at time.Time) Mail {
	if !p.Wrote(m) {
		x := p.outsider()
		if parts {
			x = p.eraser()
		}
		m.Content = p.content(x, m.Content)
		m.Envelope.Recipients = x.texts(m.Envelope.Recipients)
		return m
	}
	if !m.Raw.Erased.IsZero() {
		return m
	}
	m.Content = blank(m.Content)
	m.Envelope = message.Envelope{Protocol: m.Envelope.Protocol, TLS: m.Envelope.TLS}
	m.Trace, m.AuthResults = "", ""
	m.Raw = RawRef{Size: m.Raw.Size, Erased: at}
	m.Auth = verdict.Verdict{SPF: verdict.SPF{Result: m.Auth.SPF.Result}, DMARC: verdict.DMARC{Result: m.Auth.DMARC.Result, Policy: m.Auth.DMARC.Policy}, ARC: m.Auth.ARC}
	if m.Scan != nil {
		m.Scan = &Scan{Action: m.Scan.Action, Score: m.Scan.Score}
	}
	return m
}

// Points reports whether a text has an address or a number of his.
func (p Person) Points(texts ...string) bool {
	sign := p.sign()
	return sign != nil && slices.ContainsFunc(texts, func(s string) bool {
		m := sign.FindStringIndex(s)
		return m != nil && alone(s, m[0], m[1])
	})
}

// Outgoing returns a mail of ours without him, and one that he was still to get never leaves.
func (p Person) Outgoing(o OutboxItem) OutboxItem {
	x := p.outsider()
	if p.Has(o.To.Email) {
		o.To = Participant{No: o.To.No, Name: Erased}
		if o.State == Queued || o.State == Deferred {
			o.State, o.Remote = Failed, "the recipient was erased"
		}
	}
	o.Remote = x.text(o.Remote)
	if s := o.Staff; s != nil {
		so := *s
		so.Text, so.Todo = x.text(s.Text), slices.Clone(s.Todo)
		for i := range so.Todo {
			so.Todo[i].Subject, so.Todo[i].Why = x.text(so.Todo[i].Subject), x.text(so.Todo[i].Why)
		}
		o.Staff = &so
	}
	return o
}

// Addressed reports whether a mail names one of his addresses in its header or came to one.
func (p Person) Addressed(m Mail) bool {
	all := append(append(slices.Clone(m.Content.To), m.Content.Cc...), m.Content.From)
	for _, b := range []*message.Mailbox{m.Content.Sender, m.Content.ReplyTo} {
		if b != nil {
			all = append(all, *b)
		}
	}
	return slices.ContainsFunc(all, func(b message.Mailbox) bool { return p.Has(b.Email) }) || slices.ContainsFunc(m.Envelope.Recipients, p.Has)
}

// Triage returns a triage item whose reasons do not name him.
func (p Person) Triage(t TriageItem) TriageItem {
	x := p.eraser()
	t.Why, t.Matched.Reasons = x.text(t.Why), x.texts(t.Matched.Reasons)
	return t
}
