package threading

import (
	"fmt"
	"regexp"
	"strings"

	"smartmail/casework"
	"smartmail/message"
)

// shownAddress finds what looks like an e-mail address in a display name.
var shownAddress = regexp.MustCompile(`[^\s<>"'(),;:@]+@[^\s<>"'(),;:@]+\.[^\s<>"'(),;:@]+`)

// Marks says what a person who reads the mail should beware of, in plain words: where the header shows one address and the
// mail comes from another, or answers would go to a third.
func Marks(c message.Content) []string {
	var marks []string
	from := casework.Address(c.From.Email)
	if shown := casework.Address(shownAddress.FindString(c.From.Name)); shown != "" && shown != from {
		marks = append(marks, fmt.Sprintf("the display name shows %s, the mail says it is from %s", shown, orNobody(from)))
	}
	if len(c.FromAll) > 0 {
		marks = append(marks, "From names more than one sender, or none that can be read: who wrote is not certain")
	}
	if c.ReplyTo != nil {
		if to := casework.Address(c.ReplyTo.Email); to != "" && to != from && domainOf(to) != domainOf(from) {
			marks = append(marks, fmt.Sprintf("answers would go to %s, on another domain than the sender's", to))
		}
	}
	return marks
}

func orNobody(addr string) string {
	if addr == "" {
		return "nobody"
	}
	return addr
}

func domainOf(addr string) string { return addr[strings.LastIndexByte(addr, '@')+1:] }
