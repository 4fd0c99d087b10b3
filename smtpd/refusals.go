package smtpd

import "strings"

// Refusal is the fixed word for why a command or a mail got a 4xx or 5xx reply.
type Refusal string

// The refusals.
const (
	RefusedRecipient  Refusal = "unknown_recipient" // 550 5.1.1: nobody, or a token that is forged or expired
	RefusedRelay      Refusal = "relay"             // 550 5.7.1 at RCPT: outside our domains
	RefusedContent    Refusal = "content"           // 550 5.7.1 behind the data: spam, a virus, a blocked sender
	RefusedSize       Refusal = "too_big"           // 552 5.3.4
	RefusedDMARC      Refusal = "dmarc"             // 550 5.7.26
	RefusedLoop       Refusal = "loop"              // 554 5.4.6
	RefusedNewline    Refusal = "bare_newline"      // 550 5.6.11
	RefusedLocal      Refusal = "local"             // 451 4.3.0: trouble of ours
	RefusedBusy       Refusal = "too_fast"          // 451 4.7.0
	RefusedShutdown   Refusal = "shutdown"          // 421 4.3.2
	RefusedLimit      Refusal = "limit"             // 421 4.7.0: errors or mails in one session, or no SMTP
	RefusedTime       Refusal = "timeout"           // 421 4.4.2
	RefusedRecipients Refusal = "recipients"        // 452 4.5.3: too many in one mail
	RefusedInvalid    Refusal = "invalid"           // 554 5.6.0
	RefusedProtocol   Refusal = "protocol"          // x.5.x and x.1.x: a command that is wrong or comes at the wrong time
	RefusedOther      Refusal = "other"
)

// Refusals are all of them.
func Refusals() []Refusal {
	return []Refusal{
		RefusedRecipient, RefusedRelay, RefusedContent, RefusedSize, RefusedDMARC, RefusedLoop, RefusedNewline, RefusedLocal, RefusedBusy,
		RefusedShutdown, RefusedLimit, RefusedTime, RefusedRecipients, RefusedInvalid, RefusedProtocol, RefusedOther,
	}
}

// refusalOf is the word for a reply to a command.
func refusalOf(verb, reply string) Refusal {
	code, rest, _ := strings.Cut(reply, " ")
	enhanced, _, _ := strings.Cut(rest, " ")
	switch enhanced {
	case "5.1.1":
		return RefusedRecipient
	case "5.7.1":
		if verb == "RCPT" {
			return RefusedRelay
		}
		return RefusedContent
	case "5.3.4":
		return RefusedSize
	case "5.7.26":
		return RefusedDMARC
	case "5.4.6":
		return RefusedLoop
	case "5.6.11":
		return RefusedNewline
	case "4.3.0":
		return RefusedLocal
	case "4.3.2":
		return RefusedShutdown
	case "4.4.2":
		return RefusedTime
	case "4.5.3":
		return RefusedRecipients
	case "5.6.0":
		return RefusedInvalid
	case "4.7.0":
		if code == "421" {
			return RefusedLimit
		}
		return RefusedBusy
	}
	if strings.HasPrefix(enhanced, "5.5.") || strings.HasPrefix(enhanced, "5.1.") {
		return RefusedProtocol
	}
	return RefusedOther
}

// observe tells of a reply that is a refusal.
func (g *gate) observe(reply string) {
	if reply[0] == '4' || reply[0] == '5' {
		g.srv.opt.Observer.Turned(reply[:3], refusalOf(g.verb, reply))
	}
}
