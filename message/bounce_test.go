package message

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

// notices are bounces outside RFC 3464, in shapes that different programs give them.
func TestNotices(t *testing.T) {
	const head = "From: MAILER-DAEMON@mx.example.com\nTo: felanmalan@arende.example.org\nSubject: "
	const original = "\nReturn-Path: <felanmalan@arende.example.org>\nMessage-ID: <c1.2@arende.example.org>\nFrom: felanmalan@arende.example.org\nTo: anna@example.com\nSubject: Kranen\n\nHej\n"
	tests := []struct {
		name, mail string
		want       []BouncedRecipient // Recipient, Status, Permanent, Kind and MessageID count
	}{
		{"an address and a colon", head + "failure notice\n\nHi.\n\n<anna@example.com>:\nRemote host said: 550 5.2.2 mailbox full\n\n<bo@example.com>:\nSorry, no mailbox here by that name.\n\n--- Below this line is a copy of the message.\n" + original,
			[]BouncedRecipient{{Recipient: "anna@example.com", Status: "5.2.2", Permanent: true, Kind: FailedFull}, {Recipient: "bo@example.com", Permanent: true, Kind: FailedUser}}},
		{"a transcript", head + "Returned mail: User unknown\n\n   ----- Transcript of session follows -----\n>>> RCPT To:<anna@example.com>\n<<< 450 <anna@example.com>... mailbox busy\n\n   ----- Unsent message follows -----" + original,
			[]BouncedRecipient{{Recipient: "anna@example.com", Permanent: false}}},
		{"in a sentence", head + "Mail delivery failed\n\nThere was an error delivering your mail to <anna@example.com>.\n\nDNS lookup failure: host example.com not found\n\nMessage headers follow.\n" + original,
			[]BouncedRecipient{{Recipient: "anna@example.com", Permanent: true, Kind: FailedHost}}},
		{"no address but in the returned header", head + "Undeliverable Message\n\nMessage could not be delivered to mobile.\nError: no valid recipients\n\nOriginal Message:" + original,
			[]BouncedRecipient{{Recipient: "anna@example.com", Permanent: true, Kind: FailedUser}}},
		{"a delay", head + "Warning: message delayed 24 hours\n\nThe address to which the message has not yet been delivered is:\n\n  anna@example.com\n\nDelivery attempts will continue.\n" + original,
			[]BouncedRecipient{{Recipient: "anna@example.com", Permanent: false}}},
		{"the fields of RFC 3464 as text", head + "Delivery Status Notification (Failure)\n\nThe following failed:\n\nFinal-Recipient: rfc822;anna@example.com\nAction: failed\nStatus: 5.1.1\n" + original,
			[]BouncedRecipient{{Recipient: "anna@example.com", Status: "5.1.1", Permanent: true, Kind: FailedUser}}},
		{"Swedish", head + "Meddelandet kunde inte levereras\n\nDitt meddelande kunde inte levereras till följande mottagare:\n\nanna@example.com: adressen finns inte\n\nUrsprungligt meddelande:" + original,
			[]BouncedRecipient{{Recipient: "anna@example.com", Permanent: true, Kind: FailedUser}}},
		{"no code is part of an address or a version", head + "failure notice\n\nThis is mailer 4.2.1-beta at 4.5.6.7.\n<anna@example.com>: unknown user\n" + original,
			[]BouncedRecipient{{Recipient: "anna@example.com", Permanent: true, Kind: FailedUser}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Parse(context.Background(), InMemory(tt.mail), Limits{NullReversePath: true})
			if c.Class != Bounce {
				t.Fatalf("%s, expected a bounce", c.Class)
			}
			for i := range c.Bounces {
				c.Bounces[i].Reason, c.Bounces[i].ReasonSV, c.Bounces[i].ReasonEN = "", "", ""
			}
			for i := range tt.want {
				tt.want[i].MessageID = "c1.2@arende.example.org"
			}
			if !slices.Equal(c.Bounces, tt.want) {
				t.Errorf("%+v\nexpected %+v", c.Bounces, tt.want)
			}
		})
	}
}

// A person who writes about a failure, or sends one on, is a person.
func TestNotNotices(t *testing.T) {
	const person = "From: Anna <anna@example.com>\nSubject: "
	for _, mail := range []string{
		person + "Re: Undelivered Mail Returned to Sender\n\nMitt mejl kom i retur, 550 5.1.1 user unknown. Vad gör jag?\n",
		person + "VB: failure notice\n\nSe nedan.\n\n> <bo@example.com>:\n> 550 5.1.1 no such user\n",
		person + "Returned mail in the stairwell\n\nSomebody puts returned mail on the floor.\n",
		person + "Problem\n\nYour message to bo@example.com could not be delivered, I got this. 550 5.1.1\n",
	} {
		if c := Parse(context.Background(), InMemory(mail), Limits{}); c.Class != Personal || c.Bounces != nil {
			t.Errorf("%s, expected personal: %q %+v", c.Class, c.Subject, c.Bounces)
		}
	}
}

func TestReasonOf(t *testing.T) {
	for said, want := range map[string]Failure{
		"552 5.2.2 Over quota": FailedFull,
		"550 5.1.1 <a@b>: Recipient address rejected: User unknown":                  FailedUser,
		"552 5.3.4 Message size exceeds fixed limit":                                 FailedSize,
		"550 5.7.1 Message rejected as spam":                                         FailedSpam,
		"554 5.7.1 Relay access denied":                                              FailedRelay,
		"550 5.7.26 fails SPF and DKIM checks":                                       FailedPolicy,
		"554 Service unavailable; Client host [192.0.2.1] blocked using zen.example": FailedBlocked,
		"DNS Error: NXDOMAIN":                                                        FailedHost,
		"Message expired":                                                            FailedExpired,
		"connect to mx: Connection timed out":                                        FailedNetwork,
		"The user's account is disabled":                                             FailedDisabled,
		"Kim has moved to kim@example.net":                                           FailedMoved,
		"421 too many connections":                                                   FailedRate,
		"451 4.3.0 Temporary failure":                                                FailedSystem,
		"Virus found":                                                                FailedVirus,
		"2.0.0 thank you":                                                            "",
	} {
		got := reasonOf(said)
		if got != want {
			t.Errorf("%q: %q, expected %q", said, got, want)
		}
		if (got == "") != (got.Swedish() == "") || (got == "") != (got.English() == "") {
			t.Errorf("%q has no words", got)
		}
	}
}

// Text that is made to look like headers and addresses costs no more than other text.
func TestNoticesTakeLinearTime(t *testing.T) {
	for _, line := range []string{"From: a\n", "To: a@example.com\n", "a@example.com: 550 5.1.1 x\n", " Received: x\n\n", "a@b.c,d@e.f;<g@h.i>", "550 "} {
		raw := "From: MAILER-DAEMON@example.com\nSubject: failure notice\n\n" + strings.Repeat(line, (1<<20)/len(line))
		start := time.Now()
		c := Parse(context.Background(), InMemory(raw), Limits{})
		if d := time.Since(start); d > 5*time.Second || len(c.Bounces) > maxBounces {
			t.Errorf("%q: %v, %d bounces", line, d, len(c.Bounces))
		}
	}
}

func FuzzNotice(f *testing.F) {
	f.Add("<a@example.com>:\n550 5.1.1 x\n\n--- Below\n\nReceived: x\nFrom: b\nMessage-ID: <c@d>\n\ntext", "a@example.com")
	f.Add("Final-Recipient: rfc822;a@b\nAction: failed\nStatus: 4.0.0\n", "")
	f.Add("  To: x\n  From: y\n  Subject: z\n\nOriginal message\nTo: a\nFrom: b", "x y")
	f.Fuzz(func(t *testing.T, text, failed string) {
		n := readNotice(text)
		if !strings.HasPrefix(text, n.lead) {
			t.Error("the lead is no beginning of the text")
		}
		c := &Content{FullText: text}
		bounces := n.read(c, parseAddresses(failed, 10), n.original)
		if len(bounces) > maxBounces {
			t.Errorf("%d bounces", len(bounces))
		}
		for _, b := range bounces {
			if b.Recipient == "" {
				t.Errorf("no recipient: %+v", b)
			}
		}
	})
}
