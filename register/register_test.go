package register_test

import (
	"strings"
	"testing"

	"smartmail/fault"
	"smartmail/property"
	"smartmail/register"
)

// names checks that an error is one that the user can mend, and names the field; an empty field wants none.
func names(t *testing.T, what string, err error, field string) {
	t.Helper()
	switch {
	case field == "" && err != nil:
		t.Errorf("%s: %v", what, err)
	case field != "" && (!fault.Is(err, fault.Invalid) || !strings.HasPrefix(fault.Public(err), field)):
		t.Errorf("%s: %v does not name %s", what, err, field)
	}
}

func TestContact(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*register.Contact)
		field  string
	}{
		"whole":             {func(*register.Contact) {}, ""},
		"no part":           {func(c *register.Contact) { c.Parts = nil }, "parts"},
		"unknown part":      {func(c *register.Contact) { c.Parts = []register.Part{"tenant"} }, "parts"},
		"no address":        {func(c *register.Contact) { c.Emails = []string{"bo@"} }, "emails"},
		"two at signs":      {func(c *register.Contact) { c.Emails = []string{"bo@a@b.example"} }, "emails"},
		"area":              {func(c *register.Contact) { c.Areas = []string{"no name"} }, "areas"},
		"many phones":       {func(c *register.Contact) { c.Phones = make([]string, 51) }, "phones"},
		"org number":        {func(c *register.Contact) { c.OrgNumber = "556000-4616" }, "org_number"},
		"no check digit":    {func(c *register.Contact) { c.OrgNumber = "5560004615" }, "org_number"},
		"a person's number": {func(c *register.Contact) { c.OrgNumber = "811228-9874" }, "org_number"},
		"personal number":   {func(c *register.Contact) { c.PersonalNumber = "19811228-9874" }, ""},
		"coordination":      {func(c *register.Contact) { c.PersonalNumber = "19701063-2391" }, ""},
		"no such day":       {func(c *register.Contact) { c.PersonalNumber = "19811328-9872" }, "personal_number"},
		"check digit":       {func(c *register.Contact) { c.PersonalNumber = "19811228-9875" }, "personal_number"},
		"bankgiro":          {func(c *register.Contact) { c.Bankgiro = "5050-1056" }, "bankgiro"},
		"reachable":         {func(c *register.Contact) { c.ReachableTo = "9:00" }, "reachable_to"},
	} {
		contact := register.Contact{
			ID: "ror-ab", Company: true, Parts: []register.Part{register.Supplier}, Name: "Rör AB", Emails: []string{"jour@ror.example"}, OrgNumber: "556000-4615",
			Bankgiro: "5050-1055", Trades: []string{"VVS"}, Areas: []string{"norr"}, ReachableFrom: "07:00", ReachableTo: "16:00",
		}
		c.change(&contact)
		names(t, name, contact.Check(), c.field)
	}
	secret := register.Contact{ID: "a", Name: "Anna", Parts: []register.Part{register.Customer}, PersonalNumber: "19811228-9875"}
	if err := secret.Check(); strings.Contains(err.Error(), "9875") {
		t.Errorf("the error tells the number: %v", err)
	}
}

func TestTenancy(t *testing.T) {
	whole := register.Tenancy{ID: "1001-1", Customer: "anna", Object: "1001", From: "2024-02-29"}
	for name, c := range map[string]struct {
		from, to register.Date
		field    string
	}{
		"open":      {"2024-02-29", "", ""},
		"one day":   {"2024-02-29", "2024-02-29", ""},
		"no day":    {"2023-02-29", "", "from"},
		"none":      {"", "", "from"},
		"backwards": {"2024-02-29", "2024-02-28", "to"},
	} {
		tn := whole
		tn.From, tn.To = c.from, c.to
		names(t, name, tn.Check(), c.field)
	}
	for day, want := range map[register.Date]bool{"2024-02-28": false, "2024-02-29": true, "2030-01-01": true} {
		if whole.Holds(day) != want {
			t.Errorf("holds on %s: %v", day, !want)
		}
	}
}

func TestClass(t *testing.T) {
	days, many := 7, 366
	for name, c := range map[string]struct {
		class register.Class
		field string
	}{
		"whole": {register.Class{Path: "VVS > Blandare", Days: &days, Fields: []register.Field{
			{Name: "Fabrikat", Type: register.Choice, Choices: []string{"FMM", "Oras"}, Required: "done"}, {Name: "År", Type: register.Number}}}, ""},
		"no path":     {register.Class{}, "path"},
		"no name":     {register.Class{Path: "VVS > "}, "path"},
		"spaces":      {register.Class{Path: "VVS >  Kran"}, "path"},
		"slash":       {register.Class{Path: "Kyl/frys"}, "path"},
		"levels":      {register.Class{Path: "a > b > c > d > e > f > g"}, "path"},
		"days":        {register.Class{Path: "VVS", Days: &many}, "days"},
		"twice":       {register.Class{Path: "VVS", Fields: []register.Field{{Name: "a", Type: register.Text}, {Name: "a", Type: register.Day}}}, "fields"},
		"no choices":  {register.Class{Path: "VVS", Fields: []register.Field{{Name: "a", Type: register.Choice}}}, "fields"},
		"no choice":   {register.Class{Path: "VVS", Fields: []register.Field{{Name: "a", Type: register.Text, Choices: []string{"b"}}}}, "fields"},
		"type":        {register.Class{Path: "VVS", Fields: []register.Field{{Name: "a", Type: "money"}}}, "fields"},
		"required in": {register.Class{Path: "VVS", Fields: []register.Field{{Name: "a", Type: register.Text, Required: "new"}}}, "fields"},
	} {
		names(t, name, c.class.Check(), c.field)
	}
	if up := register.Above("VVS > Blandare > Kök"); len(up) != 2 || up[0] != "VVS > Blandare" || up[1] != "VVS" {
		t.Errorf("above: %q", up)
	}
}

func TestFieldTakes(t *testing.T) {
	for _, c := range []struct {
		field register.Field
		value string
		kept  string // empty: refused
	}{
		{register.Field{Name: "f", Type: register.Number}, "12.5", "12.5"},
		{register.Field{Name: "f", Type: register.Number}, "12,5", "12.5"},
		{register.Field{Name: "f", Type: register.Number}, "-0,25", "-0.25"},
		{register.Field{Name: "f", Type: register.Number}, "12", "12"},
		{register.Field{Name: "f", Type: register.Number}, "1.200,5", ""},
		{register.Field{Name: "f", Type: register.Number}, "1,2,3", ""},
		{register.Field{Name: "f", Type: register.Number}, "12 st", ""},
		{register.Field{Name: "f", Type: register.Number}, ",", ""},
		{register.Field{Name: "f", Type: register.Number}, "NaN", ""},
		{register.Field{Name: "f", Type: register.Number}, "0x1p4", ""},
		{register.Field{Name: "f", Type: register.Choice, Choices: []string{"FMM"}}, "FMM", "FMM"},
		{register.Field{Name: "f", Type: register.Choice, Choices: []string{"FMM"}}, "fmm", ""},
		{register.Field{Name: "f", Type: register.Day}, "2026-12-01", "2026-12-01"},
		{register.Field{Name: "f", Type: register.Day}, "1/12", ""},
		{register.Field{Name: "f", Type: register.Day}, "2026-2-1", ""},
		{register.Field{Name: "f", Type: register.Day}, "2026-02-30", ""},
		{register.Field{Name: "f", Type: register.Day}, "2026-12-01T12:00:00Z", ""},
		{register.Field{Name: "f", Type: register.YesNo}, "yes", "yes"},
		{register.Field{Name: "f", Type: register.YesNo}, "ja", ""},
		{register.Field{Name: "f", Type: register.Text}, "12,5", "12,5"},
		{register.Field{Name: "f", Type: register.Text}, "två\nrader", ""},
	} {
		kept, err := c.field.Takes(c.value)
		if (err == nil) != (c.kept != "") || kept != c.kept {
			t.Errorf("%s takes %q as %q: %v", c.field.Type, c.value, kept, err)
		}
	}
}

func TestChoose(t *testing.T) {
	path := []property.Object{{ID: "1001"}, {ID: "kv"}, {ID: "norr"}}
	routes := []register.Route{
		{ID: "all", Assignee: "kansli"},
		{ID: "norr", Object: "norr", Assignee: "nils"},
		{ID: "vvs", Class: "VVS", Supplier: "ror"},
		{ID: "vvs-norr", Class: "VVS", Object: "norr", Assignee: "nora"},
		{ID: "vvs-kv", Class: "VVS", Object: "kv", Assignee: "karl"},
		{ID: "old", Class: "VVS > Blandare", Assignee: "olle", Archived: true},
		{ID: "syd", Class: "VVS > Blandare", Object: "syd", Assignee: "sara"},
	}
	for _, c := range []struct {
		class string
		path  []property.Object
		want  string
	}{
		{"VVS > Blandare", path, "vvs-kv"},
		{"VVS", path[2:], "vvs-norr"},
		{"VVS", nil, "vvs"},
		{"El", path, "norr"},
		{"", nil, "all"},
	} {
		if r, ok := register.Choose(routes, c.class, c.path); !ok || r.ID != c.want {
			t.Errorf("%q at %v: %q, want %q", c.class, c.path, r.ID, c.want)
		}
	}
	if r, ok := register.Choose(routes[5:], "VVS", path); ok {
		t.Errorf("route %q fits nothing", r.ID)
	}
}

func TestInherit(t *testing.T) {
	week, day := 7, 1
	got := register.Inherit([]register.Class{
		{Path: "VVS > Blandare", Fields: []register.Field{{Name: "Fabrikat", Type: register.Choice, Choices: []string{"FMM"}}}},
		{Path: "VVS", Days: &day, Template: "Var droppar det?", Fields: []register.Field{{Name: "Fabrikat", Type: register.Text}, {Name: "Avstängt", Type: register.YesNo}}},
		{Path: "Allt", Days: &week, Assignee: "kansli"},
	})
	if got.Path != "VVS > Blandare" || *got.Days != 1 || got.Assignee != "kansli" || got.Template != "Var droppar det?" || len(got.Fields) != 2 || got.Fields[0].Type != register.Choice {
		t.Errorf("%+v", got)
	}
	if none := register.Inherit(nil); none.Path != "" || none.Days != nil {
		t.Errorf("%+v", none)
	}
}
