package message

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"
)

// Notices, in plain words for people. They never repeat bytes of the mail.
const (
	noticeHeader   = "Some header fields are too long and are shown shortened; the original is kept."
	noticeText     = "The text is too long to be shown whole; the original is kept."
	noticeRemote   = "Pictures that would be fetched from other servers are not shown."
	noticeBudget   = "This mail takes too long to read and is not taken apart; the original is kept."
	noticeTrouble  = "This mail could not be read; the original is kept."
	noticeFrom     = "The mail names no single sender address."
	noticeReadFail = "The stored mail could not be read to its end."
)

// Parse says what a mail says. It never fails and never panics: what can't be taken apart gives a Content with
// Unparseable set, the main header fields as text, and a notice.
//
// Content.Identity is zero only if the raw mail itself can't be read; the caller must then not accept the mail.
func Parse(ctx context.Context, raw Raw, lim Limits) Content {
	lim = lim.orDefaults()
	ctx, cancel := context.WithTimeout(ctx, lim.Budget)
	defer cancel()
	c := Content{To: []Mailbox{}, Cc: []Mailbox{}, Attachments: []Attachment{}, Class: Personal}
	var t *tree
	err := guard(func() (err error) {
		t, err = c.readTop(raw, lim)
		return err
	})
	if err == nil {
		err = guard(func() error { return c.readBody(ctx, t, lim) })
	}
	if err != nil {
		c.giveUp(err)
		if t != nil {
			_ = guard(func() error { c.Class = classOf(t, &c, lim, reports{}); return nil }) // what the header alone tells
		}
	}
	return c
}

// readTop takes the header and the identity, which are had of every mail, whatever becomes of its parts.
func (c *Content) readTop(raw Raw, lim Limits) (*tree, error) {
	src, err := newSource(raw)
	if err != nil {
		return nil, err
	}
	t, err := readTop(src, lim.HeaderBytes)
	if err != nil {
		return t, err
	}
	if c.Identity, err = t.identity(); err != nil {
		return t, err
	}
	c.readHeader(t.root().header, lim)
	if t.cut {
		c.Notices = append(c.Notices, noticeHeader)
	}
	return t, nil
}

// readBody takes the parts.
func (c *Content) readBody(ctx context.Context, top *tree, lim Limits) error {
	t, err := scan(ctx, top.src, lim)
	if err != nil {
		return err
	}
	if t.cut && !top.cut {
		c.Notices = append(c.Notices, noticeHeader)
	}
	t.describe(ctx)
	s, err := t.text(ctx, lim.TextBytes)
	if err != nil {
		return err
	}
	c.readText(s)
	c.HTML = s.html.String()
	c.RemotePictures = s.remote
	if s.cut {
		c.Notices = append(c.Notices, noticeText)
	}
	if s.remote > 0 {
		c.Notices = append(c.Notices, noticeRemote)
	}
	if err := c.readAttachments(ctx, t, s.cids, lim.TextBytes); err != nil {
		c.Attachments = []Attachment{}
		return err
	}
	r, err := c.readReports(ctx, t)
	if err != nil {
		return err
	}
	c.Class = classOf(t, c, lim, r)
	if c.Class != Bounce {
		c.Bounces = nil
	}
	return c.readAttachedMails(ctx, t, lim.TextBytes)
}

// readText takes the text, and what is new in it.
func (c *Content) readText(s *shownText) {
	full := s.full.String()
	c.FullText = strings.TrimSpace(full)
	lead := len(full) - len(strings.TrimLeftFunc(full, unicode.IsSpace))
	c.Marked = shift(s.marks, -lead, len(c.FullText))
	c.ReadAgain(nil, nil)
	if more := helpful(shift(s.hints, -lead, len(c.FullText)), c.Folded); len(more) > 0 {
		c.Marked = append(c.Marked, more...)
		slices.SortFunc(c.Marked, func(a, b Range) int { return a.Start - b.Start })
		c.ReadAgain(nil, nil)
	}
}

// ReadAgain derives Text and Folded from FullText anew, now that the texts are known that we sent in this case, the newest
// last, and the frame of our mails: what of them is quoted is told by its words, however the sender's program marks it. Without texts it is as
// Parse has it.
func (c *Content) ReadAgain(sent []string, frame *Frame) {
	r := readReply(c.FullText, c.Marked, ReplyContext{Sender: c.From, Sent: sent, Frame: frame})
	c.Text, c.Folded = r.Text, r.Folded
}

// notice adds what people should know of the reading, once.
func (c *Content) notice(text string) {
	if !slices.Contains(c.Notices, text) {
		c.Notices = append(c.Notices, text)
	}
}

// readAttachments describes the leaves that are no text of the mail, then the files within leaves.
func (c *Content) readAttachments(ctx context.Context, t *tree, cids map[string]bool, limit int) error {
	leaves := t.attached()
	var buf []byte
	if len(leaves) > 0 {
		buf = make([]byte, 32<<10)
	}
	for i, p := range leaves {
		m, err := t.measure(ctx, p, buf)
		if err != nil {
			return err
		}
		a := p.attachment(i)
		a.Size, a.SHA256, a.Sniffed, a.Label = m.size, m.sum, m.sniffed, p.label(m.head)
		a.Inline = a.Inline || (a.ContentID != "" && cids[a.ContentID])
		c.Attachments = append(c.Attachments, a)
	}
	files, body, err := t.inside(ctx, leaves)
	if err != nil {
		return err
	}
	if len(files) > 0 {
		if buf == nil {
			buf = make([]byte, 32<<10)
		}
		found, err := t.measureInner(ctx, files, len(leaves), buf)
		if err != nil {
			return err
		}
		c.Attachments = append(c.Attachments, found...)
	}
	c.adopt(body, limit)
	if err := c.adoptInline(ctx, t, leaves, limit); err != nil {
		return err
	}
	if err := c.readCalendar(ctx, t, leaves); err != nil {
		return err
	}
	c.labelMail(t)
	return nil
}

// giveUp turns what was read so far into the Content of a mail that is not taken apart.
func (c *Content) giveUp(err error) {
	notice := noticeTrouble
	var bounds errBounds
	switch {
	case errors.As(err, &bounds):
		notice = bounds.Error()
	case errors.Is(err, errBudget):
		notice = noticeBudget
	case c.Identity == [32]byte{}:
		notice = noticeReadFail
	}
	c.Unparseable = true
	c.Notices = append(c.Notices, notice)
	c.HTML, c.Attachments, c.Bounces = "", []Attachment{}, nil
	var b strings.Builder
	for _, f := range []struct{ name, value string }{
		{"From", c.From.String()}, {"To", join(c.To)}, {"Subject", c.Subject}, {"Message-ID", c.MessageID},
	} {
		if f.value != "" {
			b.WriteString(f.name + ": " + f.value + "\n")
		}
	}
	if !c.Date.IsZero() {
		b.WriteString("Date: " + c.Date.Format("2006-01-02 15:04 MST") + "\n")
	}
	b.WriteString("\n" + notice)
	c.Text = strings.TrimSpace(b.String())
	c.FullText = c.Text
}

// String is the mailbox as people write it: Name <address>.
func (m Mailbox) String() string {
	switch {
	case m.Email == "":
		return m.Name
	case m.Name == "":
		return m.Email
	}
	return m.Name + " <" + m.Email + ">"
}

func join(list []Mailbox) string {
	var names []string
	for _, m := range list[:min(len(list), 10)] {
		names = append(names, m.String())
	}
	return strings.Join(names, ", ")
}

// readHeader decodes the mail's own header.
func (c *Content) readHeader(h header, lim Limits) {
	c.Subject = oneLine(decodeWords(h.get("Subject")), maxSubject)
	c.readFrom(h)
	c.Sender = first(parseAddresses(h.get("Sender"), 1))
	c.ReplyTo = first(parseAddresses(h.get("Reply-To"), 1))
	for _, v := range h.all("To") {
		c.To = append(c.To, parseAddresses(v, lim.Addresses-len(c.To))...)
	}
	for _, v := range h.all("Cc") {
		c.Cc = append(c.Cc, parseAddresses(v, lim.Addresses-len(c.Cc))...)
	}
	c.Date = parseDate(h.get("Date"))
	c.MessageID = cleanID(h.get("Message-ID"))
	c.InReplyTo = newest(parseIDs(h.get("In-Reply-To")), maxReferences)
	var refs []string
	for _, v := range h.all("References") {
		refs = append(refs, parseIDs(v)...)
	}
	c.References = newest(refs, maxReferences)
	for i := range h {
		if strings.EqualFold(h[i].Name, "Received") {
			c.Hops++
		}
	}
	for _, v := range h.all("X-SmartMail-Loop") {
		if v = oneLine(v, maxName); v != "" && len(c.LoopMarks) < maxReferences {
			c.LoopMarks = append(c.LoopMarks, v)
		}
	}
}

// readFrom sets From to the first mailbox of all From lines, and FromAll where there is not exactly one that can be
// read: then nobody may take From for the sender (RFC 5322 section 3.6.2 allows several mailboxes, in one line).
func (c *Content) readFrom(h header) {
	var all []Mailbox
	lines := h.all("From")
	for _, v := range lines[:min(len(lines), 20)] {
		all = append(all, parseAddresses(v, 20)...)
	}
	if len(all) > 0 {
		c.From = all[0]
	}
	if len(lines) != 1 || len(all) != 1 || all[0].Email == "" {
		c.FromAll = all
		c.Notices = append(c.Notices, noticeFrom)
	}
}

func first(list []Mailbox) *Mailbox {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}
