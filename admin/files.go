package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"smartmail/casework"
	"smartmail/fault"
	"smartmail/message"
	"smartmail/picture"
)

func (s *server) fileCalls() {
	register(s, call{method: http.MethodGet, path: prefix + "/messages/{id}/raw", id: "get-raw", streams: true, binary: "message/rfc822",
		summary: "A mail as it came in, byte for byte; id is the entry's raw.id"}, s.getRaw)
	register(s, call{method: http.MethodGet, path: prefix + "/attachments/{id}", id: "get-attachment", streams: true, binary: "application/octet-stream",
		summary: "A file of a mail, decoded"}, s.getAttachment)
	register(s, call{method: http.MethodGet, path: prefix + "/attachments/{id}/thumbnail", id: "get-thumbnail", streams: true, binary: "image/jpeg",
		summary: "A picture of a mail made small, the right way up, without the place where it was taken"}, s.getThumbnail)
}

// sandbox keeps what a browser is made to open anyway from running (CSP level 3).
const sandbox = "sandbox; default-src 'none'"

func (s *server) getRaw(ctx context.Context, in *struct{ IDParam }) (*huma.StreamResponse, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	raw, err := s.Desk.OpenRaw(ctx, org, casework.MailID(in.ID))
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		c := humagin.Unwrap(hc)
		defer func() { s.late(ctx, raw.Close()) }()
		fileHeaders(c.Writer.Header(), in.ID+".eml", "message/rfc822", false)
		c.Header("ETag", `"`+raw.Ref.SHA256+`"`)
		w := &ranged{ResponseWriter: c.Writer}
		// A medium that fails half-way leaves the answer short of its Content-Length, which the peer sees.
		http.ServeContent(w, c.Request, "", time.Time{}, io.NewSectionReader(raw, 0, raw.Size()))
		if w.refused {
			writeProblem(c, http.StatusRequestedRangeNotSatisfiable, "the mail has no such range")
		}
	}}, nil
}

// ranged keeps back what net/http says, in plain text, to an impossible range.
type ranged struct {
	gin.ResponseWriter
	refused bool
}

// WriteHeader implements http.ResponseWriter.
func (w *ranged) WriteHeader(status int) {
	if w.refused = status == http.StatusRequestedRangeNotSatisfiable; !w.refused {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (w *ranged) Write(b []byte) (int, error) {
	if w.refused {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// sniffed is how much of a file net/http looks at to tell its type.
const sniffed = 512

func (s *server) getAttachment(ctx context.Context, in *struct{ IDParam }) (*huma.StreamResponse, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	a, file, err := s.Desk.OpenAttachment(ctx, org, in.ID)
	if err != nil {
		return nil, err
	}
	r := bufio.NewReaderSize(file, 64<<10)
	start, err := r.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		s.late(ctx, file.Close())
		return nil, fmt.Errorf("read attachment: %w", err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer func() { s.late(ctx, file.Close()) }()
		h := humagin.Unwrap(hc).Writer.Header()
		mediaType, picture := servedType(a, start)
		fileHeaders(h, a.Name, mediaType, picture)
		hc.SetStatus(http.StatusOK)
		if _, err := io.Copy(hc.BodyWriter(), r); err != nil {
			s.late(ctx, fmt.Errorf("send attachment: %w", err))
			panic(http.ErrAbortHandler) // the peer must not take a part for the whole
		}
	}}, nil
}

// Bounds of a thumbnail: the longer edge in pixels, and the size in bytes of a picture that one is made of.
const (
	thumbnailEdge = 480
	maxPicture    = 32 << 20
)

func (s *server) getThumbnail(ctx context.Context, in *struct{ IDParam }) (*huma.StreamResponse, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	a, file, err := s.Desk.OpenAttachment(ctx, org, in.ID)
	if err != nil {
		return nil, err
	}
	defer func() { s.late(ctx, file.Close()) }()
	if a.Size > maxPicture {
		return nil, fault.New(fault.TooBig, "the picture is too big to be made small")
	}
	if err := s.bodies.Acquire(ctx, a.Size); err != nil { // pictures take turns in memory with big requests
		return nil, fmt.Errorf("thumbnail: %w", err)
	}
	defer s.bodies.Release(a.Size)
	b, err := io.ReadAll(io.LimitReader(file, maxPicture))
	if err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	small, err := picture.Thumbnail(b, thumbnailEdge)
	if err != nil {
		return nil, fault.Wrap(fault.NotFound, "this file is no picture that can be made small", err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		fileHeaders(humagin.Unwrap(hc).Writer.Header(), "thumbnail-"+a.Name, http.DetectContentType(small), true)
		hc.SetStatus(http.StatusOK)
		_, err := hc.BodyWriter().Write(small)
		s.late(ctx, err)
	}}, nil
}

// fileHeaders makes a file of a stranger's harmless in a browser, whatever it is.
func fileHeaders(h http.Header, name, mediaType string, inline bool) {
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", disposition(name, inline))
	h.Set("Content-Security-Policy", sandbox)
	h.Set("Cache-Control", "private, no-cache")
}

// disposition writes RFC 6266, with the name in ASCII for old programs and in UTF-8 (RFC 8187) for all others.
func disposition(name string, inline bool) string {
	kind := "attachment"
	if inline {
		kind = "inline"
	}
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	return fmt.Sprintf(`%s; filename="%s"; filename*=UTF-8''%s`, kind, ascii, strings.ReplaceAll(url.QueryEscape(name), "+", "%20"))
}

// servedType is the media type that a file is served as, and whether it is a picture that may be shown in place: one whose
// first bytes say the same as its type does. Types that a browser might run are served as bytes.
func servedType(a message.Attachment, start []byte) (mediaType string, picture bool) {
	switch a.Type {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		if http.DetectContentType(start) == a.Type {
			return a.Type, true
		}
	case "application/pdf", "text/plain", "text/csv", "text/calendar", "application/zip", "application/msword":
		return a.Type, false
	}
	family, sub, _ := strings.Cut(a.Type, "/")
	active := strings.Contains(sub, "xml") && !strings.HasPrefix(sub, "vnd.openxmlformats-") || strings.Contains(sub, "html")
	if !active && (family == "image" || family == "audio" || family == "video" || strings.HasPrefix(sub, "vnd.")) {
		return a.Type, false
	}
	return "application/octet-stream", false
}
