package desk_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/register"
)

// everything is each row of the tables that may tell of a person, as text; without the raw bytes of mails, of which it has the ids.
func everything(t *testing.T, d *desk.Desk) string {
	t.Helper()
	var out strings.Builder
	err := d.Store.View(t.Context(), func(tx casestore.Tx) error {
		for _, s := range casestore.Schemas() {
			for row, err := range tx.Scan(s, casestore.Query{Prefix: casestore.K("a")}) {
				if err != nil {
					return err
				}
				fmt.Fprintf(&out, "%s %q %s\n", s.Name, row.Key, row.Doc)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// known is a desk on which Anna has a contact with two editions, a case by mail with an answer, a mail in triage, a token, and is suspended.
func known(t *testing.T) (*desk.Desk, *clock) {
	t.Helper()
	d, c := noticing(t)
	anna := register.Contact{ID: "k1", Parts: []register.Part{register.Customer}, Name: "Anna Hemlig", Emails: []string{"anna@home.example"}, Phones: []string{"070-123 45 67"}, PersonalNumber: "19811228-9874"}
	for _, language := range []string{"sv", "en"} {
		anna.Language = language
		if _, err := d.Contacts().Save(t.Context(), "a", anna, eva, 0); err != nil {
			t.Fatal(err)
		}
	}
	placed := peer(t, d, c, 1, "anna@home.example", "fel@a.example", "Kranen droppar. Ring 0701234567. /Anna", func(m *casework.Mail) { m.Content.From.Name = "Anna Hemlig" })
	n := placed[0].Case
	post := func(lane casework.LaneID, text string) {
		if _, _, err := d.Do(t.Context(), "a", n, casework.Post{Lane: lane, Text: text}, eva, 0); err != nil {
			t.Fatal(err)
		}
	}
	post("customer", "Hej Anna, vi kommer.")
	post("internal", "Anna Hemlig låter ingen in, 070-1234567")
	peer(t, d, c, 2, "anna@home.example", "fel@a.example", "Frånvarande, Anna", func(m *casework.Mail) { m.Content.Class = "automatic" })
	if _, _, err := d.CreateToken(t.Context(), casework.APIToken{Org: "a", Name: "Annas app", Role: "customer", Scope: access.Scope{Own: []string{"anna@home.example"}}}, eva); err != nil {
		t.Fatal(err)
	}
	o := claim(t, d, "s", len(outbox(t, d)))[0]
	report(t, d, o, casework.Outcome{State: casework.Failed, Status: "5.1.1", Remote: "<anna@home.example> unknown", Address: true})
	return d, c
}

func TestErase(t *testing.T) {
	d, c := known(t)
	newCase(t, d, "Anna har en till")
	before := everything(t, d)
	dry, err := d.Erase(t.Context(), "a", desk.Erasure{Whose: desk.Whose{Contact: "k1"}, DryRun: true, By: eva})
	if err != nil || dry.Next != "" {
		t.Fatal(dry, err)
	}
	if everything(t, d) != before {
		t.Fatal("a dry run has changed something")
	}
	c.forward(time.Hour)
	did, err := d.Erase(t.Context(), "a", desk.Erasure{Whose: desk.Whose{Email: "Anna@home.example"}, Why: "asked for by the person", By: eva})
	if err != nil || did.Next != "" {
		t.Fatal(did, err)
	}
	if did.Cases != 2 || did.Open != 2 || did.Contacts != 1 || did.Editions != 2 || did.Tokens != 1 || did.Addresses < 2 || did.Mails != 2 {
		t.Errorf("erased: %+v", did)
	}
	if !reflect.DeepEqual(did, dry) {
		t.Errorf("counted %+v, and erased %+v", dry, did)
	}
	after := everything(t, d)
	for _, trace := range []string{"anna@", "Anna", "Hemlig", "123 45 67", "1234567", "19811228", "droppar"} {
		if i := strings.Index(after, trace); i >= 0 {
			t.Errorf("%q is left: …%s", trace, after[max(0, i-300):min(len(after), i+100)])
		}
	}
	if strings.Contains(after, "raws ") {
		t.Error("raw bytes are left")
	}
	if v, err := d.Verify(t.Context(), func(problem string) { t.Error(problem) }); err != nil || v.Mails != 2 {
		t.Errorf("%+v, %v", v, err)
	}
	if again, err := d.Erase(t.Context(), "a", desk.Erasure{Whose: desk.Whose{Contact: "k1"}, By: eva}); err != nil || !reflect.DeepEqual(again, desk.Erased{}) {
		t.Errorf("once more: %+v, %v", again, err)
	}
	kinds, kase, _ := story(t, d, 1)
	if !strings.HasSuffix(kinds, "erasure") || kase.Class != "" || kase.Status != casework.StatusNew {
		t.Errorf("the case's entries are %s, the case %+v", kinds, kase)
	}
	if lines, err := d.Replay(t.Context(), "a", true, func(line string) { t.Error(line) }); err != nil || lines.Mails != 0 {
		t.Errorf("replay read %+v, %v", lines, err)
	}
}

// Whom it is about must be beyond doubt, and a case that he only wrote to under another's address is his too.
func TestEraseWhom(t *testing.T) {
	d, c := known(t)
	save := func(id, name, email string) {
		t.Helper()
		if _, err := d.Contacts().Save(t.Context(), "a", register.Contact{ID: id, Parts: []register.Part{register.Customer}, Name: name, Emails: []string{email}}, eva, 0); err != nil {
			t.Fatal(err)
		}
	}
	save("k2", "Bo Ek", "par@home.example")
	save("k3", "Eva Ek", "par@home.example")
	for name, x := range map[string]struct {
		o    desk.Erasure
		kind fault.Kind
	}{
		"nobody": {desk.Erasure{}, fault.Invalid}, "both": {desk.Erasure{Whose: desk.Whose{Contact: "k1", Email: "x@y.example"}}, fault.Invalid},
		"none": {desk.Erasure{Whose: desk.Whose{Contact: "none"}}, fault.NotFound}, "shared": {desk.Erasure{Whose: desk.Whose{Contact: "k2"}}, fault.Conflict},
		"shared address": {desk.Erasure{Whose: desk.Whose{Email: "par@home.example"}}, fault.Conflict}, "place": {desk.Erasure{Whose: desk.Whose{Contact: "k1"}, After: "x"}, fault.Invalid},
	} {
		if _, err := d.Erase(t.Context(), "a", x.o); !fault.Is(err, x.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	address, err := d.Router.Address("a", 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	peer(t, d, c, 7, "stranger@far.example", address, "Jag heter Stig", nil) // Anna's address, used by somebody else
	did, err := d.Erase(t.Context(), "a", desk.Erasure{Whose: desk.Whose{Email: "stranger@far.example"}, By: eva})
	if err != nil || did.Cases != 1 || did.Mails != 1 || did.Contacts != 0 {
		t.Errorf("%+v, %v", did, err)
	}
	after := everything(t, d)
	if strings.Contains(after, "stranger@") || strings.Contains(after, "Stig") || !strings.Contains(after, "Anna Hemlig") {
		t.Error("the stranger is left, or Anna is gone")
	}
}

// A person on many cases is erased in portions; whoever stops half-way goes on, or begins again.
func TestEraseGoesOn(t *testing.T) {
	d, c := open(t, t.TempDir())
	const n = 70
	for i := range n {
		newCase(t, d, fmt.Sprint("Kran ", i))
	}
	var all desk.Erased
	o, calls := desk.Erasure{Whose: desk.Whose{Email: "anna@home.example"}, By: eva}, 0
	d.Now = func() time.Time { c.forward(10 * time.Second); return c.Now() } // a portion takes long
	for {
		did, err := d.Erase(t.Context(), "a", o)
		if err != nil {
			t.Fatal(err)
		}
		calls++
		all.Cases += did.Cases
		if o.After = did.Next; did.Next == "" || calls > 100 {
			break
		}
		if calls == 2 {
			o.After = "" // begun again
		}
	}
	if all.Cases != n || calls < 3 {
		t.Errorf("%d cases in %d calls", all.Cases, calls)
	}
	if strings.Contains(everything(t, d), "anna@") {
		t.Error("she is left")
	}
}

// An erased record is read as it was written then, byte for byte, and one of before has no such field.
func TestErasedRowsStayReadable(t *testing.T) {
	var m casework.Mail
	if err := json.Unmarshal([]byte(`{"raw":{"size":7,"sha256":"ab","blob":true}}`), &m); err != nil || !m.Raw.Erased.IsZero() || !m.Raw.Blob {
		t.Errorf("%+v, %v", m.Raw, err)
	}
	if err := json.Unmarshal([]byte(`{"raw":{"size":7,"sha256":"","blob":false,"erased":"2026-11-24T12:00:00Z"}}`), &m); err != nil || m.Raw.Erased.Year() != 2026 {
		t.Errorf("%+v, %v", m.Raw, err)
	}
}
