package wire_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// commandMark is in the bytes of each transaction that commits commands of
// callers: the beginning of their IDs.
const commandMark = `"command":"op-`

// An outcome is what the caller of a command knows in the end.
type outcome string

const (
	accepted outcome = "accepted" // it was applied
	refused  outcome = "refused"  // it was not applied
	denied   outcome = "denied"   // it failed, and was said to have changed nothing
	unknown  outcome = "unknown"  // nobody can tell
)

func outcomeOf(err error) outcome {
	var no *conversation.RefusedError
	switch {
	case err == nil:
		return accepted
	case errors.Is(err, storage.ErrOutcomeUnknown):
		return unknown
	case errors.As(err, &no):
		return refused
	}
	return denied
}

// An operation is a command with what its caller learned about it.
type operation struct {
	n       int
	chat    string
	by      conversation.Actor
	command conversation.Command
	text    bool // the name is in a text

	ids      []string
	outcome  outcome // of the last time it was given
	unclear  bool    // it was unknown before that
	err      error
	from, to int64 // the versions of what was accepted
}

func (o *operation) name() string { return fmt.Sprintf("op-%d", o.n) }

func (o *operation) key() storage.Key {
	return storage.Key{Workspace: workspace, Conversation: o.chat}
}

// A ledger is all operations, and the versions that were acknowledged. It is
// safe for concurrent use.
type ledger struct {
	mu    sync.Mutex
	all   []*operation
	known map[string]conversation.Version
}

// open enters a new operation. Until it has ended only its writer touches it.
func (l *ledger) open() *operation {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := &operation{n: len(l.all) + 1}
	o.ids = []string{o.name()}
	l.all = append(l.all, o)
	return o
}

func (l *ledger) acknowledged(chat string, v conversation.Version) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = map[string]conversation.Version{}
	}
	l.known[chat] = max(l.known[chat], v)
}

func (l *ledger) newest(chat string) conversation.Version {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known[chat]
}

func (l *ledger) operations() []*operation {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

func hotName(i int) string { return fmt.Sprintf("chat-%d", i) }

// A writer gives commands at a node, and again if they fail.
type writer struct {
	*network
	at   *node
	rand *rand.Rand
}

// write gives commands until the network stops. What it has begun it ends.
func (w *writer) write() {
	for w.sleep(time.Duration(w.rand.IntN(5)) * time.Millisecond) {
		o := w.ledger.open()
		w.invent(o)
		w.pursue(o)
	}
}

var vic = conversation.Visitor("vic")

// invent says what an operation is.
func (w *writer) invent(o *operation) {
	o.chat = hotName(w.rand.IntN(w.hot))
	o.by = conversation.Agent(agents[w.rand.IntN(len(agents))])
	switch w.rand.IntN(20) {
	default:
		o.by, o.command, o.text = vic, conversation.Say{Text: o.name()}, true
	case 0, 1, 2, 3:
		o.command, o.text = conversation.AddNote{Text: o.name()}, true
	case 4, 5:
		o.command = conversation.Take{}
	case 6:
		o.command = conversation.Snooze{Until: snooze.For(time.Second)}
	case 7, 8, 9:
		o.command = conversation.Close{Outcome: closure.Resolved}
	case 10:
		o.command = conversation.Reopen{}
	case 11:
		o.command = conversation.Requeue{}
	case 12:
		o.chat, o.by, o.command = "new-"+o.name(), vic, conversation.Open{}
	}
}

// pursue gives a command under its ID until it knows the outcome, or loses
// interest.
func (w *writer) pursue(o *operation) {
	const most = 20
	d := w.at
	for range most {
		w.give(d, o)
		lost := w.rand.IntN(12)
		switch {
		case o.outcome == accepted || o.outcome == refused:
			return
		case o.outcome == denied && lost < 3 || o.outcome == unknown && lost < 1:
			return
		}
		if !w.pinned {
			d = w.nodes[w.rand.IntN(len(w.nodes))]
		}
		time.Sleep(time.Duration(w.rand.IntN(5)) * time.Millisecond)
	}
}

// give gives a command once, in half of the cases with a deadline.
func (w *writer) give(d *node, o *operation) {
	ctx, cancel := context.WithCancel(context.Background())
	if w.rand.IntN(2) == 0 {
		ctx, cancel = context.WithTimeout(context.Background(), time.Duration(200+w.rand.IntN(1000))*time.Millisecond)
	}
	defer cancel()
	w.giveWithin(ctx, d, o)
}

func (n *network) giveWithin(ctx context.Context, d *node, o *operation) {
	before := o.outcome
	o.unclear = o.unclear || before == unknown
	if before == unknown && n.plant.anew {
		o.ids = append(o.ids, fmt.Sprintf("%s-%d", o.name(), len(o.ids)))
	}
	id := o.ids[len(o.ids)-1]
	over := n.clock.watch(ctx, "a command", 0)
	call := lifecycle.Call{Workspace: workspace, Conversation: o.chat, By: o.by, CommandID: id}
	result, err := d.desk.Do(ctx, call, o.command)
	over()
	o.outcome, o.err = outcomeOf(err), err
	switch o.outcome {
	case accepted:
		d.accepted.Add(1)
		o.to = int64(result.Conversation.Version)
		o.from = o.to - int64(len(result.Records))
		n.ledger.acknowledged(o.chat, result.Conversation.Version)
		if result.Repeated && before == denied && !o.unclear {
			n.find(wronglyDenied, "%s was said to have changed nothing, and then to have come before", o.name())
		}
	case denied:
		if !o.unclear {
			n.deniedRightly(o, id)
		}
	}
}

// deniedRightly looks past the proxies whether a command that was said to have
// changed nothing has.
func (n *network) deniedRightly(o *operation, id string) {
	loaded, err := n.truth.Load(context.Background(), o.key(), id)
	switch {
	case err != nil:
		n.Error(err)
	case loaded.Applied != nil:
		n.find(wronglyDenied, "%s failed with %q and was applied: %v", o.name(), o.err, *loaded.Applied)
	}
}
