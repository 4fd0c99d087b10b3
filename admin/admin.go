// Package admin is the JSON API: what a program or a page may ask the house, and how it is told.
//
// Gin routes, huma checks every input against the types below and describes them as OpenAPI 3.1. A call is proved
// (auth.go), its organisation is found among those that the token opens, one method of the desk is asked, and the answer
// is shown in the words of the outside interface (case.go, entry.go, mail.go). Nothing is decided here: rights, rules and
// transactions are the desk's.
//
//	request → limits, token, organisation → Desk → view → JSON, or a problem (RFC 9457)
//
// Invariants:
//   - A token bound to one organisation can't tell another one from none: both are 404.
//   - Every error is application/problem+json with a public text; the cause is logged once, and no body or token is.
//   - What strangers sent never runs in our origin: sanitised HTML in JSON, files with a sandbox and as attachments.
//   - Every body, list, wait and table of this package is bounded.
package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"golang.org/x/sync/semaphore"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/compose"
	"smartmail/desk"
	"smartmail/message"
	"smartmail/picture"
	"smartmail/throttle"
)

// Cases is what the API does with cases.
type Cases interface {
	Case(ctx context.Context, org casework.OrgID, n casework.CaseNumber) (casework.Case, error)
	Cases(ctx context.Context, org casework.OrgID, f desk.CaseFilter, after casestore.Key, limit int) (desk.Page[casework.Case], error)
	Open(ctx context.Context, org casework.OrgID, cmd casework.Open, by casework.Actor) (casework.Case, error)
	Do(ctx context.Context, org casework.OrgID, n casework.CaseNumber, cmd casework.Command, by casework.Actor, expect uint64) (casework.Case, []casework.Entry, error)
	Unregistered(ctx context.Context, org casework.OrgID, class, object string) (noClass, noObject bool, err error)
}

// Links is what the API does with two cases at a time.
type Links interface {
	Merge(ctx context.Context, org casework.OrgID, from, into casework.CaseNumber, by casework.Actor) (casework.Case, error)
	Unmerge(ctx context.Context, org casework.OrgID, n casework.CaseNumber, by casework.Actor) (casework.Case, error)
	Split(ctx context.Context, org casework.OrgID, n casework.CaseNumber, o desk.SplitOrder) (casework.Case, error)
	MoveEntry(ctx context.Context, org casework.OrgID, id casework.EntryID, to casework.CaseNumber, by casework.Actor) (casework.Entry, error)
	Link(ctx context.Context, org casework.OrgID, n casework.CaseNumber, link casework.Link, by casework.Actor) (casework.Case, error)
	Unlink(ctx context.Context, org casework.OrgID, n casework.CaseNumber, link casework.Link, by casework.Actor) (casework.Case, error)
	TellChildren(ctx context.Context, org casework.OrgID, n casework.CaseNumber, text string, by casework.Actor) (casework.Entry, []casework.CaseNumber, error)
}

// Timeline is what the API reads of a case's entries.
type Timeline interface {
	Entries(ctx context.Context, org casework.OrgID, n casework.CaseNumber, after casestore.Key, limit int) (desk.Page[desk.EntryView], error)
	Entry(ctx context.Context, org casework.OrgID, id casework.EntryID) (desk.EntryView, error)
}

// Files is what the API does with bytes.
type Files interface {
	OpenRaw(ctx context.Context, org casework.OrgID, id casework.MailID) (*desk.RawMail, error)
	OpenAttachment(ctx context.Context, org casework.OrgID, id string) (message.Attachment, io.ReadCloser, error)
	KeepFile(ctx context.Context, org casework.OrgID, name, mediaType string, content []byte) (casework.File, error)
}

// TriageQueue is what the API does with mails that need a person.
type TriageQueue interface {
	TriageQueue(ctx context.Context, org casework.OrgID, state casework.TriageState, after casestore.Key, limit int) (desk.Page[desk.TriageView], error)
	TriageItem(ctx context.Context, org casework.OrgID, id casework.TriageID) (desk.TriageView, error)
	Triage(ctx context.Context, org casework.OrgID, id casework.TriageID, o desk.TriageOrder) (desk.TriageView, error)
}

// Outbox is what the API reads of outgoing mail.
type Outbox interface {
	OutboxPage(ctx context.Context, org casework.OrgID, state casework.OutboxState, after casestore.Key, limit int) (desk.Page[casework.OutboxItem], error)
}

// TextMessages is what the API reads of them.
type TextMessages interface {
	SMSPage(ctx context.Context, org casework.OrgID, state casework.SMSState, after casestore.Key, limit int) (desk.Page[casework.SMS], error)
}

// Todos is what the API does with what waits for a person.
type Todos interface {
	Todos(ctx context.Context, org casework.OrgID, who string, after casestore.Key, limit int) (desk.Page[desk.Todo], error)
	Attend(ctx context.Context, org casework.OrgID, entry casework.EntryID, by casework.Actor) (casework.Entry, error)
}

// Suspensions is what the API does with addresses that get no mail.
type Suspensions interface {
	Suspensions(ctx context.Context, org casework.OrgID, after casestore.Key, limit int) (desk.Page[casework.Suspension], error)
	LiftSuspension(ctx context.Context, org casework.OrgID, email string, by casework.Actor) (casework.Suspension, error)
}

// Previews shows what an organisation's mails look like.
type Previews interface {
	Preview(org casework.OrgID, kind, language string) (compose.Preview, error)
}

// Desk is the house as far as a caller's grant opens it; *desk.Guarded is one.
type Desk interface {
	Cases
	Links
	Timeline
	Files
	TriageQueue
	Outbox
	TextMessages
	Todos
	Suspensions
	Orders
	Tokens
	Registers
	Feed
	Statistics
	Webhooks
	People
	Holds
	Retentions
	Doors
	Planner
	Watching
	Audit
	Administer() error // why the caller may not see or change how the organisation looks and works; nil: he may
}

// House is the API's only door.
type House interface {
	// Token finds whom a secret was given to, and what it grants.
	Token(ctx context.Context, secret string) (t casework.APIToken, grant access.Grant, ok bool, err error)
	// For returns the desk as far as a grant opens it.
	For(grant access.Grant) Desk
	Answers
	// Saw puts a call into the audit trail; now: before it returns. After an error nothing may be shown.
	Saw(ctx context.Context, l casework.Look, now bool) error
	// OutboxItem finds the mail that something which the caller sees already is about.
	OutboxItem(ctx context.Context, org casework.OrgID, id casework.OutboxID) (casework.OutboxItem, error)
	// Tasks are what waits for people on a case that the caller sees.
	Tasks(c casework.Case) []casework.Task
}

// Open returns the door of a desk.
func Open(d *desk.Desk) House { return door{d} }

type door struct{ *desk.Desk }

// For implements House.
func (d door) For(grant access.Grant) Desk { return d.Desk.For(grant) }

// Org is an organisation as the API names it.
type Org struct {
	ID       casework.OrgID
	Name     string
	Language string         // in which staff are spoken to: sv or en
	Location *time.Location // whose days are meant; nil: UTC
}

// location is the time zone of an organisation.
func (s *server) location(org casework.OrgID) *time.Location {
	for _, o := range s.Orgs {
		if o.ID == org && o.Location != nil {
			return o.Location
		}
	}
	return time.UTC
}

func languages(orgs []Org) map[casework.OrgID]string {
	out := map[casework.OrgID]string{}
	for _, o := range orgs {
		out[o.ID] = o.Language
	}
	return out
}

// DefaultMaxBody is the size in bytes of the biggest request: 25 MB of files in base64, and a text.
const DefaultMaxBody = 40 << 20

// Options of an API. House, Router and Orgs are needed.
type Options struct {
	House      House
	Router     Addresses
	Orgs       []Org
	Previews   Previews     // nil: there are none
	AdminToken string       // opens every organisation; empty: there is no such token. Only its hash is kept.
	Metrics    http.Handler // answers /metrics, without a token: let a firewall stand before it; nil: no such page

	TrustedProxies []string // addresses or networks whose X-Forwarded-For counts

	// Ready tells whether the service can work, with what it looked at, as may be shown to anybody; nil: it can.
	// It is asked once a second at most.
	Ready func(ctx context.Context) (checks map[string]string, err error)

	PerToken int  // calls a second of a token, ten times as many at once; 0: no limit
	Bell     Bell // nil: who waits for events hears of them within a second
	// Observe is told of each answer: the route's pattern (empty where there is none), the status, and how long it took. It must
	// not block. nil: nobody is.
	Observe func(method, route string, status int, took time.Duration)

	Stopping <-chan struct{} // closed: nobody is let wait any longer; nil: never

	// Describe adds to the OpenAPI document what else the server answers; nil: nothing.
	Describe func(*huma.OpenAPI)

	Log     *slog.Logger     // nil: slog.Default
	Now     func() time.Time // nil: time.Now
	MaxBody int64            // bytes of a request; 0: DefaultMaxBody
}

// server holds what the calls share.
type server struct {
	Options
	view    view
	api     huma.API
	admin   *caller // nil: no admin token
	secret  [32]byte
	guard   *throttle.Limiter   // of wrong tokens
	calls   *throttle.Limiter   // of each token
	keys    *throttle.Limiter   // of each token: what is kept for it
	bodies  *semaphore.Weighted // bytes of request bodies in memory at a time
	thumbs  *picture.Maker
	waiters *semaphore.Weighted // callers who wait for events
	ready   readiness
}

// New returns the API. The error tells of options that can't be.
func New(o Options) (http.Handler, error) {
	if o.House == nil || o.Router == nil || len(o.Orgs) == 0 {
		return nil, errors.New("admin: House, Router and Orgs are needed")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	s := &server{
		Options: o,
		view:    view{addresses: o.Router, house: o.House, languages: languages(o.Orgs)},
		guard:   throttle.New(o.Now, 1, guesses),
		calls:   throttle.New(o.Now, float64(o.PerToken), 10*o.PerToken),
		keys:    throttle.New(o.Now, float64(maxKeys)/desk.AnswersFor.Seconds(), maxKeys),
		bodies:  semaphore.NewWeighted(2 * o.MaxBody),
		thumbs:  picture.NewMaker(thumbnailJobs),
		waiters: semaphore.NewWeighted(maxWaiters),
	}
	s.setAdmin(o.AdminToken)
	s.AdminToken = ""
	engine, err := s.engine()
	if err != nil {
		return nil, err
	}
	return heads(engine), nil
}

// engine builds the routes.
func (s *server) engine() (*gin.Engine, error) {
	if gin.Mode() == gin.DebugMode { // Gin's mode is the process's: debugging prints routes on standard output
		gin.SetMode(gin.ReleaseMode)
	}
	e := gin.New()
	if err := e.SetTrustedProxies(s.TrustedProxies); err != nil {
		return nil, fmt.Errorf("admin: trusted proxies: %w", err)
	}
	e.RemoteIPHeaders = []string{"X-Forwarded-For"}
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.Use(s.observe, s.recover, harmless)
	e.NoRoute(func(c *gin.Context) { writeProblem(c, http.StatusNotFound, "there is no such page") })
	e.NoMethod(func(c *gin.Context) {
		writeProblem(c, http.StatusMethodNotAllowed, "this page does not know the method "+c.Request.Method)
	})

	s.api = humagin.New(e, s.describe())
	s.api.UseMiddleware(s.authenticate, s.admit, s.once)
	s.healthCalls()
	s.caseCalls()
	s.linkCalls()
	s.messageCalls()
	s.orderCalls()
	s.codesCalls()
	s.watchCalls()
	s.entryCalls()
	s.eventCalls()
	s.webhookCalls()
	s.fileCalls()
	s.triageCalls()
	s.outboxCalls()
	s.smsCalls()
	s.todoCalls()
	s.suspensionCalls()
	s.lookCalls()
	s.thingCalls()
	s.scheduleCalls()
	s.sheetCalls()
	s.tokenCalls()
	s.figureCalls()
	s.peopleCalls()
	s.holdCalls()
	s.retentionCalls()
	s.auditCalls()
	return e, s.serveDescription(e)
}

// Server returns an HTTP server with limits for slow and greedy peers. The caller listens and shuts down.
func Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       2 * time.Minute,
		WriteTimeout:      10 * time.Minute, // the biggest mail, at half a megabit a second
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
}
