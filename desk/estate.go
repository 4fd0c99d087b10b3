package desk

import (
	"strings"
	"sync"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/property"
	"smartmail/stats"
)

// estates keeps every organisation's property tree in memory, for figures, and for lists of what lies in a part of it: a question may be
// about all of it. The log tells what has changed since it was read.
type estates struct {
	mu  sync.Mutex
	org map[casework.OrgID]*kept
}

type kept struct {
	seq     uint64 // of the last event that is in it
	objects map[property.ID]property.Object
	estate  *stats.Estate
}

// maxMissed is how many events are read before reading the whole tree anew is less work.
const maxMissed = 5000

// of returns the tree as the transaction sees it.
func (e *estates) of(tx casestore.Tx, org casework.OrgID) (*stats.Estate, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.org == nil {
		e.org = map[casework.OrgID]*kept{}
	}
	k := e.org[org]
	if k == nil {
		k = &kept{}
	}
	changed, seq, all, err := missed(tx, org, k.seq)
	if err != nil {
		return nil, err
	}
	if _, writing := tx.(*watched); writing {
		if k.estate != nil && !all && len(changed) == 0 {
			return k.estate, nil
		}
		objects, err := everyObject(tx, org)
		return estateOf(objects), err // not kept: its commit may fail
	}
	if k.objects == nil || all {
		if k.objects, err = everyObject(tx, org); err != nil {
			return nil, err
		}
		k.estate = nil
	}
	for id := range changed {
		r, err := casestore.Objects.Get(tx, casestore.ThingKey(org, string(id)))
		if ignoreNotFound(err) != nil {
			return nil, err
		}
		k.objects[id], k.estate = r.Thing, nil
	}
	if k.estate == nil {
		k.estate = estateOf(k.objects)
	}
	k.seq, e.org[org] = seq, k
	return k.estate, nil
}

func estateOf(objects map[property.ID]property.Object) *stats.Estate {
	e := stats.NewEstate()
	for _, o := range objects {
		e.Put(o)
	}
	return e
}

// missed reads which objects have changed after an event. all: too much has happened, or it is another log.
func missed(tx casestore.Tx, org casework.OrgID, after uint64) (changed map[property.ID]bool, last uint64, all bool, err error) {
	for f, err := range casestore.Log.Scan(tx, casestore.Query{Prefix: casestore.K(string(org)), Reverse: true, Limit: 1}) {
		if err != nil {
			return nil, 0, false, err
		}
		last = f.Record.Seq
	}
	if last < after || last-after > maxMissed {
		return nil, last, true, nil
	}
	changed = map[property.ID]bool{}
	for f, err := range casestore.Log.Scan(tx, casestore.Query{Prefix: casestore.K(string(org)), After: casestore.LogKey(org, after)}) {
		if err != nil {
			return nil, 0, false, err
		}
		if id, ok := strings.CutPrefix(f.Record.Thing, "object/"); ok {
			changed[property.ID(id)] = true
		}
	}
	return changed, last, false, nil
}

func everyObject(tx casestore.Tx, org casework.OrgID) (map[property.ID]property.Object, error) {
	all := map[property.ID]property.Object{}
	for f, err := range casestore.Objects.Scan(tx, casestore.Query{Prefix: casestore.K(string(org))}) {
		if err != nil {
			return nil, err
		}
		o := f.Record.Thing
		o.Access = "" // restricted, and no figure needs it
		all[o.ID] = o
	}
	return all, nil
}
