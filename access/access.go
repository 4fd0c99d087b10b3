// Package access says who may see and do what: a role (what somebody may do) times a scope (with which cases).
//
//	grant (role × scope) + what is asked for + the case's whereabouts → May → yes or no
//
// Mail, API, search, figures, files and events ask the same function. Pure: the whereabouts of a case come in as facts.
//
// Invariants:
//   - What a role does not name it does not give; the zero Grant gives nothing.
//   - What somebody may not see is to him as what is not there: callers answer NotFound, never Forbidden, and count only what he sees.
package access

import (
	"fmt"
	"slices"
	"strings"

	"smartmail/fault"
	"smartmail/property"
)

// Permission is something that a role may do.
type Permission string

// The permissions.
const (
	ReadCases   Permission = "cases.read"    // cases of the scope, and what was said on the lanes that he may see
	ReadLanes   Permission = "lanes.read"    // every lane of them and the whole timeline; without it: what is shown to the one whom the grant is for
	EditCases   Permission = "cases.edit"    // open, change, write on lanes, place orders
	CloseCases  Permission = "cases.close"   // close and reopen
	Triage      Permission = "triage"        // mails that need a person
	Outbox      Permission = "outbox"        // outgoing mail, and suspended addresses
	ReadThings  Permission = "register.read" // property, contacts, classes
	EditThings  Permission = "register.edit" //
	Restricted  Permission = "restricted"    // personal numbers and door codes
	Figures     Permission = "figures"       // statistics, of the scope's cases
	Money       Permission = "money"         // prices, costs, approval
	Events      Permission = "events"        // the log of the whole organisation: what is needed to keep a copy
	Administer  Permission = "administer"    // tokens, roles, templates
	ReadHistory Permission = "history"       // who did and saw what
)

// Permissions lists every permission.
func Permissions() []Permission {
	return []Permission{ReadCases, ReadLanes, EditCases, CloseCases, Triage, Outbox, ReadThings, EditThings, Restricted, Figures, Money, Events, Administer, ReadHistory}
}

// Role is a set of permissions under a name. Organisations make roles of their own beside those of Roles.
type Role struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Permissions []Permission `json:"permissions"`
	Archived    bool         `json:"archived,omitempty"`
	BuiltIn     bool         `json:"built_in,omitempty" readOnly:"true" doc:"Every organisation has it, and none changes it"`
}

// Roles lists the roles that every organisation has, from the least to the most.
func Roles() []Role {
	roles := []Role{
		{ID: "customer", Name: "Customer", Permissions: []Permission{ReadCases}},
		{ID: "supplier", Name: "Supplier", Permissions: []Permission{ReadCases}},
		{ID: "reader", Name: "Reader", Permissions: []Permission{ReadCases, ReadLanes, ReadThings, Figures}},
		{ID: "technician", Name: "Technician", Permissions: []Permission{ReadCases, ReadLanes, EditCases, ReadThings}},
		{ID: "manager", Name: "Manager", Permissions: []Permission{ReadCases, ReadLanes, EditCases, CloseCases, Triage, Outbox, ReadThings, Figures, Money}},
		{ID: "finance", Name: "Finance", Permissions: []Permission{ReadCases, ReadLanes, ReadThings, Figures, Money}},
		{ID: "administrator", Name: "Administrator", Permissions: Permissions()},
	}
	for i := range roles {
		roles[i].BuiltIn = true
	}
	return roles
}

// Key is the role's name in the register.
func (r Role) Key() string { return r.ID }

// External is "": roles are not imported.
func (r Role) External() string { return "" }

// Check finds what is wrong with a role of an organisation's own. The names of Roles are taken.
func (r Role) Check() error {
	if err := property.CheckID("id", r.ID); err != nil {
		return err
	}
	if strings.TrimSpace(r.Name) == "" {
		return fault.New(fault.Invalid, "name: a role needs one")
	}
	for _, built := range Roles() {
		if built.ID == r.ID {
			return fault.New(fault.Invalid, fmt.Sprintf("id: %q is a role of every organisation", r.ID))
		}
	}
	if r.BuiltIn {
		return fault.New(fault.Invalid, "built_in: a role of an organisation's own is not")
	}
	for _, p := range r.Permissions {
		if !slices.Contains(Permissions(), p) {
			return fault.New(fault.Invalid, fmt.Sprintf("permissions: %q is none of %v", p, Permissions()))
		}
	}
	return property.CheckText("name", r.Name, 300)
}

// Scope says with which cases. An empty list does not limit; of several values one must fit, and all lists that are given must.
type Scope struct {
	Own       []string      `json:"own,omitempty"`       // mail addresses: cases that one of them takes part in, or is assigned
	Objects   []property.ID `json:"objects,omitempty"`   // with all that lies in them; areas as well
	Segments  []string      `json:"segments,omitempty"`  //
	Classes   []string      `json:"classes,omitempty"`   // with all classes under them
	Suppliers []string      `json:"suppliers,omitempty"` // mail addresses: cases with an order to one of them
}

const maxScope = 100

// Check finds what is wrong with a scope by itself.
func (s Scope) Check() error {
	for field, list := range map[string][]string{"own": s.Own, "segments": s.Segments, "classes": s.Classes, "suppliers": s.Suppliers, "objects": texts(s.Objects)} {
		if len(list) > maxScope {
			return fault.New(fault.Invalid, fmt.Sprintf("%s: more than %d", field, maxScope))
		}
		for _, v := range list {
			if strings.TrimSpace(v) == "" {
				return fault.New(fault.Invalid, field+": an empty value")
			}
			if err := property.CheckText(field, v, 300); err != nil {
				return err
			}
		}
	}
	return nil
}

// Whole reports whether the scope is everything.
func (s Scope) Whole() bool {
	return len(s.Own) == 0 && len(s.Objects) == 0 && len(s.Segments) == 0 && len(s.Classes) == 0 && len(s.Suppliers) == 0
}

// Whereabouts is what decides in whose scope a case lies. Mail addresses are in the form in which they are compared.
type Whereabouts struct {
	Objects   []property.ID // its object and what that lies in, nearest first
	Segment   string
	Class     string   // path
	People    []string // who takes part, on whichever lane, and whom it is assigned to
	Suppliers []string // who takes part on a supplier's lane
}

// Holds reports whether a case lies in the scope.
func (s Scope) Holds(w Whereabouts) bool {
	return fits(s.Own, w.People...) && fits(s.Objects, w.Objects...) && fits(s.Segments, w.Segment) && fits(s.Suppliers, w.Suppliers...) &&
		(len(s.Classes) == 0 || slices.ContainsFunc(s.Classes, func(c string) bool { return under(w.Class, c) }))
}

// under reports whether a class is another one, or lies under it.
func under(class, above string) bool {
	rest, ok := strings.CutPrefix(class, above)
	return ok && (rest == "" || strings.HasPrefix(rest, " > "))
}

func fits[T comparable](wanted []T, there ...T) bool {
	return len(wanted) == 0 || slices.ContainsFunc(there, func(v T) bool { return slices.Contains(wanted, v) })
}

// Grant is what somebody was given.
type Grant struct {
	Role  Role
	Scope Scope
}

// Full is the grant of who may do everything.
func Full() Grant {
	return Grant{Role: Role{ID: "administrator", Name: "Administrator", Permissions: Permissions()}}
}

// Check finds what is wrong with a grant that is to be given. Errors are of kind fault.Invalid.
func (g Grant) Check() error {
	if !g.named() {
		return fault.New(fault.Invalid, fmt.Sprintf("scope: a %s takes part by mail address: own says which, for a supplier suppliers does as well", g.Role.ID))
	}
	return g.Scope.Check()
}

// named reports whether a grant to somebody outside says who that is. Without it the grant would be for the cases of everybody.
func (g Grant) named() bool {
	switch g.Role.ID {
	case "customer":
		return len(g.Scope.Own) > 0
	case "supplier":
		return len(g.Scope.Own)+len(g.Scope.Suppliers) > 0
	default:
		return true
	}
}

// Addresses are the holder's own: of the lanes that these are on he sees what is said. Of a supplier those that have his orders are his.
func (g Grant) Addresses() []string {
	if g.Role.ID == "supplier" {
		return slices.Concat(g.Scope.Own, g.Scope.Suppliers)
	}
	return g.Scope.Own
}

// May reports whether the grant gives the permission at all, for some case or for what belongs to no case. What concerns the
// whole organisation needs a scope that is, and a grant to somebody outside has to say to whom.
func (g Grant) May(p Permission) bool {
	if !slices.Contains(g.Role.Permissions, p) || !g.named() {
		return false
	}
	switch p {
	case Triage, Outbox, EditThings, Events, Administer, ReadHistory:
		return g.Scope.Whole()
	default:
		return true
	}
}

// MayWith reports whether the grant gives the permission with a case.
func (g Grant) MayWith(p Permission, w Whereabouts) bool { return g.May(p) && g.Scope.Holds(w) }

func texts[T ~string](list []T) (out []string) {
	for _, v := range list {
		out = append(out, string(v))
	}
	return out
}
