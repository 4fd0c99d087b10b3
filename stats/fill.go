package stats

import "time"

// MaxFilled is up to how many rows a table has those of periods in which nothing happened. A longer one has none of them: by day and object
// most days of most objects are empty.
const MaxFilled = 5_000

// fill adds the periods in which nothing happened, each with all other keys that there are: from the beginning of the query's period, or else the
// first in which anything happened, to its end or now, or else the last one.
func (s *summing) fill() {
	g, q := s.g, s.l.q
	if g.period < 0 || g.ended == 0 && q.From.IsZero() {
		return
	}
	from, to := g.begun, g.ended
	if !q.From.IsZero() {
		from = q.From.Unix()
	}
	if !q.To.IsZero() {
		to = max(to, min(q.To.Unix(), q.Now.Unix()+1)) // nothing can have happened yet behind now
	}
	others := map[key]bool{}
	if len(q.By) == 1 {
		others[key{}] = true
	}
	for k := range s.groups {
		k[g.period] = 0
		others[k] = true
	}
	var missing []key
	for at := time.Unix(from, 0).In(q.location()); at.Unix() < to; {
		_, next, label := period(q.By[g.period], at)
		for k := range others {
			k[g.period] = g.place(g.period, Key{ID: label, Label: label})
			if s.groups[k] == nil {
				missing = append(missing, k)
			}
		}
		if at = next; len(s.groups)+len(missing) > MaxFilled {
			return
		}
	}
	for _, k := range missing {
		s.groups[k] = &sum{}
	}
}
