package conversation_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
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
	tagged := conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"refund", "late", "refund"}}}
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
		"the same":          {conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Tags: []string{"b", "a", "a"}}}, []string{"a", "b"}, false},
		"others":            {conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Tags: []string{"c"}}}, []string{"c"}, true},
		"none":              {conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Tags: []string{}}}, nil, true},
		"one that is taken": {conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Tags: []string{"x"}}}, []string{"a", "b"}, false},
	} {
		l := held(t, noBot)
		if _, err := l.tagging(ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"b", "a"}}}, catalogue...); err != nil {
			t.Fatal(err)
		}
		events, err := l.tagging(ann, test.give, catalogue[1:]...) // "a" was taken out meanwhile
		if (len(events) > 0) != test.changes || (err != nil) != (name == "one that is taken") {
			t.Errorf("%s: %v, %v", name, events, err)
		}
		if diff := cmp.Diff(test.want, l.c.Closing.Tags); diff != "" {
			t.Errorf("%s: tags (-want +got):\n%s", name, diff)
		}
	}
}

func TestTagsHaveLimits(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	many := strings.Split(strings.Repeat("x,", conversation.MaxTags)+"x", ",")
	for name, tags := range map[string][]string{
		"empty": {""}, "a space": {" "}, "spaces around": {" a"}, "newline": {"a\nb"}, "tab": {"a\tb"}, "NUL": {"a\x00b"},
		"zero width": {"\u200b"}, "soft hyphen": {"\u00ad\u200d"}, "bidi": {"a\u202eb"}, "not UTF-8": {"a\xff"}, "long": {strings.Repeat("x", conversation.MaxTag+1)}, "many": many,
	} {
		l.invalid(ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: tags}}, "tags")
		l.invalid(ann, conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Tags: tags}}, "tags")
		if name != "many" {
			if err := (conversation.Policies{Tags: tags}).Check(); err == nil {
				t.Errorf("%s: legal in the catalogue", name)
			}
		}
	}
	l.invalid(vera, conversation.Close{Form: closure.Form{Tags: []string{"a"}}}, "tags")
	if err := (conversation.Policies{Tags: []string{"a", "b", "a"}}).Check(); err == nil {
		t.Error("a tag is legal twice in the catalogue")
	}
	long := strings.Repeat("ä", conversation.MaxTag/2)
	if _, err := l.tagging(ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: append(many[2:], long)}}, "x", long); err != nil {
		t.Errorf("the longest and the most: %v", err)
	}
}

// filled is a form with every field.
var filled = closure.Form{
	Sentiment: closure.Negative, Notes: "call after six", Tags: []string{"refund", "late"},
	Tickets: []string{"SHOP-7", "https://jira.example/browse/SHOP-8"},
}

// without returns the filled form without a field.
func without(field closure.Field) closure.Form {
	f := filled
	switch field {
	case closure.FieldSentiment:
		f.Sentiment = ""
	case closure.FieldNotes:
		f.Notes = " \n\t"
	case closure.FieldTags:
		f.Tags = []string{}
	case closure.FieldTickets:
		f.Tickets = nil
	}
	return f
}

func TestAFormIsKeptAsItWasFilledIn(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	given := filled
	given.Tags, given.Tickets = []string{"refund", "late", "refund"}, []string{"SHOP-7", "T-1", "SHOP-7"}
	events, err := l.tagging(ann, conversation.Close{Outcome: closure.Resolved, Form: given}, "late", "refund")
	if err != nil {
		t.Fatal(err)
	}
	want := closure.Form{
		Sentiment: closure.Negative, Notes: "call after six", Tags: []string{"late", "refund"}, Tickets: []string{"SHOP-7", "T-1"},
	}
	same(t, "recorded", events[0].(conversation.Closed).Form, want)
	same(t, "that there were notes", events[0].(conversation.Closed).Noted, true)
	given.Tags[0], given.Tickets[0] = "x", "x"
	got := l.c.Closing
	same(t, "the form of the closing, which has no notes", closure.Form{Sentiment: got.Sentiment, Tags: got.Tags, Tickets: got.Tickets},
		closure.Form{Sentiment: want.Sentiment, Tags: want.Tags, Tickets: want.Tickets})
	same(t, "that it has some", got.Noted, true)
	body, err := conversation.Encode(l.c)
	if err != nil || strings.Contains(string(body), "after six") {
		t.Errorf("the conversation has the notes: %s, %v", body, err)
	}
}

func TestEveryFieldIsOptionalUnlessItIsRequired(t *testing.T) {
	t.Parallel()
	held(t, noBot).do(ann, unresolved)
	for _, field := range closure.Fields() {
		for _, by := range []conversation.Actor{ann, sue} {
			l := held(t, conversation.Policy{Required: []closure.Field{field}})
			c := conversation.Close{Outcome: closure.Unresolved, Form: without(field)}
			if field != closure.FieldReason {
				c.Reason = closure.ReasonOther
			}
			_, err := l.tagging(by, c, "late", "refund")
			refused, ok := errors.AsType[*conversation.RefusedError](err)
			if !ok || !errors.Is(err, conversation.ErrFormIncomplete) {
				t.Fatalf("%s by %s: %v, want %v", field, by, err, conversation.ErrFormIncomplete)
			}
			same(t, "what is missing", refused.Missing, []closure.Field{field})
			if !strings.Contains(err.Error(), string(field)) {
				t.Errorf("%v does not name %s", err, field)
			}
			c.Form, c.Reason = filled, closure.ReasonOther
			if _, err := l.tagging(by, c, "late", "refund"); err != nil {
				t.Errorf("%s is filled in: %v", field, err)
			}
		}
	}
	l := held(t, conversation.Policy{Required: []closure.Field{closure.FieldTickets, closure.FieldReason, closure.FieldSentiment}})
	same(t, "what is missing, as required", l.refused(ann, unresolved, conversation.ErrFormIncomplete).Missing,
		[]closure.Field{closure.FieldTickets, closure.FieldReason, closure.FieldSentiment})
	same(t, "of what is resolved", l.refused(ann, resolved, conversation.ErrFormIncomplete).Missing,
		[]closure.Field{closure.FieldTickets, closure.FieldSentiment})
}

// An empty catalogue means no tag field, and never a dead end.
func TestNoTagsAreRequiredOfAnEmptyCatalogue(t *testing.T) {
	t.Parallel()
	l := held(t, conversation.Policy{Required: []closure.Field{closure.FieldTags}})
	if _, err := l.tagging(ann, resolved, "late"); !errors.Is(err, conversation.ErrFormIncomplete) {
		t.Errorf("with a catalogue: %v", err)
	}
	l.do(ann, resolved)
}

func TestNothingIsRequiredOfTimersBotsVisitorsAndTheSystem(t *testing.T) {
	t.Parallel()
	p := conversation.Policy{Bot: true, Required: closure.Fields()}
	p.Idle.Assigned = steps(time.Minute, idle.FollowUp, idle.Close)
	for _, by := range []conversation.Actor{vera, host} {
		held(t, p).do(by, command("close", by))
	}
	l := held(t, p)
	l.idle()
	l.idle()
	l.is(conversation.StateClosed, "")
	opened(t, p).do(robot, resolved)
	for _, by := range []conversation.Actor{sue, host} {
		held(t, p).do(by, conversation.Close{Outcome: closure.Unresolved, Force: true})
	}
	l.do(host, conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Sentiment: closure.Neutral}})
}

func TestANewDecisionIsAsComplete(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.do(ann, unresolved)
	l.policy.Required = []closure.Field{closure.FieldReason, closure.FieldSentiment}
	l.already(ann, conversation.Reclassify{Outcome: closure.Unresolved}) // which is as it was
	for _, by := range []conversation.Actor{ann, bob, sue} {
		kept := l.refused(by, conversation.Reclassify{Outcome: closure.Unresolved, Form: &closure.Form{Tickets: []string{"T-1"}}}, conversation.ErrFormIncomplete)
		same(t, "what is missing", kept.Missing, []closure.Field{closure.FieldReason, closure.FieldSentiment})
	}
	l.do(ann, conversation.Reclassify{Outcome: closure.Resolved}) // the form is kept: nobody asks for it
	none := l.refused(ann, conversation.Reclassify{Outcome: closure.Unresolved}, conversation.ErrFormIncomplete)
	same(t, "what is missing", none.Missing, []closure.Field{closure.FieldReason})
	l.do(ann, conversation.Reclassify{
		Outcome: closure.Unresolved, Reason: closure.ReasonOther, Form: &closure.Form{Sentiment: closure.Positive},
	})
}

func TestAFormIsReplacedAsAWhole(t *testing.T) {
	t.Parallel()
	forms := map[string]struct {
		give    *closure.Form
		want    closure.Form // but for the notes
		noted   bool
		changes bool
	}{
		"kept":                            {nil, closure.Form{Sentiment: "negative", Tags: []string{"late", "refund"}, Tickets: filled.Tickets}, true, false},
		"emptied":                         {&closure.Form{}, closure.Form{}, false, true},
		"one field":                       {&closure.Form{Tickets: []string{"T-1"}}, closure.Form{Tickets: []string{"T-1"}}, false, true},
		"new notes":                       {&closure.Form{Notes: "no"}, closure.Form{}, true, true},
		"the same, with notes":            {&filled, closure.Form{Sentiment: "negative", Tags: []string{"late", "refund"}, Tickets: filled.Tickets}, true, true},
		"the same, but for the sentiment": {&closure.Form{Sentiment: closure.Positive}, closure.Form{Sentiment: closure.Positive}, false, true},
	}
	for name, test := range forms {
		l := held(t, noBot)
		if _, err := l.tagging(ann, conversation.Close{Outcome: closure.Resolved, Form: filled}, "late", "refund"); err != nil {
			t.Fatal(err)
		}
		events, err := l.tagging(ann, conversation.Reclassify{Outcome: closure.Resolved, Form: test.give})
		if err != nil || (len(events) > 0) != test.changes {
			t.Errorf("%s: %v, %v", name, events, err)
		}
		got := l.c.Closing
		same(t, name, closure.Form{Sentiment: got.Sentiment, Tags: got.Tags, Tickets: got.Tickets}, test.want)
		same(t, name+": noted", got.Noted, test.noted)
		if before := *l.c.Closing; test.changes && test.give.Notes == "" {
			again, err := l.tagging(ann, conversation.Reclassify{Outcome: closure.Resolved, Form: test.give})
			if err != nil || len(again) > 0 {
				t.Errorf("%s, again: %v, %v", name, again, err)
			}
			same(t, name+", again", *l.c.Closing, before)
		}
	}
}

// formFields puts a form into each command that has one.
var formFields = map[string]func(f closure.Form) conversation.Command{
	"close": func(f closure.Form) conversation.Command {
		return conversation.Close{Outcome: closure.Resolved, Form: f}
	},
	"reclassify": func(f closure.Form) conversation.Command {
		return conversation.Reclassify{Outcome: closure.Resolved, Form: &f}
	},
}

func tickets(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint("T-", i)
	}
	return all
}

func TestFormsHaveLimits(t *testing.T) {
	t.Parallel()
	same(t, "the limits", []int{conversation.MaxTags, conversation.MaxTag, conversation.MaxNote}, []int{32, 64, 4 << 10})
	link := "https://t.example/"
	tests := []struct {
		field string // empty: it is legal
		give  closure.Form
	}{
		{"", closure.Form{}},
		{"", filled},
		{"", closure.Form{Tags: []string{}, Tickets: []string{}}},

		{"", closure.Form{Sentiment: closure.Positive}},
		{"", closure.Form{Sentiment: closure.Neutral}},
		{"sentiment", closure.Form{Sentiment: "Positive"}},
		{"sentiment", closure.Form{Sentiment: "angry"}},
		{"sentiment", closure.Form{Sentiment: " "}},

		{"", closure.Form{Notes: strings.Repeat("x", 4<<10)}},
		{"", closure.Form{Notes: strings.Repeat("é", 2<<10)}},
		{"", closure.Form{Notes: "two\n\tlines, \u202eand a text's own affair"}},
		{"notes", closure.Form{Notes: strings.Repeat("x", 4<<10+1)}},
		{"notes", closure.Form{Notes: strings.Repeat("é", 2<<10) + "x"}},
		{"notes", closure.Form{Notes: "\x00"}},
		{"notes", closure.Form{Notes: "a\r\n"}},
		{"notes", closure.Form{Notes: "\x1b[2J"}},
		{"notes", closure.Form{Notes: "\xff"}},

		{"", closure.Form{Tickets: tickets(1)}},
		{"", closure.Form{Tickets: tickets(conversation.MaxTickets)}},
		{"tickets", closure.Form{Tickets: tickets(conversation.MaxTickets + 1)}},
		{"", closure.Form{Tickets: []string{strings.Repeat("x", conversation.MaxTicket)}}},
		{"", closure.Form{Tickets: []string{link + strings.Repeat("x", conversation.MaxTicket-len(link))}}},
		{"tickets", closure.Form{Tickets: []string{strings.Repeat("x", conversation.MaxTicket+1)}}},
		{"tickets", closure.Form{Tickets: []string{"T-1", ""}}},
		{"tickets", closure.Form{Tickets: []string{" T-1"}}},
		{"tickets", closure.Form{Tickets: []string{"T-1 "}}},
		{"tickets", closure.Form{Tickets: []string{"T-1\nT-2"}}},
		{"tickets", closure.Form{Tickets: []string{"T\t1"}}},
		{"tickets", closure.Form{Tickets: []string{"T\x00"}}},
		{"tickets", closure.Form{Tickets: []string{"T\u202e1"}}},
		{"tickets", closure.Form{Tickets: []string{"T\xff"}}},
		{"", closure.Form{Tickets: []string{"T\u200b1", "👍"}}},
		{"tickets", closure.Form{Tickets: []string{"\u200b"}}},
		{"tickets", closure.Form{Tickets: []string{"T-1", "\u2060\ufeff\u200d"}}},
	}
	for name, with := range formFields {
		for _, test := range tests {
			if got := fieldOf(t, conversation.CheckCommand(ann, with(test.give))); got != test.field {
				t.Errorf("%s %.80q: field %q is refused, want %q", name, fmt.Sprint(test.give), got, test.field)
			}
		}
	}
}

func TestTicketsAreNumbersOrLinks(t *testing.T) {
	t.Parallel()
	good := []string{
		"7", "SHOP-7", "#7", "JIRA:7", "shop/7", "a b", "№ 7", "日本-7", "2026-03-02 09:00", "data", "file-7", "javascript",
		"JIRA:123", "Case: 12", "Case: refund", "A/B", "7//8", "№:7", "#7: late", "a b:c", "[7]:x", "data 1:2", "javascripts: 7",
		"http://t.example/7", "https://t.example/browse/SHOP-7?focus=1#x", "HTTPS://T.EXAMPLE/7", "http://127.0.0.1:8080/7", "https://é.example", "https://t.example",
	}
	bad := []string{
		"ftp://t.example/7", "file:///etc/passwd", "FILE:/etc/passwd", "javascript:alert(1)", "JavaScript:alert(1)", "javascript://%0aalert(1)",
		"data:text/html,x", "vbscript:x", "blob:https://t.example/7", "ssh://t.example", "httpx://t.example", "http+x://t.example",
		"://t.example", "//t.example/7", "//x", "//", "/", "/7", `\7`, `/\t.example`, "javascript:1", "JavaScript: alert(1)", "data:1", "Data: 7", "file:7", "vbscript:1", "blob:1", `\\t.example\7`, "about:blank", "ms-x:/y", "mailto:a@t.example", "tel:+49", "data:", "JIRA:", "x-y+z.1:w",
		"https://", "http://", "https:", "https:///7", "https:/t.example", "http:t.example", "https://?x", "https://#x", "https://:80", "https:// t.example", "https://@t.example",
	}
	for name, with := range formFields {
		for _, ticket := range good {
			if err := conversation.CheckCommand(ann, with(closure.Form{Tickets: []string{"T-1", ticket}})); err != nil {
				t.Errorf("%s: ticket %q: %v", name, ticket, err)
			}
		}
		for _, ticket := range bad {
			if got := fieldOf(t, conversation.CheckCommand(ann, with(closure.Form{Tickets: []string{"T-1", ticket}}))); got != "tickets" {
				t.Errorf("%s: ticket %q: field %q is refused, want tickets", name, ticket, got)
			}
		}
	}
}

func TestManyTicketsAreKept(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.do(ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tickets: tickets(conversation.MaxTickets)}})
	same(t, "the tickets", l.c.Closing.Tickets, tickets(conversation.MaxTickets))
}

func TestVisitorsFillInNothing(t *testing.T) {
	t.Parallel()
	for field, f := range map[string]closure.Form{
		"sentiment": {Sentiment: closure.Positive}, "notes": {Notes: "x"}, "tags": {Tags: []string{"late"}}, "tickets": {Tickets: []string{"T-1"}},
	} {
		same(t, "the field", fieldOf(t, conversation.CheckCommand(vera, conversation.Close{Form: f})), field)
	}
	held(t, noBot).do(vera, conversation.Close{Form: closure.Form{Tags: []string{}, Tickets: []string{}}})
}

// What a form gets wrong is not repeated in the error.
func TestErrorsAboutFormsRepeatNothing(t *testing.T) {
	t.Parallel()
	secret := "SECRET\x00" + strings.Repeat("s", 8<<10)
	for name, with := range formFields {
		for _, f := range []closure.Form{
			{Sentiment: closure.Sentiment(secret)}, {Notes: secret}, {Tags: []string{secret}}, {Tickets: []string{secret}},
			{Tickets: []string{"javascript:SECRET"}},
		} {
			err := conversation.CheckCommand(ann, with(f))
			if err == nil || len(err.Error()) > 400 || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%s: the error is %.500v", name, err)
			}
		}
	}
	l := held(t, noBot)
	if _, err := l.tagging(ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"SECRET"}}}, "late"); err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("a tag that is not of the catalogue: %v", err)
	}
	for _, c := range []conversation.Command{
		conversation.Say{Marks: []closure.Mark{closure.Mark(secret)}}, conversation.AnswerSurvey{Rating: 1, Comment: secret},
	} {
		if err := conversation.CheckCommand(vera, c); err == nil || len(err.Error()) > 400 || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: the error is %.500v", c.Name(), err)
		}
	}
}

func TestWhatAPolicySaysOfEndings(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	for _, test := range []struct {
		field string // empty: it is legal
		give  conversation.Policy
	}{
		{"", conversation.Policy{Required: closure.Fields()}},
		{"", conversation.Policy{Required: []closure.Field{}}},
		{"required", conversation.Policy{Required: []closure.Field{"mood"}}},
		{"required", conversation.Policy{Required: []closure.Field{""}}},
		{"required", conversation.Policy{Required: []closure.Field{closure.FieldTags, closure.FieldNotes, closure.FieldTags}}},
		{"", conversation.Policy{Courtesy: conversation.Courtesy{Guard: closure.GuardWarn, Patience: idle.MaxWait}}},
		{"", conversation.Policy{Courtesy: conversation.Courtesy{Patience: 1}}},
		{"courtesy.guard", conversation.Policy{Courtesy: conversation.Courtesy{Guard: "off"}}},
		{"courtesy.patience", conversation.Policy{Courtesy: conversation.Courtesy{Patience: -1}}},
		{"courtesy.patience", conversation.Policy{Courtesy: conversation.Courtesy{Patience: idle.MaxWait + 1}}},
		{"", conversation.Policy{Courtesy: conversation.Courtesy{CheckIn: strings.Repeat("x", idle.MaxText), Farewell: "So\nlong."}}},
		{"courtesy.check_in", conversation.Policy{Courtesy: conversation.Courtesy{CheckIn: strings.Repeat("x", idle.MaxText+1)}}},
		{"courtesy.check_in", conversation.Policy{Courtesy: conversation.Courtesy{CheckIn: "a\x00"}}},
		{"courtesy.farewell", conversation.Policy{Courtesy: conversation.Courtesy{Farewell: "\xff"}}},
		{"", conversation.Policy{Survey: conversation.Asking{Offer: true, Open: idle.MaxWait}}},
		{"survey.open", conversation.Policy{Survey: conversation.Asking{Open: -day}}},
		{"survey.open", conversation.Policy{Survey: conversation.Asking{Open: idle.MaxWait + 1}}},
	} {
		same(t, "the field", fieldOf(t, test.give.Check()), test.field)
		if err := (conversation.Policies{Groups: map[string]conversation.Policy{"billing": test.give}}).Check(); (err == nil) != (test.field == "") {
			t.Errorf("%+v of a group: %v", test.give, err)
		}
	}
}
