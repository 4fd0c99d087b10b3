package fill

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"mime"
	"net/netip"
	"strings"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/mailauth"
	"smartmail/mailauth/verdict"
	"smartmail/message"
	"smartmail/threading"
)

// Talk has cases talked about, in a house of the same size however long it has stood: so many cases are yet to be done, of the older
// ones every second is done and every other closed, and a few technicians had all of them. What then differs between two stores is the
// length of their history.
type Talk struct {
	Router   *threading.Router // signs addresses, with the keys of the store
	Hostname string            // ours, for trace lines
	Messages int               // on a case: mails in, mails out and notes, in the proportion of 3 to 3 to 4
	Open     int               // cases that are yet to be done, the newest
}

const talkTechnicians = 4 // so that each has a full page to do

// turns are what is said, one after the other and from the beginning again.
var turns = [...]casework.EntryKind{
	casework.KindMailIn, casework.KindMailOut, casework.KindNote, casework.KindMailIn, casework.KindMailOut, casework.KindNote,
	casework.KindMailIn, casework.KindMailOut, casework.KindNote, casework.KindNote,
}

// pause is the time between two messages of a case.
const pause = 5 * time.Hour

// state is as Talk says.
func (t *Talk) state(g *Generator, c *casework.Case) (open bool) {
	c.UpdatedAt = c.CreatedAt.Add(time.Duration(t.Messages)*pause + c.UpdatedAt.Sub(c.CreatedAt))
	if c.UpdatedAt.After(g.end) {
		c.UpdatedAt = g.end.Add(-time.Duration(g.r.Int64N(int64(time.Hour))))
	}
	switch {
	case int(c.Number) > g.Cases-t.Open:
		states := []casework.Status{casework.StatusNew, casework.StatusAssigned, casework.StatusStarted, casework.StatusWaiting}
		c.Status = states[int(c.Number)%len(states)]
		return true
	case c.Number%2 == 0:
		c.Status = casework.StatusDone
	default:
		c.Status, c.ClosedAt = casework.StatusClosed, c.UpdatedAt
	}
	return false
}

// Reporter is who reported a case.
func (g *Generator) Reporter(n casework.CaseNumber) Person {
	const far = 7919 // neighbours in number are no neighbours in name
	p := someone(int(n)*far%g.tenants(), home)
	p.Email = strings.NewReplacer("å", "a", "ä", "a", "ö", "o").Replace(p.Email) // what every server takes (RFC 6531 asks for an extension)
	return p
}

// Old is a case that was done long ago and not closed: an answer to it is put on it. There must be more cases than are open.
func (g *Generator) Old(r *rand.Rand) casework.CaseNumber {
	return casework.CaseNumber(2 + 2*r.IntN((g.Cases-g.Talk.Open)/2))
}

// Address is that to which the reporter of a case answers.
func (g *Generator) Address(n casework.CaseNumber) (string, error) {
	return g.Talk.Router.Address(g.Org, n, 1)
}

// talk makes up what is said on a case.
func (g *Generator) talk(ctx context.Context, h *history, who Person) error {
	r, at, last := g.r, h.c.CreatedAt, ""
	for n := range g.Talk.Messages {
		text := sentence(r, 6+r.IntN(8))
		var err error
		switch turns[n%len(turns)] {
		case casework.KindMailIn:
			err = g.mailIn(ctx, h, who, at, text, last)
		case casework.KindMailOut:
			last, err = g.mailOut(h, at, text)
		default:
			h.tell(r, casework.Entry{At: at, Kind: casework.KindNote, Actor: casework.Actor{Via: casework.ViaAPI, Name: h.c.Assignee}, Lane: internalLane, Text: text})
		}
		if err != nil {
			return err
		}
		at = at.Add(pause)
	}
	return nil
}

// mailIn has the reporter write, in answer to a message of ours unless there is none.
func (g *Generator) mailIn(ctx context.Context, h *history, who Person, at time.Time, text, answers string) error {
	address, err := g.Address(h.c.Number)
	if err != nil {
		return err
	}
	raw := letter(who, address, h.c.Subject, fmt.Sprintf("%x@%s", g.r.Uint64(), domainOf(who.Email)), answers, at, text)
	content := message.Parse(ctx, message.InMemory(raw), message.Limits{})
	if err := ctx.Err(); err != nil {
		return err // the mail was not read to its end
	}
	sum := sha256.Sum256(raw)
	m := casework.Mail{
		Org: g.Org, ID: newID[casework.MailID](g.r, at), At: at, Identity: content.Identity[:], Content: content,
		Envelope: message.Envelope{ReversePath: who.Email, Recipients: []string{address}, Helo: domainOf(who.Email), Client: netip.AddrFrom4([4]byte{192, 0, 2, 1}), Protocol: "ESMTP"},
		Trace:    fmt.Sprintf("Received: from %s ([192.0.2.1]) by %s with ESMTP; %s", domainOf(who.Email), g.Talk.Hostname, at.Format(time.RFC1123Z)),
		Raw:      casework.RawRef{Size: int64(len(raw)), SHA256: hex.EncodeToString(sum[:])}, Auth: proved(who.Email),
	}
	m.AuthResults = mailauth.AuthenticationResults(g.Talk.Hostname, m.Auth)
	e := h.tell(g.r, casework.Entry{At: at, Kind: casework.KindMailIn, Actor: casework.Actor{Via: casework.ViaMail, Name: who.Name(), Mail: who.Email}, Lane: customerLane,
		MailIn: &casework.MailIn{Mail: m.ID, Sender: casework.Verified, Participant: 1, Matched: casework.Matched{By: threading.ByToken,
			Reasons: []string{fmt.Sprintf("sent to the address of %s on case %d", who.Name(), h.c.Number)}}}})
	m.Places = []casework.Place{{Case: h.c.Number, Entry: e.ID, Rcpt: []string{address}}}
	h.mails = append(h.mails, m)
	h.raws = append(h.raws, casework.RawMail{Org: g.Org, ID: m.ID, Bytes: raw})
	h.refs = append(h.refs, casework.Reference{Org: g.Org, MessageID: content.MessageID, Case: h.c.Number, Lane: customerLane, Received: true,
		People: []string{casework.Address(who.Email), address}, At: at})
	return nil
}

// mailOut has the house write, and returns the message's signed id.
func (g *Generator) mailOut(h *history, at time.Time, text string) (id string, err error) {
	e := h.tell(g.r, casework.Entry{At: at, Kind: casework.KindMailOut, Actor: casework.Actor{Via: casework.ViaAPI, Name: h.c.Assignee}, Lane: customerLane, MailOut: &casework.MailOut{Text: text}})
	for _, out := range casework.Outgoing(h.c, e) {
		out.ID = newID[casework.OutboxID](g.r, at)
		var errs [3]error
		router := g.Talk.Router
		out.ReplyTo, errs[0] = router.Address(g.Org, h.c.Number, out.Participant)
		out.MessageID, errs[1] = router.MessageID(g.Org, h.c.Number, out.Participant, string(out.ID))
		out.ReturnPath, errs[2] = router.BounceAddress(g.Org, h.c.Number, out.Participant, string(out.ID))
		if err := errors.Join(errs[:]...); err != nil {
			return "", err
		}
		out.State, out.SentAt, out.ChangedAt, out.Remote, out.Attempts = casework.Sent, at, at, "2.0.0 OK", 1
		h.outbox, id = append(h.outbox, out), out.MessageID
	}
	return id, nil
}

// letter is a mail of a tenant.
func letter(who Person, to, subject, id, answers string, at time.Time, text string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s <%s>\r\nTo: <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s>\r\n", mime.QEncoding.Encode("utf-8", who.Name()), who.Email, to, subject, at.Format(time.RFC1123Z), id)
	if answers != "" {
		fmt.Fprintf(&b, "In-Reply-To: <%s>\r\n", answers)
	}
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text + "\r\n")
	return []byte(b.String())
}

// proved is what is found out of a mail whose domain has SPF and asks to reject what does not pass.
func proved(from string) verdict.Verdict {
	domain := domainOf(from)
	return verdict.Verdict{
		SPF: verdict.SPF{Result: verdict.Pass, Domain: domain, Identity: verdict.MailFrom}, DKIM: []verdict.DKIM{}, ARC: verdict.None, From: from,
		DMARC: verdict.DMARC{Result: verdict.Pass, Policy: verdict.PolicyReject, Domain: domain},
	}
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// Keys reads the keys that sign the addresses of a store.
func Keys(ctx context.Context, store casestore.Store, org casework.OrgID, ring *threading.Keyring) error {
	keys, err := casestore.KeysOf(ctx, store, org)
	if err == nil && len(keys) == 0 {
		err = errors.New("no key signs addresses: the store must have been opened by the program")
	}
	ring.Set(org, keys)
	return err
}
