package desk

import (
	"context"
	"fmt"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
)

// Reporting is the actor of what somebody reported without being known: by a form on the web. Who he says he is nobody has proved.
const Reporting = "report without log-in"

// Report opens a case for what somebody reported who is not known, with the files that he sent, and acknowledges it to the address
// that he gave, within the caps of all mails that no person writes. Errors: fault.Invalid.
func (d *Desk) Report(ctx context.Context, org casework.OrgID, cmd casework.Open, files []casework.File) (c casework.Case, err error) {
	by := casework.Actor{Via: casework.ViaAPI, Name: Reporting}
	if cmd.Reporter != nil {
		by.Mail = cmd.Reporter.Email
	}
	err = d.update(ctx, func(tx casestore.Tx) error {
		at := d.Now()
		if c, err = d.open(tx, org, cmd, by, at, nil); err != nil {
			return err
		}
		if len(files) > 0 {
			sent := casework.Post{Lane: casework.LaneID(casework.LaneInternal), Text: "Sent with the report.", Files: files}
			if c, _, err = d.act(tx, c, sent, by, at); err != nil {
				return err
			}
		}
		n := d.Notices[org]
		if p, _, ok := c.ParticipantByMail(by.Mail); ok && by.Mail != "" && n.Acknowledge {
			c, err = d.sayReceived(tx, c, p, at)
		}
		return err
	})
	if err != nil {
		return c, fmt.Errorf("report: %w", err)
	}
	return c, nil
}

// sayReceived tells a reporter that his case is opened.
func (d *Desk) sayReceived(tx casestore.Tx, c casework.Case, p casework.Participant, at time.Time) (casework.Case, error) {
	n := d.Notices[c.Org]
	language := c.LanguageOf(p.Email, n.Language)
	text := fmt.Sprintf("We have received your report %q. Its case number is #%d.", c.Subject, c.Number)
	if language == "sv" {
		text = fmt.Sprintf("Vi har tagit emot din anmälan ”%s”. Den har ärendenummer #%d.", c.Subject, c.Number)
	}
	return d.notify(tx, c, p, casework.AutoReceived, text+n.closed(at, language), at)
}
