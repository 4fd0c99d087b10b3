package boltstore

import (
	"bytes"
	"testing"

	"smartmail/casestore"
)

var rowSchema = casestore.Schema{Name: "t", Format: 3, Indexes: []casestore.IndexSchema{{Name: "one", Unique: true}, {Name: "many"}, {Name: "none"}}}

func sampleRow() casestore.Row {
	k := casestore.K("o")
	return casestore.Row{Key: k.Str("key"), Version: 299, Format: 3, Doc: []byte("document"),
		Index: [][]casestore.Key{{k.Str("u")}, {k.Str("x"), k.Str("y")}, nil}}
}

func TestRowRoundTrip(t *testing.T) {
	row := sampleRow()
	rec, err := decodeRow(row.Key, encodeRow(&rowSchema, row))
	if err != nil {
		t.Fatal(err)
	}
	if rec.version != 300 || rec.format != 3 || string(rec.doc) != "document" {
		t.Errorf("decoded %+v", rec)
	}
	want := []string{"one " + string(row.Index[0][0]), "many " + string(row.Index[1][0]) + string(row.Key), "many " + string(row.Index[1][1]) + string(row.Key)}
	i := 0
	for index, pos := range rec.positions(row.Key) {
		if i == len(want) || index+" "+string(pos) != want[i] {
			t.Fatalf("position %d: %s %q", i, index, pos)
		}
		i++
	}
	if i != len(want) {
		t.Errorf("%d positions, want %d", i, len(want))
	}
}

// Whatever stands in the file, decodeRow refuses it or gives a row that can be walked; no bit may be flipped.
func FuzzDecodeRow(f *testing.F) {
	row := sampleRow()
	sound := encodeRow(&rowSchema, row)
	f.Add([]byte(row.Key), sound)
	f.Add([]byte(row.Key), sound[:len(sound)-3])
	f.Add([]byte{}, []byte{rowLayout, 0, 0, 0, 0, 1, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F})
	f.Fuzz(func(t *testing.T, key, stored []byte) {
		forged := bytes.Clone(stored) // the same with a checksum that fits, or few would get past it
		if len(forged) >= rowHeader {
			sum := checksum(key, forged[rowHeader:])
			forged[1], forged[2], forged[3], forged[4] = byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)
		}
		for _, b := range [][]byte{stored, forged} {
			rec, err := decodeRow(key, b)
			if err != nil {
				continue
			}
			n := 0
			for _, pos := range rec.positions(key) {
				n++
				if len(pos) > len(key)+len(b) {
					t.Fatalf("a position of %d bytes", len(pos))
				}
			}
			if n > len(b) {
				t.Fatalf("%d positions in %d bytes", n, len(b))
			}
			flipped := bytes.Clone(b)
			flipped[len(flipped)-1] ^= 1
			if _, err := decodeRow(key, flipped); err == nil {
				t.Fatal("a flipped bit went unnoticed")
			}
		}
	})
}
