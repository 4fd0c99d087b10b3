package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"smartmail/casework"
	"smartmail/config"
	"smartmail/report"
)

// describeReports tells of the calls without log-in, where an organisation has switched them on.
func (s *service) describeReports(doc *huma.OpenAPI) {
	if slices.ContainsFunc(s.cfg.Organisations, func(o config.Organisation) bool { return o.Report.Enabled }) {
		report.Describe(doc)
	}
}

// reports puts what needs no log-in before the API, where an organisation has switched it on.
func (s *service) reports(api http.Handler) (http.Handler, error) {
	var orgs []report.Org
	for _, o := range s.cfg.Organisations {
		if !o.Report.Enabled {
			continue
		}
		org, err := reportOrg(o)
		if err != nil {
			return nil, err
		}
		orgs = append(orgs, org)
	}
	if len(orgs) == 0 {
		return api, nil
	}
	proxies, err := s.proxies()
	if err != nil {
		return nil, err
	}
	h, err := report.New(report.Options{Desk: s.desk, Orgs: orgs, TrustedProxies: proxies, Log: s.log})
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, report.Path) || strings.HasPrefix(r.URL.Path, report.FormPath) {
			h.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	}), nil
}

func reportOrg(o config.Organisation) (report.Org, error) {
	org := report.Org{ID: casework.OrgID(o.ID), Name: o.Name, Language: o.Language, Origins: o.Report.Origins}
	if len(o.Intake) > 0 { // as a mail to the first address
		org.Class = o.Intake[0].Class
	}
	if o.Report.CaptchaURL != "" {
		secret, err := os.ReadFile(o.Report.CaptchaSecretFile)
		if err != nil {
			return org, fmt.Errorf("report.captcha_secret_file: %w", err)
		}
		org.Captcha = &report.Captcha{URL: o.Report.CaptchaURL, Secret: strings.TrimSpace(string(secret))}
	}
	return org, nil
}
