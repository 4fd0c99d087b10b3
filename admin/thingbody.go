package admin

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// thingBody is a thing as a client sends it, with the names of the members that it sent. A copy that somebody without the right to see what is
// restricted has fetched has no such members, and says nothing of what they shall be.
type thingBody[T any] struct {
	Thing T
	given map[string]json.RawMessage
}

// UnmarshalJSON notes which members are there.
func (b *thingBody[T]) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &b.given); err != nil {
		return err
	}
	return json.Unmarshal(raw, &b.Thing)
}

// Schema implements huma.SchemaProvider.
func (thingBody[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// has reports whether a member is there, by the rules by which encoding/json finds it.
func (b thingBody[T]) has(member string) bool {
	for name := range b.given {
		if strings.EqualFold(name, member) {
			return true
		}
	}
	return false
}
