package casework

import (
	"fmt"
	"slices"

	"smartmail/fault"
)

// Watcher is a contact of the house who wants to know of what happens on a case.
type Watcher struct {
	Contact string  `json:"contact"`
	Entry   EntryID `json:"entry"` // that told that he watches: it names what waits for him
}

// maxWatchers bounds who watches a case: each may have one thing of maxAttention.
const maxWatchers = 30

// Watches reports whether a contact watches the case.
func (c *Case) Watches(contact string) bool {
	return slices.ContainsFunc(c.Watchers, func(w Watcher) bool { return w.Contact == contact })
}

// Watch has a contact watch the case, or watch it no longer. Who he is, and that he may see the case, is for the desk to know.
type Watch struct {
	Contact string
	Stop    bool
	Why     string // in words, where a rule did it
}

func (w Watch) apply(c *Case, t *teller) error {
	switch {
	case w.Contact == "" || len(w.Contact) > maxField:
		return fault.New(fault.Invalid, "say who watches: a contact")
	case w.Stop != c.Watches(w.Contact):
		return nil // it is so already
	case !w.Stop && len(c.Watchers) >= maxWatchers:
		return fault.New(fault.Conflict, fmt.Sprintf("case %d has %d who watch it, which is the most", c.Number, maxWatchers))
	}
	change, changed := Change{Field: "watcher"}, c.UpdatedAt
	if w.Stop {
		change.From = w.Contact
		c.seen(w.Contact)
		c.Watchers = slices.DeleteFunc(c.Watchers, func(had Watcher) bool { return had.Contact == w.Contact })
	} else {
		change.To = w.Contact
	}
	t.tell(c, Entry{Kind: KindWatch, Why: w.Why, Change: &change})
	c.UpdatedAt = changed // it is no work on the case
	if !w.Stop {
		c.Watchers = append(c.Watchers, Watcher{Contact: w.Contact, Entry: t.last().ID})
	}
	return nil
}

// follow has those who watch a case that is absorbed watch this one, as many as there is room for.
func (c *Case) follow(t *teller, from Case) error {
	for _, w := range from.Watchers {
		if len(c.Watchers) >= maxWatchers {
			return nil
		}
		if err := (Watch{Contact: w.Contact, Why: fmt.Sprintf("has watched case %d", from.Number)}).apply(c, t); err != nil {
			return err
		}
	}
	return nil
}

// News is what of that which a command told is worth to be known to those who watch the case: the last of it. What a rule writes to
// somebody is not, nor what is about the entries themselves; what waits for a person to vouch for it is when he has.
func News(entries []Entry) (e Entry, ok bool) {
	for _, e := range slices.Backward(entries) {
		if e.news() {
			return e, true
		}
	}
	return Entry{}, false
}

func (e Entry) news() bool {
	switch e.Kind {
	case KindStatus, KindAssignment:
		return true
	case KindMailIn:
		return !e.MailIn.Held && !e.MailIn.Staff
	case KindMailOut, KindOrder:
		return e.MailOut == nil || e.MailOut.Auto == ""
	case KindNote, KindChange, KindConfirm, KindInvitation, KindFlag:
		return e.Actor.Via != ViaRule
	default:
		return false
	}
}

// Heed puts news before those who watch the case, and returns who had nothing of the kind before him yet. does are those who did it
// themselves: they have seen the case now. Who is given the case hears of that by it.
func (c *Case) Heed(news Entry, does []string) (told []string) {
	for _, w := range c.Watchers {
		waits := slices.ContainsFunc(c.Attention, w.named)
		switch {
		case slices.Contains(does, w.Contact):
			c.seen(w.Contact)
		case waits, len(c.Attention) >= maxAttention, news.Kind == KindAssignment && news.Change.To == w.Contact:
		default:
			a := Attention{Entry: w.Entry, Code: CodeWatched, About: news.ID, For: w.Contact, Since: news.At}
			a.Why = a.Words("en")
			c.Attention = append(c.Attention, a)
			told = append(told, w.Contact)
		}
	}
	return told
}

// named reports whether something that waits is what waits for the watcher.
func (w Watcher) named(a Attention) bool { return a.Code == CodeWatched && a.For == w.Contact }

// seen settles what waits for somebody who watches the case.
func (c *Case) seen(contact string) {
	c.Attention = slices.DeleteFunc(c.Attention, Watcher{Contact: contact}.named)
}
