package desk

import (
	"slices"
	"strings"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/message"
)

// Notices is what an organisation sends by itself, and when it works.
type Notices struct {
	Frame       *message.Frame        // what stands around the texts of its mails; nil: nothing is known of it
	Acknowledge bool                  // who opens a case by mail hears of it
	Status      []casework.Status     // customers hear when their case comes to one of these
	Booked      bool                  // customers hear when somebody comes
	Language    string                // "sv" or "en"
	Location    *time.Location        // of the times that are written and read; nil: time.Local
	Hours       casework.WorkingHours // a mail that comes outside them is acknowledged with the next opening
	Closed      string                // the organisation's own words for that; empty: ours
	Emergency   string                // whom to call then; empty: nothing is said
	Orders      casework.Reminding    // of suppliers
	Escalate    time.Duration         // how long after a case's deadline whoever answers for it is told
	Warn        time.Duration         // how long before a case's deadline it is near; 0: casework.Near
	Manager     string                // contact who answers for cases whose class names nobody; empty: nobody
}

func (n Notices) rules() casework.Rules {
	return casework.Rules{Hours: n.Hours, Orders: n.Orders, Escalate: n.Escalate, Warn: n.Warn}
}

func (n Notices) location() *time.Location {
	if n.Location == nil {
		return time.Local
	}
	return n.Location
}

// trigger is a change on a case of which its customers hear. Together with a new case (acknowledge) and an answer to an order
// (answered) these are all mails that no person writes; docs/flow.md has the table.
type trigger struct {
	name string
	hits func(n Notices, e casework.Entry) bool
	news func(c casework.Case, e casework.Entry, language string) string // one sentence
}

func triggers() []trigger {
	return []trigger{
		{"status", func(n Notices, e casework.Entry) bool {
			// Who woke the case by his answer knows that.
			return e.Kind == casework.KindStatus && e.Actor != rule("reopen") && slices.Contains(n.Status, casework.Status(e.Change.To))
		}, statusNews},
		{"booked", func(n Notices, e casework.Entry) bool {
			return n.Booked && e.Kind == casework.KindChange && e.Change.Field == "order" && e.Change.To == string(casework.OrderBooked)
		}, bookedNews},
		{"cancelled", func(n Notices, e casework.Entry) bool {
			return n.Booked && e.Kind == casework.KindChange && e.Visit != nil && e.Visit.Cancelled
		}, cancelledNews},
	}
}

// announce tells the customers of a case what has changed, in one mail for all that one command did.
func (d *Desk) announce(tx casestore.Tx, c casework.Case, entries []casework.Entry) (casework.Case, error) {
	n, chosen := d.Notices[c.Org]
	if !chosen || c.Merged != nil || slices.ContainsFunc(entries, casework.Entry.Unmerged) { // it goes on elsewhere, or as if it never had
		return c, nil
	}
	for _, l := range c.Lanes {
		if l.Kind != casework.LaneCustomer || l.Left {
			continue
		}
		for _, p := range l.Participants {
			news := newsFor(n, c, entries, c.LanguageOf(p.Email, n.Language))
			if news == "" {
				return c, nil
			}
			machine, err := openedByMachine(tx, c, p)
			if err != nil {
				return c, err
			}
			if machine {
				continue
			}
			told := casework.Notify{Auto: casework.AutoNews, Text: news}
			if n.Booked {
				told.Visit, told.Order = visitOf(entries)
			}
			if c, err = d.write(tx, c, p, told, entries[0].At); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// newsFor is what the entries tell a customer, a line for each.
func newsFor(n Notices, c casework.Case, entries []casework.Entry, language string) string {
	var lines []string
	for _, e := range entries {
		for _, t := range triggers() {
			if t.hits(n, e) {
				lines = append(lines, t.news(c, e, language))
			}
		}
	}
	return strings.Join(lines, "\n")
}

// openedByMachine reports whether a participant came onto the case by a mail that no person wrote.
func openedByMachine(tx casestore.Tx, c casework.Case, p casework.Participant) (bool, error) {
	e, err := casestore.Entries.Get(tx, casestore.EntriesOf(c.Org, c.Number).Uint(1))
	if err != nil || e.MailIn == nil || e.MailIn.Participant != p.No {
		return false, err
	}
	m, err := casestore.Mails.Get(tx, casestore.MailKey(c.Org, e.MailIn.Mail))
	return err == nil && m.Content.Class != message.Personal, ignoreNotFound(err)
}

// statusNews says in one sentence where the case has come to. What happens next, the mail says below it, whoever wrote it.
func statusNews(_ casework.Case, e casework.Entry, language string) string {
	words := map[casework.Status][2]string{
		casework.StatusNew:      {"Ditt ärende är öppet igen.", "Your case is open again."},
		casework.StatusAssigned: {"Någon har tagit hand om ditt ärende.", "Somebody has taken on your case."},
		casework.StatusStarted:  {"Arbetet med ditt ärende har börjat.", "Work on your case has begun."},
		casework.StatusWaiting:  {"Ditt ärende väntar på material eller besked.", "Your case waits for material or for an answer."},
		casework.StatusDone:     {"Arbetet i ditt ärende är klart.", "The work on your case is done."},
		casework.StatusClosed:   {"Ditt ärende är avslutat.", "Your case is closed."},
		casework.StatusReturned: {"Vi ser vem som kan göra arbetet i ditt ärende.", "We find out who can do the work on your case."},
	}[casework.Status(e.Change.To)]
	return inLanguage(language, words[0], words[1])
}

// cancelledNews says that nobody comes at the time that was booked.
func cancelledNews(_ casework.Case, e casework.Entry, language string) string {
	when := e.Visit.From.Format("2006-01-02 15:04")
	return inLanguage(language, "Besöket "+when+" blir inte av.", "The visit of "+when+" is off.")
}

// bookedNews says who comes and when, as the supplier gave it.
func bookedNews(c casework.Case, e casework.Entry, language string) string {
	who := inLanguage(language, "Någon", "Somebody")
	if l, ok := c.Lane(e.Lane); ok && len(l.Participants) > 0 && l.Participants[0].Name != "" {
		who = l.Participants[0].Name
	}
	return who + inLanguage(language, " kommer ", " comes ") + e.Why + "."
}

func inLanguage(language, sv, en string) string {
	if language == "en" {
		return en
	}
	return sv
}

// closed says that nobody works at that instant, and when somebody does; "" within the hours.
func (n Notices) closed(at time.Time, language string) string {
	if n.Hours.Open(at) {
		return ""
	}
	text := n.Closed
	if text == "" {
		text = inLanguage(language, "Vi har stängt nu", "We are closed now")
		if next := n.Hours.Next(at); next.After(at) {
			text += inLanguage(language, " och öppnar ", " and open ") + moment(next.In(n.location()), language)
		}
		text += "."
	}
	if n.Emergency != "" {
		text += "\n" + inLanguage(language, "Är det akut? ", "Is it urgent? ") + n.Emergency
	}
	return "\n\n" + text
}

// moment is a day and time in words.
func moment(t time.Time, language string) string {
	if language == "en" {
		return t.Format("on Monday 2 January at 15:04")
	}
	days := [...]string{"söndag", "måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag"}
	return days[t.Weekday()] + t.Format(" 2006-01-02 15:04")
}
