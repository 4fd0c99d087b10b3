package compose

import (
	"fmt"
	"time"

	"smartmail/casework"
)

// Status is where a case stands, in words for the one who reported it.
func Status(s casework.Status, language string) string {
	return say(language)[s][0]
}

// Next is what happens next on a case, in a line for the one who reported it: the next visit, where one is booked, else what its status tells.
func Next(c casework.Case, now time.Time, language string, loc *time.Location) string {
	if v := Visit(c, now, language, loc); v != "" {
		if language == "sv" {
			return "Besök är bokat " + v + "."
		}
		return "A visit is booked for " + v + "."
	}
	return say(language)[c.Status][1]
}

// say is what each status means to the one who reported the case, and what comes after it.
func say(language string) map[casework.Status][2]string {
	if language == "sv" {
		return map[casework.Status][2]string{
			casework.StatusNew:      {"Mottaget", "En handläggare läser ärendet och hör av sig."},
			casework.StatusAssigned: {"Någon har tagit hand om det", "Vi hör av oss när det finns en tid eller om vi behöver veta något mer."},
			casework.StatusStarted:  {"Arbetet pågår", "Vi hör av oss när arbetet är klart."},
			casework.StatusWaiting:  {"Väntar", "Vi väntar på material eller besked och hör av oss när det går vidare."},
			casework.StatusDone:     {"Arbetet är klart", "Är något kvar att göra? Svara på mejlet."},
			casework.StatusClosed:   {"Avslutat", "Är felet kvar? Svara på mejlet, så tar vi upp ärendet igen."},
			casework.StatusReturned: {"Ses över igen", "Vi ser vem som kan göra arbetet och hör av oss."},
		}
	}
	return map[casework.Status][2]string{
		casework.StatusNew:      {"Received", "Somebody reads the case and gets back to you."},
		casework.StatusAssigned: {"Somebody has taken it on", "We get back to you when there is a time, or if we need to know more."},
		casework.StatusStarted:  {"Work is under way", "We get back to you when the work is done."},
		casework.StatusWaiting:  {"Waiting", "We wait for material or for an answer, and get back to you when it goes on."},
		casework.StatusDone:     {"The work is done", "Is something left to do? Answer the mail."},
		casework.StatusClosed:   {"Closed", "Is the fault still there? Answer the mail and we take the case up again."},
		casework.StatusReturned: {"Looked at again", "We find out who can do the work, and get back to you."},
	}
}

// Visit is the next booked visit of a case that is not done, in words; empty where none is booked or it is over.
func Visit(c casework.Case, now time.Time, language string, loc *time.Location) string {
	if c.Status == casework.StatusDone || c.Status == casework.StatusClosed {
		return ""
	}
	var from, to time.Time
	for _, o := range c.Orders {
		end := o.BookedTo
		if end.IsZero() {
			end = o.BookedFrom.Add(12 * time.Hour) // he comes some time that day
		}
		if o.State == casework.OrderBooked && end.After(now) && (from.IsZero() || o.BookedFrom.Before(from)) {
			from, to = o.BookedFrom, o.BookedTo
		}
	}
	if from.IsZero() {
		return ""
	}
	text := Day(from, language, loc) + from.In(loc).Format(" 15:04")
	switch {
	case to.IsZero():
	case to.In(loc).Format(time.DateOnly) == from.In(loc).Format(time.DateOnly):
		text += to.In(loc).Format("–15:04")
	default:
		text += " – " + Day(to, language, loc) + to.In(loc).Format(" 15:04")
	}
	return text
}

// Day is a day in words: "tisdag 1 december 2026".
func Day(at time.Time, language string, loc *time.Location) string {
	at = at.In(loc)
	if language != "sv" {
		return at.Format("Monday 2 January 2006")
	}
	days := [...]string{"söndag", "måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag"}
	months := [...]string{"januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"}
	return fmt.Sprintf("%s %d %s %d", days[at.Weekday()], at.Day(), months[at.Month()-1], at.Year())
}

// Bytes is a size in words: "12,4 MB".
func Bytes(n int64, language string) string {
	for _, unit := range []struct {
		name string
		size int64
	}{{"MB", 1_000_000}, {"kB", 1000}} {
		if n >= unit.size {
			text := fmt.Sprintf("%.1f", float64(n)/float64(unit.size))
			if language == "sv" {
				text = text[:len(text)-2] + "," + text[len(text)-1:]
			}
			return text + " " + unit.name
		}
	}
	return fmt.Sprintf("%d byte", n)
}
