package main

import (
	"context"
	"crypto/tls"
	"errors"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"smartmail/casework"
	"smartmail/follow"
)

// gauges tell of what is, whenever somebody looks: what waits, what is behind, what room is left. It is a prometheus.Collector.
type gauges struct {
	s *service

	oldest, waiting, byState, triage, timers, behind, held, free, writable, certificate *prometheus.Desc

	mu   sync.Mutex // held while one looks
	at   time.Time
	last []prometheus.Metric
}

// lookEvery bounds how often is looked, since that reads and writes the store, and anybody may ask.
const lookEvery = time.Second

func newGauges(s *service) *gauges {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &gauges{
		s:           s,
		oldest:      desc("smartmail_outbox_oldest_seconds", "Age of the oldest mail that is neither delivered nor given up; 0: none waits."),
		waiting:     desc("smartmail_outbox_mails", "Mails that wait, by state: queued, deferred. No more than 10000 are counted of each.", "state"),
		byState:     desc("smartmail_outbox_state_oldest_seconds", "Age of the oldest mail that waits, by state: queued, deferred; 0: none does.", "state"),
		triage:      desc("smartmail_triage_oldest_seconds", "Age of the oldest mail that waits for a person; 0: none does."),
		timers:      desc("smartmail_timers_late_seconds", "How long the first timer that is due is late; 0: none is. They run every minute."),
		behind:      desc("smartmail_follow_behind_events", "Events of the log that are not derived yet, by what is derived: search, figures. Of the organisation that has most.", "follower"),
		held:        desc("smartmail_smtp_held_bytes", "Bytes of mails whose data is under way or being taken in, by place: memory, spool.", "place"),
		free:        desc("smartmail_disk_free_bytes", "Free bytes on the disk of the data folder."),
		writable:    desc("smartmail_store_writable", "1: the store can be written; 0: it can't, and mail is answered 451."),
		certificate: desc("smartmail_smtp_certificate_expiry_timestamp_seconds", "When the certificate of SMTP expires, in Unix time; absent without one."),
	}
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.oldest, g.waiting, g.byState, g.triage, g.timers, g.behind, g.held, g.free, g.writable, g.certificate} {
		out <- d
	}
}

// Collect implements prometheus.Collector. What can't be read is left out, and alerts on its absence.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := time.Now(); now.Sub(g.at) >= lookEvery {
		const patience = 5 * time.Second
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		g.last = g.last[:0]
		if err := errors.Join(g.backlog(ctx), g.lag(ctx), g.room(ctx)); err != nil {
			g.s.log.Error("what waits can't be measured", "err", err)
		}
		g.at = time.Now()
	}
	for _, m := range g.last {
		out <- m
	}
}

func (g *gauges) set(d *prometheus.Desc, v float64, labels ...string) {
	g.last = append(g.last, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...))
}

// backlog measures what waits in the store.
func (g *gauges) backlog(ctx context.Context) error {
	b, err := g.s.desk.Backlog(ctx)
	if err == nil {
		g.set(g.oldest, max(b.Outbox[casework.Queued], b.Outbox[casework.Deferred]).Seconds())
		for state, age := range b.Outbox {
			g.set(g.byState, age.Seconds(), string(state))
		}
		g.set(g.triage, b.Triage.Seconds())
		g.set(g.timers, b.Timers.Seconds())
	}
	waiting, failed := g.s.desk.OutboxWaiting(ctx)
	for state, n := range waiting {
		g.set(g.waiting, float64(n), string(state))
	}
	return errors.Join(err, failed)
}

// lag measures how far what is derived is behind.
func (g *gauges) lag(ctx context.Context) (err error) {
	for name, f := range map[string]*follow.Follower{"search": g.s.derived.Follower, "figures": g.s.derived.figures.Follower} {
		var most uint64
		for _, org := range g.s.desk.Orgs {
			n, failed := f.Behind(ctx, org)
			most, err = max(most, n), errors.Join(err, failed)
		}
		g.set(g.behind, float64(most), name)
	}
	return err
}

// room measures whether there is room for more mail.
func (g *gauges) room(ctx context.Context) error {
	writable := 1.0
	failed := g.s.desk.Ready(ctx)
	if failed != nil {
		writable = 0
	}
	g.set(g.writable, writable)
	free, err := diskFree(g.s.cfg.DataDir)
	if err == nil {
		g.set(g.free, float64(free))
	}
	if mail := g.s.mail.Load(); mail != nil {
		memory, spool := mail.Held()
		g.set(g.held, float64(memory), "memory")
		g.set(g.held, float64(spool), "spool")
	}
	if get := g.s.certificate.Load(); get != nil {
		if c, err := (*get)(&tls.ClientHelloInfo{}); err == nil && c.Leaf != nil {
			g.set(g.certificate, float64(c.Leaf.NotAfter.Unix()))
		}
	}
	return errors.Join(failed, err)
}

// diskFree is how many bytes are free on a folder's disk.
func diskFree(dir string) (uint64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	return fs.Bavail * uint64(fs.Bsize), nil // Bsize is positive
}
