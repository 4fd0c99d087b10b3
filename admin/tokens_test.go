package admin_test

import (
	"net/http"
	"testing"

	"smartmail/admin"
)

func TestTokenCalls(t *testing.T) {
	h := newHouse(t)
	var made struct {
		admin.Token
		Secret string
	}
	h.want(http.StatusCreated, &made, "POST", "/api/v1/tokens", `{"name":"läsplatta","role":"reader","scope":{"own":["Anna@Home.example"]},"expires_at":"2027-01-01T00:00:00Z"}`)
	if made.Secret == "" || made.Role != "reader" || made.ExpiresAt == nil || len(made.Scope.Own) != 1 || made.Scope.Own[0] != "anna@home.example" {
		t.Fatalf("made: %+v", made)
	}
	h.want(http.StatusOK, nil, "GET", "/api/v1/cases", "", bearer(made.Secret)...)
	var list admin.List[admin.Token]
	a := h.want(http.StatusOK, &list, "GET", "/api/v1/tokens", "")
	used := false
	for _, tok := range list.Items {
		used = used || tok.ID == made.ID && tok.UsedAt != nil && tok.RevokedAt == nil
	}
	if !used || len(list.Items) != 2 {
		t.Errorf("tokens: %s", a.body)
	}
	var ended admin.Token
	h.want(http.StatusOK, &ended, "DELETE", "/api/v1/tokens/"+made.ID, "")
	if ended.RevokedAt == nil {
		t.Errorf("ended: %+v", ended)
	}
	h.refused(401, "GET", "/api/v1/cases", "", bearer(made.Secret)...)
	h.refused(404, "DELETE", "/api/v1/tokens/nobody", "")
	h.refused(404, "DELETE", "/api/v1/tokens/"+made.ID, "", bearer(h.other)...)
	h.refused(422, "POST", "/api/v1/tokens", `{"name":"x","role":"king"}`)
	h.refused(422, "POST", "/api/v1/tokens", `{"name":"x","role":"reader","expires_at":"2020-01-01T00:00:00Z"}`)
}
