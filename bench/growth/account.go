package main

import (
	"context"
	"errors"
	"fmt"

	"smartmail/casestore"
	"smartmail/casestore/boltstore"
	"smartmail/casework"
	"smartmail/testrig"
)

// settle opens the store of a program that has ended and holds what came to it against what was answered.
func (s *site) settle(ctx context.Context, sent []reply) (err error) {
	store, err := boltstore.Open(s.file(sourceFile), boltstore.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	s.head, err = s.account(ctx, store, sent)
	return err
}

// account reads the events behind the last that was accounted for: each mail that was answered stands once, on the case that it was
// sent to and in the entry that was told, and there is no other. It returns the last event.
func (s *site) account(ctx context.Context, store casestore.Store, sent []reply) (head uint64, err error) {
	owed := map[string]*reply{}
	for i := range sent {
		owed[sent[i].id] = &sent[i]
	}
	filling := s.rounds == 0
	err = store.View(ctx, func(tx casestore.Tx) error {
		head = s.head
		if filling { // all of it was made up
			for f, err := range casestore.Log.Scan(tx, casestore.Query{Prefix: casestore.K(testrig.Org), Reverse: true, Limit: 1}) {
				if err != nil {
					return err
				}
				head = f.Record.Seq
			}
			return nil
		}
		for f, err := range casestore.Log.Scan(tx, casestore.Query{Prefix: casestore.K(testrig.Org), After: casestore.LogKey(testrig.Org, head)}) {
			if err != nil {
				return err
			}
			head = f.Record.Seq
			if err := tick(tx, f.Record, owed); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && len(owed) > 0 {
		for _, m := range owed {
			err = fmt.Errorf("%d mails that were answered are lost, one of them %s to case %d, answered %q", len(owed), m.id, m.to, m.answered)
		}
	}
	return head, err
}

// tick takes the mail of an event, if it tells of one, off those that are owed.
func tick(tx casestore.Tx, event casework.Event, owed map[string]*reply) error {
	if event.Kind != casework.EventEntry {
		return nil
	}
	e, err := casestore.Entries.Get(tx, casestore.EntriesOf(testrig.Org, event.Case).Uint(event.Entry))
	if err != nil || e.MailIn == nil {
		return err
	}
	stored, err := casestore.Mails.Get(tx, casestore.MailKey(testrig.Org, e.MailIn.Mail))
	if err != nil {
		return err
	}
	m := owed[stored.Content.MessageID]
	if m == nil {
		return fmt.Errorf("%s stands on case %d and was not answered, or stands there twice", stored.Content.MessageID, event.Case)
	}
	if places := testrig.Places(m.answered); event.Case != m.to || len(places) != 1 || places[0].Entry != string(e.ID) {
		return fmt.Errorf("%s to case %d was answered %q, and stands on case %d as entry %s", m.id, m.to, m.answered, event.Case, e.ID)
	}
	delete(owed, m.id)
	return nil
}
