package threading

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"smartmail/casework"
	"smartmail/mailauth/verdict"
	"smartmail/message"
)

// search goes through what the mail itself points to, in the order of proof.
func (r resolver) search() (match, bool, error) {
	for _, step := range []func() (match, bool, error){r.byHeaderAddress, r.bySignedID, r.byReference, r.byReturned, r.byQuotedToken, r.bySubject} {
		found, ok, err := step()
		if err == nil && ok {
			found, err = r.onward(found)
		}
		if ok || err != nil {
			return found, ok, err
		}
	}
	return match{}, false, nil
}

// maxMerges bounds how many mergers are followed; each led to a case that was merged into none by then, so that they never lead in
// a circle.
const maxMerges = 50

// onward goes from a case that was merged to the one in which it goes on: as the same participant, or where the mail is nobody's on the lane of
// those who were on its lane. A bounce stays with the message that it is about.
func (r resolver) onward(f match) (match, error) {
	for range maxMerges {
		merged := f.c.Merged
		if merged == nil || r.m.Content.Class == message.Bounce {
			break
		}
		next, ok, err := r.look.Case(merged.Into)
		if err != nil || !ok {
			return f, err
		}
		no := f.participant
		if l, there := f.c.Lane(f.lane); no == 0 && there && len(l.Participants) > 0 {
			no = l.Participants[0].No
		}
		p, lane, ok := next.Participant(merged.As[no])
		switch {
		case ok && f.participant != 0:
			f.participant = p.No
		case !ok && f.lane == casework.LaneID(casework.LaneInternal):
			lane = f.lane
		case !ok:
			return f, nil
		}
		f.reasons = append(f.reasons, fmt.Sprintf("case %d was merged into case %d", f.c.Number, next.Number))
		f.c, f.lane = next, lane
	}
	return f, nil
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
		// The mail that bore the id comes first, and of those that name it the case that did so first: whoever learns of an id
		// later must not draw its answers to a case of his own.
		slices.SortStableFunc(refs, func(a, b casework.Reference) int {
			if a.Received != b.Received {
				if a.Received {
					return -1
				}
				return 1
			}
			return cmp.Compare(a.Case, b.Case)
		})
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
	for _, addr := range quoted(r.m.Content) {
		if t, ok := r.router.Own(r.m.Org, addr); ok {
			return r.byToken(t, ByQuoted, "the text quotes the address of %s on case %d")
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

// ourTag is what we put behind a case's subject in a mail: its number, or that of one of its orders.
var ourTag = regexp.MustCompile(`\s*\[#[0-9]+(?:-[0-9]+)?\]\s*$`)

// answersSubject tells whether a subject is that of the case as we write it: our word for what the mail is may stand before it
// ("Arbetsorder: "), and a number behind it.
func answersSubject(subject, ofCase string) bool {
	if sameSubject(subject, ofCase) {
		return true
	}
	bare, of := strings.ToLower(bareSubject(ourTag.ReplaceAllString(subject, ""))), strings.ToLower(bareSubject(ofCase))
	return bare == of || of != "" && strings.HasSuffix(bare, ": "+of)
}

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
