package message

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	gomessage "github.com/emersion/go-message"
	"github.com/jhillyerd/enmime/v2"
)

// marker stands in the skeleton for a leaf's body, followed by the leaf's number.
const marker = "leaf:"

// maxSkeletonField bounds what a library gets to read of one field; file names of that length are cut anyway.
const maxSkeletonField = 8 << 10

// skeleton writes the mail's structure as a small mail: Content-* fields, delimiters, markers. Every multipart is
// closed, which the mail itself may have forgotten: enmime doubles its work for each one that is not.
func (t *tree) skeleton() []byte {
	var b bytes.Buffer
	writeSkeleton(&b, t.root())
	return b.Bytes()
}

func writeSkeleton(b *bytes.Buffer, p *part) {
	ctype := p.header.get("Content-Type")
	if !p.multipart() && strings.HasPrefix(strings.ToLower(ctype), "multipart") {
		ctype = "text/plain" // the scan found no parts in it
	}
	writeField(b, "Content-Type", ctype)
	writeField(b, "Content-Disposition", p.header.get("Content-Disposition"))
	writeField(b, "Content-ID", p.header.get("Content-ID"))
	b.WriteString("\r\n")
	if !p.multipart() {
		fmt.Fprintf(b, "%s%d\r\n", marker, p.n)
		return
	}
	for _, c := range p.children {
		fmt.Fprintf(b, "\r\n--%s\r\n", p.boundary)
		writeSkeleton(b, c)
	}
	fmt.Fprintf(b, "\r\n--%s--\r\n", p.boundary)
}

func writeField(b *bytes.Buffer, name, value string) {
	if value == "" {
		return
	}
	b.WriteString(name)
	b.WriteString(": ")
	b.WriteString(value[:min(len(value), maxSkeletonField)])
	b.WriteString("\r\n")
}

// describe lets the libraries read the skeleton and notes what they say of each leaf. Whatever they make of it, every
// leaf that the scan found stays, with the scan's own description where none of them has one.
func (t *tree) describe(ctx context.Context) {
	if t.root().obvious() {
		return
	}
	skeleton := t.skeleton()
	for _, read := range []func(context.Context, []byte, func(string, description)) error{readEnmime, readGoMessage} {
		err := guard(func() error { return read(ctx, skeleton, t.note) })
		if err == nil || ctx.Err() != nil {
			return
		}
	}
}

// obvious tells a text alone, with no name and no more said of it than its type: nothing that two readers could read in two
// ways. Most small mails are such.
func (p *part) obvious() bool {
	ctype := strings.ToLower(p.header.get("Content-Type"))
	declared, params, _ := strings.Cut(ctype, ";")
	switch strings.TrimSpace(declared) {
	case "text/plain", "text/html":
		return !p.multipart() && !strings.Contains(params, "name") && !p.header.has("Content-Disposition") && !p.header.has("Content-ID")
	}
	return false
}

// note merges what a library read into the leaf whose marker stands in the body that it found.
func (t *tree) note(body string, d description) {
	digits, ok := strings.CutPrefix(strings.TrimSpace(body), marker)
	if !ok {
		return
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n >= len(t.parts) || t.parts[n].multipart() {
		return
	}
	p := t.parts[n]
	if mt := strings.ToLower(d.mediaType); validType(mt) && !strings.HasPrefix(mt, "multipart/") && p.header.has("Content-Type") {
		p.mediaType = mt
	}
	if disposition := strings.ToLower(d.disposition); disposition != "" {
		p.disposition = clean(disposition)
	}
	p.contentID = firstOf(p.contentID, cleanID(d.contentID))
	p.fileName = firstOf(p.fileName, clean(d.fileName))
}

// readEnmime is the first reader. Contents are left undecoded, as they are markers.
func readEnmime(ctx context.Context, skeleton []byte, note func(string, description)) error {
	parser := enmime.NewParser(
		enmime.RawContent(true),
		enmime.SkipMalformedParts(true),
		enmime.MultipartWOBoundaryAsSinglePart(true),
		enmime.DisableCharacterDetection(true),
		enmime.DisableTextConversion(true),
		enmime.StripMediaTypeInvalidCharacters(true),
		enmime.MaxStoredPartErrors(10),
		enmime.SetReadPartErrorPolicy(func(*enmime.Part, error) bool { return true }),
	)
	root, err := parser.ReadParts(&ctxReader{ctx: ctx, r: bytes.NewReader(skeleton)})
	if err != nil {
		return fmt.Errorf("enmime: %w", err)
	}
	root.DepthMatchAll(func(p *enmime.Part) bool {
		if p.FirstChild == nil {
			note(string(p.Content), description{mediaType: p.ContentType, disposition: p.Disposition, contentID: p.ContentID, fileName: p.FileName})
		}
		return false
	})
	return nil
}

// readGoMessage is the second reader, for what enmime refuses.
func readGoMessage(ctx context.Context, skeleton []byte, note func(string, description)) error {
	root, err := gomessage.Read(&ctxReader{ctx: ctx, r: bytes.NewReader(skeleton)})
	if root == nil {
		return fmt.Errorf("go-message: %w", err)
	}
	return root.Walk(func(_ []int, e *gomessage.Entity, _ error) error {
		if e == nil || e.MultipartReader() != nil {
			return nil
		}
		body, err := io.ReadAll(e.Body)
		if err != nil {
			return err
		}
		ctype, params, _ := e.Header.ContentType()
		disposition, dparams, _ := e.Header.ContentDisposition()
		note(string(body), description{mediaType: ctype, disposition: disposition, contentID: e.Header.Get("Content-ID"), fileName: firstOf(dparams["filename"], params["name"])})
		return nil
	})
}

// guard turns a panic of a library into an error: one mail must not stop the intake.
func guard(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errPanic, r)
		}
	}()
	return fn()
}

var errPanic = errors.New("panic")
