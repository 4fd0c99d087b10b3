package threading

import (
	"slices"

	"smartmail/casework"
	"smartmail/message"
)

// Bounced names a mail of ours that a bounce is about.
type Bounced struct {
	Token
	// Proved: the bounce came to the return path of that very mail. Nobody knows that path but the systems that had the mail
	// in their hands for its recipient, and to whom they showed it; a Message-ID travels on with every answer.
	Proved bool
}

// Bounced tells which mails of ours a bounce is about that came to these addresses. Only what we signed names one, the surest first:
// the return path that the bounce came to, the Message-ID of the mail that it returns, a Message-ID that it answers, what its
// text quotes. A mail refers to older ones, which arrived: of several ids the newest is its own.
func (r *Router) Bounced(org casework.OrgID, c message.Content, rcpts []string) (found []Bounced) {
	if c.Class != message.Bounce {
		return nil
	}
	for _, rcpt := range rcpts {
		t, ours := r.Own(org, rcpt)
		if ours && t.Kind == BounceToken && !slices.Contains(found, Bounced{t, true}) {
			found = append(found, Bounced{t, true})
		}
	}
	if len(found) > 0 {
		return found
	}
	for _, ids := range [][]string{c.Returned, append(slices.Clone(c.InReplyTo), c.References...), quoted(c)} {
		if t, ok := r.newest(org, ids); ok {
			return []Bounced{{Token: t}}
		}
	}
	return nil
}

// newest returns the one of several ids of ours that was made last. Uniques sort by time.
func (r *Router) newest(org casework.OrgID, ids []string) (newest Token, ok bool) {
	for _, id := range ids {
		if t, ours := r.Own(org, id); ours && t.Unique > newest.Unique {
			newest, ok = t, true
		}
	}
	return newest, ok
}

// quoted returns what may be addresses or Message-IDs of ours in a mail's text.
func quoted(c message.Content) (found []string) {
	for _, text := range []string{c.FullText, c.HTML} {
		if len(text) > maxQuotedText {
			text = text[:maxQuotedText]
		}
		found = append(found, addressPattern.FindAllString(text, maxQuoted)...)
	}
	return found
}
