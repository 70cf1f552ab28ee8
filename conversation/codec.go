package conversation

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// eventTypes maps the stored names to the events. Names are stored: never change
// one. A new meaning is a new event; a new field must be optional.
var eventTypes = map[string]Event{
	"opened":            Opened{},
	"said":              Said{},
	"agent_requested":   AgentRequested{},
	"taken":             Taken{},
	"assigned":          Assigned{},
	"handed_back":       HandedBack{},
	"transferred":       Transferred{},
	"requeued":          Requeued{},
	"snoozed":           Snoozed{},
	"woken":             Woken{},
	"closed":            Closed{},
	"reclassified":      Reclassified{},
	"survey_offered":    SurveyOffered{},
	"survey_answered":   SurveyAnswered{},
	"reopened":          Reopened{},
	"regrouped":         Regrouped{},
	"assignee_left":     AssigneeLeft{},
	"assignee_returned": AssigneeReturned{},
	"email_requested":   EmailRequested{},
	"typed":             Typed{},
	"marked_read":       MarkedRead{},
	"note_added":        NoteAdded{},
	"article_linked":    ArticleLinked{},
	"blocked":           Blocked{},
	"unblocked":         Unblocked{},
	"prompted":          Prompted{},
	"followed_up":       FollowedUp{},
}

var eventNames = func() map[reflect.Type]string {
	names := map[reflect.Type]string{}
	for name, e := range eventTypes {
		names[reflect.TypeOf(e)] = name
	}
	return names
}()

// EventName returns the stored name of the event, as in "handed_back".
func EventName(e Event) string {
	if u, ok := e.(Unknown); ok {
		return u.Name
	}
	return eventNames[reflect.TypeOf(e)]
}

// Text returns the free text that an event carries and that is stored apart
// from it: what was said or noted, also in forms and surveys. ok is false for
// events that never have any.
func Text(e Event) (text string, ok bool) {
	switch e := e.(type) {
	case Said:
		return e.Text, true
	case NoteAdded:
		return e.Text, true
	case Closed:
		return e.Notes, true
	case Reclassified:
		if e.Form != nil {
			return e.Form.Notes, true
		}
	case SurveyAnswered:
		return e.Comment, true
	}
	return "", false
}

// WithText returns the event with its free text put back; events that never
// have any come back as they are.
func WithText(e Event, text string) Event {
	switch e := e.(type) {
	case Said:
		e.Text = text
		return e
	case NoteAdded:
		e.Text = text
		return e
	case Closed:
		e.Notes = text
		return e
	case Reclassified:
		if e.Form != nil {
			form := *e.Form
			form.Notes = text
			e.Form = &form
		}
		return e
	case SurveyAnswered:
		e.Comment = text
		return e
	}
	return e
}

// ErrNewer is returned for stored data of a later format than this version of
// the library knows.
var ErrNewer = errors.New("conversation: stored by a newer version of the library")

// The format of stored records, conversations and policies.
const format = 1

// head begins all of them.
var head = fmt.Sprintf(`{"v":%d`, format)

type storedRecord struct {
	Format int             `json:"v"`
	Seq    Version         `json:"seq"`
	At     time.Time       `json:"at"`
	Clock  time.Time       `json:"clock,omitzero"`
	By     Actor           `json:"by"`
	Type   string          `json:"type"`
	Data   json.RawMessage `json:"data"`
}

// EncodeRecord returns the record as JSON, for a store. Free text is left out:
// see [Text].
func EncodeRecord(r Record) ([]byte, error) {
	var s stream
	s.record(&r)
	s.end()
	if body, ok := s.written(); ok {
		return body, nil
	}
	reflected, err := r.stored()
	if err != nil {
		return nil, err
	}
	return json.Marshal(reflected)
}

func (r Record) stored() (storedRecord, error) {
	name := EventName(r.Event)
	if name == "" {
		return storedRecord{}, fmt.Errorf("conversation: event %T has no stored name", r.Event)
	}
	data, err := encodeEvent(r.Event)
	if err != nil {
		return storedRecord{}, fmt.Errorf("conversation: record %d: %w", r.Seq, err)
	}
	return storedRecord{format, r.Seq, r.At, r.Clock, r.By, name, data}, nil
}

// MarshalJSON returns the record as a host's own screens and webhooks want it:
// that of [EncodeRecord], with the text of what was said or noted.
func (r Record) MarshalJSON() ([]byte, error) {
	words, _ := Text(r.Event)
	var s stream
	s.record(&r)
	text(&s, "text", &words, omitempty)
	flag(&s, "erased", &r.Erased)
	s.end()
	if body, ok := s.written(); ok {
		return body, nil
	}
	reflected, err := r.stored()
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		storedRecord
		Text   string `json:"text,omitempty"`
		Erased bool   `json:"erased,omitempty"`
	}{reflected, words, r.Erased})
}

func encodeEvent(e Event) (json.RawMessage, error) {
	if u, ok := e.(Unknown); ok {
		return u.Data, nil
	}
	return json.Marshal(WithText(e, ""))
}

// DecodeRecord reads what [EncodeRecord] wrote, by this version of the library
// or an earlier one. An event of unknown name becomes [Unknown]; a later format
// is [ErrNewer].
func DecodeRecord(body []byte) (Record, error) {
	var r Record
	s := stream{reading: true, body: body}
	s.record(&r)
	s.end()
	if s.done() {
		return r, nil
	}
	return unmarshalRecord(body)
}

func unmarshalRecord(body []byte) (Record, error) {
	var s storedRecord
	if err := unmarshal("record", body, &s, &s.Format); err != nil {
		return Record{}, err
	}
	if s.Type == "" {
		return Record{}, fmt.Errorf("conversation: stored record %d has no type", s.Seq)
	}
	r := Record{Seq: s.Seq, At: s.At, Clock: s.Clock, By: s.By}
	known, ok := eventTypes[s.Type]
	if !ok {
		r.Event = Unknown{Name: s.Type, Data: s.Data}
		return r, nil
	}
	into := reflect.New(reflect.TypeOf(known))
	if err := json.Unmarshal(s.Data, into.Interface()); err != nil {
		return Record{}, fmt.Errorf("conversation: stored record %d, %s: %w", s.Seq, s.Type, err)
	}
	r.Event = into.Elem().Interface().(Event)
	return r, nil
}

type stored[T any] struct {
	Format int `json:"v"`
	Data   T   `json:"data"`
}

func encodeStored[T any](v T) ([]byte, error) { return json.Marshal(stored[T]{format, v}) }

func decodeStored[T any](what string, body []byte) (T, error) {
	var s stored[T]
	err := unmarshal(what, body, &s, &s.Format)
	return s.Data, err
}

// unmarshal reads a stored value whose format must be known. A later format may
// have fields of other types: it is looked at before they are an error.
func unmarshal(what string, body []byte, into any, got *int) error {
	err := json.Unmarshal(body, into)
	if err != nil {
		var only struct {
			Format int `json:"v"`
		}
		_ = json.Unmarshal(body, &only) // what is wrong with it is in err already
		*got = only.Format
	}
	if *got > format {
		return fmt.Errorf("%s: %w", what, ErrNewer)
	}
	if err != nil {
		return fmt.Errorf("conversation: stored %s: %w", what, err)
	}
	if *got < 1 {
		return fmt.Errorf("conversation: stored %s has no format", what)
	}
	return nil
}

// Encode returns the conversation as JSON, for a store.
func Encode(c Conversation) ([]byte, error) {
	var s stream
	s.conversation(&c)
	if body, ok := s.written(); ok {
		return body, nil
	}
	return encodeStored(c)
}

// Decode reads what [Encode] wrote, by this version of the library or an earlier
// one; a later format is [ErrNewer]. A body that was damaged so that it
// contradicts itself is an error.
func Decode(body []byte) (Conversation, error) {
	c, _, err := DecodeWhole(body)
	return c, err
}

// DecodeWhole is [Decode], and reports whether the conversation is the whole body:
// then it has nothing that only a newer version of the library knows, and [Encode]
// loses nothing. False means that it may have.
func DecodeWhole(body []byte) (c Conversation, whole bool, err error) {
	s := stream{reading: true, body: body}
	s.conversation(&c)
	if whole = s.done(); !whole {
		c, err = decodeStored[Conversation]("conversation", body)
	}
	if err == nil && !c.consistent() {
		err = errors.New("conversation: stored conversation contradicts itself")
	}
	return c, whole, err
}

// consistent reports whether c is a conversation that a journal could amount to,
// as far as [Decide] relies on it.
func (c Conversation) consistent() bool {
	held := c.State == StateAssigned || c.State == StateSnoozed
	return c.Version >= 1 && slices.Contains(existing, c.State) &&
		(c.Snooze != nil) == (c.State == StateSnoozed) &&
		(c.Agent != "") == held &&
		(c.Closing != nil || c.State != StateClosed) &&
		c.Silence.Step >= 0
}

// EncodePolicies returns the policies as JSON, for a store.
func EncodePolicies(p Policies) ([]byte, error) { return encodeStored(p) }

// DecodePolicies reads what [EncodePolicies] wrote, by this version of the
// library or an earlier one; a later format is [ErrNewer]. No bytes are the zero
// Policies.
func DecodePolicies(body []byte) (Policies, error) {
	if len(body) == 0 {
		return Policies{}, nil
	}
	return decodeStored[Policies]("policies", body)
}
