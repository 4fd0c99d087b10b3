package message

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// Bounds of reading the text of mails within a mail.
const (
	maxMailsDeep = 4       // mails within each other
	maxEncoded   = 4 << 20 // bytes decoded of one that lies in an encoding
)

// isMail tells a part that is a mail (RFC 2046 section 5.2.1, RFC 6532 section 3.7).
func (p *part) isMail() bool {
	return p.mediaType == "message/rfc822" || p.mediaType == "message/global"
}

// encoded reports whether the part's bytes lie in the mail in another form.
func (p *part) encoded() bool {
	encoding := strings.ToLower(p.header.get("Content-Transfer-Encoding"))
	return strings.HasPrefix(encoding, "base64") || strings.HasPrefix(encoding, "quoted-printable")
}

// attachedMail takes an attached mail apart; nil where that can't be done: too deep, or too many parts.
func (t *tree) attachedMail(ctx context.Context, p *part) (*tree, error) {
	var raw Raw
	switch {
	case p.encoded():
		b, err := io.ReadAll(io.LimitReader(t.body(ctx, p), maxEncoded))
		if err != nil {
			return nil, fmt.Errorf("read attached mail: %w", err)
		}
		raw = InMemory(b)
	case t.src.mem != nil:
		raw = InMemory(t.src.mem[p.start:p.end])
	default:
		raw = io.NewSectionReader(t.src.raw, p.start, p.end-p.start)
	}
	src, err := newSource(raw)
	if err != nil {
		return nil, fmt.Errorf("read attached mail: %w", err)
	}
	mail, err := scan(ctx, src, Limits{}.orDefaults())
	switch {
	case ctx.Err() != nil:
		return nil, errBudget
	case err != nil:
		return nil, nil //nolint:nilerr,nilnil // it stays the file that it is
	}
	return mail, nil
}

// readAttachedMails adds what attached and returned mails say below the mail's own text, in FullText and folded: a reader
// finds it without opening a file. Nothing of it counts for the class of the mail.
func (c *Content) readAttachedMails(ctx context.Context, t *tree, limit int) error {
	var s shownText
	if err := t.addMails(ctx, &s, limit-len(c.FullText), maxMailsDeep); err != nil {
		return err
	}
	if s.cut {
		c.notice(noticeText)
	}
	if s.full.Len() == 0 {
		return nil
	}
	full := c.FullText
	if full != "" {
		full += "\n\n"
	}
	c.Marked = append(c.Marked, Range{Start: len(full), End: len(full) + s.full.Len(), Kind: FoldForwarded})
	c.FullText = full + s.full.String()
	c.ReadAgain(nil, nil)
	return nil
}

// addMails appends the texts of the mails attached to this one, and of those attached to them.
func (t *tree) addMails(ctx context.Context, s *shownText, limit, deep int) error {
	for _, p := range t.parts {
		if p.multipart() || !p.isMail() {
			continue
		}
		room := limit - s.full.Len()
		if room <= 0 || deep == 0 {
			s.cut = true
			return nil
		}
		mail, err := t.attachedMail(ctx, p)
		if err != nil {
			return err
		}
		if mail == nil {
			continue
		}
		text, _, err := mail.plainText(ctx, room)
		if err != nil {
			return err
		}
		s.cut = s.cut || text.cut
		s.append(text.full.String(), nil, limit)
		if err := mail.addMails(ctx, s, limit, deep-1); err != nil {
			return err
		}
	}
	return nil
}
