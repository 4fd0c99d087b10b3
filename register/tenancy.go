package register

import (
	"time"

	"smartmail/property"
)

// Tenancy says that a customer rents an object for a time.
type Tenancy struct {
	ID          string `json:"id"`
	Customer    string `json:"customer"` // the contact
	Object      string `json:"object"`
	From        Date   `json:"from"`
	To          Date   `json:"to,omitempty"` // the last day; empty: until further notice
	ExternalKey string `json:"external_key,omitempty"`
	Archived    bool   `json:"archived,omitempty"`
}

// Date is a day as YYYY-MM-DD, or empty.
type Date string

func (d Date) ok() bool {
	_, err := time.Parse(time.DateOnly, string(d))
	return err == nil
}

// Key is the tenancy's name in the register.
func (t Tenancy) Key() string { return t.ID }

// External is the tenancy's name in the system that it is imported from, or "".
func (t Tenancy) External() string { return t.ExternalKey }

// Check finds what is wrong with a tenancy by itself. Errors are of kind fault.Invalid and name the field.
func (t Tenancy) Check() error {
	for field, id := range map[string]string{"id": t.ID, "customer": t.Customer, "object": t.Object} {
		if err := property.CheckID(field, id); err != nil {
			return err
		}
	}
	if !t.From.ok() {
		return invalid("from: %q is no day YYYY-MM-DD", t.From)
	}
	if t.To != "" && (!t.To.ok() || t.To < t.From) {
		return invalid("to: %q is no day YYYY-MM-DD from %s on", t.To, t.From)
	}
	return property.CheckText("external_key", t.ExternalKey, maxText)
}

// Holds reports whether the tenancy holds on a day.
func (t Tenancy) Holds(day Date) bool {
	return !t.Archived && t.From <= day && (t.To == "" || day <= t.To)
}
