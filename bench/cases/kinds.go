package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"smartmail/bench/fill"
)

// kind is a kind of call; path gives one of them.
type kind struct {
	name string
	path func(*rand.Rand) string
	by   caller
}

// caller is who makes a call: whoever sees everything, or one who sees one area.
type caller string

const (
	everybody caller = ""
	ofAnArea  caller = "manager of an area"
)

// cases is a list call with parameters in pairs.
func cases(pairs ...string) string {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return "/cases?" + q.Encode()
}

// always is a kind whose calls are all the same.
func always(name string, pairs ...string) kind {
	return kind{name: name, path: func(*rand.Rand) string { return cases(pairs...) }}
}

// kinds are those that are measured: every filter, filters together, searches, and what opens a case.
func kinds(g *fill.Generator) []kind {
	some := func(name, param string, pick func(*rand.Rand) string, more ...string) kind {
		return kind{name: name, path: func(r *rand.Rand) string { return cases(append([]string{param, pick(r)}, more...)...) }}
	}
	now := g.End().Format(time.RFC3339)
	todo := func(name, who string) kind {
		return kind{name: name, path: func(*rand.Rand) string { return "/todo?for=" + url.QueryEscape(who) }}
	}
	kinds := []kind{
		always("all, newest first"),
		always("all, by number", "sort", "number"),
		always("status=closed (nearly all)", "status", "closed"),
		always("status=closed, oldest first", "status", "closed", "sort", "updated_at"),
		always("status=closed, by number", "status", "closed", "sort", "-number"),
		always("status=new (few)", "status", "new"),
		always("class=VVS (a third), with all below", "class", "VVS"),
		some("class, a path", "class", g.Class),
		some("assignee", "assignee", g.Assignee),
		always("assignee=-", "assignee", "-"),
		some("object", "object", g.Object),
		some("priority", "priority", g.Priority),
		some("person, a supplier", "person", func(r *rand.Rand) string { return g.Supplier(r).Email }),
		some("person, a tenant", "person", func(r *rand.Rand) string { return g.Tenant(r).Email }),
		always("order=open", "order", "open"),
		some("field", "field", func(r *rand.Rand) string { return "Våning=" + fill.Floor(r) }),
		always("late: due_to=now, four statuses", "due_to", now, "status", "new,assigned,started,waiting"),
		always("created in the last month", "created_from", g.End().AddDate(0, -1, 0).Format(time.RFC3339)),
		always("changed before the last year", "updated_to", g.End().AddDate(-1, 0, 0).Format(time.RFC3339)),
		some("status, class and assignee", "assignee", g.Assignee, "status", "closed", "class", "VVS"),
		some("status, priority and object", "object", g.Object, "status", "closed", "priority", "7"),
		always("q: a frequent word", "q", "vatten"),
		always("q: three frequent words", "q", "vatten badrum droppar"),
		some("q: a rare word", "q", func(r *rand.Rand) string { return g.Tenant(r).Last }),
		some("q: three letters", "q", func(r *rand.Rand) string { return string([]rune(g.Tenant(r).Last)[:3]) }),
		always("q: part of compounds", "q", "maskin"),
		always("q: without dots", "q", "tvattstuga"),
		always("q: a slip", "q", "diskmaksin"),
		always("q: two slips", "q", "tvätmaskinn"),
		always("q: no hit", "q", "qqxwzzy"),
		some("q: a case's number", "q", func(r *rand.Rand) string { return fmt.Sprint(r.IntN(g.Cases) + 1) }),
		some("q: a telephone number", "q", func(r *rand.Rand) string { return g.Tenant(r).Phone }),
		some("q: an address", "q", func(r *rand.Rand) string { return g.Tenant(r).Email }),
		some("q: name of an attachment", "q", func(r *rand.Rand) string { return fmt.Sprintf("IMG_%04d.jpg", r.IntN(10000)) }),
		some("q: a frequent word, with two filters", "assignee", g.Assignee, "q", "vatten", "status", "closed"),
		todo("to-do of all", ""),
		todo("to-do of one who has taken on cases", fill.Technician(7)),
		todo("to-do of a caretaker of 10,000 objects", fill.Caretaker(0)),
		todo("to-do of a manager of 20,000 objects", fill.Everywhere()),
		{name: "a case", path: func(r *rand.Rand) string { return fmt.Sprintf("/cases/%d", r.IntN(g.Cases)+1) }},
		{name: "its entries", path: func(r *rand.Rand) string { return fmt.Sprintf("/cases/%d/entries", r.IntN(g.Cases)+1) }},
	}
	// The same by somebody who sees half of it.
	for _, k := range []kind{
		always("all, newest first"), always("status=closed, by number", "status", "closed", "sort", "-number"), always("status=new (few)", "status", "new"),
		some("class, a path", "class", g.Class), always("q: a frequent word", "q", "vatten"), some("q: a rare word", "q", func(r *rand.Rand) string { return g.Tenant(r).Last }),
		todo("to-do of all", ""), todo("to-do of a caretaker of 10,000 objects", fill.Caretaker(0)),
	} {
		k.name, k.by = k.name+"; who sees an area", ofAnArea
		kinds = append(kinds, k)
	}
	return kinds
}
