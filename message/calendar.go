package message

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	ical "github.com/arran4/golang-ical"
)

// Answers to an invitation (RFC 5546 sections 3.2.3 and 3.2.7).
const (
	Accepted  = "accepted"
	Declined  = "declined"
	Tentative = "tentative"
	Counter   = "counter" // another time is proposed
)

// Calendar is what a calendar part says (RFC 5545, RFC 5546): an invitation, a change, or the answer to one.
type Calendar struct {
	Method   string    `json:"method"`             // REQUEST, REPLY, COUNTER, CANCEL ...; upper case
	Answer   string    `json:"answer,omitempty"`   // accepted, declined, tentative, counter; empty: it is no answer
	Attendee string    `json:"attendee,omitempty"` // who answers: an address
	UID      string    `json:"uid,omitempty"`
	Summary  string    `json:"summary,omitempty"`
	Location string    `json:"location,omitempty"`
	Start    time.Time `json:"start,omitzero"` // UTC; zero where it can't be read
	End      time.Time `json:"end,omitzero"`
	Sequence int       `json:"sequence,omitempty"` // of the invitation that it is, or answers; 0: the first, or not told
}

// calendarLabel begins the label of an attachment that answers an invitation.
const calendarLabel = "calendar-reply-"

// readCalendar reads the first calendar part. A damaged one is an attachment and nothing more.
func (c *Content) readCalendar(ctx context.Context, t *tree, leaves []*part) error {
	for i, p := range leaves {
		if p.mediaType != "text/calendar" && p.mediaType != "application/ics" {
			continue
		}
		b, err := io.ReadAll(io.LimitReader(t.body(ctx, p), maxReport))
		if err != nil {
			return fmt.Errorf("read calendar: %w", err)
		}
		_, params := parseParams(p.header.get("Content-Type"))
		cal := parseCalendar(decodeText(b, params["charset"]), params["method"])
		if cal == nil {
			continue
		}
		if cal.Answer != "" {
			c.Attachments[i].Label = calendarLabel + cal.Answer
		}
		if c.Calendar == nil {
			c.Calendar = cal
		}
	}
	return nil
}

// parseCalendar reads the first event of a calendar; nil where there is none to be read.
func parseCalendar(text, method string) (out *Calendar) {
	var parsed *ical.Calendar
	err := guard(func() (err error) {
		parsed, err = ical.ParseCalendar(strings.NewReader(text))
		return err
	})
	if err != nil || parsed == nil {
		return nil
	}
	out = &Calendar{Method: strings.ToUpper(oneLine(method, 40))}
	for _, p := range parsed.CalendarProperties {
		if p.IANAToken == string(ical.PropertyMethod) {
			out.Method = strings.ToUpper(oneLine(p.Value, 40))
		}
	}
	events := parsed.Events()
	if len(events) == 0 {
		return nil
	}
	_ = guard(func() error { out.readEvent(events[0]); return nil })
	return out
}

func (c *Calendar) readEvent(e *ical.VEvent) {
	value := func(p ical.ComponentProperty) string {
		if v := e.GetProperty(p); v != nil {
			return oneLine(v.Value, maxSubject)
		}
		return ""
	}
	c.UID, c.Summary, c.Location = value(ical.ComponentPropertyUniqueId), value(ical.ComponentPropertySummary), value(ical.ComponentPropertyLocation)
	c.Start, c.End = eventTime(e, ical.ComponentPropertyDtStart), eventTime(e, ical.ComponentPropertyDtEnd)
	if n, err := strconv.ParseUint(value(ical.ComponentPropertySequence), 10, 31); err == nil {
		c.Sequence = int(n)
	}
	attendees := e.Attendees()
	switch c.Method {
	case "COUNTER":
		c.Answer = Counter
	case "REPLY":
		for _, a := range attendees {
			switch strings.ToUpper(string(a.ParticipationStatus())) {
			case "ACCEPTED":
				c.Answer = Accepted
			case "DECLINED":
				c.Answer = Declined
			case "TENTATIVE":
				c.Answer = Tentative
			}
		}
	default:
		return
	}
	if len(attendees) > 0 {
		address := strings.TrimSpace(attendees[0].Email())
		if len(address) > 7 && strings.EqualFold(address[:7], "mailto:") {
			address = address[7:]
		}
		c.Attendee = cleanAddress(address)
	}
}

// eventTime reads a time (RFC 5545 section 3.3.5) in its zone, which Outlook gives by names of its own.
func eventTime(e *ical.VEvent, name ical.ComponentProperty) time.Time {
	p := e.GetProperty(name)
	if p == nil {
		return time.Time{}
	}
	zone := time.UTC
	if id := p.ICalParameters["TZID"]; len(id) > 0 {
		loaded, err := time.LoadLocation(zoneName(id[0]))
		if err != nil {
			return time.Time{} // a wrong time is worse than none
		}
		zone = loaded
	}
	for _, layout := range []string{"20060102T150405Z", "20060102T150405", "20060102"} {
		if t, err := time.ParseInLocation(layout, p.Value, zone); err == nil {
			return sane(t)
		}
	}
	return time.Time{}
}

// zoneName maps the names that Windows gives to the zones of our part of the world.
func zoneName(id string) string {
	switch id = strings.Trim(id, `"`); id {
	case "W. Europe Standard Time", "Central Europe Standard Time", "Central European Standard Time":
		return "Europe/Stockholm"
	case "Romance Standard Time":
		return "Europe/Copenhagen"
	case "FLE Standard Time":
		return "Europe/Helsinki"
	case "GMT Standard Time":
		return "Europe/London"
	}
	return id
}
