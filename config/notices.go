package config

import (
	"fmt"
	"time"

	"smartmail/casework"
)

// Notify is of what customers hear by themselves.
type Notify struct {
	Status []string `yaml:"status"` // when their case comes to one of these
	Booked bool     `yaml:"booked"` // when somebody comes
}

// Hours are when an organisation works.
type Hours struct {
	TimeZone  string   `yaml:"time_zone"` // of all times that its mails show and read
	Open      []string `yaml:"open"`      // mon-fri 08:00-16:30; none: always
	Holidays  string   `yaml:"holidays"`  // swedish, none: days on which nobody works
	Notice    string   `yaml:"notice"`    // what a mail outside them is answered; empty: when it opens next
	Emergency string   `yaml:"emergency"` // whom to call then
}

// defaultZone is where those who give no time zone are.
const defaultZone = "Europe/Stockholm"

func (o *Organisation) noticeDefaults() {
	if o.Acknowledge == nil {
		yes := true
		o.Acknowledge = &yes
	}
	if o.Notify.Status == nil {
		o.Notify.Status = []string{string(casework.StatusDone)}
	}
	if o.Hours.TimeZone == "" {
		o.Hours.TimeZone = defaultZone
	}
	if o.Hours.Holidays == "" {
		o.Hours.Holidays = "swedish"
	}
}

// Location is the organisation's time zone.
func (h Hours) Location() (*time.Location, error) {
	loc, err := time.LoadLocation(h.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("time zone: %w", err)
	}
	return loc, nil
}

// Working returns the hours as the house counts them.
func (h Hours) Working() (w casework.WorkingHours, err error) {
	if w.Location, err = h.Location(); err != nil {
		return w, err
	}
	if h.Holidays == "swedish" {
		w.Holiday = func(d casework.Day) bool { return casework.SwedishHoliday(d) != "" }
	}
	w.Week, err = casework.ParseWeek(h.Open)
	return w, err
}

// maxWords bounds what an organisation says in its own words, in bytes.
const maxWords = 2000

func (k *checker) notices(key string, o Organisation) {
	var statuses []string
	for _, s := range casework.Statuses() {
		statuses = append(statuses, string(s))
	}
	for i, s := range o.Notify.Status {
		k.oneOf(fmt.Sprintf("%s.notify.status[%d]", key, i), s, statuses...)
	}
	h := o.Hours
	if _, err := h.Location(); err != nil || h.TimeZone == "Local" {
		k.fail(key+".hours.time_zone", "%q is no time zone such as %s", h.TimeZone, defaultZone)
	}
	for i, line := range h.Open {
		if _, err := casework.ParseWeek([]string{line}); err != nil {
			k.fail(fmt.Sprintf("%s.hours.open[%d]", key, i), "%v", err)
		}
	}
	if _, err := casework.ParseWeek(h.Open); err != nil {
		k.fail(key+".hours.open", "%v", err)
	}
	k.oneOf(key+".hours.holidays", h.Holidays, "swedish", "none")
	for name, text := range map[string]string{"notice": h.Notice, "emergency": h.Emergency} {
		switch {
		case len(text) > maxWords:
			k.fail(key+".hours."+name, "has more than %d bytes", maxWords)
		case text != "" && len(h.Open) == 0:
			k.fail(key+".hours."+name, "is never said: hours.open is needed")
		}
	}
}
