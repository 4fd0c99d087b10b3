package casework

import "time"

// EntryKind is the kind of an event on a case's timeline.
type EntryKind string

// The kinds so far; the outside interface lists those that it speaks of.
const (
	KindCreated     EntryKind = "created"
	KindMailIn      EntryKind = "mail_in"
	KindMailOut     EntryKind = "mail_out"
	KindNote        EntryKind = "note"
	KindOrder       EntryKind = "order"
	KindStatus      EntryKind = "status"
	KindAssignment  EntryKind = "assignment"
	KindChange      EntryKind = "change"       // of a field without a kind of its own
	KindParticipant EntryKind = "participant"  // somebody joined a lane
	KindLink        EntryKind = "link"         // to another case
	KindConfirm     EntryKind = "confirmation" // staff vouch for a mail that was held
	KindCorrection  EntryKind = "correction"   // later rules read a mail of this case another way
	KindTime        EntryKind = "time"         // draft line: working time
	KindMaterial    EntryKind = "material"     // draft line
	KindCost        EntryKind = "cost"         // draft line: travel or price
	KindInvitation  EntryKind = "invitation"   // somebody answers the invitation to a visit
	KindFlag        EntryKind = "flag"         // looks like an answer to an order and was not carried out
	KindWithdrawal  EntryKind = "withdrawal"   // an entry is hidden from outside again; it stays on the timeline
	KindDelivery    EntryKind = "delivery"     // a message did not reach somebody
	KindSuspension  EntryKind = "suspension"   // a person lets mail go to an address again
	KindMention     EntryKind = "mention"      // a note calls for somebody
	KindWatch       EntryKind = "watch"        // somebody watches the case, or no longer
	KindDoors       EntryKind = "doors"        // a supplier looked at the door codes, by the link of his order
	KindAttended    EntryKind = "attended"     // a person has seen to what an entry asked for
)

// EntryKinds lists all kinds.
func EntryKinds() []EntryKind {
	return []EntryKind{
		KindCreated, KindMailIn, KindMailOut, KindNote, KindOrder, KindStatus, KindAssignment, KindChange, KindParticipant, KindLink, KindConfirm, KindCorrection,
		KindTime, KindMaterial, KindCost, KindInvitation, KindFlag, KindWithdrawal, KindDelivery, KindSuspension, KindMention, KindWatch, KindDoors, KindAttended,
		KindErasure, KindHold,
	}
}

// Sender says how well we know who wrote a mail.
type Sender string

// From full proof to none.
const (
	Verified    Sender = "verified"    // aligned proof, and the address is a participant's or a known party's
	Known       Sender = "known"       // the address is known, without proof
	Unconfirmed Sender = "unconfirmed" // an address of ours was used by somebody else than its owner
	Unknown     Sender = "unknown"
)

// Matched says how a mail found its case.
type Matched struct {
	By      string     `json:"by"` // token, message_id, reference, returned, quoted_token, subject, new
	Reasons []string   `json:"reasons"`
	Suggest CaseNumber `json:"suggest,omitempty"` // another case that it may belong to
}

// MailIn is the part of an entry that tells of a received mail. The mail itself is stored once, however many
// cases it belongs to.
type MailIn struct {
	Mail         MailID        `json:"mail"`
	Sender       Sender        `json:"sender"`
	Participant  ParticipantNo `json:"participant,omitempty"` // whose address it came to or who wrote it
	Matched      Matched       `json:"matched"`
	SuggestSplit bool          `json:"suggest_split,omitempty"` // the subject changed: perhaps another matter
	Held         bool          `json:"held,omitempty"`          // came without the right to be shown: waits for a person
	Staff        bool          `json:"staff,omitempty"`         // for staff alone, whatever its lane: no counterpart wrote it
	Marks        []string      `json:"marks,omitempty"`         // what a reader should beware of, in plain words
}

// MailOut is the part of an entry that tells of a message to a lane.
type MailOut struct {
	Text     string        `json:"text"`
	Deadline time.Time     `json:"deadline,omitzero"`
	PriceCap int64         `json:"price_cap,omitempty"` // öre
	Quote    bool          `json:"quote,omitempty"`     // a request for a price, not an order
	Visit    *Visit        `json:"visit,omitempty"`     // that it invites to, or cancels
	Files    []File        `json:"files,omitempty"`
	To       ParticipantNo `json:"to,omitempty"`    // the only one who gets it; 0: everybody on the lane
	About    string        `json:"about,omitempty"` // what it tells of the order of its entry: AboutWithdrawn ...; empty: nothing that a template knows
	Auto     string        `json:"auto,omitempty"`  // AutoReceived and its like: no person wrote it; empty: one did
}

// What a mail that no person wrote is for.
const (
	AutoReceived   = "received"   // acknowledges a new case
	AutoReminder   = "reminder"   // of an order
	AutoUnderstood = "understood" // tells what was understood of an answer to an order
	AutoNews       = "news"       // tells a customer how far his case has come
	AutoNewCase    = "new_case"   // tells somebody of the house that a case is his
	AutoMorning    = "morning"    // tells him what waits for him
	AutoWatched    = "watched"    // tells him that something has happened on a case that he watches
)

// What a mail tells a supplier of his order.
const (
	AboutWithdrawn = "withdrawn" // it is taken back
	AboutChosen    = "chosen"    // his offer is accepted
	AboutThanked   = "thanked"   // another offer was
	AboutReminder  = "reminder"
	AboutAccess    = "access" // how he gets in is another than the order said
)

// File is an attachment of a message that we send. Its bytes lie with the raw mails, under ID.
type File struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Change tells what changed.
type Change struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// Entry is one event on the timeline of a case. It is never changed, but to take a person out of it: see Erase.
type Entry struct {
	Org        OrgID       `json:"org"`
	ID         EntryID     `json:"id"`
	Case       CaseNumber  `json:"case"`
	Seq        uint64      `json:"seq"` // from 1 within the case, without gaps
	At         time.Time   `json:"at"`
	Kind       EntryKind   `json:"kind"`
	Actor      Actor       `json:"actor"`
	Lane       LaneID      `json:"lane,omitempty"`
	Order      OrderNo     `json:"order,omitempty"`  // that it is about
	Why        string      `json:"why,omitempty"`    // in words, where a rule did it
	Origin     *Origin     `json:"origin,omitempty"` // nil: it came to be on this case
	MailIn     *MailIn     `json:"mail_in,omitempty"`
	MailOut    *MailOut    `json:"mail_out,omitempty"`
	Text       string      `json:"text,omitempty"` // of a note, or the description of a new case
	Change     *Change     `json:"change,omitempty"`
	Correction *Correction `json:"correction,omitempty"`
	Line       *Line       `json:"line,omitempty"`
	Visit      *Visit      `json:"visit,omitempty"` // that was booked, moved or cancelled; of an answer to an invitation the proposed one
	Delivery   *Delivery   `json:"delivery,omitempty"`
	Trace      string      `json:"trace,omitempty"` // id of the mail or request that caused it, to find it in the log by
	Version    uint64      `json:"-"`
}
