package smtpd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/sync/semaphore"
)

// Server takes in mail for a Receiver.
type Server struct {
	opt      Options
	receiver Receiver
	tls      *tls.Config // nil: no STARTTLS
	bodies   *bodies
	turns    *semaphore.Weighted // bytes in Accept
	blocks   sync.Pool           // of *[bigBlock]byte
	engine   *smtp.Server
	handoff  *handoff
	served   atomic.Bool

	mu    sync.Mutex // guards what follows
	conns map[*gate]struct{}
	perIP map[netip.Prefix]int
	none  chan struct{} // while shutting down: closed when conns is empty
}

// New returns a Server. Its errors are about the options.
func New(opt Options, r Receiver) (*Server, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		opt:      opt,
		receiver: r,
		tls:      tlsConfig(opt.GetCertificate),
		bodies: &bodies{
			budget:  &budget{max: opt.MemoryBudget},
			max:     opt.MaxMessageBytes,
			spoolAt: opt.SpoolAt,
			reject:  opt.RejectBareNewline,
		},
		turns:   semaphore.NewWeighted(opt.MaxAccepting),
		blocks:  sync.Pool{New: func() any { return new([bigBlock]byte) }},
		handoff: &handoff{conns: make(chan net.Conn), done: make(chan struct{})},
		conns:   make(map[*gate]struct{}),
		perIP:   make(map[netip.Prefix]int),
	}
	// Everything that the engine could limit, it limits badly; see the package comment.
	s.engine = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.engine.Domain = opt.Hostname
	s.engine.EnableSMTPUTF8 = true
	s.engine.MaxLineLength = 0
	s.engine.ErrorLog = slog.NewLogLogger(opt.Log.Handler(), slog.LevelError)
	return s, nil
}

// Held tells how many bytes of mails under way lie in memory and in spool files.
func (s *Server) Held() (memory, spooled int64) {
	return s.bodies.budget.used.Load(), s.bodies.spooled.Load()
}

// grace is how long, after the drain, a session may take to end once it has been cut off.
const grace = 5 * time.Second

// Serve takes in mail from the listeners until ctx is cancelled, and closes them. It then tells idle peers 421 4.3.2,
// lets data under way end for Options.Drain, finishes and answers every mail that was complete, and returns nil.
// It returns an error when it cannot begin, when a listener breaks, or when a session does not end: then
// Accept did not heed its context. Serve may be called once.
func (s *Server) Serve(ctx context.Context, listeners ...net.Listener) error {
	if s.served.Swap(true) {
		return errors.New("smtpd: Serve called twice")
	}
	spool, err := openSpool(s.opt.SpoolDir, time.Now())
	if err != nil {
		return err
	}
	if s.bodies.create == nil {
		s.bodies.create = spool.create
	}
	// Mails that are complete outlive ctx; the drain's end cancels what is left.
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	accepting, stopAccepting := context.WithCancelCause(ctx)
	defer stopAccepting(nil)

	var loops, engine sync.WaitGroup
	engine.Go(func() { _ = s.engine.Serve(s.handoff) }) // ends with the hand-off alone
	for _, l := range listeners {
		loops.Go(func() {
			if err := s.acceptAll(accepting, work, l); err != nil {
				stopAccepting(fmt.Errorf("smtpd: listener %s: %w", l.Addr(), err))
			}
		})
	}
	<-accepting.Done()
	for _, l := range listeners {
		_ = l.Close()
	}
	loops.Wait()
	stuck := s.drain(stopWork)
	if stuck == nil {
		engine.Wait()
	}
	err = context.Cause(accepting)
	if ctx.Err() != nil {
		err = nil
	}
	return errors.Join(err, stuck, spool.close())
}

// acceptAll accepts connections until ctx ends. Trouble that may pass, such as too many open files, is waited out.
func (s *Server) acceptAll(ctx, work context.Context, l net.Listener) error {
	const shortest, longest = 5 * time.Millisecond, time.Second
	pause := shortest
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			pause = shortest
			s.admit(work, conn)
			continue
		case ctx.Err() != nil:
			return nil //nolint:nilerr // a closed listener is how shutdown begins
		case errors.Is(err, net.ErrClosed):
			return err
		}
		s.opt.Log.Error("accept failed, will try again", "err", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, longest)
	}
}

// drain ends all sessions, in the order that the phases tell.
func (s *Server) drain(stopWork func()) error {
	s.mu.Lock()
	s.none = make(chan struct{})
	if len(s.conns) == 0 {
		close(s.none)
	}
	s.mu.Unlock()
	s.each((*gate).interrupt)
	if !s.waitNone(s.opt.Drain) {
		s.opt.Log.Warn("sessions left after the drain, cutting them off", "count", s.count())
		stopWork()
		s.each(func(g *gate) { g.cut(true) })
	}
	if !s.waitNone(grace) {
		s.each(func(g *gate) { g.cut(false) })
	}
	gone := s.waitNone(grace)
	_ = s.handoff.Close() // by ourselves: the engine may not have got as far as to know it
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := s.engine.Shutdown(ctx); err != nil || !gone {
		return fmt.Errorf("smtpd: %d sessions did not end", s.count())
	}
	return nil
}

// waitNone waits until there are no connections, or reports false.
func (s *Server) waitNone(limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-s.none:
		return true
	case <-timer.C:
		return false
	}
}

func (s *Server) each(do func(*gate)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for g := range s.conns {
		do(g)
	}
}

func (s *Server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// handoff is the engine's listener: it hands on the gates of connections that were let in.
type handoff struct {
	conns  chan net.Conn
	done   chan struct{}
	closed sync.Once
}

func (h *handoff) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

func (h *handoff) Close() error {
	h.closed.Do(func() { close(h.done) })
	return nil
}

func (h *handoff) Addr() net.Addr { return &net.TCPAddr{} }
