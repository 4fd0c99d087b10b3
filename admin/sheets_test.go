package admin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"smartmail/admin"
)

// A file goes in and comes out by the API, in either format; what is wrong with rows is an answer and no error.
func TestSheets(t *testing.T) {
	h := newHouse(t)
	var r admin.ImportResult
	const file = "Kundnr;Namn;Telefon;Skuld\n1;Åsa;+46 70;12\n2;;;\n"
	for _, dry := range []string{"?dry_run=true", "?all_or_nothing=true", ""} {
		h.want(http.StatusOK, &r, "POST", "/api/v1/import/contacts"+dry, file, "Content-Type", "text/csv; charset=utf-8")
		if r.Rows != 2 || r.Added != 1 || r.Failed != 1 || len(r.Bad) != 1 || r.Bad[0].Row != 3 || r.Bad[0].Column != "name" || len(r.Ignored) != 1 || r.Written != (dry == "") {
			t.Errorf("%q: %+v", dry, r)
		}
	}
	for format, start := range map[string]string{"csv": "\uFEFFid;external_key;", "xlsx": "PK"} {
		a := h.want(http.StatusOK, nil, "GET", "/api/v1/export/contacts?format="+format, "")
		if !strings.HasPrefix(string(a.body), start) || !strings.Contains(a.header.Get("Content-Disposition"), "contacts."+format) || strings.Contains(string(a.body), ";+46") {
			t.Errorf("%s: %v, %.60q", format, a.header, a.body)
		}
		h.want(http.StatusOK, &r, "POST", "/api/v1/import/contacts?archive_missing=true", string(a.body), "Content-Type", a.header.Get("Content-Type"))
		if r.Unchanged != 1 || r.Rows != 1 {
			t.Errorf("%s again: %+v", format, r)
		}
	}
	many := "id;name\n" + strings.Repeat("x y;z\n", 700)
	h.want(http.StatusOK, &r, "POST", "/api/v1/import/contacts", many, "Content-Type", "text/csv")
	if r.Failed != 700 || len(r.Bad) != 500 {
		t.Errorf("%d failed, %d named", r.Failed, len(r.Bad))
	}
	h.refused(http.StatusUnprocessableEntity, "POST", "/api/v1/import/contacts", "Anna;12\n", "Content-Type", "text/csv")
	h.refused(http.StatusUnprocessableEntity, "POST", "/api/v1/import/cases", file, "Content-Type", "text/csv")
	h.refused(http.StatusUnprocessableEntity, "GET", "/api/v1/export/contacts?format=pdf", "")
}

// To take a file in needs register.edit, to get one register.read; personal numbers and door codes are for those who may see them.
func TestSheetRights(t *testing.T) {
	h := newGuardedHouse(t)
	for role, want := range map[string][2]int{"customer": {403, 403}, "reader": {403, 200}, "manager": {403, 200}, "administrator": {200, 200}} {
		token := h.grant(role, h.everywhere(role))
		imported := h.call("POST", "/api/v1/import/segments", "id;name\n", token...).status
		if imported != http.StatusUnprocessableEntity { // no such kind, whoever asks
			t.Errorf("%s: %d", role, imported)
		}
		got := [2]int{
			h.call("POST", "/api/v1/import/contacts", "id;name;parts\nnew;New;staff\n", append(token, "Content-Type", "text/csv")...).status,
			h.call("GET", "/api/v1/export/contacts", "", token...).status,
		}
		if got != want {
			t.Errorf("%s: %v, want %v", role, got, want)
		}
		for kind, secret := range map[string]string{"contacts": "9874", "objects": "kod "} {
			shown := strings.Contains(string(h.call("GET", "/api/v1/export/"+kind, "", token...).body), secret)
			if shown != (role == "administrator") {
				t.Errorf("%s is shown %s: %v", role, fmt.Sprintf("%q", secret), shown)
			}
		}
	}
}
