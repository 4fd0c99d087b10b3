package corpus

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"smartmail/message"
)

// bounceSets hold mails by mail systems, and what the origins' programs read from them.
var bounceSets = []string{"sisimai-bounces", "bounceparser", "flanker-bounces"}

// bounced is an expectation about a notice.
type bounced struct {
	File       string   `json:"file"`
	Bounce     *bool    `json:"is_bounce"`
	Auto       bool     `json:"is_autoreply"`
	Feedback   bool     `json:"is_feedback_report"`
	Delivered  bool     `json:"is_delivered_report"`
	Class      string   `json:"bounce_class"`
	Status     string   `json:"status"`
	Kind       string   `json:"report_kind"`
	Recipients []string `json:"bounce_recipients"`
	Tool       []string `json:"tool_recipients"`
	MessageID  string   `json:"tool_original_message_id"`
	Results    []struct {
		Status string `json:"status"`
	} `json:"results"`
	DSN []struct {
		Recipient string `json:"final_recipient"`
		Status    string `json:"status"`
	} `json:"dsn_fields"`
}

func (e bounced) is() bool { return e.Bounce != nil && *e.Bounce }

// recipients are those that the strongest of the sources names.
func (e bounced) recipients() []string {
	switch {
	case len(e.Recipients) > 0:
		return e.Recipients
	case len(e.Tool) > 0:
		return e.Tool
	}
	var out []string
	for _, d := range e.DSN {
		out = append(out, d.Recipient)
	}
	return out
}

// permanent is whether the failures are for good; known is false where the mail's differ or nobody says.
func (e bounced) permanent() (permanent, known bool) {
	var classes []string
	for _, r := range e.Results {
		classes = append(classes, r.Status)
	}
	if len(e.Results) == 0 {
		for _, d := range e.DSN {
			classes = append(classes, d.Status)
		}
		classes = append(classes, e.Status)
	}
	if e.Class == "temporary" {
		classes = []string{"4"}
	}
	seen := ""
	for _, c := range classes {
		if c == "" {
			continue
		}
		if seen != "" && seen != c[:1] {
			return false, false
		}
		seen = c[:1]
	}
	return seen == "5", seen == "4" || seen == "5"
}

func bounceRows() []row {
	each := func(count func(c *tally, e bounced, got message.Content)) func(t *testing.T) tally {
		return func(t *testing.T) tally {
			var c tally
			for _, set := range bounceSets {
				for _, e := range manifest[bounced](t, set) {
					count(&c, e, message.Parse(context.Background(), message.InMemory(file(t, set, e.File)), message.Limits{}))
				}
			}
			return c
		}
	}
	return []row{
		{"bounce: told as such", 98, each(func(c *tally, e bounced, got message.Content) {
			if e.is() {
				c.add(e.File, unless(got.Class == message.Bounce, "it is %s: %q", got.Class, got.Subject))
			}
		})},
		{"bounce: answers and reports are none", 100, each(func(c *tally, e bounced, got message.Content) {
			if e.Auto || e.Feedback || e.Delivered {
				c.add(e.File, unless(got.Class == message.Automatic || got.Class == message.Report, "it is %s: %q", got.Class, got.Subject))
			}
		})},
		{"bounce: no false alarms elsewhere", 100, scoreAlarms},
		{"bounce: recipients", 95, each(func(c *tally, e bounced, got message.Content) {
			for _, want := range e.recipients() {
				if e.is() {
					c.add(e.File, unless(bouncedTo(got, want), "%s is not in %v", want, got.Bounces))
				}
			}
		})},
		{"bounce: permanent or temporary", 95, each(func(c *tally, e bounced, got message.Content) {
			if want, known := e.permanent(); known && e.is() {
				same := len(got.Bounces) > 0
				for _, b := range got.Bounces {
					same = same && b.Permanent == want
				}
				c.add(e.File, unless(same, "expected permanent %v of %v", want, got.Bounces))
			}
		})},
		{"bounce: which mail it is about", 90, each(func(c *tally, e bounced, got message.Content) {
			if want := strings.Trim(e.MessageID, "<>"); want != "" && e.is() {
				c.add(e.File, unless(slices.Contains(got.Returned, want), "%q is not in %q", want, got.Returned))
			}
		})},
		{"reports: told as such", 100, scoreReports},
	}
}

// unless says what is wrong, where it is.
func unless(ok bool, format string, args ...any) string {
	if ok {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

func bouncedTo(c message.Content, want string) bool {
	return slices.ContainsFunc(c.Bounces, func(b message.BouncedRecipient) bool {
		return strings.EqualFold(b.Recipient, want) || strings.EqualFold(b.Original, want)
	})
}

// scoreAlarms reads all mails of the other sets. Some of them are bounces all the same, by their own words.
func scoreAlarms(t *testing.T) tally {
	bounces := []string{ // read one by one
		"cpython-email/msg_16.txt", "cpython-email/msg_43.txt", "enmime-testdata/mail/multipart-wo-boundary.raw", "imap-tools/mime_emails/raw_email_with_mimepart_without_content_type.eml",
		"imap-tools/multipart_report_emails/multipart_report_multiple_status.eml", "imap-tools/multipart_report_emails/report_530.eml", "mime4j/mimetools-testmsgs/badbound.msg",
	}
	var c tally
	eachMail(t, func(name string, got message.Content, _ time.Duration) {
		if !strings.Contains(strings.Split(name, "/")[0], "bounce") && !slices.Contains(bounces, name) {
			c.add(name, unless(got.Class != message.Bounce, "it is a bounce: %q", got.Subject))
		}
	})
	return c
}

func scoreReports(t *testing.T) tally {
	var c tally
	for _, e := range manifest[bounced](t, "mail-reports") {
		if strings.HasSuffix(e.File, ".eml") {
			got := message.Parse(context.Background(), message.InMemory(file(t, "mail-reports", e.File)), message.Limits{})
			c.add(e.File, unless(got.Class == message.Report, "%s is %s", e.Kind, got.Class))
		}
	}
	return c
}

// eachMail reads every file of every set as if it were a mail, and what Outlook attaches as Outlook sends it.
func eachMail(t *testing.T, take func(name string, got message.Content, spent time.Duration)) {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".jsonl") || strings.HasSuffix(path, ".json") || strings.Contains(path, "LICENSES") {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		raw := file(t, ".", name)
		if strings.HasPrefix(filepath.ToSlash(name), "tnef-teamwork/") {
			raw = fromOutlook(raw)
		}
		start := time.Now()
		got := message.Parse(context.Background(), message.InMemory(raw), message.Limits{})
		take(filepath.ToSlash(name), got, time.Since(start))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
