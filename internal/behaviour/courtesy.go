package behaviour

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

const patience = closure.DefaultPatience

// guard sets the courtesy guard.
func (w *world) guard(g closure.Guard) {
	w.Helper()
	w.policy(func(p *conversation.Policy) { p.Courtesy.Guard = g })
}

// advised gives a closing that must be refused with advice.
func (w *world) advised(id string, by conversation.Actor, want closure.Advice) {
	w.Helper()
	e := w.refused(id, by, resolved, conversation.ErrDiscourteous)
	if e.Advice == nil {
		w.Fatalf("%v has no advice", e)
	}
	w.same("advice", *e.Advice, want)
	if !strings.Contains(e.Error(), string(want.Next)) {
		w.Errorf("error %q does not say what to do next", e)
	}
}

// talks plays a conversation of ann's: A is a message of hers, V one of the
// visitor's, with ? for a question whether anything is left, + for a confirmation,
// ! for a farewell, and * for a farewell that offers more help; ... is silence for as
// long as patience asks, and .. a moment less.
func (w *world) talks(id, script string) {
	w.Helper()
	marks := map[byte][]closure.Mark{
		'?': {closure.CheckIn}, '+': {closure.Confirmation}, '!': {closure.Farewell}, '*': {closure.CheckIn, closure.Farewell},
	}
	for word := range strings.FieldsSeq(script) {
		switch word {
		case "...":
			w.Advance(patience)
		case "..":
			w.Advance(patience - tickOfClock)
		case "typing":
			w.do(id, visitor(id), conversation.Typing{})
		default:
			by := map[byte]conversation.Actor{'A': ann, 'V': visitor(id)}[word[0]]
			w.say(id, by, marks[word[len(word)-1]]...)
		}
	}
}

// graded ends the test unless conversations that went as each script says have the
// grade when ann closes them.
func (w *world) graded(want closure.Grade, scripts ...string) {
	w.Helper()
	for i, script := range scripts {
		id := fmt.Sprint(want, "-", i)
		w.taken(ann, id)
		w.talks(id, script)
		w.do(id, ann, resolved)
		if got := w.row(id).Grade; got != want || w.at(id).Closing.Grade != want {
			w.Errorf("%q is %s, want %s", script, got, want)
		}
	}
}

func (w *world) marksOfLast(id string) []closure.Mark {
	w.Helper()
	return last[conversation.Said](w, id).Marks
}

// A classifier is one of the host's, and what it was asked.
type classifier struct {
	mu    sync.Mutex
	asked []string
	marks func(text string) []closure.Mark
}

func (c *classifier) Marks(_ context.Context, by conversation.Actor, text string) []closure.Mark {
	c.mu.Lock()
	c.asked = append(c.asked, fmt.Sprint(by.Kind, ": ", text))
	c.mu.Unlock()
	return c.marks(text)
}

// classifyBy replaces the Desk by one with another classifier.
func (w *world) classifyBy(marks func(text string) []closure.Mark) *classifier {
	w.Helper()
	c := &classifier{marks: marks}
	o := w.options
	o.Classifier = c
	w.Desk = w.with(w.Store, o)
	return c
}

// unconfirmed returns which closings managers have to look at, page by page.
func (w *world) unconfirmed(v lifecycle.ClosingView, limit int) (all []lifecycle.UnconfirmedClosing) {
	w.Helper()
	token := ""
	for {
		page, err := w.Desk.Unconfirmed(w.Context(), workspace, v, lifecycle.Notes{}, token, limit)
		w.ok(err)
		all = append(all, page.Closings...)
		if token = page.Next; token == "" {
			return all
		}
	}
}

func idsOf(all []lifecycle.UnconfirmedClosing) (ids []string) {
	for _, c := range all {
		ids = append(ids, c.Conversation)
	}
	return ids
}

var courtesySentences = []sentence{
	{"confirmed: the agent asked, the visitor answered, the agent said goodbye", func(w *world) {
		w.graded(closure.Confirmed, "A? V+ A!", "V A A? V+ A!", "A? V A!", "A? V! A!", "A? .. V+ .. A! ...", "A? V+ A A!", "A? V+ A! V!", "A? V+ A! V+",
			"A? V+ A*", "A* V+ A!", "A? V A*", "A? V+ A! A*", "A? V+ A! A A!")
	}},
	{"checked in: asked, and waited the patience time without an answer", func(w *world) {
		w.graded(closure.CheckedIn, "A? ...", "V A A? ...", "A? V A? ...", "A? A ...", "A? A! ...", "A* ...", "A? .. A ...")
	}},
	{"unanswered: the visitor wrote last, neither a confirmation nor a farewell", func(w *world) {
		w.graded(closure.Unanswered, "V", "A V", "A? V", "A? V+ A! V", "A? ... V", "V ... ...")
	}},
	{"abrupt: none of these", func(w *world) {
		w.graded(closure.Abrupt, "", "A", "V A", "V+", "V! A!", "A!", "A? ..", "A? V+", "A? V+ A", "A? .. typing ..", "A! A? ..", "A? V+ A! V A",
			"A? .. A ..", "A* ..", "A? V+ A! A", "A? V+ A! A?", "A? V+ A? ..")
	}},
	{"the patience is the workspace's, or the group's", func(w *world) {
		w.policies(func(p *conversation.Policies) {
			p.Default.Courtesy.Patience = time.Hour
			p.Groups = map[string]conversation.Policy{"hasty": {Idle: quiet, Courtesy: conversation.Courtesy{Patience: time.Second}}}
		})
		w.beginIn("hasty", "hasty")
		w.do("hasty", ann, conversation.Take{})
		w.taken(ann, "early", "late")
		for _, id := range []string{"hasty", "early", "late"} {
			w.say(id, ann, closure.CheckIn)
		}
		end := func(id string, want closure.Grade) {
			w.Helper()
			w.do(id, ann, resolved)
			w.wantGrade(id, want)
		}
		w.Advance(time.Second)
		end("hasty", closure.CheckedIn)
		w.Advance(time.Hour - time.Second - tickOfClock)
		end("early", closure.Abrupt)
		w.Advance(tickOfClock)
		end("late", closure.CheckedIn)
	}},
	{"measured on every closing by a person, in every state, and on no other", func(w *world) {
		for id := range w.inEvery() {
			w.do(id, sue, resolved)
			w.wantGrade(id, closure.Abrupt)
		}
		closes(w)
		w.beginIn("bots", "bots")
		w.taken(ann, "visitor", "host", "timer", "forced")
		w.do("bots", bot, resolved)
		w.do("visitor", visitor("visitor"), conversation.Close{})
		w.do("host", host, conversation.Close{Outcome: closure.Unresolved, Force: true})
		w.do("forced", sue, conversation.Close{Outcome: closure.Unresolved, Force: true})
		w.Advance(time.Hour)
		for id, want := range map[string]closure.Grade{"bots": "", "visitor": "", "host": "", "timer": "", "forced": closure.Abrupt} {
			w.wantGrade(id, want)
		}
	}},
	{"what the bot answers is no goodbye, and leaves nothing unanswered", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.Bot = true })
		w.begin("c-1", "c-2")
		w.ask("c-1")
		w.ask("c-2")
		w.Chat("c-1").Say(bot, "Is there anything else I can help you with? Have a nice day!")
		w.Advance(patience)
		w.do("c-1", ann, resolved)
		w.do("c-2", ann, resolved)
		w.wantGrade("c-1", closure.Abrupt)
		w.wantGrade("c-2", closure.Unanswered)
	}},
	{"a follow-up of the idle rules asks for the agent", func(w *world) {
		w.policy(func(p *conversation.Policy) {
			p.Idle.Assigned = idle.Ladder{Steps: []idle.Step{{After: time.Minute, Action: idle.FollowUp, Text: "Still there?"}}}
		})
		w.taken(ann, "c-1", "c-2")
		w.answer("c-1", ann)
		w.Advance(time.Minute)
		w.do("c-2", ann, resolved)
		w.Advance(patience)
		w.do("c-1", ann, resolved)
		w.wantGrade("c-2", closure.Abrupt)
		w.wantGrade("c-1", closure.CheckedIn)
	}},
	{"a follow-up does not begin anew a goodbye that is complete", func(w *world) {
		w.policy(func(p *conversation.Policy) {
			p.Idle.Assigned = idle.Ladder{Steps: []idle.Step{{After: time.Minute, Action: idle.FollowUp, Text: "Still there?"}}}
		})
		w.taken(ann, "c-1", "c-2")
		w.goodbye("c-1")
		w.say("c-2", ann, closure.Farewell)
		w.Advance(time.Minute)
		for id, want := range map[string]closure.Grade{"c-1": closure.Confirmed, "c-2": closure.Abrupt} {
			w.same("followed up", w.count(id, "followed_up"), 1)
			w.do(id, ann, resolved)
			w.wantGrade(id, want)
		}
	}},
	{"a visitor who asks for a person wants an answer", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.Bot = true })
		w.begin("bot")
		w.do("bot", visitor("bot"), conversation.RequestAgent{})
		w.do("opened", visitor("opened"), conversation.Open{ForAgent: true})
		w.do("another", host, conversation.Open{Visitor: "of-another", ForAgent: true})
		w.taken(ann, "asleep")
		w.say("asleep", ann, closure.CheckIn)
		w.do("asleep", ann, conversation.Snooze{Until: snooze.UntilReply()})
		w.do("asleep", visitor("asleep"), conversation.RequestAgent{})
		for id, want := range map[string]closure.Grade{
			"bot": closure.Unanswered, "opened": closure.Unanswered, "asleep": closure.Unanswered, "another": closure.Abrupt,
		} {
			w.do(id, ann, resolved)
			w.wantGrade(id, want)
		}
	}},
	{"who reopens has a goodbye ahead", func(w *world) {
		w.taken(ann, "c-1")
		w.goodbye("c-1")
		w.do("c-1", ann, resolved)
		w.do("c-1", ann, conversation.Reopen{})
		w.do("c-1", ann, resolved)
		w.wantGrade("c-1", closure.Abrupt)
		w.say("c-1", visitor("c-1"))
		w.do("c-1", sue, resolved)
		w.wantGrade("c-1", closure.Unanswered)
	}},
	{"the host marks messages, and then nobody else is asked", func(w *world) {
		c := w.classifyBy(func(string) []closure.Mark { return []closure.Mark{closure.Farewell} })
		w.taken(ann, "c-1")
		w.do("c-1", ann, conversation.Say{Text: "Bye!", Marks: []closure.Mark{closure.CheckIn}})
		w.same("marks", w.marksOfLast("c-1"), []closure.Mark{closure.CheckIn})
		w.do("c-1", visitor("c-1"), conversation.Say{Text: "No, thanks. Bye!", Marks: []closure.Mark{}})
		w.same("marks", len(w.marksOfLast("c-1")), 0)
		w.same("asked", c.asked, none)
		w.do("c-1", ann, resolved)
		w.wantGrade("c-1", closure.Unanswered)
	}},
	{"marks that a message cannot have are refused", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.Bot = true })
		w.taken(ann, "c-1")
		w.begin("c-2")
		for by, marks := range map[conversation.Actor][][]closure.Mark{
			ann:            {{closure.Confirmation}, {"hello"}, {closure.CheckIn, closure.CheckIn}},
			visitor("c-1"): {{closure.CheckIn}, {closure.Farewell, ""}, {closure.Farewell, closure.Farewell}},
			host:           {{closure.Farewell}},
		} {
			for _, m := range marks {
				w.nothing("c-1", by, conversation.Say{Text: "x", Marks: m}, "marks")
			}
		}
		w.nothing("c-2", bot, conversation.Say{Text: "x", Marks: []closure.Mark{closure.Farewell}}, "marks")
	}},
	{"otherwise a classifier of the host's is asked about what people and visitors write", func(w *world) {
		c := w.classifyBy(func(text string) []closure.Mark {
			return map[string][]closure.Mark{
				"Noch etwas?": {closure.CheckIn}, "Nein danke": {closure.Confirmation}, "Tschüss": {closure.Farewell},
			}[text]
		})
		w.policy(func(p *conversation.Policy) { p.Bot = true })
		w.begin("c-1")
		w.Chat("c-1").Say(visitor("c-1"), "Hallo")
		w.Chat("c-1").Say(bot, "Noch etwas?")
		w.do("c-1", ann, conversation.Take{})
		w.Chat("c-1").Say(ann, "Noch etwas?")
		w.do("c-1", visitor("c-1"), conversation.Say{Text: "Nein danke", Automatic: true})
		w.Chat("c-1").Say(host, "Tschüss")
		w.do("c-1", ann, conversation.AddNote{Text: "Tschüss"})
		w.do("c-1", visitor("c-1"), conversation.Say{}) // a picture
		w.Chat("c-1").Say(visitor("c-1"), "Nein danke")
		w.do("c-1", sue, conversation.Take{})
		w.Chat("c-1").Say(sue, "Tschüss")
		w.same("asked", c.asked, []string{"visitor: Hallo", "agent: Noch etwas?", "visitor: Nein danke", "supervisor: Tschüss"})
		w.do("c-1", sue, resolved)
		w.wantGrade("c-1", closure.Confirmed)
	}},
	{"it is asked in a Tx of the host's too, and about a message that reopens", func(w *world) {
		c := w.classifyBy(func(string) []closure.Mark { return []closure.Mark{closure.Farewell} })
		w.shut(resolved, "c-1")
		w.Chat("c-1").Say(visitor("c-1"), "Bye")
		w.same("asked", len(c.asked), 1)
		w.do("c-1", sue, resolved)
		w.wantGrade("c-1", closure.Abrupt)
		_, err := w.Desk.Tx(w.Store).Say(w.Context(), w.Chat("c-1").By(visitor("c-1")), "Bye again")
		w.ok(err)
		w.same("asked", len(c.asked), 2)
		w.same("marks", w.marksOfLast("c-1"), []closure.Mark{closure.Farewell})
	}},
	{"the default knows a modest list of phrases", func(w *world) {
		w.taken(ann, "c-1", "c-2")
		for _, m := range []struct {
			by   conversation.Actor
			text string
			want []closure.Mark
		}{
			{ann, closure.DefaultCheckIn, []closure.Mark{closure.CheckIn}},
			{ann, idle.DefaultPhrase, []closure.Mark{closure.CheckIn}},
			{visitor("c-1"), "NO, THANKS!", []closure.Mark{closure.Confirmation}},
			{visitor("c-1"), "That’s all, bye", []closure.Mark{closure.Confirmation, closure.Farewell}},
			{visitor("c-1"), "No, it is still broken", nil},
			{ann, "No", nil},
			{ann, "Goodbyes are hard", nil},
			{ann, "Does that answer your question?", nil}, // yes would be the end
			{ann, "Have you tried anything else?", nil},
			{ann, closure.DefaultFarewell, []closure.Mark{closure.Farewell}},
		} {
			w.Chat("c-1").Say(m.by, m.text)
			w.same(m.text, w.marksOfLast("c-1"), m.want)
		}
		w.Chat("c-2").Say(visitor("c-2"), "Where is my parcel?")
		w.Chat("c-2").Say(ann, "Here. Is there anything else I can help with?")
		w.Chat("c-2").Say(visitor("c-2"), "Nope")
		w.Chat("c-2").Say(ann, "Have a nice day")
		w.do("c-2", ann, resolved)
		w.wantGrade("c-2", closure.Confirmed)
	}},
	{"the commonest good ending is confirmed at once", func(w *world) {
		w.guard(closure.GuardEnforce)
		w.taken(ann, "c-1")
		for _, m := range []struct {
			by   conversation.Actor
			text string
		}{
			{visitor("c-1"), "Where is my parcel?"},
			{ann, "It arrives today. Is there anything else I can help you with?"},
			{visitor("c-1"), "No, thank you!"},
			{ann, "You're welcome! Let me know if you need anything else. Have a great day!"},
		} {
			w.Chat("c-1").Say(m.by, m.text)
		}
		w.do("c-1", ann, resolved)
		w.wantGrade("c-1", closure.Confirmed)
	}},
	{"what the policy has agents say is recognised in any language, whoever marks messages", func(w *world) {
		const ask, bye, still = "Kann ich sonst noch etwas für Sie tun?", "Auf Wiedersehen!", "Sind Sie noch da?"
		w.policies(func(p *conversation.Policies) {
			p.Default.Courtesy = conversation.Courtesy{CheckIn: ask, Farewell: bye}
			p.Default.Idle.Assigned = idle.Ladder{Steps: []idle.Step{{After: time.Hour, Action: idle.Prompt, Text: "Nachfragen!", Phrase: still}}}
			p.Groups = map[string]conversation.Policy{"english": {Idle: quiet}}
		})
		w.taken(ann, "c-1")
		w.beginIn("c-2", "english")
		w.do("c-2", ann, conversation.Take{})
		checkIn, farewell := []closure.Mark{closure.CheckIn}, []closure.Mark{closure.Farewell}
		for _, m := range []struct {
			id   string
			by   conversation.Actor
			text string
			want []closure.Mark
		}{
			{"c-1", ann, "Gern. KANN ICH SONST NOCH ETWAS FÜR SIE TUN? Ich habe Zeit.", checkIn},
			{"c-1", ann, still, checkIn},
			{"c-1", ann, "Danke und auf wiedersehen!", farewell},
			{"c-1", ann, bye + " " + ask, []closure.Mark{closure.CheckIn, closure.Farewell}},
			{"c-1", ann, "Auf Wiederhören!", nil},
			{"c-1", visitor("c-1"), ask, nil},
			{"c-1", visitor("c-1"), bye, nil},
			{"c-2", ann, ask, nil},
			{"c-2", ann, bye, nil},
		} {
			w.Chat(m.id).Say(m.by, m.text)
			w.same(m.text, w.marksOfLast(m.id), m.want)
		}
		w.do("c-1", sue, conversation.Take{})
		w.do("c-1", sue, conversation.Say{Text: ask, Marks: []closure.Mark{}})
		w.same("beside no marks of the host's", w.marksOfLast("c-1"), checkIn)
		w.do("c-1", sue, conversation.Say{Text: ask, Marks: checkIn})
		w.same("beside the same of the host's", w.marksOfLast("c-1"), checkIn)
	}},
	{"enforce: with what the policy has them say, agents reach the end in German", func(w *world) {
		const ask, bye = "Kann ich sonst noch etwas für Sie tun?", "Auf Wiedersehen!"
		w.policy(func(p *conversation.Policy) {
			p.Courtesy = conversation.Courtesy{Guard: closure.GuardEnforce, CheckIn: ask, Farewell: bye}
		})
		w.taken(ann, "c-1", "c-2")
		for _, id := range []string{"c-1", "c-2"} {
			w.Chat(id).Say(visitor(id), "Wo ist mein Paket?")
			w.Chat(id).Say(ann, "Es kommt heute.")
			w.advised(id, ann, closure.Advice{Grade: closure.Abrupt, Next: closure.StepCheckIn, Phrase: ask})
			w.Chat(id).Say(ann, ask)
		}
		w.Chat("c-1").Say(visitor("c-1"), "Nein, danke!")
		w.advised("c-1", ann, closure.Advice{Grade: closure.Unanswered, Next: closure.StepAnswer})
		w.Chat("c-1").Say(ann, "Gern geschehen. "+bye)
		w.do("c-1", ann, resolved)
		w.wantGrade("c-1", closure.Confirmed)
		w.Advance(patience)
		w.do("c-2", ann, resolved)
		w.wantGrade("c-2", closure.CheckedIn)
	}},
	{"a classifier that panics marks nothing, and the message is there", func(w *world) {
		w.classifyBy(func(string) []closure.Mark { panic("a bug") })
		w.taken(ann, "c-1")
		w.Chat("c-1").Say(visitor("c-1"), "Thanks")
		w.same("marks", len(w.marksOfLast("c-1")), 0)
		w.do("c-1", ann, resolved)
		w.wantGrade("c-1", closure.Unanswered)
	}},
	{"of what a classifier returns only marks count that the message can have, each once", func(w *world) {
		nonsense := []closure.Mark{"", "hello", closure.CheckIn, closure.Farewell, closure.Confirmation, closure.Farewell, "\xff", closure.CheckIn}
		w.classifyBy(func(string) []closure.Mark { return nonsense })
		w.taken(ann, "c-1")
		before := slices.Clone(nonsense)
		w.Chat("c-1").Say(ann, "x")
		w.same("of an agent", w.marksOfLast("c-1"), []closure.Mark{closure.CheckIn, closure.Farewell})
		w.Chat("c-1").Say(visitor("c-1"), "x")
		w.same("of a visitor", w.marksOfLast("c-1"), []closure.Mark{closure.Farewell, closure.Confirmation})
		w.same("what it returned", nonsense, before)
	}},
	{"a slow classifier holds nobody else up, and its message is decided when it has answered", func(w *world) {
		w.taken(ann, "c-1", "c-2")
		asked, answer := make(chan struct{}), make(chan struct{})
		c := w.classifyBy(func(text string) []closure.Mark {
			if text == "slow" {
				close(asked)
				<-answer
			}
			return nil
		})
		slow, said := w.Desk, make(chan error, 1)
		go func() {
			_, err := slow.Say(w.Context(), w.Chat("c-1").By(visitor("c-1")), "slow")
			said <- err
		}()
		<-asked
		w.Chat("c-2").Say(visitor("c-2"), "quick")
		w.Chat("c-1").Say(visitor("c-1"), "quicker")
		close(answer)
		w.ok(<-said)
		w.same("asked", len(c.asked), 3)
		w.Chat("c-1").WantEvents("opened", "taken", "said", "said")
	}},
	{"a repeated message is marked as it was", func(w *world) {
		mark := closure.CheckIn
		w.classifyBy(func(string) []closure.Mark { return []closure.Mark{mark} })
		w.taken(ann, "c-1")
		call := w.Chat("c-1").By(ann)
		call.CommandID = "say-1"
		for _, m := range []closure.Mark{closure.CheckIn, closure.Farewell} {
			mark = m
			_, err := w.Desk.Say(w.Context(), call, "Anything?")
			w.ok(err)
		}
		w.same("said", w.count("c-1", "said"), 1)
		w.same("marks", w.marksOfLast("c-1"), []closure.Mark{closure.CheckIn})
	}},
	{"off: it closes at once, and is graded", func(w *world) {
		w.taken(ann, "c-1")
		w.ask("c-1")
		w.do("c-1", ann, resolved)
		w.wantGrade("c-1", closure.Unanswered)
	}},
	{"warn: closing returns the advice and needs a second, explicit yes, which is recorded", func(w *world) {
		w.guard(closure.GuardWarn)
		w.taken(ann, "c-1", "c-2")
		w.ask("c-1")
		w.advised("c-1", ann, closure.Advice{Grade: closure.Unanswered, Next: closure.StepAnswer})
		w.advised("c-1", sue, closure.Advice{Grade: closure.Unanswered, Next: closure.StepAnswer})
		yes := resolved
		yes.Acknowledged = closure.Unanswered
		w.do("c-1", ann, yes)
		w.wantGrade("c-1", closure.Unanswered)
		w.same("cause", w.row("c-1").Cause, closure.Agent)
		w.same("acknowledged", last[conversation.Closed](w, "c-1").Acknowledged, true)
		w.goodbye("c-2")
		w.do("c-2", ann, yes)
		w.same("of a courteous one", last[conversation.Closed](w, "c-2").Acknowledged, false)
	}},
	{"warn: the yes is to what was warned of, and to nothing that came meanwhile", func(w *world) {
		w.guard(closure.GuardWarn)
		w.taken(ann, "c-1")
		yes := func(to conversation.Close) conversation.Close {
			w.Helper()
			to.Acknowledged = w.refused("c-1", ann, to, conversation.ErrDiscourteous).Advice.Grade
			return to
		}
		abrupt := yes(resolved)
		w.ask("c-1")
		unanswered := yes(abrupt)
		w.same("warned of", [2]closure.Grade{abrupt.Acknowledged, unanswered.Acknowledged}, [2]closure.Grade{closure.Abrupt, closure.Unanswered})
		w.answer("c-1", ann)
		w.refused("c-1", ann, unanswered, conversation.ErrDiscourteous)
		m := &meddler{Store: w.Store, before: func(storage.Commit) { w.ask("c-1") }}
		_, err := w.on(m).Close(w.Context(), w.Chat("c-1").By(ann), abrupt)
		w.fails(err, conversation.ErrDiscourteous)
		w.answer("c-1", ann)
		w.do("c-1", ann, abrupt)
		w.wantGrade("c-1", closure.Abrupt)
		w.same("acknowledged", last[conversation.Closed](w, "c-1").Acknowledged, true)
	}},
	{"enforce: a refusal says what to say next, step by step", func(w *world) {
		w.guard(closure.GuardEnforce)
		w.taken(ann, "c-1")
		ask := closure.Advice{Grade: closure.Abrupt, Next: closure.StepCheckIn, Phrase: closure.DefaultCheckIn}
		reply := closure.Advice{Grade: closure.Unanswered, Next: closure.StepAnswer}
		wait := func(d time.Duration) closure.Advice {
			return closure.Advice{Grade: closure.Abrupt, Next: closure.StepWait, Wait: d}
		}
		bye := closure.Advice{Grade: closure.Abrupt, Next: closure.StepFarewell, Phrase: closure.DefaultFarewell}
		w.advised("c-1", ann, ask)
		w.ask("c-1")
		w.advised("c-1", ann, reply)
		w.answer("c-1", ann)
		w.advised("c-1", ann, ask)
		w.Chat("c-1").Say(ann, ask.Phrase)
		w.advised("c-1", ann, wait(patience))
		w.Advance(patience - time.Second)
		w.advised("c-1", ann, wait(time.Second))
		w.do("c-1", visitor("c-1"), conversation.Typing{})
		w.advised("c-1", ann, wait(patience))
		w.Advance(patience - tickOfClock)
		w.advised("c-1", ann, wait(tickOfClock))
		w.ask("c-1")
		w.advised("c-1", ann, reply)
		w.answer("c-1", ann)
		w.advised("c-1", ann, bye)
		w.Chat("c-1").Say(ann, ask.Phrase)
		w.Chat("c-1").Say(visitor("c-1"), "No, thank you.")
		w.advised("c-1", ann, bye)
		w.Chat("c-1").Say(ann, bye.Phrase)
		w.do("c-1", ann, resolved)
		w.wantGrade("c-1", closure.Confirmed)
	}},
	{"enforce: who has waited in vain may close", func(w *world) {
		w.guard(closure.GuardEnforce)
		w.taken(ann, "c-1")
		w.say("c-1", ann, closure.CheckIn)
		w.Advance(patience)
		w.do("c-1", ann, resolved)
		w.wantGrade("c-1", closure.CheckedIn)
	}},
	{"enforce: no yes is enough, and agents cannot force", func(w *world) {
		w.guard(closure.GuardEnforce)
		w.taken(ann, "c-1")
		yes := resolved
		yes.Acknowledged = closure.Abrupt
		w.advised("c-1", ann, closure.Advice{Grade: closure.Abrupt, Next: closure.StepCheckIn, Phrase: closure.DefaultCheckIn})
		w.refused("c-1", ann, yes, conversation.ErrDiscourteous)
		w.refused("c-1", sue, yes, conversation.ErrDiscourteous)
		w.nothing("c-1", ann, conversation.Close{Outcome: closure.Resolved, Force: true}, "force")
	}},
	{"handing back to the bot does not pass the guard", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.Bot, p.Courtesy.Guard = true, closure.GuardEnforce })
		take := func(grade closure.Grade) closure.Advice { return closure.Advice{Grade: grade, Next: closure.StepTake} }
		w.taken(ann, "c-1")
		w.answer("c-1", ann)
		w.do("c-1", ann, conversation.HandBack{})
		w.advised("c-1", ann, take(closure.Abrupt))
		w.advised("c-1", sue, take(closure.Abrupt))
		w.ask("c-1")
		w.advised("c-1", ben, take(closure.Unanswered))
		w.Chat("c-1").Say(bot, "I am a bot.")
		w.advised("c-1", ann, take(closure.Abrupt))
		w.do("c-1", ann, conversation.Take{})
		w.goodbye("c-1")
		w.do("c-1", ann, conversation.HandBack{})
		w.do("c-1", ann, resolved)
		w.wantGrade("c-1", closure.Confirmed)
	}},
	{"what no person wrote in needs none, once the bot has answered", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.Bot, p.Courtesy.Guard = true, closure.GuardEnforce })
		w.begin("c-1")
		w.taken(ann, "c-2")
		w.do("c-2", ann, conversation.HandBack{})
		w.ask("c-1")
		w.advised("c-1", ann, closure.Advice{Grade: closure.Unanswered, Next: closure.StepTake})
		w.Chat("c-1").Say(bot, "I am a bot.")
		for _, id := range []string{"c-1", "c-2"} {
			w.do(id, ann, resolved)
			w.wantGrade(id, closure.Abrupt)
		}
	}},
	{"what waits has to be taken first, and then the next step is told", func(w *world) {
		w.guard(closure.GuardEnforce)
		w.begin("c-1")
		w.advised("c-1", ann, closure.Advice{Grade: closure.Abrupt, Next: closure.StepTake})
		w.ask("c-1")
		w.advised("c-1", sue, closure.Advice{Grade: closure.Unanswered, Next: closure.StepTake})
		w.do("c-1", ann, conversation.Take{})
		w.advised("c-1", ann, closure.Advice{Grade: closure.Unanswered, Next: closure.StepAnswer})
		w.say("c-1", ann, closure.CheckIn)
		w.do("c-1", ann, conversation.Requeue{})
		w.advised("c-1", ann, closure.Advice{Grade: closure.Abrupt, Next: closure.StepTake})
		w.Advance(patience)
		w.do("c-1", ann, resolved)
		w.wantGrade("c-1", closure.CheckedIn)
	}},
	{"what to say is the workspace's", func(w *world) {
		w.policy(func(p *conversation.Policy) {
			p.Courtesy = conversation.Courtesy{Guard: closure.GuardEnforce, CheckIn: "Noch etwas?", Farewell: "Tschüss!"}
		})
		w.taken(ann, "c-1")
		w.advised("c-1", ann, closure.Advice{Grade: closure.Abrupt, Next: closure.StepCheckIn, Phrase: "Noch etwas?"})
		w.say("c-1", ann, closure.CheckIn)
		w.say("c-1", visitor("c-1"), closure.Confirmation)
		w.advised("c-1", ann, closure.Advice{Grade: closure.Abrupt, Next: closure.StepFarewell, Phrase: "Tschüss!"})
	}},
	{"typing by the visitor counts as activity, however often it is told", func(w *world) {
		w.guard(closure.GuardEnforce)
		w.taken(ann, "c-1")
		w.say("c-1", ann, closure.CheckIn)
		const apart = 4 * time.Second
		for range 5 * int(patience/apart) { // for five times the patience
			w.Advance(apart)
			w.do("c-1", visitor("c-1"), conversation.Typing{})
		}
		e := w.refused("c-1", ann, resolved, conversation.ErrDiscourteous)
		if e.Advice.Next != closure.StepWait || e.Advice.Wait <= patience-conversation.TypingGrain {
			w.Errorf("advice %+v, want to wait for nearly as long as patience asks", e.Advice)
		}
		if n := w.count("c-1", "typed"); n < 5 || n > 70 {
			w.Errorf("recorded %d times", n)
		}
		w.Advance(patience)
		w.do("c-1", ann, resolved)
		w.wantGrade("c-1", closure.CheckedIn)
	}},
	{"a forced close by a supervisor is possible and marked", func(w *world) {
		w.guard(closure.GuardEnforce)
		w.taken(ann, "c-1", "c-2")
		w.ask("c-1")
		w.ask("c-2")
		w.do("c-1", sue, conversation.Close{Outcome: closure.Unresolved, Force: true})
		w.do("c-2", host, conversation.Close{Outcome: closure.Unresolved, Force: true})
		w.same("ending", endingOf(w.row("c-1")), ending{closure.Unresolved, closure.Forced, "ann"})
		w.wantGrade("c-1", closure.Unanswered)
		w.wantGrade("c-2", "")
	}},
	{"spam, merged and blocked ones need no goodbye", func(w *world) {
		w.guard(closure.GuardEnforce)
		w.taken(ann, "spam", "merged", "blocked")
		for _, id := range []string{"spam", "merged", "blocked"} {
			w.ask(id)
		}
		w.do("spam", ann, conversation.Close{Outcome: closure.Unresolved, Cause: closure.Spam})
		w.do("merged", ann, conversation.Close{Outcome: closure.Unresolved, Cause: closure.Merged})
		w.do("blocked", ann, conversation.Block{})
		w.do("blocked", ann, unresolved)
		w.same("closings", len(w.every()), 3)
	}},
	{"timers, bots, visitors and the system are not held back", func(w *world) {
		closes(w)
		w.policies(func(p *conversation.Policies) {
			bots := p.Groups["bots"]
			bots.Courtesy.Guard, p.Default.Courtesy.Guard = closure.GuardEnforce, closure.GuardEnforce
			p.Groups["bots"] = bots
		})
		w.beginIn("bot", "bots")
		w.taken(ann, "visitor", "host", "timer")
		w.do("bot", bot, resolved)
		w.do("visitor", visitor("visitor"), conversation.Close{})
		w.do("host", host, conversation.Close{Outcome: closure.Unresolved, Cause: closure.VisitorLeft})
		w.Advance(time.Hour)
		w.want(map[string]string{"bot": closed, "visitor": closed, "host": closed, "timer": closed})
	}},
	{"who has missed a message is told that, and not to say goodbye", func(w *world) {
		w.guard(closure.GuardEnforce)
		w.taken(ann, "c-1")
		w.answer("c-1", ann)
		call := w.Chat("c-1").By(ann)
		call.AsOf = w.at("c-1").Version
		w.ask("c-1")
		_, err := w.Desk.Close(w.Context(), call, resolved)
		w.fails(err, conversation.ErrStale)
	}},
	{"a message while the goodbye is being judged is judged too", func(w *world) {
		w.guard(closure.GuardEnforce)
		w.taken(ann, "c-1")
		w.goodbye("c-1")
		m := &meddler{Store: w.Store, before: func(storage.Commit) { w.ask("c-1") }}
		_, err := w.on(m).Close(w.Context(), w.Chat("c-1").By(ann), resolved)
		w.fails(err, conversation.ErrDiscourteous)
		w.want(map[string]string{"c-1": "ann"})
	}},
	{"closing stays among the ways out of a conversation", func(w *world) {
		w.policy(func(p *conversation.Policy) {
			p.Courtesy.Guard, p.Required = closure.GuardEnforce, closure.Fields()
		})
		w.taken(ann, "c-1")
		names, err := w.Desk.Allowed(w.Context(), workspace, "c-1", ann)
		w.ok(err)
		if !slices.Contains(names, conversation.NameClose) {
			w.Errorf("allowed are %v, without closing", names)
		}
	}},
	{"a policy that could not run is refused", func(w *world) {
		for field, spoil := range map[string]func(*conversation.Policy){
			"courtesy.guard":    func(p *conversation.Policy) { p.Courtesy.Guard = "strict" },
			"courtesy.patience": func(p *conversation.Policy) { p.Courtesy.Patience = -1 },
			"courtesy.check_in": func(p *conversation.Policy) { p.Courtesy.CheckIn = "\xff" },
			"courtesy.farewell": func(p *conversation.Policy) { p.Courtesy.Farewell = strings.Repeat("x", idle.MaxText+1) },
			"survey.open":       func(p *conversation.Policy) { p.Survey.Open = idle.MaxWait + 1 },
			"required":          func(p *conversation.Policy) { p.Required = []closure.Field{"mood"} },
		} {
			p, revision, err := w.Desk.Policies(w.Context(), workspace)
			w.ok(err)
			spoil(&p.Default)
			_, err = w.Desk.SetPolicies(w.Context(), workspace, p, revision)
			w.invalid(field, err, field)
		}
		w.invalid("twice", conversation.Policy{Required: []closure.Field{closure.FieldTags, closure.FieldTags}}.Check(), "required")
		w.invalid("for ever", conversation.Policy{Courtesy: conversation.Courtesy{Patience: idle.MaxWait + 1}}.Check(), "courtesy.patience")
	}},
	{"managers can list closings that were not confirmed, with transcript, prompts and times", func(w *world) {
		w.policy(func(p *conversation.Policy) {
			p.Idle.Assigned = idle.Ladder{Steps: []idle.Step{{After: time.Minute, Action: idle.Prompt, Text: "Check in, please."}}}
		})
		w.taken(ann, "c-1", "c-2")
		w.goodbye("c-2")
		w.do("c-2", ann, resolved)
		w.Chat("c-1").Say(visitor("c-1"), "Hello?")
		w.Chat("c-1").Say(ann, "Hello!")
		w.Advance(time.Minute)
		w.do("c-1", ann, conversation.Close{Outcome: closure.Unresolved, Form: closure.Form{Notes: "No answer."}})
		w.Advance(time.Minute)
		w.do("c-1", ann, conversation.AddNote{Text: "Later."})
		found := w.unconfirmed(lifecycle.ClosingView{}, 10)
		w.same("unconfirmed", idsOf(found), []string{"c-1"})
		w.same("row", found[0].Record, w.row("c-1"))
		w.same("transcript", w.plain(found[0].Transcript), strings.Join([]string{
			"2026-03-02 09:00:00 UTC  [agents only] The conversation began",
			"2026-03-02 09:00:00 UTC  [agents only] ann took the conversation",
			"2026-03-02 09:00:00 UTC  of-c-1: Hello?",
			"2026-03-02 09:00:00 UTC  ann: Hello!",
			"2026-03-02 09:01:00 UTC  [prompt, agents only] Check in, please.",
			"2026-03-02 09:01:00 UTC  [agents only] ann closed the conversation (unresolved)",
			"2026-03-02 09:01:00 UTC  [note, agents only] ann: No answer.",
			"",
		}, "\n"))
	}},
	{"every closing by a person that was not confirmed is in the list, in pages, and no other", func(w *world) {
		scripts := map[string]string{
			"asked": "A? ...", "unanswered": "V", "abrupt": "A", "confirmed": "A? V+ A!", "reopened": "A? V+ A!", "again": "A",
		}
		for _, id := range []string{"asked", "confirmed", "unanswered", "abrupt", "reopened", "again"} {
			w.taken(ann, id)
			w.talks(id, scripts[id])
			w.do(id, ann, resolved)
			w.Clock.Add(time.Second)
		}
		w.do("reopened", ann, conversation.Reopen{})
		w.do("reopened", ann, resolved)
		w.do("again", ben, conversation.Reopen{})
		w.Clock.Add(time.Second)
		w.do("again", ben, resolved)
		w.taken(ann, "visitor")
		w.do("visitor", visitor("visitor"), conversation.Close{})
		want := []string{"asked", "unanswered", "abrupt", "again", "reopened", "again"}
		for _, limit := range []int{1, 2, lifecycle.MaxUnconfirmedPage} {
			w.same(fmt.Sprint("pages of ", limit), idsOf(w.unconfirmed(lifecycle.ClosingView{}, limit)), want)
			slices.Reverse(want)
			w.same(fmt.Sprint("newest first, pages of ", limit), idsOf(w.unconfirmed(lifecycle.ClosingView{Newest: true}, limit)), want)
			slices.Reverse(want)
		}
		of := func(f closure.Filter) []string { return idsOf(w.unconfirmed(lifecycle.ClosingView{Filter: f}, 10)) }
		w.same("of ben", of(closure.Filter{Agent: "ben"}), []string{"again"})
		w.same("abrupt", of(closure.Filter{Grades: []closure.Grade{closure.Abrupt}}), []string{"abrupt", "again", "reopened", "again"})
		w.same("confirmed", of(closure.Filter{Grades: []closure.Grade{closure.Confirmed}}), []string{"confirmed", "reopened"})
		journal := w.unconfirmed(lifecycle.ClosingView{Filter: closure.Filter{Conversation: "again"}}, 10)
		first, second := len(journal[0].Transcript.Lines), len(journal[1].Transcript.Lines)
		w.same("lines until each closing", [2]int{first, second}, [2]int{4, 6})
	}},
	{"handling time is reported both with and without the courtesy wait", func(w *world) {
		w.taken(ann, "c-1")
		w.Advance(5 * time.Minute)
		w.say("c-1", ann, closure.CheckIn)
		w.Advance(3 * time.Minute)
		w.say("c-1", visitor("c-1"), closure.Confirmation)
		w.Advance(time.Minute)
		w.say("c-1", ann, closure.Farewell)
		w.do("c-1", ann, resolved)
		w.same("handling, net", figures(w.row("c-1"), closure.Handling, closure.NetHandling), []int64{ms(9 * time.Minute), ms(6 * time.Minute)})
	}},
	{"the courtesy wait ends too when a person writes something else", func(w *world) {
		w.taken(ann, "c-1", "c-2")
		for _, id := range []string{"c-1", "c-2"} {
			w.say(id, ann, closure.CheckIn)
		}
		w.Advance(3 * time.Minute)
		w.answer("c-1", ann)
		w.say("c-2", ann, closure.CheckIn)
		w.Advance(4 * time.Minute)
		for id, net := range map[string]time.Duration{"c-1": 4 * time.Minute, "c-2": 0} {
			w.do(id, ann, resolved)
			w.same("handling, net, of "+id, figures(w.row(id), closure.Handling, closure.NetHandling), []int64{ms(7 * time.Minute), ms(net)})
		}
	}},
	{"so patience is never penalised", func(w *world) {
		w.taken(ann, "hasty", "patient", "asleep")
		w.Advance(5 * time.Minute)
		w.do("hasty", ann, resolved)
		for _, id := range []string{"patient", "asleep"} {
			w.say(id, ann, closure.CheckIn)
		}
		w.do("asleep", ann, conversation.Snooze{Until: snooze.For(snooze.Short)})
		w.Advance(time.Hour)
		w.do("patient", ann, resolved)
		w.Advance(day)
		w.do("asleep", ann, resolved)
		net := func(id string) []int64 { return figures(w.row(id), closure.NetHandling) }
		w.same("patient", net("patient"), net("hasty"))
		w.same("asleep", net("asleep"), net("hasty"))
		w.same("handling", figures(w.row("patient"), closure.Handling), []int64{ms(time.Hour + 5*time.Minute)})
	}},
	{"grades are counted for each agent", func(w *world) {
		for i, by := range []conversation.Actor{ann, ann, ben} {
			id := fmt.Sprint("c-", i)
			w.taken(by, id)
			if i == 0 {
				w.say(id, by, closure.CheckIn)
				w.say(id, visitor(id), closure.Confirmation)
				w.say(id, by, closure.Farewell)
			}
			w.do(id, by, resolved)
		}
		got := map[string]int64{}
		for _, l := range w.report(lifecycle.ReportQuery{By: []closure.Dimension{closure.ByAgent, closure.ByGrade}}).Lines {
			got[strings.Join(l.Keys, " ")] = l.Closings
		}
		w.same("grades", got, map[string]int64{"ann confirmed": 1, "ann abrupt": 1, "ben abrupt": 1})
	}},
}
