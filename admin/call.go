package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"smartmail/fault"
	"smartmail/trace"
)

const (
	prefix      = "/api/v1"
	callTimeout = 30 * time.Second
	smallBody   = 8 << 20 // bytes: a megabyte of text, every character of it escaped, and room
	bodyTimeout = 2 * time.Minute
	bodyWait    = 10 * time.Second // for memory for a body
)

// call describes one call of the API.
type call struct {
	method, path string
	id           string // operationId
	summary      string
	status       int  // of success; 0: 200
	public       bool // needs no token
	streams      bool // answers with a stream, which may take longer than callTimeout
	personal     bool // its answer may have personal numbers or door codes
	exports      bool // its answer leaves the house whole
	waits        bool // may wait for something, up to callTimeout, before it begins
	bigBody      bool
	onlyNew      bool   // takes If-None-Match: *
	body         string // media type that the body may have besides the one of its input
	binary       string // media type of a stream

	answer reflect.Type // of the JSON, where the answer is written by hand because it has other forms as well
	also   []string     // media types of those
	object bool         // a stream that is one JSON object
}

// errors are the statuses of the problems that the call may answer with.
func (c call) errors() []int {
	all := []int{http.StatusUnprocessableEntity} // at least of a query parameter that is not known
	if !c.public {
		all = append(all, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests, http.StatusServiceUnavailable)
	}
	if c.waits {
		all = append(all, http.StatusConflict)
	}
	if c.method != http.MethodGet {
		all = append(all, http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if c.onlyNew {
		all = append(all, http.StatusPreconditionFailed)
	}
	return all
}

// register adds a call. fn returns errors with a fault kind; every other error is our trouble.
func register[In, Out any](s *server, c call, fn func(context.Context, *In) (*Out, error)) {
	op := huma.Operation{
		OperationID: c.id, Method: c.method, Path: c.path, Summary: c.summary, DefaultStatus: c.status,
		MaxBodyBytes: min(smallBody, s.MaxBody), BodyReadTimeout: bodyTimeout,
	}
	if c.bigBody {
		op.MaxBodyBytes = s.MaxBody
	}
	op.Errors = c.errors()
	if c.public {
		op.Security = []map[string][]string{} // none, which is not the same as saying nothing
	}
	if c.body != "" {
		op.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{c.body: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
	}
	if c.method == http.MethodPost {
		op.Parameters = append(op.Parameters, keyParam())
	}
	if c.binary != "" {
		op.Responses = map[string]*huma.Response{"200": {
			Description: "the bytes",
			Content:     map[string]*huma.MediaType{c.binary: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
		}}
	}
	if c.answer != nil {
		content := map[string]*huma.MediaType{"application/json": {Schema: s.api.OpenAPI().Components.Schemas.Schema(c.answer, true, "")}}
		for _, media := range c.also {
			content[media] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
		}
		op.Responses = map[string]*huma.Response{"200": {Description: "in the form that was asked for", Content: content}}
	}
	if c.object {
		op.Responses = map[string]*huma.Response{"200": {
			Description: "written as it is read: what is cut off is no JSON", Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject}}},
		}}
	}
	huma.Register(s.api, op, func(ctx context.Context, in *In) (*Out, error) {
		if !c.streams {
			var cancel context.CancelFunc
			limit := callTimeout
			if c.waits {
				limit += callTimeout
			}
			ctx, cancel = context.WithTimeout(ctx, limit)
			defer cancel()
		}
		var out *Out
		err := readable(in)
		if err == nil {
			out, err = fn(ctx, in)
		}
		if unseen := s.saw(ctx, c, out, err); err == nil {
			err = unseen
		}
		if err != nil {
			recordOf(ctx).err = err
			return nil, problem(err)
		}
		return out, nil
	})
}

// admit holds a request with a body back until there is memory for it. huma reads a body whole, and twice.
func (s *server) admit(ctx huma.Context, next func(huma.Context)) {
	op := ctx.Operation()
	if op.RequestBody == nil {
		next(ctx)
		return
	}
	size := humagin.Unwrap(ctx).Request.ContentLength
	if size > op.MaxBodyBytes {
		s.refuse(ctx, fault.New(fault.TooBig, fmt.Sprintf("the request is larger than %d bytes", op.MaxBodyBytes)))
		return
	}
	if size < 0 { // not said
		size = op.MaxBodyBytes
	}
	waiting, cancel := context.WithTimeout(ctx.Context(), bodyWait)
	defer cancel()
	if err := s.bodies.Acquire(waiting, size); err != nil {
		s.refuse(ctx, fault.Wrap(fault.Busy, "too many large requests at once", err))
		return
	}
	defer s.bodies.Release(size)
	next(ctx)
}

// refuse answers with a problem from before the call's own function.
func (s *server) refuse(ctx huma.Context, err error) {
	recordOf(ctx.Context()).err = err
	status, retry := statusOf(err)
	if retry != "" {
		ctx.SetHeader("Retry-After", retry)
	}
	_ = huma.WriteErr(s.api, ctx, status, fault.Public(err)) // fails only when the peer is gone
}

// describe returns what is said of the API as a whole. huma's own pages stay off: its documentation page loads scripts
// from elsewhere, and it would build the description at the first request, without a lock.
func (s *server) describe() huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "SmartMail", Version: "1",
				Description: "Cases and their mail. Times are RFC 3339 in UTC. Lists are never null; `next` is the cursor of the following page, null at the end. " +
					"`org` may be left out by whoever sees one organisation only. Errors are problems of RFC 9457. " +
					"Texts have no control characters but line breaks and tabs in text, description, template, reason and why.",
			},
			Components: &huma.Components{
				Schemas:         huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}},
			},
			Security: []map[string][]string{{"token": {}}},
		},
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true, // a misspelt filter must not look like one that finds everything
		Transformers:                 []huma.Transformer{terse},
	}
}

// maxDetails bounds how many faults of one request are told.
const maxDetails = 20

// terse takes the peer's own input out of a problem: huma would send it back, whatever its size.
func terse(ctx huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if ok {
		p.Errors = p.Errors[:min(len(p.Errors), maxDetails)]
		for i, d := range p.Errors {
			p.Errors[i] = &huma.ErrorDetail{Message: clip(d.Message), Location: clip(d.Location)}
		}
		return traced{p, trace.From(ctx.Context())}, nil
	}
	return v, nil
}

// traced is a problem with the request's id, by which whoever runs the service finds it in the log (RFC 9457 section 3.2: an
// extension member).
type traced struct {
	*huma.ErrorModel
	TraceID trace.ID `json:"trace_id,omitempty"`
}

// describeTrace tells of the member in the document, where huma knows only its own model.
func (s *server) describeTrace() {
	if m, ok := s.api.OpenAPI().Components.Schemas.Map()["ErrorModel"]; ok {
		m.Properties["trace_id"] = &huma.Schema{Type: huma.TypeString, Description: "Id of the request, which the log has in each line about it", Examples: []any{"4bf92f3577b34da6a3ce929d0e0e4736"}}
	}
}

// clip shortens what may repeat a name out of the input.
func clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return s[:most]
}

// serveDescription adds the OpenAPI document, built once from the calls that are registered.
func (s *server) serveDescription(e *gin.Engine) error {
	s.describeTrace()
	if s.Describe != nil {
		s.Describe(s.api.OpenAPI())
	}
	if err := showExamples(s.api.OpenAPI()); err != nil {
		return err
	}
	document, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		return fmt.Errorf("admin: OpenAPI document: %w", err)
	}
	e.GET(prefix+"/openapi.json", func(c *gin.Context) { c.Data(http.StatusOK, "application/json", document) })
	return nil
}
