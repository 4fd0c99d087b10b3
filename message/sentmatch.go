package message

import (
	"regexp"
	"strings"
	"unicode"
)

// Bounds of the texts that we sent and that a reply is matched against.
const (
	maxSentTexts = 50
	maxSentBytes = 256 << 10 // of all together, the last ones first
	shingle      = 5         // words in a row that must be the same
	minOurs      = 10        // words of one stretch of lines that must be so
)

// sent knows the runs of words in texts that we sent, so that a quotation is told by what it says, however it is wrapped
// or marked.
type sent struct {
	runs  map[uint64]struct{}
	frame *Frame
}

// Frame is what stands around the texts of our mails: greetings, explanations, closings. It is made once, and safe for concurrent use.
type Frame struct {
	runs map[uint64]struct{}
	ends map[uint64]struct{} // whole lines that may be too short for a run
}

// NewFrame prepares the texts of mails in which only the frame matters, and the lines that such mails end with: a name, a footer.
func NewFrame(texts, ends []string) *Frame {
	f := &Frame{runs: map[uint64]struct{}{}, ends: map[uint64]struct{}{}}
	for _, l := range ends {
		f.ends[hashRun(plainWords(nil, l))] = struct{}{}
	}
	for _, text := range texts {
		addRuns(f.runs, text)
	}
	return f
}

func addRuns(runs map[uint64]struct{}, text string) {
	words := plainWords(nil, text)
	for k := 0; k+shingle <= len(words); k++ {
		runs[hashRun(words[k:k+shingle])] = struct{}{}
	}
}

// ends reports whether a line is one that our mails end with.
func (s *sent) ends(line string) bool {
	if s.frame == nil {
		return false
	}
	_, ok := s.frame.ends[hashRun(plainWords(nil, line))]
	return ok
}

// has reports whether a run of words is ours.
func (s *sent) has(run uint64) bool {
	if _, ok := s.runs[run]; ok || s.frame == nil {
		return ok
	}
	_, ok := s.frame.runs[run]
	return ok
}

// newSent prepares the texts, the newest last; nil if there are none.
func newSent(texts []string, frame *Frame) *sent {
	if len(texts) == 0 {
		return nil
	}
	s := &sent{runs: map[uint64]struct{}{}, frame: frame}
	room := maxSentBytes
	for i := len(texts) - 1; i >= max(0, len(texts)-maxSentTexts) && room > 0; i-- {
		text := cutRunes(texts[i], room)
		room -= len(text)
		addRuns(s.runs, text)
	}
	return s
}

// hashRun is FNV-1a over the words. Somebody who makes two runs collide only has a line of their own taken for ours.
func hashRun(words []string) uint64 {
	h := uint64(14695981039346656037)
	for _, w := range words {
		for i := range len(w) {
			h = (h ^ uint64(w[i])) * 1099511628211
		}
		h = (h ^ ' ') * 1099511628211
	}
	return h
}

// plainWords appends the words of a text without case, punctuation and quote marks.
func plainWords(to []string, text string) []string {
	for w := range strings.FieldsSeq(text) {
		if w = strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }); w != "" {
			to = append(to, strings.ToLower(w))
		}
	}
	return to
}

// linkOfOurs is a line that ends with a link of the kind that stands in our mails: to a page, or a file, by a signed token.
var linkOfOurs = regexp.MustCompile(`https?://[^\s<>"]+/[pf]/[A-Za-z0-9_.~-]{30,}>?\s*$`)

// mark says of each line whether it is ours. A quote mark is then set, as if the sender's program had put it there: so the
// answers between our lines are found as they are between marked ones.
func (s *sent) mark(lines []*line) {
	var words []string
	ends := make([]int, len(lines))
	for i, l := range lines {
		words = plainWords(words, l.text)
		ends[i] = len(words)
	}
	covered := make([]bool, len(words))
	for k := 0; k+shingle <= len(words); k++ {
		if s.has(hashRun(words[k : k+shingle])) {
			for j := k; j < k+shingle; j++ {
				covered[j] = true
			}
		}
	}
	at, begin, run := 0, 0, 0
	for i, l := range lines {
		n := 0
		for _, c := range covered[at:ends[i]] {
			if c {
				n++
			}
		}
		all := ends[i] - at
		at = ends[i]
		if run > 0 && (linkOfOurs.MatchString(l.text) || s.ends(l.text)) {
			n = all // too short a line for a run, and nobody writes it himself below ours
		}
		switch {
		case all == 0:
			continue
		case 4*n >= 3*all:
			run += n
			if run >= minOurs {
				for _, o := range lines[begin : i+1] {
					o.ours, o.quoted = !o.code && o.text != "", !o.code && (o.quoted || o.text != "")
				}
				begin = i + 1
			}
			continue
		}
		l.mixed = n > 0
		begin, run = i+1, 0
	}
}

// belowOurs finds the sender's own words below lines that are ours and begin at i; 0: there are none, or more that is quoted.
func belowOurs(lines []*line, i int) int {
	if i = skipBlank(lines, i); i == len(lines) || !lines[i].ours {
		return 0
	}
	if end := skipQuoted(lines, i); end < len(lines) && !anyQuoted(lines[end:]) {
		return end
	}
	return 0
}

// answersWithin reports whether something of the sender's own stands between lines that are ours, before a further mail is
// quoted.
func (r *reader) answersWithin(lines []*line) bool {
	within, own := false, false
	for i, l := range lines {
		switch {
		case l.text == "":
		case l.ours && own:
			return true
		case l.ours:
			within = true
		case r.quotesMail(lines, i):
			return false
		case within && !l.mixed && !l.quoted && labels(l.text) == 0 && delimiter(l.text) == 0 && len(strings.Fields(l.text)) > 1:
			own = true
		}
	}
	return false
}

// quotesMail reports whether a quoted mail begins at a line.
func (r *reader) quotesMail(lines []*line, i int) bool {
	n, _ := r.separator(lines, i)
	return n > 0 || r.attribution(lines, i) > 0
}
