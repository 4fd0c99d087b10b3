package casestore

import "smartmail/casework"

// Codes are the door codes of cases, by the case.
var Codes = Declare("codes", 1,
	func(d *casework.DoorCodes) Key { return CaseKey(d.Org, d.Case) },
	func(d *casework.DoorCodes) *uint64 { return &d.Version },
)
