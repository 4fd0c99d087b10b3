// Package blobstore keeps raw mail that is too big for the database: each once, byte for byte, under a key.
//
//	smtpd spool file → Put (fsync, rename, fsync of the folder) → the row that names it, in the store's transaction
//
// Invariants:
//   - Put returns nil only when the blob is durable under its key; a crash leaves all of it or nothing.
//   - A blob without a row is an orphan (the process died between the two) and is swept once it is older than any
//     transaction can be; a row never comes before its blob.
//   - Keys are organisation/id; neither may step out of the folder.
package blobstore

import (
	"context"
	"io"
	"iter"
	"time"
)

// Blob is an open blob.
type Blob interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Source is what Put stores. A source that also has Path() string names a file of the same content, which an
// engine on the same file system may link instead of copying.
type Source interface {
	io.ReaderAt
	Size() int64
}

// Store keeps blobs. Errors are of kind fault.NotFound for a missing blob, and fault.Ours for trouble of the medium.
type Store interface {
	// Put stores a blob durably. Putting the same key again with the same content is no error.
	Put(ctx context.Context, org, id string, src Source) error
	Open(ctx context.Context, org, id string) (Blob, error)
	Delete(ctx context.Context, org, id string) error
	// List yields all blobs, in no order.
	List(ctx context.Context) iter.Seq2[Info, error]
}

// Info describes a stored blob.
type Info struct {
	Org, ID  string
	Size     int64
	Modified time.Time
}
