package portal

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the style
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"smartmail/casework"
	"smartmail/compose"
	"smartmail/desk"
	"smartmail/threading"
)

//go:embed pages/page.css
var sheet string

// looks is what all pages of an organisation share.
type looks struct {
	compose.Org
	Style  template.CSS
	Policy string // Content-Security-Policy: this style, pictures of ours, and nothing else
	Logo   template.URL
}

// newLooks writes the style in the organisation's colours, and the policy that lets it in by its hash.
func newLooks(org compose.Org) looks {
	if org.Look.Colour == "" {
		org.Look.Colour = compose.DefaultColour
	}
	if org.Location == nil {
		org.Location = time.Local
	}
	c := compose.NewPalette(org.Look.Colour)
	style := strings.NewReplacer("COLOUR", c.Colour, "INKDARK", c.InkDark, "INK", c.Ink).Replace(sheet)
	sum := sha256.Sum256([]byte(style))
	l := looks{Org: org, Style: template.CSS(style)}
	l.Policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	if logo := org.Look.Logo; logo != nil {
		l.Logo = template.URL("data:" + logo.Type + ";base64," + base64.StdEncoding.EncodeToString(logo.Content))
	}
	return l
}

// view is what the page of a case shows.
type view struct {
	looks
	Language                            string
	Number                              uint64
	Subject, Status, Visit, Next, Until string
	Earlier                             bool
	Said                                []said
}

// said is one message of the dialogue.
type said struct {
	Who, At    string
	Mine       bool
	Paragraphs [][]string
	Files      []shownFile
}

type shownFile struct {
	Name, Size string
	URL        string // relative to the page
	Picture    bool
}

// Bounds of a page.
const (
	maxSaid  = 100
	maxFiles = 20       // of one message
	maxWords = 20 << 10 // bytes of one message
)

// page shows a case.
func (p *portal) page(w http.ResponseWriter, r *http.Request, l threading.Link) error {
	s, err := p.Desk.Shown(r.Context(), l.Org, l.Case, l.Participant, maxSaid)
	if err != nil {
		return err
	}
	style, ok := p.orgs[l.Org]
	if !ok || s.Lane.Kind != casework.LaneCustomer {
		p.sorry(w, http.StatusNotFound)
		return nil
	}
	v := view{looks: style, Language: s.Case.LanguageOf(s.Participant.Email, style.Org.Language), Number: uint64(l.Case), Subject: s.Case.Subject, Earlier: s.Earlier}
	loc := style.Location
	v.Status = compose.Status(s.Case.Status, v.Language)
	v.Visit = compose.Visit(s.Case, p.Now(), v.Language, loc)
	v.Next = compose.Next(s.Case, p.Now(), v.Language, loc)
	v.Until = compose.Day(l.Expires, v.Language, loc)
	for _, e := range s.Entries {
		one, err := p.said(e, s, v.Language, l)
		if err != nil {
			return err
		}
		v.Said = append(v.Said, one)
	}
	p.show(w, http.StatusOK, "case.html", v)
	return nil
}

func (p *portal) said(e desk.EntryView, s desk.Shown, language string, l threading.Link) (one said, err error) {
	loc := p.orgs[l.Org].Location
	one.At = compose.Day(e.At, language, loc) + e.At.In(loc).Format(" 15:04")
	var text string
	if e.Mail != nil {
		from := e.Mail.Content.From
		one.Who, text = from.Name, e.Mail.Content.Text
		if one.Who == "" {
			one.Who = from.Email
		}
		one.Mine = casework.Address(from.Email) == casework.Address(s.Participant.Email)
	} else {
		one.Who, text = p.orgs[l.Org].Name, e.MailOut.Text
	}
	one.Paragraphs = compose.Paragraphs(clip(text))
	for i, f := range attachedTo(e) {
		if len(one.Files) == maxFiles {
			break
		}
		if f.inline && f.size < minInline {
			continue
		}
		token, err := p.Keys.SignLink(threading.Link{
			Kind: threading.FileLink, Org: l.Org, Case: l.Case, Participant: l.Participant, Entry: e.ID, File: i, Expires: l.Expires,
		})
		if err != nil {
			return one, err
		}
		// Relative: the page may lie below a path of a proxy's.
		one.Files = append(one.Files, shownFile{Name: f.name, Size: compose.Bytes(f.size, language), URL: ".." + compose.FilePath + token, Picture: small(f.mediaType)})
	}
	return one, nil
}

// minInline is the size in bytes from which a picture within the text is shown: smaller ones are signatures' logos.
const minInline = 20 << 10

func clip(s string) string {
	if len(s) <= maxWords {
		return s
	}
	return strings.ToValidUTF8(s[:maxWords], "") + " …"
}

// small tells whether a picture of that type can be made small.
func small(mediaType string) bool {
	return slices.Contains([]string{"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif"}, mediaType)
}

// show renders a page whole before any of it is sent.
func (p *portal) show(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := p.pages.ExecuteTemplate(&b, name, data); err != nil {
		p.Log.Error("page not shown", "page", name, "err", err)
		http.Error(w, "local error, try again later", http.StatusInternalServerError)
		return
	}
	policy := ""
	switch d := data.(type) {
	case view:
		policy = d.Policy
	case doorView:
		policy = d.doorPolicy()
	case looks:
		policy = d.Policy
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", fmt.Sprint(b.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // fails only when the peer is gone
}
