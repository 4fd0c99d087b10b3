package report

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"

	"smartmail/casework"
	"smartmail/fault"
)

// once lets what is done for the same key be done once: who presses twice, or again because no answer came, has reported one fault.
// It knows of this process alone, as tickets do.
type once struct {
	mu    sync.Mutex
	begun map[digest]*outcome
	order []digest // as they began
}

type digest [sha256.Size]byte

// outcome is what comes of a report; it is there when done is closed.
type outcome struct {
	done chan struct{}
	n    casework.CaseNumber
	err  error
}

// maxOutcomes are remembered: some hours of what an organisation may be told.
const maxOutcomes = 4096

func newOnce() *once { return &once{begun: map[digest]*outcome{}} }

// do does f, or returns what came of it where it was done for that key. What failed may be tried again.
func (o *once) do(ctx context.Context, key digest, f func() (casework.CaseNumber, error)) (casework.CaseNumber, error) {
	o.mu.Lock()
	earlier := o.begun[key]
	if earlier != nil {
		o.mu.Unlock()
		select {
		case <-earlier.done:
			return earlier.n, earlier.err
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	mine := &outcome{done: make(chan struct{}), err: fault.New(fault.Ours, "local error, try again later")}
	o.begun[key], o.order = mine, append(o.order, key)
	if len(o.order) > maxOutcomes {
		delete(o.begun, o.order[0])
		o.order = slices.Delete(o.order, 0, 1)
	}
	o.mu.Unlock()
	defer o.end(key, mine) // whatever f does, nobody waits for ever
	mine.n, mine.err = f()
	return mine.n, mine.err
}

// end tells those who wait, and forgets what failed.
func (o *once) end(key digest, mine *outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if mine.err != nil && o.begun[key] == mine {
		delete(o.begun, key)
	}
	close(mine.done)
}

// digest is the same for the same report of the same form. The captcha counts: it can be solved once.
func (in *input) digest(org casework.OrgID) (d digest) {
	h := sha256.New()
	add := func(b []byte) { // with its length, so that no two reports make the same row of bytes
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		h.Write(b)
	}
	for _, text := range []string{string(org), in.Ticket, in.Captcha, in.Name, in.Email, in.Phone, in.Place, in.Subject, in.Description} {
		add([]byte(text))
	}
	for _, p := range in.pictures {
		add([]byte(p.name))
		add(p.content)
	}
	return digest(h.Sum(nil))
}
