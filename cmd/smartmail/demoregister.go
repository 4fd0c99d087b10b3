package main

import (
	"context"
	"strings"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/property"
	"smartmail/register"
)

// demoSeed is that of the organisation around the demo's own cases.
const demoSeed = 1

// enterDemo enters the houses and people of the demo's own cases into the register. The rest of the organisation is a sample.
func enterDemo(ctx context.Context, d *desk.Desk) error {
	me := casework.Actor{Via: casework.ViaRule, Name: "demo"}
	for _, o := range demoObjects() {
		if _, err := d.Objects().Save(ctx, demoOrg, o, me, 0); err != nil {
			return err
		}
	}
	for _, c := range demoContacts() {
		if _, err := d.Contacts().Save(ctx, demoOrg, c, me, 0); err != nil {
			return err
		}
	}
	_, err := d.Tenancies().Save(ctx, demoOrg, register.Tenancy{ID: "anna-1203", Customer: "anna", Object: "Storgatan-12-lgh-1203", From: "2019-04-01"}, me, 0)
	return err
}

func demoObjects() []property.Object {
	at := func(street string) property.Address {
		return property.Address{Street: street, PostalCode: "123 45", City: "Ekstad"}
	}
	return []property.Object{
		{ID: "Kastanjen", Kind: property.Property, Name: "Kastanjen 1"},
		{ID: "Storgatan-12", Kind: property.Building, Parent: "Kastanjen", Name: "Storgatan 12", Address: at("Storgatan 12"), Year: 1952},
		{ID: "Storgatan-14", Kind: property.Building, Parent: "Kastanjen", Name: "Storgatan 14", Address: at("Storgatan 14"), Year: 1952},
		{ID: "Parkvagen-3", Kind: property.Building, Parent: "Kastanjen", Name: "Parkvägen 3", Address: at("Parkvägen 3"), Year: 1968},
		{ID: "Storgatan-12-lgh-1203", Kind: property.Unit, Parent: "Storgatan-12", Name: "Storgatan 12, lgh 1203", Code: "1203", Address: at("Storgatan 12"), SquareMetres: 61.5},
		{ID: "Storgatan-14-trapphus-B", Kind: property.Space, Parent: "Storgatan-14", Name: "Storgatan 14, trapphus B", Address: at("Storgatan 14")},
		{ID: "Parkvagen-3-tvattstuga", Kind: property.Space, Parent: "Parkvagen-3", Name: "Parkvägen 3, tvättstugan", Address: at("Parkvägen 3")},
		{ID: "Parkvagen-3-entre", Kind: property.Space, Parent: "Parkvagen-3", Name: "Parkvägen 3, entré", Address: at("Parkvägen 3")},
	}
}

// demoContacts are those who take part in the demo's own cases, as the cases name them.
func demoContacts() (all []register.Contact) {
	seen := map[string]bool{}
	for _, one := range demoCases {
		if r := one.open.Reporter; !seen[r.Email] {
			seen[r.Email] = true
			local, _, _ := strings.Cut(r.Email, "@")
			all = append(all, register.Contact{ID: local, Parts: []register.Part{register.Customer}, Name: r.Name, Emails: []string{r.Email}, Phones: []string{r.Phone}, Language: r.Language})
		}
		for _, cmd := range one.then {
			if o, ok := cmd.(casework.Order); ok && !seen[o.Email] {
				seen[o.Email] = true
				_, host, _ := strings.Cut(o.Email, "@")
				firm, _, _ := strings.Cut(host, ".")
				all = append(all, register.Contact{ID: firm, Company: true, Parts: []register.Part{register.Supplier}, Name: o.Name, Emails: []string{o.Email}, Language: "sv"})
			}
		}
	}
	return all
}
