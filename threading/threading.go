// Package threading decides where a mail belongs.
//
//	RCPT → Router.Route → Route (proved by HMAC alone, no disk)
//	mail + verdict + Routes → Resolve (asks a Lookup) → Placements, each with its reasons in words
//
// The recipient's token comes first, headers second: mail programs mangle References, people reply from old threads,
// but the address that a mail was sent to is what the peer really said (RFC 5321 section 3.3).
//
// Invariants:
//   - A token, a Message-ID or a bounce address of ours that Route or Parse accepts was made by us for that organisation:
//     one flipped bit, another organisation's or an expired key's is refused. So is a link, and that of another kind.
//   - Every mail gets at least one placement; what nothing else claims goes to triage.
//   - A reference alone never gives a stranger a way in: he takes part, was addressed then, or is marked unconfirmed.
package threading

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"smartmail/casework"
)

// Token is what one of our addresses or Message-IDs proves: which case, and whose.
type Token struct {
	Kind        TokenKind
	Case        casework.CaseNumber
	Participant casework.ParticipantNo
	Unique      string // of a Message-ID or a bounce address: what tells two of them apart
}

// TokenKind is the first letter of the local part; it is part of what is signed.
type TokenKind byte

// The kinds of tokens.
const (
	AddressToken TokenKind = 'a' // a participant's reply address
	BounceToken  TokenKind = 'b' // a return path
	MessageToken TokenKind = 'm' // a Message-ID
)

// macChars is the length of the proof: 20 characters of 5 bits, 100 bits of HMAC-SHA256.
const macChars = 20

// maxLocal is the longest local part, RFC 5321 section 4.5.3.1.1.
const maxLocal = 64

var macEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Keyring holds the keys of all organisations. Several are valid at once: the newest signs, any that has not expired
// verifies. It is safe for concurrent use.
type Keyring struct {
	now  func() time.Time
	mu   sync.RWMutex
	keys map[casework.OrgID][]casework.Key
}

// NewKeyring returns an empty keyring.
func NewKeyring(now func() time.Time) *Keyring {
	return &Keyring{now: now, keys: map[casework.OrgID][]casework.Key{}}
}

// NewKey makes a key with 256 bits of chance.
func NewKey(org casework.OrgID, number uint32, at time.Time, chance io.Reader) (casework.Key, error) {
	if chance == nil {
		chance = rand.Reader
	}
	secret := make([]byte, 32)
	if _, err := io.ReadFull(chance, secret); err != nil {
		return casework.Key{}, fmt.Errorf("new key: %w", err)
	}
	return casework.Key{Org: org, Number: number, Secret: secret, CreatedAt: at}, nil
}

// Set replaces the keys of an organisation.
func (k *Keyring) Set(org casework.OrgID, keys []casework.Key) {
	keys = slices.Clone(keys)
	slices.SortFunc(keys, func(a, b casework.Key) int { return int(b.Number) - int(a.Number) }) // newest first
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys[org] = keys
}

// Sign returns the local part that proves t: `a<case>-<participant>-<mac>`, and for Message-IDs and bounce addresses
// `m<case>-<participant>-<unique>-<mac>`.
func (k *Keyring) Sign(org casework.OrgID, t Token) (string, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, key := range k.keys[org] {
		if k.valid(key) {
			local := t.body() + "-" + mac(key, t)
			if len(local) > maxLocal {
				return "", fmt.Errorf("sign: local part of %d octets is over the %d of RFC 5321", len(local), maxLocal)
			}
			return local, nil
		}
	}
	return "", fmt.Errorf("sign: organisation %q has no valid key", org)
}

// Verify reads a local part of ours. ok is false for anything that we did not sign for this organisation with a key
// that is still valid. Upper case is accepted: some mail programs change it.
func (k *Keyring) Verify(org casework.OrgID, local string) (t Token, ok bool) {
	t, sum, ok := parseToken(strings.ToLower(local))
	if !ok {
		return Token{}, false
	}
	if !k.proves(org, t, sum) {
		return Token{}, false
	}
	return t, true
}

// proves reports whether a valid key of the organisation gives t that proof. Every key is tried, however soon one fits.
func (k *Keyring) proves(org casework.OrgID, t Token, sum string) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	found := false
	for _, key := range k.keys[org] {
		if subtle.ConstantTimeCompare([]byte(mac(key, t)), []byte(sum)) == 1 && k.valid(key) {
			found = true
		}
	}
	return found
}

func (k *Keyring) valid(key casework.Key) bool {
	return key.ExpiresAt.IsZero() || k.now().Before(key.ExpiresAt)
}

// body is the local part without its proof.
func (t Token) body() string {
	s := fmt.Sprintf("%c%d-%d", t.Kind, t.Case, t.Participant)
	if t.Unique != "" {
		s += "-" + t.Unique
	}
	return s
}

// mac signs organisation, kind, case, participant, unique and key number, each in a form that cannot run into the next.
func mac(key casework.Key, t Token) string {
	h := hmac.New(sha256.New, key.Secret)
	var b []byte
	b = append(b, "smartmail token 1\x00"...)
	b = append(b, key.Org...)
	b = append(b, 0, byte(t.Kind))
	b = binary.BigEndian.AppendUint32(b, key.Number)
	b = binary.BigEndian.AppendUint64(b, uint64(t.Case))
	b = binary.BigEndian.AppendUint32(b, uint32(t.Participant))
	b = append(b, t.Unique...)
	h.Write(b)
	return macEncoding.EncodeToString(h.Sum(nil))[:macChars]
}

// parseToken takes a lower-case local part apart. It accepts only the one spelling that Sign produces.
func parseToken(local string) (t Token, sum string, ok bool) {
	if len(local) > maxLocal || len(local) < 1+1+1+1+1+macChars {
		return Token{}, "", false
	}
	t.Kind = TokenKind(local[0])
	parts := strings.Split(local[1:], "-")
	switch {
	case t.Kind == AddressToken && len(parts) == 3:
	case (t.Kind == BounceToken || t.Kind == MessageToken) && len(parts) == 4 && parts[2] != "":
		t.Unique = parts[2]
	default:
		return Token{}, "", false
	}
	number, err := strconv.ParseUint(parts[0], 10, 64)
	if err != nil || number == 0 {
		return Token{}, "", false
	}
	participant, err := strconv.ParseUint(parts[1], 10, 32)
	if err != nil {
		return Token{}, "", false
	}
	t.Case, t.Participant = casework.CaseNumber(number), casework.ParticipantNo(participant)
	sum = parts[len(parts)-1]
	if len(sum) != macChars || t.body()+"-"+sum != local {
		return Token{}, "", false
	}
	return t, sum, true
}
