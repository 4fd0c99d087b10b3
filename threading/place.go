package threading

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"smartmail/casework"
	"smartmail/mailauth/verdict"
	"smartmail/message"
)

// onCase places the mail on the case that was found, with the guards of age and topic and the sender's standing.
func (r resolver) onCase(f match) (Placement, error) {
	if away, err := r.shutOut(f); err != nil {
		return Placement{}, err
	} else if away {
		return r.suggest("the case is internal, and the sender takes no part in it", f)
	}
	p := Placement{
		Target: OnCase, Case: f.c.Number, Lane: f.lane, Participant: f.participant,
		Matched: casework.Matched{By: f.by, Reasons: f.reasons},
	}
	if err := r.judge(&p, f); err != nil {
		return p, err
	}
	if r.m.Content.Class == message.Bounce {
		return r.bounce(p), nil
	}
	p.Held = !r.m.Policy.Rights.May(p.Sender, casework.MayAttach)
	if r.m.Content.Class != message.Personal {
		p.Matched.Reasons = append(p.Matched.Reasons, fmt.Sprintf("%s mail: attached, nothing else changes", r.m.Content.Class))
		return p, nil // nobody is asked about it: a notice often comes from a machine's address, and claims nothing
	}
	if f.c.ClosedLongAgo(r.m.At) {
		return r.continued(p, f), nil
	}
	if p.Held {
		p.Why = heldWhy(p.Sender)
	}
	if !answersSubject(r.m.Content.Subject, f.c.Subject) && bareSubject(r.m.Content.Subject) != "" {
		p.Split = true
		p.Matched.Reasons = append(p.Matched.Reasons, "the subject is another one: perhaps this is another matter, to be split off")
	}
	return p, nil
}

// bounce puts a bounce on its case for staff alone, since no counterpart wrote it. A person has to look at it unless the message that
// it is about is found.
func (r resolver) bounce(p Placement) Placement {
	p.Staff, p.Why = true, UnmatchedBounce
	if r.m.Known {
		p.Why = ""
		p.Matched.Reasons = append(p.Matched.Reasons, "a bounce: what became of the message that it is about is noted there")
	}
	return p
}

// UnmatchedBounce is why a bounce is in triage.
const UnmatchedBounce = "unmatched bounce"

func heldWhy(s casework.Sender) string {
	if s == casework.Unconfirmed {
		return "unconfirmed sender"
	}
	return fmt.Sprintf("the organisation lets a person look first when the sender is %s", s)
}

// continued opens a new case that goes on from one that was closed too long ago.
func (r resolver) continued(p Placement, f match) Placement {
	p.Matched.Reasons = append(p.Matched.Reasons,
		fmt.Sprintf("case %d was closed more than %d days ago, so this opens a new one that is linked to it", f.c.Number, int(casework.ClosedFor.Hours()/24)))
	if p.Held {
		p.Target, p.Why = Triage, heldWhy(p.Sender)+", on a case that is closed"
		return p
	}
	kind := casework.LaneCustomer
	if l, ok := f.c.Lane(f.lane); ok {
		kind = l.Kind
	}
	return Placement{
		Target: NewCase, Continues: f.c.Number, Kind: kind, Class: f.c.Class, Internal: f.c.Internal,
		Sender: p.Sender, Matched: p.Matched,
	}
}

// judge says how well we know the sender: who owns the token or takes part, and what his domain proved.
func (r resolver) judge(p *Placement, f match) error {
	from := casework.Address(r.m.Content.From.Email)
	if from == "" {
		r.unconfirmed(p, "From names nobody")
		return nil
	}
	owner, _, _ := f.c.Participant(f.participant)
	other, lane, takesPart := f.c.ParticipantByMail(from)
	switch {
	case casework.Address(owner.Email) == from:
		r.standing(p)
		return nil
	case takesPart && lane == f.lane:
		p.Participant = other.No
		p.Matched.Reasons = append(p.Matched.Reasons, fmt.Sprintf("%s wrote, who is on the same lane", display(other)))
		r.standing(p)
		return nil
	case f.by == ByReference && f.participant == 0:
		p.Sender = casework.Known // was addressed in the mail that this one refers to
		return nil
	}
	trusted, err := r.look.SpeaksFor(from)
	if err != nil {
		return err
	}
	if owner.Email != "" && slices.Contains(trusted, casework.Address(owner.Email)) {
		p.Matched.Reasons = append(p.Matched.Reasons, fmt.Sprintf("staff trust %s to write for %s", from, display(owner)))
		r.standing(p)
		return nil
	}
	r.unconfirmed(p, "the sender is not the one whom the address was given to")
	return nil
}

// standing is that of somebody whose address is known to the case.
func (r resolver) standing(p *Placement) {
	d := r.m.Auth.DMARC
	sealer, forwarded := r.m.Auth.ForwardedBy(r.m.Policy.TrustedSealers)
	switch {
	case r.proved():
		p.Sender = casework.Verified
	case forwarded:
		p.Sender = casework.Known
		p.Matched.Reasons = append(p.Matched.Reasons, fmt.Sprintf("forwarded: %s vouches that the sender's domain passed there", sealer))
	case d.Result == verdict.Fail && d.Policy != "" && d.Policy != verdict.PolicyNone:
		r.unconfirmed(p, "the sender's domain says that it did not send this mail")
	default:
		p.Sender = casework.Known
	}
}

// Proves tells whether a verdict is a proof of the very address that we take for the sender's. mailauth reads From more
// strictly than message does, so that a From which two readers could read differently proves nothing.
func Proves(c message.Content, v verdict.Verdict) bool {
	local, domain, ok := splitAddress(c.From.Email)
	return ok && v.Aligned() && casework.Address(v.From) == casework.Address(local+"@"+domain)
}

func (r resolver) proved() bool { return Proves(r.m.Content, r.m.Auth) }

func (r resolver) unconfirmed(p *Placement, reason string) {
	p.Sender = casework.Unconfirmed
	p.Matched.Reasons = append(p.Matched.Reasons, reason)
}

// open places a mail that came to an address without a case in it.
func (r resolver) open(route Route) (Placement, error) {
	found, ok, err := r.search()
	if err != nil {
		return Placement{}, err
	}
	away, err := r.shutOut(found)
	if err != nil {
		return Placement{}, err
	}
	switch {
	case ok && route.Kind == ToRole:
		return r.suggest("mail to "+localPart(route.Address), found)
	case ok && away:
		return r.fresh(route)
	case ok:
		return r.onCase(found)
	case route.Kind == ToRole:
		return r.triage("mail to " + localPart(route.Address)), nil
	default:
		return r.fresh(route)
	}
}

func localPart(addr string) string {
	local, _, _ := splitAddress(addr)
	return strings.ToLower(local)
}

// fresh opens a case, unless a person should look first.
func (r resolver) fresh(route Route) (Placement, error) {
	sender, err := r.newcomer()
	if err != nil {
		return Placement{}, err
	}
	d := r.m.Auth.DMARC
	why := ""
	switch {
	case r.m.Content.Unparseable:
		why = "unparseable"
	case r.m.Content.Class == message.Bounce:
		why = UnmatchedBounce
	case r.m.Content.Class == message.Report:
		why = "report"
	case r.m.Content.Class == message.Automatic:
		why = "vacation reply or other automatic mail to an intake address"
	case r.m.Content.Class == message.List:
		why = "list mail to an intake address"
	case r.m.Content.Class != message.Personal:
		why = string(r.m.Content.Class)
	case casework.Address(r.m.Content.From.Email) == "":
		why = "no sender that could be answered"
	case r.m.Policy.EnforceDMARC && r.failed() && d.Policy == verdict.PolicyQuarantine:
		why = "the sender's domain asks to treat this mail with suspicion (DMARC quarantine)"
	case r.m.Policy.TriageUnknown && sender == casework.Unknown:
		why = "first mail of an unknown sender"
	}
	if why != "" {
		p := r.triage(why)
		p.Sender, p.Class = sender, route.Class
		return p, r.similar(&p)
	}
	// Who opens a case is a participant of it: with proof he is verified there.
	if sender == casework.Unknown && r.proved() {
		sender = casework.Verified
	}
	p := Placement{
		Target: NewCase, Kind: casework.LaneCustomer, Class: route.Class, Sender: sender,
		Matched: casework.Matched{By: ByNew, Reasons: []string{"nothing in the mail points to a case, so it opens one"}},
	}
	return p, r.similar(&p)
}

// similarFor is how long a case with the same sender and subject is worth a suggestion.
const similarFor = 14 * 24 * time.Hour

// similar suggests a case of the same sender with the same subject. It is only a suggestion: people report two faults with
// one word.
func (r resolver) similar(p *Placement) error {
	from, subject := casework.Address(r.m.Content.From.Email), bareSubject(r.m.Content.Subject)
	if from == "" || subject == "" {
		return nil
	}
	recent, err := r.look.Recent(from)
	if err != nil {
		return err
	}
	for _, c := range recent {
		if c.Status != casework.StatusClosed && r.m.At.Sub(c.UpdatedAt) < similarFor && sameSubject(c.Subject, subject) {
			p.Matched.Suggest = c.Number
			p.Matched.Reasons = append(p.Matched.Reasons, fmt.Sprintf("case %d is of the same sender and has the same subject", c.Number))
			return nil
		}
	}
	return nil
}

// newcomer judges a sender by the address alone.
func (r resolver) newcomer() (casework.Sender, error) {
	from := casework.Address(r.m.Content.From.Email)
	if from == "" {
		return casework.Unknown, nil
	}
	known, err := r.look.KnownAddress(from)
	switch {
	case err != nil:
		return "", err
	case !known:
		return casework.Unknown, nil
	case r.proved():
		return casework.Verified, nil
	case r.failed():
		return casework.Unconfirmed, nil
	default:
		return casework.Known, nil
	}
}

// triage places a mail before a person.
func (r resolver) triage(why string) Placement {
	return Placement{Target: Triage, Why: why, Sender: casework.Unknown, Matched: casework.Matched{By: ByNew, Reasons: []string{why}}}
}

// suggest places a mail before a person, with the case that some evidence points to.
func (r resolver) suggest(why string, f match) (Placement, error) {
	p := r.triage(why)
	p.Case, p.Lane, p.Participant = f.c.Number, f.lane, f.participant
	p.Matched = casework.Matched{By: f.by, Reasons: append(f.reasons, why)}
	away, err := r.shutOut(f)
	if err != nil {
		return p, err
	}
	if err := r.judge(&p, f); err != nil {
		return p, err
	}
	if away { // what he writes is not for whoever is on that lane
		p.Lane, p.Participant = "", 0
	}
	return p, nil
}
