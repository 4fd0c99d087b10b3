package message

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/cention-sany/utf7"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// decodeText turns bytes into valid UTF-8 without NUL, whatever they are. In this order: what is valid UTF-8 is UTF-8,
// else the declared charset counts, else what the bytes look like, else windows-1252, which gives every byte a meaning.
func decodeText(b []byte, declared string) string {
	b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
	enc, name := lookup(declared)
	if name == "iso-2022-kr" {
		return clean(convert(shifted(b), enc))
	}
	if escapes(name) {
		return clean(convert(b, enc))
	}
	if enc == nil && bytes.Contains(b, []byte("\x1B$B")) {
		return clean(convert(b, japanese.ISO2022JP)) // its escapes look like nothing else
	}
	if ascii, valid, long := census(b); ascii || (valid && (long || !doubleByte(name))) {
		return clean(string(b))
	}
	if enc == nil || name == "utf-8" {
		if mostlyUTF8(b) {
			return clean(string(b)) // cut or damaged somewhere: the rest stays readable
		}
		enc = detect(b)
	}
	return clean(convert(b, enc))
}

// shifted makes EUC-KR of ISO-2022-KR (RFC 1557): between SO and SI every byte is of the second half.
func shifted(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\x1B$)C"), nil)
	out := make([]byte, 0, len(b))
	high := byte(0)
	for _, c := range b {
		switch {
		case c == 0x0E:
			high = 0x80
		case c == 0x0F || c == '\n':
			high = 0
			if c == '\n' {
				out = append(out, c)
			}
		case c > ' ':
			out = append(out, c|high)
		default:
			out = append(out, c)
		}
	}
	return out
}

// census looks at the bytes once: only ASCII; valid UTF-8; with a character of three or more bytes.
func census(b []byte) (ascii, valid, long bool) {
	ascii, valid = true, true
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		ascii = false
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return false, false, false
		}
		long = long || n > 2
		i += n
	}
	return ascii, valid, long
}

// mostlyUTF8 reports whether characters of several bytes outnumber the bytes that make no sense in UTF-8.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		b = b[n:]
	}
	return good > 4*bad
}

// doubleByte tells the charsets whose ordinary text may be valid UTF-8 by chance, in pairs of bytes.
func doubleByte(name string) bool {
	switch name {
	case "gbk", "gb18030", "big5", "euc-kr", "euc-jp", "shift_jis":
		return true
	}
	return false
}

// escapes tells the charsets in which ASCII bytes mean something else.
func escapes(name string) bool {
	switch name {
	case "iso-2022-jp", "hz-gb-2312", "utf-7", "utf-16le", "utf-16be", "replacement":
		return true
	}
	return false
}

// lookup finds a declared charset by any of its names, and forgives what programs write around them.
func lookup(declared string) (encoding.Encoding, string) {
	label := strings.ToLower(strings.Trim(declared, " \t\"'"))
	label = strings.TrimPrefix(label, "charset=")
	if label == "" || len(label) > 60 {
		return nil, ""
	}
	switch label {
	case "utf-7", "unicode-1-1-utf-7":
		return utf7.UTF7, "utf-7"
	case "us-ascii", "ascii", "ansi_x3.4-1968":
		return nil, "" // whoever writes more than ASCII under it has not declared anything
	case "cp850", "ibm850":
		return charmap.CodePage850, "cp850"
	case "cp437", "ibm437":
		return charmap.CodePage437, "cp437"
	case "iso-2022-kr", "csiso2022kr":
		return korean.EUCKR, "iso-2022-kr"
	case "hz-gb-2312", "hz":
		return simplifiedchinese.HZGB2312, "hz-gb-2312"
	case "iso-2022-cn":
		return nil, "" // the standard maps it to nothing at all, which would lose the text
	case "gb-18030":
		return simplifiedchinese.GB18030, "gb18030"
	}
	if enc, name := charset.Lookup(label); enc != nil {
		return enc, name
	}
	if enc, name := charset.Lookup(strings.ReplaceAll(label, "cp", "windows-")); enc != nil {
		return enc, name
	}
	return nil, ""
}

func convert(b []byte, enc encoding.Encoding) string {
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil && len(out) == 0 {
		return string(b)
	}
	return string(out)
}

// clean makes a string valid UTF-8 and drops NUL.
func clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return s
}

// cutRunes cuts s to at most n bytes, between runes.
func cutRunes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// oneLine makes a header value fit for one line: no control or direction-changing characters, at most n bytes.
func oneLine(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			return ' '
		case hidden(r):
			return -1
		}
		return r
	}, clean(s))
	return cutRunes(strings.TrimSpace(s), n)
}

// hidden tells control characters and those that change the direction of what stands around them.
func hidden(r rune) bool {
	switch {
	case r < ' ', r >= 0x7F && r < 0xA0:
		return true
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0x200E, r == 0x200F, r == 0x061C:
		return true
	case r == 0x200B, r == 0xFEFF:
		return true
	}
	return false
}
