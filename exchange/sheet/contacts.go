package sheet

import (
	"cmp"
	"strings"

	"smartmail/register"
)

// Contacts are people and companies.
func Contacts() *Columns[register.Contact] {
	type C = register.Contact
	same := func(s string) string { return s }
	part := translated(map[string]string{
		"kund": "customer", "hyresgast": "customer", "tenant": "customer", "leverantor": "supplier", "entreprenor": "supplier", "contractor": "supplier",
		"tekniker": "technician", "drifttekniker": "technician", "forvaltare": "manager", "personal": "staff", "anstalld": "staff",
	})
	personal := parsed("personal_number", func(c *C) *string { return &c.PersonalNumber }, shape(map[int]int{12: 8}), "personnummer", "pnr")
	personal.restricted = true
	return &Columns[C]{
		list: []column[C]{
			key(words("id", func(c *C) *string { return &c.ID })),
			key(words("external_key", func(c *C) *string { return &c.ExternalKey }, "extern nyckel", "kundnummer", "kundnr", "leverantörsnummer", "leverantörsnr", "customer number", "supplier number")),
			words("name", func(c *C) *string { return &c.Name }, "namn", "kundnamn", "leverantörsnamn", "företagsnamn", "company name", "full name"),
			flag("company", func(c *C) *bool { return &c.Company }, "företag", "juridisk person"),
			list("parts", func(c *C) *[]register.Part { return &c.Parts }, func(s string) register.Part {
				p, _ := part(s) // it refuses nothing
				return register.Part(strings.ToLower(p))
			}, "part", "roll", "roller", "typ", "type"),
			list("emails", func(c *C) *[]string { return &c.Emails }, same, "email", "mail", "mejl", "e-post", "epostadress", "e-postadresser", "email address"),
			list("phones", func(c *C) *[]string { return &c.Phones }, same, "phone", "telefon", "telefonnummer", "tel", "mobil", "mobiltelefon", "mobile", "phone number"),
			parsed("language", func(c *C) *string { return &c.Language }, translated(map[string]string{"svenska": "sv", "swedish": "sv", "engelska": "en", "english": "en"}), "språk"),
			parsed("org_number", func(c *C) *string { return &c.OrgNumber }, shape(map[int]int{10: 6}), "organisationsnummer", "orgnr", "organisation number"),
			personal,
			parsed("bankgiro", func(c *C) *string { return &c.Bankgiro }, shape(map[int]int{7: 3, 8: 4}), "bg", "bankgironummer"),
			list("trades", func(c *C) *[]string { return &c.Trades }, same, "trade", "fack", "yrke", "yrken", "verksamhet"),
			list("areas", func(c *C) *[]string { return &c.Areas }, same, "område", "områden", "arbetsområden"),
			words("segment", func(c *C) *string { return &c.Segment }, "kundsegment", "kategori"),
			parsed("reachable_from", func(c *C) *string { return &c.ReachableFrom }, parseClock, "nås från", "anträffbar från"),
			parsed("reachable_to", func(c *C) *string { return &c.ReachableTo }, parseClock, "nås till", "anträffbar till"),
			flag("hearing_impaired", func(c *C) *bool { return &c.HearingImpaired }, "hörselskadad", "hörselnedsättning"),
			flag("archived", func(c *C) *bool { return &c.Archived }, "arkiverad"),
		},
		name: func(c C) string {
			if len(c.Emails) > 0 {
				return strings.ToLower(c.Emails[0])
			}
			return cmp.Or(c.OrgNumber, c.Name)
		},
	}
}

// shape writes a number that came as digits alone with its hyphen: by its length, behind which digit.
func shape(behind map[int]int) func(string) (string, error) {
	return func(cell string) (string, error) { return digits(cell, behind), nil }
}
