package compat

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
)

// A careless store changes what a Desk of today writes to it, or reads from it.
type careless struct {
	storage.Store
	head     func(before, body []byte) []byte
	put      func(before storage.Record, body []byte) []byte
	policies func(before, body []byte) []byte
	events   func([]storage.Event) []storage.Event
}

func (s careless) Commit(ctx context.Context, c storage.Commit) error {
	if s.head != nil {
		loaded, err := s.Load(ctx, c.Key, "")
		if err != nil {
			return err
		}
		c.Head.Body = s.head(loaded.Head.Body, c.Head.Body)
	}
	return s.Store.Commit(ctx, c)
}

func (s careless) Put(ctx context.Context, r storage.Record) error {
	if s.put != nil {
		before, err := s.Record(ctx, r.Key)
		if err != nil {
			return err
		}
		before.Key = r.Key
		r.Body = s.put(before, r.Body)
	}
	return s.Store.Put(ctx, r)
}

func (s careless) SetPolicies(ctx context.Context, workspace string, expect int64, body []byte) error {
	if s.policies != nil {
		loaded, err := s.Load(ctx, storage.Key{Workspace: workspace}, "")
		if err != nil {
			return err
		}
		body = s.policies(loaded.Policies.Body, body)
	}
	return s.Store.SetPolicies(ctx, workspace, expect, body)
}

func (s careless) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	events, err := s.Store.History(ctx, key, after, limit)
	if s.events != nil {
		events = s.events(events)
	}
	return events, err
}

func (s careless) Feed(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	entries, err := s.Store.Feed(ctx, after, limit)
	if s.events != nil {
		for i, e := range entries {
			entries[i].Events = s.events(e.Events)
		}
	}
	return entries, err
}

// asRead is the body as today's version reads it: without what it does not know.
func asRead(_, body []byte) []byte {
	return must(conversation.Encode(must(conversation.Decode(body))))
}

// without returns the body without the marks of some things.
func without(name string) func(_, body []byte) []byte {
	return func(_, body []byte) []byte {
		o := decoded(body)
		things(inside(o, "data"), func(thing string, v object, _ any) {
			if bytes.HasPrefix([]byte(thing), []byte(name)) {
				delete(v, mark)
			}
		})
		return must(json.Marshal(o))
	}
}

// passedOn returns the body in which a thing has the mark of another that was there
// before, by their paths.
func passedOn(to, from string) func(before, body []byte) []byte {
	at := func(body []byte, path string) (whole, thing object) {
		whole = decoded(body)
		thing = inside(whole, "data")
		for name := range strings.SplitSeq(path, "/") {
			thing = inside(thing, name)
		}
		return whole, thing
	}
	return func(before, body []byte) []byte {
		if len(before) == 0 {
			return body
		}
		_, was := at(before, from)
		o, is := at(body, to)
		if was[mark] != nil && is != nil {
			is[mark] = was[mark]
		}
		return must(json.Marshal(o))
	}
}

// ofSteps returns the policies in which the steps of a ladder are otherwise.
func ofSteps(change func(was, is []any)) func(before, body []byte) []byte {
	return func(before, body []byte) []byte {
		o, had := decoded(body), map[string][]any{}
		ladders(inside(decoded(before), "data"), func(path string, steps []any) { had[path] = steps })
		ladders(inside(o, "data"), func(path string, steps []any) { change(had[path], steps) })
		return must(json.Marshal(o))
	}
}

// loseMarks has all steps lose what is unknown.
func loseMarks(_, is []any) {
	for _, step := range is {
		delete(step.(object), mark)
	}
}

// keepPlaces gives each step what is unknown of the one that stood in its place.
func keepPlaces(was, is []any) {
	loseMarks(nil, is)
	for i := range min(len(was), len(is)) {
		if has := was[i].(object)[mark]; has != nil {
			is[i].(object)[mark] = has
		}
	}
}

var newerFaults = map[string]careless{
	"a conversation loses what is unknown":      {head: asRead},
	"its closings lose what is unknown":         {head: without("closing")},
	"its cycles lose what is unknown":           {head: without("cycle")},
	"its snooze loses what is unknown":          {head: without("snooze")},
	"its surveys lose what is unknown":          {head: without("survey")},
	"its courtesy loses what is unknown":        {head: without("courtesy")},
	"its silence loses what is unknown":         {head: without("silence")},
	"a closing has what is unknown of another":  {head: passedOn("closing", "closing")},
	"a cycle has what is unknown of another":    {head: passedOn("cycle", "closing/cycle")},
	"a snooze has what is unknown of another":   {head: passedOn("snooze", "snooze")},
	"a survey has what is unknown of another":   {head: passedOn("closing/survey", "closing/survey")},
	"a courtesy has what is unknown of another": {head: passedOn("courtesy", "courtesy")},
	"a silence has what is unknown of another":  {head: passedOn("silence", "silence")},
	"policies lose what is unknown": {policies: func(_, b []byte) []byte {
		return must(conversation.EncodePolicies(must(conversation.DecodePolicies(b))))
	}},
	"steps of ladders lose what is unknown":    {policies: ofSteps(loseMarks)},
	"a step has what is unknown of its place":  {policies: ofSteps(keepPlaces)},
	"an agent's record loses what is unknown":  {put: losing(storage.KindAgent)},
	"a visitor's record loses what is unknown": {put: losing(storage.KindVisitor)},
	"a group's record loses what is unknown":   {put: losing(storage.KindGroup)},
	"a group has what is unknown of a removed one": {put: func(before storage.Record, body []byte) []byte {
		if before.Key.Kind != storage.KindGroup || before.Version == 0 {
			return body
		}
		o := decoded(body)
		if has := inside(decoded(before.Body), "data")[mark]; has != nil {
			inside(o, "data")[mark] = has
		}
		return must(json.Marshal(o))
	}},
	"unknown events are left out": {events: func(in []storage.Event) []storage.Event {
		return slices.DeleteFunc(in, func(e storage.Event) bool { return bytes.Contains(e.Body, []byte(`"applauded"`)) })
	}},
	"unknown events are written anew": {events: func(in []storage.Event) []storage.Event {
		for i, e := range in {
			var v any
			if err := json.Unmarshal(e.Body, &v); err != nil {
				panic(err)
			}
			in[i].Body = must(json.Marshal(v))
		}
		return in
	}},
	"unknown events become another's": {events: func(in []storage.Event) []storage.Event {
		for i, e := range in {
			in[i].Body = bytes.Replace(e.Body, []byte(`"applauded"`), []byte(`"typed"`), 1)
		}
		return in
	}},
}

func losing(kind storage.Kind) func(storage.Record, []byte) []byte {
	return func(before storage.Record, body []byte) []byte {
		if before.Key.Kind != kind {
			return body
		}
		o := decoded(body)
		delete(o, mark)
		delete(inside(o, "data"), mark)
		return must(json.Marshal(o))
	}
}

// TestRollingUpgradeCatches plants a fault at a time between a Desk of today and the
// store.
func TestRollingUpgradeCatches(t *testing.T) {
	if testing.Short() {
		t.Skip("the controls are of the full size")
	}
	t.Parallel()
	for name, fault := range newerFaults {
		caught := false
		for seed := uint64(1); seed <= 40 && !caught; seed++ {
			_, broken := newUpgrade(t, seed, func(s storage.Store) storage.Store {
				fault.Store = s
				return fault
			}).run(150)
			caught = len(broken) > 0
		}
		proof.Planted(t, suite, name, caught)
	}
}
