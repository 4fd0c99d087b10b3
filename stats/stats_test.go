package stats_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/grammar"
	"smartmail/register"
	"smartmail/stats"
)

const day = 24 * time.Hour

func TestSuppliers(t *testing.T) {
	h := newHouse(t)
	at := func(d int) time.Time { return noon.AddDate(0, 0, d) }
	order := func(n casework.CaseNumber, supplier string, quote bool, d int) {
		h.do(n, casework.Order{Email: supplier, MailOut: casework.MailOut{Deadline: at(d + 5), PriceCap: 1000_00, Quote: quote}}, at(d))
	}
	said := func(k grammar.Kind) grammar.Command { return grammar.Command{Kind: k, Ore: 1200_00, Minutes: 60} } // minutes with either line
	for n := range casework.CaseNumber(4) {
		h.open(n+1, "VVS", "oak-1", at(0))
	}
	order(1, "rör@s.example", false, 1) // accepted, done in time, over the cap, opened again
	h.answer(1, 1, at(2), said(grammar.Accept))
	h.answer(1, 1, at(4), said(grammar.Price), said(grammar.Time), said(grammar.Done))
	h.status(1, casework.StatusStarted, at(5))
	order(2, "rör@s.example", false, 1) // declined
	h.answer(2, 1, at(2), said(grammar.Decline))
	order(2, "el@s.example", false, 3) // booked and done too late
	h.answer(2, 2, at(7), grammar.Command{Kind: grammar.Booked, From: at(8)})
	h.answer(2, 2, at(9), said(grammar.Done))
	order(3, "rör@s.example", true, 1) // asked for prices, one offer chosen
	h.do(3, casework.Order{Email: "el@s.example", Request: 1, MailOut: casework.MailOut{Quote: true}}, at(1))
	h.answer(3, 1, at(2), said(grammar.Price))
	h.do(3, casework.ChooseOffer{Order: 1}, at(3))
	order(4, "rör@s.example", false, 60) // waits, and is outside the period
	h.catchUp()

	list, err := h.index.Suppliers(t.Context(), h.org, stats.Query{Now: at(70), To: at(30), People: map[string]string{stats.Person("rör@s.example"): "ror"}}, h.estate)
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	spread := func(d time.Duration, n int) stats.Spread { return stats.Spread{N: n, Mean: d, Median: d, P90: d} }
	want := []stats.Score{
		{
			Supplier: stats.Key{ID: "ror", Label: "ror"}, Asked: 3, Accepted: 2, Declined: 1, Done: 1, Accept: spread(day, 1), Lead: spread(3*day, 1), Deadlines: 1, InTime: 1,
			Over: 1, Reopened: 1, Cost: stats.Cost{Price: 1200_00, Minutes: 120}, Requests: 1, Offers: 1, Chosen: 1,
		},
		{
			Supplier: stats.Key{ID: stats.Person("el@s.example"), Label: stats.Person("el@s.example"), Seen: 2}, Asked: 1, Accepted: 1, Done: 1,
			Accept: spread(4*day, 1), Lead: spread(6*day, 1), Deadlines: 1, Requests: 1,
		},
	}
	for i := range want {
		if list[i] != want[i] {
			t.Errorf("\n%+v, want\n%+v", list[i], want[i])
		}
	}
}

func TestRepeats(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		n            casework.CaseNumber
		class        string
		object       string
		opened, done int
	}{
		{1, "VVS", "oak-1", 0, 10}, {2, "VVS", "oak-1", 5, 20}, {3, "VVS", "oak-1", 100, 0}, {4, "VVS", "oak-1", 111, 0}, // 2 while 1 was open; 4 is 91 days after the last
		{5, "VVS", "oak-2", 12, 0}, {6, "El", "oak-1", 12, 0}, {7, "", "oak-1", 1, 2}, {8, "", "oak-1", 3, 0}, // another flat, another class, none
	} {
		h.open(c.n, c.class, c.object, noon.AddDate(0, 0, c.opened))
		if c.done > 0 {
			h.status(c.n, casework.StatusDone, noon.AddDate(0, 0, c.done))
		}
	}
	h.catchUp()
	list, err := h.index.Repeats(t.Context(), h.org, stats.Query{}, h.estate)
	want := stats.Repeat{Case: 3, Before: 2, Object: "oak-1", Label: "Eken 1", Class: "VVS", Opened: noon.AddDate(0, 0, 100), Done: noon.AddDate(0, 0, 20)}
	if err != nil || len(list) != 1 || list[0] != want {
		t.Errorf("%+v, %v", list, err)
	}
	// The fault that was done before counts though it lies before the period.
	if list, err = h.index.Repeats(t.Context(), h.org, stats.Query{From: noon.AddDate(0, 0, 99)}, h.estate); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err = h.index.Repeats(t.Context(), h.org, stats.Query{From: noon.AddDate(0, 0, 101)}, h.estate); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A fault that comes back every day for years is told of whole.
func TestManyRepeats(t *testing.T) {
	const many = 1_200
	h := newHouse(t)
	for n := range casework.CaseNumber(many) {
		at := noon.Add(time.Duration(n) * time.Hour)
		h.open(n+1, "VVS", "oak-1", at)
		h.status(n+1, casework.StatusDone, at.Add(time.Minute))
	}
	h.catchUp()
	list, err := h.index.Repeats(t.Context(), h.org, stats.Query{}, h.estate)
	if err != nil || len(list) != many-1 || list[0].Case != many || list[many-2].Case != 2 {
		t.Errorf("%d of %d repeats: %v", len(list), many-1, err)
	}
}

func TestClusters(t *testing.T) {
	h := newHouse(t)
	n := casework.CaseNumber(0)
	report := func(class, object string, hours ...int) {
		for _, hour := range hours {
			n++
			h.open(n, class, object, noon.Add(time.Duration(hour)*time.Hour))
		}
	}
	report("Värme", "oak-1", 0, 10, 100, 200, 205) // 1 to 5
	report("Värme", "oak-2", 5, 40, 210, 300)      // 6 to 9
	report("Värme", "elm-1", 1, 2)                 // another house
	report("El", "oak-1", 0, 1)                    // another class
	h.status(1, casework.StatusDone, noon.AddDate(0, 1, 0))
	h.catchUp()
	for _, c := range []struct {
		least, hours int
		want         []string
	}{
		{3, 24, []string{"oak-a [4 5 8] 3", "oak-a [1 6 2] 2"}},
		{3, 40, []string{"oak-a [4 5 8] 3", "oak-a [1 6 2 7] 3"}}, // windows that share cases are one
		{3, 95, []string{"oak-a [4 5 8 9] 4", "oak-a [1 6 2 7 3] 4"}},
		{5, 24, nil},
	} {
		list, err := h.index.Clusters(t.Context(), h.org, stats.Query{Where: stats.Filter{Classes: []string{"Värme"}}}, h.estate, stats.Together{Least: c.least, Within: time.Duration(c.hours) * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, k := range list {
			if k.Count != len(k.Cases) || k.Label != "Eken A" || k.Class != "Värme" || k.Last.Before(k.First) {
				t.Errorf("%+v", k)
			}
			got = append(got, fmt.Sprint(k.Object, " ", k.Cases, " ", k.Open))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%d within %d hours: %q, want %q", c.least, c.hours, got, c.want)
		}
	}
	if _, err := h.index.Clusters(t.Context(), h.org, stats.Query{}, h.estate, stats.Together{Least: 1, Within: day}); !fault.Is(err, fault.Invalid) {
		t.Errorf("one case is a cluster: %v", err)
	}
}

func TestPlan(t *testing.T) {
	h := newHouse(t)
	for i := range 4 { // a lift that fails every half year, at a thousand each time
		n, at := casework.CaseNumber(i+1), noon.AddDate(0, 6*i, 0)
		h.open(n, "Hiss", "lift", at)
		h.do(n, casework.Order{Email: "hiss@s.example"}, at)
		h.answer(n, 1, at.AddDate(0, 0, 1), grammar.Command{Kind: grammar.Price, Ore: 1000_00}, grammar.Command{Kind: grammar.Done})
	}
	h.open(5, "VVS", "oak-1", noon)
	h.catchUp()
	q := stats.Query{From: noon, To: noon.AddDate(2, 0, 0), Now: noon.AddDate(2, 0, 0)}
	list, err := h.index.Plan(t.Context(), h.org, q, h.estate, 1)
	want := []stats.PlanRow{
		{Building: "oak-a", Label: "Eken A", System: "AFF: T2", AFF: "T2", Class: "Hiss", Installed: 1998, Cases: 4, Cost: 4000_00, PerYear: 2001_37, Start: 2028, Interval: 1},
		{Building: "oak-a", Label: "Eken A", Class: "VVS", Installed: 1960, Cases: 1, Start: 2028, Interval: 2},
	}
	if err != nil || !slices.Equal(list, want) {
		t.Errorf("%v\n%+v, want\n%+v", err, list, want)
	}
	if list, err := h.index.Plan(t.Context(), h.org, q, h.estate, 3); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A customer's own segment goes before that of where he lives, and counts on his old cases as soon as the register has it.
func TestSegmentOfReporter(t *testing.T) {
	h := newHouse(t)
	h.open(1, "VVS", "elm-1", noon)
	segment := func() (ids []string) {
		h.catchUp()
		for _, r := range h.figures(stats.Query{By: []stats.By{stats.BySegment}}).Rows {
			ids = append(ids, r.Keys[0].ID)
		}
		return ids
	}
	for _, x := range []struct{ email, own, want string }{
		{"eva@home.example", "", "student"}, {"eva@home.example", "senior", "senior"}, {"eva@home.example", "family", "family"}, {"moved@home.example", "family", "student"},
	} {
		h.contact(register.Contact{ID: "eva", Name: "Eva", Parts: []register.Part{register.Customer}, Emails: []string{x.email}, Segment: x.own})
		if got := segment(); !slices.Equal(got, []string{x.want}) {
			t.Errorf("%+v: %q", x, got)
		}
	}
}

// An archived contact with the reporter's address hides nobody; of two who live the tenancy of the day decides, as soon as it is there.
func TestSegmentOfSharedAddress(t *testing.T) {
	h := newHouse(t)
	h.open(1, "VVS", "elm-1", noon)
	contact := func(id, segment string, archived bool) {
		h.contact(register.Contact{ID: id, Parts: []register.Part{register.Customer}, Emails: []string{"eva@home.example"}, Segment: segment, Archived: archived})
	}
	tenancy := func() {
		keep(h, "tenancy", casestore.Tenancies, register.Tenancy{ID: "t", Customer: "eve", Object: "elm-1", From: "2020-01-01"})
	}
	for _, x := range []struct {
		change func()
		want   string
	}{
		{func() { contact("eva", "senior", false) }, "senior"},
		{func() { contact("ada", "family", true) }, "senior"},
		{func() { contact("eve", "family", false) }, "senior"},
		{tenancy, "family"},
		{func() { contact("eve", "family", true) }, "senior"},
	} {
		x.change()
		h.catchUp()
		if rows := h.figures(stats.Query{By: []stats.By{stats.BySegment}}).Rows; len(rows) != 1 || rows[0].Keys[0].ID != x.want {
			t.Errorf("%+v, want %s", rows, x.want)
		}
	}
}

// What is derived again, or from nothing, is the same; a case that goes away leaves no trace.
// Periods without events are rows as well, with each of the other keys, up to a number.
func TestEmptyPeriods(t *testing.T) {
	h := newHouse(t)
	h.open(1, "VVS", "oak-1", noon)
	h.open(2, "El", "oak-1", noon.AddDate(0, 3, 0))
	h.catchUp()
	now := noon.AddDate(1, 0, 0)
	month := func(months int) string { return noon.AddDate(0, months, 0).Format("2006-01") }
	for name, x := range map[string]struct {
		q           stats.Query
		rows        int
		first, last string
	}{
		"from the first to the last": {stats.Query{By: []stats.By{stats.ByMonth}}, 4, month(0), month(3)},
		"the query's period":         {stats.Query{By: []stats.By{stats.ByMonth}, From: noon.AddDate(0, -2, 0), To: noon.AddDate(0, 5, 0)}, 8, month(-2), month(5)},
		"nothing is behind now":      {stats.Query{By: []stats.By{stats.ByMonth}, To: noon.AddDate(9, 0, 0)}, 13, month(0), month(12)},
		"nothing happened":           {stats.Query{By: []stats.By{stats.ByMonth}, From: noon.AddDate(0, 1, 0), To: noon.AddDate(0, 2, 0)}, 2, month(1), month(2)},
		"nothing, and no beginning":  {stats.Query{By: []stats.By{stats.ByMonth}, To: noon.AddDate(0, -2, 0)}, 0, "", ""},
		"with each class":            {stats.Query{By: []stats.By{stats.ByMonth, stats.ByClass}}, 8, month(0), month(3)},
		"too many":                   {stats.Query{By: []stats.By{stats.ByDay}, From: noon.AddDate(-30, 0, 0)}, 2, noon.Format(time.DateOnly), noon.AddDate(0, 3, 0).Format(time.DateOnly)},
		"no period":                  {stats.Query{By: []stats.By{stats.ByClass}}, 2, "El", "VVS"},
	} {
		x.q.Now = now
		table := h.figures(x.q)
		if len(table.Rows) != x.rows || table.Total.Opened > 2 {
			t.Errorf("%s: %d rows, want %d: %+v", name, len(table.Rows), x.rows, table.Rows)
			continue
		}
		opened := 0
		for _, r := range table.Rows {
			opened += r.Opened
		}
		if opened != table.Total.Opened {
			t.Errorf("%s: %d in rows, %d in all", name, opened, table.Total.Opened)
		}
		if x.rows > 0 && (table.Rows[0].Keys[0].ID != x.first || table.Rows[x.rows-1].Keys[0].ID != x.last) {
			t.Errorf("%s: from %v to %v", name, table.Rows[0].Keys, table.Rows[x.rows-1].Keys)
		}
	}
}

func TestDerivedAgain(t *testing.T) {
	h := newHouse(t)
	for n := range casework.CaseNumber(130) {
		h.open(n+1, "VVS", "oak-1", noon.Add(time.Duration(n)*time.Hour))
	}
	h.status(7, casework.StatusClosed, noon.AddDate(0, 1, 0))
	h.catchUp()
	q := stats.Query{By: []stats.By{stats.ByDay, stats.ByStatus}, Now: noon}
	first := show(h.figures(q))
	if err := h.follower.Rebuild(t.Context(), h.org, h.index.Name()); err != nil {
		t.Fatal(err)
	}
	h.catchUp()
	if again := show(h.figures(q)); again != first {
		t.Errorf("%s\nthen\n%s", first, again)
	}
	fresh := houseOf(t, h.org, h.source, &stats.Index{Store: open(t)})
	fresh.catchUp()
	if again := show(fresh.figures(q)); again != first {
		t.Errorf("%s\nfrom nothing\n%s", first, again)
	}
}

func TestDays(t *testing.T) {
	stockholm := time.FixedZone("x", 3600)
	for _, x := range []struct{ from, to, want string }{
		{"2026", "2026", "2026-01-01 2027-01-01"}, {"2026-Q2", "2026-Q4", "2026-04-01 2027-01-01"}, {"2026-02", "2026-02", "2026-02-01 2026-03-01"},
		{"2026-12-31", "2026-12-31", "2026-12-31 2027-01-01"}, {"", "2026-03", "0001-01-01 2026-04-01"},
	} {
		from, to, err := stats.Days{From: x.from, To: x.to}.In(stockholm)
		if got := from.Format(time.DateOnly) + " " + to.Format(time.DateOnly); err != nil || got != x.want {
			t.Errorf("%+v: %s, %v", x, got, err)
		}
	}
	for _, bad := range []string{"26", "2026-13", "2026-Q5", "2026-Q", "2026-02-30", "now", "20260101", "2026-Q1-"} {
		if _, _, err := (stats.Days{To: bad}).In(stockholm); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
