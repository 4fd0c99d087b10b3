package casework

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"smartmail/fault"
	"smartmail/message"
	"smartmail/register"
)

// ReceiveMail puts a received mail on the case.
type ReceiveMail struct {
	MailIn
	Lane   LaneID
	Class  message.Class
	Rights Rights // of the organisation; nil: the default
}

func (m ReceiveMail) apply(c *Case, t *teller) error {
	if _, ok := c.Lane(m.Lane); !ok && m.Lane != LaneID(LaneInternal) {
		return fault.New(fault.Conflict, fmt.Sprintf("case %d has no lane %q", c.Number, m.Lane))
	}
	in := m.MailIn
	t.tell(c, Entry{Kind: KindMailIn, Lane: m.Lane, MailIn: &in})
	if in.Held {
		c.Held = append(c.Held, t.entries[len(t.entries)-1].ID)
		if len(c.Held) > MaxHeld {
			return fault.New(fault.Conflict, fmt.Sprintf("case %d has %d mails that wait for a person, which is the most", c.Number, MaxHeld))
		}
		return nil
	}
	if p, _, ok := c.Participant(in.Participant); ok && m.Class == message.Personal && !in.Staff && c.LastSeq > 1 && m.Lane != LaneID(LaneInternal) {
		t.answered(c, m.Lane, p)
	}
	if m.Class == message.Personal {
		for _, o := range c.Orders {
			if o.Lane == m.Lane {
				c.accessKnown(o) // he has read what we wrote: TAR JOBBET and OK are answers like any other
			}
		}
	}
	// Only a person with the right wakes a finished case; a vacation reply, a bounce or a stranger does not.
	done := c.Merged == nil && (c.Status == StatusDone || c.Status == StatusClosed)
	if done && m.Class == message.Personal && m.Rights.May(m.Sender, MayReopen) && c.LastSeq > 1 {
		to := StatusNew
		if c.Assignee != "" {
			to = StatusAssigned
		}
		t.setStatus(c, to, "a participant answered after the case was "+string(c.Status))
	}
	return nil
}

// MaxHeld bounds how many mails wait on one case, since whoever found an address of ours must not fill the case's record.
// What comes beyond that waits in triage alone.
const MaxHeld = 1000

// setStatus changes the status and tells of it. With a reason a rule did it.
func (t *teller) setStatus(c *Case, to Status, why string) {
	e := Entry{Why: why}
	if why != "" {
		e.Actor = Actor{Via: ViaRule, Name: "reopen"}
	}
	t.come(c, to, e)
}

// Post says something on a lane: a mail to its participants, or a note where the lane is internal.
type Post struct {
	Lane  LaneID
	Text  string
	Files []File
	Why   string // in words, where it is said on several cases

	// Mentions are the contacts of the house whom a note calls for. The desk fills them in.
	Mentions []string
}

func (p Post) apply(c *Case, t *teller) error {
	if strings.TrimSpace(p.Text) == "" && len(p.Files) == 0 {
		return fault.New(fault.Invalid, "the message is empty")
	}
	if len(p.Text) > maxText {
		return fault.New(fault.Invalid, fmt.Sprintf("the message is longer than %d bytes", maxText))
	}
	if p.Lane == LaneID(LaneInternal) {
		t.tell(c, Entry{Kind: KindNote, Lane: p.Lane, Text: p.Text, MailOut: filesOnly(p.Files)})
		t.callFor(c, p.Mentions)
		return nil
	}
	l, ok := c.Lane(p.Lane)
	if !ok {
		return fault.New(fault.NotFound, fmt.Sprintf("case %d has no lane %q", c.Number, p.Lane))
	}
	if len(l.people()) == 0 {
		return fault.New(fault.Conflict, fmt.Sprintf("nobody is on lane %q", p.Lane))
	}
	t.tell(c, Entry{Kind: KindMailOut, Lane: p.Lane, Why: p.Why, MailOut: &MailOut{Text: p.Text, Files: p.Files}})
	t.attended(c, p.Lane)
	return nil
}

func filesOnly(files []File) *MailOut {
	if len(files) == 0 {
		return nil
	}
	return &MailOut{Files: files}
}

// AddParticipant puts somebody on a lane of that kind.
type AddParticipant struct {
	Kind        LaneKind
	Name, Email string
}

func (a AddParticipant) apply(c *Case, t *teller) error {
	switch a.Kind {
	case LaneCustomer, LaneSupplier, LaneInternal:
	default:
		return fault.New(fault.Invalid, fmt.Sprintf("there is no lane of kind %q: customer, supplier or internal", a.Kind))
	}
	if err := validAddress(a.Email); err != nil {
		return err
	}
	had := c.LastNo
	p, lane, err := c.join(a.Kind, oneLine(a.Name), a.Email)
	if err != nil {
		return err
	}
	if c.LastNo != had {
		t.tell(c, Entry{Kind: KindParticipant, Lane: lane, Change: &Change{Field: "participant", To: p.Email}})
	}
	return nil
}

// Edit changes what is said about a case; a nil field stays.
type Edit struct {
	Status                           *Status
	Class, Object, Assignee, Subject *string
	Priority                         *Priority
	Fields                           map[string]string // merged; an empty value removes the field
	Why                              string            // of a change of status: what is waited for, why it is handed back
	Access                           AccessEdit
	WaitFor                          *WaitFor // of a case that waits, or comes to; nil: what it waited for, or WaitOther
	Internal                         *bool    // whether it is the house\'s own business

	// Rules are the fields of the class that the case has after the change, and Told says whether a customer has heard of it or written on it.
	// The desk fills them in.
	Rules []register.Field
	Told  bool
}

// checked finds what the class's fields have against the change, and returns it with their values as they are kept.
func (e Edit) checked(c *Case) (Edit, error) {
	if err := fits(map[string]string{"reason": e.Why}); err != nil {
		return e, err
	}
	e.Fields = maps.Clone(e.Fields)
	for _, f := range e.Rules {
		if v := e.Fields[f.Name]; v != "" {
			kept, err := f.Takes(v)
			if err != nil {
				return e, err
			}
			e.Fields[f.Name] = kept
		}
		if e.Status == nil || *e.Status == c.Status || !requires(*e.Status, f.Required) {
			continue
		}
		value, given := e.Fields[f.Name]
		if !given {
			value = c.Fields[f.Name]
		}
		if value == "" {
			return e, fault.New(fault.Conflict, fmt.Sprintf("the field %q must be filled in before the case is %s", f.Name, *e.Status))
		}
	}
	return e, nil
}

// requires reports whether a field that is required before a status is required before another.
func requires(s Status, required string) bool {
	return required == string(s) || required == string(StatusDone) && s == StatusClosed
}

func (e Edit) apply(c *Case, t *teller) error {
	e, err := e.checked(c)
	if err != nil {
		return err
	}
	if e.Status != nil {
		if err := c.mayCome(*e.Status, t.at); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		name      string
		now, want *string
	}{
		{"subject", &c.Subject, e.Subject},
		{"class", &c.Class, e.Class},
		{"object", &c.Object, e.Object},
	} {
		if f.want == nil || *f.want == *f.now {
			continue
		}
		if err := fits(map[string]string{f.name: *f.want}); err != nil {
			return err
		}
		from := *f.now
		*f.now = oneLine(*f.want)
		t.tell(c, Entry{Kind: KindChange, Change: &Change{Field: f.name, From: from, To: *f.now}})
	}
	if err := e.editAssignee(c, t); err != nil {
		return err
	}
	if e.Priority != nil && *e.Priority != c.Priority {
		t.prioritise(c, *e.Priority, "")
	}
	if err := e.editFields(c, t); err != nil {
		return err
	}
	if err := e.editInternal(c, t); err != nil {
		return err
	}
	if err := t.changeAccess(c, e.Access); err != nil {
		return err
	}
	if e.Status != nil && *e.Status != c.Status {
		t.come(c, *e.Status, Entry{Why: e.Why})
		if c.Status == StatusClosed && t.by.Via == ViaAPI {
			c.Attention = nil // who closes a case has seen what is on it
		}
		if c.Status == StatusWaiting {
			c.Waiting.Text = e.Why
		}
	}
	if e.WaitFor != nil {
		return t.waits(c, *e.WaitFor, e.Why)
	}
	return nil
}

// editAssignee gives the case to somebody, or takes it from him. A new one is assigned thereby, unless the same edit says its status.
func (e Edit) editAssignee(c *Case, t *teller) error {
	if e.Assignee == nil || *e.Assignee == c.Assignee {
		return nil
	}
	if err := fits(map[string]string{"assignee": *e.Assignee}); err != nil {
		return err
	}
	if to := oneLine(*e.Assignee); e.Status == nil {
		t.assign(c, to, "")
	} else {
		t.give(c, to, "")
	}
	return nil
}

// maxFields bounds an organisation's own fields on one case.
const maxFields = 100

func (e Edit) editFields(c *Case, t *teller) error {
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		value := e.Fields[name]
		if err := fits(map[string]string{"fields": name, name: value}); err != nil {
			return err
		}
		if name == "" || value == c.Fields[name] {
			continue
		}
		t.tell(c, Entry{Kind: KindChange, Change: &Change{Field: name, From: c.Fields[name], To: value}})
		if value == "" {
			delete(c.Fields, name)
		} else {
			c.Fields[name] = value
		}
	}
	if len(c.Fields) > maxFields {
		return fault.New(fault.Invalid, fmt.Sprintf("a case has at most %d fields", maxFields))
	}
	return nil
}

// Confirm vouches for a mail that was held: from now on others on its lane may see it.
type Confirm struct{ Entry EntryID }

func (f Confirm) apply(c *Case, t *teller) error {
	i := slices.Index(c.Held, f.Entry)
	if i < 0 {
		return fault.New(fault.Conflict, fmt.Sprintf("entry %s of case %d does not wait for anybody", f.Entry, c.Number))
	}
	c.Held = slices.Delete(c.Held, i, i+1)
	t.tell(c, Entry{Kind: KindConfirm, Change: &Change{Field: "entry", To: string(f.Entry)}})
	return nil
}

// Withdraw takes an entry back: it stays on the timeline, and nobody outside sees it. With Hold it waits for a person
// again instead, as before it was confirmed or withdrawn.
type Withdraw struct {
	Entry EntryID
	Hold  bool
	Why   string
}

func (w Withdraw) apply(c *Case, t *teller) error {
	held, withdrawn := slices.Index(c.Held, w.Entry), slices.Index(c.Withdrawn, w.Entry)
	switch {
	case held >= 0 && !w.Hold:
		c.Held = slices.Delete(c.Held, held, held+1)
	case withdrawn >= 0 && w.Hold:
		c.Withdrawn = slices.Delete(c.Withdrawn, withdrawn, withdrawn+1)
	case held >= 0 || withdrawn >= 0:
		return fault.New(fault.Conflict, fmt.Sprintf("entry %s of case %d is hidden already", w.Entry, c.Number))
	}
	if w.Hold {
		c.Held = append(c.Held, w.Entry)
	} else {
		c.Withdrawn = append(c.Withdrawn, w.Entry)
	}
	t.tell(c, Entry{Kind: KindWithdrawal, Why: w.Why, Change: &Change{Field: "entry", From: string(w.Entry)}})
	return nil
}

// Outgoing returns the mails that an entry causes: one to each participant of its lane, and to nobody else whatever a
// header says. What each mail must bear (addresses, Message-ID) is for the desk to sign.
func Outgoing(c Case, e Entry) []OutboxItem {
	if e.Kind != KindMailOut && e.Kind != KindOrder || e.Origin != nil { // what was taken from another case was sent from there
		return nil
	}
	l, ok := c.Lane(e.Lane)
	if !ok {
		return nil
	}
	var out []OutboxItem
	for _, p := range l.Participants {
		if p.Email == "" || e.MailOut != nil && e.MailOut.To != 0 && e.MailOut.To != p.No { // who was erased has no address
			continue
		}
		out = append(out, OutboxItem{
			Org: c.Org, Case: c.Number, Entry: e.ID, Lane: e.Lane, Participant: p.No, To: p,
			State: Queued, At: e.At, NextAt: e.At,
		})
	}
	return out
}
