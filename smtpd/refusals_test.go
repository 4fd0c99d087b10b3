package smtpd

import (
	"strings"
	"testing"
)

// Every reply of the outside interface has a word, and no word is said of two.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		verb, reply string
		want        Refusal
	}{
		{"RCPT", "550 5.1.1 no such recipient", RefusedRecipient},
		{"RCPT", "550 5.7.1 not one of our domains", RefusedRelay},
		{"DATA", "550 5.7.1 message refused: taken for spam", RefusedContent},
		{"MAIL", "552 5.3.4 mail is over the limit", RefusedSize},
		{"DATA", "550 5.7.26 the sender's domain asks to reject it", RefusedDMARC},
		{"DATA", "554 5.4.6 too many hops", RefusedLoop},
		{"BDAT", "550 5.6.11 bare CR or LF", RefusedNewline},
		{"DATA", "451 4.3.0 local error", RefusedLocal},
		{"DATA", "451 4.7.0 too much mail", RefusedBusy},
		{"", replyShutdown, RefusedShutdown},
		{"", replyTooManyErrs, RefusedLimit},
		{"", replyIdle, RefusedTime},
		{"RCPT", "452 4.5.3 too many recipients in one mail", RefusedRecipients},
		{"DATA", "554 5.6.0 no recipient", RefusedInvalid},
		{"VRFY", replyUnknown, RefusedProtocol},
		{"RCPT", "553 5.1.3 bad address", RefusedProtocol},
		{"", "500", RefusedOther},
	} {
		if got := refusalOf(tt.verb, tt.reply); got != tt.want {
			t.Errorf("%s %q: %s, want %s", tt.verb, tt.reply, got, tt.want)
		}
	}
	seen := map[Refusal]bool{}
	for _, r := range Refusals() {
		if seen[r] || strings.ToLower(string(r)) != string(r) {
			t.Errorf("%s is there twice, or no label", r)
		}
		seen[r] = true
	}
}
