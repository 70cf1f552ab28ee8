package compat

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage"
)

//go:embed testdata
var testdata embed.FS

// A Life is what was stored of some conversations, and what was made of it then.
type Life struct {
	Format string // the directory: "v1"
	Name   string

	known   members   // of the version that wrote it
	end     time.Time // when the answers were given
	writes  []write
	states  []state
	answers []answer
}

// A state is what a journal amounted to after one of its records.
type state struct {
	Conversation string
	Version      int64
	State        json.RawMessage
}

// An answer is what a Desk said in the end.
type answer struct {
	Question string
	Type     string          // whose members the JSON has, as in members.txt
	Answer   json.RawMessage // or a text
}

// Lives returns every life of testdata.
func Lives() ([]Life, error) {
	files, err := fs.Glob(testdata, "testdata/*/*.life")
	if err != nil {
		return nil, err
	}
	known := map[string]members{}
	lives := make([]Life, len(files))
	for i, file := range files {
		text, err := testdata.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if lives[i], err = parse(text); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		format := path.Base(path.Dir(file))
		if known[format] == nil {
			if known[format], err = membersOf(format); err != nil {
				return nil, err
			}
		}
		lives[i].Format, lives[i].known = format, known[format]
		lives[i].Name = strings.TrimSuffix(path.Base(file), ".life")
	}
	return lives, nil
}

// A line of a file: one of the four.
type line struct {
	End    time.Time `json:",omitzero"`
	Write  *write    `json:",omitempty"`
	State  *state    `json:",omitempty"`
	Answer *answer   `json:",omitempty"`
}

func parse(text []byte) (Life, error) {
	var l Life
	for i, row := range bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n")) {
		var in line
		if err := json.Unmarshal(row, &in); err != nil {
			return l, fmt.Errorf("line %d: %w", i+1, err)
		}
		switch {
		case in.Write != nil:
			l.writes = append(l.writes, *in.Write)
		case in.State != nil:
			l.states = append(l.states, *in.State)
		case in.Answer != nil:
			l.answers = append(l.answers, *in.Answer)
		default:
			l.end = in.End
		}
	}
	return l, nil
}

// text is the file of a life.
func (l Life) text() ([]byte, error) {
	lines := []line{{End: l.end}}
	for _, w := range l.writes {
		lines = append(lines, line{Write: &w})
	}
	for _, s := range l.states {
		lines = append(lines, line{State: &s})
	}
	for _, a := range l.answers {
		lines = append(lines, line{Answer: &a})
	}
	var text bytes.Buffer
	for _, in := range lines {
		row, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		text.Write(append(row, '\n'))
	}
	return text.Bytes(), nil
}

// Replay does the writes on an empty store.
func (l Life) Replay(ctx context.Context, store storage.Store) error {
	for i, w := range l.writes {
		if err := w.replay(ctx, store); err != nil {
			return fmt.Errorf("%s: write %d: %w", l.Name, i+1, err)
		}
	}
	return nil
}

// journals returns the records of each conversation as they were stored first, the
// texts of their events with them.
func (l Life) journals() map[storage.Key][]event {
	journals := map[storage.Key][]event{}
	for _, w := range l.writes {
		if w.Commit != nil {
			journals[w.Commit.Key] = append(journals[w.Commit.Key], w.Commit.Events...)
		}
	}
	return journals
}

// keys returns the conversations of the life in order.
func (l Life) keys() []storage.Key {
	var keys []storage.Key
	for key := range l.journals() {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, storage.Key.Compare)
	return keys
}

// workspaces returns the workspaces of the life in order.
func (l Life) workspaces() []string {
	var all []string
	for _, w := range l.writes {
		var name string
		switch {
		case w.Policies != nil:
			name = w.Policies.Workspace
		case w.Commit != nil:
			name = w.Commit.Key.Workspace
		case w.Put != nil:
			name = w.Put.Key.Workspace
		}
		if name != "" {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// A codec is the code under test, so that a test can plant faults in it.
type codec struct {
	decodeRecord func([]byte) (conversation.Record, error)
	encodeRecord func(conversation.Record) ([]byte, error)
	evolve       func(conversation.Conversation, conversation.Record) conversation.Conversation
	decode       func([]byte) (conversation.Conversation, error)
	encode       func(conversation.Conversation) ([]byte, error)
}

// today is the library's own.
var today = codec{
	conversation.DecodeRecord, conversation.EncodeRecord, conversation.Evolve, conversation.Decode, conversation.Encode,
}

// fold returns what the journals of the life amount to after each record.
func (l Life) fold(code codec) ([]state, error) {
	var states []state
	journals := l.journals()
	for _, key := range l.keys() {
		c := conversation.Conversation{Workspace: key.Workspace, ID: key.Conversation}
		for _, e := range journals[key] {
			r, err := code.decodeRecord(e.Body)
			if err != nil {
				return nil, fmt.Errorf("%s: %s %d: %w", l.Name, key.Conversation, e.Version, err)
			}
			r.Event = conversation.WithText(r.Event, e.Text)
			c = code.evolve(c, r)
			body, err := code.encode(c)
			if err != nil {
				return nil, err
			}
			states = append(states, state{key.Conversation, e.Version, body})
		}
	}
	return states, nil
}

// A Result is what a check of a life has counted and found.
type Result struct {
	Records, States, Answers int
	Differences              []string
}

// Check asks today's code what became of the life: it decodes the records, which
// must be written as the same bytes again, evolves them to the states, replays the
// writes on an empty store, and asks a Desk on it.
func (l Life) Check(ctx context.Context, store storage.Store) (Result, error) {
	r := l.checkCode(today)
	if err := l.Replay(ctx, store); err != nil {
		return r, err
	}
	answers, err := l.ask(ctx, store)
	if err != nil {
		return r, err
	}
	r.Answers = len(l.answers)
	for i := range max(len(answers), len(l.answers)) {
		if i >= len(answers) || i >= len(l.answers) || answers[i].Question != l.answers[i].Question {
			r.Differences = append(r.Differences, fmt.Sprintf("%s: other questions from %d on", l.Name, i+1))
			break
		}
		was := l.answers[i]
		for _, d := range l.known.differences(was.Type, was.Answer, answers[i].Answer) {
			r.Differences = append(r.Differences, fmt.Sprintf("%s: %s: %s", l.Name, was.Question, d))
		}
	}
	return r, nil
}

// checkCode is the part of Check that needs no store.
func (l Life) checkCode(code codec) Result {
	var r Result
	add := func(format string, args ...any) {
		r.Differences = append(r.Differences, l.Name+": "+fmt.Sprintf(format, args...))
	}
	journals := l.journals()
	for _, key := range l.keys() {
		for _, e := range journals[key] {
			r.Records++
			decoded, err := code.decodeRecord(e.Body)
			if err != nil {
				add("%s %d: %v", key.Conversation, e.Version, err)
				continue
			}
			again, err := code.encodeRecord(decoded)
			if err != nil || !bytes.Equal(again, e.Body) {
				add("%s %d: was stored as\n\t%s\nand is written as\n\t%s (%v)", key.Conversation, e.Version, e.Body, again, err)
			}
		}
	}
	for _, s := range l.states {
		r.States++
		decoded, err := code.decode(s.State)
		if err != nil {
			add("state %s %d: %v", s.Conversation, s.Version, err)
			continue
		}
		again, err := code.encode(decoded)
		if err != nil || !bytes.Equal(again, s.State) {
			add("state %s %d: was stored as\n\t%s\nand is written as\n\t%s (%v)", s.Conversation, s.Version, s.State, again, err)
		}
	}
	for i, w := range l.writes {
		was, again, err := w.value()
		if err != nil || !bytes.Equal(again, was) {
			add("write %d: was stored as\n\t%s\nand is written as\n\t%s (%v)", i+1, was, again, err)
		}
	}
	states, err := l.fold(code)
	if err != nil {
		add("%v", err)
		return r
	}
	if len(states) != len(l.states) {
		add("%d states, were %d", len(states), len(l.states))
		return r
	}
	for i, s := range states {
		was := l.states[i]
		if cmp.Or(strings.Compare(s.Conversation, was.Conversation), cmp.Compare(s.Version, was.Version)) != 0 {
			add("state %d is of %s %d, was of %s %d", i, s.Conversation, s.Version, was.Conversation, was.Version)
			break
		}
		for _, d := range l.known.differences("conversation", was.State, s.State) {
			add("evolved to %s %d: %s", s.Conversation, s.Version, d)
		}
	}
	return r
}

// value returns the policies, the agent or the group of a write, and as they are
// written again.
func (w write) value() (was, again []byte, err error) {
	switch {
	case w.Policies != nil:
		p, err := conversation.DecodePolicies(w.Policies.Body)
		if err != nil {
			return w.Policies.Body, nil, err
		}
		again, err = conversation.EncodePolicies(p)
		return w.Policies.Body, again, err
	case w.Put != nil && w.Put.Key.Kind == storage.KindAgent:
		again, err = rewritten[roster.Agent](w.Put.Body)
		return w.Put.Body, again, err
	case w.Put != nil && w.Put.Key.Kind == storage.KindGroup:
		again, err = rewritten[roster.Group](w.Put.Body)
		return w.Put.Body, again, err
	}
	return nil, nil, nil
}

func rewritten[T roster.Agent | roster.Group](body []byte) ([]byte, error) {
	v, err := roster.Decode[T](body)
	if err != nil {
		return nil, err
	}
	return roster.Encode(v)
}

// A stopped clock says one time.
type stopped time.Time

// Now implements [lifecycle.Clock].
func (s stopped) Now() time.Time { return time.Time(s) }

// After implements [lifecycle.Clock]: nothing waits here.
func (s stopped) After(time.Duration) <-chan time.Time { return nil }

var _ lifecycle.Clock = stopped{}
