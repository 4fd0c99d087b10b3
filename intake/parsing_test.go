package intake_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/intake"
	"smartmail/mailauth"
	"smartmail/mailauth/verdict"
	"smartmail/message"
	"smartmail/threading"
)

// slowRaw is a mail that can be read once it is released, and whose hash is known.
type slowRaw struct {
	message.InMemory
	release chan struct{}
}

func (r slowRaw) Bytes() []byte  { <-r.release; return r.InMemory }
func (slowRaw) SHA256() [32]byte { return [32]byte{1} }
func released() chan struct{}    { c := make(chan struct{}); close(c); return c }
func big(text string) message.InMemory {
	return message.InMemory(letter("anna@home.example", "Kran", "1@home.example", "", strings.Repeat(text+"\n", 100_000/len(text))))
}

// anywhere takes every mail, and anybody knows its sender.
type anywhere struct{ intake.Receiver }

func (anywhere) Again(context.Context, []desk.Delivery) ([]desk.Placed, bool, error) {
	return nil, false, nil
}
func (anywhere) Receive(context.Context, []desk.Delivery) ([]desk.Placed, error) { return nil, nil }

type anybody struct{}

func (anybody) Check(context.Context, mailauth.Input) (verdict.Verdict, error) {
	return verdict.Verdict{}, nil
}

// Big mails are parsed as many at once as there is room for; a small one passes them, and who waits too long is told to come again.
func TestBigMailsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		router := threading.NewRouter(threading.NewKeyring(time.Now), "mx.a.example",
			[]threading.Organisation{{ID: "a", Domain: "a.example", Intake: []threading.Intake{{Address: fel, Class: "fault"}}}})
		in := intake.New(intake.Options{Hostname: "mx.a.example", Router: router, Auth: anybody{}, Desk: anywhere{},
			Policy: map[casework.OrgID]intake.Policy{"a": {}}, Parsing: 1})
		accept := func(limit time.Duration, raw message.Raw) error {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			_, err := in.Accept(ctx, message.Envelope{ReversePath: "anna@home.example", Recipients: []string{fel},
				Client: netip.MustParseAddr("192.0.2.1"), Helo: "home.example", Protocol: "ESMTP"}, raw)
			return err
		}
		first := slowRaw{big("Det droppar."), make(chan struct{})}
		done := make(chan error, 1)
		go func() { done <- accept(time.Hour, first) }()
		synctest.Wait()
		if err := accept(time.Minute, slowRaw{big("Det rinner."), released()}); !fault.Is(err, fault.Busy) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while another is parsed: %v", err)
		}
		if err := accept(time.Minute, slowRaw{big("Det droppar.")[:1000], released()}); err != nil {
			t.Errorf("a small mail: %v", err)
		}
		close(first.release)
		if err := <-done; err != nil {
			t.Errorf("the first: %v", err)
		}
		if err := accept(time.Minute, slowRaw{big("Det rinner."), released()}); err != nil {
			t.Errorf("behind the first: %v", err)
		}
	})
}
