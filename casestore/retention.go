package casestore

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"smartmail/casework"
	"smartmail/register"
)

// Retention has what became of each retention rule; by_todo has those that wait for an administrator.
var Retention = Declare("retention", 1,
	func(r *casework.Retention) Key { return ThingKey(r.Org, r.Class) },
	func(r *casework.Retention) *uint64 { return &r.Version },
	Index[casework.Retention]{Name: "by_todo", Keys: func(r *casework.Retention) []Key {
		if !r.Waits() {
			return nil
		}
		return []Key{TodoPlace(K(string(r.Org)), r.Since, r.Class)}
	}},
)

// byClosed finds the cases that a retention rule may be about, by their class and of that the one first that was closed first.
var byClosed = Index[casework.Case]{Name: "by_closed", Keys: func(c *casework.Case) []Key {
	if !c.Expires() {
		return nil
	}
	return []Key{ClosedUntil(c.Org, c.Class, c.ClosedAt)}
}}

// byRetention finds the classes that have a retention rule.
var byRetention = Index[casework.Registered[register.Class]]{Name: "by_retention", Keys: func(r *casework.Registered[register.Class]) []Key {
	if r.Thing.Retain == nil {
		return nil
	}
	return []Key{ThingKey(r.Org, r.Thing.Path)}
}}

// ClosedOf is the prefix in by_closed of a class.
func ClosedOf(org casework.OrgID, class string) Key { return K(string(org)).Str(class) }

// ClosedUntil is the position in by_closed of what was closed at an instant.
func ClosedUntil(org casework.OrgID, class string, at time.Time) Key {
	return ClosedOf(org, class).Time(at)
}

// ClosedPlace reads a position in by_closed: the class and the closing time, to the microsecond, of a case whose record need not be read for it.
func ClosedPlace(pos Key) (class string, at time.Time, err error) {
	rest := pos[len(pos.Org()):]
	name := rest.Org()
	if rest = rest[len(name):]; len(name) == 0 || len(rest) < 8 {
		return "", at, fmt.Errorf("by_closed: %x is no position", pos)
	}
	class = strings.ReplaceAll(string(name[:len(name)-2]), "\x00\xFF", "\x00")
	return class, time.UnixMicro(int64(binary.BigEndian.Uint64(rest) ^ 1<<63)).UTC(), nil
}

// CaseOf is the number of the case that has a key.
func CaseOf(key Key) (casework.CaseNumber, error) {
	rest := key[len(key.Org()):]
	if len(rest) != 8 {
		return 0, fmt.Errorf("cases: %x is no key", key)
	}
	return casework.CaseNumber(binary.BigEndian.Uint64(rest)), nil
}

// Behind is a position behind all that begins with a prefix whose next part is a number or an instant.
func Behind(prefix Key) Key { return append(prefix[:len(prefix):len(prefix)], 0xFF) }
