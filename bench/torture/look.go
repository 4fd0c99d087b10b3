package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"smartmail/blobstore/files"
	"smartmail/casestore"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/testrig"
)

// stored is a mail as it lies in a store.
type stored struct {
	sum    string
	times  int
	places map[string]bool // entries and items of triage
	cases  map[casework.CaseNumber]bool
}

// have is what a store holds.
type have struct {
	mails map[string]*stored             // that came in, by their Message-ID
	out   map[string]casework.OutboxItem // that go out, by theirs
	told  map[casework.CaseNumber]int    // how many of these are of a case
}

// look opens the store of a program that has ended, verifies it, and returns what is in it. What is wrong with it goes to report; an
// error is a store that cannot be opened or read.
func look(ctx context.Context, data string, report func(string)) (h have, err error) {
	log := slog.New(slog.DiscardHandler)
	store, err := boltstore.Open(filepath.Join(data, "smartmail.db"), boltstore.Options{Log: log})
	if err != nil {
		return h, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	blobs, err := files.Open(filepath.Join(data, "blobs"))
	if err != nil {
		return h, err
	}
	d := desk.New(desk.Options{Store: store, Blobs: blobs, Orgs: []casework.OrgID{testrig.Org}, Log: log})
	if _, err := d.Verify(ctx, report); err != nil {
		return h, err
	}
	err = store.View(ctx, func(tx casestore.Tx) error {
		h = have{mails: map[string]*stored{}, told: map[casework.CaseNumber]int{}}
		for f, err := range casestore.Mails.Scan(tx, casestore.Query{Prefix: casestore.K(testrig.Org)}) {
			if err != nil {
				return err
			}
			h.note(f.Record)
		}
		if h.out, err = outgoing(tx, report); err != nil {
			return err
		}
		for _, item := range h.out {
			h.told[item.Case]++
		}
		return nil
	})
	return h, err
}

func (h have) note(mail casework.Mail) {
	id := mail.Content.MessageID
	m := h.mails[id]
	if m == nil {
		m = &stored{sum: mail.Raw.SHA256, places: map[string]bool{}, cases: map[casework.CaseNumber]bool{}}
		h.mails[id] = m
	}
	m.times++
	for _, p := range mail.Places {
		m.places[string(p.Entry)], m.places[string(p.Triage)] = true, true
		if p.Case != 0 {
			m.cases[p.Case] = true
		}
	}
}

// account holds a store against what was sent and answered.
func account(ctx context.Context, o *outcome, data, when string, sent []*mail, owed func(*mail) bool) error {
	_, err := held(ctx, o, data, when, sent, owed)
	return err
}

// held is account, and returns what is in the store.
func held(ctx context.Context, o *outcome, data, when string, sent []*mail, owed func(*mail) bool) (have, error) {
	h, err := look(ctx, data, func(problem string) { o.fault("%s: %s", when, problem) })
	if err != nil {
		o.fault("%s: the store cannot be read: %v", when, err)
		return h, ctx.Err()
	}
	known := map[string]bool{}
	for _, m := range sent {
		s := h.mails[m.id]
		known[m.id] = true
		switch {
		case s == nil && owed(m):
			o.fault("%s: %s was answered %q and is lost", when, m.id, m.answer)
		case s == nil:
		case s.times != 1 || s.sum != m.sum:
			o.fault("%s: %s is there %d times, as it was sent: %v", when, m.id, s.times, s.sum == m.sum)
		case owed(m) && !named(s, m.answer):
			o.fault("%s: %s was answered %q and lies at %v", when, m.id, m.answer, s.places)
		default:
			h.acknowledged(o, when, m)
		}
	}
	for id := range h.mails {
		if !known[id] {
			o.fault("%s: %s was never sent", when, id)
		}
	}
	return h, nil
}

// named reports whether all that an answer names is there.
func named(s *stored, answer string) bool {
	places := testrig.Places(answer)
	for _, p := range places {
		if !s.places[p.Entry+p.Triage] {
			return false
		}
	}
	return len(places) > 0
}

// answeredOnes are owed where every answer counts.
func answeredOnes(m *mail) bool { return m.answer != "" }

// extra counts mails that are there without having been answered.
func extra(ctx context.Context, data string, sent []*mail) (n int, err error) {
	h, err := look(ctx, data, func(string) {})
	if err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	for _, m := range sent {
		if m.answer == "" && h.mails[m.id] != nil {
			n++
		}
	}
	return n, nil
}

func makeDir(dir string) error { return os.MkdirAll(dir, 0o700) }
