package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/snooze"
)

// noteCase is an event and the note that it has by default; no code: none.
type noteCase struct {
	by         conversation.Actor
	event      conversation.Event
	code, text string
	visitor    bool
}

var evening = time.Date(2026, time.March, 2, 19, 30, 0, 0, time.UTC)

func noteCases() []noteCase {
	timer := conversation.Timer()
	return []noteCase{
		{vic, conversation.Opened{Visitor: "vic"}, "opened", "The conversation began", false},
		{vic, conversation.Said{Text: "Hello?"}, "said", "vic: Hello?", true},
		{bot, conversation.Said{Text: "Hello!"}, "said", "bot: Hello!", true},
		{vic, conversation.AgentRequested{}, "agent_requested", "vic asked for a person", false},
		{ann, conversation.Taken{}, "taken", "ann took the conversation", false},
		{sue, conversation.Taken{From: "ann"}, "taken.from", "sue took the conversation from ann", false},
		{sue, conversation.Assigned{Agent: "ann"}, "assigned", "sue assigned the conversation to ann", false},
		{ann, conversation.HandedBack{Agent: "ann"}, "handed_back", "ann left the conversation", false},
		{sue, conversation.HandedBack{Agent: "ann"}, "handed_back", "ann left the conversation", false},
		{timer, conversation.HandedBack{Agent: "ann"}, "handed_back.idle", "The conversation went back to the bot, because nobody wrote", false},
		{ann, conversation.Transferred{From: "ann", Agent: "ben"}, "transferred.agent", "ann transferred the conversation to ben", false},
		{ann, conversation.Transferred{From: "ann", Group: "sales"}, "transferred.group", "ann transferred the conversation to sales", false},
		{ann, conversation.Requeued{From: "ann"}, "requeued", "ann put the conversation back into the queue", false},
		{timer, conversation.Requeued{From: "ann"}, "requeued.idle", "The conversation went back into the queue, because nobody wrote", false},
		{vic, conversation.Requeued{}, "requeued.no_bot", "The conversation went into the queue, because there is no bot any more", false},
		{ann, conversation.Snoozed{Deadline: snooze.Deadline{At: evening}}, "snoozed", "ann snoozed the conversation until 2026-03-02 19:30 UTC", false},
		{ann, conversation.Snoozed{}, "snoozed.reply", "ann snoozed the conversation until the visitor replies", false},
		{timer, conversation.Woken{Cause: conversation.WokenByTimer, Agent: "ann"}, "woken.timer", "The snooze is over; the conversation is back with ann", false},
		{timer, conversation.Woken{Cause: conversation.WokenByTimer, Reason: conversation.WaitReleased}, "woken.timer.waiting", "The snooze is over; the conversation waits for a person (it was not to be kept)", false},
		{vic, conversation.Woken{Cause: conversation.WokenByVisitor, Agent: "ann"}, "woken.visitor", "The visitor replied; the conversation is back with ann", false},
		{vic, conversation.Woken{Cause: conversation.WokenByVisitor, Reason: "full"}, "woken.visitor.waiting", "The visitor replied; the conversation waits for a person (the agent has no free seat)", false},
		{ann, conversation.Woken{Cause: conversation.WokenByAgent, Agent: "ann"}, "woken.agent", "ann ended the snooze", false},
		{sue, conversation.Woken{Cause: conversation.WokenByAgent, Reason: "removed"}, "woken.agent.waiting", "sue ended the snooze; the conversation waits for a person (the agent is gone)", false},
		{ann, conversation.Closed{Outcome: closure.Resolved}, "closed", "ann closed the conversation (resolved)", false},
		{timer, conversation.Closed{Outcome: closure.Unresolved, Cause: closure.Idle}, "closed.idle", "The conversation was closed, because nobody wrote (unresolved)", false},
		{timer, conversation.Closed{Outcome: closure.Unresolved, Cause: closure.QueueTimeout}, "closed.queue_timeout", "The conversation was closed, because nobody came (unresolved)", false},
		{ann, conversation.Reclassified{Outcome: closure.Unresolved}, "reclassified", "ann changed the outcome to unresolved", false},
		{ann, conversation.Reclassified{Outcome: closure.Unresolved, OldOutcome: closure.Unresolved, Reason: closure.ReasonOther}, "reclassified", "ann changed the outcome to unresolved", false},
		{ann, conversation.Reclassified{Outcome: closure.Resolved, OldOutcome: closure.Resolved, Form: &closure.Form{Notes: "A secret."}}, "reclassified.form", "ann changed what was filled in at the closing", false},
		{ann, conversation.Closed{Outcome: closure.Resolved, Form: closure.Form{Notes: "A secret."}}, "closed", "ann closed the conversation (resolved)", false},
		{ann, conversation.SurveyOffered{}, "survey_offered", "How satisfied are you with this conversation?", true},
		{vic, conversation.SurveyAnswered{Rating: 4}, "survey_answered", "The visitor's rating: 4 of 5", false},
		{vic, conversation.SurveyAnswered{Rating: 1, Comment: "Slow."}, "survey_answered.said", "The visitor's rating: 1 of 5, and: Slow.", false},
		{vic, conversation.Reopened{}, "reopened", "vic reopened the conversation", false},
		{host, conversation.Requeued{From: "ben", Reason: conversation.WaitUnavailable}, "requeued.taken_away", "The conversation went back into the queue (the agent is unavailable)", false},
		{sue, conversation.Regrouped{From: "a", Group: "sales"}, "regrouped", "sue moved the conversation to sales", false},
		{sue, conversation.Regrouped{From: "a"}, "regrouped.none", "sue moved the conversation to no group", false},
		{host, conversation.AssigneeLeft{}, "assignee_left", "The agent is not available any more", false},
		{host, conversation.AssigneeReturned{}, "assignee_returned", "The agent is available again", false},
		{host, conversation.EmailRequested{}, "email_requested", "The visitor is told of unread answers by e-mail", false},
		{vic, conversation.Typed{}, "", "", false},
		{vic, conversation.MarkedRead{}, "", "", false},
		{ann, conversation.NoteAdded{Text: "Calls again."}, "note_added", "Note by ann: Calls again.", false},
		{ann, conversation.ArticleLinked{Article: "kb-7"}, "article_linked", "ann linked the article kb-7", false},
		{ann, conversation.Blocked{}, "blocked", "ann blocked the visitor", false},
		{ann, conversation.Unblocked{}, "unblocked", "ann unblocked the visitor", false},
		{timer, conversation.Prompted{Text: "Check in."}, "prompted", "Check in.", false},
		{timer, conversation.FollowedUp{Text: "Still there?"}, "followed_up", "Still there?", true},
		{host, conversation.Unknown{Name: "invented"}, "", "", false},
	}
}

// TestNotes renders every event in English.
func TestNotes(t *testing.T) {
	t.Parallel()
	for _, tt := range noteCases() {
		got, ok := lifecycle.Notes{}.Render(conversation.Record{At: evening, By: tt.by, Event: tt.event})
		want := lifecycle.Note{Code: tt.code, Text: tt.text, At: evening, ForVisitor: tt.visitor}
		if tt.code == "" {
			want = lifecycle.Note{}
		}
		if diff := cmp.Diff(want, got); ok != (tt.code != "") || diff != "" {
			t.Errorf("%T: ok %t, note (-want +got):\n%s", tt.event, ok, diff)
		}
	}
}

// TestEveryTextIsUsed: the table above covers every event and every code of a
// note, so that no text is forgotten and none is left over.
func TestEveryTextIsUsed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{
		"typed": true, "marked_read": true, // deliberately without a note
		"erased": true, // in the place of a text, see TestNotesOfErasedTexts
	}
	events := map[string]bool{}
	for _, tt := range noteCases() {
		used[tt.code] = true
		events[conversation.EventName(tt.event)] = true
	}
	for code := range lifecycle.DefaultTexts() {
		kind, _, _ := strings.Cut(code, ".")
		if !used[code] && kind != "outcome" && kind != "reason" && kind != "wait" {
			t.Errorf("no event has the text %q", code)
		}
		if events[kind] {
			delete(events, kind)
		}
	}
	delete(events, "invented")
	for name := range events {
		t.Errorf("the event %q has no text, not even an empty one", name)
	}
	for _, code := range namesOfCodes() {
		if lifecycle.DefaultTexts()[code] == "" {
			t.Errorf("no text %q", code)
		}
	}
}

// namesOfCodes returns the codes of the texts that notes name: every outcome,
// reason and wait.
func namesOfCodes() []string {
	var codes []string
	for _, o := range closure.Outcomes() {
		codes = append(codes, "outcome."+string(o))
	}
	for _, r := range closure.Reasons() {
		codes = append(codes, "reason."+string(r))
	}
	for _, w := range []conversation.Readiness{
		conversation.AgentUnavailable, conversation.AgentFull, conversation.AgentLeftGroup, conversation.AgentRemoved,
		conversation.Readiness(conversation.WaitReleased),
	} {
		codes = append(codes, "wait."+string(w))
	}
	return codes
}

// TestDefaultTextsAreTheCallersOwn: changing the map changes nobody's notes.
func TestDefaultTextsAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	lifecycle.DefaultTexts()["taken"] = "changed"
	note, _ := lifecycle.Notes{}.Render(conversation.Record{By: ann, Event: conversation.Taken{}})
	if note.Text != "ann took the conversation" {
		t.Errorf("note %q", note.Text)
	}
}

// TestNotesInAnotherLanguage replaces texts, with every placeholder, leaves one
// out, and falls back to English for the rest.
func TestNotesInAnotherLanguage(t *testing.T) {
	t.Parallel()
	notes := lifecycle.Notes{
		Texts: map[string]string{
			"closed":                   "{name} hat das Gespräch von {agent} beendet: {outcome}, {reason} [{cause}]",
			"reclassified":             "{name}: {outcome} ({reason})",
			"outcome.unresolved":       "nicht gelöst",
			"reason.missing_knowledge": "Wissen fehlt",
			"opened":                   "",
			"agent_requested":          "{name} bittet {group} um Hilfe{agent}{outcome}{until}{article}{rating}{text}.",
			"survey_answered.said":     "{rating}/5: {text}",
		},
		Name: func(a conversation.Actor) string { return strings.ToUpper(a.ID) },
	}
	tests := []struct {
		by    conversation.Actor
		event conversation.Event
		want  string
	}{
		{sue, conversation.Closed{Outcome: closure.Unresolved, Reason: closure.ReasonMissingKnowledge, Cause: closure.Agent, Agent: "ann"}, "SUE hat das Gespräch von ANN beendet: nicht gelöst, Wissen fehlt [agent]"},
		{sue, conversation.Reclassified{Outcome: closure.Unresolved, Reason: closure.ReasonMissingKnowledge}, "SUE: nicht gelöst (Wissen fehlt)"},
		{vic, conversation.AgentRequested{Group: "sales"}, "VIC bittet sales um Hilfe."},
		{vic, conversation.SurveyAnswered{Rating: 2, Comment: "Langsam."}, "2/5: Langsam."},
		{vic, conversation.Opened{Visitor: "vic"}, ""},
		{ann, conversation.Taken{}, "ANN took the conversation"},
	}
	for _, tt := range tests {
		note, ok := notes.Render(conversation.Record{By: tt.by, Event: tt.event})
		if note.Text != tt.want || ok != (tt.want != "") {
			t.Errorf("%T: %q, %t, want %q", tt.event, note.Text, ok, tt.want)
		}
	}
}

// TestNothingIsExpandedTwice puts placeholders into everything that people
// choose.
func TestNothingIsExpandedTwice(t *testing.T) {
	t.Parallel()
	notes := lifecycle.Notes{Name: func(a conversation.Actor) string { return "{text}{agent}{" + a.ID + "}" }}
	tests := []struct {
		event conversation.Event
		want  string
	}{
		{conversation.Said{Text: "{name} {outcome} {"}, "{text}{agent}{ann}: {name} {outcome} {"},
		{conversation.NoteAdded{Text: "{text}{text}"}, "Note by {text}{agent}{ann}: {text}{text}"},
		{conversation.Taken{From: "ben"}, "{text}{agent}{ann} took the conversation from {text}{agent}{ben}"},
		{conversation.Prompted{Text: "Say {name}"}, "Say {name}"},
		{conversation.SurveyAnswered{Rating: 3, Comment: "{rating}{name}"}, "The visitor's rating: 3 of 5, and: {rating}{name}"},
	}
	for _, tt := range tests {
		note, _ := notes.Render(conversation.Record{By: ann, Event: tt.event})
		if note.Text != tt.want {
			t.Errorf("%T: %q, want %q", tt.event, note.Text, tt.want)
		}
	}
	notes = lifecycle.Notes{Texts: map[string]string{"taken": "{name}, {unknown}, {Name}, {{name}}"}}
	if note, _ := notes.Render(conversation.Record{By: ann, Event: conversation.Taken{}}); note.Text != "ann, {unknown}, {Name}, {ann}" {
		t.Errorf("braces: %q", note.Text)
	}
}

// TestUntil shows the end of a snooze in the reader's zone, and a calendar time
// as it was asked for.
func TestUntil(t *testing.T) {
	t.Parallel()
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	check(t, err)
	tests := []struct {
		name   string
		zone   *time.Location
		snooze snooze.Until
		want   string
	}{
		{"without a zone", nil, snooze.At(evening), "2026-03-02 19:30 UTC"},
		{"with one", tokyo, snooze.At(evening), "2026-03-03 04:30 JST"},
		{"calendar", tokyo, snooze.Calendar("2026-03-03T09:00", "Europe/Paris"), "2026-03-03 09:00 Europe/Paris"},
	}
	for _, tt := range tests {
		kit := lifecycletest.New(t, nil)
		chat := assignedChats(kit, 1)[0]
		record := chat.Do(ann, conversation.Snooze{Until: tt.snooze}).Records[0]
		note, _ := lifecycle.Notes{Location: tt.zone}.Render(record)
		if want := "ann snoozed the conversation until " + tt.want; note.Text != want {
			t.Errorf("%s: %q, want %q", tt.name, note.Text, want)
		}
	}
}

// TestNotesOfErasedTexts: a note says that there was a text.
func TestNotesOfErasedTexts(t *testing.T) {
	t.Parallel()
	for _, event := range []conversation.Event{conversation.Said{}, conversation.NoteAdded{}, conversation.SurveyAnswered{Rating: 1}} {
		note, ok := lifecycle.Notes{}.Render(conversation.Record{By: vic, Event: event, Erased: true})
		if !ok || !strings.Contains(note.Text, "(erased)") {
			t.Errorf("%T: %v, %t, want a note that says so", event, note, ok)
		}
	}
}
