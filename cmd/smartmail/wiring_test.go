package main

import (
	"testing"
	"time"

	"smartmail/config"
)

// What an organisation says of deadlines reaches the desk.
func TestNoticesOfDeadlines(t *testing.T) {
	cfg, err := config.Parse("test", []byte("smtp: {hostname: mx.example.org}\norganisations: [{id: a, domain: a.example, deadline: {warn: 24h, escalate_after: 1h, manager: nora}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := notices(cfg)
	if n := all["a"]; err != nil || n.Warn != 24*time.Hour || n.Escalate != time.Hour || n.Manager != "nora" {
		t.Errorf("%+v, %v", n, err)
	}
}
