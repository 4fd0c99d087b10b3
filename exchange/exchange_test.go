package exchange_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"smartmail/access"
	"smartmail/blobstore/files"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/exchange"
	"smartmail/exchange/sheet"
	"smartmail/fault"
	"smartmail/property"
	"smartmail/register"
	"smartmail/threading"
)

var by = casework.Actor{Via: casework.ViaAPI, Name: "rent system"}

// house is a desk with two organisations, a and b.
type house struct {
	testing.TB
	desk *desk.Desk
}

func open(t testing.TB) house {
	t.Helper()
	dir := t.TempDir()
	store, err := boltstore.Open(filepath.Join(dir, "t.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	blobs, err := files.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	return house{t, desk.New(desk.Options{Store: store, Blobs: blobs, Keys: threading.NewKeyring(nil), Orgs: []casework.OrgID{"a", "b"}})}
}

// take imports a file into organisation a.
func (h house) take(kind exchange.Kind, file string, o exchange.Options) exchange.Result {
	h.Helper()
	o.By = by
	r, err := exchange.Import(h.Context(), h.desk, "a", kind, []byte(file), o)
	if err != nil {
		h.Fatal(err)
	}
	return r
}

// counts are added, updated, unchanged, archived, bad.
func (h house) counts(r exchange.Result, want ...int) {
	h.Helper()
	if got := []int{r.Added, r.Updated, r.Unchanged, r.Archived, len(r.Bad)}; !slices.Equal(got, want) {
		h.Errorf("added, updated, unchanged, archived, bad: %v, want %v; %+v", got, want, r.Bad)
	}
}

func (h house) events() int {
	h.Helper()
	e, err := h.desk.Events(h.Context(), "a", 0, 10_000)
	if err != nil {
		h.Fatal(err)
	}
	return len(e)
}

func (h house) contact(id string) register.Contact {
	h.Helper()
	c, err := h.desk.Contacts().Get(h.Context(), "a", id)
	if err != nil {
		h.Fatal(err)
	}
	return c.Thing
}

// A file that comes every night: what is new is added, what has changed is changed, what is the same leaves no trace, what is gone is
// archived, and what is back is not archived any more. What the file does not say stays.
func TestEveryNight(t *testing.T) {
	h := open(t)
	const head = "Kundnr;Namn;E-post;Mobil;Saldo\r\n"
	const anna, bo, cia = "K 1;Anna Åberg;anna@home.example;+46 70 000 00 01;12\r\n", "1002;Bo Berg;bo@home.example, bo@work.example;;0\r\n", "1003;Cia Ceder;;070-000 00 03;0\r\n"
	nightly := exchange.Options{ArchiveMissing: true}
	first := h.take(exchange.Contacts, head+anna+bo+cia, nightly)
	h.counts(first, 3, 0, 0, 0, 0)
	if !first.Written || !slices.Equal(first.Ignored, []string{"Saldo"}) {
		t.Errorf("%+v", first)
	}
	id := sheet.Slug("K 1")
	want := register.Contact{ID: id, Name: "Anna Åberg", Parts: []register.Part{register.Customer}, Emails: []string{"anna@home.example"}, Phones: []string{"+46 70 000 00 01"}, ExternalKey: "K 1"}
	if got := h.contact(id); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	// Somebody adds what the file does not know, and a technician without an external key.
	want.Language, want.HearingImpaired = "sv", true
	for _, c := range []register.Contact{want, {ID: "nils", Name: "Nils", Parts: []register.Part{register.Technician}}, {ID: "ror", Name: "Rör", Parts: []register.Part{register.Supplier}, ExternalKey: "L1"}} {
		if _, err := h.desk.Contacts().Save(t.Context(), "a", c, by, 0); err != nil {
			t.Fatal(err)
		}
	}
	events := h.events()
	h.counts(h.take(exchange.Contacts, head+anna+bo+cia, nightly), 0, 0, 3, 0, 0)
	if h.events() != events {
		t.Error("an import of the same left a trace")
	}
	h.counts(h.take(exchange.Contacts, head+strings.Replace(anna, "Åberg", "Ådahl", 1)+cia, nightly), 0, 1, 1, 1, 0)
	if want.Name = "Anna Ådahl"; !reflect.DeepEqual(h.contact(id), want) || !h.contact("1002").Archived {
		t.Errorf("%+v, %+v", h.contact(id), h.contact("1002"))
	}
	h.counts(h.take(exchange.Contacts, head+bo+cia, exchange.Options{}), 0, 0, 2, 0, 0)
	h.counts(h.take(exchange.Contacts, head+bo+cia, nightly), 0, 1, 1, 1, 0)
	if h.contact("1002").Archived || !h.contact(id).Archived || h.contact("nils").Archived || h.contact("ror").Archived {
		t.Error("archived are not those who are gone")
	}
	if r := h.take(exchange.Contacts, head, nightly); r.NotArchived == "" || r.Archived != 0 {
		t.Errorf("an empty file archives: %+v", r)
	}
	if r := h.take(exchange.Contacts, head+bo+"x;\"y\"z\r\n", nightly); r.NotArchived == "" || r.Archived != 0 || len(r.Bad) != 1 {
		t.Errorf("a damaged file archives: %+v", r)
	}
}

const tree = "id;external_key;kind;parent;name;yta\n" +
	"lgh-2;;lägenhet;H1;Lägenhet 2;62,5\n" + // what it lies in comes later, and is called by its external key
	"hus-1;H1;hus;kv-1;Hus 1;\n" +
	"lgh-1;;;hus-1;Lägenhet 1;1 062\n" + // a unit, since nothing else is said
	"kv-1;;fastighet;;Kvarteret Ett;\n"

// What a row refers to may come later in the file, and be called by its external key.
func TestOrderOfRows(t *testing.T) {
	h := open(t)
	h.counts(h.take(exchange.Objects, tree, exchange.Options{}), 4, 0, 0, 0, 0)
	o, err := h.desk.Objects().Get(t.Context(), "a", "lgh-2")
	if want := (property.Object{ID: "lgh-2", Kind: property.Unit, Parent: "hus-1", Name: "Lägenhet 2", SquareMetres: 62.5}); err != nil || o.Thing != want {
		t.Errorf("%+v, %v", o.Thing, err)
	}
	h.counts(h.take(exchange.Objects, tree, exchange.Options{}), 0, 0, 4, 0, 0)
	h.counts(h.take(exchange.Objects, "id;parent;kind;name\nx;y;component;X\ny;x;component;Y\n", exchange.Options{}), 0, 0, 0, 0, 2)

	h.counts(h.take(exchange.Contacts, "kundnummer,namn\nK 1,Anna\n", exchange.Options{}), 1, 0, 0, 0, 0)
	const lease = "Kundnr\tObjektnr\tFrån\tTill\nK 1\tlgh-1\t2024-01-01\t\nK 1\tlgh-2\t20200101\t45291\n"
	h.counts(h.take(exchange.Tenancies, lease, exchange.Options{}), 2, 0, 0, 0, 0)
	page, err := h.desk.Tenancies().List(t.Context(), "a", "by_object", "lgh-2", nil, 10)
	if err != nil || len(page.Items) != 1 || page.Items[0].Thing.Customer != sheet.Slug("K 1") || page.Items[0].Thing.From != "2020-01-01" || page.Items[0].Thing.To != "2023-12-31" {
		t.Errorf("%+v, %v", page.Items, err)
	}
	h.counts(h.take(exchange.Tenancies, lease, exchange.Options{}), 0, 0, 2, 0, 0)
}

// Every bad row is named with its column, and stops no other, unless the caller wants all or nothing. A dry run tells the same.
func TestBadRows(t *testing.T) {
	const file = "id;external_key;name;emails;personal_number;reachable_from;areas\n" +
		"good;1;Anna;anna@home.example;198112289874;7.30;\n" + // 2
		"bad id;2;Bo;;;;\n" +
		"mail;3;Bo;not an address;;;\n" +
		"number;4;Bo;;19811228-9875;;\n" +
		"time;5;Bo;;;late;\n" +
		"area;6;Bo;;;;nowhere\n" + // 7
		"noname;7;;;;;\n" +
		"good;8;Bo;;;;\n" +
		"key;1;Bo;;;;\n" +
		";;;;;08:00;\n" +
		"quote;9;\"B\"o;;;;\n" + // 12
		"last;10;Bo;;;;\n"
	want := []struct {
		row    int
		column string
	}{{3, "id"}, {4, "emails"}, {5, "personal_number"}, {6, "reachable_from"}, {7, "areas"}, {8, "name"}, {9, "id"}, {10, "external_key"}, {11, "id"}, {12, ""}}
	h := open(t)
	for _, o := range []exchange.Options{{DryRun: true}, {AllOrNothing: true}, {}} {
		r := h.take(exchange.Contacts, file, o)
		h.counts(r, 2, 0, 0, 0, len(want))
		for i, b := range r.Bad {
			if i < len(want) && (b.Row != want[i].row || b.Column != want[i].column || b.Why == "" || strings.Contains(b.Why, "9875")) {
				t.Errorf("%+v, want %+v", b, want[i])
			}
		}
		written := !o.DryRun && !o.AllOrNothing
		if r.Written != written || (h.events() == 2) != written {
			t.Errorf("%+v: written %v, %d events", o, r.Written, h.events())
		}
	}
	if c := h.contact("good"); c.PersonalNumber != "19811228-9874" || c.ReachableFrom != "07:30" {
		t.Errorf("%+v", c)
	}
	h.counts(h.take(exchange.Contacts, "id;external_key\nlast;1\n", exchange.Options{}), 0, 0, 0, 0, 1) // another's key
	for name, file := range map[string]string{"empty": "", "no header": "Anna;12\n", "the same twice": "mail;e-post\na;b\n", "no text": "\x00\x01"} {
		if _, err := exchange.Import(t.Context(), h.desk, "a", exchange.Contacts, []byte(file), exchange.Options{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// export writes a sheet of organisation a as from shows it.
func (h house) export(from exchange.Registers, kind exchange.Kind, f sheet.Format) []byte {
	h.Helper()
	e, err := exchange.OpenExport(h.Context(), from, "a", kind, f)
	if err != nil {
		h.Fatal(err)
	}
	var b bytes.Buffer
	if err := e.Write(h.Context(), &b); err != nil {
		h.Fatal(err)
	}
	return b.Bytes()
}

// odd fills a register with what is hard to write down.
func (h house) odd() {
	h.take(exchange.Objects, tree, exchange.Options{})
	for i := range 1100 { // more than is read at a time
		h.save(register.Contact{
			ID: fmt.Sprintf("c%04d", i), Name: []string{" =SUM(A1)", "+46", "'-x", "Å; \"B\", C"}[i%4], Parts: []register.Part{register.Supplier, register.Customer},
			Trades: []string{"Bygg, tak; mark", `a\b|c`, "=x"}, Areas: []string{"kv-1", "hus-1"}, Emails: []string{"=a@x.example"}, ReachableFrom: "07:00", HearingImpaired: i%2 == 0,
			PersonalNumber: "19811228-9874", ExternalKey: fmt.Sprintf("000%d", i), Archived: i%3 == 0,
		})
	}
	if _, err := h.desk.Tenancies().Save(h.Context(), "a", register.Tenancy{ID: "t", Customer: "c0001", Object: "lgh-1", From: "2024-02-29", To: "2025-01-01"}, by, 0); err != nil {
		h.Fatal(err)
	}
	o := property.Object{ID: "lgh-3", Kind: property.Unit, Parent: "hus-1", Name: "-3", Address: property.Address{Street: "@gatan", Floor: "-1"}, Year: 1904, SquareMetres: 0.1, Access: "kod"}
	if _, err := h.desk.Objects().Save(h.Context(), "a", o, by, 0); err != nil {
		h.Fatal(err)
	}
}

func (h house) save(c register.Contact) {
	h.Helper()
	if _, err := h.desk.Contacts().Save(h.Context(), "a", c, by, 0); err != nil {
		h.Fatal(err)
	}
}

// What is exported is imported again and changes nothing, also by one who sees no restricted field; another organisation gets the same by it.
func TestThereAndBack(t *testing.T) {
	h := open(t)
	h.odd()
	events := h.events()
	manager := access.Roles()[4]
	manager.Permissions = append(slices.Clone(manager.Permissions), access.EditThings)
	guarded := h.desk.For(access.Grant{Role: manager})
	rows := map[exchange.Kind]int{exchange.Objects: 5, exchange.Contacts: 1100, exchange.Suppliers: 1100, exchange.Tenancies: 1}
	for _, format := range []sheet.Format{sheet.CSV, sheet.XLSX} {
		for _, kind := range exchange.Kinds() {
			for name, from := range map[string]exchange.Registers{"all": h.desk, "no restricted": guarded} {
				file := h.export(from, kind, format)
				for who, to := range map[string]exchange.Registers{"all": h.desk, "no restricted": guarded} {
					r, err := exchange.Import(t.Context(), to, "a", kind, file, exchange.Options{By: by, ArchiveMissing: true})
					if err != nil || r.Unchanged != rows[kind] || r.Unchanged != r.Rows || r.NotArchived != "" || len(r.Bad) > 0 {
						t.Errorf("%s %s of %s, by %s: %+v, %v", kind, format, name, who, r, err)
					}
				}
			}
		}
	}
	if h.events() != events {
		t.Error("something has changed")
	}
	if secret := h.export(guarded, exchange.Contacts, sheet.CSV); bytes.Contains(secret, []byte("9874")) || bytes.Contains(secret, []byte("personal_number")) {
		t.Error("a personal number is exported to who may not see it")
	}
	// Who may not see a number can neither change nor empty it.
	r, err := exchange.Import(t.Context(), guarded, "a", exchange.Contacts, []byte("id;personal_number\nc0000;\nc0001;19900101-0017\n"), exchange.Options{By: by})
	if err != nil || r.Unchanged != 2 || !slices.Equal(r.Ignored, []string{"personal_number"}) || h.contact("c0000").PersonalNumber == "" {
		t.Errorf("%+v, %v", r, err)
	}
	for _, kind := range []exchange.Kind{exchange.Objects, exchange.Contacts, exchange.Tenancies} {
		r, err := exchange.Import(t.Context(), h.desk, "b", kind, h.export(h.desk, kind, sheet.XLSX), exchange.Options{By: by})
		if err != nil || r.Added != rows[kind] {
			t.Errorf("%s into another: %+v, %v", kind, r, err)
		}
	}
	mine, err := h.desk.Contacts().List(t.Context(), "a", "", "", nil, 2000)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range mine.Items {
		c.Thing.Name = strings.TrimSpace(c.Thing.Name)
		if copied, err := h.desk.Contacts().Get(t.Context(), "b", c.Thing.ID); err != nil || !reflect.DeepEqual(copied.Thing, c.Thing) {
			t.Fatalf("%+v, want %+v; %v", copied.Thing, c.Thing, err)
		}
	}
}

// Who was erased does not come back with the next night's file.
func TestErasedStaysErased(t *testing.T) {
	h := open(t)
	const file = "kundnummer;namn;e-post\nK1;Åsa Öberg;asa@home.example\nK2;Bo;bo@home.example\n"
	h.counts(h.take(exchange.Contacts, file, exchange.Options{}), 2, 0, 0, 0, 0)
	if _, err := h.desk.Erase(t.Context(), "a", desk.Erasure{Whose: desk.Whose{Contact: "K1"}, Why: "asked for", By: by}); err != nil {
		t.Fatal(err)
	}
	r := h.take(exchange.Contacts, file, exchange.Options{})
	if h.counts(r, 0, 0, 1, 0, 1); !strings.Contains(fmt.Sprint(r.Bad), "erased here") || h.contact("K1").Name != casework.Erased {
		t.Errorf("%+v %+v", r.Bad, h.contact("K1"))
	}
}

// A flat that has a number has a name.
func TestNamedByCode(t *testing.T) {
	h := open(t)
	h.counts(h.take(exchange.Objects, "id;slag;del av;lgh;namn\nkv;fastighet;;;Kv\nhus;hus;kv;;Hus\n1101;;hus;1101;\nt;tvättstuga;hus;;Tvätt\n", exchange.Options{}), 4, 0, 0, 0, 0)
	o, err := h.desk.Objects().Get(t.Context(), "a", "1101")
	if err != nil || o.Thing.Name != "1101" || o.Thing.Kind != property.Unit {
		t.Errorf("%+v, %v", o.Thing, err)
	}
}

func TestForbidden(t *testing.T) {
	h := open(t)
	none := h.desk.For(access.Grant{})
	if _, err := exchange.Import(t.Context(), none, "a", exchange.Contacts, []byte("id;name\nx;X\n"), exchange.Options{}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("import: %v", err)
	}
	if _, err := exchange.OpenExport(t.Context(), none, "a", exchange.Contacts, sheet.CSV); !fault.Is(err, fault.Forbidden) {
		t.Errorf("export: %v", err)
	}
}
