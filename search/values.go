package search

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"smartmail/casework"
)

// Field is one that cases can be selected by.
type Field string

// The fields. A caller's rights are to become conditions on such fields too: each value that a right can be bound to must be
// one of a case's values.
const (
	Status   Field = "status"
	Class    Field = "class" // a path: "VVS > Blandare" is selected by "VVS" too
	Priority Field = "priority"
	Object   Field = "object"
	Assignee Field = "assignee" // Nobody selects the cases that have none
	Person   Field = "person"   // address of somebody who takes part or reported, and whom it is assigned to
	Order    Field = "order"    // state of one of the orders
	Schedule Field = "schedule" // that opened the case
	Custom   Field = "custom"   // "name=value" of a field of the organisation's own

	internal Field = "internal" // "yes"
	created  Field = "created"  // day, UTC
	due      Field = "due"      // day, UTC
	everyone Field = "all"      // every case
	word     Field = "word"     // what is said on the case
)

// Nobody is the assignee of a case that has none.
const Nobody = "-"

// value is one that a case has in a field, in the form in which values are compared.
type value struct {
	field Field
	text  string
}

// maxValue is the length in bytes from which on values are no longer told apart.
const maxValue = 250

// normal is the form in which values are compared: lower case, composed letters, single spaces.
func normal(s string) string {
	s = strings.ToLower(norm.NFC.String(strings.Join(strings.Fields(s), " ")))
	if len(s) <= maxValue {
		return s
	}
	end := maxValue
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// valueOf is a value as somebody wrote it, in the form in which values are compared. "VVS>Blandare" is the same path as "vvs > blandare".
func valueOf(f Field, text string) value {
	if f == Class {
		steps := strings.Split(text, ">")
		for i := range steps {
			steps[i] = strings.TrimSpace(steps[i])
		}
		text = strings.Join(steps, " > ")
	}
	return value{f, normal(text)}
}

// values are those that a case can be selected by, sorted by nothing, each once.
func values(c casework.Case) []value {
	var all []value
	add := func(f Field, text string) {
		if v := valueOf(f, text); v.text != "" && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	add(Status, string(c.Status))
	add(Priority, string(c.Priority))
	add(Object, c.Object)
	if c.Assignee == "" {
		add(Assignee, Nobody)
	}
	add(Assignee, c.Assignee)
	add(Schedule, c.Schedule)
	steps := strings.Split(c.Class, ">")
	for i := range steps {
		add(Class, strings.Join(steps[:i+1], ">"))
	}
	for _, mail := range c.Mails() {
		add(Person, mail)
	}
	add(Person, casework.Address(c.Assignee))
	if c.Reporter != nil {
		add(Person, casework.Address(c.Reporter.Email))
	}
	if c.Internal {
		add(internal, "yes") // the others have none: what was held before there was this field is right as it is
	}
	for _, o := range c.Orders {
		add(Order, string(o.State))
	}
	for name, text := range c.Fields {
		add(Custom, name+"="+text)
	}
	return all
}

// derivedValues are those that the index holds a case under beside its values.
func derivedValues(c casework.Case) []value {
	all := []value{{everyone, "x"}, {created, day(c.CreatedAt)}}
	if !c.DueAt.IsZero() {
		all = append(all, value{due, day(c.DueAt)})
	}
	return all
}

// day sorts as the instants do.
func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
