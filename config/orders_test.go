package config

import (
	"strings"
	"testing"
	"time"
)

func TestDeadline(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 48 * time.Hour, "{escalate_after: 1h}": 48 * time.Hour, "{warn: 24h}": 24 * time.Hour} {
		c, err := Parse("a.yaml", []byte(good+"    deadline: "+text+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := time.Duration(*c.Organisations[0].Deadline.Warn); got != want {
			t.Errorf("%q warns %v before, want %v", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"{warn: 0s}":                        "c.yaml:12: organisations[0].deadline.warn: is not from a minute to a year",
		"{warn: 8761h}":                     "organisations[0].deadline.warn: is not from a minute to a year",
		"{warn: 1h, escalate_after: 9000h}": "organisations[0].deadline.escalate_after: is not from 0s to a year",
	} {
		if _, err := Parse("c.yaml", []byte(good+"    deadline: "+text+"\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestRetention(t *testing.T) {
	for text, want := range map[string]int{"": 0, "{months: 24}": 24} {
		c, err := Parse("a.yaml", []byte(good+"    retention: "+text+"\n"))
		if err != nil || c.Organisations[0].Retention.Months != want {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"{months: -1}", "{months: 1201}"} {
		if _, err := Parse("c.yaml", []byte(good+"    retention: "+text+"\n")); err == nil || !strings.Contains(err.Error(), "organisations[0].retention.months: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
