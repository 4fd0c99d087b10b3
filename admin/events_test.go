package admin_test

import (
	"fmt"
	"net/http"
	"testing"

	"smartmail/admin"
	"smartmail/casework"
	"smartmail/follow"
)

// events asks for what happened.
func (h *house) events(query string) (e admin.Events) {
	h.t.Helper()
	h.want(http.StatusOK, &e, "GET", "/api/v1/events?"+query, "")
	return e
}

// Who follows the log with next sees every entry as it is in the timeline, and every change of the register, once and in order.
func TestEvents(t *testing.T) {
	h := newHouse(t)
	if e := h.events(""); len(e.Items) != 0 || e.Next != 0 {
		t.Fatalf("of an empty house: %+v", e)
	}
	h.open("Kranen")
	h.want(http.StatusOK, nil, "PUT", "/api/v1/objects/norr", `{"id":"norr","kind":"area","name":"Norr"}`)
	for range 14 { // more than are read at a time
		h.post("Vi kommer.")
	}
	var got []string
	for after := uint64(0); ; {
		e := h.events(fmt.Sprintf("after=%d&limit=12", after))
		for _, x := range e.Items {
			if x.Entry == nil {
				got = append(got, x.Thing)
				continue
			}
			got = append(got, x.Entry.ID)
			if x.Seq != uint64(len(got)) || *x.Case != 1 || x.At != x.Entry.At {
				t.Errorf("event %d is %+v", len(got), x)
			}
		}
		if after = e.Next; len(e.Items) == 0 {
			break
		}
	}
	all := h.entries(1, 50)
	if len(got) != len(all)+1 {
		t.Fatalf("%d events, %d entries: %v", len(got), len(all), got)
	}
	timeline := 0
	for i, id := range got {
		if id == "object/norr" && i == 1 {
			continue
		}
		if all[timeline].ID != id {
			t.Errorf("event %d is about %s, the entry is %s", i+1, id, all[timeline].ID)
		}
		timeline++
	}
	h.refused(409, "GET", "/api/v1/events?after=1000", "")
	h.refused(422, "GET", "/api/v1/events?wait=31", "")
	_, secret, err := h.desk.CreateToken(t.Context(), casework.APIToken{Org: "a", Name: "m", Role: "manager"}, casework.Actor{})
	if err != nil {
		t.Fatal(err)
	}
	h.refused(403, "GET", "/api/v1/events", "", bearer(secret)...)
}

func TestWaitForEvent(t *testing.T) {
	for _, name := range []string{"rung for", "looked for"} {
		t.Run(name, func(t *testing.T) {
			bell := &follow.Bell{}
			h := newHouse(t, func(o *admin.Options) {
				if name == "rung for" {
					o.Bell = bell
				}
			})
			h.desk.Logged = bell.Ring
			heard := make(chan answer, 1)
			go func() { heard <- h.call("GET", "/api/v1/events?wait=30", "") }()
			h.open("Kranen")
			if a := <-heard; a.status != http.StatusOK || string(a.body) == "" || h.events("").Next == 0 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	// At the end nobody is kept waiting.
	stopping := make(chan struct{})
	close(stopping)
	h := newHouse(t, func(o *admin.Options) { o.Stopping = stopping })
	if e := h.events("wait=30"); len(e.Items) != 0 {
		t.Errorf("%+v", e)
	}
}
