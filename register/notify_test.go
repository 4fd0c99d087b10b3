package register

import (
	"testing"
	"time"

	"smartmail/fault"
)

func TestQuiet(t *testing.T) {
	loc, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	night, noon := &Quiet{"21:00", "07:00"}, &Quiet{"11:30", "12:30"}
	for name, x := range map[string]struct {
		quiet    *Quiet
		at, want string
	}{
		"none":             {nil, "2026-11-24 23:00", "2026-11-24 23:00"},
		"before":           {night, "2026-11-24 20:59", "2026-11-24 20:59"},
		"evening":          {night, "2026-11-24 21:00", "2026-11-25 07:00"},
		"morning":          {night, "2026-11-24 06:59", "2026-11-24 07:00"},
		"at its end":       {night, "2026-11-24 07:00", "2026-11-24 07:00"},
		"clocks go back":   {night, "2026-10-24 22:00", "2026-10-25 07:00"},
		"within a day":     {noon, "2026-11-24 12:00", "2026-11-24 12:30"},
		"after, in a day":  {noon, "2026-11-24 12:30", "2026-11-24 12:30"},
		"before, in a day": {noon, "2026-11-24 03:00", "2026-11-24 03:00"},
	} {
		at, err1 := time.ParseInLocation("2006-01-02 15:04", x.at, loc)
		want, err2 := time.ParseInLocation("2006-01-02 15:04", x.want, loc)
		if got := x.quiet.Until(at); err1 != nil || err2 != nil || !got.Equal(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestNotifyCheck(t *testing.T) {
	for name, x := range map[string]struct {
		n  Notify
		ok bool
	}{
		"nothing":      {Notify{}, true},
		"all":          {Notify{Morning: true, NewCase: ByBoth, Quiet: &Quiet{"21:00", "07:00"}}, true},
		"no channel":   {Notify{NewCase: "fax"}, false},
		"no time":      {Notify{Quiet: &Quiet{"21:00", "25:00"}}, false},
		"half":         {Notify{Quiet: &Quiet{From: "21:00"}}, false},
		"always quiet": {Notify{Quiet: &Quiet{"07:00", "07:00"}}, false},
	} {
		err := Contact{ID: "nora", Name: "Nora", Parts: []Part{Technician}, Notify: &x.n}.Check()
		if x.ok != (err == nil) || !x.ok && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
