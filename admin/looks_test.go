package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"smartmail/admin"
	"smartmail/casework"
	"smartmail/compose"
	"smartmail/fault"
)

// mirror shows what it was asked for.
type mirror struct{}

func (mirror) Preview(org casework.OrgID, kind, language string) (compose.Preview, error) {
	if kind == "broken" {
		return compose.Preview{}, fault.New(fault.Invalid, "mails/sv/order.txt:3: unexpected }")
	}
	return compose.Preview{Language: "sv", Subject: string(org), Text: kind, HTML: language}, nil
}

func TestPreview(t *testing.T) {
	h := newHouse(t, func(o *admin.Options) { o.Previews = mirror{} })
	var p admin.Preview
	h.want(http.StatusOK, &p, "GET", "/api/v1/organisations/a/preview/order?language=en", "")
	if want := (admin.Preview{Org: "a", Kind: "order", Language: "sv", Subject: "a", Text: "order", HTML: "en"}); p != want {
		t.Errorf("%+v, want %+v", p, want)
	}
	h.want(http.StatusOK, nil, "GET", "/api/v1/organisations/b/preview/order", "", bearer(adminToken)...)
	h.refused(http.StatusNotFound, "GET", "/api/v1/organisations/b/preview/order", "")
	h.refused(http.StatusUnprocessableEntity, "GET", "/api/v1/organisations/a/preview/order?language=de", "")
	if said := h.refused(http.StatusUnprocessableEntity, "GET", "/api/v1/organisations/a/preview/broken", "")["detail"].(string); !strings.Contains(said, "order.txt:3") {
		t.Errorf("a broken template: %q", said)
	}
	newHouse(t).refused(http.StatusNotFound, "GET", "/api/v1/organisations/a/preview/order", "")
}
