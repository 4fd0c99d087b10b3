package casestore

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"smartmail/casework"
)

// part is one part of a tuple: a string, a number or an instant.
type part struct {
	kind string
	str  string
	num  uint64
	at   time.Time
}

func (p part) appendTo(k Key) Key {
	switch p.kind {
	case "str":
		return k.Str(p.str)
	case "uint":
		return k.Uint(p.num)
	default:
		return k.Time(p.at)
	}
}

func (p part) compare(o part) int {
	return cmp.Or(strings.Compare(p.str, o.str), cmp.Compare(p.num, o.num), p.at.Compare(o.at))
}

func drawPart(t *rapid.T, kind string) part {
	p := part{kind: kind}
	switch kind {
	case "str": // few different bytes, so that tuples share their beginnings, and the bytes that need care
		p.str = string(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 'b', 0xFE, 0xFF}), 0, 4).Draw(t, "str"))
	case "uint":
		p.num = rapid.OneOf(rapid.Uint64Range(0, 2), rapid.Uint64()).Draw(t, "num")
	case "time":
		p.at = time.UnixMicro(rapid.OneOf(rapid.Int64Range(-2, 2), rapid.Int64Range(-1<<60, 1<<60)).Draw(t, "micros"))
	}
	return p
}

// drawTuples draws two tuples of the same kinds of parts.
func drawTuples(t *rapid.T) (a, b []part) {
	for _, kind := range rapid.SliceOfN(rapid.SampledFrom([]string{"str", "uint", "time"}), 1, 4).Draw(t, "kinds") {
		a, b = append(a, drawPart(t, kind)), append(b, drawPart(t, kind))
	}
	return a, b
}

func encode(parts []part) Key {
	var k Key
	for _, p := range parts {
		k = p.appendTo(k)
	}
	return k
}

func TestKeyKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawTuples(t)
		want := slices.CompareFunc(a, b, part.compare)
		if got := bytes.Compare(encode(a), encode(b)); got != want {
			t.Fatalf("keys compare %d, tuples %d", got, want)
		}
	})
}

// A key is a prefix of another exactly when its tuple is the beginning of the other's.
func TestKeyPrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawTuples(t)
		n := rapid.IntRange(0, len(a)).Draw(t, "n")
		want := slices.CompareFunc(a[:n], b[:n], part.compare) == 0
		if got := bytes.HasPrefix(encode(b), encode(a[:n])); got != want {
			t.Fatalf("prefix is %t, want %t", got, want)
		}
	})
}

func TestKeyBegin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawPart(t, "str").str, drawPart(t, "str").str
		if got := bytes.HasPrefix(K("o").Str(b).Uint(7), K("o").Begin(a)); got != strings.HasPrefix(b, a) {
			t.Fatalf("%q begins with %q: %t", b, a, got)
		}
	})
}

func TestKeyEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0xFE, 0xFF}), 0, 4)
		prefix, other := Key(few.Draw(t, "prefix")), few.Draw(t, "other")
		end := prefix.End()
		inside := bytes.Compare(other, prefix) >= 0 && (end == nil || bytes.Compare(other, end) < 0)
		if inside != bytes.HasPrefix(other, prefix) {
			t.Fatalf("%x: end %x puts %x on the wrong side", prefix, end, other)
		}
	})
}

func TestKeyOrg(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		org := drawPart(t, "str").str
		k := K(org)
		for _, p := range rapid.SliceOfN(rapid.SampledFrom([]string{"str", "uint", "time"}), 0, 3).Draw(t, "kinds") {
			k = drawPart(t, p).appendTo(k)
		}
		if !bytes.Equal(k.Org(), K(org)) {
			t.Fatalf("organisation of %x is %x, want %x", k, k.Org(), K(org))
		}
	})
	for _, k := range []Key{nil, {}, {'a'}, {'a', 0}, {'a', 0, 0xFF}, {'a', 0, 2, 0, 1}} {
		if k.Org() != nil {
			t.Errorf("%x has an organisation: %x", k, k.Org())
		}
	}
}

// Two keys that extend the same prefix do not write into one another.
func TestKeySharedPrefix(t *testing.T) {
	prefix := append(make(Key, 0, 64), K("o")...)
	a, b := prefix.Str("aaaa"), prefix.Uint(7)
	c := prefix.Org().Str("cccc")
	for i, k := range []Key{a, b, c} {
		want := []Key{K("o").Str("aaaa"), K("o").Uint(7), K("o").Str("cccc")}[i]
		if !bytes.Equal(k, want) {
			t.Errorf("key is %x, want %x", k, want)
		}
	}
}

// Timers that were stored before there were schedules keep their keys.
func TestTimerKey(t *testing.T) {
	due := time.Date(2026, 11, 25, 7, 0, 0, 0, time.UTC)
	for want, timer := range map[string]casework.Timer{
		"6100010000000000000007" + "6f726465720001" + "0000000000000002":                            {Org: "a", Case: 7, Kind: casework.TimerOrder, Order: 2, DueAt: due},
		"6100010000000000000000" + "6d6f726e696e670001" + "0000000000000000":                        {Org: "a", Kind: casework.TimerMorning, After: "nora", DueAt: due},
		"6100010000000000000000" + "7363686564756c650001" + "0000000000000000" + "66696c7465720001": {Org: "a", Kind: casework.TimerSchedule, Schedule: "filter", DueAt: due},
	} {
		if got := hex.EncodeToString(TimerKey(timer)); got != want {
			t.Errorf("%s: %s, want %s", timer.Kind, got, want)
		}
	}
}
