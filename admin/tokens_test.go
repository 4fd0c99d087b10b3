package admin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"smartmail/admin"
)

func TestTokenCalls(t *testing.T) {
	h := newHouse(t)
	h.want(http.StatusOK, nil, "PUT", "/api/v1/contacts/anna", `{"id":"anna","parts":["customer"],"name":"Anna","emails":["anna@home.example"]}`)
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

// A scope names what is there: of the register, or an address of a contact or of somebody who takes part in a case.
func TestTokenScopeNamesWhatIsThere(t *testing.T) {
	h := newHouse(t)
	h.open("Kran")
	for path, body := range map[string]string{
		"objects/norr":  `{"id":"norr","kind":"area","name":"Norr"}`,
		"segments/s":    `{"id":"s","name":"Studenter"}`,
		"classes/VVS":   `{"path":"VVS"}`,
		"contacts/rune": `{"id":"rune","parts":["supplier"],"name":"Rune","emails":["Rune@ror.example"]}`,
	} {
		h.want(http.StatusOK, nil, "PUT", "/api/v1/"+path, body)
	}
	token := func(scope string) string { return `{"name":"x","role":"reader","scope":` + scope + `}` }
	for _, scope := range []string{`{"objects":["norr"]}`, `{"segments":["s"]}`, `{"classes":["VVS"]}`, `{"suppliers":["rune@ROR.example"]}`, `{"own":["anna@home.example"]}`} {
		h.want(http.StatusCreated, nil, "POST", "/api/v1/tokens", token(scope))
		h.refused(http.StatusUnprocessableEntity, "POST", "/api/v1/tokens", token(scope), bearer(h.other)...) // of another organisation
	}
	for field, value := range map[string]string{"objects": "söder", "segments": "seniorer", "classes": "VVS > Kran", "suppliers": "jour@ror.example", "own": "kurt@home.example"} {
		p := h.refused(http.StatusUnprocessableEntity, "POST", "/api/v1/tokens", token(`{"`+field+`":["`+value+`"]}`))
		if detail := fmt.Sprint(p["detail"]); !strings.Contains(detail, "scope."+field+":") || !strings.Contains(detail, fmt.Sprintf("%q", value)) {
			t.Errorf("%s: %s", field, detail)
		}
	}
}
