package intake

import (
	"context"
	"errors"
	"strings"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
	"smartmail/message"
	"smartmail/scan"
)

// Scanner looks at what a mail holds; scan.Scanners is one. It does not read raw any more when it has returned.
type Scanner interface {
	Scan(ctx context.Context, env message.Envelope, raw message.Raw) (scan.Verdict, error)
}

// scan notes what the scanners say on each delivery, or refuses the mail for it. It comes last of all that may refuse a mail,
// since it costs most.
func (i *Intake) scan(ctx context.Context, env message.Envelope, raw message.Raw, deliveries []desk.Delivery) error {
	if i.Scanner == nil {
		return nil
	}
	start := i.Now()
	v, err := i.Scanner.Scan(ctx, env, raw)
	i.Observe("scan", i.Now().Sub(start))
	if err != nil {
		return err
	}
	found := casework.Scan{Reasons: v.Reasons, Score: v.Score}
	switch v.Action {
	case scan.Pass:
		found.Action = casework.ScanPass
	case scan.Mark:
		found.Action = casework.ScanMark
	case scan.Triage:
		found.Action = casework.ScanTriage
	default:
		if env.Protocol != "" {
			return refusal(v)
		}
		found.Action = casework.ScanTriage // nobody is there to be told that an import is refused
	}
	for n := range deliveries {
		deliveries[n].Mail.Scan = &found
	}
	return nil
}

// refusal names the virus to the peer, so that an honest sender can mend it, and keeps the points to ourselves, so that no
// other can tune his mail to them.
func refusal(v scan.Verdict) error {
	text := "message refused: taken for spam"
	if v.Virus != "" {
		text = "message refused: virus " + v.Virus
	}
	return fault.Wrap(fault.Content, text, errors.New(strings.Join(v.Reasons, "; ")))
}
