package tenancy_test

import (
	"context"
	"fmt"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

// A sight is one thing that can be read.
type sight struct {
	what  string
	value any
	err   string
}

// A viewer reads all that there is of a workspace.
type viewer struct {
	ctx       context.Context
	w         *world
	workspace string
	all       []sight
}

func (v *viewer) see(what string, value any, err error) {
	s := sight{what: what, value: value}
	if err != nil {
		s.err = err.Error()
	}
	v.all = append(v.all, s)
}

const most = 1000

var farFuture = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

// stored is what the store has of a workspace: whole heads, journals, records,
// closings, what is due, set back and outdated, and counts.
func stored(ctx context.Context, w *world, workspace string) []sight {
	v := &viewer{ctx: ctx, w: w, workspace: workspace}
	s := w.store
	loaded, err := s.Load(ctx, storage.Key{Workspace: workspace}, "")
	v.see("policies", loaded.Policies, err)
	var keys []storage.Key
	for _, state := range conversation.States() {
		q := storage.Query{Workspace: workspace, State: string(state)}
		rows, err := s.View(ctx, q, most)
		v.see("view "+string(state), rows, err)
		n, err := s.Count(ctx, q)
		v.see("count "+string(state), n, err)
		for _, row := range rows {
			keys = append(keys, row.Key)
		}
	}
	for _, key := range keys {
		key.Workspace = workspace
		loaded, err := s.Load(ctx, key, "")
		v.see("head "+key.Conversation, loaded, err)
		for _, id := range commandIDs {
			loaded, err := s.Load(ctx, key, id)
			v.see("command "+id+" of "+key.Conversation, loaded.Applied, err)
		}
		events, err := s.History(ctx, key, 0, most)
		v.see("journal "+key.Conversation, events, err)
	}
	for _, kind := range []storage.Kind{storage.KindAgent, storage.KindGroup, storage.KindVisitor} {
		list, err := s.List(ctx, storage.RecordQuery{Workspace: workspace, Kind: kind}, "", most)
		v.see("list "+string(kind), list, err)
		for _, r := range list {
			r, err := s.Record(ctx, storage.RecordKey{Workspace: workspace, Kind: kind, ID: r.Key.ID})
			v.see(string(kind)+" "+r.Key.ID, r, err)
		}
	}
	closings, err := s.Closings(ctx, storage.ClosingQuery{Workspace: workspace}, most)
	v.see("closings", closings, err)
	due, err := s.Due(ctx, farFuture, storage.Due{}, most)
	v.see("due", of(due, func(d storage.Due) string { return d.Key.Workspace }, workspace), err)
	records, err := s.DueRecords(ctx, farFuture, storage.DueRecord{}, most)
	v.see("due records", of(records, func(d storage.DueRecord) string { return d.Key.Workspace }, workspace), err)
	outdated, err := s.Outdated(ctx, farFuture, storage.Key{}, most)
	v.see("outdated", of(outdated, func(k storage.Key) string { return k.Workspace }, workspace), err)
	setbacks, err := s.Setbacks(ctx, storage.Key{}, most)
	v.see("setbacks", of(setbacks, func(s storage.SetbackOf) string { return s.Key.Workspace }, workspace), err)
	if t, ok := s.(storage.Tallier); ok {
		b := closure.Breakdown{By: []closure.Dimension{closure.ByAgent, closure.ByTag, closure.ByOutcome}}
		groups, err := t.Tally(ctx, storage.ClosingQuery{Workspace: workspace}, b)
		v.see("tally", groups, err)
		spreads, err := t.Spreads(ctx, storage.ClosingQuery{Workspace: workspace}, b, closure.Handling, []int{50})
		v.see("spreads", spreads, err)
	}
	return v.all
}

// of leaves only what is of a workspace, nil if that is nothing.
func of[T any](list []T, workspaceOf func(T) string, workspace string) []T {
	var all []T
	for _, e := range list {
		if workspaceOf(e) == workspace {
			all = append(all, e)
		}
	}
	return all
}

// told is what the host hears of a workspace: the feed, without its positions, which
// count everybody's, and the live updates.
func told(ctx context.Context, w *world, workspace string) []sight {
	v := &viewer{ctx: ctx, w: w, workspace: workspace}
	entries, err := w.store.Feed(ctx, 0, most)
	entries = of(entries, func(e storage.Entry) string { return e.Key.Workspace }, workspace)
	for i := range entries {
		entries[i].Position = 0
	}
	v.see("feed of the store", entries, err)
	deliveries, err := w.desk.Feed(ctx, "subscriber-1", most)
	deliveries = of(deliveries, func(d lifecycle.Delivery) string { return d.Workspace }, workspace)
	for i := range deliveries {
		deliveries[i].Position = 0
	}
	v.see("feed", deliveries, err)
	for range len(w.live.Updates()) {
		w.heard = append(w.heard, <-w.live.Updates())
	}
	v.see("live", of(w.heard, func(u lifecycle.Update) string { return u.Conversation.Workspace }, workspace), nil)
	return v.all
}

// answered is what every reading method of the Desk answers about a workspace.
func answered(ctx context.Context, w *world, workspace string) []sight {
	v := &viewer{ctx: ctx, w: w, workspace: workspace}
	rows := templates(workspace)
	for _, method := range reads {
		for i, row := range rows[method] {
			v.see(fmt.Sprintf("%s %d", method, i), invoke(ctx, w.desk, method, values(row)), nil)
		}
	}
	return v.all
}
