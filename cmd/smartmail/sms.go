package main

import (
	"context"
	"net/http"
	"strings"

	"smartmail/config"
	"smartmail/desk"
	"smartmail/sms"
)

// textMessages is how the desk writes text messages; nil where none are set up.
func textMessages(c config.SMS) *desk.TextMessages {
	if c.Provider == "" {
		return nil
	}
	return &desk.TextMessages{Country: c.Country, PerDay: c.PerDay}
}

// newTexter wires text messages out; nil where none are set up.
func newTexter(s *service) (*sms.Sender, error) {
	c := s.cfg.SMS
	if c.Provider == "" {
		return nil, nil
	}
	return sms.New(sms.Options{
		Outbox: s.desk, Provider: c.Provider, From: c.From, Username: c.Username, Password: passwordFile(c.PasswordFile), URL: c.URL,
		PublicURL: s.cfg.HTTP.PublicURL, Log: s.log,
	})
}

// text sends text messages, if they are set up.
func (s *service) text(ctx context.Context) error {
	if s.texter == nil {
		return nil
	}
	return s.texter.Run(ctx)
}

// hearing lets the provider of text messages tell what became of them.
func (s *service) hearing(next http.Handler) http.Handler {
	if s.texter == nil {
		return next
	}
	provider := sms.Callback(s.desk, s.log)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, sms.Path) {
			provider.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
