package message

import (
	"regexp"
	"strings"
)

var (
	statusPattern = regexp.MustCompile(`\b[45]\.\d{1,3}\.\d{1,3}\b`)

	// Subjects of notices by mail systems about a mail that did not arrive.
	bounceSubject = compile(`(?i)(?:` + strings.Join([]string{
		`undeliver(?:ed|able)`, `delivery (?:status )?(?:notification|failure|failed|problem|report|error)`, `failed delivery`, `returned mail`, `returned to sender`,
		`mail delivery (?:failed|failure|error|problem|system)`, `failure notice`, `delivery has failed`, `could not be delivered`,
		`message delivery`, `non[- ]?delivery`, `not delivered`, `delivery delayed`, `delayed mail`, `olevererbar`, `kunde inte levereras`,
		`unzustellbar`, `kunne ikke leveres`, `toimittamaton`, `nicht zugestellt`, `mail error`, `user unknown`, `rejected mail`,
		`warning: (?:could not send|message)`, `message status - undeliverable`, `nondeliverable`, `bounce`, `^loop alert`,
		`mail failed`, `could not send`, `error sending`, `mail (?:system|server) error`, `kunde ej levereras`, `oleverera`, `kan ikke leveres`, `ei voitu toimittaa`,
		`échec (?:de la )?(?:remise|distribution)`, `non remis`, `no se (?:pudo|ha podido) entregar`, `mancata consegna`, `não entregue`, `onbestelbaar`, `niet bezorgd`,
		`エラー通知`, `配信(?:不能|エラー|失敗)`, `送信(?:不能|エラー|失敗)`, `未達`, `退信`, `投递失败`, `не доставлен`,
	}, "|") + `)`)

	delaySubject = compile(`(?i)delay|warning|still being retried|försenad`)
	dmarcSubject = compile(`(?i)report[ -]?domain:`)
	goodSubject  = compile(`(?i)success|relayed|delivered to|has been delivered|\(delivered\)`)
	answered     = regexp.MustCompile(`(?i)^\s*(?:re|sv|vs|aw|fwd?|vb|vl|wg|tr|rv|antw?|odp)\s*:`)
	robotName    = compile(`(?i)^(?:mailer[-_.]?daemon|post[-_.]?master|mail[-_.]?delivery|mdaemon|mail-daemon|bounce[sd]?|double-bounce)$`)
	robotTitle   = compile(`(?i)mail deliver|mail(?:er)?[- ]?daemon|delivery (?:sub)?system|\bndr\b|non-?delivery|post ?master`)
	tlsrptName   = regexp.MustCompile(`(?i)!.*\.json(?:\.gz)?$`)
	dmarcName    = regexp.MustCompile(`(?i)^[^!]+![^!]+!\d+!\d+.*\.(?:xml|xml\.gz|zip|gz)$`)
)

// classOf tells what kind of mail it is. Soft signals never discard a mail; they only keep us from answering it.
// The order matters: a report comes from a null sender too, and a failure notice may carry Auto-Submitted.
func classOf(t *tree, c *Content, lim Limits, r reports) Class {
	h := t.root().header
	kind := reportType(h)
	switch {
	case isReport(t, c, kind):
		return Report
	case len(c.Bounces) > 0:
		c.completeBounces(h, r)
		return Bounce
	case !r.good && kind != "disposition-notification" && looksBounced(h, c, lim, &r):
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

// looksBounced tells a failure or delay outside RFC 3464: by who writes, under which subject, what is said and what
// returned. One sign alone is not enough: people write about undelivered parcels, and programs have other news too.
func looksBounced(h header, c *Content, lim Limits, r *reports) bool {
	var failed []Mailbox
	for _, v := range h.all("X-Failed-Recipients") {
		failed = append(failed, parseAddresses(v, maxGuesses)...)
	}
	robot, subject := robotSender(c) || nullSender(h, lim), bounceSubject.MatchString(c.Subject)
	if len(failed) == 0 {
		if !robot && (!subject || answered.MatchString(c.Subject)) || autoSubject.MatchString(c.Subject) || goodSubject.MatchString(c.Subject) {
			return false
		}
	}
	r.notice = readNotice(c.FullText)
	original := r.notice.returned(r.returned)
	if len(failed) == 0 {
		failure := failurePhrase.MatchString(r.notice.lead)
		code := statusCode(r.notice.lead) != "" || replyOf(r.notice.lead) != ""
		returned := len(original) > 0
		switch {
		case robot && (subject || failure && (code || returned) || code && returned):
		case subject && failure && (code || returned):
		default:
			return false
		}
	}
	c.Bounces = r.notice.read(c, failed, original)
	return true
}

// read takes the fields of RFC 3464 where they stand in the text, else guesses.
func (n notice) read(c *Content, failed []Mailbox, original header) []BouncedRecipient {
	c.addReturned(n.original)
	bounces, _ := readStatus([]byte(statusBlock(c.FullText)))
	if len(bounces) == 0 {
		bounces = n.guess(c, failed, original)
	}
	return about(bounces, c.Returned)
}

// completeBounces fills what delivery status notifications leave out from the text beside them and the returned mail.
func (c *Content) completeBounces(h header, r reports) {
	c.Bounces = about(c.Bounces, c.Returned)
	complete := true
	for _, b := range c.Bounces {
		complete = complete && strings.Contains(b.Recipient, "@")
	}
	if complete {
		return
	}
	n := readNotice(c.FullText)
	guessed := n.guess(c, parseAddresses(h.get("X-Failed-Recipients"), maxGuesses), n.returned(r.returned))
	for i := range c.Bounces {
		if b := &c.Bounces[i]; !strings.Contains(b.Recipient, "@") && i < len(guessed) {
			b.Recipient, b.Original = guessed[i].Recipient, ""
		}
	}
}

// about notes which mail bounced: the first of the ids in what was returned.
func about(bounces []BouncedRecipient, returned []string) []BouncedRecipient {
	for i := range bounces {
		if len(returned) > 0 {
			bounces[i].MessageID = returned[0]
		}
	}
	return bounces
}

var statusField = compile(`(?im)^[ \t]*(?:final|original)-recipient[ \t]*:.*;`)

// statusBlock is the text from the block of fields on that names the first recipient as RFC 3464 has it; some programs
// put it into a text.
func statusBlock(text string) string {
	text = cutRunes(text, maxNotice)
	at := statusField.FindStringIndex(text)
	if at == nil {
		return ""
	}
	start := strings.LastIndex(text[:at[0]], "\n\n") + 1
	return text[start:]
}

// robotSender tells the addresses under which mail systems write (RFC 5321 section 4.5.5, RFC 3464 section 2).
func robotSender(c *Content) bool {
	local, _, ok := strings.Cut(c.From.Email, "@")
	if !ok {
		local = c.From.Name
	}
	return robotName.MatchString(local) || robotTitle.MatchString(c.From.Name)
}

func nullSender(h header, lim Limits) bool {
	return lim.NullReversePath || (h.has("Return-Path") && strings.Trim(h.get("Return-Path"), "<> ") == "")
}

// isList tells mailing lists (RFC 2919, RFC 2369) and bulk mail.
func isList(h header) bool {
	switch strings.ToLower(h.get("Precedence")) {
	case "list", "bulk":
		return true
	}
	return h.has("List-Id") || h.has("List-Post")
}
