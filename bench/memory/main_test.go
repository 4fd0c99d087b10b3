package main

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"smartmail/message"
)

// The big mails are of their size, need no dots, and are what they are called.
func TestBigMails(t *testing.T) {
	const size = 300_000
	for name, mail := range map[string][]byte{"photo": photo(size), "page": page(size)} {
		if len(mail) < size-200 || len(mail) > size {
			t.Errorf("%s: %d bytes", name, len(mail))
		}
		if bytes.Contains(mail, []byte("\n.")) || !bytes.HasSuffix(mail, []byte("\r\n")) {
			t.Errorf("%s: a line begins with a dot, or the last one has no end", name)
		}
		c := message.Parse(context.Background(), message.InMemory(mail), message.Limits{})
		if c.Unparseable || (name == "photo") != (len(c.Attachments) == 1) || (name == "page") != (c.HTML != "") {
			t.Errorf("%s: %d attachments, %d bytes of HTML", name, len(c.Attachments), len(c.HTML))
		}
	}
}

// What the system does not allow is said with what would help.
func TestAllow(t *testing.T) {
	if err := allow(100); err != nil {
		t.Error(err)
	}
	if err := allow(math.MaxInt32); err == nil || !strings.Contains(err.Error(), "ulimit -Hn") {
		t.Errorf("%v", err)
	}
}

func TestPrint(t *testing.T) {
	var out strings.Builder
	result{trial: "a", most: 400 << 20, rest: 50 << 20, peak: 399 << 20, mails: 3, answered: time.Second}.print(&out)
	result{trial: "b", most: 400 << 20, peak: 400 << 20}.print(&out)
	if got := out.String(); got != "a\tunder 400\t399\tyes\t50\t3\t1s\nb\tunder 400\t400\tmissed\t0\t0\t0s\n" {
		t.Errorf("%q", got)
	}
}
