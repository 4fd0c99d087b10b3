package desk

import (
	"context"
	"fmt"
	"io"
	"slices"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/message"
	"smartmail/property"
)

// Guarded is the desk as far as a grant opens it. What its holder may not see is as what is not there: the same error, the same
// counts. What he may see and not do is Forbidden.
type Guarded struct {
	desk  *Desk
	grant access.Grant
}

// For returns the desk as far as a grant opens it.
func (d *Desk) For(g access.Grant) *Guarded { return &Guarded{d, g} }

// need checks a permission that is about no case.
func (g *Guarded) need(p access.Permission) error {
	if g.grant.May(p) {
		return nil
	}
	return fault.New(fault.Forbidden, fmt.Sprintf("the role of this token does not allow it: %s within its scope is needed", p))
}

// whereabouts finds what decides in whose scope a case lies. An object that is not in the register lies nowhere but in itself.
func whereabouts(tx casestore.Tx, c casework.Case) (access.Whereabouts, error) {
	w := access.Whereabouts{Class: c.Class, People: append(c.Mails(), casework.Address(c.Assignee))}
	for _, l := range c.Lanes {
		if l.Kind == casework.LaneSupplier {
			for _, p := range l.Participants {
				w.Suppliers = append(w.Suppliers, casework.Address(p.Email))
			}
		}
	}
	if c.Assignee != "" {
		assignee, err := casestore.Contacts.Get(tx, casestore.ThingKey(c.Org, c.Assignee))
		if ignoreNotFound(err) != nil {
			return w, err
		}
		for _, email := range assignee.Thing.Emails {
			w.People = append(w.People, casework.Address(email))
		}
	}
	path, err := objectPath(tx, c.Org, property.ID(c.Object))
	if err != nil {
		return w, err
	}
	for _, o := range path {
		w.Objects = append(w.Objects, o.ID)
	}
	if w.Segment, err = casestore.ReporterSegment(tx, c); err == nil && w.Segment == "" {
		w.Segment = property.Segment(path)
	}
	return w, err
}

// objectPath is the object and what it lies in, nearest first.
func objectPath(tx casestore.Tx, org casework.OrgID, id property.ID) ([]property.Object, error) {
	if id == "" {
		return nil, nil
	}
	path, err := property.Path(id, func(id property.ID) (property.Object, error) {
		r, err := casestore.Objects.Get(tx, casestore.ThingKey(org, string(id)))
		return r.Thing, err
	})
	if fault.Is(err, fault.NotFound) {
		return []property.Object{{ID: id}}, nil
	}
	return path, err
}

// sees reports whether the grant gives a permission with the case. An internal one is seen from outside by its suppliers alone.
func (g *Guarded) sees(tx casestore.Tx, p access.Permission, c casework.Case) (bool, error) {
	if s := g.grant.Scope; c.Internal && !g.grant.May(access.ReadLanes) && len(c.LanesOf(slices.Concat(s.Own, s.Suppliers))) == 0 {
		return false, nil
	}
	if !g.grant.May(p) || g.grant.Scope.Whole() {
		return g.grant.May(p), nil
	}
	w, err := whereabouts(tx, c)
	return g.grant.MayWith(p, w), err
}

// may returns the case, checked for a permission: NotFound where it may not be seen, Forbidden where it may be seen only.
func (g *Guarded) may(tx casestore.Tx, p access.Permission, org casework.OrgID, n casework.CaseNumber) (casework.Case, error) {
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(org, n))
	if err != nil {
		return c, caseError(n, err)
	}
	seen, err := g.sees(tx, access.ReadCases, c)
	switch {
	case err != nil:
		return c, err
	case !seen:
		return c, fault.New(fault.NotFound, fmt.Sprintf("there is no case %d", n))
	}
	return c, g.need(p)
}

// check is may in a transaction of its own.
func (g *Guarded) check(ctx context.Context, p access.Permission, org casework.OrgID, n casework.CaseNumber) error {
	return g.desk.Store.View(ctx, func(tx casestore.Tx) error {
		_, err := g.may(tx, p, org, n)
		return err
	})
}

// lanes reports which lanes of a case the holder sees: all, or those that he is on.
func (g *Guarded) lanes(c casework.Case) (all bool, own []casework.LaneID) {
	if g.grant.May(access.ReadLanes) {
		return true, nil
	}
	return false, c.LanesOf(g.grant.Addresses())
}

// show leaves of a case what the holder may see of it.
func (g *Guarded) show(c casework.Case) casework.Case {
	all, own := g.lanes(c)
	if all {
		return c
	}
	return c.Outside(own)
}

// shows reports whether the holder may see an entry of a case that he sees.
func (g *Guarded) shows(c casework.Case, e casework.Entry) bool {
	all, own := g.lanes(c)
	return all || slices.ContainsFunc(own, func(l casework.LaneID) bool { return c.ShownTo(l, e) })
}

// read is a reader: the holder.
func (g *Guarded) read(tx casestore.Tx, c casework.Case, e casework.Entry) (casework.Entry, bool, error) {
	if !g.shows(c, e) {
		return e, false, nil
	}
	return g.veil(tx, e)
}

// Case is Desk.Case.
func (g *Guarded) Case(ctx context.Context, org casework.OrgID, n casework.CaseNumber) (c casework.Case, err error) {
	err = g.desk.Store.View(ctx, func(tx casestore.Tx) error {
		if c, err = g.may(tx, access.ReadCases, org, n); err == nil {
			c, err = g.view(tx, c)
		}
		return err
	})
	if err != nil {
		return casework.Case{}, err
	}
	return c, nil
}

// Cases is Desk.Cases.
func (g *Guarded) Cases(ctx context.Context, org casework.OrgID, f CaseFilter, after casestore.Key, limit int) (Page[casework.Case], error) {
	if err := g.need(access.ReadCases); err != nil {
		return Page[casework.Case]{}, err
	}
	f.Seen = func(tx casestore.Tx, c casework.Case) (bool, error) { return g.sees(tx, access.ReadCases, c) }
	if !g.grant.Scope.Whole() {
		var err error
		if f.Within, err = g.within(ctx, org); err != nil {
			return Page[casework.Case]{}, err
		}
	}
	if !g.grant.May(access.ReadLanes) {
		f.Hidden = g.show
	}
	page, err := g.desk.Cases(ctx, org, f, after, limit)
	if err != nil {
		return Page[casework.Case]{}, err
	}
	return page, g.viewAll(ctx, page.Items)
}

// Open is Desk.Open: of a case within the scope only.
func (g *Guarded) Open(ctx context.Context, org casework.OrgID, cmd casework.Open, by casework.Actor) (casework.Case, error) {
	if err := g.need(access.EditCases); err != nil {
		return casework.Case{}, err
	}
	err := g.desk.Store.View(ctx, func(tx casestore.Tx) error {
		open, err := known(tx, org, cmd, g.desk.Now(), g.knows())
		if err != nil {
			return err
		}
		c := casework.Case{Org: org, Object: open.Object, Class: cmd.Class, Internal: cmd.Internal, Reporter: open.Reporter, CreatedAt: g.desk.Now()}
		if r := cmd.Reporter; r != nil && !c.Internal {
			c.Lanes = []casework.Lane{{Participants: []casework.Participant{{Email: r.Email}}}}
		}
		if within, err := g.sees(tx, access.EditCases, c); err != nil || within {
			return err
		}
		return fault.New(fault.Forbidden, "such a case is not within the scope of this token")
	})
	if err != nil {
		return casework.Case{}, err
	}
	c, err := g.desk.openSeeing(ctx, org, cmd, by, g.knows())
	return g.shown(ctx, c, err)
}

// Do is Desk.Do.
func (g *Guarded) Do(ctx context.Context, org casework.OrgID, n casework.CaseNumber, cmd casework.Command, by casework.Actor, expect uint64) (casework.Case, []casework.Entry, error) {
	err := g.desk.Store.View(ctx, func(tx casestore.Tx) error {
		c, err := g.may(tx, access.EditCases, org, n)
		if err == nil && casework.Closes(cmd, c) {
			err = g.need(access.CloseCases)
		}
		if err != nil {
			return err
		}
		return g.stays(tx, c, cmd)
	})
	if err != nil {
		return casework.Case{}, nil, err
	}
	if err := g.knowsSuppliers(ctx, org, cmd); err != nil {
		return casework.Case{}, nil, err
	}
	c, entries, err := g.desk.Do(ctx, org, n, cmd, by, expect)
	if c, err = g.shown(ctx, c, err); err == nil {
		entries, err = g.veilAll(ctx, entries)
	}
	return c, entries, err
}

// stays refuses an edit that moves a case out of the scope: whoever made it could not take it back, and would learn nothing of what
// became of it. To hand a case over to somebody else is no such move.
func (g *Guarded) stays(tx casestore.Tx, c casework.Case, cmd casework.Command) error {
	edit, ok := cmd.(casework.Edit)
	if !ok || edit.Object == nil && edit.Class == nil {
		return nil
	}
	if edit.Object != nil {
		c.Object = *edit.Object
	}
	if edit.Class != nil {
		c.Class = *edit.Class
	}
	within, err := g.sees(tx, access.EditCases, c)
	if err == nil && !within {
		err = fault.New(fault.Forbidden, "the case would not be within the scope of this token any more")
	}
	return err
}

// Entries is Desk.Entries.
func (g *Guarded) Entries(ctx context.Context, org casework.OrgID, n casework.CaseNumber, after casestore.Key, limit int) (Page[EntryView], error) {
	if err := g.check(ctx, access.ReadCases, org, n); err != nil {
		return Page[EntryView]{}, err
	}
	return g.desk.entries(ctx, org, n, after, limit, g.read)
}

// Entry is Desk.Entry.
func (g *Guarded) Entry(ctx context.Context, org casework.OrgID, id casework.EntryID) (v EntryView, err error) {
	err = g.desk.Store.View(ctx, func(tx casestore.Tx) error {
		c, e, err := g.entry(tx, org, id)
		if err == nil {
			v, err = viewEntry(tx, c, e)
		}
		return err
	})
	return v, err
}

// entry finds an entry that the holder may see.
func (g *Guarded) entry(tx casestore.Tx, org casework.OrgID, id casework.EntryID) (casework.Case, casework.Entry, error) {
	const none = "there is no such entry"
	e, err := casestore.Entries.Find(tx, "by_id", casestore.K(string(org)).Str(string(id)))
	if err != nil {
		return casework.Case{}, e, renamed(err, none)
	}
	c, err := g.may(tx, access.ReadCases, org, e.Case)
	if err == nil {
		var ok bool
		if e, ok, err = g.read(tx, c, e); err == nil && !ok {
			err = fault.New(fault.NotFound, none)
		}
	}
	return c, e, renamed(err, none)
}

// mail checks that the holder may see a mail: on a case, or in triage.
func (g *Guarded) mail(ctx context.Context, org casework.OrgID, id casework.MailID) error {
	return g.desk.Store.View(ctx, func(tx casestore.Tx) error {
		m, err := casestore.Mails.Get(tx, casestore.MailKey(org, id))
		if err != nil {
			return renamed(err, "there is no such mail")
		}
		for _, p := range m.Places {
			if p.Triage != "" && g.grant.May(access.Triage) {
				return nil
			}
			if p.Case == 0 {
				continue
			}
			if _, _, err := g.entry(tx, org, p.Entry); err == nil || !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		return fault.New(fault.NotFound, "there is no such mail")
	})
}

// OpenRaw is Desk.OpenRaw.
func (g *Guarded) OpenRaw(ctx context.Context, org casework.OrgID, id casework.MailID) (*RawMail, error) {
	if err := g.mail(ctx, org, id); err != nil {
		return nil, err
	}
	return g.desk.OpenRaw(ctx, org, id)
}

// OpenAttachment is Desk.OpenAttachment.
func (g *Guarded) OpenAttachment(ctx context.Context, org casework.OrgID, id string) (message.Attachment, io.ReadCloser, error) {
	var err error
	if mail, _, ok := parseAttachmentID(id); ok {
		err = g.mail(ctx, org, mail)
	} else {
		err = g.desk.Store.View(ctx, func(tx casestore.Tx) error {
			f, err := casestore.Files.Get(tx, casestore.K(string(org)).Str(id))
			if err == nil {
				_, _, err = g.entry(tx, org, f.Entry)
			}
			return err
		})
	}
	if err != nil {
		return message.Attachment{}, nil, renamed(err, "there is no such attachment")
	}
	return g.desk.OpenAttachment(ctx, org, id)
}

// KeepFile is Desk.KeepFile.
func (g *Guarded) KeepFile(ctx context.Context, org casework.OrgID, name, mediaType string, content []byte) (casework.File, error) {
	if err := g.need(access.EditCases); err != nil {
		return casework.File{}, err
	}
	return g.desk.KeepFile(ctx, org, name, mediaType, content)
}

// Orders is Desk.Orders.
func (g *Guarded) Orders(ctx context.Context, org casework.OrgID, n casework.CaseNumber) ([]OrderView, error) {
	c, err := g.Case(ctx, org, n)
	if err != nil {
		return nil, err
	}
	views, err := g.desk.Orders(ctx, org, n)
	return slices.DeleteFunc(views, func(v OrderView) bool {
		_, seen := c.Order(v.No)
		return !seen
	}), err
}

// Order is Desk.Order.
func (g *Guarded) Order(ctx context.Context, org casework.OrgID, n casework.CaseNumber, no casework.OrderNo) (OrderView, error) {
	const none = "there is no such order"
	c, err := g.Case(ctx, org, n)
	if err != nil {
		return OrderView{}, renamed(err, none)
	}
	if _, seen := c.Order(no); !seen {
		return OrderView{}, fault.New(fault.NotFound, none)
	}
	return g.desk.Order(ctx, org, n, no)
}
