package admin

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
)

// OrgParam says which organisation a call is about.
type OrgParam struct {
	Org string `query:"org" maxLength:"64" doc:"Organisation. May be left out where the token opens one only."`
}

// PageParams say which part of a list is wanted.
type PageParams struct {
	Limit  int    `query:"limit" minimum:"1" default:"50" doc:"Most items in the answer; over 200 means 200. It has fewer where they are large."`
	Cursor string `query:"cursor" maxLength:"1000" doc:"The next of the page before, with otherwise the same parameters."`
}

const maxLimit = 200

func (p PageParams) limit() int { return min(p.Limit, maxLimit) }

// List is a page of a list.
type List[T any] struct {
	Items []T     `json:"items" nullable:"false"`
	Next  *string `json:"next" doc:"Cursor of the following page; null at the end."`
}

// scope names a list with all that its order and contents depend on: a cursor of one list means nothing in another.
func scope(list string, org casework.OrgID, filter ...string) string {
	return strings.Join(append([]string{list, string(org)}, filter...), "\x00")
}

// tagSize is the length in bytes of what ties a cursor to its scope. It is no secret: the store keeps every scan within
// its organisation, whatever position it starts from. It tells a mistake from an empty page.
const tagSize = 8

func cursorTag(scope string, key casestore.Key) []byte {
	sum := sha256.Sum256([]byte(scope + "\x00" + string(key)))
	return sum[:tagSize]
}

// encodeCursor writes a position for the other side to hand back; nil at the end.
func encodeCursor(scope string, key casestore.Key) *string {
	if key == nil {
		return nil
	}
	c := base64.RawURLEncoding.EncodeToString(append(cursorTag(scope, key), key...))
	return &c
}

// decodeCursor is the reverse of encodeCursor; the empty cursor is the beginning.
func decodeCursor(scope, cursor string) (casestore.Key, error) {
	if cursor == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	// Line breaks within are skipped even by a strict decoder; a cursor has one spelling.
	if err != nil || strings.ContainsAny(cursor, "\r\n") || len(b) <= tagSize || string(cursorTag(scope, b[tagSize:])) != string(b[:tagSize]) {
		return nil, fault.New(fault.Invalid, "this cursor is not one of this list")
	}
	return b[tagSize:], nil
}

// What a page is gathered by: so many records at a time, until so many bytes of text are there. Two hundred mails may be
// two hundred times three megabytes.
const (
	portion  = 10
	maxBytes = 8 << 20
)

// gather fetches a page in portions, and ends it early where the records are large.
func gather[R any](limit int, after casestore.Key, weigh func(R) int, fetch func(after casestore.Key, limit int) (desk.Page[R], error)) (desk.Page[R], error) {
	all := desk.Page[R]{Next: after}
	for size := 0; len(all.Items) < limit && size < maxBytes; {
		page, err := fetch(all.Next, min(portion, limit-len(all.Items)))
		if err != nil {
			return all, err
		}
		for _, r := range page.Items {
			size += weigh(r)
		}
		all.Items, all.Next = append(all.Items, page.Items...), page.Next
		if page.Next == nil {
			break
		}
	}
	return all, nil
}

// listOf shows a page of the desk's.
func listOf[R, V any](scope string, page desk.Page[R], show func(R) (V, error)) (List[V], error) {
	l := List[V]{Items: make([]V, 0, len(page.Items)), Next: encodeCursor(scope, page.Next)}
	for _, r := range page.Items {
		v, err := show(r)
		if err != nil {
			return l, err
		}
		l.Items = append(l.Items, v)
	}
	return l, nil
}
