package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

func TestPresence(t *testing.T) {
	a := openApp(t, newFile(t))
	vic := person{conversation.KindVisitor, "v-1", "Vic"}
	ann, _ := a.people.Find("ann")
	told := 0
	p := newPresence(a.desk, func() { told++ })
	online := func(want bool) {
		t.Helper()
		visitor, err := a.desk.Visitor(t.Context(), workspace, vic.ID)
		if err != nil || visitor.Online != want {
			t.Errorf("on the site: %v, %v; want %v", visitor.Online, err, want)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(p.Here(t.Context(), vic, "tab 1"))
	do(p.Here(t.Context(), vic, "tab 1"))
	do(p.Here(t.Context(), vic, "tab 2"))
	online(true)
	if told != 1 {
		t.Errorf("told %d times that a visitor came, want once", told)
	}
	do(p.Gone(t.Context(), vic, "tab 1"))
	do(p.Gone(t.Context(), vic, "tab 1"))
	online(true)
	do(p.Gone(t.Context(), vic, "tab 2"))
	online(false)
	if n := len(p.people); n != 0 {
		t.Errorf("%d people are kept of whom the Desk knows that they went", n)
	}

	do(p.Here(t.Context(), vic, "tab 3"))
	do(p.sweep(t.Context(), time.Now().Add(-lost)))
	online(true)
	do(p.sweep(t.Context(), time.Now().Add(time.Second)))
	online(false)

	do(p.Here(t.Context(), ann, "tab"))
	agent, err := a.desk.Agent(t.Context(), workspace, "ann")
	if err != nil || agent.Availability() != roster.Available {
		t.Errorf("the agent is %v, %v", agent.Availability(), err)
	}
}

// Who was there before a restart is there after it, until their pages had the time
// to come back.
func TestPresenceAfterARestart(t *testing.T) {
	file := newFile(t)
	a := openApp(t, file)
	vic := person{conversation.KindVisitor, "v-1", "Vic"}
	if err := a.people.Add(t.Context(), a.db, vic); err != nil {
		t.Fatal(err)
	}
	if err := a.presence.Here(t.Context(), vic, "tab"); err != nil {
		t.Fatal(err)
	}
	a = openApp(t, file)
	for _, step := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {14 * time.Second, true}, {16 * time.Second, false}} {
		if err := a.presence.sweep(t.Context(), time.Now().Add(step.after-lost)); err != nil {
			t.Fatal(err)
		}
		visitor, err := a.desk.Visitor(t.Context(), workspace, vic.ID)
		if err != nil || visitor.Online != step.want {
			t.Errorf("after %s on the site: %v, %v; want %v", step.after, visitor.Online, err, step.want)
		}
	}
}

// A faultyStore does with writes of records what a test wants.
type faultyStore struct {
	*memory.Store
	put func(ctx context.Context, r storage.Record) error
}

func (s *faultyStore) Put(ctx context.Context, r storage.Record) error {
	if s.put != nil {
		return s.put(ctx, r)
	}
	return s.Store.Put(ctx, r)
}

// presenceOn returns a presence that tells a Desk on a store, and what that was told
// of a visitor.
func presenceOn(t *testing.T, store storage.Store) (p *presence, online func(who person) bool) {
	t.Helper()
	desk, err := lifecycle.New(store, nil)
	check(t, err)
	return newPresence(desk, func() {}), func(who person) bool {
		t.Helper()
		visitor, err := desk.Visitor(t.Context(), workspace, who.ID)
		check(t, err)
		return visitor.Online
	}
}

var (
	vic = person{conversation.KindVisitor, "v-1", "Vic"}
	uma = person{conversation.KindVisitor, "v-2", "Uma"}
)

// What the Desk could not be told it is told with the next sweep, whether or not
// what failed had reached it.
func TestPresenceAfterAFailedWrite(t *testing.T) {
	broken := errors.New("broken")
	for name, fault := range map[string]func(s *memory.Store, r storage.Record) error{
		"not done": func(*memory.Store, storage.Record) error { return broken },
		"done":     func(s *memory.Store, r storage.Record) error { return errors.Join(broken, s.Put(t.Context(), r)) },
	} {
		t.Run(name, func(t *testing.T) {
			store := &faultyStore{Store: memory.New()}
			p, online := presenceOn(t, store)
			fails := func(do func() error) {
				t.Helper()
				store.put = func(_ context.Context, r storage.Record) error { return fault(store.Store, r) }
				if err := do(); !errors.Is(err, broken) {
					t.Errorf("the error is %v", err)
				}
				store.put = nil
			}
			is := func(want bool) {
				t.Helper()
				check(t, p.sweep(t.Context(), time.Now().Add(-lost)))
				if got := online(vic); got != want {
					t.Errorf("on the site: %v, want %v", got, want)
				}
			}
			fails(func() error { return p.Here(t.Context(), vic, "tab") })
			is(true)
			fails(func() error { return p.Gone(t.Context(), vic, "tab") })
			is(false)

			fails(func() error { return p.Here(t.Context(), vic, "tab") })
			check(t, p.Gone(t.Context(), vic, "tab"))
			is(false)

			check(t, p.Here(t.Context(), vic, "tab"))
			fails(func() error { return p.Left(t.Context(), vic) })
			check(t, p.Here(t.Context(), vic, "tab"))
			is(true)
		})
	}
}

// One of whom the Desk cannot be told keeps it from hearing of nobody else.
func TestPresenceOfOthers(t *testing.T) {
	store := &faultyStore{Store: memory.New()}
	p, online := presenceOn(t, store)
	store.put = func(context.Context, storage.Record) error { return errors.New("broken") }
	all := []person{vic}
	for i := range 20 {
		all = append(all, person{conversation.KindVisitor, fmt.Sprintf("v-1%02d", i), ""})
	}
	for _, who := range all {
		if p.Here(t.Context(), who, "tab") == nil {
			t.Fatal("nothing failed")
		}
	}
	store.put = func(ctx context.Context, r storage.Record) error {
		if r.Key.ID == vic.ID {
			return errors.New("broken")
		}
		return store.Store.Put(ctx, r)
	}
	if p.sweep(t.Context(), time.Now().Add(-lost)) == nil {
		t.Error("the sweep says nothing of it")
	}
	for _, who := range all[1:] {
		if !online(who) {
			t.Errorf("%s is away", who.ID)
		}
	}
}

// The request of a page that closes ends with the page.
func TestPresenceOutlivesTheRequest(t *testing.T) {
	p, online := presenceOn(t, memory.New())
	ended, end := context.WithCancel(t.Context())
	end()
	check(t, p.Here(ended, vic, "tab"))
	if !online(vic) {
		t.Error("who came is away")
	}
	check(t, p.Gone(ended, vic, "tab"))
	if online(vic) {
		t.Error("who went is there")
	}
}

// While the Desk is told of one, nobody else waits. It hears of each in order, and
// is not waited for without end.
func TestPresenceWhileTheStoreIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &faultyStore{Store: memory.New()}
		p, online := presenceOn(t, store)
		goOn := make(chan struct{})
		store.put = func(ctx context.Context, r storage.Record) error {
			if r.Key.ID == vic.ID && bytes.Contains(r.Body, []byte("true")) { // that they came
				select {
				case <-goOn:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return store.Store.Put(ctx, r)
		}
		came, went := make(chan error, 1), make(chan error, 1)
		go func() { came <- p.Here(t.Context(), vic, "tab") }()
		synctest.Wait()
		go func() { went <- p.Gone(t.Context(), vic, "tab") }()
		for range 1000 {
			runtime.Gosched() // it has all the time to overtake
		}
		check(t, p.Here(t.Context(), uma, "tab"))
		if !online(uma) {
			t.Error("who came meanwhile is away")
		}
		goOn <- struct{}{}
		check(t, <-came)
		check(t, <-went)
		if online(vic) {
			t.Error("who came and went is there")
		}

		began := time.Now()
		if err := p.Here(t.Context(), vic, "tab"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v", err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it was waited for %s", took)
		}
	})
}

// Who is called something else meanwhile is the same.
func TestPresenceOfWhoWasForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory.New()
		p, online := presenceOn(t, store)
		check(t, p.Here(t.Context(), vic, "tab"))
		time.Sleep(lost / 2)
		_, err := p.desk.Forget(t.Context(), workspace, vic.ID)
		check(t, err)
		renamed := vic
		renamed.Name = "Visitor"
		for range 3 {
			check(t, p.Here(t.Context(), renamed, "tab"))
			time.Sleep(lost / 2)
			check(t, p.sweep(t.Context(), time.Now().Add(-lost)))
			if !online(vic) {
				t.Fatal("who is there is away")
			}
		}
		check(t, p.Left(t.Context(), vic))
		if online(vic) {
			t.Error("who left is there")
		}
	})
}

// What pages say fills no memory.
func TestManyPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, online := presenceOn(t, memory.New())
		for i := range 2 * mostPages {
			check(t, p.Here(t.Context(), vic, fmt.Sprint(i)))
			time.Sleep(time.Millisecond)
		}
		if n := len(p.people[vic.Actor()].pages); n != mostPages {
			t.Errorf("%d pages are kept", n)
		}
		for i := range mostPages { // those that went already
			check(t, p.Gone(t.Context(), vic, fmt.Sprint(i)))
		}
		if n := len(p.people[vic.Actor()].pages); n != mostPages || !online(vic) {
			t.Errorf("%d pages are left of the latest", n)
		}
		if n := len(p.people); n != 1 {
			t.Errorf("%d people are kept", n)
		}
	})
}

func TestLongNamesOfPages(t *testing.T) {
	o := newOffice(t)
	tom := o.signIn("tom")
	for length, want := range map[int]int{36: http.StatusNoContent, longestPage: http.StatusNoContent, longestPage + 1: http.StatusUnprocessableEntity} {
		if code, _, _ := tom.send("/here", "page", strings.Repeat("x", length)); code != want {
			t.Errorf("%d bytes: %d, want %d", length, code, want)
		}
	}
	if n := len(o.presence.people[o.personOf("tom").Actor()].pages); n != 2 {
		t.Errorf("%d pages are kept, want 2", n)
	}
}
