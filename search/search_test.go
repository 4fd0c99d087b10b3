package search_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"smartmail/casestore"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/follow"
	"smartmail/message"
	"smartmail/search"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// house is a store of cases with its index.
type house struct {
	tb       testing.TB
	source   *boltstore.Store
	target   *boltstore.Store
	index    *search.Index
	follower *follow.Follower
}

func open(tb testing.TB) *boltstore.Store {
	tb.Helper()
	s, err := boltstore.Open(filepath.Join(tb.TempDir(), "store.db"), boltstore.Options{MmapSize: 1 << 24})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

func newHouse(tb testing.TB) *house {
	tb.Helper()
	h := &house{tb: tb, source: open(tb)}
	h.fresh()
	return h
}

// fresh gives the house an index without anything in it.
func (h *house) fresh() {
	h.target = open(h.tb)
	h.index = &search.Index{Store: h.target}
	h.follower = follow.New(follow.Options{
		Source: h.source, Target: h.target, Orgs: []casework.OrgID{"a"}, Projections: []follow.Projection{h.index}, Log: slog.New(slog.DiscardHandler),
	})
}

// put stores a case and adds entries to it, each with the mail that it may tell of. Without any it adds an empty one.
func (h *house) put(c casework.Case, entries ...said) {
	h.tb.Helper()
	if len(entries) == 0 {
		entries = []said{{}}
	}
	err := h.source.Update(h.tb.Context(), func(tx casestore.Tx) error {
		had, _ := casestore.Cases.Get(tx, casestore.CaseKey("a", c.Number)) // none: a new one
		c.Org, c.Version, c.LastSeq = "a", had.Version, had.LastSeq
		for _, s := range entries {
			c.LastSeq++
			e := casework.Entry{Org: "a", Case: c.Number, Seq: c.LastSeq, ID: casework.EntryID(fmt.Sprint(c.Number, "-", c.LastSeq)), Text: s.note}
			if s.mail != nil {
				id := casework.MailID(fmt.Sprint("m", c.Number, "-", c.LastSeq))
				e.MailIn = &casework.MailIn{Mail: id}
				if err := casestore.Mails.Put(tx, &casework.Mail{Org: "a", ID: id, Identity: []byte(id), Content: *s.mail}); err != nil {
					return err
				}
			}
			if err := casestore.Entries.Put(tx, &e); err != nil {
				return err
			}
			seq, err := tx.Next(casestore.LogSeries("a"))
			if err != nil {
				return err
			}
			if err := casestore.Log.Put(tx, &casework.Event{Org: "a", Seq: seq, Case: c.Number, Entry: e.Seq}); err != nil {
				return err
			}
		}
		return casestore.Cases.Put(tx, &c)
	})
	if err != nil {
		h.tb.Fatal(err)
	}
}

// said is what an entry says: a note, or a mail.
type said struct {
	note string
	mail *message.Content
}

func (h *house) catchUp() {
	h.tb.Helper()
	if err := h.follower.CatchUp(h.tb.Context()); err != nil {
		h.tb.Fatal(err)
	}
}

// find walks all pages and returns the numbers of those that match.
func (h *house) find(q search.Query, limit int) (numbers []casework.CaseNumber) {
	h.tb.Helper()
	for after := casestore.Key(nil); ; {
		hits, err := h.index.Find(h.tb.Context(), "a", q, after, limit)
		if err != nil || len(hits) > limit {
			h.tb.Fatal(len(hits), err)
		}
		for _, hit := range hits {
			var c casework.Case
			err := h.source.View(h.tb.Context(), func(tx casestore.Tx) (err error) {
				c, err = casestore.Cases.Get(tx, casestore.CaseKey("a", hit.Case))
				return err
			})
			if err == nil && q.Match(c) {
				numbers = append(numbers, hit.Case)
			}
			after = hit.At
		}
		if len(hits) < limit {
			return numbers
		}
	}
}

func (h *house) want(q search.Query, want string) {
	h.tb.Helper()
	for _, limit := range []int{1, 3, 50} {
		if got := strings.Trim(fmt.Sprint(h.find(q, limit)), "[]"); got != want {
			h.tb.Errorf("%+v in pages of %d: %s, want %s", q, limit, got, want)
		}
	}
}

// rows counts what is in the index.
func (h *house) rows() (n int) {
	h.tb.Helper()
	err := h.target.View(h.tb.Context(), func(tx casestore.Tx) error {
		for _, s := range search.Schemas() {
			for _, err := range tx.Scan(s, casestore.Query{}) {
				if err != nil {
					return err
				}
				n++
			}
		}
		return nil
	})
	if err != nil {
		h.tb.Fatal(err)
	}
	return n
}

// small is what a landlord may have on his desk; the higher the number, the later the last change.
func (h *house) small() {
	at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	person := func(kind casework.LaneKind, name, mail string) []casework.Lane {
		return []casework.Lane{{ID: casework.LaneID(kind), Kind: kind, Participants: []casework.Participant{{No: 1, Name: name, Email: mail}}}}
	}
	for _, c := range []struct {
		casework.Case
		said []said
	}{
		{casework.Case{Number: 1, Subject: "Droppande kran i köket", Status: "new", Class: "VVS > Blandare", Object: "Lgh 1101", CreatedAt: at(0), UpdatedAt: at(1), DueAt: noon.Add(48 * time.Hour),
			Lanes: person("customer", "Åsa Öberg", "asa.oberg@hem.example")}, nil},
		{casework.Case{Number: 2, Subject: "Tvättmaskinen i tvättstugan står still", Status: "assigned", Assignee: "bo", Class: "Vitvaror", Object: "Tvättstuga 3", CreatedAt: at(0), UpdatedAt: at(2)},
			[]said{{note: "Maskin 2, felkod E17"}}},
		{casework.Case{Number: 3, Subject: "Kallt i lägenheten", Description: "Elementen är ljumma, 16 grader. Värmeläckage?", Status: "new", Class: "VVS > Värme", Priority: "1", CreatedAt: at(0), UpdatedAt: at(3),
			Reporter: &casework.Reporter{Name: "Erik Svensson", Email: "erik@hem.example", Phone: "070-123 45 67"}}, nil},
		{casework.Case{Number: 4, Subject: "Lås kärvar", Status: "done", Object: "Port B", CreatedAt: at(0), UpdatedAt: at(4), Lanes: person("supplier", "Lås & Larm AB", "order@las-larm.example"),
			Orders: []casework.WorkOrder{{No: 1, Lane: "supplier", State: casework.OrderOpen}}},
			[]said{{mail: &message.Content{Subject: "Offert", From: message.Mailbox{Name: "Lena Låssmed", Email: "lena@las-larm.example"}, Text: "Ny cylinder behövs.",
				FullText: "Ny cylinder behövs.\n> gammal text", Attachments: []message.Attachment{{Name: "Offert_cylinder-2026.pdf"}}}}}},
		{casework.Case{Number: 5, Subject: "Las på lastbil", Status: "closed", Fields: map[string]string{"Våning": "Plan 2"}, CreatedAt: at(-60 * 24), UpdatedAt: at(5)}, nil},
		{casework.Case{Number: 6, Subject: "Diskho stopp", Description: "Vattnet rinner inte undan. Se ärende 2.", Status: "new", Class: "VVS", Schedule: "stam-1", CreatedAt: at(0), UpdatedAt: at(6)}, nil},
	} {
		h.put(c.Case, c.said...)
	}
}

func TestWords(t *testing.T) {
	h := newHouse(t)
	h.small()
	h.catchUp()
	for q, want := range map[string]string{
		"kran":                  "1",
		"KRAN kök":              "1",
		"kran tvättstuga":       "",
		"tvättmaskin":           "2", // the beginning of tvättmaskinen
		"maskin":                "2", // a part of it, and a word of the note
		"läckage":               "3", // a part of värmeläckage
		"varmelackage":          "3", // typed without dots
		"våning":                "",  // the name of a field is not said
		"plan":                  "5",
		"lås":                   "4",   // with dots: not the truck
		"las":                   "5 4", // without: both
		"lösen":                 "",
		"blandre":               "1", // a slip: blandare
		"tvätmaskinn":           "2", // two slips
		"kranen":                "1", // another form
		"elemnten":              "3",
		"cylinder":              "4",
		"gammal":                "", // quoted
		"offert_cylinder-2026":  "4",
		"pdf":                   "4",
		"lena@las-larm":         "4",
		"las-larm.example":      "4",
		"asa.oberg@hem.example": "1",
		"hem.example":           "3 1",
		"erik":                  "3",
		"öberg":                 "1",
		"0701234567":            "3",
		"070-123 45 67":         "3",
		"e17":                   "2",
		"2":                     "2 6 5", // the case first, then those that say it
		"#2":                    "2 6 5",
		"4-1":                   "4", // an order
		"#4-1":                  "4",
		"låssmed 4-1":           "4",
		"4-2":                   "", // there is none
		"0701234567 svensson":   "3",
		"070/1234567":           "3",
		"+46701234567":          "3",
		"+46 (0)70 123 45 67":   "3",
		"0046 70-123 45 67":     "3",
		"0046701234567":         "3",
		"+45701234567":          "",
		"1234567":               "",
		"1101":                  "1",
		"16 grader":             "3",
		"i":                     "6 5 4 3 2 1", // says nothing
		"kran i kök":            "1",
		"xyzzyxyzzy":            "",
		"":                      "6 5 4 3 2 1",
		"  ,;  ":                "6 5 4 3 2 1",
		"a\u030asa":             "1", // å of two characters
	} {
		h.want(search.Query{Text: q}, want)
	}
}

// Numbers are found in texts too, and are told from what stands beside them.
func TestNumbers(t *testing.T) {
	h := newHouse(t)
	for i, note := range []string{
		"Ring 08-123 45 67 eller +46 (0)70/999 88 77.", "Tel:070-999 88 77 0701112233", "Faktura avser 1-2 och 20-1.", "Mall-070-9998877, ref A0709998877",
		"00 070-999 88 00 Öppet 08.00-16.00 den 2026-11-25", "Danmark +45 33 12 34 56", "Nr 007 och 0", "Artikel 0305512345",
	} {
		c := casework.Case{Number: casework.CaseNumber(i + 1), UpdatedAt: noon.Add(time.Duration(i) * time.Minute)}
		if i == 0 {
			c.Orders = []casework.WorkOrder{{No: 1}, {No: 2}}
		}
		h.put(c, said{note: note})
	}
	h.catchUp()
	for q, want := range map[string]string{
		"+4681234567":           "1",
		"081234567":             "1",
		"0709998877":            "2 1", // the fourth is no number of a telephone
		"070-999 88 77":         "2 1",
		"0709998877 0701112233": "2",
		"00453312 3456":         "6",
		"0709998800":            "5",
		"1-2":                   "1 3", // the order's case, then who writes of it
		"1-1":                   "1 3",
		"20-1":                  "3",
		"2026-11":               "5", // no order: what may have been meant
		"2026-11-25":            "5",
		"007":                   "7",
		"0305512345":            "8",
		"03055":                 "8",
		"artikel 1-2":           "",
	} {
		h.want(search.Query{Text: q}, want)
	}
}

func TestConditions(t *testing.T) {
	h := newHouse(t)
	h.small()
	h.catchUp()
	where := func(pairs ...string) (q search.Query) {
		for i := 0; i < len(pairs); i += 2 {
			q.Where = append(q.Where, search.Condition{Field: search.Field(pairs[i]), Values: strings.Split(pairs[i+1], "|")})
		}
		return q
	}
	with := func(q search.Query, change func(*search.Query)) search.Query { change(&q); return q }
	for _, x := range []struct {
		query search.Query
		want  string
	}{
		{where("status", "new"), "6 3 1"},
		{where("status", "new|done"), "6 4 3 1"},
		{where("class", "VVS"), "6 3 1"},
		{where("class", "vvs>värme"), "3"},
		{where("class", "Värme"), ""},
		{where("status", "new", "class", "VVS > Blandare"), "1"},
		{where("assignee", "bo"), "2"},
		{where("assignee", search.Nobody), "6 5 4 3 1"},
		{where("object", "lgh  1101"), "1"},
		{where("schedule", "stam-1"), "6"},
		{where("schedule", "stam"), ""},
		{where("priority", "1"), "3"},
		{where("person", "erik@hem.example"), "3"},
		{where("order", "open"), "4"},
		{where("custom", "Våning=plan 2"), "5"},
		{where("status", "returned"), ""},
		{with(where("status", "new"), func(q *search.Query) { q.Text = "stopp" }), "6"},
		{with(where("status", "new"), func(q *search.Query) { q.Oldest = true }), "1 3 6"},
		{with(where("status", "new"), func(q *search.Query) { q.ByNumber = true }), "6 3 1"},
		{search.Query{ByNumber: true, Oldest: true, Updated: search.Span{From: noon.Add(2 * time.Minute), To: noon.Add(5 * time.Minute)}}, "2 3 4"},
		{search.Query{Updated: search.Span{From: noon.Add(5 * time.Minute)}}, "6 5"},
		{search.Query{Due: search.Span{From: noon}}, "1"},
		{search.Query{Due: search.Span{To: noon}}, ""},
		{search.Query{Created: search.Span{To: noon.Add(-time.Hour)}}, "5"},
		{search.Query{Created: search.Span{From: noon.Add(-time.Hour), To: noon.Add(time.Second)}}, "6 4 3 2 1"},
	} {
		h.want(x.query, x.want)
	}
}

// A change shows; what a case no longer is does not; a case that is gone leaves nothing behind.
func TestFollows(t *testing.T) {
	h := newHouse(t)
	before := h.rows()
	h.put(casework.Case{Number: 1, Subject: "Kran", Status: "new", UpdatedAt: noon})
	h.put(casework.Case{Number: 2, Subject: "Kran", Status: "new", UpdatedAt: noon.Add(time.Minute)})
	h.catchUp()
	q := search.Query{Text: "kran", Where: []search.Condition{{Field: search.Status, Values: []string{"new"}}}}
	h.want(q, "2 1")
	h.put(casework.Case{Number: 1, Subject: "Kran", Status: "new", UpdatedAt: noon.Add(2 * time.Minute)}, said{note: "packning"}, said{note: "bytt"})
	h.put(casework.Case{Number: 2, Subject: "Kran", Status: "done", UpdatedAt: noon.Add(3 * time.Minute)})
	h.want(q, "1") // the index is late, and Match knows better
	h.catchUp()
	h.want(q, "1")
	h.want(search.Query{Text: "packning bytt kran"}, "1")
	h.want(search.Query{Where: []search.Condition{{Field: search.Status, Values: []string{"done"}}}}, "2")

	err := h.source.Update(t.Context(), func(tx casestore.Tx) error {
		for n := range 2 {
			c, err := casestore.Cases.Get(tx, casestore.CaseKey("a", casework.CaseNumber(n+1)))
			if err == nil {
				err = casestore.Cases.Delete(tx, &c)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.follower.Rebuild(t.Context(), "a", h.index.Name()); err != nil {
		t.Fatal(err)
	}
	h.catchUp()
	if n := h.rows(); n != before+3 {
		t.Errorf("%d rows are left, want %d and a page of each column", n, before)
	}
}

// What was derived before there were peaks is found in the same order, and has them once something near has changed.
func TestPeaksAreMissed(t *testing.T) {
	h, began := newHouse(t), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for n := range 60 { // on three pages, every third of them changed late
		c := casework.Case{Org: "a", Number: casework.CaseNumber(10*n + 1), Status: casework.StatusNew, UpdatedAt: began.Add(time.Duration(n) * time.Second)}
		if n%3 == 0 {
			c.UpdatedAt = c.UpdatedAt.Add(time.Hour)
		}
		h.put(c, said{})
	}
	h.catchUp()
	q := search.Query{Where: []search.Condition{{Field: search.Status, Values: []string{"new"}}}}
	want := h.find(q, 7)
	peaks := func(remove bool) (n int) {
		err := h.target.Update(t.Context(), func(tx casestore.Tx) error {
			for _, s := range search.Schemas() {
				if s.Name != "peaks" {
					continue
				}
				for row, err := range tx.Scan(s, casestore.Query{}) {
					if n++; err == nil && remove {
						err = tx.Delete(s, row.Key, row.Version)
					}
					if err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if len(want) != 60 || want[0] != 571 || want[1] != 541 || peaks(true) != 1 {
		t.Fatalf("%d cases, first %v", len(want), want[:2])
	}
	if got := h.find(q, 7); !slices.Equal(got, want) {
		t.Errorf("without peaks %v", got)
	}
	h.put(casework.Case{Org: "a", Number: 11, Status: casework.StatusNew, UpdatedAt: began.Add(2 * time.Hour)}, said{})
	h.catchUp()
	want = slices.Insert(slices.DeleteFunc(want, func(n casework.CaseNumber) bool { return n == 11 }), 0, 11)
	if got := h.find(q, 7); !slices.Equal(got, want) || peaks(false) != 1 {
		t.Errorf("after a change %v", got)
	}
}

// While all is derived anew every search finds what it found; and from nothing the same comes about.
func TestRebuild(t *testing.T) {
	h := newHouse(t)
	h.small()
	for n := range 700 { // two portions
		h.put(casework.Case{Number: casework.CaseNumber(100 + n), Subject: fmt.Sprint("Pump ", n%7), Status: "new", UpdatedAt: noon.Add(-time.Duration(n) * time.Minute)})
	}
	h.catchUp()
	queries := []search.Query{{Text: "pump 3"}, {Text: "maskin"}, {Where: []search.Condition{{Field: search.Class, Values: []string{"VVS"}}}}}
	var want [][]casework.CaseNumber
	for _, q := range queries {
		want = append(want, h.find(q, 50))
	}
	if len(want[0]) != 100 {
		t.Fatalf("found %d", len(want[0]))
	}
	if err := h.follower.Rebuild(t.Context(), "a", h.index.Name()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- h.follower.CatchUp(context.WithoutCancel(t.Context())) }()
	for running := true; running; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			running = false
		default:
		}
		for i, q := range queries {
			if got := h.find(q, 50); !slices.Equal(got, want[i]) {
				t.Fatalf("%+v finds %v, want %v", q, got, want[i])
			}
		}
	}
	rows := h.rows()
	h.fresh()
	h.catchUp()
	if n := h.rows(); n != rows {
		t.Errorf("from nothing there are %d rows, by and by %d", n, rows)
	}
	for i, q := range queries {
		if got := h.find(q, 50); !slices.Equal(got, want[i]) {
			t.Errorf("%+v finds %v, want %v", q, got, want[i])
		}
	}
}
