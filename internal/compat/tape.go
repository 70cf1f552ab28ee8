package compat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// A Recorder is a store that takes down every write that succeeded.
type Recorder struct {
	storage.Store

	mu     sync.Mutex // guards the fields below
	writes []write
}

// A write is one successful call; all fields but one are zero. Bodies are JSON, and
// stand in the file byte for byte.
type write struct {
	Policies *policies `json:",omitempty"`
	Commit   *commit   `json:",omitempty"`
	Put      *record   `json:",omitempty"`
	Settle   *record   `json:",omitempty"`
	SetBack  *setBack  `json:",omitempty"`
	Advance  *cursor   `json:",omitempty"`
	Erase    *erasure  `json:",omitempty"`
	Purge    *purge    `json:",omitempty"`
}

type policies struct {
	Workspace string
	Expect    int64
	Body      json.RawMessage
}

type commit struct {
	storage.Commit
	Head   head
	Events []event `json:",omitempty"`
}

type head struct {
	storage.Head
	Body json.RawMessage
}

type event struct {
	storage.Event
	Body json.RawMessage
}

type record struct {
	storage.Record
	Body json.RawMessage
}

type setBack struct {
	Key     storage.Key
	Version int64
	Setback storage.Setback
}

type cursor struct {
	Subscriber string
	To         storage.Position
}

type erasure struct{ Workspace, Visitor string }

type purge struct {
	DormantBefore time.Time
	Limit         int
}

// note takes down a write that succeeded.
func (r *Recorder) note(err error, w write) error {
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.writes = append(r.writes, w)
	}
	return err
}

// Commit implements [storage.Store], as the methods below do.
func (r *Recorder) Commit(ctx context.Context, c storage.Commit) error {
	return r.note(r.Store.Commit(ctx, c), write{Commit: commitOf(c)})
}

func commitOf(c storage.Commit) *commit {
	out := &commit{Commit: c, Head: head{c.Head, c.Head.Body}}
	out.Commit.Head, out.Commit.Events, out.Head.Head.Body = storage.Head{}, nil, nil
	if c.Seen.Version == 0 {
		out.Seen = storage.Seen{} // nothing is stored of it, and there is no capacity to overfill
	}
	for _, e := range c.Events {
		body := e.Body
		e.Body = nil
		out.Events = append(out.Events, event{e, body})
	}
	return out
}

func (c *commit) storage() storage.Commit {
	out := c.Commit
	out.Head, out.Events = c.Head.Head, nil
	out.Head.Body = c.Head.Body
	for _, e := range c.Events {
		e.Event.Body = e.Body
		out.Events = append(out.Events, e.Event)
	}
	return out
}

func recordOf(r storage.Record) *record {
	out := &record{r, r.Body}
	out.Record.Body = nil
	return out
}

func (r *record) storage() storage.Record {
	out := r.Record
	out.Body = r.Body
	return out
}

// SetPolicies implements [storage.Store].
func (r *Recorder) SetPolicies(ctx context.Context, workspace string, expect int64, body []byte) error {
	return r.note(r.Store.SetPolicies(ctx, workspace, expect, body), write{Policies: &policies{workspace, expect, body}})
}

// Put implements [storage.Store].
func (r *Recorder) Put(ctx context.Context, rec storage.Record) error {
	return r.note(r.Store.Put(ctx, rec), write{Put: recordOf(rec)})
}

// Settle implements [storage.Store].
func (r *Recorder) Settle(ctx context.Context, rec storage.Record) error {
	return r.note(r.Store.Settle(ctx, rec), write{Settle: recordOf(rec)})
}

// SetBack implements [storage.Store].
func (r *Recorder) SetBack(ctx context.Context, key storage.Key, version int64, s storage.Setback) error {
	return r.note(r.Store.SetBack(ctx, key, version, s), write{SetBack: &setBack{key, version, s}})
}

// Advance implements [storage.Store].
func (r *Recorder) Advance(ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
	at, err := r.Store.Advance(ctx, subscriber, to)
	if to == 0 { // which only asks
		return at, err
	}
	return at, r.note(err, write{Advance: &cursor{subscriber, to}})
}

// Erase implements [storage.Store].
func (r *Recorder) Erase(ctx context.Context, workspace, visitor string) (int, error) {
	n, err := r.Store.Erase(ctx, workspace, visitor)
	return n, r.note(err, write{Erase: &erasure{workspace, visitor}})
}

// Purge implements [storage.Store].
func (r *Recorder) Purge(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := r.Store.Purge(ctx, before, limit)
	return n, r.note(err, write{Purge: &purge{before, limit}})
}

// replay does the write on another store.
func (w write) replay(ctx context.Context, store storage.Store) error {
	var err error
	switch {
	case w.Policies != nil:
		err = store.SetPolicies(ctx, w.Policies.Workspace, w.Policies.Expect, w.Policies.Body)
	case w.Commit != nil:
		err = store.Commit(ctx, w.Commit.storage())
	case w.Put != nil:
		err = store.Put(ctx, w.Put.storage())
	case w.Settle != nil:
		err = store.Settle(ctx, w.Settle.storage())
	case w.SetBack != nil:
		err = store.SetBack(ctx, w.SetBack.Key, w.SetBack.Version, w.SetBack.Setback)
	case w.Advance != nil:
		_, err = store.Advance(ctx, w.Advance.Subscriber, w.Advance.To)
	case w.Erase != nil:
		_, err = store.Erase(ctx, w.Erase.Workspace, w.Erase.Visitor)
	case w.Purge != nil:
		_, err = store.Purge(ctx, w.Purge.DormantBefore, w.Purge.Limit)
	default:
		return errors.New("a write that is none of the known ones")
	}
	if err != nil {
		text, _ := json.Marshal(w)
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}
