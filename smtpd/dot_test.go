package smtpd

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// unstuffAll feeds data in pieces, as the network might, and returns the mail and what follows its end.
func unstuffAll(data []byte, pieces func(left int) int) (mail, rest string, done bool) {
	atStart := true
	var unread []byte
	for {
		kept, used, end := unstuff(unread, &atStart)
		mail += string(unread[:kept])
		unread = unread[used:]
		if end {
			return mail, string(unread) + string(data), true
		}
		if len(data) == 0 {
			return mail, string(unread), false
		}
		n := pieces(len(data))
		unread = append(append([]byte(nil), unread...), data[:n]...)
		data = data[n:]
	}
}

// reference reads RFC 5321 section 4.5.2 to the letter: a line ends in CRLF, and in nothing else.
func reference(data string) (mail, rest string, done bool) {
	for {
		text, after, whole := strings.Cut(data, "\r\n")
		switch {
		case !whole:
			return mail, data, false
		case text == ".":
			return mail, after, true
		}
		mail += strings.TrimPrefix(text, ".") + "\r\n"
		data = after
	}
}

// stuff does what a sender does (RFC 5321 section 4.5.2).
func stuff(mail string) string {
	if strings.HasPrefix(mail, ".") {
		mail = "." + mail
	}
	return strings.ReplaceAll(mail, "\r\n.", "\r\n..")
}

func TestUnstuff(t *testing.T) {
	for _, tc := range []struct {
		name, data, mail, rest string
		done                   bool
	}{
		{"empty", ".\r\n", "", "", true},
		{"one line", "a\r\n.\r\nQUIT\r\n", "a\r\n", "QUIT\r\n", true},
		{"stuffed", "..\r\n..a\r\n.b\r\n...\r\n.\r\n", ".\r\n.a\r\nb\r\n..\r\n", "", true},
		{"bare LF", "a\n.\nb\r\n.\r\n", "a\n.\nb\r\n", "", true},
		{"LF dot CRLF", "a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n", "", true},
		{"CRLF dot LF", "a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n", "", true},
		{"CRLF dot CR", "a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", "", true},
		{"CRLF dot CR CR LF", "a\r\n.\r\r\nb\r\n.\r\n", "a\r\n\r\r\nb\r\n", "", true},
		{"CR dot CRLF", "a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n", "", true},
		{"CR CRLF dot", "a\r\r\n.\r\n", "a\r\r\n", "", true},
		{"NUL before the dot", "a\r\n\x00.\r\nb\r\n.\r\n", "a\r\n\x00.\r\nb\r\n", "", true},
		{"NUL behind the dot", "a\r\n.\x00\r\nb\r\n.\r\n", "a\r\n\x00\r\nb\r\n", "", true},
		{"no line end before the dot", "a.\r\n", "a.\r\n", "", false},
		{"cut behind the dot", "a\r\n.", "a\r\n", ".", false},
		{"cut behind the CR", "a\r\n.\r", "a\r\n", ".\r", false},
		{"LF dot LF only", "\n.\n", "\n.\n", "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for size := 1; size <= len(tc.data); size++ {
				mail, rest, done := unstuffAll([]byte(tc.data), func(left int) int { return min(size, left) })
				if mail != tc.mail || rest != tc.rest || done != tc.done {
					t.Errorf("in pieces of %d: %q, %q, %v", size, mail, rest, done)
				}
			}
		})
	}
}

func TestStuffedMailArrivesIdentical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.SampledFrom([]string{"\r\n", "\r", "\n", ".", "\r\n.", "\x00", "a", "longer text", "\xff"}))
		mail := strings.Join(words.Draw(t, "words"), "") + "\r\n"
		got, rest, done := unstuffAll([]byte(stuff(mail)+".\r\nQUIT\r\n"), func(left int) int {
			return rapid.IntRange(1, left).Draw(t, "piece")
		})
		if !done || got != mail || rest != "QUIT\r\n" {
			t.Fatalf("sent %q, got %q, then %q, %v", mail, got, rest, done)
		}
	})
}

func TestNewlines(t *testing.T) {
	for text, bare := range map[string]bool{
		"": false, "a": false, "a\r\n": false, "\r\n\r\n": false, "a\r\nb\r\nc": false,
		"\n": true, "\r": true, "a\r\n\n": true, "\r\r\n": true, "a\rb\r\n": true, "a\r\nb\rc": true, "\n\r": true, "a\r\nb\r": true,
	} {
		for size := 1; size <= len(text)+1; size++ {
			var n newlines
			for rest := text; rest != ""; {
				k := min(size, len(rest))
				n.add([]byte(rest[:k]))
				rest = rest[k:]
			}
			if n.found() != bare {
				t.Errorf("%q in pieces of %d: %v", text, size, n.found())
			}
		}
	}
}

// FuzzUnstuff holds the scanner against the reference, whatever the octets and however they are cut.
func FuzzUnstuff(f *testing.F) {
	f.Add([]byte("a\r\n..b\r\n.\r\nQUIT\r\n"), 1)
	f.Add([]byte("a\n.\r\nb\r.\r\n\r\n\x00.\r\n.\r\n"), 3)
	f.Add([]byte(".\r\n"), 2)
	f.Add([]byte("..\r\n.\r.\r\n.\r\n"), 4)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		size = max(1, size&0xff)
		mail, rest, done := unstuffAll(bytes.Clone(data), func(left int) int { return min(size, left) })
		wantMail, wantRest, wantDone := reference(string(data))
		if done != wantDone {
			t.Fatalf("done is %v for %q", done, data)
		}
		if done && (mail != wantMail || rest != wantRest) {
			t.Fatalf("%q: got %q, then %q; want %q, then %q", data, mail, rest, wantMail, wantRest)
		}
	})
}
