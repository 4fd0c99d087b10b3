package casework

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"smartmail/fault"
	"smartmail/grammar"
)

// say is a command of the grammar with what it needs.
func say(k grammar.Kind) grammar.Command {
	return map[grammar.Kind]grammar.Command{
		grammar.Accept:   {Kind: grammar.Accept},
		grammar.Decline:  {Kind: grammar.Decline, Reason: "fullt"},
		grammar.Booked:   {Kind: grammar.Booked, From: noon.AddDate(0, 0, 7), To: noon.AddDate(0, 0, 7).Add(2 * time.Hour)},
		grammar.Done:     {Kind: grammar.Done},
		grammar.Time:     {Kind: grammar.Time, Minutes: 90},
		grammar.Material: {Kind: grammar.Material, Quantity: 2500, Unit: "m", Article: "rör", Ore: 4550, Priced: true},
		grammar.Travel:   {Kind: grammar.Travel, Metres: 34000},
		grammar.Price:    {Kind: grammar.Price, Ore: 120000, Priced: true},
	}[k]
}

func answer(t *testing.T, c Case, no OrderNo, kinds ...grammar.Kind) (Case, []Entry) {
	t.Helper()
	a := AnswerOrder{Order: no, Mail: "m", Sender: Verified}
	for _, k := range kinds {
		a.Said = append(a.Said, say(k))
	}
	c, entries, err := Do(c, a, Actor{Via: ViaMail, Name: "Bo"}, noon.Add(time.Hour), ids())
	if err != nil {
		t.Fatal(err)
	}
	return c, entries
}

// asked is case 7 on which three suppliers (2, 3 and 4) were asked for a price, the second for a price cap's sake too.
func asked(t *testing.T) Case {
	t.Helper()
	c, _ := do(t, Case{Org: "a", Number: 7}, Open{Subject: "Tak", Reporter: &Reporter{Name: "Anna", Email: "anna@home.example"}}, noon)
	c, entries := do(t, c, Order{Email: "a@tak.example", Others: []Supplier{{Email: "b@tak.example"}, {Email: "c@tak.example"}}, MailOut: MailOut{Text: "Lägg om taket", Quote: true}}, noon)
	if len(entries) != 3 || entries[1].Order != 2 || entries[1].Lane != "supplier-3" || len(Outgoing(c, entries[1])) != 1 {
		t.Fatalf("asked by %+v", entries)
	}
	return c
}

// What each answer makes of an order, from each of its states.
func TestAnswersByState(t *testing.T) {
	for _, x := range []struct {
		from   OrderState
		status Status
		kinds  []grammar.Kind
		want   OrderState
		after  Status
	}{
		{OrderOpen, StatusNew, []grammar.Kind{grammar.Accept}, OrderAccepted, StatusAssigned},
		{OrderOpen, StatusStarted, []grammar.Kind{grammar.Accept, grammar.Booked}, OrderBooked, StatusStarted},
		{OrderOpen, StatusReturned, []grammar.Kind{grammar.Booked}, OrderBooked, StatusAssigned},
		{OrderOpen, StatusNew, []grammar.Kind{grammar.Decline}, OrderDeclined, StatusReturned},
		{OrderOpen, StatusClosed, []grammar.Kind{grammar.Done}, OrderDone, StatusClosed},
		{OrderAccepted, StatusAssigned, []grammar.Kind{grammar.Accept}, OrderAccepted, StatusAssigned},
		{OrderAccepted, StatusAssigned, []grammar.Kind{grammar.Decline}, OrderReturned, StatusReturned},
		{OrderBooked, StatusAssigned, []grammar.Kind{grammar.Decline}, OrderReturned, StatusReturned},
		{OrderBooked, StatusAssigned, []grammar.Kind{grammar.Accept}, OrderBooked, StatusAssigned},
		{OrderBooked, StatusAssigned, []grammar.Kind{grammar.Done, grammar.Time}, OrderDone, StatusDone},
		{OrderDone, StatusDone, []grammar.Kind{grammar.Decline}, OrderDone, StatusDone},
		{OrderDone, StatusDone, []grammar.Kind{grammar.Done}, OrderDone, StatusDone},
		{OrderDone, StatusDone, []grammar.Kind{grammar.Booked}, OrderDone, StatusDone},
		{OrderDeclined, StatusReturned, []grammar.Kind{grammar.Accept}, OrderDeclined, StatusReturned},
		{OrderWithdrawn, StatusNew, []grammar.Kind{grammar.Done, grammar.Time, grammar.Price}, OrderWithdrawn, StatusNew},
		{OrderThanked, StatusNew, []grammar.Kind{grammar.Price}, OrderThanked, StatusNew},
		{OrderAsked, StatusNew, []grammar.Kind{grammar.Accept, grammar.Done, grammar.Time}, OrderAsked, StatusNew},
		{OrderAsked, StatusNew, []grammar.Kind{grammar.Price}, OrderOffered, StatusNew},
		{OrderAsked, StatusNew, []grammar.Kind{grammar.Decline}, OrderDeclined, StatusNew},
		{OrderOffered, StatusNew, []grammar.Kind{grammar.Price}, OrderOffered, StatusNew},
	} {
		c := opened(t)
		o, _ := c.Order(1)
		o.State, c.Status = x.from, x.status
		next, entries := answer(t, c, 1, x.kinds...)
		got, _ := next.Order(1)
		if got.State != x.want || next.Status != x.after {
			t.Errorf("%s, %s, %v: %s and %s; want %s and %s", x.from, x.status, x.kinds, got.State, next.Status, x.want, x.after)
		}
		for _, e := range entries {
			if e.Kind != KindStatus && e.Order != 1 {
				t.Errorf("%s %v: entry without its order: %+v", x.from, x.kinds, e)
			}
		}
	}
}

// One supplier of two who is done, or hands his back, does not end the case for the other.
func TestASecondSupplierIsStillAwaited(t *testing.T) {
	c := opened(t)
	c, _ = do(t, c, Order{Email: "el@el.example"}, noon)
	for _, k := range []grammar.Kind{grammar.Done, grammar.Decline} {
		next, _ := answer(t, c, 1, k)
		if next.Status != StatusNew {
			t.Errorf("%s: the case is %s", k, next.Status)
		}
		if next, _ = answer(t, next, 2, k); next.Status == StatusNew {
			t.Errorf("%s by both: the case is %s", k, next.Status)
		}
	}
}

func TestLinesAreSummed(t *testing.T) {
	c, entries := answer(t, opened(t), 1, grammar.Time, grammar.Time, grammar.Material, grammar.Travel, grammar.Price)
	o, _ := c.Order(1)
	// 2.5 m at 45.50 kr is 113.75 kr.
	if want := (Sums{Minutes: 180, Material: 11375, Metres: 34000, Price: 120000}); o.Sums != want || o.Sums.Total() != 131375 {
		t.Errorf("sums are %+v", o.Sums)
	}
	var kinds []string
	for i, e := range entries {
		kinds = append(kinds, string(e.Kind))
		if o.Lines[i] != e.ID || e.Line == nil || e.Line.Mail != "m" {
			t.Errorf("line %d is %+v", i, e)
		}
	}
	if got := strings.Join(kinds, " "); got != "time time material cost cost" || !o.AnsweredAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("entries are %s, answered %v", got, o.AnsweredAt)
	}
	for len(o.Lines) < maxLines {
		o.Lines = append(o.Lines, "x")
	}
	full, entries := answer(t, c, 1, grammar.Time)
	if o, _ := full.Order(1); len(o.Lines) != maxLines || len(entries) != 1 || entries[0].Kind != KindFlag {
		t.Errorf("a full order takes %+v", entries)
	}
	if got := times(1<<62, 1<<62); got <= 0 || got*maxLines <= 0 {
		t.Errorf("a price that no integer holds is %d", got)
	}
}

// Over the cap is carried out and flagged: each answer that adds to it once.
func TestPriceCap(t *testing.T) {
	c := opened(t)
	o, _ := c.Order(1)
	o.PriceCap = 125000
	flags := func(entries []Entry) (out []string) {
		for _, e := range entries {
			if e.Kind == KindFlag {
				out = append(out, e.Change.From+" "+e.Change.To)
			}
		}
		return out
	}
	c, entries := answer(t, c, 1, grammar.Price)
	if got := flags(entries); got != nil {
		t.Errorf("within the cap: %v", got)
	}
	c, entries = answer(t, c, 1, grammar.Material, grammar.Done)
	if got := flags(entries); !slices.Equal(got, []string{"1250.00 1313.75"}) {
		t.Errorf("over the cap: %v", got)
	}
	if _, entries = answer(t, c, 1, grammar.Time); flags(entries) != nil {
		t.Errorf("time adds nothing to the price: %v", entries)
	}
	quote := asked(t)
	q, _ := quote.Order(2)
	q.PriceCap = 100000
	quote, entries = answer(t, quote, 2, grammar.Price)
	if got := flags(entries); !slices.Equal(got, []string{"1000.00 1200.00"}) {
		t.Errorf("an offer over the cap: %v", got)
	}
	if q, _ = quote.Order(2); !q.Over() || q.State != OrderOffered {
		t.Errorf("the offer is %+v", q)
	}
}

func TestWithdrawing(t *testing.T) {
	for state, works := range map[OrderState]bool{
		OrderAsked: true, OrderOffered: true, OrderOpen: true, OrderAccepted: true, OrderBooked: true,
		OrderThanked: false, OrderDone: false, OrderDeclined: false, OrderReturned: false, OrderWithdrawn: false,
	} {
		c := opened(t)
		o, _ := c.Order(1)
		o.State = state
		next, entries, err := Do(c, WithdrawOrder{Order: 1, Text: "Lagat."}, staff, noon, ids())
		if (err == nil) != works || !works && !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", state, err)
			continue
		}
		if !works {
			continue
		}
		if o, _ := next.Order(1); o.State != OrderWithdrawn || len(entries) != 2 || entries[1].MailOut.About != AboutWithdrawn {
			t.Errorf("%s: %+v", state, entries)
		}
		if out := Outgoing(next, entries[1]); len(out) != 1 || out[0].To.Email != "jour@ror.example" {
			t.Errorf("%s: he is told by %+v", state, out)
		}
	}
	if _, _, err := Do(opened(t), WithdrawOrder{Order: 2}, staff, noon, ids()); !fault.Is(err, fault.NotFound) {
		t.Errorf("no such order: %v", err)
	}
}

// One offer is chosen, and whoever still waits is thanked; nobody else hears of it.
func TestChoosing(t *testing.T) {
	c := asked(t)
	c, _ = do(t, c, Order{Email: "d@tak.example", Request: 1, MailOut: MailOut{Quote: true}}, noon)
	c, _ = do(t, c, Order{Email: "e@el.example", MailOut: MailOut{Quote: true}}, noon) // for something else
	c, _ = answer(t, c, 1, grammar.Price)
	c, _ = answer(t, c, 3, grammar.Decline)
	if _, _, err := Do(c, ChooseOffer{Order: 2}, staff, noon, ids()); !fault.Is(err, fault.Conflict) {
		t.Errorf("a price that was not given is chosen: %v", err)
	}
	next, entries := do(t, c, ChooseOffer{Order: 1, Text: "Välkomna"}, noon)
	var got, mails []string
	for _, o := range next.Orders {
		got = append(got, fmt.Sprint(o.State))
	}
	for _, e := range entries {
		for _, m := range Outgoing(next, e) {
			mails = append(mails, e.MailOut.About+" "+m.To.Email)
		}
	}
	if want := "accepted thanked declined thanked asked"; strings.Join(got, " ") != want || next.Status != StatusAssigned {
		t.Errorf("orders are %v, the case %s", got, next.Status)
	}
	if want := []string{"chosen a@tak.example", "thanked b@tak.example", "thanked d@tak.example"}; !slices.Equal(mails, want) {
		t.Errorf("mails go out: %q", mails)
	}
	if o, _ := next.Order(1); !o.Chosen || o.PriceCap != 120000 || o.Request != 1 {
		t.Errorf("chosen is %+v", o)
	}
	if _, _, err := Do(next, ChooseOffer{Order: 1}, staff, noon, ids()); !fault.Is(err, fault.Conflict) {
		t.Errorf("chosen twice: %v", err)
	}
	if done, _ := answer(t, next, 1, grammar.Booked, grammar.Done); done.Status != StatusDone {
		t.Errorf("done, the case is %s", done.Status)
	}
}

func TestOrdersRefuseWhatIsWrong(t *testing.T) {
	c := asked(t)
	many := make([]Supplier, maxAsked)
	for i := range many {
		many[i].Email = fmt.Sprintf("s%d@b.example", i)
	}
	quote := MailOut{Quote: true}
	for name, x := range map[string]struct {
		cmd  Order
		want fault.Kind
	}{
		"an order to two":     {Order{Email: "a@b", Others: []Supplier{{Email: "c@d"}}}, fault.Invalid},
		"one of them nobody":  {Order{Email: "a@b", Others: []Supplier{{Email: "c"}}, MailOut: quote}, fault.Invalid},
		"the same twice":      {Order{Email: "a@b", Others: []Supplier{{Email: "A@B"}}, MailOut: quote}, fault.Invalid},
		"too many":            {Order{Email: "a@b", Others: many, MailOut: quote}, fault.Invalid},
		"within no request":   {Order{Email: "a@b", Request: 9, MailOut: quote}, fault.Invalid},
		"within its middle":   {Order{Email: "a@b", Request: 2, MailOut: quote}, fault.Invalid},
		"an order in request": {Order{Email: "a@b", Request: 1}, fault.Invalid},
	} {
		if _, _, err := Do(c, x.cmd, staff, noon, ids()); fault.KindOf(err) != x.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.Orders = make([]WorkOrder, maxOrders)
	if _, _, err := Do(c, Order{Email: "a@b"}, staff, noon, ids()); !fault.Is(err, fault.Conflict) {
		t.Errorf("one order too many: %v", err)
	}
}

// Which order a mail answers, where its supplier has several.
func TestAnswered(t *testing.T) {
	type state = OrderState
	for name, x := range map[string]struct {
		states []state
		named  OrderNo
		want   OrderNo // 0: none
		why    bool
	}{
		"none":                {nil, 0, 0, false},
		"the only one":        {[]state{OrderOpen}, 0, 1, false},
		"that waits":          {[]state{OrderDone, OrderBooked, OrderDeclined}, 0, 2, false},
		"the newest":          {[]state{OrderWithdrawn, OrderDone}, 0, 2, false},
		"two wait":            {[]state{OrderOpen, OrderAsked}, 0, 0, true},
		"two wait, one named": {[]state{OrderOpen, OrderAsked}, 1, 1, false},
		"named, and ended":    {[]state{OrderWithdrawn, OrderOpen}, 1, 1, false},
		"another is named":    {[]state{OrderOpen}, 9, 1, false},
	} {
		c := Case{Number: 7, Orders: []WorkOrder{{No: 100, Lane: "supplier-9", State: OrderOpen}}}
		for i, s := range x.states {
			c.Orders = append(c.Orders, WorkOrder{No: OrderNo(i + 1), Lane: "supplier-2", State: s})
		}
		o, why := c.Answered("supplier-2", x.named)
		if (o == nil) != (x.want == 0) || o != nil && o.No != x.want || (why != "") != x.why {
			t.Errorf("%s: %+v, %q", name, o, why)
		}
	}
}

func TestOrderIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, no := CaseNumber(rapid.Uint64().Draw(t, "case")), OrderNo(rapid.Uint32().Draw(t, "no"))
		if gotN, gotNo, ok := ParseOrderID(OrderID(n, no)); !ok || gotN != n || gotNo != no {
			t.Fatalf("%s is read as %d, %d, %v", OrderID(n, no), gotN, gotNo, ok)
		}
	})
	for _, s := range []string{"", "7", "7-", "-1", "07-1", "7-01", "7-1-1", "7-1 ", "+7-1", "7-4294967296"} {
		if _, _, ok := ParseOrderID(s); ok {
			t.Errorf("%q is an order's id", s)
		}
	}
}

// waits tells what waits for whom on a case.
func waits(c Case) (out []string) {
	for _, a := range c.Attention {
		out = append(out, a.For+": "+a.Why)
	}
	return out
}

// What suppliers hand back, or leave to a person, comes before the orderer, until he acts.
func TestOrdersAskForAttention(t *testing.T) {
	c, _ := answer(t, opened(t), 1, grammar.Decline)
	if got := waits(c); !slices.Equal(got, []string{"Eva: order 7-1 is declined: somebody else has to do it"}) {
		t.Errorf("declined: %q", got)
	}
	if again, _ := do(t, c, Order{Email: "el@el.example"}, noon); len(again.Attention) != 0 {
		t.Errorf("another was asked: %q", waits(again))
	}
	c, _ = answer(t, opened(t), 1, grammar.Accept, grammar.Decline)
	if got := waits(c); !slices.Equal(got, []string{"Eva: order 7-1 is returned: somebody else has to do it"}) {
		t.Errorf("returned: %q", got)
	}
	c = asked(t)
	c, _ = answer(t, c, 1, grammar.Price)
	c, _ = answer(t, c, 2, grammar.Decline)
	if got := waits(c); got != nil {
		t.Errorf("one has not answered: %q", got)
	}
	c, _ = answer(t, c, 3, grammar.Price)
	if got := waits(c); !slices.Equal(got, []string{"Eva: all have answered request 7-1, with 2 offers"}) {
		t.Errorf("all have answered: %q", got)
	}
	if chosen, _ := do(t, c, ChooseOffer{Order: 1}, noon); len(chosen.Attention) != 0 {
		t.Errorf("chosen: %q", waits(chosen))
	}
	c = opened(t)
	c, _ = do(t, c, Flag{Lane: "supplier-2", Order: 1, Pieces: []string{"KLAR imorgon"}}, noon)
	o, _ := c.Order(1)
	o.PriceCap = 100
	c, _ = answer(t, c, 1, grammar.Price)
	if got := waits(c); len(got) != 2 || got[1] != "Eva: order 7-1 is over its price cap" {
		t.Errorf("flagged and over the cap: %q", got)
	}
	if c, _ = do(t, c, WithdrawOrder{Order: 1}, noon); len(c.Attention) != 0 {
		t.Errorf("withdrawn: %q", waits(c))
	}
}
