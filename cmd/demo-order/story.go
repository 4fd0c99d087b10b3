package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"strings"
	"time"

	"smartmail/testrig"
)

var (
	anna = mail.Address{Name: "Anna Andersson", Address: tenant}
	jour = mail.Address{Name: "Rörservice AB", Address: supplier}
)

// soon is how long one step may take to be seen.
const soon = 20 * time.Second

// play tells the whole story. Its error says which step was not seen.
func play(ctx context.Context, binary, dir string, out io.Writer) (err error) {
	s, err := build(ctx, binary, dir, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.end(ctx)) }()
	for n, step := range []struct {
		tells string
		do    func(context.Context) error
	}{
		{"Anna reports a dripping tap by mail. Her domain proves the mail by DKIM and SPF; it opens a case.", s.report},
		{"The acknowledgement with the case's number is in her mailbox.", s.acknowledged},
		{"The administrator orders the repair from Rörservice, at most 2 500 kr, by the API.", s.order},
		{"The order is in the supplier's mailbox, with buttons to answer by.", s.ordered},
		{"Rörservice answers TAR JOBBET. The order is accepted, the case assigned, and he is told what was understood.", s.accepts},
		{"Rörservice answers with a day and a time: booked.", s.books},
		{"Rörservice answers KLAR with his time, his material and a photo. The case is done; time and material are draft lines.", s.finishes},
		{"Anna is told that the work is done.", s.told},
		{"The administrator closes the case.", s.closes},
	} {
		within, cancel := context.WithTimeout(ctx, soon)
		err := step.do(within)
		cancel()
		if err != nil {
			return fmt.Errorf("step %d was not seen (%s): %w\n%s", n+1, step.tells, err, s.program.Log())
		}
		_, _ = fmt.Fprintf(out, "%2d  %s\n", n+1, step.tells)
	}
	return s.timeline(ctx)
}

func (s *stage) report(ctx context.Context) error {
	if err := s.write(anna, testrig.Intake, "Droppande kran", "Hej! Kranen i köket droppar sedan i går.\nHuvudnyckel får användas.\n\nAnna, Storgatan 12 lgh 1203\n", "", false); err != nil {
		return err
	}
	var cases struct{ Items []struct{ Number uint64 } }
	if err := s.program.Call(ctx, http.MethodGet, "/api/v1/cases", nil, &cases); err != nil {
		return err
	}
	if len(cases.Items) != 1 {
		return fmt.Errorf("there are %d cases", len(cases.Items))
	}
	s.number = cases.Items[0].Number
	entries, err := s.entries(ctx)
	if err != nil {
		return err
	}
	e := entries[0]
	if e.Kind != "mail_in" || e.Sender != "verified" || e.Auth.SPF.Result != "pass" || len(e.Auth.DKIM) != 1 || e.Auth.DKIM[0].Result != "pass" {
		return fmt.Errorf("her mail is %+v", e)
	}
	return nil
}

func (s *stage) acknowledged(ctx context.Context) error {
	c, err := s.arrived(ctx, tenant, "Droppande kran", fmt.Sprintf("#%d", s.number))
	if err == nil && c.Class != "automatic" {
		err = fmt.Errorf("it is not marked as automatic but %s", c.Class)
	}
	return err
}

func (s *stage) order(ctx context.Context) error {
	in := map[string]any{"supplier": map[string]string{"name": jour.Name, "email": supplier}, "text": "Byt packning eller blandare.", "price_cap": 2500}
	return s.program.Call(ctx, http.MethodPost, s.path("/orders"), in, nil)
}

func (s *stage) ordered(ctx context.Context) error {
	c, err := s.arrived(ctx, supplier, "Arbetsorder", "Byt packning", "2 500 kr", "TAR JOBBET")
	if err != nil {
		return err
	}
	if !strings.Contains(c.HTML, "mailto:") || c.ReplyTo == nil {
		return errors.New("the order has no buttons to answer by")
	}
	s.supplier = c.ReplyTo.Email
	return nil
}

// answer writes as the supplier and waits for the confirmation of what was understood.
func (s *stage) answer(ctx context.Context, text string, photo bool, understood ...string) error {
	order, err := s.arrived(ctx, supplier, "Arbetsorder")
	if err != nil {
		return err
	}
	if err := s.write(jour, s.supplier, "SV: "+fmt.Sprintf("Arbetsorder [#%d]", s.number), text, order.MessageID, photo); err != nil {
		return err
	}
	_, err = s.arrived(ctx, supplier, understood...)
	return err
}

func (s *stage) accepts(ctx context.Context) error {
	if err := s.answer(ctx, "TAR JOBBET\n", false, "Ni tar jobbet"); err != nil {
		return err
	}
	return s.is(ctx, "assigned", "accepted")
}

func (s *stage) books(ctx context.Context) error {
	day := time.Now().AddDate(0, 0, 3).Format("2006-01-02")
	if err := s.answer(ctx, "BOKAT "+day+" 08:00-10:00\n", false, "Bokat "+day+" 08:00-10:00"); err != nil {
		return err
	}
	return s.is(ctx, "assigned", "booked")
}

func (s *stage) finishes(ctx context.Context) error {
	err := s.answer(ctx, "KLAR tid 2,5 h material 2 st packning à 45 kr\n", true, "Jobbet är klart", "2 h 30 min", "2 st packning à 45 kr")
	if err != nil {
		return err
	}
	if err := s.is(ctx, "done", "done"); err != nil {
		return err
	}
	entries, err := s.entries(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, e := range entries {
		switch {
		case e.Kind == "time" && e.Line.Minutes == 150:
			seen["the time"] = true
		case e.Kind == "material" && e.Line.Quantity == 2000 && e.Line.Price != nil && *e.Line.Price == 45:
			seen["the material"] = true
		}
		for _, a := range e.Attachments {
			seen["the photo"] = seen["the photo"] || s.isPhoto(ctx, a.ID) == nil
		}
	}
	for _, what := range []string{"the time", "the material", "the photo"} {
		if !seen[what] {
			return errors.New(what + " is not on the case")
		}
	}
	return nil
}

func (s *stage) isPhoto(ctx context.Context, id string) error {
	resp, err := s.program.Do(ctx, http.MethodGet, "/api/v1/attachments/"+id, nil)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read only
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if want, err := base64.StdEncoding.DecodeString(photo); err != nil || !bytes.Equal(got, want) {
		return errors.New("it is another file")
	}
	return nil
}

func (s *stage) told(ctx context.Context) error {
	_, err := s.arrived(ctx, tenant, "Arbetet i ditt ärende är klart")
	return err
}

func (s *stage) closes(ctx context.Context) error {
	if err := s.program.Call(ctx, http.MethodPatch, s.path(""), map[string]string{"status": "closed"}, nil); err != nil {
		return err
	}
	return s.is(ctx, "closed", "done")
}

func (s *stage) path(below string) string { return fmt.Sprintf("/api/v1/cases/%d%s", s.number, below) }

// is checks the states of the case and of its order.
func (s *stage) is(ctx context.Context, status, order string) error {
	var c struct{ Status string }
	if err := s.program.Call(ctx, http.MethodGet, s.path(""), nil, &c); err != nil {
		return err
	}
	var orders struct{ Items []struct{ State string } }
	if err := s.program.Call(ctx, http.MethodGet, s.path("/orders"), nil, &orders); err != nil {
		return err
	}
	if len(orders.Items) != 1 || c.Status != status || orders.Items[0].State != order {
		return fmt.Errorf("the case is %s and its orders are %+v", c.Status, orders.Items)
	}
	return nil
}
