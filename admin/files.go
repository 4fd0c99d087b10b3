package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"smartmail/casework"
	"smartmail/download"
	"smartmail/fault"
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

func (s *server) getRaw(ctx context.Context, in *struct{ IDParam }) (*huma.StreamResponse, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	raw, err := s.desk(ctx).OpenRaw(ctx, org, casework.MailID(in.ID))
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		c := humagin.Unwrap(hc)
		defer func() { s.late(ctx, raw.Close()) }()
		download.Headers(c.Writer.Header(), in.ID+".eml", "message/rfc822", false)
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

func (s *server) getAttachment(ctx context.Context, in *struct{ IDParam }) (*huma.StreamResponse, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	a, file, err := s.desk(ctx).OpenAttachment(ctx, org, in.ID)
	if err != nil {
		return nil, err
	}
	r := bufio.NewReaderSize(file, 64<<10)
	start, err := r.Peek(download.Sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		s.late(ctx, file.Close())
		return nil, fmt.Errorf("read attachment: %w", err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer func() { s.late(ctx, file.Close()) }()
		h := humagin.Unwrap(hc).Writer.Header()
		mediaType, picture := download.Type(a.Type, start)
		download.Headers(h, a.Name, mediaType, picture)
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
	thumbnailJobs = 2 // phone photos decoded at once
)

type thumbnailParams struct {
	IDParam
	Known string `header:"If-None-Match" doc:"The ETag of an earlier answer: a file of a mail never changes"`
}

func (s *server) getThumbnail(ctx context.Context, in *thumbnailParams) (*huma.StreamResponse, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	a, file, err := s.desk(ctx).OpenAttachment(ctx, org, in.ID)
	if err != nil {
		return nil, err
	}
	defer func() { s.late(ctx, file.Close()) }()
	tag := fmt.Sprintf(`"%s-%d"`, in.ID, thumbnailEdge)
	if strings.Contains(in.Known, tag) { // RFC 9110 section 13.1.2
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			hc.SetHeader("ETag", tag)
			hc.SetStatus(http.StatusNotModified)
		}}, nil
	}
	small, err := s.thumbnail(ctx, file)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("ETag", tag)
		download.Headers(humagin.Unwrap(hc).Writer.Header(), "thumbnail-"+a.Name, http.DetectContentType(small), true)
		hc.SetStatus(http.StatusOK)
		_, err := hc.BodyWriter().Write(small)
		s.late(ctx, err)
	}}, nil
}

// thumbnail makes one of a file, whose size is not known before it is read. Pictures take turns in memory with big requests.
func (s *server) thumbnail(ctx context.Context, file io.Reader) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	const busy = "too many pictures at once"
	room := min(maxPicture, s.MaxBody)
	if err := s.bodies.Acquire(ctx, room); err != nil {
		return nil, fault.Wrap(fault.Busy, busy, err)
	}
	defer s.bodies.Release(room)
	b, err := io.ReadAll(io.LimitReader(file, maxPicture+1))
	if err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	const tooBig = "the picture is too big to be made small"
	if len(b) > maxPicture {
		return nil, fault.New(fault.TooBig, tooBig)
	}
	small, err := s.thumbs.Thumbnail(ctx, b, thumbnailEdge)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, fault.Wrap(fault.Busy, busy, err)
	case errors.Is(err, picture.ErrTooBig):
		return nil, fault.Wrap(fault.TooBig, tooBig, err)
	case err != nil:
		return nil, fault.Wrap(fault.NotFound, "this file is no picture that can be made small", err)
	}
	return small, nil
}
