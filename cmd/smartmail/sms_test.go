package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"smartmail/testrig"
)

// A technician who is given a case gets a text message, and the provider tells that it arrived.
func TestSMSFromEndToEnd(t *testing.T) {
	sent := make(chan url.Values, 2)
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "u1" || password != "hemligt" || r.ParseForm() != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		sent <- r.PostForm
		_, _ = w.Write([]byte(`{"id":"s70df","status":"created"}`)) // to a loopback
	}))
	defer provider.Close()
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("hemligt\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	i := rigged(t, func(o *testrig.Options) {
		o.Top = "sms: {provider: 46elks, from: Bostad, username: u1, password_file: " + secret + ", url: \"" + provider.URL + "\"}\n"
	})
	i.call("PUT", "/api/v1/contacts/nora", map[string]any{
		"id": "nora", "parts": []string{"technician"}, "name": "Nora", "phones": []string{"070-174 06 05"}, "notify": map[string]any{"new_case": "sms"},
	}, nil)
	i.call("PUT", "/api/v1/routes/all", map[string]any{"id": "all", "assignee": "nora"}, nil)
	i.call("POST", "/api/v1/cases", map[string]any{"subject": "Droppande kran"}, nil)
	var form url.Values
	select {
	case form = <-sent:
	case <-i.ctx.Done():
		t.Fatal("nothing was sent")
	}
	if form.Get("to") != "+46701740605" || form.Get("from") != "Bostad" || form.Get("message") == "" {
		t.Errorf("sent %v", form)
	}
	u, err := url.Parse(form.Get("whendelivered"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.PostForm("http://"+i.HTTP+u.Path, url.Values{"id": {"s70df"}, "status": {"delivered"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusNoContent {
		t.Errorf("the provider's word is answered %s, %v", resp.Status, err)
	}
	var list struct {
		Items []struct{ State, To, Contact string }
	}
	i.call("GET", "/api/v1/sms", nil, &list)
	if len(list.Items) != 1 || list.Items[0].State != "delivered" || list.Items[0].Contact != "nora" {
		t.Errorf("listed: %+v", list.Items)
	}
}
