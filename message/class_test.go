package message

import (
	"context"
	"slices"
	"testing"
)

func TestClass(t *testing.T) {
	const person = "From: Anna <anna@example.com>\r\n"
	report := func(kind, second string) string {
		return "Content-Type: multipart/report; report-type=" + kind + "; boundary=r\r\n\r\n--r\r\n\r\ntext\r\n--r\r\n" + second + "\r\n--r--\r\n"
	}
	status := func(action string) string {
		return report("delivery-status", "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; a@example.com\r\nAction: "+action+"\r\nStatus: 5.0.0\r\n")
	}
	zip := "Content-Type: multipart/mixed; boundary=z\r\n\r\n--z\r\nContent-Type: application/zip\r\nContent-Disposition: attachment; filename=r.zip\r\n\r\nPK\r\n--z--\r\n"
	tests := []struct {
		name, mail string
		null       bool
		want       Class
	}{
		{"a person", person + "Subject: Hej\r\n\r\ntext", false, Personal},
		{"Exchange's suppression alone", person + "X-Auto-Response-Suppress: All\r\n\r\ntext", false, Personal},
		{"a person about a vacation", person + "Subject: Lampan slocknade under min semester\r\n\r\ntext", false, Personal},
		{"a person about an undelivered parcel", person + "Subject: Undelivered parcel\r\n\r\ntext", false, Personal},
		{"Auto-Submitted: no", person + "Auto-Submitted: no\r\n\r\ntext", false, Personal},
		{"Auto-Submitted", person + "Auto-Submitted: auto-replied; owner-email=x\r\n\r\ntext", false, Automatic},
		{"Precedence: auto_reply", person + "Precedence: auto_reply\r\n\r\ntext", false, Automatic},
		{"Precedence: junk", person + "Precedence: junk\r\n\r\ntext", false, Automatic},
		{"X-Autoreply", person + "X-Autoreply: yes\r\n\r\ntext", false, Automatic},
		{"nobody reads the answer", "From: No-Reply@example.com\r\n\r\ntext", false, Automatic},
		{"a form that people fill in", "From: noreply@example.com\r\nReply-To: anna@example.com\r\n\r\ntext", false, Personal},
		{"null reverse-path", person + "Subject: Hej\r\n\r\ntext", true, Automatic},
		{"null Return-Path", "Return-Path: <>\r\n" + person + "\r\ntext", false, Automatic},
		{"Swedish", person + "Subject: Autosvar: Kranen\r\n\r\ntext", false, Automatic},
		{"Swedish absence", person + "Subject: =?utf-8?q?Fr=C3=A5nvaro?=\r\n\r\ntext", false, Automatic},
		{"Norwegian", person + "Subject: Automatisk svar: Hei\r\n\r\ntext", false, Automatic},
		{"Danish", person + "Subject: Fraværsbesked\r\n\r\ntext", false, Automatic},
		{"Finnish", person + "Subject: Automaattinen vastaus: Hei\r\n\r\ntext", false, Automatic},
		{"English", person + "Subject: Out of Office Re: Hello\r\n\r\ntext", false, Automatic},
		{"German", person + "Subject: Automatische Antwort: Hallo\r\n\r\ntext", false, Automatic},
		{"list", person + "List-Id: <l.example.com>\r\n\r\ntext", false, List},
		{"bulk", person + "Precedence: bulk\r\n\r\ntext", false, List},
		{"failure", person + status("failed"), true, Bounce},
		{"delay", person + status("delayed"), true, Bounce},
		{"success", person + status("delivered"), true, Automatic},
		{"success under a subject that sounds like failure", "Subject: Delivery Status Notification\r\nFrom: MAILER-DAEMON@example.com\r\n" + status("relayed"), true, Automatic},
		{"read receipt", person + report("disposition-notification", "Content-Type: message/disposition-notification\r\n\r\nDisposition: x; displayed\r\n"), false, Automatic},
		{"notice outside the RFC", "From: MAILER-DAEMON@example.com\r\nSubject: failure notice\r\n\r\n<borta@example.com>:\r\n550 5.1.1 no such user\r\n", true, Bounce},
		{"a list's program refuses a copy", "From: list-admin@example.com\r\nSubject: Loop Alert: Duplicated Message-ID (list)\r\n\r\nDuplicated Message-ID in <list@example.com>.\r\n\r\nOriginal mail as follows:\r\n\r\n   Received: from x\r\n   From: a@example.com\r\n   Subject: y\r\n   Message-ID: <z@example.com>\r\n\r\n   text\r\n", false, Bounce},
		{"a person about a loop", person + "Subject: Loop alert in the hallway\r\n\r\nThe lights go on and off.\r\n", false, Personal},
		{"X-Failed-Recipients", "From: Mail Delivery System <Mailer-Daemon@example.com>\r\nX-Failed-Recipients: a@example.com\r\n\r\n", true, Bounce},
		{"ARF", person + report("feedback-report", "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n"), false, Report},
		{"TLS-RPT", person + report("tlsrpt", "Content-Type: application/tlsrpt+gzip\r\n\r\nx\r\n"), false, Report},
		{"DMARC aggregate", person + "Subject: Report Domain: example.org Submitter: example.com\r\n" + zip, false, Report},
		{"a person with an archive", person + "Subject: Bilder\r\n" + zip, false, Personal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Parse(context.Background(), InMemory(tt.mail), Limits{NullReversePath: tt.null})
			checkContent(t, tt.name, []byte(tt.mail), c)
			if c.Class != tt.want {
				t.Errorf("%s, expected %s: %+v", c.Class, tt.want, c)
			}
			if c.Class != Bounce && c.Bounces != nil {
				t.Errorf("bounces of a mail that is none: %+v", c.Bounces)
			}
		})
	}
}

func TestGuessedBounce(t *testing.T) {
	mail := "From: MAILER-DAEMON@example.com\r\nSubject: failure notice\r\n\r\nHi. This is the program.\r\n<borta@example.com>:\r\n550 5.1.1 no such user\r\n"
	c := Parse(context.Background(), InMemory(mail), Limits{NullReversePath: true})
	want := []BouncedRecipient{{Recipient: "borta@example.com", Status: "5.1.1", Permanent: true,
		Reason: "550 5.1.1 no such user", Kind: FailedUser, ReasonSV: FailedUser.Swedish(), ReasonEN: FailedUser.English()}}
	if !slices.Equal(c.Bounces, want) {
		t.Errorf("%+v, expected %+v", c.Bounces, want)
	}
}

func TestLoopMarks(t *testing.T) {
	c := Parse(context.Background(), InMemory("X-SmartMail-Loop: one\r\nReceived: x\r\nReceived: y\r\nX-SmartMail-Loop: two\r\n\r\n"), Limits{})
	if !slices.Equal(c.LoopMarks, []string{"one", "two"}) || c.Hops != 2 {
		t.Errorf("marks %q, hops %d", c.LoopMarks, c.Hops)
	}
}
