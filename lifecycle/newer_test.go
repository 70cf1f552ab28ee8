package lifecycle_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// In these tests a newer version of the library has stored fields that are called
// new, of which this one knows nothing.

// wantJSON ends the test unless got is the JSON want, in whatever order.
func wantJSON(t *testing.T, what string, got []byte, want string) {
	t.Helper()
	var g, w any
	check(t, json.Unmarshal(got, &g))
	check(t, json.Unmarshal([]byte(want), &w))
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// TestPoliciesOfANewerVersion: who changes what this version knows of the policies
// leaves the rest as it is.
func TestPoliciesOfANewerVersion(t *testing.T) {
	t.Parallel()
	const stored = `{"v":1,"new":0,"data":{"new":1,"tags":["late"],
		"default":{"new":2,"bot":true,"idle":{"assigned":{"new":3,"steps":[
			{"after":60000000000,"action":"prompt","text":"One.","new":4},
			{"after":120000000000,"action":"prompt","text":"Two.","new":5}]}}},
		"groups":{"billing":{"new":6,"sticky":true},"sales":{"new":7}}}}`
	for name, tt := range map[string]struct {
		change func(*conversation.Policies)
		want   string
	}{
		"nothing": {func(*conversation.Policies) {}, stored},
		"fields": {
			func(p *conversation.Policies) {
				p.Default.Bot, p.Default.PullOnly, p.Tags = false, true, []string{"refund"}
				p.Default.Idle.Assigned.Steps[1].Text = "Too."
			},
			`{"v":1,"new":0,"data":{"new":1,"tags":["refund"],
				"default":{"new":2,"pull_only":true,"idle":{"assigned":{"new":3,"steps":[
					{"after":60000000000,"action":"prompt","text":"One.","new":4},
					{"after":120000000000,"action":"prompt","text":"Too.","new":5}]}}},
				"groups":{"billing":{"new":6,"sticky":true},"sales":{"new":7}}}}`,
		},
		"members of lists and maps": {
			func(p *conversation.Policies) {
				p.Default.Idle.Assigned.Steps = p.Default.Idle.Assigned.Steps[1:]
				delete(p.Groups, "sales")
				p.Groups["support"] = conversation.Policy{Sticky: true}
			},
			`{"v":1,"new":0,"data":{"new":1,"tags":["late"],
				"default":{"new":2,"bot":true,"idle":{"assigned":{"new":3,"steps":[
					{"after":120000000000,"action":"prompt","text":"Two.","new":5}]}}},
				"groups":{"billing":{"new":6,"sticky":true},"support":{"sticky":true}}}}`,
		},
		"everything": {
			func(p *conversation.Policies) { *p = conversation.Policies{} },
			`{"v":1,"new":0,"data":{"new":1}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := newMemory()
			kit := lifecycletest.NewOn(t, store, nil)
			check(t, store.SetPolicies(t.Context(), "acme", 0, []byte(stored)))
			p, revision, err := kit.Desk.Policies(t.Context(), "acme")
			check(t, err)
			tt.change(&p)
			_, err = kit.Desk.SetPolicies(t.Context(), "acme", p, revision)
			check(t, err)
			loaded, err := store.Load(t.Context(), storage.Key{Workspace: "acme"}, "")
			check(t, err)
			wantJSON(t, "the policies", loaded.Policies.Body, tt.want)
		})
	}
}

// TestStepsOfANewerVersion: a step of a ladder says nothing of which it is. It is the
// one that was equal, and not the one that another was.
func TestStepsOfANewerVersion(t *testing.T) {
	t.Parallel()
	steps := func(all ...string) string {
		return `{"v":1,"data":{"default":{"idle":{"assigned":{"steps":[` + strings.Join(all, ",") + `]}}}}}`
	}
	const (
		aSMS   = `{"after":60000000000,"action":"prompt","text":"A","channel":"sms"}`
		aEmail = `{"after":60000000000,"action":"prompt","text":"A","channel":"email"}`
		bEmail = `{"after":60000000000,"action":"prompt","text":"B","channel":"email"}`
		c      = `{"after":60000000000,"action":"prompt","text":"C"}`
	)
	added := idle.Step{After: time.Minute, Action: idle.Prompt, Text: "C"}
	for name, tt := range map[string]struct {
		stored string
		change func([]idle.Step) []idle.Step
		want   string
	}{
		"equal ones stay where they are": {steps(aSMS, aEmail), func(s []idle.Step) []idle.Step { return s }, steps(aSMS, aEmail)},
		"one moves to the front":         {steps(aSMS, bEmail), func(s []idle.Step) []idle.Step { return []idle.Step{s[1], added} }, steps(bEmail, c)},
		"one moves to the end":           {steps(aSMS, bEmail), func(s []idle.Step) []idle.Step { return []idle.Step{added, s[0]} }, steps(c, aSMS)},
		"one goes":                       {steps(aSMS, bEmail), func(s []idle.Step) []idle.Step { return s[1:] }, steps(bEmail)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := newMemory()
			kit := lifecycletest.NewOn(t, store, nil)
			check(t, store.SetPolicies(t.Context(), "acme", 0, []byte(tt.stored)))
			p, revision, err := kit.Desk.Policies(t.Context(), "acme")
			check(t, err)
			p.Default.Idle.Assigned.Steps = tt.change(p.Default.Idle.Assigned.Steps)
			_, err = kit.Desk.SetPolicies(t.Context(), "acme", p, revision)
			check(t, err)
			loaded, err := store.Load(t.Context(), storage.Key{Workspace: "acme"}, "")
			check(t, err)
			wantJSON(t, "the policies", loaded.Policies.Body, tt.want)
		})
	}
}

// TestOtherOrder: a body whose members stand in another order, and which has nothing
// that is unknown, is stored as this version writes it.
func TestOtherOrder(t *testing.T) {
	t.Parallel()
	store := newMemory()
	kit := lifecycletest.NewOn(t, store, nil)
	check(t, store.SetPolicies(t.Context(), "acme", 0, []byte(`{"data":{"default":{"sticky":true,"bot":true}},"v":1}`)))
	p, revision, err := kit.Desk.Policies(t.Context(), "acme")
	check(t, err)
	_, err = kit.Desk.SetPolicies(t.Context(), "acme", p, revision)
	check(t, err)
	loaded, err := store.Load(t.Context(), storage.Key{Workspace: "acme"}, "")
	check(t, err)
	want, err := conversation.EncodePolicies(p)
	check(t, err)
	if diff := cmp.Diff(string(want), string(loaded.Policies.Body)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

// TestPoliciesOfALaterFormat are not written over.
func TestPoliciesOfALaterFormat(t *testing.T) {
	t.Parallel()
	store := newMemory()
	kit := lifecycletest.NewOn(t, store, nil)
	check(t, store.SetPolicies(t.Context(), "acme", 0, []byte(`{"v":2}`)))
	_, err := kit.Desk.SetPolicies(t.Context(), "acme", conversation.Policies{}, 1)
	fails(t, err, conversation.ErrNewer)
	loaded, err := store.Load(t.Context(), storage.Key{Workspace: "acme"}, "")
	check(t, err)
	wantJSON(t, "the policies", loaded.Policies.Body, `{"v":2}`)
}

// TestDamagedPolicies can be set anew.
func TestDamagedPolicies(t *testing.T) {
	t.Parallel()
	store := newMemory()
	kit := lifecycletest.NewOn(t, store, nil)
	check(t, store.SetPolicies(t.Context(), "acme", 0, []byte(`{"v":1,"data":7}`)))
	_, err := kit.Desk.SetPolicies(t.Context(), "acme", conversation.Policies{}, 1)
	check(t, err)
}

// TestPeopleOfANewerVersion: their records keep what is unknown, but not for
// somebody else who gets the ID.
func TestPeopleOfANewerVersion(t *testing.T) {
	t.Parallel()
	store := newMemory()
	kit := lifecycletest.NewOn(t, store, nil)
	desk, ctx := kit.Desk, t.Context()
	key := func(kind storage.Kind, id string) storage.RecordKey {
		return storage.RecordKey{Workspace: lifecycletest.Workspace, Kind: kind, ID: id}
	}
	has := func(what string, key storage.RecordKey, want bool) {
		t.Helper()
		r, err := store.Record(ctx, key)
		check(t, err)
		var body struct {
			New  int
			Data struct{ New int }
		}
		check(t, json.Unmarshal(r.Body, &body))
		if (body.New+body.Data.New > 0) != want {
			t.Errorf("%s: stored is %s, want with what is unknown: %t", what, r.Body, want)
		}
	}
	put := func(key storage.RecordKey, body string) {
		t.Helper()
		check(t, store.Put(ctx, storage.Record{Key: key, Body: []byte(body), Capacity: 2}))
	}
	ws := lifecycletest.Workspace

	agent := key(storage.KindAgent, "ann")
	put(agent, `{"v":1,"data":{"id":"ann","capacity":2,"since":"2026-03-02T09:00:00Z","new":1}}`)
	kit.Clock.Add(time.Minute)
	_, err := desk.SetAvailability(ctx, ws, "ann", roster.Manual, roster.Available)
	check(t, err)
	has("available", agent, true)
	_, err = desk.SetAgent(ctx, ws, "ann", 5)
	check(t, err)
	has("with another capacity", agent, true)
	check(t, desk.LogOut(ctx, ws, "ann"))
	has("logged out", agent, true)
	check(t, desk.RemoveAgent(ctx, ws, "ann"))
	has("removed", agent, true)
	_, err = desk.SetAgent(ctx, ws, "ann", 2)
	check(t, err)
	has("added anew", agent, false)

	group := key(storage.KindGroup, "billing")
	put(group, `{"v":1,"data":{"id":"billing","new":1}}`)
	check(t, desk.SetGroup(ctx, ws, "billing"))
	has("set again", group, true)
	check(t, desk.RemoveGroup(ctx, ws, "billing", ""))
	has("removed", group, true)
	check(t, desk.SetGroup(ctx, ws, "billing"))
	has("added anew", group, false)

	visitor := key(storage.KindVisitor, "vic")
	put(visitor, `{"v":1,"online":false,"new":1}`)
	_, err = desk.SetPresence(ctx, ws, "vic", true)
	check(t, err)
	has("on the site", visitor, true)
	r, err := store.Record(ctx, visitor)
	check(t, err)
	_, err = desk.SetPresence(ctx, ws, "vic", true)
	check(t, err)
	if again, err := store.Record(ctx, visitor); err != nil || again.Version != r.Version {
		t.Errorf("what holds already put version %d after %d (%v)", again.Version, r.Version, err)
	}
}

// within returns the object at a path, nil if there is none.
func within(v any, names ...string) map[string]any {
	m, _ := v.(map[string]any)
	for _, name := range names {
		m, _ = m[name].(map[string]any)
	}
	return m
}

// storedOf returns what is stored of a conversation.
func storedOf(t *testing.T, store storage.Store, id string) (map[string]any, storage.Head) {
	t.Helper()
	loaded, err := store.Load(t.Context(), storage.Key{Workspace: lifecycletest.Workspace, Conversation: id}, "")
	check(t, err)
	var body map[string]any
	check(t, json.Unmarshal(loaded.Head.Body, &body))
	return body, loaded.Head
}

// asNewer stores a conversation as a newer node would, with an event of its own.
func asNewer(t *testing.T, store storage.Store, head storage.Head, body map[string]any) {
	t.Helper()
	data := within(body, "data")
	head.Version++
	data["version"] = head.Version
	var err error
	if head.Body, err = json.Marshal(body); err != nil {
		t.Fatal(err)
	}
	r := conversation.Record{Seq: conversation.Version(head.Version), At: head.Updated, By: host, Event: conversation.Unknown{Name: "noted", Data: json.RawMessage("{}")}}
	record, err := conversation.EncodeRecord(r)
	check(t, err)
	key := storage.Key{Workspace: lifecycletest.Workspace, Conversation: data["id"].(string)}
	check(t, store.Commit(t.Context(), storage.Commit{
		Key: key, Expect: head.Version - 1, Head: head, At: head.Updated, Events: []storage.Event{{Version: head.Version, Body: record}},
	}))
}

// TestConversationsOfANewerVersion: what is unknown stays with what it is said of,
// wherever that goes, and goes with it.
func TestConversationsOfANewerVersion(t *testing.T) {
	t.Parallel()
	store := newMemory()
	kit := lifecycletest.NewOn(t, store, nil)
	chat := kit.Chat("chat-1")
	kit.SetPolicy(conversation.Policy{Survey: conversation.Asking{Offer: true}})
	type has struct {
		New, Cycle, Snooze, Closing, ClosingCycle int
		Earlier                                   []int
	}
	stored := func() (map[string]any, storage.Head) { return storedOf(t, store, chat.ID) }
	// newer puts a field into everything.
	newer := func() {
		t.Helper()
		chat.Do(ann, conversation.AddNote{Text: "A note."})
		body, head := stored()
		data := within(body, "data")
		data["new"] = 1
		for i, path := range [][]string{{"cycle"}, {"snooze"}, {"closing"}, {"closing", "cycle"}} {
			if in := within(data, path...); in != nil {
				in["new"] = i + 2
			}
		}
		asNewer(t, store, head, body)
	}
	number := func(m map[string]any) int { n, _ := m["new"].(float64); return int(n) }
	want := func(what string, want has) {
		t.Helper()
		body, _ := stored()
		data := within(body, "data")
		got := has{
			New: number(data), Cycle: number(within(data, "cycle")), Snooze: number(within(data, "snooze")),
			Closing: number(within(data, "closing")), ClosingCycle: number(within(data, "closing", "cycle")),
		}
		earlier, _ := data["earlier"].([]any)
		for _, c := range earlier {
			got.Earlier = append(got.Earlier, number(within(c)))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	chat.Open(vic)
	chat.Do(ann, conversation.Take{})
	chat.Do(ann, conversation.Snooze{Until: snooze.For(time.Hour), OnReply: snooze.StayAsleep})
	newer()
	chat.Say(vic, "Psst.")
	want("asleep", has{New: 1, Cycle: 2, Snooze: 3})
	chat.Do(ann, conversation.Snooze{Until: snooze.For(2 * time.Hour)})
	want("another snooze", has{New: 1, Cycle: 2})
	kit.Advance(3 * time.Hour)
	chat.WantState(conversation.StateAssigned)
	want("awake", has{New: 1, Cycle: 2})
	chat.Do(ann, conversation.Close{Outcome: closure.Resolved})
	want("closed", has{New: 1, ClosingCycle: 2})
	newer()
	chat.Do(ann, conversation.Reclassify{Outcome: closure.Unresolved})
	want("reclassified", has{New: 1, Closing: 4, ClosingCycle: 5})
	kit.Clock.Add(time.Minute)
	chat.Say(vic, "Not yet.")
	want("reopened", has{New: 1, Closing: 4, ClosingCycle: 5})
	chat.Do(ann, conversation.Close{Outcome: closure.Resolved})
	want("closed again", has{New: 1, Earlier: []int{4}})
	chat.Do(vic, conversation.AnswerSurvey{Number: 1, Rating: 5})
	want("answered", has{New: 1, Earlier: []int{4}})
}

// TestGoodbyesOfANewerVersion: what is unknown of a question stays with that one
// while it waits for an answer, and is not said of the next. That of a survey stays
// when it is answered.
func TestGoodbyesOfANewerVersion(t *testing.T) {
	t.Parallel()
	store := newMemory()
	kit := lifecycletest.NewOn(t, store, nil)
	chat := kit.Chat("chat-1")
	kit.SetPolicy(conversation.Policy{Survey: conversation.Asking{Offer: true}})
	data := func(path ...string) map[string]any {
		body, _ := storedOf(t, store, chat.ID)
		return within(body, append([]string{"data"}, path...)...)
	}
	newer := func(path ...string) {
		t.Helper()
		body, head := storedOf(t, store, chat.ID)
		within(body, append([]string{"data"}, path...)...)["new"] = 1
		asNewer(t, store, head, body)
	}
	asked := func() {
		t.Helper()
		kit.Clock.Add(time.Minute)
		chat.Say(ann, closure.DefaultCheckIn)
	}
	chat.Open(vic)
	chat.Do(ann, conversation.Take{})
	asked()
	first := data("courtesy")["asked_at"]
	newer("courtesy")
	chat.Say(vic, "No, thanks.")
	if c := data("courtesy"); c["new"] == nil || c["asked_at"] != first {
		t.Errorf("the answered question is %v, want what is unknown of it kept", c)
	}
	asked()
	if c := data("courtesy"); c["new"] != nil || c["asked_at"] == first {
		t.Errorf("another question is %v, want nothing of the one before", c)
	}
	chat.Do(ann, conversation.Close{Outcome: closure.Resolved})
	newer("closing", "survey")
	chat.Do(vic, conversation.AnswerSurvey{Rating: 5})
	if s := data("closing", "survey"); s["new"] == nil || s["rating"] == nil {
		t.Errorf("the answered survey is %v, want what is unknown of it kept", s)
	}
}
