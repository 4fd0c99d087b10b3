// Package mailbox reads stored mail: mbox files, Maildir folders and single .eml files.
//
//	paths → Walk → one mail at a time, with its source
//
// Invariants:
//   - One mail is in memory at a time, and none above the limit.
//   - A mail that cannot be read is told and does not stop the others.
//   - Line ends become CRLF again where a file has LF alone: programs that store mail cut the CR which SMTP carried,
//     and the same mail must be the same whichever way it comes.
package mailbox

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Mail is one stored mail.
type Mail struct {
	Source string // file, and for an mbox the mail's position in it: "old.mbox#3"
	Bytes  []byte
	Err    error // why it could not be read; Bytes is nil then
}

// ErrNoMail is the error of a file that was found in a folder and does not look like mail.
var ErrNoMail = errors.New("this does not look like a mail")

// Walk reads every mail under the paths and calls fn with each. A path is an mbox file, a Maildir, an .eml file, or a folder
// of any of these; in a folder, what does not begin as a mail does is passed over with ErrNoMail. limit is the most bytes that a mail may have. Walk stops at the first error of fn, or of ctx.
func Walk(ctx context.Context, paths []string, limit int64, fn func(Mail) error) error {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("mailbox: %w", err)
		}
		if !info.IsDir() {
			if err := readFile(ctx, path, limit, false, fn); err != nil {
				return err
			}
			continue
		}
		err = filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
			if err != nil {
				return fn(Mail{Source: p, Err: err})
			}
			if e.IsDir() && e.Name() == "tmp" && isMaildir(filepath.Dir(p)) {
				return fs.SkipDir // still being delivered
			}
			if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
				return nil
			}
			return readFile(ctx, p, limit, true, fn)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Count tells how many bytes the files under the paths have, for a progress bar.
func Count(paths []string) (total int64) {
	for _, path := range paths {
		_ = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error { // what cannot be read counts nothing; Walk tells of it
			if err == nil && e.Type().IsRegular() {
				if info, err := e.Info(); err == nil {
					total += info.Size()
				}
			}
			return nil
		})
	}
	return total
}

func isMaildir(dir string) bool {
	for _, sub := range []string{"cur", "new"} {
		if info, err := os.Stat(filepath.Join(dir, sub)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// readFile reads a mail or an mbox. found says that the file was found in a folder and not named by a person.
func readFile(ctx context.Context, path string, limit int64, found bool, fn func(Mail) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return fn(Mail{Source: path, Err: err})
	}
	defer func() { _ = f.Close() }() // read only
	r := bufio.NewReaderSize(f, 64<<10)
	// A file in a Maildir, or one called .eml, is one mail even where its first line is a "From " line.
	single := strings.EqualFold(filepath.Ext(path), ".eml") || slices.Contains([]string{"cur", "new"}, filepath.Base(filepath.Dir(path)))
	if head, _ := r.Peek(5); string(head) == "From " && !single {
		return readMbox(ctx, path, r, limit, fn)
	}
	if start, _ := r.Peek(maxName); found && !single && !fieldLine.Match(start) {
		return fn(Mail{Source: path, Err: ErrNoMail})
	}
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return fn(Mail{Source: path, Err: err})
	case int64(len(b)) > limit:
		return fn(Mail{Source: path, Err: tooBig(limit)})
	}
	return fn(Mail{Source: path, Bytes: withCRLF(b, limit)})
}

// fieldLine matches what begins as a header field does in practice: RFC 5322 section 2.2 allows more, and a text in JSON too.
var fieldLine = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,79}:[ \t\r\n]`)

const maxName = 100

func tooBig(limit int64) error { return fmt.Errorf("the mail is bigger than %d bytes", limit) }

// readMbox splits an mbox at its "From " lines (RFC 4155), which stand at the start or behind an empty line, and takes one
// ">" off each ">From ", as the mboxrd form puts it on.
func readMbox(ctx context.Context, path string, r *bufio.Reader, limit int64, fn func(Mail) error) error {
	var (
		mail   []byte
		n      int
		blank  = true // the line before was empty
		over   bool
		source = func() string { return fmt.Sprintf("%s#%d", path, n) }
	)
	flush := func() error {
		if n == 0 {
			return nil
		}
		if over {
			return fn(Mail{Source: source(), Err: tooBig(limit)})
		}
		if blank { // the empty line that divides; the last mail of a file may lack it
			mail = bytes.TrimSuffix(bytes.TrimSuffix(mail, []byte("\n")), []byte("\r"))
		}
		return fn(Mail{Source: source(), Bytes: withCRLF(bytes.Clone(mail), limit)})
	}
	begin := true // at the beginning of a line
	for {
		piece, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
			return fn(Mail{Source: source(), Err: err})
		}
		if begin && blank && bytes.HasPrefix(piece, []byte("From ")) {
			if err := errors.Join(flush(), ctx.Err()); err != nil {
				return err
			}
			mail, over = mail[:0], false
			n++
		} else if len(piece) > 0 {
			if begin && quotedFrom(piece) {
				piece = piece[1:]
			}
			if over = over || int64(len(mail)+len(piece)) > limit; !over {
				mail = append(mail, piece...)
			}
		}
		if errors.Is(err, io.EOF) {
			return flush()
		}
		blank = begin && len(bytes.TrimRight(piece, "\r\n")) == 0
		begin = !errors.Is(err, bufio.ErrBufferFull)
	}
}

func quotedFrom(line []byte) bool {
	rest := bytes.TrimLeft(line, ">")
	return len(rest) < len(line) && bytes.HasPrefix(rest, []byte("From "))
}

// withCRLF gives a mail that has no CRLF at all its line ends back, where it stays within the limit.
func withCRLF(b []byte, limit int64) []byte {
	if bytes.Contains(b, []byte("\r\n")) || int64(len(b)+bytes.Count(b, []byte("\n"))) > limit {
		return b
	}
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}
