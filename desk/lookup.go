package desk

import (
	"smartmail/casestore"
	"smartmail/casework"
)

// lookup answers threading's questions from the transaction.
type lookup struct {
	tx  casestore.Tx
	org casework.OrgID
}

func (l lookup) Case(n casework.CaseNumber) (casework.Case, bool, error) {
	c, err := casestore.Cases.Get(l.tx, casestore.CaseKey(l.org, n))
	return c, err == nil, ignoreNotFound(err)
}

// maxCases bounds how many cases one Message-ID may point to.
const maxCases = 20

func (l lookup) References(id string) (refs []casework.Reference, err error) {
	for f, err := range casestore.References.Scan(l.tx, casestore.Query{Prefix: casestore.ReferencesOf(l.org, id), Limit: maxCases}) {
		if err != nil {
			return nil, err
		}
		refs = append(refs, f.Record)
	}
	return refs, nil
}

func (l lookup) KnownAddress(email string) (bool, error) {
	if trusted, err := casestore.Parties.Has(l.tx, casestore.PartyKey(l.org, email)); trusted || err != nil {
		return trusted, err
	}
	for _, err := range casestore.Cases.Scan(l.tx, casestore.Query{Index: "by_mail", Prefix: casestore.K(string(l.org)).Str(email), Limit: 1}) {
		return err == nil, err
	}
	return false, nil
}

func (l lookup) SpeaksFor(email string) ([]string, error) {
	p, err := casestore.Parties.Get(l.tx, casestore.PartyKey(l.org, email))
	return p.SpeaksFor, ignoreNotFound(err)
}

// maxRecent bounds how many of a sender's cases are looked at for one of the same subject.
const maxRecent = 10

func (l lookup) Recent(email string) (cases []casework.Case, err error) {
	q := casestore.Query{Index: "by_mail", Prefix: casestore.K(string(l.org)).Str(email), Reverse: true, Limit: maxRecent}
	for f, err := range casestore.Cases.Scan(l.tx, q) {
		if err != nil {
			return nil, err
		}
		cases = append(cases, f.Record)
	}
	return cases, nil
}
