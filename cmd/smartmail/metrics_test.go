package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/smtp"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"smartmail/dnsresolve"
	"smartmail/smtpd"
	"smartmail/testrig"
)

// metricsPage tells of every metric.
const metricsPage = "../../docs/metrics.md"

// described reads what the registry says of its metrics; Desc shows that in no other form.
var described = regexp.MustCompile(`^Desc\{fqName: "(smartmail_[a-z0-9_]+)", help: "(.*?)", unit: ".*", constLabels: \{\}, variableLabels: \{(.*)\}\}$`)

// catalogue has a row of docs/metrics.md for each metric of the program.
func catalogue(t *testing.T, r *prometheus.Registry) (rows []string) {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for _, f := range families {
		kinds[f.GetName()] = strings.ToLower(f.GetType().String())
	}
	all := make(chan *prometheus.Desc)
	go func() { r.Describe(all); close(all) }()
	for d := range all {
		m := described.FindStringSubmatch(d.String())
		if m == nil {
			continue // of the runtime or the process
		}
		kind := kinds[m[1]]
		switch {
		case kind != "":
		case strings.HasSuffix(m[1], "_total"): // nothing has happened yet
			kind = "counter"
		case m[1] == "smartmail_http_request_seconds":
			kind = "histogram"
		default:
			kind = "gauge"
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |", m[1], kind, strings.ReplaceAll(m[3], ",", ", "), m[2]))
	}
	slices.Sort(rows)
	return rows
}

// quiet is a service on an empty folder, of which only the metrics are read.
func quiet(t *testing.T) *service {
	t.Helper()
	cfg, err := (&demoCmd{SMTP: "127.0.0.1:0", HTTP: "127.0.0.1:0", Data: t.TempDir()}).config()
	if err != nil {
		t.Fatal(err)
	}
	svc, err := openService(t.Context(), cfg, logger(t.Output()), demoZone{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := svc.close(); err != nil {
			t.Error(err)
		}
	})
	return svc
}

// The page tells of each metric what the program does, and of no other.
func TestMetricsAreDocumented(t *testing.T) {
	page, err := os.ReadFile(metricsPage)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for l := range strings.Lines(string(page)) {
		if strings.HasPrefix(l, "| `smartmail_") {
			have = append(have, strings.TrimSpace(l))
		}
	}
	if want := catalogue(t, quiet(t).metrics.registry); !slices.Equal(have, want) {
		t.Errorf("the table is to be:\n%s", strings.Join(want, "\n"))
	}
}

// unit is how a name must end (OpenMetrics, section "Units and Base Units"): seconds, bytes, or what is counted.
var unit = regexp.MustCompile(`_(seconds|bytes|total|mails|connections|updates|events|info|writable)$`)

// scrape reads a page of metrics, strictly.
func scrape(t *testing.T, addr string) map[string]*dto.MetricFamily {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	page, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", res.Status, err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		t.Fatalf("%v\n%s", err, page)
	}
	return families
}

// sum adds up a family: values, or how often a histogram was observed, of the metrics that have this label value.
func sum(f *dto.MetricFamily, label string) (n float64) {
	for _, m := range f.GetMetric() {
		if label == "" || slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool { return l.GetValue() == label }) {
			n += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return n
}

// After some traffic the running program tells of it.
func TestMetricsOfARunningService(t *testing.T) {
	i := rigged(t, nil)
	mail := []byte("From: a@b.example\r\nSubject: x\r\nMessage-ID: <1@b>\r\n\r\nx\r\n")
	if err := smtp.SendMail(i.SMTP, nil, "a@b.example", []string{testrig.Intake}, mail); err != nil {
		t.Fatal(err)
	}
	if err := smtp.SendMail(i.SMTP, nil, "a@b.example", []string{"nobody@" + testrig.Domain}, mail); err == nil {
		t.Fatal("a mail to nobody was taken")
	}
	i.call(http.MethodGet, "/api/v1/cases/1", nil, nil)
	got := scrape(t, i.HTTP)
	for name, f := range got {
		if own := strings.HasPrefix(name, "smartmail_"); own && (!unit.MatchString(name) || f.GetHelp() == "") {
			t.Errorf("%s has no unit, or no help", name)
		}
	}
	for _, tt := range []struct {
		name  string
		kind  dto.MetricType
		label string
		least float64
	}{
		{"smartmail_smtp_connection_seconds", dto.MetricType_HISTOGRAM, "", 1},
		{"smartmail_smtp_refusals_total", dto.MetricType_COUNTER, string(smtpd.RefusedRecipient), 1},
		{"smartmail_smtp_mails_total", dto.MetricType_COUNTER, "250", 1},
		{"smartmail_intake_step_seconds", dto.MetricType_HISTOGRAM, "verify", 1},
		{"smartmail_intake_step_seconds", dto.MetricType_HISTOGRAM, "parse", 1},
		{"smartmail_intake_step_seconds", dto.MetricType_HISTOGRAM, "resolve", 1},
		{"smartmail_intake_step_seconds", dto.MetricType_HISTOGRAM, "commit", 1},
		{"smartmail_store_commit_seconds", dto.MetricType_HISTOGRAM, "", 1},
		{"smartmail_store_sync_seconds", dto.MetricType_HISTOGRAM, "", 1},
		{"smartmail_store_commit_updates", dto.MetricType_HISTOGRAM, "", 1},
		{"smartmail_dns_lookups_total", dto.MetricType_COUNTER, string(dnsresolve.Absent), 1},
		{"smartmail_http_requests_total", dto.MetricType_COUNTER, "/api/v1/cases/:number", 1},
		{"smartmail_http_request_seconds", dto.MetricType_HISTOGRAM, "/api/v1/cases/:number", 1},
		{"smartmail_store_writable", dto.MetricType_GAUGE, "", 1},
		{"smartmail_disk_free_bytes", dto.MetricType_GAUGE, "", 1},
		{"smartmail_follow_behind_events", dto.MetricType_GAUGE, "search", 0},
		{"smartmail_timers_late_seconds", dto.MetricType_GAUGE, "", 0},
		{"smartmail_triage_oldest_seconds", dto.MetricType_GAUGE, "", 0},
		{"smartmail_smtp_held_bytes", dto.MetricType_GAUGE, "spool", 0},
		{"smartmail_outbox_state_oldest_seconds", dto.MetricType_GAUGE, "queued", 0},
		{"smartmail_webhook_deliveries_total", dto.MetricType_COUNTER, "ok", 0},
	} {
		f := got[tt.name]
		if f == nil || f.GetType() != tt.kind || sum(f, tt.label) < tt.least {
			t.Errorf("%s of %q: %v", tt.name, tt.label, f)
		}
	}
}

// What a peer makes up becomes no label.
func TestLabelsAreBounded(t *testing.T) {
	m := newMetrics()
	for n := range 100 {
		m.called(fmt.Sprint("METHOD", n), "", http.StatusMethodNotAllowed, time.Millisecond)
	}
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "smartmail_http_requests_total" && len(f.GetMetric()) != 1 {
			t.Errorf("%d series of made-up methods", len(f.GetMetric()))
		}
	}
}

// BenchmarkObserve is what a mail's metrics cost it: seven steps, and the answer.
func BenchmarkObserve(b *testing.B) {
	m, steps := newMetrics(), intakeSteps()
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range steps {
			m.step(s, time.Millisecond)
		}
		m.Mail(250, 4096, time.Millisecond)
	}
}
