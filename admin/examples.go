package admin

import (
	_ "embed" // the examples
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
)

// examples.json has for each call, by operation id, what is sent and what comes back when all goes well.
//
//go:embed examples.json
var examples []byte

// showExamples puts the examples into the description. A call without one is for a test to find.
func showExamples(doc *huma.OpenAPI) error {
	var all map[string]struct{ Request, Response json.RawMessage }
	if err := json.Unmarshal(examples, &all); err != nil {
		return fmt.Errorf("admin: examples: %w", err)
	}
	for _, path := range doc.Paths {
		for _, op := range []*huma.Operation{path.Get, path.Put, path.Post, path.Patch, path.Delete} {
			if op == nil {
				continue
			}
			x := all[op.OperationID]
			if op.RequestBody != nil {
				showExample(op.RequestBody.Content, x.Request)
			}
			for status, r := range op.Responses {
				if status < "300" {
					showExample(r.Content, x.Response)
				}
			}
		}
	}
	return nil
}

func showExample(content map[string]*huma.MediaType, example json.RawMessage) {
	if m := content["application/json"]; m != nil && example != nil {
		m.Example = example
	}
}
