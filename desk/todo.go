package desk

import (
	"bytes"
	"context"
	"iter"

	"smartmail/casestore"
	"smartmail/casework"
)

// Todo is what waits for a person, with the case that it is on.
type Todo struct {
	casework.Attention
	Case casework.Case
}

// Todos returns what waits for a person, oldest first, limit at most; for nobody named, what waits for anybody.
func (d *Desk) Todos(ctx context.Context, org casework.OrgID, who string, after casestore.Key, limit int) (Page[Todo], error) {
	return d.todos(ctx, org, who, after, limit, func(casestore.Tx, casework.Case) (bool, error) { return true, nil })
}

// todos is Todos, of cases that are seen.
func (d *Desk) todos(ctx context.Context, org casework.OrgID, who string, after casestore.Key, limit int, seen func(casestore.Tx, casework.Case) (bool, error)) (Page[Todo], error) {
	q := casestore.Query{Index: "by_attention", Prefix: casestore.K(string(org)), After: after}
	position := func(a casework.Attention) casestore.Key { return casestore.AttentionKey(org, a) }
	if who != "" {
		q.Index, q.Prefix = "by_attention_for", casestore.AttentionOf(org, who)
		position = func(a casework.Attention) casestore.Key { return casestore.AttentionForKey(org, a) }
	}
	return page(ctx, d, limit, func(tx casestore.Tx) iter.Seq2[casestore.Found[Todo], error] {
		return waiting(casestore.Cases.Scan(tx, q), position)
	}, func(tx casestore.Tx, t Todo) (Todo, bool, error) {
		ok, err := seen(tx, t.Case)
		return t, ok, err
	})
}

// waiting picks of each case what it was found by: several things may wait on it, each at a position of its own.
func waiting(cases iter.Seq2[casestore.Found[casework.Case], error], position func(casework.Attention) casestore.Key) iter.Seq2[casestore.Found[Todo], error] {
	return func(yield func(casestore.Found[Todo], error) bool) {
		for f, err := range cases {
			found := casestore.Found[Todo]{Record: Todo{Case: f.Record}, Pos: f.Pos}
			for _, a := range f.Record.Attention {
				if bytes.HasPrefix(f.Pos, position(a)) {
					found.Record.Attention = a
				}
			}
			if !yield(found, err) {
				return
			}
		}
	}
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
