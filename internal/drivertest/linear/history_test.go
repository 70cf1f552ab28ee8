//go:build linux

package linear_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/adjourn/adjourn/conversation"
)

// A request is what a client asks a node for.
type request struct {
	Conversation string
	ID           string // of the command; empty: a read
	By           conversation.Actor
	Do           conversation.CommandName
	AsOf         int64 `json:",omitempty"`

	Agent string        `json:",omitempty"` // to whom it is transferred
	Group string        `json:",omitempty"`
	For   time.Duration `json:",omitempty"` // how long it is snoozed

	Plant fault `json:",omitempty"` // what the node does wrong
}

// String says who asks for what.
func (r request) String() string {
	text := fmt.Sprintf("%s: %s %s%s", r.By, r.Do, r.Agent, r.Group)
	if r.AsOf != 0 {
		text += fmt.Sprintf(" as of %d", r.AsOf)
	}
	return text
}

// An outcome is what is known of a request.
type outcome string

const (
	accepted outcome = "accepted"
	rejected outcome = "rejected" // by the rules
	failed   outcome = "failed"   // nothing was changed, it was said
	unknown  outcome = "unknown"  // nobody said anything
	found    outcome = "found"    // nobody said anything, and it is in the journal
)

// An answer is what came back.
type answer struct {
	Outcome  outcome
	From, To int64    `json:",omitempty"` // the versions of what was accepted
	Sight    standing `json:",omitzero"`  // what was shown
	Refusal  refusal  `json:",omitzero"`
	Err      string   `json:",omitempty"`
}

// String says what matters for the order.
func (a answer) String() string {
	switch a.Outcome {
	case accepted:
		return a.Sight.String()
	case rejected:
		return fmt.Sprintf("%s (%s %s)", a.Refusal.Code, a.Sight.State, a.Sight.Agent)
	case found:
		return fmt.Sprintf("found: %d to %d", a.From, a.To)
	}
	return string(a.Outcome)
}

// An operation is a request with its answer, and when both were. Its times are
// nanoseconds since the history began, by one monotonic clock: that of the test's
// own process, read before the request is written to a node and after the answer
// was read. So they contain the true ones.
type operation struct {
	Client  int
	Request request
	Call    int64
	Return  int64 // when the client gave up, of one that nobody answered
	Answer  answer
	Others  []string `json:",omitempty"` // further IDs that it was repeated under, by who should not
}

// observes is the version that an operation has certainly seen the conversation
// at or produced; false: it tells none.
func (o *operation) observes() (int64, bool) { return o.Answer.To, o.Answer.Outcome == accepted }

// A history is what clients did to some conversations, from when they did not
// exist until nobody does anything any more.
type history struct {
	Seed       uint64
	Name       string
	Operations []operation
	Quiet      int64 // when nothing ran any more; the last reads are later

	// Journal holds what is known only from the journals: what became of the
	// requests that nobody answered, and the ends of snoozes. Their times are not
	// known, but for the calls of requests.
	Journal []operation
}

// A verdict is what came of a check.
type verdict string

const (
	linearizable verdict = "linearizable"
	illegal      verdict = "not linearizable"
	undecided    verdict = "not decided in time" // which is not a pass
)

// check looks for an order, for at most as long as it is given.
func (h *history) check(limit time.Duration) (verdict, porcupine.LinearizationInfo) {
	result, info := porcupine.CheckOperationsVerbose(model, h.settled(), limit)
	switch result {
	case porcupine.Ok:
		return linearizable, info
	case porcupine.Illegal:
		return illegal, info
	}
	return undecided, info
}

// settled is the history without requests that may have happened at any time or
// never, which would make the search hopeless. The journals were read when nothing
// was under way, so they say all that ever happened:
//
// A request that nobody answered and that is not in the journal changed nothing,
// and nobody was told anything: it is left out. So are reads that nobody answered,
// and what is said to have failed. If that is in the journal after all, the
// version that it made is nobody's, and there is no order.
//
// One that is in the journal, as version v, happened before all was quiet. It came
// before every operation that saw version v or a later one, so before the return of
// the first of these, which becomes its own return. And it came after every
// operation that saw an earlier version, so after their calls: that bounds the ends
// of snoozes, which nobody called. Every order that was possible with the true
// times is still possible, and none becomes possible that was not.
func (h *history) settled() []porcupine.Operation {
	clients := 0
	for _, o := range h.Operations {
		clients = max(clients, o.Client+1)
	}
	var all []porcupine.Operation
	for _, o := range h.Operations {
		if o.Answer.Outcome == accepted || o.Answer.Outcome == rejected {
			all = append(all, porcupine.Operation{
				ClientId: o.Client, Input: o.Request, Output: o.Answer, Call: o.Call, Return: o.Return,
			})
		}
	}
	for _, o := range h.Journal {
		if o.Answer.From == o.Answer.To {
			continue // it held already: there is nothing to see
		}
		first, last := o.Call, h.Quiet
		for i := range h.Operations {
			seen := &h.Operations[i]
			version, ok := seen.observes()
			switch {
			case !ok || seen.Request.Conversation != o.Request.Conversation:
			case version >= o.Answer.To:
				last = min(last, seen.Return)
			case o.Request.Do == ended:
				first = max(first, seen.Call)
			}
		}
		// Each has a line of its own in the picture, where the client of a request
		// has gone on.
		all = append(all, porcupine.Operation{
			ClientId: clients, Input: o.Request, Output: o.Answer, Call: first, Return: max(first, last),
		})
		clients++
	}
	return all
}

// counted is how many operations are put in order, or would be if somebody had
// answered.
func (h *history) counted() (n, unknowns, applied int) {
	for _, o := range h.Operations {
		switch o.Answer.Outcome {
		case unknown:
			unknowns++
			n++
		case accepted, rejected:
			n++
		}
	}
	for _, o := range h.Journal {
		if o.Request.Do != ended {
			applied++
		}
	}
	return n, unknowns, applied
}

// directoryVariable names where histories are saved that have no order, and
// historyVariable one to check again.
const (
	directoryVariable = "LINEAR_DIR"
	historyVariable   = "LINEAR_HISTORY"
)

// save keeps a history and its picture, and returns the names of the files.
func (h *history) save(dir string, info porcupine.LinearizationInfo) (file, picture string, err error) {
	text, err := json.MarshalIndent(h, "", "\t")
	if err != nil {
		return "", "", err
	}
	file = filepath.Join(dir, h.Name+".json")
	picture = filepath.Join(dir, h.Name+".html")
	return file, picture, errors.Join(
		os.WriteFile(file, text, 0o666), porcupine.VisualizePath(model, info, picture))
}

func load(file string) (*history, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	h := &history{}
	return h, json.Unmarshal(text, h)
}

// judge checks a history, and saves it and fails the test if it has no order. It
// reports whether it has one.
func (h *history) judge(t testing.TB, limit time.Duration) bool {
	t.Helper()
	v, info := h.check(limit)
	if v == linearizable {
		return true
	}
	dir := os.Getenv(directoryVariable)
	if dir == "" {
		var err error
		dir, err = os.MkdirTemp("", "linear")
		check(t, err)
	}
	dir, err := filepath.Abs(dir) // the test does not run where it was called
	check(t, err)
	file, picture, err := h.save(dir, info)
	check(t, err)
	t.Errorf("history %s is %s, SEED=%d begins with it\n\tpicture: %s\n\tagain: %s=%s go test -count=1 -run 'Linearizability$' ./internal/drivertest/linear",
		h.Name, v, h.Seed, picture, historyVariable, file)
	return false
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
