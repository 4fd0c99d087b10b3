package casework

import (
	"fmt"
	"strings"

	"smartmail/message"
)

// Correction is how a stored mail is read by later rules. The mail's own entry stays as it was.
type Correction struct {
	Mail    MailID          `json:"mail"`
	Content message.Content `json:"content"`
	Changes []Change        `json:"changes"`
}

// Correct tells on the timeline that a mail is read another way today.
type Correct struct {
	Mail    MailID
	Content message.Content
	Changes []Change
}

func (k Correct) apply(c *Case, t *teller) error {
	t.tell(c, Entry{
		Kind: KindCorrection, Why: Readings(k.Changes),
		Correction: &Correction{Mail: k.Mail, Content: k.Content, Changes: k.Changes},
	})
	return nil
}

// Readings says changes in a line.
func Readings(changes []Change) string {
	var out []string
	for _, c := range changes {
		out = append(out, fmt.Sprintf("%s: %q, today %q", c.Field, c.From, c.To))
	}
	return strings.Join(out, "; ")
}
