package desk

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/message"
	"smartmail/threading"
)

// Delivery is one mail for the recipients of one organisation.
type Delivery struct {
	Mail   casework.Mail // without id and places
	Raw    message.Raw
	Routes []threading.Route
	Policy threading.Policy
}

// Placed tells where a mail lies for some of its recipients.
type Placed struct {
	Org casework.OrgID
	casework.Place
}

// Receive puts a mail where it belongs in every organisation that it is addressed to, in one transaction, and returns
// when that is durable. The same mail again gives the same places and changes nothing.
func (d *Desk) Receive(ctx context.Context, deliveries []Delivery) ([]Placed, error) {
	for i := range deliveries {
		if err := d.keepRaw(ctx, &deliveries[i]); err != nil {
			return nil, err
		}
	}
	var (
		placed []Placed
		stored map[casework.MailID]bool
	)
	err := d.Store.Update(ctx, func(tx casestore.Tx) error {
		placed, stored = nil, map[casework.MailID]bool{}
		for _, del := range deliveries {
			m, places, err := d.receive(tx, del)
			if err != nil {
				return fmt.Errorf("receive: %w", err)
			}
			stored[m.ID] = true
			for _, p := range places {
				placed = append(placed, Placed{Org: m.Org, Place: p})
			}
		}
		return nil
	})
	d.dropUnused(ctx, deliveries, stored)
	return placed, err
}

// Again returns where a mail that is stored already lies for these recipients; ok is false when any of them is new to it.
func (d *Desk) Again(ctx context.Context, deliveries []Delivery) (placed []Placed, ok bool, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		placed, ok = nil, true
		for _, del := range deliveries {
			m, err := casestore.Mails.Find(tx, "by_identity", casestore.IdentityKey(del.Mail.Org, del.Mail.Identity))
			if fault.Is(err, fault.NotFound) {
				ok = false
				return nil
			}
			if err != nil {
				return err
			}
			places, unplaced := placesOf(m, del.Routes)
			if len(unplaced) > 0 {
				ok = false
				return nil
			}
			for _, p := range places {
				placed = append(placed, Placed{Org: m.Org, Place: p})
			}
		}
		return nil
	})
	return placed, ok, err
}

// placesOf tells where a mail lies for the routes' recipients, and which of them are new to it.
func placesOf(m casework.Mail, routes []threading.Route) (places []casework.Place, unplaced []threading.Route) {
	for _, r := range routes {
		if i := placeOf(m, r.Address); i >= 0 {
			places = addPlace(places, m.Places[i])
		} else {
			unplaced = append(unplaced, r)
		}
	}
	return places, unplaced
}

// keepRaw gives the mail an id and puts a big one into the blob store, before any row names it.
func (d *Desk) keepRaw(ctx context.Context, del *Delivery) error {
	id, err := newID[casework.MailID](d, del.Mail.At)
	if err != nil {
		return err
	}
	del.Mail.ID = id
	if del.Raw.Size() <= d.Inline {
		return nil
	}
	known := false // a big mail that is here already need not be written once more
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		_, err := casestore.Mails.Find(tx, "by_identity", casestore.IdentityKey(del.Mail.Org, del.Mail.Identity))
		known = err == nil
		return ignoreNotFound(err)
	})
	if err != nil || known {
		return err
	}
	del.Mail.Raw.Blob = true
	if err := d.Blobs.Put(ctx, string(del.Mail.Org), string(id), del.Raw); err != nil {
		return fmt.Errorf("keep raw mail: %w", err)
	}
	return nil
}

// dropUnused removes blobs that no row came to name. What it fails to remove the sweep finds later.
func (d *Desk) dropUnused(ctx context.Context, deliveries []Delivery, stored map[casework.MailID]bool) {
	for _, del := range deliveries {
		if del.Mail.Raw.Blob && !stored[del.Mail.ID] {
			if err := d.Blobs.Delete(context.WithoutCancel(ctx), string(del.Mail.Org), string(del.Mail.ID)); err != nil {
				d.Log.Warn("orphaned blob stays for the sweep", "org", del.Mail.Org, "err", err)
			}
		}
	}
}

func ignoreNotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// receive is Receive for one organisation, inside the transaction.
func (d *Desk) receive(tx casestore.Tx, del Delivery) (casework.Mail, []casework.Place, error) {
	m, err := casestore.Mails.Find(tx, "by_identity", casestore.IdentityKey(del.Mail.Org, del.Mail.Identity))
	isNew := fault.Is(err, fault.NotFound)
	switch {
	case isNew:
		m = del.Mail
		if !m.Raw.Blob {
			if err := d.putRaw(tx, m, del.Raw); err != nil {
				return m, nil, err
			}
		}
	case err != nil:
		return m, nil, err
	}

	places, routes := placesOf(m, del.Routes)
	if len(routes) == 0 {
		return m, places, nil
	}
	// What a scanner found when the mail first came counts for later recipients, and what it knows by now as well.
	found, err := threading.Resolve(threading.Mail{
		Org: m.Org, Content: m.Content, Auth: m.Auth, Routes: routes, At: del.Mail.At, Policy: del.Policy,
		Hold: cmp.Or(m.Scan.Hold(), del.Mail.Scan.Hold()),
	}, d.Router, lookup{tx, m.Org})
	if err != nil {
		return m, nil, err
	}
	for _, p := range found {
		place, err := d.place(tx, &m, p, isNew, del.Policy.Rights)
		if err != nil {
			return m, nil, err
		}
		places = addPlace(places, place)
	}
	return m, places, casestore.Mails.Put(tx, &m)
}

func (d *Desk) putRaw(tx casestore.Tx, m casework.Mail, raw message.Raw) error {
	b := make([]byte, raw.Size())
	if n, err := raw.ReadAt(b, 0); n != len(b) {
		return fmt.Errorf("read raw mail: %w", err)
	}
	return casestore.Raws.Put(tx, &casework.RawMail{Org: m.Org, ID: m.ID, Bytes: b})
}

// placeOf finds where the mail lies for a recipient, or -1.
func placeOf(m casework.Mail, rcpt string) int {
	return slices.IndexFunc(m.Places, func(p casework.Place) bool {
		return slices.ContainsFunc(p.Rcpt, func(r string) bool { return casework.Address(r) == casework.Address(rcpt) })
	})
}

func addPlace(places []casework.Place, p casework.Place) []casework.Place {
	if slices.ContainsFunc(places, func(q casework.Place) bool {
		return q.Case == p.Case && q.Entry == p.Entry && q.Triage == p.Triage
	}) {
		return places
	}
	return append(places, p)
}

// place carries out one placement and notes it on the mail.
func (d *Desk) place(tx casestore.Tx, m *casework.Mail, p threading.Placement, isNew bool, rights casework.Rights) (casework.Place, error) {
	// The same mail to a further address of ours adds the recipient, not an entry.
	for i := range m.Places {
		again := p.Target == threading.OnCase && m.Places[i].Case == p.Case ||
			p.Target != threading.OnCase && !isNew
		if again {
			m.Places[i].Rcpt = append(m.Places[i].Rcpt, p.Rcpt...)
			return m.Places[i], nil
		}
	}
	var (
		place casework.Place
		err   error
	)
	switch p.Target {
	case threading.OnCase:
		place, err = d.placeOnCase(tx, *m, p, rights)
	case threading.NewCase:
		place, err = d.placeOnNewCase(tx, *m, p, rights)
	default:
		place, err = d.placeInTriage(tx, *m, p, casework.Place{})
	}
	if err != nil {
		return place, err
	}
	place.Rcpt = p.Rcpt
	m.Places = append(m.Places, place)
	return place, nil
}

// author is the actor of a mail: who it says it is from; Sender tells what that is worth.
func author(m casework.Mail) casework.Actor {
	return casework.Actor{Via: casework.ViaMail, Name: m.Content.From.Name, Mail: m.Content.From.Email}
}

func received(m casework.Mail, p threading.Placement, lane casework.LaneID, rights casework.Rights) casework.ReceiveMail {
	return casework.ReceiveMail{
		Lane: lane, Class: m.Content.Class, Rights: rights,
		MailIn: casework.MailIn{
			Mail: m.ID, Sender: p.Sender, Participant: p.Participant, Matched: p.Matched, SuggestSplit: p.Split,
			Held: p.Held, Marks: threading.Marks(m.Content),
		},
	}
}

func (d *Desk) placeOnCase(tx casestore.Tx, m casework.Mail, p threading.Placement, rights casework.Rights) (casework.Place, error) {
	c, err := casestore.Cases.Get(tx, casestore.CaseKey(m.Org, p.Case))
	if err != nil {
		return casework.Place{}, caseError(p.Case, err)
	}
	if p.Held && len(c.Held) >= casework.MaxHeld {
		return d.placeInTriage(tx, m, p, casework.Place{})
	}
	_, entries, err := d.act(tx, c, received(m, p, p.Lane, rights), author(m), m.At)
	if err != nil {
		return casework.Place{}, err
	}
	place := casework.Place{Case: p.Case, Entry: entries[0].ID}
	if err := d.remember(tx, m, p.Case, p.Lane, p.Sender); err != nil {
		return place, err
	}
	if p.Why != "" {
		if _, err := d.placeInTriage(tx, m, p, place); err != nil {
			return place, err
		}
	}
	return place, nil
}

func (d *Desk) placeOnNewCase(tx casestore.Tx, m casework.Mail, p threading.Placement, rights casework.Rights) (casework.Place, error) {
	c, err := d.open(tx, m.Org, casework.Open{
		Subject: subject(m), Description: clip(m.Content.FullText, maxDescription), Class: p.Class, Kind: p.Kind, Quiet: true,
		Reporter: &casework.Reporter{Name: m.Content.From.Name, Email: m.Content.From.Email},
	}, author(m), m.At)
	if err != nil {
		return casework.Place{}, err
	}
	lane, no := casework.LaneID(casework.LaneInternal), casework.ParticipantNo(0)
	if writer, l, ok := c.ParticipantByMail(m.Content.From.Email); ok {
		lane, no = l, writer.No
	}
	p.Participant = no
	c, entries, err := d.act(tx, c, received(m, p, lane, rights), author(m), m.At)
	if err != nil {
		return casework.Place{}, err
	}
	if err := d.remember(tx, m, c.Number, lane, p.Sender); err != nil {
		return casework.Place{}, err
	}
	if p.Continues != 0 {
		if err := d.link(tx, c, p.Continues, m.At); err != nil {
			return casework.Place{}, err
		}
	}
	return casework.Place{Case: c.Number, Entry: entries[0].ID}, nil
}

// link ties a new case and the closed one that it continues, both ways.
func (d *Desk) link(tx casestore.Tx, c casework.Case, old casework.CaseNumber, at time.Time) error {
	rule := casework.Actor{Via: casework.ViaRule, Name: "late reply"}
	const why = "mail for a case that was closed too long ago"
	if _, _, err := d.act(tx, c, casework.LinkTo{Link: casework.Link{Kind: "continues", Case: old}, Why: why}, rule, at); err != nil {
		return err
	}
	closed, err := casestore.Cases.Get(tx, casestore.CaseKey(c.Org, old))
	if err != nil {
		return caseError(old, err)
	}
	_, _, err = d.act(tx, closed, casework.LinkTo{Link: casework.Link{Kind: "continued_by", Case: c.Number}, Why: why}, rule, at)
	return err
}

// placeInTriage puts the mail before a person; where it lies already as a held entry, beside that.
func (d *Desk) placeInTriage(tx casestore.Tx, m casework.Mail, p threading.Placement, at casework.Place) (casework.Place, error) {
	id, err := newID[casework.TriageID](d, m.At)
	if err != nil {
		return casework.Place{}, err
	}
	if p.Case == 0 {
		p.Case = p.Matched.Suggest
	}
	item := casework.TriageItem{
		Org: m.Org, ID: id, At: m.At, Why: p.Why, Mail: m.ID, Sender: p.Sender, Matched: p.Matched,
		Case: p.Case, Lane: p.Lane, Entry: at.Entry, Participant: p.Participant, State: casework.TriageOpen,
	}
	return casework.Place{Triage: id}, casestore.Triage.Put(tx, &item)
}

// Limits of what a case takes over from the mail that opens it, in bytes.
const (
	maxDescription = 4000
	noSubject      = "(no subject)"
)

func subject(m casework.Mail) string {
	if s := clip(m.Content.Subject, 900); s != "" {
		return s
	}
	return noSubject
}

// clip cuts a text at a rune's boundary.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return string(bytes.ToValidUTF8([]byte(s[:limit]), nil))
}

// maxPeople bounds how many addresses are remembered with a Message-ID.
const maxPeople = 100

// remember notes every Message-ID that the mail bears or names, so that an answer to any copy finds this case: mail programs
// drop and overwrite References, and colleagues answer mails that never passed through us.
func (d *Desk) remember(tx casestore.Tx, m casework.Mail, c casework.CaseNumber, lane casework.LaneID, sender casework.Sender) error {
	var people []string
	if sender != casework.Unconfirmed { // whoever found an address of ours must not invite others with it
		people = peopleOf(m.Content)
	}
	ids := append(slices.Clone(m.Content.References), m.Content.InReplyTo...)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if i := slices.Index(ids, m.Content.MessageID); i >= 0 {
		ids = slices.Delete(ids, i, i+1)
	}
	if m.Content.MessageID != "" {
		ids = append(ids, m.Content.MessageID)
	}
	for _, id := range ids {
		if _, ours := d.Router.Own(m.Org, id); ours {
			continue // it proves itself
		}
		ref := casework.Reference{Org: m.Org, MessageID: id, Case: c, Lane: lane, At: m.At}
		key := casestore.ReferencesOf(m.Org, id).Uint(uint64(c)).Str(string(lane))
		old, err := casestore.References.Get(tx, key)
		switch {
		case err == nil:
			ref = old
		case !fault.Is(err, fault.NotFound):
			return err
		}
		before := len(ref.People)
		for _, a := range people {
			if len(ref.People) < maxPeople && !slices.Contains(ref.People, a) {
				ref.People = append(ref.People, a)
			}
		}
		bears := id == m.Content.MessageID
		if ref.Version != 0 && len(ref.People) == before && ref.Received == (ref.Received || bears) {
			continue
		}
		ref.Received = ref.Received || bears
		if err := casestore.References.Put(tx, &ref); err != nil {
			return err
		}
	}
	return nil
}

func peopleOf(c message.Content) []string {
	people := []string{casework.Address(c.From.Email)}
	for _, list := range [][]message.Mailbox{c.To, c.Cc} {
		for _, mb := range list {
			if a := casework.Address(mb.Email); a != "" && len(people) < maxPeople && !slices.Contains(people, a) {
				people = append(people, a)
			}
		}
	}
	return people
}

// lookup answers threading's questions from the transaction.
type lookup struct {
	tx  casestore.Tx
	org casework.OrgID
}

func (l lookup) Case(n casework.CaseNumber) (casework.Case, bool, error) {
	c, err := casestore.Cases.Get(l.tx, casestore.CaseKey(l.org, n))
	return c, err == nil, ignoreNotFound(err)
}

// maxCases bounds how many cases one Message-ID may point to.
const maxCases = 20

func (l lookup) References(id string) (refs []casework.Reference, err error) {
	for f, err := range casestore.References.Scan(l.tx, casestore.Query{Prefix: casestore.ReferencesOf(l.org, id), Reverse: true, Limit: maxCases}) {
		if err != nil {
			return nil, err
		}
		refs = append(refs, f.Record)
	}
	return refs, nil
}

func (l lookup) KnownAddress(email string) (bool, error) {
	if trusted, err := casestore.Parties.Has(l.tx, casestore.PartyKey(l.org, email)); trusted || err != nil {
		return trusted, err
	}
	for _, err := range casestore.Cases.Scan(l.tx, casestore.Query{Index: "by_mail", Prefix: casestore.K(string(l.org)).Str(email), Limit: 1}) {
		return err == nil, err
	}
	return false, nil
}

func (l lookup) SpeaksFor(email string) ([]string, error) {
	p, err := casestore.Parties.Get(l.tx, casestore.PartyKey(l.org, email))
	return p.SpeaksFor, ignoreNotFound(err)
}

// maxRecent bounds how many of a sender's cases are looked at for one of the same subject.
const maxRecent = 10

func (l lookup) Recent(email string) (cases []casework.Case, err error) {
	q := casestore.Query{Index: "by_mail", Prefix: casestore.K(string(l.org)).Str(email), Reverse: true, Limit: maxRecent}
	for f, err := range casestore.Cases.Scan(l.tx, q) {
		if err != nil {
			return nil, err
		}
		cases = append(cases, f.Record)
	}
	return cases, nil
}
