package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"smartmail/casework"
	"smartmail/compose"
	"smartmail/config"
	"smartmail/message"
	"smartmail/portal"
)

// looks reads how each organisation's mails look, and tries its templates. The error joins everything that is wrong: file, line and key of the
// configuration, and below that file and line of the template.
func looks(cfg *config.Config) ([]compose.Org, error) {
	var orgs []compose.Org
	var bad []error
	for i, o := range cfg.Organisations {
		key := fmt.Sprintf("organisations[%d].look", i)
		org := compose.Org{
			ID: casework.OrgID(o.ID), Name: o.Name, Language: o.Language,
			Links: compose.Links{Valid: time.Duration(o.Links.Valid), Codes: time.Duration(o.Links.Codes), Page: *o.Links.Page},
			Look:  compose.Look{Colour: o.Look.Colour, Footer: o.Look.Footer, Templates: o.Look.Templates},
		}
		loc, err := o.Hours.Location()
		if err != nil {
			bad = append(bad, cfg.Fault(fmt.Sprintf("organisations[%d].hours.time_zone", i), err))
		}
		org.Location = loc
		if o.Look.LogoFile != "" {
			logo, err := compose.ReadLogo(o.Look.LogoFile)
			if err != nil {
				bad = append(bad, cfg.Fault(key+".logo_file", err))
			}
			org.Look.Logo = logo
		}
		if err := org.Check(); err != nil {
			bad = append(bad, cfg.Fault(key+".templates", err))
		}
		orgs = append(orgs, org)
	}
	return orgs, errors.Join(bad...)
}

// knowFrames tells the desk what its mails say around their texts. It is done before anything runs.
func (s *service) knowFrames() error {
	for _, o := range s.cfg.Organisations {
		id := casework.OrgID(o.ID)
		n := s.desk.Notices[id]
		texts, err := s.composer.Frame(id)
		if err != nil {
			return fmt.Errorf("mails of %s: %w", id, err)
		}
		n.Frame = message.NewFrame(texts, []string{o.Name, o.Look.Footer})
		s.desk.Notices[id] = n
	}
	return nil
}

// portal wires the pages that links in mails lead to.
func (s *service) portal() (http.Handler, error) {
	proxies, err := s.proxies()
	if err != nil {
		return nil, err
	}
	return portal.New(portal.Options{
		Desk: s.desk, Keys: s.desk.Keys, Orgs: s.composer.Orgs, TrustedProxies: proxies, Observe: s.metrics.link, Log: s.log,
	})
}

// proxies are those whose X-Forwarded-For counts.
func (s *service) proxies() (out []netip.Prefix, err error) {
	for _, p := range s.cfg.HTTP.TrustedProxies {
		prefix, err := config.ParsePrefix(p)
		if err != nil {
			return nil, fmt.Errorf("http.trusted_proxies: %w", err)
		}
		out = append(out, prefix)
	}
	return out, nil
}

// beside serves the pages of links, and all else by the API: by the beginning of the path alone, as it came.
func beside(api, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, path := range []string{compose.PagePath, compose.FilePath, compose.DoorPath} {
			if strings.HasPrefix(r.URL.Path, path) {
				pages.ServeHTTP(w, r)
				return
			}
		}
		api.ServeHTTP(w, r)
	})
}

// link counts what a link answered.
func (m *metrics) link(route string, status int) {
	m.links.WithLabelValues(route, strconv.Itoa(status)).Inc()
}

func newLinks() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smartmail_links_total", Help: "Requests for what mails link to, by route (page, file, small, door, codes, none) and status."}, []string{"route", "status"})
}
