package compose

import (
	"fmt"
	"maps"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"smartmail/casework"
)

// field is one header field, its value ready to stand in a line.
type field struct{ name, value string }

// header makes the fields of a mail. auto is what no person wrote is for.
func header(org Org, item casework.OutboxItem, f facts, thread []string, auto string) []field {
	from := mail.Address{Name: line(org.Name), Address: item.ReplyTo}
	if item.Case != 0 {
		from.Name += fmt.Sprintf(" #%d", item.Case)
	}
	to := mail.Address{Name: line(item.To.Name), Address: item.To.Email}
	fields := []field{
		{"Date", item.At.UTC().Format(time.RFC1123Z)},
		{"From", address(from)},
		{"To", address(to)},
		{"Reply-To", address(from)},
		{"Subject", encode(f.Subject)},
		{"Message-ID", "<" + item.MessageID + ">"},
	}
	if len(thread) > 0 {
		fields = append(fields, field{"In-Reply-To", "<" + thread[len(thread)-1] + ">"}, field{"References", "<" + strings.Join(thread, ">\r\n <") + ">"})
	}
	fields = append(fields, field{"MIME-Version", "1.0"}, field{"Content-Language", f.Language})
	if auto != "" {
		submitted := "auto-replied"
		if auto == casework.AutoReminder || auto == casework.AutoNewCase || auto == casework.AutoMorning || auto == casework.AutoWatched { // it answers nothing
			submitted = "auto-generated"
		}
		// RFC 3834 section 5; the second keeps Exchange from answering.
		fields = append(fields, field{"Auto-Submitted", submitted}, field{"X-Auto-Response-Suppress", "All"})
	}
	return fields
}

// maxName bounds a name before an address, in bytes.
const maxName = 120

// address writes an address with its name: in quotes where it is ASCII, else as encoded words, which are 75 characters at most and folded one to a
// line (RFC 2047 section 5).
func address(a mail.Address) string {
	name := plain(a.Name)
	if len(name) > maxName {
		name = strings.TrimSpace(strings.ToValidUTF8(name[:maxName], ""))
	}
	spec := (&mail.Address{Address: a.Address}).String()
	if name == "" {
		return spec
	}
	if ascii(name) {
		name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	} else {
		name = words2047(name)
	}
	last := name[strings.LastIndexByte(name, '\n')+1:]
	if len("Reply-To: ")+len(last)+len(spec) > maxLine {
		return name + "\r\n " + spec
	}
	return name + " " + spec
}

// plain is one line without what looks like an encoded word, which must not be decoded as one.
func plain(s string) string { return strings.ReplaceAll(line(s), "=?", "= ?") }

// words2047 writes a text that is not ASCII as encoded words, one to a line.
func words2047(s string) string {
	return strings.ReplaceAll(mime.BEncoding.Encode("utf-8", s), " ", "\r\n ")
}

// encode writes a text as encoded words of RFC 2047 where it must, folded so that no line is over 76 characters where words allow it.
func encode(s string) string {
	if s = plain(s); ascii(s) {
		return fold(s)
	}
	return words2047(s)
}

// maxLine is how long a line should be at most (RFC 5322 section 2.1.1).
const maxLine = 78

// fold breaks a line at its spaces (RFC 5322 section 2.2.3).
func fold(s string) string {
	var b strings.Builder
	n := len("Subject: ")
	for i, w := range strings.Split(s, " ") {
		switch {
		case i == 0:
		case n+len(w) > 74 && w != "":
			b.WriteString("\r\n ")
			n = 1
		default:
			b.WriteByte(' ')
			n++
		}
		for len(w) > 900 { // one word longer than a line may be
			b.WriteString(w[:900] + "\r\n ")
			w = w[900:]
		}
		b.WriteString(w)
		n += len(w)
	}
	return b.String()
}

// line makes one line of a text: line breaks, controls and invisible direction marks become spaces.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// messageID tells whether an id of a peer's can stand in a header.
func messageID(id string) bool {
	return id != "" && len(id) < 250 && strings.Contains(id, "@") &&
		strings.IndexFunc(id, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' }) < 0
}

func domain(addr string) string { return addr[strings.LastIndexByte(addr, '@')+1:] }

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// named is a disposition with the name of a file: a long one in pieces, a line each (RFC 2231 section 3).
func named(disposition, name string) string {
	whole := mime.FormatMediaType(disposition, map[string]string{"filename": name})
	if len("Content-Disposition: ")+len(whole) <= maxLine {
		return whole
	}
	const width = 50 // beside "filename*99*=utf-8''"
	pieces := []string{"utf-8''"}
	room := width
	for _, r := range name {
		c := percent(string(r))
		if room < len(c) {
			pieces, room = append(pieces, ""), width
		}
		pieces[len(pieces)-1] += c
		room -= len(c)
	}
	for i, p := range pieces {
		disposition += fmt.Sprintf(";\r\n filename*%d*=%s", i, p)
	}
	return disposition
}

// percent writes what RFC 2231 section 7 does not take as it is, and some more, as %XX.
func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < 0x80 && (unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c)) || strings.IndexByte("-._", c) >= 0) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
