// Package report takes in faults from people who have no log-in: from a form of ours, or one on the landlord's own site.
//
//	GET  /api/v1/public/ORG/reports → ticket
//	POST /api/v1/public/ORG/reports → attempts → form, ticket → allowance, captcha → pictures kept → Desk.Report → case, acknowledgement
//	GET  /report/ORG → the form
//
// Invariants:
//   - An organisation that has not switched it on answers as one that is not there.
//   - Who reports is unknown, whatever address he gives: he gets one mail for a case at most, within the caps of the desk, and
//     nothing of the register is told to him.
//   - Requests are bounded in bytes, number and time, by network and by organisation, before anything is kept.
//   - The same report sent twice opens one case. One that is refused comes back to its page with what was typed.
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

// What a network may report, and all together to one organisation: so much at once, then so much a second. A house in which the power fails may
// stand behind one address. What is refused counts as an attempt alone.
const (
	netAtOnce, netASecond = 30, 1.0 / 30
	tryAtOnce, tryASecond = 100, 1.0 / 2
	orgAtOnce, orgASecond = 300, 300.0 / 3600
	maxUploads            = 4 // read at a time
	readTime              = time.Minute
)

type reports struct {
	Options
	orgs    map[string]Org
	tries   *throttle.Limiter // by network
	nets    *throttle.Limiter // by network
	all     *throttle.Limiter // by organisation
	uploads *semaphore.Weighted
	same    *once
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
		Options: o, orgs: map[string]Org{}, tries: throttle.New(o.Now, tryASecond, tryAtOnce), nets: throttle.New(o.Now, netASecond, netAtOnce),
		all: throttle.New(o.Now, orgASecond, orgAtOnce), uploads: semaphore.NewWeighted(maxUploads), same: newOnce(),
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
		in, n, err := s.take(w, r, org)
		switch {
		case err == nil:
			s.thank(w, r, org, n)
		case wantsPage(r):
			s.page(w, s.status(r, err), org, view{Ticket: s.ticket(org.ID), Said: in, Pictures: len(in.pictures) > 0, Trouble: words(err, org)})
		default:
			s.problem(w, r, err)
		}
	default:
		w.Header().Set("Allow", "GET, POST, OPTIONS")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// take takes a report in, and returns what it says even where it is refused. The number is 0 where a machine is to believe that it was heard.
func (s *reports) take(w http.ResponseWriter, r *http.Request, org Org) (in input, n casework.CaseNumber, err error) {
	client := throttle.Client(r, s.TrustedProxies)
	peer := throttle.Peer(client)
	if wait := s.tries.Wait(peer); wait > 0 {
		return in, 0, later(w, wait)
	}
	s.tries.Count(peer)
	if !s.uploads.TryAcquire(1) {
		return in, 0, later(w, 10*time.Second)
	}
	defer s.uploads.Release(1)
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTime)) // where there is none, the server's own holds
	if in, err = read(w, r); err != nil || in.Website != "" {
		return in, 0, err
	}
	cmd, err := in.check(org)
	if err == nil {
		err = s.checkTicket(org.ID, in.Ticket)
	}
	if err != nil {
		return in, 0, err
	}
	n, err = s.same.do(r.Context(), in.digest(org.ID), func() (casework.CaseNumber, error) {
		if wait := max(s.nets.Wait(peer), s.all.Wait(string(org.ID))); wait > 0 {
			return 0, later(w, wait)
		}
		if org.Captcha != nil {
			if err := org.Captcha.check(r.Context(), s.HTTP, in.Captcha, client); err != nil {
				return 0, err
			}
		}
		s.nets.Count(peer)
		s.all.Count(string(org.ID))
		return s.open(r.Context(), org, cmd, in.pictures)
	})
	return in, n, err
}

// open opens the case of a report.
func (s *reports) open(ctx context.Context, org Org, cmd casework.Open, pictures []picture) (casework.CaseNumber, error) {
	var files []casework.File
	for _, p := range pictures {
		f, err := s.Desk.KeepFile(ctx, org.ID, p.name, p.mediaType, p.content)
		if err != nil {
			return 0, err
		}
		files = append(files, f)
	}
	c, err := s.Desk.Report(ctx, org.ID, cmd, files)
	return c.Number, err
}

// later refuses what comes too fast.
func later(w http.ResponseWriter, wait time.Duration) error {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	return refuse(fault.Busy, "too many reports, try again later", "Det kommer många anmälningar just nu. Skicka igen om en stund.")
}

// thank says that a report came in.
func (s *reports) thank(w http.ResponseWriter, r *http.Request, org Org, n casework.CaseNumber) {
	if wantsPage(r) {
		s.page(w, http.StatusCreated, org, view{Case: n, Done: true})
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
	s.page(w, http.StatusOK, org, view{Ticket: s.ticket(org.ID)})
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
	status := s.status(r, err)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	said, _ := json.Marshal(map[string]any{"title": http.StatusText(status), "status": status, "detail": fault.Public(err)}) // plain fields
	_, _ = w.Write(said)                                                                                                     // fails only when the peer is gone
}

// status is that of an error; one of ours is logged.
func (s *reports) status(r *http.Request, err error) int {
	switch fault.KindOf(err) {
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.TooBig:
		return http.StatusRequestEntityTooLarge
	case fault.Busy:
		return http.StatusTooManyRequests
	}
	s.Log.ErrorContext(r.Context(), "a report was not taken", "err", err)
	if known := (*fault.Error)(nil); errors.As(err, &known) {
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
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
