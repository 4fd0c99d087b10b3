package inbox

import (
	"bytes"
	"context"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"smartmail/fault"
	"smartmail/message"
)

// Path is where the pages are.
const Path = "/demo/mail"

//go:embed pages
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"size":  size,
	"lines": func(s string) string { return strings.Join(strings.Fields(s), " ") },
}).ParseFS(files, "pages/*.html"))

// Handler serves the pages below Path.
func (b *Box) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, b.list)
	mux.HandleFunc("GET "+Path+"/style.css", style)
	mux.HandleFunc("GET "+Path+"/{no}", b.one(show))
	mux.HandleFunc("GET "+Path+"/{no}/html", b.one(frame))
	mux.HandleFunc("GET "+Path+"/{no}/raw", b.one(download))
	mux.HandleFunc("GET "+Path+"/{no}/files/{index}", b.one(file))
	return harmless(nearby(mux))
}

// nearby lets in this machine alone. The name that it is called by counts as well: a page of another site could have its own
// name point here, and then read what the browser gets.
func nearby(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !peer.Addr().Unmap().IsLoopback() || !ownName(r.Host) {
			http.Error(w, "the demo's mailbox is shown on its own machine alone, as localhost", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func ownName(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}

// Content security policies (CSP level 3): of a page, and of what a mail brings. In the frame of a mail links open as pages of
// their own, and nothing else goes out of it.
const (
	pagePolicy  = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
	framePolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
	filePolicy  = "sandbox; default-src 'none'"
)

func harmless(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// person is somebody whom mail came for.
type person struct {
	Email string
	Mails int
	Shown bool
}

// list shows all mails, or with ?to= those for one person.
func (b *Box) list(w http.ResponseWriter, r *http.Request) {
	to := r.FormValue("to")
	var page struct {
		To     string
		All    int
		People []*person
		Mails  []*letter
	}
	page.To = to
	known := map[string]*person{}
	for _, l := range b.newestFirst() {
		mine := to == ""
		for _, rcpt := range l.Envelope.Recipients {
			p := known[rcpt]
			if p == nil {
				p = &person{Email: rcpt, Shown: rcpt == to}
				known[rcpt] = p
				page.People = append(page.People, p)
			}
			p.Mails++
			mine = mine || rcpt == to
		}
		if mine {
			page.Mails = append(page.Mails, l)
		}
		page.All++
	}
	render(w, "list.html", page)
}

// one finds the mail that a page is about.
func (b *Box) one(page func(http.ResponseWriter, *http.Request, *letter) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		no, err := strconv.Atoi(r.PathValue("no"))
		if err != nil {
			no = 0 // no mail has this number
		}
		l, err := b.letter(no)
		if err == nil {
			err = page(w, r, l)
		}
		switch {
		case errors.Is(err, errGone), fault.Is(err, fault.NotFound):
			w.WriteHeader(http.StatusNotFound)
			render(w, "gone.html", nil)
		case err != nil:
			http.Error(w, "the mail could not be shown", http.StatusInternalServerError)
		}
	}
}

func show(w http.ResponseWriter, _ *http.Request, l *letter) error {
	header, _, _ := bytes.Cut(l.raw, []byte("\r\n\r\n"))
	header = header[:min(len(header), maxHeader)]
	render(w, "mail.html", struct {
		*letter
		Header string
		Size   int64
	}{l, strings.ToValidUTF8(string(header), "\uFFFD"), int64(len(l.raw))})
	return nil
}

// maxHeader is how much of a header is shown, in bytes.
const maxHeader = 64 << 10

// Bounds of the pictures that are shown within a mail.
const (
	maxPictures     = 20
	maxPictureBytes = 2 << 20 // of one
)

// frame is the HTML of a mail, as a page of its own. Pictures of the mail are written into it: without an origin it could not
// fetch them.
func frame(w http.ResponseWriter, r *http.Request, l *letter) error {
	w.Header().Set("Content-Security-Policy", framePolicy)
	left := maxPictures
	html := message.Inlined(l.Content.HTML, func(contentID string) (string, bool) {
		if left--; left < 0 {
			return "", false
		}
		return picture(r.Context(), l, contentID)
	})
	render(w, "frame.html", template.HTML(html)) // #nosec G203 -- message sanitised it
	return nil
}

// picture writes a picture of the mail as a data URL (RFC 2397).
func picture(ctx context.Context, l *letter, contentID string) (string, bool) {
	for _, a := range l.Content.Attachments {
		if a.ContentID == "" || !strings.EqualFold(a.ContentID, contentID) || a.Size > maxPictureBytes {
			continue
		}
		_, content, err := attachment(ctx, l, a.Index)
		kind := http.DetectContentType(content)
		return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(content), err == nil && shownInPlace(kind)
	}
	return "", false
}

func download(w http.ResponseWriter, _ *http.Request, l *letter) error {
	serveFile(w, fmt.Sprintf("mail-%d.eml", l.No), "message/rfc822", false, l.raw)
	return nil
}

func file(w http.ResponseWriter, r *http.Request, l *letter) error {
	index, err := strconv.Atoi(r.PathValue("index"))
	if err != nil {
		return errGone
	}
	a, content, err := attachment(r.Context(), l, index)
	if err != nil {
		return err
	}
	if kind := http.DetectContentType(content); shownInPlace(kind) {
		serveFile(w, a.Name, kind, true, content)
	} else {
		serveFile(w, a.Name, "application/octet-stream", false, content)
	}
	return nil
}

// shownInPlace tells the types that a browser shows without running anything of them.
func shownInPlace(mediaType string) bool {
	switch mediaType {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}

func attachment(ctx context.Context, l *letter, index int) (message.Attachment, []byte, error) {
	a, r, err := message.OpenAttachment(ctx, message.InMemory(l.raw), message.Limits{}, index)
	if err != nil {
		return a, nil, err
	}
	content, err := io.ReadAll(r)
	return a, content, err
}

func serveFile(w http.ResponseWriter, name, mediaType string, inline bool, content []byte) {
	kind := "attachment"
	if inline {
		kind = "inline"
	}
	h := w.Header()
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", mime.FormatMediaType(kind, map[string]string{"filename": name}))
	h.Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = w.Write(content) // a browser that has gone needs no more
}

func style(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "pages/style.css")
}

// render writes a page. The templates are tried by the tests with every kind of mail.
func render(w http.ResponseWriter, name string, data any) {
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, "the page could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page.Bytes()) // a browser that has gone needs no more
}

// size is a number of bytes for people.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1000_000:
		return fmt.Sprintf("%d kB", (n+500)/1000)
	default:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
}
