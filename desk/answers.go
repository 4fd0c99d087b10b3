package desk

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/fault"
)

// AnswersFor is how long the answer to a call with a key is kept.
const AnswersFor = 24 * time.Hour

// ReserveAnswer takes the key of a call before it is carried out. The answer is done where the same call was before; then it is not
// to be carried out again. Errors: fault.Conflict while that call is under way, or where nobody knows how it ended;
// fault.Invalid where the key was another call's.
func (d *Desk) ReserveAnswer(ctx context.Context, a casework.Answer) (kept casework.Answer, err error) {
	err = d.Store.Update(ctx, func(tx casestore.Tx) error {
		kept, err = casestore.Answers.Get(tx, casestore.AnswerKey(a.Token, a.Key))
		switch {
		case ignoreNotFound(err) != nil:
			return err
		case err != nil || d.Now().Sub(kept.At) >= AnswersFor:
			a.At, a.Done, a.Sealed, a.Version = d.Now(), false, nil, kept.Version
			if err = casestore.Answers.Put(tx, &a); err == nil {
				kept = a
			}
			return err
		case !bytes.Equal(kept.Request, a.Request):
			return fault.New(fault.Invalid, "this Idempotency-Key was used for another request")
		case !kept.Done:
			return fault.New(fault.Conflict, "the same request is under way, or was cut off: look what became of it before it is tried with another Idempotency-Key")
		}
		return nil
	})
	if err != nil {
		return kept, fmt.Errorf("reserve answer: %w", err)
	}
	return kept, nil
}

// KeepAnswer keeps what a reserved call was answered.
func (d *Desk) KeepAnswer(ctx context.Context, a casework.Answer) error {
	a.Done = true
	err := d.Store.Update(ctx, func(tx casestore.Tx) error {
		row := a
		return casestore.Answers.Put(tx, &row)
	})
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return nil
}

// DropAnswer gives a key back whose call changed nothing.
func (d *Desk) DropAnswer(ctx context.Context, a casework.Answer) error {
	err := d.Store.Update(ctx, func(tx casestore.Tx) error {
		row := a
		return ignoreNotFound(casestore.Answers.Delete(tx, &row))
	})
	if err != nil {
		return fmt.Errorf("drop answer: %w", err)
	}
	return nil
}

// ForgetAnswers removes what was kept for AnswersFor, and tells how many.
func (d *Desk) ForgetAnswers(ctx context.Context) (gone int, err error) {
	const portion = 500
	for more := true; more && err == nil; {
		n := 0
		err = d.Store.Update(ctx, func(tx casestore.Tx) error {
			n = 0
			old := d.Now().Add(-AnswersFor)
			for f, err := range casestore.Answers.Scan(tx, casestore.Query{Index: "by_time", Prefix: casestore.K(""), Limit: portion}) {
				if err != nil {
					return err
				}
				if f.Record.At.After(old) { // so are all that follow
					break
				}
				if err := casestore.Answers.Delete(tx, &f.Record); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		gone, more = gone+n, n == portion
	}
	if err != nil {
		return gone, fmt.Errorf("forget answers: %w", err)
	}
	return gone, nil
}
