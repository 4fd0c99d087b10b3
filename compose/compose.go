// Package compose writes the mails that go out: text and HTML, in the organisation's looks and the reader's language.
//
//	OutboxItem → its case and entry (Reader) → facts of the template → text + HTML → MIME → bytes
//
// Invariants:
//   - The same item gives the same bytes: date, boundaries and Message-ID come from the item, so that a mail that is sent again is the
//     same mail.
//   - No name, subject or text adds a header or a part: whatever is written into a header is one encoded line of it.
//   - From and Reply-To are the participant's own address on the case; a mail that no person wrote says so (RFC 3834).
//   - Nobody reads what belongs to another lane: of a case, only what its work order is meant to tell.
//   - No picture that goes out says where it was taken.
package compose

import (
	"context"
	"embed"
	"fmt"
	"io"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/message"
)

//go:embed templates
var builtin embed.FS

// MaxAttachments is how much of attachments goes into a mail, in bytes before encoding. What comes after is a link.
const MaxAttachments = 10 << 20

// Reader is the desk as far as composing needs it.
type Reader interface {
	Case(ctx context.Context, org casework.OrgID, n casework.CaseNumber) (casework.Case, error)
	Entry(ctx context.Context, org casework.OrgID, id casework.EntryID) (desk.EntryView, error)
	NewestMail(ctx context.Context, org casework.OrgID, n casework.CaseNumber, lane casework.LaneID, before uint64) (casework.Mail, bool, error)
	OpenAttachment(ctx context.Context, org casework.OrgID, id string) (message.Attachment, io.ReadCloser, error)
	HasDoors(ctx context.Context, org casework.OrgID, n casework.CaseNumber) (bool, error)
}

// Org is an organisation whose mails are written.
type Org struct {
	ID       casework.OrgID
	Name     string
	Language string // "sv" or "en"; another one is taken for "en", and none for "sv"
	Look     Look
	Links    Links
	Location *time.Location // of the times that its mails show; nil: that of the options
}

// Check reads the organisation's templates and tries each of them. The error is of kind fault.Invalid: a line for each mistake, with file and
// line of the template.
func (o Org) Check() error {
	_, err := o.looks()
	return err
}

func (o Org) looks() (map[string]looks, error) {
	if !colour(o.Look.Colour) {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("%q is no colour: write # and six hexadecimal digits", o.Look.Colour))
	}
	files, err := newLayered(o.Look.Templates)
	if err != nil {
		return nil, err
	}
	return load(files)
}

// Options of a composer. Reader and Orgs are needed.
type Options struct {
	Reader   Reader
	Orgs     []Org
	Location *time.Location // of the times that are shown; nil: time.Local

	Signer    Signer // of links; nil: mails have none
	PublicURL string // under which the links are served, such as "https://arende.example.org"
}

// Composer writes mails. It is safe for concurrent use.
type Composer struct {
	Options
	looks map[casework.OrgID]map[string]looks // by language and kind: "sv/order"
	orgs  map[casework.OrgID]Org
}

// Mail is what goes over the wire.
type Mail struct {
	From string // reverse-path; empty: the null reverse-path of RFC 5321 section 4.5.5
	To   string
	Raw  []byte
}

// New reads the templates and tries each of them: an error names the file that is wrong.
func New(o Options) (*Composer, error) {
	if o.Location == nil {
		o.Location = time.Local
	}
	c := &Composer{Options: o, looks: map[casework.OrgID]map[string]looks{}, orgs: map[casework.OrgID]Org{}}
	for _, org := range o.Orgs {
		if org.Look.Colour == "" {
			org.Look.Colour = DefaultColour
		}
		all, err := org.looks()
		if err != nil {
			return nil, fmt.Errorf("organisation %s: %w", org.ID, err)
		}
		if org.Location == nil {
			org.Location = o.Location
		}
		c.looks[org.ID], c.orgs[org.ID] = all, org
	}
	return c, nil
}

// Compose writes the mail of an item. Errors: fault.NotFound where the organisation, case or entry is not there, and those of the Reader.
func (c *Composer) Compose(ctx context.Context, item casework.OutboxItem) (Mail, error) {
	org, ok := c.orgs[item.Org]
	if !ok {
		return Mail{}, fault.New(fault.NotFound, fmt.Sprintf("there is no organisation %q", item.Org))
	}
	cs, entry, err := c.source(ctx, item)
	if err != nil {
		return Mail{}, fmt.Errorf("compose: %w", err)
	}
	f := factsOf(org, cs, entry.Entry, item)
	files, apart, err := c.files(ctx, org, item, entry.Entry, f.Language)
	if err != nil {
		return Mail{}, err
	}
	f.Files = apart
	if err := c.page(org, cs, item, &f); err != nil {
		return Mail{}, err
	}
	if err := c.doors(ctx, org, cs, entry.Entry, item, &f); err != nil {
		return Mail{}, err
	}
	text, html, err := c.looks[org.ID][f.Language+"/"+kindOf(entry.Entry)].render(f)
	if err != nil {
		return Mail{}, fmt.Errorf("compose: %w", err)
	}
	thread, err := c.thread(ctx, item, entry.Seq)
	if err != nil {
		return Mail{}, err
	}
	raw, err := write(item, header(org, item, f, thread, entry.MailOut.Auto), body{text, html, org.Look.Logo, invite(org, cs, entry.Entry, item)}, files)
	if err != nil {
		return Mail{}, fmt.Errorf("compose: %w", err)
	}
	return Mail{From: item.ReturnPath, To: item.To.Email, Raw: raw}, nil
}

// source is the case and the entry that a mail is about; of one that is on no case an entry that says the same.
func (c *Composer) source(ctx context.Context, item casework.OutboxItem) (casework.Case, desk.EntryView, error) {
	if s := item.Staff; s != nil {
		return casework.Case{}, desk.EntryView{Entry: casework.Entry{Kind: casework.KindMailOut, MailOut: &casework.MailOut{Text: s.Text, Auto: s.Auto}}}, nil
	}
	cs, err := c.Reader.Case(ctx, item.Org, item.Case)
	if err != nil {
		return cs, desk.EntryView{}, err
	}
	entry, err := c.Reader.Entry(ctx, item.Org, item.Entry)
	if err == nil && entry.MailOut == nil {
		err = fault.New(fault.Invalid, fmt.Sprintf("entry %s is no message", entry.ID))
	}
	return cs, entry, err
}

// thread returns the Message-IDs that the mail refers to: a root that all mails to one participant share, so that programs keep one
// thread though the answer is still to come, then what the newest mail on the lane referred to, and that one itself (RFC 5322
// section 3.6.4). What is on no case is in no thread.
func (c *Composer) thread(ctx context.Context, item casework.OutboxItem, before uint64) ([]string, error) {
	if item.Staff != nil {
		return nil, nil
	}
	ids := []string{fmt.Sprintf("c%d-%d@%s", item.Case, item.Participant, domain(item.ReplyTo))}
	newest, ok, err := c.Reader.NewestMail(ctx, item.Org, item.Case, item.Lane, before)
	if err != nil {
		return nil, fmt.Errorf("compose: thread: %w", err)
	}
	if !ok {
		return ids, nil
	}
	refs := newest.Content.References
	for _, id := range append(refs[max(0, len(refs)-10):], newest.Content.MessageID) {
		if id != ids[0] && messageID(id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
