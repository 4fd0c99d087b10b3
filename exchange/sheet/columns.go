package sheet

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"smartmail/fault"
	"smartmail/property"
)

// column is a field of a thing as a column: its name is that of the field in the API.
type column[T any] struct {
	name       string
	also       []string // what else the header may say, in Swedish and English
	restricted bool
	key        bool // names something: a number in it is whole
	get        func(*T) string
	set        func(*T, string) error
}

// Columns says how things of one kind stand in a sheet.
type Columns[T any] struct {
	list []column[T]
	name func(T) string // a name for a thing that the file gives neither an id nor an external key; "": there is none
}

// Header returns the names of the columns, those of restricted fields only if wanted.
func (c *Columns[T]) Header(restricted bool) (names []string) {
	for _, col := range c.list {
		if restricted || !col.restricted {
			names = append(names, col.name)
		}
	}
	return names
}

// Cells returns a thing as a row under that header.
func (c *Columns[T]) Cells(thing T, restricted bool) (cells []string) {
	for _, col := range c.list {
		if restricted || !col.restricted {
			cells = append(cells, col.get(&thing))
		}
	}
	return cells
}

// plain is a header name without what people write another way each time: case, spaces, marks, rings and dots.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r == 'å' || r == 'ä':
			return 'a'
		case r == 'ö':
			return 'o'
		case r == 'é':
			return 'e'
		}
		return -1
	}, strings.ToLower(s))
}

// Layout is the header of a file, understood.
type Layout[T any] struct {
	Ignored []string // columns that no field is known for
	columns *Columns[T]
	at      []int // for each column of columns where it stands in a row, or -1
}

// Layout reads a header row. It needs a column by which a thing is known again, or named.
func (c *Columns[T]) Layout(header Row) (*Layout[T], error) {
	l := &Layout[T]{columns: c, at: make([]int, len(c.list))}
	for i := range l.at {
		l.at[i] = -1
	}
	known := 0
	for i, cell := range header.Cells {
		name := plain(cell)
		found := slices.IndexFunc(c.list, func(col column[T]) bool {
			return plain(col.name) == name || slices.ContainsFunc(col.also, func(also string) bool { return plain(also) == name })
		})
		switch {
		case name == "" && cell == "":
		case found < 0:
			l.Ignored = append(l.Ignored, cell)
		case l.at[found] >= 0:
			return nil, fault.New(fault.Invalid, fmt.Sprintf("the columns %q and %q are the same field", header.Cell(l.at[found]), cell))
		default:
			l.at[found] = i
			known++
		}
	}
	if known == 0 {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("the first row names no known column, such as %s", strings.Join(c.Header(false), ", ")))
	}
	return l, nil
}

// Has reports whether the file has a field.
func (l *Layout[T]) Has(field string) bool {
	i := slices.IndexFunc(l.columns.list, func(col column[T]) bool { return col.name == field })
	return i >= 0 && l.at[i] >= 0
}

// Restricted lists the restricted fields that the file has.
func (l *Layout[T]) Restricted() (names []string) {
	for i, col := range l.columns.list {
		if col.restricted && l.at[i] >= 0 {
			names = append(names, col.name)
		}
	}
	return names
}

// cell is what a row says in a column. Programs that know numbers with a fraction alone write the key 1002 as 1002.0.
func (l *Layout[T]) cell(row Row, column int) string {
	cell := row.Cell(l.at[column])
	if number, ok := strings.CutSuffix(cell, ".0"); ok && l.columns.list[column].key && number != "" && strings.Trim(number, "0123456789") == "" {
		return number
	}
	return cell
}

// Names returns what a row says that its thing is called: id and external key, each where it is given, and the id of a new thing where it
// is not. Without any of them error says what is missing.
func (l *Layout[T]) Names(row Row) (id, external, derived string, err error) {
	for i, col := range l.columns.list {
		switch col.name {
		case "id":
			id = l.cell(row, i)
		case "external_key":
			external = l.cell(row, i)
		}
	}
	switch {
	case id != "":
		return id, external, id, nil
	case external != "":
		return id, external, Slug(external), nil
	}
	var blank T
	thing, err := l.Apply(row, blank)
	if err != nil {
		return "", "", "", err
	}
	if name := l.columns.name(thing); name != "" {
		return "", "", Slug(name), nil
	}
	return "", "", "", fault.New(fault.Invalid, "id: the row has neither an id nor an external key, nor what a name could be made of")
}

// Slug makes an id of a name: the name itself where it may be one, else its letters and digits and a hash, which tells apart those that
// differ in other characters alone. The same name always gives the same id.
func Slug(name string) string {
	if property.CheckID("id", name) == nil {
		return name
	}
	const most = 48 // of 64, with the hash behind it
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if p := plain(string(r)); p != "" {
			b.WriteString(p)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
		if b.Len() >= most {
			break
		}
	}
	sum := sha256.Sum256([]byte(name))
	return strings.TrimLeft(strings.TrimRight(b.String(), "-")+"-"+hex.EncodeToString(sum[:4]), "-")
}

// Apply returns the thing as it is after the row. What a cell says already stays as it is, to the byte. The error is of kind
// fault.Invalid and names each field that cannot be read.
func (l *Layout[T]) Apply(row Row, thing T) (T, error) {
	var wrong []string
	for i, col := range l.columns.list {
		if l.at[i] < 0 {
			continue
		}
		cell := l.cell(row, i)
		if strings.TrimSpace(col.get(&thing)) == cell {
			continue
		}
		if err := col.set(&thing, cell); err != nil {
			wrong = append(wrong, col.name+": "+err.Error())
		}
	}
	if len(wrong) > 0 {
		return thing, fault.New(fault.Invalid, strings.Join(wrong, "; "))
	}
	return thing, nil
}

// key marks a column that names something.
func key[T any](c column[T]) column[T] {
	c.key = true
	return c
}

// words is a column of text.
func words[T any](name string, field func(*T) *string, also ...string) column[T] {
	return column[T]{name: name, also: also, get: func(t *T) string { return *field(t) }, set: func(t *T, cell string) error {
		*field(t) = cell
		return nil
	}}
}

// list is a column of several values in a cell.
func list[T any, S ~string](name string, field func(*T) *[]S, as func(string) S, also ...string) column[T] {
	return column[T]{name: name, also: also, get: func(t *T) string { return joinList(*field(t)) }, set: func(t *T, cell string) error {
		var values []S
		for _, v := range splitList(cell) {
			values = append(values, as(v))
		}
		*field(t) = values
		return nil
	}}
}

// flag is a column of yes and no.
func flag[T any](name string, field func(*T) *bool, also ...string) column[T] {
	return column[T]{name: name, also: also, get: func(t *T) string { return yesNo(*field(t)) }, set: func(t *T, cell string) (err error) {
		*field(t), err = parseYesNo(cell)
		return err
	}}
}

// parsed is a column of text that is written in several ways.
func parsed[T any, S ~string](name string, field func(*T) *S, parse func(string) (string, error), also ...string) column[T] {
	return column[T]{name: name, also: also, get: func(t *T) string { return string(*field(t)) }, set: func(t *T, cell string) error {
		v, err := parse(cell)
		*field(t) = S(v)
		return err
	}}
}

// translated reads a word that has another one in the register.
func translated(words map[string]string) func(string) (string, error) {
	return func(cell string) (string, error) {
		if v, ok := words[plain(cell)]; ok {
			return v, nil
		}
		return cell, nil // its own check says what may be there
	}
}
