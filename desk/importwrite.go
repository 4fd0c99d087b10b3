package desk

import (
	"context"
	"slices"

	"smartmail/casestore"
)

// planned is a transaction that keeps what would be written of one table to itself, for a plan.
type planned struct {
	casestore.Tx
	schema *casestore.Schema
	rows   map[string]casestore.Row
}

// Get implements casestore.Tx.
func (p *planned) Get(s *casestore.Schema, key casestore.Key) (casestore.Row, error) {
	if s == p.schema {
		if row, ok := p.rows[string(key)]; ok {
			return row, nil
		}
	}
	return p.Tx.Get(s, key)
}

// Put implements casestore.Tx. What is written beside the things themselves is not kept.
func (p *planned) Put(s *casestore.Schema, row casestore.Row) error {
	if s == p.schema {
		row.Version++
		p.rows[string(row.Key)] = row
	}
	return nil
}

// Next implements casestore.Tx.
func (p *planned) Next(casestore.Key) (uint64, error) { return 1, nil }

// write stores what the plan found to be changed, and archives what is missing.
func (im *importing[T]) write(ctx context.Context, changed []Incoming[T], missing []string) error {
	im.total += len(changed) + len(missing)
	for portion := range slices.Chunk(changed, importWrites) {
		var did map[Change]int
		var bad map[int]error
		err := im.desk.update(ctx, func(tx casestore.Tx) error {
			did, bad = map[Change]int{}, map[int]error{} // it may run again
			for i, in := range portion {
				change, err := im.take(tx, in)
				switch {
				case err == nil:
					did[change]++
				case rowError(err) && !im.AllOrNothing: // somebody was here since the plan
					bad[i] = err
				default:
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for i, err := range bad {
			im.bad(portion[i].Row, err)
		}
		im.step(len(portion))
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	for portion := range slices.Chunk(missing, importWrites) {
		err := im.desk.update(ctx, func(tx casestore.Tx) error {
			for _, id := range portion {
				there, err := im.table.Get(tx, casestore.ThingKey(im.org, id))
				if err == nil {
					*im.files.archived(&there.Thing) = true
					_, _, err = im.save(tx, im.org, there.Thing, im.By, im.desk.Now(), there.Version)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		im.step(len(portion))
	}
	return nil
}

// missing lists what has an external key, is not archived, and is not in the file. A file with rows that nobody can tell what they are
// about, or with none at all, is no proof that something is gone.
func (im *importing[T]) missing(ctx context.Context) (ids []string, err error) {
	if !im.ArchiveMissing {
		return nil, nil
	}
	if im.unnamed || len(im.rows) == 0 {
		im.out.NotArchived = "some rows cannot be read, or there are none: what is missing may be among them"
		return nil, nil
	}
	var after casestore.Key
	for more := true; more; {
		err := im.desk.Store.View(ctx, func(tx casestore.Tx) error {
			more = false
			for f, err := range im.table.Scan(tx, casestore.Query{Prefix: casestore.K(string(im.org)), After: after, Limit: importReads}) {
				if err != nil {
					return err
				}
				thing := f.Record.Thing
				after, more = slices.Clone(f.Pos), true
				if im.rows[thing.Key()] == 0 && thing.External() != "" && !*im.files.archived(&thing) && (im.Concerns == nil || im.Concerns(thing)) {
					ids = append(ids, thing.Key())
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}
