package casework

import (
	"strings"
	"time"
	"unicode/utf8"
)

// SMSState is what became of a text message so far.
type SMSState string

// The states.
const (
	SMSQueued    SMSState = "queued"
	SMSDeferred  SMSState = "deferred"
	SMSSent      SMSState = "sent" // the provider has it
	SMSDelivered SMSState = "delivered"
	SMSFailed    SMSState = "failed"
)

// SMS is one text message to somebody of the house, written in the transaction that caused it.
type SMS struct {
	Org         OrgID      `json:"org"`
	ID          OutboxID   `json:"id"`
	Token       string     `json:"token"`          // by which the provider tells what became of it
	Contact     string     `json:"contact"`        // to whom
	To          string     `json:"to"`             // his number, as SMSNumber has it
	Case        CaseNumber `json:"case,omitempty"` // that he was given
	Text        string     `json:"text"`
	Segments    int        `json:"segments"` // that it takes, and costs
	State       SMSState   `json:"state"`
	At          time.Time  `json:"at"`
	NextAt      time.Time  `json:"next_at"`
	GiveUpAt    time.Time  `json:"give_up_at"`          // later it is of no use
	Words       string     `json:"words,omitempty"`     // the provider's own, or ours
	RemoteID    string     `json:"remote_id,omitempty"` // the provider's name for it
	ChangedAt   time.Time  `json:"changed_at,omitzero"`
	Attempts    int        `json:"attempts,omitempty"`
	LeasedBy    string     `json:"leased_by,omitempty"`
	LeasedUntil time.Time  `json:"leased_until,omitzero"`
	Version     uint64     `json:"-"`
}

// Waits reports whether it is yet to be sent.
func (s SMS) Waits() bool { return s.State == SMSQueued || s.State == SMSDeferred }

// SMSDay counts what an organisation sent on a day.
type SMSDay struct {
	Org      OrgID  `json:"org"`
	Day      string `json:"day"` // 2026-12-01
	Segments int    `json:"segments"`
	Version  uint64 `json:"-"`
}

// SMSNumber is a telephone number as providers want it (E.164): "070-174 06 05" in country 46 is "+46701740605". ok is false for what is none.
func SMSNumber(phone, country string) (number string, ok bool) {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -/.()\u00a0\u2011\u2013", r) {
			return -1
		}
		return r
	}, strings.ReplaceAll(phone, "(0)", ""))
	switch {
	case strings.HasPrefix(digits, "+"):
		digits = digits[1:]
	case strings.HasPrefix(digits, "00"):
		digits = digits[2:]
	case strings.HasPrefix(digits, "0"):
		digits = country + digits[1:]
	default:
		return "", false
	}
	// ITU-T E.164: at most 15 digits, and no country begins with 0.
	if len(digits) < 8 || len(digits) > 15 || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	return "+" + digits, true
}

// The alphabet of 3GPP TS 23.038 section 6.2.1 but for its escape, and what takes two septets of it (6.2.1.1).
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmTwo   = "\f^{}\\[~]|€"
)

// SMSSegments is how many messages a text is sent as: 160 septets fit into one, or 153 where there are several; where a letter is not in the
// alphabet of GSM 70 and 67 units of UTF-16 (3GPP TS 23.040 section 9.2.3.24). No unit of two halves is divided. An empty text takes one.
func SMSSegments(text string) int {
	single, several, width := 160, 153, septets
	if strings.ContainsFunc(text, func(r rune) bool { return septets(r) == 0 }) {
		single, several, width = 70, 67, utf16Units
	}
	total, parts, used := 0, 1, 0
	for _, r := range text {
		n := width(r)
		total += n
		if used += n; used > several {
			parts, used = parts+1, n
		}
	}
	if total <= single {
		return 1
	}
	return parts
}

func septets(r rune) int {
	switch {
	case strings.ContainsRune(gsmBasic, r) && r != utf8.RuneError:
		return 1
	case strings.ContainsRune(gsmTwo, r):
		return 2
	}
	return 0
}

func utf16Units(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// MaxSMSSegments is the most that one text takes.
const MaxSMSSegments = 3

// FitSMS makes one text of at most MaxSMSSegments; what does not fit is left out, with three dots in its place.
func FitSMS(text string) string {
	text = oneLine(text)
	if SMSSegments(text) <= MaxSMSSegments {
		return text
	}
	runes := []rune(text)
	for n := min(len(runes), MaxSMSSegments*153); n > 0; n-- {
		if cut := strings.TrimSpace(string(runes[:n])) + "..."; SMSSegments(cut) <= MaxSMSSegments {
			return cut
		}
	}
	return ""
}

// SMS returns a text message about a case without him: it has the case's subject. c is the case before he was taken out.
func (p Person) SMS(c Case, s SMS) SMS {
	p = p.on(c)
	if s.Text = p.eraser().text(s.Text); p.reported(c) {
		s.Text = Erased
	}
	return s
}
