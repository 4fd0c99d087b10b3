package sheet

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"smartmail/fault"
	"smartmail/property"
	"smartmail/register"
)

// table is how the columns stand in docs/sheets.md.
func (c *Columns[T]) table(kind string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | also called |\n|---|---|\n", kind)
	for _, col := range c.list {
		mark := ""
		if col.restricted {
			mark = " *"
		}
		fmt.Fprintf(&b, "| `%s`%s | %s |\n", col.name, mark, strings.Join(col.also, ", "))
	}
	return b.String()
}

// The documented names are those that are read, and none means two fields.
func TestDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/sheets.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{Objects().table("objects"), Contacts().table("contacts, suppliers"), Tenancies().table("tenancies")} {
		if !strings.Contains(string(doc), want) {
			t.Errorf("docs/sheets.md lacks\n%s", want)
		}
	}
	unambiguous(t, Objects())
	unambiguous(t, Contacts())
	unambiguous(t, Tenancies())
}

func unambiguous[T any](t *testing.T, c *Columns[T]) {
	t.Helper()
	seen := map[string]string{}
	for _, col := range c.list {
		for _, name := range append([]string{col.name}, col.also...) {
			if other, twice := seen[plain(name)]; twice {
				t.Errorf("%q is %s and %s", name, other, col.name)
			}
			seen[plain(name)] = col.name
		}
	}
}

func TestCells(t *testing.T) {
	for _, c := range []struct {
		parse    func(string) (string, error)
		in, want string
		bad      bool
	}{
		{parseDay, "2026-11-25", "2026-11-25", false}, {parseDay, "20261125", "2026-11-25", false}, {parseDay, "46351", "2026-11-25", false}, {parseDay, "2026-11-25 00:00:00", "2026-11-25", false},
		{parseDay, "25/11/2026", "", true}, {parseDay, "2026-02-30", "", true}, {parseDay, "2026", "", true}, {parseDay, "2026-11-25 10:00:00", "2026-11-25", false},
		{parseDay, "46351.5", "2026-11-25", false}, {parseDay, "46351.", "2026-11-25", false}, {parseDay, "46351.x", "", true}, {parseDay, "2026.5", "", true},
		{parseClock, "7:30", "07:30", false}, {parseClock, "07.30", "07:30", false}, {parseClock, "0.3125", "07:30", false}, {parseClock, "25:00", "", true}, {parseClock, "7.5", "", true}, {parseClock, "17", "17:00", false}, {parseClock, "24", "", true},
		{asText(parseNumber), "1 062,5", "1062.5", false}, {asText(func(s string) (float64, error) { return parseNumber(withoutUnit(s)) }), "1 234,5 m²", "1234.5", false}, {asText(parseNumber), "-3", "-3", false}, {asText(parseNumber), "0x10", "", true}, {asText(parseNumber), "NaN", "", true}, {asText(parseNumber), "1.2.3", "", true},
		{asText(parseYesNo), "Ja", "true", false}, {asText(parseYesNo), "", "false", false}, {asText(parseYesNo), "kanske", "", true},
	} {
		got, err := c.parse(c.in)
		if (err != nil) != c.bad || !c.bad && got != c.want {
			t.Errorf("%q: %q, %v", c.in, got, err)
		}
	}
	for _, list := range [][]string{nil, {"a"}, {"a", "b; c", `d\`, `e\,|`, "f"}} {
		if got := splitList(joinList(list)); !reflect.DeepEqual(got, list) {
			t.Errorf("%q was %q", got, list)
		}
	}
}

func asText[V any](parse func(string) (V, error)) func(string) (string, error) {
	return func(s string) (string, error) {
		v, err := parse(s)
		return fmt.Sprint(v), err
	}
}

func TestSlug(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range []string{"1001", "K 1", "K-1", "k 1", "Åsa Öberg", "Asa Oberg", "---", "", strings.Repeat("lång", 40), strings.Repeat("lång", 41)} {
		id := Slug(name)
		if err := (register.Contact{ID: id, Name: "x", Parts: []register.Part{register.Staff}}).Check(); err != nil || seen[id] || id != Slug(name) {
			t.Errorf("%q: %q, %v", name, id, err)
		}
		seen[id] = true
	}
}

// A program that knows no whole numbers writes a fraction behind keys; behind other things it says something.
func TestKeys(t *testing.T) {
	l, err := Objects().Layout(Row{1, []string{"Objektsnummer", "lgh", "namn"}})
	if err != nil {
		t.Fatal(err)
	}
	row := Row{2, []string{"1002.0", "1101.0", "57.0"}}
	if _, external, _, err := l.Names(row); err != nil || external != "1002" {
		t.Errorf("%q, %v", external, err)
	}
	o, err := l.Apply(row, property.Object{})
	if err != nil || o.ExternalKey != "1002" || o.Code != "1101" || o.Name != "57.0" {
		t.Errorf("%+v, %v", o, err)
	}
	again, err := l.Apply(row, o)
	if err != nil || again != o {
		t.Errorf("%+v, %v", again, err)
	}
}

// Everything that cannot be read of a row is told at once.
func TestEveryFault(t *testing.T) {
	l, err := Objects().Layout(Row{1, []string{"objektnr", "byggår", "yta", "arkiverad"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Apply(Row{2, []string{"1", "gammalt", "stor", "kanske"}}, property.Object{}); !fault.Is(err, fault.Invalid) || fault.Public(err) != `year: "gammalt" is no year; square_metres: "stor" is no number; archived: "kanske" is neither yes nor no` {
		t.Error(err)
	}
}

// A file that was sent as a form is said to be one.
func TestForm(t *testing.T) {
	for _, err := range Read([]byte("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nid;name\r\n--b--\r\n")) {
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Public(err), "a form") {
			t.Error(err)
		}
	}
}

// What a row says there is already stays to the byte; what it does not say stays as well.
func TestApply(t *testing.T) {
	l, err := Contacts().Layout(Row{1, []string{"E-POST", "Personnr", "personal number", "Org.nr", "typ"}})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(l.Ignored, []string{"Personnr"}) || !reflect.DeepEqual(l.Restricted(), []string{"personal_number"}) || l.Has("name") || !l.Has("emails") {
		t.Errorf("%+v", l)
	}
	was := register.Contact{ID: "a", Name: " Anna", Emails: []string{"a@b.example "}, Parts: []register.Part{register.Customer}}
	got, err := l.Apply(Row{2, []string{"a@b.example", "x", "198112289874", "5560360793", "Hyresgäst, Tekniker"}}, was)
	want := was
	want.PersonalNumber, want.OrgNumber, want.Parts = "19811228-9874", "556036-0793", []register.Part{register.Customer, register.Technician}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := Contacts().Layout(Row{1, []string{"mail", "e-post"}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("the same field twice: %v", err)
	}
	if _, _, _, err := l.Names(Row{2, []string{"", "", "", "", "kund"}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("nobody: %v", err)
	}
}
