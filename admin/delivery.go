package admin

import (
	"time"

	"smartmail/casework"
	"smartmail/desk"
)

// Delivered is what became of a message to one recipient so far.
type Delivered struct {
	Email     string     `json:"email"`
	State     string     `json:"state" enum:"queued,deferred,sent,failed,bounced"`
	Status    string     `json:"status" doc:"Enhanced code (RFC 3463); empty: unknown"`
	Words     string     `json:"words" doc:"The remote's own, or ours where it said none"`
	NextTry   *time.Time `json:"next_try" doc:"null when it is not tried again"`
	QueueID   string     `json:"queue_id" doc:"The remote's name for a mail that it took, where it told"`
	At        time.Time  `json:"at" doc:"When it became so"`
	Message   string     `json:"message,omitempty" doc:"Of kind delivery: the entry of the message"`
	Suspended bool       `json:"suspended,omitempty" doc:"Of kind delivery: no mail goes to the address from then on, until a person lifts that"`
}

// delivered shows what became of a message, or of the one mail that a delivery entry tells of.
func delivered(e desk.EntryView) []Delivered {
	if d := e.Delivery; d != nil {
		return []Delivered{{
			Email: d.Recipient, State: string(d.State), Status: d.Status, Words: d.Remote, At: e.At.UTC(), Message: string(d.Entry), Suspended: d.Suspended,
		}}
	}
	var out []Delivered
	for _, o := range e.Outgoing {
		d := Delivered{Email: o.To.Email, State: string(o.State), Status: o.Status, Words: o.Remote, QueueID: o.RemoteID}
		for _, at := range []time.Time{o.At, o.SentAt, o.ChangedAt} { // what was stored before it was noted has no time of its last change
			if !at.IsZero() {
				d.At = at.UTC()
			}
		}
		if o.State == casework.Queued || o.State == casework.Deferred {
			d.NextTry = utc(o.NextAt)
		}
		out = append(out, d)
	}
	return out
}
