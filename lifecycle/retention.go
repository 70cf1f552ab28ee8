package lifecycle

import (
	"context"
	"fmt"
	"time"

	"github.com/adjourn/adjourn/conversation"
)

// Forget erases the texts of all conversations of a visitor: what was said and
// noted in them, by anybody; and the visitor's e-mail address. It takes effect at once, wherever texts are read:
// [Desk.History], the feed, the results of repeated commands. It returns how many
// conversations the visitor has. Forgetting twice is legal, and what is written
// later is kept again.
//
// Everything else stays, so that journals, figures and the work on conversations
// that are open go on: states, times, outcomes, and IDs, the visitor's among
// them. Hosts that must erase who it was choose visitor IDs that mean nothing
// elsewhere, and erase what they mean. A record whose text was erased says so.
//
// What a store keeps physically for some time, and what backups keep, is
// described by the package of the store.
func (d *Desk) Forget(ctx context.Context, workspace, visitor string) (int, error) {
	if err := conversation.CheckID("workspace", workspace); err != nil {
		return 0, err
	}
	if err := conversation.CheckID("visitor", visitor); err != nil {
		return 0, err
	}
	n, err := d.store.Erase(ctx, workspace, visitor)
	if err != nil {
		return n, fmt.Errorf("lifecycle: forget a visitor of %s: %w", workspace, err)
	}
	return n, nil
}

// purgeBatch is how many conversations are purged at once.
const purgeBatch = 100

// Purge removes the conversations of all workspaces that have been closed, and
// untouched, for longer than keep, with all that was kept of them, and returns
// how many. A note, for one, touches. It works in batches, the longest dormant
// first; after an error or when ctx is done, the next call goes on where it ended.
//
// A purged conversation is unknown: a message to it is
// [conversation.ErrNotFound], not a reason to reopen it, so keep longer than any
// reopen window. Its command IDs are forgotten. The feed then begins after the
// last thing that happened to it, which is longer ago than keep, so keep longer
// than subscribers may be away: one that is further behind, or new, gets a
// [*storage.PurgedError] until it advances.
func (d *Desk) Purge(ctx context.Context, keep time.Duration) (int, error) {
	if keep <= 0 {
		return 0, &conversation.InvalidError{Field: "keep", Rule: "must be positive"}
	}
	now, err := d.now(ctx)
	if err != nil {
		return 0, err
	}
	purged := 0
	for {
		n, err := d.store.Purge(ctx, now.Add(-keep), purgeBatch)
		purged += n
		if err != nil {
			return purged, fmt.Errorf("lifecycle: purge: %w", err)
		}
		if n == 0 {
			return purged, nil
		}
	}
}
