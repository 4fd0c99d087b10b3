package fill_test

import (
	"bytes"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"smartmail/bench/fill"
	"smartmail/blobstore/files"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/mailauth/verdict"
	"smartmail/message"
	"smartmail/threading"
)

const org casework.OrgID = "house"

// A filled store is one that the program could have written: verify finds nothing, and an answer to an old case stands on it.
func TestTalk(t *testing.T) {
	dir := t.TempDir()
	store, err := boltstore.Open(filepath.Join(dir, "smartmail.db"), boltstore.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	blobs, err := files.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	keys := threading.NewKeyring(time.Now)
	if err := fill.Keys(t.Context(), store, org, keys); err == nil {
		t.Error("a store without keys has some")
	}
	router := threading.NewRouter(keys, "mx.example", []threading.Organisation{{ID: org, Domain: "case.example"}})
	d := desk.New(desk.Options{Store: store, Blobs: blobs, Keys: keys, Router: router, Orgs: []casework.OrgID{org}, Log: slog.New(slog.DiscardHandler)})
	if err := d.LoadKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	const cases, talked = 40, 10
	g := fill.New(fill.Options{Org: org, Seed: 1, Cases: cases, Talk: &fill.Talk{Router: router, Hostname: "mx.example", Messages: talked, Open: 8}})
	if err := g.Fill(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	v, err := d.Verify(t.Context(), func(problem string) { t.Error(problem) })
	if err != nil || v.Cases != cases || v.Mails != cases*talked*3/10 || v.Entries < cases*(talked+1) {
		t.Errorf("%+v, %v", v, err)
	}

	old := g.Old(rand.New(rand.NewPCG(1, 1)))
	address, err := g.Address(old)
	if err != nil {
		t.Fatal(err)
	}
	route, err := router.Route(address)
	if err != nil {
		t.Fatal(err)
	}
	from := g.Reporter(old).Email
	placed, err := d.Receive(t.Context(), []desk.Delivery{{
		Mail: casework.Mail{Org: org, At: g.End(), Identity: bytes.Repeat([]byte{7}, 32), Envelope: message.Envelope{ReversePath: from, Recipients: []string{address}},
			Auth:    verdict.Verdict{From: from, DMARC: verdict.DMARC{Result: verdict.Pass}},
			Content: message.Content{From: message.Mailbox{Email: from}, MessageID: "new@home.example", Text: "Det droppar igen.", FullText: "Det droppar igen.", Class: message.Personal}},
		Raw: message.InMemory([]byte("Subject: SV\r\n\r\n")), Routes: []threading.Route{route},
	}})
	if err != nil || len(placed) != 1 || placed[0].Case != old {
		t.Fatalf("an answer to case %d is placed at %+v, %v", old, placed, err)
	}
	e, err := d.Entry(t.Context(), org, placed[0].Entry)
	if err != nil || e.MailIn == nil || e.MailIn.Sender != casework.Verified {
		t.Errorf("%+v, %v", e.MailIn, err)
	}
}
