// Package exchange takes an organisation's register in from sheets, and gives it out as sheets.
//
//	file → sheet.Read → sheet.Columns → desk.Register.Import → what came of it, with every bad row
//	desk.Register.List → sheet.Columns → sheet.Writer
//
// Invariants:
//   - What is exported can be imported again and changes nothing.
//   - Restricted fields are exported only to who may see them, and an import by anybody else leaves them as they are.
package exchange

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/exchange/sheet"
	"smartmail/fault"
	"smartmail/property"
	"smartmail/register"
)

// Registers are the parts of a register that are exchanged; *desk.Desk and *desk.Guarded have them.
type Registers interface {
	Objects() desk.Register[property.Object]
	Contacts() desk.Register[register.Contact]
	Tenancies() desk.Register[register.Tenancy]
}

// Kind is what a sheet is about.
type Kind string

// The kinds.
const (
	Contacts  Kind = "contacts"  // people and companies; a new one without parts is a customer
	Suppliers Kind = "suppliers" // those contacts that are suppliers; whom the file names is one
	Objects   Kind = "objects"   // the property tree; a new one without a kind is a unit
	Tenancies Kind = "tenancies"
)

// Kinds lists every kind, in the order in which an organisation imports them: what is referred to comes first.
func Kinds() []Kind { return []Kind{Objects, Contacts, Suppliers, Tenancies} }

// Options of an import.
type Options struct {
	By                                   casework.Actor
	DryRun, AllOrNothing, ArchiveMissing bool                  // as desk.Importing has them
	Progress                             func(done, total int) // nil: nobody looks
}

// Result is what came of an import.
type Result struct {
	desk.Imported
	Ignored []string // columns that no field is known for, or that the caller may not change
}

// Import takes a file in. Errors: fault.Invalid where it cannot be read at all, TooBig, Forbidden.
func Import(ctx context.Context, from Registers, org casework.OrgID, k Kind, file []byte, o Options) (Result, error) {
	switch k {
	case Objects:
		return take(ctx, from.Objects(), org, sheet.Objects(), file, o, rules[property.Object]{complete: func(obj *property.Object) {
			obj.Kind, obj.Name = cmp.Or(obj.Kind, property.Unit), cmp.Or(obj.Name, obj.Code)
		}})
	case Tenancies:
		return take(ctx, from.Tenancies(), org, sheet.Tenancies(), file, o, rules[register.Tenancy]{})
	case Contacts:
		return take(ctx, from.Contacts(), org, sheet.Contacts(), file, o, rules[register.Contact]{refuse: erased, complete: func(c *register.Contact) {
			if len(c.Parts) == 0 {
				c.Parts = []register.Part{register.Customer}
			}
		}, concerns: is(register.Customer)}) // no file of tenants archives the staff
	case Suppliers:
		return take(ctx, from.Contacts(), org, sheet.Contacts(), file, o, rules[register.Contact]{refuse: erased, complete: func(c *register.Contact) {
			if !is(register.Supplier)(*c) {
				c.Parts = append(slices.Clone(c.Parts), register.Supplier)
			}
		}, concerns: is(register.Supplier)})
	}
	return Result{}, noKind(k)
}

// rules are what a kind of sheet has beside its columns; each may be nil.
type rules[T casework.Thing] struct {
	refuse   func(T) error // of a thing as it is before its row
	complete func(*T)      // what the kind of sheet says of each thing in it
	concerns func(T) bool  // see desk.Importing
}

// erased refuses to bring back a person whom somebody has had erased: the system that the file comes from knows nothing of that.
func erased(c register.Contact) error {
	if c.Name == casework.Erased {
		return fault.New(fault.Invalid, "name: this person was erased here, and stays so until the contact is given a name by hand")
	}
	return nil
}

func is(p register.Part) func(register.Contact) bool {
	return func(c register.Contact) bool { return slices.Contains(c.Parts, p) }
}

func noKind(k Kind) error {
	return fault.New(fault.Invalid, fmt.Sprintf("%q is none of %v", k, Kinds()))
}

// take is Import for one kind.
func take[T casework.Thing](ctx context.Context, r desk.Register[T], org casework.OrgID, columns *sheet.Columns[T], file []byte, o Options, of rules[T]) (Result, error) {
	next, stop := iter.Pull2(sheet.Read(file))
	defer stop()
	header, err, ok := next()
	if !ok {
		err = fault.New(fault.Invalid, "the file is empty: its first row names the columns")
	}
	if err != nil {
		return Result{}, fault.Wrap(kindOf(err), "the header: "+public(err), err)
	}
	layout, err := columns.Layout(header)
	if err != nil {
		return Result{}, err
	}
	var rows []desk.Incoming[T]
	for {
		row, err, ok := next()
		if !ok {
			break
		}
		in, err := incoming(layout, row, err, of)
		if err != nil {
			return Result{}, err
		}
		rows = append(rows, in)
		if err := ctx.Err(); err != nil {
			return Result{}, fmt.Errorf("import: %w", err)
		}
	}
	result := Result{Ignored: layout.Ignored}
	if r.Conceals() {
		result.Ignored = append(result.Ignored, layout.Restricted()...)
	}
	result.Imported, err = r.Import(ctx, org, rows, desk.Importing[T]{
		By: o.By, DryRun: o.DryRun, AllOrNothing: o.AllOrNothing, ArchiveMissing: o.ArchiveMissing, Concerns: of.concerns, Progress: o.Progress,
	})
	return result, err
}

// incoming is a row as the desk takes it. The error is one of the file.
func incoming[T casework.Thing](layout *sheet.Layout[T], row sheet.Row, err error, of rules[T]) (desk.Incoming[T], error) {
	if bad, ok := badRow(err); ok {
		return desk.Incoming[T]{Row: bad.Row, Err: fault.New(fault.Invalid, bad.Why)}, nil
	}
	if err != nil {
		return desk.Incoming[T]{}, err
	}
	in := desk.Incoming[T]{Row: row.Number, Archives: layout.Has("archived"), Apply: func(thing T) (T, error) {
		if of.refuse != nil {
			if err := of.refuse(thing); err != nil {
				return thing, err
			}
		}
		thing, err := layout.Apply(row, thing)
		if err == nil && of.complete != nil {
			of.complete(&thing)
		}
		return thing, err
	}}
	in.ID, in.External, in.Derived, in.Err = layout.Names(row)
	return in, nil
}

// portion is how many things are read in a transaction.
const portion = 500

// Export is a register on its way out.
type Export struct {
	Format sheet.Format
	write  func(ctx context.Context, w io.Writer) error
}

// Write writes the sheet. What is changed while it is written may be in it or not.
func (e *Export) Write(ctx context.Context, w io.Writer) error { return e.write(ctx, w) }

// OpenExport begins an export. Errors: fault.Forbidden, Invalid.
func OpenExport(ctx context.Context, from Registers, org casework.OrgID, k Kind, f sheet.Format) (*Export, error) {
	if f != sheet.CSV && f != sheet.XLSX {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("%q is neither csv nor xlsx", f))
	}
	switch k {
	case Objects:
		return open(ctx, from.Objects(), org, sheet.Objects(), "", "", f)
	case Contacts:
		return open(ctx, from.Contacts(), org, sheet.Contacts(), "", "", f)
	case Suppliers:
		return open(ctx, from.Contacts(), org, sheet.Contacts(), "by_part", string(register.Supplier), f)
	case Tenancies:
		return open(ctx, from.Tenancies(), org, sheet.Tenancies(), "", "", f)
	}
	return nil, noKind(k)
}

// open reads the first things, so that who may not read them hears it before anything is written.
func open[T casework.Thing](ctx context.Context, r desk.Register[T], org casework.OrgID, columns *sheet.Columns[T], index, value string, f sheet.Format) (*Export, error) {
	read := func(ctx context.Context, after casestore.Key) (desk.Page[casework.Registered[T]], error) {
		return r.List(ctx, org, index, value, after, portion)
	}
	page, err := read(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &Export{Format: f, write: func(ctx context.Context, to io.Writer) error {
		w, err := sheet.NewWriter(to, f)
		if err != nil {
			return err
		}
		err = w.Write(columns.Header(!r.Conceals()))
		for err == nil {
			for _, t := range page.Items {
				if err = w.Write(columns.Cells(t.Thing, !r.Conceals())); err != nil {
					break
				}
			}
			if err != nil || page.Next == nil {
				break
			}
			page, err = read(ctx, page.Next)
		}
		if closed := w.Close(); err == nil {
			err = closed
		}
		return err
	}}, nil
}
