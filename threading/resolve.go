package threading

import (
	"fmt"
	"slices"
	"time"

	"smartmail/casework"
	"smartmail/mailauth/verdict"
	"smartmail/message"
)

// Mail is the evidence: what came, to which of one organisation's addresses, with which verdict.
type Mail struct {
	Org     casework.OrgID
	Content message.Content
	Auth    verdict.Verdict
	Routes  []Route
	At      time.Time
	Policy  Policy
	Known   bool   // it is a bounce, and the message that it is about is known
	Hold    string // why a person has to look first, whatever the mail proves; "" if nobody has to
}

// Policy is what the organisation has chosen.
type Policy struct {
	TriageUnknown  bool // the first mail of an unknown sender waits for a person
	EnforceDMARC   bool
	TrustedSealers []string        // domains whose ARC seal over a DMARC pass is believed
	Rights         casework.Rights // nil: the default table
}

// Lookup is what Resolve asks the store. A missing case is no error but ok = false.
type Lookup interface {
	Case(n casework.CaseNumber) (c casework.Case, ok bool, err error)
	References(messageID string) ([]casework.Reference, error)
	// KnownAddress reports whether an address takes part in any case or is trusted.
	KnownAddress(email string) (bool, error)
	// SpeaksFor lists the participants' addresses for which staff trust this one.
	SpeaksFor(email string) ([]string, error)
	// Recent lists the sender's cases that changed last, newest first, a few at most.
	Recent(email string) ([]casework.Case, error)
}

// Target is the kind of place that a mail goes to.
type Target int

// The targets.
const (
	OnCase  Target = iota // Case, Lane
	NewCase               // opens one; Continues names the closed one that it goes on from
	Triage
)

// Placement is where a mail goes for some of its recipients, and why.
type Placement struct {
	Target      Target
	Case        casework.CaseNumber // of OnCase; of Triage the suggestion
	Lane        casework.LaneID
	Participant casework.ParticipantNo
	Continues   casework.CaseNumber
	Kind        casework.LaneKind // of NewCase: which lane the sender gets
	Class       string            // of NewCase
	Internal    bool              // of NewCase: no customer takes part, as in the one that it continues
	Sender      casework.Sender
	Matched     casework.Matched
	Why         string // of Triage, and of OnCase where a person should look as well
	Split       bool   // the subject changed
	Staff       bool   // of OnCase: to be shown to staff alone
	Held        bool   // of OnCase: not to be shown to others until a person vouches for it
	Rcpt        []string
}

// Words for matched.by.
const (
	ByToken     = "token"
	ByMessageID = "message_id"
	ByReference = "reference"
	ByReturned  = "returned"
	ByQuoted    = "quoted_token"
	BySubject   = "subject"
	ByNew       = "new"
)

// match is a case that some piece of evidence points to.
type match struct {
	c           casework.Case
	lane        casework.LaneID
	participant casework.ParticipantNo
	by          string
	reasons     []string
}

// Resolve decides where the mail goes. It returns at least one placement, and an error only when the Lookup fails.
func Resolve(m Mail, router *Router, look Lookup) ([]Placement, error) {
	r := resolver{m: m, router: router, look: look}
	var placements []Placement
	var open []Route // routes that do not name a case themselves
	for _, route := range m.Routes {
		if route.Kind != ToCase && route.Kind != ToBounce {
			open = append(open, route)
			continue
		}
		found, ok, err := r.byToken(route.Token, ByToken, "sent to the address of %s on case %d")
		if err != nil {
			return nil, err
		}
		if !ok {
			placements = mergePlacement(placements, r.triage("the case of this address is not there any more"), route.Address)
			continue
		}
		if found, err = r.onward(found); err != nil {
			return nil, err
		}
		if route.Kind == ToBounce {
			found.reasons = append(found.reasons, "to a return path of ours")
		}
		p, err := r.onCase(found)
		if err != nil {
			return nil, err
		}
		placements = mergePlacement(placements, p, route.Address)
	}
	for _, route := range open {
		// RFC 5321 tells nothing of which recipient the sender "meant": a case address beside an intake address is an
		// answer with a copy to the front desk, not a second fault.
		if len(placements) > 0 && route.Kind == ToIntake {
			placements[0].Rcpt = append(placements[0].Rcpt, route.Address)
			continue
		}
		p, err := r.open(route)
		if err != nil {
			return nil, err
		}
		placements = mergePlacement(placements, p, route.Address)
	}
	if len(placements) == 0 {
		placements = append(placements, r.triage("no recipient of ours"))
	}
	if m.Hold != "" {
		placements = hold(placements, m.Hold)
	}
	return placements, nil
}

// mergePlacement adds p for rcpt, or adds rcpt to the placement on the same case: an entry a case, whatever the
// number of our addresses in the mail. One that proves more wins.
func mergePlacement(ps []Placement, p Placement, rcpt string) []Placement {
	for i := range ps {
		same := ps[i].Target == p.Target && ps[i].Case == p.Case && ps[i].Continues == p.Continues
		if p.Target == Triage {
			same = ps[i].Target == Triage // one thing to look at a mail
		}
		if !same {
			continue
		}
		ps[i].Rcpt = append(ps[i].Rcpt, rcpt)
		if rank(p.Sender) < rank(ps[i].Sender) {
			p.Rcpt = ps[i].Rcpt
			ps[i] = p
		}
		return ps
	}
	p.Rcpt = []string{rcpt}
	return append(ps, p)
}

func rank(s casework.Sender) int {
	return slices.Index([]casework.Sender{casework.Verified, casework.Known, casework.Unconfirmed, casework.Unknown}, s)
}

type resolver struct {
	m      Mail
	router *Router
	look   Lookup
}

// byToken turns a verified token into a match. why takes the participant's name and the case number.
func (r resolver) byToken(t Token, by, why string) (match, bool, error) {
	c, ok, err := r.look.Case(t.Case)
	if err != nil || !ok {
		return match{}, false, err
	}
	p, lane, ok := c.Participant(t.Participant)
	if !ok {
		return match{}, false, nil
	}
	return match{c: c, lane: lane, participant: p.No, by: by, reasons: []string{fmt.Sprintf(why, display(p), c.Number)}}, true, nil
}

func display(p casework.Participant) string {
	if p.Name != "" {
		return p.Name
	}
	return p.Email
}
