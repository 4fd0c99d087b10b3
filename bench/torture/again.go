package main

import (
	"context"
	"path/filepath"

	"smartmail/testrig"
)

// again starts the program on a folder in which it came to some end, and sends all mails once more: each is taken, to the places that its
// earlier answer names, and stored once.
func (r *rack) again(ctx context.Context, o *outcome, dir string, all []*mail) error {
	i, err := r.start(ctx, testrig.Options{Dir: dir})
	if err != nil {
		o.fault("it does not start again: %v", err)
		return ctx.Err()
	}
	defer i.Kill()
	for _, letter := range all {
		before := letter.answer
		if err := r.sent(ctx, i, letter); err != nil {
			o.fault("%s is sent again: %v", letter.id, err)
			letter.answer = before
			continue
		}
		if before != "" && letter.answer != before {
			o.fault("%s was answered %q, and now %q", letter.id, before, letter.answer)
		}
	}
	i.Kill()
	return account(ctx, o, filepath.Join(dir, "data"), "sent again", all, answeredOnes)
}
