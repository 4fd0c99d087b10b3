package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"
)

// debugPages show the program's inside: profiles of processor, memory, goroutines. They tell nothing of mail, but who asks for them
// takes time from those who send it, so they have a listener of their own, which is closed unless the configuration opens it.
func debugPages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// debugListener opens it; nil where the configuration does not.
func (s *service) debugListener(ctx context.Context) (net.Listener, error) {
	if s.cfg.Debug.Listen == "" {
		return nil, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Debug.Listen)
	if err != nil {
		return nil, fmt.Errorf("debug.listen: %w", err)
	}
	s.log.Info("debug pages", "http", l.Addr().String())
	return l, nil
}

// debugServer has no limit on how long it writes: a profile takes as long as it is asked for.
func debugServer() *http.Server {
	return &http.Server{Handler: debugPages(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
}
