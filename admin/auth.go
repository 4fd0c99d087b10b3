package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"smartmail/access"
	"smartmail/casework"
	"smartmail/fault"
	"smartmail/throttle"
)

// caller is who makes a call, and the organisations that his token opens.
type caller struct {
	token string // its id
	seal  []byte // key for what only he may read: made of his secret, and kept nowhere
	actor casework.Actor
	desk  Desk // as far as his grant opens it
	orgs  []Org
	asked *casework.Look // what is known of the call before it is made

	restricted bool // he may see personal numbers and door codes
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller) // without one: sees nothing
	return c
}

// desk is the house as far as the caller of a call sees it.
func (s *server) desk(ctx context.Context) Desk {
	if d := callerOf(ctx).desk; d != nil {
		return d
	}
	return s.House.For(access.Grant{}) // nobody: nothing
}

// org returns the organisation that a call is about. One that the token does not open is as one that is not there.
func (c caller) org(id string) (casework.OrgID, error) {
	for _, o := range c.orgs {
		if string(o.ID) == id || id == "" && len(c.orgs) == 1 {
			return o.ID, nil
		}
	}
	if id == "" && len(c.orgs) > 1 {
		return "", fault.New(fault.Invalid, "org is needed: this token opens several organisations")
	}
	return "", fault.New(fault.NotFound, "there is no such organisation")
}

// setAdmin keeps the hash of the token with full rights.
func (s *server) setAdmin(token string) {
	if token == "" {
		return
	}
	s.secret = sha256.Sum256([]byte(token))
	s.admin = &caller{token: "admin", seal: sealKey(token), actor: casework.Actor{Via: casework.ViaAPI, Name: "admin"}, desk: s.House.For(access.Full()), orgs: s.Orgs, restricted: true}
}

// identify finds whose secret it is.
func (s *server) identify(ctx context.Context, secret string) (caller, bool, error) {
	hash := sha256.Sum256([]byte(secret))
	if s.admin != nil && subtle.ConstantTimeCompare(hash[:], s.secret[:]) == 1 {
		return *s.admin, true, nil
	}
	t, grant, ok, err := s.House.Token(ctx, secret)
	if err != nil || !ok {
		return caller{}, false, err
	}
	c := caller{token: t.ID, seal: sealKey(secret), actor: casework.Actor{Via: casework.ViaAPI, Name: t.Name}, desk: s.House.For(grant), restricted: grant.May(access.Restricted)}
	for _, o := range s.Orgs {
		if o.ID == t.Org {
			c.orgs = append(c.orgs, o)
		}
	}
	return c, true, nil
}

// maxSecret bounds a token in bytes, before it is hashed.
const maxSecret = 1 << 10

// bearer reads the Authorization header (RFC 6750 section 2.1). Tokens are taken from nowhere else: addresses end up in
// logs and histories.
func bearer(header string) (string, bool) {
	scheme, secret, _ := strings.Cut(header, " ")
	secret = strings.TrimSpace(secret)
	return secret, strings.EqualFold(scheme, "Bearer") && secret != "" && len(secret) <= maxSecret
}

// authenticate lets through whom a token proves, and bounds guessing.
func (s *server) authenticate(ctx huma.Context, next func(huma.Context)) {
	if op := ctx.Operation(); op.Security != nil && len(op.Security) == 0 {
		next(ctx)
		return
	}
	secret, ok := bearer(ctx.Header("Authorization"))
	if !ok {
		s.challenge(ctx, `Bearer realm="smartmail"`, "a token is needed: Authorization: Bearer TOKEN")
		return
	}
	peer := throttle.Peer(humagin.Unwrap(ctx).ClientIP())
	if wait := s.guard.Wait(peer); wait > 0 {
		ctx.SetHeader("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		_ = huma.WriteErr(s.api, ctx, http.StatusTooManyRequests, "too many wrong tokens from this address") // fails only when the peer is gone
		return
	}
	who, ok, err := s.identify(ctx.Context(), secret)
	switch {
	case err != nil:
		s.refuse(ctx, fmt.Errorf("look up token: %w", err))
	case !ok:
		s.guard.Count(peer)
		s.challenge(ctx, `Bearer realm="smartmail", error="invalid_token"`, "this token is not valid") // RFC 6750 section 3.1
	default:
		if s.PerToken > 0 {
			if wait := s.calls.Wait(who.token); wait > 0 {
				s.refuse(ctx, slowDown(wait))
				return
			}
			s.calls.Count(who.token)
		}
		who.asked = asked(ctx)
		next(huma.WithValue(ctx, callerKey{}, who))
	}
}

func (s *server) challenge(ctx huma.Context, how, detail string) {
	ctx.SetHeader("WWW-Authenticate", how)
	_ = huma.WriteErr(s.api, ctx, http.StatusUnauthorized, detail) // fails only when the peer is gone
}

// guesses is how many wrong tokens a network has at once; then it has one a second.
const guesses = 100
