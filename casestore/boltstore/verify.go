package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/bbolt"

	"smartmail/casestore"
)

// Verify implements casestore.Store. It reads every row (checksum, and an entry for each of its index keys), every index
// entry (a row that has it) and every series, on a snapshot; then, if all is well, bbolt's pages, for which
// Updates wait. The error is for what keeps it from reading on: a cancelled context, a closed store.
func (s *Store) Verify(ctx context.Context, report func(problem string)) error {
	clean := true
	err := s.read(ctx, func(base *bbolt.Tx) error {
		v := verifier{ctx: ctx, base: base, report: func(format string, args ...any) {
			clean = false
			report(fmt.Sprintf(format, args...))
		}}
		var stop error
		if err := guard(func() error { stop = v.all(); return nil }); err != nil {
			v.report("%v", err) // a page that cannot be read: the rest is not reached
		}
		return stop
	})
	if err != nil || !clean {
		return err // damage that a row shows may crash the look at the pages
	}
	return s.verifyPages(ctx, report)
}

func (s *Store) verifyPages(ctx context.Context, report func(string)) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := errors.Join(ctx.Err(), s.usable()); err != nil {
		return err
	}
	tx, err := s.db.Begin(true) // bbolt's freelist must hold still
	if err != nil {
		return ours("verify", err)
	}
	for problem := range tx.Check() {
		report("pages: " + problem.Error())
	}
	return tx.Rollback()
}

type verifier struct {
	ctx    context.Context
	base   *bbolt.Tx
	report func(format string, args ...any)
}

func (v *verifier) all() error {
	return v.base.ForEach(func(name []byte, b *bbolt.Bucket) error {
		table, index, isIndex := strings.Cut(string(name), ".")
		check := v.row
		switch {
		case string(name) == metaBucket:
			return nil
		case string(name) == seriesBucket:
			check = v.series
		case isIndex:
			check = v.entry
		}
		return b.ForEach(func(key, value []byte) error {
			if err := v.ctx.Err(); err != nil {
				return fmt.Errorf("verify: %w", err)
			}
			check(table, index, key, value)
			return nil
		})
	})
}

func (v *verifier) row(table, _ string, key, value []byte) {
	rec, err := decodeRow(key, value)
	if err != nil {
		v.report("%s: %v", table, err)
		return
	}
	for index, pos := range rec.positions(key) {
		b := v.base.Bucket([]byte(indexBucket(table, index)))
		if b == nil || !bytes.Equal(b.Get(pos), key) {
			v.report("%s: row %x has no entry %x in index %s", table, key, pos, index)
		}
	}
}

func (v *verifier) entry(table, index string, pos, key []byte) {
	var stored []byte
	if b := v.base.Bucket([]byte(table)); b != nil {
		stored = b.Get(key)
	}
	if stored == nil {
		v.report("%s: entry %x of index %s points to row %x, which is not there", table, pos, index, key)
		return
	}
	rec, err := decodeRow(key, stored)
	if err != nil {
		return // reported with the row
	}
	for name, p := range rec.positions(key) {
		if name == index && bytes.Equal(p, pos) {
			return
		}
	}
	v.report("%s: entry %x of index %s is none of row %x", table, pos, index, key)
}

func (v *verifier) series(_, _ string, key, value []byte) {
	if len(value) != 8 || casestore.Key(key).Org() == nil {
		v.report("series %x: malformed", key)
	}
}
