//go:build linux

package crash_test

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// A journal is all events of a conversation, as stored and as read.
type journal struct {
	events  []storage.Event
	records []conversation.Record
}

// readJournal returns the journal that events are, what it amounts to, and what
// is wrong with it.
func readJournal(key storage.Key, events []storage.Event) (j journal, folded conversation.Conversation, wrong error) {
	j.events = events
	folded = conversation.Conversation{Workspace: key.Workspace, ID: key.Conversation}
	for i, e := range events {
		r, err := conversation.DecodeRecord(e.Body)
		if err != nil || e.Version != int64(i+1) || r.Seq != conversation.Version(i+1) {
			wrong = fmt.Errorf("event %d has version %d, record %d, %v", i+1, e.Version, r.Seq, err)
		}
		r.Event = conversation.WithText(r.Event, e.Text)
		j.records = append(j.records, r)
		folded = conversation.Evolve(folded, r)
	}
	return j, folded, wrong
}

// differs compares what is loaded with what the journal says.
func differs(loaded storage.Loaded, folded conversation.Conversation) string {
	if folded.Version == 0 {
		return cmp.Diff(storage.Head{}, loaded.Head)
	}
	stored, err := conversation.Decode(loaded.Head.Body)
	if err != nil {
		return err.Error()
	}
	policies, err := conversation.DecodePolicies(loaded.Policies.Body)
	if err != nil {
		return err.Error()
	}
	due, _ := conversation.NextDue(folded, policies.For(folded.Group))
	if folded.State == conversation.StateWaiting && loaded.Head.Due.Equal(folded.Since) {
		due = folded.Since // nobody has looked for an agent yet
	}
	head := storage.Head{
		Version: int64(folded.Version), Body: loaded.Head.Body, Due: due, PolicyRevision: loaded.Policies.Revision,
		Visitor: folded.Visitor, State: string(folded.State), Agent: folded.Agent, Group: folded.Group,
		Since: folded.Since, Updated: folded.UpdatedAt.Truncate(time.Microsecond),
	}
	switch folded.State {
	case conversation.StateAssigned:
		head.Seat = folded.Agent
	case conversation.StateClosed:
		head.DormantSince = folded.UpdatedAt
		head.Agent, head.Outcome, head.Tags = folded.Closing.Agent, string(folded.Closing.Outcome), folded.Closing.Tags
	}
	return differ(folded, stored) + differ(head, loaded.Head)
}

// differ is cmp.Diff for what is the same nearly always, and then much faster.
func differ[T any](want, got T) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got)
}

func history(ctx context.Context, store storage.Store, key storage.Key) (all []storage.Event, err error) {
	for {
		events, err := store.History(ctx, key, int64(len(all)), page)
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
		if len(events) < page {
			return all, nil
		}
	}
}
