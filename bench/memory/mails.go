package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"smartmail/blobstore/files"
	"smartmail/casestore"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/testrig"
)

const patience = 10 * time.Minute // for a connection

func (h *house) dial(ctx context.Context) (*testrig.Peer, error) {
	p, err := testrig.Dial(ctx, h.SMTP)
	if err != nil {
		return nil, err
	}
	if err := p.Conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (h *house) newID() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next++
	return fmt.Sprintf("memory-%d@hem.example", h.next)
}

func (h *house) keep(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept[id] = true
}

// sendBig sends a mail up to its last piece, waits for the others, and ends it. One that is put off is sent again, as peers do: where the
// machine is busy, not every sender can be checked in time.
func (h *house) sendBig(ctx context.Context, signed []byte, waiting *sync.WaitGroup) error {
	const tries, piece = 5, 64 << 10
	id := h.newID() // not signed, so that one signature fits all
	raw := append(fmt.Appendf(nil, "Message-ID: <%s>\r\n", id), signed...)
	var met sync.Once
	meet := func() { met.Do(waiting.Done) }
	defer meet()
	var err error
	for range tries {
		err = func() error {
			p, err := h.dial(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = p.Close() }() // the mail has its answer
			if err := p.Begin(writer, []string{h.address}); err != nil {
				return err
			}
			cut := bytes.LastIndexByte(raw[:len(raw)-piece], '\n') + 1
			if err := p.Text(raw[:cut]); err != nil {
				return err
			}
			meet()
			waiting.Wait()
			_, err = p.Finish(raw[cut:])
			return err
		}()
		if err == nil {
			h.keep(id)
			return nil
		}
		if !testrig.Temporary(err) {
			return err
		}
	}
	return err
}

// photo is a mail of that size with a picture attached. No line of it begins with a dot.
func photo(size int) []byte {
	row := strings.Repeat("0123456789abcdef+/xy", 4)[:76] + "\r\n"
	b := head("multipart/mixed; boundary=bild", size)
	b.WriteString("--bild\r\nContent-Type: text/plain\r\n\r\nSe bilden.\r\n--bild\r\nContent-Type: image/jpeg; name=bild.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	for b.Len() < size-100 {
		b.WriteString(row)
	}
	b.WriteString("--bild--\r\n")
	return b.Bytes()
}

// page is one of that size that is a single HTML text.
func page(size int) []byte {
	b := head("text/html; charset=utf-8", size)
	for n := 0; b.Len() < size-100; n++ {
		fmt.Fprintf(b, "<p>Rad %d: <b>det droppar</b> i badrummet och luktar i hallen.</p>\r\n", n)
	}
	return b.Bytes()
}

func head(kind string, size int) *bytes.Buffer {
	var b bytes.Buffer
	b.Grow(size + 1024)
	fmt.Fprintf(&b, "From: <%s>\r\nTo: <%s>\r\nSubject: Fukt i badrummet\r\nDate: Tue, 24 Nov 2026 09:12:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: %s\r\n\r\n", writer, testrig.Intake, kind)
	return &b
}

// account opens the store of the program, which has ended: it is sound, and each mail that was answered 250 is in it once, whole.
func (h *house) account(ctx context.Context) (err error) {
	log := slog.New(slog.DiscardHandler)
	store, err := boltstore.Open(filepath.Join(h.opt.Data(), "smartmail.db"), boltstore.Options{Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	blobs, err := files.Open(filepath.Join(h.opt.Data(), "blobs"))
	if err != nil {
		return err
	}
	var faults []error
	d := desk.New(desk.Options{Store: store, Blobs: blobs, Orgs: []casework.OrgID{testrig.Org}, Log: log})
	if _, err := d.Verify(ctx, func(problem string) { faults = append(faults, errors.New(problem)) }); err != nil {
		return err
	}
	stored := map[string]int{}
	err = store.View(ctx, func(tx casestore.Tx) error {
		clear(stored)
		for f, err := range casestore.Mails.Scan(tx, casestore.Query{Prefix: casestore.K(testrig.Org)}) {
			if err != nil {
				return err
			}
			stored[f.Record.Content.MessageID]++
		}
		return nil
	})
	for id := range h.kept {
		if stored[id] != 1 {
			faults = append(faults, fmt.Errorf("%s was answered 250 and is there %d times", id, stored[id]))
		}
	}
	if len(stored) > len(h.kept) {
		faults = append(faults, fmt.Errorf("%d mails are there, %d were answered 250", len(stored), len(h.kept)))
	}
	return errors.Join(append(faults, err)...)
}
