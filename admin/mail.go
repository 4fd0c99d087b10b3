package admin

import (
	"context"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/message"
	"smartmail/threading"
)

// Mailbox is an address with its display name.
type Mailbox struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Attachment is a file of a mail, received or sent.
type Attachment struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Type      string `json:"type"`
	Size      int64  `json:"size" doc:"Bytes after decoding"`
	SHA256    string `json:"sha256"`
	Inline    bool   `json:"inline"`
	ContentID string `json:"content_id"`
	Sniffed   string `json:"sniffed,omitempty" doc:"The type that its bytes look like, beside the declared one"`
	Label     string `json:"label,omitempty" doc:"What it is to people: calendar-reply-accepted, smime-signed, pgp-encrypted ..."`
}

// Fold is a part of full_text that text leaves out.
type Fold struct {
	Start int    `json:"start" doc:"In bytes of full_text"`
	End   int    `json:"end"`
	Kind  string `json:"kind"`
}

// Calendar is what an invitation or an answer to one says.
type Calendar struct {
	Method   string     `json:"method"`
	Answer   string     `json:"answer" doc:"accepted, declined, tentative or counter; empty: it is no answer"`
	Attendee string     `json:"attendee"`
	UID      string     `json:"uid"`
	Summary  string     `json:"summary"`
	Location string     `json:"location"`
	Start    *time.Time `json:"start"`
	End      *time.Time `json:"end"`
}

// Auth is what was found out about a mail's origin, in the words of RFC 8601.
type Auth struct {
	SPF struct {
		Result string `json:"result"`
		Domain string `json:"domain"`
	} `json:"spf"`
	DKIM  []Signature `json:"dkim" nullable:"false"`
	DMARC struct {
		Result string `json:"result"`
		Policy string `json:"policy"`
		Domain string `json:"domain"`
	} `json:"dmarc"`
	ARC string `json:"arc"`
}

// Signature is the outcome for one DKIM signature.
type Signature struct {
	Result   string `json:"result"`
	Domain   string `json:"domain"`
	Selector string `json:"selector"`
}

// Scan is what the spam and virus scanners found.
type Scan struct {
	Action  string   `json:"action" enum:"pass,mark,triage"`
	Reasons []string `json:"reasons" nullable:"false"`
	Score   float64  `json:"score" doc:"Spam points"`
}

// Matched says how a mail found its case.
type Matched struct {
	By      string   `json:"by"`
	Reasons []string `json:"reasons" nullable:"false"`
	Suggest *uint64  `json:"suggest" doc:"Another case that it may belong to"`
}

// Bounce is what a mail reports about one recipient of ours.
type Bounce struct {
	Recipient string `json:"recipient"`
	Status    string `json:"status"`
	Permanent bool   `json:"permanent"`
	Reason    string `json:"reason"`
	Message   string `json:"message" doc:"Entry of the message that did not arrive; empty where it is none of ours"`
}

// Raw names the mail as it came in.
type Raw struct {
	ID     string     `json:"id"`
	Size   int64      `json:"size"`
	SHA256 string     `json:"sha256"`
	Erased *time.Time `json:"erased,omitempty" doc:"When its bytes were removed with the person who wrote it"`
}

// Envelope is what the peer said outside the mail.
type Envelope struct {
	ReversePath string   `json:"reverse_path"`
	Recipients  []string `json:"recipients" nullable:"false"`
	Helo        string   `json:"helo"`
	Client      string   `json:"client" doc:"The peer's address; empty for an import"`
	Protocol    string   `json:"protocol"`
}

// MailFields are the fields of a received mail, on an entry or in triage.
type MailFields struct {
	Subject      string     `json:"subject"`
	From         Mailbox    `json:"from"`
	FromAll      []Mailbox  `json:"from_all" nullable:"false" doc:"Every mailbox in From, where there is not exactly one"`
	ReplyTo      *Mailbox   `json:"reply_to"`
	To           []Mailbox  `json:"to" nullable:"false"`
	Cc           []Mailbox  `json:"cc" nullable:"false"`
	Date         *time.Time `json:"date"`
	MessageID    string     `json:"message_id"`
	FullText     string     `json:"full_text"`
	Folded       []Fold     `json:"folded" nullable:"false" doc:"What text leaves out of full_text: quotes, signatures, footers"`
	HTML         string     `json:"html" doc:"Sanitised; pictures of the mail itself point to their attachments"`
	Class        string     `json:"class" enum:"personal,automatic,list,bounce,report,loop"`
	Auth         Auth       `json:"auth"`
	AuthResults  string     `json:"auth_results" doc:"The same as a value of Authentication-Results"`
	Scan         *Scan      `json:"scan" doc:"What the spam and virus scanners found; null where none was asked"`
	Verdict      string     `json:"verdict" doc:"What the proof of the sender means, in plain words and the organisation's language"`
	Sender       string     `json:"sender" enum:"verified,known,unconfirmed,unknown"`
	Matched      Matched    `json:"matched"`
	SuggestSplit bool       `json:"suggest_split" doc:"The subject is another one: perhaps another matter"`
	Bounces      []Bounce   `json:"bounces" nullable:"false"`
	Raw          Raw        `json:"raw"`
	Envelope     Envelope   `json:"envelope"`
	Trace        string     `json:"trace" doc:"Our Received line"`
	Labels       []string   `json:"labels" nullable:"false" doc:"How the mail is signed or encrypted, and what its files are"`
	Calendar     *Calendar  `json:"calendar"`
	Marks        []string   `json:"marks" nullable:"false" doc:"What a reader should beware of, such as a display name that shows another address"`
	Notices      []string   `json:"notices" nullable:"false" doc:"What could not be read"`
}

// mailSchema corrects what huma makes of MailFields within s.
func mailSchema(r huma.Registry, s *huma.Schema) {
	orNull(s, "reply_to", r.Schema(reflect.TypeFor[Mailbox](), true, ""))
	orNull(s, "calendar", r.Schema(reflect.TypeFor[Calendar](), true, ""))
	orNull(s, "scan", r.Schema(reflect.TypeFor[Scan](), true, ""))
}

// shown are the parts of a mail that other kinds of entries have as well.
type shown struct {
	text        string
	attachments []Attachment
}

// mail shows a received mail.
func (v view) mail(ctx context.Context, m casework.Mail, sender casework.Sender, matched casework.Matched) (MailFields, shown, error) {
	c := m.Content
	files := attachments(m)
	out := MailFields{
		Subject: c.Subject, From: Mailbox(c.From), FromAll: mailboxes(c.FromAll), To: mailboxes(c.To), Cc: mailboxes(c.Cc),
		Date: utc(c.Date), MessageID: c.MessageID, FullText: c.FullText, HTML: inlined(c.HTML, m.Org, files),
		Class: string(c.Class), Auth: auth(m), AuthResults: m.AuthResults,
		Sender: string(sender), Matched: Matched{By: matched.By, Reasons: list(matched.Reasons)},
		Verdict: m.Auth.Words(v.languages[m.Org]), Marks: list(threading.Marks(c)),
		Raw: Raw{ID: string(m.ID), Size: m.Raw.Size, SHA256: m.Raw.SHA256, Erased: utc(m.Raw.Erased)},
		Envelope: Envelope{ReversePath: m.Envelope.ReversePath, Recipients: list(m.Envelope.Recipients),
			Helo: m.Envelope.Helo, Protocol: m.Envelope.Protocol},
		Trace: m.Trace, Notices: list(c.Notices),
	}
	out.Labels, out.Folded = list(c.Labels), make([]Fold, 0, len(c.Folded))
	for _, f := range c.Folded {
		out.Folded = append(out.Folded, Fold{Start: f.Start, End: f.End, Kind: string(f.Kind)})
	}
	if k := c.Calendar; k != nil {
		out.Calendar = &Calendar{Method: k.Method, Answer: k.Answer, Attendee: k.Attendee, UID: k.UID, Summary: k.Summary,
			Location: k.Location, Start: utc(k.Start), End: utc(k.End)}
	}
	if n := uint64(matched.Suggest); n != 0 {
		out.Matched.Suggest = &n
	}
	if c.ReplyTo != nil {
		out.ReplyTo = &Mailbox{Name: c.ReplyTo.Name, Email: c.ReplyTo.Email}
	}
	if m.Scan != nil {
		out.Scan = &Scan{Action: string(m.Scan.Action), Reasons: list(m.Scan.Reasons), Score: m.Scan.Score}
	}
	if m.Envelope.Client.IsValid() {
		out.Envelope.Client = m.Envelope.Client.String()
	}
	var err error
	if out.Bounces, err = v.bounces(ctx, m); err != nil {
		return out, shown{}, err
	}
	text := c.Text
	if matched.By == threading.ByNew { // what was forwarded is what it is about
		text = c.FullText
	}
	return out, shown{text: text, attachments: files}, nil
}

// list makes a null list an empty one.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func mailboxes(in []message.Mailbox) []Mailbox {
	out := make([]Mailbox, 0, len(in))
	for _, m := range in {
		out = append(out, Mailbox(m))
	}
	return out
}

func attachments(m casework.Mail) []Attachment {
	out := make([]Attachment, 0, len(m.Content.Attachments))
	for _, a := range m.Content.Attachments {
		out = append(out, Attachment{
			ID: desk.AttachmentID(m.ID, a.Index), Name: a.Name, Type: a.Type, Size: a.Size, SHA256: a.SHA256,
			Inline: a.Inline, ContentID: a.ContentID, Sniffed: a.Sniffed, Label: a.Label,
		})
	}
	return out
}

func auth(m casework.Mail) Auth {
	out := Auth{DKIM: make([]Signature, 0, len(m.Auth.DKIM)), ARC: m.Auth.ARC}
	out.SPF.Result, out.SPF.Domain = m.Auth.SPF.Result, m.Auth.SPF.Domain
	out.DMARC.Result, out.DMARC.Policy, out.DMARC.Domain = m.Auth.DMARC.Result, m.Auth.DMARC.Policy, m.Auth.DMARC.Domain
	for _, d := range m.Auth.DKIM {
		out.DKIM = append(out.DKIM, Signature{Result: d.Result, Domain: d.Domain, Selector: d.Selector})
	}
	return out
}

// maxSent bounds how many outgoing mails are looked up for one bounce.
const maxSent = 50

// bounces shows what a mail reports, with the entries of the messages that it is about: named by our Message-ID in the
// returned mail, or else by the bounce address that the report came to. Both are signed.
func (v view) bounces(ctx context.Context, m casework.Mail) ([]Bounce, error) {
	out := make([]Bounce, 0, len(m.Content.Bounces))
	if cap(out) == 0 {
		return out, nil
	}
	returnPath := ""
	for _, rcpt := range m.Envelope.Recipients {
		if t, ok := v.addresses.Own(m.Org, rcpt); ok && t.Kind == threading.BounceToken {
			returnPath = rcpt
		}
	}
	entries := map[string]string{} // by Message-ID or bounce address
	for _, b := range m.Content.Bounces {
		about := b.MessageID
		if _, ours := v.addresses.Own(m.Org, about); !ours {
			about = returnPath
		}
		if _, known := entries[about]; !known && len(entries) < maxSent {
			entry, err := v.sentEntry(ctx, m.Org, about)
			if err != nil {
				return nil, err
			}
			entries[about] = entry
		}
		out = append(out, Bounce{Recipient: b.Recipient, Status: b.Status, Permanent: b.Permanent, Reason: b.Reason, Message: entries[about]})
	}
	return out, nil
}

// sentEntry returns the entry that caused the outgoing mail of one of our Message-IDs or bounce addresses, or "".
func (v view) sentEntry(ctx context.Context, org casework.OrgID, signed string) (string, error) {
	t, ok := v.addresses.Own(org, signed)
	if !ok || t.Unique == "" {
		return "", nil
	}
	o, err := v.house.OutboxItem(ctx, org, casework.OutboxID(t.Unique))
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return string(o.Entry), err
}

// inlined lets the pictures in HTML point to the attachments that they are.
func inlined(text string, org casework.OrgID, files []Attachment) string {
	if len(files) == 0 {
		return text
	}
	return message.Inlined(text, func(contentID string) (string, bool) {
		for _, f := range files {
			if f.ContentID != "" && strings.EqualFold(f.ContentID, contentID) {
				return location(org, "attachments", f.ID), true
			}
		}
		return "", false
	})
}
