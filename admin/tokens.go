package admin

import (
	"context"
	"net/http"
	"time"

	"smartmail/access"
	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/property"
)

// Tokens makes and ends API tokens.
type Tokens interface {
	CreateToken(ctx context.Context, t casework.APIToken, by casework.Actor) (casework.APIToken, string, error)
	Tokens(ctx context.Context, org casework.OrgID, after casestore.Key, limit int) (desk.Page[casework.APIToken], error)
	RevokeToken(ctx context.Context, org casework.OrgID, id string) (casework.APIToken, error)
}

// Token is an API token, without its secret.
type Token struct {
	ID        string     `json:"id"`
	Org       string     `json:"org"`
	Name      string     `json:"name"`
	Role      string     `json:"role"`
	Scope     Scope      `json:"scope"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at" doc:"null: never"`
	RevokedAt *time.Time `json:"revoked_at"`
	UsedAt    *time.Time `json:"used_at" doc:"Last use, to the hour"`
}

// Scope says which cases a token opens. An empty list does not limit; of several values one must fit, and all lists that are given must.
// What it names is there: in the register, or as an address on a case.
type Scope struct {
	Own       []string `json:"own,omitempty" maxItems:"100" doc:"Mail addresses: cases that one of them takes part in, or is assigned"`
	Objects   []string `json:"objects,omitempty" maxItems:"100" doc:"With all that lies in them; areas as well"`
	Segments  []string `json:"segments,omitempty" maxItems:"100"`
	Classes   []string `json:"classes,omitempty" maxItems:"100" doc:"With all classes under them"`
	Suppliers []string `json:"suppliers,omitempty" maxItems:"100" doc:"Mail addresses: cases with an order to one of them. In the role supplier they are his own: he sees these orders and what is said on their lanes"`
}

func (s *server) tokenCalls() {
	register(s, call{method: http.MethodPost, path: prefix + "/tokens", id: "create-token", summary: "Make an API token; its secret is shown once", status: http.StatusCreated}, s.createToken)
	register(s, call{method: http.MethodGet, path: prefix + "/tokens", id: "list-tokens", summary: "The organisation's API tokens"}, s.listTokens)
	register(s, call{method: http.MethodDelete, path: prefix + "/tokens/{id}", id: "revoke-token", summary: "End an API token for good"}, s.revokeToken)
}

type createTokenInput struct {
	OrgParam
	Body struct {
		Name      string     `json:"name" minLength:"1" maxLength:"1000" doc:"What it is for; shown with what is done by it"`
		Role      string     `json:"role" minLength:"1" maxLength:"64" doc:"customer, supplier, reader, technician, manager, finance, administrator, or one of the organisation's own. Customer and supplier need a scope that says who it is: own, or for a supplier suppliers"`
		Scope     Scope      `json:"scope,omitempty"`
		ExpiresAt *time.Time `json:"expires_at,omitempty" nullable:"true"`
	}
}

type createTokenOutput struct {
	Body struct {
		Token
		Secret string `json:"secret" doc:"Kept nowhere: whoever loses it needs another token"`
	}
}

func (s *server) createToken(ctx context.Context, in *createTokenInput) (*createTokenOutput, error) {
	who, b := callerOf(ctx), in.Body
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	t := casework.APIToken{Org: org, Name: b.Name, Role: b.Role, Scope: b.Scope.access()}
	if b.ExpiresAt != nil {
		t.ExpiresAt = *b.ExpiresAt
	}
	made, secret, err := s.desk(ctx).CreateToken(ctx, t, who.actor)
	if err != nil {
		return nil, err
	}
	out := &createTokenOutput{}
	out.Body.Token, out.Body.Secret = token(made), secret
	return out, nil
}

type listTokensInput struct {
	OrgParam
	PageParams
}

type tokensOutput struct{ Body List[Token] }

func (s *server) listTokens(ctx context.Context, in *listTokensInput) (*tokensOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	list := scope("tokens", org)
	after, err := decodeCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.desk(ctx).Tokens(ctx, org, after, in.limit())
	if err != nil {
		return nil, err
	}
	body, err := listOf(list, page, func(t casework.APIToken) (Token, error) { return token(t), nil })
	return &tokensOutput{body}, err
}

type tokenOutput struct{ Body Token }

func (s *server) revokeToken(ctx context.Context, in *struct {
	OrgParam
	ID string `path:"id" minLength:"1" maxLength:"64" doc:"Of the token; not its secret"`
},
) (*tokenOutput, error) {
	org, err := callerOf(ctx).org(in.Org)
	if err != nil {
		return nil, err
	}
	t, err := s.desk(ctx).RevokeToken(ctx, org, in.ID)
	if err != nil {
		return nil, err
	}
	return &tokenOutput{token(t)}, nil
}

func token(t casework.APIToken) Token {
	return Token{
		ID: t.ID, Org: string(t.Org), Name: t.Name, Role: roleName(t.Role), Scope: scopeOf(t.Scope), CreatedAt: t.CreatedAt.UTC(),
		ExpiresAt: utc(t.ExpiresAt), RevokedAt: utc(t.RevokedAt), UsedAt: utc(t.UsedAt),
	}
}

func roleName(id string) string {
	r, ok := casework.BuiltInRole(id)
	if !ok {
		return id
	}
	return r.ID
}

// access is the scope as the house has it: mail addresses in the form in which they are compared.
func (s Scope) access() access.Scope {
	out := access.Scope{Segments: s.Segments, Classes: s.Classes}
	for _, v := range s.Objects {
		out.Objects = append(out.Objects, property.ID(v))
	}
	for _, v := range s.Own {
		out.Own = append(out.Own, casework.Address(v))
	}
	for _, v := range s.Suppliers {
		out.Suppliers = append(out.Suppliers, casework.Address(v))
	}
	return out
}

func scopeOf(s access.Scope) Scope {
	out := Scope{Own: s.Own, Segments: s.Segments, Classes: s.Classes, Suppliers: s.Suppliers}
	for _, v := range s.Objects {
		out.Objects = append(out.Objects, string(v))
	}
	return out
}
