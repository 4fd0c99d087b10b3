package admin_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"smartmail/admin"
	"smartmail/casework"
	reg "smartmail/register"
)

// person is what an export holds.
type person struct {
	Contacts, Editions, Tenancies []map[string]any
	Cases                         []admin.Case
	Entries                       []admin.Entry
	Mails                         []admin.MailFields
	Suspensions, Trusted, Notices []map[string]any
	Tokens                        []admin.Token
}

func TestExportAndErase(t *testing.T) {
	h := newHouse(t)
	anna := reg.Contact{ID: "k1", Parts: []reg.Part{reg.Customer}, Name: "Anna Hemlig", Emails: []string{"anna@home.example", "a2@home.example"}}
	if _, err := h.desk.Contacts().Save(t.Context(), "a", anna, casework.Actor{}, 0); err != nil {
		t.Fatal(err)
	}
	h.receive(letter("Anna Hemlig <anna@home.example>", "Kran", "", "Den droppar."), "anna@home.example", "fel@a.example")
	h.receive(letter("Anna Hemlig <a2@home.example>", "Autosvar", "Auto-Submitted: auto-replied\n", "Jag är borta."), "a2@home.example", "fel@a.example")
	h.want(http.StatusAccepted, nil, "POST", "/api/v1/cases/1/messages", `{"lane":"internal","text":"hon ljuger"}`)
	h.want(http.StatusAccepted, nil, "POST", "/api/v1/cases/1/messages", `{"lane":"customer","text":"Vi kommer."}`)
	h.want(http.StatusAccepted, nil, "POST", "/api/v1/cases/1/orders", `{"supplier":"jour@ror.example","text":"byt"}`)

	var p person
	a := h.want(http.StatusOK, &p, "GET", "/api/v1/people/export?email=ANNA@home.example", "")
	if len(p.Contacts) != 1 || len(p.Editions) != 1 || len(p.Cases) != 1 || len(p.Cases[0].Lanes) != 1 || len(p.Entries) != 2 || len(p.Mails) != 1 || p.Tokens == nil {
		t.Errorf("export: %s", a.body)
	}
	for _, others := range []string{"ljuger", "ror.example"} {
		if strings.Contains(string(a.body), others) {
			t.Errorf("the export has what is not said on her lane: %q", others)
		}
	}
	for _, said := range []string{"Den droppar.", "Vi kommer.", "Jag är borta."} {
		if !strings.Contains(string(a.body), said) {
			t.Errorf("the export lacks %q", said)
		}
	}
	var dry, did admin.Erased
	h.want(http.StatusOK, &dry, "POST", "/api/v1/people/erase", `{"contact":"k1","dry_run":true}`)
	h.want(http.StatusOK, &did, "POST", "/api/v1/people/erase", `{"contact":"k1","why":"asked for"}`)
	if !reflect.DeepEqual(dry, did) || did.Cases != 1 || did.Mails != 2 || did.Next != "" {
		t.Errorf("counted %+v, erased %+v", dry, did)
	}
	var all admin.List[admin.Entry]
	timeline := h.want(http.StatusOK, &all, "GET", "/api/v1/cases/1/entries", "")
	if strings.Contains(string(timeline.body), "Anna") || strings.Contains(string(timeline.body), "droppar") || all.Items[len(all.Items)-1].Kind != "erasure" {
		t.Errorf("the timeline is %s", timeline.body)
	}
	for _, e := range all.Items {
		if e.MailFields != nil {
			if e.Raw.Erased == nil {
				t.Errorf("the raw mail is %+v", e.Raw)
			}
			h.refused(http.StatusNotFound, "GET", "/api/v1/messages/"+e.Raw.ID+"/raw", "")
		}
	}
	p = person{}
	h.want(http.StatusOK, &p, "GET", "/api/v1/people/export?email=anna@home.example", "")
	if len(p.Contacts)+len(p.Cases)+len(p.Entries)+len(p.Mails) != 0 || p.Contacts == nil {
		t.Errorf("after it was erased: %+v", p)
	}
	h.refused(http.StatusNotFound, "GET", "/api/v1/people/export?contact=none", "")
	h.refused(http.StatusUnprocessableEntity, "GET", "/api/v1/people/export", "")
	h.refused(http.StatusUnprocessableEntity, "POST", "/api/v1/people/erase", `{}`)
}
