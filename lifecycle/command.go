package lifecycle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// A Call says which conversation a command is for, who gives it, and what makes
// it safe to repeat.
type Call struct {
	Workspace    string
	Conversation string
	By           conversation.Actor

	// CommandID is the caller's own identification of this command, such as a
	// webhook's or an Idempotency-Key; 1–128 bytes as every ID, or empty. The
	// same ID again on the same conversation does nothing and returns the first
	// result, for as long as the conversation is kept. Refused commands are not
	// remembered.
	CommandID string

	// AsOf is the version that By last saw, or zero: see
	// [conversation.Request]. Bots must give it when they say or close.
	AsOf conversation.Version
}

// As returns the call given by somebody else.
func (c Call) As(by conversation.Actor) Call {
	c.By = by
	return c
}

// A Result is what a command did.
type Result struct {
	// Conversation is as the command left it. For a message after the reopen
	// window it is the new conversation that the message opened or went to;
	// Successor is then true.
	Conversation conversation.Conversation
	Successor    bool

	Records  []conversation.Record // what was recorded; none if it held already
	Advice   []Advice
	Repeated bool // the command ID had come before: this is the first result
}

// MustAnswer returns who must answer the visitor now.
func (r Result) MustAnswer() conversation.Answerer { return r.Conversation.MustAnswer() }

// Reopened reports whether the command opened a closed conversation again.
func (r Result) Reopened() bool {
	for _, record := range r.Records {
		if _, ok := record.Event.(conversation.Reopened); ok {
			return true
		}
	}
	return false
}

// Advice is something that the actor should know about a command that was
// accepted.
type Advice string

// AdviceLongSnooze: the snooze is longer than [snooze.Long], which keeps the
// visitor waiting; without a plan to be back, release it instead of keeping it.
const AdviceLongSnooze Advice = "long_snooze"

// Errors of a Desk beside those of package conversation.
var (
	// ErrCommandIDReused: the command ID came before with another command.
	ErrCommandIDReused = errors.New("lifecycle: the command ID was used for another command")

	// ErrBusy: others changed the conversation faster than this command could
	// be decided. It was not applied.
	ErrBusy = errors.New("lifecycle: the conversation is too busy")
)

// maxAttempts bounds how often a command is decided anew. Every conflict means
// that somebody else's command succeeded. There is no wait between attempts: a
// clock that stands still must not hang a command.
const maxAttempts = 1000

// Do gives a command. The methods named after the commands are shorthands for
// it.
//
// The error is a [*conversation.InvalidError] if the call or the command could
// never be meant, a [*conversation.RefusedError] if it is not possible or not
// allowed now, [ErrCommandIDReused], [ErrBusy], or one of the store's. An error
// wrapping [storage.ErrOutcomeUnknown] means that the Desk could not find out
// whether the command was applied: give it again with the same CommandID. After
// any other error nothing was changed.
//
// A visitor's message to a conversation that was closed for longer than the
// reopen window goes to its successor, which the first such message opens.
func (d *Desk) Do(ctx context.Context, call Call, command conversation.Command) (Result, error) {
	if call.By.Kind == conversation.KindTimer {
		return Result{}, &conversation.InvalidError{Field: "actor", Rule: "deadlines are worked off by Tick and Run"}
	}
	if call.CommandID != "" {
		if err := conversation.CheckID("command ID", call.CommandID); err != nil {
			return Result{}, err
		}
	}
	if _, opening := command.(conversation.Open); opening && call.Conversation == "" {
		call.Conversation = d.idFor(call)
	}
	key, err := keyOf(call.Workspace, call.Conversation)
	if err != nil {
		return Result{}, err
	}
	result, err := d.do(ctx, key, call, command)
	if say, ok := command.(conversation.Say); ok && errors.Is(err, conversation.ErrWindowOver) {
		return d.sayToSuccessor(ctx, key, call, say)
	}
	return result, err
}

// do decides until nobody else changed the conversation meanwhile.
func (d *Desk) do(ctx context.Context, key storage.Key, call Call, command conversation.Command) (Result, error) {
	for range maxAttempts {
		result, err := d.attempt(ctx, key, call, command, d.now())
		if !errors.Is(err, storage.ErrConflict) {
			return result, err
		}
	}
	return Result{}, fmt.Errorf("%w: %s", ErrBusy, key.Conversation)
}

// attempt is the way of a command: load, decide, evolve, commit.
func (d *Desk) attempt(ctx context.Context, key storage.Key, call Call, command conversation.Command, now time.Time) (Result, error) {
	s, err := d.load(ctx, key, call.CommandID)
	if err != nil {
		return Result{}, err
	}
	id, err := identify(call, command)
	if err != nil {
		return Result{}, err
	}
	if s.applied != nil {
		return d.repeat(ctx, s, id)
	}
	events, err := conversation.Decide(s.conversation,
		conversation.Request{By: call.By, Command: command, AsOf: call.AsOf},
		conversation.Facts{Now: now, Policy: s.policies.For(groupOf(s, command))})
	if err != nil {
		return Result{}, err
	}
	after, records := conversation.Append(s.conversation, call.By, now, events)
	if err := d.commit(ctx, s, after, records, id); err != nil {
		return Result{}, err
	}
	return Result{Conversation: after, Records: records, Advice: advice(records)}, nil
}

// groupOf returns the group whose policy decides: the conversation's, or the one
// it is opened with.
func groupOf(s *snapshot, command conversation.Command) string {
	if o, ok := command.(conversation.Open); ok && s.head.Version == 0 {
		return o.Group
	}
	return s.conversation.Group
}

// commit stores what was decided, and tells whoever listens. Where nothing was
// decided and nothing is to be remembered, it has nothing to do.
func (d *Desk) commit(ctx context.Context, s *snapshot, after conversation.Conversation, records []conversation.Record, id storage.Command) error {
	policy := s.policies.For(after.Group)
	due, _ := conversation.NextDue(after, policy)
	if len(records) == 0 && id.ID == "" && due.Equal(s.head.Due) && s.revision == s.head.PolicyRevision {
		return nil
	}
	body := s.head.Body
	if len(records) > 0 {
		var err error
		if body, err = conversation.Encode(after); err != nil {
			return fmt.Errorf("lifecycle: encode %s: %w", s.key.Conversation, err)
		}
	}
	events, err := encodeEvents(records)
	if err != nil {
		return fmt.Errorf("lifecycle: encode %s: %w", s.key.Conversation, err)
	}
	c := storage.Commit{
		Key: s.key, Expect: s.head.Version, Events: events, Command: id,
		Head: storage.Head{
			Version: int64(after.Version), Body: body,
			Due: due, Open: after.Open(), PolicyRevision: s.revision,
		},
	}
	err = d.store.Commit(ctx, c)
	if errors.Is(err, storage.ErrOutcomeUnknown) {
		err = d.resolve(ctx, c, err)
	}
	if err != nil {
		return fmt.Errorf("lifecycle: commit %s: %w", s.key.Conversation, err)
	}
	d.tellRun(due)
	d.live.publish(after, records)
	return nil
}

// resolve finds out whether a commit of unknown outcome was applied: its command
// ID is known, or the journal goes on with exactly its events. It returns nil,
// [storage.ErrConflict] for one that was not, or unknown if it cannot tell.
func (d *Desk) resolve(ctx context.Context, c storage.Commit, unknown error) error {
	loaded, err := d.store.Load(ctx, c.Key, c.Command.ID)
	if err != nil {
		return unknown
	}
	if c.Command.ID != "" {
		if loaded.Applied != nil && loaded.Applied.From == c.Expect {
			return nil
		}
		return storage.ErrConflict
	}
	events, err := d.store.History(ctx, c.Key, c.Expect, max(len(c.Events), 1))
	if err != nil {
		return unknown
	}
	if len(c.Events) > 0 && sameEvents(events, c.Events) {
		return nil
	}
	return storage.ErrConflict
}

func sameEvents(a, b []storage.Event) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Version != b[i].Version || a[i].Text != b[i].Text || !bytes.Equal(a[i].Body, b[i].Body) {
			return false
		}
	}
	return true
}

// repeat returns the first result of a command that came before.
func (d *Desk) repeat(ctx context.Context, s *snapshot, id storage.Command) (Result, error) {
	if s.applied.Fingerprint != id.Fingerprint {
		return Result{}, fmt.Errorf("%w: %s", ErrCommandIDReused, s.key.Conversation)
	}
	journal, err := d.history(ctx, s.key, 0, int(s.applied.To))
	if err != nil {
		return Result{}, err
	}
	c := conversation.Conversation{Workspace: s.key.Workspace, ID: s.key.Conversation}
	for _, r := range journal {
		c = conversation.Evolve(c, r)
	}
	records := journal[min(int(s.applied.From), len(journal)):]
	return Result{Conversation: c, Records: records, Advice: advice(records), Repeated: true}, nil
}

// identify returns what the store remembers of a command with an ID.
func identify(call Call, command conversation.Command) (storage.Command, error) {
	if call.CommandID == "" || command == nil {
		return storage.Command{}, nil
	}
	canonical, err := json.Marshal(struct {
		By      conversation.Actor
		Name    conversation.CommandName
		Command conversation.Command
	}{call.By, command.Name(), command})
	if err != nil {
		return storage.Command{}, &conversation.InvalidError{Field: "command", Rule: "cannot be encoded", Err: err}
	}
	id := storage.Command{ID: call.CommandID}
	sum := sha256.Sum256(canonical)
	copy(id.Fingerprint[:], sum[:])
	return id, nil
}

// idFor returns the ID of a conversation that is opened without one: the same
// for the same command ID, so that a repetition finds the first.
func (d *Desk) idFor(call Call) string {
	if call.CommandID == "" {
		return d.newID()
	}
	return derivedID("open", call.Workspace, call.CommandID)
}

// derivedID returns an ID that follows from its parts alone.
func derivedID(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return base32.StdEncoding.EncodeToString(h.Sum(nil)[:20])
}

// sayToSuccessor gives a message that came after the reopen window to the
// conversation that continues the closed one. Its ID follows from the closing, so
// that repetitions and racers meet in the same one.
func (d *Desk) sayToSuccessor(ctx context.Context, key storage.Key, call Call, say conversation.Say) (Result, error) {
	s, err := d.load(ctx, key, "")
	if err != nil {
		return Result{}, err
	}
	closed := s.conversation
	if closed.State != conversation.StateClosed {
		return d.Do(ctx, call, say)
	}
	next := call
	next.AsOf = 0
	next.Conversation = derivedID("successor", key.Workspace, closed.ID, strconv.Itoa(closed.Closing.Number))
	opening := next
	opening.CommandID = ""
	_, err = d.Do(ctx, opening, conversation.Open{Visitor: closed.Visitor, Group: closed.Group, Previous: closed.ID})
	if err != nil && !errors.Is(err, conversation.ErrExists) {
		return Result{}, err
	}
	result, err := d.Do(ctx, next, say)
	result.Successor = true
	return result, err
}

func advice(records []conversation.Record) []Advice {
	var all []Advice
	for _, r := range records {
		if e, ok := r.Event.(conversation.Snoozed); ok && e.At.Sub(r.Now()) > snooze.Long {
			all = append(all, AdviceLongSnooze)
		}
	}
	return all
}
