package main

import (
	"errors"
	"fmt"

	"smartmail/casework"
	"smartmail/compose"
	"smartmail/config"
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
			Look: compose.Look{Colour: o.Look.Colour, Footer: o.Look.Footer, Templates: o.Look.Templates},
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
