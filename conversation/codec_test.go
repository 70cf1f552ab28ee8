package conversation_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

// golden compares got with a file of testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	got = append(slices.Clip(got), '\n')
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	same(t, path+" holds what is stored: old data must stay readable", string(got), string(want))
}

func encode(t testing.TB, r conversation.Record) []byte {
	t.Helper()
	body, err := conversation.EncodeRecord(r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestEveryEventIsStoredAsItWas(t *testing.T) {
	t.Parallel()
	for _, e := range sampleEvents() {
		name := conversation.EventName(e)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := sampleRecord(e)
			body := encode(t, r)
			golden(t, filepath.Join("events", name+".json"), body)
			got, err := conversation.DecodeRecord(body)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "the record after a round trip", got, r)
		})
	}
}

func TestGoldenFilesAreOfKnownEvents(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "events", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < len(sampleEvents()) {
		t.Errorf("%d golden files for %d events", len(files), len(sampleEvents()))
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := conversation.DecodeRecord(body)
		if _, unknown := r.Event.(conversation.Unknown); err != nil || unknown {
			t.Errorf("%s, which was stored once: %T, %v", file, r.Event, err)
		}
	}
}

func TestAConversationIsStoredAsItWas(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]conversation.Conversation{
		"conversation.json":       sampleConversation(),
		"conversation-small.json": {Workspace: "acme", ID: "c1", Version: 1, State: conversation.StateBot, Visitor: "vera"},
	} {
		body, err := conversation.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, body)
		got, err := conversation.Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the conversation after a round trip", got, c)
	}
}

func TestPoliciesAreStoredAsTheyWere(t *testing.T) {
	t.Parallel()
	p := conversation.Policies{
		Default: conversation.Policy{Bot: true, ReopenWindow: time.Hour, Idle: conversation.Idle{
			Bot: steps(time.Minute, idle.FollowUp, idle.Close), Waiting: idle.Ladder{Off: true}, Assigned: informed,
		}},
		Groups: map[string]conversation.Policy{"billing": {
			PullOnly: true, Sticky: true, ReassignAfter: 48 * time.Hour, WakeOverCapacity: true, KnownAgentsOnly: true, NotifyByEmail: true,
			Required: closure.Fields(),
			Courtesy: conversation.Courtesy{Guard: closure.GuardWarn, Patience: time.Minute, CheckIn: "All good?", Farewell: "So long."},
			Survey:   conversation.Asking{Offer: true, Open: 48 * time.Hour},
		}},
		AvailabilityGrace: time.Minute,
	}
	body, err := conversation.EncodePolicies(p)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "policies.json", body)
	got, err := conversation.DecodePolicies(body)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the policies after a round trip", got, p)
	if got, err = conversation.DecodePolicies(nil); err != nil || !cmp.Equal(got, conversation.Policies{}) {
		t.Errorf("DecodePolicies(nil) = %+v, %v, want the zero policies", got, err)
	}
}

// The samples would prove little with a field left at zero.
func TestTheSamplesSetEveryField(t *testing.T) {
	t.Parallel()
	inside := []any{sampleClosing(1), sampleCycle(), *sampleClosing(1).Survey, sampleConversation().Courtesy}
	for _, v := range append(append(inside, sampleConversation()), anys(sampleEvents())...) {
		s := reflect.ValueOf(v)
		for i := range s.NumField() {
			if f := s.Type().Field(i); s.Field(i).IsZero() && f.Tag.Get("json") != "-" {
				t.Errorf("the sample %T leaves %s at zero", v, f.Name)
			}
		}
	}
	form := reflect.ValueOf(sampleForm())
	for i := range form.NumField() {
		if name := form.Type().Field(i).Name; form.Field(i).IsZero() && name != "Notes" { // stored apart
			t.Errorf("the sample form leaves %s at zero", name)
		}
	}
}

func anys(events []conversation.Event) []any {
	var all []any
	for _, e := range events {
		all = append(all, e)
	}
	return all
}

func TestAnUnknownEventSurvivesByteForByte(t *testing.T) {
	t.Parallel()
	for _, data := range []string{`{"score":5,"words":"fine \u003c3"}`, `{}`, `null`, `[1,2.50,"x"]`} {
		body := `{"v":1,"seq":3,"at":"2026-03-02T09:00:00.0015Z","by":{"kind":"visitor","id":"vera"},"type":"applauded","data":` + data + `}`
		r, err := conversation.DecodeRecord([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the event", r.Event, conversation.Event(conversation.Unknown{Name: "applauded", Data: json.RawMessage(data)}))
		same(t, "the record after a round trip", string(encode(t, r)), body)
		c := conversation.Evolve(sampleConversation(), r)
		want := sampleConversation()
		want.Version, want.UpdatedAt = r.Seq, r.At
		same(t, "what it changes", c, want)
	}
}

// A later version of the library may have ended a conversation in its own way.
func TestNothingThatFollowsAnUnknownEventCrashes(t *testing.T) {
	t.Parallel()
	for _, e := range sampleEvents() {
		l := held(t, noBot)
		l.c, _ = conversation.Append(l.c, ann, l.now, []conversation.Event{conversation.Unknown{Name: "closed_otherwise"}})
		if why := crash(func() { conversation.Append(l.c, ann, l.now, []conversation.Event{e}) }); why != nil {
			t.Errorf("Evolve, %s: %v", conversation.EventName(e), why)
		}
	}
}

func crash(f func()) (why any) {
	defer func() { why = recover() }()
	f()
	return nil
}

func TestTextIsLeftOutOfTheStoredBody(t *testing.T) {
	t.Parallel()
	const secret = "my card is 4111"
	for _, e := range []conversation.Event{
		conversation.Said{Text: secret}, conversation.NoteAdded{Text: secret},
		conversation.Closed{Number: 1, Form: closure.Form{Notes: secret, Tags: []string{"a"}}, Noted: true},
		conversation.Reclassified{Number: 1, Form: &closure.Form{Notes: secret, Tickets: []string{"T-1"}}, Noted: true},
		conversation.SurveyAnswered{Number: 1, Rating: 2, Comment: secret},
	} {
		body := encode(t, sampleRecord(e))
		if strings.Contains(string(body), "4111") {
			t.Errorf("the stored body has the text: %s", body)
		}
		if text, ok := conversation.Text(e); text != secret || !ok {
			t.Errorf("Text(%T) = %q, %t", e, text, ok)
		}
		r, err := conversation.DecodeRecord(body)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the event with its text put back", conversation.WithText(r.Event, secret), e)
	}
	for _, e := range sampleEvents() {
		_, isText := conversation.Text(e)
		if want := slices.Contains(withText, conversation.EventName(e)); isText != want {
			t.Errorf("Text(%T) = %t, want %t", e, isText, want)
		} else if !want {
			same(t, "an event that has no text", conversation.WithText(e, secret), e)
		}
	}
}

var withText = []string{"said", "note_added", "closed", "reclassified", "survey_answered"}

// A decision with the old form has no text of its own: whatever is put back
// belongs to the form that was kept.
func TestADecisionWithoutAFormHasNoText(t *testing.T) {
	t.Parallel()
	e := conversation.Reclassified{Number: 1, Outcome: closure.Resolved, OldOutcome: closure.Unresolved}
	if text, ok := conversation.Text(e); text != "" || ok {
		t.Errorf("Text = %q, %t", text, ok)
	}
	same(t, "with a text", conversation.WithText(e, "words"), conversation.Event(e))
}

// Erasing the text of one event must not reach into another value of it.
func TestTextIsPutBackIntoACopy(t *testing.T) {
	t.Parallel()
	e := conversation.Reclassified{Number: 1, Form: &closure.Form{Notes: "call after six"}}
	conversation.WithText(e, "")
	encode(t, sampleRecord(e))
	same(t, "the notes", e.Form.Notes, "call after six")
}

func TestANewerFormatIsRefused(t *testing.T) {
	t.Parallel()
	decoders := map[string]func([]byte) error{
		"record":       func(b []byte) error { _, err := conversation.DecodeRecord(b); return err },
		"conversation": func(b []byte) error { _, err := conversation.Decode(b); return err },
		"policies":     func(b []byte) error { _, err := conversation.DecodePolicies(b); return err },
	}
	bodies := map[string]string{
		"alike":     `{"v":2,"data":{}}`,
		"different": `{"v":2,"seq":"three","data":[]}`, // a later format may look like anything
		"reversed":  `{"at":{},"data":{"opened_at":{}},"v":2}`,
		"turned":    `{"v":3,"at":{},"by":7,"type":[],"data":"none"}`,
	}
	for name, decode := range decoders {
		for look, body := range bodies {
			if err := decode([]byte(body)); !errors.Is(err, conversation.ErrNewer) {
				t.Errorf("a newer %s that looks %s: %v, want %v", name, look, err, conversation.ErrNewer)
			}
		}
	}
}

func TestWhatWasNeverStoredIsAnError(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{", "[]", `"x"`, "{}", "null", `{"data":{}}`, `{"v":0}`, `{"v":-1,"data":{}}`} {
		if r, err := conversation.DecodeRecord([]byte(body)); err == nil {
			t.Errorf("DecodeRecord(%q) = %+v", body, r)
		}
		if c, err := conversation.Decode([]byte(body)); err == nil {
			t.Errorf("Decode(%q) = a conversation in state %q", body, c.State)
		}
		if p, err := conversation.DecodePolicies([]byte(body)); err == nil && body != "" {
			t.Errorf("DecodePolicies(%q) = %+v", body, p)
		}
	}
	for _, body := range []string{`{"v":1}`, `{"v":1,"seq":3,"data":{}}`, `{"v":1,"seq":3,"type":"","data":{}}`} {
		if r, err := conversation.DecodeRecord([]byte(body)); err == nil {
			t.Errorf("DecodeRecord(%q), which has no type, = %+v", body, r)
		}
	}
	if _, err := conversation.EncodeRecord(conversation.Record{Seq: 1}); err == nil {
		t.Error("EncodeRecord of a record without an event: no error")
	}
}
