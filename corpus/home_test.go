package corpus

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"smartmail/blobstore/files"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/intake"
	"smartmail/mailauth"
	"smartmail/mailauth/verdict"
	"smartmail/message"
	"smartmail/threading"
)

// homeRows send the bounces of the sets home: with an address, a return path and a Message-ID of ours in the place of those that they
// tell of, through the intake to a desk that has sent a message to two people. His mail's fate must change, and no other's.
func homeRows() []row {
	return []row{
		{"bounce: home by its return path", 100, func(t *testing.T) tally { return sendHome(t, false) }},
		{"bounce: home by what it returns", 95, func(t *testing.T) tally { return sendHome(t, true) }},
	}
}

// unproved knows nothing about any sender.
type unproved struct{}

func (unproved) Check(context.Context, mailauth.Input) (verdict.Verdict, error) {
	return verdict.Verdict{DMARC: verdict.DMARC{Result: verdict.None}}, nil
}

const homeIntake = "fel@a.example"

// home is a desk with a real store, and the way of a mail to it.
func home(t *testing.T) (*desk.Desk, *intake.Intake) {
	t.Helper()
	dir := t.TempDir()
	store, err := boltstore.Open(filepath.Join(dir, "t.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	blobs, err := files.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	keys := threading.NewKeyring(time.Now)
	router := threading.NewRouter(keys, "mx.a.example", []threading.Organisation{{ID: "a", Domain: "a.example", Intake: []threading.Intake{{Address: homeIntake}}}})
	d := desk.New(desk.Options{Store: store, Blobs: blobs, Keys: keys, Router: router, Orgs: []casework.OrgID{"a"}})
	if err := d.LoadKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d, intake.New(intake.Options{Hostname: "mx.a.example", Router: router, Auth: unproved{}, Desk: d, Policy: map[casework.OrgID]intake.Policy{"a": {}}})
}

// sent writes to two people on a case of their own, and returns the mail to the first and to the second.
func sent(ctx context.Context, d *desk.Desk, first, second string) (his, other casework.OutboxItem, err error) {
	by := casework.Actor{Via: casework.ViaAPI, Name: "Eva"}
	c, err := d.Open(ctx, "a", casework.Open{Subject: "Kranen", Reporter: &casework.Reporter{Email: first}}, by)
	if err != nil {
		return his, other, err
	}
	if _, _, err = d.Do(ctx, "a", c.Number, casework.AddParticipant{Kind: casework.LaneCustomer, Email: second}, by, 0); err != nil {
		return his, other, err
	}
	_, told, err := d.Do(ctx, "a", c.Number, casework.Post{Lane: casework.LaneID(casework.LaneCustomer), Text: "Vi kommer."}, by, 0)
	if err != nil {
		return his, other, err
	}
	e, err := d.Entry(ctx, "a", told[0].ID)
	if err != nil || len(e.Outgoing) != 2 {
		return his, other, fmt.Errorf("%d mails: %w", len(e.Outgoing), err)
	}
	return e.Outgoing[0], e.Outgoing[1], nil
}

// instead puts ours in the place of what a mail tells of, whatever the case of its letters.
func instead(raw []byte, of, ours string) []byte {
	if of == "" {
		return raw
	}
	return regexp.MustCompile(`(?i)`+regexp.QuoteMeta(of)).ReplaceAllLiteral(raw, []byte(ours))
}

func sendHome(t *testing.T, returned bool) (c tally) {
	d, in := home(t)
	type outcome struct{ name, why string }
	var cases []func(ctx context.Context) outcome
	for _, set := range bounceSets {
		for i, e := range manifest[bounced](t, set) {
			raw := file(t, set, e.File)
			id := strings.Trim(e.MessageID, "<>")
			if !e.is() || len(e.recipients()) == 0 || returned && (id == "" || !bytes.Contains(raw, []byte(id))) {
				continue
			}
			cases = append(cases, func(ctx context.Context) outcome {
				name := set + "/" + e.File
				his, other, err := sent(ctx, d, fmt.Sprintf("anna%d@%s.example", i, set), fmt.Sprintf("bo%d@%s.example", i, set))
				if err != nil {
					return outcome{name, err.Error()}
				}
				mail, to := instead(raw, e.recipients()[0], his.To.Email), his.ReturnPath
				if returned {
					mail, to = instead(mail, id, his.MessageID), homeIntake
				}
				env := message.Envelope{Recipients: []string{to}, Client: netip.MustParseAddr("192.0.2.1"), Helo: "mx.example", Protocol: "ESMTP"}
				if _, err := in.Accept(ctx, env, message.InMemory(mail)); err != nil {
					return outcome{name, err.Error()}
				}
				return outcome{name, cameHome(ctx, d, e, his, other)}
			})
		}
	}
	out := make([]outcome, len(cases))
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(32) // they share commits
	for i, run := range cases {
		g.Go(func() error { out[i] = run(ctx); return nil })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, o := range out {
		c.add(o.name, o.why)
	}
	return c
}

// cameHome says what is wrong with the two mails' fates.
func cameHome(ctx context.Context, d *desk.Desk, e bounced, his, other casework.OutboxItem) string {
	now, err := d.OutboxItem(ctx, "a", his.ID)
	if err != nil {
		return err.Error()
	}
	still, err := d.OutboxItem(ctx, "a", other.ID)
	if err != nil {
		return err.Error()
	}
	permanent, known := e.permanent()
	switch {
	case still.Version != other.Version:
		return "the other's mail is " + string(still.State)
	case now.Version == his.Version:
		return "nothing is noted"
	case known && permanent != (now.State == casework.Bounced):
		return fmt.Sprintf("it is %s, permanent is %v", now.State, permanent)
	}
	return ""
}
