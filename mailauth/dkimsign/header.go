package dkimsign

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"smartmail/mailauth/canon"
	"smartmail/message"
)

// signedFields are the fields that make a mail what it is to its reader (RFC 6376 section 5.4.1). Those of once are signed
// once more than they occur, so that none can be added; the others may be added by those who pass a mail on.
var (
	once = [...]string{"from", "to", "cc", "reply-to", "subject", "date", "message-id", "in-reply-to", "references",
		"mime-version", "content-type", "content-transfer-encoding", "auto-submitted"}
	asTheyAre = [...]string{"sender", "list-id", "list-unsubscribe", "list-unsubscribe-post", "precedence"}
)

// readHeader cuts the header into fields, as they stand, and tells where the body begins.
func readHeader(raw message.Raw) (fields []string, body int64, err error) {
	buf := make([]byte, min(raw.Size(), maxHeader))
	n, err := raw.ReadAt(buf, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, fmt.Errorf("DKIM: read the header: %w", err)
	}
	head, _, ok := bytes.Cut(buf[:n], []byte("\r\n\r\n"))
	if !ok {
		return nil, 0, fmt.Errorf("%w: it has no end", ErrHeader)
	}
	body = int64(len(head) + 4)
	for line := range strings.SplitAfterSeq(string(head)+"\r\n", "\r\n") {
		switch {
		case line == "":
		case strings.ContainsAny(strings.TrimSuffix(line, "\r\n"), "\r\n"):
			return nil, 0, fmt.Errorf("%w: a bare CR or LF", ErrHeader)
		case line[0] == ' ' || line[0] == '\t':
			if len(fields) == 0 {
				return nil, 0, fmt.Errorf("%w: it begins with a continuation", ErrHeader)
			}
			fields[len(fields)-1] += line
		case !strings.Contains(line, ":"):
			return nil, 0, fmt.Errorf("%w: a line without a colon", ErrHeader)
		default:
			fields = append(fields, line)
		}
	}
	return fields, body, nil
}

// selectFields returns the list of signed fields and what is signed of them: of several with one name the lowest first
// (RFC 6376 section 5.4.2).
func selectFields(fields []string) (names, data string) {
	byName := make(map[string][]string)
	for _, f := range fields {
		name, _, _ := strings.Cut(f, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		byName[name] = append(byName[name], f)
	}
	var list []string
	var b strings.Builder
	take := func(name string) {
		same := byName[name]
		for i := len(same) - 1; i >= 0; i-- {
			list = append(list, name)
			b.WriteString(canon.Field(same[i]))
		}
	}
	for _, name := range once {
		take(name)
		list = append(list, name)
	}
	for _, name := range asTheyAre {
		take(name)
	}
	return strings.Join(list, ":"), b.String()
}
