package message

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/gabriel-vasile/mimetype"
	"golang.org/x/text/unicode/norm"

	"smartmail/fault"
)

// OpenAttachment gives the description of the attachment at index in Content.Attachments, and its decoded bytes as a
// stream from the raw mail, which must stay open meanwhile. Size, SHA256, Sniffed and Label stay empty: Parse has found
// them.
// The error is of kind fault.NotFound where the mail has no such attachment.
func OpenAttachment(ctx context.Context, raw Raw, lim Limits, index int) (Attachment, io.Reader, error) {
	src, err := newSource(raw)
	if err != nil {
		return Attachment{}, nil, err
	}
	t, err := scan(ctx, src, lim.orDefaults())
	if err == nil {
		t.describe(ctx)
		err = ctx.Err()
	}
	if err != nil {
		if bounds := errBounds(""); errors.As(err, &bounds) {
			return Attachment{}, nil, fault.Wrap(fault.NotFound, "no such attachment", err)
		}
		return Attachment{}, nil, fmt.Errorf("open attachment: %w", err)
	}
	leaves := t.attached()
	if index < 0 {
		return Attachment{}, nil, errNoAttachment()
	}
	if index < len(leaves) {
		p := leaves[index]
		return p.attachment(index), t.body(ctx, p), nil
	}
	files, _, err := t.inside(ctx, leaves)
	if err != nil {
		return Attachment{}, nil, fmt.Errorf("open attachment: %w", err)
	}
	if index -= len(leaves); index >= len(files) {
		return Attachment{}, nil, errNoAttachment()
	}
	return t.openInner(ctx, files[index], len(leaves)+index)
}

func errNoAttachment() error { return fault.New(fault.NotFound, "no such attachment") }

// openInner gives a file in a container. Where nobody gave its type, its first bytes tell.
func (t *tree) openInner(ctx context.Context, f inner, index int) (Attachment, io.Reader, error) {
	r, err := t.open(ctx, f)
	if err != nil {
		return Attachment{}, nil, err
	}
	head := make([]byte, sniffBytes)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Attachment{}, nil, fmt.Errorf("open attachment: %w", err)
	}
	return f.attachment(index, sniff(head[:n])), io.MultiReader(bytes.NewReader(head[:n]), r), nil
}

// shown reports whether a leaf is text of the mail itself: plain text or HTML that is neither called an attachment
// nor has a file name. The only part of a mail is shown whatever its name is, unless it is called an attachment. A plain text
// that is called one and has no name is both: there is no file that a reader could know what to do with.
func (p *part) shown() bool {
	if p.multipart() || (p.mediaType != "text/plain" && p.mediaType != "text/html") {
		return false
	}
	if p.disposition == "attachment" {
		return p.fileName == "" && p.mediaType == "text/plain"
	}
	return p.fileName == "" || p.parent == nil || p.onlyAlternative()
}

// onlyAlternative tells text that has a name but is one form of the mail's body all the same.
func (p *part) onlyAlternative() bool {
	return p.disposition == "" && p.parent.mediaType == "multipart/alternative"
}

// attached lists the leaves that are attachments, in the order of the mail.
func (t *tree) attached() []*part {
	var out []*part
	for _, p := range t.parts {
		if !p.multipart() && (!p.shown() || p.disposition == "attachment") {
			out = append(out, p)
		}
	}
	return out
}

// attachment describes a leaf that has not been read.
func (p *part) attachment(index int) Attachment {
	return Attachment{
		Index:     index,
		Name:      fileName(p.fileName, p.mediaType, index),
		Type:      p.mediaType,
		Inline:    p.disposition == "inline",
		ContentID: p.contentID,
	}
}

// sniffBytes is how much of a file tells its type.
const sniffBytes = 3 << 10

// measured is what one reading of a file tells.
type measured struct {
	size    int64
	sum     string
	sniffed string
	head    []byte // its first bytes; valid until the buffer is used again
}

// measure reads a leaf once, through buf, for its size, hash and true type.
func (t *tree) measure(ctx context.Context, p *part, buf []byte) (measured, error) {
	return measureReader(t.body(ctx, p), buf)
}

func measureReader(r io.Reader, buf []byte) (m measured, err error) {
	h := sha256.New()
	for {
		n, err := r.Read(buf)
		h.Write(buf[:n]) // a hash never fails
		if len(m.head) < sniffBytes && n > 0 {
			m.head = append(m.head, buf[:min(n, sniffBytes-len(m.head))]...)
		}
		m.size += int64(n)
		if err == io.EOF {
			m.sum, m.sniffed = hex.EncodeToString(h.Sum(nil)), sniff(m.head)
			return m, nil
		}
		if err != nil {
			return m, fmt.Errorf("read attachment: %w", err)
		}
	}
}

// sniff tells a media type from a file's first bytes; empty where they tell nothing.
func sniff(head []byte) (mediaType string) {
	if len(head) == 0 {
		return ""
	}
	_ = guard(func() error {
		mediaType, _, _ = strings.Cut(mimetype.Detect(head).String(), ";")
		return nil
	})
	if mediaType == "application/octet-stream" {
		return ""
	}
	return mediaType
}

// fileName makes a name safe to show and to save under: the last element of any path, without hidden characters,
// in Unicode form C, bounded. A name that nothing is left of is made up from the type.
func fileName(name, mediaType string, index int) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = norm.NFC.String(oneLine(name, len(name)))
	name = strings.Map(func(r rune) rune {
		if hidden(r) { // normalising composes, and never brings a separator back; be sure
			return -1
		}
		return r
	}, name)
	name = strings.TrimRight(name, " .")
	for strings.HasPrefix(name, "..") || strings.HasPrefix(name, " ") {
		name = name[1:]
	}
	if name == "" || strings.Trim(name, ". ") == "" {
		return fmt.Sprintf("attachment-%d%s", index+1, extension(mediaType))
	}
	if len(name) > maxFileName {
		ext := path.Ext(name)
		if len(ext) > 20 {
			ext = ""
		}
		name = cutRunes(name, maxFileName-len(ext)) + ext
	}
	return name
}

// extension is the usual ending of a type's file names. A list of our own: the system's differs from host to host.
func extension(mediaType string) string {
	switch mediaType {
	case "image/jpeg", "image/jpg":
		return ".jpg"
	case "image/png", "image/gif", "image/webp", "image/heic", "image/heif", "image/tiff", "image/bmp",
		"application/pdf", "application/zip", "application/json", "application/xml", "audio/mp4", "video/mp4":
		return "." + mediaType[strings.IndexByte(mediaType, '/')+1:]
	case "image/svg+xml":
		return ".svg"
	case "text/plain", "message/delivery-status", "text/rfc822-headers":
		return ".txt"
	case "text/html":
		return ".html"
	case "text/csv":
		return ".csv"
	case "text/xml":
		return ".xml"
	case "text/calendar":
		return ".ics"
	case "text/vcard", "text/x-vcard":
		return ".vcf"
	case "message/rfc822", "message/global":
		return ".eml"
	case "application/msword":
		return ".doc"
	case "application/vnd.openxmlformats-officedocument.wordprocessingml.document":
		return ".docx"
	case "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":
		return ".xlsx"
	case "application/gzip", "application/x-gzip":
		return ".gz"
	case "application/pgp-signature":
		return ".asc"
	case "application/pkcs7-signature", "application/x-pkcs7-signature":
		return ".p7s"
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		return ".p7m"
	case "audio/mpeg":
		return ".mp3"
	case "video/quicktime":
		return ".mov"
	case "application/ms-tnef":
		return ".dat"
	}
	return ".bin"
}
