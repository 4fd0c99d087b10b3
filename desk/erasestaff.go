package desk

import (
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
)

// digests changes lines of to-do lists that were written to people of the house and have not gone out: they have subjects of cases and mails. Of
// what has gone out, or never will, no line is kept.
func (e *eraser) digests(change func(casework.StaffTodo) casework.StaffTodo) error {
	for f, err := range casestore.Outbox.Scan(e.tx, casestore.Query{Index: "by_due", Prefix: casestore.K(string(e.org))}) {
		if err != nil {
			return err
		}
		if f.Record.Staff == nil {
			continue
		}
		o, staff := f.Record, *f.Record.Staff
		staff.Todo = slices.Clone(staff.Todo)
		for i, line := range staff.Todo {
			staff.Todo[i] = change(line)
		}
		o.Staff = &staff
		var lines int // they are the case's, or the mail's
		if err := put(e, casestore.Outbox, f.Record, o, &lines); err != nil {
			return err
		}
	}
	return nil
}

// retitled has the lines about a case call it as it is called once it was erased from.
func (e *eraser) retitled(was, is casework.Case) error {
	if was.Subject == is.Subject {
		return nil
	}
	return e.digests(func(line casework.StaffTodo) casework.StaffTodo {
		if line.Case == was.Number {
			line.Subject, line.Why = clip(is.Subject, morningSubject), casework.Erased
		}
		return line
	})
}

// untriaged does the same for a mail in triage, whose line has nothing else to know it by.
func (e *eraser) untriaged(was, is casework.Mail) error {
	if was.Content.Subject == is.Content.Subject {
		return nil
	}
	return e.digests(func(line casework.StaffTodo) casework.StaffTodo {
		if line.Case == 0 && line.Subject == clip(was.Content.Subject, morningSubject) {
			line.Subject = clip(is.Content.Subject, morningSubject)
		}
		return line
	})
}
