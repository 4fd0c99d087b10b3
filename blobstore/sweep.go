package blobstore

import (
	"context"
	"fmt"
	"time"

	"smartmail/fault"
)

// Cleaner is a Store that can have leftovers which List does not show.
type Cleaner interface {
	// Clean removes leftovers that are older than the instant.
	Clean(ctx context.Context, olderThan time.Time) (removed int, err error)
}

// Sweep deletes the blobs that are older than the instant and that keep does not want: orphans, whose row never
// came. It also removes the leftovers of a store that is a Cleaner. olderThan must lie further back than any Put and the
// transaction after it can last; a blob that is put again counts as new. It returns how many it removed; on an error, which ends it, that many are gone.
func Sweep(ctx context.Context, store Store, olderThan time.Time, keep func(org, id string) (bool, error)) (removed int, err error) {
	for info, err := range store.List(ctx) {
		if err != nil {
			return removed, fmt.Errorf("sweep: %w", err)
		}
		if !info.Modified.Before(olderThan) {
			continue
		}
		wanted, err := keep(info.Org, info.ID)
		if err != nil {
			return removed, fmt.Errorf("sweep: %w", err)
		}
		if wanted {
			continue
		}
		err = store.Delete(ctx, info.Org, info.ID)
		if err != nil && !fault.Is(err, fault.NotFound) { // another process may sweep too
			return removed, fmt.Errorf("sweep: %w", err)
		}
		removed++
	}
	if cleaner, ok := store.(Cleaner); ok {
		n, err := cleaner.Clean(ctx, olderThan)
		removed += n
		if err != nil {
			return removed, fmt.Errorf("sweep: %w", err)
		}
	}
	return removed, nil
}
