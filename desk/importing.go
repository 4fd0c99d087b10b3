package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// Incoming is a row of a file that says something of a thing. Of which one: that of the id, else the one that has the external key,
// else a new one with the derived id.
type Incoming[T casework.Thing] struct {
	Row                   int // in the file
	ID, External, Derived string
	Archives              bool                     // the row itself says whether the thing is archived
	Apply                 func(thing T) (T, error) // the thing as the row has it; the zero T where there was none
	Err                   error                    // why the row cannot be read
}

// Importing says how a file is taken in.
type Importing[T casework.Thing] struct {
	By             casework.Actor
	DryRun         bool                  // only tell what would happen
	AllOrNothing   bool                  // write nothing if a row is bad; without it a bad row does not stop the others
	ArchiveMissing bool                  // archive what has an external key and is not in the file; what is there again is no longer archived
	Concerns       func(thing T) bool    // whether the file would have the thing, if it were there still; nil: every one
	Progress       func(done, total int) // called now and then; nil: nobody looks
}

// BadRow tells what is wrong with a row.
type BadRow struct {
	Row    int
	Column string // the field, or "" where it is about the whole row
	Why    string
}

// Imported is what came of a file.
type Imported struct {
	Rows, Added, Updated, Unchanged, Archived int
	Written                                   bool     // false: after a dry run, or where AllOrNothing found bad rows
	NotArchived                               string   // why what is missing was not archived though it should have been
	Bad                                       []BadRow // by row
}

// Rows of a transaction. Mail that comes meanwhile waits for one of them at most: some 30 ms.
const (
	importWrites = 250
	importReads  = 1000
)

// importing is one file on its way in.
type importing[T casework.Thing] struct {
	Register[T]
	Importing[T]
	org      casework.OrgID
	out      Imported
	rows     map[string]int    // by id: the row that is about the thing
	external map[string]string // external key in the file to id
	found    map[string]string // what the file refers to, by table and name: the id
	unnamed  bool              // some row could not be told what it is about
	done     int               // rows, planned and then written
	total    int
}

// Import takes a file in. First every row is tried on what is there, without writing; then what is new or changed is written, some
// hundred rows in a transaction, each decided anew. A row that changes nothing writes nothing, so that the same file may come every night.
// What objects lie in may come later in the file. Errors: fault.Forbidden; what is wrong with rows is in Imported.
func (r Register[T]) Import(ctx context.Context, org casework.OrgID, rows []Incoming[T], how Importing[T]) (Imported, error) {
	if r.guard.edit != nil {
		return Imported{}, r.guard.edit
	}
	if r.files == nil {
		return Imported{}, fault.New(fault.Invalid, fmt.Sprintf("a %s is not imported", r.kind))
	}
	if how.Progress == nil {
		how.Progress = func(int, int) {}
	}
	im := &importing[T]{Register: r, Importing: how, org: org, rows: map[string]int{}, external: map[string]string{}, found: map[string]string{}, total: len(rows)}
	im.out.Rows = len(rows)
	plan := &planned{schema: r.table.Schema(), rows: map[string]casestore.Row{}}
	changed, err := im.plan(ctx, plan, slices.Clone(rows))
	if err != nil {
		return Imported{}, err
	}
	missing, err := im.missing(ctx)
	if err != nil {
		return Imported{}, err
	}
	im.out.Archived = len(missing)
	if !how.DryRun && (!how.AllOrNothing || len(im.out.Bad) == 0) {
		im.out.Written = true
		if err := im.write(ctx, changed, missing); err != nil {
			return Imported{}, err
		}
	}
	slices.SortStableFunc(im.out.Bad, func(a, b BadRow) int { return cmp.Compare(a.Row, b.Row) })
	return im.out, nil
}

// bad notes what is wrong with a row. Errors name the field that they are about before a colon.
func (im *importing[T]) bad(row int, err error) {
	why := fault.Public(err)
	field, rest, ok := strings.Cut(why, ": ")
	if !ok || strings.ContainsAny(field, " \"") {
		field, rest = "", why
	}
	im.out.Bad = append(im.out.Bad, BadRow{row, strings.TrimPrefix(field, "address."), rest})
}

// rowError reports whether an error is about the row and not about the store.
func rowError(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound)
}

// plan tries every row and returns those that change something, what lies in what first.
func (im *importing[T]) plan(ctx context.Context, plan *planned, rows []Incoming[T]) (changed []Incoming[T], err error) {
	named := rows[:0]
	for portion := range slices.Chunk(rows, importReads) {
		err := im.desk.Store.View(ctx, func(tx casestore.Tx) error {
			for _, in := range portion {
				err := im.identify(tx, &in)
				switch {
				case err == nil:
					named = append(named, in)
				case rowError(err):
					im.bad(in.Row, err)
				default:
					return err
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return nil, err
		}
	}
	im.sort(named)
	im.total = len(named)
	for portion := range slices.Chunk(named, importReads) {
		err := im.desk.Store.View(ctx, func(tx casestore.Tx) error {
			plan.Tx = tx
			for _, in := range portion {
				did, err := im.take(plan, in)
				switch {
				case err != nil && !rowError(err):
					return err
				case err != nil:
					im.bad(in.Row, err)
				case did == Unchanged:
					im.out.Unchanged++
				default:
					im.count(did, 1)
					changed = append(changed, in)
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return nil, err
		}
		im.step(len(portion))
	}
	return changed, nil
}

func (im *importing[T]) count(did Change, n int) {
	if did == Added {
		im.out.Added += n
	} else {
		im.out.Updated += n
	}
}

func (im *importing[T]) step(n int) {
	im.done += n
	im.Progress(im.done, im.total)
}

// identify finds which thing a row is about.
func (im *importing[T]) identify(tx casestore.Tx, in *Incoming[T]) error {
	if in.Err != nil {
		im.unnamed = true
		return fault.New(fault.Invalid, fault.Public(in.Err))
	}
	if in.ID == "" {
		id, err := im.derived(tx, *in)
		if err != nil {
			return err
		}
		in.ID = id
	}
	if before, twice := im.rows[in.ID]; twice {
		return fault.New(fault.Invalid, fmt.Sprintf("id: row %d is about %q already", before, in.ID))
	}
	im.rows[in.ID] = in.Row
	if in.External != "" {
		if other, twice := im.external[in.External]; twice {
			return fault.New(fault.Invalid, fmt.Sprintf("external_key: %q is that of %q already", in.External, other))
		}
		im.external[in.External] = in.ID
	}
	return nil
}

// derived finds the thing that has the row's external key, or else makes an id for a new one.
func (im *importing[T]) derived(tx casestore.Tx, in Incoming[T]) (string, error) {
	there, err := im.table.Get(tx, casestore.ThingKey(im.org, in.Derived))
	switch {
	case ignoreNotFound(err) != nil:
		return "", err
	case in.External == "" || err == nil && there.Thing.External() == in.External:
		return in.Derived, nil
	}
	found, missing := im.table.Find(tx, "by_external", casestore.ThingKey(im.org, in.External))
	switch {
	case missing == nil:
		return found.Thing.Key(), nil
	case !fault.Is(missing, fault.NotFound):
		return "", missing
	case err == nil && there.Thing.External() != "":
		return "", fault.New(fault.Invalid, fmt.Sprintf("id: %q is taken by the %s with the external key %q: give the row another", in.Derived, im.kind, there.Thing.External()))
	}
	return in.Derived, nil
}

// sort puts rows into an order in which what others lie in comes before them, and within that by id, as they lie in the store.
func (im *importing[T]) sort(rows []Incoming[T]) {
	depth := map[string]int{}
	if im.files.above != nil {
		up := map[string]string{}
		for _, in := range rows {
			var blank T
			if thing, err := in.Apply(blank); err == nil {
				up[in.ID] = im.named(im.files.above(thing))
			}
		}
		const deepest = 20 // deeper than any tree that fits; ends circles
		for _, in := range rows {
			for at := up[in.ID]; at != "" && depth[in.ID] < deepest; at = up[at] {
				depth[in.ID]++
			}
		}
	}
	slices.SortFunc(rows, func(a, b Incoming[T]) int {
		return cmp.Or(cmp.Compare(depth[a.ID], depth[b.ID]), strings.Compare(a.ID, b.ID))
	})
}

// named returns the id of a thing of the file's own kind that the file calls by id or external key; any other name stays.
func (im *importing[T]) named(name string) string {
	if _, ok := im.rows[name]; ok {
		return name
	}
	return cmp.Or(im.external[name], name)
}

// take decides on a row and stores what it changes.
func (im *importing[T]) take(tx casestore.Tx, in Incoming[T]) (Change, error) {
	was, err := im.table.Get(tx, casestore.ThingKey(im.org, in.ID))
	if ignoreNotFound(err) != nil {
		return "", err
	}
	thing, err := in.Apply(im.guard.show(was.Thing)) // a cell that repeats what is restricted must not tell by its outcome
	if err != nil {
		return "", err
	}
	im.files.name(&thing, in.ID)
	if im.ArchiveMissing && !in.Archives {
		*im.files.archived(&thing) = false
	}
	if err := im.files.refer(tx, im.org, im.refers, &thing); err != nil {
		return "", err
	}
	if key := thing.External(); key != "" && key != was.Thing.External() { // told here, before anything is written; the store keeps it as well
		other, err := im.table.Find(tx, "by_external", casestore.ThingKey(im.org, key))
		if err == nil {
			return "", fault.New(fault.Invalid, fmt.Sprintf("external_key: %q is that of %q already", key, other.Thing.Key()))
		}
		if ignoreNotFound(err) != nil {
			return "", err
		}
	}
	_, did, err := im.replace(tx, im.org, was, thing, im.By, im.desk.Now())
	return did, err
}

// refers finds the id of what a row refers to by its id, or by its external key. What is not there stays as it is: that it is missing is
// for those to tell who check what a thing refers to.
func (im *importing[T]) refers(table, name string, find func() (string, error)) (string, error) {
	if name == "" {
		return "", nil
	}
	if table == im.table.Schema().Name {
		if id := im.named(name); id != name || im.rows[name] != 0 {
			return id, nil
		}
	}
	if id, ok := im.found[table+"/"+name]; ok {
		return id, nil
	}
	id, err := find()
	if fault.Is(err, fault.NotFound) {
		return name, nil
	}
	if err == nil {
		im.found[table+"/"+name] = id
	}
	return id, err
}
