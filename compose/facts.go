package compose

import (
	"cmp"
	"fmt"
	html "html/template"
	"net/url"
	"strconv"
	"strings"
	"time"

	"smartmail/casework"
	"smartmail/threading"
)

// facts is what templates may use.
type facts struct {
	Organisation, Footer string
	Palette
	Logo                 *shownLogo // nil: none
	Language             string
	Number               uint64
	Order                string // "1042-2": of the order that the mail is about; else the case's number
	CaseSubject, Subject string
	Name                 string // of the one who gets the mail
	Text                 string
	Paragraphs           [][]string // Text, in paragraphs of lines
	Quote                bool
	Rows                 []row  // of a work order; those without a value are left out
	Links                []link // of a work order: ready-made answers
	Todo                 []todo // of a morning's mail: what waits
	Files                []linked
	Until                string // the day to which Files and Page can be read
	Next                 string // to a customer: what happens next
	Page                 string // to a customer: address of a page of his case; may be empty
}

// shownLogo is a logo as HTML shows it.
type shownLogo struct {
	URL           html.URL
	Width, Height int
}

// row is a fact with its name; one whose value is an address leads there by Link, the words for it.
type row struct{ Label, Value, Link string }

// todo is a line of a to-do list. Heading is that of the first with its urgency.
type todo struct {
	Heading      string
	Number       uint64 // of the case; 0: it is about none
	Subject, Why string
	Due          string
}

type link struct {
	Label, URL string
	First      bool
}

// words of the languages.
type words struct {
	dateTime                                                             string
	order, quote, newCase, watched, today                                string
	urgency                                                              [3]string // headings of a to-do list
	what, where, class, deadline, priceCap, contact, phone, files, notes string
	about                                                                map[string]string // what a mail tells of an order, as its subject begins
	answers, offers                                                      [][2]string       // label, body: to an order, to a request for a price
	access                                                               [5]string         // labels: master key, key box, pet, wants to be present, times
	yes, no                                                              string
	doors, open                                                          string            // label of the link to door codes with the last day, and what it says
	classes                                                              map[string]string // names of classes that intake addresses give and no register has
}

func wordsOf(language string) words {
	if language == "sv" {
		return words{
			dateTime: "2006-01-02 15:04", order: "Arbetsorder", quote: "Prisförfrågan", newCase: "Nytt ärende", watched: "Nytt i ärendet", today: "Att göra",
			urgency: [3]string{"Nu", "Snart", "När du hinner"},
			what:    "Vad", where: "Var", class: "Typ", deadline: "Klart senast", priceCap: "Högsta pris", contact: "Kontakt", phone: "Telefon", files: "Bilagor", notes: "Felanmälan",
			answers: [][2]string{{"Tar jobbet", "TAR JOBBET"}, {"Boka tid", "BOKAT "}, {"Klar", "KLAR\r\nTID:  h\r\nMATERIAL: \r\nRESA:  km"}, {"Nej tack", "NEJ TACK "}},
			offers:  [][2]string{{"Lämna pris", "PRIS  kr"}, {"Nej tack", "NEJ TACK "}},
			about:   map[string]string{casework.AboutWithdrawn: "Återkallad", casework.AboutChosen: "Beställning", casework.AboutThanked: "Tack för ert svar", casework.AboutReminder: "Påminnelse", casework.AboutAccess: "Nytt om tillträde"},
			access:  [5]string{"Huvudnyckel", "Nyckelskåp", "Husdjur", "Hyresgästen vill vara med", "Tider"}, yes: "ja", no: "nej",
			doors: "Portkoder (till och med %s)", open: "Visa portkoder",
			classes: map[string]string{"fault": "Felanmälan", "question": "Fråga", "complaint": "Klagomål", "request": "Önskemål"},
		}
	}
	return words{
		dateTime: "2006-01-02 15:04", order: "Work order", quote: "Request for a quote", newCase: "New case", watched: "News of the case", today: "To do",
		urgency: [3]string{"Now", "Soon", "When there is time"},
		what:    "What", where: "Where", class: "Type", deadline: "Done by", priceCap: "Price cap", contact: "Contact", phone: "Phone", files: "Attachments", notes: "Report",
		answers: [][2]string{{"Accept", "ACCEPT"}, {"Book a time", "BOOKED "}, {"Done", "DONE\r\nTIME:  h\r\nMATERIAL: \r\nTRAVEL:  km"}, {"Decline", "DECLINE "}},
		offers:  [][2]string{{"Give a price", "PRICE  kr"}, {"Decline", "DECLINE "}},
		about:   map[string]string{casework.AboutWithdrawn: "Withdrawn", casework.AboutChosen: "Order", casework.AboutThanked: "Thank you", casework.AboutReminder: "Reminder", casework.AboutAccess: "Access has changed"},
		access:  [5]string{"Master key", "Key box", "Pet", "Customer wants to be present", "Times"}, yes: "yes", no: "no",
		doors: "Door codes (until %s)", open: "Show door codes",
		classes: map[string]string{"fault": "Fault report", "question": "Question", "complaint": "Complaint", "request": "Request"},
	}
}

// factsOf is what the mail of an item may say.
func factsOf(org Org, cs casework.Case, e casework.Entry, item casework.OutboxItem) facts {
	f := facts{
		Organisation: line(org.Name), Palette: NewPalette(org.Look.Colour), Footer: line(org.Look.Footer), Language: cs.LanguageOf(item.To.Email, org.Language), Number: uint64(cs.Number),
		CaseSubject: line(cs.Subject), Name: firstName(item.To.Name), Text: lf(e.MailOut.Text), Quote: e.MailOut.Quote,
	}
	if l := org.Look.Logo; l != nil {
		f.Logo = &shownLogo{html.URL("cid:" + logoID(item)), l.Width, l.Height}
	}
	f.Order = fmt.Sprint(cs.Number)
	if e.Order != 0 && e.MailOut.Auto != casework.AutoNews { // a customer has a case, and no order
		f.Order = casework.OrderID(cs.Number, e.Order)
	}
	f.Subject = fmt.Sprintf("%s [#%s]", f.CaseSubject, f.Order)
	f.Paragraphs = Paragraphs(f.Text)
	f.Until = Day(org.expires(item, threading.PageLink), f.Language, org.Location)
	w := wordsOf(f.Language)
	if s := item.Staff; s != nil {
		f.Language = s.Language
		w = wordsOf(f.Language)
		f.Todo, f.Order, f.Subject = todos(w, s.Todo, org.Location), "", fmt.Sprintf("%s %s", w.today, item.At.In(org.Location).Format(time.DateOnly))
		f.CaseSubject = f.Subject
		return f
	}
	name := w.about[e.MailOut.About]
	switch e.MailOut.Auto {
	case casework.AutoNewCase:
		name = w.newCase
	case casework.AutoWatched:
		name = w.watched
	}
	if e.Kind == casework.KindOrder {
		name = w.order
		if f.Quote {
			name = w.quote
		}
	}
	if name != "" {
		f.Subject = name + ": " + f.Subject
	}
	if e.MailOut.Auto == casework.AutoNewCase {
		f.Rows = rows(w, cs, casework.MailOut{Deadline: cs.DueAt}, org.Location)
	}
	switch about := e.MailOut.About; {
	case e.Kind == casework.KindOrder, about == casework.AboutChosen, about == casework.AboutReminder, about == casework.AboutAccess:
		f.Rows = rows(w, cs, *e.MailOut, org.Location)
		answers := w.answers
		if f.Quote {
			answers = w.offers
		}
		f.Links = links(answers, item.ReplyTo, f.Subject)
	}
	return f
}

// todos are the lines of a to-do list, each urgency below a heading.
func todos(w words, all []casework.StaffTodo, loc *time.Location) (out []todo) {
	last := casework.ByDeadline
	for _, t := range all {
		l := todo{Number: uint64(t.Case), Subject: line(t.Subject), Why: line(t.Why)}
		if t.Urgency != last {
			last, l.Heading = t.Urgency, w.urgency[min(t.Urgency, casework.Normal)]
		}
		if !t.DueAt.IsZero() {
			l.Due = t.DueAt.In(loc).Format(time.DateOnly)
		}
		out = append(out, l)
	}
	return out
}

// rows is what a craftsman needs to know. Personal numbers are no part of it, nor are door codes, to which a link leads.
func rows(w words, cs casework.Case, out casework.MailOut, loc *time.Location) []row {
	all := []row{fact(w.what, line(cs.Subject)), fact(w.where, line(cs.Object)), fact(w.class, cmp.Or(w.classes[cs.Class], line(cs.Class)))}
	for _, name := range sorted(cs.Fields) {
		all = append(all, fact(line(name), line(cs.Fields[name])))
	}
	all = append(all, accessRows(w, cs.Access)...)
	if r := cs.Reporter; r != nil {
		all = append(all, fact(w.contact, line(r.Name)), fact(w.phone, line(r.Phone)))
	}
	all = append(all, fact(w.notes, line(cs.Description)), fact(w.deadline, moment(w, out.Deadline, loc)), fact(w.priceCap, kronor(out.PriceCap)))
	var names []string
	for _, f := range out.Files {
		names = append(names, line(f.Name))
	}
	return append(all, fact(w.files, strings.Join(names, ", ")))
}

func fact(label, value string) row { return row{Label: label, Value: value} }

// doorRow leads to the door codes.
func doorRow(w words, address string, until time.Time, loc *time.Location) row {
	return row{Label: fmt.Sprintf(w.doors, until.In(loc).Format(time.DateOnly)), Value: address, Link: w.open}
}

// accessRows is how somebody gets in.
func accessRows(w words, a *casework.Access) []row {
	if a == nil {
		return nil
	}
	said := map[string]string{"yes": w.yes, "no": w.no}
	values := [5]string{said[a.MasterKey], line(a.KeyBox), line(a.Pet), said[a.Present], line(a.Times)}
	var all []row
	for i, v := range values {
		all = append(all, fact(w.access[i], v))
	}
	return all
}

func moment(w words, t time.Time, loc *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(loc).Format(w.dateTime)
}

// kronor writes an amount in öre; none is "".
func kronor(ore int64) string {
	if ore <= 0 {
		return ""
	}
	whole := strconv.FormatInt(ore/100, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "\u00a0" + whole[i:]
	}
	if ore%100 != 0 {
		whole += fmt.Sprintf(",%02d", ore%100)
	}
	return whole + "\u00a0kr"
}

// links are answers that a mail program has only to send (RFC 6068).
func links(answers [][2]string, to, subject string) (out []link) {
	for i, a := range answers {
		u := "mailto:" + url.PathEscape(to) + "?subject=" + escape(subject) + "&body=" + escape(a[1])
		out = append(out, link{Label: a[0], URL: u, First: i == 0})
	}
	return out
}

// escape is percent-encoding as RFC 6068 section 5 wants it: a plus would stay a plus.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func lf(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n"), "\r", "\n"))
}

// Paragraphs takes a text apart at its empty lines.
func Paragraphs(text string) (out [][]string) {
	var p []string
	for l := range strings.SplitSeq(text+"\n", "\n") {
		if l = strings.TrimSpace(l); l != "" {
			p = append(p, l)
			continue
		}
		if len(p) > 0 {
			out = append(out, p)
		}
		p = nil
	}
	if len(p) > 0 {
		out = append(out, p)
	}
	return out
}

// firstName of somebody to greet; a firm or an address is not greeted.
func firstName(name string) string {
	f := strings.Fields(line(name))
	if len(f) < 2 || len(f) > 3 || strings.ContainsAny(name, "@0123456789") || f[len(f)-1] == "AB" {
		return ""
	}
	return f[0]
}
