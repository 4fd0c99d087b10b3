package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"smartmail/trace"
)

// record gathers what is said of a request in its one line of log.
type record struct {
	err error // private cause of a problem
}

// late logs trouble that came when the answer was under way. A peer that has left is none.
func (s *server) late(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "api answer cut", slog.Any("err", err))
	}
}

type recordKey struct{}

// recordOf returns the request's record, or one that nobody reads.
func recordOf(ctx context.Context) *record {
	if r, ok := ctx.Value(recordKey{}).(*record); ok {
		return r
	}
	return &record{}
}

// observe logs each request in a line: our own trouble as an error with its cause, all else for debugging. The route is the
// pattern, so that neither ids nor what somebody searched for is in the log; nor is what the peer did wrong, which may
// repeat an address.
func (s *server) observe(c *gin.Context) {
	start, rec := s.Now(), &record{}
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), recordKey{}, rec))
	c.Next()
	level, status, took := slog.LevelDebug, c.Writer.Status(), s.Now().Sub(start)
	if s.Observe != nil {
		s.Observe(c.Request.Method, c.FullPath(), status, took)
	}
	attrs := []slog.Attr{
		slog.String("method", c.Request.Method), slog.String("route", c.FullPath()),
		slog.Int("status", status), slog.Duration("took", took),
	}
	if status >= http.StatusInternalServerError && c.Request.Context().Err() == nil { // else the peer has left
		level, attrs = slog.LevelError, append(attrs, slog.Any("err", rec.err))
	}
	s.Log.LogAttrs(c.Request.Context(), level, "api call", attrs...)
}

// recover turns a panic into a problem, or into a cut connection where an answer is under way already.
func (s *server) recover(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		err, isError := v.(error)
		var gone *net.OpError
		switch {
		case isError && errors.Is(err, http.ErrAbortHandler):
			panic(v)
		case isError && errors.As(err, &gone): // huma panics when the answer can't be written
			return
		}
		err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		if c.Writer.Written() {
			s.late(c.Request.Context(), err)
			panic(http.ErrAbortHandler)
		}
		recordOf(c.Request.Context()).err = err
		writeProblem(c, http.StatusInternalServerError, "local error, try again later")
	}()
	c.Next()
}

// harmless gives every answer the headers that keep a browser from making more of it than it is.
func harmless(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	c.Next()
}

// writeProblem answers with a problem where no call of huma's is under way.
func writeProblem(c *gin.Context, status int, detail string) {
	body, err := json.Marshal(traced{&huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail}, trace.From(c.Request.Context())})
	if err != nil { // three plain fields
		body = []byte("{}")
	}
	c.Abort()
	c.Writer.Header().Del("Content-Disposition")
	c.Writer.Header().Set("Content-Type", "application/problem+json") // Gin leaves one that is there
	c.Data(status, "application/problem+json", body)
}

// heads answers HEAD as GET; net/http leaves the body out (RFC 9110 section 9.3.2).
func heads(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.Clone(r.Context())
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}
