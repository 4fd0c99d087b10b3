package message

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"strings"
)

// Digest is the SHA-256 of the raw mail, byte for byte.
func Digest(raw Raw) ([32]byte, error) {
	src, err := newSource(raw)
	if err != nil {
		return [32]byte{}, err
	}
	return hashSection(src, 0, src.size())
}

func hashSection(src *source, start, end int64) (sum [32]byte, err error) {
	h := sha256.New()
	if src.mem != nil {
		h.Write(src.mem[start:end])
	} else if _, err := io.CopyBuffer(h, src.section(start, end), make([]byte, window)); err != nil {
		return sum, fmt.Errorf("hash mail: %w", err)
	}
	h.Sum(sum[:0])
	return sum, nil
}

// identity is the same for the same mail, whatever trace fields it got on its way: SHA-256 over the Message-ID, From and
// Subject, and the hash of the body without the line ends at its very end, which relays add and drop. From and Subject are
// in it so that nobody who has seen a mail can send one with its Message-ID and body first, under his own name, and have
// the true one taken for a repetition. A mail without a Message-ID is told by all its fields, trace fields apart.
func (t *tree) identity() (sum [32]byte, err error) {
	root := t.root()
	body, err := hashSection(t.src, root.start, max(root.start, t.src.textEnd(root.start)))
	if err != nil {
		return sum, err
	}
	h := sha256.New()
	if id := root.header.get("Message-ID"); id != "" {
		h.Write(fmt.Appendf(nil, "smartmail identity 2\x00%s\x00", id))
		for _, name := range []string{"From", "Subject"} {
			for _, value := range root.header.all(name) {
				h.Write(fmt.Appendf(nil, "%s\x00%s\x00", name, settled(value)))
			}
		}
	} else {
		h.Write([]byte("smartmail identity without message-id 1\x00"))
		if err := t.hashFields(h); err != nil {
			return sum, err
		}
	}
	h.Write(body[:])
	h.Sum(sum[:0])
	return sum, nil
}

// settled is a field's value without what relays change: folding, and the tags in brackets that lists and filters put
// before a subject.
func settled(value string) string {
	value = strings.Join(strings.Fields(value), " ")
	for strings.HasPrefix(value, "[") {
		_, rest, ok := strings.Cut(value, "]")
		if !ok {
			break
		}
		value = strings.TrimSpace(rest)
	}
	return value
}

// textEnd is where the mail ends without its last line ends, not before start. It reads backwards in blocks, so that a
// mail of nothing but line ends costs no memory.
func (s *source) textEnd(start int64) int64 {
	end := s.size()
	buf := make([]byte, 512)
	for end > start {
		block := buf[:min(int64(len(buf)), end-start)]
		if s.mem != nil {
			block = s.mem[end-int64(len(block)) : end]
		} else if n, _ := s.raw.ReadAt(block, end-int64(len(block))); n < len(block) {
			return end // the hash will meet the same error
		}
		rest := len(bytes.TrimRight(block, "\r\n"))
		end -= int64(len(block) - rest)
		if rest > 0 {
			break
		}
	}
	return end
}

// hashFields streams all fields but trace fields, as they stand.
func (t *tree) hashFields(h hash.Hash) error {
	l := t.src.lines(0, t.root().start)
	skip := false
	for {
		line, _, first, ok := l.next()
		if !ok {
			return l.err
		}
		if first && len(line) > 0 && line[0] != ' ' && line[0] != '\t' {
			name, _, isField := splitField(line)
			skip = isField && trace(name) || isFromLine(line)
		}
		if !skip {
			h.Write(line)
		}
	}
}

// trace tells the fields that hosts on the way add (RFC 5322 section 3.6.7, and their kin).
func trace(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "received", "return-path", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-received",
		"received-spf", "authentication-results", "dkim-signature", "domainkey-signature", "x-google-dkim-signature",
		"x-virus-scanned", "x-originating-ip", "x-gm-message-state", "x-google-smtp-source", "status", "x-status":
		return true
	}
	for _, prefix := range []string{"arc-", "x-spam-", "x-ms-exchange-", "x-forefront-", "x-microsoft-antispam"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
