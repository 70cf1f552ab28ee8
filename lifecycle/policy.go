package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// ErrPolicyConflict: somebody else set the policies of the workspace since the
// revision that was changed.
var ErrPolicyConflict = errors.New("lifecycle: the policies have changed meanwhile")

// Policies returns the policies of a workspace and their revision, zero if they
// were never set: then the default policy holds.
func (d *Desk) Policies(ctx context.Context, workspace string) (conversation.Policies, int64, error) {
	if err := conversation.CheckID("workspace", workspace); err != nil {
		return conversation.Policies{}, 0, err
	}
	loaded, err := d.store.Load(ctx, storage.Key{Workspace: workspace}, "")
	if err != nil {
		return conversation.Policies{}, 0, fmt.Errorf("lifecycle: policies of %s: %w", workspace, err)
	}
	policies, err := conversation.DecodePolicies(loaded.Policies.Body)
	return policies, loaded.Policies.Revision, err
}

// SetPolicies replaces the policies of a workspace that are at the given
// revision, zero if they were never set, and returns the new revision; otherwise
// the error wraps [ErrPolicyConflict]. Policies that could not run are an
// [*conversation.InvalidError].
//
// Every decision from then on follows the new policies. The due instants of the
// open conversations are recomputed by the next ticks of any node;
// [Desk.PoliciesApplied] says when that is done.
func (d *Desk) SetPolicies(ctx context.Context, workspace string, policies conversation.Policies, revision int64) (int64, error) {
	if err := conversation.CheckID("workspace", workspace); err != nil {
		return 0, err
	}
	if err := policies.Check(); err != nil {
		return 0, err
	}
	loaded, err := d.store.Load(ctx, storage.Key{Workspace: workspace}, "")
	if err != nil {
		return 0, fmt.Errorf("lifecycle: policies of %s: %w", workspace, err)
	}
	if loaded.Policies.Revision != revision { // what is kept must be of what is replaced
		return 0, fmt.Errorf("%w: workspace %s is not at revision %d", ErrPolicyConflict, workspace, revision)
	}
	body, err := rewrite(loaded.Policies.Body, conversation.DecodePolicies, conversation.EncodePolicies, policies)
	if err != nil {
		return 0, fmt.Errorf("lifecycle: policies of %s: %w", workspace, err)
	}
	err = d.setPolicies(ctx, workspace, revision, body)
	if errors.Is(err, storage.ErrConflict) {
		return 0, fmt.Errorf("%w: workspace %s is not at revision %d", ErrPolicyConflict, workspace, revision)
	}
	if err != nil {
		return 0, fmt.Errorf("lifecycle: set policies of %s: %w", workspace, err)
	}
	d.wakeRun()
	return revision + 1, nil
}

// setPolicies looks again while nobody knows whether the policies were replaced.
// Two who set the same at once cannot be told apart, and both are right.
func (d *Desk) setPolicies(ctx context.Context, workspace string, revision int64, body []byte) error {
	var u unsure
	for attempt := 1; ; attempt++ {
		err := d.store.SetPolicies(ctx, workspace, revision, body)
		if bool(u) && errors.Is(err, storage.ErrConflict) {
			var loaded storage.Loaded
			loaded, err = d.store.Load(ctx, storage.Key{Workspace: workspace}, "")
			switch p := loaded.Policies; {
			case err != nil:
				return u.about(err)
			case p.Revision == revision+1 && bytes.Equal(p.Body, body):
				return nil
			case p.Revision > revision+1:
				return fmt.Errorf("%w: they were replaced since", storage.ErrOutcomeUnknown)
			}
			return storage.ErrConflict
		}
		again := errors.Is(err, storage.ErrOutcomeUnknown) && attempt <= maxUnknown && ctx.Err() == nil
		if err = u.about(err); !again {
			return err
		}
	}
}

// farFuture is after every instant at which something is due or tried again.
var farFuture = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

// PoliciesApplied reports whether every open conversation of the workspace is
// due by its present policies, but for those that [Desk.Setbacks] lists as
// quarantined.
func (d *Desk) PoliciesApplied(ctx context.Context, workspace string) (bool, error) {
	if err := conversation.CheckID("workspace", workspace); err != nil {
		return false, err
	}
	keys, err := d.store.Outdated(ctx, farFuture, storage.Key{Workspace: workspace}, 1)
	if err != nil {
		return false, fmt.Errorf("lifecycle: outdated: %w", err)
	}
	return len(keys) == 0 || keys[0].Workspace != workspace, nil
}
