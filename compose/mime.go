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
	text, err := quoted("text/plain; charset=utf-8", b.text)
	if err != nil {
		return nil, err
	}
	rich, err := quoted("text/html; charset=utf-8", b.html)
	if err == nil && b.logo != nil {
		rich, err = multi(item, "related", `; type="text/html"`, rich, logoPart(item, *b.logo))
	}
	if err != nil {
		return nil, err
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

func quoted(contentType, content string) (part, error) {
	var b bytes.Buffer
	q := quotedprintable.NewWriter(&b)
	if _, err := q.Write([]byte(strings.ReplaceAll(content, "\n", "\r\n"))); err != nil {
		return part{}, err
	}
	err := q.Close()
	return part{textproto.MIMEHeader{"Content-Type": {contentType}, "Content-Transfer-Encoding": {"quoted-printable"}}, b.Bytes()}, err
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
	if err != nil || strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/") {
		kind = "application/octet-stream"
	}
	return part{textproto.MIMEHeader{
		"Content-Type": {kind}, "Content-Transfer-Encoding": {"base64"},
		"Content-Disposition": {mime.FormatMediaType("attachment", map[string]string{"filename": message.SafeName(line(f.Name))})},
	}, lines(f.content)}
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
