package admin

import (
	"context"
	"fmt"
	"mime"
	"net/http"

	"smartmail/casework"
	"smartmail/fault"
)

// maxFiles bounds the files of one message: bytes in all.
const maxFiles = 25 << 20

func (s *server) messageCalls() {
	register(s, call{method: http.MethodPost, path: prefix + "/cases/{number}/messages", id: "post-message", status: http.StatusAccepted, bigBody: true,
		summary: "Write to a lane: a mail to each participant, or a note on lane internal"}, s.postMessage)
}

// acceptedEntry is the answer of a call whose mails go out by themselves.
type acceptedEntry struct {
	Location string `header:"Location"`
	Body     Entry
}

func (s *server) accepted(ctx context.Context, e casework.Entry) (*acceptedEntry, error) {
	v, err := s.desk(ctx).Entry(ctx, e.Org, e.ID)
	if err != nil {
		return nil, err
	}
	body, err := s.view.entry(ctx, v)
	return &acceptedEntry{Location: location(e.Org, "entries", e.ID), Body: body}, err
}

// UploadedFile is a file to send.
type UploadedFile struct {
	Name    string `json:"name" minLength:"1" maxLength:"500"`
	Type    string `json:"type,omitempty" maxLength:"200" nullable:"true" doc:"Media type; application/octet-stream where it is left out"`
	Content Base64 `json:"content"`
}

type postMessageInput struct {
	CaseParam
	Body struct {
		Lane        string         `json:"lane" minLength:"1" maxLength:"64"`
		Text        string         `json:"text,omitempty" maxLength:"1048576" nullable:"true"`
		Attachments []UploadedFile `json:"attachments,omitempty" maxItems:"50" doc:"At most 25 MB together"`
	}
}

func (s *server) postMessage(ctx context.Context, in *postMessageInput) (*acceptedEntry, error) {
	who := callerOf(ctx)
	org, err := who.org(in.Org)
	if err != nil {
		return nil, err
	}
	n := casework.CaseNumber(in.Number)
	if _, err := s.desk(ctx).Case(ctx, org, n); err != nil { // before files are kept for it
		return nil, err
	}
	files, err := s.keepFiles(ctx, org, in.Body.Attachments)
	if err != nil {
		return nil, err
	}
	cmd := casework.Post{Lane: casework.LaneID(in.Body.Lane), Text: in.Body.Text, Files: files}
	_, entries, err := s.desk(ctx).Do(ctx, org, n, cmd, who.actor, 0)
	if err != nil {
		return nil, err
	}
	return s.accepted(ctx, entries[0])
}

// keepFiles stores what a message is to carry. What no message comes to name is swept.
func (s *server) keepFiles(ctx context.Context, org casework.OrgID, uploads []UploadedFile) ([]casework.File, error) {
	total := 0
	for i, u := range uploads {
		if total += len(u.Content); total > maxFiles {
			return nil, fault.New(fault.TooBig, fmt.Sprintf("the files are larger than %d bytes together", maxFiles))
		}
		if u.Type == "" {
			uploads[i].Type = "application/octet-stream"
			continue
		}
		mediaType, _, err := mime.ParseMediaType(u.Type)
		if err != nil {
			return nil, fault.New(fault.Invalid, "the type of an attachment is no media type")
		}
		uploads[i].Type = mediaType
	}
	var files []casework.File
	for _, u := range uploads {
		f, err := s.desk(ctx).KeepFile(ctx, org, u.Name, u.Type, u.Content)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}
