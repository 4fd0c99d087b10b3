package corpus

import (
	"bytes"
	"encoding/xml"
	"mime"
	"net/mail"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"smartmail/message"
)

// leaf is what the mime4j set expects of one leaf of a mail.
type leaf struct {
	Kind        string `json:"kind"`
	Type        string `json:"content_type"`
	Disposition string `json:"disposition"`
	SHA         string `json:"sha256"`
	Body        string `json:"body_file"`
}

// name is the file name that the leaf's own fields give it, in plain words; empty where these hold none or are no MIME.
func (l leaf) name() string {
	for _, field := range []string{l.Disposition, l.Type} {
		_, params, err := mime.ParseMediaType(field)
		if name := params["filename"] + params["name"]; err == nil && name != "" {
			if decoded, err := new(mime.WordDecoder).DecodeHeader(name); err == nil {
				name = decoded
			}
			return name
		}
	}
	return ""
}

// file reports whether the leaf is one that the sender attached rather than text to be read.
func (l leaf) file() bool {
	return l.Kind != "text" || l.name() != "" || strings.Contains(l.Type, "name=") || strings.HasPrefix(strings.ToLower(l.Disposition), "attachment") ||
		l.Type != "" && !strings.HasPrefix(strings.ToLower(l.Type), "text/plain")
}

// mime4jFields are the fields of a mail's own header, as the origin wrote them down.
func mime4jFields(t *testing.T, name string) mail.Header {
	t.Helper()
	var doc struct {
		Fields []string `xml:"field"`
	}
	structure := file(t, "mime4j", strings.TrimSuffix(name, path.Ext(name))+".xml")
	_, top, _ := bytes.Cut(structure, []byte("<message>")) // what follows the header may be in any charset
	top, _, ok := bytes.Cut(top, []byte("</header>"))
	if err := xml.Unmarshal(append(bytes.ToValidUTF8(top, []byte("?")), "</header>"...), &doc); err != nil || !ok {
		t.Fatalf("%s: no header: %v", name, err)
	}
	h := mail.Header{}
	for _, f := range doc.Fields {
		field, value, _ := strings.Cut(strings.TrimSpace(f), ":")
		field = strings.ToLower(strings.TrimSpace(field))
		h[field] = append(h[field], strings.TrimSpace(value))
	}
	return h
}

// scoreMime4jNames holds subject, sender and file names against what the origin's header fields say. A field that comes several
// times, or that this reading cannot take apart, is no expectation.
func scoreMime4jNames(t *testing.T, c *tally, e parsed, got message.Content) {
	h := mime4jFields(t, e.File)
	words := mime.WordDecoder{}
	if s := h["subject"]; len(s) == 1 {
		if want, err := words.DecodeHeader(s[0]); err == nil {
			c.add(e.File, unless(joined(want) == joined(got.Subject), "subject %q, expected %q", got.Subject, want))
		}
	}
	if from := h["from"]; len(from) == 1 {
		if want, err := mail.ParseAddress(from[0]); err == nil {
			c.add(e.File, unless(strings.EqualFold(want.Address, got.From.Email), "from %+v, expected %q", got.From, want.Address))
		}
	}
	for _, l := range e.Leaves {
		if want := l.name(); want != "" && !strings.ContainsAny(want, `/\`) {
			c.add(e.File, unless(slices.ContainsFunc(got.Attachments, func(a message.Attachment) bool { return joined(a.Name) == joined(want) }), "no attachment %q", want))
		}
	}
}

// scoreMime4jText holds the mail's text against every leaf that is text to be read, of attached mails too.
func scoreMime4jText(t *testing.T, c *tally, e parsed, got message.Content) {
	for _, l := range e.Leaves {
		if l.file() || l.Body == "" {
			continue
		}
		body := file(t, "mime4j", path.Join(path.Dir(e.File), l.Body))
		if !utf8.Valid(body) { // some are as they came
			body, _ = charmap.ISO8859_1.NewDecoder().Bytes(body) // which gives every byte a meaning
		}
		if want := joined(string(body)); want != "" {
			c.add(e.File, unless(strings.Contains(joined(got.FullText), want), "text %.80q, expected %.80q", joined(got.FullText), want))
		}
	}
}
