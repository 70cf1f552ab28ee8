//go:build linux

package linear_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

const workspace = "acme"

// pool is how many connections a node has.
const pool = 8

// A question is a request on its way to a node, and a reply the answer on its way
// back.
type (
	question struct {
		N       int
		Request request
	}
	reply struct {
		N      int
		Answer answer
	}
)

// openPostgres opens a database as a host does.
func openPostgres(ctx context.Context, url string) (*sql.DB, *postgres.Store, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(pool)
	db.SetMaxIdleConns(pool)
	store, err := postgres.New(ctx, db, nil)
	if err != nil {
		_ = db.Close()
	}
	return db, store, err
}

// serve is what a node does until it is killed: it answers what it reads from its
// standard input, all at once, and ends snoozes that are over.
func serve(ctx context.Context) error {
	in := bufio.NewReader(os.Stdin)
	questions := json.NewDecoder(in)
	var url string
	if err := questions.Decode(&url); err != nil {
		return err
	}
	store, err := reach(ctx, url)
	if err != nil {
		return err
	}
	desk, err := lifecycle.New(&faulty{Store: store, cache: map[storage.Key]storage.Loaded{}},
		&lifecycle.Options{Poll: 100 * time.Millisecond})
	if err != nil {
		return err
	}
	go func() { _ = desk.Run(ctx) }()
	var mu sync.Mutex
	replies := json.NewEncoder(os.Stdout)
	for {
		var q question
		if err := questions.Decode(&q); err != nil {
			return err
		}
		go func() {
			a := answerOf(ctx, desk, q.Request)
			mu.Lock()
			defer mu.Unlock()
			if err := replies.Encode(reply{q.N, a}); err != nil {
				os.Exit(1)
			}
		}()
	}
}

// reach opens the database as soon as there is a server.
func reach(ctx context.Context, url string) (*postgres.Store, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		_, store, err := openPostgres(ctx, url)
		if err == nil || ctx.Err() != nil {
			return store, err
		}
		<-time.After(10 * time.Millisecond)
	}
}

// answerOf does what is asked for, and says what the caller of the Desk knows.
func answerOf(ctx context.Context, desk *lifecycle.Desk, r request) answer {
	ctx = context.WithValue(ctx, plantKey{}, r.Plant)
	if r.Do == read {
		c, err := desk.Get(ctx, workspace, r.Conversation)
		if err != nil {
			return refusedOrFailed(err)
		}
		return answer{Outcome: accepted, From: int64(c.Version), To: int64(c.Version), Sight: sightOf(c)}
	}
	call := lifecycle.Call{
		Workspace: workspace, Conversation: r.Conversation, By: r.By, CommandID: r.ID, AsOf: conversation.Version(r.AsOf),
	}
	result, err := desk.Do(ctx, call, r.command())
	if err != nil {
		return refusedOrFailed(err)
	}
	to := int64(result.Conversation.Version)
	return answer{Outcome: accepted, From: to - int64(len(result.Records)), To: to, Sight: sightOf(result.Conversation)}
}

func (r request) command() conversation.Command {
	switch r.Do {
	case conversation.NameOpen:
		return conversation.Open{}
	case conversation.NameSay:
		return conversation.Say{Text: "text"}
	case conversation.NameTake:
		return conversation.Take{}
	case conversation.NameHandBack:
		return conversation.HandBack{}
	case conversation.NameTransfer:
		return conversation.Transfer{Agent: r.Agent, Group: r.Group}
	case conversation.NameSnooze:
		return conversation.Snooze{Until: snooze.For(r.For)}
	case conversation.NameClose:
		if r.By.Kind == conversation.KindVisitor {
			return conversation.Close{}
		}
		return conversation.Close{Outcome: closure.Resolved}
	case conversation.NameReopen:
		return conversation.Reopen{}
	}
	return nil
}

func sightOf(c conversation.Conversation) standing {
	return standing{
		Version: int64(c.Version), State: c.State, Agent: c.Agent,
		Message: int64(c.LastVisitorMessage), Handover: int64(c.LastHandover),
	}
}

// refusedOrFailed goes by the errors alone, as a host does.
func refusedOrFailed(err error) answer {
	var no *conversation.RefusedError
	var never *conversation.InvalidError
	a := answer{Outcome: failed, Err: err.Error()}
	switch {
	case errors.Is(err, storage.ErrOutcomeUnknown):
		a.Outcome = unknown
	case errors.As(err, &no):
		a = answer{Outcome: rejected, Refusal: refusal{no.Code(), int64(no.Since)}}
		a.Sight.State, a.Sight.Agent = no.State, no.Holder
	case errors.Is(err, conversation.ErrNotFound):
		a = answer{Outcome: rejected, Refusal: refuse("not_found")}
	case errors.As(err, &never): // the model has no such refusal
		a.Outcome, a.Refusal = rejected, refuse("invalid: "+never.Error())
	}
	return a
}

// A fault is what a node does wrong at one request.
type fault string

// The deaths are what any node may suffer. The others are planted, to see whether
// they are noticed.
const (
	dieBefore fault = "die before the commit"
	dieAfter  fault = "die after the commit"

	stale     fault = "answer from a cache"
	overwrite fault = "commit whatever the version"
	unwritten fault = "acknowledge without a commit"
	denied    fault = "deny a commit"
)

func (f fault) dies() bool { return f == dieBefore || f == dieAfter }

type plantKey struct{}

// A faulty store is a store, but for what is planted.
type faulty struct {
	storage.Store

	mu    sync.Mutex
	cache map[storage.Key]storage.Loaded // as this node has seen them last
}

func (s *faulty) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	if ctx.Value(plantKey{}) == stale {
		s.mu.Lock()
		l, ok := s.cache[key]
		s.mu.Unlock()
		if ok {
			return l, nil
		}
	}
	l, err := s.Store.Load(ctx, key, commandID)
	if err == nil {
		s.keep(key, l)
	}
	return l, err
}

func (s *faulty) keep(key storage.Key, l storage.Loaded) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.Applied = nil; l.Head.Version >= s.cache[key].Head.Version {
		s.cache[key] = l
	}
}

func (s *faulty) Commit(ctx context.Context, c storage.Commit) error {
	planted, _ := ctx.Value(plantKey{}).(fault)
	if planted == dieBefore {
		die()
	}
	if planted == unwritten {
		return nil
	}
	err := s.Store.Commit(ctx, c)
	if planted == overwrite && errors.Is(err, storage.ErrConflict) {
		err = s.overwrite(ctx, c)
	}
	switch {
	case err != nil:
	case planted == dieAfter:
		die()
	case planted == denied:
		err = errors.New("not applied, it is believed")
	default:
		s.mu.Lock()
		l := s.cache[c.Key]
		s.mu.Unlock()
		l.Head = c.Head
		s.keep(c.Key, l)
	}
	return err
}

// overwrite commits what was decided on an old version on top of the present one.
func (s *faulty) overwrite(ctx context.Context, c storage.Commit) error {
	for {
		l, err := s.Store.Load(ctx, c.Key, c.Command.ID)
		if err != nil || l.Applied != nil {
			return errors.Join(storage.ErrConflict, err)
		}
		moved, err := moveTo(c, l.Head.Version)
		if err != nil {
			return err
		}
		if err := s.Store.Commit(ctx, moved); !errors.Is(err, storage.ErrConflict) {
			return err
		}
	}
}

// moveTo makes a commit one to another version.
func moveTo(c storage.Commit, version int64) (storage.Commit, error) {
	by := version - c.Expect
	moved := c
	moved.Expect += by
	moved.Head.Version += by
	moved.Events = nil
	after, err := conversation.Decode(c.Head.Body)
	if err != nil {
		return moved, err
	}
	after.Version += conversation.Version(by)
	if moved.Head.Body, err = conversation.Encode(after); err != nil {
		return moved, err
	}
	for _, e := range c.Events {
		r, err := conversation.DecodeRecord(e.Body)
		if err != nil {
			return moved, err
		}
		r.Seq += conversation.Version(by)
		e.Version += by
		if e.Body, err = conversation.EncodeRecord(r); err != nil {
			return moved, err
		}
		moved.Events = append(moved.Events, e)
	}
	return moved, nil
}

// die is what kill -9 does, at a chosen moment.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// worker is the whole life of a node.
func worker() {
	fmt.Fprintln(os.Stderr, serve(context.Background()))
	os.Exit(1)
}
