package portal

import (
	"net/http"
	"strings"

	"smartmail/casework"
	"smartmail/compose"
	"smartmail/desk"
	"smartmail/threading"
)

// doorView is what the page of door codes shows: a button, or the codes.
type doorView struct {
	looks
	Language, Subject, Until string
	Order                    string
	Shown                    bool
	Codes                    [][]string // paragraphs of lines
	Places                   []desk.Door
}

// doorPolicy lets in the one form of ours.
func (v doorView) doorPolicy() string {
	return strings.Replace(v.Policy, "form-action 'none'", "form-action 'self'", 1)
}

// door shows a button and no codes: what follows links by itself presses none.
func (p *portal) door(w http.ResponseWriter, r *http.Request, l threading.Link) error {
	doors, err := p.Desk.Doors(r.Context(), l.Org, l.Case, l.Participant, l.Entry)
	if err != nil {
		return err
	}
	p.showDoors(w, l, doors, false)
	return nil
}

// codes shows the codes. It is on the case by then.
func (p *portal) codes(w http.ResponseWriter, r *http.Request, l threading.Link) error {
	token := r.PathValue("token")
	if wait := p.openings.Wait(token); wait > 0 {
		p.later(w, http.StatusTooManyRequests, wait)
		return nil
	}
	doors, err := p.Desk.OpenDoors(r.Context(), l.Org, l.Case, l.Participant, l.Entry)
	if err != nil {
		return err
	}
	p.openings.Count(token)
	p.showDoors(w, l, doors, true)
	return nil
}

func (p *portal) showDoors(w http.ResponseWriter, l threading.Link, doors desk.Doors, shown bool) {
	style, ok := p.orgs[l.Org]
	if !ok {
		p.sorry(w, http.StatusNotFound)
		return
	}
	language := doors.Case.LanguageOf(doors.Participant.Email, style.Org.Language)
	p.show(w, http.StatusOK, "door.html", doorView{
		looks: style, Language: language, Subject: doors.Case.Subject, Until: compose.Day(l.Expires, language, style.Location),
		Order: casework.OrderID(doors.Case.Number, doors.Order), Shown: shown, Codes: compose.Paragraphs(doors.Codes), Places: doors.Places,
	})
}
