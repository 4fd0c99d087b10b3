package admin

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"smartmail/fault"
)

// severalLines are the members that may have line breaks and tabs, by name: whatever else is text is one line.
func severalLines() []string { return []string{"text", "description", "template", "reason", "why"} }

// readable refuses a body with control characters in its texts (Unicode's category Cc): in a terminal, a sheet, a mail's header or a document of XML 1.0
// they do what nobody sees, or can't be there at all. Line breaks and tabs may stand where a text has several lines. What is decided here holds for
// every call; what mail says is not the sender's to put right, and is cleaned instead.
func readable(in any) error {
	body := reflect.Indirect(reflect.ValueOf(in)).FieldByName("Body")
	if !body.IsValid() {
		return nil
	}
	return readableValue(body, "")
}

// readableValue looks through a value that is, or lies in, the member of that name.
func readableValue(v reflect.Value, name string) error {
	switch v.Kind() {
	case reflect.String:
		return readableText(v.String(), name)
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return readableValue(v.Elem(), name)
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 { // bytes
			return nil
		}
		for i := range v.Len() {
			if err := readableValue(v.Index(i), name); err != nil {
				return err
			}
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			if err := readableText(key.String(), name); err != nil {
				return err
			}
			if err := readableValue(value, key.String()); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() {
				continue
			}
			member, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if member == "" { // of what is written as its member is
				member = name
			}
			if err := readableValue(v.Field(i), member); err != nil {
				return err
			}
		}
	}
	return nil
}

func readableText(s, name string) error {
	several := slices.Contains(severalLines(), name)
	i := strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && (!several || r != '\n' && r != '\r' && r != '\t')
	})
	if i < 0 {
		return nil
	}
	if several {
		return fault.New(fault.Invalid, fmt.Sprintf("%s: has a control character that is no line break or tab", clip(name)))
	}
	return fault.New(fault.Invalid, fmt.Sprintf("%s: is one line, without control characters", clip(readableName(name))))
}

// readableName is a name of the peer's own choosing as it can be told.
func readableName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, name)
}
