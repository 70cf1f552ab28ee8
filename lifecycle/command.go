package lifecycle

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/roster"
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
	// result, for as long as the conversation is kept. Each command has its own:
	// the ID of a request that opens and then says, for one, with a suffix for
	// each. Refused commands are not remembered.
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

// commands are what a Desk and a [Tx] have in common: they work on the
// conversations of one view of the store.
type commands struct {
	store    storage.Tx
	attempts int // how often a change is decided anew; with one, a conflict is the caller's
	policies *policyCache
	newID    func() string
	log      *slog.Logger
	judge    Classifier                               // of messages
	now      func(context.Context) (time.Time, error) // asked once for each decision
	tell     func(proposal)                           // of what was committed
}

// Do gives a command. The methods named after the commands are shorthands for
// it.
//
// The error is a [*conversation.InvalidError] if the call or the command could
// never be meant, a [*conversation.RefusedError] if it is not possible or not
// allowed now, [ErrCommandIDReused], [ErrBusy], or one of the store's. An error
// wrapping [storage.ErrOutcomeUnknown] means that nobody can tell whether the
// command was applied; with a CommandID the Desk finds out by itself as long as
// the store answers, and giving it again is safe. After any other error nothing
// was changed. [storage.ErrHeld] is one of these: a transaction of the host holds
// the conversation, and the command can be given again. What a [Tx] does
// differently is said there.
//
// A visitor's message to a conversation that was closed for longer than the
// reopen window goes to its successor, which the first such message opens. It
// stays open, without that message, where the message then fails.
func (c *commands) Do(ctx context.Context, call Call, command conversation.Command) (Result, error) {
	if call.By.Kind == conversation.KindTimer {
		return Result{}, &conversation.InvalidError{Field: "actor", Rule: "deadlines are worked off by Tick and Run"}
	}
	if err := conversation.CheckCommand(call.By, command); err != nil {
		return Result{}, err
	}
	if call.CommandID != "" {
		if err := conversation.CheckID("command ID", call.CommandID); err != nil {
			return Result{}, err
		}
	}
	if _, opening := command.(conversation.Open); opening && call.Conversation == "" {
		call.Conversation = c.idFor(call)
	}
	key, err := keyOf(call.Workspace, call.Conversation)
	if err != nil {
		return Result{}, err
	}
	result, err := c.do(ctx, key, call, command)
	say, saying := command.(conversation.Say)
	if saying && err == nil && len(result.Records) == 0 && result.Conversation.State == conversation.StateClosed {
		return c.sayToSuccessor(ctx, result.Conversation, call, say)
	}
	return result, err
}

// do gives a command, decided at what the clock says then.
func (c *commands) do(ctx context.Context, key storage.Key, call Call, command conversation.Command) (Result, error) {
	id, err := identify(call, command)
	if err != nil {
		return Result{}, err
	}
	command = c.classify(ctx, call.By, command) // after identifying: what was asked for is without it
	var first *snapshot                         // set if the command came before
	p, err := c.change(ctx, key, id.ID, func(s *snapshot) (proposal, error) {
		if s.applied != nil {
			first = s
			return proposal{idle: true}, nil
		}
		now, err := c.now(ctx)
		if err != nil {
			return proposal{}, err
		}
		return c.decide(ctx, s, call, command, id, now)
	})
	if err != nil {
		return Result{}, err
	}
	if first != nil {
		return c.repeat(ctx, first, id)
	}
	return Result{Conversation: p.after, Records: p.records, Advice: advice(p.records)}, nil
}

// decide asks the machine, on the conversation as loaded.
func (c *commands) decide(ctx context.Context, s *snapshot, call Call, command conversation.Command, id storage.Command, now time.Time) (proposal, error) {
	request := conversation.Request{By: call.By, Command: command, AsOf: call.AsOf}
	facts, seen, err := c.facts(ctx, s, request, s.policies.For(groupOf(s, command)), now)
	if err != nil {
		return proposal{}, err
	}
	events, err := conversation.Decide(s.conversation, request, facts)
	// A message after the reopen window records nothing here: it goes to the
	// successor. The command ID is remembered, so that its repetition does too.
	if err != nil && !errors.Is(err, conversation.ErrWindowOver) {
		return proposal{}, err
	}
	after, records := conversation.Append(s.conversation, call.By, now, events)
	return propose(s, after, records, decision{id, now, seen})
}

// facts gathers what a decision needs to know beyond the conversation, and says
// which agent it depends on.
func (c *commands) facts(ctx context.Context, s *snapshot, r conversation.Request, policy conversation.Policy, now time.Time) (conversation.Facts, storage.Seen, error) {
	f := conversation.Facts{Now: now, Policy: policy, Tags: s.policies.Tags}
	var seen storage.Seen
	if s.conversation.State == conversation.StateNone {
		return f, seen, nil
	}
	var err error
	if q := conversation.AgentFor(s.conversation, r); q.Agent != "" {
		if f.Agent, seen, err = c.readiness(ctx, s.conversation, q, policy); err != nil {
			return f, seen, err
		}
	}
	f.AwayWithEmail, err = c.awayWithEmail(ctx, s.conversation, r, f)
	return f, seen, err
}

// readiness says what speaks against an agent, in the order that
// [conversation.AgentFor] gives.
func (c *commands) readiness(ctx context.Context, of conversation.Conversation, q conversation.AgentQuestion, policy conversation.Policy) (conversation.Readiness, storage.Seen, error) {
	r, a, err := c.agent(ctx, storage.RecordKey{Workspace: of.Workspace, Kind: storage.KindAgent, ID: q.Agent})
	seen := storage.Seen{Agent: q.Agent, Version: r.Version} // also where there is no record: one may come
	if err != nil {
		return "", seen, err
	}
	unavailable := a.Availability() == roster.Unavailable
	full := r.Seats >= r.Capacity && seat(of) != q.Agent
	ready := conversation.AgentReady
	switch {
	case r.Version == 0 && policy.KnownAgentsOnly:
		ready = conversation.AgentUnknown
	case r.Version == 0:
	case a.Removed:
		ready = conversation.AgentRemoved
	case q.GoingBack && !a.In(of.Group):
		ready = conversation.AgentLeftGroup
	case q.GoingBack && unavailable:
		ready = conversation.AgentUnavailable
	case full:
		ready = conversation.AgentFull
		seen.Overfill = policy.WakeOverCapacity && of.State == conversation.StateSnoozed
	case unavailable:
		ready = conversation.AgentUnavailable
	}
	return ready, seen, nil
}

// awayWithEmail reports whether the visitor is to be written to, if that matters:
// not before they have been away for a while.
func (c *commands) awayWithEmail(ctx context.Context, of conversation.Conversation, r conversation.Request, f conversation.Facts) (bool, error) {
	if !f.Policy.NotifyByEmail || of.EmailRequested || r.By.Kind == conversation.KindVisitor {
		return false, nil
	}
	switch r.Command.(type) {
	case conversation.Say, conversation.Expire, conversation.NotifyByEmail:
	default:
		return false, nil
	}
	v, err := c.visitor(ctx, storage.RecordKey{Workspace: of.Workspace, Kind: storage.KindVisitor, ID: of.Visitor})
	return err == nil && !v.Online && v.Email != "" && f.Now.Sub(v.Since) >= AwayGrace, err
}

// groupOf returns the group whose policy decides: the conversation's, or the one
// it is opened with.
func groupOf(s *snapshot, command conversation.Command) string {
	if o, ok := command.(conversation.Open); ok && s.head.Version == 0 {
		return o.Group
	}
	return s.conversation.Group
}

// repeat returns the first result of a command that came before.
func (c *commands) repeat(ctx context.Context, s *snapshot, id storage.Command) (Result, error) {
	if !sameFingerprint(*s.applied, id) {
		return Result{}, fmt.Errorf("%w: %s", ErrCommandIDReused, s.key.Conversation)
	}
	journal, err := c.history(ctx, s.key, 0, int(s.applied.To))
	if err != nil {
		return Result{}, err
	}
	first := conversation.Conversation{Workspace: s.key.Workspace, ID: s.key.Conversation}
	for _, r := range journal {
		first = conversation.Evolve(first, r)
	}
	records := journal[min(int(s.applied.From), len(journal)):]
	return Result{Conversation: first, Records: records, Advice: advice(records), Repeated: true}, nil
}

// identify returns what the store remembers of a command with an ID.
func identify(call Call, command conversation.Command) (storage.Command, error) {
	if call.CommandID == "" {
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
func (c *commands) idFor(call Call) string {
	if call.CommandID == "" {
		return c.newID()
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
func (c *commands) sayToSuccessor(ctx context.Context, closed conversation.Conversation, call Call, say conversation.Say) (Result, error) {
	next := call
	next.AsOf = 0
	next.Conversation = derivedID("successor", closed.Workspace, closed.ID, strconv.Itoa(closed.Closing.Number))
	opening := next
	opening.CommandID = ""
	_, err := c.Do(ctx, opening, conversation.Open{
		Visitor: closed.Visitor, Group: closed.Group, Previous: closed.ID, PreviousAgent: closed.Closing.Agent,
	})
	if err != nil && !errors.Is(err, conversation.ErrExists) {
		return Result{}, err
	}
	result, err := c.Do(ctx, next, say)
	result.Successor = err == nil
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
