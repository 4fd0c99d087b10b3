package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"
)

// entry is what the timeline tells of one event.
type entry struct {
	At                            time.Time
	Kind, Lane, Text, Why, Sender string
	Actor                         struct{ Via, Name, Email string }
	Change                        *struct{ Field, From, To string }
	Line                          *struct {
		Minutes       int
		Quantity      int64
		Unit, Article string
		Price         *float64
	}
	Attachments []struct{ ID, Name string }
	Auth        struct {
		SPF  struct{ Result string }
		DKIM []struct{ Result string }
	}
}

func (s *stage) entries(ctx context.Context) ([]entry, error) {
	var list struct{ Items []entry }
	if err := s.program.Call(ctx, http.MethodGet, s.path("/entries?limit=200"), nil, &list); err != nil {
		return nil, err
	}
	if len(list.Items) == 0 {
		return nil, fmt.Errorf("case %d has no entries", s.number)
	}
	return list.Items, nil
}

// timeline prints the case's events in words: what came in, what went out, and what was done.
func (s *stage) timeline(ctx context.Context) error {
	entries, err := s.entries(ctx)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(s.out, "\nThe timeline of case %d (▶ mail in, ◀ mail out, · done here):\n\n", s.number)
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, e := range entries {
		sign, words := e.words()
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", e.At.Local().Format("15:04:05"), sign, cmp.Or(e.Lane, "case"), words)
	}
	return t.Flush()
}

// words tells an event: its direction, and what happened.
func (e entry) words() (sign, words string) {
	switch e.Kind {
	case "mail_in":
		words = fmt.Sprintf("%s (%s): %s", e.Actor.Email, e.Sender, start(e.Text))
		for _, a := range e.Attachments {
			words += " + " + a.Name
		}
		return "▶", words
	case "mail_out", "order":
		by := cmp.Or(e.Actor.Name, e.Actor.Via)
		return "◀", fmt.Sprintf("%s by %s: %s", strings.ReplaceAll(e.Kind, "mail_out", "mail"), by, start(e.Text))
	case "time":
		return "·", fmt.Sprintf("time: %d h %02d min, draft", e.Line.Minutes/60, e.Line.Minutes%60)
	case "material":
		words = fmt.Sprintf("material: %g %s %s", float64(e.Line.Quantity)/1000, e.Line.Unit, e.Line.Article)
		if e.Line.Price != nil {
			words += fmt.Sprintf(" at %.2f kr", *e.Line.Price)
		}
		return "·", words + ", draft"
	}
	words = e.Kind
	if e.Change != nil {
		words = fmt.Sprintf("%s: %s → %s", e.Change.Field, e.Change.From, e.Change.To)
	}
	if e.Why != "" {
		words += ", " + e.Why
	}
	return "·", words
}

// start is the beginning of a text, on one line.
func start(text string) string {
	const most = 70
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}
