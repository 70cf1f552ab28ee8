package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/adjourn/adjourn/conversation"
)

// A timeline is one conversation of the file: who wrote when.
type timeline struct {
	line     int    // where it stands in the file
	name     string // its ID in the file
	messages []message

	// What the library calls it.
	workspace, id, visitor string
}

// A message is one message of a timeline.
type message struct {
	at      time.Time
	agent   string // who wrote it; empty: the visitor
	chars   int    // at most conversation.MaxText
	article string // linked with it; empty: none
}

// by returns who wrote the message.
func (t *timeline) by(m message) conversation.Actor {
	if m.agent != "" {
		return conversation.Agent(m.agent)
	}
	return conversation.Visitor(t.visitor)
}

// A reader reads timelines, one a line. Lines may be of any length, end in CR LF
// and be empty.
type reader struct {
	in    *bufio.Reader
	name  string
	names *names
	skip  func(bad error) // told of bad lines, if they are to be skipped
	line  int
	desk  string // the workspace of all conversations; empty: the file's

	read    int64 // bytes
	skipped int   // lines
	cut     int   // messages longer than the library takes
	others  int   // messages of visitors who are not the conversation's
}

func newReader(in io.Reader, name string) *reader {
	return &reader{in: bufio.NewReaderSize(in, 1<<16), name: name, names: newNames()}
}

// next returns the next timeline, or io.EOF after the last.
func (r *reader) next() (*timeline, error) {
	for {
		line, err := r.in.ReadBytes('\n')
		if err != nil && (err != io.EOF || len(line) == 0) {
			return nil, err
		}
		r.line++
		r.read += int64(len(line))
		if r.line == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		t, err := r.parse(line)
		if err == nil {
			return t, nil
		}
		err = fmt.Errorf("%s: line %d: %w", r.name, r.line, err)
		if r.skip == nil {
			return nil, fmt.Errorf("%w (-skip-bad goes on without it)", err)
		}
		r.skipped++
		r.skip(err)
	}
}

type fileLine struct {
	ID        string        `json:"id"`
	Workspace string        `json:"workspace"`
	Messages  []fileMessage `json:"messages"`
}

type fileMessage struct {
	At      string `json:"at"`
	From    string `json:"from"`
	Author  string `json:"author"`
	Chars   int    `json:"chars"`
	Article string `json:"article"`

	at time.Time
}

func (r *reader) parse(line []byte) (*timeline, error) {
	var f fileLine
	if err := json.Unmarshal(line, &f); err != nil {
		return nil, explain(err)
	}
	switch {
	case f.ID == "":
		return nil, errors.New("the conversation has no id")
	case f.Workspace == "":
		return nil, fmt.Errorf("conversation %.64q has no workspace", f.ID)
	case len(f.Messages) == 0:
		return nil, fmt.Errorf("conversation %.64q has no messages", f.ID)
	}
	for i := range f.Messages {
		if err := f.Messages[i].check(); err != nil {
			return nil, fmt.Errorf("conversation %.64q: message %d: %w", f.ID, i+1, err)
		}
	}
	return r.timeline(f), nil
}

// explain says what is wrong with a line in the words of the file.
func explain(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("invalid JSON at byte %d: %w", syntax.Offset, err)
	case errors.As(err, &kind) && kind.Field == "":
		return fmt.Errorf("must be an object, is %s", kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("field %s (byte %d): must be %s, is %s", kind.Field, kind.Offset, kinds[kind.Type.Kind().String()], kind.Value)
	}
	return err
}

var kinds = map[string]string{
	"string": "a string", "int": "a whole number that is not too large", "slice": "an array", "struct": "an object",
}

// Years that a message may be from. Deadlines run on from it, and times are
// written with four digits.
const firstYear, lastYear = 1000, 9000

func (m *fileMessage) check() (err error) {
	switch {
	case m.From != "visitor" && m.From != "agent":
		return fmt.Errorf("from is %.64q, must be visitor or agent", m.From)
	case m.Author == "":
		return errors.New("it has no author")
	case m.Chars < 0:
		return fmt.Errorf("chars is %d, must not be negative", m.Chars)
	case m.At == "":
		return errors.New("it has no time (at)")
	}
	if m.at, err = time.Parse(time.RFC3339, m.At); err != nil {
		return fmt.Errorf("at is %.64q, must be a time as in 2006-01-02T15:04:05Z", m.At)
	}
	m.at = m.at.UTC().Truncate(time.Microsecond)
	if y := m.at.Year(); y < firstYear || y > lastYear {
		return fmt.Errorf("at is %.64q, must be within the years %d and %d", m.At, firstYear, lastYear)
	}
	return nil
}

// timeline returns what is to be replayed: in the order of time, with IDs that
// the library takes.
func (r *reader) timeline(f fileLine) *timeline {
	slices.SortStableFunc(f.Messages, func(a, b fileMessage) int { return a.at.Compare(b.at) })
	t := &timeline{line: r.line, name: f.ID, workspace: cmp.Or(r.desk, r.names.id(f.Workspace)), visitor: "visitor"}
	t.id = r.names.conversation(t.workspace, f.ID)
	if i := slices.IndexFunc(f.Messages, func(m fileMessage) bool { return m.From == "visitor" }); i >= 0 {
		t.visitor = r.names.id(f.Messages[i].Author)
	}
	for _, m := range f.Messages {
		author := r.names.id(m.Author)
		out := message{at: m.at, chars: m.Chars}
		if m.Article != "" {
			out.article = r.names.id(m.Article)
		}
		if m.From == "agent" {
			out.agent = author
		} else if author != t.visitor {
			r.others++
		}
		if out.chars > conversation.MaxText {
			out.chars = conversation.MaxText
			r.cut++
		}
		t.messages = append(t.messages, out)
	}
	return t
}
