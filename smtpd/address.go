package smtpd

import (
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-smtp"
)

// address checks and writes out an address that the engine has read from the command line. The engine takes quoted
// local parts apart and lets pass much that RFC 5321 section 4.1.2 does not; what comes out of here reads the
// same to everyone. status is the X.1.Y of RFC 3463 for this command.
func address(addr, command string, utf8OK bool, status int) (string, *smtp.SMTPError) {
	bad := func(text string) (string, *smtp.SMTPError) {
		return "", &smtp.SMTPError{Code: 501, EnhancedCode: smtp.EnhancedCode{5, 1, status}, Message: text}
	}
	if addr == "" {
		return "", nil // the null reverse-path
	}
	if !utf8.ValidString(addr) {
		return bad("address is not valid UTF-8")
	}
	if strings.ContainsRune(addr, '\t') {
		return bad("control character in address") // the only one that a command line may have
	}
	if !utf8OK && strings.ContainsFunc(addr, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return "", &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 6, 7}, Message: "address needs SMTPUTF8"}
	}
	at := strings.LastIndexByte(addr, '@')
	local, domain := addr[:at], addr[at+1:]
	if strings.Contains(local, "@") && !strings.Contains(command, `"`) {
		return bad("more than one @ in address")
	}
	if !validDomain(domain) {
		return bad("bad domain in address")
	}
	return quoteLocal(local) + "@" + domain, nil
}

// validDomain checks the characters of a domain or an address literal. Whether it exists is for others.
func validDomain(d string) bool {
	if inner, ok := strings.CutPrefix(d, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		return ok && inner != "" && strings.Trim(strings.ToLower(inner), "0123456789abcdefghijklmnopqrstuvwxyz.:-") == ""
	}
	for label := range strings.SplitSeq(d, ".") {
		if label == "" {
			return false
		}
		for _, r := range label {
			if r < utf8.RuneSelf && !isAlnum(r) && r != '-' && r != '_' {
				return false
			}
		}
	}
	return true
}

// quoteLocal writes a local part as a dot-string where it is one, else as a quoted string.
func quoteLocal(local string) string {
	dotString := true
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" {
			dotString = false
		}
		for _, r := range atom {
			if r < utf8.RuneSelf && !isAlnum(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r) {
				dotString = false
			}
		}
	}
	if dotString {
		return local
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(local) + `"`
}

func isAlnum(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}
