package message

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// word is one encoded word (RFC 2047 section 2), its text as bytes of its charset.
type word struct {
	charset string
	text    []byte
}

// decodeWords decodes a header value: encoded words, raw UTF-8 (RFC 6532) or raw bytes of some charset.
// Neighbouring words of one charset are joined before they are decoded, for programs that split a character.
func decodeWords(v string) string {
	if !strings.Contains(v, "=?") {
		return decodeText([]byte(v), "")
	}
	var out strings.Builder
	var held word                               // words not yet decoded
	tail := len(v) - strings.LastIndex(v, "?=") // no word ends in a rest shorter than that
	flush := func() {
		out.WriteString(decodeText(held.text, held.charset))
		held = word{}
	}
	for v != "" {
		i := strings.Index(v, "=?")
		if i < 0 || len(v)-i-2 < tail {
			break
		}
		w, n := parseWord(v[i:])
		if n == 0 {
			flush()
			out.WriteString(decodeText([]byte(v[:i+2]), ""))
			v = v[i+2:]
			continue
		}
		between := v[:i]
		// RFC 2047 section 6.2: white space between two encoded words is not shown.
		if joins := held.charset != "" && strings.TrimSpace(between) == ""; !joins {
			flush()
			out.WriteString(decodeText([]byte(between), ""))
		} else if !strings.EqualFold(held.charset, w.charset) {
			flush()
		}
		held.charset = w.charset
		held.text = append(held.text, w.text...)
		v = v[i+n:]
	}
	flush()
	out.WriteString(decodeText([]byte(v), ""))
	return out.String()
}

// parseWord reads the encoded word at the start of v, n bytes long; n is 0 where there is none.
func parseWord(v string) (w word, n int) {
	rest := v[2:]
	q := strings.IndexByte(rest[:min(len(rest), 80)], '?')
	if q <= 0 || len(rest) < q+3 || rest[q+2] != '?' {
		return w, 0
	}
	w.charset, _, _ = strings.Cut(rest[:q], "*") // RFC 2231 section 5: a language may follow
	kind, text := rest[q+1], rest[q+3:]
	end := strings.Index(text, "?=")
	if end < 0 || strings.ContainsAny(w.charset, " \t=") {
		return w, 0
	}
	switch kind {
	case 'B', 'b':
		w.text = lenientBase64([]byte(text[:end]))
	case 'Q', 'q':
		// An equals sign right behind a question mark may belong to the text: "=?utf-8?q?Really?=21?=".
		if next := text[end+2:]; len(next) >= 4 && isHex(next[0]) && isHex(next[1]) {
			if e := strings.Index(next, "?="); e >= 0 && !strings.ContainsAny(next[:e], " \t") {
				end += 2 + e
			}
		}
		w.text = decodeQ(text[:end])
	default:
		return w, 0
	}
	return w, 2 + q + 3 + end + 2
}

func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
			out = append(out, ' ')
		case s[i] == '=' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return out
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' || 'a' <= c && c <= 'f'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// lenientBase64 decodes a short value, with junk and missing padding forgiven.
func lenientBase64(s []byte) []byte {
	kept := s[:0:0]
	for _, c := range s {
		if isBase64(c) {
			kept = append(kept, c)
		}
	}
	kept = bytes.TrimRight(kept, "=")
	if len(kept)%4 == 1 {
		kept = kept[:len(kept)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(kept)))
	n, _ := base64.RawStdEncoding.Decode(out, kept) // only alphabet is left in it
	return out[:n]
}

func isBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}
