package portal_test

import (
	"fmt"
	"net/http"
	"testing"

	"smartmail/desk"
)

// What a link opened is in the audit trail, by case and participant; what leads nowhere, and what only looked at the head, is not.
func TestOpenedLinksAreOnTheTrail(t *testing.T) {
	h := newHouse(t)
	h.get(http.MethodGet, h.page(1)) // whose body ends when all is done
	h.get(http.MethodHead, h.page(1))
	h.get(http.MethodGet, "/p/forged")
	all, err := h.desk.Looks(t.Context(), "a", desk.LookFilter{Who: "link"}, nil, 10)
	if err != nil || len(all.Items) != 1 {
		t.Fatalf("the trail has %+v, %v", all.Items, err)
	}
	if l := all.Items[0]; l.Call != "link-page" || l.Case != h.n || l.Token != fmt.Sprintf("participant-%d-1", h.n) || l.Status != http.StatusOK {
		t.Errorf("the line is %+v", l)
	}
}
