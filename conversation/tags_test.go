package conversation_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

// tagging decides with a catalogue of tags, and applies it.
func (l *life) tagging(by conversation.Actor, command conversation.Command, catalogue ...string) ([]conversation.Event, error) {
	facts := l.facts()
	facts.Tags = catalogue
	events, err := conversation.Decide(l.c, conversation.Request{By: by, Command: command}, facts)
	l.c, _ = conversation.Append(l.c, by, l.now, events)
	return events, err
}

func TestTagsComeFromTheCatalogue(t *testing.T) {
	t.Parallel()
	tagged := conversation.Close{Outcome: closure.Resolved, Tags: []string{"refund", "late", "refund"}}
	l := held(t, noBot)
	for _, catalogue := range [][]string{nil, {"refund"}, {"Refund", "late"}} {
		if events, err := l.tagging(ann, tagged, catalogue...); err == nil || len(events) > 0 {
			t.Errorf("catalogue %q: %v, %v, want a refusal", catalogue, events, err)
		}
	}
	l.is(conversation.StateAssigned, "ann")
	if _, err := l.tagging(ann, conversation.Close{Outcome: closure.Resolved}); err != nil {
		t.Errorf("without tags, an empty catalogue is a dead end: %v", err)
	}
	l = held(t, noBot)
	events, err := l.tagging(ann, tagged, "refund", "late", "other")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"late", "refund"}
	if diff := cmp.Diff(want, events[0].(conversation.Closed).Tags); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, l.c.Closing.Tags); diff != "" {
		t.Errorf("the closing's (-want +got):\n%s", diff)
	}
}

func TestReclassifyReplacesTags(t *testing.T) {
	t.Parallel()
	catalogue := []string{"a", "b", "c"}
	for name, test := range map[string]struct {
		give    conversation.Reclassify
		want    []string
		changes bool
	}{
		"keeps":             {conversation.Reclassify{Outcome: closure.Unresolved}, []string{"a", "b"}, true},
		"keeps everything":  {conversation.Reclassify{Outcome: closure.Resolved}, []string{"a", "b"}, false},
		"the same":          {conversation.Reclassify{Outcome: closure.Resolved, Tags: []string{"b", "a", "a"}}, []string{"a", "b"}, false},
		"others":            {conversation.Reclassify{Outcome: closure.Resolved, Tags: []string{"c"}}, []string{"c"}, true},
		"none":              {conversation.Reclassify{Outcome: closure.Resolved, Tags: []string{}}, nil, true},
		"one that is taken": {conversation.Reclassify{Outcome: closure.Resolved, Tags: []string{"x"}}, []string{"a", "b"}, false},
	} {
		l := held(t, noBot)
		if _, err := l.tagging(ann, conversation.Close{Outcome: closure.Resolved, Tags: []string{"b", "a"}}, catalogue...); err != nil {
			t.Fatal(err)
		}
		events, err := l.tagging(ann, test.give, catalogue[1:]...) // "a" was taken out meanwhile
		if (len(events) > 0) != test.changes || (err != nil) != (name == "one that is taken") {
			t.Errorf("%s: %v, %v", name, events, err)
		}
		if diff := cmp.Diff(test.want, l.c.Closing.Tags); diff != "" {
			t.Errorf("%s: tags (-want +got):\n%s", name, diff)
		}
		if test.changes {
			if diff := cmp.Diff([]string{"a", "b"}, events[0].(conversation.Reclassified).OldTags); diff != "" {
				t.Errorf("%s: old tags (-want +got):\n%s", name, diff)
			}
		}
	}
}

func TestTagsHaveLimits(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	many := strings.Split(strings.Repeat("x,", conversation.MaxTags)+"x", ",")
	for name, tags := range map[string][]string{
		"empty": {""}, "a space": {" "}, "spaces around": {" a"}, "newline": {"a\nb"}, "tab": {"a\tb"}, "NUL": {"a\x00b"},
		"bidi": {"a\u202eb"}, "not UTF-8": {"a\xff"}, "long": {strings.Repeat("x", conversation.MaxTag+1)}, "many": many,
	} {
		l.invalid(ann, conversation.Close{Outcome: closure.Resolved, Tags: tags}, "tags")
		l.invalid(ann, conversation.Reclassify{Outcome: closure.Resolved, Tags: tags}, "tags")
		if name != "many" {
			if err := (conversation.Policies{Tags: tags}).Check(); err == nil {
				t.Errorf("%s: legal in the catalogue", name)
			}
		}
	}
	l.invalid(vera, conversation.Close{Tags: []string{"a"}}, "tags")
	if err := (conversation.Policies{Tags: []string{"a", "b", "a"}}).Check(); err == nil {
		t.Error("a tag is legal twice in the catalogue")
	}
	long := strings.Repeat("ä", conversation.MaxTag/2)
	if _, err := l.tagging(ann, conversation.Close{Outcome: closure.Resolved, Tags: append(many[2:], long)}, "x", long); err != nil {
		t.Errorf("the longest and the most: %v", err)
	}
}
