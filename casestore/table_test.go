package casestore

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"smartmail/fault"
)

// oneRow is a Tx that holds one row of one table, as an engine would.
type oneRow struct {
	Tx
	row Row
}

var errEngine = errors.New("the engine has trouble")

func (o *oneRow) Get(s *Schema, key Key) (Row, error) {
	if key == nil {
		return Row{}, errEngine
	}
	if !bytes.Equal(key, o.row.Key) {
		return Row{}, fault.New(fault.NotFound, "no such "+s.Name)
	}
	return o.row, nil
}

func (o *oneRow) Put(s *Schema, row Row) error {
	if row.Version != o.row.Version {
		return fault.New(fault.Conflict, "stale")
	}
	row.Version++
	o.row = row
	return nil
}

func (o *oneRow) Scan(s *Schema, q Query) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		row := o.row
		row.Pos = row.Key
		if q.Index != "" {
			row.Pos = o.row.Index[0][0]
		}
		if bytes.HasPrefix(row.Pos, q.Prefix) && (!yield(row, nil) || q.Limit == 1) {
			return
		}
		yield(Row{}, errEngine)
	}
}

func (o *oneRow) Claim(s *Schema, q Query) iter.Seq2[Row, error] { return o.Scan(s, q) }

type thing struct {
	Name    string
	Count   int
	version uint64
}

func things(format uint16) *Table[thing] {
	return Declare("things", format,
		func(x *thing) Key { return K("o").Str(x.Name) },
		func(x *thing) *uint64 { return &x.version },
		Index[thing]{Name: "count", Unique: true, Keys: func(x *thing) []Key { return []Key{K("o").Uint(uint64(x.Count))} }})
}

func TestTablePutAndRead(t *testing.T) {
	tx, table := &oneRow{}, things(1)
	x := thing{Name: "a", Count: 3}
	if err := table.Put(tx, &x); err != nil {
		t.Fatal(err)
	}
	want := Row{Key: K("o").Str("a"), Version: 1, Format: 1, Doc: []byte(`{"Name":"a","Count":3}`), Index: [][]Key{{K("o").Uint(3)}}}
	if fmt.Sprintf("%+v", tx.row) != fmt.Sprintf("%+v", want) {
		t.Errorf("row is %+v\nwant %+v", tx.row, want)
	}
	if x.version != 1 {
		t.Errorf("version is %d", x.version)
	}
	got, err := table.Get(tx, K("o").Str("a"))
	if err != nil || got != x {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = table.Find(tx, "count", K("o").Uint(3))
	if err != nil || got != x {
		t.Errorf("found %+v, %v", got, err)
	}
	stale := thing{Name: "a"}
	if err := table.Put(tx, &stale); !fault.Is(err, fault.Conflict) || stale.version != 0 {
		t.Errorf("stale: %v, version %d", err, stale.version)
	}
}

func TestTableHasAndMissing(t *testing.T) {
	tx, table := &oneRow{}, things(1)
	if err := table.Put(tx, &thing{Name: "a"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"a": true, "b": false} {
		if has, err := table.Has(tx, K("o").Str(name)); has != want || err != nil {
			t.Errorf("has %s: %t, %v", name, has, err)
		}
	}
	if _, err := table.Has(tx, nil); !errors.Is(err, errEngine) {
		t.Errorf("trouble is no absence: %v", err)
	}
	if _, err := table.Get(tx, K("o").Str("b")); !fault.Is(err, fault.NotFound) {
		t.Errorf("get: %v", err)
	}
	if _, err := table.Find(tx, "count", K("o")); !fault.Is(err, fault.NotFound) { // a part of a key is not the key
		t.Errorf("find: %v", err)
	}
	if _, err := table.Find(tx, "count", K("o").Uint(9)); !errors.Is(err, errEngine) {
		t.Errorf("find in trouble: %v", err)
	}
}

func TestTableScan(t *testing.T) {
	tx, table := &oneRow{}, things(1)
	if err := table.Put(tx, &thing{Name: "a", Count: 3}); err != nil {
		t.Fatal(err)
	}
	for name, scan := range map[string]func(Tx, Query) iter.Seq2[Found[thing], error]{"scan": table.Scan, "claim": table.Claim} {
		n := 0
		for f, err := range scan(tx, Query{}) {
			switch n++; n {
			case 1:
				if err != nil || f.Record != (thing{"a", 3, 1}) || !bytes.Equal(f.Pos, K("o").Str("a")) {
					t.Errorf("%s: %+v, %v", name, f, err)
				}
				f.Pos[0]++ // is the caller's own
			default:
				if !errors.Is(err, errEngine) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		if n != 2 {
			t.Errorf("%s: %d rounds", name, n)
		}
	}
}

func TestTableScanNaming(t *testing.T) {
	tx, table := &oneRow{}, things(2)
	if err := table.Put(tx, &thing{Name: `a "Price": of it`, Count: 3}); err != nil {
		t.Fatal(err)
	}
	found := func(member string) (n int, last error) {
		for f, err := range table.ScanNaming(tx, Query{}, member) {
			if last = err; err == nil && f.Record.Count == 3 {
				n++
			}
		}
		return n, last
	}
	if n, err := found("Count"); n != 1 || !errors.Is(err, errEngine) {
		t.Errorf("a row that has the member: %d, %v", n, err)
	}
	if n, err := found("Price"); n != 0 || !errors.Is(err, errEngine) {
		t.Errorf("a row that says its name in a text: %d, %v", n, err)
	}
	tx.row.Format = 1
	if n, err := found("Price"); n != 0 || err == nil || errors.Is(err, errEngine) {
		t.Errorf("a row of another format is read, for its upgrade may give it the member: %d, %v", n, err)
	}
}

func TestTableUpgrade(t *testing.T) {
	tx := &oneRow{}
	if err := things(2).Put(tx, &thing{Name: "a", Count: 3}); err != nil {
		t.Fatal(err)
	}
	key := tx.row.Key
	newer := things(4).WithUpgrade(func(format uint16, doc []byte) ([]byte, error) {
		if format != 2 {
			return nil, errEngine
		}
		return bytes.Replace(doc, []byte("3"), []byte("30"), 1), nil
	})
	got, err := newer.Get(tx, key)
	if err != nil || got != (thing{"a", 30, 1}) {
		t.Errorf("upgraded: %+v, %v", got, err)
	}
	if err := newer.Put(tx, &got); err != nil || tx.row.Format != 4 {
		t.Errorf("stored again with format %d: %v", tx.row.Format, err)
	}
	if got, err = newer.Get(tx, key); err != nil || got.Count != 30 {
		t.Errorf("the present format is not upgraded: %+v, %v", got, err)
	}

	tx.row.Format = 3
	for name, table := range map[string]*Table[thing]{
		"fails": newer, "from the future": things(1).WithUpgrade(func(uint16, []byte) ([]byte, error) { return nil, nil }), "no way": things(4),
	} {
		if _, err := table.Get(tx, key); err == nil || !strings.Contains(err.Error(), "format 3") {
			t.Errorf("upgrade that %s: %v", name, err)
		}
	}
}

func TestTableCodec(t *testing.T) {
	raw := things(1).WithCodec(
		func(x *thing) ([]byte, error) {
			if x.Count < 0 {
				return nil, errEngine
			}
			return []byte(x.Name), nil
		},
		func(doc []byte, x *thing) error {
			if len(doc) > 5 {
				return errEngine
			}
			x.Name = string(doc)
			return nil
		})
	tx := &oneRow{}
	x := thing{Name: "\x00\xFF", Count: 1}
	if err := raw.Put(tx, &x); err != nil || string(tx.row.Doc) != x.Name {
		t.Fatalf("stored %q: %v", tx.row.Doc, err)
	}
	if got, err := raw.Get(tx, tx.row.Key); err != nil || got.Name != x.Name {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := raw.Put(tx, &thing{Count: -1}); !errors.Is(err, errEngine) {
		t.Errorf("encode: %v", err)
	}
	tx.row.Doc = []byte("too long")
	if _, err := raw.Get(tx, tx.row.Key); !errors.Is(err, errEngine) {
		t.Errorf("decode: %v", err)
	}
}
