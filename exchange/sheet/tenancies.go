package sheet

import "smartmail/register"

// Tenancies say who rents what.
func Tenancies() *Columns[register.Tenancy] {
	type T = register.Tenancy
	return &Columns[T]{
		list: []column[T]{
			key(words("id", func(t *T) *string { return &t.ID })),
			key(words("external_key", func(t *T) *string { return &t.ExternalKey }, "extern nyckel", "avtalsnummer", "avtalsnr", "kontraktsnummer", "kontraktsnr", "avtal", "contract number")),
			key(words("customer", func(t *T) *string { return &t.Customer }, "kund", "hyresgäst", "kundnummer", "kundnr", "customer number", "tenant")),
			key(words("object", func(t *T) *string { return &t.Object }, "objekt", "objektnummer", "objektsnummer", "objektnr", "objektsnr", "lägenhet", "unit", "object number", "unit number")),
			parsed("from", func(t *T) *register.Date { return &t.From }, parseDay, "från", "från och med", "startdatum", "inflyttning", "start date"),
			parsed("to", func(t *T) *register.Date { return &t.To }, parseDay, "till", "till och med", "t.o.m.", "slutdatum", "avflyttning", "end date"),
			flag("archived", func(t *T) *bool { return &t.Archived }, "arkiverad"),
		},
		name: func(t T) string {
			if t.Customer == "" || t.Object == "" || t.From == "" {
				return ""
			}
			return t.Object + "-" + t.Customer + "-" + string(t.From)
		},
	}
}
