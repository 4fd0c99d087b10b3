package threading

import (
	"slices"

	"smartmail/casework"
	"smartmail/message"
)

// shutOut reports whether a person's mail may not lie on the case that was found, since that is internal and he takes no part in it: he may be a
// customer, who was addressed in a supplier's mail.
func (r resolver) shutOut(f match) (bool, error) {
	if !f.c.Internal || r.m.Content.Class != message.Personal {
		return false, nil
	}
	from := casework.Address(r.m.Content.From.Email)
	if _, _, ok := f.c.ParticipantByMail(from); ok {
		return false, nil
	}
	owner, _, ok := f.c.Participant(f.participant)
	if !ok || from == "" {
		return true, nil
	}
	trusted, err := r.look.SpeaksFor(from)
	return !slices.Contains(trusted, casework.Address(owner.Email)), err
}
