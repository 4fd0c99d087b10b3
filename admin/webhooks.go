package admin

import (
	"context"
	"net/http"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
)

// Webhooks is what the API does with webhooks.
type Webhooks interface {
	CreateWebhook(ctx context.Context, w casework.Webhook, by casework.Actor) (casework.Webhook, error)
	Webhooks(ctx context.Context, org casework.OrgID, after casestore.Key, limit int) (desk.Page[casework.Webhook], error)
	Webhook(ctx context.Context, org casework.OrgID, id string) (casework.Webhook, error)
	EditWebhook(ctx context.Context, org casework.OrgID, id string, e casework.WebhookEdit, expect uint64) (casework.Webhook, error)
	ReplayWebhook(ctx context.Context, org casework.OrgID, id string, after uint64) (casework.Webhook, error)
	RemoveWebhook(ctx context.Context, org casework.OrgID, id string) (casework.Webhook, error)
}

// Webhook is an address elsewhere that is told of events, without its secret.
type Webhook struct {
	ID         string            `json:"id"`
	Org        string            `json:"org"`
	URL        string            `json:"url"`
	Kinds      []string          `json:"kinds" nullable:"false" doc:"Of entries, or register; none: all"`
	CreatedAt  time.Time         `json:"created_at"`
	Seq        uint64            `json:"seq" doc:"The last event that it has heard of, or that it does not want"`
	Attempts   int               `json:"attempts" doc:"That failed at the next event"`
	NextAt     *time.Time        `json:"next_at" doc:"When it is tried again"`
	Active     bool              `json:"active" doc:"Whether it is told of events; one that is not misses none"`
	DisabledAt *time.Time        `json:"disabled_at" doc:"After five days of failure: it is in the to-do list until it is active again, or active is set to false"`
	Deliveries []WebhookDelivery `json:"deliveries" nullable:"false" doc:"The last ones, newest first"`
}

// WebhookDelivery is what became of one delivery.
type WebhookDelivery struct {
	Event  uint64    `json:"event"`
	At     time.Time `json:"at"`
	Millis int64     `json:"milliseconds"`
	Status int       `json:"status" doc:"Of HTTP; 0: there was no answer"`
	Words  string    `json:"words" doc:"How the answer begins, or why there was none"`
}

func (s *server) webhookCalls() {
	const path = prefix + "/webhooks"
	register(s, call{method: http.MethodPost, path: path, id: "create-webhook", status: http.StatusCreated,
		summary: "Have an address told of events, as Standard Webhooks has it; the secret is shown once"}, s.createWebhook)
	register(s, call{method: http.MethodGet, path: path, id: "list-webhooks", summary: "The organisation's webhooks"}, s.listWebhooks)
	register(s, call{method: http.MethodGet, path: path + "/{id}", id: "get-webhook", summary: "Read a webhook with its last deliveries"}, s.getWebhook)
	register(s, call{method: http.MethodPatch, path: path + "/{id}", id: "edit-webhook", summary: "Change a webhook, pause it, or let it go on where it stopped"}, s.editWebhook)
	register(s, call{method: http.MethodDelete, path: path + "/{id}", id: "remove-webhook", summary: "End a webhook"}, s.removeWebhook)
	register(s, call{method: http.MethodPost, path: path + "/{id}/replay", id: "replay-webhook",
		summary: "Tell a webhook again what happened after an event, and enable it"}, s.replayWebhook)
}

type createWebhookInput struct {
	OrgParam
	Body struct {
		URL   string   `json:"url" minLength:"1" maxLength:"2000"`
		Kinds []string `json:"kinds,omitempty" maxItems:"50" doc:"Of entries, such as mail_in, or register; none: all"`
	}
}

type createWebhookOutput struct {
	ETag string `header:"ETag" doc:"Version of the webhook, for If-Match"`
	Body struct {
		Webhook
		Secret string `json:"secret" doc:"whsec_ and base64: what deliveries are signed with"`
	}
}

func (s *server) createWebhook(ctx context.Context, in *createWebhookInput) (*createWebhookOutput, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	w, err := s.desk(ctx).CreateWebhook(ctx, casework.Webhook{Org: org, URL: in.Body.URL, Kinds: in.Body.Kinds}, who.actor)
	if err != nil {
		return nil, err
	}
	out := &createWebhookOutput{ETag: etag(w.Edition + 1)}
	out.Body.Webhook, out.Body.Secret = webhook(w), w.Secret
	return out, nil
}

type listWebhooksOutput struct{ Body List[Webhook] }

func (s *server) listWebhooks(ctx context.Context, in *ListInput) (*listWebhooksOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	list := scope("webhooks", org)
	after, err := decodeCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.desk(ctx).Webhooks(ctx, org, after, in.limit())
	if err != nil {
		return nil, err
	}
	body, err := listOf(list, page, func(w casework.Webhook) (Webhook, error) { return webhook(w), nil })
	return &listWebhooksOutput{body}, err
}

type webhookOutput struct {
	ETag string `header:"ETag" doc:"Version of the webhook, for If-Match: what people have said of it, whatever was delivered"`
	Body Webhook
}

// one answers with the webhook that a call names, and that do returns.
func (s *server) one(ctx context.Context, in IDParam, do func(org casework.OrgID) (casework.Webhook, error)) (*webhookOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	w, err := do(org)
	if err != nil {
		return nil, err
	}
	return &webhookOutput{etag(w.Edition + 1), webhook(w)}, nil
}

func (s *server) getWebhook(ctx context.Context, in *struct{ IDParam }) (*webhookOutput, error) {
	return s.one(ctx, in.IDParam, func(org casework.OrgID) (casework.Webhook, error) { return s.desk(ctx).Webhook(ctx, org, in.ID) })
}

func (s *server) removeWebhook(ctx context.Context, in *struct{ IDParam }) (*webhookOutput, error) {
	return s.one(ctx, in.IDParam, func(org casework.OrgID) (casework.Webhook, error) { return s.desk(ctx).RemoveWebhook(ctx, org, in.ID) })
}

type editWebhookInput struct {
	IDParam
	IfMatch string `header:"If-Match" maxLength:"1000" doc:"The ETag that the change was made upon; a stale one is 409. Left out or *: whatever there is."`
	Body    struct {
		URL    *string   `json:"url,omitempty" minLength:"1" maxLength:"2000"`
		Kinds  *[]string `json:"kinds,omitempty" maxItems:"50" doc:"Of entries, such as mail_in, or register; an empty list: all"`
		Active *bool     `json:"active,omitempty" doc:"true: also one that was disabled goes on, where it stopped; false: it is told nothing until then"`
	}
}

func (s *server) editWebhook(ctx context.Context, in *editWebhookInput) (*webhookOutput, error) {
	return s.one(ctx, in.IDParam, func(org casework.OrgID) (casework.Webhook, error) {
		expect, err := matched(in.IfMatch, func() (uint64, error) {
			w, err := s.desk(ctx).Webhook(ctx, org, in.ID)
			return w.Edition + 1, err
		})
		if err != nil {
			return casework.Webhook{}, err
		}
		return s.desk(ctx).EditWebhook(ctx, org, in.ID, casework.WebhookEdit{URL: in.Body.URL, Kinds: in.Body.Kinds, Active: in.Body.Active}, expect)
	})
}

type replayWebhookInput struct {
	IDParam
	Body struct {
		After uint64 `json:"after" doc:"The seq of the last event that is not told again; 0: all are"`
	}
}

func (s *server) replayWebhook(ctx context.Context, in *replayWebhookInput) (*webhookOutput, error) {
	return s.one(ctx, in.IDParam, func(org casework.OrgID) (casework.Webhook, error) {
		return s.desk(ctx).ReplayWebhook(ctx, org, in.ID, in.Body.After)
	})
}

func webhook(w casework.Webhook) Webhook {
	out := Webhook{
		ID: w.ID, Org: string(w.Org), URL: w.URL, Kinds: append([]string{}, w.Kinds...), CreatedAt: w.CreatedAt.UTC(), Seq: w.Seq,
		Attempts: w.Attempts, Active: w.Active(), NextAt: utc(w.NextAt), DisabledAt: utc(w.DisabledAt), Deliveries: []WebhookDelivery{},
	}
	for i := len(w.Last) - 1; i >= 0; i-- {
		c := w.Last[i]
		out.Deliveries = append(out.Deliveries, WebhookDelivery{Event: c.Event, At: c.At.UTC(), Millis: c.Took.Milliseconds(), Status: c.Status, Words: c.Words})
	}
	return out
}
