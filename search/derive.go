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
func (x *Index) Edition() int { return 1 }

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
	d := delta{org: org, postings: map[string]*moved{}, pages: map[uint64][]read{}}
	for _, r := range all {
		if err := d.exchange(tx, r); err != nil {
			return fmt.Errorf("index case %d: %w", r.number, err)
		}
		page := uint64(r.number) >> pageBits
		d.pages[page] = append(d.pages[page], r)
	}
	return d.write(tx)
}

// exchange replaces what is held of a case, and notes what that moves.
func (d *delta) exchange(tx casestore.Tx, r read) error {
	h, err := holdings.Get(tx, casestore.CaseKey(d.org, r.number))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	had := map[value]bool{}
	words := map[string]bool{}
	for _, v := range h.Values {
		had[value{Field(v[0]), v[1]}] = true
	}
	for w := range strings.FieldsSeq(h.Words) {
		had[value{word, w}], words[w] = true, true
	}
	if r.whole {
		words = r.words
	} else {
		for w := range r.words {
			if len(words) < maxWords {
				words[w] = true
			}
		}
	}
	has := map[value]bool{}
	h.Org, h.Case, h.Values = d.org, r.number, nil
	for _, v := range r.values {
		has[v], h.Values = true, append(h.Values, [2]string{string(v.field), v.text})
	}
	for w := range words {
		has[value{word, w}] = true
	}
	for v := range has {
		if !had[v] {
			m := d.note(r.number, v)
			m.in = append(m.in, r.number)
		}
	}
	for v := range had {
		if !has[v] {
			m := d.note(r.number, v)
			m.out = append(m.out, r.number)
		}
	}
	switch text := strings.Join(slices.Sorted(maps.Keys(words)), " "); {
	case !r.gone:
		h.Words = text
		return holdings.Put(tx, &h)
	case h.Version != 0:
		return holdings.Delete(tx, &h)
	}
	return nil
}
