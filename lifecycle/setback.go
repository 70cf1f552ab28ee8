package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// A Setback is a conversation that failed to be worked off, and what becomes of
// it. Deadlines and changes of policies do nothing to it until it is tried again;
// commands do, and one that is accepted ends the setback.
type Setback struct {
	Workspace    string
	Conversation string
	Failures     int       // in a row
	RetryAt      time.Time // when it is tried again; zero: it is quarantined
	Reason       string    // of the last failure, at most [MaxReason] bytes
}

// Quarantined reports whether it is not tried again before it is released.
func (s Setback) Quarantined() bool { return s.RetryAt.IsZero() }

// MaxReason is how much of the reason of a failure is kept, in bytes.
const MaxReason = 1024

// The wait before a conversation is tried again doubles with each failure in a
// row, from the first to the longest.
const (
	firstRetry   = time.Second
	longestRetry = 5 * time.Minute
)

// Setbacks returns the conversations that failed to be worked off and have not
// recovered, across workspaces, ordered by workspace and ID, beginning after the
// given one (two empty strings: from the first on), at most limit. A conversation
// whose failure lies in itself, such as a damaged record, is tried again after
// one second, then two, four and so on up to five minutes; after
// Options.MaxFailures in a row it is quarantined until [Desk.Release].
func (d *Desk) Setbacks(ctx context.Context, afterWorkspace, afterID string, limit int) ([]Setback, error) {
	if limit <= 0 {
		return nil, &conversation.InvalidError{Field: "limit", Rule: "must be positive"}
	}
	if err := cmp.Or(checkOptional("workspace", afterWorkspace), checkOptional("conversation", afterID)); err != nil {
		return nil, err
	}
	found, err := d.store.Setbacks(ctx, storage.Key{Workspace: afterWorkspace, Conversation: afterID}, limit)
	if err != nil {
		return nil, fmt.Errorf("lifecycle: setbacks: %w", err)
	}
	all := make([]Setback, len(found))
	for i, s := range found {
		all[i] = setbackOf(s.Key, s.Setback)
	}
	return all, nil
}

func setbackOf(key storage.Key, s storage.Setback) Setback {
	return Setback{key.Workspace, key.Conversation, s.Failures, s.RetryAt, s.Reason}
}

// Release ends the setback of a conversation: the next tick tries it again, as if
// it had never failed. Releasing one without a setback changes nothing; an
// unknown one is an error wrapping [conversation.ErrNotFound].
func (d *Desk) Release(ctx context.Context, workspace, id string) error {
	key, err := keyOf(workspace, id)
	if err != nil {
		return err
	}
	for range maxAttempts {
		loaded, err := d.store.Load(ctx, key, "")
		switch {
		case err != nil:
			return fmt.Errorf("lifecycle: release %s: %w", id, err)
		case loaded.Head.Version == 0:
			return notFound(id)
		case loaded.Setback.Failures == 0:
			return nil
		}
		err = d.store.SetBack(ctx, key, loaded.Head.Version, storage.Setback{})
		if err == nil {
			d.wakeRun()
			return nil
		}
		if !errors.Is(err, storage.ErrConflict) {
			return fmt.Errorf("lifecycle: release %s: %w", id, err)
		}
	}
	return fmt.Errorf("%w: %s", ErrBusy, id)
}

// setBack records one more failure of a conversation. If somebody else changed
// the conversation meanwhile, it is not the one that failed, and has no setback.
func (d *Desk) setBack(ctx context.Context, key storage.Key, now time.Time, failure error) (*Setback, error) {
	loaded, err := d.store.Load(ctx, key, "")
	if err != nil {
		return nil, fmt.Errorf("lifecycle: set back %s: %w", key.Conversation, err)
	}
	s := storage.Setback{Failures: loaded.Setback.Failures + 1, Reason: reason(failure)}
	if s.Failures < d.maxFailures {
		s.RetryAt = now.Add(retryAfter(s.Failures))
	}
	err = d.store.SetBack(ctx, key, loaded.Head.Version, s)
	if errors.Is(err, storage.ErrConflict) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("lifecycle: set back %s: %w", key.Conversation, err)
	}
	setback := setbackOf(key, s)
	return &setback, nil
}

// retryAfter is the wait after so many failures in a row.
func retryAfter(failures int) time.Duration {
	wait := firstRetry
	for range failures - 1 {
		if wait *= 2; wait >= longestRetry {
			return longestRetry
		}
	}
	return wait
}

// reason is what is kept of a failure: valid text of bounded length.
func reason(failure error) string {
	text := strings.ReplaceAll(failure.Error(), "\x00", "")
	if len(text) > MaxReason {
		text = text[:MaxReason]
	}
	return strings.ToValidUTF8(text, "")
}

// damaged marks an error that lies in a conversation itself: trying it again at
// once would fail again.
type damaged struct{ error }

func (d damaged) Unwrap() error { return d.error }

// liesInConversation reports whether a failure will happen again however often
// the conversation is tried. What a newer version of the library wrote is only
// unreadable here; a node of that version works on it.
func liesInConversation(err error) bool {
	if errors.Is(err, conversation.ErrNewer) || errors.Is(err, storage.ErrOutcomeUnknown) {
		return false
	}
	var d damaged
	var refused *conversation.RefusedError
	var invalid *conversation.InvalidError
	return errors.As(err, &d) || errors.As(err, &refused) || errors.As(err, &invalid)
}
