package corpus

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"smartmail/message"
)

// mimeSets hold mails, and what the origins' parsers read from them.
var mimeSets = []string{"imap-tools", "php-mime-mail-parser", "stalwart-mail-parser", "mime4j"}

// noMails are sets of vectors alone, in JSON, which is nothing to be sent.
var noMails = []string{"dmarc-vectors", "spf-rfc7208", "spf-stalwart"}

// parsed is an expectation about a mail's parts.
type parsed struct {
	File      string          `json:"file"`
	Subject   *string         `json:"subject"`
	FromAddr  *string         `json:"from_addr"`
	FromAddrs []string        `json:"from_addrs"`
	FromName  *string         `json:"from_name"`
	Text      json.RawMessage `json:"text"`
	TextBody  []string        `json:"text_body"`
	TextCheck *struct {
		Mode  string `json:"mode"`
		Value string `json:"value"`
	} `json:"text_check"`
	Attachments []struct {
		Name *string `json:"name"`
		Type string  `json:"type"`
		SHA  string  `json:"sha256"`
	} `json:"attachments"`
	Leaves []leaf `json:"leaf_parts"`
	Note   string `json:"note"`
}

// texts are what the mail's text must hold.
func (e parsed) texts() []string {
	out := slices.Clone(e.TextBody)
	var text string
	if json.Unmarshal(e.Text, &text) == nil {
		out = append(out, text)
	}
	if e.TextCheck != nil && (e.TextCheck.Mode == "count" || e.TextCheck.Mode == "match") {
		out = append(out, e.TextCheck.Value)
	}
	return slices.DeleteFunc(out, func(s string) bool { return strings.TrimSpace(s) == "" })
}

func mimeRows() []row {
	var out []row
	type count = func(t *testing.T, c *tally, e parsed, got message.Content)
	each := func(set string, count count) func(t *testing.T) tally {
		return func(t *testing.T) tally {
			var c tally
			for _, e := range manifest[parsed](t, set) {
				count(t, &c, e, message.Parse(context.Background(), message.InMemory(file(t, set, e.File)), message.Limits{}))
			}
			return c
		}
	}
	together := func(count func(set string) count) func(t *testing.T) tally {
		return func(t *testing.T) tally {
			var all tally
			for _, set := range mimeSets {
				c := each(set, count(set))(t)
				all.passed, all.total, all.failed = all.passed+c.passed, all.total+c.total, append(all.failed, c.failed...)
			}
			return all
		}
	}
	names := func(set string) count {
		if set == "mime4j" {
			return scoreMime4jNames
		}
		return scoreNames
	}
	text := func(set string) count {
		if set == "mime4j" {
			return scoreMime4jText
		}
		return scoreText
	}
	for _, set := range mimeSets {
		out = append(out,
			row{"mime: " + set + ": header, names", 99, each(set, names(set))},
			row{"mime: " + set + ": text", 97, each(set, text(set))})
	}
	return append(out,
		row{"mime: text of all sets together", 97, func(t *testing.T) tally {
			all := together(text)(t)
			all.failed = nil // told by the set's own row
			return all
		}},
		row{"mime: bytes of attachments", 100, together(func(string) count { return scoreBytes })},
		row{"mime: files in winmail.dat", 100, scoreTNEF},
		row{"every mail: read, under a second", 100, func(t *testing.T) tally {
			var c tally
			sets := map[string]bool{}
			eachMail(t, func(name string, got message.Content, spent time.Duration) {
				set, _, _ := strings.Cut(name, "/")
				sets[set] = true
				c.add(name, unless(got.Identity != [32]byte{} && got.Class != "" && spent < time.Second, "%v, %q", spent, got.Notices))
			})
			all, err := filepath.Glob(filepath.Join(root, "*", "manifest.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			for _, manifest := range all {
				if set := filepath.Base(filepath.Dir(manifest)); !sets[set] && !slices.Contains(noMails, set) {
					t.Errorf("no mail of %s was read", set)
				}
			}
			return c
		}})
}

func joined(s string) string { return norm.NFC.String(strings.Join(strings.Fields(s), "")) }

// scoreNames holds subject, sender and file names against the mail. A name with path parts must not be kept.
func scoreNames(_ *testing.T, c *tally, e parsed, got message.Content) {
	if e.Subject != nil {
		c.add(e.File, unless(joined(*e.Subject) == joined(got.Subject), "subject %q, expected %q", got.Subject, *e.Subject))
	}
	if e.FromAddr != nil {
		c.add(e.File, unless(strings.EqualFold(*e.FromAddr, got.From.Email), "from %+v, expected %q", got.From, *e.FromAddr))
	}
	if len(e.FromAddrs) == 1 {
		c.add(e.File, unless(strings.EqualFold(e.FromAddrs[0], got.From.Email), "from %+v, expected %q", got.From, e.FromAddrs))
	}
	if e.FromName != nil && *e.FromName != "" {
		c.add(e.File, unless(joined(*e.FromName) == joined(got.From.Name), "from %+v, expected %q", got.From, *e.FromName))
	}
	for _, a := range e.Attachments {
		if a.Name == nil || *a.Name == "" || strings.ContainsAny(*a.Name, `/\`) || strings.HasPrefix(*a.Name, "..") || strings.Contains(e.Note, "made up") {
			continue
		}
		c.add(e.File, unless(slices.ContainsFunc(got.Attachments, func(b message.Attachment) bool { return joined(b.Name) == joined(*a.Name) }), "no attachment %q", *a.Name))
	}
}

func scoreText(_ *testing.T, c *tally, e parsed, got message.Content) {
	for _, want := range e.texts() {
		c.add(e.File, unless(strings.Contains(joined(got.FullText), joined(want)), "text %.80q, expected %.80q", got.FullText, want))
	}
}

func scoreBytes(_ *testing.T, c *tally, e parsed, got message.Content) {
	has := func(sum string) bool {
		return slices.ContainsFunc(got.Attachments, func(a message.Attachment) bool { return a.SHA256 == sum })
	}
	text := func(ctype string) bool {
		return strings.HasPrefix(ctype, "text/") || strings.HasPrefix(ctype, "message/")
	}
	for _, a := range e.Attachments {
		if a.SHA != "" && !text(a.Type) {
			c.add(e.File, unless(has(a.SHA), "not the bytes of %q", a.Type))
		}
	}
	for _, l := range e.Leaves {
		if l.Kind != "text" && !text(l.Type) {
			c.add(e.File, unless(has(l.SHA), "not the bytes of %q", l.Type))
		}
	}
}

// fromOutlook puts a winmail.dat into a mail.
func fromOutlook(dat []byte) []byte {
	mail := []byte("Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	return base64.StdEncoding.AppendEncode(mail, dat)
}

// scoreTNEF sends each container as Outlook does.
func scoreTNEF(t *testing.T) tally {
	var c tally
	for _, e := range manifest[struct {
		File  string    `json:"file"`
		Names *[]string `json:"tnef_attachments"`
	}](t, "tnef-teamwork") {
		if e.Names == nil {
			continue
		}
		got := message.Parse(context.Background(), message.InMemory(fromOutlook(file(t, "tnef-teamwork", e.File))), message.Limits{})
		c.add(e.File, unless(len(got.Attachments) == 1+len(*e.Names), "%d files, expected %q", len(got.Attachments)-1, *e.Names))
		for _, want := range *e.Names {
			if !strings.Contains(want, "~") { // the short form of a name that has a longer one as well
				c.add(e.File, unless(slices.ContainsFunc(got.Attachments, func(a message.Attachment) bool { return a.Name == want }), "no file %q", want))
			}
		}
	}
	return c
}
