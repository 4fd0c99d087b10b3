package admin

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"smartmail/casestore"
	"smartmail/fault"
)

func FuzzCursor(f *testing.F) {
	key := casestore.K("a").Uint(7)
	f.Add("cases\x00a", *encodeCursor("cases\x00a", key), []byte(key))
	f.Add("cases\x00a", "", []byte{})
	f.Add("cases\x00a", "AAAAAAAAAAAA", []byte{0})
	f.Add("", "not base64!", []byte("x"))
	f.Add("cases\x00a", "g\nHArJu0K4qBhAAEAAAAAAAAABw", []byte("0"))
	f.Fuzz(func(t *testing.T, scope, cursor string, key []byte) {
		got, err := decodeCursor(scope, cursor)
		switch {
		case err == nil && cursor != "" && *encodeCursor(scope, got) != cursor:
			t.Errorf("%q was taken for a cursor", cursor)
		case err != nil && got != nil:
			t.Errorf("%q: a key and an error", cursor)
		}
		if len(key) == 0 {
			return
		}
		c := encodeCursor(scope, key)
		back, err := decodeCursor(scope, *c)
		if err != nil || !bytes.Equal(back, key) {
			t.Errorf("%x came back as %x: %v", key, back, err)
		}
		if _, err := decodeCursor(scope+"x", *c); err == nil {
			t.Error("a cursor of one list was taken for another's")
		}
		if _, err := decodeCursor(scope, (*c)[1:]); err == nil {
			t.Error("half a cursor was taken for a whole one")
		}
	})
}

// Pages go on behind the item that ended the one before, wherever it stands by then, and as far in where it has gone.
func TestFigurePages(t *testing.T) {
	l := figureList[string]{all: strings.Fields("a b c d e"), id: func(s string) string { return s }}
	pages := func(l figureList[string], after casestore.Key) (got string) {
		for range 10 {
			p, err := l.page(after, 2)
			if err != nil {
				t.Fatal(err)
			}
			got += strings.Join(p.Items, "") + "|"
			if after = p.Next; after == nil {
				return got
			}
		}
		return got
	}
	first, err := l.page(nil, 2)
	if got := pages(l, nil); got != "ab|cd|e|" || err != nil {
		t.Errorf("pages %s, %v", got, err)
	}
	l.all = strings.Fields("x a b c d e")
	if got := pages(l, first.Next); got != "cd|e|" {
		t.Errorf("with one more in front, after b: %s", got)
	}
	l.all = strings.Fields("a c d e")
	if got := pages(l, first.Next); got != "de|" {
		t.Errorf("without b: %s", got)
	}
	if l.all = nil; pages(l, first.Next) != "|" {
		t.Error("there is something behind the end")
	}
	if _, err := l.page(casestore.Key("short"), 2); !fault.Is(err, fault.Invalid) {
		t.Errorf("no place: %v", err)
	}
}

// A table has all rows or none: what is too long for a spreadsheet is said to be.
func TestLongTable(t *testing.T) {
	l := figureList[int]{name: "x", all: make([]int, maxRows+1), rows: func(all []int) table { return make(table, len(all)) }}
	in := FigureListParams{FormatParam: FormatParam{Format: "csv"}}
	if _, err := answerList(t.Context(), &server{}, in, l, 0); !fault.Is(err, fault.Invalid) {
		t.Errorf("a row too many: %v", err)
	}
	l.all = l.all[1:]
	if _, err := answerList(t.Context(), &server{}, in, l, 0); err != nil {
		t.Errorf("as many rows as there may be: %v", err)
	}
}

func FuzzValues(f *testing.F) {
	for _, s := range []string{"1200", "0.07", "1e9", "-1", `"x@y.example"`, `{"email":"a@b"}`, `"2026-12-01"`, "null", `"akut"`, "7", "1.005", "00.1", `"-0"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if !json.Valid(b) {
			return // huma has looked at it before
		}
		var k Kronor
		if k.UnmarshalJSON(b) == nil {
			out, err := k.MarshalJSON()
			var again Kronor
			if err != nil || !json.Valid(out) || again.UnmarshalJSON(out) != nil || again != k {
				t.Errorf("%s became %s, then %d", b, out, again)
			}
		}
		var p Priority
		if p.UnmarshalJSON(b) == nil {
			out, err := p.MarshalJSON()
			var again Priority
			if err != nil || again.UnmarshalJSON(out) != nil || again != p && json.Valid([]byte(p)) {
				t.Errorf("%s became %s, then %q: %v", b, out, again, err)
			}
		}
		var d Deadline
		if d.UnmarshalJSON(b) == nil {
			for _, zone := range []*time.Location{time.UTC, time.FixedZone("", 14*3600), time.FixedZone("", -12*3600)} {
				if _, err := json.Marshal(d.in(zone)); err != nil {
					t.Errorf("%s became a time that can't be written: %v", b, err)
				}
			}
		}
		var s Supplier
		if err := s.UnmarshalJSON(b); err != nil && s != (Supplier{}) {
			t.Errorf("%s: a supplier and an error", b)
		}
	})
}

// A day ends where the organisation is, also on the day on which the clocks change.
func TestDeadlineOfADay(t *testing.T) {
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`"2026-12-04"`: "2026-12-04T22:59:59Z", `"2026-10-25"`: "2026-10-25T22:59:59Z", `"2026-07-01"`: "2026-07-01T21:59:59Z",
		`"2026-12-04T15:00:00+01:00"`: "2026-12-04T14:00:00Z",
	} {
		var d Deadline
		if err := d.UnmarshalJSON([]byte(text)); err != nil || d.in(stockholm).Format(time.RFC3339) != want {
			t.Errorf("%s: %v, %v", text, d.in(stockholm), err)
		}
	}
}

func TestUTC(t *testing.T) {
	edge := time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -12*3600)) // the year 10000 in UTC
	if utc(time.Time{}) != nil || utc(edge) != nil {
		t.Error("a time that can't be written is shown")
	}
	if got := utc(time.Date(2026, 1, 1, 1, 0, 0, 0, time.FixedZone("", 3600))); got == nil || got.Format(time.RFC3339) != "2026-01-01T00:00:00Z" {
		t.Errorf("got %v", got)
	}
}

// FuzzMatched reads any text as If-Match: it holds for the version that is there and no other.
func FuzzMatched(f *testing.F) {
	for _, s := range []string{"", "*", etag(7), etag(8), `W/"7"`, etag(1) + ", " + etag(7), ",,,", `"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		v, err := matched(header, func() (uint64, error) { return 7, nil })
		switch named := strings.Contains(header, etag(7)); {
		case err == nil && v != 0 && (v != 7 || !named):
			t.Errorf("%q holds for %d", header, v)
		case err == nil && v == 0 && header != "" && strings.TrimSpace(header) != "*":
			t.Errorf("%q holds for anything", header)
		}
	})
}
