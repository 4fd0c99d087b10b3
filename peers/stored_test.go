package peers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// mail is what the API tells of a mail, on a case or in triage.
type mail struct {
	ID          string
	Kind        string  // of an entry
	Entry       *string // of an item in triage that is on a case already
	Case        *uint64
	Subject     string
	From        struct{ Email string }
	MessageID   string `json:"message_id"`
	Text        string
	Attachments []struct {
		ID, Name, SHA256 string
		Size             int64
	}
	Auth struct {
		SPF struct{ Result, Domain string }
	}
	Raw      struct{ ID, SHA256 string }
	Envelope struct{ Client, Protocol string }
}

// get reads a JSON answer.
func get[T any](h *house, path string) (out T) {
	h.t.Helper()
	if err := h.Call(within(h.t, 10*time.Second), http.MethodGet, path, nil, &out); err != nil {
		h.t.Error(err)
	}
	return out
}

// all reads every page of a list.
func all[T any](h *house, path string) (items []T) {
	h.t.Helper()
	type page struct {
		Items []T
		Next  *string
	}
	cursor := ""
	for {
		p := get[page](h, path+"?limit=200&cursor="+url.QueryEscape(cursor))
		items = append(items, p.Items...)
		if p.Next == nil || *p.Next == "" {
			return items
		}
		cursor = *p.Next
	}
}

// at reads the mail to which a 250 gave this id.
func (h *house) at(a answer) mail {
	h.t.Helper()
	kind := "triage"
	if strings.Contains(a.text, "entry=") {
		kind = "entries"
	}
	return get[mail](h, "/api/v1/"+kind+"/"+a.place())
}

// bytes reads whatever an address of the API holds.
func (h *house) bytes(path string) []byte {
	h.t.Helper()
	resp, err := h.Do(within(h.t, 10*time.Second), http.MethodGet, path, nil)
	if err != nil {
		h.t.Error(err)
		return nil
	}
	defer func() { _ = resp.Body.Close() }() // read only
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		h.t.Errorf("%s: %s: %v", path, resp.Status, err)
	}
	return b
}

// rawSum is the SHA-256 of a mail's bytes as the API serves them, and not what it says of them.
func (h *house) rawSum(m mail) string {
	h.t.Helper()
	return sum(h.bytes("/api/v1/messages/" + m.Raw.ID + "/raw"))
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// inventory lists every stored mail with the places at which it lies, each mail once.
func (h *house) inventory() []*found {
	h.t.Helper()
	byRaw := map[string]*found{}
	add := func(m mail, places ...string) {
		f := byRaw[m.Raw.ID]
		if f == nil {
			f = &found{mail: m}
			byRaw[m.Raw.ID] = f
		}
		for _, p := range places {
			if !slices.Contains(f.places, p) {
				f.places = append(f.places, p)
			}
		}
	}
	for _, c := range all[struct{ Number uint64 }](h, "/api/v1/cases") {
		for _, e := range all[mail](h, fmt.Sprintf("/api/v1/cases/%d/entries", c.Number)) {
			if e.Kind == "mail_in" {
				add(e, e.ID)
			}
		}
	}
	for _, m := range all[mail](h, "/api/v1/triage") {
		add(m, m.ID)
	}
	return slices.Collect(maps.Values(byRaw))
}

// found is a mail in the store.
type found struct {
	mail
	places []string // ids of its entries and triage items
}

// wantStored checks that a mail was taken, and that its place holds the very bytes.
func (h *house) wantStored(t *testing.T, a answer, raw []byte) mail {
	t.Helper()
	if a.place() == "" {
		t.Errorf("answer %v, want 250 with a place", a)
		return mail{}
	}
	m := h.at(a)
	if got := h.rawSum(m); got != sum(raw) {
		t.Errorf("%v: the stored bytes are not those that were sent: SHA-256 %s, want %s", a, got, sum(raw))
	}
	return m
}
