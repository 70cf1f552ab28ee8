package lifecycle

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/adjourn/adjourn/conversation"
)

// An Audience is who may see a line of a transcript.
type Audience string

// The audiences. The values are in exported JSON: they never change.
const (
	ForEverybody Audience = "everybody" // visitors and agents
	ForAgents    Audience = "agents"    // agents alone
)

// A LineKind says what a line of a transcript is.
type LineKind string

// The kinds of lines. The values are in exported JSON: they never change.
const (
	LineMessage  LineKind = "message"   // somebody wrote it
	LineFollowUp LineKind = "follow_up" // the idle rules asked the visitor
	LinePrompt   LineKind = "prompt"    // the idle rules told the agent
	LineNote     LineKind = "note"      // written for agents, also when closing
	LineSurvey   LineKind = "survey"    // an offer, or the answer to it
	LineEvent    LineKind = "event"     // anything else that happened
)

// A Transcript is a conversation for people to read and for programs to pass on:
// as JSON it is an object with lines, and [Transcript.WriteText] writes it as
// plain text.
type Transcript struct {
	Workspace    string `json:"workspace"`
	Conversation string `json:"conversation"`
	Lines        []Line `json:"lines"`

	location *time.Location
}

// A Line is one line of a transcript.
type Line struct {
	Version conversation.Version `json:"version"` // of the event
	At      time.Time            `json:"at"`
	By      conversation.Actor   `json:"by"`
	Name    string               `json:"name"` // what By is called
	Kind    LineKind             `json:"kind"`
	For     Audience             `json:"for"` // who may see it
	Code    string               `json:"code"`
	Text    string               `json:"text"`             // of messages and notes as it was written
	Erased  bool                 `json:"erased,omitempty"` // there was a text
}

// Transcript returns a transcript of what an audience may see of a journal, or of
// the beginning of one, in the words and the zone of n. Events without a note are
// left out.
func (n Notes) Transcript(workspace, id string, journal []conversation.Record, audience Audience) Transcript {
	t := Transcript{Workspace: workspace, Conversation: id, Lines: []Line{}, location: n.Location}
	for _, r := range journal {
		for _, line := range n.lines(r) {
			if audience == ForAgents || line.For == ForEverybody {
				t.Lines = append(t.Lines, line)
			}
		}
	}
	return t
}

// lines returns the lines of a record: what happened, and the notes that came with
// it.
func (n Notes) lines(r conversation.Record) []Line {
	var lines []Line
	written, _ := conversation.Text(r.Event)
	if r.Erased {
		written = n.text("erased")
	}
	line := Line{
		Version: r.Seq, At: r.At, By: r.By, Name: n.name(r.By), Kind: LineEvent, For: ForAgents,
	}
	if note, ok := n.Render(r); ok {
		event := line
		event.Code, event.Text = note.Code, note.Text
		if note.ForVisitor {
			event.For = ForEverybody
		}
		switch r.Event.(type) {
		case conversation.Said:
			event.Kind, event.Text, event.Erased = LineMessage, written, r.Erased
		case conversation.NoteAdded:
			event.Kind, event.Text, event.Erased = LineNote, written, r.Erased
		case conversation.FollowedUp:
			event.Kind = LineFollowUp
		case conversation.Prompted:
			event.Kind = LinePrompt
		case conversation.SurveyOffered:
			event.Kind = LineSurvey
		case conversation.SurveyAnswered:
			event.Kind, event.Erased = LineSurvey, r.Erased
		}
		lines = append(lines, event)
	}
	switch r.Event.(type) {
	case conversation.Closed, conversation.Reclassified:
		if written != "" {
			line.Kind, line.Code, line.Text, line.Erased = LineNote, "wrap_up_notes", written, r.Erased
			lines = append(lines, line)
		}
	}
	return lines
}

// WriteText writes the transcript as plain text, a line for each of its lines:
// when, who wrote it, and what. What only agents may see is marked so. The lines
// of a text after its first are indented, so that no message, and no name, can look
// like a line of the transcript.
func (t Transcript) WriteText(w io.Writer) error {
	zone := t.location
	if zone == nil {
		zone = time.UTC
	}
	for _, line := range t.Lines {
		if _, err := fmt.Fprintf(w, "%s  %s\n", line.At.In(zone).Format("2006-01-02 15:04:05 MST"), line.plain()); err != nil {
			return fmt.Errorf("lifecycle: write transcript: %w", err)
		}
	}
	return nil
}

// indented indents what follows anything that a reader may take for the end of a
// line, in texts and in names.
var indented = strings.NewReplacer(
	"\r\n", "\n    ", "\n", "\n    ", "\r", "\n    ", "\v", "\n    ", "\f", "\n    ",
	"\u0085", "\n    ", "\u2028", "\n    ", "\u2029", "\n    ",
)

func (l Line) plain() string {
	text := l.Text
	if l.Kind == LineMessage || l.Kind == LineNote {
		text = l.Name + ": " + text
	}
	text = indented.Replace(text)
	if l.For != ForAgents {
		return text
	}
	mark := "[agents only] "
	switch l.Kind {
	case LineNote:
		mark = "[note, agents only] "
	case LinePrompt:
		mark = "[prompt, agents only] "
	}
	return mark + text
}

// Transcript returns the transcript of a conversation for an audience, in the
// words and the zone of notes.
func (c *commands) Transcript(ctx context.Context, workspace, id string, notes Notes, audience Audience) (Transcript, error) {
	if audience != ForEverybody && audience != ForAgents {
		return Transcript{}, &conversation.InvalidError{Field: "audience", Rule: "must be one of the audiences"}
	}
	journal, err := c.History(ctx, workspace, id, 0, 0)
	if err != nil {
		return Transcript{}, err
	}
	return notes.Transcript(workspace, id, journal, audience), nil
}
