package casestore

import (
	"encoding/json"
	"fmt"
	"time"

	"smartmail/casework"
)

// upgradeCase brings a case to the present format. Format 1 had one order at most on each lane, without a number: it becomes a record
// of its own, of which nothing is known but what the lane said.
func upgradeCase(_ uint16, doc []byte) ([]byte, error) {
	var old struct {
		casework.Case
		Lanes []struct {
			casework.Lane
			Order      casework.OrderState `json:"order"`
			BookedFrom time.Time           `json:"booked_from"`
			BookedTo   time.Time           `json:"booked_to"`
		} `json:"lanes"`
	}
	if err := json.Unmarshal(doc, &old); err != nil {
		return nil, fmt.Errorf("case: %w", err)
	}
	c := old.Case
	for _, l := range old.Lanes {
		c.Lanes = append(c.Lanes, l.Lane)
		if l.Order != "" {
			c.Orders = append(c.Orders, casework.WorkOrder{
				No: casework.OrderNo(len(c.Orders)) + 1, Lane: l.ID, State: l.Order, BookedFrom: l.BookedFrom, BookedTo: l.BookedTo,
			})
		}
	}
	return json.Marshal(c)
}
