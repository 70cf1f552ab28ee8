package compat

import (
	"bytes"
	"context"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// replaced returns an encoder whose JSON has another spelling.
func replaced(was, is string) func(*codec) {
	return func(c *codec) {
		swap := func(body []byte, from, to string) []byte { return bytes.ReplaceAll(body, []byte(from), []byte(to)) }
		encode, decode := c.encodeRecord, c.decodeRecord
		c.encodeRecord = func(r conversation.Record) ([]byte, error) {
			body, err := encode(r)
			return swap(body, was, is), err
		}
		c.decodeRecord = func(body []byte) (conversation.Record, error) { return decode(swap(body, is, was)) }
	}
}

// folds returns a fold that does something else after each record.
func folds(change func(before, after *conversation.Conversation, r conversation.Record)) func(*codec) {
	return func(c *codec) {
		evolve := c.evolve
		c.evolve = func(before conversation.Conversation, r conversation.Record) conversation.Conversation {
			after := evolve(before, r)
			change(&before, &after, r)
			return after
		}
	}
}

// reads returns a decoder that makes something else of an event.
func reads(change func(*conversation.Record)) func(*codec) {
	return func(c *codec) {
		decode := c.decodeRecord
		c.decodeRecord = func(body []byte) (conversation.Record, error) {
			r, err := decode(body)
			change(&r)
			return r, err
		}
	}
}

var codecFaults = map[string]func(*codec){
	"a field of events is renamed":        replaced(`"late":`, `"late_by":`),
	"an event is renamed":                 replaced(`"type":"handed_back"`, `"type":"returned"`),
	"a state is renamed":                  replaced(`"to":"waiting"`, `"to":"queued"`),
	"a value is renamed":                  replaced(`"reason":"released"`, `"reason":"let_go"`),
	"another format number":               replaced(`"v":1`, `"v":2`),
	"durations in seconds":                replaced(`000000000,`, `,`),
	"the clock of a record is not stored": reads(func(r *conversation.Record) { r.Clock = time.Time{} }),
	"times are cut down":                  reads(func(r *conversation.Record) { r.At = r.At.Truncate(time.Hour) }),
	"the ID of an actor is lost":          reads(func(r *conversation.Record) { r.By.ID = "" }),
	"events are not known any more":       reads(func(r *conversation.Record) { r.Event = conversation.Unknown{} }),
	"another default of what a reply does to a snooze": reads(func(r *conversation.Record) {
		if e, ok := r.Event.(conversation.Snoozed); ok && e.OnReply == snooze.Wake {
			e.OnReply = snooze.StayAsleep
			r.Event = e
		}
	}),
	"another default of why it waits": reads(func(r *conversation.Record) {
		if e, ok := r.Event.(conversation.Requeued); ok && e.Reason == "" {
			e.Reason = conversation.WaitReleased
			r.Event = e
		}
	}),
	"a default is written out": func(c *codec) {
		encode := c.encode
		c.encode = func(v conversation.Conversation) ([]byte, error) {
			body, err := encode(v)
			return bytes.Replace(body, []byte(`"silence":{}`), []byte(`"silence":{"step":0}`), 1), err
		}
	},
	"a field of the state is required": func(c *codec) {
		decode := c.decode
		c.decode = func(body []byte) (conversation.Conversation, error) {
			v, err := decode(body)
			if err == nil && v.Group == "" {
				v.Group = "default"
			}
			return v, err
		}
	},
	"a snooze keeps the silence of before": folds(func(before, after *conversation.Conversation, r conversation.Record) {
		if _, ok := r.Event.(conversation.Snoozed); ok {
			after.Silence = before.Silence
		}
	}),
	"a hand-back leaves the question open": folds(func(before, after *conversation.Conversation, r conversation.Record) {
		if _, ok := r.Event.(conversation.HandedBack); ok {
			after.UnansweredSince = r.Now()
		}
	}),
	"follow-ups count as messages": folds(func(_, after *conversation.Conversation, r conversation.Record) {
		if _, ok := r.Event.(conversation.FollowedUp); ok {
			after.LastSpeaker = idle.Responder
			after.LastMessageAt = r.Now()
		}
	}),
	"a field is set that was not": folds(func(_, after *conversation.Conversation, r conversation.Record) {
		after.Blocked = after.Blocked || r.Seq == 3
	}),
}

// A fold that loses a field, each of the conversation's in turn.
func init() {
	t := reflect.TypeFor[conversation.Conversation]()
	for i := range t.NumField() {
		codecFaults["the fold loses "+t.Field(i).Name] = folds(func(_, after *conversation.Conversation, _ conversation.Record) {
			reflect.ValueOf(after).Elem().Field(i).SetZero()
		})
	}
}

// storeFaults are what a Desk of today could make of a store of before.
var storeFaults = map[string]func(storage.Store) storage.Store{
	"texts are not put back": func(s storage.Store) storage.Store { return textless{s} },
	"tags are lost":          func(s storage.Store) storage.Store { return tagless{s} },
}

type textless struct{ storage.Store }

func (s textless) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	events, err := s.Store.History(ctx, key, after, limit)
	for i := range events {
		events[i].Text = ""
	}
	return events, err
}

type tagless struct{ storage.Store }

func (s tagless) Commit(ctx context.Context, c storage.Commit) error {
	c.Head.Tags = nil
	return s.Store.Commit(ctx, c)
}

// TestGoldenCatches plants a fault at a time in today's code, and wants the same
// check to say so.
func TestGoldenCatches(t *testing.T) {
	t.Parallel()
	all := golden(t)
	for name, plant := range codecFaults {
		code := today
		plant(&code)
		caught := false
		for _, l := range all {
			if caught = len(l.checkCode(code).Differences) > 0; caught {
				break
			}
		}
		proof.Planted(t, suite, name, caught)
	}
	for name, plant := range storeFaults {
		caught := false
		for _, l := range all {
			r, err := l.Check(t.Context(), plant(memory.New()))
			if caught = err != nil || len(r.Differences) > 0; caught {
				break
			}
		}
		proof.Planted(t, suite, name, caught)
	}
}

// TestGoldenAllowsMore: what a later version adds to states and answers is no
// difference, but a member that was known then is.
func TestGoldenAllowsMore(t *testing.T) {
	t.Parallel()
	known, err := membersOf(format)
	if err != nil {
		t.Fatal(err)
	}
	was := []byte(`{"v":1,"data":{"id":"c1","closing":{"number":1}}}`)
	for now, differs := range map[string]bool{
		`{"v":1,"data":{"id":"c1","closing":{"number":1},"mood":"good"}}`:          false,
		`{"v":1,"data":{"id":"c1","closing":{"number":1,"mood":"good"}},"sum":12}`: false,
		`{"v":1,"data":{"id":"c1","closing":{"number":1},"blocked":true}}`:         true,
		`{"v":1,"data":{"id":"c1","closing":{"number":1,"noted":true}}}`:           true,
		`{"v":1,"data":{"id":"c1","closing":{"number":2}}}`:                        true,
		`{"v":1,"data":{"id":"c1"}}`:                                               true,
		`{"v":1,"data":{"id":"c1","closing":[]}}`:                                  true,
	} {
		if d := known.differences("conversation", was, []byte(now)); (len(d) > 0) != differs {
			t.Errorf("%s: differences %q", now, d)
		}
	}
}

// TestUpdateNeverReplaces what is there.
func TestUpdateNeverReplaces(t *testing.T) {
	t.Parallel()
	name := t.TempDir() + "/a.life"
	for _, text := range []string{"first", "second"} {
		if err := add(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if l := read(t, name); l != "first" {
		t.Errorf("the file has %q, want what was written first", l)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
