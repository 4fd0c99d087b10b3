package search_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/search"
)

// Whatever cases become, the index finds what a walk over all of them finds, in the same order, in pages of any size.
func TestFindsWhatAWalkFinds(t *testing.T) {
	h := newHouse(t)
	rapid.Check(t, func(t *rapid.T) {
		cases, texts := map[casework.CaseNumber]casework.Case{}, map[casework.CaseNumber]string{}
		defer func() { h.clear(cases) }()
		for range rapid.IntRange(1, 12).Draw(t, "changes") {
			c := drawCase(t)
			cases[c.Number] = c
			texts[c.Number] += c.Subject + " " // the timeline keeps what the subject was
			h.put(c, said{note: c.Subject})
			if rapid.IntRange(0, 3).Draw(t, "late") == 0 {
				h.catchUp()
			}
		}
		h.catchUp()
		for range 5 {
			q := drawQuery(t)
			limit := rapid.IntRange(1, 5).Draw(t, "limit")
			got := h.find(q, limit)
			got = slices.DeleteFunc(got, func(n casework.CaseNumber) bool { _, ours := cases[n]; return !ours })
			if want := walk(cases, texts, q); !slices.Equal(got, want) {
				t.Fatalf("%+v finds %v, a walk %v", q, got, want)
			}
		}
	})
}

// clear takes cases away, with their entries.
func (h *house) clear(cases map[casework.CaseNumber]casework.Case) {
	h.tb.Helper()
	err := h.source.Update(h.tb.Context(), func(tx casestore.Tx) error {
		for n := range cases {
			c, err := casestore.Cases.Get(tx, casestore.CaseKey("a", n))
			if err == nil {
				err = casestore.Cases.Delete(tx, &c)
			}
			if err != nil {
				return err
			}
			for e, err := range casestore.Entries.Scan(tx, casestore.Query{Prefix: casestore.EntriesOf("a", n)}) {
				if err == nil {
					err = casestore.Entries.Delete(tx, &e.Record)
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		h.tb.Fatal(err)
	}
}

var (
	someStatuses = []casework.Status{"new", "assigned", "closed"}
	someClasses  = []string{"", "VVS", "VVS > Blandare", "El"}
	somePeople   = []string{"", "bo", "Eva"}
	someObjects  = []string{"", "Lgh 1101", "Port B"}
	someWords    = []string{"kran", "lås", "pump", "fönster"}
)

func drawCase(t *rapid.T) casework.Case {
	number := rapid.SampledFrom([]uint64{1, 2, 255, 256, 257, 16383, 16384, 16385, 1 << 40}) // on both sides of pages and chunks
	return casework.Case{
		Number:    casework.CaseNumber(number.Draw(t, "number")),
		Subject:   strings.Join(rapid.SliceOfN(rapid.SampledFrom(someWords), 0, 3).Draw(t, "words"), " "),
		Status:    rapid.SampledFrom(someStatuses).Draw(t, "status"),
		Object:    rapid.SampledFrom(someObjects).Draw(t, "object"),
		Class:     rapid.SampledFrom(someClasses).Draw(t, "class"),
		Assignee:  rapid.SampledFrom(somePeople).Draw(t, "assignee"),
		CreatedAt: drawTime(t),
		UpdatedAt: drawTime(t),
		DueAt:     drawTime(t),
		Internal:  rapid.Bool().Draw(t, "internal"),
	}
}

// drawTime gives few instants, so that some are the same, or none.
func drawTime(t *rapid.T) time.Time {
	if n := rapid.IntRange(0, 6).Draw(t, "time"); n > 0 {
		return noon.Add(time.Duration(n) * 5 * time.Hour)
	}
	return time.Time{}
}

func drawQuery(t *rapid.T) (q search.Query) {
	maybe := func(name string) bool { return rapid.IntRange(0, 2).Draw(t, name) == 0 }
	if maybe("status?") {
		q.Where = append(q.Where, search.Condition{Field: search.Status, Values: []string{string(rapid.SampledFrom(someStatuses).Draw(t, "status")), "assigned"}})
	}
	if maybe("class?") {
		q.Where = append(q.Where, search.Condition{Field: search.Class, Values: []string{rapid.SampledFrom(someClasses[1:]).Draw(t, "class")}})
	}
	if maybe("assignee?") {
		q.Where = append(q.Where, search.Condition{Field: search.Assignee, Values: []string{cmp.Or(rapid.SampledFrom(somePeople).Draw(t, "assignee"), search.Nobody)}})
	}
	if maybe("object?") {
		objects := []string{rapid.SampledFrom(someObjects[1:]).Draw(t, "object")}
		if rapid.Bool().Draw(t, "in a large area") {
			for n := range 300 {
				objects = append(objects, fmt.Sprint("Lgh ", 2000+n))
			}
		}
		q.Where = append(q.Where, search.Condition{Field: search.Object, Values: objects})
	}
	for _, s := range []*search.Span{&q.Created, &q.Updated, &q.Due} {
		if maybe("span?") {
			s.From, s.To = drawTime(t), drawTime(t)
		}
	}
	if maybe("internal?") {
		q.Internal = new(rapid.Bool().Draw(t, "internal"))
	}
	if maybe("text?") {
		q.Text = strings.Join(rapid.SliceOfN(rapid.SampledFrom(someWords), 1, 2).Draw(t, "text"), " ")
	}
	q.Oldest, q.ByNumber = rapid.Bool().Draw(t, "oldest"), rapid.Bool().Draw(t, "by number")
	return q
}

// walk is what Find is to find, by looking at every case.
func walk(cases map[casework.CaseNumber]casework.Case, texts map[casework.CaseNumber]string, q search.Query) (numbers []casework.CaseNumber) {
	var all []casework.Case
	for _, c := range cases {
		said := strings.Fields(texts[c.Number] + strconv.FormatUint(uint64(c.Number), 10))
		if q.Match(c) && !slices.ContainsFunc(strings.Fields(q.Text), func(w string) bool { return !slices.Contains(said, w) }) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b casework.Case) int {
		o := cmp.Compare(a.Number, b.Number)
		if !q.ByNumber {
			o = cmp.Or(a.UpdatedAt.Compare(b.UpdatedAt), o)
		}
		if !q.Oldest {
			o = -o
		}
		return o
	})
	for _, c := range all {
		numbers = append(numbers, c.Number)
	}
	return numbers
}
