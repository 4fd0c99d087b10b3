package casestore

import (
	"bytes"
	"crypto/sha256"
	"time"

	"smartmail/casework"
)

// The tables. Each is declared here once; engines make buckets or database tables of them.
// The functions below build keys, so that nobody else knows how they are made up.
var (
	// Cases by number; by_mail finds those that an address takes part in, by_status and by_update serve lists, by_todo
	// what waits for people, by_closed what retention rules are about, by_watcher what a contact watches.
	Cases = Declare("cases", 2,
		func(c *casework.Case) Key { return CaseKey(c.Org, c.Number) },
		func(c *casework.Case) *uint64 { return &c.Version },
		Index[casework.Case]{Name: "by_mail", Keys: func(c *casework.Case) (keys []Key) {
			for _, mail := range c.Mails() {
				keys = append(keys, K(string(c.Org)).Str(mail))
			}
			return keys
		}},
		Index[casework.Case]{Name: "by_status", Keys: func(c *casework.Case) []Key {
			return []Key{K(string(c.Org)).Str(string(c.Status))}
		}},
		Index[casework.Case]{Name: "by_update", Keys: func(c *casework.Case) []Key {
			return []Key{K(string(c.Org)).Time(c.UpdatedAt)}
		}},
		Index[casework.Case]{Name: "by_todo", Keys: todoKeys},
		byClosed,
		Index[casework.Case]{Name: "by_watcher", Keys: func(c *casework.Case) (keys []Key) {
			for _, w := range c.Watchers {
				keys = append(keys, WatchedBy(c.Org, w.Contact))
			}
			return keys
		}},
	).WithUpgrade(upgradeCase)
	// Entries of a case in order; by_id is unique, by_sent has what was said on a lane. Entries of before there was by_sent are not in it.
	Entries = Declare("entries", 1,
		func(e *casework.Entry) Key { return EntriesOf(e.Org, e.Case).Uint(e.Seq) },
		func(e *casework.Entry) *uint64 { return &e.Version },
		Index[casework.Entry]{Name: "by_id", Unique: true, Keys: func(e *casework.Entry) []Key {
			return []Key{K(string(e.Org)).Str(string(e.ID))}
		}},
		Index[casework.Entry]{Name: "by_sent", Keys: func(e *casework.Entry) []Key {
			if e.MailOut == nil || e.MailOut.Text == "" {
				return nil
			}
			return []Key{SentOn(e.Org, e.Case, e.Lane)}
		}},
	)
	// Log of an organisation: every event in the order of its commit, for whoever follows it.
	Log = Declare("log", 1,
		func(e *casework.Event) Key { return LogKey(e.Org, e.Seq) },
		func(e *casework.Event) *uint64 { return &e.Version },
	)
	// Cursors of those who follow the log.
	Cursors = Declare("cursors", 1,
		func(c *casework.Cursor) Key { return CursorKey(c.Org, c.Name) },
		func(c *casework.Cursor) *uint64 { return &c.Version },
	)
	// Mails as received; by_identity makes the same mail again be found again, whoever takes it in.
	Mails = Declare("mails", 1,
		func(m *casework.Mail) Key { return MailKey(m.Org, m.ID) },
		func(m *casework.Mail) *uint64 { return &m.Version },
		Index[casework.Mail]{Name: "by_identity", Unique: true, Keys: func(m *casework.Mail) []Key {
			return []Key{IdentityKey(m.Org, m.Identity)}
		}},
	).WithCodec(encodeMail, decodeMail)
	// Raws holds raw mails that are small enough for the database, byte for byte.
	Raws = Declare("raws", 1,
		func(m *casework.RawMail) Key { return MailKey(m.Org, m.ID) },
		func(m *casework.RawMail) *uint64 { return &m.Version },
	).WithCodec(
		func(m *casework.RawMail) ([]byte, error) { return m.Bytes, nil },
		func(doc []byte, m *casework.RawMail) error { m.Bytes = bytes.Clone(doc); return nil },
	)
	// References holds every Message-ID borne or named by a case's mail.
	References = Declare("refs", 1,
		func(r *casework.Reference) Key {
			return ReferencesOf(r.Org, r.MessageID).Uint(uint64(r.Case)).Str(string(r.Lane))
		},
		func(r *casework.Reference) *uint64 { return &r.Version },
	)
	// Parties that staff trust, by their address.
	Parties = Declare("parties", 1,
		func(p *casework.Party) Key { return PartyKey(p.Org, p.Email) },
		func(p *casework.Party) *uint64 { return &p.Version },
	)
	// Triage items; by_state serves the queue, by_mail finds those of a mail, by_todo has those that wait.
	Triage = Declare("triage", 1,
		func(t *casework.TriageItem) Key { return K(string(t.Org)).Str(string(t.ID)) },
		func(t *casework.TriageItem) *uint64 { return &t.Version },
		Index[casework.TriageItem]{Name: "by_state", Keys: func(t *casework.TriageItem) []Key {
			return []Key{K(string(t.Org)).Str(string(t.State))}
		}},
		Index[casework.TriageItem]{Name: "by_mail", Keys: func(t *casework.TriageItem) []Key {
			return []Key{K(string(t.Org)).Str(string(t.Mail))}
		}},
		Index[casework.TriageItem]{Name: "by_todo", Keys: func(t *casework.TriageItem) []Key {
			if t.State != casework.TriageOpen {
				return nil
			}
			return []Key{TodoPlace(K(string(t.Org)), t.At, string(t.ID))}
		}},
	)
	// Outbox holds mails to be sent; by_state serves lists, by_due the sender.
	Outbox = Declare("outbox", 1,
		func(o *casework.OutboxItem) Key { return K(string(o.Org)).Str(string(o.ID)) },
		func(o *casework.OutboxItem) *uint64 { return &o.Version },
		Index[casework.OutboxItem]{Name: "by_state", Keys: func(o *casework.OutboxItem) []Key {
			return []Key{K(string(o.Org)).Str(string(o.State))}
		}},
		Index[casework.OutboxItem]{Name: "by_due", Keys: func(o *casework.OutboxItem) []Key {
			if o.State != casework.Queued && o.State != casework.Deferred {
				return nil
			}
			at := o.NextAt
			if o.LeasedUntil.After(at) { // whoever has it now may not live to tell: then it is due again
				at = o.LeasedUntil
			}
			return []Key{OutboxDue(o.Org, at)}
		}},
	)
	// Timers of cases; by_due serves whoever runs them.
	Timers = Declare("timers", 1,
		func(t *casework.Timer) Key { return TimerKey(*t) },
		func(t *casework.Timer) *uint64 { return &t.Version },
		Index[casework.Timer]{Name: "by_due", Keys: func(t *casework.Timer) []Key { return []Key{TimerDue(t.Org, t.DueAt)} }},
	)
	// Suspended holds the addresses that get no mail.
	Suspended = Declare("suspended", 1,
		func(s *casework.Suspension) Key { return PartyKey(s.Org, s.Email) },
		func(s *casework.Suspension) *uint64 { return &s.Version },
	)
	// Notified counts what rules sent to an address.
	Notified = Declare("notified", 1,
		func(n *casework.Notified) Key { return PartyKey(n.Org, n.Email) },
		func(n *casework.Notified) *uint64 { return &n.Version },
	)
	// Files that we send, so that their blobs are kept.
	Files = Declare("files", 1,
		func(f *casework.SentFile) Key { return K(string(f.Org)).Str(f.File.ID) },
		func(f *casework.SentFile) *uint64 { return &f.Version },
	)
	// Transport holds what other domains ask of those who send them mail.
	Transport = Declare("transport", 1,
		func(p *casework.TransportPolicy) Key { return TransportKey(p.Domain) },
		func(p *casework.TransportPolicy) *uint64 { return &p.Version },
	)
	// Answers of the API that are kept under their callers' keys; by_time serves whoever forgets them.
	Answers = Declare("answers", 1,
		func(a *casework.Answer) Key { return AnswerKey(a.Token, a.Key) },
		func(a *casework.Answer) *uint64 { return &a.Version },
		Index[casework.Answer]{Name: "by_time", Keys: func(a *casework.Answer) []Key { return []Key{K("").Time(a.At)} }},
	)
	// Webhooks with their place in the log.
	Webhooks = Declare("webhooks", 1,
		func(w *casework.Webhook) Key { return WebhookKey(w.Org, w.ID) },
		func(w *casework.Webhook) *uint64 { return &w.Version },
	)
	// Keys that sign our addresses.
	Keys = Declare("keys", 1,
		func(k *casework.Key) Key { return K(string(k.Org)).Uint(uint64(k.Number)) },
		func(k *casework.Key) *uint64 { return &k.Version },
	)
	// Tokens of the API, found by their hash.
	Tokens = Declare("tokens", 1,
		func(t *casework.APIToken) Key { return K(string(t.Org)).Str(string(t.Hash)) },
		func(t *casework.APIToken) *uint64 { return &t.Version },
	)
)

// Schemas lists every table, for engines that make them beforehand and for verify.
func Schemas() []*Schema {
	return append([]*Schema{
		Cases.Schema(), Entries.Schema(), Log.Schema(), Cursors.Schema(), Mails.Schema(), Raws.Schema(), References.Schema(),
		Triage.Schema(), Outbox.Schema(), Timers.Schema(), Suspended.Schema(), Notified.Schema(), Files.Schema(), Parties.Schema(), Transport.Schema(), Answers.Schema(), Webhooks.Schema(), Keys.Schema(), Tokens.Schema(),
		SMS.Schema(), SMSDays.Schema(), Codes.Schema(), Looks.Schema(), Turns.Schema(), Retention.Schema(),
	}, registerSchemas()...)
}

// CaseKey is the key of a case.
func CaseKey(org casework.OrgID, n casework.CaseNumber) Key { return K(string(org)).Uint(uint64(n)) }

// EntriesOf is the prefix of a case's entries.
func EntriesOf(org casework.OrgID, n casework.CaseNumber) Key { return CaseKey(org, n) }

// SentOn is the prefix in by_sent of what was said on a lane; an entry's own key follows.
func SentOn(org casework.OrgID, n casework.CaseNumber, lane casework.LaneID) Key {
	return CaseKey(org, n).Str(string(lane))
}

// LogKey is the key of an event.
func LogKey(org casework.OrgID, seq uint64) Key { return K(string(org)).Uint(seq) }

// LogSeries is the series that numbers an organisation's events.
func LogSeries(org casework.OrgID) Key { return K(string(org)).Str("log") }

// CursorKey is the key of a reader's place in the log.
func CursorKey(org casework.OrgID, name string) Key { return K(string(org)).Str(name) }

// MailKey is the key of a mail and of its raw bytes.
func MailKey(org casework.OrgID, id casework.MailID) Key { return K(string(org)).Str(string(id)) }

// IdentityKey is the unique key of a mail's identity.
func IdentityKey(org casework.OrgID, identity []byte) Key {
	return K(string(org)).Str(string(identity))
}

// ReferencesOf is the prefix of what is known of a Message-ID. The id is hashed: it is the peer's to choose, and keys
// are short.
func ReferencesOf(org casework.OrgID, messageID string) Key {
	sum := sha256.Sum256([]byte(messageID))
	return K(string(org)).Str(string(sum[:16]))
}

// OutboxKey is the key of an outgoing mail.
func OutboxKey(org casework.OrgID, id casework.OutboxID) Key { return K(string(org)).Str(string(id)) }

// OutboxDue is the position in by_due of mail that is due at that instant.
func OutboxDue(org casework.OrgID, at time.Time) Key { return K(string(org)).Time(at) }

// TransportKey is the key of a domain's policy; it is no organisation's.
func TransportKey(domain string) Key { return K("").Str(domain) }

// AnswerKey is the key of a kept answer; it is no organisation's. The caller's key is hashed: keys are short.
func AnswerKey(token, key string) Key {
	sum := sha256.Sum256([]byte(key))
	return K("").Str(token).Str(string(sum[:16]))
}

// WebhookKey is the key of a webhook.
func WebhookKey(org casework.OrgID, id string) Key { return K(string(org)).Str(id) }

// TimerKey is the key of a timer: there is one of a kind for each thing of a case, or for each schedule.
func TimerKey(t casework.Timer) Key {
	k := CaseKey(t.Org, t.Case).Str(string(t.Kind)).Uint(uint64(t.Order))
	if t.Schedule != "" {
		k = k.Str(t.Schedule)
	}
	return k
}

// TimerDue is the position in by_due of what is due at that instant.
func TimerDue(org casework.OrgID, at time.Time) Key { return K(string(org)).Time(at) }

// PartyKey is the key of a trusted or suspended party.
func PartyKey(org casework.OrgID, email string) Key {
	return K(string(org)).Str(casework.Address(email))
}

// WatchedBy is the position in by_watcher of what a contact watches.
func WatchedBy(org casework.OrgID, contact string) Key { return K(string(org)).Str(contact) }

// CaseSeries is the series that numbers an organisation's cases.
func CaseSeries(org casework.OrgID) Key { return K(string(org)).Str("case") }
