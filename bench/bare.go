package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // as anyone would use it
	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-smtp"
	"go.etcd.io/bbolt"

	"smartmail/dnsresolve"
	"smartmail/testrig"
)

// The bare stack is what the libraries can do at best: go-smtp as it is, one DKIM verification with cached DNS, a walk over
// the parts with a SHA-256 of each, and one row in key order, in a commit that all who wait share. It knows no case, has no
// limits, and loses mail as go-smtp does. It runs as a process of its own: this program again, with bareArg.

const bareArg = "bare-stack-server"

type bareTarget struct{ dns string }

func (bareTarget) name() string    { return nameBare }
func (bareTarget) missing() string { return "" }

func (b bareTarget) start(_ context.Context, dir string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, bareArg, dir, b.dns)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	line := make([]byte, 64)
	n, err := out.Read(line)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("bare stack: %w", err), kill(cmd))
	}
	s := &server{addr: strings.TrimSpace(string(line[:n])), rcpts: []string{testrig.Intake}, again: true,
		pids: func() []int { return []int{cmd.Process.Pid} }}
	s.end = func(_ context.Context, acknowledged int) error {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		rest, _ := io.ReadAll(out)
		if err := cmd.Wait(); err != nil {
			return err
		}
		stored, err := strconv.Atoi(strings.TrimSpace(string(rest)))
		if err == nil && stored != acknowledged {
			err = fmt.Errorf("%d mails were acknowledged, %d are stored", acknowledged, stored)
		}
		return err
	}
	return s, nil
}

// serveBare is the process: it prints its address, serves until SIGTERM, and prints how many mails it holds.
func serveBare(dir, dns string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	resolver, err := dnsresolve.New(dnsresolve.Options{Servers: []string{dns}})
	if err != nil {
		return err
	}
	db, err := bbolt.Open(filepath.Join(dir, "bare.db"), 0o600, nil)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, db.Close())
	}
	b := &bareStack{resolver: resolver, db: db, queue: make(chan *barePut, 256)}
	writer := make(chan struct{})
	go func() {
		defer close(writer)
		b.write()
	}()
	srv := smtp.NewServer(b)
	srv.Domain = "bare.example.org"
	fmt.Println(l.Addr())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	<-ctx.Done()
	_ = srv.Close() // the sender has quit
	if err := <-served; err != nil {
		return errors.Join(err, db.Close())
	}
	b.sessions.Wait()
	close(b.queue)
	<-writer
	n := 0
	err = db.View(func(tx *bbolt.Tx) error {
		if mails := tx.Bucket(bareBucket); mails != nil {
			n = mails.Stats().KeyN
		}
		return nil
	})
	fmt.Println(n)
	return errors.Join(err, db.Close())
}

var bareBucket = []byte("mails")

type bareStack struct {
	resolver *dnsresolve.Resolver
	db       *bbolt.DB
	queue    chan *barePut
	sessions sync.WaitGroup
}

type barePut struct {
	value []byte
	done  chan error
}

// write puts everything that waits into one commit.
func (b *bareStack) write() {
	for first := range b.queue {
		batch := []*barePut{first}
		for more := true; more && len(batch) < cap(b.queue); {
			select {
			case p, ok := <-b.queue:
				if more = ok; ok {
					batch = append(batch, p)
				}
			default:
				more = false
			}
		}
		err := b.db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists(bareBucket)
			for _, p := range batch {
				if err == nil {
					var seq uint64
					seq, err = bucket.NextSequence()
					err = errors.Join(err, bucket.Put(binary.BigEndian.AppendUint64(nil, seq), p.value))
				}
			}
			return err
		})
		for _, p := range batch {
			p.done <- err
		}
	}
}

// NewSession implements smtp.Backend.
func (b *bareStack) NewSession(*smtp.Conn) (smtp.Session, error) {
	b.sessions.Add(1)
	return &bareSession{b}, nil
}

type bareSession struct{ *bareStack }

func (s *bareSession) Reset()                               {}
func (s *bareSession) Logout() error                        { s.sessions.Done(); return nil }
func (s *bareSession) Mail(string, *smtp.MailOptions) error { return nil }
func (s *bareSession) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s *bareSession) Data(r io.Reader) error               { return s.take(r) }
func (s *bareSession) lookup(name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return s.resolver.LookupTXT(ctx, name)
}

// take is all that happens to a mail.
func (s *bareSession) take(r io.Reader) error {
	mail, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	found, err := dkim.VerifyWithOptions(bytes.NewReader(mail), &dkim.VerifyOptions{LookupTXT: s.lookup})
	if err != nil {
		return err
	}
	if len(found) == 0 || found[0].Err != nil {
		return errors.New("the signature does not hold")
	}
	if err := walk(mail); err != nil {
		return err
	}
	p := &barePut{value: mail, done: make(chan error, 1)}
	s.queue <- p
	return <-p.done
}

// walk hashes every part.
func walk(mail []byte) error {
	e, err := message.Read(bytes.NewReader(mail))
	if err != nil {
		return err
	}
	return e.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil || part.MultipartReader() != nil {
			return err
		}
		h := sha256.New()
		_, err = io.Copy(h, part.Body)
		return err
	})
}
