package message

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzCalendar reads any text as a calendar part.
func FuzzCalendar(f *testing.F) {
	f.Add("BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:visit-7-1-2@case.example\r\nSEQUENCE:2\r\nDTSTART;TZID=W. Europe Standard Time:20261201T080000\r\n"+
		"DTEND:20261201T090000Z\r\nATTENDEE;PARTSTAT=DECLINED:mailto:anna@home.example\r\nSUMMARY:Besök\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", "")
	f.Add("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261201\nATTENDEE:mailto:\nRRULE:FREQ=SECONDLY\n END:VEVENT", "counter")
	f.Add("BEGIN:VTIMEZONE\r\nEND:VCALENDAR\r\n", "request")
	f.Fuzz(func(t *testing.T, text, method string) {
		c := parseCalendar(text, method)
		if c == nil {
			return
		}
		for _, s := range []string{c.Method, c.UID, c.Summary, c.Location} {
			if strings.ContainsAny(s, "\r\n") || len(s) > 4*maxSubject {
				t.Errorf("%q is no line", s)
			}
		}
		if c.Sequence < 0 || c.Start.Location() != time.UTC || c.End.Location() != time.UTC {
			t.Errorf("%+v", c)
		}
	})
}

// FuzzStatus reads any octets as a delivery status (RFC 3464).
func FuzzStatus(f *testing.F) {
	f.Add([]byte("Reporting-MTA: dns;mx.example\r\n\r\nFinal-Recipient: rfc822;a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no\r\n"))
	f.Add([]byte("Final-Recipient: utf-8;å@b\nAction: delayed\nStatus: 4\n\n\nOriginal-Recipient: rfc822; <c@d>\nAction: delivered\n"))
	f.Add([]byte(":\n:\n \n\r\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		bounces, _ := readStatus(b)
		if len(bounces) > maxBounces {
			t.Errorf("%d bounces", len(bounces))
		}
	})
}

// FuzzFields reads any text as the values of fields: dates, Message-IDs, encoded words, parameters.
func FuzzFields(f *testing.F) {
	for _, s := range []string{
		"Tue, 24 Nov 2026 12:00:00 +0100 (CET)", "tis, 24 nov 26 12:00", "<a@b> <c@d>\r\n <e@f>", "=?utf-8?Q?r=C3=A4ka?= =?x?B?!!?=",
		`text/plain; charset="utf-8"; name*0*=UTF-8''a%20; name*1=b; name=`, "=?utf-8?b?" + strings.Repeat("w6U=", 100) + "?=", "<<>>(((",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if at := parseDate(v); !at.IsZero() && at.Location() != time.UTC {
			t.Errorf("%q is %v", v, at)
		}
		for _, id := range parseIDs(v) {
			if id == "" || strings.ContainsAny(id, " \t\r\n") {
				t.Errorf("%q has the id %q", v, id)
			}
		}
		if s := decodeWords(v); utf8.ValidString(v) && !utf8.ValidString(s) {
			t.Errorf("%q became %q", v, s)
		}
		if kind, _ := parseParams(v); len(kind) > utf8.UTFMax*len(v) {
			t.Errorf("%q has the kind %q", v, kind)
		}
	})
}
