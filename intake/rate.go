package intake

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// rates counts mails by key within this process. It forgets the keys that were not used for the longest time, so
// that a flood of invented senders costs a bounded amount of memory. Several processes allow as many times the limit.
type rates struct {
	now  func() time.Time
	most int

	mu    sync.Mutex
	byKey map[string]*list.Element
	used  *list.List // of *counted, the latest first
}

type counted struct {
	key     string
	limiter *rate.Limiter
}

// maxRates is how many senders and domains are counted at a time.
const maxRates = 20_000

func newRates(now func() time.Time, most int) *rates {
	return &rates{now: now, most: most, byKey: map[string]*list.Element{}, used: list.New()}
}

// take counts one mail and reports whether it is within perHour, which is also how many may come at once; 0 is no limit.
func (r *rates) take(key string, perHour int) bool {
	if perHour <= 0 {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.byKey[key]
	if ok {
		r.used.MoveToFront(e)
	} else {
		e = r.used.PushFront(&counted{key, rate.NewLimiter(rate.Every(time.Hour/time.Duration(perHour)), perHour)})
		r.byKey[key] = e
		if r.used.Len() > r.most {
			oldest := r.used.Back()
			delete(r.byKey, r.used.Remove(oldest).(*counted).key)
		}
	}
	return e.Value.(*counted).limiter.AllowN(r.now(), 1)
}
