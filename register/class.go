package register

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"smartmail/property"
)

// Class is a kind of case, in a tree: its path names it and all that it is under, such as "VVS > Blandare".
type Class struct {
	Path     string  `json:"path"`
	Days     *int    `json:"days,omitempty"`          // deadline class in days, 0 to 365; nil: that of the class above
	Assignee string  `json:"assignee,omitempty"`      // who gets such a case, where no route says otherwise; empty: that of the class above
	Escalate string  `json:"escalate,omitempty"`      // contact who is told when the deadline of such a case is over; empty: that of the class above
	Retain   *int    `json:"retain_months,omitempty"` // after closing, then a case is anonymised; 0: never; nil: that of the class above
	Template string  `json:"template,omitempty"`      // text that a new case of the class begins with
	Fields   []Field `json:"fields,omitempty"`        // of its own; those of the classes above hold as well
	Archived bool    `json:"archived,omitempty"`
}

// Separator stands between the names of a path.
const Separator = " > "

// FieldType is what a field of a class holds.
type FieldType string

// The types of fields.
const (
	Text   FieldType = "text"
	Number FieldType = "number"
	Choice FieldType = "choice"
	Day    FieldType = "date"
	YesNo  FieldType = "yes_no"
)

// Field is one that the organisation defines for a class, for its own follow-up.
type Field struct {
	Name     string    `json:"name"`
	Type     FieldType `json:"type" enum:"text,number,choice,date,yes_no"`
	Choices  []string  `json:"choices,omitempty"`
	Required string    `json:"required,omitempty" enum:",done,closed"` // "done" or "closed": it must be filled in before the case is
}

// Key is the class's name in the register.
func (c Class) Key() string { return c.Path }

// External is "": classes are not imported.
func (c Class) External() string { return "" }

// Above lists the paths that the class is under, nearest first.
func Above(path string) (up []string) {
	for i := strings.LastIndex(path, Separator); i >= 0; i = strings.LastIndex(path, Separator) {
		path = path[:i]
		up = append(up, path)
	}
	return up
}

// Inherit returns what holds for a class: chain is the class and those that it is under, nearest first. Of fields of the same name the
// nearest counts; the template is the nearest.
func Inherit(chain []Class) Class {
	var all Class
	for i, c := range chain {
		if i == 0 {
			all.Path, all.Archived = c.Path, c.Archived
		}
		if all.Days == nil {
			all.Days = c.Days
		}
		if all.Retain == nil {
			all.Retain = c.Retain
		}
		all.Assignee, all.Template, all.Escalate = cmp.Or(all.Assignee, c.Assignee), cmp.Or(all.Template, c.Template), cmp.Or(all.Escalate, c.Escalate)
		for _, f := range c.Fields {
			if !slices.ContainsFunc(all.Fields, func(have Field) bool { return have.Name == f.Name }) {
				all.Fields = append(all.Fields, f)
			}
		}
	}
	return all
}

const (
	maxPath   = 300
	maxLevels = 6
	maxFields = 50
)

// Check finds what is wrong with a class by itself. Errors are of kind fault.Invalid and name the field.
func (c Class) Check() error {
	names := strings.Split(c.Path, Separator)
	if len(names) > maxLevels {
		return invalid("path: more than %d levels", maxLevels)
	}
	for _, n := range names {
		if n == "" || n != strings.TrimSpace(n) || strings.ContainsAny(n, ">/") {
			return invalid("path: %q is not made of names with %q between them", c.Path, Separator)
		}
	}
	if c.Days != nil && (*c.Days < 0 || *c.Days > 365) {
		return invalid("days: %d is not within 0 to 365", *c.Days)
	}
	if c.Retain != nil && (*c.Retain < 0 || *c.Retain > MaxMonths) {
		return invalid("retain_months: %d is not within 0 to %d", *c.Retain, MaxMonths)
	}
	if len(c.Template) > 64<<10 {
		return invalid("template: longer than 64 KiB")
	}
	if err := property.CheckText("path", c.Path, maxPath); err != nil {
		return err
	}
	for name, contact := range map[string]string{"assignee": c.Assignee, "escalate": c.Escalate} {
		if err := property.CheckText(name, contact, maxText); err != nil {
			return err
		}
	}
	if len(c.Fields) > maxFields {
		return invalid("fields: more than %d", maxFields)
	}
	seen := map[string]bool{}
	for _, f := range c.Fields {
		if err := f.check(); err != nil {
			return err
		}
		if seen[f.Name] {
			return invalid("fields: %q is there twice", f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

func (f Field) check() error {
	if strings.TrimSpace(f.Name) == "" {
		return invalid("fields: one has no name")
	}
	if err := property.CheckText("fields", f.Name, 100); err != nil {
		return err
	}
	switch f.Type {
	case Text, Number, Day, YesNo:
		if len(f.Choices) > 0 {
			return invalid("fields: %q has choices and is no choice", f.Name)
		}
	case Choice:
		if len(f.Choices) == 0 || len(f.Choices) > 200 {
			return invalid("fields: %q needs 1 to 200 choices", f.Name)
		}
	default:
		return invalid("fields: %q has the type %q; the types are %s, %s, %s, %s and %s", f.Name, f.Type, Text, Number, Choice, Day, YesNo)
	}
	for _, c := range f.Choices {
		if err := property.CheckText("fields", c, maxText); err != nil {
			return err
		}
	}
	if f.Required != "" && f.Required != "done" && f.Required != "closed" {
		return invalid("fields: %q is required before done or closed, not %q", f.Name, f.Required)
	}
	return nil
}

// Takes checks a value for the field and returns it as it is kept. Values are kept as text: a number with a point, whether it was written with one or
// with a comma, a day as YYYY-MM-DD, yes or no.
func (f Field) Takes(value string) (kept string, err error) {
	if err := property.CheckText(f.Name, value, 1000); err != nil {
		return "", err
	}
	switch f.Type {
	case Number:
		number := strings.Replace(value, ",", ".", 1)
		if _, err := strconv.ParseFloat(number, 64); err != nil || strings.ContainsAny(number, "xXnNiI_pP") {
			return "", invalid("%s: %q is no number, such as 12,5 or 12.5, without spaces", f.Name, value)
		}
		return number, nil
	case Choice:
		if !slices.Contains(f.Choices, value) {
			return "", invalid("%s: %q is none of its choices", f.Name, value)
		}
	case Day:
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			return "", invalid("%s: %q is no day of the calendar, written YYYY-MM-DD", f.Name, value)
		}
	case YesNo:
		if value != "yes" && value != "no" {
			return "", invalid("%s: %q is neither yes nor no", f.Name, value)
		}
	case Text:
	}
	return value, nil
}

// Route sends new cases to whoever takes care of them. Of the routes that fit a case, the one of the deepest class counts, then
// the one of the nearest object.
type Route struct {
	ID       string `json:"id"`
	Class    string `json:"class,omitempty"`    // path; empty: any
	Object   string `json:"object,omitempty"`   // with all that lies in it; empty: any
	Assignee string `json:"assignee,omitempty"` // contact of a technician or manager
	Supplier string `json:"supplier,omitempty"` // contact: is proposed for the order
	Archived bool   `json:"archived,omitempty"`
}

// Key is the route's name in the register.
func (r Route) Key() string { return r.ID }

// External is "": routes are not imported.
func (r Route) External() string { return "" }

// Check finds what is wrong with a route by itself.
func (r Route) Check() error {
	if err := property.CheckID("id", r.ID); err != nil {
		return err
	}
	if r.Assignee == "" && r.Supplier == "" {
		return invalid("a route names an assignee, a supplier, or both")
	}
	for name, v := range map[string]string{"class": r.Class, "object": r.Object, "assignee": r.Assignee, "supplier": r.Supplier} {
		if err := property.CheckText(name, v, maxText); err != nil {
			return err
		}
	}
	return nil
}

// Choose returns the route that counts for a case of that class whose object has that path, nearest first.
func Choose(routes []Route, class string, path []property.Object) (best Route, ok bool) {
	classes := append([]string{class}, Above(class)...)
	score := func(r Route) (int, bool) {
		c, o := len(classes), len(path)
		if r.Class != "" {
			if c = slices.Index(classes, r.Class); c < 0 {
				return 0, false
			}
		}
		if r.Object != "" {
			if o = slices.IndexFunc(path, func(p property.Object) bool { return string(p.ID) == r.Object }); o < 0 {
				return 0, false
			}
		}
		return c*1000 + o, true // the smaller the nearer
	}
	least := 0
	for _, r := range routes {
		if s, fits := score(r); fits && !r.Archived && (!ok || s < least) {
			best, least, ok = r, s, true
		}
	}
	return best, ok
}
