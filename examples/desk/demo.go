package main

import (
	"context"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

// fill sets up a new file: people, groups and policies. One that has policies is
// left as it is.
func (a *app) fill(ctx context.Context) error {
	policies, revision, err := a.desk.Policies(ctx, workspace)
	if err != nil || revision > 0 {
		return err
	}
	policies.Default.Bot = true
	policies.Default.PullOnly = true
	policies.Default.Courtesy.Guard = closure.GuardWarn
	policies.Default.Survey.Offer = true
	policies.Tags = []string{"parcel", "invoice"}
	for _, group := range []string{"orders", "billing"} {
		if err := a.desk.SetGroup(ctx, workspace, group); err != nil {
			return err
		}
	}
	for _, one := range []person{
		{conversation.KindAgent, "ann", "Ann Archer"},
		{conversation.KindAgent, "ben", "Ben Okafor"},
		{conversation.KindSupervisor, "sue", "Sue Lindqvist"},
	} {
		if err := a.people.Add(ctx, a.db, one); err != nil {
			return err
		}
		if _, err := a.desk.SetAgent(ctx, workspace, one.ID, 3, "orders", "billing"); err != nil {
			return err
		}
	}
	_, err = a.desk.SetPolicies(ctx, workspace, policies, revision)
	return err
}
