package config

import (
	"net"
	"net/url"
	"strings"
)

// SMS sets up text messages to those who work for an organisation. Without a provider there are none.
type SMS struct {
	Provider     string `yaml:"provider"` // 46elks, twilio
	From         string `yaml:"from"`     // number, or a name of at most 11 letters and digits
	Username     string `yaml:"username"` // of twilio the account SID
	PasswordFile string `yaml:"password_file"`
	URL          string `yaml:"url"`     // of the provider's API; empty: his own
	Country      string `yaml:"country"` // calling code of numbers that begin with 0
	PerDay       int    `yaml:"per_day"` // segments that each organisation sends on a day at most
}

func (s *SMS) defaults() {
	if s.Provider == "" {
		return
	}
	orElse(&s.Country, "46")
	orElse(&s.PerDay, 500)
}

func (k *checker) sms(s SMS) {
	if s.Provider == "" {
		if s != (SMS{}) {
			k.fail("sms.provider", "is needed: 46elks or twilio")
		}
		return
	}
	k.oneOf("sms.provider", s.Provider, "46elks", "twilio")
	for key, value := range map[string]string{"from": s.From, "username": s.Username, "password_file": s.PasswordFile} {
		if value == "" {
			k.fail("sms."+key, "is needed")
		}
	}
	k.file("sms.password_file", s.PasswordFile)
	if s.URL != "" && !guarded(s.URL) {
		k.fail("sms.url", "%q is no https:// address; without TLS the password goes to loopback only", s.URL)
	}
	if len(s.Country) < 1 || len(s.Country) > 3 || strings.Trim(s.Country, "0123456789") != "" || s.Country[0] == '0' {
		k.fail("sms.country", "%q is no calling code such as 46", s.Country)
	}
	k.atLeast("sms.per_day", int64(s.PerDay), 1)
}

// guarded reports whether a password may go to an address.
func guarded(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback())
}
