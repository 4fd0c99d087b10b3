package casework

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"smartmail/fault"
)

// Command is one thing that somebody wants done to a case. A new command is a type with this method; the desk
// and the store need not know it.
type Command interface {
	// apply changes c and appends the entries that tell of it. c is the caller's own copy.
	apply(c *Case, t *teller) error
}

// teller numbers and dates what a command tells.
type teller struct {
	by      Actor
	at      time.Time
	rules   Rules
	newID   func() (EntryID, error)
	entries []Entry
	err     error
}

// tell appends an entry to the timeline.
func (t *teller) tell(c *Case, e Entry) {
	id, err := t.newID()
	if err != nil {
		t.err = err
	}
	c.LastSeq++
	c.UpdatedAt = t.at
	e.Org, e.Case, e.Seq, e.ID, e.At = c.Org, c.Number, c.LastSeq, id, t.at
	if e.Actor == (Actor{}) {
		e.Actor = t.by
	}
	t.entries = append(t.entries, e)
}

// last is the entry that was told last.
func (t *teller) last() *Entry { return &t.entries[len(t.entries)-1] }

// Do lets cmd act on c and returns the case as it is then and the new entries. c itself is not changed. Errors are of
// kind fault.Invalid, fault.Forbidden or fault.Conflict, or those of newID.
func Do(c Case, cmd Command, by Actor, at time.Time, newID func() (EntryID, error)) (Case, []Entry, error) {
	return Rules{}.Do(c, cmd, by, at, newID)
}

// Do is Do by the rules of an organisation.
func (r Rules) Do(c Case, cmd Command, by Actor, at time.Time, newID func() (EntryID, error)) (Case, []Entry, error) {
	if err := allowed(cmd, by); err != nil {
		return c, nil, err
	}
	if err := c.elsewhere(cmd); err != nil {
		return c, nil, err
	}
	if err := c.over(cmd, at); err != nil {
		return c, nil, err
	}
	next := c.clone()
	t := &teller{by: by, at: at, rules: r, newID: newID}
	if err := cmd.apply(&next, t); err != nil {
		return c, nil, err
	}
	if t.err != nil {
		return c, nil, t.err
	}
	return next, t.entries, nil
}

// allowed is the one place that says who may do what. A mail may open a case and be received; everything else
// needs a person whom the API has let in, or a rule of ours.
func allowed(cmd Command, by Actor) error {
	switch cmd.(type) {
	case Open, ReceiveMail, AnswerInvitation:
		return nil
	}
	if a, ok := cmd.(AnswerOrder); ok {
		if !a.Rights.May(a.Sender, MayCommand) {
			return fault.New(fault.Forbidden, fmt.Sprintf("a sender that is %s may not answer an order", a.Sender))
		}
		return nil
	}
	switch cmd.(type) {
	case Notify, Remind, Dispatch, TellStaff, Escalate:
		if by.Via != ViaRule {
			return fault.New(fault.Forbidden, "only a rule may do this")
		}
	}
	if _, opens := cmd.(OpenDoors); opens != (by.Via == ViaLink) {
		return fault.New(fault.Forbidden, "a link opens doors and does nothing else")
	}
	if by.Via == ViaMail {
		return fault.New(fault.Forbidden, "a mail may not do this")
	}
	return nil
}

// Text limits, in bytes.
const (
	maxSubject = 998 // as long as a header line may be, RFC 5322 section 2.1.1
	maxText    = 1 << 20
	maxField   = 1000
)

// Open opens a case: the first command on a blank one that has its organisation and number.
type Open struct {
	Subject, Description string
	Class, Object        string
	Priority             Priority
	ByClass              bool // the priority is what the class says; nobody chose it
	Reporter             *Reporter
	Access               AccessEdit
	Kind                 LaneKind  // lane of the reporter; empty: customer
	Internal             bool      // no customer takes part, nor the reporter by having reported it
	Quiet                bool      // no "created" entry: a mail follows that tells the same
	DueAt                time.Time // zero: so many days as the priority says
	Assignee             string    // a contact; empty: nobody yet
	Schedule             string    // that opens it; empty: none does
	Why                  string    // in words, where a rule does it
}

func (o Open) apply(c *Case, t *teller) error {
	if c.LastSeq != 0 || !c.CreatedAt.IsZero() {
		return fault.New(fault.Conflict, fmt.Sprintf("case %d is open already", c.Number))
	}
	if err := fits(map[string]string{"subject": o.Subject, "class": o.Class, "object": o.Object, "priority": string(o.Priority), "assignee": o.Assignee}); err != nil {
		return err
	}
	if len(o.Description) > maxText {
		return fault.New(fault.Invalid, fmt.Sprintf("description is longer than %d bytes", maxText))
	}
	c.Subject, c.Description, c.Class, c.Object, c.Priority = oneLine(o.Subject), o.Description, o.Class, o.Object, o.Priority
	if r := o.Reporter; r != nil {
		c.Reporter = &Reporter{Name: oneLine(r.Name), Email: strings.TrimSpace(r.Email), Phone: oneLine(r.Phone), Language: oneLine(r.Language), Withheld: r.Withheld}
	}
	c.Status, c.Internal, c.CreatedAt, c.UpdatedAt = StatusNew, o.Internal, t.at, t.at
	if days, ok := o.Priority.Days(); ok {
		c.DueAt = t.rules.due(t.at, days, 0)
	}
	if !o.DueAt.IsZero() {
		c.DueAt = o.DueAt
	}
	c.Schedule, c.Ruled.Priority = o.Schedule, o.ByClass
	if err := o.joinReporter(c, t); err != nil {
		return err
	}
	if !o.Quiet {
		t.tell(c, Entry{Kind: KindCreated, Text: o.Description, Why: o.Why})
	}
	if o.Assignee != "" {
		t.assign(c, o.Assignee, o.Why)
	}
	return t.changeAccess(c, o.Access)
}

// joinReporter puts the reporter on his lane.
func (o Open) joinReporter(c *Case, t *teller) error {
	if o.Reporter == nil || o.Reporter.Email == "" {
		return nil
	}
	if err := validAddress(o.Reporter.Email); err != nil && t.by.Via != ViaMail {
		return err
	}
	kind := cmp.Or(o.Kind, LaneCustomer)
	if o.Internal && kind == LaneCustomer {
		return nil
	}
	_, _, err := c.join(kind, oneLine(o.Reporter.Name), o.Reporter.Email)
	return err
}

// oneLine makes a text fit for a header: control characters and line breaks become spaces.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimSpace(s)
	if len(s) > maxSubject {
		s = strings.ToValidUTF8(s[:maxSubject], "")
	}
	return s
}

// fits checks the length of short fields.
func fits(fields map[string]string) error {
	for name, v := range fields {
		if len(v) > maxField {
			return fault.New(fault.Invalid, fmt.Sprintf("%s is longer than %d bytes", name, maxField))
		}
	}
	return nil
}

// validAddress checks that an address from a form can be written to: one @, a domain, no spaces or controls.
func validAddress(email string) error {
	local, domain, ok := strings.Cut(email, "@")
	if !ok || local == "" || domain == "" || strings.ContainsAny(email, " \t\r\n<>,;\"\\()") || strings.Contains(domain, "@") || len(email) > 254 {
		return fault.New(fault.Invalid, fmt.Sprintf("%q is no e-mail address", email))
	}
	for _, r := range email {
		if r < ' ' || r == 0x7f {
			return fault.New(fault.Invalid, "an e-mail address has no control characters")
		}
	}
	return nil
}
