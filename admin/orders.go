package admin

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
)

// Orders is what the API reads of orders.
type Orders interface {
	Orders(ctx context.Context, org casework.OrgID, n casework.CaseNumber) ([]desk.OrderView, error)
	Order(ctx context.Context, org casework.OrgID, n casework.CaseNumber, no casework.OrderNo) (desk.OrderView, error)
}

// WorkOrder is one order to one supplier, or a request for a price, as it is now.
type WorkOrder struct {
	ID         string     `json:"id" doc:"Also the reference that the supplier's invoice bears: 1042-2 is the second order of case 1042"`
	State      string     `json:"state" enum:"asked,offered,thanked,open,accepted,booked,done,declined,returned,withdrawn"`
	Since      *time.Time `json:"since" doc:"When it came into this state"`
	Lane       string     `json:"lane"`
	Supplier   Mailbox    `json:"supplier"`
	Request    string     `json:"request,omitempty" doc:"Of a request for a price: the first of those that are compared; also after an offer was chosen"`
	Deadline   *time.Time `json:"deadline"`
	PriceCap   *Kronor    `json:"price_cap"`
	Offer      *Kronor    `json:"offer" doc:"The price that he gave when asked for one"`
	Chosen     bool       `json:"chosen,omitempty" doc:"His offer was"`
	OverCap    bool       `json:"over_cap" doc:"What he offers, or what his lines come to, is over the cap and needs approval"`
	Booked     *Booked    `json:"booked" doc:"When he comes"`
	By         Actor      `json:"by"`
	AskedAt    *time.Time `json:"asked_at"`
	AnsweredAt *time.Time `json:"answered_at" doc:"His newest answer that was carried out"`
	Entry      string     `json:"entry" doc:"The mail that it went out by"`
	Sums       Sums       `json:"sums"`
}

// TransformSchema implements huma.SchemaTransformer.
func (WorkOrder) TransformSchema(r huma.Registry, s *huma.Schema) *huma.Schema {
	orNull(s, "booked", r.Schema(reflect.TypeFor[Booked](), true, ""))
	return s
}

// Booked is the time that a supplier booked.
type Booked struct {
	From time.Time  `json:"from"`
	To   *time.Time `json:"to" doc:"null where he gave no end"`

	Answers []VisitAnswer `json:"answers" nullable:"false" doc:"To the invitation, from calendars, by participant"`
}

// VisitAnswer is what somebody's calendar answered to the invitation to a visit.
type VisitAnswer struct {
	Participant uint32 `json:"participant"`
	Answer      string `json:"answer" enum:"accepted,declined,tentative,counter"`
}

// Visit is a time that was booked, moved or cancelled, or that is proposed.
type Visit struct {
	From      *time.Time `json:"from"`
	To        *time.Time `json:"to" doc:"null where no end was given"`
	Cancelled bool       `json:"cancelled"`
}

// Sums adds up the draft lines of an order. Numbers are integers but for money.
type Sums struct {
	Minutes  int    `json:"minutes"`
	Metres   int64  `json:"metres" doc:"Of travel"`
	Material Kronor `json:"material" doc:"Of the lines that have a price"`
	Price    Kronor `json:"price"`
	Total    Kronor `json:"total" doc:"Material and price; time and travel are priced by the price list"`
}

// OrderDetail is an order with its text and draft lines.
type OrderDetail struct {
	WorkOrder
	Org   string      `json:"org"`
	Case  uint64      `json:"case"`
	Text  string      `json:"text"`
	Lines []OrderLine `json:"lines" nullable:"false"`
}

// OrderLine is a draft line with its kind.
type OrderLine struct {
	Entry string `json:"entry"`
	Kind  string `json:"kind" enum:"time,material,cost"`
	Line
}

func amount(ore int64) *Kronor {
	if ore == 0 {
		return nil
	}
	k := Kronor(ore)
	return &k
}

func workOrder(n casework.CaseNumber, o casework.WorkOrder, supplier casework.Participant) WorkOrder {
	out := WorkOrder{
		ID: casework.OrderID(n, o.No), State: string(o.State), Since: utc(o.Since), Lane: string(o.Lane), Supplier: Mailbox{Name: supplier.Name, Email: supplier.Email},
		Deadline: utc(o.Deadline), PriceCap: amount(o.PriceCap), Offer: amount(o.Offer), Chosen: o.Chosen, OverCap: o.Over(), By: actor(o.By),
		AskedAt: utc(o.AskedAt), AnsweredAt: utc(o.AnsweredAt), Entry: string(o.Entry),
		Sums: Sums{
			Minutes: o.Sums.Minutes, Metres: o.Sums.Metres, Material: Kronor(o.Sums.Material), Price: Kronor(o.Sums.Price), Total: Kronor(o.Sums.Total()),
		},
	}
	if o.Request != 0 {
		out.Request = casework.OrderID(n, o.Request)
	}
	if !o.BookedFrom.IsZero() {
		out.Booked = &Booked{From: o.BookedFrom.UTC(), To: utc(o.BookedTo), Answers: []VisitAnswer{}}
		for _, p := range slices.Sorted(maps.Keys(o.Replies)) {
			out.Booked.Answers = append(out.Booked.Answers, VisitAnswer{Participant: uint32(p), Answer: o.Replies[p]})
		}
	}
	return out
}

func orderDetail(org casework.OrgID, v desk.OrderView) OrderDetail {
	out := OrderDetail{WorkOrder: workOrder(v.Case, v.WorkOrder, v.Supplier), Org: string(org), Case: uint64(v.Case), Text: v.Text, Lines: []OrderLine{}}
	for _, e := range v.Lines {
		out.Lines = append(out.Lines, OrderLine{Entry: string(e.ID), Kind: string(e.Kind), Line: *draftLine(*e.Line)})
	}
	return out
}

func (s *server) orderCalls() {
	register(s, call{method: http.MethodPost, path: prefix + "/cases/{number}/orders", id: "post-order", status: http.StatusAccepted,
		summary: "Send a supplier a work order, or ask one or several for a price"}, s.postOrder)
	register(s, call{method: http.MethodGet, path: prefix + "/cases/{number}/orders", id: "list-orders", summary: "The orders of a case, by number"}, s.listOrders)
	register(s, call{method: http.MethodGet, path: prefix + "/cases/{number}/quotes", id: "compare-quotes",
		summary: "What suppliers offered: requests for a price, each with its offers, the lowest first"}, s.compareQuotes)
	register(s, call{method: http.MethodGet, path: prefix + "/orders/{id}", id: "get-order", summary: "Read an order with its draft lines"}, s.getOrder)
	register(s, call{method: http.MethodPost, path: prefix + "/orders/{id}", id: "act-on-order",
		summary: "Withdraw an order, or choose an offer: the supplier is told by mail"}, s.actOnOrder)
}

type postOrderInput struct {
	CaseParam
	Body struct {
		Supplier  Supplier   `json:"supplier,omitempty"`
		Suppliers []Supplier `json:"suppliers,omitempty" maxItems:"20" doc:"Instead of supplier, with quote: several are asked for a price, each on a lane of his own"`
		Request   string     `json:"request,omitempty" maxLength:"40" nullable:"true" doc:"With quote: the order id of an earlier request, whose offers are compared with this one's"`
		Text      string     `json:"text,omitempty" maxLength:"1048576" nullable:"true"`
		Deadline  Deadline   `json:"deadline,omitempty"`
		PriceCap  Kronor     `json:"price_cap,omitempty"`
		Quote     bool       `json:"quote,omitempty" nullable:"true" doc:"Ask for a price instead of ordering"`
	}
}

// orderedEntry is the entry of the first mail, with every order that the call made.
type orderedEntry struct {
	Location string `header:"Location" doc:"Of the entry"`
	Body     struct {
		Entry
		Orders []WorkOrder `json:"orders" nullable:"false"`
	}
}

func (s *server) postOrder(ctx context.Context, in *postOrderInput) (*orderedEntry, error) {
	who, b := callerOf(ctx), in.Body
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	if (b.Supplier == Supplier{}) == (len(b.Suppliers) == 0) {
		return nil, fault.New(fault.Invalid, "an order needs a supplier, or suppliers, and not both")
	}
	suppliers := b.Suppliers
	if len(suppliers) == 0 {
		suppliers = []Supplier{b.Supplier}
	}
	n := casework.CaseNumber(in.Number)
	cmd := casework.Order{Name: suppliers[0].Name, Email: suppliers[0].Email, Contact: suppliers[0].Contact, MailOut: casework.MailOut{
		Text: b.Text, Deadline: b.Deadline.in(s.location(org)), PriceCap: int64(b.PriceCap), Quote: b.Quote,
	}}
	for _, other := range suppliers[1:] {
		cmd.Others = append(cmd.Others, casework.Supplier(other))
	}
	if b.Request != "" {
		of, no, ok := casework.ParseOrderID(b.Request)
		if !ok || of != n {
			return nil, fault.New(fault.Invalid, "request names no order of this case")
		}
		cmd.Request = no
	}
	c, entries, err := s.desk(ctx).Do(ctx, org, n, cmd, who.actor, 0)
	if err != nil {
		return nil, err
	}
	out := &orderedEntry{Location: location(org, "entries", entries[0].ID)}
	out.Body.Entry, err = s.view.entry(ctx, desk.EntryView{Entry: entries[0]})
	out.Body.Orders = []WorkOrder{}
	for _, e := range entries {
		if o, ok := c.Order(e.Order); ok && e.Kind == casework.KindOrder {
			out.Body.Orders = append(out.Body.Orders, workOrder(n, *o, c.Supplier(*o)))
		}
	}
	return out, err
}

type ordersOutput struct{ Body List[OrderDetail] }

// orders returns every order of the case that a call names.
func (s *server) orders(ctx context.Context, in CaseParam) ([]OrderDetail, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	views, err := s.desk(ctx).Orders(ctx, org, casework.CaseNumber(in.Number))
	out := make([]OrderDetail, 0, len(views))
	for _, v := range views {
		out = append(out, orderDetail(org, v))
	}
	return out, err
}

func (s *server) listOrders(ctx context.Context, in *struct{ CaseParam }) (*ordersOutput, error) {
	orders, err := s.orders(ctx, in.CaseParam)
	return &ordersOutput{List[OrderDetail]{Items: orders}}, err
}

// Quotes are the offers of suppliers who were asked for the same.
type Quotes struct {
	Request  string        `json:"request" doc:"The first order of the request"`
	Awaited  int           `json:"awaited" doc:"How many have not answered"`
	Chosen   string        `json:"chosen,omitempty" doc:"The order whose offer was chosen"`
	Offers   []OrderDetail `json:"offers" nullable:"false" doc:"The lowest price first, then those without a price"`
	Deadline *time.Time    `json:"deadline"`
}

type quotesOutput struct{ Body List[Quotes] }

func (s *server) compareQuotes(ctx context.Context, in *struct{ CaseParam }) (*quotesOutput, error) {
	orders, err := s.orders(ctx, in.CaseParam)
	if err != nil {
		return nil, err
	}
	all := []Quotes{}
	for _, o := range orders {
		if o.Request == "" {
			continue
		}
		i := slices.IndexFunc(all, func(q Quotes) bool { return q.Request == o.Request })
		if i < 0 {
			i = len(all)
			all = append(all, Quotes{Request: o.Request, Offers: []OrderDetail{}, Deadline: o.Deadline})
		}
		q := &all[i]
		q.Offers = append(q.Offers, o)
		if o.State == string(casework.OrderAsked) {
			q.Awaited++
		}
		if o.Chosen {
			q.Chosen = o.ID
		}
	}
	for _, q := range all {
		slices.SortStableFunc(q.Offers, func(a, b OrderDetail) int { return cmp.Compare(rank(a), rank(b)) })
	}
	return &quotesOutput{List[Quotes]{Items: all}}, nil
}

// rank is a price to sort by; none is the highest.
func rank(o OrderDetail) Kronor {
	if o.Offer == nil {
		return 1 << 62
	}
	return *o.Offer
}

type orderOutput struct{ Body OrderDetail }

// orderOf is the order that a call names by its id.
func orderOf(ctx context.Context, in IDParam) (org casework.OrgID, n casework.CaseNumber, no casework.OrderNo, err error) {
	if org, err = callerOf(ctx).org(in.Org); err != nil {
		return org, 0, 0, err
	}
	n, no, ok := casework.ParseOrderID(in.ID)
	if !ok {
		return org, 0, 0, fault.New(fault.NotFound, "there is no such order")
	}
	return org, n, no, nil
}

func (s *server) getOrder(ctx context.Context, in *struct{ IDParam }) (*orderOutput, error) {
	org, n, no, err := orderOf(ctx, in.IDParam)
	if err != nil {
		return nil, err
	}
	v, err := s.desk(ctx).Order(ctx, org, n, no)
	if err != nil {
		return nil, err
	}
	return &orderOutput{orderDetail(org, v)}, nil
}

type actOnOrderInput struct {
	IDParam
	Body struct {
		Action string `json:"action" enum:"withdraw,choose"`
		Text   string `json:"text,omitempty" maxLength:"1048576" nullable:"true" doc:"To the supplier, in the mail that tells him"`
	}
}

func (s *server) actOnOrder(ctx context.Context, in *actOnOrderInput) (*orderOutput, error) {
	org, n, no, err := orderOf(ctx, in.IDParam)
	if err != nil {
		return nil, err
	}
	var cmd casework.Command
	switch in.Body.Action {
	case "withdraw":
		cmd = casework.WithdrawOrder{Order: no, Text: in.Body.Text}
	case "choose":
		cmd = casework.ChooseOffer{Order: no, Text: in.Body.Text}
	default:
		return nil, fault.New(fault.Invalid, fmt.Sprintf("there is no action %q: withdraw or choose", in.Body.Action))
	}
	if _, _, err := s.desk(ctx).Do(ctx, org, n, cmd, callerOf(ctx).actor, 0); err != nil {
		return nil, err
	}
	return s.getOrder(ctx, &struct{ IDParam }{in.IDParam})
}
