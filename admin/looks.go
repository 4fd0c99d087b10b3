package admin

import (
	"context"
	"net/http"

	"smartmail/fault"
)

// Preview is a sample mail in an organisation's looks.
type Preview struct {
	Org      string `json:"org"`
	Kind     string `json:"kind"`
	Language string `json:"language"`
	Subject  string `json:"subject"`
	Text     string `json:"text"`
	HTML     string `json:"html" doc:"The logo is in it as a data URL. Show it in a frame with a sandbox"`
}

func (s *server) lookCalls() {
	register(s, call{method: http.MethodGet, path: prefix + "/organisations/{id}/preview/{kind}", id: "preview-mail",
		summary: "A sample mail of one kind, as the organisation's templates are now; 422 names file and line of what is wrong with them"}, s.preview)
}

type previewInput struct {
	ID       string `path:"id" maxLength:"63" doc:"The organisation"`
	Kind     string `path:"kind" maxLength:"40" doc:"message, order, received, understood and so on; 404 names them all"`
	Language string `query:"language" enum:"sv,en" doc:"Left out: the organisation's"`
}

type previewOutput struct{ Body Preview }

func (s *server) preview(ctx context.Context, in *previewInput) (*previewOutput, error) {
	org, err := callerOf(ctx).org(in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.desk(ctx).Administer(); err != nil {
		return nil, err
	}
	if s.Previews == nil {
		return nil, fault.New(fault.NotFound, "there are no previews")
	}
	p, err := s.Previews.Preview(org, in.Kind, in.Language)
	if err != nil {
		return nil, err
	}
	return &previewOutput{Preview{Org: string(org), Kind: in.Kind, Language: p.Language, Subject: p.Subject, Text: p.Text, HTML: p.HTML}}, nil
}
