package sms

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"smartmail/casework"
	"smartmail/fault"
)

// Statuses is the desk as a provider's word needs it.
type Statuses interface {
	SMSStatus(ctx context.Context, org casework.OrgID, token string, state casework.SMSState, words string) error
}

// Callback answers at Path. Whoever has the token of a message, which only the provider was told, may say what became of it.
func Callback(desk Statuses, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		name, token, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Path), "/")
		org, secret, _ := strings.Cut(token, ".")
		p, known := providers()[name]
		switch {
		case !known || secret == "" || len(token) > 200:
			w.WriteHeader(http.StatusNotFound)
			return
		case r.Method != http.MethodPost:
			w.Header().Set("Allow", http.MethodPost)
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxAnswer)
		if r.ParseForm() != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		state, words := p.status(r.PostForm)
		err := desk.SMSStatus(r.Context(), casework.OrgID(org), secret, state, words)
		switch {
		case err == nil:
			w.WriteHeader(http.StatusNoContent)
		case fault.Is(err, fault.NotFound):
			w.WriteHeader(http.StatusNotFound)
		default: // the provider tells again
			log.Error("SMS status", "org", org, "err", err)
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
}
