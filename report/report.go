// Package report takes in faults from people who have no log-in: from a form of ours, or one on the landlord's own site.
//
//	GET  /api/v1/public/ORG/reports → ticket
//	POST /api/v1/public/ORG/reports → allowance → form, ticket, captcha → pictures kept → Desk.Report → case, acknowledgement
//	GET  /report/ORG → the form
//
// Invariants:
//   - An organisation that has not switched it on answers as one that is not there.
//   - Who reports is unknown, whatever address he gives: he gets one mail for a case at most, within the caps of the desk, and
//     nothing of the register is told to him.
//   - Requests are bounded in bytes, number and time, by network and by organisation, before anything is kept.
//   - Only pictures are kept, by what they are and not by what they are called.
package report

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"smartmail/casework"
	"smartmail/fault"
	"smartmail/throttle"
)

//go:embed form.html
var pages embed.FS

// Where reports come in, and where the form is.
const (
	Path     = "/api/v1/public/"
	FormPath = "/report/"
)

// Desk is the door to the house; *desk.Desk is one.
type Desk interface {
	KeepFile(ctx context.Context, org casework.OrgID, name, mediaType string, content []byte) (casework.File, error)
	Report(ctx context.Context, org casework.OrgID, cmd casework.Open, files []casework.File) (casework.Case, error)
}

// Org is an organisation that takes reports.
type Org struct {
	ID       casework.OrgID
	Name     string
	Language string   // sv or en
	Class    string   // of its cases
	Origins  []string // of sites whose forms may report, such as https://www.example.org
	Captcha  *Captcha // nil: none is asked for
}

// Options of reports. Desk and Orgs are needed.
type Options struct {
	Desk           Desk
	Orgs           []Org
	TrustedProxies []netip.Prefix   // whose X-Forwarded-For counts
	HTTP           *http.Client     // asks about captchas; nil: one of its own
	Log            *slog.Logger     // nil: slog.Default
	Now            func() time.Time // nil: time.Now
}

// What a network may report, and all together to one organisation: so much at once, then so much a second.
const (
	netAtOnce, netASecond = 10, 1.0 / 60
	orgAtOnce, orgASecond = 300, 300.0 / 3600
	maxUploads            = 4 // read at a time
	readTime              = time.Minute
)

type reports struct {
	Options
	orgs    map[string]Org
	nets    *throttle.Limiter
	all     *throttle.Limiter
	uploads *semaphore.Weighted
	form    *template.Template
	key     [32]byte // signs tickets: they end with the process
}

// New returns the handler of Path and FormPath.
func New(o Options) (http.Handler, error) {
	if o.Desk == nil || len(o.Orgs) == 0 {
		return nil, errors.New("report: Desk and Orgs are needed")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: captchaTime}
	}
	s := &reports{
		Options: o, orgs: map[string]Org{}, nets: throttle.New(o.Now, netASecond, netAtOnce), all: throttle.New(o.Now, orgASecond, orgAtOnce),
		uploads: semaphore.NewWeighted(maxUploads),
	}
	for _, org := range o.Orgs {
		s.orgs[string(org.ID)] = org
	}
	if _, err := rand.Read(s.key[:]); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	var err error
	if s.form, err = template.ParseFS(pages, "form.html"); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc(Path+"{org}/reports", s.serve)
	mux.HandleFunc("GET "+FormPath+"{org}", s.showForm)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.problem(w, r, fault.New(fault.NotFound, "there is no such page"))
	})
	return mux, nil
}

// serve answers what comes to an organisation's reports.
func (s *reports) serve(w http.ResponseWriter, r *http.Request) {
	harmless(w.Header())
	org, ok := s.orgs[r.PathValue("org")]
	if !ok {
		s.problem(w, r, fault.New(fault.NotFound, "there is no such page"))
		return
	}
	if !allowOrigin(w.Header(), r, org) {
		s.problem(w, r, fault.New(fault.Forbidden, "reports are not taken from this site"))
		return
	}
	switch r.Method {
	case http.MethodOptions: // a browser asks before it sends JSON
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet:
		s.answer(w, http.StatusOK, map[string]any{"ticket": s.ticket(org.ID)})
	case http.MethodPost:
		if err := s.take(w, r, org); err != nil {
			s.problem(w, r, err)
		}
	default:
		w.Header().Set("Allow", "GET, POST, OPTIONS")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// take takes a report in.
func (s *reports) take(w http.ResponseWriter, r *http.Request, org Org) error {
	client := throttle.Client(r, s.TrustedProxies)
	peer := throttle.Peer(client)
	if wait := max(s.nets.Wait(peer), s.all.Wait(string(org.ID))); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		return fault.New(fault.Busy, "too many reports, try again later")
	}
	s.nets.Count(peer)
	if !s.uploads.TryAcquire(1) {
		w.Header().Set("Retry-After", "10")
		return fault.New(fault.Busy, "too many reports at once, try again later")
	}
	defer s.uploads.Release(1)
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTime)) // where there is none, the server's own holds
	in, err := read(w, r)
	if err != nil {
		return err
	}
	if in.Website != "" { // a field that people don't see: let the machine believe that it was heard
		s.thank(w, r, org, 0)
		return nil
	}
	cmd, err := in.check(org)
	if err == nil {
		err = s.checkTicket(org.ID, in.Ticket)
	}
	if err == nil && org.Captcha != nil {
		err = org.Captcha.check(r.Context(), s.HTTP, in.Captcha, client)
	}
	if err != nil {
		return err
	}
	s.all.Count(string(org.ID))
	var files []casework.File
	for _, p := range in.pictures {
		f, err := s.Desk.KeepFile(r.Context(), org.ID, p.name, p.mediaType, p.content)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	c, err := s.Desk.Report(r.Context(), org.ID, cmd, files)
	if err != nil {
		return err
	}
	s.thank(w, r, org, c.Number)
	return nil
}

// thank says that a report came in.
func (s *reports) thank(w http.ResponseWriter, r *http.Request, org Org, n casework.CaseNumber) {
	if wantsPage(r) {
		s.page(w, http.StatusCreated, org, map[string]any{"Case": n, "Done": true})
		return
	}
	said := map[string]any{"received": true}
	if n != 0 {
		said["case"] = n
	}
	s.answer(w, http.StatusCreated, said)
}

func (s *reports) showForm(w http.ResponseWriter, r *http.Request) {
	harmless(w.Header())
	org, ok := s.orgs[r.PathValue("org")]
	if !ok {
		s.problem(w, r, fault.New(fault.NotFound, "there is no such page"))
		return
	}
	s.page(w, http.StatusOK, org, map[string]any{"Ticket": s.ticket(org.ID)})
}

func (s *reports) page(w http.ResponseWriter, status int, org Org, data map[string]any) {
	data["Org"], data["Swedish"], data["Action"] = org, org.Language != "en", Path+url.PathEscape(string(org.ID))+"/reports"
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	if err := s.form.Execute(w, data); err != nil {
		s.Log.Debug("a page was not sent", "err", err)
	}
}

func (s *reports) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.Log.Debug("an answer was not sent", "err", err)
	}
}

// problem tells what is wrong (RFC 9457).
func (s *reports) problem(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	switch fault.KindOf(err) {
	case fault.NotFound:
		status = http.StatusNotFound
	case fault.Forbidden:
		status = http.StatusForbidden
	case fault.Invalid:
		status = http.StatusUnprocessableEntity
	case fault.TooBig:
		status = http.StatusRequestEntityTooLarge
	case fault.Busy:
		status = http.StatusTooManyRequests
	default:
		if known := (*fault.Error)(nil); errors.As(err, &known) {
			status = http.StatusServiceUnavailable
		}
		s.Log.ErrorContext(r.Context(), "a report was not taken", "err", err)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	said, _ := json.Marshal(map[string]any{"title": http.StatusText(status), "status": status, "detail": fault.Public(err)}) // plain fields
	_, _ = w.Write(said)                                                                                                     // fails only when the peer is gone
}

// allowOrigin lets a browser hear the answer (the Fetch standard, CORS) if the form is ours or on a site that is listed. Who sends
// no Origin is no browser, and is bounded by all else.
func allowOrigin(h http.Header, r *http.Request, org Org) bool {
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	if slices.Contains(org.Origins, origin) {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Methods", "GET, POST")
		h.Set("Access-Control-Allow-Headers", "Content-Type")
		h.Set("Access-Control-Max-Age", "600")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && u.Host == r.Host
}

func harmless(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

func wantsPage(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }
