package sample

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"smartmail/casestore"
	"smartmail/casework"
	"smartmail/desk"
	"smartmail/fault"
)

// portion is how much of the past shares a transaction: enough to share its commit, few enough to lie in memory.
const portion = 400

// Write enters a plan into an organisation. house is what its desk is made of; clock, dice, notices and who is woken are replaced. It holds
// up others who write, by some tenths of a second at a time. progress may be nil.
func Write(ctx context.Context, house desk.Options, org casework.OrgID, p Plan, progress func(done, total int)) error {
	if progress == nil {
		progress = func(int, int) {}
	}
	numbers := map[int]casework.CaseNumber{}
	todo := p.entries(ctx, org)
	for _, s := range p.Steps {
		todo = append(todo, deed{s.At, func(d *desk.Desk) error { return s.take(ctx, d, org, numbers) }})
	}
	done := 0
	for deeds := range slices.Chunk(todo, portion) {
		err := house.Store.Update(ctx, func(tx casestore.Tx) error {
			for i, one := range deeds {
				if err := one.do(within(house, tx, one.at, uint64(done+i))); err != nil {
					return fmt.Errorf("sample: step %d: %w", done+i, err)
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		done += len(deeds)
		progress(done, len(todo))
	}
	return nil
}

// Empty checks that nothing real would be mixed with what is made up. Error: fault.Conflict.
func Empty(ctx context.Context, store casestore.Store, org casework.OrgID) error {
	return store.View(ctx, func(tx casestore.Tx) error {
		there := fault.New(fault.Conflict, fmt.Sprintf("organisation %q has cases or objects already: a sample is not mixed with them", org))
		all := casestore.Query{Prefix: casestore.K(string(org)), Limit: 1}
		for _, err := range casestore.Cases.Scan(tx, all) {
			if err == nil {
				err = there
			}
			return err
		}
		for _, err := range casestore.Objects.Scan(tx, all) {
			if err == nil {
				err = there
			}
			return err
		}
		return nil
	})
}

// deed is something to do at the desk, at its time. It may be done again, when its transaction is.
type deed struct {
	at time.Time
	do func(*desk.Desk) error
}

// entries enter the register, before the first case.
func (p Plan) entries(ctx context.Context, org casework.OrgID) (all []deed) {
	at := p.since
	for _, c := range p.Objects {
		all = append(all, saved(ctx, org, at, (*desk.Desk).Objects, c))
	}
	for _, c := range p.Contacts {
		all = append(all, saved(ctx, org, at, (*desk.Desk).Contacts, c))
	}
	for _, c := range p.Tenancies {
		all = append(all, saved(ctx, org, at, (*desk.Desk).Tenancies, c))
	}
	for _, c := range p.Classes {
		all = append(all, saved(ctx, org, at, (*desk.Desk).Classes, c))
	}
	for _, c := range p.Routes {
		all = append(all, saved(ctx, org, at, (*desk.Desk).Routes, c))
	}
	return all
}

func saved[T casework.Thing](ctx context.Context, org casework.OrgID, at time.Time, of func(*desk.Desk) desk.Register[T], thing T) deed {
	return deed{at, func(d *desk.Desk) error {
		_, err := of(d).Save(ctx, org, thing, casework.Actor{Via: casework.ViaRule, Name: "sample"}, 0)
		return err
	}}
}

// take does a step. numbers are those of the cases so far.
func (s Step) take(ctx context.Context, d *desk.Desk, org casework.OrgID, numbers map[int]casework.CaseNumber) error {
	if s.Open == nil {
		_, _, err := d.Do(ctx, org, numbers[s.Case], s.Do, s.By, 0)
		return err
	}
	c, err := d.Open(ctx, org, *s.Open, s.By)
	if err != nil {
		return err
	}
	numbers[s.Case] = c.Number
	if s.Link > 0 {
		_, err = d.Link(ctx, org, c.Number, casework.Link{Kind: casework.ChildOf, Case: numbers[s.Link-1]}, s.By)
	}
	return err
}

// within is a desk that writes into a transaction, at a time of the past, with dice that fall alike each time, and sends nothing.
func within(house desk.Options, tx casestore.Tx, at time.Time, step uint64) *desk.Desk {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], step)
	house.Store, house.Now, house.Chance = one{Tx: tx}, func() time.Time { return at }, rand.NewChaCha8(seed)
	house.Notices, house.SMS, house.Finder, house.Wake, house.WakeSMS, house.Logged, house.Delivered = nil, nil, nil, nil, nil, nil, true
	return desk.New(house)
}

// one is a store of one transaction, which is somebody else's to commit.
type one struct {
	casestore.Store
	casestore.Tx
}

// View implements casestore.Store.
func (o one) View(_ context.Context, fn func(casestore.Tx) error) error { return fn(o.Tx) }

// Update implements casestore.Store.
func (o one) Update(_ context.Context, fn func(casestore.Tx) error) error { return fn(o.Tx) }
