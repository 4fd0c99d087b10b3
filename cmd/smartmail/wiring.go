package main

import (
	"fmt"
	"time"

	"smartmail/casework"
	"smartmail/config"
	"smartmail/desk"
	"smartmail/intake"
	"smartmail/threading"
)

func orgIDs(cfg *config.Config) (ids []casework.OrgID) {
	for _, o := range cfg.Organisations {
		ids = append(ids, casework.OrgID(o.ID))
	}
	return ids
}

func routing(cfg *config.Config) (orgs []threading.Organisation) {
	for _, o := range cfg.Organisations {
		org := threading.Organisation{ID: casework.OrgID(o.ID), Domain: o.Domain}
		for _, in := range o.Intake {
			org.Intake = append(org.Intake, threading.Intake{Address: in.Address, Class: in.Class})
		}
		orgs = append(orgs, org)
	}
	return orgs
}

func policies(cfg *config.Config) (map[casework.OrgID]intake.Policy, error) {
	out := map[casework.OrgID]intake.Policy{}
	for _, o := range cfg.Organisations {
		less := map[casework.Sender][]casework.Right{}
		for sender, list := range map[casework.Sender][]string{
			casework.Verified: o.Policy.Rights.Verified, casework.Known: o.Policy.Rights.Known, casework.Unknown: o.Policy.Rights.Unknown,
		} {
			less[sender] = []casework.Right{}
			for _, right := range list {
				less[sender] = append(less[sender], casework.Right(right))
			}
		}
		rights, err := casework.Tighten(less)
		if err != nil {
			return nil, fmt.Errorf("policy of organisation %s: %w", o.ID, err)
		}
		out[casework.OrgID(o.ID)] = intake.Policy{
			Policy: threading.Policy{
				EnforceDMARC: o.Policy.DMARC == "enforce", TriageUnknown: o.Policy.UnknownSender == "triage",
				TrustedSealers: o.Policy.TrustedSealers, Rights: rights,
			},
			Allow: intake.NewAddresses(o.Policy.Allow), Block: intake.NewAddresses(o.Policy.Block),
			PerSender: o.Policy.Rate.PerSender, PerDomain: o.Policy.Rate.PerDomain,
		}
	}
	return out, nil
}

// notices is what each organisation sends by itself.
func notices(cfg *config.Config) (map[casework.OrgID]desk.Notices, error) {
	out := map[casework.OrgID]desk.Notices{}
	for _, o := range cfg.Organisations {
		hours, err := o.Hours.Working()
		if err != nil {
			return nil, fmt.Errorf("hours of organisation %s: %w", o.ID, err)
		}
		n := desk.Notices{
			Acknowledge: *o.Acknowledge, Booked: o.Notify.Booked, Language: o.Language,
			Location: hours.Location, Hours: hours, Closed: o.Hours.Notice, Emergency: o.Hours.Emergency,
			Orders: reminding(o.Orders.Remind, hours), Warn: time.Duration(*o.Deadline.Warn), Escalate: time.Duration(o.Deadline.EscalateAfter), Manager: o.Deadline.Manager,
		}
		for _, s := range o.Notify.Status {
			n.Status = append(n.Status, casework.Status(s))
		}
		out[casework.OrgID(o.ID)] = n
	}
	return out, nil
}

// retention is how many months after closing an organisation's cases are erased whose class has no rule.
func retention(cfg *config.Config) map[casework.OrgID]int {
	out := map[casework.OrgID]int{}
	for _, o := range cfg.Organisations {
		out[casework.OrgID(o.ID)] = o.Retention.Months
	}
	return out
}
