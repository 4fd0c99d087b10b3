package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

// What bbolt v1.5.0 does when a commit fails:
//
//   - Growing the file (truncate), writing pages or syncing them fails, as on a full disk: the meta page still names the
//     old state, and bbolt reads its freelist anew from there. All is well. Space is taken by writes alone,
//     never through the mapping, so that a full disk is an error and no SIGBUS.
//   - Mapping the file fails: nothing is mapped, and each later transaction is refused. The file must be opened anew.
//   - Syncing the meta page fails: readers already see the new state, through the page cache. The disk may hold the one or
//     the other. bbolt has taken over the freelist of the new state, and the pages of the old one are free to be
//     overwritten: a crash would then find a state whose pages are gone.
//
// In the last case the failed commit is taken back: its meta page is blanked but for what makes it a page (the other one, of the state before,
// is what bbolt then falls back on), that is synced, and the file is opened anew. Until all of it succeeds the
// store neither reads nor writes; each Update tries again.

// afterFailure looks at what the failed commit with this id left behind.
func (s *Store) afterFailure(id int) {
	if !shown(s.db, id) {
		return
	}
	s.mu.Lock() // waits for the Views
	defer s.mu.Unlock()
	s.trouble = ours("failed commit", fmt.Errorf("%s: state in doubt", s.path))
	s.settle(id)
}

// shown reports whether a reader would see the commit with this id, or whether there is no reading at all.
func shown(db *bbolt.DB, id int) bool {
	tx, err := db.Begin(false)
	if err != nil {
		return true
	}
	defer func() { _ = tx.Rollback() }()
	return tx.ID() >= id
}

// begin starts the write transaction of a batch, after it has cleared up earlier trouble.
func (s *Store) begin() (*bbolt.Tx, error) {
	s.mu.RLock()
	err := s.usable()
	s.mu.RUnlock()
	if err != nil {
		if err = s.retry(); err != nil {
			return nil, err
		}
	}
	base, err := s.db.Begin(true)
	if err != nil {
		return nil, ours("begin update", err)
	}
	return base, nil
}

func (s *Store) retry() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.doubted)
	return s.trouble
}

// settle takes back the commit with this id and opens the file anew; the caller holds mu. It clears or sets trouble.
func (s *Store) settle(id int) {
	s.doubted = id
	err := func() error {
		if s.db != nil {
			if err := s.takeBack(id); err != nil {
				return err
			}
			if err := s.db.Close(); err != nil {
				return err
			}
			s.db = nil
		}
		db, err := s.openFile()
		if err == nil {
			s.db = db
		}
		return err
	}()
	if err != nil {
		s.trouble = ours("recover from a failed commit", err)
		s.opt.Log.Error("recovery failed", "err", err)
		return
	}
	s.trouble = nil
	s.opt.Log.Info("recovered from a failed commit")
}

// metaFlag marks a meta page in its header, which is its number (8 bytes), flags, count (2 bytes each) and overflow (4).
const metaFlag = 4

// takeBack blanks the meta page that the commit with this id wrote; bbolt's commits alternate between the first two pages. The header stays,
// as a look at all pages takes one without for damage.
func (s *Store) takeBack(id int) error {
	f, err := os.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	page := make([]byte, s.pageSize)
	binary.NativeEndian.PutUint64(page, uint64(id%2))
	binary.NativeEndian.PutUint16(page[8:], metaFlag)
	_, err = f.WriteAt(page, int64(id%2)*s.pageSize)
	return errors.Join(err, f.Sync(), f.Close())
}
