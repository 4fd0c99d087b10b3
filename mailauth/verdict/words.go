package verdict

import "fmt"

// Words tells a person who knows nothing of DNS what the verdict means for this mail, in a sentence or two. language is sv or
// en; any other is en.
func (v Verdict) Words(language string) string {
	t := english
	if language == "sv" {
		t = swedish
	}
	domain := v.DMARC.Domain
	switch {
	case domain == "":
		return t.nobody
	case v.DMARC.Result == Pass && v.From != "":
		return fmt.Sprintf(t.pass, v.From)
	case v.DMARC.Result == Fail:
		s := fmt.Sprintf(t.fail, domain)
		switch v.DMARC.Policy {
		case PolicyReject:
			s += " " + t.reject
		case PolicyQuarantine:
			s += " " + t.quarantine
		}
		if v.ARC == Pass {
			s += " " + t.forwarded
		}
		return s
	case v.DMARC.Result == Temperror:
		return fmt.Sprintf(t.temporary, domain)
	case v.DMARC.Result == Permerror:
		return t.nobody
	default:
		return fmt.Sprintf(t.none, domain)
	}
}

// words are the sentences of one language.
type words struct {
	pass, fail, reject, quarantine, forwarded, temporary, none, nobody string
}

var english = words{
	pass:       "%s is who it says: the sender's domain confirms it.",
	fail:       "The mail says that it comes from %s, and that domain does not confirm it: it may be forged.",
	reject:     "The domain asks to refuse such mail.",
	quarantine: "The domain asks to treat such mail with suspicion.",
	forwarded:  "It was forwarded on its way, which can be the reason.",
	temporary:  "Whether the mail comes from %s could not be found out just now.",
	none:       "The domain %s gives no way to tell whether the mail is really from there.",
	nobody:     "The mail does not say in a clear way who wrote it.",
}

var swedish = words{
	pass:       "%s är den som det står: avsändarens domän intygar det.",
	fail:       "Mejlet säger sig komma från %s, men domänen intygar det inte: det kan vara förfalskat.",
	reject:     "Domänen ber att sådan post avvisas.",
	quarantine: "Domänen ber att sådan post behandlas med misstro.",
	forwarded:  "Det har vidarebefordrats på vägen, vilket kan vara orsaken.",
	temporary:  "Det gick inte just nu att ta reda på om mejlet kommer från %s.",
	none:       "Domänen %s ger inget sätt att avgöra om mejlet verkligen kommer därifrån.",
	nobody:     "Mejlet säger inte på ett tydligt sätt vem som skrev det.",
}
