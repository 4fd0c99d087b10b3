package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"smartmail/access"
)

// What controls terminals, sheets and headers is refused wherever it is written; a text of several lines has line breaks and tabs.
func TestControlCharactersAreRefused(t *testing.T) {
	h := newHouse(t)
	h.open("Kran")
	for name, x := range map[string]struct {
		method, path, body string
		status             int
	}{
		"a subject":            {"POST", "/cases", `{"subject":"Kran\u0000"}`, 422},
		"a subject's line":     {"POST", "/cases", `{"subject":"Kran\nBcc: x"}`, 422},
		"a description":        {"POST", "/cases", `{"subject":"Kran","description":"Den\u001b[2J"}`, 422},
		"lines":                {"POST", "/cases", `{"subject":"Kran","description":"Den\r\n\tdroppar.\n"}`, 201},
		"a name":               {"POST", "/cases", `{"subject":"Kran","reporter":{"name":"Anna\u007f"}}`, 422},
		"how one gets in":      {"POST", "/cases", `{"subject":"Kran","access":{"key_box":"a\u0007"}}`, 422},
		"another subject":      {"PATCH", "/cases/1", `{"subject":"Kran\u0085"}`, 422},
		"a reason":             {"PATCH", "/cases/1", `{"status":"waiting","reason":"väntar\npå del"}`, 200},
		"a field":              {"PATCH", "/cases/1", `{"fields":{"meter":"1\u00002"}}`, 422},
		"a field's name":       {"PATCH", "/cases/1", `{"fields":{"me\u0000ter":"12"}}`, 422},
		"a message":            {"POST", "/cases/1/messages", `{"lane":"internal","text":"Hej\u0008"}`, 422},
		"a file":               {"POST", "/cases/1/messages", `{"lane":"internal","text":"Hej","attachments":[{"name":"a\u0001.txt","content":"AAE="}]}`, 422},
		"bytes of a file":      {"POST", "/cases/1/messages", `{"lane":"internal","text":"Hej","attachments":[{"name":"a.txt","content":"AAE="}]}`, 202},
		"a supplier":           {"POST", "/cases/1/orders", `{"supplier":{"name":"Rör\u0000","email":"jour@ror.example"},"text":"x"}`, 422},
		"one of the suppliers": {"POST", "/cases/1/orders", `{"suppliers":[{"name":"Rör\u0000","email":"jour@ror.example"}],"quote":true}`, 422},
		"a contact":            {"PUT", "/contacts/k1", `{"id":"k1","parts":["customer"],"name":"An\u0002na"}`, 422},
		"a class's text":       {"PUT", "/classes/VVS", `{"path":"VVS","template":"Var\u0000?"}`, 422},
		"a class's lines":      {"PUT", "/classes/VVS", `{"path":"VVS","template":"Var?\nNär?"}`, 200},
		"a token":              {"POST", "/tokens", `{"name":"läs\u0000platta","role":"reader"}`, 422},
		"somebody on a lane":   {"POST", "/cases/1/participants", `{"kind":"customer","name":"An\tna","email":"a@b.example"}`, 422},
	} {
		a := h.call(x.method, "/api/v1"+x.path, x.body)
		if a.status != x.status {
			t.Errorf("%s: %d, want %d: %s", name, a.status, x.status, a.body)
		}
		if x.status == http.StatusUnprocessableEntity && !strings.Contains(string(a.body), "control character") {
			t.Errorf("%s is not told why: %s", name, a.body)
		}
	}
	h.refused(http.StatusUnauthorized, "POST", "/api/v1/cases", `{"subject":"Kran\u0000"}`, "Authorization", "Bearer wrong")
	h.refused(http.StatusUnprocessableEntity, "POST", "/api/v1/cases", `{"subject":"Kran\u0000"}`, h.grant("reader", access.Scope{})...)
}
