package casework

import (
	"fmt"
	"slices"
	"time"

	"smartmail/fault"
)

// Access is how whoever does the work gets in. What opens doors by itself is no part of it: see DoorCodes.
type Access struct {
	MasterKey   string    `json:"master_key,omitempty"` // "yes": it may be used; "no"; empty: nobody has said
	MasterKeyBy Actor     `json:"master_key_by,omitzero"`
	MasterKeyAt time.Time `json:"master_key_at,omitzero"`
	KeyBox      string    `json:"key_box,omitempty"`
	Pet         string    `json:"pet,omitempty"`
	Present     string    `json:"present,omitempty"` // "yes": the customer wants to be there; "no"; empty: he has not said
	Times       string    `json:"times,omitempty"`   // at which somebody may come
}

// AccessEdit changes how somebody gets in; a nil field stays.
type AccessEdit struct{ MasterKey, KeyBox, Pet, Present, Times *string }

// changeAccess notes how somebody gets in, and tells those who are on their way.
func (t *teller) changeAccess(c *Case, e AccessEdit) error {
	a := Access{}
	if c.Access != nil {
		a = *c.Access
	}
	changed := false
	for _, f := range []struct {
		name      string
		now, want *string
		yesNo     bool
	}{
		{"master_key", &a.MasterKey, e.MasterKey, true}, {"key_box", &a.KeyBox, e.KeyBox, false}, {"pet", &a.Pet, e.Pet, false},
		{"present", &a.Present, e.Present, true}, {"times", &a.Times, e.Times, false},
	} {
		if f.want == nil {
			continue
		}
		to := oneLine(*f.want)
		if f.yesNo && to != "" && to != "yes" && to != "no" {
			return fault.New(fault.Invalid, fmt.Sprintf("access.%s is yes, no or nothing", f.name))
		}
		if err := fits(map[string]string{"access." + f.name: *f.want}); err != nil {
			return err
		}
		if to == *f.now {
			continue
		}
		t.tell(c, Entry{Kind: KindChange, Change: &Change{Field: "access." + f.name, From: *f.now, To: to}})
		*f.now, changed = to, true
		if f.name == "master_key" {
			a.MasterKeyBy, a.MasterKeyAt = t.by, t.at
		}
	}
	if changed {
		c.Access = &a
		t.tellAccess(c)
	}
	return nil
}

// tellAccess writes to suppliers who have work on the case how they get in now. It is the orderer's to do until the supplier answers: who stands
// before a locked door has not read his mail.
func (t *teller) tellAccess(c *Case) {
	for i := range c.Orders {
		o := &c.Orders[i]
		if !o.State.Work() {
			continue
		}
		c.accessKnown(*o)
		t.write(c, o, MailOut{About: AboutAccess, Deadline: o.Deadline, PriceCap: o.PriceCap})
		t.attend(c, Attention{Code: CodeAccess, For: c.ownerOf(o.By), Detail: OrderID(c.Number, o.No)})
	}
}

// accessKnown settles that the supplier of an order has not said that he knows how he gets in.
func (c *Case) accessKnown(o WorkOrder) {
	c.Attention = slices.DeleteFunc(c.Attention, func(a Attention) bool { return a.Code == CodeAccess && a.Detail == OrderID(c.Number, o.No) })
}
