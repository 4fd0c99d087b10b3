package desk

import (
	"context"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
)

// What is about the organisation, and not about one case.

// TriageQueue is Desk.TriageQueue.
func (g *Guarded) TriageQueue(ctx context.Context, org casework.OrgID, state casework.TriageState, after casestore.Key, limit int) (Page[TriageView], error) {
	if err := g.need(access.Triage); err != nil {
		return Page[TriageView]{}, err
	}
	return g.desk.TriageQueue(ctx, org, state, after, limit)
}

// TriageItem is Desk.TriageItem.
func (g *Guarded) TriageItem(ctx context.Context, org casework.OrgID, id casework.TriageID) (TriageView, error) {
	if err := g.need(access.Triage); err != nil {
		return TriageView{}, err
	}
	return g.desk.TriageItem(ctx, org, id)
}

// Triage is Desk.Triage.
func (g *Guarded) Triage(ctx context.Context, org casework.OrgID, id casework.TriageID, o TriageOrder) (TriageView, error) {
	if err := g.need(access.Triage); err != nil {
		return TriageView{}, err
	}
	return g.desk.Triage(ctx, org, id, o)
}

// OutboxPage is Desk.OutboxPage.
func (g *Guarded) OutboxPage(ctx context.Context, org casework.OrgID, state casework.OutboxState, after casestore.Key, limit int) (Page[casework.OutboxItem], error) {
	if err := g.need(access.Outbox); err != nil {
		return Page[casework.OutboxItem]{}, err
	}
	return g.desk.OutboxPage(ctx, org, state, after, limit)
}

// SMSPage is Desk.SMSPage.
func (g *Guarded) SMSPage(ctx context.Context, org casework.OrgID, state casework.SMSState, after casestore.Key, limit int) (Page[casework.SMS], error) {
	if err := g.need(access.Outbox); err != nil {
		return Page[casework.SMS]{}, err
	}
	return g.desk.SMSPage(ctx, org, state, after, limit)
}

// Suspensions is Desk.Suspensions.
func (g *Guarded) Suspensions(ctx context.Context, org casework.OrgID, after casestore.Key, limit int) (Page[casework.Suspension], error) {
	if err := g.need(access.Outbox); err != nil {
		return Page[casework.Suspension]{}, err
	}
	return g.desk.Suspensions(ctx, org, after, limit)
}

// LiftSuspension is Desk.LiftSuspension.
func (g *Guarded) LiftSuspension(ctx context.Context, org casework.OrgID, email string, by casework.Actor) (casework.Suspension, error) {
	if err := g.need(access.Outbox); err != nil {
		return casework.Suspension{}, err
	}
	return g.desk.LiftSuspension(ctx, org, email, by)
}

// Todos is Desk.Todos: of cases that the holder may work on, of triage where he may decide there, of webhooks where they are his
// business.
func (g *Guarded) Todos(ctx context.Context, org casework.OrgID, who string, after casestore.Key, limit int) (Page[Todo], error) {
	if err := g.need(access.EditCases); err != nil {
		return Page[Todo]{}, err
	}
	page, err := g.desk.todos(ctx, org, todoQuery{
		who: who, triage: g.grant.May(access.Triage), retention: g.grant.May(access.Administer), webhooks: g.webhooks() == nil,
		seen: func(tx casestore.Tx, c casework.Case) (bool, error) { return g.sees(tx, access.ReadCases, c) },
	}, after, limit)
	for i, t := range page.Items {
		page.Items[i].Case = g.show(t.Case)
	}
	return page, err
}

// Attend is Desk.Attend.
func (g *Guarded) Attend(ctx context.Context, org casework.OrgID, id casework.EntryID, by casework.Actor) (casework.Entry, error) {
	err := g.desk.Store.View(ctx, func(tx casestore.Tx) error {
		_, _, err := g.entry(tx, org, id)
		return err
	})
	if err == nil {
		err = g.need(access.EditCases)
	}
	if err != nil {
		return casework.Entry{}, err
	}
	return g.desk.Attend(ctx, org, id, by)
}

// CreateToken is Desk.CreateToken.
func (g *Guarded) CreateToken(ctx context.Context, t casework.APIToken, by casework.Actor) (casework.APIToken, string, error) {
	if err := g.need(access.Administer); err != nil {
		return casework.APIToken{}, "", err
	}
	return g.desk.CreateToken(ctx, t, by)
}

// Tokens is Desk.Tokens.
func (g *Guarded) Tokens(ctx context.Context, org casework.OrgID, after casestore.Key, limit int) (Page[casework.APIToken], error) {
	if err := g.need(access.Administer); err != nil {
		return Page[casework.APIToken]{}, err
	}
	return g.desk.Tokens(ctx, org, after, limit)
}

// RevokeToken is Desk.RevokeToken.
func (g *Guarded) RevokeToken(ctx context.Context, org casework.OrgID, id string) (casework.APIToken, error) {
	if err := g.need(access.Administer); err != nil {
		return casework.APIToken{}, err
	}
	return g.desk.RevokeToken(ctx, org, id)
}

// Administer reports whether the holder may see and change how the organisation looks and works.
func (g *Guarded) Administer() error { return g.need(access.Administer) }
