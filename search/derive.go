package search

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/follow"
)

// maxWords is how many different words of a case are held; further ones don't find it.
const maxWords = 2000

// read is what the source says of a case now.
type read struct {
	number casework.CaseNumber
	gone   bool
	whole  bool // words are all of the case's, not only those of its new entries
	at     int64
	values []value
	words  map[string]bool
}

// Name implements follow.Projection.
func (x *Index) Name() string { return "search" }

// Edition implements follow.Projection.
func (x *Index) Edition() int { return 2 }

// Derive implements follow.Projection.
func (x *Index) Derive(source casestore.Tx, org casework.OrgID, changes []follow.Change) (func(casestore.Tx) error, error) {
	all := make([]read, 0, len(changes))
	for _, ch := range changes {
		r, err := readCase(source, org, ch)
		if err != nil {
			return nil, fmt.Errorf("case %d: %w", ch.Case, err)
		}
		all = append(all, r)
	}
	return func(target casestore.Tx) error { return replace(target, org, all) }, nil
}

func readCase(tx casestore.Tx, org casework.OrgID, ch follow.Change) (read, error) {
	r := read{number: ch.Case, whole: ch.First <= 1, words: map[string]bool{}}
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, ch.Case))
	if fault.Is(err, fault.NotFound) {
		r.gone, r.whole = true, true
		return r, nil
	}
	if err != nil {
		return r, err
	}
	r.at, r.values = c.UpdatedAt.UnixMicro(), append(values(c), derivedValues(c)...)
	for _, o := range c.Orders {
		r.words[casework.OrderID(c.Number, o.No)] = true // its parts say nothing
	}
	r.say(caseTexts(c))
	q := casestore.Query{Prefix: casestore.EntriesOf(org, ch.Case)}
	if !r.whole {
		q.After, q.Until = q.Prefix.Uint(ch.First-1), q.Prefix.Uint(ch.Last+1)
	}
	for f, err := range casestore.Entries.Scan(tx, q) {
		if err != nil {
			return r, err
		}
		if f.Record.Kind == casework.KindErasure && !r.whole { // what earlier entries said may be gone
			return readCase(tx, org, follow.Change{Case: ch.Case, First: 1, Last: ch.Last})
		}
		r.say(entryTexts(f.Record))
		if f.Record.MailIn == nil {
			continue
		}
		m, err := casestore.Mails.Get(tx, casestore.MailKey(org, f.Record.MailIn.Mail))
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return r, err
		}
		r.say(mailTexts(m))
	}
	return r, nil
}

// say adds the words of texts.
func (r *read) say(texts iter.Seq[string]) {
	for text := range texts {
		tokens(text, true, func(w string) bool {
			if len(r.words) < maxWords {
				r.words[w] = true
			}
			return len(r.words) < maxWords
		})
	}
}

// texts yields in turn, until the reader has enough.
func texts(all ...string) iter.Seq[string] { return slices.Values(all) }

func caseTexts(c casework.Case) iter.Seq[string] {
	all := []string{c.Subject, c.Object, c.Class, c.Assignee, fmt.Sprint(c.Number)}
	if r := c.Reporter; r != nil {
		all = append(all, r.Name, r.Email, r.Phone, strings.Map(digits, r.Phone))
	}
	for _, l := range c.Lanes {
		for _, p := range l.Participants {
			all = append(all, p.Name, p.Email)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		all = append(all, c.Fields[name])
	}
	return texts(append(all, c.Description)...)
}

// digits keeps the digits: a telephone number is found however it is divided.
func digits(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}

func entryTexts(e casework.Entry) iter.Seq[string] {
	all := []string{e.Text}
	if c := e.Change; c != nil {
		all = append(all, c.From, c.To)
	}
	if l := e.Line; l != nil {
		all = append(all, l.Article, l.Who, l.Note)
	}
	if m := e.MailOut; m != nil {
		all = append(all, m.Text)
		for _, f := range m.Files {
			all = append(all, f.Name)
		}
	}
	return texts(all...)
}

// mailTexts are what a mail says itself: quotations are found where they were said first.
func mailTexts(m casework.Mail) iter.Seq[string] {
	all := []string{m.Content.Subject, m.Content.From.Name, m.Content.From.Email, m.Content.Text}
	for _, a := range m.Content.Attachments {
		all = append(all, a.Name)
	}
	return texts(all...)
}

// replace writes what was read in the place of what is held.
func replace(tx casestore.Tx, org casework.OrgID, all []read) error {
	d := delta{org: org, postings: map[string]*moved{}, columns: map[*column]map[uint64]map[casework.CaseNumber]uint64{}}
	for _, r := range all {
		if err := d.exchange(tx, r); err != nil {
			return fmt.Errorf("index case %d: %w", r.number, err)
		}
		d.enter(&changes, r.number, uint64(r.at))
	}
	return d.write(tx)
}

// exchange replaces what is held of a case, and notes what that moves.
func (d *delta) exchange(tx casestore.Tx, r read) error {
	h, err := holdings.Get(tx, casestore.CaseKey(d.org, r.number))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	had, held := make([]value, 0, len(h.Values)), strings.Fields(h.Words)
	for _, v := range h.Values {
		had = append(had, value{Field(v[0]), v[1]})
	}
	words, came, left := exchangeWords(held, r)
	if is := objectIn(r.values); r.whole || is != objectIn(had) {
		d.enter(&objects, r.number, uint64(markOf(is)))
	}
	d.moves(r.number, r.values, had)
	d.moves(r.number, spoken(came), nil)
	d.moves(r.number, nil, spoken(left))
	h.Org, h.Case, h.Values = d.org, r.number, nil
	for _, v := range r.values {
		h.Values = append(h.Values, [2]string{string(v.field), v.text})
	}
	switch {
	case !r.gone:
		h.Words = strings.Join(words, " ")
		return holdings.Put(tx, &h)
	case h.Version != 0:
		return holdings.Delete(tx, &h)
	}
	return nil
}

func objectIn(all []value) string {
	for _, v := range all {
		if v.field == Object {
			return v.text
		}
	}
	return ""
}

// exchangeWords returns the words of a case that are held from now on, and which of them are new and which are no longer. held is sorted.
func exchangeWords(held []string, r read) (words, came, left []string) {
	for w := range r.words {
		if _, known := slices.BinarySearch(held, w); !known {
			came = append(came, w)
		}
	}
	slices.Sort(came)
	words = held
	if r.whole {
		words = nil
		for _, w := range held {
			if r.words[w] {
				words = append(words, w)
			} else {
				left = append(left, w)
			}
		}
	}
	came = came[:min(len(came), maxWords-len(words))]
	if len(came) > 0 {
		words = slices.Concat(words, came)
		slices.Sort(words)
	}
	return words, came, left
}

func spoken(words []string) []value {
	all := make([]value, len(words))
	for i, w := range words {
		all[i] = value{word, w}
	}
	return all
}

// moves notes what a case has that it had not, and the other way round.
func (d *delta) moves(n casework.CaseNumber, has, had []value) {
	for _, v := range has {
		if !slices.Contains(had, v) {
			m := d.note(n, v)
			m.in = append(m.in, n)
		}
	}
	for _, v := range had {
		if !slices.Contains(has, v) {
			m := d.note(n, v)
			m.out = append(m.out, n)
		}
	}
}
