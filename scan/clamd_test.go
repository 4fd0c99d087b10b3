package scan

import (
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"smartmail/message"
)

// fakeClamd takes each mail and answers as told. early: without reading the mail to its end.
func fakeClamd(t *testing.T, network, answer string, early bool) (addr string, mails <-chan string) {
	t.Helper()
	at := "127.0.0.1:0"
	if network == "unix" {
		at = filepath.Join(t.TempDir(), "clamd")
	}
	l, err := net.Listen(network, at)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if early {
				_, _ = io.ReadFull(conn, make([]byte, 100))
			} else if mail, ok := instream(conn); ok {
				got <- mail
			}
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String(), got
}

// instream reads a mail as clamd does.
func instream(r io.Reader) (string, bool) {
	command := make([]byte, len("zINSTREAM\x00"))
	if _, err := io.ReadFull(r, command); err != nil || string(command) != "zINSTREAM\x00" {
		return "", false
	}
	var mail strings.Builder
	for {
		var length [4]byte
		if _, err := io.ReadFull(r, length[:]); err != nil {
			return "", false
		}
		n := int64(binary.BigEndian.Uint32(length[:]))
		if n == 0 {
			return mail.String(), true
		}
		if n > 64<<10 {
			return "", false
		}
		if _, err := io.CopyN(&mail, r, n); err != nil {
			return "", false
		}
	}
}

func TestClamdAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		found  Action
		want   Action
		reason string
		virus  string
	}{
		"clean":            {"stream: OK\x00", Reject, Pass, "", ""},
		"refused":          {"stream: Eicar-Test-Signature FOUND\x00", Reject, Reject, "clamd: Eicar-Test-Signature", "Eicar-Test-Signature"},
		"a person":         {"stream: A.B-1 FOUND\x00", Triage, Triage, "clamd: A.B-1", "A.B-1"},
		"marked":           {"stream: A(0a1b:68) FOUND\x00", Mark, Mark, "clamd: A(0a1b:68)", "A(0a1b:68)"},
		"over its limit":   {"INSTREAM size limit exceeded. ERROR\x00", Reject, Mark, "clamd: not scanned, the mail is over clamd's own size limit", ""},
		"an odd name":      {"stream: A\r\nB\xff FOUND\x00", Reject, Reject, "clamd: A??B?", "A??B?"},
		"a name that lies": {"stream: OK FOUND\x00", Reject, Reject, "clamd: OK", "OK"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, network := range []string{"tcp", "unix"} {
				addr, mails := fakeClamd(t, network, c.answer, false)
				s := scanners(t, Options{Clamd: &Clamd{Address: addr, Found: c.found}})
				for _, mail := range []string{"", "x", strings.Repeat("0123456789abcdef", 12<<10), strings.Repeat("x", chunkBytes), strings.Repeat("y", chunkBytes+1)} {
					v, err := s.Scan(t.Context(), envelope, message.InMemory(mail))
					if err != nil || v.Action != c.want || v.Virus != c.virus || strings.Join(v.Reasons, "; ") != c.reason {
						t.Errorf("got %+v, %v, want %v with %q", v, err, c.want, c.reason)
					}
					if got := <-mails; got != mail {
						t.Errorf("clamd got %d bytes of %d", len(got), len(mail))
					}
				}
			}
		})
	}
}

// An answer in the middle of a mail counts, but for one that calls clean what was not read.
func TestClamdHangsUpEarly(t *testing.T) {
	mail := message.InMemory(strings.Repeat("x", 20<<20)) // more than sockets hold
	for answer, want := range map[string]Verdict{
		"INSTREAM size limit exceeded. ERROR\x00": {Action: Mark},
		"stream: A FOUND\x00":                     {Action: Reject, Virus: "A"},
		"stream: OK\x00":                          {Action: Mark, Down: []string{"clamd"}},
		"":                                        {Action: Mark, Down: []string{"clamd"}},
	} {
		addr, _ := fakeClamd(t, "unix", answer, true)
		v, err := scanners(t, Options{Clamd: &Clamd{Address: addr, Found: Reject}}).Scan(t.Context(), envelope, mail)
		if err != nil || v.Action != want.Action || v.Virus != want.Virus || len(v.Down) != len(want.Down) {
			t.Errorf("%q gives %+v, %v", answer, v, err)
		}
	}
}

func TestClamdGarbage(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing":        "",
		"an error":       "stream: Can't allocate memory ERROR\x00",
		"another":        "UNKNOWN COMMAND\x00",
		"another thing":  "220 mx.example.org ESMTP\r\n",
		"another file":   "/etc/passwd: OK\x00",
		"no name":        "stream:  FOUND\x00",
		"cut off":        "stream: OK",
		"cut off name":   "stream: Eicar",
		"more behind it": "stream: OK\x00stream: A FOUND\x00",
		"without an end": "stream: " + strings.Repeat("x", 1<<20),
		"only NUL":       "\x00",
	} {
		t.Run(name, func(t *testing.T) {
			addr, _ := fakeClamd(t, "tcp", answer, false)
			wantDown(t, Options{Clamd: &Clamd{Address: addr, Found: Reject}}, "clamd")
		})
	}
}

func FuzzParseClamd(f *testing.F) {
	for _, s := range []string{"stream: OK\x00", "stream: Eicar-Test-Signature FOUND\x00", "INSTREAM size limit exceeded. ERROR\x00", "stream: x ERROR\x00", "stream: OK"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		virus, err := parseClamd(text)
		switch {
		case err == nil && virus == "" && string(text) != "stream: OK\x00":
			t.Errorf("%q counts as clean", text)
		case err != nil && (virus != "" || len(err.Error()) > 200):
			t.Errorf("%q gives %q, %v", text, virus, err)
		case len(virus) > 100 || strings.ContainsFunc(virus, func(r rune) bool { return r < ' ' || r > '~' }):
			t.Errorf("%q gives the name %q", text, virus)
		}
	})
}
