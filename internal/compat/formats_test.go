package compat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// rewriteHead has a newer node store the conversation otherwise, with an event that
// today's version does not know.
func rewriteHead(t *testing.T, store storage.Store, id string, change func(body []byte) []byte) {
	t.Helper()
	key := storage.Key{Workspace: here, Conversation: id}
	loaded, err := store.Load(t.Context(), key, "")
	if err != nil {
		t.Fatal(err)
	}
	head := loaded.Head
	was := fmt.Sprintf(`"version":%d`, head.Version)
	head.Version++
	body := bytes.Replace(head.Body, []byte(was), fmt.Appendf(nil, `"version":%d`, head.Version), 1)
	if head.Body = change(body); bytes.Equal(head.Body, body) {
		t.Fatalf("nothing to change in %s", body)
	}
	event := fmt.Appendf(nil, `{"v":1,"seq":%d,"at":%q,"by":{"kind":"system"},"type":"applauded","data":null}`,
		head.Version, head.Updated.Format(time.RFC3339Nano))
	err = store.Commit(t.Context(), storage.Commit{
		Key: key, Expect: head.Version - 1, Head: head, At: head.Updated, Events: []storage.Event{{Version: head.Version, Body: event}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func replace(old, new string) func([]byte) []byte {
	return func(body []byte) []byte { return bytes.Replace(body, []byte(old), []byte(new), 1) }
}

// laterFormats are what a later format does to the stored things of a workspace in
// which chat-1 snoozes, and what today's Desk then cannot do.
var laterFormats = map[string]struct {
	store   func(*testing.T, storage.Store)
	refused []func(context.Context, *lifecycle.Desk) error
}{
	"conversation": {
		store: func(t *testing.T, s storage.Store) { rewriteHead(t, s, "chat-1", replace(`"v":1`, `"v":2`)) },
		refused: []func(context.Context, *lifecycle.Desk) error{
			func(ctx context.Context, d *lifecycle.Desk) error { _, err := d.Get(ctx, here, "chat-1"); return err },
			func(ctx context.Context, d *lifecycle.Desk) error {
				_, err := d.Say(ctx, lifecycle.Call{Workspace: here, Conversation: "chat-1", By: vic}, "Hello?")
				return err
			},
		},
	},
	"policies": {
		store: func(t *testing.T, s storage.Store) {
			if err := s.SetPolicies(t.Context(), here, 1, []byte(`{"v":2,"data":{"default":[]}}`)); err != nil {
				t.Fatal(err)
			}
		},
		refused: []func(context.Context, *lifecycle.Desk) error{
			func(ctx context.Context, d *lifecycle.Desk) error { _, _, err := d.Policies(ctx, here); return err },
			func(ctx context.Context, d *lifecycle.Desk) error {
				_, err := d.SetPolicies(ctx, here, conversation.Policies{}, 2)
				return err
			},
			func(ctx context.Context, d *lifecycle.Desk) error {
				_, err := d.Say(ctx, lifecycle.Call{Workspace: here, Conversation: "chat-1", By: vic}, "Hello?")
				return err
			},
		},
	},
	"agent": {
		store: func(t *testing.T, s storage.Store) {
			r, err := s.Record(t.Context(), storage.RecordKey{Workspace: here, Kind: storage.KindAgent, ID: "ann"})
			if err != nil {
				t.Fatal(err)
			}
			r.Body = []byte(`{"v":2,"data":[]}`)
			if err := s.Put(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		},
		refused: []func(context.Context, *lifecycle.Desk) error{
			func(ctx context.Context, d *lifecycle.Desk) error { _, err := d.Agent(ctx, here, "ann"); return err },
			func(ctx context.Context, d *lifecycle.Desk) error {
				_, err := d.SetAgent(ctx, here, "ann", 7)
				return err
			},
			func(ctx context.Context, d *lifecycle.Desk) error { return d.RemoveAgent(ctx, here, "ann") },
			func(ctx context.Context, d *lifecycle.Desk) error { return d.LogOut(ctx, here, "ann") },
		},
	},
	"visitor": {
		store: func(t *testing.T, s storage.Store) {
			r := storage.Record{Key: storage.RecordKey{Workspace: here, Kind: storage.KindVisitor, ID: "vic"}, Body: []byte(`{"v":2,"online":[]}`)}
			if err := s.Put(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		},
		refused: []func(context.Context, *lifecycle.Desk) error{
			func(ctx context.Context, d *lifecycle.Desk) error { _, err := d.Visitor(ctx, here, "vic"); return err },
			func(ctx context.Context, d *lifecycle.Desk) error {
				_, err := d.SetPresence(ctx, here, "vic", true)
				return err
			},
		},
	},
}

// bodies are all that is stored of the workspace.
func bodies(t *testing.T, s storage.Store) []string {
	t.Helper()
	loaded, err := s.Load(t.Context(), storage.Key{Workspace: here, Conversation: "chat-1"}, "")
	if err != nil {
		t.Fatal(err)
	}
	all := []string{string(loaded.Head.Body), string(loaded.Policies.Body)}
	for _, key := range []storage.RecordKey{{Workspace: here, Kind: storage.KindAgent, ID: "ann"}, {Workspace: here, Kind: storage.KindVisitor, ID: "vic"}} {
		r, err := s.Record(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(r.Body))
	}
	return all
}

// TestLaterFormats: what is of a later format is refused as such, is not written
// over, and keeps nobody waiting. Nothing is quarantined because of it.
func TestLaterFormats(t *testing.T) {
	t.Parallel()
	tried, broken := 0, 0
	for name, tt := range laterFormats {
		ok := t.Run(name, func(t *testing.T) {
			store := memory.New()
			kit := lifecycletest.NewOn(t, store, nil)
			s := &story{kit, kit.Chat("chat-1"), t, nil}
			s.SetPolicy(conversation.Policy{})
			s.agent("ann", 3)
			s.held()
			s.Do(ann, conversation.Snooze{Until: snooze.For(time.Hour), AtEnd: snooze.Release})
			other := lifecycle.Call{Workspace: "other", Conversation: "chat-9", By: vic}
			for _, by := range []conversation.Actor{vic, ann} {
				var err error
				if by == vic {
					_, err = kit.Desk.Open(t.Context(), other, conversation.Open{})
				} else {
					_, err = kit.Desk.Take(t.Context(), other.As(ann))
				}
				s.must(err)
			}
			_, err := kit.Desk.Snooze(t.Context(), other.As(ann), conversation.Snooze{Until: snooze.For(time.Hour), AtEnd: snooze.Release})
			s.must(err)
			tt.store(t, store)
			before := bodies(t, store)
			for i, call := range tt.refused {
				tried++
				if err := call(t.Context(), kit.Desk); !errors.Is(err, conversation.ErrNewer) && !errors.Is(err, roster.ErrNewer) {
					t.Errorf("call %d: %v, want what says that it is of a newer version", i+1, err)
				}
			}
			if after := bodies(t, store); name != "agent" && !slices.Equal(after, before) || after[2] != before[2] {
				t.Errorf("stored was\n%s\nis\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
			}
			kit.Clock.Add(2 * time.Hour)
			if _, err := kit.Desk.Tick(t.Context()); err != nil {
				t.Errorf("Tick: %v", err)
			}
			if c, err := kit.Desk.Get(t.Context(), "other", "chat-9"); err != nil || c.State != conversation.StateWaiting {
				t.Errorf("the other conversation is %s (%v), want %s: it was due", c.State, err, conversation.StateWaiting)
			}
			if setbacks, err := kit.Desk.Setbacks(t.Context(), "", "", all); err != nil || len(setbacks) > 0 {
				t.Errorf("setbacks %v (%v), want none: a node of the newer version works on it", setbacks, err)
			}
		})
		if !ok {
			broken++
		}
	}
	proof.Count(t, proof.Figure{
		Suite: suite, Tried: int64(tried), Trials: "calls on a later format", Broken: int64(broken), Breaks: "written over or not refused as such",
	})
}

// TestUnknownValues: values that a later version may have added to those of today,
// in the same format. Nothing crashes, others go on, and people can go on with the
// conversation.
func TestUnknownValues(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"action":  `{"v":1,"data":{"default":{"idle":{"assigned":{"steps":[{"after":60000000000,"action":"summon"},{"after":60000000000,"action":"prompt","text":"Hm?"}]}}}}}`,
		"guard":   `{"v":1,"data":{"default":{"courtesy":{"guard":"ask"}}}}`,
		"field":   `{"v":1,"data":{"default":{"required":["mood"]}}}`,
		"speaker": `{"v":1,"data":{"default":{"idle":{"assigned":{"last_speaker":"bystander","steps":[{"after":60000000000,"action":"close"}]}}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := memory.New()
			kit := lifecycletest.NewOn(t, store, nil)
			if err := store.SetPolicies(t.Context(), here, 0, []byte(body)); err != nil {
				t.Fatal(err)
			}
			s := &story{kit, kit.Chat("chat-1"), t, nil}
			s.Open(vic)
			s.Do(ann, conversation.Take{})
			second := kit.Chat("chat-2")
			second.Open(vic)
			second.Do(ann, conversation.Take{})
			second.Do(ann, conversation.Snooze{Until: snooze.For(time.Hour)})
			for range 3 {
				kit.Clock.Add(time.Hour)
				if _, err := kit.Desk.Tick(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			second.WantState(conversation.StateAssigned)
			s.WantState(conversation.StateAssigned)
			s.Say(ann, "Hello.")
			if setbacks, err := kit.Desk.Setbacks(t.Context(), "", "", 1); err != nil || len(setbacks) > 0 && setbacks[0].Conversation == s.ID {
				t.Errorf("setbacks %v (%v) after a command", setbacks, err)
			}
			_, err := kit.Desk.Close(t.Context(), s.By(ann), conversation.Close{Outcome: closure.Resolved})
			if !expected(err) {
				t.Errorf("Close: %v", err)
			}
			s.may(s.Chat, sue, conversation.Close{Outcome: closure.Resolved, Force: true})
			s.WantState(conversation.StateClosed)
		})
	}
}
