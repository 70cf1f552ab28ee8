package conversation_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/adjourn/adjourn/conversation"
)

// The codec once more, as plain as it can be: by encoding/json alone, which the
// codec must not be told from. Types have the names that errors show.

type stored[T any] struct {
	Format int `json:"v"`
	Data   T   `json:"data"`
}

type storedRecord struct {
	Format int                  `json:"v"`
	Seq    conversation.Version `json:"seq"`
	At     time.Time            `json:"at"`
	Clock  time.Time            `json:"clock,omitzero"`
	By     conversation.Actor   `json:"by"`
	Type   string               `json:"type"`
	Data   json.RawMessage      `json:"data"`
}

func plainEncode(c conversation.Conversation) ([]byte, error) {
	return json.Marshal(stored[conversation.Conversation]{1, c})
}

func plainEncodeRecord(r conversation.Record) ([]byte, error) {
	p, err := plainOf(r)
	if err != nil {
		return nil, err
	}
	return json.Marshal(p)
}

func plainMarshal(r conversation.Record) ([]byte, error) {
	p, err := plainOf(r)
	if err != nil {
		return nil, err
	}
	text, _ := conversation.Text(r.Event)
	return json.Marshal(struct {
		storedRecord
		Text   string `json:"text,omitempty"`
		Erased bool   `json:"erased,omitempty"`
	}{p, text, r.Erased})
}

func plainOf(r conversation.Record) (storedRecord, error) {
	p := storedRecord{1, r.Seq, r.At, r.Clock, r.By, conversation.EventName(r.Event), nil}
	if p.Type == "" {
		return p, fmt.Errorf("conversation: event %T has no stored name", r.Event)
	}
	if u, ok := r.Event.(conversation.Unknown); ok {
		p.Data = u.Data
		return p, nil
	}
	var err error
	if p.Data, err = json.Marshal(conversation.WithText(r.Event, "")); err != nil {
		err = fmt.Errorf("conversation: record %d: %w", r.Seq, err)
	}
	return p, err
}

// plainDecode does not look for contradictions: what it returns is what was read.
func plainDecode(body []byte) (conversation.Conversation, error) {
	var p stored[conversation.Conversation]
	err := json.Unmarshal(body, &p)
	return p.Data, plainError("conversation", body, err)
}

func plainDecodeRecord(body []byte) (conversation.Record, error) {
	var p storedRecord
	err := json.Unmarshal(body, &p)
	if err := plainError("record", body, err); err != nil {
		return conversation.Record{}, err
	}
	if p.Type == "" {
		return conversation.Record{}, fmt.Errorf("conversation: stored record %d has no type", p.Seq)
	}
	r := conversation.Record{Seq: p.Seq, At: p.At, Clock: p.Clock, By: p.By}
	kind, ok := eventKinds[p.Type]
	if !ok {
		r.Event = conversation.Unknown{Name: p.Type, Data: p.Data}
		return r, nil
	}
	e := reflect.New(kind)
	if err := json.Unmarshal(p.Data, e.Interface()); err != nil {
		return conversation.Record{}, fmt.Errorf("conversation: stored record %d, %s: %w", p.Seq, p.Type, err)
	}
	r.Event = e.Elem().Interface().(conversation.Event)
	return r, nil
}

func plainError(what string, body []byte, err error) error {
	var only struct {
		Format int `json:"v"`
	}
	_ = json.Unmarshal(body, &only) // its error is err
	switch {
	case only.Format > 1:
		return fmt.Errorf("%s: %w", what, conversation.ErrNewer)
	case err != nil:
		return fmt.Errorf("conversation: stored %s: %w", what, err)
	case only.Format < 1:
		return fmt.Errorf("conversation: stored %s has no format", what)
	}
	return nil
}

// eventKinds are the types of the events by their stored names.
var eventKinds = func() map[string]reflect.Type {
	kinds := map[string]reflect.Type{}
	for _, e := range sampleEvents() {
		kinds[conversation.EventName(e)] = reflect.TypeOf(e)
	}
	return kinds
}()
