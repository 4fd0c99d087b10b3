package admin

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"smartmail/fault"
)

func (s *server) healthCalls() {
	register(s, call{method: http.MethodGet, path: "/healthz", id: "get-health", summary: "Whether the process lives", public: true}, s.getHealth)
	register(s, call{method: http.MethodGet, path: "/readyz", id: "get-readiness", summary: "Whether it can work: 503 with reasons where not", public: true}, s.getReady)
	if s.Metrics != nil {
		register(s, call{method: http.MethodGet, path: "/metrics", id: "get-metrics", public: true, streams: true, binary: "text/plain",
			summary: "Prometheus. Needs no token: let a firewall stand before it"}, s.getMetrics)
	}
}

// Health says that the process lives.
type Health struct {
	Status string `json:"status" enum:"ok"`
}

type healthOutput struct{ Body Health }

func (s *server) getHealth(context.Context, *struct{}) (*healthOutput, error) {
	return &healthOutput{Health{Status: "ok"}}, nil
}

// Ready says whether the service can work, and is a problem of RFC 9457 where it can't.
type Ready struct {
	Ready  bool              `json:"ready"`
	Title  string            `json:"title,omitempty"`
	Status int               `json:"status,omitempty"`
	Detail string            `json:"detail,omitempty"`
	Checks map[string]string `json:"checks" doc:"What was looked at"`
}

type readyOutput struct {
	Status      int
	ContentType string `header:"Content-Type"`
	Body        Ready
}

// Looking for readiness writes to the disk, and anybody may ask: so often is it done, and so long may it take.
const (
	readyEvery   = time.Second
	readyTimeout = 5 * time.Second
)

// readiness remembers the last answer.
type readiness struct {
	mu   sync.Mutex
	at   time.Time
	last readyOutput
	err  error // why it is not ready
}

func (s *server) getReady(ctx context.Context, _ *struct{}) (*readyOutput, error) {
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	if s.ready.at.IsZero() || s.Now().Sub(s.ready.at) >= readyEvery {
		s.ready.last, s.ready.err = s.look(context.WithoutCancel(ctx)) // an asker who leaves is no sign of trouble
		s.ready.at = s.Now()                                           // those who waited for a slow answer take it, and don't ask again
	}
	out := s.ready.last
	recordOf(ctx).err = s.ready.err
	return &out, nil
}

func (s *server) look(ctx context.Context) (readyOutput, error) {
	out := readyOutput{Status: http.StatusOK, ContentType: "application/json", Body: Ready{Ready: true, Checks: map[string]string{}}}
	if s.Ready == nil {
		return out, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	checks, err := s.Ready(ctx)
	if checks != nil {
		out.Body.Checks = checks
	}
	if err != nil {
		out.Status, out.ContentType = http.StatusServiceUnavailable, "application/problem+json"
		out.Body.Ready, out.Body.Title, out.Body.Status, out.Body.Detail = false, http.StatusText(out.Status), out.Status, fault.Public(err)
	}
	return out, err
}

func (s *server) getMetrics(context.Context, *struct{}) (*huma.StreamResponse, error) {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		c := humagin.Unwrap(hc)
		s.Metrics.ServeHTTP(c.Writer, c.Request)
	}}, nil
}
