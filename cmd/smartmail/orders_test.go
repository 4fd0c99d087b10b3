package main

import (
	"fmt"
	"net/smtp"
	"strings"
	"testing"
	"time"
)

// wireOrder is what the test reads of an order.
type wireOrder struct {
	ID, State, Lane string
	Supplier        struct{ Email string }
	Booked          *struct{ From, To time.Time }
	Sums            struct {
		Minutes, Metres int
		Total           float64
	}
	Lines []struct{ Kind, Article string }
}

type wireCase struct {
	Number uint64
	Status string
	Lanes  []struct {
		ID           string
		Participants []struct{ Email, Address string }
	}
	Orders []wireOrder
}

// One order by the API, answered by mail over SMTP as its supplier does from the phone, until it is done.
func TestOrderFromEndToEnd(t *testing.T) {
	i := rigged(t, nil, `ror.example. 300 IN TXT "v=spf1 ip4:127.0.0.1 -all"`, `_dmarc.ror.example. 300 IN TXT "v=DMARC1; p=reject"`, `ror.example. 300 IN MX 10 mx.ror.example.`)
	var c wireCase
	i.call("POST", "/api/v1/cases", map[string]any{"subject": "Droppande kran", "reporter": map[string]any{"name": "Anna", "email": "anna@home.example"}}, &c)
	i.call("POST", fmt.Sprintf("/api/v1/cases/%d/orders", c.Number), map[string]any{"supplier": "Rör AB <jour@ror.example>", "text": "Byt packning", "price_cap": 1000}, nil)
	read := func() wireOrder {
		t.Helper()
		i.call("GET", fmt.Sprintf("/api/v1/cases/%d", c.Number), nil, &c)
		var o wireOrder
		i.call("GET", "/api/v1/orders/"+c.Orders[0].ID, nil, &o)
		return o
	}
	o := read()
	to := ""
	for _, l := range c.Lanes {
		if l.ID == o.Lane {
			to = l.Participants[0].Address
		}
	}
	if o.ID != "1-1" || o.State != "open" || to == "" {
		t.Fatalf("order is %+v, answered to %q", o, to)
	}
	day := time.Now().AddDate(0, 0, 7).Format(time.DateOnly)
	n := 0
	answer := func(text, state, status string) {
		t.Helper()
		n++
		mail := strings.ReplaceAll(fmt.Sprintf("From: Bo <jour@ror.example>\nTo: <%s>\nSubject: SV: Arbetsorder: Droppande kran [#1-1]\nDate: %s\nMessage-ID: <%d@ror.example>\n"+
			"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n%s\n\nSkickat från min iPhone\n", to, time.Now().Format(time.RFC1123Z), n, text), "\n", "\r\n")
		if err := smtp.SendMail(i.SMTP, nil, "jour@ror.example", []string{to}, []byte(mail)); err != nil {
			t.Fatal(err)
		}
		if o = read(); o.State != state || c.Status != status {
			t.Errorf("after %q the order is %s and the case %s, want %s and %s", text, o.State, c.Status, state, status)
		}
	}
	answer("TAR JOBBET", "accepted", "assigned")
	answer("Bokat "+day+" kl 8-10", "booked", "assigned")
	if o.Booked == nil || o.Booked.To.Sub(o.Booked.From) != 2*time.Hour {
		t.Errorf("booked is %+v", o.Booked)
	}
	answer("KLAR TID 2,5 h\nMATERIAL 2 st packning à 45 kr\nRESA 34 km", "done", "done")
	if o.Sums.Minutes != 150 || o.Sums.Metres != 34000 || o.Sums.Total != 90 || len(o.Lines) != 3 || o.Lines[1].Article != "packning" {
		t.Errorf("lines are %+v, sums %+v", o.Lines, o.Sums)
	}
	var outbox struct {
		Items []struct{ To struct{ Email string } }
	}
	i.call("GET", "/api/v1/outbox", nil, &outbox)
	told := map[string]int{}
	for _, m := range outbox.Items {
		told[m.To.Email]++
	}
	if told["jour@ror.example"] != 4 { // the order, and what was understood of each answer
		t.Errorf("mails went to %v", told)
	}
	var entries struct {
		Items []struct {
			Kind, Order string
			Matched     struct{ Reasons []string }
			Split       bool `json:"suggest_split"`
		}
	}
	i.call("GET", fmt.Sprintf("/api/v1/cases/%d/entries", c.Number), nil, &entries)
	for _, e := range entries.Items {
		if e.Split || e.Kind == "flag" {
			t.Errorf("a person is asked about %+v", e)
		}
	}
}
