package desk_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/register"
)

// retaining is a desk with a class whose cases are kept for a year.
func retaining(t *testing.T) (*desk.Desk, *clock) {
	t.Helper()
	d, c := noticing(t)
	rule(t, d, "VVS", 12)
	return d, c
}

func rule(t *testing.T, d *desk.Desk, class string, months int) {
	t.Helper()
	if _, err := d.Classes().Save(t.Context(), "a", register.Class{Path: class, Retain: &months}, eva, 0); err != nil {
		t.Fatal(err)
	}
}

// closedCase is a case of a class that Anna reported by mail, with an answer and a note, closed by now.
func closedCase(t *testing.T, d *desk.Desk, c *clock, n int, class string) casework.CaseNumber {
	t.Helper()
	number := peer(t, d, c, n, fmt.Sprintf("anna%d@home.example", n), "fel@a.example", "Kranen droppar hos Hemlig", func(m *casework.Mail) { m.Content.From.Name = "Anna Hemlig" })[0].Case
	for lane, text := range map[casework.LaneID]string{"customer": "Hej Anna, vi kommer.", "internal": "Anna Hemlig är bortrest"} {
		if _, _, err := d.Do(t.Context(), "a", number, casework.Post{Lane: lane, Text: text}, eva, 0); err != nil {
			t.Fatal(err)
		}
	}
	closed := casework.StatusClosed
	edit(t, d, number, casework.Edit{Class: &class, Status: &closed})
	return number
}

// confirm lets the rule of a class work as it is.
func confirm(t *testing.T, d *desk.Desk, class string) desk.RetentionView {
	t.Helper()
	v := dryRun(t, d, class)
	if _, err := d.ConfirmRetention(t.Context(), "a", class, v.Edition, eva); err != nil {
		t.Fatal(err)
	}
	return v
}

func dryRun(t *testing.T, d *desk.Desk, class string) desk.RetentionView {
	t.Helper()
	all, err := d.Retention(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(v desk.RetentionView) bool { return v.Class == class })
	if i < 0 {
		t.Fatalf("no rule of %q: %+v", class, all)
	}
	return all[i]
}

// night runs the timers at the next 03:00, in two processes at once.
func night(t *testing.T, d *desk.Desk, c *clock) {
	t.Helper()
	runTimers(t, d)
	c.forward(casework.NextNight(c.Now(), d.Notices["a"].Location).Add(time.Hour).Sub(c.Now()))
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { runTimers(t, d) })
	}
	wg.Wait()
}

func runTimers(t *testing.T, d *desk.Desk) {
	if _, err := d.RunTimers(t.Context()); err != nil {
		t.Error(err)
	}
}

func erasedCase(t *testing.T, d *desk.Desk, n casework.CaseNumber) bool {
	t.Helper()
	c, err := d.Case(t.Context(), "a", n)
	if err != nil {
		t.Fatal(err)
	}
	return !c.ErasedAt.IsZero()
}

// A rule does nothing until somebody has confirmed this very edition of it, and says so in the to-do list; then it erases what is old enough.
func TestRetention(t *testing.T) {
	d, c := retaining(t)
	old := closedCase(t, d, c, 1, "VVS > Blandare")
	c.forward(300 * 24 * time.Hour)
	young := closedCase(t, d, c, 2, "VVS")
	other := closedCase(t, d, c, 3, "El")
	c.forward(70 * 24 * time.Hour)
	night(t, d, c)
	if erasedCase(t, d, old) {
		t.Fatal("a rule works that nobody has confirmed")
	}
	waiting, err := d.Todos(t.Context(), "a", "", nil, 100)
	if err != nil || !slices.ContainsFunc(waiting.Items, func(i desk.Todo) bool {
		return i.Retention != nil && i.Retention.Class == "VVS" && i.Code == casework.CodeRetention
	}) {
		t.Errorf("nobody is told that it waits: %+v, %v", waiting.Items, err)
	}
	v := dryRun(t, d, "VVS")
	if v.Confirmed() || len(v.Classes) != 1 || v.Classes[0].Class != "VVS > Blandare" || v.Classes[0].Cases != 1 || !slices.Equal(v.Classes[0].Sample, []casework.CaseNumber{old}) || v.Classes[0].Oldest.IsZero() || !v.Classes[0].Newest.Equal(v.Classes[0].Oldest) {
		t.Errorf("the dry run shows %+v", v)
	}
	if _, err := d.ConfirmRetention(t.Context(), "a", "VVS", "another", eva); !fault.Is(err, fault.Conflict) {
		t.Errorf("another edition is confirmed: %v", err)
	}
	if _, err := d.ConfirmRetention(t.Context(), "a", "El", v.Edition, eva); !fault.Is(err, fault.NotFound) {
		t.Errorf("a rule that is not there is confirmed: %v", err)
	}
	confirm(t, d, "VVS")
	night(t, d, c)
	if !erasedCase(t, d, old) || erasedCase(t, d, young) || erasedCase(t, d, other) {
		t.Errorf("erased: the old one %v, the young one %v, another class %v", erasedCase(t, d, old), erasedCase(t, d, young), erasedCase(t, d, other))
	}
	all := everything(t, d)
	if strings.Contains(all, "anna1@") {
		i := strings.Index(all, "anna1@")
		t.Errorf("she is left: …%s", all[max(0, i-400):min(len(all), i+100)])
	}
	if n := strings.Count(all, "droppar hos"); n == 0 {
		t.Error("the mails of the others are gone")
	}
	kase, err := d.Case(t.Context(), "a", old)
	if err != nil || kase.Class != "VVS > Blandare" || kase.Status != casework.StatusClosed || kase.Subject != casework.Erased {
		t.Errorf("the case is %+v, %v", kase, err)
	}
	looks, err := d.Looks(t.Context(), "a", desk.LookFilter{Who: "retention"}, nil, 10)
	if err != nil || len(looks.Items) != 1 || looks.Items[0].Count != 1 || looks.Items[0].Item != "VVS" {
		t.Errorf("the audit trail has %+v, %v", looks.Items, err)
	}
	night(t, d, c)
	if v := dryRun(t, d, "VVS"); v.State.Total != 1 || v.State.Ran != 0 || len(v.Classes) != 0 {
		t.Errorf("after another night: %+v", v)
	}
	rule(t, d, "VVS", 1) // another edition: it waits again
	night(t, d, c)
	if erasedCase(t, d, young) || dryRun(t, d, "VVS").Confirmed() {
		t.Error("a changed rule works without being confirmed")
	}
	confirm(t, d, "VVS")
	if waiting, err = d.Todos(t.Context(), "a", "", nil, 100); err != nil || slices.ContainsFunc(waiting.Items, func(i desk.Todo) bool { return i.Retention != nil }) {
		t.Errorf("it waits still: %+v, %v", waiting.Items, err)
	}
	night(t, d, c)
	if !erasedCase(t, d, young) || erasedCase(t, d, other) {
		t.Error("the young one is left, or another class is gone")
	}
}

// What holds for all counts for cases of no class as well; a hold and a class that is kept for ever go before it.
func TestRetentionOfAll(t *testing.T) {
	d, c := noticing(t)
	d.Retain = map[casework.OrgID]int{"a": 6}
	rule(t, d, "El", 0)
	none, el, held := closedCase(t, d, c, 1, ""), closedCase(t, d, c, 2, "El > Central"), closedCase(t, d, c, 3, "")
	if _, err := d.SetHold(t.Context(), "a", held, casework.SetHold{On: true, Reason: "tvist"}, eva); err != nil {
		t.Fatal(err)
	}
	c.forward(200 * 24 * time.Hour)
	if v := confirm(t, d, ""); len(v.Classes) != 1 || v.Classes[0].Cases != 1 || !slices.Equal(v.Except, []string{"El"}) {
		t.Errorf("the dry run shows %+v", v)
	}
	night(t, d, c)
	if !erasedCase(t, d, none) || erasedCase(t, d, el) || erasedCase(t, d, held) {
		t.Errorf("erased: %v, kept for ever %v, held %v", erasedCase(t, d, none), erasedCase(t, d, el), erasedCase(t, d, held))
	}
	if _, err := d.SetHold(t.Context(), "a", held, casework.SetHold{Reason: "avgjort"}, eva); err != nil {
		t.Fatal(err)
	}
	night(t, d, c)
	if !erasedCase(t, d, held) {
		t.Error("what is held no more is kept")
	}
	d.Retain = nil
	night(t, d, c)
	for _, timer := range timers(t, d) {
		if timer.Kind == casework.TimerRetention && timer.Count != 0 {
			t.Errorf("the timer is %+v", timer)
		}
	}
}

// A case that was merged goes when the one goes in which it goes on, and a mail that lies on two cases with the last of them.
func TestRetentionOfTiedCases(t *testing.T) {
	d, c := retaining(t)
	first := peer(t, d, c, 1, "anna@home.example", "fel@a.example", "Kranen droppar", nil)[0].Case
	second := peer(t, d, c, 2, "anna@home.example", "fel@a.example", "Den droppar mer", nil)[0].Case
	vvs, closed := "VVS", casework.StatusClosed
	edit(t, d, first, casework.Edit{Class: &vvs})
	edit(t, d, second, casework.Edit{Class: &vvs})
	split, err := d.Split(t.Context(), "a", second, desk.SplitOrder{Entries: []casework.EntryID{mailEntry(t, d, second)}, Open: casework.Open{Subject: "x"}, By: eva})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Merge(t.Context(), "a", first, second, eva); err != nil {
		t.Fatal(err)
	}
	edit(t, d, split.Number, casework.Edit{Status: &closed})
	c.forward(400 * 24 * time.Hour)
	confirm(t, d, "VVS")
	night(t, d, c)
	if erasedCase(t, d, first) || !erasedCase(t, d, split.Number) {
		t.Error("a case that goes on elsewhere is erased, or one that is closed is not")
	}
	if all := everything(t, d); !strings.Contains(all, "Den droppar mer") {
		t.Error("a mail is gone that lies on an open case too")
	}
	edit(t, d, second, casework.Edit{Status: &closed})
	c.forward(400 * 24 * time.Hour)
	night(t, d, c)
	night(t, d, c) // the merged one may come first
	if !erasedCase(t, d, first) || !erasedCase(t, d, second) {
		t.Error("what is closed for long is left")
	}
	all := everything(t, d)
	for _, trace := range []string{"droppar", "anna@"} {
		if i := strings.Index(all, trace); i >= 0 {
			t.Errorf("%q is left: …%s", trace, all[max(0, i-400):min(len(all), i+100)])
		}
	}
}

func mailEntry(t *testing.T, d *desk.Desk, n casework.CaseNumber) casework.EntryID {
	t.Helper()
	p, err := d.Entries(t.Context(), "a", n, nil, 50)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(p.Items, func(e desk.EntryView) bool { return e.MailIn != nil })
	return p.Items[i].ID
}

// Many cases are erased in portions, each a transaction; whoever stops half-way goes on where he was, by the same timer.
func TestRetentionGoesOn(t *testing.T) {
	d, c := retaining(t)
	const n = 45
	vvs, closed := "VVS", casework.StatusClosed
	for i := range n {
		kase := newCase(t, d, fmt.Sprint("Kran ", i))
		edit(t, d, kase.Number, casework.Edit{Class: &vvs, Status: &closed})
	}
	c.forward(400 * 24 * time.Hour)
	confirm(t, d, "VVS")
	runTimers(t, d)
	c.forward(casework.NextNight(c.Now(), d.Notices["a"].Location).Add(time.Hour).Sub(c.Now()))
	ctx, stop := context.WithCancel(t.Context())
	portions := 0
	d.Logged = func() { portions++; stop() }
	if ran, err := d.RunTimers(ctx); err == nil || ran != 1 {
		t.Fatalf("stopped behind the first portion: %d, %v", ran, err)
	}
	if left := counted(t, d); left != n-20 {
		t.Errorf("%d cases are left after one portion", left)
	}
	runTimers(t, d)
	if left := counted(t, d); left != 0 || portions != 3 {
		t.Errorf("%d cases are left after %d portions", left, portions)
	}
	if v := dryRun(t, d, "VVS"); v.State.Ran != n || v.State.Total != n {
		t.Errorf("it counts %+v", v.State)
	}
}

func counted(t *testing.T, d *desk.Desk) (n int) {
	t.Helper()
	for _, c := range dryRun(t, d, "VVS").Classes {
		n += c.Cases
	}
	return n
}
