package register

import (
	"strings"
	"time"
)

// luhn reports whether the last digit is the check digit of the others (ISO/IEC 7812-1 annex B). digits are '0' to '9'.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// shaped returns the digits of s, where it has the shape: N is a digit, everything else itself.
func shaped(s, shape string) (digits string, ok bool) {
	if len(s) != len(shape) {
		return "", false
	}
	var b strings.Builder
	for i := range len(s) {
		switch {
		case shape[i] != 'N' && s[i] != shape[i], shape[i] == 'N' && (s[i] < '0' || s[i] > '9'):
			return "", false
		case shape[i] == 'N':
			b.WriteByte(s[i])
		}
	}
	return b.String(), true
}

// orgNumber checks a Swedish organisation number. The third digit tells it from a personal number: it is 2 or more.
func orgNumber(s string) bool {
	d, ok := shaped(s, "NNNNNN-NNNN")
	return ok && luhn(d) && d[2] >= '2'
}

// personalNumber checks a Swedish personal number (personnummer) with its century, or a coordination number, whose day is 60 higher.
func personalNumber(s string) bool {
	d, ok := shaped(s, "NNNNNNNN-NNNN")
	if !ok || !luhn(d[2:]) {
		return false
	}
	if d[6] >= '6' {
		d = d[:6] + string(d[6]-6) + d[7:]
	}
	_, err := time.Parse("20060102", d[:8])
	return err == nil
}

// bankgiro checks a bankgiro number.
func bankgiro(s string) bool {
	d, ok := shaped(s, "NNN-NNNN")
	if !ok {
		d, ok = shaped(s, "NNNN-NNNN")
	}
	return ok && luhn(d)
}

func clock(s string) bool {
	_, err := time.Parse("15:04", s)
	return err == nil && len(s) == 5
}
