package report_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"smartmail/report"
)

// described is what report.Describe says.
type described struct {
	t        *testing.T
	compiler *jsonschema.Compiler
	ops      map[string]struct {
		OperationID string
		Security    *[]any
		RequestBody struct {
			Content map[string]struct {
				Schema  map[string]any
				Example json.RawMessage
			}
		}
		Responses map[string]struct {
			Content map[string]struct{ Example json.RawMessage }
		}
	}
}

const describedPath = "/api/v1/public/{org}/reports"

func describe(t *testing.T) described {
	doc := huma.OpenAPI{OpenAPI: "3.1.0", Paths: map[string]*huma.PathItem{}, Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)}}
	report.Describe(&doc)
	text, err := json.Marshal(&doc)
	if err != nil {
		t.Fatal(err)
	}
	var read struct{ Paths map[string]json.RawMessage }
	d := described{t: t, compiler: jsonschema.NewCompiler()}
	raw, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	if err == nil {
		err = json.Unmarshal(read.Paths[describedPath], &d.ops)
	}
	if err == nil {
		err = d.compiler.AddResource("api.json", raw)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// fits holds a JSON text against a schema of the description.
func (d described) fits(text []byte, method string, pointer ...string) error {
	at := "api.json#/paths/" + url.PathEscape(strings.ReplaceAll(describedPath, "/", "~1")) + "/" + method
	for _, p := range pointer {
		at += "/" + url.PathEscape(strings.ReplaceAll(p, "/", "~1"))
	}
	s, err := d.compiler.Compile(at + "/schema")
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// answer checks that the description has this answer.
func (d described) answer(method string, w *httptest.ResponseRecorder) {
	d.t.Helper()
	status, media := strconv.Itoa(w.Code), w.Header().Get("Content-Type")
	if _, ok := d.ops[method].Responses[status].Content[media]; !ok {
		d.t.Errorf("%s: %s as %q is not described: %s", method, status, media, w.Body)
	} else if err := d.fits(w.Body.Bytes(), method, "responses", status, "content", media); err != nil {
		d.t.Errorf("%s: %s: %v", method, status, err)
	}
}

// The calls are described as they are: no token is needed, the examples fit, and whatever is sent, what comes back was told.
func TestDescribe(t *testing.T) {
	d, s := describe(t), newSite(t, nil)
	for method, op := range d.ops {
		if op.OperationID == "" || op.Security == nil || len(*op.Security) != 0 {
			t.Errorf("%s: %+v", method, op)
		}
	}
	post := d.ops["post"]
	example := post.RequestBody.Content["application/json"].Example
	if err := d.fits(example, "post", "requestBody", "content", "application/json"); err != nil {
		t.Error("example of what is sent:", err)
	}
	if err := d.fits(post.Responses["201"].Content["application/json"].Example, "post", "responses", "201", "content", "application/json"); err != nil {
		t.Error("example of the answer:", err)
	}
	d.answer("get", s.do("GET", base, "", ""))
	d.answer("get", s.do("GET", base, "", "", "Origin", "https://evil.example"))
	d.answer("get", s.do("GET", "/api/v1/public/none/reports", "", ""))
	var in map[string]any
	if err := json.Unmarshal(example, &in); err != nil {
		t.Fatal(err)
	}
	in["ticket"] = s.ticket()
	good, _ := json.Marshal(in) // plain fields
	w := s.do("POST", base, "application/json", string(good))
	if d.answer("post", w); w.Code != http.StatusCreated {
		t.Errorf("the example is answered %d: %s", w.Code, w.Body)
	}
	s.random(d, in)
}

// random sends reports of which a field or more is something else.
func (s *site) random(d described, good map[string]any) {
	rnd := rand.New(rand.NewPCG(1, 2))
	values := []any{"", "x", nil, 7, true, []string{"a"}, map[string]any{}, strings.Repeat("å", 6000), "\x00", "a\r\nb", "anna@", strings.Repeat("x", 70_000)}
	for range 300 {
		s.now = s.now.Add(time.Minute)
		in := map[string]any{}
		for k, v := range good {
			in[k] = v
		}
		in["ticket"] = s.ticket()
		for name := range d.ops["post"].RequestBody.Content["application/json"].Schema["properties"].(map[string]any) {
			if rnd.IntN(6) == 0 {
				in[name] = values[rnd.IntN(len(values))]
			}
		}
		text, _ := json.Marshal(in) // can be
		media := []string{"application/json", "application/json", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"}[rnd.IntN(5)]
		d.answer("post", s.do("POST", base, media, string(text[:len(text)-rnd.IntN(3)/2])))
	}
}
