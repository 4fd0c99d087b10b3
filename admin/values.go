package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"smartmail/casework"
)

// null is JSON's null, which a client may send for what it has no value for.
func null(b []byte) bool { return bytes.Equal(b, []byte("null")) }

// Priority is a deadline class, as a number of days, or a word of the organisation's own; null is none.
type Priority casework.Priority

// MarshalJSON gives a deadline class as a number, and null for none.
func (p Priority) MarshalJSON() ([]byte, error) {
	if p == "" {
		return []byte("null"), nil
	}
	return json.Marshal(casework.Priority(p))
}

// UnmarshalJSON takes a number, a string or null.
func (p *Priority) UnmarshalJSON(b []byte) error {
	if null(b) {
		*p = ""
		return nil
	}
	return (*casework.Priority)(p).UnmarshalJSON(b)
}

// Schema implements huma.SchemaProvider.
func (Priority) Schema(huma.Registry) *huma.Schema {
	zero, year, long := 0.0, 365.0, 100
	return &huma.Schema{
		Description: "Deadline class in days, or a word of the organisation's own.",
		OneOf: []*huma.Schema{
			{Type: huma.TypeInteger, Minimum: &zero, Maximum: &year},
			{Type: huma.TypeString, MaxLength: &long, Nullable: true},
		},
	}
}

// Change is a field of PATCH: left out, it stays; null takes it away, as in RFC 7396.
type Change[T any] struct {
	Set   bool
	Value T
}

// UnmarshalJSON notes that the field is there.
func (c *Change[T]) UnmarshalJSON(b []byte) error {
	c.Set = true
	return json.Unmarshal(b, &c.Value) // null leaves the zero value
}

// Schema implements huma.SchemaProvider.
func (c Change[T]) Schema(r huma.Registry) *huma.Schema {
	s := r.Schema(reflect.TypeFor[T](), true, "")
	if s.Type == huma.TypeString {
		long := 1000
		s.Nullable, s.MaxLength = true, &long
	}
	return s
}

// edited is a change in the form that the domain's commands take: nil stays.
func edited[D, T ~string](c Change[T]) *D {
	if !c.Set {
		return nil
	}
	v := D(c.Value)
	return &v
}

// Kronor is an amount of money in öre. In JSON it is a number of kronor with two decimals at most, and never a float here.
type Kronor int64

// maxKronor bounds an amount: a billion.
const maxKronor = 1_000_000_000

// MarshalJSON writes kronor, with öre where there are some.
func (k Kronor) MarshalJSON() ([]byte, error) {
	if k%100 == 0 {
		return strconv.AppendInt(nil, int64(k/100), 10), nil
	}
	return fmt.Appendf(nil, "%d.%02d", k/100, k%100), nil
}

// UnmarshalJSON reads the digits as they stand.
func (k *Kronor) UnmarshalJSON(b []byte) error {
	if null(b) {
		return nil
	}
	whole, part, _ := strings.Cut(string(b), ".")
	part = strings.TrimRight(part, "0")
	kronor, err := strconv.ParseUint(whole, 10, 64)
	if err != nil || kronor > maxKronor || len(part) > 2 {
		return errors.New("an amount is a number of kronor with at most two decimals")
	}
	ore, err := strconv.ParseUint((part + "00")[:2], 10, 64)
	if err != nil {
		return errors.New("an amount is a number of kronor with at most two decimals")
	}
	*k = Kronor(kronor*100 + ore)
	return nil
}

// Schema implements huma.SchemaProvider.
func (Kronor) Schema(huma.Registry) *huma.Schema {
	zero, most := 0.0, float64(maxKronor)
	return &huma.Schema{Type: huma.TypeNumber, Nullable: true, Minimum: &zero, Maximum: &most,
		Description: "Kronor, with at most two decimals, written without an exponent."}
}

// Supplier is whom an order goes to: an address, alone or with a name before it; the id of a contact; or an object.
type Supplier struct{ Name, Email, Contact string }

// SupplierObject is a supplier's long form.
type SupplierObject struct {
	Name    string `json:"name,omitempty" maxLength:"200"`
	Email   string `json:"email,omitempty" maxLength:"254" doc:"This, or contact"`
	Contact string `json:"contact,omitempty" maxLength:"64" doc:"Of the register; its first address is written to"`
}

// UnmarshalJSON takes both forms. Whether the address can be written to is for the domain to say.
func (s *Supplier) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		text = strings.TrimSpace(text)
		if !strings.Contains(text, "@") { // no address is without one, and no id has one
			s.Contact = text
			return nil
		}
		s.Email = text
		if a, err := mail.ParseAddress(text); err == nil {
			s.Name, s.Email = a.Name, a.Address
		}
		return nil
	}
	var object SupplierObject
	if err := json.Unmarshal(b, &object); err != nil {
		return errors.New("a supplier is an address, a contact's id, or an object with email and name, or contact")
	}
	*s = Supplier(object)
	return nil
}

// Schema implements huma.SchemaProvider.
func (Supplier) Schema(r huma.Registry) *huma.Schema {
	long := 500
	return &huma.Schema{
		Description: "An e-mail address, the id of a contact of the register, or an object of name and email, or contact.",
		OneOf: []*huma.Schema{
			{Type: huma.TypeString, MaxLength: &long, Examples: []any{"Rör AB <order@ror.example>"}},
			r.Schema(reflect.TypeFor[SupplierObject](), true, ""),
		},
	}
}

// Deadline is an instant, or a day, whose end is meant where the organisation is.
type Deadline struct {
	at  time.Time
	day bool // at is that day's beginning in UTC
}

// in is the instant in an organisation with that time zone.
func (d Deadline) in(loc *time.Location) time.Time {
	if !d.day {
		return d.at
	}
	y, m, day := d.at.Date()
	return time.Date(y, m, day+1, 0, 0, -1, 0, loc).UTC()
}

// UnmarshalJSON takes RFC 3339 date-time and full-date.
func (d *Deadline) UnmarshalJSON(b []byte) error {
	if null(b) {
		return nil
	}
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return errors.New("a deadline is a date or a time of RFC 3339")
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil && day.Year() > 0 && day.Year() < 9999 {
		d.at, d.day = day, true
		return nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || utc(at) == nil {
		return errors.New("a deadline is a date or a time of RFC 3339")
	}
	d.at = at.UTC()
	return nil
}

// Schema implements huma.SchemaProvider.
func (Deadline) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Nullable: true, Description: "RFC 3339 date-time, or a date: the end of that day where the organisation is.",
		Examples: []any{"2026-12-01T15:00:00Z"}}
}

// Base64 is the content of a file. Its schema says format byte and not contentEncoding, because huma would run a regular
// expression over the 30 megabytes before the decoder finds the same fault.
type Base64 []byte

// Schema implements huma.SchemaProvider.
func (Base64) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "byte", Description: "Base64 of RFC 4648 section 4."}
}

// utc is a time as it is shown: null for none, and for years that RFC 3339 can't write.
func utc(t time.Time) *time.Time {
	t = t.UTC()
	if t.IsZero() || t.Year() < 0 || t.Year() > 9999 {
		return nil
	}
	return &t
}
