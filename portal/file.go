package portal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"smartmail/desk"
	"smartmail/download"
	"smartmail/fault"
	"smartmail/picture"
	"smartmail/threading"
)

// attached is a file of an entry.
type attached struct {
	id, name, mediaType, sha256 string
	size                        int64
	inline                      bool
}

// attachedTo lists an entry's files, in the order in which links count them.
func attachedTo(e desk.EntryView) (out []attached) {
	if e.Mail != nil {
		for i, a := range e.Mail.Content.Attachments {
			out = append(out, attached{desk.AttachmentID(e.Mail.ID, i), a.Name, a.Type, a.SHA256, a.Size, a.Inline})
		}
	} else if e.MailOut != nil {
		for _, f := range e.MailOut.Files {
			out = append(out, attached{f.ID, f.Name, f.Type, f.SHA256, f.Size, false})
		}
	}
	return out
}

// find is the file that a link names, if it may still be seen.
func (p *portal) find(ctx context.Context, l threading.Link) (attached, error) {
	e, err := p.Desk.ShownEntry(ctx, l.Org, l.Case, l.Participant, l.Entry)
	if err != nil {
		return attached{}, err
	}
	files := attachedTo(e)
	if l.File >= len(files) {
		return attached{}, fault.New(fault.NotFound, "there is no such file")
	}
	return files[l.File], nil
}

// file hands out a file, or the range of it that is asked for.
func (p *portal) file(w http.ResponseWriter, r *http.Request, l threading.Link) error {
	f, err := p.find(r.Context(), l)
	if err != nil {
		return err
	}
	src := &source{open: func() (io.ReadCloser, error) {
		_, rc, err := p.Desk.OpenAttachment(r.Context(), l.Org, f.id)
		return rc, err
	}, size: f.size}
	defer src.close()
	start, err := src.peek(download.Sniffed)
	if err != nil {
		return err
	}
	content, tag := io.ReadSeeker(src), f.sha256
	if picture.KindOf(start) != picture.Other {
		clean, free, err := p.clean(r.Context(), src, f, func(_ context.Context, b []byte) ([]byte, error) { return picture.Clean(b) })
		if err != nil {
			return err
		}
		defer free()
		content, tag = bytes.NewReader(clean), f.sha256+"-clean"
	}
	mediaType, shown := download.Type(f.mediaType, start)
	download.Headers(w.Header(), f.name, mediaType, shown)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, content)
	return src.err
}

// thumbnailEdge is the longer side of a picture on the page, in pixels.
const thumbnailEdge = 480

// small hands out a picture made small.
func (p *portal) small(w http.ResponseWriter, r *http.Request, l threading.Link) error {
	f, err := p.find(r.Context(), l)
	if err != nil {
		return err
	}
	_, rc, err := p.Desk.OpenAttachment(r.Context(), l.Org, f.id)
	if err != nil {
		return err
	}
	defer func() { _ = rc.Close() }() // read only
	made, free, err := p.clean(r.Context(), rc, f, func(ctx context.Context, b []byte) ([]byte, error) { return p.thumbs.Thumbnail(ctx, b, thumbnailEdge) })
	if err != nil {
		return err
	}
	defer free()
	download.Headers(w.Header(), "small-"+f.name, http.DetectContentType(made), true)
	w.Header().Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(made))
	return nil
}

// pictureWait is how long a picture waits for others that are in memory.
const pictureWait = 20 * time.Second

// clean reads a picture and makes of it what may be shown. free must be called when that is sent. What cannot be made so is as if it were not there.
func (p *portal) clean(ctx context.Context, r io.Reader, f attached, work func(context.Context, []byte) ([]byte, error)) (out []byte, free func(), err error) {
	if f.size > picture.MaxBytes {
		return nil, nil, fault.New(fault.NotFound, "the picture is too big to be shown")
	}
	ctx, cancel := context.WithTimeout(ctx, pictureWait)
	defer cancel()
	if err := p.memory.Acquire(ctx, f.size); err != nil {
		return nil, nil, fault.Wrap(fault.Busy, "many pictures are asked for", err)
	}
	free = func() { p.memory.Release(f.size) }
	if out, err = p.worked(ctx, r, work); err != nil {
		free()
		return nil, nil, err
	}
	return out, free, nil
}

func (p *portal) worked(ctx context.Context, r io.Reader, work func(context.Context, []byte) ([]byte, error)) ([]byte, error) {
	if err := p.pictures.Acquire(ctx, 1); err != nil {
		return nil, fault.Wrap(fault.Busy, "many pictures are asked for", err)
	}
	defer p.pictures.Release(1)
	b, err := io.ReadAll(io.LimitReader(r, picture.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	b, err = work(ctx, b)
	if err != nil && ctx.Err() != nil {
		return nil, fault.Wrap(fault.Busy, "many pictures are asked for", err)
	}
	if err != nil {
		return nil, fault.Wrap(fault.NotFound, "the picture cannot be shown", err)
	}
	return b, nil
}

// source reads a file that can only be read from its start, at any place: by reading anew up to there.
type source struct {
	open func() (io.ReadCloser, error)
	size int64
	at   int64 // where the next read begins
	r    *bufio.Reader
	rc   io.ReadCloser
	read int64 // how far r has come
	err  error // the first that reading met
}

// peek returns the first n bytes, or all where there are less.
func (s *source) peek(n int) ([]byte, error) {
	if err := s.place(); err != nil {
		return nil, err
	}
	b, err := s.r.Peek(n)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read file: %w", err)
	}
	return b, nil
}

// place makes r stand where the next read begins.
func (s *source) place() error {
	if s.r == nil || s.read > s.at {
		s.close()
		rc, err := s.open()
		if err != nil {
			return err
		}
		s.rc, s.r, s.read = rc, bufio.NewReaderSize(rc, 64<<10), 0
	}
	n, err := io.CopyN(io.Discard, s.r, s.at-s.read)
	s.read += n
	return err
}

// Read implements io.Reader.
func (s *source) Read(b []byte) (int, error) {
	if s.at >= s.size {
		return 0, io.EOF
	}
	if s.err = s.place(); s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(b[:min(int64(len(b)), s.size-s.at)])
	s.at, s.read = s.at+int64(n), s.read+int64(n)
	if errors.Is(err, io.EOF) && s.at < s.size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// Seek implements io.Seeker.
func (s *source) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.at
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the start")
	}
	s.at = offset
	return offset, nil
}

func (s *source) close() {
	if s.rc != nil {
		_ = s.rc.Close() // read only
		s.rc, s.r = nil, nil
	}
}
