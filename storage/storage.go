package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Key names a conversation. Every key starts with its workspace: a
// conversation of another workspace is as unknown as one that does not exist.
type Key struct {
	Workspace    string
	Conversation string
}

// Compare orders keys by workspace, then conversation, both byte by byte.
func (k Key) Compare(other Key) int {
	return cmp.Or(
		strings.Compare(k.Workspace, other.Workspace),
		strings.Compare(k.Conversation, other.Conversation),
	)
}

// A Head is a conversation as it stands. Times are UTC in whole microseconds.
type Head struct {
	Version int64  // of its last event; zero: the conversation does not exist
	Body    []byte // opaque

	Visitor        string    // whose conversation it is
	DormantSince   time.Time // closed, and when something last happened to it; zero: it is open
	Due            time.Time // when it next does something by itself; zero: never
	PolicyRevision int64     // of the policies that Due was computed with
}

// An Event is one event of a conversation. Its text is kept apart from its body,
// so that it can be erased and the journal stays whole.
type Event struct {
	Version int64
	Body    []byte // opaque
	Text    string // free text; empty for none
	Erased  bool   // it had a text, which was erased; false in a Commit
}

// A Commit is everything that one command changes.
type Commit struct {
	Key    Key
	Expect int64   // the version that was decided on; zero: it must not exist
	Events []Event // versions Expect+1, Expect+2, …; none is legal
	Head   Head    // as it is afterwards, at version Expect+len(Events)

	Command Command // the zero Command: nothing to remember
}

// A Command is the caller's identification of a command, to tell a repetition.
type Command struct {
	ID          string
	Fingerprint [16]byte // of what it asked for
}

// Applied is what a command did when it came first: the events after version
// From up to To. They are equal if it changed nothing.
type Applied struct {
	Fingerprint [16]byte
	From, To    int64
}

// Policies are the policies of a workspace. The zero value stands for a
// workspace that never set any.
type Policies struct {
	Revision int64
	Body     []byte // opaque
}

// Loaded is what a decision about one conversation needs.
type Loaded struct {
	Head     Head // the zero Head: no such conversation
	Policies Policies
	Applied  *Applied // what the command asked about did; nil: it never came
	Setback  Setback  // the zero Setback: nothing keeps it back
}

// A Setback keeps a conversation that could not be worked on from being tried
// again and again. The zero value is no setback.
type Setback struct {
	Failures int       // in a row; zero: no setback, and the other fields are zero too
	RetryAt  time.Time // not before; zero, with failures: not until it is released
	Reason   string    // of the last failure, for people; valid UTF-8 without NUL
}

// A SetbackOf is a conversation with its setback.
type SetbackOf struct {
	Key Key
	Setback
}

// Due names a conversation and its due instant.
type Due struct {
	At  time.Time
	Key Key
}

// Compare orders by instant, then key.
func (d Due) Compare(other Due) int {
	return cmp.Or(d.At.Compare(other.At), d.Key.Compare(other.Key))
}

// A Position is a place in the feed, counted from one without gaps.
type Position int64

// An Entry is one commit in the feed.
type Entry struct {
	Position Position
	Key      Key
	Events   []Event
}

// Errors that a store returns, wrapped or as they are. Any other error means
// that the call failed and changed nothing.
var (
	// ErrConflict: what the commit was decided on has changed. Nothing was
	// applied; load and decide again.
	ErrConflict = errors.New("storage: conflict, decided on an old version")

	// ErrHeld: somebody else's transaction holds the conversation for longer
	// than the store waits. Nothing was applied.
	ErrHeld = errors.New("storage: held by somebody else's transaction")

	// ErrOutcomeUnknown: a change may or may not have been applied, or may yet
	// be, such as when the connection broke under it. For a commit, loading with
	// the command's ID tells, unless it may yet be applied; then another commit
	// on the same version settles it, because only one of the two succeeds.
	ErrOutcomeUnknown = errors.New("storage: unknown whether the commit was applied")

	// ErrPosition: a subscriber cannot move past the end of the feed.
	ErrPosition = errors.New("storage: no such position in the feed")
)

// A PurgedError says that the feed after the asked position is not whole any
// more, because what was there has been purged. A subscriber that would rather
// go on advances to the position before Oldest.
type PurgedError struct {
	Oldest Position // the first position from which on the feed is whole
}

// Error names the positions.
func (e *PurgedError) Error() string {
	return fmt.Sprintf("storage: the feed was purged up to position %d: who advances to it goes on behind it", e.Oldest-1)
}

// A SchemaError says that the tables of a store are not those that this version
// of the library works with.
type SchemaError struct {
	Have int // the version of the tables; zero: there are none
	Want int // the version that the library works with
}

// Error names the versions and the way out.
func (e *SchemaError) Error() string {
	if e.Have > e.Want {
		return fmt.Sprintf("storage: the tables are at version %d, newer than the %d that this library knows: update the library", e.Have, e.Want)
	}
	return fmt.Sprintf("storage: the tables are at version %d, this library needs %d: run Migrate", e.Have, e.Want)
}

// A Store keeps conversations. It is safe for concurrent use.
//
// Limits are positive. Slices and bodies that a store returns belong to the
// caller, those it is given stay the caller's. Bodies and texts come back byte
// for byte, times to the microsecond in UTC. Texts are valid UTF-8 without NUL. A
// call whose context is done returns an error that wraps the context's, and a
// commit then was not applied unless the error is ErrOutcomeUnknown too.
type Store interface {
	// Load returns a conversation with the policies of its workspace, its
	// setback and, if commandID is not empty, what that command did to this
	// conversation. An unknown conversation is the zero Head, not an error; so is
	// one of another workspace.
	Load(ctx context.Context, key Key, commandID string) (Loaded, error)

	// Commit applies a command to one conversation: head, events, texts, due
	// instant, feed entry and command ID, all or nothing.
	//
	// It returns ErrConflict, and applies nothing, if the conversation is not
	// at version Expect or if the command ID is known for this conversation.
	// Of several commits with events and the same Expect exactly one succeeds.
	//
	// A commit without events, to a conversation that exists, leaves version,
	// body, visitor and DormantSince as they are, enters nothing into the feed, and
	// may change Due, PolicyRevision and the known command IDs. To one that does
	// not exist it is an error. Every commit ends the conversation's setback.
	Commit(ctx context.Context, c Commit) error

	// History returns the events of a conversation after a version, in order,
	// at most limit. An unknown conversation has none.
	History(ctx context.Context, key Key, after int64, limit int) ([]Event, error)

	// Due returns the conversations whose due instant is not after by, across
	// workspaces, ordered by instant and key, beginning after the given one
	// (the zero Due: from the oldest on), at most limit. Those whose setback
	// lasts beyond by are left out.
	Due(ctx context.Context, by time.Time, after Due, limit int) ([]Due, error)

	// SetPolicies replaces the policies of a workspace, which must be at
	// revision expect, and gives them revision expect+1. Otherwise it returns
	// ErrConflict and changes nothing.
	SetPolicies(ctx context.Context, workspace string, expect int64, body []byte) error

	// Outdated returns the open conversations whose PolicyRevision is older
	// than the policies of their workspace, ordered by key, beginning after the
	// given one (the zero Key: from the first on), at most limit. Those whose
	// setback lasts beyond by are left out.
	Outdated(ctx context.Context, by time.Time, after Key, limit int) ([]Key, error)

	// SetBack replaces the setback of a conversation, and leaves everything else
	// as it is. It returns ErrConflict and changes nothing if the conversation
	// is not at the given version.
	SetBack(ctx context.Context, key Key, version int64, setback Setback) error

	// Setbacks returns the conversations that have a setback, over or not,
	// ordered by key, beginning after the given one (the zero Key: from the
	// first on), at most limit.
	Setbacks(ctx context.Context, after Key, limit int) ([]SetbackOf, error)

	// Feed returns the commits with events after a position, across workspaces,
	// in order of position, at most limit. Positions are dense: if one is
	// visible, all before it are, and none is ever skipped or given twice.
	// Commits to one conversation have the order of their versions. A commit is
	// in the feed at the latest for the next call of Feed that begins after
	// Commit returned. A position before what was purged is a *PurgedError.
	Feed(ctx context.Context, after Position, limit int) ([]Entry, error)

	// Advance moves the durable cursor of a subscriber forward to a position
	// and returns where it stands: never behind where it was. A new subscriber
	// stands at zero, and moving to zero only asks. A position that the feed
	// does not have yet is ErrPosition, and moves nothing.
	Advance(ctx context.Context, subscriber string, to Position) (Position, error)

	// Erase removes the texts of all conversations of a visitor, wherever they
	// are read, and the fingerprints of the commands and the reasons of the
	// setbacks, because they can tell of texts: all at once. It returns how many
	// conversations the visitor has. Versions, bodies, positions and command IDs
	// stay. Erased texts read as empty, with Erased set; an event that had no
	// text stays as it is. Erased fingerprints are zero.
	Erase(ctx context.Context, workspace, visitor string) (int, error)

	// Purge removes conversations whose DormantSince is before an instant, across
	// workspaces, the longest dormant first, at most limit, and returns how many.
	// They are then unknown, with everything that was kept for them, and the
	// feed begins after the last of their commits.
	Purge(ctx context.Context, dormantBefore time.Time, limit int) (int, error)
}

// A Tx is a store within a transaction that the host began and will end: what it
// is given takes effect with that transaction or not at all. Its methods are
// those of [Store]. After ErrConflict nothing was applied and the transaction is
// as usable as before. It is not safe for concurrent use.
type Tx interface {
	Load(ctx context.Context, key Key, commandID string) (Loaded, error)
	Commit(ctx context.Context, c Commit) error
	History(ctx context.Context, key Key, after int64, limit int) ([]Event, error)
}

// A Clock is a store with a clock that all its users share, such as the database
// server's.
type Clock interface {
	// Now returns the time of the store, in UTC to the microsecond. It does not
	// stand still during a transaction.
	Now(ctx context.Context) (time.Time, error)
}
