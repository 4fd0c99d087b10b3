package admin_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// inputs makes what callers send, from the schemas of the description: as they want it, or with something wrong.
type inputs struct {
	*rand.Rand
	c     *contract
	known map[string][]string // values of parameters that name what is there
}

// resolve follows a reference.
func (in *inputs) resolve(s map[string]any) map[string]any {
	for {
		ref, ok := s["$ref"].(string)
		if !ok {
			return s
		}
		s, _ = in.c.components[strings.TrimPrefix(ref, "#/components/schemas/")].(map[string]any)
	}
}

// nasty are texts that programs stumble over.
var nasty = []string{
	"", " ", "\x00", "\x1b[2J", "\r\nBcc: x@y.example", "å ä ö 🚰", "e\u0301", "\u202eabc", "\ufeff", "'; drop table", "../../etc/passwd", "%00", "null", "0", "-1", "a@b", "<x@y.example>",
	"true", "2026-02-30", "9999-12-31T23:59:59-14:00", "0000-00-00", "{{.}}", "<script>", "\xff\xfe", "ß\u0000ﬀ", "*", `"1"`,
}

// value returns a value for a schema. wrong is the chance that a part of it is not what the schema wants.
func (in *inputs) value(s map[string]any, wrong float64, depth int) any {
	s = in.resolve(s)
	if in.Float64() < wrong {
		return in.anything(depth)
	}
	if of, ok := s["oneOf"].([]any); ok {
		return in.value(of[in.IntN(len(of))].(map[string]any), wrong, depth)
	}
	if of, ok := s["anyOf"].([]any); ok {
		return in.value(of[in.IntN(len(of))].(map[string]any), wrong, depth)
	}
	if enum, ok := s["enum"].([]any); ok {
		return enum[in.IntN(len(enum))]
	}
	kind := s["type"]
	if kinds, ok := kind.([]any); ok {
		kind = kinds[in.IntN(len(kinds))]
	}
	switch kind {
	case "null":
		return nil
	case "boolean":
		return in.IntN(2) == 0
	case "integer", "number":
		least, most := number(s, "minimum", -3), number(s, "maximum", 1e6)
		return []float64{least, least + 1, most, float64(in.IntN(1000))}[in.IntN(4)]
	case "array":
		items, _ := s["items"].(map[string]any)
		list := []any{}
		for range in.IntN(4) {
			list = append(list, in.value(items, wrong, depth+1))
		}
		return list
	case "string":
		return in.text(s)
	}
	return in.object(s, wrong, depth)
}

// object returns an object with what is needed, some of what may be there, and, where something is to be wrong, more or less.
func (in *inputs) object(s map[string]any, wrong float64, depth int) any {
	out := map[string]any{}
	needed, _ := s["required"].([]any)
	properties, _ := s["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		must := slices.Contains(needed, any(name))
		if must && in.Float64() >= wrong || !must && in.IntN(3) == 0 && depth < 5 {
			out[name] = in.value(properties[name].(map[string]any), wrong, depth+1)
		}
	}
	if more, ok := s["additionalProperties"].(map[string]any); ok {
		for range in.IntN(3) {
			out[in.name()] = in.value(more, wrong, depth+1)
		}
	}
	if in.Float64() < wrong {
		out[in.name()] = in.anything(depth)
	}
	return out
}

func (in *inputs) name() string { return nasty[in.IntN(len(nasty))] }

func number(s map[string]any, key string, otherwise float64) float64 {
	if n, ok := s[key].(float64); ok {
		return n
	}
	return otherwise
}

func (in *inputs) text(s map[string]any) any {
	if all, ok := in.known[fmt.Sprint(s["format"])]; ok {
		return all[in.IntN(len(all))]
	}
	if examples, ok := s["examples"].([]any); ok && in.IntN(2) == 0 {
		return examples[0]
	}
	most := int(number(s, "maxLength", 300))
	switch in.IntN(6) {
	case 0:
		return strings.Repeat("å", min(most, 2000))
	case 1:
		return in.name()
	case 2:
		return in.known["id"][in.IntN(len(in.known["id"]))]
	}
	return strings.Repeat("Xy z", 3)[:min(most, 12)]
}

// anything returns a value of any kind, huge and deep ones as well.
func (in *inputs) anything(depth int) any {
	switch in.IntN(9) {
	case 0:
		return nil
	case 1:
		return json.Number([]string{"-1", "0", "1e400", "18446744073709551616", "0.001", "-0.0", "1E+2", "4.5"}[in.IntN(8)])
	case 2:
		return strings.Repeat("\u20ac", 40000)
	case 3:
		return in.IntN(2) == 0
	case 4:
		if depth < 8 {
			return []any{in.anything(depth + 1), in.anything(depth + 1)}
		}
	case 5:
		if depth < 8 {
			return map[string]any{in.name(): in.anything(depth + 1)}
		}
	}
	return in.name()
}

// collection is the part of a path that says of what things it is.
func collection(path string) string {
	return strings.Split(strings.TrimPrefix(path, "/api/v1"), "/")[1]
}

// bent returns a copy of a value in which one part, somewhere, is another one.
func (in *inputs) bent(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if names := slices.Sorted(maps.Keys(v)); len(names) > 0 && in.IntN(4) > 0 {
			out := maps.Clone(v)
			name := names[in.IntN(len(names))]
			out[name] = in.bent(v[name])
			return out
		}
	case []any:
		if len(v) > 0 && in.IntN(4) > 0 {
			out := slices.Clone(v)
			i := in.IntN(len(v))
			out[i] = in.bent(v[i])
			return out
		}
	}
	return in.anything(0)
}

// request is a call to make.
type request struct {
	method, path, body string
	headers            []string
}

// of makes a request of an operation.
func (in *inputs) of(op operation, wrong float64) request {
	r := request{method: op.method, path: op.path}
	query := url.Values{}
	for _, p := range op.Parameters {
		if !p.Required && in.IntN(3) > 0 {
			continue
		}
		v := in.value(p.Schema, wrong, 6)
		known := in.known[p.Name]
		if p.In == "path" && in.known[collection(op.path)] != nil && in.IntN(4) > 0 {
			known = in.known[collection(op.path)]
		}
		if known != nil && in.Float64() >= wrong && (p.In == "path" || in.IntN(2) == 0) {
			v = known[in.IntN(len(known))]
		}
		texts := []string{fmt.Sprint(v)}
		if list, ok := v.([]any); ok {
			texts = nil
			for _, v := range list {
				texts = append(texts, fmt.Sprint(v))
			}
			if !p.Explode {
				texts = []string{strings.Join(texts, ",")}
			}
		}
		switch p.In {
		case "path":
			text := strings.Trim(strings.Join(texts, ""), "./")
			if text == "" {
				text = "none"
			}
			r.path = strings.ReplaceAll(r.path, "{"+p.Name+"}", url.PathEscape(text[:min(len(text), 2000)]))
		case "query":
			for _, text := range texts {
				query.Add(p.Name, text[:min(len(text), 2000)])
			}
		case "header":
			if p.Name == "Idempotency-Key" {
				r.headers = append(r.headers, p.Name, fmt.Sprint(in.IntN(1000)))
				continue
			}
			r.headers = append(r.headers, p.Name, []string{`"1"`, `W/"1"`, "*", "1", `"x", "2"`, "å"}[in.IntN(6)])
		}
	}
	if in.Float64() < wrong/2 {
		query.Set(in.name(), in.name())
	}
	if len(query) > 0 {
		r.path += "?" + query.Encode()
	}
	if op.RequestBody != nil && in.Float64() >= wrong/2 {
		r.body = in.body(op, wrong)
		if in.Float64() < wrong/2 {
			r.headers = append(r.headers, "Content-Type", []string{"text/plain", "application/xml", "", "multipart/form-data", "application/json; charset=latin1", "image/svg+xml"}[in.IntN(6)])
		}
	}
	return r
}

func (in *inputs) body(op operation, wrong float64) string {
	media, ok := op.RequestBody.Content["application/json"]
	if !ok { // a sheet
		return []string{"id;name\nbo;Bo\n", "kundnr,namn\n1,\xc5sa\n", "id\tkind\n\t", "Anna;12\n", "a;\"b", "PK\x03\x04", "\xff\xfe\x00"}[in.IntN(7)]
	}
	v := media.Example
	switch pick := in.IntN(3); {
	case pick == 0 || v == nil:
		v = in.value(media.Schema, wrong, 0)
	case pick == 1 && wrong > 0:
		v = in.bent(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "{"
	}
	if in.Float64() < wrong/3 { // torn, doubled, or not in UTF-8
		return []string{string(b[:len(b)/2]), string(b) + string(b), "\xff" + string(b), strings.Repeat("[", 20000), `{"a":1,"a":2}`}[in.IntN(5)]
	}
	return string(b)
}

// Whatever is sent, no call has trouble of its own, and every answer is as the description says.
func TestAnswersAreAsDescribed(t *testing.T) {
	h := newGuardedHouse(t)
	c := newContract(h.house)
	other := h.receive(letter("Autosvar <y@b.example>", "Autosvar", "Auto-Submitted: auto-replied\n", "Jag är borta."), "y@b.example", "fel@a.example")
	in := &inputs{Rand: rand.New(rand.NewPCG(1, 2)), c: c, known: map[string][]string{
		"number": {"1", "2", "3"}, "org": {"a", "a", "b"}, "cursor": {"AAAAAAAAAAAA", "x"}, "date-time": {"2026-11-24T12:00:00Z", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z"},
		"id":   {h.ids["entry"], h.ids["attachment"], h.ids["raw"], h.ids["triage"], "1-1", "kv-open", "norr", "c-open", "t-open", "VVS", "x", "none", "a"},
		"kind": {"message", "order"}, "address": {"a@b.example", "kund@open.example"}, "triage": {h.ids["triage"], string(other.Triage)}, "messages": {h.ids["raw"]}, "attachments": {h.ids["attachment"]},
		"import": {"contacts", "objects"}, "export": {"contacts", "objects"}, "objects": {"kv-eken", "norr"}, "contacts": {"anna"}, "tenancies": {"t-1"}, "segments": {"student"}, "classes": {"VVS"}, "routes": {"vvs-norr"}, "schedules": {"ovk-eken", "s-open"}, "roles": {"visitor"}, "orders": {"1-1", "2-1", "3-1"}, "entries": {h.ids["entry"]},
		"date": {"2026-11-24", "2026-02-30"}, "byte": {"enpo", "===", "å"}, "email": {"a@b.example", "a@b@c"},
	}}
	h.want(http.StatusOK, nil, "PUT", "/api/v1/contacts/bo", `{"id":"bo","parts":["technician"],"name":"Bo","emails":["bo@demo.example"]}`) // whom examples name
	ids := slices.SortedFunc(maps.Keys(c.operations), func(a, b string) int {                                                               // what is read must be there
		return cmp.Or(-cmp.Compare(strings.Count(a, "put-"), strings.Count(b, "put-")), cmp.Compare(a, b))
	})
	seen := map[string]map[int]int{}
	for _, id := range ids {
		op := c.operations[id]
		seen[id] = map[int]int{}
		for i, good := 0, slices.Contains(rare, id); i < 60 || !good && i < 600; i++ { // what needs luck has more of it
			r := in.of(op, []float64{0, 0.02, 0.2}[i%3])
			a := h.call(r.method, r.path, r.body, r.headers...)
			seen[id][a.status]++
			good = good || a.status < 300
			if err := c.answers(op, a); err != nil {
				t.Errorf("%s: %s %s %.500q %q is answered %d %.500s: %v", id, r.method, r.path, r.body, r.headers, a.status, a.body, err)
			}
		}
	}
	for id, op := range c.operations {
		good := 0
		for status, n := range seen[id] {
			if status < 300 {
				good += n
			}
		}
		if good == 0 && !slices.Contains(rare, id) {
			t.Errorf("%s has never succeeded: %v", id, seen[id])
		}
		if op.RequestBody != nil && seen[id][422]+seen[id][400] == 0 {
			t.Errorf("%s was never sent anything wrong: %v", id, seen[id])
		}
	}
}

// rare are calls that succeed on something that is there once only, or not in this house.
var rare = []string{"confirm-retention", "done-todo", "edit-webhook", "lift-suspension", "move-entry", "revoke-token", "get-thumbnail", "get-webhook", "remove-webhook", "replay-webhook", "split-case", "unlink-case", "update-children"}
