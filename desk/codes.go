package desk

import (
	"context"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/property"
)

// Doors are what opens the doors of a case, for the supplier of one of its orders.
type Doors struct {
	Case        casework.Case
	Participant casework.Participant
	Order       casework.OrderNo
	Codes       string // of the case; empty: there are none
	Places      []Door // of its object and what that lies in, nearest first, as far as they have any
}

// Door is what the register says of getting into an object.
type Door struct{ Name, Codes string }

// Codes returns the door codes of a case; without text where there are none. Error: fault.NotFound.
func (d *Desk) Codes(ctx context.Context, org casework.OrgID, n casework.CaseNumber) (codes casework.DoorCodes, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		if _, err := casestore.Cases.Get(tx, casestore.CaseKey(org, n)); err != nil {
			return caseError(n, err)
		}
		codes, err = casestore.Codes.Get(tx, casestore.CaseKey(org, n))
		return ignoreNotFound(err)
	})
	return codes, err
}

// SetCodes stores the door codes of a case; an empty text removes them. Suppliers who have work on it get a link to them. Errors:
// fault.NotFound, Invalid.
func (d *Desk) SetCodes(ctx context.Context, org casework.OrgID, n casework.CaseNumber, text string, by casework.Actor) (codes casework.DoorCodes, err error) {
	err = d.update(ctx, func(tx casestore.Tx) error {
		c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, n))
		if err != nil {
			return caseError(n, err)
		}
		if codes, err = casestore.Codes.Get(tx, casestore.CaseKey(org, n)); ignoreNotFound(err) != nil {
			return err
		}
		had, now := codes.Text, d.Now()
		if had == text {
			return nil
		}
		codes.Org, codes.Case, codes.Text, codes.By, codes.At = org, n, text, by, now
		if err := codes.Check(); err != nil {
			return err
		}
		if text == "" {
			err, codes = casestore.Codes.Delete(tx, &codes), casework.DoorCodes{}
		} else {
			err = casestore.Codes.Put(tx, &codes)
		}
		if err != nil {
			return err
		}
		_, _, err = d.act(tx, c, casework.ChangeCodes{Had: had != "", Has: text != ""}, by, now)
		return err
	})
	return codes, err
}

// HasDoors reports whether there is anything for OpenDoors to show of a case.
func (d *Desk) HasDoors(ctx context.Context, org casework.OrgID, n casework.CaseNumber) (has bool, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, n))
		if err != nil {
			return caseError(n, err)
		}
		doors := Doors{Case: c}
		err = doors.read(tx)
		has = doors.any()
		return err
	})
	return has, err
}

// Doors finds whether a participant may open the doors of a case by the mail that bears the link, and shows none of the codes.
// Error: fault.NotFound, whatever it is that he may not: the order is done or taken back, there are no codes any more.
func (d *Desk) Doors(ctx context.Context, org casework.OrgID, n casework.CaseNumber, no casework.ParticipantNo, mail casework.EntryID) (doors Doors, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		doors, err = doorsOf(tx, org, n, no, mail)
		return err
	})
	doors.Codes, doors.Places = "", nil
	return doors, err
}

// OpenDoors is Doors with the codes. That they were shown is on the case before they are.
func (d *Desk) OpenDoors(ctx context.Context, org casework.OrgID, n casework.CaseNumber, no casework.ParticipantNo, mail casework.EntryID) (doors Doors, err error) {
	err = d.update(ctx, func(tx casestore.Tx) error {
		if doors, err = doorsOf(tx, org, n, no, mail); err != nil {
			return err
		}
		by := casework.Actor{Via: casework.ViaLink, Name: doors.Participant.Name, Mail: doors.Participant.Email}
		_, _, err = d.act(tx, doors.Case, casework.OpenDoors{Participant: no, Order: doors.Order}, by, d.Now())
		return err
	})
	if err != nil {
		return Doors{}, err
	}
	return doors, nil
}

// doorsOf reads the doors that a link in a mail opens.
func doorsOf(tx casestore.Tx, org casework.OrgID, n casework.CaseNumber, no casework.ParticipantNo, mail casework.EntryID) (Doors, error) {
	s, err := participation(tx, org, n, no)
	if err != nil {
		return Doors{}, err
	}
	e, err := casestore.Entries.Find(tx, "by_id", casestore.K(string(org)).Str(string(mail)))
	if err == nil && (e.Case != n || !s.shows(e) || !s.Case.MayOpenDoors(no, e.Order)) {
		err = fault.New(fault.NotFound, "")
	}
	if err != nil {
		return Doors{}, renamed(err, "no order that is at work has sent this link")
	}
	doors := Doors{Case: s.Case, Participant: s.Participant, Order: e.Order}
	if err = doors.read(tx); err == nil && !doors.any() {
		err = fault.New(fault.NotFound, "there are no codes any more")
	}
	return doors, err
}

// read finds the codes of the case and of where it is.
func (d *Doors) read(tx casestore.Tx) error {
	codes, err := casestore.Codes.Get(tx, casestore.CaseKey(d.Case.Org, d.Case.Number))
	if ignoreNotFound(err) != nil {
		return err
	}
	d.Codes = codes.Text
	path, err := objectPath(tx, d.Case.Org, property.ID(d.Case.Object))
	for _, o := range path {
		if o.Access != "" {
			d.Places = append(d.Places, Door{Name: o.Name, Codes: o.Access})
		}
	}
	return err
}

func (d *Doors) any() bool { return d.Codes != "" || len(d.Places) > 0 }

// Codes is Desk.Codes, for those who may see what is restricted.
func (g *Guarded) Codes(ctx context.Context, org casework.OrgID, n casework.CaseNumber) (casework.DoorCodes, error) {
	if err := g.restricted(ctx, access.ReadLanes, org, n); err != nil {
		return casework.DoorCodes{}, err
	}
	return g.desk.Codes(ctx, org, n)
}

// SetCodes is Desk.SetCodes, for those who may see what is restricted.
func (g *Guarded) SetCodes(ctx context.Context, org casework.OrgID, n casework.CaseNumber, text string, by casework.Actor) (casework.DoorCodes, error) {
	if err := g.restricted(ctx, access.EditCases, org, n); err != nil {
		return casework.DoorCodes{}, err
	}
	return g.desk.SetCodes(ctx, org, n, text, by)
}

// restricted checks a permission with a case, and that the holder may see what is restricted.
func (g *Guarded) restricted(ctx context.Context, p access.Permission, org casework.OrgID, n casework.CaseNumber) error {
	if err := g.check(ctx, p, org, n); err != nil {
		return err
	}
	return g.need(access.Restricted)
}
