// Package property is what a landlord owns, as a tree: areas hold properties, properties hold buildings, buildings hold units
// and shared spaces, and in all of these are components, such as a stove or a lift.
//
//	area > property (fastighet) > building > unit (lägenhet, lokal) or space (tvättstuga) > component
//
// Pure: where objects are looked up is the caller's matter.
//
// Invariants:
//   - An object lies only in what its kind may lie in, so that the tree is at most as deep as its kinds, plus components in components.
//   - A path ends: a circle, or one that is too deep, is an error and no endless loop.
package property

import (
	"fmt"
	"slices"
	"strings"

	"smartmail/fault"
)

// ID names an object within its organisation, as the landlord chose: letters, digits, and "-", "_", ".", ":" between them.
type ID string

// Kind is what an object is.
type Kind string

// The kinds, from the top of the tree.
const (
	Area      Kind = "area"
	Property  Kind = "property"
	Building  Kind = "building"
	Unit      Kind = "unit"
	Space     Kind = "space"
	Component Kind = "component"
)

// Kinds lists every kind, from the top.
func Kinds() []Kind { return []Kind{Area, Property, Building, Unit, Space, Component} }

// within says what each kind may lie in; an empty kind means that it may stand alone.
var within = map[Kind][]Kind{
	Area:      {"", Area},
	Property:  {"", Area},
	Building:  {"", Area, Property},
	Unit:      {Property, Building},
	Space:     {Area, Property, Building},
	Component: {Property, Building, Unit, Space, Component},
}

// Address is where an object stands.
type Address struct {
	Street     string `json:"street,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	City       string `json:"city,omitempty"`
	Floor      string `json:"floor,omitempty"`
}

// Object is a node of the tree.
type Object struct {
	ID           ID      `json:"id"`
	Kind         Kind    `json:"kind"`
	Parent       ID      `json:"parent,omitempty"`
	Name         string  `json:"name"`
	Code         string  `json:"code,omitempty"` // as it stands on doors and in the accounts
	Address      Address `json:"address,omitzero"`
	Year         int     `json:"year,omitempty"`          // built, or installed
	SquareMetres float64 `json:"square_metres,omitempty"` // of floor
	SystemCode   string  `json:"system_code,omitempty"`   // building part or installation in the landlord's code system, such as BSAB or AFF
	Segment      string  `json:"segment,omitempty"`       // whose customers live here; empty: that of what it lies in
	Access       string  `json:"access,omitempty"`        // door codes and the like: restricted
	ExternalKey  string  `json:"external_key,omitempty"`  // in the system that it is imported from
	Archived     bool    `json:"archived,omitempty"`      // kept for what refers to it; nothing new does
}

// Key is the object's name in the register.
func (o Object) Key() string { return string(o.ID) }

// External is the object's name in the system that it is imported from, or "".
func (o Object) External() string { return o.ExternalKey }

const (
	maxText  = 300 // bytes of a field
	maxDepth = 12  // objects on a path
)

// Check finds what is wrong with an object by itself. Errors are of kind fault.Invalid and name the field.
func (o Object) Check() error {
	if err := CheckID("id", string(o.ID)); err != nil {
		return err
	}
	if !slices.Contains(Kinds(), o.Kind) {
		return invalid("kind: %q is none of %v", o.Kind, Kinds())
	}
	if strings.TrimSpace(o.Name) == "" {
		return invalid("name: an object needs one")
	}
	if o.Parent == "" && !slices.Contains(within[o.Kind], "") {
		return invalid("parent: a %s lies in something: %v", o.Kind, within[o.Kind])
	}
	if o.Parent == o.ID {
		return invalid("parent: %q cannot lie in itself", o.ID)
	}
	if o.Year != 0 && (o.Year < 1000 || o.Year > 2200) {
		return invalid("year: %d", o.Year)
	}
	if !(o.SquareMetres >= 0 && o.SquareMetres <= 1e7) { // also no NaN
		return invalid("square_metres: %v", o.SquareMetres)
	}
	for name, v := range map[string]string{
		"name": o.Name, "code": o.Code, "address.street": o.Address.Street, "address.postal_code": o.Address.PostalCode, "address.city": o.Address.City,
		"address.floor": o.Address.Floor, "system_code": o.SystemCode, "segment": o.Segment, "access": o.Access, "external_key": o.ExternalKey,
	} {
		if err := CheckText(name, v, maxText); err != nil {
			return err
		}
	}
	return nil
}

// Fits checks that the object may lie in parent.
func (o Object) Fits(parent Object) error {
	if !slices.Contains(within[o.Kind], parent.Kind) {
		return invalid("parent: a %s cannot lie in a %s", o.Kind, parent.Kind)
	}
	return nil
}

// Path returns the object and what it lies in, nearest first. get looks an object up. A circle is an error of kind fault.Conflict.
func Path(id ID, get func(ID) (Object, error)) ([]Object, error) {
	var path []Object
	for id != "" {
		if len(path) == maxDepth {
			return nil, fault.New(fault.Conflict, fmt.Sprintf("object %q lies too deep, or in itself", path[0].ID))
		}
		o, err := get(id)
		if err != nil {
			return nil, err
		}
		path = append(path, o)
		id = o.Parent
	}
	return path, nil
}

// Of returns the nearest object of that kind on a path.
func Of(path []Object, kind Kind) (Object, bool) {
	for _, o := range path {
		if o.Kind == kind {
			return o, true
		}
	}
	return Object{}, false
}

// Segment returns the nearest segment on a path, or "".
func Segment(path []Object) string {
	for _, o := range path {
		if o.Segment != "" {
			return o.Segment
		}
	}
	return ""
}

// CheckID checks a name that people and other systems choose: 1 to 64 bytes, letters, digits, and -_.: between them.
func CheckID(field, id string) error {
	if id == "" || len(id) > 64 {
		return invalid("%s: 1 to 64 characters", field)
	}
	for i := range len(id) {
		c := id[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (!strings.ContainsRune("-_.:", rune(c)) || i == 0 || i == len(id)-1) {
			return invalid("%s: %q has a character that is no letter (a to z) or digit, nor one of - _ . : between them", field, id)
		}
	}
	return nil
}

// CheckText checks a line of text: at most limit bytes, no control characters.
func CheckText(field, text string, limit int) error {
	if len(text) > limit {
		return invalid("%s: longer than %d bytes", field, limit)
	}
	for _, r := range text {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return invalid("%s: has a control character, or is not UTF-8", field)
		}
	}
	return nil
}

func invalid(format string, args ...any) error {
	return fault.New(fault.Invalid, fmt.Sprintf(format, args...))
}
