// Package casework is the domain, pure: cases with their lanes and participants, and what commands make of them.
//
//	Command → Do (checks who may, decides) → the case as it is now + entries of its timeline → Outgoing mail
//
// Nothing here reads a clock, a disk or the network: time, chance and records come in as arguments, so that every
// rule can be tested as a table.
//
// Invariants:
//   - The past does not change: a command appends entries, never edits one. Erasing a person is the lawful exception.
//   - Lanes do not leak: who receives a message is computed from the lane alone, in Outgoing.
//   - Rights come from proof: what a mail may do depends on its Sender, never on what it says of itself.
package casework

import (
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"time"
)

// OrgID names an organisation: lower-case letters, digits and hyphens.
type OrgID string

// CaseNumber counts the cases of one organisation from 1, without gaps.
type CaseNumber uint64

// ParticipantNo counts the participants of one case from 1; a number is never used again.
type ParticipantNo uint32

// LaneID names a conversation within a case, such as "customer" or "supplier-2".
type LaneID string

// Identifiers are unique across organisations and sort by time; NewID makes them.
type (
	// EntryID names an entry on a timeline.
	EntryID string
	// MailID names a received mail.
	MailID string
	// TriageID names a mail that waits for a person.
	TriageID string
	// OutboxID names a mail to be sent.
	OutboxID string
)

// idEncoding keeps the order of the bytes in the order of the text (RFC 4648 section 7), in lower case.
var idEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// NewID returns an identifier of 24 characters: 48 bits of milliseconds, then 72 bits of chance. Identifiers
// made later sort later, which keeps neighbours in time neighbours on disk.
func NewID(now time.Time, chance io.Reader) (string, error) {
	var b [15]byte
	ms := now.UnixMilli()
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	if _, err := io.ReadFull(chance, b[6:]); err != nil {
		return "", fmt.Errorf("new id: %w", err)
	}
	return idEncoding.EncodeToString(b[:]), nil
}

// FirstID returns a text that sorts before every identifier that was made in that millisecond or later, and behind all others.
func FirstID(at time.Time) string {
	s, _ := NewID(at, zeroes{}) // which never fail
	return strings.TrimRight(s, "0")
}

// zeroes is no chance at all.
type zeroes struct{}

func (zeroes) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// Address is an e-mail address in the form in which two of them are compared: lower case, spaces trimmed.
// RFC 5321 section 2.4 lets a host tell upper from lower case in its local parts; none that matters does, and
// people do not.
func Address(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// Via is the way by which something came to a case.
type Via string

// The ways.
const (
	ViaMail Via = "mail"
	ViaAPI  Via = "api"
	ViaRule Via = "rule"
	ViaLink Via = "link" // in a mail, which its bearer opened
)

// Actor is who did something: a person behind a mail address or a link, the holder of an API token, or a rule of ours.
type Actor struct {
	Via  Via    `json:"via"`
	Name string `json:"name"`            // display name, token name or rule name
	Mail string `json:"email,omitempty"` // for ViaMail: the address in From, as it stands; for ViaLink: that the link was sent to
}
