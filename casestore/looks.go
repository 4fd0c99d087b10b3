package casestore

import (
	"time"

	"smartmail/casework"
)

// Looks is the audit trail in the order of time; by_who finds what a token did, by its name or id, by_what what was done with a thing,
// by_case what was done with a case.
var Looks = Declare("looks", 1,
	func(l *casework.Look) Key { return LooksFrom(l.Org, l.At).Str(l.ID) },
	func(l *casework.Look) *uint64 { return &l.Version },
	Index[casework.Look]{Name: "by_who", Keys: func(l *casework.Look) []Key {
		keys := []Key{LooksBy(l.Org, l.Who)}
		if l.Token != l.Who {
			keys = append(keys, LooksBy(l.Org, l.Token))
		}
		return keys
	}},
	Index[casework.Look]{Name: "by_what", Keys: func(l *casework.Look) []Key { return []Key{LooksAt(l.Org, l.Kind).Str(l.Item)} }},
	Index[casework.Look]{Name: "by_case", Keys: func(l *casework.Look) []Key {
		if l.Case == 0 {
			return nil
		}
		return []Key{CaseKey(l.Org, l.Case)}
	}},
)

// LooksFrom is the position of an instant in the audit trail.
func LooksFrom(org casework.OrgID, at time.Time) Key { return K(string(org)).Time(at) }

// LooksBy is the prefix in by_who of what somebody did.
func LooksBy(org casework.OrgID, who string) Key { return K(string(org)).Str(who) }

// LooksAt is the prefix in by_what of a kind of things; with the thing's id, of that thing.
func LooksAt(org casework.OrgID, kind string) Key { return K(string(org)).Str(kind) }
