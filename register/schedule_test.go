package register_test

import (
	"strings"
	"testing"

	"smartmail/register"
)

func TestSchedule(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*register.Schedule)
		field  string
	}{
		"whole":               {func(*register.Schedule) {}, ""},
		"once it ends":        {func(s *register.Schedule) { s.Until = "2026-03-01" }, ""},
		"no id":               {func(s *register.Schedule) { s.ID = "" }, "id"},
		"no title":            {func(s *register.Schedule) { s.Title = " " }, "title"},
		"two lines of title":  {func(s *register.Schedule) { s.Title = "a\nb" }, "title"},
		"long text":           {func(s *register.Schedule) { s.Text = strings.Repeat("x", 64<<10+1) }, "text"},
		"no first day":        {func(s *register.Schedule) { s.First = "" }, "first"},
		"no such day":         {func(s *register.Schedule) { s.First = "2026-02-29" }, "first"},
		"ends before it":      {func(s *register.Schedule) { s.Until = "2026-02-28" }, "until"},
		"unknown unit":        {func(s *register.Schedule) { s.Unit = "quarters" }, "unit"},
		"never":               {func(s *register.Schedule) { s.Every = 0 }, "every"},
		"hardly ever":         {func(s *register.Schedule) { s.Every = 1001 }, "every"},
		"opens after it":      {func(s *register.Schedule) { s.OpenBefore = -1 }, "open_before"},
		"opens before it":     {func(s *register.Schedule) { s.OpenBefore = 27 }, ""},
		"opens before last":   {func(s *register.Schedule) { s.OpenBefore = 28 }, "open_before"},
		"daily":               {func(s *register.Schedule) { s.Unit = register.Days }, ""},
		"daily, a day before": {func(s *register.Schedule) { s.Unit, s.OpenBefore = register.Days, 1 }, "open_before"},
	} {
		s := register.Schedule{ID: "filter", Title: "Filter", First: "2026-03-01", Every: 1, Unit: register.Months}
		x.change(&s)
		names(t, name, s.Check(), x.field)
	}
}
