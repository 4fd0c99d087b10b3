package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"smartmail/testrig"
)

// crash records what the real program does to its files while mail comes in, from the first start of an empty folder to its stop, and
// cuts the power at moments in between.
func (r *rack) crash(ctx context.Context, tell func(outcome)) error {
	dir := filepath.Join(r.dir, "crash")
	m := &mailer{rnd: r.rnd, prefix: "c"}
	t, err := r.record(ctx, dir, func(binary string) error { return r.recordedLoad(ctx, dir, binary, m) })
	if err != nil {
		return err
	}
	o := outcome{trial: "power cut at recorded calls", mails: m.answered()}
	if len(t.answers) < o.mails {
		return fmt.Errorf("the record has %d answers, the peers heard %d", len(t.answers), o.mails)
	}
	if err := r.cuts(ctx, &o, t, m); err != nil {
		return err
	}
	syncs := 0
	for _, a := range t.acts {
		if a.kind == syncFile || a.kind == syncDir {
			syncs++
		}
	}
	o.note = fmt.Sprintf("at %d of %d calls on files (%d syncs): what is not synced is lost, or there, or torn", min(r.points, len(t.acts)), len(t.acts), syncs)
	tell(o)
	return nil
}

// recordedLoad is a short life of the program, with mails of all kinds.
func (r *rack) recordedLoad(ctx context.Context, dir, binary string, m *mailer) error {
	i, err := r.start(ctx, testrig.Options{Dir: dir, Binary: binary})
	if err != nil {
		return err
	}
	defer i.Kill() // where it did not come to its end
	if m.address, err = openCase(ctx, i); err != nil {
		return err
	}
	loading, stop := context.WithTimeout(ctx, 1500*time.Millisecond)
	defer stop()
	m.load(loading, i.SMTP, 4)
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return i.Stop(limited)
}

// cuts cuts the power at so many acts of the tape, and looks what is left.
func (r *rack) cuts(ctx context.Context, o *outcome, t tape, m *mailer) error {
	folder := filepath.Join(r.dir, "crash", "data")
	disk := newPlatter(folder)
	owedFrom := map[string]int{} // by what the peer heard
	for _, a := range t.answers {
		text := strings.TrimPrefix(a.text, "250 ")
		if at, ok := owedFrom[text]; !ok || a.line < at {
			owedFrom[text] = a.line
		}
	}
	step := max(1, float64(len(t.acts))/float64(r.points))
	next := 0.0
	for n, a := range t.acts {
		disk.do(a)
		if float64(n) < math.Floor(next) {
			continue
		}
		next += step
		o.rounds++
		for l := range losses {
			if err := r.cut(ctx, o, disk, l, a.ended, m, owedFrom); err != nil {
				return err
			}
		}
	}
	return nil
}

// cut looks at the disk after a power cut just behind a line of the record.
func (r *rack) cut(ctx context.Context, o *outcome, disk *platter, l loss, line int, m *mailer, owedFrom map[string]int) (err error) {
	to, err := os.MkdirTemp(r.dir, "image-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(to)) }()
	// What is derived is made anew after a power cut, and never looked at.
	derived := func(path string) bool { return strings.HasPrefix(filepath.Base(path), "derived") }
	if err := disk.image(to, l, r.rnd, derived); err != nil {
		return err
	}
	owed := func(m *mail) bool {
		at, ok := owedFrom[m.answer]
		return m.answer != "" && ok && at <= line
	}
	if _, err := os.Stat(filepath.Join(to, "smartmail.db")); errors.Is(err, os.ErrNotExist) {
		if i := slices.IndexFunc(m.all, owed); i >= 0 {
			o.fault("line %d, %v: there is no database, and %s was answered", line, l, m.all[i].id)
		}
		return nil
	}
	return account(ctx, o, to, fmt.Sprintf("line %d, %v", line, l), m.all, owed)
}
