package dnsresolve

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
)

// ErrBudget is wrapped by the error of a look-up beyond the budget. That error is not temporary: whoever makes us ask
// that much will do so again, so the sender's records count as wrong, not the DNS as down.
var ErrBudget = errors.New("too many DNS look-ups for one mail")

type budgetKey struct{}

// WithBudget returns a context within which look-ups more than the number given fail with ErrBudget. Answers out of
// the cache count as well, so that the outcome does not hang on what others asked before.
func WithBudget(ctx context.Context, lookups int) context.Context {
	left := new(atomic.Int64)
	left.Store(int64(lookups))
	return context.WithValue(ctx, budgetKey{}, left)
}

// charge takes one look-up off the context's budget, if it has one.
func charge(ctx context.Context, name string) error {
	left, ok := ctx.Value(budgetKey{}).(*atomic.Int64)
	if ok && left.Add(-1) < 0 {
		return &net.DNSError{UnwrapErr: ErrBudget, Err: ErrBudget.Error(), Name: name}
	}
	return nil
}
