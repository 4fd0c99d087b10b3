package casework

import "time"

// TellStaff writes to somebody of the house about a case: he gets an address of his own on its internal lane, so that what he answers is
// seen by nobody outside. It is for rules alone.
type TellStaff struct {
	Auto              string // AutoNewCase or AutoWatched
	Name, Email, Text string
}

func (s TellStaff) apply(c *Case, t *teller) error {
	had := c.LastNo
	p, lane, err := c.join(LaneInternal, oneLine(s.Name), s.Email)
	if err != nil {
		return err
	}
	if c.LastNo != had {
		t.tell(c, Entry{Kind: KindParticipant, Lane: lane, Change: &Change{Field: "participant", To: p.Email}})
	}
	t.tell(c, Entry{Kind: KindMailOut, Lane: lane, MailOut: &MailOut{Text: s.Text, Auto: s.Auto, To: p.No}})
	return nil
}

// StaffMail is a mail to somebody of the house that is about no case: its row of the outbox holds what it says.
type StaffMail struct {
	Contact  string      `json:"contact"`
	Auto     string      `json:"auto"` // AutoMorning
	Language string      `json:"language"`
	Text     string      `json:"text"`
	Todo     []StaffTodo `json:"todo,omitempty"` // until it is sent
}

// StaffTodo is a line of a to-do list as it was when the mail was written.
type StaffTodo struct {
	Case    CaseNumber `json:"case,omitempty"` // 0: it is about none
	Subject string     `json:"subject"`
	Why     string     `json:"why"`
	Urgency Urgency    `json:"urgency"`
	DueAt   time.Time  `json:"due_at,omitzero"`
}
