package smtpd

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestDialogues plays the scripts in testdata. A line of a script is one of
//
//	# a comment
//	options: max=N rcpts=N errors=N mails=N bare=reject tls
//	C: a command, sent with CRLF
//	C+ "octets", sent as they are
//	S: the beginning of the next reply line
//	TLS         the client's handshake
//	CLOSED      the server has closed the connection
//	MAIL "body" of the next mail that the house was given
//	ENV reverse-path protocol recipients of that mail
//
// At its end every mail that the house was given must have been named.
func TestDialogues(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.smtp")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".smtp"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			play(t, strings.Split(strings.TrimSpace(string(text)), "\n"))
		})
	}
}

func play(t *testing.T, script []string) {
	var opt Options
	var c *client
	var r *running
	named := 0
	for i, text := range script {
		word, rest, _ := strings.Cut(text, " ")
		if c == nil && word != "#" && word != "options:" {
			r = start(t, opt, false)
			c = r.connect("")
		}
		switch word {
		case "#", "":
		case "options:":
			opt = scriptOptions(t, rest)
		case "C:":
			c.send(rest + "\r\n")
		case "C+":
			c.send(unquote(t, rest))
		case "S:":
			got, err := c.r.ReadString('\n')
			if err != nil || !strings.HasPrefix(got, rest) {
				t.Fatalf("line %d: want %q, got %q, %v", i+1, rest, got, err)
			}
		case "TLS":
			c.startTLS()
		case "CLOSED":
			c.expectClosed()
		case "MAIL":
			got := r.house.got()
			if named >= len(got) || got[named].body != unquote(t, rest) {
				t.Fatalf("line %d: want mail %d %s, got %+v", i+1, named, rest, got)
			}
			named++
		case "ENV":
			env := r.house.got()[named-1].env
			if got := "<" + env.ReversePath + "> " + env.Protocol + " " + strings.Join(env.Recipients, ","); got != rest {
				t.Fatalf("line %d: want %q, got %q", i+1, rest, got)
			}
		default:
			t.Fatalf("line %d: %q is no script", i+1, text)
		}
	}
	if got := r.house.got(); len(got) != named {
		t.Fatalf("%d mails accepted, %d named: %+v", len(got), named, got)
	}
}

func scriptOptions(t *testing.T, words string) (opt Options) {
	for _, w := range strings.Fields(words) {
		name, value, _ := strings.Cut(w, "=")
		n, _ := strconv.Atoi(value)
		switch name {
		case "max":
			opt.MaxMessageBytes = int64(n)
		case "rcpts":
			opt.MaxRecipients = n
		case "errors":
			opt.MaxErrors = n
		case "mails":
			opt.MaxMessages = n
		case "bare":
			opt.RejectBareNewline = value == "reject"
		case "tls":
			opt.GetCertificate = always(certificate(t, 1))
		default:
			t.Fatalf("option %q", w)
		}
	}
	return opt
}

func unquote(t *testing.T, s string) string {
	t.Helper()
	raw, err := strconv.Unquote(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return raw
}
