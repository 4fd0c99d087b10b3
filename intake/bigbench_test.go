package intake_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/textproto"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
	"golang.org/x/sync/errgroup"

	"smartmail/intake"
	"smartmail/mailauth"
	"smartmail/message"
	"smartmail/smtpd"
)

// door is what stands between smtpd and intake in the program.
type door struct{ *intake.Intake }

func (d door) Accept(ctx context.Context, env message.Envelope, raw message.Raw) (smtpd.Receipt, error) {
	text, err := d.Intake.Accept(ctx, env, raw)
	return smtpd.Receipt{Text: text}, err
}

// BenchmarkSMTP takes big mails in over loopback, from the first octet to the 250. Elapsed time says little where others use
// the machine: cpu-ms/mail is the processor time of the whole process, sender included.
func BenchmarkSMTP(b *testing.B) {
	for _, size := range []int{100 << 10, 5 << 20} {
		b.Run(fmt.Sprintf("%dKiB/4-sessions", size>>10), func(b *testing.B) { benchSMTP(b, 4, size) })
	}
}

func benchSMTP(b *testing.B, sessions, size int) {
	first, zone := signedPhoto(b, size)
	h := newBenchHouse(b, zone)
	to := benchCases(b, h.desk, h.router)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	srv, err := smtpd.New(smtpd.Options{Hostname: "mx.a.example", SpoolDir: h.dir + "/spool", Log: slog.New(slog.DiscardHandler)}, door{h.Intake})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx, l) }()

	var (
		next atomic.Int64
		g    errgroup.Group
	)
	b.SetBytes(int64(len(first)))
	b.ResetTimer()
	start := processorTime(b)
	for range sessions {
		g.Go(func() error {
			c, err := dial(l.Addr().String())
			if err != nil {
				return err
			}
			defer func() { _ = c.Close() }()
			for n := int(next.Add(1)); n <= b.N; n = int(next.Add(1)) {
				// Message-ID is not signed: each mail is another one all the same.
				id := fmt.Appendf(nil, "Message-ID: <big-%d@home.example>\r\n", n)
				if err := c.send(to[n*7919%len(to)], id, first, []byte(".\r\n")); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = g.Wait()
	b.StopTimer()
	b.ReportMetric(float64(processorTime(b)-start)/1e6/float64(b.N), "cpu-ms/mail")
	stop()
	if err := errors.Join(err, <-served); err != nil {
		b.Fatal(err)
	}
	h.mustHold(b, b.N)
}

// processorTime is that of this process, user and system, in nanoseconds.
func processorTime(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// signedPhoto is a mail of about that size with a picture attached, signed but for its Message-ID, which is missing, and
// the zone that proves it.
func signedPhoto(b *testing.B, size int) ([]byte, mailauth.Resolver) {
	b.Helper()
	key, zone := benchKey(b)
	var text strings.Builder
	text.Grow(size + 1024)
	text.WriteString("From: anna@home.example\r\nTo: someone@a.example\r\nSubject: SV: Kran\r\nDate: Tue, 24 Nov 2026 12:00:00 +0100\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=bild\r\n\r\n--bild\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
		"Hej! Packningen är bytt.\r\n--bild\r\nContent-Type: image/jpeg; name=bild.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	seed := byte(1)
	for row := make([]byte, 57); text.Len()+78 < size; {
		for i := range row {
			row[i] = seed
			seed = seed*5 + 3
		}
		text.WriteString(base64.StdEncoding.EncodeToString(row) + "\r\n")
	}
	text.WriteString("--bild--\r\n")
	var signed bytes.Buffer
	err := dkim.Sign(&signed, strings.NewReader(text.String()), &dkim.SignOptions{
		Domain: "home.example", Selector: "s1", Signer: key, HeaderKeys: []string{"From", "Subject", "Date"},
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
	if err != nil {
		b.Fatal(err)
	}
	zone["home.example"] = "v=spf1 ip4:127.0.0.1 -all"
	return signed.Bytes(), zone
}

// peer is a sender's side of a session.
type peer struct {
	net.Conn
	in *textproto.Reader
}

func dial(addr string) (*peer, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	p := &peer{conn, &textproto.NewConn(conn).Reader}
	if _, _, err := p.in.ReadResponse(220); err != nil {
		return nil, err
	}
	return p, p.say("EHLO mail.home.example\r\n", 250)
}

func (p *peer) say(line string, code int) error {
	if _, err := p.Write([]byte(line)); err != nil {
		return err
	}
	_, _, err := p.in.ReadResponse(code)
	return err
}

// send gives one mail, whose pieces have no line that begins with a dot but the end, and waits for the answer.
func (p *peer) send(to string, pieces ...[]byte) error {
	for _, step := range []struct {
		line string
		code int
	}{{"MAIL FROM:<anna@home.example>\r\n", 250}, {"RCPT TO:<" + to + ">\r\n", 250}, {"DATA\r\n", 354}} {
		if err := p.say(step.line, step.code); err != nil {
			return err
		}
	}
	buffers := net.Buffers(pieces)
	if _, err := buffers.WriteTo(p.Conn); err != nil {
		return err
	}
	_, _, err := p.in.ReadResponse(250)
	return err
}
