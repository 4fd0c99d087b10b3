package outbound

import (
	"bufio"
	"strings"
	"testing"
)

func TestReadReply(t *testing.T) {
	for in, want := range map[string]string{
		"250 2.1.0 ok\r\n":                   "250 2.1.0 ok",
		"250-5.1.1 a\r\n250 5.1.1 b\r\n":     "250 5.1.1 a 5.1.1 b", // of another class: no enhanced code
		"550-5.1.1 no\r\n550 5.1.1 user\r\n": "550 5.1.1 no user",
		"250\r\n":                            "250",
		"250 \xff\n":                         "250 \uFFFD",
		"550 1.2.3 x\r\n":                    "550 1.2.3 x",
		"250-a\r\n550 b\r\n":                 "",
		"25 x\r\n":                           "",
		"250x\r\n":                           "",
		"199 x\r\n":                          "",
		"250 no end":                         "",
		"250 " + strings.Repeat("x", 3000) + "\n": "",
		strings.Repeat("250-x\r\n", 201):          "",
	} {
		got, err := readReply(bufio.NewReaderSize(strings.NewReader(in), 16))
		if text := got.String(); (err == nil) != (want != "") || err == nil && text != want {
			t.Errorf("%.40q gives %q, %v; want %q", in, text, err, want)
		}
	}
}

func TestQueueID(t *testing.T) {
	for text, want := range map[string]string{
		"Ok: queued as 4XyZ1": "4XyZ1", "OK id=1abc-0001-XY": "1abc-0001-XY", "queued as <77@x> thanks": "77@x", "OK": "", "queued as ": "",
	} {
		if got := (reply{code: 250, lines: []string{text}}).queueID(); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

// Whatever a server says, reading it is bounded and its text is one line of valid UTF-8.
func FuzzReadReply(f *testing.F) {
	for _, s := range []string{"250 ok\r\n", "250-a\r\n250 b\r\n", "550 5.1.1 \xff\r\n", "220", "250 queued as x\n", "\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := readReply(bufio.NewReader(strings.NewReader(string(b))))
		if err != nil {
			return
		}
		text := got.String()
		if strings.ContainsAny(text, "\n") || strings.ToValidUTF8(text, "") != text || len(text) > maxReplyLine*maxReplyLines*2 {
			t.Errorf("%q", text)
		}
		if got.code < 200 || got.code > 599 || len(got.queueID()) > 100 {
			t.Errorf("%+v", got)
		}
	})
}
