package threading

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
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
	Sender      casework.Sender
	Matched     casework.Matched
	Why         string // of Triage, and of OnCase where a person should look as well
	Split       bool   // the subject changed
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

// search goes through what the mail itself points to, in the order of proof.
func (r resolver) search() (match, bool, error) {
	for _, step := range []func() (match, bool, error){r.byHeaderAddress, r.bySignedID, r.byReference, r.byReturned, r.byQuotedToken, r.bySubject} {
		if found, ok, err := step(); ok || err != nil {
			return found, ok, err
		}
	}
	return match{}, false, nil
}

// byHeaderAddress finds a case address of ours in To or Cc, which the peer delivers in a transaction of its own: so that
// the order of the two makes no difference.
func (r resolver) byHeaderAddress() (match, bool, error) {
	for _, list := range [][]message.Mailbox{r.m.Content.To, r.m.Content.Cc} {
		for _, mb := range list {
			if t, ok := r.router.Own(r.m.Org, mb.Email); ok && t.Kind == AddressToken {
				return r.byToken(t, ByToken, "To or Cc names the address of %s on case %d")
			}
		}
	}
	return match{}, false, nil
}

// named lists the Message-IDs that the mail refers to: In-Reply-To, then References, newest first.
func (r resolver) named() []string {
	ids := slices.Clone(r.m.Content.InReplyTo)
	refs := slices.Clone(r.m.Content.References)
	slices.Reverse(refs)
	for _, id := range refs {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (r resolver) bySignedID() (match, bool, error) {
	return r.bySigned(r.named(), ByMessageID, "answers a mail that we sent to %s on case %d")
}

func (r resolver) byReturned() (match, bool, error) {
	return r.bySigned(r.m.Content.Returned, ByReturned, "holds a mail that we sent to %s on case %d")
}

func (r resolver) bySigned(ids []string, by, why string) (match, bool, error) {
	for _, id := range ids {
		if t, ok := r.router.Own(r.m.Org, id); ok && t.Kind == MessageToken {
			if found, ok, err := r.byToken(t, by, why); ok || err != nil {
				return found, ok, err
			}
		}
	}
	return match{}, false, nil
}

// byReference finds a case that a Message-ID was seen on, if the sender takes part or was addressed then: else knowing
// an id, which travels in clear through many hands, would be a way in.
func (r resolver) byReference() (match, bool, error) {
	from := casework.Address(r.m.Content.From.Email)
	if from == "" || r.failed() {
		return match{}, false, nil
	}
	for _, id := range r.named() {
		refs, err := r.look.References(id)
		if err != nil {
			return match{}, false, err
		}
		for _, ref := range refs {
			c, ok, err := r.look.Case(ref.Case)
			if err != nil {
				return match{}, false, err
			}
			if !ok {
				continue
			}
			m := match{c: c, lane: ref.Lane, by: ByReference}
			if p, lane, ok := c.ParticipantByMail(from); ok && lane == ref.Lane {
				m.participant = p.No
				m.reasons = []string{fmt.Sprintf("refers to a mail on case %d, in which the sender takes part", c.Number)}
				return m, true, nil
			}
			if slices.Contains(ref.People, from) {
				m.reasons = []string{fmt.Sprintf("refers to a mail on case %d, which the sender was sent too", c.Number)}
				return m, true, nil
			}
		}
	}
	return match{}, false, nil
}

// addressPattern finds what may be one of our addresses or Message-IDs in a text.
var addressPattern = regexp.MustCompile(`(?i)\b([abm][0-9]{1,20}-[0-9]{1,10}(?:-[0-9a-z]{1,24})?-[a-z2-7]{20})@([a-z0-9.-]{1,253})`)

// maxQuoted bounds how many of them are tried, and how much text is searched.
const (
	maxQuoted     = 20
	maxQuotedText = 1 << 20
)

func (r resolver) byQuotedToken() (match, bool, error) {
	for _, text := range []string{r.m.Content.FullText, r.m.Content.HTML} {
		if len(text) > maxQuotedText {
			text = text[:maxQuotedText]
		}
		for _, addr := range addressPattern.FindAllString(text, maxQuoted) {
			if t, ok := r.router.Own(r.m.Org, addr); ok {
				return r.byToken(t, ByQuoted, "the text quotes the address of %s on case %d")
			}
		}
	}
	return match{}, false, nil
}

// subjectNumber finds a case number in a subject: #1234, [1234], ärende 1234, case 1234.
var subjectNumber = regexp.MustCompile(`(?i)(?:#|\[|ärende(?:nummer)?:? ?|case:? ?|nr\.? ?)([1-9][0-9]{0,17})\b`)

func (r resolver) bySubject() (match, bool, error) {
	from := casework.Address(r.m.Content.From.Email)
	if from == "" || r.failed() {
		return match{}, false, nil
	}
	for _, found := range subjectNumber.FindAllStringSubmatch(r.m.Content.Subject, 3) {
		n, err := strconv.ParseUint(found[1], 10, 64)
		if err != nil {
			continue
		}
		c, ok, err := r.look.Case(casework.CaseNumber(n))
		if err != nil {
			return match{}, false, err
		}
		if !ok {
			continue
		}
		// A number in a subject is no secret: it counts only for somebody who takes part.
		if p, lane, ok := c.ParticipantByMail(from); ok {
			return match{c: c, lane: lane, participant: p.No, by: BySubject,
				reasons: []string{fmt.Sprintf("the subject names case %d, in which the sender takes part", n)}}, true, nil
		}
	}
	return match{}, false, nil
}

// failed tells that the sender's domain denies the mail, and nobody whom the organisation trusts vouches for its way.
func (r resolver) failed() bool { return r.m.Auth.DMARC.Result == verdict.Fail && !r.forwarded() }

func (r resolver) forwarded() bool {
	_, ok := r.m.Auth.ForwardedBy(r.m.Policy.TrustedSealers)
	return ok
}

// replyPrefix is what mail programs put before a subject, as often as they like.
var replyPrefix = regexp.MustCompile(`(?i)^\s*(?:\[[^\]]*\]|(?:re|sv|vs|aw|antw|fw|fwd|vb|wg|tr|rv|vl|res|enc|ang)(?:\[\d+\])?\s*:)\s*`)

// sameSubject tells whether two subjects are the same but for prefixes, tags in brackets, and spaces.
func sameSubject(a, b string) bool {
	return strings.EqualFold(bareSubject(a), bareSubject(b))
}

func bareSubject(s string) string {
	for range 20 {
		cut := replyPrefix.ReplaceAllString(s, "")
		if cut == s {
			break
		}
		s = cut
	}
	return strings.Join(strings.Fields(s), " ")
}
