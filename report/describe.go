package report

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// ticketed is what a form is given when it is opened.
type ticketed struct {
	Ticket string `json:"ticket" doc:"Goes with the report, two seconds after it was given at the earliest and a day at the latest"`
}

// received is the answer to a report.
type received struct {
	Received bool   `json:"received"`
	Case     uint64 `json:"case,omitempty" doc:"Number of the case"`
}

// Describe adds the calls under Path to the description of the API. They need no token.
func Describe(doc *huma.OpenAPI) {
	org := &huma.Param{Name: "org", In: "path", Required: true, Description: "The organisation", Schema: &huma.Schema{Type: huma.TypeString}}
	schemas := doc.Components.Schemas
	doc.Paths[Path+"{org}/reports"] = &huma.PathItem{
		Get: &huma.Operation{
			OperationID: "get-report-ticket", Summary: "Begin a fault report without log-in", Security: []map[string][]string{}, Parameters: []*huma.Param{org},
			Responses: answers(schemas, http.StatusOK, "what a form needs", reflect.TypeFor[ticketed](), ticketed{Ticket: "AAABk1zJ4IBqk2sWl0c9d5q9mS0mVb3x"},
				http.StatusForbidden, http.StatusNotFound),
		},
		Post: &huma.Operation{
			OperationID: "send-report", Summary: "Report a fault without log-in, with pictures if need be: it opens a case, as a mail to the intake address does",
			Description: fmt.Sprintf("As a form, pictures are parts with a file name: %d at most, each of at most %d bytes. What is sent again within a moment opens no second case.", maxPictures, maxPicture),
			Security:    []map[string][]string{}, Parameters: []*huma.Param{org},
			RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
				"application/json": {Schema: inputSchema(), Example: map[string]string{
					"name": "Anna Alm", "email": "anna@home.example", "place": "Storgatan 1, lgh 1201", "description": "Kranen i köket droppar.", "ticket": "AAABk1zJ4IBqk2sWl0c9d5q9mS0mVb3x",
				}},
				"multipart/form-data": {Schema: inputSchema()},
			}},
			Responses: answers(schemas, http.StatusCreated, "the report came in", reflect.TypeFor[received](), received{Received: true, Case: 17},
				http.StatusForbidden, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable),
		},
	}
}

// answers describes what comes back: that, or a problem.
func answers(schemas huma.Registry, status int, words string, answer reflect.Type, example any, problems ...int) map[string]*huma.Response {
	all := map[string]*huma.Response{strconv.Itoa(status): {
		Description: words, Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(answer, true, ""), Example: example}},
	}}
	for _, p := range problems {
		all[strconv.Itoa(p)] = &huma.Response{
			Description: http.StatusText(p), Content: map[string]*huma.MediaType{"application/problem+json": {Schema: schemas.Schema(reflect.TypeFor[huma.ErrorModel](), true, "")}},
		}
	}
	return all
}

// inputSchema describes input, with the bounds that check holds it to.
func inputSchema() *huma.Schema {
	text := func(most int, words string) *huma.Schema {
		return &huma.Schema{Type: huma.TypeString, MaxLength: &most, Description: words}
	}
	s := &huma.Schema{
		Type: huma.TypeObject, Required: []string{"description", "ticket"}, Description: "An e-mail address or a telephone number is needed",
		Properties: map[string]*huma.Schema{
			"name": text(maxLine, "Of who reports"), "email": text(254, "Where answers go"), "phone": text(maxLine, ""), "place": text(maxLine, "Address and flat, in words"),
			"subject": text(maxLine, "Left out: the first line of the description"), "description": text(maxText, "What is wrong"), "ticket": text(maxLine, "Of get-report-ticket"),
			"captcha": text(maxJSON, "What the puzzle's service gave, where the organisation asks for one"),
			"website": text(maxJSON, "People leave it empty: what has it is thanked for and thrown away"),
		},
	}
	s.Properties["name"].Examples, s.Properties["phone"].Examples = []any{"Anna Alm"}, []any{"070-174 06 05"}
	slices.Sort(s.Required)
	return s
}
