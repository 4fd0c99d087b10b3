package message

import (
	"regexp"
	"strings"
)

// mentions of addresses in a notice, by how sure it is that one did not get the mail.
const (
	mentioned = iota + 1 // it stands somewhere
	inPhrase             // in a sentence about delivery
	labelled             // it begins a line, or a label or reply code introduces it
)

// maxGuesses bounds the recipients taken from a text. Reports in the form of RFC 3464 may have maxBounces.
const maxGuesses = 50

// candidate is one address in a notice, with all lines that are about it.
type candidate struct {
	address string
	rank    int
	said    string
}

var (
	noticeAddress = regexp.MustCompile(`[^\s<>()\[\]",;:@'=|]{1,64}@[^\s<>()\[\]",;:@'=|/?]{1,255}`)

	// What may stand before an address that a line is about: a reply code, a label.
	codeBefore  = regexp.MustCompile(`^[45]\d\d[ -](?:[45]\.\d+\.\d+ )?[<"' ]*$`)
	labelBefore = compile(`(?i)(?:^|\W)(?:(?:final|original|failed|invalid|unknown)[- ]?recipients?|recipients?(?: address)?|rcpt(?: to)?|to|e-?mail|address(?:es)?|undeliverable to|invalid user|` +
		`user(?: unknown)?|unknown user|mottagare|mottaker|modtager|vastaanottaja|empfänger|destinat\S+|ontvanger)\s*:\s*(?:rfc822;)?[\s<"']*$`)
	notAbout = compile(`(?i)message-?id|references|in-reply-to|\bfrom\b|sender|reply-to|return-path|contact|help|questions?|assistance|support|original-envelope|generated|postmaster to|kontakta|please|log in|^\s*(?:subject|date|received|by|id|cc)\b`)

	// A sentence about a delivery that failed or is late.
	failurePhrase = compile(`(?i)` + strings.Join([]string{
		`(?:could|can|was|were|has|have|did|will|is|are) ?n(?:o|')t (?:\S+ ){0,3}?(?:deliver|reach|be sent|sent|accept|be relayed|exist|found)`, `cannot be (?:delivered|sent)`, `undeliver`, `unable to (?:\S+ )?(?:deliver|send|relay|reach|accept)`,
		`not (?:been |yet been )?delivered`, `deliver\S* (?:\S+ ){0,6}?(?:fail|error|problem|delay|refus|reject|unsuccess|impossible)`, `fail\S* (?:\S+ ){0,4}?(?:deliver|recipient|address)`, `error\S* (?:\S+ ){0,3}?(?:deliver|occurred)`,
		`(?:user|recipient|address|mailbox|host|domain)\S* (?:\S+ ){0,3}?(?:unknown|not found|does(?:n't| not)|exceed|full|reject|invalid|disabled|unavailable)`, `(?:unknown|invalid|no such|no valid) (?:\S+ )?(?:user|recipient|address|mailbox|host)`,
		`returned? (?:mail|message|to sender)`, `(?:mail|message) (?:\S+ ){0,4}?(?:reject|refus|block|bounced)`, `rejected`, `delivery (?:errors|problems|failure)`, `failed addresses`, `wasn't able to deliver`, `still being retried`, `duplicated message-id`,
		`kunde (?:inte|ikke) (?:\S+ )?lever`, `inte levererat`, `olevererbar`, `kunne ikke lever`, `ikke lever`, `toimittaa`, `nicht (?:\S+ )?(?:zugestellt|zustell)`, `unzustellbar`, `konnte nicht`,
		`n'a (?:pas )?pu être`, `non (?:remis|distribu)`, `no (?:se )?(?:ha podido|pudo|existe)`, `no se entreg`, `non è stato possibile`, `não (?:foi|pôde)`, `niet (?:\S+ )?(?:bezorgd|afgeleverd|worden)`,
		`送信できませんでした`, `配信できません`, `届けられませんでした`, `エラー`, `宛先`, `无法`, `退信`, `не (?:может быть |была? )?доставлен`,
	}, "|"))
)

// guess makes what can be made of a notice outside RFC 3464.
func (n notice) guess(c *Content, failed []Mailbox, original header) []BouncedRecipient {
	found := n.candidates(c, original)
	for _, m := range failed {
		if !hasCandidate(found, m.Email) {
			found = append(found, candidate{address: m.Email, rank: labelled})
		}
	}
	found = n.choose(found, original)
	var out []BouncedRecipient
	for _, f := range found {
		b := BouncedRecipient{Recipient: cleanAddress(f.address)}
		if b.Recipient == "" {
			continue
		}
		if replyOf(f.said) == "" && statusCode(f.said) == "" && reasonOf(f.said) == "" {
			f.said += "\n" + n.lead
		}
		b.Status = statusCode(f.said)
		b.Reason = ownWords(f.said)
		b.decide(f.said, delaySubject.MatchString(c.Subject) || delayPhrase.MatchString(n.lead), "")
		out = append(out, b)
	}
	return out
}

// choose keeps the candidates of the best rank; where there is none of a good one, those that the mail was written to.
func (n notice) choose(found []candidate, original header) []candidate {
	best := mentioned
	for _, f := range found {
		best = max(best, f.rank)
	}
	var to []candidate
	for _, name := range []string{"To", "Cc"} {
		for _, v := range original.all(name) {
			for _, m := range parseAddresses(v, maxGuesses) {
				if m.Email != "" && !hasCandidate(to, m.Email) {
					to = append(to, candidate{address: m.Email})
				}
			}
		}
	}
	var kept []candidate
	for _, f := range found {
		if f.rank == best && (best == labelled || len(to) == 0 || hasCandidate(to, f.address)) {
			kept = append(kept, f)
		}
	}
	switch {
	case len(kept) > 0:
		return kept
	case best == inPhrase:
		for _, f := range found {
			if f.rank == best {
				kept = append(kept, f)
			}
		}
		return kept
	}
	return to[:min(len(to), maxGuesses)]
}

func hasCandidate(list []candidate, address string) bool {
	for _, c := range list {
		if strings.EqualFold(c.address, address) {
			return true
		}
	}
	return false
}

// candidates finds the addresses in a notice. Where its own words name nobody but its reader and its writer, the words
// behind the shown header are asked, and then those two as well.
func (n notice) candidates(c *Content, original header) []candidate {
	not := notRecipients(c, original)
	for _, text := range []string{n.lead, n.rest} {
		if found := scanAddresses(text, not); len(found) > 0 {
			return found
		}
	}
	for _, f := range scanAddresses(n.lead, nil) {
		if f.rank == labelled && !strings.EqualFold(f.address, c.From.Email) {
			return []candidate{f}
		}
	}
	return nil
}

// notRecipients are the addresses that a notice names for other reasons: its writer, its reader, who sent the mail.
func notRecipients(c *Content, original header) map[string]bool {
	not := map[string]bool{strings.ToLower(c.From.Email): true}
	for _, m := range c.To {
		not[strings.ToLower(m.Email)] = true
	}
	for _, name := range []string{"From", "Sender", "Return-Path", "Reply-To", "Errors-To", "Message-ID"} {
		for _, m := range parseAddresses(original.get(name), 1) {
			not[strings.ToLower(m.Email)] = true
		}
	}
	for _, id := range c.Returned {
		not[strings.ToLower(id)] = true
	}
	return not
}

// scanAddresses walks over the lines. A line without an address is about the address before it.
func scanAddresses(text string, not map[string]bool) []candidate {
	var found []candidate
	current := -1
	phrase := false
	for line := range strings.SplitSeq(text, "\n") {
		phrase = strings.TrimSpace(line) != "" && (failurePhrase.MatchString(line) || phrase && !strings.HasSuffix(strings.TrimSpace(line), "."))
		for _, at := range noticeAddress.FindAllStringIndex(line, 10) {
			address := strings.TrimRight(line[at[0]:at[1]], ".>)}-*`")
			rank := rankOf(line[:at[0]], phrase)
			if rank == 0 || not[strings.ToLower(address)] || cleanAddress(address) == "" {
				continue
			}
			i := indexOf(found, address)
			if i < 0 {
				if len(found) >= maxGuesses {
					continue
				}
				i = len(found)
				found = append(found, candidate{address: address})
			}
			found[i].rank = max(found[i].rank, rank)
			if rank == labelled || current < 0 {
				current = i
			}
		}
		if current >= 0 && len(found[current].said) < maxName {
			found[current].said += line + "\n"
		}
	}
	return found
}

func indexOf(list []candidate, address string) int {
	for i := range list {
		if strings.EqualFold(list[i].address, address) {
			return i
		}
	}
	return -1
}

// rankOf tells from what stands before an address in its line what the line says about it; 0: that it is somebody else's.
func rankOf(before string, phrase bool) int {
	before = strings.TrimLeft(before, " \t>*-•·#|\"'<(&")
	switch {
	case before == "", codeBefore.MatchString(before), labelBefore.MatchString(before):
		return labelled
	case notAbout.MatchString(before):
		return 0
	case strings.HasSuffix(strings.TrimRight(before, " <\"'"), ":") && phrase:
		return labelled
	case phrase:
		return inPhrase
	}
	return mentioned
}

var (
	replyPattern = regexp.MustCompile(`(?:^|[\s:;,"<(\[])([45][0-5]\d)(?:[ \-,#:;]|$)`)
	delayPhrase  = compile(`(?i)(?:has been|is|was|been) delayed|not yet been delivered|still being retried|will (?:be retried|continue|keep trying|retry)|warning (?:message )?only|delivery attempts will continue|försenat|har inte kunnat levereras ännu`)
)

// replyOf finds an SMTP reply code of a failure (RFC 5321 section 4.2).
func replyOf(s string) string {
	if m := replyPattern.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

// ownWords is the line in which the remote says what is wrong, else the first line that says anything.
func ownWords(said string) string {
	fallback := ""
	for line := range strings.SplitSeq(said, "\n") {
		line = oneLine(strings.Join(strings.Fields(line), " "), maxName)
		if replyOf(line) != "" || statusCode(line) != "" {
			return line
		}
		if bare := strings.Trim(noticeAddress.ReplaceAllString(line, ""), "<>:\"'*- "); fallback == "" && bare != "" {
			fallback = line
		}
	}
	return fallback
}

// decide fills what follows from the remote's words: the kind, and whether it is for good. The status tells first
// (RFC 3463 section 2: class 5 is permanent, 4 passes), then the reply code, then the action, then the words.
func (b *BouncedRecipient) decide(said string, late bool, action string) {
	b.Kind = reasonOf(firstOf(b.Reason, said))
	if b.Kind == "" {
		b.Kind = reasonOf(b.Status + " " + cutRunes(said, maxName))
	}
	b.ReasonSV, b.ReasonEN = b.Kind.Swedish(), b.Kind.English()
	reply := replyOf(said)
	switch {
	case b.Status != "":
		b.Permanent = b.Status[0] == '5'
	case reply != "":
		b.Permanent = reply[0] == '5'
	case action != "":
		b.Permanent = action == "failed"
	default:
		b.Permanent = !late
	}
}
