package desk

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/property"
	"smartmail/search"
)

// Finder finds cases through an index that follows the log.
type Finder interface {
	// Wait returns when what was committed before is found, or when that takes too long.
	Wait(ctx context.Context, org casework.OrgID) error
	// Find returns hits behind a place, limit at most; fewer mean that there are no more.
	Find(ctx context.Context, org casework.OrgID, q search.Query, after casestore.Key, limit int) ([]search.Hit, error)
}

// CaseFilter selects cases; the zero filter selects all.
type CaseFilter struct {
	search.Query
	Area property.ID // what the case's object lies in; any object of the tree will do

	Seen   func(casestore.Tx, casework.Case) (bool, error) // whether the caller may see it; nil: he may see all
	Hidden func(casework.Case) casework.Case               // leaves what the caller may see, so that he finds by nothing else; nil: all of it
	Within []search.Condition                              // hold for all that Seen lets through: what else there is need not be found
}

// selects reports whether the caller finds the case. found says that the index has found the words, wherever they are said.
func (f CaseFilter) selects(tx casestore.Tx, c casework.Case, found bool) (bool, error) {
	if f.Seen != nil {
		if seen, err := f.Seen(tx, c); !seen || err != nil {
			return false, err
		}
	}
	if f.Area != "" {
		if lies, err := inside(tx, c.Org, property.ID(c.Object), []property.ID{f.Area}); !lies || err != nil {
			return false, err
		}
	}
	if f.Hidden != nil {
		c = f.Hidden(c)
	}
	return f.Match(c) && (found && f.Hidden == nil || says(c, f.Text)), nil
}

// Cases returns the cases that the filter selects, limit at most, and fewer where their descriptions are large.
func (d *Desk) Cases(ctx context.Context, org casework.OrgID, f CaseFilter, after casestore.Key, limit int) (Page[casework.Case], error) {
	p := casePage{Page: Page[casework.Case]{Items: []casework.Case{}}, limit: limit}
	var err error
	if d.Finder == nil || f.Empty() && f.Area == "" && len(f.Within) == 0 {
		err = d.walk(ctx, org, f, after, &p)
	} else {
		err = d.find(ctx, org, f, after, &p)
	}
	return p.Page, err
}

// query is what the index is asked: with the objects of the area, and narrowed to what the caller may see at all.
func (d *Desk) query(ctx context.Context, f CaseFilter, org casework.OrgID) (search.Query, error) {
	q := f.Query
	q.Where = slices.Concat(q.Where, f.Within)
	if f.Area == "" {
		return q, nil
	}
	err := d.Store.View(ctx, func(tx casestore.Tx) error {
		in, err := d.lyingIn(tx, org, []property.ID{f.Area})
		q.Where = append(q.Where, in...)
		return err
	})
	return q, err
}

// casePage is a page that is being filled.
type casePage struct {
	Page[casework.Case]
	limit, bytes int
	last         casestore.Key
}

const (
	maxPageBytes = 8 << 20 // of descriptions: two hundred cases may have two hundred megabytes
	maxHits      = 4096    // asked for at a time
)

// add adds a case, unless the page is full.
func (p *casePage) add(c casework.Case, at casestore.Key) (full bool) {
	if len(p.Items) == p.limit || p.bytes >= maxPageBytes {
		p.Next = p.last
		return true
	}
	p.Items, p.last, p.bytes = append(p.Items, c), bytes.Clone(at), p.bytes+len(c.Description)
	return false
}

// find fills a page through the index.
func (d *Desk) find(ctx context.Context, org casework.OrgID, f CaseFilter, after casestore.Key, p *casePage) error {
	if err := d.Finder.Wait(ctx, org); err != nil {
		return err
	}
	q, err := d.query(ctx, f, org)
	if err != nil {
		return err
	}
	wanted := p.limit + 1
	for more := true; more; wanted = min(4*wanted, maxHits) { // what few of are shown is not asked for page by page
		hits, err := d.Finder.Find(ctx, org, q, after, wanted)
		if err != nil {
			return fmt.Errorf("find cases: %w", err)
		}
		more = len(hits) == wanted
		err = d.Store.View(ctx, func(tx casestore.Tx) error {
			for _, h := range hits {
				full, err := p.take(tx, f, org, h)
				if full || err != nil {
					more = false
					return err
				}
				after = h.At
			}
			return ctx.Err() // a filter that shows little must not outlive its caller
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// take adds the case of a hit if it is selected.
func (p *casePage) take(tx casestore.Tx, f CaseFilter, org casework.OrgID, h search.Hit) (full bool, err error) {
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, h.Case))
	if err != nil {
		return false, ignoreNotFound(err)
	}
	ok, err := f.selects(tx, c, true)
	return ok && p.add(c, h.At), err
}

// walk fills a page by looking at one case after the other. It knows no words but those of subject and description.
func (d *Desk) walk(ctx context.Context, org casework.OrgID, f CaseFilter, after casestore.Key, p *casePage) error {
	scan := casestore.Query{Prefix: casestore.K(string(org)), After: after, Reverse: !f.Oldest}
	if !f.ByNumber {
		scan.Index = "by_update"
	}
	return d.Store.View(ctx, func(tx casestore.Tx) error {
		for row, err := range casestore.Cases.Scan(tx, scan) {
			ok := err == nil
			if ok {
				ok, err = f.selects(tx, row.Record, false)
			}
			if err != nil || ok && p.add(row.Record, row.Pos) {
				return err
			}
		}
		return nil
	})
}

// says reports whether every word of the text is in the subject or the description, or is the case's number or an order's.
func says(c casework.Case, text string) bool {
	said := strings.ToLower(c.Subject + "\n" + c.Description + "\n" + strconv.FormatUint(uint64(c.Number), 10))
	for _, o := range c.Orders {
		said += "\n" + casework.OrderID(c.Number, o.No)
	}
	return !slices.ContainsFunc(strings.Fields(strings.ToLower(text)), func(w string) bool { return !strings.Contains(said, w) })
}
