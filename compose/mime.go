package compose

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"unicode/utf8"

	"smartmail/casework"
	"smartmail/message"
)

// body is what a mail says, in its two forms, and the logo that the HTML shows; nil: none.
type body struct {
	text, html string
	logo       *Logo
	invitation *invitation // nil: none
}

// part is a piece of a multipart, its content encoded for the wire.
type part struct {
	header  textproto.MIMEHeader
	content []byte
}

// write puts a mail together: text and HTML as alternatives, the logo beside the HTML (RFC 2387), and files beside it all.
//
//	mixed( alternative( text, related( HTML, logo ), invitation ), invitation, file ... )
func write(item casework.OutboxItem, fields []field, b body, files []file) ([]byte, error) {
	text, rich := quoted("text/plain; charset=utf-8", b.text), quoted("text/html; charset=utf-8", b.html)
	if b.logo != nil {
		var err error
		if rich, err = multi(item, "related", `; type="text/html"`, rich, logoPart(item, *b.logo)); err != nil {
			return nil, err
		}
	}
	ways, beside := []part{text, rich}, []part{}
	if b.invitation != nil {
		ways, beside = append(ways, b.invitation.part()), append(beside, b.invitation.attachment())
	}
	whole, err := multi(item, "alternative", "", ways...)
	if err == nil && len(files)+len(beside) > 0 {
		parts := append([]part{whole}, beside...)
		for _, f := range files {
			parts = append(parts, attachment(f))
		}
		whole, err = multi(item, "mixed", "", parts...)
	}
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, f := range append(fields, field{"Content-Type", whole.header.Get("Content-Type")}) {
		out.WriteString(f.name + ": " + f.value + "\r\n")
	}
	out.WriteString("\r\n")
	out.Write(whole.content)
	return out.Bytes(), nil
}

// multi makes one part of several.
func multi(item casework.OutboxItem, kind, parameter string, parts ...part) (part, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(kind + "-" + mark(kind, item)); err != nil {
		return part{}, err
	}
	for _, p := range parts {
		pw, err := w.CreatePart(p.header)
		if err != nil {
			return part{}, err
		}
		if _, err := pw.Write(p.content); err != nil {
			return part{}, err
		}
	}
	err := w.Close()
	return part{textproto.MIMEHeader{"Content-Type": {"multipart/" + kind + parameter + ";\r\n boundary=\"" + w.Boundary() + `"`}}, b.Bytes()}, err
}

// mark tells the pieces of one mail from those of all others, the same each time it is composed.
func mark(kind string, item casework.OutboxItem) string {
	sum := sha256.Sum256([]byte(kind + " " + item.MessageID))
	return hex.EncodeToString(sum[:12])
}

// quoted is a part of text, whose lines end as the wire has it (RFC 2045 section 6.7).
func quoted(contentType, content string) part {
	content = strings.ReplaceAll(strings.ReplaceAll(content, "\r\n", "\n"), "\n", "\r\n")
	return part{textproto.MIMEHeader{"Content-Type": {contentType}, "Content-Transfer-Encoding": {"quoted-printable"}}, printable([]byte(content), false)}
}

// printable is quoted-printable; octets keeps line breaks as they are, for files that must come back the same.
func printable(content []byte, octets bool) []byte {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	w.Binary = octets
	_, _ = w.Write(content) // into memory: it cannot fail
	_ = w.Close()
	return b.Bytes()
}

// logoID is the Content-ID of the logo (RFC 2392).
func logoID(item casework.OutboxItem) string {
	return "logo-" + mark("logo", item) + "@" + domain(item.ReplyTo)
}

func logoPart(item casework.OutboxItem, l Logo) part {
	name := "logo." + strings.TrimPrefix(l.Type, "image/")
	return part{textproto.MIMEHeader{
		"Content-Type": {l.Type}, "Content-Transfer-Encoding": {"base64"}, "Content-Id": {"<" + logoID(item) + ">"},
		"Content-Disposition": {`inline; filename="` + name + `"`},
	}, lines(l.Content)}
}

func attachment(f file) part {
	kind, _, err := mime.ParseMediaType(f.Type)
	if err != nil || len(kind) > 60 || strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/") {
		kind = "application/octet-stream"
	}
	encoding, content := "base64", lines(f.content)
	if strings.HasPrefix(kind, "text/") && utf8.Valid(f.content) {
		encoding, content = "quoted-printable", printable(f.content, true) // text in base64 looks to filters as if it hid something
	}
	return part{textproto.MIMEHeader{
		"Content-Type": {kind}, "Content-Transfer-Encoding": {encoding},
		"Content-Disposition": {named("attachment", message.SafeName(line(f.Name)))},
	}, content}
}

// lines is base64 in lines of 76 (RFC 2045 section 6.8).
func lines(content []byte) []byte {
	const width = 76
	text := base64.StdEncoding.AppendEncode(nil, content)
	out := make([]byte, 0, len(text)+2*(len(text)/width+1))
	for len(text) > 0 {
		n := min(width, len(text))
		out = append(append(out, text[:n]...), "\r\n"...)
		text = text[n:]
	}
	return out
}
