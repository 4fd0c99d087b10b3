package exchange_test

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"
	"time"

	"smartmail/exchange"
)

// BenchmarkImport takes in 100,000 units in 5,000 buildings, as many customers, and as many tenancies, and then the same again:
//
//	make bench-import
func BenchmarkImport(b *testing.B) {
	const units, house = 100_000, 20 // units in a building
	files := map[exchange.Kind]*bytes.Buffer{exchange.Objects: {}, exchange.Contacts: {}, exchange.Tenancies: {}}
	fmt.Fprint(files[exchange.Objects], "objektnr;typ;ligger i;namn;lgh;gata;postnr;ort;våning;yta\nF1;fastighet;;Fastighet 1;;;;;;\n")
	fmt.Fprint(files[exchange.Contacts], "kundnr;namn;e-post;telefon;personnummer\n")
	fmt.Fprint(files[exchange.Tenancies], "avtalsnr;kundnr;objektnr;från;till\n")
	for i := range units / house {
		fmt.Fprintf(files[exchange.Objects], "H%05d;hus;F1;Storgatan %d;;Storgatan %d;123 45;Ekstad;;\n", i, i, i)
	}
	for i := range units {
		n := (i * 7919) % units // rent systems sort by something else
		fmt.Fprintf(files[exchange.Objects], "L%06d;lägenhet;H%05d;Lägenhet %d;1%03d;Storgatan %d;123 45;Ekstad;%d;62,5\n", n, n/house, n, n%house, n/house, n%7)
		fmt.Fprintf(files[exchange.Contacts], "K%06d;Anna Andersson %d;anna%d@home.example;+46 70 %07d;\n", n, n, n, n)
		fmt.Fprintf(files[exchange.Tenancies], "A%06d;K%06d;L%06d;2024-01-01;\n", n, n, n)
	}
	for b.Loop() {
		h := open(b)
		for _, run := range []string{"first", "again"} {
			for _, kind := range []exchange.Kind{exchange.Objects, exchange.Contacts, exchange.Tenancies} {
				start, used := time.Now(), processor(b)
				r := h.take(kind, files[kind].String(), exchange.Options{ArchiveMissing: true})
				if len(r.Bad) > 0 || run == "first" && r.Added != r.Rows || run == "again" && r.Unchanged != r.Rows {
					b.Fatalf("%s of %s: %d rows, %d added, %d unchanged, %d bad", run, kind, r.Rows, r.Added, r.Unchanged, len(r.Bad))
				}
				b.ReportMetric(time.Since(start).Seconds(), fmt.Sprintf("s/%s-%s", kind, run))
				b.ReportMetric((processor(b) - used).Seconds(), fmt.Sprintf("cpu-s/%s-%s", kind, run))
			}
		}
	}
}

// processor is the time that this process has had of the processors, which the neighbours on a shared machine hardly change.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
