package webhook_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/webhook"
)

// fakeDesk has one webhook and a log of entries, of which every other is a mail.
type fakeDesk struct {
	w    casework.Webhook
	last uint64
}

func (d *fakeDesk) Webhooks(context.Context, casework.OrgID, casestore.Key, int) (desk.Page[casework.Webhook], error) {
	return desk.Page[casework.Webhook]{Items: []casework.Webhook{d.w}}, nil
}

func (d *fakeDesk) ChangeWebhook(_ context.Context, _ casework.OrgID, _ string, change func(*casework.Webhook)) (casework.Webhook, error) {
	change(&d.w)
	return d.w, nil
}

func (d *fakeDesk) Feed(_ context.Context, org casework.OrgID, after uint64, limit int) (feed []desk.EventView, err error) {
	for seq := after + 1; seq <= d.last && len(feed) < limit; seq++ {
		kind := casework.KindMailIn
		if seq%2 == 0 {
			kind = casework.KindNote
		}
		feed = append(feed, desk.EventView{
			Event: casework.Event{Org: org, Seq: seq, Kind: casework.EventEntry, Case: 7},
			Entry: &desk.EntryView{Entry: casework.Entry{ID: "e1", Kind: kind}},
		})
	}
	return feed, nil
}

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// The example of the Standard Webhooks' own documents.
func TestSign(t *testing.T) {
	got, err := webhook.Sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want || err != nil {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

// A receiver hears what it wants in order; what it refuses it hears again later, and after days nothing more.
func TestDelivery(t *testing.T) {
	var heard []uint64
	status := http.StatusNoContent
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		want, err := webhook.Sign(secret, r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), body)
		var told struct {
			Type string
			Data struct{ Seq, Case uint64 }
		}
		if err != nil || r.Header.Get("webhook-signature") != want || json.Unmarshal(body, &told) != nil || told.Type != "entry.mail_in" || told.Data.Case != 7 {
			t.Errorf("%v %s: %v", r.Header, body, err)
		}
		heard = append(heard, told.Data.Seq)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.Repeat("no ", 1000))
	}))
	defer receiver.Close()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	d := &fakeDesk{w: casework.Webhook{ID: "w", Org: "a", URL: receiver.URL, Secret: secret, Kinds: []string{"mail_in"}}, last: 5}
	teller := webhook.New(webhook.Options{Desk: d, Orgs: []casework.OrgID{"a"}, Private: true, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }})
	pass := func() {
		t.Helper()
		if err := teller.Pass(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	pass()
	pass()
	if len(heard) != 3 || heard[0] != 1 || heard[1] != 3 || heard[2] != 5 || d.w.Seq != 5 {
		t.Fatalf("heard %v, is at %d", heard, d.w.Seq)
	}
	status, d.last = http.StatusInternalServerError, 7
	pass()
	pass() // it is not due yet
	if last := d.w.Last[len(d.w.Last)-1]; len(heard) != 4 || d.w.Seq != 6 || d.w.Attempts != 1 || last.Status != 500 || len(last.Words) != 300 || !d.w.NextAt.Equal(now.Add(5*time.Second)) {
		t.Fatalf("heard %v, %+v", heard, d.w)
	}
	for d.w.DisabledAt.IsZero() && len(heard) < 1000 {
		now = d.w.NextAt
		pass()
	}
	if days := now.Sub(d.w.FailingAt).Hours() / 24; days < 5 || days > 5.1 || len(d.w.Last) != 20 {
		t.Errorf("disabled after %v days and %d attempts, %d are remembered", days, len(heard), len(d.w.Last))
	}
	status, heard = http.StatusOK, nil
	d.w.From(2)
	pass()
	if len(heard) != 3 || heard[0] != 3 || d.w.Seq != 7 || !d.w.DisabledAt.IsZero() {
		t.Errorf("again: %v, %+v", heard, d.w)
	}
}

// Nothing in our own network is asked, by whatever name, nor where a receiver points.
func TestPrivateAddresses(t *testing.T) {
	asked := 0
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer inside.Close()
	port := inside.URL[strings.LastIndex(inside.URL, ":"):]
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.0.0.1", "169.254.169.254", "100.64.0.1", "[fd00::1]", "[64:ff9b::7f00:1]"} {
		d := &fakeDesk{w: casework.Webhook{ID: "w", Org: "a", URL: "http://" + host + port, Secret: secret}, last: 1}
		teller := webhook.New(webhook.Options{Desk: d, Orgs: []casework.OrgID{"a"}, Log: slog.New(slog.DiscardHandler)})
		if err := teller.Pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(d.w.Last) != 1 || d.w.Last[0].Status != 0 || !strings.Contains(d.w.Last[0].Words, "not a public one") {
			t.Errorf("%s: %+v", host, d.w.Last)
		}
	}
	away := httptest.NewServer(http.RedirectHandler(inside.URL, http.StatusFound))
	defer away.Close()
	d := &fakeDesk{w: casework.Webhook{ID: "w", Org: "a", URL: away.URL, Secret: secret}, last: 1}
	teller := webhook.New(webhook.Options{Desk: d, Orgs: []casework.OrgID{"a"}, Private: true, Log: slog.New(slog.DiscardHandler)})
	if err := teller.Pass(t.Context()); err != nil || d.w.Last[0].Status != http.StatusFound {
		t.Errorf("%+v, %v", d.w.Last, err)
	}
	if asked != 0 {
		t.Errorf("what is inside was asked %d times", asked)
	}
}
