package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
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
// State, Group, Outcome and Tags mean nothing to a store: they are compared byte
// by byte.
type Head struct {
	Version int64  // of its last event; zero: the conversation does not exist
	Body    []byte // opaque

	DormantSince   time.Time // closed, and when something last happened to it; zero: it is open
	Due            time.Time // when it next does something by itself; zero: never
	PolicyRevision int64     // of the policies that Due was computed with

	Visitor string    // whose conversation it is
	State   string    // never empty
	Agent   string    // who has it, keeps it, or had it when it was closed; empty: nobody
	Group   string    // whose agents it is meant for; empty: any
	Outcome string    // how it ended; empty: it has not
	Tags    []string  // ascending, without repetition
	Since   time.Time // when it entered its state; never zero
	Updated time.Time // when something last happened to it; never zero

	Seat string // the agent of whose seats it takes one; empty: none
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

	At   time.Time // when it was decided; never zero
	Seen Seen      // the zero Seen: no agent was looked at

	// Closings are of this conversation, each number once.
	Closings []closure.Record
}

// Seen is the agent that a commit was decided on.
type Seen struct {
	Agent   string
	Version int64 // of the agent's record; zero: there was none

	// Overfill lets the commit take a seat of the agent's beyond the capacity.
	Overfill bool
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

// A Kind says what a record is about.
type Kind string

// The kinds of records.
const (
	KindAgent   Kind = "agent"
	KindGroup   Kind = "group"
	KindVisitor Kind = "visitor"
)

// A RecordKey names a record. The IDs of each kind are their own.
type RecordKey struct {
	Workspace string
	Kind      Kind
	ID        string
}

// Compare orders keys by workspace, kind and ID, each byte by byte.
func (k RecordKey) Compare(other RecordKey) int {
	return cmp.Or(
		strings.Compare(k.Workspace, other.Workspace),
		strings.Compare(string(k.Kind), string(other.Kind)),
		strings.Compare(k.ID, other.ID),
	)
}

// A Record is what is kept of an agent, a group or a visitor. Times are UTC in
// whole microseconds.
type Record struct {
	Key     RecordKey
	Version int64     // counts the times it was put; zero: there is no such record
	Body    []byte    // opaque
	Text    string    // free text, such as an address; empty for none
	Due     time.Time // when it next has something done by itself; zero: never

	Groups    []string // of an agent: ascending, without repetition
	Available bool     // of an agent: new conversations may come
	Capacity  int      // of an agent: how many seats there are

	// Of an agent, and kept by the store. Of what is put, only SeatMoves is
	// looked at, to compare it.
	Seats     int       // how many are taken
	SeatsAt   time.Time // when one was last taken or freed; zero: never
	SeatMoves int64     // how often one was taken or freed
}

// A DueRecord names a record and its due instant.
type DueRecord struct {
	At  time.Time
	Key RecordKey
}

// Compare orders by instant, then key.
func (d DueRecord) Compare(other DueRecord) int {
	return cmp.Or(d.At.Compare(other.At), d.Key.Compare(other.Key))
}

// A RecordQuery selects records of a workspace and kind.
type RecordQuery struct {
	Workspace string
	Kind      Kind
	Group     string // only agents of this group; empty: any
	Free      bool   // only agents who are available and have a seat that is not taken
}

// An Order is what a view is ordered by.
type Order string

// The orders of a view.
const (
	BySince   Order = "since"
	ByUpdated Order = "updated"
)

// A Query selects conversations of a workspace in a state. What is empty or
// zero selects nothing away.
type Query struct {
	Workspace string
	State     string // never empty

	Agent     string
	Group     string
	Ungrouped bool // only those without a group
	Visitor   string
	Outcome   string
	Tag       string // only those that have it

	Order    Order     // by Since or by Updated
	Newest   bool      // the latest first, otherwise the earliest
	From, To time.Time // of what it is ordered by: not before From, and before To
	After    Place     // only what comes behind; the zero Place: from the first on
}

// A Place is that of a conversation in a view.
type Place struct {
	At           time.Time // what the view is ordered by
	Conversation string
}

// A Row is a conversation in a view.
type Row struct {
	Key  Key
	Head Head
}

// A ClosingQuery selects closings of a workspace. The strings of a closing mean
// nothing to a store: they come back byte for byte, and are compared byte by byte.
// A closing of a higher number closed the conversation again, whatever its time.
type ClosingQuery struct {
	Workspace string
	closure.Filter

	Newest bool          // the latest first, otherwise the earliest
	After  closure.Place // only what comes behind; the zero Place: from the first on
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

	// ErrFull: the commit would take a seat of an agent who has none left.
	// Nothing was applied.
	ErrFull = errors.New("storage: the agent has no seat left")

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
	// instant, feed entry, command ID, seats and closings, all or nothing.
	//
	// It returns ErrConflict, and applies nothing, if the conversation is not
	// at version Expect, if the command ID is known for this conversation, or if
	// the record of the agent in Seen is not at that version. Of several commits
	// with events and the same Expect exactly one succeeds.
	//
	// A commit without events, to a conversation that exists, enters nothing into
	// the feed, and may change Due, PolicyRevision and the known command IDs, but
	// leaves everything else of the head as it is. To one that does not exist it is
	// an error. Every commit ends the conversation's setback.
	//
	// A conversation takes a seat of the agent that Seat names after a commit,
	// unless it had it before, and frees that of the agent it named before. If as
	// many conversations have seats of the agent as the agent's record has
	// capacity, and Seen does not overfill that agent, taking one is ErrFull; where
	// commits take and free at the same time, too, there are never more. What is a
	// conflict as well is ErrConflict. An agent without
	// a record has seats without end. A record whose seat is freed is due at At,
	// unless it is due earlier. A record whose seat is taken or freed stays at
	// its version.
	//
	// Each of the Closings is put in the place of the conversation's closing of
	// that number, whose time is the same, or beside the others. A commit without
	// events puts none.
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

	// Erase removes the texts of all conversations of a visitor and of the
	// visitor's record, wherever they are read, and the fingerprints of the
	// commands and the reasons of the setbacks, because they can tell of texts:
	// all at once. It returns how many conversations the visitor has. Versions,
	// bodies, positions and command IDs stay, but a record that had a text goes on to
	// its next version, so that nobody puts back what they read before. Erased texts read as empty, with Erased set; an event that had no
	// text stays as it is. Erased fingerprints are zero.
	Erase(ctx context.Context, workspace, visitor string) (int, error)

	// Purge removes conversations whose DormantSince is before an instant, across
	// workspaces, the longest dormant first, at most limit, and returns how many.
	// They are then unknown, with everything that was kept for them, and the
	// feed begins after the last of their commits.
	Purge(ctx context.Context, dormantBefore time.Time, limit int) (int, error)

	Records
	Reader
}

// Records are those of agents, groups and visitors. A record of another
// workspace, or of another kind, is as unknown as one that does not exist.
type Records interface {
	// Record returns a record. An unknown one has its key and is otherwise the
	// zero Record.
	Record(ctx context.Context, key RecordKey) (Record, error)

	// Put replaces a record by one whose Version and SeatMoves are those it is
	// at, and gives it the next version. Otherwise it returns ErrConflict and
	// changes nothing. An unknown record is at version zero, whatever SeatMoves
	// says; an agent who has seats before there is a record has them afterwards.
	Put(ctx context.Context, r Record) error

	// Settle changes the due instant of a record whose Version and SeatMoves are
	// those given, and nothing else. Otherwise it returns ErrConflict and changes
	// nothing.
	Settle(ctx context.Context, r Record) error

	// List returns the records that a query selects, ordered by ID, beginning
	// after the given one (empty: from the first on), at most limit.
	List(ctx context.Context, q RecordQuery, after string, limit int) ([]Record, error)

	// DueRecords returns the records whose due instant is not after by, across
	// workspaces and kinds, ordered by instant and key, beginning after the given
	// one (the zero DueRecord: from the oldest on), at most limit.
	DueRecords(ctx context.Context, by time.Time, after DueRecord, limit int) ([]DueRecord, error)
}

// A Reader reads conversations as desks show them.
type Reader interface {
	// View returns the conversations that a query selects, by the instant that
	// the query orders by and then by conversation byte by byte, both backwards
	// for the newest first, at most limit.
	View(ctx context.Context, q Query, limit int) ([]Row, error)

	// Count returns how many conversations a query selects.
	Count(ctx context.Context, q Query) (int, error)

	// Closings returns the closings that a query selects, as they were put last,
	// ordered as closure.ComparePlaces orders, backwards for the newest first, at
	// most limit.
	Closings(ctx context.Context, q ClosingQuery, limit int) ([]closure.Record, error)
}

// A Tallier is a store that counts closings by itself, as package closure counts
// what Closings returns. Who asks sees that the breakdown has known dimensions,
// each once, and the days ByDay needs. Of a query, Newest and After mean nothing
// here.
type Tallier interface {
	// Tally returns what closure.Tally makes of the closings that a query
	// selects.
	Tally(ctx context.Context, q ClosingQuery, b closure.Breakdown) ([]closure.Group, error)

	// Spreads returns what closure.Spreads makes of the closings that a query
	// selects.
	Spreads(ctx context.Context, q ClosingQuery, b closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error)
}

// A Tx is a store within a transaction that the host began and will end: what it
// is given takes effect with that transaction or not at all. Its methods are
// those of [Store]. After ErrConflict and ErrFull nothing was applied and the
// transaction is as usable as before. It is not safe for concurrent use.
type Tx interface {
	Load(ctx context.Context, key Key, commandID string) (Loaded, error)
	Commit(ctx context.Context, c Commit) error
	History(ctx context.Context, key Key, after int64, limit int) ([]Event, error)
	Record(ctx context.Context, key RecordKey) (Record, error)
}

// A Clock is a store with a clock that all its users share, such as the database
// server's.
type Clock interface {
	// Now returns the time of the store, in UTC to the microsecond. It does not
	// stand still during a transaction.
	Now(ctx context.Context) (time.Time, error)
}
