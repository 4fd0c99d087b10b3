package desk

import (
	"context"
	"slices"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/register"
	"smartmail/stats"
)

// Statistics computes figures from what follows the log.
type Statistics interface {
	// Wait returns when what was committed before is counted, or when that takes too long.
	Wait(ctx context.Context, org casework.OrgID) error
	// Behind is how many events are not counted yet.
	Behind(ctx context.Context, org casework.OrgID) (uint64, error)

	Figures(ctx context.Context, org casework.OrgID, q stats.Query, e *stats.Estate) (stats.Table, error)
	Suppliers(ctx context.Context, org casework.OrgID, q stats.Query, e *stats.Estate) ([]stats.Score, error)
	Repeats(ctx context.Context, org casework.OrgID, q stats.Query, e *stats.Estate) ([]stats.Repeat, error)
	Clusters(ctx context.Context, org casework.OrgID, q stats.Query, e *stats.Estate, t stats.Together) ([]stats.Cluster, error)
	Plan(ctx context.Context, org casework.OrgID, q stats.Query, e *stats.Estate, least int) ([]stats.PlanRow, error)
}

// Reckoned says how far an answer of figures goes.
type Reckoned struct {
	Behind uint64 // events that are not counted yet: more than a few while all is derived anew
	Money  bool   // whether the caller may see amounts; where not, they are 0
}

// reckoning is a question on its way.
type reckoning struct {
	q      stats.Query
	estate *stats.Estate
	names  map[string]string // of contacts, by their id
	Reckoned
}

// reckon makes a question ready: the scope that holds for the caller, the register, and what is not counted yet.
func (g *Guarded) reckon(ctx context.Context, org casework.OrgID, q stats.Query) (r reckoning, err error) {
	d, s := g.desk, g.grant.Scope
	if err := g.need(access.Figures); err != nil {
		return r, err
	}
	if len(s.Own) > 0 {
		return r, fault.New(fault.Forbidden, "figures are not limited to one's own cases: a token with a scope of objects, segments, classes or suppliers is needed")
	}
	if d.Statistics == nil {
		return r, fault.New(fault.Ours, "no figures are kept here")
	}
	if err := d.Statistics.Wait(ctx, org); err != nil {
		return r, err
	}
	if r.Behind, err = d.Statistics.Behind(ctx, org); err != nil {
		return r, err
	}
	q.Scope = stats.Filter{Objects: s.Objects, Segments: s.Segments, Classes: s.Classes, Suppliers: s.Suppliers}
	q.Now, q.Location, q.People = d.Now(), d.Notices[org].location(), map[string]string{}
	if q.Days != (stats.Days{}) {
		if q.From, q.To, err = q.Days.In(q.Location); err != nil {
			return r, err
		}
	}
	r.names, r.Money = map[string]string{}, g.grant.May(access.Money)
	err = d.Store.View(ctx, func(tx casestore.Tx) (err error) {
		if r.estate, err = d.estates.of(tx, org); err != nil {
			return err
		}
		return r.people(tx, org, &q)
	})
	r.q = q
	return r, err
}

// people tells whose addresses belong together, and lets those who are asked for be named by their id or by any address.
func (r *reckoning) people(tx casestore.Tx, org casework.OrgID, q *stats.Query) error {
	also := map[string][]string{}
	for _, part := range register.Parts() {
		if part == register.Customer {
			continue
		}
		for f, err := range casestore.Contacts.Scan(tx, casestore.Query{Index: "by_part", Prefix: casestore.ThingKey(org, string(part))}) {
			if err != nil {
				return err
			}
			c := f.Record.Thing
			if _, again := r.names[c.ID]; again {
				continue
			}
			r.names[c.ID] = c.Name
			all := append([]string{c.ID}, c.Emails...)
			for _, name := range all {
				if digest := stats.Person(name); q.People[digest] == "" {
					q.People[digest] = c.ID
					also[digest] = all
				}
			}
		}
	}
	for _, list := range []*[]string{&q.Where.Suppliers, &q.Where.Technicians} {
		for _, asked := range slices.Clone(*list) {
			*list = append(*list, also[stats.Person(asked)]...)
		}
	}
	return nil
}

// label says who a supplier or technician is: as the register has it, or as a case does that the caller sees.
func (g *Guarded) label(tx casestore.Tx, org casework.OrgID, r *reckoning, k *stats.Key) error {
	if name, ok := r.names[k.ID]; ok {
		if g.grant.May(access.ReadThings) {
			k.Label = name
		}
		return nil
	}
	if k.ID == "" || k.Seen == 0 || !g.grant.May(access.ReadLanes) {
		return nil
	}
	c, err := g.may(tx, access.ReadCases, org, k.Seen)
	if ignoreNotFound(err) != nil {
		return err
	}
	for _, text := range append(c.Mails(), c.Assignee) {
		if stats.Person(text) == k.ID {
			k.ID, k.Label = casework.Address(text), text
			return nil
		}
	}
	return nil
}

// Figures computes sums of the cases that the caller sees. Of a scope that is limited to one's own cases it is Forbidden.
func (g *Guarded) Figures(ctx context.Context, org casework.OrgID, q stats.Query) (t stats.Table, known Reckoned, err error) {
	r, err := g.reckon(ctx, org, q)
	if err != nil {
		return t, known, err
	}
	if t, err = g.desk.Statistics.Figures(ctx, org, r.q, r.estate); err != nil {
		return t, known, err
	}
	err = g.desk.Store.View(ctx, func(tx casestore.Tx) error {
		for i := range t.Rows {
			for j, by := range t.By {
				k := &t.Rows[i].Keys[j]
				switch {
				case by == stats.BySupplier || by == stats.ByTechnician:
					if err := g.label(tx, org, &r, k); err != nil {
						return err
					}
				case !g.grant.May(access.ReadThings):
					k.Label = k.ID
				}
			}
			if !r.Money {
				t.Rows[i].Cost.Price, t.Rows[i].Cost.Material = 0, 0
			}
		}
		return nil
	})
	if !r.Money {
		t.Total.Cost.Price, t.Total.Cost.Material = 0, 0
	}
	return t, r.Reckoned, err
}

// SupplierScores compares suppliers by the orders on the cases that the caller sees.
func (g *Guarded) SupplierScores(ctx context.Context, org casework.OrgID, q stats.Query) (list []stats.Score, known Reckoned, err error) {
	r, err := g.reckon(ctx, org, q)
	if err != nil {
		return nil, known, err
	}
	if list, err = g.desk.Statistics.Suppliers(ctx, org, r.q, r.estate); err != nil {
		return nil, known, err
	}
	err = g.desk.Store.View(ctx, func(tx casestore.Tx) error {
		for i := range list {
			if err := g.label(tx, org, &r, &list[i].Supplier); err != nil {
				return err
			}
			if !r.Money {
				list[i].Cost.Price, list[i].Cost.Material, list[i].Over = 0, 0, 0
			}
		}
		return nil
	})
	return list, r.Reckoned, err
}

// Repeats lists faults that came back, among the cases that the caller sees.
func (g *Guarded) Repeats(ctx context.Context, org casework.OrgID, q stats.Query) ([]stats.Repeat, Reckoned, error) {
	r, err := g.reckon(ctx, org, q)
	if err != nil {
		return nil, Reckoned{}, err
	}
	list, err := g.desk.Statistics.Repeats(ctx, org, r.q, r.estate)
	return list, r.Reckoned, err
}

// Clusters lists what may be one incident, among the cases that the caller sees.
func (g *Guarded) Clusters(ctx context.Context, org casework.OrgID, q stats.Query, t stats.Together) ([]stats.Cluster, Reckoned, error) {
	r, err := g.reckon(ctx, org, q)
	if err != nil {
		return nil, Reckoned{}, err
	}
	list, err := g.desk.Statistics.Clusters(ctx, org, r.q, r.estate, t)
	return list, r.Reckoned, err
}

// Plan suggests rows of a maintenance plan from the cases that the caller sees.
func (g *Guarded) Plan(ctx context.Context, org casework.OrgID, q stats.Query, least int) ([]stats.PlanRow, Reckoned, error) {
	r, err := g.reckon(ctx, org, q)
	if err != nil {
		return nil, Reckoned{}, err
	}
	list, err := g.desk.Statistics.Plan(ctx, org, r.q, r.estate, least)
	if !r.Money {
		for i := range list {
			list[i].Cost, list[i].PerYear = 0, 0
		}
		slices.SortStableFunc(list, func(a, b stats.PlanRow) int { return b.Cases - a.Cases }) // the order told what is dear
	}
	return list, r.Reckoned, err
}
