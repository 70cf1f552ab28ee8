package lifecycle_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/storage"
)

// canary is what a visitor wants to be forgotten.
const canary = "my number is 5550100"

// confided is a conversation, closed, in which vic, ann and her notes said the
// canary, and in which what they filled in says it too.
func confided(kit *lifecycletest.Kit, id string) *lifecycletest.Chat {
	chat := kit.Chat(id)
	chat.Open(vic)
	chat.Do(vic, conversation.Say{Text: canary})
	chat.Do(ann, conversation.Take{})
	chat.Do(ann, conversation.Say{Text: "So " + canary + "?"})
	chat.Do(ann, conversation.AddNote{Text: canary})
	chat.Do(ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Notes: canary}})
	chat.Do(ann, conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Notes: "Again: " + canary}})
	chat.Do(ann, conversation.OfferSurvey{})
	chat.Do(vic, conversation.AnswerSurvey{Rating: 5, Comment: canary})
	return chat
}

// TestForget: nothing that was said can be read any more, and everything else is
// as it was.
func TestForget(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	closed := confided(kit, "closed")
	open := kit.Chat("open")
	open.Open(vic)
	said := withID(open.By(vic), "message-1")
	accepted(t)(kit.Desk.Say(t.Context(), said, canary))
	others := kit.Chat("others")
	others.Open(conversation.Visitor("zoe"))
	others.Say(conversation.Visitor("zoe"), canary)

	journal, now := closed.Journal(), closed.Now()
	told := append(slices.Clone(journal), open.Journal()...)
	n, err := kit.Desk.Forget(t.Context(), lifecycletest.Workspace, "vic")
	if err != nil || n != 2 {
		t.Fatalf("forgot %d conversations, %v, want 2", n, err)
	}

	if diff := cmp.Diff(now, closed.Now()); diff != "" {
		t.Errorf("the conversation (-before +after):\n%s", diff)
	}
	ignore := cmp.Options{
		cmpopts.IgnoreFields(conversation.Record{}, "Erased"),
		cmpopts.IgnoreFields(conversation.Said{}, "Text"),
		cmpopts.IgnoreFields(conversation.NoteAdded{}, "Text"),
		cmpopts.IgnoreFields(closure.Form{}, "Notes"),
		cmpopts.IgnoreFields(conversation.SurveyAnswered{}, "Comment"),
	}
	if diff := cmp.Diff(journal, closed.Journal(), ignore); diff != "" {
		t.Errorf("the journal (-before +after):\n%s", diff)
	}
	for i, r := range append(closed.Journal(), open.Journal()...) {
		before, _ := conversation.Text(told[i].Event)
		after, _ := conversation.Text(r.Event)
		if had := before != ""; r.Erased != had || after != "" {
			t.Errorf("%T: erased %t, text %q, want it erased: %t", r.Event, r.Erased, after, had)
		}
	}
	repeated := accepted(t)(kit.Desk.Say(t.Context(), said, canary))
	if !repeated.Repeated || !repeated.Records[0].Erased {
		t.Errorf("the command again: %+v, want its first result, erased", repeated)
	}
	accepted(t)(kit.Desk.Say(t.Context(), said, "something else")) // cannot be told from it any more
	delivered := deliveries(t, kit.Desk, "crm", 100)
	for i, text := range []any{closed.Journal(), open.Journal(), repeated, withoutZoe(delivered)} {
		body, err := json.Marshal(text)
		if check(t, err); strings.Contains(string(body), canary) {
			t.Errorf("%d still tells it:\n%s", i, body)
		}
	}
	if got, _ := conversation.Text(others.Journal()[1].Event); got != canary {
		t.Errorf("another visitor's message reads %q", got)
	}
	open.Say(vic, "I am back")
	last := open.Journal()[2]
	if text, _ := conversation.Text(last.Event); text != "I am back" || last.Erased {
		t.Errorf("what was said later reads %q, erased %t", text, last.Erased)
	}
}

func withoutZoe(all []lifecycle.Delivery) (rest []lifecycle.Delivery) {
	for _, d := range all {
		if d.Conversation != "others" {
			rest = append(rest, d)
		}
	}
	return rest
}

// TestForgetTwice is legal, and the unknown have no conversations.
func TestForgetTwice(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := confided(kit, "chat-1")
	for range 2 {
		if n, err := kit.Desk.Forget(t.Context(), lifecycletest.Workspace, "vic"); n != 1 || err != nil {
			t.Errorf("forgot %d, %v, want 1", n, err)
		}
		if !chat.Journal()[1].Erased {
			t.Errorf("the message does not read as erased")
		}
	}
	for _, visitor := range []string{"nobody", "vi", "VIC"} {
		if n, err := kit.Desk.Forget(t.Context(), lifecycletest.Workspace, visitor); n != 0 || err != nil {
			t.Errorf("%s: forgot %d, %v, want none", visitor, n, err)
		}
	}
	_, err := kit.Desk.Forget(t.Context(), lifecycletest.Workspace, "")
	invalid(t, err, "visitor")
	_, err = kit.Desk.Forget(t.Context(), "a b", "vic")
	invalid(t, err, "workspace")
}

// TestForgetWhileTheOutcomeIsUnknown: the commit whose texts were erased before
// its outcome was known is still recognised.
func TestForgetWhileTheOutcomeIsUnknown(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "message-1"} {
		store := &tap{Store: newMemory()}
		kit := lifecycletest.NewOn(t, store, nil)
		chat := kit.Chat("chat-1")
		chat.Open(vic)
		store.onCommit = func(ctx context.Context, c storage.Commit) error {
			store.onCommit = nil
			check(t, store.Store.Commit(ctx, c))
			_, err := kit.Desk.Forget(ctx, lifecycletest.Workspace, "vic")
			return errors.Join(storage.ErrOutcomeUnknown, err)
		}
		accepted(t)(kit.Desk.Say(t.Context(), withID(chat.By(vic), id), canary))
		chat.WantEvents("opened", "said")
	}
}

// TestPurge removes what was closed for longer, in as many batches as it takes,
// and nothing else.
func TestPurge(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	const old = 250
	for i := range old {
		chat := kit.Chat(chatID(i))
		chat.Open(vic)
		chat.Do(vic, conversation.Close{Outcome: closure.Unresolved})
	}
	open := kit.Chat("open")
	open.Open(vic)
	end := advance(t, kit.Desk, "reader", 0)
	reopened := confided(kit, "reopened")
	kit.Advance(48 * time.Hour)
	reopened.Do(ann, conversation.Reopen{})
	recent := confided(kit, "recent")

	n, err := kit.Desk.Purge(t.Context(), 24*time.Hour)
	if err != nil || n != old {
		t.Fatalf("purged %d, %v, want %d", n, err, old)
	}
	for _, id := range []string{chatID(0), chatID(old - 1)} {
		_, err := kit.Desk.Get(t.Context(), lifecycletest.Workspace, id)
		fails(t, err, conversation.ErrNotFound)
		_, err = kit.Desk.History(t.Context(), lifecycletest.Workspace, id, 0, 0)
		fails(t, err, conversation.ErrNotFound)
		_, err = kit.Desk.Say(t.Context(), kit.Chat(id).By(vic), "Hello?")
		fails(t, err, conversation.ErrNotFound)
	}
	open.WantState(conversation.StateWaiting)
	recent.WantState(conversation.StateClosed)
	if got := reopened.Now().State; got == conversation.StateClosed {
		t.Errorf("the reopened one is %s", got)
	}

	var purged *storage.PurgedError
	_, err = kit.Desk.Feed(t.Context(), "reader", 10)
	if !errors.As(err, &purged) || purged.Oldest <= end {
		t.Fatalf("a subscriber behind what was purged: %v, want where the feed begins", err)
	}
	advance(t, kit.Desk, "reader", purged.Oldest-1)
	if got := deliveries(t, kit.Desk, "reader", 1); got[0].Position != purged.Oldest {
		t.Errorf("goes on at %d, want %d", got[0].Position, purged.Oldest)
	}
	if n, err := kit.Desk.Purge(t.Context(), 24*time.Hour); n != 0 || err != nil {
		t.Errorf("again: purged %d, %v, want none", n, err)
	}
	_, err = kit.Desk.Purge(t.Context(), 0)
	invalid(t, err, "keep")
}

func chatID(i int) string { return fmt.Sprintf("old-%03d", i) }

// TestPurgeCutsOffNothingRecent: what was closed long ago, and touched since,
// stays, so that the feed keeps what others have not read.
func TestPurgeCutsOffNothingRecent(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	old := confided(kit, "old")
	kit.Advance(40 * 24 * time.Hour)
	before := deliveries(t, kit.Desk, "reader", 100)
	advance(t, kit.Desk, "reader", before[len(before)-1].Position)
	kit.Chat("new").Open(vic)
	old.Do(ann, conversation.AddNote{Text: "The customer called"})

	if n, err := kit.Desk.Purge(t.Context(), 30*24*time.Hour); n != 0 || err != nil {
		t.Errorf("purged %d, %v, want none", n, err)
	}
	if got := deliveries(t, kit.Desk, "reader", 100); len(got) != 2 || got[0].Conversation != "new" {
		t.Errorf("the reader gets %d deliveries, want 2", len(got))
	}
	kit.Advance(31 * 24 * time.Hour)
	if n, err := kit.Desk.Purge(t.Context(), 30*24*time.Hour); n != 1 || err != nil {
		t.Errorf("untouched for long: purged %d, %v, want 1", n, err)
	}
}
