package main

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"smartmail/dnsresolve"
	"smartmail/smtpd"
)

// metrics is what the parts are observed with; it is smtpd's Observer. docs/metrics.md tells of each, and a test holds the two together.
// Labels take their values from fixed lists: nothing that a peer says becomes one.
type metrics struct {
	registry  *prometheus.Registry
	open      prometheus.Gauge
	session   prometheus.Histogram
	refused   *prometheus.CounterVec
	turned    *prometheus.CounterVec
	mails     *prometheus.CounterVec
	mailOf    map[int]prometheus.Counter // of mails, by the codes that are usual
	size      prometheus.Histogram
	answer    prometheus.Histogram
	stepOf    map[string]prometheus.Observer
	commits   prometheus.Histogram
	synced    prometheus.Histogram
	batch     prometheus.Histogram
	written   prometheus.Counter
	lookupOf  map[dnsresolve.Outcome]prometheus.Counter
	sending   *prometheus.CounterVec
	links     *prometheus.CounterVec
	transport *prometheus.CounterVec
	unerased  prometheus.Counter
	webhookOf map[string]prometheus.Counter
	calls     *prometheus.CounterVec
	callTook  *prometheus.HistogramVec
}

// intakeSteps are those of a mail on its way in.
func intakeSteps() []string {
	return []string{"read", "hash", "parse", "verify", "scan", "resolve", "commit"}
}

func newMetrics() *metrics {
	fast := prometheus.ExponentialBuckets(0.0001, 2.5, 14) // 0.1 ms to 15 s
	m := &metrics{
		registry: prometheus.NewRegistry(), stepOf: map[string]prometheus.Observer{}, lookupOf: map[dnsresolve.Outcome]prometheus.Counter{}, webhookOf: map[string]prometheus.Counter{}, mailOf: map[int]prometheus.Counter{},
		open:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "smartmail_smtp_connections", Help: "SMTP connections that are open."}),
		session:   histogram("smartmail_smtp_connection_seconds", "How long SMTP connections were open.", prometheus.ExponentialBuckets(0.001, 4, 11)),
		refused:   counters("smartmail_smtp_connections_refused_total", "SMTP connections refused before the dialogue, by reason.", "reason"),
		turned:    counters("smartmail_smtp_refusals_total", "Replies of 4xx and 5xx to SMTP commands and mails, by code and reason.", "code", "reason"),
		mails:     counters("smartmail_smtp_mails_total", "Mails answered after their data, by reply code.", "code"),
		size:      histogram("smartmail_smtp_mail_bytes", "Size of mails.", prometheus.ExponentialBuckets(1024, 4, 9)),
		answer:    histogram("smartmail_smtp_answer_seconds", "From a mail's last octet to its reply.", fast),
		commits:   histogram("smartmail_store_commit_seconds", "Durable commits.", fast),
		synced:    histogram("smartmail_store_sync_seconds", "The part of a durable commit that writes pages and has them synced, twice.", fast),
		batch:     histogram("smartmail_store_commit_updates", "Updates that shared a commit.", prometheus.ExponentialBuckets(1, 2, 9)),
		written:   prometheus.NewCounter(prometheus.CounterOpts{Name: "smartmail_store_written_bytes_total", Help: "Bytes of keys and values committed."}),
		sending:   newSending(),
		links:     newLinks(),
		transport: newTransport(),
		unerased:  prometheus.NewCounter(prometheus.CounterOpts{Name: "smartmail_retention_failures_total", Help: "Cases that a retention rule could not erase, each time that it was tried."}),
		calls:     counters("smartmail_http_requests_total", "Answers of the API, by method, route pattern and status.", "method", "route", "status"),
		callTook: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "smartmail_http_request_seconds", Help: "How long the API took to answer, by route pattern.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 8), // 1 ms to 16 s
		}, []string{"route"}),
	}
	steps := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "smartmail_intake_step_seconds", Help: "Steps of taking a mail in: read and within it hash, parse and verify; scan; commit and within it resolve.", Buckets: fast}, []string{"step"})
	for _, s := range intakeSteps() {
		m.stepOf[s] = steps.WithLabelValues(s)
	}
	lookups := counters("smartmail_dns_lookups_total", "Questions that DNS servers were asked, since the cache did not know, by what came of them: found, absent, failed.", "result")
	for _, o := range []dnsresolve.Outcome{dnsresolve.Found, dnsresolve.Absent, dnsresolve.Failed} {
		m.lookupOf[o] = lookups.WithLabelValues(string(o))
	}
	hooks := counters("smartmail_webhook_deliveries_total", "Events that webhooks were told, by what came of it: ok (2xx), refused (another status), unreachable.", "result")
	for _, r := range []string{"ok", "refused", "unreachable"} {
		m.webhookOf[r] = hooks.WithLabelValues(r)
	}
	m.known()
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "smartmail_build_info", Help: "1, with the version of the program and of Go."}, []string{"version", "goversion"})
	build.WithLabelValues(version(), runtime.Version()).Set(1)
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), build,
		m.open, m.session, m.refused, m.turned, m.mails, m.size, m.answer, steps, m.commits, m.synced, m.batch, m.written, lookups,
		m.sending, m.links, m.transport, m.unerased, hooks, m.calls, m.callTook)
	return m
}

// known makes the values that alerts ask for be there, at 0, before the first of them happens: a rate needs a beginning.
func (m *metrics) known() {
	for _, r := range []smtpd.Reason{smtpd.RefusedTotal, smtpd.RefusedPerIP, smtpd.RefusedProxy} {
		m.refused.WithLabelValues(string(r))
	}
	for _, code := range []int{250, 451, 550, 552, 554} {
		m.mailOf[code] = m.mails.WithLabelValues(strconv.Itoa(code))
	}
	m.turned.WithLabelValues("451", string(smtpd.RefusedLocal))
	for _, state := range []string{"sent", "deferred", "failed"} {
		m.sending.WithLabelValues(state)
	}
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
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

// Turned implements smtpd.Observer.
func (m *metrics) Turned(code string, why smtpd.Refusal) {
	m.turned.WithLabelValues(code, string(why)).Inc()
}

// Mail implements smtpd.Observer.
func (m *metrics) Mail(code int, size int64, took time.Duration) {
	if usual := m.mailOf[code]; usual != nil {
		usual.Inc()
	} else {
		m.mails.WithLabelValues(strconv.Itoa(code)).Inc()
	}
	m.size.Observe(float64(size))
	m.answer.Observe(took.Seconds())
}

func (m *metrics) step(name string, took time.Duration) { m.stepOf[name].Observe(took.Seconds()) }

func (m *metrics) resolved(took time.Duration) { m.step("resolve", took) }

func (m *metrics) looked(o dnsresolve.Outcome) { m.lookupOf[o].Inc() }

func (m *metrics) wrote(took time.Duration) { m.synced.Observe(took.Seconds()) }

func (m *metrics) commit(batch, bytes int, took time.Duration) {
	m.commits.Observe(took.Seconds())
	m.batch.Observe(float64(batch))
	m.written.Add(float64(bytes))
}

// told counts a delivery to a webhook.
func (m *metrics) told(status int, _ time.Duration) {
	switch {
	case status == 0:
		m.webhookOf["unreachable"].Inc()
	case status/100 == 2:
		m.webhookOf["ok"].Inc()
	default:
		m.webhookOf["refused"].Inc()
	}
}

// called counts an answer of the API. A method or route that the API does not have counts as "none": peers make them up.
func (m *metrics) called(method, route string, status int, took time.Duration) {
	if route == "" {
		method, route = "none", "none"
	}
	m.calls.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.callTook.WithLabelValues(route).Observe(took.Seconds())
}
