package config

import (
	"math"
	"net"
	"net/url"
	"strings"
	"time"
)

// Scan sets up the scanners that mail is shown to; one that is not given is not asked.
type Scan struct {
	MaxBytes int64   `yaml:"max_bytes"` // a mail over this size is not scanned, and marked so
	Rspamd   *Rspamd `yaml:"rspamd,omitempty"`
	Clamd    *Clamd  `yaml:"clamd,omitempty"`
}

// Rspamd looks for spam. Each of the scores is that from which on the action is taken; 0 is never.
type Rspamd struct {
	URL          string   `yaml:"url"`
	Mark         float64  `yaml:"mark"`
	Triage       float64  `yaml:"triage"`
	Reject       float64  `yaml:"reject"`
	Down         string   `yaml:"down"` // accept, defer
	Timeout      Duration `yaml:"timeout"`
	PasswordFile string   `yaml:"password_file"`
}

// Clamd looks for viruses.
type Clamd struct {
	Address string   `yaml:"address"` // host:port, or the path of a socket
	Found   string   `yaml:"found"`   // reject, triage, mark
	Down    string   `yaml:"down"`    // accept, defer
	Timeout Duration `yaml:"timeout"`
}

// maxScanTime is the longest time limit of a scanner: a mail has to be answered within a minute, and the DNS look-ups that
// come before take up to ten seconds of it.
const maxScanTime = Duration(40 * time.Second)

// defaults of the scanners that are given.
func (s *Scan) defaults() {
	if r := s.Rspamd; r != nil {
		orElse(&r.Down, "accept")
		orElse(&r.Timeout, Duration(10*time.Second))
	}
	if c := s.Clamd; c != nil {
		orElse(&c.Found, "reject")
		orElse(&c.Down, "accept")
		orElse(&c.Timeout, Duration(10*time.Second))
	}
}

func orElse[T comparable](v *T, fallback T) {
	var zero T
	if *v == zero {
		*v = fallback
	}
}

func (k *checker) scan(s Scan) {
	k.atLeast("scan.max_bytes", s.MaxBytes, 1)
	if r := s.Rspamd; r != nil {
		if u, err := url.Parse(r.URL); err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
			k.fail("scan.rspamd.url", "%q is no address such as http://127.0.0.1:11333", r.URL)
		}
		for key, score := range map[string]float64{"mark": r.Mark, "triage": r.Triage, "reject": r.Reject} {
			if !(score >= 0) || math.IsInf(score, 0) { // neither less nor NaN
				k.fail("scan.rspamd."+key, "%v is no score: 0 is never", score)
			}
		}
		if r.Mark == 0 && r.Triage == 0 && r.Reject == 0 {
			k.fail("scan.rspamd", "one of mark, triage and reject is needed: the score from which on it is done")
		}
		k.file("scan.rspamd.password_file", r.PasswordFile)
		k.scanner("scan.rspamd", r.Down, r.Timeout)
	}
	if c := s.Clamd; c != nil {
		if _, _, err := net.SplitHostPort(c.Address); err != nil && !strings.HasPrefix(c.Address, "/") {
			k.fail("scan.clamd.address", "%q is no address and port such as 127.0.0.1:3310, and no path of a socket", c.Address)
		}
		k.oneOf("scan.clamd.found", c.Found, "reject", "triage", "mark")
		k.scanner("scan.clamd", c.Down, c.Timeout)
	}
}

func (k *checker) scanner(key, down string, timeout Duration) {
	k.oneOf(key+".down", down, "accept", "defer")
	if timeout > maxScanTime {
		k.fail(key+".timeout", "is over %v", time.Duration(maxScanTime))
	}
}
