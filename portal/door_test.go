package portal_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/property"
	"smartmail/threading"
)

const secret = "Port 4711"

// doors gives the case codes, of its own and of its house, and returns the link of the mail with its order.
func (h *house) doors() string {
	h.t.Helper()
	o := property.Object{ID: "hus", Kind: property.Building, Name: "Storgatan 12", Access: "1234 & hiss"}
	if _, err := h.desk.Objects().Save(h.t.Context(), "a", o, eva, 0); err != nil {
		h.t.Fatal(err)
	}
	where := "hus"
	h.do(casework.Edit{Object: &where})
	h.codes(secret + "\r\nBakvägen")
	c, err := h.desk.Case(h.t.Context(), "a", h.n)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.link(threading.Link{Kind: threading.DoorLink, Participant: 2, Entry: c.Orders[0].Entry})
}

func (h *house) codes(text string) {
	h.t.Helper()
	if _, err := h.desk.SetCodes(h.t.Context(), "a", h.n, text, eva); err != nil {
		h.t.Fatal(err)
	}
}

// entries counts those of a kind, and fails where any of the timeline has a code.
func (h *house) entries(kind casework.EntryKind) (found []casework.Entry) {
	h.t.Helper()
	page, err := h.desk.Entries(h.t.Context(), "a", h.n, nil, 200)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range page.Items {
		if e.Kind == kind {
			found = append(found, e.Entry)
		}
		if e.Change != nil && strings.Contains(e.Change.From+e.Change.To, "4711") || strings.Contains(e.Text+e.Why, "4711") {
			h.t.Errorf("an entry has the code: %+v", e)
		}
	}
	return found
}

// Codes are shown to who presses the button, each time on record, and to nothing that only follows the link.
func TestDoors(t *testing.T) {
	h := newHouse(t)
	path := h.doors()
	for _, method := range []string{"GET", "HEAD", "GET"} {
		res, body := h.get(method, path)
		if res.StatusCode != http.StatusOK || strings.Contains(body, "4711") || strings.Contains(body, "1234") || method == "GET" && !strings.Contains(body, `<form method="post">`) {
			t.Errorf("%s: %d\n%s", method, res.StatusCode, body)
		}
		if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self'") || !strings.HasPrefix(csp, "default-src 'none'") {
			t.Errorf("policy %q", csp)
		}
	}
	if got := h.entries(casework.KindDoors); len(got) != 0 {
		t.Errorf("following the link is on the case: %+v", got)
	}
	res, body := h.get("POST", path)
	for _, want := range []string{secret + "<br>Bakvägen", "Storgatan 12", "1234 &amp; hiss"} {
		if res.StatusCode != http.StatusOK || !strings.Contains(body, want) || strings.Contains(body, "<form") || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("no %q: %d\n%s", want, res.StatusCode, body)
		}
	}
	got := h.entries(casework.KindDoors)
	if len(got) != 1 || got[0].Lane != "internal" || got[0].Order != 1 || got[0].Actor != (casework.Actor{Via: casework.ViaLink, Name: "Rör AB", Mail: "jour@ror.example"}) {
		t.Errorf("on the case: %+v", got)
	}
	for _, said := range []string{"4711", "1234", "@", path[3:20]} {
		if strings.Contains(h.logged(), said) {
			t.Errorf("the log says %q:\n%s", said, h.logged())
		}
	}
	last := 0
	for range 25 {
		res, _ = h.get("POST", path)
		last = res.StatusCode
	}
	if n := len(h.entries(casework.KindDoors)); last != http.StatusTooManyRequests || n != 20 {
		t.Errorf("pressed without end: %d, %d entries", last, n)
	}
}

// A link ends with the order, the codes and its time, and is good for nobody but who has the order.
func TestDoorsThatAreShut(t *testing.T) {
	closed, no := casework.StatusClosed, func(*house) {}
	for name, x := range map[string]struct {
		end  func(h *house)
		link threading.Link // changes of the good one
	}{
		"withdrawn":           {end: func(h *house) { h.do(casework.WithdrawOrder{Order: 1}) }},
		"closed":              {end: func(h *house) { h.do(casework.Edit{Status: &closed}) }},
		"expired":             {end: func(h *house) { h.forward(2 * time.Hour) }},
		"the mail taken back": {end: func(h *house) { h.do(casework.Withdraw{Entry: h.entries(casework.KindOrder)[0].ID}) }},
		"no codes any more": {end: func(h *house) {
			h.codes("")
			if _, err := h.desk.Objects().Save(t.Context(), "a", property.Object{ID: "hus", Kind: property.Building, Name: "Storgatan 12"}, eva, 0); err != nil {
				t.Fatal(err)
			}
		}},
		"the customer":  {end: no, link: threading.Link{Participant: 1}},
		"another entry": {end: no, link: threading.Link{Entry: "0"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			path := h.doors()
			if res, _ := h.get("GET", path); res.StatusCode != http.StatusOK {
				t.Fatalf("the link is %d before", res.StatusCode)
			}
			if l := x.link; l != (threading.Link{}) {
				l.Kind = threading.DoorLink
				if l.Participant == 0 {
					l.Participant = 2
				}
				if l.Entry == "" {
					l.Entry = h.entries(casework.KindOrder)[0].ID
				}
				path = h.link(l)
			}
			x.end(h)
			_, want := h.get("GET", "/p/x")
			for _, method := range []string{"GET", "POST"} {
				if res, body := h.get(method, path); res.StatusCode != http.StatusNotFound || body != want {
					t.Errorf("%s: %d\n%s", method, res.StatusCode, body)
				}
			}
			if got := h.entries(casework.KindDoors); len(got) != 0 {
				t.Errorf("on the case: %+v", got)
			}
		})
	}
}

// New codes are told to who is at work, as any other change of how he gets in.
func TestNewCodesAreTold(t *testing.T) {
	h := newHouse(t)
	h.codes("1")
	h.codes("1")
	h.codes("2")
	var told int
	for _, e := range h.entries(casework.KindMailOut) {
		if e.MailOut.About == casework.AboutAccess && e.Order == 1 {
			told++
		}
	}
	if got := h.entries(casework.KindChange); told != 2 || len(got) != 2 || got[1].Change.From != got[1].Change.To {
		t.Errorf("told %d times, changes %+v", told, got)
	}
}
