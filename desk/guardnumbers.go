package desk

import (
	"context"
	"regexp"
	"slices"
	"strconv"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// Cases tell of one another: by links, by where an entry was taken from, in the words of a reason. Who may not see the other
// one is not told of it, nor of its number.

// seesAll reports whether there is no case that the holder may not see.
func (g *Guarded) seesAll() bool { return g.grant.Scope.Whole() && g.grant.May(access.ReadLanes) }

// knowsOf reports whether the holder may be told of a case, by its number.
func (g *Guarded) knowsOf(tx casestore.Tx, org casework.OrgID, n casework.CaseNumber) (bool, error) {
	if n == 0 {
		return true, nil
	}
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, n))
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return g.sees(tx, access.ReadCases, c)
}

// links leaves of a case's links those to cases that the holder may see.
func (g *Guarded) links(tx casestore.Tx, c casework.Case) (links []casework.Link, err error) {
	for _, l := range c.Links {
		known, err := g.knowsOf(tx, c.Org, l.Case)
		if err != nil {
			return nil, err
		}
		if known {
			links = append(links, l)
		}
	}
	return links, nil
}

// veil leaves of an entry what tells of cases that the holder may see; ok is false where nothing of it is left.
func (g *Guarded) veil(tx casestore.Tx, e casework.Entry) (out casework.Entry, ok bool, err error) {
	if g.seesAll() {
		return e, true, nil
	}
	if e.Kind == casework.KindLink && e.Change != nil {
		for _, end := range []string{e.Change.From, e.Change.To} {
			n, _ := strconv.ParseUint(end, 10, 64) // the end that is not there is 0
			if known, err := g.knowsOf(tx, e.Org, casework.CaseNumber(n)); err != nil || !known {
				return e, false, err
			}
		}
	}
	if e.Origin != nil {
		known, err := g.knowsOf(tx, e.Org, e.Origin.Case)
		if err != nil {
			return e, false, err
		}
		if !known {
			e.Origin = nil
		}
	}
	if e.MailIn != nil && e.MailIn.Matched.Suggest != 0 {
		known, err := g.knowsOf(tx, e.Org, e.MailIn.Matched.Suggest)
		if err != nil {
			return e, false, err
		}
		if !known {
			in := *e.MailIn
			in.Matched.Suggest = 0
			e.MailIn = &in
		}
	}
	e.Why, err = g.reason(tx, e.Org, e.Why)
	return e, true, err
}

var (
	casesNamed = regexp.MustCompile(`\bcases? \[?[0-9]+(?: [0-9]+)*\]?`)
	numbers    = regexp.MustCompile(`[0-9]+`)
)

// reason says "another case" for each that the holder may not know of.
func (g *Guarded) reason(tx casestore.Tx, org casework.OrgID, why string) (out string, err error) {
	out = casesNamed.ReplaceAllStringFunc(why, func(named string) string {
		for _, n := range numbers.FindAllString(named, -1) {
			number, bad := strconv.ParseUint(n, 10, 64)
			known, trouble := g.knowsOf(tx, org, casework.CaseNumber(number))
			if trouble != nil {
				err = trouble
			}
			if bad != nil || !known {
				return "another case"
			}
		}
		return named
	})
	return out, err
}

// veilAll is veil of entries that came of a call, in a transaction of its own.
func (g *Guarded) veilAll(ctx context.Context, entries []casework.Entry) (out []casework.Entry, err error) {
	err = g.desk.Store.View(ctx, func(tx casestore.Tx) error {
		out = slices.Clone(entries[:0])
		for _, e := range entries {
			e, ok, err := g.veil(tx, e)
			if err != nil {
				return err
			}
			if ok {
				out = append(out, e)
			}
		}
		return nil
	})
	return out, err
}
