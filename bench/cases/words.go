package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"smartmail/casework"
)

// The words of which texts are made: the first ones are frequent, the last ones rare. Beside them stand names, which are many.
var (
	frequent = strings.Fields(`det är i på och som inte har vi en att kan ni komma vatten köket badrum droppar läcker kallt varmt trasig kran dörr lås lampa element
		fönster toalett avlopp stopp balkong trapphus tvättstuga tvättmaskin torktumlare diskmaskin spis ugn fläkt kyl frys hiss port nyckel golv vägg tak fukt mögel
		säkring eluttag brandvarnare ventil packning blandare duschslang golvbrunn värme ventilation soprum källare förråd parkering cykelrum granne störning buller`)
	heads = strings.Fields(`tvätt disk kök bad dusch golv vägg tak dörr fönster balkong trapp hiss port värme vatten avlopp el gas sop käll vinds cykel barnvagns brand säkerhets utomhus`)
	tails = strings.Fields(`maskin ventil lampa lås kran rör pump läcka skada element fläkt lucka list handtag beslag tröskel karm brunn slang filter knapp motor skena panel uttag mätare`)
	names = strings.Fields(`an ber cal dag el fors gran hall is jör karl lind mal nor ol per quist ros sjö tor ul vik wall ål ång ör berg dal gren holm kvist mark man sten ström blad lund`)
	roots = strings.Fields(`VVS El Bygg Lås Vitvaror Hiss Utemiljö Städning Ventilation`)
	parts = strings.Fields(`Läckage Byte Besiktning Larm Haveri`)
)

// word is one of a text: frequent ones mostly, sometimes one of 700 compounds.
func word(r *rand.Rand) string {
	if r.IntN(6) == 0 {
		return heads[r.IntN(len(heads))] + tails[r.IntN(len(tails))] + []string{"", "", "en", "ar"}[r.IntN(4)]
	}
	return frequent[int(float64(len(frequent))*r.Float64()*r.Float64())]
}

func sentence(r *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word(r))
	}
	return b.String() + "."
}

// person is a tenant or a supplier.
type person struct{ first, last, email, phone string }

func (p person) name() string { return p.first + " " + p.last }

func name(n int) string {
	var b strings.Builder
	for n += len(names); n > 0; n /= len(names) {
		b.WriteString(names[n%len(names)])
	}
	return strings.ToUpper(b.String()[:1]) + b.String()[1:]
}

// tenant is one of half as many as there are cases, at least a hundred.
func (g *generator) tenant(r *rand.Rand) person { return someone(r.IntN(max(100, g.cases/2)), "hem") }

func (g *generator) supplier(r *rand.Rand) person { return someone(r.IntN(300), "firma") }

func someone(n int, at string) person {
	p := person{first: frequentNames[n%len(frequentNames)], last: name(n / 3)}
	p.email = strings.ToLower(fmt.Sprintf("%s.%s.%d@%s%d.example", p.first, p.last, n, at, n%50))
	p.phone = fmt.Sprintf("07%08d", (n*7919)%100_000_000)
	return p
}

var frequentNames = strings.Fields(`Anna Bo Cecilia David Eva Fatima Gustav Hassan Ingrid Johan Karin Lars Maria Nils Olga Per Rosa Sara Tove Ulf Vera Yusuf Åsa Örjan`)

func domain(r *rand.Rand) string { return fmt.Sprintf("hem%d.example", r.IntN(50)) }

// A third is about VVS.
func (g *generator) class(r *rand.Rand) string {
	return roots[max(0, r.IntN(len(roots)+4)-4)] + " > " + parts[r.IntN(len(parts))]
}

func (g *generator) assignee(r *rand.Rand) string { return technician(r.IntN(50)) }
func (g *generator) priority(r *rand.Rand) string {
	return []string{"0", "1", "5", "7", "10", "14", "21", "28"}[r.IntN(8)]
}
func floor(r *rand.Rand) string { return fmt.Sprint(r.IntN(9)) }

// source gives a generator's bytes.
type source struct{ r *rand.Rand }

func (s source) Read(b []byte) (int, error) { s.fill(b); return len(b), nil }

func (s source) fill(b []byte) {
	for i := range b {
		b[i] = byte(s.r.Uint32())
	}
}

// newID is an id as the desk makes them.
func newID[ID ~string](r *rand.Rand, at time.Time) ID {
	id, err := casework.NewID(at, io.Reader(source{r}))
	if err != nil {
		panic(err) // the source never fails
	}
	return ID(id)
}
