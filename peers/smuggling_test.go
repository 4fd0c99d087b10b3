package peers

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"smartmail/testrig"
)

// endings look like the end of DATA to one program or another, and are none (RFC 5321 section 4.1.1.4).
var endings = []string{"\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\r\n.\n", "\n.\r", "\r.\n", "\r\n\x00.\r\n", "\r\n.\x00\r\n"}

// smuggle is a stream of data that holds a second mail behind such an ending.
func smuggle(n int, ending string) string {
	const second = "MAIL FROM:<smuggled@sender.example.net>\r\nRCPT TO:<" + intake + ">\r\nDATA\r\n" +
		"From: smuggled@sender.example.net\r\nSubject: Smuggled\r\nMessage-ID: <smuggled@sender.example.net>\r\n\r\nSmuggled.\r\n"
	id := fmt.Sprintf("smuggler-%d@sender.example.net", n)
	return strings.TrimSuffix(string(compose(sender, intake, id, "Fel", 0)), "\r\n") + ending + second
}

// stream sends data as it is, then the proper end, and checks that nothing but one reply comes for it.
func stream(t *testing.T, h *house, data string) answer {
	t.Helper()
	s, err := dial(h.SMTP, "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for _, step := range []struct {
		line string
		code int
	}{{"MAIL FROM:<" + sender + ">", 250}, {"RCPT TO:<" + intake + ">", 250}, {"DATA", 354}} {
		if err := s.want(step.code, step.line); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(s.conn, data); err != nil {
		t.Fatal(err)
	}
	got, err := s.do(".")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.want(221, "QUIT"); err != nil {
		t.Errorf("behind the mail: %v", err)
	}
	return got
}

// What hides in a mail stays in it: one mail, kept as it came, or refused where the policy says so.
func TestSmuggling(t *testing.T) {
	h := open(t, nil)
	strict := open(t, func(o *testrig.Options) { o.Extra = "  bare_newline: reject\n" })
	for n, ending := range endings {
		t.Run(fmt.Sprintf("%q", ending), func(t *testing.T) {
			data := smuggle(n, ending)
			m := h.wantStored(t, stream(t, h, data), []byte(strings.ReplaceAll(data, "\r\n.", "\r\n")))
			if m.From.Email != sender {
				t.Errorf("from %s", m.From.Email)
			}
			bare := strings.ContainsAny(strings.ReplaceAll(ending, "\r\n", ""), "\r\n")
			if got := stream(t, strict, data); bare && (got.code != 550 || !strings.HasPrefix(got.text, "5.6.11")) {
				t.Errorf("with bare_newline: reject: %v", got)
			}
		})
	}
	h.wantOnce(len(endings))
}
