package threading

import (
	"strings"
	"testing"

	"smartmail/message"
)

func TestMarks(t *testing.T) {
	reply := func(email string) *message.Mailbox { return &message.Mailbox{Email: email} }
	for name, c := range map[string]struct {
		mail message.Content
		want string // within the marks; empty: none
	}{
		"plain":                    {message.Content{From: message.Mailbox{Name: "Anna", Email: "anna@home.example"}}, ""},
		"name is the address":      {message.Content{From: message.Mailbox{Name: "Anna@home.example", Email: "anna@home.example"}}, ""},
		"name is another address":  {message.Content{From: message.Mailbox{Name: "jour@ror.example", Email: "x@evil.example"}}, "shows jour@ror.example"},
		"name holds another":       {message.Content{From: message.Mailbox{Name: "Rör AB <jour@ror.example>", Email: "x@evil.example"}}, "shows jour@ror.example"},
		"name and no address":      {message.Content{From: message.Mailbox{Name: "jour@ror.example"}}, "is from nobody"},
		"an @ that is no address":  {message.Content{From: message.Mailbox{Name: "Anna @ jobbet", Email: "anna@home.example"}}, ""},
		"several From":             {message.Content{From: message.Mailbox{Email: "a@b.example"}, FromAll: make([]message.Mailbox, 2)}, "more than one sender"},
		"Reply-To elsewhere":       {message.Content{From: message.Mailbox{Email: "a@b.example"}, ReplyTo: reply("a@evil.example")}, "would go to a@evil.example"},
		"Reply-To at home":         {message.Content{From: message.Mailbox{Email: "a@b.example"}, ReplyTo: reply("kontor@b.example")}, ""},
		"Reply-To without address": {message.Content{From: message.Mailbox{Email: "a@b.example"}, ReplyTo: reply("")}, ""},
	} {
		got := strings.Join(Marks(c.mail), "; ")
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want it to contain %q", name, got, c.want)
		}
	}
}
