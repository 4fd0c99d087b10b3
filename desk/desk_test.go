package desk_test

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"smartmail/blobstore/files"
	"smartmail/casestore"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/search"
	"smartmail/threading"
)

var eva = casework.Actor{Via: casework.ViaAPI, Name: "Eva"}

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// open returns a desk over real stores in dir.
func open(t *testing.T, dir string) (*desk.Desk, *clock) {
	t.Helper()
	store, err := boltstore.Open(filepath.Join(dir, "t.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	blobs, err := files.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{now: time.Now()}
	keys := threading.NewKeyring(c.Now)
	d := desk.New(desk.Options{
		Store: store, Blobs: blobs, Keys: keys, Orgs: []casework.OrgID{"a", "b"}, Now: c.Now,
		Router: threading.NewRouter(keys, "", []threading.Organisation{{ID: "a", Domain: "a.example"}, {ID: "b", Domain: "b.example"}}),
	})
	if err := d.LoadKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d, c
}

func newCase(t *testing.T, d *desk.Desk, subject string) casework.Case {
	t.Helper()
	c, err := d.Open(t.Context(), "a", casework.Open{Subject: subject, Reporter: &casework.Reporter{Email: "anna@home.example"}}, eva)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Cases are numbered without gaps, also when many are opened at once and some opening fails.
func TestNumbersHaveNoGaps(t *testing.T) {
	d, _ := open(t, t.TempDir())
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			cmd := casework.Open{Subject: "x"}
			if i%4 == 0 {
				cmd.Reporter = &casework.Reporter{Email: "no address"}
			}
			_, err := d.Open(t.Context(), "a", cmd, eva)
			if (err != nil) != (i%4 == 0) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	v, err := d.Verify(t.Context(), func(p string) { t.Error(p) })
	if err != nil || v.Cases != 30 {
		t.Errorf("%d cases, %v; want 30", v.Cases, err)
	}
	if c := newCase(t, d, "next"); c.Number != 31 {
		t.Errorf("the next case is %d, want 31", c.Number)
	}
}

func TestDoRefusesAStaleVersion(t *testing.T) {
	d, _ := open(t, t.TempDir())
	c := newCase(t, d, "Kran")
	class := "VVS"
	after, entries, err := d.Do(t.Context(), "a", c.Number, casework.Edit{Class: &class}, eva, c.Version)
	if err != nil || len(entries) != 1 || after.Version != c.Version+1 {
		t.Fatalf("edit gives version %d, %d entries, %v", after.Version, len(entries), err)
	}
	other := "El"
	if _, _, err := d.Do(t.Context(), "a", c.Number, casework.Edit{Class: &other}, eva, c.Version); !fault.Is(err, fault.Conflict) {
		t.Errorf("a stale edit gives %v", err)
	}
	if same, entries, err := d.Do(t.Context(), "a", c.Number, casework.Edit{Class: &class}, eva, 0); err != nil || len(entries) != 0 || same.Version != after.Version {
		t.Errorf("an edit that changes nothing gives version %d, %d entries, %v", same.Version, len(entries), err)
	}
	if _, _, err := d.Do(t.Context(), "a", 99, casework.Edit{Class: &class}, eva, 0); !fault.Is(err, fault.NotFound) {
		t.Errorf("no such case gives %v", err)
	}
	if _, err := d.Case(t.Context(), "b", c.Number); !fault.Is(err, fault.NotFound) {
		t.Errorf("another organisation sees the case: %v", err)
	}
}

// What goes out is signed, and written with what caused it.
func TestOutboxIsSigned(t *testing.T) {
	d, _ := open(t, t.TempDir())
	c := newCase(t, d, "Kran")
	_, entries, err := d.Do(t.Context(), "a", c.Number, casework.Post{Lane: "customer", Text: "Vi kommer"}, eva, 0)
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.OutboxPage(t.Context(), "a", casework.Queued, nil, 10)
	if err != nil || len(out.Items) != 1 {
		t.Fatalf("outbox has %d rows, %v", len(out.Items), err)
	}
	o := out.Items[0]
	if o.Entry != entries[0].ID || o.To.Email != "anna@home.example" {
		t.Errorf("row is %+v", o)
	}
	if tok, ok := d.Router.Own("a", o.MessageID); !ok || tok.Kind != threading.MessageToken || tok.Unique != string(o.ID) {
		t.Errorf("Message-ID %q proves %+v, %v", o.MessageID, tok, ok)
	}
	for addr, kind := range map[string]threading.RouteKind{o.ReplyTo: threading.ToCase, o.ReturnPath: threading.ToBounce} {
		if r, err := d.Router.Route(addr); err != nil || r.Kind != kind || r.Token.Participant != 1 {
			t.Errorf("%q leads to %+v, %v", addr, r, err)
		}
	}
}

func TestListsPageWithoutLossOrDoubles(t *testing.T) {
	d, c := open(t, t.TempDir())
	for range 23 {
		newCase(t, d, "Kran i köket")
		c.forward(time.Second)
	}
	newCase(t, d, "Lampa")
	for name, f := range map[string]search.Query{
		"newest first": {Text: "KRAN"}, "oldest first": {Text: "kran", Oldest: true}, "by number": {Text: "köket", ByNumber: true, Oldest: true}, "by number, backwards": {Text: "kran", ByNumber: true},
	} {
		seen := map[casework.CaseNumber]bool{}
		var after casestore.Key
		pages := 0
		for {
			p, err := d.Cases(t.Context(), "a", desk.CaseFilter{Query: f}, after, 5)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range p.Items {
				if seen[c.Number] {
					t.Errorf("%s: case %d twice", name, c.Number)
				}
				seen[c.Number] = true
			}
			if pages++; p.Next == nil || pages > 10 {
				break
			}
			after = p.Next
		}
		if len(seen) != 23 || pages != 5 {
			t.Errorf("%s: %d cases on %d pages, want 23 on 5", name, len(seen), pages)
		}
	}
	if p, err := d.Cases(t.Context(), "a", desk.CaseFilter{Query: search.Query{Where: []search.Condition{{Field: search.Status, Values: []string{"closed"}}}}}, nil, 5); err != nil || len(p.Items) != 0 || p.Next != nil {
		t.Errorf("closed cases: %+v, %v", p, err)
	}
}

func TestFilesAreKeptOrSwept(t *testing.T) {
	d, c := open(t, t.TempDir())
	cs := newCase(t, d, "Kran")
	kept, err := d.KeepFile(t.Context(), "a", "../../etc/ritning.pdf", "application/pdf", []byte("%PDF"))
	if err != nil || strings.ContainsAny(kept.Name, `/\`) {
		t.Fatalf("file is %+v, %v", kept, err)
	}
	lost, err := d.KeepFile(t.Context(), "a", "x", "text/plain", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Do(t.Context(), "a", cs.Number, casework.Post{Lane: "customer", Files: []casework.File{kept}}, eva, 0); err != nil {
		t.Fatal(err)
	}
	c.forward(2 * time.Hour)
	if n, err := d.Sweep(t.Context()); err != nil || n != 1 {
		t.Errorf("swept %d, %v; want 1", n, err)
	}
	if _, _, err := d.OpenAttachment(t.Context(), "a", lost.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("the swept file gives %v", err)
	}
	a, r, err := d.OpenAttachment(t.Context(), "a", kept.ID)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || string(b) != "%PDF" || a.Type != "application/pdf" {
		t.Errorf("file is %q of %+v, %v", b, a, err)
	}
	for _, id := range []string{"", "-", "x", "x-0", "x-y", "-0", "f", "../a-0", kept.ID + "-0"} {
		if _, _, err := d.OpenAttachment(t.Context(), "a", id); !fault.Is(err, fault.NotFound) {
			t.Errorf("attachment %q gives %v", id, err)
		}
	}
	if _, _, err := d.OpenAttachment(t.Context(), "b", kept.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("another organisation gets the file: %v", err)
	}
}

// The keys outlive the process: an address that was given out stays good.
func TestKeysSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	d, _ := open(t, dir)
	addr, err := d.Router.Address("a", 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Store.Close(); err != nil {
		t.Fatal(err)
	}
	again, _ := open(t, dir)
	if _, err := again.Router.Route(addr); err != nil {
		t.Errorf("after a restart the address gives %v", err)
	}
	if err := again.Ready(t.Context()); err != nil {
		t.Errorf("not ready: %v", err)
	}
}
