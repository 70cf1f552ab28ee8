package storagetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// chat names a conversation of the workspace that most cases use.
func chat(conversation string) storage.Key {
	return storage.Key{Workspace: "acme", Conversation: conversation}
}

// ann is the visitor whose conversation it is, unless a case says otherwise.
const ann = "ann"

// The states of the fixtures.
const (
	stateOpen   = "open"
	stateClosed = "closed"
)

// change is a commit of n events, whose bodies and texts tell them apart. It
// leaves the conversation open, never due and without a seat.
func change(k storage.Key, expect int64, n int) storage.Commit {
	c := storage.Commit{Key: k, Expect: expect, At: noon}
	for i := range int64(n) {
		c.Events = append(c.Events, event(k, expect+i+1))
	}
	version := expect + int64(n)
	c.Head = storage.Head{
		Version: version,
		Body:    headBody(k, version),
		Visitor: ann,
		State:   stateOpen,
		Since:   noon,
		Updated: noon.Add(time.Duration(version) * time.Microsecond),
	}
	return c
}

func event(k storage.Key, version int64) storage.Event {
	return storage.Event{
		Version: version,
		Body:    fmt.Appendf(nil, `{"event":%d,"of":"%s/%s"}`, version, k.Workspace, k.Conversation),
		Text:    fmt.Sprintf("text %d of %s/%s", version, k.Workspace, k.Conversation),
	}
}

func headBody(k storage.Key, version int64) []byte {
	return fmt.Appendf(nil, `{"at":%d,"is":"%s/%s"}`, version, k.Workspace, k.Conversation)
}

// opening is the first commit of a conversation.
func opening(k storage.Key) storage.Commit { return change(k, 0, 1) }

// sleeping is the first commit of a conversation that is due at an instant.
func sleeping(k storage.Key, at time.Time) storage.Commit {
	c := opening(k)
	c.Head.Due = at
	return c
}

// under is c, computed with policies of a revision.
func under(revision int64, c storage.Commit) storage.Commit {
	c.Head.PolicyRevision = revision
	return c
}

// of is c, in a conversation of a visitor.
func of(visitor string, c storage.Commit) storage.Commit {
	c.Head.Visitor = visitor
	return c
}

// closing is c, with the conversation closed by it.
func closing(c storage.Commit) storage.Commit { return closingAt(evening, c) }

// closingAt is c, with the conversation closed by it at an instant.
func closingAt(at time.Time, c storage.Commit) storage.Commit {
	c.Head.DormantSince, c.Head.State = at, stateClosed
	r := ending(c.Key.Conversation, int(c.Head.Version), 0)
	r.At = at
	c.Closings = []closure.Record{r}
	return c
}

// seated is c, with the conversation in a seat of an agent afterwards.
func seated(agent string, c storage.Commit) storage.Commit {
	c.Head.Agent, c.Head.Seat = agent, agent
	return c
}

// decided is c, decided at an instant.
func decided(at time.Time, c storage.Commit) storage.Commit {
	c.At = at
	return c
}

// seeing is c, decided on the record of an agent.
func seeing(agent string, version int64, c storage.Commit) storage.Commit {
	c.Seen = storage.Seen{Agent: agent, Version: version}
	return c
}

// overfilling is c, decided on the record of an agent, whose seats it overfills.
func overfilling(agent string, version int64, c storage.Commit) storage.Commit {
	c.Seen = storage.Seen{Agent: agent, Version: version, Overfill: true}
	return c
}

// agentKey, groupKey and visitorKey name records of the workspace that most cases
// use.
func agentKey(id string) storage.RecordKey { return recordKey(storage.KindAgent, id) }

func groupKey(id string) storage.RecordKey { return recordKey(storage.KindGroup, id) }

func visitorKey(id string) storage.RecordKey { return recordKey(storage.KindVisitor, id) }

func recordKey(kind storage.Kind, id string) storage.RecordKey {
	return storage.RecordKey{Workspace: "acme", Kind: kind, ID: id}
}

// record is a record to put for the first time.
func record(k storage.RecordKey) storage.Record {
	return storage.Record{
		Key:  k,
		Body: fmt.Appendf(nil, `{"is":"%s/%s/%s"}`, k.Workspace, k.Kind, k.ID),
		Text: fmt.Sprintf("text of %s/%s/%s", k.Workspace, k.Kind, k.ID),
	}
}

// agent is the record of an available agent with a number of seats.
func agent(id string, capacity int) storage.Record {
	r := record(agentKey(id))
	r.Available, r.Capacity = true, capacity
	return r
}

// dueAt is r, due at an instant.
func dueAt(at time.Time, r storage.Record) storage.Record {
	r.Due = at
	return r
}

// identified is c, caused by a command with an ID.
func identified(id string, c storage.Commit) storage.Commit {
	c.Command = storage.Command{ID: id, Fingerprint: fingerprint(id)}
	return c
}

func fingerprint(id string) (f [16]byte) {
	copy(f[:], id)
	f[14], f[15] = 0, 0xff
	return f
}

// without is a commit without events to the conversation that c left.
func without(c storage.Commit) storage.Commit {
	return storage.Commit{Key: c.Key, Expect: c.Head.Version, Head: c.Head, At: c.At}
}

// failed is a setback of n failures that lasts until an instant; never: until it
// is released.
func failed(n int, until time.Time) storage.Setback {
	return storage.Setback{Failures: n, RetryAt: until, Reason: fmt.Sprintf("failure %d: no such template", n)}
}

// erased is how events read when their texts have been erased.
func erased(events []storage.Event) []storage.Event {
	events = slices.Clone(events)
	for i := range events {
		e := &events[i]
		e.Erased, e.Text = e.Text != "", ""
	}
	return events
}

// entry is the place in the feed that c must have.
func entry(at storage.Position, c storage.Commit) storage.Entry {
	return storage.Entry{Position: at, Key: c.Key, Events: c.Events}
}

// due is the place in the queue that c must have.
func due(c storage.Commit) storage.Due { return storage.Due{At: c.Head.Due, Key: c.Key} }

// dueRecord is the place in the queue that r must have.
func dueRecord(r storage.Record) storage.DueRecord { return storage.DueRecord{At: r.Due, Key: r.Key} }

// rows are how views must show the conversations that the commits left.
func rows(commits ...storage.Commit) (rows []storage.Row) {
	for _, c := range commits {
		rows = append(rows, storage.Row{Key: c.Key, Head: c.Head})
	}
	return rows
}
