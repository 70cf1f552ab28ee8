//go:build linux

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

const (
	workspace  = "acme"
	subscriber = "search"
)

// A request is a command that a writer gives: its n-th of the round. Which one
// follows from that, so that whoever knows the request knows the command.
type request struct {
	Round  int
	Writer int
	N      int // counted from one
}

// name is unique, and in the text of what is said and noted.
func (r request) name() string { return fmt.Sprintf("r%d-w%d-n%d", r.Round, r.Writer, r.N) }

// visits reports whether the writer writes to the next one's conversation.
func (r request) visits() bool { return r.N%5 == 0 }

func (r request) key(writers int) storage.Key {
	to := r.Writer
	if r.visits() {
		to = (to + 1) % writers
	}
	return storage.Key{Workspace: workspace, Conversation: fmt.Sprintf("r%d-c%d", r.Round, to)}
}

// lifetime is what happens to a conversation after it was opened, again and
// again: commits of one and of two events, and of none.
var lifetime = []struct {
	by      conversation.Actor
	command func(text string) conversation.Command
}{
	{vic, say},
	{ann, func(string) conversation.Command { return conversation.Take{} }},
	{ann, say},
	{ann, func(text string) conversation.Command { return conversation.AddNote{Text: text} }},
	{ann, func(string) conversation.Command { return conversation.Snooze{Until: snooze.For(time.Hour)} }},
	{vic, say}, // wakes it
	{ann, func(string) conversation.Command { return conversation.Close{Outcome: closure.Resolved} }},
	{vic, say}, // opens it again
	{ann, func(string) conversation.Command { return conversation.Assign{Agent: ann.ID} }},
	{ann, func(string) conversation.Command { return conversation.Take{} }}, // she has it
}

var (
	vic = conversation.Visitor("vic")
	ann = conversation.Agent("ann")
)

func say(text string) conversation.Command { return conversation.Say{Text: text} }

func (r request) command() (conversation.Actor, conversation.Command) {
	own := r.N - r.N/5 // its n-th to its own conversation
	switch {
	case r.visits():
		return vic, say(r.name())
	case own == 1:
		return vic, conversation.Open{}
	}
	step := lifetime[(own-2)%len(lifetime)]
	return step.by, step.command(r.name())
}

// give gives the command under an ID.
func (r request) give(ctx context.Context, desk *lifecycle.Desk, writers int, id string) answer {
	by, command := r.command()
	key := r.key(writers)
	call := lifecycle.Call{Workspace: key.Workspace, Conversation: key.Conversation, By: by, CommandID: id}
	result, err := desk.Do(ctx, call, command)
	if err != nil {
		return answer{Outcome: outcomeOf(err), Err: err.Error()}
	}
	to := int64(result.Conversation.Version)
	return answer{Outcome: accepted, From: to - int64(len(result.Records)), To: to, Repeated: result.Repeated}
}

// An outcome is what the caller of a command knows about it.
type outcome string

const (
	pending  outcome = ""         // there was no answer
	accepted outcome = "accepted" // it was applied
	refused  outcome = "refused"  // it was not applied, and never will be
	failed   outcome = "failed"   // nothing was changed
	unknown  outcome = "unknown"  // nobody can tell
)

func outcomeOf(err error) outcome {
	var no *conversation.RefusedError
	switch {
	case errors.Is(err, storage.ErrOutcomeUnknown):
		return unknown
	case errors.As(err, &no):
		return refused
	}
	return failed
}

// An answer is what the Desk said to a request.
type answer struct {
	Outcome  outcome
	From, To int64 // the versions of what was accepted
	Repeated bool
	Err      string
}

// A mark is a place in the feed that a subscriber was told, and moved to.
type mark struct {
	Position storage.Position
	Key      storage.Key
	Version  int64 // of the last event there
}

// A report is one line of what a load does: before a request, with what was
// answered, or of how far the subscriber is.
type report struct {
	Request *request
	Answer  *answer
	Mark    *mark
}

// A load is writers at work on Desks, and a subscriber.
type load struct {
	desks   []*lifecycle.Desk
	round   int
	writers int
	report  func(report)
}

// run works until everybody met an error of the store.
func (l *load) run(ctx context.Context) {
	var group sync.WaitGroup
	for w := range l.writers {
		group.Go(func() { l.write(ctx, w) })
	}
	following, cancel := context.WithCancel(ctx)
	var follower sync.WaitGroup
	follower.Go(func() { l.subscribe(following) })
	group.Wait()
	cancel()
	follower.Wait()
}

func (l *load) write(ctx context.Context, writer int) {
	desk := l.desks[writer%len(l.desks)]
	for n := 1; ; n++ {
		r := request{Round: l.round, Writer: writer, N: n}
		l.report(report{Request: &r})
		a := r.give(ctx, desk, l.writers, r.name())
		l.report(report{Request: &r, Answer: &a})
		if a.Outcome == failed || a.Outcome == unknown {
			return
		}
	}
}

// subscribe follows the feed.
func (l *load) subscribe(ctx context.Context) {
	live := l.desks[0].Subscribe(1)
	defer live.Close()
	for {
		deliveries, err := l.desks[0].Feed(ctx, subscriber, 100)
		if err != nil {
			return
		}
		if len(deliveries) == 0 {
			select {
			case <-live.Updates():
				continue
			case <-ctx.Done():
				return
			}
		}
		last := deliveries[len(deliveries)-1]
		if _, err := l.desks[0].Advance(ctx, subscriber, last.Position); err != nil {
			return
		}
		l.report(report{Mark: &mark{
			Position: last.Position,
			Key:      storage.Key{Workspace: last.Workspace, Conversation: last.Conversation},
			Version:  int64(last.Records[len(last.Records)-1].Seq),
		}})
	}
}
