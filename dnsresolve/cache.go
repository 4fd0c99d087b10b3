package dnsresolve

import (
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

const (
	maxTTL         = 24 * time.Hour
	maxNegativeTTL = 3 * time.Hour // RFC 2308 section 5: one to three hours work well
)

// cache keeps answers until their TTL is over, a bounded number of them.
type cache struct {
	max int
	now func() time.Time

	mu      sync.Mutex
	entries map[string]entry
}

type entry struct {
	answer  answer
	expires time.Time
}

func newCache(max int, now func() time.Time) *cache {
	if now == nil {
		now = time.Now
	}
	return &cache{max: max, now: now, entries: make(map[string]entry)}
}

// cacheKey names a question; names differ in no more than case (RFC 4343).
func cacheKey(q dns.Question) string {
	return dns.TypeToString[q.Qtype] + " " + strings.ToLower(q.Name)
}

func (c *cache) get(q dns.Question) (answer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := cacheKey(q)
	e, ok := c.entries[key]
	if ok && !c.now().Before(e.expires) {
		delete(c.entries, key)
		ok = false
	}
	return e.answer, ok
}

func (c *cache) put(q dns.Question, a answer) {
	if a.ttl <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := cacheKey(q)
	if _, ok := c.entries[key]; !ok && len(c.entries) >= c.max {
		c.evict()
	}
	c.entries[key] = entry{answer: a, expires: c.now().Add(a.ttl)}
}

// evict makes room for one: the expired among a few at random, and one of those few in any case.
func (c *cache) evict() {
	now, seen, last := c.now(), 0, ""
	for key, e := range c.entries {
		last = key
		if !now.Before(e.expires) {
			delete(c.entries, key)
		}
		if seen++; seen == 16 {
			break
		}
	}
	delete(c.entries, last)
}
