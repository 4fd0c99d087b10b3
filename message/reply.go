package message

import (
	"slices"
	"strings"
)

// ReplyContext is what else is known about a reply. All of it may be empty.
type ReplyContext struct {
	Sender Mailbox  // who wrote it: tells their signature where nothing else marks it
	Sent   []string // texts that we sent in this case: tells what is quoted where nothing marks it, and what is not
	Frame  *Frame   // what stands around those texts in our mails; counts only where there are some
}

// Reply is a mail's text taken apart.
type Reply struct {
	Text   string  // what is new
	Folded []Range // of the full text; with these put back in, Text is the full text again but for blank lines at its ends
}

// NewText returns what is new in a mail's text; see ReadReply.
func NewText(full string) string {
	return ReadReply(newlines(full), ReplyContext{}).Text
}

// ReadReply tells what is new in a mail's text, whose lines end in LF, from what its program or its server put around
// that: the mail that it answers, signatures, footers, legal texts. It only ever folds whole lines, and where nothing
// would remain it shows all: a reader may see too much, never too little. Text is blank only if full is.
// Time is linear in the length of full.
//
//	full → lines → what we sent → end of the text → quotation below, above or between → end of what remains → ranges
func ReadReply(full string, rc ReplyContext) Reply {
	return readReply(full, nil, rc)
}

// readReply is ReadReply of a text in which something, such as the structure of HTML, has marked parts already.
func readReply(full string, marks []Range, rc ReplyContext) Reply {
	lines := splitLines(full, marks)
	view := lines
	if len(marks) > 0 {
		view = slices.DeleteFunc(slices.Clone(lines), func(l *line) bool { return l.kind != "" })
	}
	r := reader{rc: rc, looks: maxLooks}
	view = r.banner(view)
	if s := newSent(rc.Sent, rc.Frame); s != nil {
		s.mark(view)
	}
	view = r.tail(view)
	if above := r.quotes(view); len(above) < len(view) || r.held {
		r.late = true
		r.tail(above)
	}
	ranges := folded(lines)
	text := rest(full, ranges)
	if strings.TrimSpace(text) == "" {
		return Reply{Text: trimLines(full)}
	}
	return Reply{Text: text, Folded: ranges}
}

// maxLooks bounds how many places of a text are looked at closely as the beginning of a quotation. No mail has as many;
// past it the text is taken as it stands.
const maxLooks = 1500

// reader decides about the lines of one text.
type reader struct {
	rc    ReplyContext
	looks int  // left
	held  bool // quote marks at the end were left for quotes to tell
	late  bool // it is decided what is an attribution
}

// fold marks lines that have no kind yet.
func fold(lines []*line, kind FoldKind) {
	for _, l := range lines {
		if l.kind == "" && l.text != "" {
			l.kind = kind
		}
	}
}

// quotes folds the quoted mail and returns what stands before it, or between and below.
func (r *reader) quotes(lines []*line) []*line {
	first := skipBlank(lines, 0)
	for i := first; i < len(lines); i++ {
		if l := lines[i]; l.blank() || l.quoted || l.code {
			continue
		}
		if n, kind := r.separator(lines, i); n > 0 {
			if r.answersWithin(lines[i+n:]) {
				fold(lines[i:i+n], FoldHeader)
				i, first = i+n-1, -1
				continue
			}
			if end := belowOurs(lines, i+n); i == first && end > 0 { // the answer stands below what we sent
				fold(lines[i:i+n], FoldHeader)
				fold(lines[i:end], FoldQuote)
				lines, i, first = lines[end:], -1, 0
				continue
			}
			if i == first {
				return lines // a forwarded mail alone: it is what the sender wanted to say
			}
			fold(lines[i:i+n], FoldHeader)
			fold(lines[i:], kind)
			return lines[:i]
		}
		n := r.attribution(lines, i)
		if n == 0 {
			continue
		}
		quote := skipBlank(lines, i+n)
		end := skipQuoted(lines, quote)
		switch {
		case end == quote && i == first: // nothing but a mail that is not marked as quoted
			return lines
		case end == quote, end == len(lines): // the usual reply on top
			fold(lines[i:i+n], FoldHeader)
			fold(lines[i:], FoldQuote)
			return lines[:i]
		case i != first && lines[quote].ours && lines[quote].text[0] != '>' && !r.answersWithin(lines[quote:]):
			// Not all of it is ours: what our templates put around a text is unmarked as well.
			fold(lines[i:i+n], FoldHeader)
			fold(lines[i:], FoldQuote)
			return lines[:i]
		case i == first && !anyQuoted(lines[end:]): // the answer stands below
			fold(lines[i:i+n], FoldHeader)
			fold(lines[i:end], FoldQuote)
			lines, i, first = lines[end:], -1, 0
		default: // answers between the lines: the quotation gives them their sense
			fold(lines[i:i+n], FoldHeader)
			i, first = end-1, -1
		}
	}
	return lines
}

func skipBlank(lines []*line, i int) int {
	for i < len(lines) && lines[i].blank() {
		i++
	}
	return i
}

// skipQuoted finds the end of the quoted lines that begin at i.
func skipQuoted(lines []*line, i int) int {
	for i < len(lines) && lines[i].quoted {
		i = skipBlank(lines, i+1)
	}
	return i
}

func anyQuoted(lines []*line) bool {
	for _, l := range lines {
		if l.quoted && l.kind == "" {
			return true
		}
	}
	return false
}
