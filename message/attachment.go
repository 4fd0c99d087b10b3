package message

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"golang.org/x/text/unicode/norm"

	"smartmail/fault"
)

// OpenAttachment gives the description of the attachment at index in Content.Attachments, and its decoded bytes as a
// stream from the raw mail, which must stay open meanwhile. Size and SHA256 stay empty: Parse has computed them.
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
	if index < 0 || index >= len(leaves) {
		return Attachment{}, nil, fault.New(fault.NotFound, "no such attachment")
	}
	p := leaves[index]
	return p.attachment(index), t.body(ctx, p), nil
}

// shown reports whether a leaf is text of the mail itself: plain text or HTML that is neither called an attachment
// nor has a file name. The only part of a mail is shown whatever its name is, unless it is called an attachment.
func (p *part) shown() bool {
	if p.multipart() || (p.mediaType != "text/plain" && p.mediaType != "text/html") {
		return false
	}
	if p.disposition == "attachment" {
		return false
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
		if !p.multipart() && !p.shown() {
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

// measure reads a leaf once, through buf, for its size and hash.
func (t *tree) measure(ctx context.Context, p *part, buf []byte) (size int64, sum string, err error) {
	h := sha256.New()
	r := t.body(ctx, p)
	for {
		n, err := r.Read(buf)
		h.Write(buf[:n]) // a hash never fails
		size += int64(n)
		if err == io.EOF {
			return size, hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return size, "", fmt.Errorf("read attachment: %w", err)
		}
	}
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
