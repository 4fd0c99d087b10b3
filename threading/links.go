package threading

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"smartmail/casework"
)

// LinkKind is what a link opens; it is part of what is signed, and none of the kinds of tokens.
type LinkKind byte

// The kinds of links.
const (
	FileLink LinkKind = 'f' // one attachment of one entry
	PageLink LinkKind = 'p' // a participant's page of his case
	DoorLink LinkKind = 'd' // the door codes of a case, for the supplier of the order that an entry is about
)

// Link is what a link in a mail lets its bearer see until it expires. That it proves itself is not all: whoever serves it
// looks whether the participant may still see what it names.
type Link struct {
	Kind        LinkKind
	Org         casework.OrgID
	Case        casework.CaseNumber
	Participant casework.ParticipantNo
	Entry       casework.EntryID // of FileLink and DoorLink: the message that bears it
	File        int              // of FileLink: position among the entry's files, from 0
	Expires     time.Time        // in whole seconds
}

// maxLink bounds a link's token in octets: an organisation of 63 and every number at its longest.
const maxLink = 200

// linkPattern is the one spelling of a token: organisation, then the parts that the proof at its end covers.
var linkPattern = regexp.MustCompile(`^([a-z0-9][a-z0-9-]{0,62})\.([dfp])([1-9][0-9]{0,19})-(0|[1-9][0-9]{0,9})-(?:([0-9a-z]{1,40})\.(0|[1-9][0-9]{0,4})-)?([1-9][0-9]{0,11})-([a-z2-7]{20})$`)

// SignLink returns the token that proves l: `org.p<case>-<participant>-<expires>-<mac>`, and for a file or door codes
// `org.f<case>-<participant>-<entry>.<file>-<expires>-<mac>`.
func (k *Keyring) SignLink(l Link) (string, error) {
	t := l.token()
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, key := range k.keys[l.Org] {
		if !k.valid(key) {
			continue
		}
		token := string(l.Org) + "." + t.body() + "-" + mac(key, t)
		if len(token) > maxLink || !linkPattern.MatchString(token) {
			return "", fmt.Errorf("sign link: %q names what a link cannot", t.body())
		}
		return token, nil
	}
	return "", fmt.Errorf("sign link: organisation %q has no valid key", l.Org)
}

// VerifyLink reads a link's token. ok is false for anything that we did not sign with a key that is still valid, and for
// what has expired.
func (k *Keyring) VerifyLink(token string) (l Link, ok bool) {
	l, sum, ok := parseLink(token)
	if !ok || !k.proves(l.Org, l.token(), sum) || !k.now().Before(l.Expires) {
		return Link{}, false
	}
	return l, true
}

// token is the link in the form in which it is signed: what only links have is the part that tells two of them apart.
func (l Link) token() Token {
	unique := strconv.FormatInt(l.Expires.Unix(), 10)
	if l.Kind != PageLink {
		unique = fmt.Sprintf("%s.%d-%s", l.Entry, l.File, unique)
	}
	return Token{Kind: TokenKind(l.Kind), Case: l.Case, Participant: l.Participant, Unique: unique}
}

func parseLink(token string) (l Link, sum string, ok bool) {
	if len(token) > maxLink {
		return Link{}, "", false
	}
	m := linkPattern.FindStringSubmatch(token)
	if m == nil || (m[2] != string(PageLink)) != (m[5] != "") {
		return Link{}, "", false
	}
	l = Link{Kind: LinkKind(m[2][0]), Org: casework.OrgID(m[1]), Entry: casework.EntryID(m[5])}
	number, err := strconv.ParseUint(m[3], 10, 64)
	if err != nil {
		return Link{}, "", false
	}
	participant, err := strconv.ParseUint(m[4], 10, 32)
	if err != nil {
		return Link{}, "", false
	}
	expires, err := strconv.ParseInt(m[7], 10, 64)
	if err != nil {
		return Link{}, "", false
	}
	if m[6] != "" {
		if l.File, err = strconv.Atoi(m[6]); err != nil {
			return Link{}, "", false
		}
	}
	l.Case, l.Participant, l.Expires = casework.CaseNumber(number), casework.ParticipantNo(participant), time.Unix(expires, 0)
	return l, m[8], strings.HasPrefix(token, string(l.Org)+"."+l.token().body()+"-")
}
