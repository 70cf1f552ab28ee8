package lifecycle_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

var stormSeed = flag.Uint64("storm.seed", 0, "seed of TestStorm; 0 draws one. Goroutines still race as they like")

// A storm is what many people do at once to a few conversations, on several
// Desks, while time passes and the connection to the store keeps breaking.
type storm struct {
	store storage.Store
	desks []*lifecycle.Desk
	now   atomic.Int64 // nanoseconds since the epoch

	mu       sync.Mutex
	accepted map[string]string // conversation of each text that was accepted
	refused  []string          // texts that were refused
	unknown  map[string]bool   // texts of which nobody can tell, given without an ID
	errs     []error           // what no command may return
}

func (s *storm) Now() time.Time                       { return time.Unix(0, s.now.Load()).UTC() }
func (s *storm) After(time.Duration) <-chan time.Time { return nil }

const stormChats, stormWriters, stormCommands = 4, 8, 120

func runStorm(t *testing.T, store storage.Store, seed uint64) *storm {
	s := &storm{store: store, accepted: map[string]string{}, unknown: map[string]bool{}}
	s.now.Store(time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC).UnixNano())
	dice := rand.New(rand.NewPCG(seed, 0))
	var mu sync.Mutex
	breaking := &tap{Store: store, onCommit: func(ctx context.Context, c storage.Commit) error {
		mu.Lock()
		roll := dice.IntN(20)
		mu.Unlock()
		if roll == 0 {
			return errBroken
		}
		if err := store.Commit(ctx, c); err != nil || roll != 1 {
			return err
		}
		return errBroken
	}}
	for i := range 3 {
		s.desks = append(s.desks, newDesk(t, breaking, lifecycle.Options{Clock: s, Workers: i + 1}))
	}
	_, err := s.desks[0].SetPolicies(t.Context(), "acme", conversation.Policies{Default: conversation.Policy{
		Bot: seed%2 == 0, Idle: conversation.Idle{Assigned: informedClose(time.Minute, time.Minute)},
	}}, 0)
	check(t, err)
	for i := range stormChats {
		_, err := s.desks[0].Open(t.Context(), withID(stormCall(i).As(vic), "open"), conversation.Open{})
		check(t, err)
	}
	atOnce(stormWriters, func(w int) { s.write(t.Context(), w, rand.New(rand.NewPCG(seed, uint64(w+1)))) })
	return s
}

func stormCall(chat int) lifecycle.Call {
	return lifecycle.Call{Workspace: "acme", Conversation: fmt.Sprint("chat-", chat)}
}

// write gives random commands, some of them twice, on different Desks.
func (s *storm) write(ctx context.Context, writer int, dice *rand.Rand) {
	for i := range stormCommands {
		text := fmt.Sprintf("text %d of writer %d", i, writer)
		call, command := stormCall(dice.IntN(stormChats)), conversation.Command(conversation.Say{Text: text})
		people := []conversation.Actor{vic, ann, ben, sue}
		call.By = people[dice.IntN(len(people))]
		switch dice.IntN(12) {
		case 0, 1:
			command = conversation.Take{}
		case 2:
			command = conversation.Close{Outcome: closure.Unresolved}
		case 3:
			command = conversation.Snooze{Until: snooze.For(time.Minute)}
		case 4:
			command = conversation.HandBack{}
		case 5:
			call.By, command = ann, conversation.AddNote{Text: text}
		case 6, 7:
			s.now.Add(int64(20 * time.Second))
			if _, err := s.desks[dice.IntN(len(s.desks))].Tick(ctx); err != nil {
				s.wrong(err)
			}
			continue
		}
		repetitions := 1
		if dice.IntN(2) == 0 {
			call.CommandID = fmt.Sprintf("cmd-%d-%d", writer, i)
			repetitions += dice.IntN(2)
		}
		for range repetitions {
			s.note(call, command, give(ctx, s.desks[dice.IntN(len(s.desks))], call, command))
		}
	}
}

// give gives a command; a panic is an error too.
func give(ctx context.Context, desk *lifecycle.Desk, call lifecycle.Call, command conversation.Command) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	_, err = desk.Do(ctx, call, command)
	return err
}

func (s *storm) wrong(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs = append(s.errs, err)
}

func (s *storm) note(call lifecycle.Call, command conversation.Command, err error) {
	var no *conversation.RefusedError
	unknown := call.CommandID == "" && errors.Is(err, storage.ErrOutcomeUnknown)
	if err != nil && !errors.As(err, &no) && !unknown {
		s.wrong(fmt.Errorf("%s: %w", command.Name(), err))
		return
	}
	text := ""
	switch c := command.(type) {
	case conversation.Say:
		text = c.Text
	case conversation.AddNote:
		text = c.Text
	default:
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		s.accepted[text] = call.Conversation
	case unknown:
		s.unknown[text] = true
	default:
		s.refused = append(s.refused, text)
	}
}

// violations returns what a storm must leave as it should be, and did not.
func (s *storm) violations(ctx context.Context) []error {
	wrong := s.errs
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	found := map[string]int{}
	for i := range stormChats {
		call := stormCall(i)
		records, err := s.desks[0].History(ctx, call.Workspace, call.Conversation, 0, 0)
		if err != nil {
			say("%s: %w", call.Conversation, err)
			continue
		}
		c, unknown := conversation.Conversation{Workspace: call.Workspace, ID: call.Conversation}, false
		for _, r := range records {
			if r.Seq != c.Version+1 || r.At.Before(c.UpdatedAt) {
				say("%s: record %d at %v after %d at %v", c.ID, r.Seq, r.At, c.Version, c.UpdatedAt)
			}
			if c = conversation.Evolve(c, r); c.Open() {
				unknown = false
			} else if said, ok := r.Event.(conversation.Said); ok && !said.Automatic {
				unknown = true
			}
			if text, _ := conversation.Text(r.Event); text != "" {
				found[text]++
			}
		}
		if unknown {
			say("%s ended closed with a message that nobody knows of", c.ID)
		}
		if got, err := s.desks[0].Get(ctx, call.Workspace, call.Conversation); err != nil || !cmp.Equal(c, got) {
			say("%s: the journal does not amount to what Get returns: %v", c.ID, err)
		}
	}
	for text, chat := range s.accepted {
		if found[text] != 1 {
			say("%s: %q was accepted and is %d times in the journal", chat, text, found[text])
		}
	}
	for text := range s.unknown {
		if found[text] > 1 {
			say("%q is %d times in the journal", text, found[text])
		}
	}
	for _, text := range s.refused {
		if _, again := s.accepted[text]; found[text] != 0 && !again {
			say("%q was refused and is in the journal", text)
		}
	}
	return wrong
}

func TestStorm(t *testing.T) {
	t.Parallel()
	seed := *stormSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d; go test -run TestStorm ./lifecycle -storm.seed=%[1]d repeats it", seed)
	for round := range uint64(6) {
		s := runStorm(t, newMemory(), seed+round)
		for _, err := range s.violations(t.Context()) {
			t.Errorf("seed %d: %v", seed+round, err)
		}
		if len(s.accepted) < 50 || len(s.refused) < 10 {
			t.Errorf("seed %d: %d texts accepted, %d refused: too calm", seed+round, len(s.accepted), len(s.refused))
		}
	}
}

// TestStormControl is the positive control: on a store that ignores the version
// the same checks find violations.
func TestStormControl(t *testing.T) {
	t.Parallel()
	if wrong := runStorm(t, careless{newMemory()}, 1).violations(t.Context()); len(wrong) == 0 {
		t.Error("a store that ignores versions left no violation: the checks are blind")
	}
}
