package compose

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"smartmail/casework"
	"smartmail/picture"
	"smartmail/threading"
)

// Signer makes the tokens of links; *threading.Keyring is one.
type Signer interface {
	SignLink(l threading.Link) (string, error)
}

// Links is what an organisation's mails link to.
type Links struct {
	Valid time.Duration // from when the mail was written; 0: DefaultValid
	Codes time.Duration // the same of a link to door codes; 0: DefaultCodes
	Page  bool          // mail to customers has a link to a page of the case
}

// DefaultValid is how long a link opens what it names.
const DefaultValid = 30 * 24 * time.Hour

// DefaultCodes is how long a link opens door codes.
const DefaultCodes = 14 * 24 * time.Hour

// The beginnings of the paths that links lead to, below the public address.
const (
	FilePath = "/f/"
	PagePath = "/p/"
	DoorPath = "/d/"
)

// file is an attachment, read.
type file struct {
	casework.File
	content []byte
}

// linked is an attachment that does not come with the mail.
type linked struct {
	Name, Size string
	URL        string // empty: it cannot be fetched either
}

// files reads the attachments, as far as they fit, and makes links for the others. Pictures come without the place where they were taken; one that
// cannot be cleaned of it is named and not sent.
func (c *Composer) files(ctx context.Context, org Org, item casework.OutboxItem, e casework.Entry, language string) (with []file, apart []linked, err error) {
	left := int64(MaxAttachments)
	for i, f := range e.MailOut.Files {
		l := linked{Name: line(f.Name), Size: Bytes(f.Size, language)}
		if f.Size > left {
			if l.URL, err = c.link(org, item, threading.Link{Kind: threading.FileLink, Entry: e.ID, File: i}); err != nil {
				return nil, nil, err
			}
			apart = append(apart, l)
			continue
		}
		b, err := c.read(ctx, item.Org, f)
		if err != nil {
			return nil, nil, fmt.Errorf("compose: attachment: %w", err)
		}
		if b, err = picture.Clean(b); err != nil {
			apart = append(apart, l)
			continue
		}
		left -= f.Size
		with = append(with, file{f, b})
	}
	return with, apart, nil
}

func (c *Composer) read(ctx context.Context, org casework.OrgID, f casework.File) ([]byte, error) {
	_, r, err := c.Reader.OpenAttachment(ctx, org, f.ID)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, f.Size))
	if closeErr := r.Close(); err == nil {
		err = closeErr
	}
	return b, err
}

// expires is when the links of a mail do.
func (o Org) expires(item casework.OutboxItem, kind threading.LinkKind) time.Time {
	valid := cmp.Or(max(0, o.Links.Valid), DefaultValid)
	if kind == threading.DoorLink {
		valid = cmp.Or(max(0, o.Links.Codes), DefaultCodes)
	}
	return item.At.Add(valid).Truncate(time.Second)
}

// link is the address of what l names, for the one who gets the mail; empty where there are no links.
func (c *Composer) link(org Org, item casework.OutboxItem, l threading.Link) (string, error) {
	if c.Signer == nil {
		return "", nil
	}
	l.Org, l.Case, l.Participant, l.Expires = item.Org, item.Case, item.Participant, org.expires(item, l.Kind)
	token, err := c.Signer.SignLink(l)
	if err != nil {
		return "", fmt.Errorf("compose: %w", err)
	}
	path := map[threading.LinkKind]string{threading.FileLink: FilePath, threading.PageLink: PagePath, threading.DoorLink: DoorPath}[l.Kind]
	return strings.TrimRight(c.PublicURL, "/") + path + token, nil
}

// page tells a customer what happens next, and where to read his case.
func (c *Composer) page(org Org, cs casework.Case, item casework.OutboxItem, f *facts) (err error) {
	lane, ok := cs.Lane(item.Lane)
	if !ok || lane.Kind != casework.LaneCustomer {
		return nil
	}
	f.Next = Next(cs, item.At, f.Language, org.Location)
	if org.Links.Page {
		f.Page, err = c.link(org, item, threading.Link{Kind: threading.PageLink})
	}
	return err
}

// doors leads the supplier of an order that he has work on to the door codes, where there are any.
func (c *Composer) doors(ctx context.Context, org Org, cs casework.Case, e casework.Entry, item casework.OutboxItem, f *facts) error {
	if len(f.Rows) == 0 || c.Signer == nil || !cs.MayOpenDoors(item.Participant, e.Order) {
		return nil
	}
	has, err := c.Reader.HasDoors(ctx, item.Org, item.Case)
	if err != nil || !has {
		return err
	}
	address, err := c.link(org, item, threading.Link{Kind: threading.DoorLink, Entry: e.ID})
	f.Rows = append(f.Rows, doorRow(wordsOf(f.Language), address, org.expires(item, threading.DoorLink), org.Location))
	return err
}
