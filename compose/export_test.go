package compose

import (
	"encoding/base64"
	"reflect"
	"strings"

	"smartmail/casework"
)

// Contrast is what tests look at from outside.
var Contrast = contrast

// FactsType is the type of what templates get.
func FactsType() reflect.Type { return reflect.TypeFor[facts]() }

// ICS is the attached invitation of a composed mail, decoded; empty where there is none.
func ICS(raw []byte) string {
	_, b, _ := strings.Cut(string(raw), `filename="invite.ics"`)
	_, b, _ = strings.Cut(b, "\r\n\r\n")
	b, _, _ = strings.Cut(b, "\r\n--")
	out, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(b, "\r\n", ""))
	if err != nil {
		return ""
	}
	return string(out)
}

// Sample is a kind of mail with an entry of which one is made.
type Sample struct {
	Name  string
	Entry casework.Entry
}

// Samples lists every kind.
func Samples() (out []Sample) {
	for _, k := range kinds() {
		out = append(out, Sample{k.name, k.entry})
	}
	return out
}
