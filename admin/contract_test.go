package admin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// contract is the API's own description, as far as tests hold the API to it.
type contract struct {
	compiler   *jsonschema.Compiler
	schemas    map[string]*jsonschema.Schema // compiled, by JSON pointer
	components map[string]any
	operations map[string]operation
}

// operation is one call.
type operation struct {
	ID, Summary, Description string
	method, path             string
	Parameters               []parameter
	RequestBody              *struct {
		Required bool
		Content  map[string]content
	}
	Responses map[string]struct {
		Description string
		Content     map[string]content
	}
}

type content struct {
	Schema  map[string]any
	Example any
}

type parameter struct {
	Name, In, Description string
	Required, Explode     bool
	Schema                map[string]any
}

// newContract reads the description of a house.
func newContract(h *house) *contract {
	h.t.Helper()
	a := h.want(http.StatusOK, nil, "GET", "/api/v1/openapi.json", "")
	raw, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.body))
	if err != nil {
		h.t.Fatal(err)
	}
	c := &contract{compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}, operations: map[string]operation{}}
	c.compiler.AssertFormat()
	if err := c.compiler.AddResource("api.json", raw); err != nil {
		h.t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string
			operation
		}
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(a.body, &doc); err != nil {
		h.t.Fatal(err)
	}
	c.components = doc.Components.Schemas
	for path, ops := range doc.Paths {
		for method, op := range ops {
			op.ID, op.method, op.path = op.OperationID, strings.ToUpper(method), path
			c.operations[op.ID] = op.operation
		}
	}
	return c
}

// check holds a JSON text against the schema at a pointer of the description.
func (c *contract) check(text []byte, pointer ...string) error {
	at := "api.json#"
	for _, part := range pointer {
		at += "/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(part))
	}
	if c.schemas[at] == nil {
		s, err := c.compiler.Compile(at)
		if err != nil {
			return err
		}
		c.schemas[at] = s
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return c.schemas[at].Validate(v)
}

// answers holds an answer against what the description says of its status.
func (c *contract) answers(op operation, a answer) error {
	r, ok := op.Responses[strconv.Itoa(a.status)]
	switch {
	case a.status >= 500:
		return fmt.Errorf("it is trouble of ours")
	case !ok:
		return fmt.Errorf("no such status is described")
	case a.status >= 400 && a.header.Get("Content-Type") != "application/problem+json":
		return fmt.Errorf("a fault is told as %s", a.header.Get("Content-Type"))
	case len(r.Content) == 0 && len(a.body) > 0:
		return fmt.Errorf("a body where none is described")
	}
	media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	if len(r.Content) == 0 || !strings.HasSuffix(media, "json") { // bytes
		return nil
	}
	return c.check(a.body, "paths", op.path, strings.ToLower(op.method), "responses", strconv.Itoa(a.status), "content", media, "schema")
}

// Every call has an example of what is sent and of what comes back, which are as its schemas say, and all words that it needs.
func TestExamples(t *testing.T) {
	c := newContract(newHouse(t))
	for _, id := range slices.Sorted(maps.Keys(c.operations)) {
		op := c.operations[id]
		if op.Summary == "" {
			t.Errorf("%s has no summary", id)
		}
		for _, p := range op.Parameters {
			if p.Description == "" {
				t.Errorf("%s: parameter %s is not described", id, p.Name)
			}
		}
		shown := func(what string, content map[string]content, pointer ...string) {
			for media, x := range content {
				if !strings.HasSuffix(media, "json") {
					continue
				}
				text, err := json.Marshal(x.Example)
				if err != nil || x.Example == nil {
					t.Errorf("%s: the %s has no example", id, what)
					continue
				}
				if err := c.check(text, append(append([]string{"paths", op.path, strings.ToLower(op.method)}, pointer...), "content", media, "schema")...); err != nil {
					t.Errorf("%s: the example of the %s: %v", id, what, err)
				}
			}
		}
		if op.RequestBody != nil {
			shown("request", op.RequestBody.Content, "requestBody")
		}
		success := false
		for status, r := range op.Responses {
			if status < "300" {
				success = true
				shown("answer", r.Content, "responses", status)
			}
		}
		if !success {
			t.Errorf("%s: no success is described", id)
		}
	}
}
