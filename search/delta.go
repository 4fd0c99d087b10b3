package search

import (
	"maps"
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// delta is what a portion of the log changes: every row is read and written once, in the order of keys.
type delta struct {
	org      casework.OrgID
	postings map[string]*moved                                     // by key
	columns  map[*column]map[uint64]map[casework.CaseNumber]uint64 // what they hold from now on, by page
}

// moved says which cases come into a chunk of a set and which leave it.
type moved struct {
	value   value
	chunk   uint64
	in, out []casework.CaseNumber
}

func (d *delta) note(n casework.CaseNumber, v value) *moved {
	number, _ := split(n)
	key := string(postingsOf(d.org, v).Uint(number))
	m := d.postings[key]
	if m == nil {
		m = &moved{value: v, chunk: number}
		d.postings[key] = m
	}
	return m
}

// enter notes what a column holds of a case from now on.
func (d *delta) enter(c *column, n casework.CaseNumber, v uint64) {
	pages, page := d.columns[c], uint64(n)>>pageBits
	if pages == nil {
		pages = map[uint64]map[casework.CaseNumber]uint64{}
		d.columns[c] = pages
	}
	if pages[page] == nil {
		pages[page] = map[casework.CaseNumber]uint64{}
	}
	pages[page][n] = v
}

func (d *delta) write(tx casestore.Tx) error {
	var came, left []string // words that may be new, or gone
	for _, key := range slices.Sorted(maps.Keys(d.postings)) {
		m := d.postings[key]
		change, err := d.move(tx, casestore.Key(key), m)
		if err != nil {
			return err
		}
		switch {
		case m.value.field != word:
		case change > 0:
			came = append(came, m.value.text)
		case change < 0:
			left = append(left, m.value.text)
		}
	}
	for _, c := range []*column{&changes, &objects} {
		pages := d.columns[c]
		for _, page := range slices.Sorted(maps.Keys(pages)) {
			if err := c.enter(tx, d.org, page, pages[page]); err != nil {
				return err
			}
		}
	}
	if err := rise(tx, d.org, slices.Sorted(maps.Keys(d.columns[&changes]))); err != nil {
		return err
	}
	if err := learn(tx, d.org, came); err != nil {
		return err
	}
	return forget(tx, d.org, left)
}

// move writes a chunk; change is 1 when there was none before, and -1 when there is none any more.
func (d *delta) move(tx casestore.Tx, key casestore.Key, m *moved) (change int, err error) {
	p, err := postings.Get(tx, key)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return 0, err
	}
	p.Org, p.Value, p.Chunk = d.org, m.value, m.chunk
	var c chunk
	c.decode(p.Set)
	for _, n := range m.out {
		_, low := split(n)
		c.remove(low)
	}
	for _, n := range m.in {
		_, low := split(n)
		c.add(low)
	}
	if p.Version == 0 {
		change = 1
	}
	if p.Set = c.encode(); len(p.Set) > 0 {
		return change, postings.Put(tx, &p)
	}
	if p.Version == 0 {
		return 0, nil
	}
	return -1, postings.Delete(tx, &p)
}

// learn enters words into the vocabulary that are not in it.
func learn(tx casestore.Tx, org casework.OrgID, words []string) error {
	rows := map[string]spelling{}
	for _, w := range words {
		s := spelling{Org: org, Folded: fold(w), Word: w}
		key := spelled(org, false).Str(s.Folded).Str(w)
		known, err := vocabulary.Has(tx, key)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		rows[string(key)] = s
		inside(w, func(part string, at int) {
			rows[string(spelled(org, true).Str(part).Str(w))] = spelling{Org: org, Folded: part, At: at, Word: w}
		})
	}
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		s := rows[key]
		if err := vocabulary.Put(tx, &s); err != nil {
			return err
		}
	}
	return nil
}

// forget takes words out of the vocabulary that no case says any more.
func forget(tx casestore.Tx, org casework.OrgID, words []string) error {
	for _, w := range words {
		said := false
		for _, err := range postings.Scan(tx, casestore.Query{Prefix: postingsOf(org, value{word, w}), Limit: 1}) {
			if err != nil {
				return err
			}
			said = true
		}
		if said {
			continue
		}
		keys := []casestore.Key{spelled(org, false).Str(fold(w)).Str(w)}
		inside(w, func(part string, _ int) { keys = append(keys, spelled(org, true).Str(part).Str(w)) })
		for _, key := range keys {
			s, err := vocabulary.Get(tx, key)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err == nil {
				s.Org = org
				err = tx.Delete(vocabulary.Schema(), key, s.Version)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
