package lifecycle_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// A newerStore has a journal that a newer version of the library wrote.
type newerStore struct {
	storage.Store
	conversation string
}

func (s newerStore) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	events, err := s.Store.History(ctx, key, after, limit)
	if key.Conversation == s.conversation {
		events[0].Body = []byte(`{"v":2}`)
	}
	return events, err
}

// closed has conversations of vic that ann closed without a word, a minute apart.
func closed(t *testing.T, store storage.Store, ids ...string) *lifecycletest.Kit {
	t.Helper()
	kit := lifecycletest.NewOn(t, store, nil)
	for _, id := range ids {
		chat := kit.Chat(id)
		chat.Open(vic)
		chat.Say(vic, "Where is my parcel?")
		chat.Do(ann, conversation.Take{})
		chat.Do(ann, conversation.Close{Outcome: closure.Resolved})
		kit.Advance(time.Minute)
	}
	return kit
}

func TestOneUnreadableJournalSparesTheOthersOfThePage(t *testing.T) {
	t.Parallel()
	kit := closed(t, newerStore{memory.New(), "c-2"}, "c-1", "c-2", "c-3")
	h, err := kit.Desk.CustomerHistory(t.Context(), lifecycletest.Workspace, "vic", "", 3)
	if err != nil {
		t.Fatal(err)
	}
	var read []string
	for _, e := range h.Engagements {
		read = append(read, e.Conversation.ID)
	}
	if diff := cmp.Diff([][]string{{"c-3", "c-1"}, {"c-2"}}, [][]string{read, h.Unreadable}); diff != "" {
		t.Errorf("history, read and unreadable (-want +got):\n%s", diff)
	}

	page, err := kit.Desk.Unconfirmed(t.Context(), lifecycletest.Workspace, lifecycle.ClosingView{}, lifecycle.Notes{}, "", 3)
	if err != nil {
		t.Fatal(err)
	}
	type listed struct {
		ID                 string
		Unreadable, Purged bool
		Lines              bool
	}
	var got []listed
	for _, c := range page.Closings {
		got = append(got, listed{c.Conversation, c.Unreadable, c.Purged, len(c.Transcript.Lines) > 0})
	}
	want := []listed{{"c-1", false, false, true}, {"c-2", true, false, false}, {"c-3", false, false, true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unconfirmed (-want +got):\n%s", diff)
	}
}

func TestAnUnconfirmedClosingShowsWhatWasDecidedLater(t *testing.T) {
	t.Parallel()
	kit := closed(t, memory.New(), "c-1")
	chat := kit.Chat("c-1")
	chat.Do(ann, conversation.Reclassify{Outcome: closure.Unresolved})
	chat.Say(vic, "It is still not here.")
	chat.Do(ann, conversation.Close{Outcome: closure.Resolved})
	chat.Do(ann, conversation.Reclassify{Outcome: closure.Unresolved})
	page, err := kit.Desk.Unconfirmed(t.Context(), lifecycletest.Workspace, lifecycle.ClosingView{}, lifecycle.Notes{}, "", 9)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range page.Closings {
		var codes []string
		for _, line := range c.Transcript.Lines {
			codes = append(codes, line.Code)
		}
		got = append(got, strings.Join(codes, " "))
	}
	want := []string{
		"opened said taken closed reclassified",
		"opened said taken closed reclassified said reopened closed reclassified",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("transcripts (-want +got):\n%s", diff)
	}
}

func TestListsOfClosingsRefuseWhatNoStoreReaches(t *testing.T) {
	t.Parallel()
	kit := closed(t, memory.New(), "c-1", "c-2")
	desk, workspace := kit.Desk, lifecycletest.Workspace
	far, long := time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)
	forged := base64.RawURLEncoding.EncodeToString([]byte(`{"t":0,"id":"a\u0000b","n":1,"v":""}`))
	for name, f := range map[string]func() error{
		"to far": func() error {
			_, err := desk.Closings(t.Context(), workspace, lifecycle.ClosingView{Filter: closure.Filter{To: far}}, "", 9)
			return err
		},
		"from long ago": func() error {
			_, err := desk.Report(t.Context(), workspace, lifecycle.ReportQuery{Filter: closure.Filter{From: long}})
			return err
		},
		"a view to far": func() error {
			_, err := desk.List(t.Context(), workspace, lifecycle.View{To: far}, "", 9)
			return err
		},
		"a forged token": func() error {
			_, err := desk.Closings(t.Context(), workspace, lifecycle.ClosingView{}, forged, 9)
			return err
		},
		"a long page": func() error {
			_, err := desk.Unconfirmed(t.Context(), workspace, lifecycle.ClosingView{}, lifecycle.Notes{}, "", lifecycle.MaxUnconfirmedPage+1)
			return err
		},
		"a long page of history": func() error {
			_, err := desk.CustomerHistory(t.Context(), workspace, "vic", "", lifecycle.MaxCustomerPage+1)
			return err
		},
	} {
		if err := f(); !errors.Is(err, conversation.ErrInvalid) {
			t.Errorf("%s: %v, want it to be invalid", name, err)
		}
	}
}

// A web handler reads the bounds of a view from text, in whatever zone.
func TestATokenIsOfTheSameInstantsInAnyZone(t *testing.T) {
	t.Parallel()
	kit := closed(t, memory.New(), "c-1", "c-2")
	from := kit.Clock.Now().Add(-time.Hour)
	v := lifecycle.ClosingView{Filter: closure.Filter{From: from}}
	first, err := kit.Desk.Closings(t.Context(), lifecycletest.Workspace, v, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	v.From = from.In(time.FixedZone("", 3600))
	second, err := kit.Desk.Closings(t.Context(), lifecycletest.Workspace, v, first.Next, 1)
	if err != nil || len(second.Closings) != 1 || second.Closings[0].Conversation != "c-2" || second.Next != "" {
		t.Errorf("%+v, %v, want c-2", second, err)
	}
}
