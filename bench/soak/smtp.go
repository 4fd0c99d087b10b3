package main

import (
	"context"
	"fmt"

	"smartmail/testrig"
)

// place is what a mail is told: an entry on a case, or an item of triage.
type place = testrig.Place

// parsePlace reads the text of a 250 to a mail of one recipient.
func parsePlace(text string) (place, error) {
	places := testrig.Places(text)
	if len(places) != 1 {
		return place{}, fmt.Errorf("the reply %q names %d places", text, len(places))
	}
	return places[0], nil
}

// finish sends what is left of a mail and hears where it lies.
func finish(p *testrig.Peer, rest []byte) (place, error) {
	text, err := p.Finish(rest)
	if err != nil {
		return place{}, err
	}
	return parsePlace(text)
}

// send brings one mail in a session of its own.
func send(ctx context.Context, addr, from, to string, mail []byte) (place, error) {
	p, err := testrig.Dial(ctx, addr)
	if err != nil {
		return place{}, err
	}
	defer func() { _ = p.Close() }()
	if err := p.Begin(from, []string{to}); err != nil {
		return place{}, err
	}
	at, err := finish(p, mail)
	if err == nil {
		_, _ = p.Say(221, "QUIT") // the mail has been answered
	}
	return at, err
}
