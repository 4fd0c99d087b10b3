package desk

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/property"
	"smartmail/register"
)

// classRules is what the register says of a class, with what it inherits. A class that is not in the register has no rules.
func classRules(tx casestore.Tx, org casework.OrgID, class string) (register.Class, error) {
	if class == "" {
		return register.Class{}, nil
	}
	var chain []register.Class
	for _, path := range append([]string{class}, register.Above(class)...) {
		r, err := casestore.Classes.Get(tx, casestore.ThingKey(org, path))
		switch {
		case err == nil:
			chain = append(chain, r.Thing)
		case !fault.Is(err, fault.NotFound):
			return register.Class{}, err
		}
	}
	return register.Inherit(chain), nil
}

// known adds to a case that is to be opened what the register knows: of its reporter, where he lives, if he is seen, and of its class,
// how soon it is due.
func known(tx casestore.Tx, org casework.OrgID, cmd casework.Open, at time.Time, seen seeing) (casework.Open, error) {
	rules, err := classRules(tx, org, cmd.Class)
	if err != nil {
		return cmd, err
	}
	if p := classPriority(rules); cmd.Priority == "" && p != "" {
		cmd.Priority, cmd.ByClass = p, true
	}
	cmd.Description = cmp.Or(cmd.Description, rules.Template)
	if cmd.Reporter == nil || cmd.Reporter.Email == "" {
		return cmd, nil
	}
	day := casestore.Day(at)
	c, ok, err := seen.reporter(tx, org, cmd.Reporter.Email, day)
	if err != nil {
		return cmd, err
	}
	if !ok {
		r := *cmd.Reporter
		r.Withheld, cmd.Reporter = seen != nil, &r
		return cmd, nil
	}
	if cmd.Reporter = filled(*cmd.Reporter, c); cmd.Object == "" {
		cmd.Object, err = home(tx, org, c.ID, day)
	}
	return cmd, err
}

// home is the only object that a customer rents on that day; "" where he rents none, or several.
func home(tx casestore.Tx, org casework.OrgID, customer string, day register.Date) (object string, err error) {
	for f, err := range casestore.Tenancies.Scan(tx, casestore.Query{Index: "by_customer", Prefix: casestore.ThingKey(org, customer)}) {
		if err != nil {
			return "", err
		}
		if t := f.Record.Thing; t.Holds(day) && t.Object != object {
			if object != "" {
				return "", nil
			}
			object = t.Object
		}
	}
	return object, nil
}

// maxRoutes bounds how many routes an organisation's cases are held against.
const maxRoutes = 2000

// dispatch hands a case to whom the routes, or its class, name.
func (d *Desk) dispatch(tx casestore.Tx, c casework.Case, at time.Time) (casework.Case, error) {
	cmd, err := dispatches(tx, c)
	if err != nil {
		return c, err
	}
	c, _, err = d.act(tx, c, cmd, rule("dispatch"), at)
	return c, err
}

// redispatch lets a case that has got another class or object by a command have what the register says of those; what the command itself
// says counts for more. A case that is done keeps what it had.
func (d *Desk) redispatch(tx casestore.Tx, was, c casework.Case, cmd casework.Command, at time.Time) (casework.Case, []casework.Entry, error) {
	e, ok := cmd.(casework.Edit)
	if !ok || was.Class == c.Class && was.Object == c.Object || c.Merged != nil || c.Status == casework.StatusDone || c.Status == casework.StatusClosed {
		return c, nil, nil
	}
	says, err := dispatches(tx, c)
	if err != nil {
		return c, nil, err
	}
	if e.Assignee != nil {
		says.Assignee = ""
	}
	if e.Priority != nil {
		says.Priority = ""
	}
	return d.act(tx, c, says, rule("dispatch"), at)
}

// dispatches is what the register says of a case.
func dispatches(tx casestore.Tx, c casework.Case) (casework.Dispatch, error) {
	rules, err := classRules(tx, c.Org, c.Class)
	if err != nil {
		return casework.Dispatch{}, err
	}
	if rules.Assignee, err = unlessGone(tx, c.Org, rules.Assignee); err != nil {
		return casework.Dispatch{}, err
	}
	says := casework.ByClass(rules.Assignee, classPriority(rules))
	var routes []register.Route
	for f, err := range casestore.Routes.Scan(tx, casestore.Query{Prefix: casestore.K(string(c.Org)), Limit: maxRoutes}) {
		if err != nil {
			return says, err
		}
		routes = append(routes, f.Record.Thing)
	}
	if len(routes) == 0 {
		return says, nil
	}
	path, err := objectPath(tx, c.Org, property.ID(c.Object))
	if err != nil {
		return says, err
	}
	if r, ok := register.Choose(routes, c.Class, path); ok {
		if r.Assignee, err = unlessGone(tx, c.Org, r.Assignee); err != nil {
			return says, err
		}
		says.Assignee, says.Supplier, says.Why = cmp.Or(r.Assignee, rules.Assignee), r.Supplier, fmt.Sprintf("the route %q", r.ID)
	}
	return says, nil
}

// classPriority is how soon cases of a class are due; empty: it does not say.
func classPriority(rules register.Class) casework.Priority {
	if rules.Days == nil {
		return ""
	}
	return casework.Priority(strconv.Itoa(*rules.Days))
}

// ruled adds to a command what the register says: of the case's class, of those whom a note mentions.
func ruled(tx casestore.Tx, c casework.Case, cmd casework.Command) (casework.Command, error) {
	if p, ok := cmd.(casework.Post); ok && p.Lane == casework.LaneID(casework.LaneInternal) {
		var err error
		p.Mentions, err = ofTheHouse(tx, c.Org, casework.Mentioned(p.Text))
		return p, err
	}
	if o, ok := cmd.(casework.Order); ok {
		return addressed(tx, c.Org, o)
	}
	e, ok := cmd.(casework.Edit)
	if !ok {
		return cmd, nil
	}
	if e.Assignee != nil && *e.Assignee != c.Assignee {
		if err := worksHere(tx, c.Org, "assignee", *e.Assignee); err != nil {
			return cmd, err
		}
	}
	class := c.Class
	if e.Class != nil {
		class = *e.Class
	}
	rules, err := classRules(tx, c.Org, class)
	if e.Rules = rules.Fields; err == nil && e.Internal != nil && *e.Internal {
		e.Told, err = toldCustomers(tx, c)
	}
	return e, err
}

// toldCustomers reports whether anything was said on a case to a customer, or by one.
func toldCustomers(tx casestore.Tx, c casework.Case) (bool, error) {
	for f, err := range casestore.Entries.Scan(tx, casestore.Query{Prefix: casestore.EntriesOf(c.Org, c.Number)}) {
		if err != nil || c.ToldCustomers(f.Record) {
			return err == nil, err
		}
	}
	return false, nil
}

// ofTheHouse are those names that are contacts of people who work here.
func ofTheHouse(tx casestore.Tx, org casework.OrgID, names []string) (contacts []string, err error) {
	for _, name := range names {
		found, err := casestore.Contacts.Get(tx, casestore.ThingKey(org, name))
		if ignoreNotFound(err) != nil {
			return nil, err
		}
		if err == nil && ofHouse(found.Thing) {
			contacts = append(contacts, found.Thing.ID)
		}
	}
	return contacts, nil
}

// ofHouse reports whether a contact works here.
func ofHouse(c register.Contact) bool {
	return !c.Archived && houseParts(c)
}

// houseParts reports whether a contact works here, or did before he left.
func houseParts(c register.Contact) bool {
	return slices.ContainsFunc(c.Parts, func(p register.Part) bool {
		return p == register.Staff || p == register.Technician || p == register.Manager
	})
}

// unlessGone is an assignee that the register names, or "" if he has left: a case that is given to him is seen by nobody.
func unlessGone(tx casestore.Tx, org casework.OrgID, assignee string) (string, error) {
	if assignee == "" {
		return "", nil
	}
	c, err := casestore.Contacts.Get(tx, casestore.ThingKey(org, assignee))
	if fault.Is(err, fault.NotFound) {
		return assignee, nil
	}
	if err != nil || c.Thing.Archived {
		return "", err
	}
	return assignee, nil
}
