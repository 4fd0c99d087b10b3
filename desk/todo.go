package desk

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/property"
	"smartmail/register"
)

// Todo is what waits for a person: with the case that it is on, or of code triage with the item, of code retention with the rule, of code
// webhook with that.
type Todo struct {
	casework.Attention
	Urgency   casework.Urgency // Now, Soon or Normal
	Case      casework.Case
	Triage    *TriageView
	Retention *casework.Retention
	Webhook   *casework.Webhook
}

// Todos returns what waits for a person, the most urgent first and of that the oldest, limit at most. who is a contact, or the name under
// which somebody acts; for nobody named it is what waits for anybody.
func (d *Desk) Todos(ctx context.Context, org casework.OrgID, who string, after casestore.Key, limit int) (Page[Todo], error) {
	return d.todos(ctx, org, todoQuery{who: who, triage: true, retention: true, webhooks: true}, after, limit)
}

// Tasks are what waits for people on a case now, as to-do lists have it.
func (d *Desk) Tasks(c casework.Case) []casework.Task {
	return c.Tasks(d.Notices[c.Org].rules(), d.Now())
}

// todoQuery selects what waits.
type todoQuery struct {
	who       string
	triage    bool                                            // mails in triage are the caller's business
	retention bool                                            // rules that wait are
	webhooks  bool                                            // so are webhooks that are disabled
	seen      func(casestore.Tx, casework.Case) (bool, error) // whether he may see a case; nil: all
}

func (d *Desk) todos(ctx context.Context, org casework.OrgID, q todoQuery, after casestore.Key, limit int) (p Page[Todo], err error) {
	from, err := readTodoCursor(after)
	if err != nil {
		return p, err
	}
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		p, err = d.todosIn(ctx, tx, org, q, from, limit)
		return err
	})
	return p, err
}

// todosIn is todos within a transaction.
func (d *Desk) todosIn(ctx context.Context, tx casestore.Tx, org casework.OrgID, q todoQuery, from todoCursor, limit int) (Page[Todo], error) {
	p := Page[Todo]{Items: []Todo{}}
	person, err := d.todoPersonOf(tx, org, q)
	if err != nil {
		return p, err
	}
	var last todoCursor
	for u := from.urgency; u <= casework.Normal; u++ {
		g := gathering{ctx: ctx, tx: tx, org: org, rules: d.Notices[org].rules(), now: d.Now(), urgency: u, seen: q.seen, most: limit - len(p.Items) + 1}
		if u == from.urgency {
			g.after = from.place
		}
		if err := g.all(person); err != nil {
			return p, err
		}
		for _, f := range g.found {
			if len(p.Items) == limit {
				p.Next = last.key()
				return p, nil
			}
			p.Items, last = append(p.Items, f.Todo), todoCursor{u, f.place}
		}
	}
	return p, nil
}

// todoPerson is whose to-do list it is.
type todoPerson struct {
	lists     []todoList
	triage    bool
	retention bool
	webhooks  bool
}

// todoList is a list that is his, or so far as something belongs to him; nil: all of it.
type todoList struct {
	casestore.TodoList
	belongs func(Todo) (bool, error)
}

// todoPersonOf finds by which names somebody acts. A contact's own work waits for him under his id, his name and his addresses, and what
// nobody has taken on in his areas waits for him too.
func (d *Desk) todoPersonOf(tx casestore.Tx, org casework.OrgID, q todoQuery) (p todoPerson, err error) {
	if q.who == "" {
		return todoPerson{[]todoList{{TodoList: casestore.TodoOfAll()}}, q.triage, q.retention, q.webhooks}, nil
	}
	names := []string{q.who}
	r, err := casestore.Contacts.Get(tx, casestore.ThingKey(org, q.who))
	if ignoreNotFound(err) != nil {
		return p, err
	}
	if c := r.Thing; err == nil {
		manages := slices.Contains(c.Parts, register.Manager)
		p.triage, p.retention, p.webhooks = q.triage && manages, q.retention && manages, q.webhooks && manages
		names = append(append(names, c.Name), c.Emails...)
		if p.lists, err = d.areaLists(tx, org, c); err != nil {
			return p, err
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		p.lists = append(p.lists, todoList{TodoList: casestore.TodoFor(name)})
	}
	return p, nil
}

// areaLists are the lists of what nobody has taken on in a contact's areas: of each object where there is something, or where the objects
// are very many the list of all, looked through.
func (d *Desk) areaLists(tx casestore.Tx, org casework.OrgID, c register.Contact) (lists []todoList, err error) {
	roots := make([]property.ID, len(c.Areas))
	for i, a := range c.Areas {
		roots[i] = property.ID(a)
	}
	in, err := d.lyingIn(tx, org, roots)
	if err != nil || len(roots) == 0 {
		return nil, err
	}
	if len(in) == 0 {
		estate, err := d.estates.of(tx, org)
		return []todoList{{casestore.TodoOfAll(), func(t Todo) (bool, error) {
			if t.Case.Assignee != "" || t.Code != casework.CodeNew && t.Code != casework.CodeDeadline && t.Code != casework.CodeOverdue {
				return false, nil
			}
			return estate.Within(property.ID(t.Case.Object), roots), nil
		}}}, err
	}
	for _, object := range in[0].Values {
		l := casestore.TodoAt(object)
		for _, err := range tx.Scan(casestore.Cases.Schema(), casestore.Query{Index: "by_todo", Prefix: casestore.TodoListPrefix(org, l), Limit: 1}) {
			if err != nil {
				return nil, err
			}
			lists = append(lists, todoList{TodoList: l})
		}
	}
	return lists, nil
}

// gathering collects the first of what waits with one urgency, from several lists.
type gathering struct {
	ctx     context.Context
	tx      casestore.Tx
	org     casework.OrgID
	rules   casework.Rules
	now     time.Time
	urgency casework.Urgency
	seen    func(casestore.Tx, casework.Case) (bool, error)
	after   casestore.Key // place behind which to begin; nil: at the first
	most    int
	found   []placed // in their order, most at most
}

// placed is something that waits, with its place among all of its urgency.
type placed struct {
	Todo
	place casestore.Key
}

func (g *gathering) all(p todoPerson) error {
	for _, l := range p.lists {
		if err := g.list(l.TodoList, l.belongs); err != nil {
			return err
		}
	}
	if p.triage && g.urgency == casework.Soon {
		if err := g.triage(); err != nil {
			return err
		}
	}
	switch {
	case p.webhooks && g.urgency == casework.Soon:
		return g.webhooks()
	case p.retention && g.urgency == casework.Normal:
		return g.retention()
	}
	return nil
}

// list adds what is on one list as far as it is among the first, and of that which is due its part.
func (g *gathering) list(l casestore.TodoList, belongs func(Todo) (bool, error)) error {
	if err := g.scan(casestore.TodoPrefix(g.org, l, g.urgency), nil, nil, belongs); err != nil {
		return err
	}
	due, now, soon := casestore.TodoPrefix(g.org, l, casework.ByDeadline), casestore.Key(nil).Time(g.now), casestore.Key(nil).Time(g.rules.NearAt(g.now))
	switch g.urgency {
	case casework.Now:
		return g.scan(due, nil, now, belongs)
	case casework.Soon:
		return g.scan(due, now, soon, belongs)
	}
	return nil
}

// scan adds what is behind a prefix, from place low and before high.
func (g *gathering) scan(prefix, low, high casestore.Key, belongs func(Todo) (bool, error)) error {
	q := g.query(prefix, low, high)
	q.Index = "by_todo"
	n := 0
	for f, err := range casestore.Cases.Scan(g.tx, q) {
		if err == nil {
			err = g.ctx.Err() // a filter that finds little must not outlive its caller
		}
		if err != nil {
			return err
		}
		t, place, ok := g.at(f.Record, prefix, f.Pos)
		if ok && belongs != nil {
			ok, err = belongs(t)
		}
		if ok && err == nil && g.seen != nil {
			ok, err = g.seen(g.tx, f.Record)
		}
		switch {
		case err != nil:
			return err
		case !ok:
			continue
		}
		if g.found, n = append(g.found, placed{t, place}), n+1; n == g.most {
			break
		}
	}
	g.cut()
	return nil
}

// query is what to scan behind a prefix: behind the place of the cursor, and before what could not be among the first.
func (g *gathering) query(prefix, low, high casestore.Key) casestore.Query {
	q := casestore.Query{Prefix: prefix}
	if low != nil {
		q.After = slices.Concat(prefix, low)
	}
	if g.after != nil {
		if behind := slices.Concat(prefix, g.after, casestore.Key{0xFF}); bytes.Compare(behind, q.After) > 0 { // behind all records of that place
			q.After = behind
		}
	}
	if len(g.found) == g.most && (high == nil || bytes.Compare(g.found[g.most-1].place, high) < 0) {
		high = g.found[g.most-1].place
	}
	if high != nil {
		q.Until = slices.Concat(prefix, high)
	}
	return q
}

// at is what on a case it was found by: several things may wait on it, each in a place of its own.
func (g *gathering) at(c casework.Case, prefix, pos casestore.Key) (Todo, casestore.Key, bool) {
	for _, t := range c.Tasks(g.rules, g.now) {
		place := casestore.TodoPlace(nil, t.Since, string(t.Entry))
		if t.Urgency == g.urgency && bytes.HasPrefix(pos, slices.Concat(prefix, place)) {
			return Todo{Attention: t.Attention, Urgency: t.Urgency, Case: c}, place, true
		}
	}
	return Todo{}, nil, false
}

// triage adds the mails that wait in triage.
func (g *gathering) triage() error {
	q := g.query(casestore.K(string(g.org)), nil, nil)
	q.Index, q.Limit = "by_todo", g.most
	for f, err := range casestore.Triage.Scan(g.tx, q) {
		if err != nil {
			return err
		}
		v, _, err := viewTriage(g.tx, f.Record)
		if err != nil {
			return err
		}
		a := casework.Attention{Entry: casework.EntryID(v.ID), Code: casework.CodeTriage, Why: v.Why, Since: v.At}
		g.found = append(g.found, placed{Todo{Attention: a, Urgency: g.urgency, Triage: &v}, casestore.TodoPlace(nil, v.At, string(v.ID))})
	}
	g.cut()
	return nil
}

// retention adds the rules that wait for somebody to confirm them.
func (g *gathering) retention() error {
	q := g.query(casestore.K(string(g.org)), nil, nil)
	q.Index, q.Limit = "by_todo", g.most
	for f, err := range casestore.Retention.Scan(g.tx, q) {
		if err != nil {
			return err
		}
		r := f.Record
		a := casework.Attention{Entry: casework.EntryID("retention-" + r.Edition), Code: casework.CodeRetention, Detail: cmp.Or(r.Class, "*"), Since: r.Since}
		g.found = append(g.found, placed{Todo{Attention: a, Urgency: g.urgency, Retention: &r}, casestore.TodoPlace(nil, r.Since, r.Class)})
	}
	g.cut()
	return nil
}

func (g *gathering) cut() {
	slices.SortFunc(g.found, func(a, b placed) int { return bytes.Compare(a.place, b.place) })
	g.found = g.found[:min(g.most, len(g.found))]
}

// todoCursor is a place in the whole list.
type todoCursor struct {
	urgency casework.Urgency
	place   casestore.Key
}

func (c todoCursor) key() casestore.Key {
	return slices.Concat(casestore.Key(nil).Uint(uint64(c.urgency)), c.place)
}

func readTodoCursor(k casestore.Key) (c todoCursor, err error) {
	if len(k) == 0 {
		return c, nil
	}
	if len(k) < 8 || binary.BigEndian.Uint64(k) > uint64(casework.Normal) {
		return c, fault.New(fault.Invalid, "this cursor is not one of a to-do list")
	}
	return todoCursor{casework.Urgency(binary.BigEndian.Uint64(k)), k[8:]}, nil
}

// Attend says that a person has seen to what the entry asks for. Errors: fault.NotFound; Conflict where it asks for nothing any more.
func (d *Desk) Attend(ctx context.Context, org casework.OrgID, id casework.EntryID, by casework.Actor) (told casework.Entry, err error) {
	err = d.update(ctx, func(tx casestore.Tx) error {
		e, err := casestore.Entries.Find(tx, "by_id", casestore.K(string(org)).Str(string(id)))
		if err != nil {
			return renamed(err, "there is no such entry")
		}
		c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, e.Case))
		if err != nil {
			return caseError(e.Case, err)
		}
		_, entries, err := d.act(tx, c, casework.Attend{Entry: id}, by, d.Now())
		if err == nil {
			told = entries[0]
		}
		return err
	})
	return told, err
}
