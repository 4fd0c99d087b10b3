package admin

import (
	"strings"

	"smartmail/casework"
)

// word is what something is called in English and in Swedish.
type word struct{ en, sv string }

func (w word) in(language string) string {
	if language == "en" {
		return w.en
	}
	return w.sv
}

// chartTitle is the title of a chart of a measure, and its unit; counts have none.
func chartTitle(measure string, by []string, language string) (title, unit string) {
	names := map[string]word{
		"opened": {"Opened", "Öppnade"}, "open": {"Open", "Öppna"}, "late": {"Late", "Försenade"}, "done": {"Done", "Klara"}, "closed": {"Closed", "Stängda"},
		"reopened": {"Reopened", "Återöppnade"}, "repeats": {"Repeats", "Återkommande fel"}, "within_deadline_share": {"Done within the deadline", "Klara i tid"},
		"lead_median": {"Lead time, median", "Ledtid, median"}, "lead_p90": {"Lead time, nine in ten", "Ledtid, nio av tio"}, "cost": {"Cost", "Kostnad"},
		"cost_per_square_metre": {"Cost per square metre", "Kostnad per kvadratmeter"},
	}
	days, kronor := word{"days", "dagar"}, word{"kronor", "kronor"}
	units := map[string]word{"within_deadline_share": {"per cent", "procent"}, "lead_median": days, "lead_p90": days, "cost": kronor, "cost_per_square_metre": kronor}
	groups := map[string]word{
		"class": {"class", "klass"}, "top_class": {"top class", "huvudklass"}, "object": {"object", "objekt"}, "building": {"building", "byggnad"},
		"property": {"property", "fastighet"}, "area": {"area", "område"}, "segment": {"segment", "segment"}, "supplier": {"supplier", "leverantör"},
		"technician": {"technician", "tekniker"}, "status": {"status", "status"}, "day": {"day", "dag"}, "month": {"month", "månad"},
		"quarter": {"quarter", "kvartal"}, "year": {"year", "år"},
	}
	called := make([]string, len(by))
	for i, b := range by {
		called[i] = groups[b].in(language)
	}
	title = names[measure].in(language) + word{" by ", " per "}.in(language) + strings.Join(called, word{" and ", " och "}.in(language))
	return title, units[measure].in(language)
}

// language is that in which an organisation's staff are spoken to.
func (s *server) language(org casework.OrgID) string {
	for _, o := range s.Orgs {
		if o.ID == org && o.Language != "" {
			return o.Language
		}
	}
	return "sv"
}
