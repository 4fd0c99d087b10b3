package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"

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
	err := d.update(ctx, func(tx casestore.Tx) error {
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

// Again returns where a mail that is stored already lies for these recipients; ok is false when any of them is new to it,
// or when this copy proves what the stored one did not.
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
			if len(unplaced) > 0 || provesMore(m, del.Mail) {
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
				d.Log.WarnContext(ctx, "orphaned blob stays for the sweep", "org", del.Mail.Org, "err", err)
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
	default:
		if err := d.vouch(tx, m, del); err != nil {
			return m, nil, err
		}
	}

	places, routes := placesOf(m, del.Routes)
	if len(routes) == 0 {
		return m, places, nil
	}
	about, err := d.bounces(tx, m, routes)
	if err != nil {
		return m, nil, err
	}
	// What a scanner found when the mail first came counts for later recipients, and what it knows by now as well.
	start := d.Now()
	found, err := threading.Resolve(threading.Mail{
		Org: m.Org, Content: m.Content, Auth: better(m, del.Mail), Routes: routes, At: del.Mail.At, Policy: del.Policy,
		Hold: cmp.Or(m.Scan.Hold(), del.Mail.Scan.Hold()), Known: len(about) > 0,
	}, d.Router, lookup{tx, m.Org})
	d.Resolved(d.Now().Sub(start))
	if err != nil {
		return m, nil, err
	}
	first := slices.IndexFunc(found, func(p threading.Placement) bool { return p.Target == threading.OnCase || p.Target == threading.NewCase })
	if isNew && first >= 0 && found[first].Target == threading.OnCase {
		if err := d.readAnswer(tx, &m.Content, m.Org, found[first].Case, found[first].Lane, nil); err != nil {
			return m, nil, err
		}
	}
	for _, p := range found {
		place, err := d.place(tx, &m, p, isNew, del.Policy.Rights)
		if err != nil {
			return m, nil, err
		}
		places = addPlace(places, place)
	}
	for _, f := range about {
		if err := d.noteBounce(tx, f, m.At); err != nil {
			return m, nil, err
		}
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
