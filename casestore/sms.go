package casestore

import (
	"time"

	"smartmail/casework"
)

// Text messages.
var (
	// SMS to be sent, and what became of them; by_due serves the sender, by_state lists, by_token the provider.
	SMS = Declare("sms", 1,
		func(s *casework.SMS) Key { return SMSKey(s.Org, s.ID) },
		func(s *casework.SMS) *uint64 { return &s.Version },
		Index[casework.SMS]{Name: "by_due", Keys: func(s *casework.SMS) []Key {
			if !s.Waits() {
				return nil
			}
			at := s.NextAt
			if s.LeasedUntil.After(at) {
				at = s.LeasedUntil
			}
			return []Key{SMSDue(s.Org, at)}
		}},
		Index[casework.SMS]{Name: "by_state", Keys: func(s *casework.SMS) []Key { return []Key{K(string(s.Org)).Str(string(s.State))} }},
		Index[casework.SMS]{Name: "by_token", Unique: true, Keys: func(s *casework.SMS) []Key { return []Key{K(string(s.Org)).Str(s.Token)} }},
	)
	// SMSDays counts what is sent on each day.
	SMSDays = Declare("sms_days", 1,
		func(d *casework.SMSDay) Key { return SMSDayKey(d.Org, d.Day) },
		func(d *casework.SMSDay) *uint64 { return &d.Version },
	)
)

// SMSKey is the key of a text message.
func SMSKey(org casework.OrgID, id casework.OutboxID) Key { return K(string(org)).Str(string(id)) }

// SMSDue is the position in by_due of what is due at that instant.
func SMSDue(org casework.OrgID, at time.Time) Key { return K(string(org)).Time(at) }

// SMSDayKey is the key of a day's count.
func SMSDayKey(org casework.OrgID, day string) Key { return K(string(org)).Str(day) }
