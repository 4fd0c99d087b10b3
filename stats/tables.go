package stats

import (
	"bytes"
	"encoding/binary"
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// page holds the facts of neighbouring cases, by the low part of the case number; nil: there is none.
type page struct {
	Org     casework.OrgID
	Page    uint64
	Facts   [pageSize][]byte
	Version uint64
}

const (
	pageBits = 6
	pageSize = 1 << pageBits
)

// named is a name with its code. Codes are given from 1, without gaps, and a name keeps its own for good.
type named struct {
	Org     casework.OrgID
	Code    uint64
	Name    name
	Version uint64
}

var (
	pages = casestore.Declare("facts", 1,
		func(p *page) casestore.Key { return casestore.K(string(p.Org)).Uint(p.Page) },
		func(p *page) *uint64 { return &p.Version },
	).WithCodec(encodePage, decodePage)
	nameTable = casestore.Declare("fact_names", 1,
		func(n *named) casestore.Key { return casestore.K(string(n.Org)).Uint(n.Code) },
		func(n *named) *uint64 { return &n.Version },
		casestore.Index[named]{Name: "by_name", Unique: true, Keys: func(n *named) []casestore.Key {
			return []casestore.Key{nameKey(n.Org, n.Name)}
		}},
	).WithCodec(encodeName, decodeName)
)

// Schemas are the tables of the figures.
func Schemas() []*casestore.Schema { return []*casestore.Schema{pages.Schema(), nameTable.Schema()} }

func nameKey(org casework.OrgID, n name) casestore.Key {
	return casestore.K(string(org)).Uint(uint64(n.dim)).Str(n.text)
}

func encodePage(p *page) ([]byte, error) {
	b := binary.AppendUvarint(nil, p.Page)
	for _, f := range p.Facts {
		b = append(binary.AppendUvarint(b, uint64(len(f))), f...)
	}
	return b, nil
}

func decodePage(doc []byte, p *page) error {
	n, size := binary.Uvarint(doc)
	if size <= 0 {
		return errTorn
	}
	doc = bytes.Clone(doc[size:])
	p.Page = n
	for i := range p.Facts {
		n, size := binary.Uvarint(doc)
		if size <= 0 || n > uint64(len(doc)-size) {
			return errTorn
		}
		end := size + int(n)
		p.Facts[i], doc = doc[size:end:end], doc[end:]
	}
	if len(doc) > 0 {
		return errTorn
	}
	return nil
}

func encodeName(n *named) ([]byte, error) {
	b := binary.AppendUvarint([]byte{byte(n.Name.dim)}, n.Code)
	b = binary.AppendUvarint(b, uint64(n.Name.seen))
	return append(b, n.Name.text...), nil
}

func decodeName(doc []byte, n *named) error {
	if len(doc) == 0 {
		return errTorn
	}
	n.Name.dim = dimension(doc[0])
	number, a := binary.Uvarint(doc[1:])
	if a <= 0 {
		return errTorn
	}
	seen, b := binary.Uvarint(doc[1+a:])
	if b <= 0 {
		return errTorn
	}
	n.Code, n.Name.seen, n.Name.text = number, casework.CaseNumber(seen), string(doc[1+a+b:])
	return nil
}

// each calls f with every fact, in the order of numbers, until it returns false. f must not keep the fact. names are those of the codes.
func each(tx casestore.Tx, org casework.OrgID, names []name, f func(*fact) bool) error {
	r, one := newUnpacker(code(len(names)-1)), fact{}
	for row, err := range tx.Scan(pages.Schema(), casestore.Query{Prefix: casestore.K(string(org))}) {
		if err != nil {
			return err
		}
		doc := row.Doc
		at, size := binary.Uvarint(doc)
		for i := uint64(0); i < pageSize; i++ { // what decodePage does, without a copy
			doc = doc[max(size, 0):]
			n, length := binary.Uvarint(doc)
			if size <= 0 || length <= 0 || n > uint64(len(doc)-length) {
				return errTorn
			}
			if size = length + int(n); n == 0 {
				continue
			}
			if err := r.unpack(doc[length:size], &one); err != nil {
				return err
			}
			one.number = casework.CaseNumber(at<<pageBits | i)
			if !f(&one) {
				return nil
			}
		}
	}
	return nil
}

// codes finds the codes of names within a transaction, and gives new ones.
type codes struct {
	tx    casestore.Tx
	org   casework.OrgID
	known map[name]code
	next  uint64 // 0: not looked for yet
}

func (c *codes) of(n name) (code, error) {
	key := name{dim: n.dim, text: n.text}
	if have, ok := c.known[key]; ok {
		return have, nil
	}
	row, err := nameTable.Find(c.tx, "by_name", nameKey(c.org, n))
	if fault.Is(err, fault.NotFound) {
		if c.next == 0 {
			if c.next, err = lastCode(c.tx, c.org); err != nil {
				return 0, err
			}
		}
		c.next++
		row = named{Org: c.org, Code: c.next, Name: n}
		err = nameTable.Put(c.tx, &row)
	}
	if err != nil {
		return 0, err
	}
	c.known[key] = code(row.Code)
	return code(row.Code), nil
}

func lastCode(tx casestore.Tx, org casework.OrgID) (last uint64, err error) {
	for f, err := range nameTable.Scan(tx, casestore.Query{Prefix: casestore.K(string(org)), Reverse: true, Limit: 1}) {
		if err != nil {
			return 0, err
		}
		last = f.Record.Code
	}
	return last, nil
}

// translate gives a fact the codes of the target.
func (c *codes) translate(r *reading) (fact, error) {
	f := r.fact
	to := make([]code, len(r.names)+1)
	for i, n := range r.names {
		var err error
		if to[i+1], err = c.of(n); err != nil {
			return f, err
		}
	}
	f.parties, f.orders = slices.Clone(f.parties), slices.Clone(f.orders) // the write may run again
	f.recode(func(local code) code { return to[local] })
	return f, nil
}
