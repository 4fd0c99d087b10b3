package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/message"
)

// filePrefix begins the ids of files that we send, so that they cannot be taken for a mail's.
const filePrefix = "f"

// orphanAge is how long a blob may lie without a row: longer than any transaction takes.
const orphanAge = time.Hour

// KeepFile stores a file that a message is to carry. The file is swept again unless a message comes to name it.
func (d *Desk) KeepFile(ctx context.Context, org casework.OrgID, name, mediaType string, content []byte) (casework.File, error) {
	id, err := newID[string](d, d.Now())
	if err != nil {
		return casework.File{}, err
	}
	sum := sha256.Sum256(content)
	f := casework.File{ID: filePrefix + id, Name: message.SafeName(name), Type: mediaType, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
	if err := d.Blobs.Put(ctx, string(org), f.ID, message.InMemory(content)); err != nil {
		return f, fmt.Errorf("keep file: %w", err)
	}
	return f, nil
}

// putFiles writes the rows that keep an entry's files from the sweep. Files of an entry that was taken to another case are that entry's.
func putFiles(tx casestore.Tx, e casework.Entry) error {
	if e.MailOut == nil {
		return nil
	}
	for _, f := range e.MailOut.Files {
		had, err := casestore.Files.Get(tx, casestore.K(string(e.Org)).Str(f.ID))
		if ignoreNotFound(err) != nil {
			return err
		}
		if err := casestore.Files.Put(tx, &casework.SentFile{Org: e.Org, File: f, Entry: e.ID, Version: had.Version}); err != nil {
			return err
		}
	}
	return nil
}

// OpenAttachment opens an attachment of a received mail, decoded from the raw mail as it is read, or a file that we sent.
func (d *Desk) OpenAttachment(ctx context.Context, org casework.OrgID, id string) (message.Attachment, io.ReadCloser, error) {
	const none = "there is no such attachment"
	if strings.HasPrefix(id, filePrefix) && !strings.Contains(id, "-") {
		return d.openFile(ctx, org, id)
	}
	mail, index, ok := parseAttachmentID(id)
	if !ok {
		return message.Attachment{}, nil, fault.New(fault.NotFound, none)
	}
	raw, err := d.OpenRaw(ctx, org, mail)
	if err != nil {
		return message.Attachment{}, nil, renamed(err, none)
	}
	a, r, err := message.OpenAttachment(ctx, raw.Raw, d.Limits, index)
	if err != nil {
		_ = raw.Close() // the error that makes us close it says more
		return a, nil, renamed(err, none)
	}
	return a, readCloser{r, raw}, nil
}

func (d *Desk) openFile(ctx context.Context, org casework.OrgID, id string) (a message.Attachment, r io.ReadCloser, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		f, err := casestore.Files.Get(tx, casestore.K(string(org)).Str(id))
		a = message.Attachment{Name: f.File.Name, Type: f.File.Type, Size: f.File.Size, SHA256: f.File.SHA256}
		return renamed(err, "there is no such attachment")
	})
	if err != nil {
		return a, nil, err
	}
	blob, err := d.Blobs.Open(ctx, string(org), id)
	if err != nil {
		return a, nil, err
	}
	return a, readCloser{io.NewSectionReader(blob, 0, blob.Size()), blob}, nil
}

type readCloser struct {
	io.Reader
	io.Closer
}
