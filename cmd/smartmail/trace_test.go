package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/smtp"
	"regexp"
	"strings"
	"testing"

	"smartmail/testrig"
)

// One id leads from the peer's mail through the log and the entry to the mail that it caused, and from a request to its problem.
func TestTraceFromMailToMail(t *testing.T) {
	post, err := testrig.NewPost(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = post.Close() }()
	i := rigged(t, func(o *testrig.Options) {
		o.Top = "relay: {mode: smarthost, smarthost: {address: \"" + post.Addr + "\", tls: none}}\n"
	})
	mail := []byte("From: anna@home.example\r\nSubject: Kran\r\nMessage-ID: <1@home.example>\r\n\r\nDen droppar.\r\n")
	if err := smtp.SendMail(i.SMTP, nil, "anna@home.example", []string{testrig.Intake}, mail); err != nil {
		t.Fatal(err)
	}
	var list struct {
		Items []struct {
			Kind    string
			TraceID string `json:"trace_id"`
			Trace   string
		}
	}
	i.call(http.MethodGet, "/api/v1/cases/1/entries", nil, &list)
	id := ""
	for _, e := range list.Items {
		if len(e.TraceID) != 32 || id != "" && e.TraceID != id {
			t.Errorf("%s has the id %q, the first %q", e.Kind, e.TraceID, id)
		}
		id = e.TraceID
		if e.Kind == "mail_in" && !strings.Contains(e.Trace, " id "+id+"; ") {
			t.Errorf("our Received line is %q", e.Trace)
		}
	}
	in, out := regexp.MustCompile(`msg=mail .*code=250 .*trace=`+id), regexp.MustCompile(`msg="outgoing mail" .*state=sent .*trace=`+id)
	if err := testrig.Await(i.ctx, func() bool { return in.MatchString(i.Log()) && out.MatchString(i.Log()) }); err != nil {
		t.Errorf("%s is not in both lines of the log:\n%s", id, i.Log())
	}

	for path, status := range map[string]int{"/api/v1/cases/99": http.StatusNotFound, "/nothing": http.StatusNotFound} {
		res, err := i.Do(i.ctx, http.MethodGet, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		var problem struct {
			Status  int
			TraceID string `json:"trace_id"`
		}
		if err != nil || json.Unmarshal(body, &problem) != nil || problem.Status != status || len(problem.TraceID) != 32 {
			t.Errorf("%s: %s, %v", path, body, err)
		}
	}
}
