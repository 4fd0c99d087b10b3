package message

import (
	"slices"
	"testing"
)

// patterns are those that are asked about every mail.
func patterns() map[string]pattern {
	return map[string]pattern{
		"autoSubject": autoSubject, "awaySubject": awaySubject, "autoText": autoText, "noReply": noReply, "challengeText": challengeText,
		"awayBegins": awayBegins, "awaySays": awaySays, "failurePhrase": failurePhrase, "delayPhrase": delayPhrase, "labelBefore": labelBefore, "notAbout": notAbout,
		"bounceSubject": bounceSubject, "delaySubject": delaySubject, "dmarcSubject": dmarcSubject, "goodSubject": goodSubject, "robotName": robotName,
		"robotTitle": robotTitle, "statusField": statusField, "returnedHint": returnedHint,
	}
}

func TestRequired(t *testing.T) {
	for _, tt := range []struct {
		expr string
		want []string
	}{
		{`(?i)Delayed`, []string{"delayed"}},
		{`(?i)(?:åter|tillbaka) den \d+`, []string{"tillbaka", "Åter"}}, // folded to the first of Å, å and the sign for ångström
		{`(?i)\bndr\b|non-?delivery`, []string{"ndr", "delivery"}},
		{`(?i)(?:out|away)? of office`, []string{" of office"}},
		{`(?i)x{2}yes+`, []string{"ye"}},
		{`(?i)report|\d+`, nil}, // digits alone match as well
		{`(?i)[a-z]+`, nil},
		{`a`, nil}, // too short to be worth it
	} {
		got := compile(tt.expr).words
		slices.Sort(got)
		slices.Sort(tt.want)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.expr, got, tt.want)
		}
	}
	for name, p := range patterns() {
		if len(p.words) == 0 && name != "labelBefore" {
			t.Errorf("%s has no words to look for first", name)
		}
	}
}

// (?i) takes the Kelvin sign for a k and the long s for an s; so do the words.
func TestPatternFolds(t *testing.T) {
	for _, s := range []string{"PÅ SEMESTER", "på ſemester", "pÅ Semester"} {
		if !awaySubject.MatchString(s) {
			t.Errorf("%q is not told", s)
		}
	}
	if p := compile(`(?i)kiitos viestistäsi`); !p.MatchString("\u212aiito\u017f VIESTISTÄSI") {
		t.Error("the Kelvin sign is no k")
	}
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{
		"Delivery Status Notification (Failure)", "Autosvar: på semester till måndag", "frånvaro", "Re: Kranen droppar", "MAILER-DAEMON", "no-reply",
		"Jag är på semester och åter den 3 augusti", "click here to verify that you are a person", "Final-Recipient: rfc822; a@b.example", "\u212a\u017f\xff",
		"The original message follows", "has been delayed", "please reply to confirm your address",
	} {
		f.Add(s)
	}
	all := patterns()
	f.Fuzz(func(t *testing.T, s string) {
		for name, p := range all {
			if got, want := p.MatchString(s), p.Regexp.MatchString(s); got != want {
				t.Errorf("%s says %v to %q, its expression %v", name, got, s, want)
			}
		}
	})
}
