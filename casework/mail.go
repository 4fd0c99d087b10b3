package casework

import (
	"time"

	"smartmail/mailauth/verdict"
	"smartmail/message"
)

// RawRef says where a raw mail lies and what it must be.
type RawRef struct {
	Size   int64     `json:"size"`
	SHA256 string    `json:"sha256"`          // lower-case hexadecimal
	Blob   bool      `json:"blob"`            // in the blob store, else in the database
	Erased time.Time `json:"erased,omitzero"` // when the bytes were removed with the person who wrote them; zero: they are there
}

// Place is where a mail was put for one or more of its recipients.
type Place struct {
	Case   CaseNumber `json:"case,omitempty"`
	Entry  EntryID    `json:"entry,omitempty"`
	Triage TriageID   `json:"triage,omitempty"`
	Rcpt   []string   `json:"rcpt"` // the recipients that led here
}

// Mail is a received mail, stored once per organisation whatever the number of cases that it is on.
type Mail struct {
	Org         OrgID            `json:"org"`
	ID          MailID           `json:"id"`
	At          time.Time        `json:"at"`
	Identity    []byte           `json:"identity"` // message.Content.Identity: the same mail again has the same
	Envelope    message.Envelope `json:"envelope"`
	Trace       string           `json:"trace"` // our Received line (RFC 5321 section 4.4), apart from the raw mail
	Raw         RawRef           `json:"raw"`
	Content     message.Content  `json:"content"`
	Auth        verdict.Verdict  `json:"auth"`
	AuthResults string           `json:"auth_results"`   // the verdict as an Authentication-Results value (RFC 8601)
	Scan        *Scan            `json:"scan,omitempty"` // nil where no scanner was asked
	Places      []Place          `json:"places"`
	Version     uint64           `json:"-"`
}

// RawMail is the bytes of a raw mail that is small enough for the database.
type RawMail struct {
	Org     OrgID
	ID      MailID
	Bytes   []byte
	Version uint64
}

// Reference remembers that a case's mail bore or named a Message-ID, so that an answer to any copy of it finds home.
type Reference struct {
	Org       OrgID      `json:"org"`
	MessageID string     `json:"message_id"`
	Case      CaseNumber `json:"case"`
	Lane      LaneID     `json:"lane"`
	Received  bool       `json:"received"` // borne by a mail, not only named in References
	People    []string   `json:"people"`   // From, To and Cc of the mail that bore or named it
	At        time.Time  `json:"at"`
	Version   uint64     `json:"-"`
}

// Party is an address that staff have decided to trust beyond the cases that it takes part in.
type Party struct {
	Org       OrgID     `json:"org"`
	Email     string    `json:"email"`      // as Address has it
	SpeaksFor []string  `json:"speaks_for"` // participants' addresses whose reply addresses it may use
	By        Actor     `json:"by"`
	At        time.Time `json:"at"`
	Version   uint64    `json:"-"`
}

// TriageState is what became of a triage item.
type TriageState string

// The states: open until somebody decides.
const (
	TriageOpen      TriageState = "open"
	TriageAttached  TriageState = "attached"
	TriageNewCase   TriageState = "new_case"
	TriageDiscarded TriageState = "discarded"
)

// TriageItem is a mail that needs a person first.
type TriageItem struct {
	Org     OrgID      `json:"org"`
	ID      TriageID   `json:"id"`
	At      time.Time  `json:"at"`
	Why     string     `json:"why"`
	Mail    MailID     `json:"mail"`
	Sender  Sender     `json:"sender"`
	Matched Matched    `json:"matched"`
	Case    CaseNumber `json:"case,omitempty"`  // suggested, or where the mail already lies, held
	Lane    LaneID     `json:"lane,omitempty"`  // suggested
	Entry   EntryID    `json:"entry,omitempty"` // on Case, where the mail already lies, held
	Class   string     `json:"class,omitempty"` // of the case that it opens, by the intake address that it came to
	// Participant is whose reply address the mail came to.
	Participant ParticipantNo `json:"participant,omitempty"`
	State       TriageState   `json:"state"`
	DecidedAt   time.Time     `json:"decided_at,omitzero"`
	DecidedBy   *Actor        `json:"decided_by,omitempty"`
	Decisions   []Decision    `json:"decisions,omitempty"` // all of them, oldest first
	Version     uint64        `json:"-"`
}

// Decision is what a person did with a triage item.
type Decision struct {
	Action  string     `json:"action"` // attach, new_case, discard, undo
	At      time.Time  `json:"at"`
	By      Actor      `json:"by"`
	Case    CaseNumber `json:"case,omitempty"`
	Entry   EntryID    `json:"entry,omitempty"`
	Placed  bool       `json:"placed,omitempty"`  // the entry was made by this decision; else it was there, held
	Trusted bool       `json:"trusted,omitempty"` // the sender is trusted from now on

	FromCase  CaseNumber `json:"from_case,omitempty"`  // where the mail lay held before, and left
	FromEntry EntryID    `json:"from_entry,omitempty"` // its entry there
}

// OutboxState is what became of an outgoing mail so far.
type OutboxState string

// The states of the outside interface.
const (
	Queued   OutboxState = "queued"
	Deferred OutboxState = "deferred"
	Failed   OutboxState = "failed"
	Sent     OutboxState = "sent"
	Bounced  OutboxState = "bounced" // taken by the remote, and returned later
)

// OutboxItem is one mail to one recipient, written in the transaction that caused it.
type OutboxItem struct {
	Org         OrgID         `json:"org"`
	ID          OutboxID      `json:"id"`
	Case        CaseNumber    `json:"case"`
	Entry       EntryID       `json:"entry"`
	Lane        LaneID        `json:"lane"`
	Participant ParticipantNo `json:"participant"`
	To          Participant   `json:"to"`
	ReplyTo     string        `json:"reply_to"`    // the participant's own address on this case
	MessageID   string        `json:"message_id"`  // signed, without angle brackets
	ReturnPath  string        `json:"return_path"` // signed bounce address
	State       OutboxState   `json:"state"`
	At          time.Time     `json:"at"`
	NextAt      time.Time     `json:"next_at"`
	Remote      string        `json:"remote,omitempty"`    // the remote's own words
	Status      string        `json:"status,omitempty"`    // enhanced code that came with them, RFC 3463
	RemoteID    string        `json:"remote_id,omitempty"` // the remote's name for a mail that it took, where it told
	SentAt      time.Time     `json:"sent_at,omitzero"`
	ChangedAt   time.Time     `json:"changed_at,omitzero"`   // when State, Remote and Status became what they are; zero: never changed
	Attempts    int           `json:"attempts,omitempty"`    // begun so far, the one that is under way counted
	LeasedBy    string        `json:"leased_by,omitempty"`   // who is delivering it
	LeasedUntil time.Time     `json:"leased_until,omitzero"` // when somebody else may
	Trace       string        `json:"trace,omitempty"`       // of the entry that caused it
	Staff       *StaffMail    `json:"staff,omitempty"`       // of a mail that is on no case: Case, Entry, Lane and Participant are zero
	Version     uint64        `json:"-"`
}

// SentFile is a file of a message that we send; its bytes are in the blob store.
type SentFile struct {
	Org     OrgID   `json:"org"`
	File    File    `json:"file"`
	Entry   EntryID `json:"entry"`
	Version uint64  `json:"-"`
}

// Key is a secret that proves our addresses and Message-IDs. Several are valid at once.
type Key struct {
	Org       OrgID     `json:"org"`
	Number    uint32    `json:"number"`
	Secret    []byte    `json:"secret"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"` // what it signed is refused from then on; zero: never
	Version   uint64    `json:"-"`
}
