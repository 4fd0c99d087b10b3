package message

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// reports is what a mail says about other mails, beside what Content keeps of it.
type reports struct {
	good     bool     // a delivery status notification has good news
	returned []header // of the messages that it returns or attaches, the first few
	notice   notice   // in its text; read where the mail looks like a notice
}

const maxReturnedHeaders = 5

// readReports collects what the mail says about other mails: the ids in messages that it returns or attaches, and its
// delivery status notifications.
func (c *Content) readReports(ctx context.Context, t *tree) (r reports, err error) {
	for _, p := range t.parts {
		if p.multipart() {
			continue
		}
		switch {
		case p.returns():
			h, err := t.inner(ctx, p)
			if err != nil {
				return r, err
			}
			r.add(c, h)
		case p.mediaType == "message/delivery-status" || p.mediaType == "message/global-delivery-status":
			b, err := io.ReadAll(io.LimitReader(t.body(ctx, p), maxReport))
			if err != nil {
				return r, fmt.Errorf("read delivery status: %w", err)
			}
			bounces, reached := readStatus(b)
			c.Bounces = append(c.Bounces, bounces...)
			r.good = r.good || reached
			if !statusMark.Match(b) && c.FullText == "" {
				var s shownText // some programs put what people should read under this type
				s.full.WriteString(newlines(decodeText(b, "")))
				c.readText(&s)
			}
		case p.parent != nil && p.header.has("From") && (p.header.has("To") || p.header.has("Message-ID")):
			r.add(c, p.header) // the returned mail's header in the place of the part's own
		}
	}
	return r, nil
}

// statusMark tells the fields of a delivery status notification (RFC 3464 sections 2.2 and 2.3).
var statusMark = regexp.MustCompile(`(?im)^(?:reporting-mta|final-recipient|original-recipient|action|original-envelope-id)[ \t]*:`)

// returns tells the parts that are a message or the header of one.
func (p *part) returns() bool {
	switch p.mediaType {
	case "message/rfc822", "message/global", "text/rfc822-headers", "text/rfc822-header", "message/rfc822-headers", "message/global-headers",
		"message/partial":
		return true
	}
	return false
}

func (r *reports) add(c *Content, h header) {
	c.addReturned(h)
	if len(r.returned) < maxReturnedHeaders {
		r.returned = append(r.returned, h)
	}
}

// inner reads the header of a returned or attached message.
func (t *tree) inner(ctx context.Context, p *part) (header, error) {
	b, err := io.ReadAll(io.LimitReader(t.body(ctx, p), maxReport))
	if err != nil {
		return nil, fmt.Errorf("read returned message: %w", err)
	}
	h, _ := parseBlock(bytes.TrimLeft(b, "\r\n")) // some programs leave a blank line before it
	return h, nil
}

func (c *Content) addReturned(h header) {
	ids := parseIDs(h.get("Message-ID"))
	ids = append(ids, parseIDs(h.get("In-Reply-To"))...)
	ids = append(ids, newest(parseIDs(h.get("References")), maxReferences)...)
	for _, id := range ids {
		if len(c.Returned) < maxReturned && !slices.Contains(c.Returned, id) {
			c.Returned = append(c.Returned, id)
		}
	}
}

// parseBlock reads the header block at the start of b, and returns what follows it.
func parseBlock(b []byte) (header, []byte) {
	if b == nil {
		b = []byte{} // a source without memory would read from a file
	}
	src := &source{mem: b, eol: '\n'}
	if bytes.IndexByte(b, '\n') < 0 {
		src.eol = '\r'
	}
	budget := maxReport
	h := &headerReader{top: true, fieldCap: maxField, budget: &budget}
	body, _ := h.read(src) // memory does not fail
	return h.fields, b[body:]
}

// readStatus reads a message/delivery-status body (RFC 3464 section 2.1): a block of fields about the message, then one
// for each recipient. Only failures and delays are bounces; good tells that some recipient was reached.
func readStatus(b []byte) (bounces []BouncedRecipient, good bool) {
	for len(bounces) < maxBounces {
		b = bytes.TrimLeft(b, "\r\n")
		before := len(b)
		if before == 0 {
			break
		}
		var h header
		h, b = parseBlock(b)
		if len(b) >= before {
			break // a line that is no field
		}
		for _, group := range perRecipient(h) {
			r, action := statusOf(group)
			switch action {
			case "failed", "delayed":
				bounces = append(bounces, r)
			case "delivered", "relayed", "expanded":
				good = true
			}
		}
	}
	return bounces, good
}

// perRecipient parts a block at each recipient: some programs leave out the blank lines between them.
func perRecipient(h header) []header {
	var out []header
	start := 0
	seen := map[string]bool{}
	for i, f := range h {
		name := strings.ToLower(f.Name)
		if name != "final-recipient" && name != "original-recipient" {
			continue
		}
		if seen[name] {
			out = append(out, h[start:i])
			start, seen = i, map[string]bool{}
		}
		seen[name] = true
	}
	return append(out, h[start:])
}

// statusOf reads the fields about one recipient (RFC 3464 section 2.3); the action is empty where there is none.
func statusOf(h header) (BouncedRecipient, string) {
	recipient := typed(h.get("Final-Recipient"))
	if recipient == "" {
		recipient = typed(h.get("Original-Recipient"))
	}
	action := strings.ToLower(h.get("Action"))
	action = action[:len(action)-len(strings.TrimLeft(action, "abcdefghijklmnopqrstuvwxyz"))]
	if recipient == "" {
		return BouncedRecipient{}, ""
	}
	reason := typed(h.get("Diagnostic-Code"))
	status := statusCode(h.get("Status"))
	if status == "" {
		status = statusCode(reason)
	}
	r := BouncedRecipient{
		Recipient: mailboxOf(recipient),
		Status:    status,
		Reason:    oneLine(strings.Join(strings.Fields(decodeWords(reason)), " "), maxName),
	}
	if sent := mailboxOf(typed(h.get("Original-Recipient"))); sent != "" && !strings.EqualFold(sent, r.Recipient) {
		r.Original = sent
	}
	r.decide(r.Reason, action == "delayed", action)
	return r, action
}

// typed cuts the type off "rfc822; anna@example.com" (RFC 3464 section 2.1.2).
func typed(v string) string {
	if kind, rest, ok := strings.Cut(v, ";"); ok && !strings.ContainsAny(kind, "@<") {
		return strings.TrimSpace(rest)
	}
	return v
}

func mailboxOf(v string) string {
	if m := parseMailbox(v); m.Email != "" {
		return m.Email
	}
	return oneLine(v, maxName)
}

// statusCode finds an enhanced status code (RFC 3463 section 2) of a failure or a delay, and no part of an address or a
// version.
func statusCode(s string) string {
	for from := 0; from < len(s); {
		at := statusPattern.FindStringIndex(s[from:])
		if at == nil {
			return ""
		}
		start, end := from+at[0], from+at[1]
		if (start == 0 || s[start-1] != '.' && s[start-1] != '-') && (end+1 >= len(s) || s[end] != '.' || s[end+1] < '0' || s[end+1] > '9') {
			return s[start:end]
		}
		from = end
	}
	return ""
}
