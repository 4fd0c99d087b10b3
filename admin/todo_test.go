package admin_test

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"testing"

	"smartmail/access"
	"smartmail/admin"
	"smartmail/casework"
)

// fail lets every mail that is due fail for good, by the address's own fault.
func (h *house) fail() {
	h.t.Helper()
	items, err := h.desk.ClaimOutbox(h.t.Context(), "test", 1e9, 50)
	if err != nil || len(items) == 0 {
		h.t.Fatal(len(items), err)
	}
	for _, o := range items {
		gone := casework.Outcome{State: casework.Failed, Status: "5.1.1", Remote: "550 5.1.1 no such user", Address: true}
		if err := h.desk.ReportOutbox(h.t.Context(), o, gone); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *house) post(text string) (e admin.Entry) {
	h.t.Helper()
	h.want(http.StatusAccepted, &e, "POST", "/api/v1/cases/1/messages", `{"lane":"customer","text":"`+text+`"}`)
	return e
}

func (h *house) todo(query string) []admin.Todo {
	h.t.Helper()
	var list admin.List[admin.Todo]
	h.want(http.StatusOK, &list, "GET", "/api/v1/todo"+query, "")
	return list.Items
}

// A message that does not arrive is its author's to see to, shown with its recipients, until he acts or says so.
func TestFailureIsSomebodysToDo(t *testing.T) {
	h := newHouse(t)
	h.open("Kranen")
	sent := h.post("Vi kommer.")
	if len(sent.Delivery) != 1 || sent.Delivery[0].State != "queued" || sent.Delivery[0].Email != "anna@home.example" || sent.Delivery[0].NextTry == nil {
		t.Errorf("just written: %+v", sent.Delivery)
	}
	h.fail()
	var e admin.Entry
	h.want(http.StatusOK, &e, "GET", "/api/v1/entries/"+sent.ID, "")
	if len(e.Delivery) != 1 || e.Delivery[0].State != "failed" || e.Delivery[0].Status != "5.1.1" || e.Delivery[0].NextTry != nil || !e.Delivery[0].At.After(sent.At) {
		t.Errorf("failed: %+v", e.Delivery)
	}
	got := h.todo("?for=" + url.QueryEscape("caretaker a"))
	if len(got) != 1 || got[0].Case != 1 || got[0].Lane != "customer" || got[0].Message == nil || *got[0].Message != sent.ID ||
		got[0].Why != "a message to anna@home.example did not arrive: 5.1.1 550 5.1.1 no such user" {
		t.Fatalf("to do: %+v", got)
	}
	h.want(http.StatusOK, &e, "GET", "/api/v1/entries/"+got[0].ID, "")
	if e.Kind != "delivery" || len(e.Delivery) != 1 || e.Delivery[0].Message != sent.ID || !e.Delivery[0].Suspended {
		t.Errorf("it is told by %+v", e)
	}
	if n := len(h.todo("?for=somebody")); n != 0 {
		t.Errorf("%d for somebody else", n)
	}
	h.refused(404, "POST", "/api/v1/todo/"+got[0].ID+"/done", "", bearer(h.other)...)
	h.want(http.StatusOK, &e, "POST", "/api/v1/todo/"+got[0].ID+"/done", "")
	if e.Kind != "attended" || e.Actor.Name != "caretaker a" || e.Change.To != got[0].ID {
		t.Errorf("seen to: %+v", e)
	}
	h.refused(409, "POST", "/api/v1/todo/"+got[0].ID+"/done", "")
	if left := h.todo(""); len(left) != 1 || left[0].ID != "new-1" || left[0].Code != "new" || left[0].Urgency != "normal" || left[0].Why != "new: nobody has taken it on" {
		t.Errorf("left is %+v", left)
	}
}

// An address is suspended with the reason and the mail that caused it, and lifted on the record; later mail goes out.
func TestSuspensions(t *testing.T) {
	h := newHouse(t)
	h.open("Kranen")
	sent := h.post("Vi kommer.")
	h.fail()
	var list admin.List[admin.Suspension]
	h.want(http.StatusOK, &list, "GET", "/api/v1/suspensions", "")
	if len(list.Items) != 1 || list.Items[0].Email != "anna@home.example" || list.Items[0].Status != "5.1.1" || list.Items[0].Case != 1 ||
		list.Items[0].Message != sent.ID || list.Items[0].Words != "550 5.1.1 no such user" {
		t.Fatalf("suspended: %+v", list.Items)
	}
	h.post("Hör ni oss?") // is written, and fails at once
	if items, err := h.desk.ClaimOutbox(t.Context(), "test", 1e9, 50); len(items) != 0 || err != nil {
		t.Fatalf("%d mails went to a suspended address, %v", len(items), err)
	}
	if got := h.todo("?for=" + url.QueryEscape("caretaker a")); len(got) != 1 {
		t.Errorf("a message is to see to: %+v", got)
	}
	h.refused(404, "DELETE", "/api/v1/suspensions/nobody@home.example", "")
	h.refused(404, "DELETE", "/api/v1/suspensions/anna@home.example", "", bearer(h.other)...)
	h.want(http.StatusOK, nil, "DELETE", "/api/v1/suspensions/"+url.PathEscape("Anna@home.example"), "")
	h.refused(404, "DELETE", "/api/v1/suspensions/anna@home.example", "")
	all := h.entries(1, 50)
	if e := all[len(all)-1]; e.Kind != "suspension" || e.Actor.Name != "caretaker a" || e.Change.From != "anna@home.example" || e.Change.To != "" {
		t.Errorf("on the record: %+v", e)
	}
	again := h.post("Nu då?")
	items, err := h.desk.ClaimOutbox(t.Context(), "test", 1e9, 50)
	if err != nil || len(items) != 1 {
		t.Fatalf("after that %d mails go out, %v", len(items), err)
	}
	if err := h.desk.ReportOutbox(t.Context(), items[0], casework.Outcome{State: casework.Sent, RemoteID: "Q7"}); err != nil {
		t.Fatal(err)
	}
	var e admin.Entry
	h.want(http.StatusOK, &e, "GET", "/api/v1/entries/"+again.ID, "")
	if len(e.Delivery) != 1 || e.Delivery[0].State != "sent" || e.Delivery[0].QueueID != "Q7" {
		t.Errorf("sent: %+v", e.Delivery)
	}
}

// A case says of itself what the to-do list says of it, as time passes; nobody from outside has anything to do.
func TestCaseSaysWhatTheTodoListSays(t *testing.T) {
	h := newHouse(t)
	h.open("Kranen")
	h.post("Vi kommer.")
	h.fail()
	want := [][]string{{"delivery soon", "new normal"}, {"delivery soon", "deadline soon"}, {"overdue now", "delivery soon"}}
	for i, later := range []int{0, 6, 2} {
		h.mu.Lock()
		h.now = h.now.AddDate(0, 0, later)
		h.mu.Unlock()
		var c admin.Case
		h.want(http.StatusOK, &c, "GET", "/api/v1/cases/1", "")
		if list := h.todo(""); !reflect.DeepEqual(c.Todo, list) {
			t.Errorf("the case says %+v,\nand the list %+v", c.Todo, list)
		}
		var got []string
		for _, t := range c.Todo {
			got = append(got, t.Code+" "+t.Urgency)
		}
		if !slices.Equal(got, want[i]) {
			t.Errorf("it waits %q, want %q", got, want[i])
		}
	}
	var c admin.Case
	h.want(http.StatusOK, &c, "GET", "/api/v1/cases/1", "", h.grant("customer", access.Scope{Own: []string{"anna@home.example"}})...)
	if len(c.Todo) != 0 {
		t.Errorf("a customer has to do %+v", c.Todo)
	}
}
