package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"smartmail/smtpd"
)

// metrics is what the parts are observed with; it is smtpd's Observer.
type metrics struct {
	registry  *prometheus.Registry
	open      prometheus.Gauge
	session   prometheus.Histogram
	refused   *prometheus.CounterVec
	mails     *prometheus.CounterVec
	size      prometheus.Histogram
	answer    prometheus.Histogram
	steps     *prometheus.HistogramVec
	commits   prometheus.Histogram
	batch     prometheus.Histogram
	written   prometheus.Counter
	sending   *prometheus.CounterVec
	links     *prometheus.CounterVec
	transport *prometheus.CounterVec
}

func newMetrics() *metrics {
	fast := prometheus.ExponentialBuckets(0.0001, 2.5, 14) // 0.1 ms to 15 s
	m := &metrics{
		registry:  prometheus.NewRegistry(),
		open:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "smartmail_smtp_connections", Help: "SMTP connections that are open."}),
		session:   prometheus.NewHistogram(prometheus.HistogramOpts{Name: "smartmail_smtp_connection_seconds", Help: "How long SMTP connections were open.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 11)}),
		refused:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smartmail_smtp_connections_refused_total", Help: "SMTP connections refused before the dialogue, by reason."}, []string{"reason"}),
		mails:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smartmail_smtp_mails_total", Help: "Mails answered after their data, by reply code."}, []string{"code"}),
		size:      prometheus.NewHistogram(prometheus.HistogramOpts{Name: "smartmail_smtp_mail_bytes", Help: "Size of mails.", Buckets: prometheus.ExponentialBuckets(1024, 4, 9)}),
		answer:    prometheus.NewHistogram(prometheus.HistogramOpts{Name: "smartmail_smtp_answer_seconds", Help: "From a mail's last octet to its reply.", Buckets: fast}),
		steps:     prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "smartmail_intake_step_seconds", Help: "Steps of taking a mail in: read (verify, parse, hash), scan and commit.", Buckets: fast}, []string{"step"}),
		commits:   prometheus.NewHistogram(prometheus.HistogramOpts{Name: "smartmail_store_commit_seconds", Help: "Durable commits.", Buckets: fast}),
		batch:     prometheus.NewHistogram(prometheus.HistogramOpts{Name: "smartmail_store_commit_updates", Help: "Updates that shared a commit.", Buckets: prometheus.ExponentialBuckets(1, 2, 9)}),
		written:   prometheus.NewCounter(prometheus.CounterOpts{Name: "smartmail_store_written_bytes_total", Help: "Bytes of keys and values committed."}),
		sending:   newSending(),
		links:     newLinks(),
		transport: newTransport(),
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.open, m.session, m.refused, m.mails, m.size, m.answer, m.steps, m.commits, m.batch, m.written, m.sending, m.links, m.transport)
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Opened implements smtpd.Observer.
func (m *metrics) Opened() { m.open.Inc() }

// Closed implements smtpd.Observer.
func (m *metrics) Closed(open time.Duration) {
	m.open.Dec()
	m.session.Observe(open.Seconds())
}

// Refused implements smtpd.Observer.
func (m *metrics) Refused(why smtpd.Reason) { m.refused.WithLabelValues(string(why)).Inc() }

// Mail implements smtpd.Observer.
func (m *metrics) Mail(code int, size int64, took time.Duration) {
	m.mails.WithLabelValues(strconv.Itoa(code)).Inc()
	m.size.Observe(float64(size))
	m.answer.Observe(took.Seconds())
}

func (m *metrics) step(name string, took time.Duration) {
	m.steps.WithLabelValues(name).Observe(took.Seconds())
}

func (m *metrics) commit(batch, bytes int, took time.Duration) {
	m.commits.Observe(took.Seconds())
	m.batch.Observe(float64(batch))
	m.written.Add(float64(bytes))
}
