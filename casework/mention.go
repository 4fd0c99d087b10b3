package casework

import (
	"regexp"
	"slices"
	"strings"
)

// mention finds @name in a text; what stands behind a letter is an address.
var mention = regexp.MustCompile(`(?:^|[^\pL\pN@._-])@([\pL\pN][\pL\pN._-]{0,63})`)

// maxMentions bounds how many people one note calls for.
const maxMentions = 20

// Mentioned lists what a note calls people by, each once, in order. Whether somebody is called so is for the register to say.
func Mentioned(text string) (names []string) {
	for _, found := range mention.FindAllStringSubmatch(text, -1) {
		name := strings.TrimRight(found[1], "._-")
		if !slices.Contains(names, name) && len(names) < maxMentions {
			names = append(names, name)
		}
	}
	return names
}

// callFor puts a note before each of those whom it mentions.
func (t *teller) callFor(c *Case, contacts []string) {
	for _, who := range contacts {
		t.tell(c, Entry{Kind: KindMention, Lane: LaneID(LaneInternal), Change: &Change{Field: "mention", To: who}})
		t.attend(c, Attention{Code: CodeMention, For: who, Detail: t.by.Name})
	}
}
