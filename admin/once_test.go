package admin_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"smartmail/admin"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
)

func key(k string) []string { return []string{"Idempotency-Key", k} }

// The same request with the same key is carried out once, however often it comes; another one with that key is not carried out.
func TestIdempotencyKey(t *testing.T) {
	h := newHouse(t)
	const body = `{"subject":"Kranen"}`
	first := h.want(http.StatusCreated, nil, "POST", "/api/v1/cases", body, key("k1")...)
	again := h.want(http.StatusCreated, nil, "POST", "/api/v1/cases", body, key("k1")...)
	if string(first.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" || first.header.Get("Idempotent-Replayed") != "" ||
		again.header.Get("Location") != first.header.Get("Location") || again.header.Get("ETag") != first.header.Get("ETag") {
		t.Errorf("%v %s, then %v %s", first.header, first.body, again.header, again.body)
	}
	h.refused(422, "POST", "/api/v1/cases", `{"subject":"Låset"}`, key("k1")...)
	h.refused(422, "POST", "/api/v1/cases?org=a", body, key("k1")...)
	h.want(http.StatusCreated, nil, "POST", "/api/v1/cases", body, append(bearer(h.other), key("k1")...)...) // another's key
	for _, k := range []string{"å", "a b", strings.Repeat("x", 256)} {
		h.refused(422, "POST", "/api/v1/cases", body, key(k)...)
	}
	h.want(http.StatusCreated, nil, "POST", "/api/v1/cases", body, key("k2")...)
	var list admin.List[admin.Case]
	h.want(http.StatusOK, &list, "GET", "/api/v1/cases", "", key("k1")...)
	if len(list.Items) != 2 {
		t.Errorf("%d cases", len(list.Items))
	}
	// What was wrong is wrong again; what is too large to be kept is not done twice.
	h.refused(422, "POST", "/api/v1/cases", `{}`, key("k3")...)
	if a := h.call("POST", "/api/v1/cases", `{}`, key("k3")...); a.status != 422 || a.header.Get("Idempotent-Replayed") != "true" || a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %v", a.status, a.header)
	}
	long := `{"lane":"internal","text":"` + strings.Repeat("x", 100<<10) + `"}`
	h.want(http.StatusAccepted, nil, "POST", "/api/v1/cases/1/messages", long, key("k4")...)
	h.refused(409, "POST", "/api/v1/cases/1/messages", long, key("k4")...)

	// A secret that is shown once is kept for its caller alone, and shown to him again.
	var made, same struct{ Secret string }
	token := `{"name":"x","role":"reader"}`
	h.want(http.StatusCreated, &made, "POST", "/api/v1/tokens", token, key("k5")...)
	h.want(http.StatusCreated, &same, "POST", "/api/v1/tokens", token, key("k5")...)
	if made.Secret == "" || made != same {
		t.Errorf("%+v, then %+v", made, same)
	}
	// A day later keys are free again.
	h.mu.Lock()
	h.now = h.now.Add(desk.AnswersFor)
	h.mu.Unlock()
	if n, err := h.desk.ForgetAnswers(t.Context()); err != nil || n != 6 {
		t.Errorf("%d answers are forgotten, %v", n, err)
	}
	h.want(http.StatusCreated, nil, "POST", "/api/v1/cases", `{"subject":"Låset"}`, key("k1")...)
}

// slowDesk is a desk that holds a call until it is told.
type slowDesk struct {
	admin.Desk
	entered chan struct{}
	hold    chan error
}

func (d slowDesk) Open(ctx context.Context, org casework.OrgID, cmd casework.Open, by casework.Actor) (casework.Case, error) {
	d.entered <- struct{}{}
	if err := <-d.hold; err != nil {
		return casework.Case{}, err
	}
	return d.Desk.Open(ctx, org, cmd, by)
}

func TestConcurrentDuplicate(t *testing.T) {
	entered, hold := make(chan struct{}), make(chan error)
	h := newHouse(t, put(func(d admin.Desk) admin.Desk { return slowDesk{d, entered, hold} }))
	const body = `{"subject":"Kranen"}`
	post := func() answer { return h.call("POST", "/api/v1/cases", body, key("k")...) }
	for _, x := range []struct {
		err    error
		status int
	}{{fault.New(fault.Ours, "the disk is full"), 503}, {errors.New("torn"), 500}, {nil, 201}} { // what fails may be tried again
		var wg sync.WaitGroup
		var first answer
		wg.Go(func() { first = post() })
		<-entered
		if a := post(); a.status != http.StatusConflict {
			t.Errorf("the same meanwhile: %d %s", a.status, a.body)
		}
		hold <- x.err
		wg.Wait()
		if first.status != x.status {
			t.Errorf("%v: %d %s", x.err, first.status, first.body)
		}
	}
	if a := post(); a.status != 201 || a.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("afterwards: %d %v", a.status, a.header)
	}
}

func TestRatePerToken(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	h := newHouse(t, func(o *admin.Options) { o.PerToken, o.Now = 1, func() time.Time { return now } })
	for range 10 {
		h.want(http.StatusOK, nil, "GET", "/api/v1/cases", "")
	}
	h.refused(429, "GET", "/api/v1/cases", "")
	if a := h.call("GET", "/api/v1/cases", ""); a.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	}
	h.want(http.StatusOK, nil, "GET", "/api/v1/cases", "", bearer(h.other)...)
	h.want(http.StatusOK, nil, "GET", "/healthz", "")
	now = now.Add(time.Second)
	h.want(http.StatusOK, nil, "GET", "/api/v1/cases", "")
	h.refused(429, "GET", "/api/v1/cases", "")
}
