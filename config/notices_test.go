package config

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNotices(t *testing.T) {
	c, err := Parse("a.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	o := c.Organisations[0]
	if !*o.Acknowledge || !slices.Equal(o.Notify.Status, []string{"done"}) || o.Notify.Booked || o.Hours.TimeZone != "Europe/Stockholm" || o.Hours.Holidays != "swedish" {
		t.Errorf("defaults: %+v, %+v", o.Notify, o.Hours)
	}
	if w, err := o.Hours.Working(); err != nil || !w.Open(time.Date(2026, 12, 24, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("without hours it is not always open: %v", err)
	}
	c, err = Parse("a.yaml", []byte(good+`    notify: {status: [], booked: true}
    hours:
      time_zone: Europe/Helsinki
      open: ["mon-thu 08:00-17:00", "fri 08:00-12:00 13:00-15:00"]
      notice: Vi har stängt.
      emergency: "08-123 45"
`))
	if err != nil {
		t.Fatal(err)
	}
	o = c.Organisations[0]
	w, err := o.Hours.Working()
	if err != nil || len(o.Notify.Status) != 0 || !o.Notify.Booked {
		t.Fatalf("%v, %+v", err, o.Notify)
	}
	for when, want := range map[string]bool{
		"2026-11-24T06:00:00Z": true, "2026-11-24T15:00:00Z": false, "2026-11-27T10:30:00Z": false, "2026-11-27T12:30:00Z": true, "2026-12-24T08:00:00Z": false,
	} {
		at, err := time.Parse(time.RFC3339, when)
		if err != nil {
			t.Fatal(err)
		}
		if w.Open(at) != want {
			t.Errorf("%s: open is %v", when, !want)
		}
	}
}

func TestNoticesThatCannotBe(t *testing.T) {
	for text, want := range map[string]string{
		"notify: {status: [done, gone]}":                                                    `c.yaml:12: organisations[0].notify.status[1]: "gone" is none of new, assigned`,
		"hours: {time_zone: Europe/Nowhere}":                                                `c.yaml:12: organisations[0].hours.time_zone: "Europe/Nowhere" is no time zone`,
		"hours: {open: [\"mon 8-16\"]}":                                                     `c.yaml:12: organisations[0].hours.open[0]: `,
		"hours: {open: [\"mon 08:00-12:00\", \"mon-tue 11:00-13:00\"]}":                     `c.yaml:12: organisations[0].hours.open: hours overlap on mon`,
		"hours: {holidays: danish}":                                                         `organisations[0].hours.holidays: "danish" is none of swedish, none`,
		"hours: {emergency: \"08-1\"}":                                                      `organisations[0].hours.emergency: is never said`,
		"hours: {open: [mon 08:00-12:00], notice: " + strings.Repeat("x", maxWords+1) + "}": `organisations[0].hours.notice: has more than 2000 bytes`,
	} {
		if _, err := Parse("c.yaml", []byte(good+"    "+text+"\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %s", text, err, want)
		}
	}
}
