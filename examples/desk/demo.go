package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

// demoAgents are those who answer, and the groups they are in.
var demoAgents = []struct {
	person
	Groups []string
}{
	{person{conversation.KindAgent, "ann", "Ann Archer"}, []string{"orders"}},
	{person{conversation.KindAgent, "ben", "Ben Okafor"}, []string{"orders"}},
	{person{conversation.KindAgent, "cleo", "Cleo Marsh"}, []string{"orders", "billing"}},
	{person{conversation.KindSupervisor, "sue", "Sue Lindqvist"}, []string{"orders", "billing"}},
}

const demoCapacity = 3

// setUp makes a new file ready: groups, agents and policies. One that has policies
// is left as it is. They come last, so that what a crash left out is done with the
// next start.
func (a *app) setUp(ctx context.Context) error {
	_, revision, err := a.desk.Policies(ctx, workspace)
	if err != nil || revision > 0 {
		return err
	}
	for _, group := range []string{"orders", "billing"} {
		if err := a.desk.SetGroup(ctx, workspace, group); err != nil {
			return err
		}
	}
	for _, agent := range demoAgents {
		if err := a.people.Add(ctx, a.db, agent.person); err != nil {
			return err
		}
		if _, err := a.desk.SetAgent(ctx, workspace, agent.ID, demoCapacity, agent.Groups...); err != nil {
			return err
		}
	}
	_, err = a.desk.SetPolicies(ctx, workspace, demoPolicies(), revision)
	return err
}

// fill makes up the last two weeks of a desk on which nothing ever happened: some
// sixty conversations that were closed, and a few that are open. All of it is there
// or nothing, because it is one transaction.
func (a *app) fill(ctx context.Context) error {
	found, err := a.desk.List(ctx, workspace, lifecycle.View{}, "", 1)
	if err != nil || len(found.Conversations)+len(found.Unreadable) > 0 {
		return err
	}
	clock := &pastClock{}
	past, err := lifecycle.New(a.store, &lifecycle.Options{Clock: clock, Logger: a.log})
	if err != nil {
		return err
	}
	now := a.clock.Now()
	clock.now = now.AddDate(0, 0, -demoDays-1)
	for _, agent := range demoAgents { // who is not available can take nothing
		if _, err := past.SetAvailability(ctx, workspace, agent.ID, roster.Manual, roster.Available); err != nil {
			return err
		}
	}
	for _, v := range demoVisitors {
		clock.now = now.Add(-v.Since)
		_, err := past.SetPresence(ctx, workspace, v.ID, v.Online)
		if err == nil && v.Email != "" {
			_, err = past.SetEmail(ctx, workspace, v.ID, v.Email)
		}
		if err != nil {
			return err
		}
	}
	if err := a.makeUp(ctx, past, clock, now); err != nil {
		return fmt.Errorf("the demo: %w", err)
	}
	clock.now = now.Add(-time.Minute)
	for _, agent := range demoAgents {
		if _, err := past.SetAvailability(ctx, workspace, agent.ID, roster.Manual, roster.Unset); err != nil {
			return err
		}
	}
	return errors.Join(a.skipFeed(ctx, "bot"), a.skipFeed(ctx, "mailer"))
}

// makeUp lets everybody play, in one transaction of the host's.
func (a *app) makeUp(ctx context.Context, past *lifecycle.Desk, clock *pastClock, now time.Time) error {
	tx, err := a.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // without effect after the commit
	p := &player{tx: tx, desk: past.Tx(a.store.Tx(tx)), clock: clock, people: a.people}
	for _, play := range program(now) {
		if err := p.play(ctx, play); err != nil {
			return fmt.Errorf("%s: %w", play.ID, err)
		}
	}
	return tx.Commit()
}

// skipFeed moves a subscriber to where the feed ends: what was made up needs
// nothing done about it. Nothing would be if this came to nothing: the bot answers
// only what is unanswered, and what e-mails were asked for counts as sent.
func (a *app) skipFeed(ctx context.Context, subscriber string) error {
	return a.catchUp(ctx, subscriber, func(context.Context, lifecycle.Delivery) error { return nil })
}
