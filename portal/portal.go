// Package portal shows a customer his case, a supplier the door codes of his order, and anybody who got a mail the files that were too big for
// it: to whoever has the link.
//
//	/p/TOKEN, /f/TOKEN, /d/TOKEN → allowance → token proved → Desk: may he still see it? → page or file, with harmless headers
//
// Invariants:
//   - Nothing acts on GET and HEAD, since programs that look for dangers follow links. Door codes are shown to POST alone, which a person sends by
//     a button, and never without an entry of it on the case.
//   - A link shows what its owner may see at that moment, which the desk says each time; what was withdrawn is gone.
//   - A link that is forged, expired or leads to nothing any more gets one and the same answer.
//   - No link is in a log, in a figure, or in what a browser tells the next site; nothing of a page is kept, indexed or run.
//   - No picture says where it was taken.
package portal

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"smartmail/casework"
	"smartmail/compose"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/message"
	"smartmail/picture"
	"smartmail/threading"
	"smartmail/throttle"
)

//go:embed pages
var pages embed.FS

// Desk is the portal's only door to the house; *desk.Desk is one.
type Desk interface {
	Shown(ctx context.Context, org casework.OrgID, n casework.CaseNumber, no casework.ParticipantNo, limit int) (desk.Shown, error)
	ShownEntry(ctx context.Context, org casework.OrgID, n casework.CaseNumber, no casework.ParticipantNo, id casework.EntryID) (desk.EntryView, error)
	Doors(ctx context.Context, org casework.OrgID, n casework.CaseNumber, no casework.ParticipantNo, mail casework.EntryID) (desk.Doors, error)
	OpenDoors(ctx context.Context, org casework.OrgID, n casework.CaseNumber, no casework.ParticipantNo, mail casework.EntryID) (desk.Doors, error)
	OpenAttachment(ctx context.Context, org casework.OrgID, id string) (message.Attachment, io.ReadCloser, error)
	Saw(ctx context.Context, l casework.Look, now bool) error
}

// Keys prove links; *threading.Keyring is such.
type Keys interface {
	VerifyLink(token string) (threading.Link, bool)
	compose.Signer
}

// Options of a portal. Desk, Keys and Orgs are needed.
type Options struct {
	Desk           Desk
	Keys           Keys
	Orgs           []compose.Org
	TrustedProxies []netip.Prefix                 // whose X-Forwarded-For counts
	Observe        func(route string, status int) // told of every answer; nil: nobody is
	Log            *slog.Logger                   // nil: slog.Default
	Now            func() time.Time               // nil: time.Now
}

// What a network may ask for: so much at once, then so much a second. A page with its pictures is some dozens.
const (
	atOnce  = 200
	aSecond = 5
)

// How often the codes behind one link are shown: so often at once, then so often a second. Each time is an entry on the case.
const (
	openings       = 20
	openingsSecond = 1.0 / 600
)

// portal is the pages.
type portal struct {
	Options
	orgs     map[casework.OrgID]looks
	pages    *template.Template
	allowed  *throttle.Limiter
	openings *throttle.Limiter   // of each link to door codes
	pictures *semaphore.Weighted // how many are cleaned or made small at a time
	thumbs   *picture.Maker
	memory   *semaphore.Weighted // bytes of pictures that are being sent
}

// Bounds of what pictures take: worked on at a time, and bytes held for peers that may be slow.
const (
	maxPictures = 2
	maxMemory   = 256 << 20
)

// New returns the pages below compose.PagePath and compose.FilePath.
func New(o Options) (http.Handler, error) {
	if o.Desk == nil || o.Keys == nil || len(o.Orgs) == 0 {
		return nil, errors.New("portal: Desk, Keys and Orgs are needed")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Observe == nil {
		o.Observe = func(string, int) {}
	}
	p := &portal{Options: o, orgs: map[casework.OrgID]looks{}, allowed: throttle.New(o.Now, aSecond, atOnce), openings: throttle.New(o.Now, openingsSecond, openings), pictures: semaphore.NewWeighted(maxPictures), thumbs: picture.NewMaker(1), memory: semaphore.NewWeighted(maxMemory)}
	for _, org := range o.Orgs {
		p.orgs[org.ID] = newLooks(org)
	}
	var err error
	if p.pages, err = template.ParseFS(pages, "pages/*.html"); err != nil {
		return nil, fmt.Errorf("portal: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+compose.PagePath+"{token}", p.route("page", threading.PageLink, p.page))
	mux.Handle("GET "+compose.FilePath+"{token}", p.route("file", threading.FileLink, p.file))
	mux.Handle("GET "+compose.FilePath+"{token}/small", p.route("small", threading.FileLink, p.small))
	mux.Handle("GET "+compose.DoorPath+"{token}", p.route("door", threading.DoorLink, p.door))
	mux.Handle("POST "+compose.DoorPath+"{token}", p.route("codes", threading.DoorLink, p.codes, http.MethodPost))
	mux.Handle("/", p.route("none", 0, p.page))
	return mux, nil
}

// route lets through whose link is good and who does not ask for too much, by GET and HEAD (RFC 9110 section 9.3.2) unless it says otherwise.
func (p *portal) route(name string, kind threading.LinkKind, show func(http.ResponseWriter, *http.Request, threading.Link) error, methods ...string) http.HandlerFunc {
	if len(methods) == 0 {
		methods = []string{http.MethodGet, http.MethodHead}
	}
	return func(rw http.ResponseWriter, r *http.Request) {
		w := &answer{ResponseWriter: rw, status: http.StatusOK}
		defer func() { p.Observe(name, w.status) }()
		harmless(w.Header())
		if !slices.Contains(methods, r.Method) {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			p.sorry(w, http.StatusMethodNotAllowed)
			return
		}
		peer := throttle.Peer(throttle.Client(r, p.TrustedProxies))
		if wait := p.allowed.Wait(peer); wait > 0 {
			p.later(w, http.StatusTooManyRequests, wait)
			return
		}
		p.allowed.Count(peer)
		link, ok := p.Keys.VerifyLink(r.PathValue("token"))
		if !ok || link.Kind != kind {
			p.sorry(w, http.StatusNotFound)
			return
		}
		err := show(w, r, link)
		p.conclude(w, r, name, link, err)
	}
}

// conclude answers what could not be shown, and puts on record what was: never the link itself.
func (p *portal) conclude(w *answer, r *http.Request, name string, link threading.Link, err error) {
	switch {
	case err == nil:
	case fault.Is(err, fault.NotFound):
		p.sorry(w, http.StatusNotFound)
		return
	case r.Context().Err() != nil:
		return // the peer has left
	case w.begun:
		p.Log.Error("link answer cut", "route", name, "org", link.Org, "case", link.Case, "err", err)
		panic(http.ErrAbortHandler) // the peer must not take a part for the whole
	case fault.Is(err, fault.Busy):
		p.later(w, http.StatusServiceUnavailable, 5*time.Second)
		return
	default:
		p.Log.Error("link not shown", "route", name, "org", link.Org, "case", link.Case, "err", err)
		p.later(w, http.StatusInternalServerError, 5*time.Second)
		return
	}
	if r.Method != http.MethodHead && name != "small" && name != "door" {
		p.Log.Info("link opened", "route", name, "org", link.Org, "case", link.Case, "entry", link.Entry, "file", link.File, "status", w.status)
		l := casework.Look{
			Org: link.Org, Who: "link", Token: fmt.Sprintf("participant-%d-%d", link.Case, link.Participant), Call: "link-" + name,
			Kind: "links", Item: string(link.Entry), Case: link.Case, Status: w.status,
		}
		if err := p.Desk.Saw(context.WithoutCancel(r.Context()), l, false); err != nil { // it was seen, also by who has left
			p.Log.Error("link not in the audit trail", "route", name, "org", link.Org, "case", link.Case, "err", err)
		}
	}
}

// harmless gives every answer the headers that keep it from being kept, indexed, framed or run. A page or file sets a policy of its own.
func harmless(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	h.Set("Cache-Control", "no-store")
}

// sorry says that the link leads nowhere, in both languages: whose it may have been is not told.
func (p *portal) sorry(w http.ResponseWriter, status int) {
	p.show(w, status, "sorry.html", newLooks(compose.Org{Look: compose.Look{Colour: compose.DefaultColour}}))
}

func (p *portal) later(w http.ResponseWriter, status int, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	p.show(w, status, "later.html", newLooks(compose.Org{Look: compose.Look{Colour: compose.DefaultColour}}))
}

// answer remembers what was answered.
type answer struct {
	http.ResponseWriter
	status int
	begun  bool
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	a.status, a.begun = status, true
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(b)
}
