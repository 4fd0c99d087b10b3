package desk

import (
	"fmt"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// scopeFits refuses a scope that names what is not there: a misspelt area would open nothing, and nobody would be told why.
func scopeFits(tx casestore.Tx, org casework.OrgID, s access.Scope) error {
	for _, id := range s.Objects {
		if _, err := mustBe(tx, casestore.Objects, org, "scope.objects", string(id)); err != nil {
			return err
		}
	}
	for _, id := range s.Segments {
		if _, err := mustBe(tx, casestore.Segments, org, "scope.segments", id); err != nil {
			return err
		}
	}
	for _, path := range s.Classes {
		if _, err := mustBe(tx, casestore.Classes, org, "scope.classes", path); err != nil {
			return err
		}
	}
	for _, email := range s.Own {
		if err := addressInUse(tx, org, "scope.own", email); err != nil {
			return err
		}
	}
	for _, email := range s.Suppliers {
		if err := addressInUse(tx, org, "scope.suppliers", email); err != nil {
			return err
		}
	}
	return nil
}

// addressInUse asks for an address of a contact, or of somebody who takes part in a case: not every tenant is in the register.
func addressInUse(tx casestore.Tx, org casework.OrgID, field, email string) error {
	party := casestore.PartyKey(org, email)
	for _, err := range casestore.Contacts.Scan(tx, casestore.Query{Index: "by_email", Prefix: party, Limit: 1}) {
		return err
	}
	for _, err := range casestore.Cases.Scan(tx, casestore.Query{Index: "by_mail", Prefix: party, Limit: 1}) {
		return err
	}
	return fault.New(fault.Invalid, fmt.Sprintf("%s: nobody has the address %q", field, email))
}
