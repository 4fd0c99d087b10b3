package fill

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

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

// Words are some of those that tenants use.
func (g *Generator) Words(r *rand.Rand, n int) string { return sentence(r, n) }

// Person is a tenant or a supplier.
type Person struct{ First, Last, Email, Phone string }

// Name is both of his names.
func (p Person) Name() string { return p.First + " " + p.Last }

func name(n int) string {
	var b strings.Builder
	for n += len(names); n > 0; n /= len(names) {
		b.WriteString(names[n%len(names)])
	}
	first, size := utf8.DecodeRuneInString(b.String())
	return string(unicode.ToUpper(first)) + b.String()[size:]
}

// Tenant is one of half as many as there are cases, at least a hundred.
func (g *Generator) Tenant(r *rand.Rand) Person { return someone(r.IntN(g.tenants()), home) }

func (g *Generator) tenants() int { return max(100, g.Cases/2) }

// Supplier is one of 300.
func (g *Generator) Supplier(r *rand.Rand) Person { return someone(r.IntN(300), "firma") }

func someone(n int, at string) Person {
	p := Person{First: frequentNames[n%len(frequentNames)], Last: name(n / 3)}
	p.Email = strings.ToLower(fmt.Sprintf("%s.%s.%d@%s%d.example", p.First, p.Last, n, at, n%homes))
	p.Phone = fmt.Sprintf("07%08d", (n*7919)%100_000_000)
	return p
}

var frequentNames = strings.Fields(`Anna Bo Cecilia David Eva Fatima Gustav Hassan Ingrid Johan Karin Lars Maria Nils Olga Per Rosa Sara Tove Ulf Vera Yusuf Åsa Örjan`)

// Tenants write from so many domains, each called home and its number.
const (
	homes = 50
	home  = "hem"
)

// Domains are those that tenants write from.
func Domains() (all []string) {
	for n := range homes {
		all = append(all, homeDomain(n))
	}
	return all
}

func homeDomain(n int) string { return fmt.Sprintf("%s%d.example", home, n) }

func domain(r *rand.Rand) string { return homeDomain(r.IntN(homes)) }

// Class is one of 45; a third is about VVS.
func (g *Generator) Class(r *rand.Rand) string {
	return roots[max(0, r.IntN(len(roots)+4)-4)] + " > " + parts[r.IntN(len(parts))]
}

// Assignee is a technician.
func (g *Generator) Assignee(r *rand.Rand) string { return Technician(r.IntN(g.technicians())) }

// Priority is a deadline class.
func (g *Generator) Priority(r *rand.Rand) string {
	return []string{"0", "1", "5", "7", "10", "14", "21", "28"}[r.IntN(8)]
}

// Floor is the value of a field of cases.
func Floor(r *rand.Rand) string { return fmt.Sprint(r.IntN(9)) }

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
