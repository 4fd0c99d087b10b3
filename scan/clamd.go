package scan

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"smartmail/message"
)

// Clamd says how to ask a clamd, and what a mail gets in which it finds something.
type Clamd struct {
	Address string // host:port, or the path of a unix socket
	Found   Action // Mark, Triage or Reject
	Down    Down
	Timeout time.Duration // default 10 s
}

// Limits of the conversation with clamd.
const (
	chunkBytes    = 64 << 10
	maxClamAnswer = 4 << 10
)

type clamd struct {
	Clamd
	network string
}

func newClamd(o Clamd) (*clamd, error) {
	c := &clamd{Clamd: o, network: "tcp"}
	if strings.HasPrefix(o.Address, "/") {
		c.network = "unix"
	} else if _, _, err := net.SplitHostPort(o.Address); err != nil {
		return nil, fmt.Errorf("scan: %q is no host:port and no path of a socket of clamd", o.Address)
	}
	if o.Found <= Pass || o.Found > Reject {
		return nil, fmt.Errorf("scan: a mail with a virus can't get %q", o.Found)
	}
	return c, nil
}

func (c *clamd) ask(ctx context.Context, _ message.Envelope, raw message.Raw) (Verdict, error) {
	conn, err := new(net.Dialer).DialContext(ctx, c.network, c.Address)
	if err != nil {
		return Verdict{}, fmt.Errorf("connect: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends every wait below
	defer func() {
		stop()
		_ = conn.Close() // the answer is read, or there is none
	}()
	sent := stream(conn, raw)
	// clamd answers in the middle of the mail when that is too long for it, and hangs up: the answer is there all the same.
	text, err := io.ReadAll(io.LimitReader(conn, maxClamAnswer+1))
	if len(text) == 0 || len(text) > maxClamAnswer {
		return Verdict{}, errors.Join(sent, err, ctx.Err(), fmt.Errorf("an answer of %d bytes", len(text)))
	}
	virus, err := parseClamd(text)
	switch {
	case errors.Is(err, errStreamLimit):
		return Verdict{Action: Mark, Reasons: []string{"clamd: not scanned, the mail is over clamd's own size limit"}}, nil
	case err != nil:
		return Verdict{}, err
	case virus != "":
		return Verdict{Action: c.Found, Virus: virus, Reasons: []string{"clamd: " + virus}}, nil
	case sent != nil: // clean, says clamd, of a mail that it has not seen the end of
		return Verdict{}, sent
	}
	return Verdict{}, nil
}

// stream sends the mail as clamd's INSTREAM wants it: chunks, each behind its length in four octets, and an empty one at
// the end.
func stream(conn io.Writer, raw message.Raw) error {
	if _, err := io.WriteString(conn, "zINSTREAM\x00"); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	chunk := make([]byte, 4+chunkBytes)
	for r := io.NewSectionReader(raw, 0, raw.Size()); ; {
		n, err := io.ReadFull(r, chunk[4:])
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return fmt.Errorf("read the mail: %w", err)
		}
		binary.BigEndian.PutUint32(chunk, uint32(n))
		if _, err := conn.Write(chunk[:4+n]); err != nil {
			return fmt.Errorf("send: %w", err)
		}
		if n == 0 {
			return nil
		}
	}
}

// errStreamLimit is clamd's answer to a mail over its StreamMaxLength.
var errStreamLimit = errors.New("over clamd's size limit")

// parseClamd reads an answer: the name of what was found, or "" for a clean mail.
func parseClamd(text []byte) (virus string, err error) {
	line, whole := strings.CutSuffix(string(text), "\x00") // as it ends the answer to a command that began with z
	of, ok := strings.CutPrefix(line, "stream: ")
	name, found := strings.CutSuffix(of, " FOUND")
	switch {
	case !whole || strings.Contains(line, "\x00"):
		return "", fmt.Errorf("answer: not one line: %s", word(line))
	case line == "INSTREAM size limit exceeded. ERROR":
		return "", errStreamLimit
	case ok && of == "OK":
		return "", nil
	case ok && found && name != "":
		return word(name), nil
	default: // "... ERROR" as well: it did not scan the mail
		return "", fmt.Errorf("answer: %s", word(line))
	}
}
