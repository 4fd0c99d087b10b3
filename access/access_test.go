package access_test

import (
	"slices"
	"strings"
	"testing"

	"smartmail/access"
	"smartmail/fault"
	"smartmail/property"
)

func role(t *testing.T, id string) access.Role {
	t.Helper()
	for _, r := range access.Roles() {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("there is no role %q", id)
	return access.Role{}
}

// The roles of DOMAIN, each with what it may do everywhere; a row that is changed here is a change of rights.
func TestRoles(t *testing.T) {
	for id, may := range map[string]string{
		"customer": "cases.read", "supplier": "cases.read",
		"reader":     "cases.read lanes.read register.read figures",
		"technician": "cases.read lanes.read cases.edit register.read",
		"manager":    "cases.read lanes.read cases.edit cases.close triage outbox register.read figures money",
		"finance":    "cases.read lanes.read register.read figures money",
		"administrator": "cases.read lanes.read cases.edit cases.close triage outbox register.read register.edit restricted figures money events " +
			"administer history",
	} {
		g := access.Grant{Role: role(t, id)}
		if outside := id == "customer" || id == "supplier"; outside {
			if g.May(access.ReadCases) || !fault.Is(g.Check(), fault.Invalid) {
				t.Errorf("%s without an address sees everybody's cases", id)
			}
			g.Scope.Own = []string{"anna@home.example"}
		}
		if err := g.Check(); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		for _, p := range access.Permissions() {
			if want := slices.Contains(strings.Fields(may), string(p)); g.May(p) != want {
				t.Errorf("%s may %s: %v", id, p, !want)
			}
			if (access.Grant{}).May(p) {
				t.Errorf("nobody may %s", p)
			}
			if !access.Full().May(p) {
				t.Errorf("who may all may not %s", p)
			}
		}
	}
}

func TestScopes(t *testing.T) {
	w := access.Whereabouts{
		Objects: []property.ID{"1001", "hus-12", "kv", "norr"}, Segment: "family", Class: "VVS > Blandare",
		People: []string{"anna@home.example", "jour@ror.example", "tom@landlord.example"}, Suppliers: []string{"jour@ror.example"},
	}
	for name, c := range map[string]struct {
		scope access.Scope
		holds bool
	}{
		"everything":        {access.Scope{}, true},
		"own":               {access.Scope{Own: []string{"anna@home.example"}}, true},
		"another's":         {access.Scope{Own: []string{"bo@home.example"}}, false},
		"area":              {access.Scope{Objects: []property.ID{"syd", "norr"}}, true},
		"unit":              {access.Scope{Objects: []property.ID{"1001"}}, true},
		"neighbour":         {access.Scope{Objects: []property.ID{"1002"}}, false},
		"segment":           {access.Scope{Segments: []string{"family"}}, true},
		"other segment":     {access.Scope{Segments: []string{"offices"}}, false},
		"class":             {access.Scope{Classes: []string{"VVS"}}, true},
		"class itself":      {access.Scope{Classes: []string{"VVS > Blandare"}}, true},
		"class below":       {access.Scope{Classes: []string{"VVS > Blandare > Kök"}}, false},
		"like the class":    {access.Scope{Classes: []string{"VV"}}, false},
		"supplier":          {access.Scope{Suppliers: []string{"jour@ror.example"}}, true},
		"no supplier":       {access.Scope{Suppliers: []string{"anna@home.example"}}, false},
		"area and class":    {access.Scope{Objects: []property.ID{"norr"}, Classes: []string{"VVS"}}, true},
		"area, other class": {access.Scope{Objects: []property.ID{"norr"}, Classes: []string{"El"}}, false},
	} {
		g := access.Grant{Role: role(t, "technician"), Scope: c.scope}
		if err := c.scope.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := g.MayWith(access.ReadCases, w); got != c.holds {
			t.Errorf("%s: sees the case: %v", name, got)
		}
		if g.MayWith(access.Money, w) {
			t.Errorf("%s: does what the role may not", name)
		}
		nowhere := access.Whereabouts{}
		if got := g.MayWith(access.ReadCases, nowhere); got != c.scope.Whole() {
			t.Errorf("%s: sees a case that is nowhere: %v", name, got)
		}
	}
}

// What is about the organisation as a whole is for those whose scope it is.
func TestWholeOrganisation(t *testing.T) {
	part := access.Grant{Role: access.Full().Role, Scope: access.Scope{Objects: []property.ID{"norr"}}}
	for _, p := range access.Permissions() {
		whole := slices.Contains([]access.Permission{access.Triage, access.Outbox, access.EditThings, access.Events, access.Administer, access.ReadHistory}, p)
		if part.May(p) == whole {
			t.Errorf("within an area, %s: %v", p, part.May(p))
		}
	}
}

func TestCheck(t *testing.T) {
	for name, err := range map[string]error{
		"taken name":         access.Role{ID: "manager", Name: "M"}.Check(),
		"no name":            access.Role{ID: "x"}.Check(),
		"no id":              access.Role{Name: "x"}.Check(),
		"unknown permission": access.Role{ID: "x", Name: "X", Permissions: []access.Permission{"cases.*"}}.Check(),
		"empty value":        access.Scope{Own: []string{" "}}.Check(),
		"too many":           access.Scope{Classes: make([]string, 101)}.Check(),
	} {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (access.Role{ID: "caretaker", Name: "Fastighetsskötare", Permissions: []access.Permission{access.ReadCases}}).Check(); err != nil {
		t.Error(err)
	}
}
