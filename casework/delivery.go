package casework

import (
	"fmt"
	"strings"
	"time"
)

// Outcome is what came of an attempt to deliver one mail.
type Outcome struct {
	State    OutboxState // Sent, Deferred or Failed
	Status   string      // enhanced code, RFC 3463, such as "4.2.1"; empty: unknown
	Remote   string      // the remote's own words, or ours where it said none
	RemoteID string      // of Sent: the name under which the remote queued it, where it told
	Address  bool        // of Failed: the address is to blame, and mail to it is of no use
}

// Delivery is the part of an entry that tells that a mail of ours did not arrive.
type Delivery struct {
	Outbox    OutboxID    `json:"outbox"`
	Entry     EntryID     `json:"entry"` // the message that was to be delivered
	Recipient string      `json:"recipient"`
	State     OutboxState `json:"state"`               // Failed or Bounced
	Status    string      `json:"status,omitempty"`    // enhanced code
	Remote    string      `json:"remote,omitempty"`    // the remote's own words
	Suspended bool        `json:"suspended,omitempty"` // no mail goes to the recipient from now on, until a person lifts that
}

// Undelivered notes on the case that a message did not reach somebody, and asks its author to see to it.
type Undelivered struct {
	Lane   LaneID
	Why    string
	Author Actor // of the message
	Delivery
}

func (u Undelivered) apply(c *Case, t *teller) error {
	d := u.Delivery
	t.tell(c, Entry{Kind: KindDelivery, Lane: u.Lane, Why: u.Why, Delivery: &d})
	t.attend(c, Attention{
		Code: CodeDelivery, About: d.Entry, Lane: u.Lane, For: c.ownerOf(u.Author),
		Detail: d.Recipient, Why: oneLine(fmt.Sprintf("a message to %s did not arrive: %s", d.Recipient, strings.TrimSpace(d.Status+" "+d.Remote))),
	})
	return nil
}

// Suspension keeps mail from an address at which a message failed for good, until a person lifts it.
type Suspension struct {
	Org     OrgID      `json:"org"`
	Email   string     `json:"email"` // as Address has it
	At      time.Time  `json:"at"`
	Status  string     `json:"status,omitempty"` // enhanced code
	Remote  string     `json:"remote,omitempty"` // the remote's own words
	Case    CaseNumber `json:"case"`             // of the message that failed
	Outbox  OutboxID   `json:"outbox"`
	Version uint64     `json:"-"`
}

// Lift notes on the case that mail may go to an address again.
type Lift struct{ Email string }

func (l Lift) apply(c *Case, t *teller) error {
	t.tell(c, Entry{Kind: KindSuspension, Change: &Change{Field: "suspension", From: l.Email}})
	return nil
}

// AddressAtFault tells by an enhanced code (RFC 3463) whether a permanent failure is the address's: there is no such mailbox or
// domain, or it takes no mail. What was wrong with the one mail (too big, refused content), with its sender, or with the
// systems on the way says nothing about the next mail. A code that says nothing counts against the address.
func AddressAtFault(status string) bool {
	class, rest, ok := strings.Cut(status, ".")
	if !ok {
		return status == ""
	}
	if class != "5" {
		return false
	}
	switch rest {
	case "1.7", "1.8": // the sender's address
		return false
	case "0.0", "2.0", "2.1", "4.1": // 5.4.1: what Exchange Online says to a recipient that it does not know
		return true
	default:
		return strings.HasPrefix(rest, "1.")
	}
}
