package casestore_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smartmail/casestore"
	"smartmail/casework"
)

// row is an engine that has one row.
type row struct {
	casestore.Tx
	casestore.Row
}

func (r row) Get(*casestore.Schema, casestore.Key) (casestore.Row, error) { return r.Row, nil }

// A case of format 1 as it was written then, byte for byte: its lanes' orders become records.
func TestCaseOfFormat1(t *testing.T) {
	const doc = `{"org":"a","number":7,"subject":"Kran","status":"assigned","priority":7,"fields":{"fabrikat":"Mora"},` +
		`"lanes":[{"id":"customer","kind":"customer","participants":[{"no":1,"name":"Anna","email":"anna@home.example"}]},` +
		`{"id":"supplier-2","kind":"supplier","participants":[{"no":2,"name":"Rör AB","email":"jour@ror.example"}],"order":"booked",` +
		`"booked_from":"2026-12-01T08:00:00+01:00","booked_to":"2026-12-01T10:00:00+01:00"},` +
		`{"id":"supplier-3","kind":"supplier","participants":[],"order":"declined"}],` +
		`"held":["e3"],"created_at":"2026-11-24T12:00:00Z","updated_at":"2026-11-24T12:00:00Z","last_seq":4,"last_no":3}`
	got, err := casestore.Cases.Get(row{Row: casestore.Row{Version: 5, Format: 1, Doc: []byte(doc)}}, casestore.CaseKey("a", 7))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	want := casework.Case{
		Org: "a", Number: 7, Subject: "Kran", Status: casework.StatusAssigned, Priority: "7", Fields: map[string]string{"fabrikat": "Mora"},
		Lanes: []casework.Lane{
			{ID: "customer", Kind: casework.LaneCustomer, Participants: []casework.Participant{{No: 1, Name: "Anna", Email: "anna@home.example"}}},
			{ID: "supplier-2", Kind: casework.LaneSupplier, Participants: []casework.Participant{{No: 2, Name: "Rör AB", Email: "jour@ror.example"}}},
			{ID: "supplier-3", Kind: casework.LaneSupplier, Participants: []casework.Participant{}},
		},
		Orders: []casework.WorkOrder{
			{No: 1, Lane: "supplier-2", State: casework.OrderBooked, BookedFrom: at.AddDate(0, 0, 7).Add(-5 * time.Hour), BookedTo: at.AddDate(0, 0, 7).Add(-3 * time.Hour)},
			{No: 2, Lane: "supplier-3", State: casework.OrderDeclined},
		},
		Held: []casework.EntryID{"e3"}, CreatedAt: at, UpdatedAt: at, LastSeq: 4, LastNo: 3, Version: 5,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
