package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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

func (s *server) getThumbnail(ctx context.Context, in *struct{ IDParam }) (*huma.StreamResponse, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	a, file, err := s.desk(ctx).OpenAttachment(ctx, org, in.ID)
	if err != nil {
		return nil, err
	}
	defer func() { s.late(ctx, file.Close()) }()
	if a.Size > maxPicture {
		return nil, fault.New(fault.TooBig, "the picture is too big to be made small")
	}
	waiting, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := s.bodies.Acquire(waiting, a.Size); err != nil { // pictures take turns in memory with big requests
		return nil, fault.Wrap(fault.Busy, "too many pictures at once", err)
	}
	defer s.bodies.Release(a.Size)
	b, err := io.ReadAll(io.LimitReader(file, maxPicture))
	if err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	small, err := s.thumbs.Thumbnail(waiting, b, thumbnailEdge)
	switch {
	case err != nil && waiting.Err() != nil:
		return nil, fault.Wrap(fault.Busy, "too many pictures at once", err)
	case errors.Is(err, picture.ErrTooBig):
		return nil, fault.Wrap(fault.TooBig, "the picture is too big to be made small", err)
	case err != nil:
		return nil, fault.Wrap(fault.NotFound, "this file is no picture that can be made small", err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		download.Headers(humagin.Unwrap(hc).Writer.Header(), "thumbnail-"+a.Name, http.DetectContentType(small), true)
		hc.SetStatus(http.StatusOK)
		_, err := hc.BodyWriter().Write(small)
		s.late(ctx, err)
	}}, nil
}
