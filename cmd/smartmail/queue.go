package main

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// queueGauges tell of the outbox whenever somebody looks. It is a prometheus.Collector.
type queueGauges struct {
	s        *service
	age, len *prometheus.Desc
}

func newQueueGauges(s *service) queueGauges {
	return queueGauges{s,
		prometheus.NewDesc("smartmail_outbox_oldest_seconds", "Age of the oldest mail that is neither delivered nor given up; 0: none waits.", nil, nil),
		prometheus.NewDesc("smartmail_outbox_mails", "Mails that wait, by state: queued, deferred. No more than 10000 are counted of each.", []string{"state"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (g queueGauges) Describe(out chan<- *prometheus.Desc) { out <- g.age; out <- g.len }

// Collect implements prometheus.Collector. What can't be read is left out, and alerts on its absence.
func (g queueGauges) Collect(out chan<- prometheus.Metric) {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	age, err := g.s.desk.QueueAge(ctx)
	if err == nil {
		out <- prometheus.MustNewConstMetric(g.age, prometheus.GaugeValue, age.Seconds())
	}
	waiting, failed := g.s.desk.OutboxWaiting(ctx)
	for state, n := range waiting {
		out <- prometheus.MustNewConstMetric(g.len, prometheus.GaugeValue, float64(n), string(state))
	}
	if err != nil || failed != nil {
		g.s.log.Error("the outbox can't be counted", "err", errors.Join(err, failed))
	}
}

// queueAge is the age of the oldest waiting mail as /readyz shows it.
func (s *service) queueAge(ctx context.Context) string {
	age, err := s.desk.QueueAge(ctx)
	if err != nil {
		return "unknown"
	}
	return age.Round(time.Second).String()
}
