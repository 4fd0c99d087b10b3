package desk

import (
	"slices"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/message"
)

// maxPeople bounds how many addresses are remembered with a Message-ID.
const maxPeople = 100

// remember notes every Message-ID that the mail bears or names, so that an answer to any copy finds this case: mail programs
// drop and overwrite References, and colleagues answer mails that never passed through us.
func (d *Desk) remember(tx casestore.Tx, m casework.Mail, c casework.CaseNumber, lane casework.LaneID, sender casework.Sender) error {
	var people []string
	if sender != casework.Unconfirmed { // whoever found an address of ours must not invite others with it
		people = peopleOf(m.Content)
	}
	ids := append(slices.Clone(m.Content.References), m.Content.InReplyTo...)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if i := slices.Index(ids, m.Content.MessageID); i >= 0 {
		ids = slices.Delete(ids, i, i+1)
	}
	if m.Content.MessageID != "" {
		ids = append(ids, m.Content.MessageID)
	}
	for _, id := range ids {
		if _, ours := d.Router.Own(m.Org, id); ours {
			continue // it proves itself
		}
		ref := casework.Reference{Org: m.Org, MessageID: id, Case: c, Lane: lane, At: m.At}
		key := casestore.ReferencesOf(m.Org, id).Uint(uint64(c)).Str(string(lane))
		old, err := casestore.References.Get(tx, key)
		switch {
		case err == nil:
			ref = old
		case !fault.Is(err, fault.NotFound):
			return err
		}
		before := len(ref.People)
		for _, a := range people {
			if len(ref.People) < maxPeople && !slices.Contains(ref.People, a) {
				ref.People = append(ref.People, a)
			}
		}
		bears := id == m.Content.MessageID
		if ref.Version != 0 && len(ref.People) == before && ref.Received == (ref.Received || bears) {
			continue
		}
		ref.Received = ref.Received || bears
		if err := casestore.References.Put(tx, &ref); err != nil {
			return err
		}
	}
	return nil
}

func peopleOf(c message.Content) []string {
	people := []string{casework.Address(c.From.Email)}
	for _, list := range [][]message.Mailbox{c.To, c.Cc} {
		for _, mb := range list {
			if a := casework.Address(mb.Email); a != "" && len(people) < maxPeople && !slices.Contains(people, a) {
				people = append(people, a)
			}
		}
	}
	return people
}
