package desk

import (
	"context"
	"fmt"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// TransportPolicy returns what is kept of what a domain asks of senders; false where that is nothing. It may have run out.
func (d *Desk) TransportPolicy(ctx context.Context, domain string) (p casework.TransportPolicy, ok bool, err error) {
	err = d.Store.View(ctx, func(tx casestore.Tx) error {
		p, err = casestore.Transport.Get(tx, casestore.TransportKey(domain))
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return casework.TransportPolicy{}, false, nil
	}
	return p, err == nil, err
}

// KeepTransportPolicy keeps what a domain asks of senders, in place of what was kept. Of two that were fetched at the same time the
// later counts.
func (d *Desk) KeepTransportPolicy(ctx context.Context, p casework.TransportPolicy) error {
	return d.Store.Update(ctx, func(tx casestore.Tx) error {
		old, err := casestore.Transport.Get(tx, casestore.TransportKey(p.Domain))
		switch {
		case ignoreNotFound(err) != nil:
			return fmt.Errorf("keep transport policy: %w", err)
		case err == nil && p.Fetched.Before(old.Fetched):
			return nil
		}
		put := p // fn may run again
		put.Version = old.Version
		return casestore.Transport.Put(tx, &put)
	})
}

// ForgetTransportPolicies removes what has run out, and tells how many.
func (d *Desk) ForgetTransportPolicies(ctx context.Context) (gone int, err error) {
	err = d.Store.Update(ctx, func(tx casestore.Tx) error {
		gone = 0
		now := d.Now()
		for f, err := range casestore.Transport.Scan(tx, casestore.Query{Prefix: casestore.K("")}) {
			if err != nil {
				return fmt.Errorf("forget transport policies: %w", err)
			}
			if now.Before(f.Record.Until()) {
				continue
			}
			if err := casestore.Transport.Delete(tx, &f.Record); err != nil {
				return fmt.Errorf("forget transport policies: %w", err)
			}
			gone++
		}
		return nil
	})
	return gone, err
}
