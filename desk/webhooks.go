package desk

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"iter"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

const noWebhook = "there is no such webhook"

// CreateWebhook makes a webhook that is told of what happens from now on. Errors: fault.Invalid, Conflict.
func (d *Desk) CreateWebhook(ctx context.Context, w casework.Webhook, by casework.Actor) (casework.Webhook, error) {
	if err := cmp.Or(w.Check(), w.CheckKinds()); err != nil {
		return w, err
	}
	var secret [32]byte
	if _, err := io.ReadFull(d.Chance, secret[:]); err != nil {
		return w, fmt.Errorf("create webhook: %w", err)
	}
	id, err := newID[string](d, d.Now())
	if err != nil {
		return w, err
	}
	made := casework.Webhook{ID: id, Org: w.Org, URL: w.URL, Kinds: w.Kinds, Secret: "whsec_" + base64.StdEncoding.EncodeToString(secret[:]), CreatedAt: d.Now(), CreatedBy: by}
	err = d.Store.Update(ctx, func(tx casestore.Tx) error {
		n := 0
		for _, err := range casestore.Webhooks.Scan(tx, casestore.Query{Prefix: casestore.K(string(w.Org))}) {
			if err != nil {
				return err
			}
			if n++; n >= casework.MaxWebhooks {
				return fault.New(fault.Conflict, fmt.Sprintf("there are %d webhooks already", n))
			}
		}
		for f, err := range casestore.Log.Scan(tx, casestore.Query{Prefix: casestore.K(string(w.Org)), Reverse: true, Limit: 1}) {
			if err != nil {
				return err
			}
			made.Seq = f.Record.Seq
		}
		row := made
		return casestore.Webhooks.Put(tx, &row)
	})
	return made, err
}

// Webhooks lists an organisation's webhooks.
func (d *Desk) Webhooks(ctx context.Context, org casework.OrgID, after casestore.Key, limit int) (Page[casework.Webhook], error) {
	return page(ctx, d, limit, func(tx casestore.Tx) iter.Seq2[casestore.Found[casework.Webhook], error] {
		return casestore.Webhooks.Scan(tx, casestore.Query{Prefix: casestore.K(string(org)), After: after})
	}, func(_ casestore.Tx, w casework.Webhook) (casework.Webhook, bool, error) { return w, true, nil })
}

// Webhook returns one. Errors: fault.NotFound.
func (d *Desk) Webhook(ctx context.Context, org casework.OrgID, id string) (w casework.Webhook, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		w, err = casestore.Webhooks.Get(tx, casestore.WebhookKey(org, id))
		return renamed(err, noWebhook)
	})
	return w, err
}

// ChangeWebhook changes one as it is at that moment. Errors: fault.NotFound.
func (d *Desk) ChangeWebhook(ctx context.Context, org casework.OrgID, id string, change func(*casework.Webhook)) (w casework.Webhook, err error) {
	err = d.update(ctx, func(tx casestore.Tx) error {
		if w, err = casestore.Webhooks.Get(tx, casestore.WebhookKey(org, id)); err != nil {
			return renamed(err, noWebhook)
		}
		change(&w)
		row := w
		return casestore.Webhooks.Put(tx, &row)
	})
	return w, err
}

// EditWebhook changes one as a person wants it. expect is the edition that he saw, counted from 1, or 0 for whichever is there. Errors:
// fault.NotFound, Conflict, Invalid.
func (d *Desk) EditWebhook(ctx context.Context, org casework.OrgID, id string, e casework.WebhookEdit, expect uint64) (w casework.Webhook, err error) {
	err = d.update(ctx, func(tx casestore.Tx) error {
		if w, err = casestore.Webhooks.Get(tx, casestore.WebhookKey(org, id)); err != nil {
			return renamed(err, noWebhook)
		}
		if expect != 0 && expect != w.Edition+1 {
			return fault.New(fault.Conflict, "the webhook has changed meanwhile")
		}
		if w, err = w.Edit(e); err != nil {
			return err
		}
		row := w
		return casestore.Webhooks.Put(tx, &row)
	})
	if err == nil && d.Logged != nil {
		d.Logged() // what it has not heard yet it hears at once
	}
	return w, err
}

// ReplayWebhook tells it again what happened after an event, and enables it. Errors: fault.NotFound.
func (d *Desk) ReplayWebhook(ctx context.Context, org casework.OrgID, id string, after uint64) (casework.Webhook, error) {
	w, err := d.ChangeWebhook(ctx, org, id, func(w *casework.Webhook) { w.From(after) })
	if err == nil && d.Logged != nil {
		d.Logged()
	}
	return w, err
}

// RemoveWebhook ends one. Errors: fault.NotFound.
func (d *Desk) RemoveWebhook(ctx context.Context, org casework.OrgID, id string) (w casework.Webhook, err error) {
	err = d.Store.Update(ctx, func(tx casestore.Tx) error {
		if w, err = casestore.Webhooks.Get(tx, casestore.WebhookKey(org, id)); err != nil {
			return renamed(err, noWebhook)
		}
		row := w
		return casestore.Webhooks.Delete(tx, &row)
	})
	return w, err
}

// webhooks adds those that are disabled. There are few webhooks at most.
func (g *gathering) webhooks() error {
	for f, err := range casestore.Webhooks.Scan(g.tx, casestore.Query{Prefix: casestore.K(string(g.org))}) {
		if err != nil {
			return err
		}
		w := f.Record
		a, ok := w.Waits()
		if !ok {
			continue
		}
		if place := casestore.TodoPlace(nil, a.Since, string(a.Entry)); bytes.Compare(place, g.after) > 0 {
			g.found = append(g.found, placed{Todo{Attention: a, Urgency: g.urgency, Webhook: &w}, place})
		}
	}
	g.cut()
	return nil
}

// webhooks lets through who administers the organisation and may see its log.
func (g *Guarded) webhooks() error {
	if err := g.need(access.Events); err != nil {
		return err
	}
	return g.need(access.Administer)
}

// CreateWebhook is Desk.CreateWebhook.
func (g *Guarded) CreateWebhook(ctx context.Context, w casework.Webhook, by casework.Actor) (casework.Webhook, error) {
	if err := g.webhooks(); err != nil {
		return casework.Webhook{}, err
	}
	return g.desk.CreateWebhook(ctx, w, by)
}

// Webhooks is Desk.Webhooks.
func (g *Guarded) Webhooks(ctx context.Context, org casework.OrgID, after casestore.Key, limit int) (Page[casework.Webhook], error) {
	if err := g.webhooks(); err != nil {
		return Page[casework.Webhook]{}, err
	}
	return g.desk.Webhooks(ctx, org, after, limit)
}

// Webhook is Desk.Webhook.
func (g *Guarded) Webhook(ctx context.Context, org casework.OrgID, id string) (casework.Webhook, error) {
	if err := g.webhooks(); err != nil {
		return casework.Webhook{}, err
	}
	return g.desk.Webhook(ctx, org, id)
}

// EditWebhook is Desk.EditWebhook.
func (g *Guarded) EditWebhook(ctx context.Context, org casework.OrgID, id string, e casework.WebhookEdit, expect uint64) (casework.Webhook, error) {
	if err := g.webhooks(); err != nil {
		return casework.Webhook{}, err
	}
	return g.desk.EditWebhook(ctx, org, id, e, expect)
}

// ReplayWebhook is Desk.ReplayWebhook.
func (g *Guarded) ReplayWebhook(ctx context.Context, org casework.OrgID, id string, after uint64) (casework.Webhook, error) {
	if err := g.webhooks(); err != nil {
		return casework.Webhook{}, err
	}
	return g.desk.ReplayWebhook(ctx, org, id, after)
}

// RemoveWebhook is Desk.RemoveWebhook.
func (g *Guarded) RemoveWebhook(ctx context.Context, org casework.OrgID, id string) (casework.Webhook, error) {
	if err := g.webhooks(); err != nil {
		return casework.Webhook{}, err
	}
	return g.desk.RemoveWebhook(ctx, org, id)
}
