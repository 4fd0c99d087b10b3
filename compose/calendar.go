package compose

import (
	"fmt"
	"net/textproto"
	"strings"
	"time"
	"unicode/utf8"

	"smartmail/casework"
)

// invitation is a visit as a calendar program reads it (RFC 5545, RFC 5546): one event, whose organiser is the address that the
// mail is from, so that the answer comes to the case.
type invitation struct {
	method string // REQUEST or CANCEL
	text   string
}

// invite writes the invitation of a mail; nil where it tells of no visit.
func invite(org Org, cs casework.Case, e casework.Entry, item casework.OutboxItem) *invitation {
	v := e.MailOut.Visit
	if v == nil {
		return nil
	}
	i := &invitation{method: "REQUEST"}
	status := "CONFIRMED"
	if v.Cancelled {
		i.method, status = "CANCEL", "CANCELLED"
	}
	var b strings.Builder
	add := func(name, value string) { b.WriteString(foldLine(name + ":" + value)) }
	add("BEGIN", "VCALENDAR")
	add("PRODID", "-//SmartMail//SmartMail//EN")
	add("VERSION", "2.0")
	add("METHOD", i.method)
	add("BEGIN", "VEVENT")
	add("UID", casework.VisitUID(cs.Number, e.Order, item.Participant)+"@"+domain(item.ReplyTo))
	add("SEQUENCE", fmt.Sprint(v.Sequence))
	add("DTSTAMP", stamp(item.At))
	add("DTSTART", stamp(v.From))
	if !v.To.IsZero() {
		add("DTEND", stamp(v.To))
	}
	add("SUMMARY", escapeText(fmt.Sprintf("%s [#%d]", line(cs.Subject), cs.Number)))
	if cs.Object != "" {
		add("LOCATION", escapeText(line(cs.Object)))
	}
	add("STATUS", status)
	add("ORGANIZER;CN="+quote(org.Name), "mailto:"+item.ReplyTo)
	add("ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN="+quote(nameOr(item.To)), "mailto:"+line(item.To.Email))
	add("END", "VEVENT")
	add("END", "VCALENDAR")
	i.text = b.String()
	return i
}

func nameOr(p casework.Participant) string {
	if name := line(p.Name); name != "" {
		return name
	}
	return p.Email
}

// stamp is a time in UTC, which needs no time zone of the other side's.
func stamp(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// escapeText writes a value of type TEXT (RFC 5545 section 3.3.11).
func escapeText(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`).Replace(s)
}

// quote writes a parameter's value, in which no quote can stand (RFC 5545 section 3.2). A caret begins an escape of RFC 6868, and a
// backslash is taken for one by some.
func quote(s string) string {
	return `"` + strings.NewReplacer(`"`, "'", `\`, "/", "^", "^^").Replace(line(s)) + `"`
}

// foldLine ends a content line, and folds it so that none is over 75 octets (RFC 5545 section 3.1), between characters.
func foldLine(s string) string {
	const most = 75
	var b strings.Builder
	for room := most; len(s) > room; room = most - 1 {
		cut := room
		for !utf8.RuneStart(s[cut]) {
			cut--
		}
		b.WriteString(s[:cut] + "\r\n ")
		s = s[cut:]
	}
	return b.String() + s + "\r\n"
}

// part is the form in which programs show an invitation with its answers: the last of the alternatives.
func (i invitation) part() part {
	return quoted("text/calendar; charset=utf-8; method="+i.method, i.text)
}

// attachment is the form in which the other programs can open it.
func (i invitation) attachment() part {
	return part{textproto.MIMEHeader{
		"Content-Type": {`application/ics; name="invite.ics"`}, "Content-Transfer-Encoding": {"base64"},
		"Content-Disposition": {`attachment; filename="invite.ics"`},
	}, lines([]byte(i.text))}
}
