package message

import (
	"context"
	"crypto/sha256"
	"strings"
	"testing"
)

func TestIdentity(t *testing.T) {
	const withID = "Message-ID: <1@example.com>\r\nSubject: Hej\r\n\r\nbody\r\n"
	const without = "From: a@example.com\r\nSubject: Hej\r\n\r\nbody\r\n"
	tests := []struct {
		name, a, b string
		same       bool
	}{
		{"itself", withID, withID, true},
		{"trace fields", withID, "Received: from x\r\n\tby y\r\nReturn-Path: <a@b>\r\nDKIM-Signature: v=1\r\n" + withID, true},
		{"another subject under the same id", withID, strings.Replace(withID, "Hej", "Nej", 1), false},
		{"another sender under the same id", "From: a@example.com\r\n" + withID, "From: b@example.com\r\n" + withID, false},
		{"a sender more under the same id", "From: a@example.com\r\n" + withID, "From: a@example.com\r\nFrom: b@example.com\r\n" + withID, false},
		{"tagged by a list", withID, strings.Replace(withID, "Hej", "[hyresgäster] [EXTERN] Hej", 1), true},
		{"folded anew", strings.Replace(withID, "Hej", "Hej alla", 1), strings.Replace(withID, "Hej", "Hej\r\n alla", 1), true},
		{"another date and recipient", withID, "Date: x\r\nTo: b@example.com\r\n" + withID, true},
		{"line ends at the end", withID, withID + "\r\n\r\n", true},
		{"no line end at the end", withID, strings.TrimSuffix(withID, "\r\n"), true},
		{"another body", withID, strings.Replace(withID, "body", "text", 1), false},
		{"a space in the body", withID, strings.Replace(withID, "body", "body ", 1), false},
		{"a line end in the body", withID, strings.Replace(withID, "body", "bo\r\ndy", 1), false},
		{"another id", withID, strings.Replace(withID, "<1@", "<2@", 1), false},
		{"id in another case", withID, strings.Replace(withID, "example", "Example", 1), false},
		{"no id against an id", without, withID, false},
		{"no id", without, "Received: from x\r\n\tby y\r\nX-Spam-Status: No\r\nARC-Seal: i=1\r\n" + without, true},
		{"no id, another subject", without, strings.Replace(without, "Hej", "Nej", 1), false},
		{"no id, another sender", without, strings.Replace(without, "a@", "b@", 1), false},
		{"no id, an mbox line", without, "From a@example.com Mon Jan  5 10:00:00 2026\r\n" + without, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := Parse(context.Background(), InMemory(tt.a), Limits{}).Identity
			b := Parse(context.Background(), onDisk([]byte(tt.b)), Limits{}).Identity
			if (a == b) != tt.same {
				t.Errorf("same: %v, expected %v", a == b, tt.same)
			}
		})
	}
}

// A big mail is read through windows; the identity must not depend on that.
func TestIdentityOfBigMail(t *testing.T) {
	for _, tail := range []string{"", "\r\n", strings.Repeat("\r\n", 100_000)} {
		mail := []byte("Subject: big\r\n\r\n" + strings.Repeat("0123456789abcdef\r\n", 50_000) + tail)
		a := Parse(context.Background(), InMemory(mail), Limits{})
		b := Parse(context.Background(), onDisk(mail), Limits{})
		if a.Identity != b.Identity || a.Identity == [32]byte{} {
			t.Errorf("tail of %d bytes: %x and %x", len(tail), a.Identity, b.Identity)
		}
	}
}

func TestDigest(t *testing.T) {
	mail := photoMail(1 << 20)
	for _, raw := range []Raw{InMemory(mail), onDisk(mail)} {
		if got, err := Digest(raw); err != nil || got != sha256.Sum256(mail) {
			t.Errorf("%x, %v", got, err)
		}
	}
}
