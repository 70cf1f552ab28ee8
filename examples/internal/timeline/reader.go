package timeline

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

// A Timeline is one conversation of the file: who wrote when.
type Timeline struct {
	Line     int    // where it stands in the file
	Name     string // its ID in the file
	Messages []Message

	// What the library calls it. Origin is the workspace in the file, which
	// Workspace is too unless the reader has a Desk.
	Workspace, ID, Visitor, Origin string
}

// A Message is one message of a timeline.
type Message struct {
	At      time.Time
	Agent   string // who wrote it; empty: the visitor
	Chars   int    // at most conversation.MaxText
	Article string // linked with it; empty: none
}

// By returns who wrote the message.
func (t *Timeline) By(m Message) conversation.Actor {
	if m.Agent != "" {
		return conversation.Agent(m.Agent)
	}
	return conversation.Visitor(t.Visitor)
}

// A Reader reads timelines, one a line. Lines may be of any length, end in CR LF
// and be empty.
type Reader struct {
	Name string          // of the file, as errors call it
	Skip func(bad error) // told of bad lines, if they are to be skipped
	Desk string          // the workspace of all conversations; empty: the file's

	// What was read so far.
	Read    int64 // bytes
	Skipped int   // lines
	Cut     int   // messages longer than the library takes
	Others  int   // messages of visitors who are not the conversation's

	in    *bufio.Reader
	names *names
	line  int
}

// NewReader returns a reader of a file of that name.
func NewReader(in io.Reader, name string) *Reader {
	r := &Reader{names: newNames()}
	r.Continue(in, name)
	return r
}

// Continue goes on with another file. IDs that came before are made distinct.
func (r *Reader) Continue(in io.Reader, name string) {
	r.in, r.Name, r.line = bufio.NewReaderSize(in, 1<<16), name, 0
}

// Replaced returns how many IDs were replaced, because the library does not take
// them.
func (r *Reader) Replaced() int { return len(r.names.mapped) }

// Repeated returns how many IDs were made distinct, because they came before in
// their workspace.
func (r *Reader) Repeated() int { return r.names.repeated }

// Next returns the next timeline, or io.EOF after the last.
func (r *Reader) Next() (*Timeline, error) {
	for {
		line, err := r.in.ReadBytes('\n')
		if err != nil && (err != io.EOF || len(line) == 0) {
			return nil, err
		}
		r.line++
		r.Read += int64(len(line))
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
		err = fmt.Errorf("%s: line %d: %w", r.Name, r.line, err)
		if r.Skip == nil {
			return nil, fmt.Errorf("%w (-skip-bad goes on without it)", err)
		}
		r.Skipped++
		r.Skip(err)
	}
}

// All returns the timelines that are left.
func (r *Reader) All() ([]*Timeline, error) {
	var all []*Timeline
	for {
		t, err := r.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, t)
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

func (r *Reader) parse(line []byte) (*Timeline, error) {
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
func (r *Reader) timeline(f fileLine) *Timeline {
	slices.SortStableFunc(f.Messages, func(a, b fileMessage) int { return a.at.Compare(b.at) })
	t := &Timeline{Line: r.line, Name: f.ID, Origin: r.names.id(f.Workspace), Visitor: "visitor"}
	t.Workspace = cmp.Or(r.Desk, t.Origin)
	t.ID = r.names.conversation(t.Workspace, f.ID)
	if i := slices.IndexFunc(f.Messages, func(m fileMessage) bool { return m.From == "visitor" }); i >= 0 {
		t.Visitor = r.names.id(f.Messages[i].Author)
	}
	for _, m := range f.Messages {
		author := r.names.id(m.Author)
		out := Message{At: m.at, Chars: m.Chars}
		if m.Article != "" {
			out.Article = r.names.id(m.Article)
		}
		if m.From == "agent" {
			out.Agent = author
		} else if author != t.Visitor {
			r.Others++
		}
		if out.Chars > conversation.MaxText {
			out.Chars = conversation.MaxText
			r.Cut++
		}
		t.Messages = append(t.Messages, out)
	}
	return t
}
