package sms

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"smartmail/casework"
)

// provider is what is special to one.
type provider struct {
	url     string
	request func(username, from, to, text, callback string) (path string, form url.Values)
	answer  func(body []byte) answer
	status  func(form url.Values) (state casework.SMSState, words string)
}

// answer is what a provider says of a message that he was given.
type answer struct {
	id, words string
	failed    bool
}

// Names lists the providers.
func Names() []string { return slices.Sorted(maps.Keys(providers())) }

func providers() map[string]provider {
	return map[string]provider{
		// https://46elks.com/docs/send-sms
		"46elks": {
			url: "https://api.46elks.com/a1",
			request: func(_, from, to, text, callback string) (string, url.Values) {
				return "/sms", url.Values{"from": {from}, "to": {to}, "message": {text}, "whendelivered": {callback}}
			},
			answer: func(body []byte) answer {
				var a struct{ ID, Status string }
				if json.Unmarshal(body, &a) != nil { // of what is wrong he tells in plain words
					return answer{words: plain(body)}
				}
				return answer{a.ID, plain([]byte(a.Status)), a.Status == "failed"}
			},
			status: func(form url.Values) (casework.SMSState, string) {
				switch s := form.Get("status"); s {
				case "delivered":
					return casework.SMSDelivered, s
				case "failed":
					return casework.SMSFailed, s
				}
				return casework.SMSSent, ""
			},
		},
		// https://www.twilio.com/docs/messaging/api/message-resource
		"twilio": {
			url: "https://api.twilio.com/2010-04-01",
			request: func(account, from, to, text, callback string) (string, url.Values) {
				return "/Accounts/" + url.PathEscape(account) + "/Messages.json", url.Values{"From": {from}, "To": {to}, "Body": {text}, "StatusCallback": {callback}}
			},
			answer: func(body []byte) answer {
				var a struct {
					SID     string
					Status  any // of an error a number
					Code    int
					Message string
				}
				if json.Unmarshal(body, &a) != nil {
					return answer{words: plain(body)}
				}
				if a.Code != 0 {
					return answer{words: plain([]byte(fmt.Sprintf("%d %s", a.Code, a.Message)))}
				}
				status, _ := a.Status.(string)
				return answer{a.SID, plain([]byte(status)), status == "failed" || status == "undelivered"}
			},
			status: func(form url.Values) (casework.SMSState, string) {
				words := plain([]byte(form.Get("MessageStatus") + " " + form.Get("ErrorCode")))
				switch form.Get("MessageStatus") {
				case "delivered", "read":
					return casework.SMSDelivered, words
				case "failed", "undelivered":
					return casework.SMSFailed, words
				}
				return casework.SMSSent, ""
			},
		},
	}
}

// maxPlain is how much of a provider's words is kept, in bytes.
const maxPlain = 300

// plain is one short line of what a provider says.
func plain(b []byte) string {
	b = b[:min(len(b), maxPlain)]
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(string(b), ""), func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
}
