package message

import (
	"io"
	"net/netip"
	"time"
)

// Raw is a mail as it came in: dot-stuffing undone, our own trace header not in it, byte for byte.
// It lives in memory or in a spool file; readers may work side by side.
type Raw interface {
	io.ReaderAt
	Size() int64
}

// Envelope is what the peer said outside the mail (RFC 5321 section 2.3.1), with what we know about the peer.
type Envelope struct {
	ReversePath string     `json:"reverse_path"` // empty: the null reverse-path <> of RFC 5321 section 4.5.5
	Recipients  []string   `json:"recipients"`   // in the order given, as given
	Helo        string     `json:"helo,omitempty"`
	Client      netip.Addr `json:"client,omitzero"`    // the peer's address, or that in its PROXY header; invalid: an import
	Protocol    string     `json:"protocol,omitempty"` // SMTP, ESMTP, ESMTPS, UTF8SMTP ... (RFC 3848, RFC 6531); empty: an import
	TLS         string     `json:"tls,omitempty"`      // version and cipher suite, empty without TLS
	Conn        string     `json:"-"`                  // connection id for the log
	Trace       string     `json:"-"`                  // id of the mail from here to all that it causes, see package trace; empty: none
}

// Mailbox is one address with its display name, both decoded.
type Mailbox struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Class tells what kind of mail it is, as far as answering and state changes go.
type Class string

// The classes of the outside interface.
const (
	Personal  Class = "personal"
	Automatic Class = "automatic" // vacation replies, success notices, other mail by machines
	List      Class = "list"      // mailing list or bulk mail
	Bounce    Class = "bounce"    // failures and delays
	Report    Class = "report"    // ARF, DMARC and TLS reports
	Loop      Class = "loop"      // our own mail come back
)

// Attachment describes one leaf of the mail that is not its shown text.
type Attachment struct {
	Index     int    `json:"index"` // position in Content.Attachments; with the mail's id it names the attachment
	Name      string `json:"name"`  // never with path parts, NUL or control characters; made up where the sender gave none
	Type      string `json:"type"`  // media type, lower case, without parameters
	Size      int64  `json:"size"`  // bytes after decoding
	SHA256    string `json:"sha256"`
	Inline    bool   `json:"inline"`
	ContentID string `json:"content_id"` // without angle brackets

	Sniffed   string `json:"sniffed,omitempty"`   // the media type that its bytes look like, beside the declared one
	Label     string `json:"label,omitempty"`     // calendar-reply-accepted, smime-signed, pgp-encrypted ...: see Calendar and LabelSMIMESigned
	Container int    `json:"container,omitempty"` // 1 + Index of the winmail.dat or mail that it lies in; 0: this mail itself
}

// BouncedRecipient is what a delivery status notification says about one recipient (RFC 3464 section 2.3).
type BouncedRecipient struct {
	Recipient string `json:"recipient"`
	Status    string `json:"status"` // RFC 3463, such as 5.1.1; empty when unknown
	Permanent bool   `json:"permanent"`
	Reason    string `json:"reason"` // the remote's own words

	Kind     Failure `json:"kind,omitempty"`      // what they mean; empty: unknown
	ReasonSV string  `json:"reason_sv,omitempty"` // the kind in plain Swedish
	ReasonEN string  `json:"reason_en,omitempty"` // and in English
	Original string  `json:"original,omitempty"`  // the address that the mail was sent to, where it was sent on

	MessageID string `json:"message_id,omitempty"` // of the mail that it is about
}

// Content is what a mail says: all of it derived from the raw mail, and derivable again.
type Content struct {
	Subject        string             `json:"subject"`
	From           Mailbox            `json:"from"`               // the first From mailbox, as shown
	FromAll        []Mailbox          `json:"from_all,omitempty"` // every mailbox of every From line, when there is not exactly one
	Sender         *Mailbox           `json:"sender,omitempty"`
	ReplyTo        *Mailbox           `json:"reply_to"`
	To             []Mailbox          `json:"to"`
	Cc             []Mailbox          `json:"cc"`
	Date           time.Time          `json:"date,omitzero"`
	MessageID      string             `json:"message_id"`            // without angle brackets
	InReplyTo      []string           `json:"in_reply_to,omitempty"` // without angle brackets
	References     []string           `json:"references,omitempty"`  // oldest first, the newest 100 at most
	Text           string             `json:"text"`                  // only what is new
	FullText       string             `json:"full_text"`
	Folded         []Range            `json:"folded,omitempty"`          // of FullText: what Text leaves out
	Marked         []Range            `json:"marked,omitempty"`          // of FullText: what the structure of HTML tells, and attached mails
	HTML           string             `json:"html"`                      // sanitised
	RemotePictures int                `json:"remote_pictures,omitempty"` // that HTML would have fetched from elsewhere
	Attachments    []Attachment       `json:"attachments"`
	Labels         []string           `json:"labels,omitempty"`   // how the mail is signed or encrypted, and what its attachments are
	Calendar       *Calendar          `json:"calendar,omitempty"` // of the first calendar part
	Class          Class              `json:"class"`
	Bounces        []BouncedRecipient `json:"bounces,omitempty"`
	Returned       []string           `json:"returned,omitempty"` // Message-IDs inside returned or attached messages
	Hops           int                `json:"hops"`               // number of Received lines
	LoopMarks      []string           `json:"loop_marks,omitempty"`
	Notices        []string           `json:"notices,omitempty"` // what could not be read, in plain words, never the mail's own bytes
	Unparseable    bool               `json:"unparseable,omitempty"`
	Identity       [32]byte           `json:"-"` // the same for the same mail whatever its trace headers; see Identity in docs/flow.md
}
