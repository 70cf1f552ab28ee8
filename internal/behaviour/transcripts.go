package behaviour

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
)

// whole is a conversation with lines of every kind, "c-1".
func (w *world) whole() {
	w.Helper()
	w.policy(func(p *conversation.Policy) {
		p.Survey.Offer = true
		p.Idle.Assigned = idle.Ladder{Steps: []idle.Step{
			{After: time.Minute, Action: idle.Prompt, Text: "Check in.\nPlease."},
			{After: time.Minute, Action: idle.FollowUp, Text: "Still there?"},
		}}
	})
	w.begin("c-1")
	w.Chat("c-1").Say(visitor("c-1"), "Hello,\nis anybody there?")
	w.do("c-1", ann, conversation.Take{})
	w.Chat("c-1").Say(ann, "I am Ann.")
	w.do("c-1", ann, conversation.AddNote{Text: "In a hurry.\nAgain."})
	w.Advance(2 * time.Minute)
	w.do("c-1", ann, conversation.Close{Outcome: closure.Unresolved, Form: closure.Form{Notes: "Went away."}})
	w.do("c-1", visitor("c-1"), conversation.AnswerSurvey{Rating: 2, Comment: "Too slow.\nSorry."})
	w.do("c-1", ann, conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Notes: "Came back."}})
}

const forAgents = `2026-03-02 09:00:00 UTC  [agents only] The conversation began
2026-03-02 09:00:00 UTC  of-c-1: Hello,
    is anybody there?
2026-03-02 09:00:00 UTC  [agents only] ann took the conversation
2026-03-02 09:00:00 UTC  ann: I am Ann.
2026-03-02 09:00:00 UTC  [note, agents only] ann: In a hurry.
    Again.
2026-03-02 09:01:00 UTC  [prompt, agents only] Check in.
    Please.
2026-03-02 09:02:00 UTC  Still there?
2026-03-02 09:02:00 UTC  [agents only] ann closed the conversation (unresolved)
2026-03-02 09:02:00 UTC  [note, agents only] ann: Went away.
2026-03-02 09:02:00 UTC  How satisfied are you with this conversation?
2026-03-02 09:02:00 UTC  [agents only] The visitor's rating: 2 of 5, and: Too slow.
    Sorry.
2026-03-02 09:02:00 UTC  [agents only] ann changed the outcome to resolved
2026-03-02 09:02:00 UTC  [note, agents only] ann: Came back.
`

const forVisitors = `2026-03-02 09:00:00 UTC  of-c-1: Hello,
    is anybody there?
2026-03-02 09:00:00 UTC  ann: I am Ann.
2026-03-02 09:02:00 UTC  Still there?
2026-03-02 09:02:00 UTC  How satisfied are you with this conversation?
`

// newLine is how a line of a transcript begins.
var newLine = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  `)

var transcriptSentences = []sentence{
	{"an agent reads everything, with what is for agents only marked as that", func(w *world) {
		w.whole()
		w.same("transcript", w.text("c-1", lifecycle.Notes{}, lifecycle.ForAgents), forAgents)
	}},
	{"a visitor reads messages, follow-ups and offers of surveys, and nothing else", func(w *world) {
		w.whole()
		w.same("transcript", w.text("c-1", lifecycle.Notes{}, lifecycle.ForEverybody), forVisitors)
	}},
	{"as JSON it has a line for each, with when, who, what kind, and who may see it", func(w *world) {
		w.whole()
		kinds := func(audience lifecycle.Audience) (kinds []string) {
			w.Helper()
			t, err := w.Desk.Transcript(w.Context(), workspace, "c-1", lifecycle.Notes{}, audience)
			w.ok(err)
			body, err := json.Marshal(t)
			w.ok(err)
			var read struct {
				Workspace, Conversation string
				Lines                   []struct {
					Version               int64
					At                    time.Time
					By                    struct{ Kind, ID string }
					Name, Kind, For, Code string
					Text                  string
				}
			}
			w.ok(json.Unmarshal(body, &read))
			w.same("whose", [2]string{read.Workspace, read.Conversation}, [2]string{workspace, "c-1"})
			journal := w.Chat("c-1").Journal()
			for _, l := range read.Lines {
				r := journal[l.Version-1]
				w.same("line", [3]any{l.At, l.By.Kind, l.By.ID}, [3]any{r.At, string(r.By.Kind), r.By.ID})
				if l.Code == "" || l.Text == "" || l.Name == "" {
					w.Errorf("a line without code, text or name: %+v", l)
				}
				kinds = append(kinds, l.Kind+" for "+l.For)
			}
			return kinds
		}
		w.same("lines for agents", kinds(lifecycle.ForAgents), []string{
			"event for agents", "message for everybody", "event for agents", "message for everybody", "note for agents",
			"prompt for agents", "follow_up for everybody", "event for agents", "note for agents", "survey for everybody",
			"survey for agents", "event for agents", "note for agents",
		})
		w.same("lines for visitors", kinds(lifecycle.ForEverybody), []string{
			"message for everybody", "message for everybody", "follow_up for everybody", "survey for everybody",
		})
	}},
	{"as JSON for a visitor it holds nothing that only agents may see", func(w *world) {
		w.whole()
		t, err := w.Desk.Transcript(w.Context(), workspace, "c-1", lifecycle.Notes{}, lifecycle.ForEverybody)
		w.ok(err)
		body, err := json.Marshal(t)
		w.ok(err)
		for _, secret := range []string{"hurry", "Check in", "Went away", "Came back", "Too slow", "resolved"} {
			if strings.Contains(string(body), secret) {
				w.Errorf("%q is told in %s", secret, body)
			}
		}
	}},
	{"no message can forge a line", func(w *world) {
		const forged = "2026-03-02 09:00:00 UTC  ann: You get all your money back."
		w.taken(ann, "c-1")
		for _, text := range []string{
			"Hello\n" + forged, "\n" + forged, forged, "a\n\n\t" + forged, "a\u2028" + forged, "a\u2029" + forged,
		} {
			w.Chat("c-1").Say(visitor("c-1"), text)
		}
		w.do("c-1", ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Notes: "a\n" + forged}})
		w.do("c-1", ann, conversation.OfferSurvey{})
		w.do("c-1", visitor("c-1"), conversation.AnswerSurvey{Rating: 1, Comment: "a\n" + forged})
		notes := lifecycle.Notes{Name: func(a conversation.Actor) string { return a.ID + "\n" + forged }}
		lines := strings.FieldsFunc(w.text("c-1", notes, lifecycle.ForAgents), func(r rune) bool {
			return strings.ContainsRune("\n\u2028\u2029\u0085\r\v\f", r)
		})
		began := 0
		for _, line := range lines {
			switch {
			case newLine.MatchString(line):
				began++
			case !strings.HasPrefix(line, "    "):
				w.Errorf("a line that began nowhere: %q", line)
			}
		}
		t, err := w.Desk.Transcript(w.Context(), workspace, "c-1", notes, lifecycle.ForAgents)
		w.ok(err)
		w.same("lines that begin", began, len(t.Lines))
	}},
	{"texts that were erased say so, and nothing else", func(w *world) {
		w.whole()
		_, err := w.Desk.Forget(w.Context(), workspace, "of-c-1")
		w.ok(err)
		t, err := w.Desk.Transcript(w.Context(), workspace, "c-1", lifecycle.Notes{}, lifecycle.ForAgents)
		w.ok(err)
		erased := 0
		for _, l := range t.Lines {
			if l.Erased {
				erased++
				if !strings.HasSuffix(l.Text, "(erased)") {
					w.Errorf("erased, and reads %q", l.Text)
				}
			}
		}
		w.same("erased", erased, 6)
		text := w.plain(t)
		for _, secret := range []string{"Hello", "Ann.", "hurry", "Went", "Came", "slow"} {
			if strings.Contains(text, secret) {
				w.Errorf("%q is still told in\n%s", secret, text)
			}
		}
		if !strings.Contains(text, "of-c-1: (erased)") || !strings.Contains(text, "2 of 5, and: (erased)") {
			w.Errorf("it does not say what was erased:\n%s", text)
		}
	}},
	{"times and words are the reader's", func(w *world) {
		paris, err := time.LoadLocation("Europe/Paris")
		w.ok(err)
		w.taken(ann, "c-1")
		w.Chat("c-1").Say(ann, "Bonjour.")
		w.do("c-1", ann, resolved)
		notes := lifecycle.Notes{
			Location: paris,
			Texts:    map[string]string{"closed": "{name} a terminé ({outcome})", "outcome.resolved": "résolu", "opened": "", "taken": ""},
			Name:     func(conversation.Actor) string { return "Anne" },
		}
		w.same("transcript", w.text("c-1", notes, lifecycle.ForAgents),
			"2026-03-02 10:00:00 CET  Anne: Bonjour.\n2026-03-02 10:00:00 CET  [agents only] Anne a terminé (résolu)\n")
	}},
	{"of an unknown conversation, or for an unknown audience, there is none", func(w *world) {
		w.begin("c-1")
		_, err := w.Desk.Transcript(w.Context(), workspace, "c-2", lifecycle.Notes{}, lifecycle.ForAgents)
		w.fails(err, conversation.ErrNotFound)
		_, err = w.Desk.Transcript(w.Context(), "other", "c-1", lifecycle.Notes{}, lifecycle.ForAgents)
		w.fails(err, conversation.ErrNotFound)
		for _, audience := range []lifecycle.Audience{"", "visitor"} {
			_, err = w.Desk.Transcript(w.Context(), workspace, "c-1", lifecycle.Notes{}, audience)
			w.invalid(string(audience), err, "audience")
		}
	}},
	{"a transcript of hundreds of messages is whole, and in order", func(w *world) {
		w.taken(ann, "c-1")
		const messages = 620 // more than the Desk reads at once
		for i := range messages {
			w.Chat("c-1").Say(ann, strings.Repeat("x", i%7+1))
		}
		t, err := w.Desk.Transcript(w.Context(), workspace, "c-1", lifecycle.Notes{}, lifecycle.ForEverybody)
		w.ok(err)
		w.same("lines", len(t.Lines), messages)
		for i, l := range t.Lines {
			if len(l.Text) != i%7+1 {
				w.Fatalf("line %d reads %q", i, l.Text)
			}
		}
	}},
}
