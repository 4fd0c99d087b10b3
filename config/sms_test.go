package config

import (
	"strings"
	"testing"
)

func TestSMS(t *testing.T) {
	c, err := Parse("a.yaml", []byte(good+"sms: {provider: 46elks, from: Bostad, username: u1, password_file: sms_test.go}\n"))
	if want := (SMS{Provider: "46elks", From: "Bostad", Username: "u1", PasswordFile: "sms_test.go", Country: "46", PerDay: 500}); err != nil || c.SMS != want {
		t.Errorf("%+v, %v", c, err)
	}
	for name, x := range map[string]struct{ text, want string }{
		"no provider":  {"from: x", "sms.provider: is needed"},
		"another":      {"provider: fax", `sms.provider: "fax" is none of 46elks, twilio`},
		"no sender":    {"provider: twilio", "sms.from: is needed"},
		"no file":      {"provider: twilio, password_file: /nowhere/p", "sms.password_file: open /nowhere/p"},
		"in the clear": {`provider: twilio, url: "http://api.example.org"`, "sms.url"},
		"no address":   {"provider: twilio, url: api", "sms.url"},
		"no country":   {"provider: twilio, country: SE", "sms.country"},
		"no bound":     {"provider: twilio, per_day: -1", "sms.per_day: -1 is less than 1"},
	} {
		if _, err := Parse("c.yaml", []byte(good+"sms: {"+x.text+"}\n")); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse("d.yaml", []byte(good+`sms: {provider: twilio, from: x, username: x, password_file: sms_test.go, url: "http://127.0.0.1:99/x"}`+"\n")); err != nil {
		t.Errorf("on loopback: %v", err)
	}
}
