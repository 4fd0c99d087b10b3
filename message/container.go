package message

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"smartmail/message/tnef"
)

// maxInner bounds the files taken out of containers and texts of one mail.
const maxInner = 300

// inner is a file within a leaf: in a winmail.dat, uuencoded in a text, or attached to an attached mail. They follow the
// leaves in Content.Attachments, so that no other attachment's number depends on what is found in them.
type inner struct {
	in        *part
	mail      *tree // the attached mail that in is a leaf of; nil: in is a leaf of this mail
	container int   // 1 + index of the attachment that it lies in; 0: a text of the mail
	description
	file tnef.File
	uu   int // position among the text's uuencoded files
}

// isTNEF tells winmail.dat by its type, or by the name that it always has.
func (p *part) isTNEF() bool {
	return p.mediaType == "application/ms-tnef" || p.mediaType == "application/vnd.ms-tnef" || strings.EqualFold(p.fileName, "winmail.dat")
}

// inside finds the files within the mail's leaves. body is what the first container says as the mail's text.
func (t *tree) inside(ctx context.Context, leaves []*part) (found []inner, body *tnef.Message, err error) {
	for i, p := range leaves {
		if p.mediaType == "message/rfc822" && t.root().mediaType != "multipart/report" {
			if found, err = t.insideMail(ctx, p, i, found); err != nil {
				return nil, nil, err
			}
		}
		if !p.isTNEF() {
			continue
		}
		m, err := tnef.Read(t.body(ctx, p))
		if ctx.Err() != nil {
			return nil, nil, errBudget
		}
		if err != nil && len(m.Files) == 0 && m.Text == "" && m.RTF == nil && m.HTML == nil {
			continue // no container, whatever it is called: it stays what it is
		}
		if body == nil {
			body = &m
		}
		for _, f := range m.Files {
			d := description{mediaType: strings.ToLower(f.Type), contentID: cleanID(f.ContentID), fileName: clean(f.Name)}
			if f.Embedded {
				d.mediaType = "application/ms-tnef"
			}
			if !validType(d.mediaType) {
				d.mediaType = ""
			}
			found = append(found, inner{in: p, container: i + 1, description: d, file: f})
		}
	}
	for _, p := range t.parts {
		if !p.shown() || p.disposition == "attachment" || p.mediaType != "text/plain" || !t.mayBegin(p) {
			continue
		}
		u := newUUReader(t.body(ctx, p))
		for n := 0; len(found) < maxInner; n++ {
			name, ok := u.next()
			if !ok {
				break
			}
			found = append(found, inner{in: p, description: description{fileName: name}, uu: n})
		}
		if u.err != nil && !errors.Is(u.err, io.EOF) {
			return nil, nil, fmt.Errorf("read text: %w", u.err)
		}
	}
	return found[:min(len(found), maxInner)], body, nil
}

// insideMail finds the files attached to an attached mail, one mail deep. One that can't be taken apart is a file and nothing
// more, and so is one in an encoding, which RFC 2046 section 5.2.1 forbids: its parts don't lie in our mail as they are.
func (t *tree) insideMail(ctx context.Context, p *part, index int, found []inner) ([]inner, error) {
	if p.encoded() {
		return found, nil
	}
	mail, err := t.attachedMail(ctx, p)
	if err != nil || mail == nil {
		return found, err
	}
	for _, leaf := range mail.attached() {
		if len(found) < maxInner {
			found = append(found, inner{in: leaf, mail: mail, container: index + 1, description: leaf.description})
		}
	}
	return found, nil
}

// mayBegin tells at little cost that a text in memory has no uuencoded file.
func (t *tree) mayBegin(p *part) bool {
	if t.src.mem == nil {
		return true
	}
	encoding := strings.ToLower(p.header.get("Content-Transfer-Encoding"))
	return strings.Contains(encoding, "base64") || bytes.Contains(t.src.mem[p.start:p.end], []byte("begin"))
}

// open reads one file.
func (t *tree) open(ctx context.Context, f inner) (io.Reader, error) {
	if f.mail != nil {
		return f.mail.body(ctx, f.in), nil
	}
	r := t.body(ctx, f.in)
	if f.container == 0 {
		u := newUUReader(r)
		for range f.uu + 1 {
			u.next()
		}
		return u, nil
	}
	if _, err := io.CopyN(io.Discard, r, f.file.Offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("open attachment: %w", err)
	}
	return io.LimitReader(r, f.file.Size), nil
}

// attachment describes a file that has not been read. Its type is what its bytes are, where the container gives none.
func (f inner) attachment(index int, sniffed string) Attachment {
	p := &part{description: f.description}
	p.mediaType = firstOf(p.mediaType, sniffed, "application/octet-stream")
	a := p.attachment(index)
	a.Container = f.container
	return a
}

// measureInner describes all files, reading each leaf once for all that it holds.
func (t *tree) measureInner(ctx context.Context, files []inner, first int, buf []byte) ([]Attachment, error) {
	var out []Attachment
	for len(files) > 0 {
		n := slices.IndexFunc(files, func(f inner) bool { return f.in != files[0].in })
		if n < 0 {
			n = len(files)
		}
		next := t.reader(ctx, files[0])
		for _, f := range files[:n] {
			r, err := next(f)
			if err != nil {
				return nil, err
			}
			m, err := measureReader(r, buf)
			if err != nil {
				return nil, err
			}
			a := f.attachment(first+len(out), m.sniffed)
			a.Size, a.SHA256, a.Sniffed = m.size, m.sum, m.sniffed
			out = append(out, a)
		}
		files = files[n:]
	}
	return out, nil
}

// reader gives the files of one leaf one after the other, from one stream.
func (t *tree) reader(ctx context.Context, f inner) func(inner) (io.Reader, error) {
	if f.mail != nil {
		return func(f inner) (io.Reader, error) { return f.mail.body(ctx, f.in), nil }
	}
	r := t.body(ctx, f.in)
	if f.container == 0 {
		u := newUUReader(r)
		return func(inner) (io.Reader, error) {
			u.next()
			return u, nil
		}
	}
	at := int64(0)
	return func(f inner) (io.Reader, error) {
		n, err := io.CopyN(io.Discard, r, max(0, f.file.Offset-at))
		at += n
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read attachment: %w", err)
		}
		return io.LimitReader(countReader{r, &at}, f.file.Size), nil
	}
}

type countReader struct {
	r  io.Reader
	at *int64
}

func (c countReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	*c.at += int64(n)
	return n, err
}

// adoptInline takes text that has a file name and is to be shown all the same for the text of a mail that has no other.
func (c *Content) adoptInline(ctx context.Context, t *tree, leaves []*part, limit int) error {
	if c.FullText != "" {
		return nil
	}
	var s shownText
	for _, p := range leaves {
		if p.mediaType != "text/plain" || p.disposition == "attachment" {
			continue
		}
		l, err := t.leaf(ctx, p, limit)
		if err != nil {
			return err
		}
		s.append(l.raw, nil, limit)
	}
	if s.full.Len() > 0 {
		c.readText(&s)
	}
	return nil
}

// adopt takes the text of a container for the text of a mail that has no other.
func (c *Content) adopt(m *tnef.Message, limit int) {
	if m == nil || strings.TrimSpace(c.FullText) != "" {
		return
	}
	text := m.Text
	if rtf, err := tnef.Decompress(m.RTF, limit); err == nil && strings.TrimSpace(text) == "" {
		text = tnef.RTFText(rtf)
	}
	if len(m.HTML) > 0 && c.HTML == "" {
		raw := newlines(decodeText(m.HTML, ""))
		c.HTML = sanitise(raw)
		if strings.TrimSpace(text) == "" {
			text = readHTML(raw, limit).full
		}
	}
	var s shownText
	s.full.WriteString(cutRunes(newlines(clean(text)), limit))
	c.readText(&s)
}
