package sample

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"smartmail/casework"
	"smartmail/grammar"
	"smartmail/register"
)

// Step is one thing that somebody did.
type Step struct {
	At   time.Time
	Case int // which of the plan's cases, from 0
	By   casework.Actor
	Open *casework.Open   // the first of a case
	Do   casework.Command // every other
	Link int              // case of the plan that this one is part of, from 1; 0: no link
}

// past makes up what happened.
type past struct {
	Estate
	r     *rand.Rand
	until time.Time
	cases int // so far
	steps []Step
}

func newPast(r *rand.Rand, e Estate, size Size, until time.Time) []Step {
	p := &past{Estate: e, r: r, until: until}
	start := until.AddDate(-size.Years, 0, 0)
	for p.cases < size.Cases {
		at := p.moment(start)
		f := p.defect(at)
		if f.class == "Värme > Element" && size.Cases-p.cases > 12 && r.IntN(60) == 0 {
			p.incident(at, f)
			continue
		}
		h := pick(r, p.homes)
		done := p.story(at, f, h, 0)
		// Some faults come back: the same thing in the same place within 90 days.
		if back := done.Add(time.Duration(3+r.IntN(80)) * 24 * time.Hour); r.IntN(14) == 0 && back.Before(until) && p.cases < size.Cases {
			p.story(daytime(r, back), f, h, 0)
		}
	}
	slices.SortStableFunc(p.steps, func(a, b Step) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Case, b.Case)) })
	return p.steps
}

// moment is when somebody reports: more often now than years ago, since people move to mail, and seldom at night.
func (p *past) moment(start time.Time) time.Time {
	share := max(p.r.Float64(), p.r.Float64()*0.9)
	at := start.Add(time.Duration(share * float64(p.until.Sub(start)-48*time.Hour)))
	if day := at.Weekday(); (day == time.Saturday || day == time.Sunday) && p.r.IntN(3) > 0 {
		at = at.AddDate(0, 0, 2)
	}
	return daytime(p.r, at)
}

// daytime moves an instant into the hours of the day in which people report.
func daytime(r *rand.Rand, at time.Time) time.Time {
	at = at.Truncate(24 * time.Hour)
	return at.Add(time.Duration(6+r.IntN(8)+r.IntN(8))*time.Hour + time.Duration(r.IntN(3600))*time.Second)
}

// work is some working hours later: between 7 and 16 on a weekday.
func (p *past) work(at time.Time, hours float64) time.Time {
	at = at.Add(time.Duration(hours * p.r.ExpFloat64() * float64(time.Hour)))
	switch h := at.Hour(); {
	case h < 6:
		at = at.Truncate(24 * time.Hour).Add(6*time.Hour + time.Duration(p.r.IntN(7200))*time.Second)
	case h >= 15:
		at = at.Truncate(24 * time.Hour).Add(30*time.Hour + time.Duration(p.r.IntN(7200))*time.Second)
	}
	for at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
		at = at.AddDate(0, 0, 1)
	}
	return at
}

// defect chooses what breaks in that month.
func (p *past) defect(at time.Time) defect {
	all, sum := defects(), 0.0
	weight := func(f defect) float64 {
		if f.season == ([12]float64{}) {
			return float64(f.weight)
		}
		return float64(f.weight) * f.season[at.Month()-1]
	}
	for _, f := range all {
		sum += weight(f)
	}
	left := p.r.Float64() * sum
	for _, f := range all {
		if left -= weight(f); left < 0 {
			return f
		}
	}
	return all[0]
}

// do adds a step, unless it lies in the future: then the case has come no further yet.
func (p *past) do(n int, at time.Time, by casework.Actor, cmd casework.Command) bool {
	if at.After(p.until) {
		return false
	}
	p.steps = append(p.steps, Step{At: at, Case: n, By: by, Do: cmd})
	return true
}

func actor(via casework.Via, c register.Contact) casework.Actor {
	a := casework.Actor{Via: via, Name: c.Name}
	if via == casework.ViaMail {
		a.Mail = c.Emails[0]
	}
	return a
}

// open adds the first step of a case and returns its place in the plan.
func (p *past) open(at time.Time, f defect, object, tenant string, link int) int {
	who := p.byID[tenant]
	p.steps = append(p.steps, Step{At: at, Case: p.cases, By: actor(casework.ViaAPI, who), Link: link, Open: &casework.Open{
		Subject: f.subject, Description: f.text, Class: f.class, Object: object,
		Reporter: &casework.Reporter{Name: who.Name, Email: who.Emails[0], Phone: who.Phones[0], Language: who.Language},
	}})
	p.cases++
	return p.cases - 1
}

func status(s casework.Status, why string) casework.Edit { return casework.Edit{Status: &s, Why: why} }

// story tells one case from the report to its end, and returns when the work was done.
func (p *past) story(at time.Time, f defect, h home, link int) time.Time {
	object := h.unit
	if f.shared {
		object = p.shared[h.building]
		if strings.HasPrefix(f.class, "Tvättstuga") {
			object = h.building + "-tvattstuga"
		}
	}
	n := p.open(at, f, object, h.at(at), link)
	technician := actor(casework.ViaAPI, p.byID[p.technician[h.property]])
	started := p.work(at, 5*float64(classDays()[top(f.class)]))
	if !p.do(n, started, technician, status(casework.StatusStarted, "")) {
		return p.until
	}
	done := p.work(started, 8)
	if p.r.Float64() < f.order {
		if done = p.ordered(n, f, started, technician); done.After(p.until) {
			return p.until
		}
	} else {
		if p.r.IntN(8) == 0 {
			p.do(n, started.Add(time.Hour), technician, status(casework.StatusWaiting, "väntar på "+cmp.Or(f.article, "väder")))
			done = p.work(done, 70)
		}
		p.do(n, done.Add(-10*time.Minute), technician, casework.Post{Lane: casework.LaneID(casework.LaneInternal), Text: pick(p.r, []string{"Åtgärdat på plats.", "Justerat och provat.", "Bytt " + cmp.Or(f.article, "det som var slitet") + ".", "Fel hittat och avhjälpt."})})
		p.do(n, done, technician, status(casework.StatusDone, ""))
	}
	manager := actor(casework.ViaAPI, p.byID[p.manager])
	if p.r.IntN(6) == 0 {
		p.do(n, done.Add(90*time.Minute), manager, casework.Post{Lane: casework.LaneID(casework.LaneCustomer), Text: "Hej! Felet ska nu vara åtgärdat. Hör av dig om något återstår."})
	}
	p.do(n, p.work(done.Add(24*time.Hour), 40), manager, status(casework.StatusClosed, ""))
	return done
}

func top(class string) string {
	t, _, _ := strings.Cut(class, register.Separator)
	return t
}

// ordered tells of an order to a supplier, and of a second one where the first has no time. It returns when the work was done.
func (p *past) ordered(n int, f defect, at time.Time, by casework.Actor) time.Time {
	firms := p.suppliers[top(f.class)]
	if len(firms) == 0 {
		return p.until.Add(time.Hour)
	}
	first := p.r.IntN(len(firms))
	for no := 1; ; no++ {
		supplier := p.byID[firms[(first+no-1)%len(firms)]]
		mail := actor(casework.ViaMail, supplier)
		answer := func(at time.Time, said ...grammar.Command) bool {
			return p.do(n, at, mail, casework.AnswerOrder{Order: casework.OrderNo(no), Sender: casework.Verified, Said: said})
		}
		at = p.work(at, 3)
		order := casework.Order{Name: supplier.Name, Email: supplier.Emails[0], MailOut: casework.MailOut{Text: f.subject + ". " + f.text + " Åtgärda och återkom.", PriceCap: 500_000}}
		if !p.do(n, at, by, order) {
			return p.until.Add(time.Hour)
		}
		at = p.work(at, 5)
		if no < len(firms) && no < 3 && p.r.IntN(12) == 0 {
			if !answer(at, grammar.Command{Kind: grammar.Decline, Reason: "fullt den här veckan"}) {
				return p.until.Add(time.Hour)
			}
			continue
		}
		visit := p.work(at.Add(24*time.Hour), 50).Truncate(time.Hour)
		if !answer(at, grammar.Command{Kind: grammar.Accept}) || !answer(at.Add(time.Minute), grammar.Command{Kind: grammar.Booked, From: visit, To: visit.Add(2 * time.Hour)}) {
			return p.until.Add(time.Hour)
		}
		done := visit.Add(time.Duration(30+p.r.IntN(150)) * time.Minute)
		said := []grammar.Command{
			{Kind: grammar.Time, Minutes: 30 * (1 + p.r.IntN(7))}, {Kind: grammar.Travel, Metres: int64(1+p.r.IntN(40)) * 1000}, {Kind: grammar.Done},
		}
		if f.article != "" {
			said = append(said, grammar.Command{Kind: grammar.Material, Quantity: 1000, Unit: "st", Article: f.article, Ore: f.ore, Priced: true})
		}
		if !answer(done, said...) {
			return p.until.Add(time.Hour)
		}
		return done
	}
}

// incident is one defect that a whole house reports: a case of the house, and the tenants' reports under it.
func (p *past) incident(at time.Time, f defect) {
	where := pick(p.r, p.homes)
	f.subject, f.text, f.order = "Värmen är borta i hela huset", "Undercentralen larmar.", 1
	parent := p.cases
	house := where
	house.unit = where.building
	done := p.story(at, f, house, 0)
	f.subject, f.text = "Ingen värme", "Alla element är kalla sedan i morse."
	reports := 0
	for _, h := range p.homes {
		if h.building != where.building || reports == 10 || p.r.IntN(3) > 0 {
			continue
		}
		reports++
		n := p.open(at.Add(time.Duration(5+p.r.IntN(240))*time.Minute), f, h.unit, h.at(at), parent+1)
		manager := actor(casework.ViaAPI, p.byID[p.manager])
		p.do(n, done.Add(time.Hour), manager, status(casework.StatusDone, fmt.Sprintf("åtgärdat för hela %s", where.building)))
		p.do(n, p.work(done.Add(26*time.Hour), 40), manager, status(casework.StatusClosed, ""))
	}
}
