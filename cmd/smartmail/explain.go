package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"text/tabwriter"

	"smartmail/mailauth"
	"smartmail/mailauth/verdict"
	"smartmail/message"
)

type explainCmd struct {
	JSON bool   `help:"Print all that was read, as JSON."`
	File string `arg:"" placeholder:"FILE.eml" help:"A raw mail; - is standard input."`
}

// maxExplained bounds a mail that is explained, in bytes.
const maxExplained = 256 << 20

// Run shows what each step makes of a mail. It asks no DNS, so signatures are named and not verified.
func (c *explainCmd) Run(ctx context.Context, std streams) error {
	in := io.Reader(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // read only
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxExplained+1))
	if err != nil {
		return err
	}
	if len(b) > maxExplained {
		return fmt.Errorf("the mail is bigger than %d bytes", maxExplained)
	}
	raw := message.InMemory(b)
	content := message.Parse(ctx, raw, message.Limits{})
	v, err := mailauth.New(mailauth.Options{Resolver: noNetwork{}}).Check(ctx, mailauth.Input{Raw: raw})
	if err != nil && len(v.DKIM) == 0 && v.From == "" {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(std.out)
		enc.SetIndent("", "  ")
		return enc.Encode(content)
	}
	return explain(std.out, raw, content, v)
}

func explain(w io.Writer, raw message.Raw, c message.Content, v verdict.Verdict) error {
	digest, err := message.Digest(raw)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	list := func(name string, values []string) {
		for i, s := range values {
			if i > 0 {
				name = ""
			}
			row(name, "%s", s)
		}
	}
	row("mail", "%d bytes, SHA-256 %x", raw.Size(), digest)
	row("identity", "%x (the same mail again has the same)", c.Identity)
	row("class", "%s", c.Class)
	row("from", "%s", c.From)
	if v.From != "" {
		row("proof", "DMARC would ask about %s", v.From)
	} else {
		row("proof", "From can prove nothing: it names not exactly one sender beyond doubt")
	}
	for _, d := range v.DKIM {
		row("signature", "%s, key %s (not verified: no DNS is asked)", d.Domain, d.Selector)
	}
	row("to", "%s", mailboxes(c.To))
	if len(c.Cc) > 0 {
		row("cc", "%s", mailboxes(c.Cc))
	}
	if c.ReplyTo != nil {
		row("reply-to", "%s", c.ReplyTo)
	}
	row("subject", "%s", c.Subject)
	if !c.Date.IsZero() {
		row("date", "%s", c.Date.UTC().Format("2006-01-02 15:04:05 MST"))
	}
	row("message-id", "%s", c.MessageID)
	list("in-reply-to", c.InReplyTo)
	list("references", c.References)
	list("returned", c.Returned)
	for _, b := range c.Bounces {
		row("bounce", "%s status %s permanent %t: %s", b.Recipient, b.Status, b.Permanent, b.Reason)
	}
	for _, a := range c.Attachments {
		row("attachment", "%d  %s  %s  %d bytes  inline %t", a.Index, a.Name, a.Type, a.Size, a.Inline)
	}
	list("label", c.Labels)
	list("notice", c.Notices)
	for _, f := range c.Folded {
		row("folded", "%s: %q", f.Kind, firstLine(c.FullText[f.Start:f.End]))
	}
	_, _ = fmt.Fprintf(t, "\ntext, what is new of %d characters:\n", len([]rune(c.FullText)))
	return errors.Join(t.Flush(), indent(w, c.Text))
}

func indent(w io.Writer, text string) error {
	_, err := fmt.Fprintf(w, "    %s\n", strings.ReplaceAll(text, "\n", "\n    "))
	return err
}

func firstLine(s string) string {
	s, _, more := strings.Cut(strings.TrimSpace(s), "\n")
	if more {
		s += " …"
	}
	return s
}

func mailboxes(list []message.Mailbox) string {
	var out []string
	for _, m := range list {
		out = append(out, m.String())
	}
	return strings.Join(out, ", ")
}

// noNetwork is a resolver that knows nothing.
type noNetwork struct{}

// LookupTXT implements mailauth.Resolver.
func (noNetwork) LookupTXT(_ context.Context, name string) ([]string, error) {
	return nil, notFound(name)
}

// LookupMX implements mailauth.Resolver.
func (noNetwork) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	return nil, notFound(name)
}

// LookupIPAddr implements mailauth.Resolver.
func (noNetwork) LookupIPAddr(_ context.Context, name string) ([]net.IPAddr, error) {
	return nil, notFound(name)
}

// LookupAddr implements mailauth.Resolver.
func (noNetwork) LookupAddr(_ context.Context, addr string) ([]string, error) {
	return nil, notFound(addr)
}
