package message

import (
	"regexp"
	"strings"
)

var (
	statusPattern = regexp.MustCompile(`\b[45]\.\d{1,3}\.\d{1,3}\b`)

	// Subjects of answers that programs give for people who are away, or that only say that a mail has come in.
	autoSubject = regexp.MustCompile(`(?i)^\s*(?:` + strings.Join([]string{
		`auto(?:matisk[ta]?|matic|mated)?[ :-]*(?:svar|reply|response|repl|antwort|melding|besked|vastaus)`,
		`automatiskt? svar`, `autosvar`, `frånvaro(?:meddelande|besked)?\b`, `frånvarande\b`,
		`fravær(?:sbesked|smelding|ende)?\b`, `ikke til stede`, `ikke på kontoret`, `out of (?:the )?office`, `out-of-office`, `ooo:`,
		`automaattinen vastaus`, `poissa(?:olo)?\b`, `poissaoloilmoitus`, `abwesenheit(?:snotiz|smeldung)?\b`, `abwesend`,
		`automatische antwort`, `automatische abwesenheit`, `vacation(?: reply| response| message)?\b`, `on (?:vacation|holiday|leave)\b`,
		`away from (?:my|the) (?:office|desk|mail)`, `semester(?:svar|meddelande)\b`, `autoreply`, `auto:`, `automatic reply`,
	}, "|") + `)`)

	// Subjects of notices by mail systems about a mail that did not arrive.
	bounceSubject = regexp.MustCompile(`(?i)(?:` + strings.Join([]string{
		`undeliver(?:ed|able)`, `delivery (?:status )?(?:notification|failure|failed|problem|report|error)`, `failed delivery`, `returned mail`, `returned to sender`,
		`mail delivery (?:failed|failure|error|problem|system)`, `failure notice`, `delivery has failed`, `could not be delivered`,
		`message delivery`, `non[- ]?delivery`, `not delivered`, `delivery delayed`, `delayed mail`, `olevererbar`, `kunde inte levereras`,
		`unzustellbar`, `kunne ikke leveres`, `toimittamaton`, `nicht zugestellt`, `mail error`, `user unknown`, `rejected mail`,
		`warning: (?:could not send|message)`, `message status - undeliverable`, `nondeliverable`, `bounce`,
	}, "|") + `)`)

	delaySubject = regexp.MustCompile(`(?i)delay|warning|still being retried|försenad`)
	dmarcSubject = regexp.MustCompile(`(?i)report[ -]?domain:`)
	robotName    = regexp.MustCompile(`(?i)^(?:mailer[-_.]?daemon|post[-_.]?master|mail[-_.]?delivery|mdaemon|mail-daemon|bounce[sd]?|double-bounce)$`)
	tlsrptName   = regexp.MustCompile(`(?i)!.*\.json(?:\.gz)?$`)
	dmarcName    = regexp.MustCompile(`(?i)^[^!]+![^!]+!\d+!\d+.*\.(?:xml|xml\.gz|zip|gz)$`)
)

// classOf tells what kind of mail it is. Soft signals never discard a mail; they only keep us from answering it.
// The order matters: a report comes from a null sender too, and a failure notice may carry Auto-Submitted.
func classOf(t *tree, c *Content, lim Limits, good bool) Class {
	h := t.root().header
	kind := reportType(h)
	switch {
	case isReport(t, c, kind):
		return Report
	case len(c.Bounces) > 0:
		return Bounce
	case !good && kind != "disposition-notification" && looksBounced(h, c, lim):
		return Bounce
	case isAutomatic(h, c, lim), kind == "delivery-status", kind == "disposition-notification":
		return Automatic
	case isList(h):
		return List
	}
	return Personal
}

// reportType is the report-type of a multipart/report (RFC 6522 section 3).
func reportType(h header) string {
	ctype, params := parseParams(h.get("Content-Type"))
	if ctype != "multipart/report" {
		return ""
	}
	return strings.ToLower(params["report-type"])
}

// isReport tells ARF (RFC 5965), TLS-RPT (RFC 8460) and DMARC aggregate reports (RFC 7489 section 7.2).
func isReport(t *tree, c *Content, kind string) bool {
	if kind == "feedback-report" || kind == "tlsrpt" || t.root().header.has("TLS-Report-Domain") {
		return true
	}
	for _, p := range t.parts {
		switch p.mediaType {
		case "message/feedback-report", "application/tlsrpt+gzip", "application/tlsrpt+json":
			return true
		}
	}
	for _, a := range c.Attachments {
		if dmarcName.MatchString(a.Name) || (dmarcSubject.MatchString(c.Subject) && archive(a)) || (tlsrptName.MatchString(a.Name) && archive(a)) {
			return true
		}
	}
	return false
}

func archive(a Attachment) bool {
	name := strings.ToLower(a.Name)
	return strings.HasSuffix(name, ".zip") || strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".xml") ||
		strings.HasSuffix(a.Type, "zip") || strings.HasSuffix(a.Type, "xml")
}

// looksBounced tells a failure or delay outside RFC 3464: by who writes, under which subject or with what returned.
func looksBounced(h header, c *Content, lim Limits) bool {
	failed := h.get("X-Failed-Recipients")
	if failed == "" {
		if !robotSender(c) && !nullSender(h, lim) || autoSubject.MatchString(c.Subject) {
			return false
		}
		if !bounceSubject.MatchString(c.Subject) && (len(c.Returned) == 0 || statusCode(beginning(c.FullText)) == "") {
			return false
		}
	}
	c.Bounces = guessBounces(c, failed)
	return true
}

// beginning is as much of a text as is searched for what a notice says.
func beginning(s string) string { return cutRunes(s, 16<<10) }

// robotSender tells the addresses under which mail systems write (RFC 5321 section 4.5.5, RFC 3464 section 2).
func robotSender(c *Content) bool {
	local, _, ok := strings.Cut(c.From.Email, "@")
	if !ok {
		local = c.From.Name
	}
	return robotName.MatchString(local) || strings.Contains(strings.ToLower(c.From.Name), "mail delivery")
}

func nullSender(h header, lim Limits) bool {
	return lim.NullReversePath || (h.has("Return-Path") && strings.Trim(h.get("Return-Path"), "<> ") == "")
}

// guessBounces makes what can be made of a notice outside the RFC: the named recipients, else the first address in its
// text that stands in brackets, with the first status code.
func guessBounces(c *Content, failed string) []BouncedRecipient {
	text := beginning(c.FullText)
	var recipients []string
	for _, m := range parseAddresses(failed, maxBounces) {
		recipients = append(recipients, m.Email)
	}
	if len(recipients) == 0 {
		if m := bracketed.FindStringSubmatch(text); m != nil {
			recipients = append(recipients, cleanAddress(m[1]))
		}
	}
	status := statusCode(text)
	permanent := !delaySubject.MatchString(c.Subject) && !strings.HasPrefix(status, "4.")
	var out []BouncedRecipient
	for _, r := range recipients {
		if r == "" {
			continue
		}
		b := BouncedRecipient{Recipient: r, Status: status, Permanent: permanent}
		if len(c.Returned) > 0 {
			b.MessageID = c.Returned[0]
		}
		out = append(out, b)
	}
	return out
}

var bracketed = regexp.MustCompile(`<([^<>@\s]{1,64}@[^<>@\s]{1,255})>`)

// isAutomatic tells answers and notices by programs (RFC 3834 section 5, and what was there before it).
// X-Auto-Response-Suppress is no proof: Exchange puts it on people's mail.
func isAutomatic(h header, c *Content, lim Limits) bool {
	if v, _, _ := strings.Cut(strings.ToLower(h.get("Auto-Submitted")), ";"); v != "" && strings.TrimSpace(v) != "no" {
		return true
	}
	switch strings.ToLower(h.get("Precedence")) {
	case "auto_reply", "auto-reply", "junk":
		return true
	}
	for _, name := range []string{
		"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Autoresponse", "X-Auto-Response", "X-Mail-Autoreply",
		"X-AutoReply-From", "X-Autogenerated", "X-Auto-Reply-From",
	} {
		if v := strings.ToLower(h.get(name)); v != "" && v != "no" && v != "false" {
			return true
		}
	}
	if autoSubject.MatchString(c.Subject) {
		return true
	}
	return nullSender(h, lim) || robotSender(c)
}

// isList tells mailing lists (RFC 2919, RFC 2369) and bulk mail.
func isList(h header) bool {
	switch strings.ToLower(h.get("Precedence")) {
	case "list", "bulk":
		return true
	}
	return h.has("List-Id") || h.has("List-Post")
}
