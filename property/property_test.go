package property_test

import (
	"math"
	"strings"
	"testing"

	"smartmail/fault"
	"smartmail/property"
)

func TestCheck(t *testing.T) {
	whole := property.Object{
		ID: "hus-12.A", Kind: property.Building, Parent: "kv-ekorren", Name: "Storgatan 12", Code: "12A", Year: 1962, SquareMetres: 2140.5,
		Address: property.Address{Street: "Storgatan 12", PostalCode: "123 45", City: "Åmål"}, SystemCode: "SC2", ExternalKey: "fas 77/3",
	}
	for name, c := range map[string]struct {
		change func(*property.Object)
		field  string // that the error begins with; empty: none
	}{
		"whole":               {func(*property.Object) {}, ""},
		"no id":               {func(o *property.Object) { o.ID = "" }, "id"},
		"id with a space":     {func(o *property.Object) { o.ID = "hus 12" }, "id"},
		"id ends with a dot":  {func(o *property.Object) { o.ID = "hus." }, "id"},
		"id with a slash":     {func(o *property.Object) { o.ID = "a/b" }, "id"},
		"long id":             {func(o *property.Object) { o.ID = property.ID(strings.Repeat("a", 65)) }, "id"},
		"kind":                {func(o *property.Object) { o.Kind = "house" }, "kind"},
		"no name":             {func(o *property.Object) { o.Name = " " }, "name"},
		"line break":          {func(o *property.Object) { o.Code = "a\nb" }, "code"},
		"not UTF-8":           {func(o *property.Object) { o.Access = "\xe5" }, "access"},
		"stands alone":        {func(o *property.Object) { o.Parent = "" }, ""},
		"unit without a home": {func(o *property.Object) { o.Kind, o.Parent = property.Unit, "" }, "parent"},
		"in itself":           {func(o *property.Object) { o.Parent = o.ID }, "parent"},
		"year":                {func(o *property.Object) { o.Year = 19622 }, "year"},
		"square metres":       {func(o *property.Object) { o.SquareMetres = math.NaN() }, "square_metres"},
		"negative":            {func(o *property.Object) { o.SquareMetres = -1 }, "square_metres"},
	} {
		o := whole
		c.change(&o)
		err := o.Check()
		switch {
		case c.field == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.field != "" && (!fault.Is(err, fault.Invalid) || !strings.HasPrefix(fault.Public(err), c.field+":")):
			t.Errorf("%s: %v does not name %s", name, err, c.field)
		}
	}
}

func TestFits(t *testing.T) {
	can := map[property.Kind]string{
		property.Area: "area", property.Property: "area", property.Building: "area property", property.Unit: "property building",
		property.Space: "area property building", property.Component: "property building unit space component",
	}
	for _, child := range property.Kinds() {
		for _, parent := range property.Kinds() {
			want := strings.Contains(" "+can[child]+" ", " "+string(parent)+" ")
			if got := (property.Object{Kind: child}).Fits(property.Object{Kind: parent}) == nil; got != want {
				t.Errorf("a %s in a %s: %v", child, parent, got)
			}
		}
	}
}

func TestPath(t *testing.T) {
	tree := map[property.ID]property.Object{
		"norr": {ID: "norr", Kind: property.Area, Segment: "family"},
		"kv":   {ID: "kv", Kind: property.Property, Parent: "norr"},
		"1001": {ID: "1001", Kind: property.Unit, Parent: "kv"},
		"a":    {ID: "a", Kind: property.Component, Parent: "b"},
		"b":    {ID: "b", Kind: property.Component, Parent: "a"},
	}
	get := func(id property.ID) (property.Object, error) {
		if o, ok := tree[id]; ok {
			return o, nil
		}
		return property.Object{}, fault.New(fault.NotFound, "no such object")
	}
	path, err := property.Path("1001", get)
	if err != nil || len(path) != 3 || path[0].ID != "1001" || path[2].ID != "norr" {
		t.Fatalf("%v, %v", path, err)
	}
	if area, ok := property.Of(path, property.Area); !ok || area.ID != "norr" || property.Segment(path) != "family" {
		t.Errorf("area %v, segment %q", area, property.Segment(path))
	}
	if _, ok := property.Of(path, property.Building); ok {
		t.Error("a building that is not there")
	}
	if _, err := property.Path("a", get); !fault.Is(err, fault.Conflict) {
		t.Errorf("a circle: %v", err)
	}
	if _, err := property.Path("x", get); !fault.Is(err, fault.NotFound) {
		t.Errorf("no object: %v", err)
	}
}
