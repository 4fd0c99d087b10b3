package register

import (
	"slices"
	"strings"

	"smartmail/property"
)

// Part is what a contact is to the organisation.
type Part string

// The parts.
const (
	Customer   Part = "customer"
	Supplier   Part = "supplier"
	Technician Part = "technician"
	Manager    Part = "manager"
	Staff      Part = "staff" // anybody else who works for the landlord
)

// Parts lists every part.
func Parts() []Part { return []Part{Customer, Supplier, Technician, Manager, Staff} }

// Contact is a person or a company.
type Contact struct {
	ID              string   `json:"id"`
	Company         bool     `json:"company,omitempty"` // else a person
	Parts           []Part   `json:"parts"`
	Name            string   `json:"name"`
	Emails          []string `json:"emails,omitempty"` // the first is written to; mail from any of them is his
	Phones          []string `json:"phones,omitempty"`
	Language        string   `json:"language,omitempty"`        // BCP 47
	OrgNumber       string   `json:"org_number,omitempty"`      // of a company: NNNNNN-NNNN
	PersonalNumber  string   `json:"personal_number,omitempty"` // of a person: YYYYMMDD-NNNN; restricted
	Bankgiro        string   `json:"bankgiro,omitempty"`        // NNN-NNNN or NNNN-NNNN
	Trades          []string `json:"trades,omitempty"`          // of a supplier: VVS, El ...
	Areas           []string `json:"areas,omitempty"`           // objects that he works in, with all that lies in them
	Segment         string   `json:"segment,omitempty"`         // of a customer; empty: that of where he lives
	ReachableFrom   string   `json:"reachable_from,omitempty"`  // HH:MM
	ReachableTo     string   `json:"reachable_to,omitempty"`
	HearingImpaired bool     `json:"hearing_impaired,omitempty"`
	ExternalKey     string   `json:"external_key,omitempty"` // in the system that he is imported from
	Notify          *Notify  `json:"notify,omitempty"`       // of what he hears by himself, if he works for the landlord; nil: nothing
	Archived        bool     `json:"archived,omitempty"`
}

// Key is the contact's name in the register.
func (c Contact) Key() string { return c.ID }

// External is the contact's name in the system that he is imported from, or "".
func (c Contact) External() string { return c.ExternalKey }

const (
	maxText = 300
	maxList = 50
)

// Check finds what is wrong with a contact by itself. Errors are of kind fault.Invalid and name the field.
func (c Contact) Check() error {
	if err := named(c.ID, c.Name); err != nil {
		return err
	}
	if len(c.Parts) == 0 {
		return invalid("parts: at least one of %v", Parts())
	}
	for _, p := range c.Parts {
		if !slices.Contains(Parts(), p) {
			return invalid("parts: %q is none of %v", p, Parts())
		}
	}
	for _, e := range c.Emails {
		if err := checkEmail(e); err != nil {
			return err
		}
	}
	for _, a := range c.Areas {
		if err := property.CheckID("areas", a); err != nil {
			return err
		}
	}
	for name, list := range map[string][]string{"emails": c.Emails, "phones": c.Phones, "trades": c.Trades, "areas": c.Areas} {
		if len(list) > maxList {
			return invalid("%s: more than %d", name, maxList)
		}
		for _, v := range list {
			if err := property.CheckText(name, v, maxText); err != nil {
				return err
			}
		}
	}
	for name, v := range map[string]string{"language": c.Language, "segment": c.Segment, "external_key": c.ExternalKey} {
		if err := property.CheckText(name, v, maxText); err != nil {
			return err
		}
	}
	if err := c.Notify.check(); err != nil {
		return err
	}
	return c.checkNumbers()
}

func (c Contact) checkNumbers() error {
	if c.OrgNumber != "" && !orgNumber(c.OrgNumber) {
		return invalid("org_number: %q is no organisation number NNNNNN-NNNN, or its check digit is wrong", c.OrgNumber)
	}
	if c.PersonalNumber != "" && !personalNumber(c.PersonalNumber) {
		return invalid("personal_number: no personal number YYYYMMDD-NNNN, or its check digit is wrong") // the number itself is nobody's business
	}
	if c.Bankgiro != "" && !bankgiro(c.Bankgiro) {
		return invalid("bankgiro: %q is no bankgiro number NNN-NNNN or NNNN-NNNN, or its check digit is wrong", c.Bankgiro)
	}
	for name, v := range map[string]string{"reachable_from": c.ReachableFrom, "reachable_to": c.ReachableTo} {
		if v != "" && !clock(v) {
			return invalid("%s: %q is no time HH:MM", name, v)
		}
	}
	return nil
}

func named(id, name string) error {
	if err := property.CheckID("id", id); err != nil {
		return err
	}
	if strings.TrimSpace(name) == "" {
		return invalid("name: it needs one")
	}
	return property.CheckText("name", name, maxText)
}

func checkEmail(email string) error {
	local, domain, ok := strings.Cut(email, "@")
	if !ok || local == "" || domain == "" || len(email) > 254 || strings.ContainsAny(email, " \t\r\n<>,;\"\\()") || strings.Contains(domain, "@") {
		return invalid("emails: %q is no e-mail address", email)
	}
	return nil
}

// Erased is the contact without what tells who it is: under the same id, archived, with what figures go by. neutral stands for the name.
func (c Contact) Erased(neutral string) Contact {
	return Contact{ID: c.ID, Company: c.Company, Parts: c.Parts, Name: neutral, Trades: c.Trades, Areas: c.Areas, Segment: c.Segment, Archived: true}
}
