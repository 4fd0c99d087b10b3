// Package backup copies a whole store, database and blobs, into one file while the service runs, and makes a store of it again.
//
//	database snapshot ─▶ blobs ─▶ SHA-256 of everything ─▶ tar      tar ─▶ sums checked ─▶ blobs ─▶ database, last
//
// The copy is the store as it was at one moment, that of the database's snapshot. Every blob that a row of it names was durable before the
// row, and is immutable; so blobs are copied after it, and whoever calls Write keeps blobs from being removed until it is done. A blob that
// came meanwhile is in the copy without a row, and is swept after a restore as after a crash.
//
// Invariants:
//   - A copy ends with the sums of all that is in it: one that is torn has none, and is refused.
//   - What a copy leaves out, because an earlier one has it, stands in its sums: a restore without the earlier one is refused.
//   - Restore never writes over a store, and what it breaks off leaves no database behind.
package backup

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"smartmail/blobstore"
	"smartmail/fault"
)

// Names in the archive.
const (
	headName     = "smartmail-backup.json"
	databaseName = "database"
	blobPrefix   = "blobs/"
	sumsName     = "SHA256SUMS"
)

const (
	format     = 1
	maxHead    = 64 << 10
	maxSums    = 4 << 30 // bytes: some 30 million blobs
	maxLine    = 1 << 10
	fileMode   = 0o600
	errDamaged = "the backup is damaged, or not one of ours"
)

// Head says what an archive is.
type Head struct {
	Format int       `json:"format"`
	At     time.Time `json:"at"` // the copy is the store as it was then
}

// Sums is the SHA-256, in hexadecimal, of everything that belongs to a copy, by name.
type Sums map[string]string

// Database gives a consistent copy of the database.
type Database interface {
	// Snapshot calls fn once, with the copy's size in bytes and what writes it.
	Snapshot(ctx context.Context, fn func(size int64, write func(io.Writer) error) error) error
}

// Blobs are the blobs to copy.
type Blobs interface {
	Open(ctx context.Context, org, id string) (blobstore.Blob, error)
	List(ctx context.Context) iter.Seq2[blobstore.Info, error]
}

// Written counts what a copy holds.
type Written struct {
	At      time.Time
	Blobs   int   // in this copy
	Earlier int   // in earlier ones
	Bytes   int64 // of database and blobs
}

// Write writes a copy. Blobs of which earlier has the sum are left out. now is asked when the snapshot is taken.
func Write(ctx context.Context, w io.Writer, db Database, blobs Blobs, earlier Sums, now func() time.Time) (done Written, err error) {
	a := &archive{tar: tar.NewWriter(w), sums: Sums{}}
	err = db.Snapshot(ctx, func(size int64, write func(io.Writer) error) error {
		done.At = now().UTC().Truncate(time.Second)
		head, err := json.Marshal(Head{Format: format, At: done.At})
		if err != nil {
			return err
		}
		if err := a.add(headName, int64(len(head)), done.At, func(w io.Writer) error { _, err := w.Write(head); return err }); err != nil {
			return err
		}
		done.Bytes = size
		return a.add(databaseName, size, done.At, write)
	})
	if err != nil {
		return done, fmt.Errorf("back up database: %w", err)
	}
	for info, err := range blobs.List(ctx) {
		if err != nil {
			return done, fmt.Errorf("back up blobs: %w", err)
		}
		name := blobPrefix + info.Org + "/" + info.ID
		if sum, ok := earlier[name]; ok {
			a.sums[name] = sum
			done.Earlier++
			continue
		}
		n, err := a.blob(ctx, blobs, name, info)
		if err != nil {
			return done, fmt.Errorf("back up blob %s: %w", name, err)
		}
		done.Blobs++
		done.Bytes += n
	}
	return done, a.finish(done.At)
}

// archive writes a tar and sums up what goes in.
type archive struct {
	tar  *tar.Writer
	sums Sums
}

func (a *archive) add(name string, size int64, at time.Time, write func(io.Writer) error) error {
	// PAX records sizes over 8 GiB, which a database may have.
	if err := a.tar.WriteHeader(&tar.Header{Name: name, Size: size, Mode: fileMode, ModTime: at, Format: tar.FormatPAX}); err != nil {
		return err
	}
	h := sha256.New()
	if err := write(io.MultiWriter(a.tar, h)); err != nil {
		return err
	}
	a.sums[name] = hex.EncodeToString(h.Sum(nil))
	return a.tar.Flush() // finds out where less was written than was said
}

func (a *archive) blob(ctx context.Context, blobs Blobs, name string, info blobstore.Info) (int64, error) {
	b, err := blobs.Open(ctx, info.Org, info.ID)
	if err != nil {
		return 0, err
	}
	err = a.add(name, b.Size(), info.Modified, func(w io.Writer) error {
		_, err := io.Copy(w, io.NewSectionReader(b, 0, b.Size()))
		return err
	})
	return b.Size(), errors.Join(err, b.Close())
}

// finish writes the sums, in the form of sha256sum(1), and the end.
func (a *archive) finish(at time.Time) error {
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(a.sums)) {
		fmt.Fprintf(&lines, "%s  %s\n", a.sums[name], name)
	}
	err := a.tar.WriteHeader(&tar.Header{Name: sumsName, Size: int64(lines.Len()), Mode: fileMode, ModTime: at, Format: tar.FormatPAX})
	if err == nil {
		_, err = io.WriteString(a.tar, lines.String())
	}
	if err = errors.Join(err, a.tar.Close()); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return nil
}

// Content is one file of a copy as it is read.
type Content struct {
	Org, ID string // of a blob; both empty: the database
	Size    int64
	io.Reader
}

// Read reads a copy from its beginning to its end and gives its database and blobs to take, which may be nil. What is read is right only
// when Read returns without an error. It returns the sums: also of blobs that are in earlier copies only, for which Missing asks. Errors of
// the copy are of kind fault.Invalid.
func Read(ctx context.Context, r io.Reader, take func(Content) error) (Head, Sums, error) {
	t := tar.NewReader(bufio.NewReaderSize(r, 64<<10))
	head, err := readHead(t)
	if err != nil {
		return head, nil, err
	}
	found := Sums{headName: ""}
	for {
		if err := ctx.Err(); err != nil {
			return head, nil, err
		}
		h, err := t.Next()
		if err != nil {
			return head, nil, damaged("it ends too early: %v", err)
		}
		if h.Name == sumsName {
			sums, err := readSums(t, found)
			return head, sums, err
		}
		c, ok := content(h)
		if _, again := found[h.Name]; !ok || again {
			return head, nil, damaged("%.200q has no place in it", h.Name)
		}
		sum := sha256.New()
		c.Reader = io.TeeReader(torn{t, h.Name}, sum)
		if take != nil {
			if err := take(c); err != nil {
				return head, nil, err
			}
		}
		if _, err := io.Copy(io.Discard, c.Reader); err != nil {
			return head, nil, err
		}
		found[h.Name] = hexOf(sum)
	}
}

// torn gives the errors of an archive their kind, whoever reads it.
type torn struct {
	io.Reader
	name string
}

func (t torn) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = damaged("%s: %v", t.name, err)
	}
	return n, err
}

func hexOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

func readHead(t *tar.Reader) (head Head, err error) {
	h, err := t.Next()
	if err != nil || h.Name != headName || h.Size > maxHead {
		return head, damaged("it does not begin with %s: %v", headName, err)
	}
	if err := json.NewDecoder(t).Decode(&head); err != nil {
		return head, damaged("%s: %v", headName, err)
	}
	if head.Format != format {
		return head, fault.New(fault.Invalid, fmt.Sprintf("the backup is of format %d; this version knows %d", head.Format, format))
	}
	return head, nil
}

// content tells what a file of the archive is.
func content(h *tar.Header) (Content, bool) {
	if h.Typeflag != tar.TypeReg || h.Size < 0 {
		return Content{}, false
	}
	if h.Name == databaseName {
		return Content{Size: h.Size}, true
	}
	name, ok := strings.CutPrefix(h.Name, blobPrefix)
	org, id, both := strings.Cut(name, "/")
	return Content{Org: org, ID: id, Size: h.Size}, ok && both && fs.ValidPath(name) && !strings.Contains(id, "/")
}

// readSums reads the sums and holds what was found against them.
func readSums(t io.Reader, found Sums) (Sums, error) {
	sums := Sums{}
	lines := bufio.NewScanner(io.LimitReader(t, maxSums))
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok || len(sum) != 2*sha256.Size {
			return nil, damaged("%s: %.200q", sumsName, lines.Text())
		}
		sums[name] = sum
	}
	if err := lines.Err(); err != nil {
		return nil, damaged("%s: %v", sumsName, err)
	}
	for name, sum := range found {
		if name != headName && sums[name] != sum {
			return nil, damaged("%s is not what was written", name)
		}
	}
	if found[databaseName] == "" {
		return nil, damaged("it has no database")
	}
	return sums, nil
}

func damaged(format string, args ...any) error {
	return fault.Wrap(fault.Invalid, errDamaged, fmt.Errorf(format, args...))
}
