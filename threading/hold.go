package threading

// hold makes one thing to look at of all placements. The first of them stays as the suggestion.
func hold(ps []Placement, why string) []Placement {
	p := ps[0]
	for _, other := range ps[1:] {
		p.Rcpt = append(p.Rcpt, other.Rcpt...)
	}
	if p.Target == NewCase {
		p.Case, p.Continues = p.Continues, 0
	}
	p.Target, p.Why, p.Split = Triage, why, false
	p.Matched.Reasons = append(p.Matched.Reasons, why)
	return []Placement{p}
}
