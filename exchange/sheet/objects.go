package sheet

import (
	"fmt"
	"strconv"

	"smartmail/property"
)

// Objects are nodes of the property tree.
func Objects() *Columns[property.Object] {
	type O = property.Object
	kind := translated(map[string]string{
		"omrade": "area", "fastighet": "property", "byggnad": "building", "hus": "building", "huskropp": "building",
		"lagenhet": "unit", "lokal": "unit", "bostad": "unit", "hyresobjekt": "unit", "objekt": "unit", "apartment": "unit",
		"utrymme": "space", "gemensamtutrymme": "space", "tvattstuga": "space", "miljobod": "space", "miljorum": "space", "soprum": "space", "lekplats": "space",
		"trapphus": "space", "kallare": "space", "vind": "space", "forrad": "space", "cykelrum": "space", "garage": "space", "parkering": "space",
		"komponent": "component", "utrustning": "component", "vitvara": "component", "hiss": "component", "spis": "component", "kyl": "component", "frys": "component",
		"kylfrys": "component", "diskmaskin": "component", "tvattmaskin": "component", "torktumlare": "component",
		"area": "area", "property": "property", "building": "building", "unit": "unit", "space": "space", "component": "component",
	})
	access := words("access", func(o *O) *string { return &o.Access }, "tillträde", "portkod", "door code")
	access.restricted = true
	return &Columns[O]{
		list: []column[O]{
			key(parsed("id", func(o *O) *property.ID { return &o.ID }, func(s string) (string, error) { return s, nil })),
			key(words("external_key", func(o *O) *string { return &o.ExternalKey }, "extern nyckel", "objektnummer", "objektsnummer", "objektnr", "objektsnr", "objekts-id", "object number", "unit number")),
			parsed("kind", func(o *O) *property.Kind { return &o.Kind }, kind, "slag", "typ", "objekttyp", "type"),
			key(parsed("parent", func(o *O) *property.ID { return &o.Parent }, func(s string) (string, error) { return s, nil }, "ligger i", "tillhör", "del av", "lies in")),
			words("name", func(o *O) *string { return &o.Name }, "namn", "benämning", "beteckning", "objektnamn"),
			key(words("code", func(o *O) *string { return &o.Code }, "kod", "lägenhetsnummer", "lägenhetsnr", "lgh", "lgh-nr", "apartment number")),
			words("street", func(o *O) *string { return &o.Address.Street }, "gata", "gatuadress", "adress", "address"),
			key(words("postal_code", func(o *O) *string { return &o.Address.PostalCode }, "postnummer", "postnr", "zip", "postcode")),
			words("city", func(o *O) *string { return &o.Address.City }, "ort", "postort"),
			words("floor", func(o *O) *string { return &o.Address.Floor }, "våning", "våningsplan", "plan"),
			{name: "year", also: []string{"år", "byggår", "byggnadsår", "built"}, get: func(o *O) string { return number(float64(o.Year)) }, set: func(o *O, cell string) error {
				n, err := parseNumber(cell)
				if err != nil || n != float64(int(n)) || n < -9999 || n > 9999 {
					return fmt.Errorf("%q is no year", cell)
				}
				o.Year = int(n)
				return nil
			}},
			{name: "square_metres", also: []string{"yta", "area m2", "kvm", "kvadratmeter", "m2", "boarea"}, get: func(o *O) string { return number(o.SquareMetres) }, set: func(o *O, cell string) (err error) {
				o.SquareMetres, err = parseNumber(withoutUnit(cell))
				return err
			}},
			words("system_code", func(o *O) *string { return &o.SystemCode }, "systemkod", "bsab", "aff"),
			words("segment", func(o *O) *string { return &o.Segment }, "kundsegment", "kategori"),
			access,
			flag("archived", func(o *O) *bool { return &o.Archived }, "arkiverad"),
		},
		name: func(o O) string {
			if o.Parent == "" {
				return o.Name
			}
			if o.Code != "" {
				return string(o.Parent) + "-" + o.Code
			}
			return string(o.Parent) + "-" + o.Name
		},
	}
}

// number writes a number as parseNumber reads it; none is empty.
func number(n float64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}
