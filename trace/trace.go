// Package trace carries one id from what came in to all that it caused: the lines of the log, the entries, the mails that go out.
//
//	MAIL or HTTP request → ID → context → slog (Handler), desk (entry, outbox) → log of the sender
//
// An ID is a trace-id of W3C Trace Context, so that a request keeps the one that a proxy of ours gave it.
//
// Invariants:
//   - An ID is made by us or comes from a proxy that is trusted: no stranger chooses what is looked for in the log.
//   - It tells nothing: it is made by chance, and proves nothing.
package trace

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
)

// ID is 32 hexadecimal digits in lower case, not all zero; empty where there is none.
type ID string

// Key is that of an ID in the log.
const Key = "trace"

// New makes an ID.
func New() ID {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return ID(hex.EncodeToString(b[:]))
}

type contextKey struct{}

// With returns a context that carries the ID, unless that is empty.
func With(ctx context.Context, id ID) context.Context {
	if id == "" {
		return ctx
	}
	return context.WithValue(ctx, contextKey{}, id)
}

// From returns the ID that a context carries.
func From(ctx context.Context) ID {
	id, _ := ctx.Value(contextKey{}).(ID)
	return id
}

// Parse reads the trace-id out of a traceparent (W3C Trace Context section 3.2). Versions that are yet to come are read as far as
// version 00 goes, as section 4.3 has it.
func Parse(traceparent string) (ID, bool) {
	const version, id, parent, flags = 2, 35, 52, 55 // where each ends
	s := traceparent
	if len(s) < flags || s[version] != '-' || s[id] != '-' || s[parent] != '-' || !isHex(s[:version]) || s[:version] == "ff" {
		return "", false
	}
	if len(s) > flags && (s[:version] == "00" || s[flags] != '-') {
		return "", false
	}
	got, by := s[version+1:id], s[id+1:parent]
	if !isHex(got) || !isHex(by) || !isHex(s[parent+1:flags]) || strings.Trim(got, "0") == "" || strings.Trim(by, "0") == "" {
		return "", false
	}
	return ID(got), true
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// Requests gives each request an ID: that of its traceparent where the peer is a trusted proxy, else a new one.
func Requests(trusted []netip.Prefix, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, ok := Parse(r.Header.Get("Traceparent"))
		if !ok || !within(trusted, r.RemoteAddr) {
			id = New()
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), id)))
	})
}

func within(networks []netip.Prefix, remote string) bool {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	for _, n := range networks {
		if n.Contains(peer.Addr().Unmap()) {
			return true
		}
	}
	return false
}

// Handler adds the ID to each line of the log whose context carries one.
func Handler(next slog.Handler) slog.Handler { return handler{next} }

type handler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if id := From(ctx); id != "" {
		r.AddAttrs(slog.String(Key, string(id)))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
