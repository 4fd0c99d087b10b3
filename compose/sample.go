package compose

import (
	"encoding/base64"
	"fmt"
	html "html/template"
	"slices"
	"strings"
	"time"

	"smartmail/casework"
	"smartmail/fault"
)

// kind is one kind of mail, with an entry of which such a mail is made.
type kind struct {
	name  string
	entry casework.Entry
}

// kinds lists every kind of mail; kindOf finds that of an entry.
func kinds() []kind {
	out := func(auto string) casework.Entry {
		return casework.Entry{Kind: casework.KindMailOut, MailOut: &casework.MailOut{Auto: auto}}
	}
	about := func(what string) casework.Entry {
		return casework.Entry{Kind: casework.KindMailOut, Order: 2, MailOut: &casework.MailOut{About: what, PriceCap: 180000}}
	}
	return []kind{
		{"message", out("")},
		{"received", out(casework.AutoReceived)},
		{"understood", out(casework.AutoUnderstood)},
		{"new_case", out(casework.AutoNewCase)},
		{"watched", out(casework.AutoWatched)},
		{"morning", out(casework.AutoMorning)},
		{"withdrawn", about(casework.AboutWithdrawn)},
		{"chosen", about(casework.AboutChosen)},
		{"thanked", about(casework.AboutThanked)},
		{"access", about(casework.AboutAccess)},
		{"reminder", casework.Entry{Kind: casework.KindMailOut, Order: 2, MailOut: &casework.MailOut{About: casework.AboutReminder, Auto: casework.AutoReminder, PriceCap: 180000}}},
		{"order", casework.Entry{Kind: casework.KindOrder, Order: 2, MailOut: &casework.MailOut{Quote: true, PriceCap: 250000}}},
	}
}

// kindOf names the template of an entry.
func kindOf(e casework.Entry) string {
	for _, k := range kinds() {
		if k.entry.Kind == e.Kind && k.entry.MailOut.Auto == e.MailOut.Auto && k.entry.MailOut.About == e.MailOut.About {
			return k.name
		}
	}
	return "message"
}

// Kinds names every kind of mail that there are templates for.
func Kinds() (names []string) {
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// samples are the facts of a mail that has a value for everything, and of one that has as few as possible.
func samples(language string, k kind) (full, bare facts) {
	org := Org{Name: "Demo Bostad AB", Language: language, Look: Look{
		Colour: DefaultColour, Footer: "Demo Bostad AB, Storgatan 1, 111 11 Stockholm", Logo: &Logo{Type: "image/png", Width: 120, Height: 40},
	}}
	return sampleOf(org, k), factsOf(
		Org{Language: language, Location: time.UTC, Look: Look{Colour: DefaultColour}}, casework.Case{}, casework.Entry{Kind: k.entry.Kind, MailOut: &casework.MailOut{}}, casework.OutboxItem{})
}

// sampleOf are the facts of a sample mail of an organisation, in its language.
func sampleOf(org Org, k kind) facts {
	say := func(sv, en string) string {
		if org.Language == "sv" {
			return sv
		}
		return en
	}
	org.Location = time.UTC
	at := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	cs := casework.Case{
		Number: 1042, Status: casework.StatusAssigned, Class: "VVS > Blandare", Object: "Storgatan 12, lgh 1203",
		Subject:     say("Droppande kran i köket", "Dripping tap in the kitchen"),
		Description: say("Kranen i köket droppar sedan i går kväll.", "The tap in the kitchen has dripped since last night."),
		Fields:      map[string]string{say("Tillträde", "Access"): say("Huvudnyckel, katt hemma", "Master key, cat at home")},
		Reporter:    &casework.Reporter{Name: "Anna Andersson", Email: "anna@home.example", Phone: "070-000 00 00"},
	}
	out := *k.entry.MailOut
	out.Text = say("Vi byter packningen. Huvudnyckeln får användas.\nKatten är hemma.\n\nHälsningar\nEva Ek", "We change the washer. The master key may be used.\nThe cat is at home.\n\nKind regards\nEva Ek")
	out.Files = []casework.File{{ID: "f1", Name: say("bild på kranen.jpg", "picture of the tap.jpg"), Type: "image/jpeg", Size: 240_000}}
	if k.entry.Kind == casework.KindOrder {
		out.Deadline = at.AddDate(0, 0, 7)
	}
	item := casework.OutboxItem{
		Case: cs.Number, Participant: 1, At: at, To: casework.Participant{No: 1, Name: "Anna Andersson", Email: "anna@other.example"},
		ReplyTo: "a1042-1-abcdefghijklmnopqrst@arende.example.org",
	}
	if k.name == "morning" {
		cs, item = casework.Case{}, sampleMorning(item, say)
	}
	f := factsOf(org, cs, casework.Entry{Kind: k.entry.Kind, Order: k.entry.Order, MailOut: &out}, item)
	if len(f.Rows) > 0 && k.entry.Order != 0 && !out.Quote {
		f.Rows = append(f.Rows, doorRow(wordsOf(org.Language), "https://mx.example.org"+DoorPath+"sample", at.Add(DefaultCodes), time.UTC))
	}
	f.Files = []linked{{say("film på kranen.mp4", "film of the tap.mp4"), Bytes(24_300_000, org.Language), "https://mx.example.org" + FilePath + "sample"}}
	if k.entry.Order == 0 && item.Staff == nil {
		f.Next, f.Page = Next(cs, at, org.Language, time.UTC), "https://mx.example.org"+PagePath+"sample"
	}
	return f
}

// sampleMorning is what waits for somebody one morning.
func sampleMorning(item casework.OutboxItem, say func(sv, en string) string) casework.OutboxItem {
	item.Case, item.Participant = 0, 0
	item.Staff = &casework.StaffMail{Auto: casework.AutoMorning, Language: say("sv", "en"), Todo: []casework.StaffTodo{
		{Case: 1042, Subject: say("Droppande kran i köket", "Dripping tap in the kitchen"), Why: say("sista dagen har passerat", "the deadline has passed"), Urgency: casework.Now, DueAt: item.At.AddDate(0, 0, -1)},
		{Case: 1051, Subject: say("Trasig lampa i trapphuset", "Broken lamp in the stairwell"), Why: say("nytt: ingen har tagit hand om det", "new: nobody has taken it on"), Urgency: casework.Normal},
	}}
	return item
}

// Preview is a sample mail of one kind. In its HTML the logo is a data URL, so that a browser shows it.
type Preview struct {
	Language, Subject, Text, HTML string
}

// Preview renders a sample mail as the organisation's templates are now, also where they were changed after the start. Errors:
// fault.NotFound where there is no such organisation or kind, fault.Invalid with file, line and what is wrong with a template.
func (c *Composer) Preview(id casework.OrgID, name, language string) (Preview, error) {
	org, ok := c.orgs[id]
	at := slices.Index(Kinds(), name)
	if !ok || at < 0 {
		return Preview{}, fault.New(fault.NotFound, fmt.Sprintf("there is no mail of kind %q; there are %s", name, strings.Join(Kinds(), ", ")))
	}
	files, err := newLayered(org.Look.Templates)
	if err != nil {
		return Preview{}, err
	}
	all, err := load(files)
	if err != nil {
		return Preview{}, err
	}
	if language != "" {
		org.Language = language
	}
	org.Language = casework.Language(org.Language)
	f := sampleOf(org, kinds()[at])
	if l := org.Look.Logo; l != nil {
		f.Logo.URL = html.URL("data:" + l.Type + ";base64," + base64.StdEncoding.EncodeToString(l.Content))
	}
	p := Preview{Language: org.Language, Subject: f.Subject}
	p.Text, p.HTML, err = all[org.Language+"/"+name].render(f)
	return p, err
}

// Frame is what stands around the texts of an organisation's mails, in every kind and language and at every status, by which a quotation of
// one is told from what somebody wrote.
func (c *Composer) Frame(id casework.OrgID) (texts []string, err error) {
	for _, language := range []string{"sv", "en"} {
		for _, k := range Kinds() {
			p, err := c.Preview(id, k, language)
			if err != nil {
				return nil, err
			}
			texts = append(texts, p.Text)
		}
		var next strings.Builder
		for _, s := range casework.Statuses() {
			next.WriteString(say(language)[s][1] + "\n")
		}
		texts = append(texts, next.String())
	}
	return texts, nil
}
