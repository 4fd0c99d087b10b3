package mtasts

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Mode is what a policy asks of those who send (RFC 8461 section 5).
type Mode string

// The modes.
const (
	Enforce Mode = "enforce" // no mail to a host that is not named, or without TLS that proves it
	Testing Mode = "testing" // mail goes all the same, and what would have stopped it is told
	None    Mode = "none"    // the domain has no policy any more
)

// Bounds of RFC 8461: section 3.2 gives max_age, section 3.3 proposes 64 KB for a policy.
const (
	maxPolicy  = 64 << 10
	maxAge     = 31_557_600 * time.Second
	maxMX      = 100 // patterns that are kept
	maxPattern = 254
	maxID      = 32
)

// Policy is what a domain publishes.
type Policy struct {
	Mode   Mode          `json:"mode"`
	MX     []string      `json:"mx,omitempty"` // host names in lower case, "*." before one stands for one label
	MaxAge time.Duration `json:"max_age"`
}

var errPolicy = errors.New("not an MTA-STS policy")

// ParsePolicy reads the text of a policy (RFC 8461 section 3.2). Keys that are not known are passed over; of a key that is there
// twice the first counts, but for mx.
func ParsePolicy(text []byte) (Policy, error) {
	var p Policy
	if len(text) > maxPolicy {
		return p, fmt.Errorf("%w: over %d octets", errPolicy, maxPolicy)
	}
	seen := map[string]string{}
	sc := bufio.NewScanner(bytes.NewReader(text))
	sc.Buffer(nil, maxPolicy+1)
	for sc.Scan() {
		line := strings.TrimSpace(sc.Text())
		if line == "" {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			return Policy{}, fmt.Errorf("%w: a line without a colon", errPolicy)
		}
		key, value = strings.TrimRight(key, " \t"), strings.TrimSpace(value)
		if key == "mx" {
			pattern := strings.ToLower(strings.TrimSuffix(value, "."))
			if !validPattern(pattern) {
				return Policy{}, fmt.Errorf("%w: mx is no host name", errPolicy)
			}
			if p.MX = append(p.MX, pattern); len(p.MX) > maxMX {
				return Policy{}, fmt.Errorf("%w: over %d mx", errPolicy, maxMX)
			}
		} else if _, twice := seen[key]; !twice {
			seen[key] = value
		}
	}
	if err := sc.Err(); err != nil {
		return Policy{}, fmt.Errorf("%w: %w", errPolicy, err)
	}
	return p.complete(seen)
}

// complete takes the keys that are there once.
func (p Policy) complete(seen map[string]string) (Policy, error) {
	p.Mode = Mode(seen["mode"])
	age, err := strconv.ParseUint(seen["max_age"], 10, 64)
	switch {
	case seen["version"] != "STSv1":
		return Policy{}, fmt.Errorf("%w: version is not STSv1", errPolicy)
	case p.Mode != Enforce && p.Mode != Testing && p.Mode != None:
		return Policy{}, fmt.Errorf("%w: mode is not known", errPolicy)
	case err != nil || len(seen["max_age"]) > 10:
		return Policy{}, fmt.Errorf("%w: max_age is no number of seconds", errPolicy)
	case p.Mode != None && len(p.MX) == 0:
		return Policy{}, fmt.Errorf("%w: no mx", errPolicy)
	}
	p.MaxAge = min(time.Duration(min(age, uint64(maxAge/time.Second)))*time.Second, maxAge)
	return p, nil
}

// validPattern reports whether a pattern is a host name, with or without "*." before it.
func validPattern(p string) bool {
	name := strings.TrimPrefix(p, "*.")
	if name == "" || len(p) > maxPattern {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// Allows reports whether the policy names an exchanger, given in lower case without a dot at its end (RFC 8461 section 4.1).
func (p Policy) Allows(host string) bool {
	for _, pattern := range p.MX {
		if rest, wild := strings.CutPrefix(pattern, "*."); wild {
			if label, parent, ok := strings.Cut(host, "."); ok && label != "" && parent == rest {
				return true
			}
		} else if pattern == host {
			return true
		}
	}
	return false
}

// recordID finds the id in the TXT records of _mta-sts (RFC 8461 section 3.1). Several records of the version, or one that can't
// be read, are as good as none.
func recordID(txts []string) (string, bool) {
	found := ""
	for _, txt := range txts {
		version, rest, _ := strings.Cut(txt, ";")
		if strings.TrimRight(version, " \t") != "v=STSv1" {
			continue
		}
		if found != "" {
			return "", false
		}
		for field := range strings.SplitSeq(rest, ";") {
			if id, ok := strings.CutPrefix(strings.Trim(field, " \t"), "id="); ok && found == "" {
				found = id
			}
		}
		if !validID(found) {
			return "", false
		}
	}
	return found, found != ""
}

func validID(id string) bool {
	const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	return id != "" && len(id) <= maxID && strings.Trim(id, alphanumeric) == ""
}
