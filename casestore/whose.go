package casestore

import (
	"time"

	"smartmail/casework"
	"smartmail/register"
)

// maxSharing is of how many living contacts with one address it is asked which of them rents something.
const maxSharing = 50

// Whose finds the contact whose a mail address is on a day. Several may have it: a customer got a new number, a couple writes from one
// mailbox. A living contact goes before an archived one, of the living one who rents something that day before others, and else the
// first by id. Those whom seen refuses are as not there; nil refuses nobody. ok is false where there is none.
func Whose(tx Tx, org casework.OrgID, email string, day register.Date, seen func(register.Contact) (bool, error)) (c register.Contact, ok bool, err error) {
	if email == "" {
		return c, false, nil
	}
	var living []register.Contact
	for f, err := range Contacts.Scan(tx, Query{Index: "by_email", Prefix: PartyKey(org, email)}) {
		if err != nil {
			return c, false, err
		}
		if seen != nil {
			if see, err := seen(f.Record.Thing); err != nil {
				return c, false, err
			} else if !see {
				continue
			}
		}
		switch found := f.Record.Thing; {
		case !found.Archived && len(living) < maxSharing:
			living = append(living, found)
		case found.Archived && !ok:
			c, ok = found, true
		}
	}
	if len(living) == 0 {
		return c, ok, nil
	}
	if len(living) > 1 {
		for _, c := range living {
			if rents, err := rentsOn(tx, org, c.ID, day); rents || err != nil {
				return c, err == nil, err
			}
		}
	}
	return living[0], true, nil
}

func rentsOn(tx Tx, org casework.OrgID, customer string, day register.Date) (bool, error) {
	for f, err := range Tenancies.Scan(tx, Query{Index: "by_customer", Prefix: ThingKey(org, customer)}) {
		if err != nil || f.Record.Thing.Holds(day) {
			return err == nil, err
		}
	}
	return false, nil
}

// Day is the day of an instant as tenancies have days.
func Day(at time.Time) register.Date { return register.Date(at.UTC().Format(time.DateOnly)) }

// ReporterSegment is the segment of the customer who reported a case, of the contact whose his address was on the day when it was opened:
// what the desk decides by and what figures count are the same. "" where he has none of his own, or where what the register has of him was
// withheld from who opened the case: that it goes out of his sight must not tell him either.
func ReporterSegment(tx Tx, c casework.Case) (string, error) {
	if c.Reporter == nil || c.Reporter.Email == "" || c.Reporter.Withheld {
		return c.ReporterSegment(), nil
	}
	owner, _, err := Whose(tx, c.Org, c.Reporter.Email, Day(c.CreatedAt), nil)
	return owner.Segment, err
}
