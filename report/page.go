package report

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"smartmail/casework"
	"smartmail/fault"
)

// view is what the page shows.
type view struct {
	Org            Org
	Swedish        bool
	Action, Ticket string
	Done           bool                // it came in; as
	Case           casework.CaseNumber // 0: as none that is told
	Trouble        string              // why it was not taken, in the language of the page
	Said           input               // what was typed; it stands there again
	Pictures       bool                // were chosen, and have to be again: no page may choose a file
}

func wantsPage(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

func (s *reports) page(w http.ResponseWriter, status int, org Org, v view) {
	v.Org, v.Swedish, v.Action = org, org.Language != "en", Path+url.PathEscape(string(org.ID))+"/reports"
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	if err := s.form.Execute(w, v); err != nil {
		s.Log.Debug("a page was not sent", "err", err)
	}
}

// refusal is why a report is not taken: the API says it in English, a page in the organisation's language.
type refusal struct {
	err     *fault.Error
	swedish string
}

func refuse(kind fault.Kind, english, swedish string) error {
	return refusal{fault.New(kind, english), swedish}
}

func (r refusal) Error() string { return r.err.Error() }
func (r refusal) Unwrap() error { return r.err }

// words says an error to who reads the page.
func words(err error, org Org) string {
	var r refusal
	switch {
	case org.Language == "en":
		english := fault.Public(err)
		return strings.ToUpper(english[:1]) + english[1:] + "."
	case errors.As(err, &r):
		return r.swedish
	}
	return "Något gick fel hos oss. Skicka igen om en stund."
}
