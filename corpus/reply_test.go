package corpus

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"smartmail/message"
)

// replySets hold replies, and what the origins' parsers leave of them.
var replySets = []string{
	"crisp-reply-parser", "discourse-reply-trimmer", "github-reply-parser", "mail-parser-reply", "talon-replies", "willdurand-reply-parser",
}

// reply is an expectation about what is new in a mail.
type reply struct {
	File     string   `json:"file"`
	Trimmed  *string  `json:"trimmed_text"`
	HTML     *string  `json:"trimmed_text_html2text_equals"`
	Must     []string `json:"must_contain"`
	MustNot  []string `json:"must_not_contain"`
	Match    []string `json:"must_match"`
	Nothing  bool     `json:"nothing_to_trim"`
	Disputed bool     `json:"disputed"`
}

// scored tells whether there is something to hold against the text.
func (e reply) scored() bool {
	return !e.Disputed && (e.Trimmed != nil || e.HTML != nil || e.Must != nil || e.MustNot != nil || e.Match != nil || e.Nothing)
}

func replyRows() []row {
	var out []row
	for _, set := range replySets {
		out = append(out, row{"reply: " + set, 85, func(t *testing.T) tally { return scoreReplies(t, set) }})
	}
	return append(out, row{"reply: all sets together", 93, func(t *testing.T) tally {
		var all tally
		for _, set := range replySets {
			c := scoreReplies(t, set)
			all.passed, all.total = all.passed+c.passed, all.total+c.total
		}
		return all
	}})
}

func scoreReplies(t *testing.T, set string) tally {
	var c tally
	for _, e := range manifest[reply](t, set) {
		if e.scored() {
			full, got := replyText(t, set, e.File)
			c.add(e.File, e.check(full, got))
		}
	}
	return c
}

// replyText is the whole text of a case, and what is new in it. A mail, or HTML put into one, goes the whole way.
func replyText(t *testing.T, set, name string) (full, text string) {
	raw := string(file(t, set, name))
	switch {
	case strings.HasSuffix(name, ".html"):
		raw = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + raw
	case !strings.HasSuffix(name, ".eml"):
		return raw, message.NewText(raw)
	}
	got := message.Parse(context.Background(), message.InMemory(raw), message.Limits{})
	return got.FullText, got.Text
}

// check says what is wrong with the text, by the rules for comparing of the sets' README.
func (e reply) check(full, got string) string {
	text := words(got)
	switch {
	case e.Trimmed != nil && text != words(*e.Trimmed):
		return differ(text, words(*e.Trimmed))
	case e.HTML != nil && squash(got) != squash(*e.HTML):
		return differ(text, words(*e.HTML))
	case e.Nothing && text != words(full):
		return fmt.Sprintf("%.300q, expected all of it", text)
	}
	for _, s := range e.Must {
		if !strings.Contains(text, words(s)) {
			return fmt.Sprintf("%.300q has no %q", text, s)
		}
	}
	for _, s := range e.MustNot {
		if strings.Contains(text, words(s)) {
			return fmt.Sprintf("%.300q has %q", text, s)
		}
	}
	for _, s := range e.Match {
		pattern, err := regexp.Compile("(?m)" + strings.ReplaceAll(s, `\/`, "/"))
		if err != nil {
			return err.Error()
		}
		if !pattern.MatchString(got) {
			return fmt.Sprintf("%.300q does not match %q", got, s)
		}
	}
	return ""
}

// differ shows two texts from where they part.
func differ(got, want string) string {
	n := 0
	for n < len(got) && n < len(want) && got[n] == want[n] {
		n++
	}
	n = max(0, n-20)
	return fmt.Sprintf("%.200q, expected %.200q", got[min(n, len(got)):], want[min(n, len(want)):])
}

// words is a text in one line, normalised.
func words(s string) string { return norm.NFC.String(strings.Join(strings.Fields(s), " ")) }

// squash is a text without its white space, normalised.
func squash(s string) string { return norm.NFC.String(strings.Join(strings.Fields(s), "")) }
