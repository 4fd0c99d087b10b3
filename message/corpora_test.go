package message

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const corpora = "../../shared/corpora"

// mailFiles lists everything in the corpora that is a mail, or is fed to the parser as one because it is not.
func mailFiles(t testing.TB) []string {
	t.Helper()
	if _, err := os.Stat(corpora); err != nil {
		t.Skip("corpora not present")
	}
	var out []string
	err := filepath.WalkDir(corpora, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(path, ".jsonl") && !strings.Contains(path, "LICENSES") {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// checkContent holds for the Content of every mail there is.
func checkContent(t testing.TB, name string, raw []byte, c Content) {
	t.Helper()
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, s := range []string{c.Subject, c.From.Name, c.From.Email, c.Text, c.FullText, c.HTML, string(b)} {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			t.Errorf("%s: invalid UTF-8 or NUL in %.80q", name, s)
		}
	}
	if strings.TrimSpace(c.FullText) != "" && strings.TrimSpace(c.Text) == "" {
		t.Errorf("%s: the text is blank and the full text is not", name)
	}
	for i, a := range c.Attachments {
		if a.Index != i || a.Name == "" || strings.ContainsAny(a.Name, `/\`) || strings.HasPrefix(a.Name, "..") || strings.IndexFunc(a.Name, hidden) >= 0 || len(a.Name) > maxFileName || !norm.NFC.IsNormalString(a.Name) {
			t.Errorf("%s: attachment name %q", name, a.Name)
		}
		if len(a.SHA256) != 64 || a.Size < 0 || a.Size > int64(len(raw)) {
			t.Errorf("%s: attachment %+v of a mail of %d bytes", name, a, len(raw))
		}
	}
	if c.Identity == [32]byte{} || slices.Contains(c.Notices, noticeTrouble) {
		t.Errorf("%s: no identity, or a library panicked: %q", name, c.Notices)
	}
	if c.Class == "" || c.Attachments == nil || c.To == nil || c.Cc == nil {
		t.Errorf("%s: a field is missing: %s", name, b)
	}
}

func TestCorporaNeverFail(t *testing.T) {
	slow := time.Duration(0)
	for _, path := range mailFiles(t) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		c := Parse(context.Background(), InMemory(raw), Limits{})
		if d := time.Since(start); d > slow {
			slow = d
			t.Logf("slowest so far: %v %s", d, path)
		}
		checkContent(t, path, raw, c)
	}
}

// manifest reads one line of a set's manifest after the other.
func manifest[T any](t *testing.T, set string) []T {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpora, set, "manifest.jsonl"))
	if err != nil {
		t.Skip("corpora not present")
	}
	var out []T
	sc := bufio.NewScanner(bytes.NewReader(b))
	sc.Buffer(nil, 4<<20)
	for sc.Scan() {
		var v T
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", set, err)
		}
		out = append(out, v)
	}
	return out
}

// expected is what a manifest says of a mail; absent fields are not scored.
type expected struct {
	File        string           `json:"file"`
	Subject     *string          `json:"subject"`
	FromAddr    *string          `json:"from_addr"`
	FromAddrs   []string         `json:"from_addrs"`
	FromName    *string          `json:"from_name"`
	MessageID   *string          `json:"message_id"`
	Attachments []expectedFile   `json:"attachments"`
	Note        string           `json:"note"`
	Text        *string          `json:"text"`
	Bounce      *bool            `json:"is_bounce"`
	Auto        *bool            `json:"is_autoreply"`
	Feedback    *bool            `json:"is_feedback_report"`
	Delivered   *bool            `json:"is_delivered_report"`
	DSN         []map[string]any `json:"dsn_fields"`
}

type expectedFile struct {
	Name *string `json:"name"`
	Type *string `json:"type"`
	SHA  *string `json:"sha256"`
	Size *int64  `json:"size"`
}

// score counts agreements with a manifest.
type score struct{ good, all int }

func (s *score) add(t *testing.T, ok bool, format string, args ...any) {
	s.all++
	if ok {
		s.good++
	} else if testing.Verbose() {
		t.Logf(format, args...)
	}
}

func (s *score) floor(t *testing.T, what string, least float64) {
	t.Helper()
	t.Logf("%s: %d of %d", what, s.good, s.all)
	if s.all > 0 && float64(s.good) < least*float64(s.all) {
		t.Errorf("%s: %d of %d, the floor is %.0f %%", what, s.good, s.all, 100*least)
	}
}

// squash removes white space and normalises, as the manifests ask for.
func squash(s string) string { return norm.NFC.String(strings.Join(strings.Fields(s), "")) }

func parseFile(t *testing.T, set, file string) Content {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(corpora, set, file))
	if err != nil {
		t.Fatal(err)
	}
	return Parse(context.Background(), InMemory(raw), Limits{})
}

func TestCorporaHeadersAndAttachments(t *testing.T) {
	for _, set := range []string{"imap-tools", "php-mime-mail-parser", "stalwart-mail-parser", "helpdesk-misc", "rt-emails"} {
		t.Run(set, func(t *testing.T) {
			var subject, from, files, sums, ids, text score
			for _, e := range manifest[expected](t, set) {
				c := parseFile(t, set, e.File)
				if e.Subject != nil {
					subject.add(t, squash(*e.Subject) == squash(c.Subject), "%s: subject %q, expected %q", e.File, c.Subject, *e.Subject)
				}
				if e.FromAddr != nil {
					from.add(t, strings.EqualFold(*e.FromAddr, c.From.Email), "%s: from %+v, expected %q", e.File, c.From, *e.FromAddr)
				}
				if len(e.FromAddrs) == 1 {
					from.add(t, strings.EqualFold(e.FromAddrs[0], c.From.Email), "%s: from %+v, expected %q", e.File, c.From, e.FromAddrs)
				}
				if e.FromName != nil && *e.FromName != "" {
					from.add(t, squash(*e.FromName) == squash(c.From.Name), "%s: from %+v, expected name %q", e.File, c.From, *e.FromName)
				}
				if e.MessageID != nil {
					ids.add(t, strings.Trim(*e.MessageID, "<> ") == c.MessageID, "%s: id %q, expected %q", e.File, c.MessageID, *e.MessageID)
				}
				if e.Text != nil && set == "imap-tools" {
					text.add(t, strings.Contains(squash(c.FullText), squash(*e.Text)), "%s: text %.200q, expected %.200q", e.File, c.FullText, *e.Text)
				}
				scoreFiles(t, e, c, &files, &sums)
			}
			subject.floor(t, "subjects", 1)
			from.floor(t, "senders", 1)
			ids.floor(t, "message ids", 1)
			text.floor(t, "texts", 0.85)
			files.floor(t, "attachment names", 0.9)
			sums.floor(t, "attachment contents", 1)
		})
	}
}

func scoreFiles(t *testing.T, e expected, c Content, files, sums *score) {
	for _, want := range e.Attachments {
		if want.Name == nil || strings.Contains(e.Note, "made up") || *want.Name == "" || strings.ContainsAny(*want.Name, `/\`) || strings.HasPrefix(*want.Name, "..") {
			continue // a name that may be made up, or must not be kept
		}
		i := slices.IndexFunc(c.Attachments, func(a Attachment) bool { return squash(a.Name) == squash(*want.Name) })
		var have []string
		for _, a := range c.Attachments {
			have = append(have, a.Name)
		}
		files.add(t, i >= 0, "%s: attachment %q is not in %q", e.File, *want.Name, have)
		if i < 0 || want.SHA == nil || want.Type == nil || strings.HasPrefix(*want.Type, "text/") || strings.HasPrefix(*want.Type, "message/") {
			continue
		}
		ok := slices.ContainsFunc(c.Attachments, func(a Attachment) bool { return a.SHA256 == *want.SHA })
		sums.add(t, ok, "%s: %q has size %d, expected %v", e.File, *want.Name, c.Attachments[i].Size, want.Size)
	}
}

func TestCorporaStructure(t *testing.T) {
	var leaves score
	for _, e := range manifest[struct {
		File  string `json:"file"`
		N     int    `json:"n_leaf_parts"`
		Inner int    `json:"n_embedded_messages"`
	}](t, "mime4j") {
		if e.Inner > 0 || e.N == 0 {
			continue // it counts what is inside attached messages; or none where we show a multipart without parts as text
		}
		raw, err := os.ReadFile(filepath.Join(corpora, "mime4j", e.File))
		if err != nil {
			t.Fatal(err)
		}
		src, err := newSource(InMemory(raw))
		if err != nil {
			t.Fatal(err)
		}
		tr, err := scan(context.Background(), src, Limits{}.orDefaults())
		n := 0
		for _, p := range tr.parts {
			if !p.multipart() {
				n++
			}
		}
		leaves.add(t, err == nil && n == e.N, "%s: %d leaves, expected %d (%v)", e.File, n, e.N, err)
	}
	leaves.floor(t, "leaves", 0.9)
}

func TestCorporaClass(t *testing.T) {
	for _, set := range []string{"sisimai-bounces", "bounceparser", "flanker-bounces"} {
		t.Run(set, func(t *testing.T) {
			var class, never, recipients score
			for _, e := range manifest[expected](t, set) {
				c := parseFile(t, set, e.File)
				is := func(b *bool) bool { return b != nil && *b }
				switch {
				case is(e.Feedback):
					class.add(t, c.Class == Report, "%s: %s, expected report", e.File, c.Class)
				case is(e.Bounce):
					class.add(t, c.Class == Bounce, "%s: %s (subject %q from %v), expected bounce", e.File, c.Class, c.Subject, c.From)
				case is(e.Auto), is(e.Delivered):
					class.add(t, c.Class == Automatic || c.Class == List, "%s: %s (subject %q), expected automatic", e.File, c.Class, c.Subject)
				case e.Bounce != nil && !strings.HasPrefix(e.File, "warning"): // a delay is a bounce here
					never.add(t, c.Class != Bounce, "%s: bounce, expected none (subject %q)", e.File, c.Subject)
				}
				if c.Class == Bounce && len(e.DSN) > 0 {
					for _, d := range e.DSN {
						want, _ := d["final_recipient"].(string)
						ok := slices.ContainsFunc(c.Bounces, func(b BouncedRecipient) bool {
							return strings.Contains(strings.ToLower(want), strings.ToLower(b.Recipient))
						})
						recipients.add(t, ok, "%s: recipients %v, expected %v", e.File, c.Bounces, d)
					}
				}
			}
			class.floor(t, "classes", 0.97)
			never.floor(t, "not bounces", 1)
			recipients.floor(t, "recipients", 0.98)
		})
	}
}

func TestCorporaReports(t *testing.T) {
	var class score
	for _, e := range manifest[struct {
		File string `json:"file"`
		Kind string `json:"report_kind"`
	}](t, "mail-reports") {
		if !strings.HasSuffix(e.File, ".eml") {
			continue
		}
		c := parseFile(t, "mail-reports", e.File)
		class.add(t, c.Class == Report, "%s: %s, expected report (%s)", e.File, c.Class, e.Kind)
	}
	class.floor(t, "reports", 1)
}
