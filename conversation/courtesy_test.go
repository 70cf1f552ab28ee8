package conversation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

const patience = 5 * time.Minute

// A goodbye is what was said and done at ann's desk, word by word as [life.talk]
// reads them, and how a closing after it is graded and what is advised first.
type goodbye struct {
	story string
	grade closure.Grade
	next  closure.Step
	wait  time.Duration
}

var goodbyes = []goodbye{
	// The visitor wrote last, neither a confirmation nor a farewell.
	{"v", closure.Unanswered, closure.StepAnswer, 0},
	{"v a v", closure.Unanswered, closure.StepAnswer, 0},
	{"v a:ask v", closure.Unanswered, closure.StepAnswer, 0},
	{"v a:ask v:no a:bye v", closure.Unanswered, closure.StepAnswer, 0},
	{"v wait", closure.Unanswered, closure.StepAnswer, 0},
	{"v:no v", closure.Unanswered, closure.StepAnswer, 0},
	{"v a v:auto", closure.Abrupt, closure.StepCheckIn, 0}, // an automatic text is nobody's word
	{"v a:auto", closure.Unanswered, closure.StepAnswer, 0},
	{"v host", closure.Unanswered, closure.StepAnswer, 0},
	{"v a snooze person", closure.Unanswered, closure.StepAnswer, 0}, // who asks for a person wants something
	{"v a:ask v:no a:bye snooze person", closure.Unanswered, closure.StepAnswer, 0},
	{"v a:ask snooze person wait", closure.Unanswered, closure.StepAnswer, 0},
	{"v a:ask snooze person a:bye", closure.Confirmed, "", 0}, // and has answered
	{"v hand-back bot person take", closure.Unanswered, closure.StepAnswer, 0},
	{"v hand-back bot person take a", closure.Abrupt, closure.StepCheckIn, 0},
	{"v hand-back bot for-vera take", closure.Abrupt, closure.StepCheckIn, 0}, // it was not the visitor
	{"v a:ask snooze for-vera", closure.Abrupt, closure.StepWait, patience},

	// Nobody asked.
	{"", closure.Abrupt, closure.StepCheckIn, 0},
	{"v a", closure.Abrupt, closure.StepCheckIn, 0},
	{"v:no", closure.Abrupt, closure.StepCheckIn, 0},
	{"v:bye", closure.Abrupt, closure.StepCheckIn, 0},
	{"v a wait wait", closure.Abrupt, closure.StepCheckIn, 0},
	{"v a v:no a:bye", closure.Abrupt, closure.StepCheckIn, 0}, // the goodbye alone is none
	{"v a:bye", closure.Abrupt, closure.StepCheckIn, 0},

	// The agent asked, and waited the patience time without an answer.
	{"v a:ask", closure.Abrupt, closure.StepWait, patience},
	{"v a:ask wait-", closure.Abrupt, closure.StepWait, time.Microsecond},
	{"v a:ask wait", closure.CheckedIn, "", 0},
	{"a:ask wait", closure.CheckedIn, "", 0},
	{"v a:ask half a half", closure.Abrupt, closure.StepWait, patience / 2}, // there is something new to answer
	{"v a:ask half a wait", closure.CheckedIn, "", 0},
	{"v a:ask wait a wait-", closure.Abrupt, closure.StepWait, time.Microsecond},
	{"v a:ask half a:auto half", closure.CheckedIn, "", 0},
	{"v a:ask half a:bye half", closure.CheckedIn, "", 0},
	{"v a:ask half a:ask half", closure.Abrupt, closure.StepWait, patience / 2},
	{"v a:ask a:bye wait", closure.CheckedIn, "", 0},
	{"v a:ask v:auto wait", closure.CheckedIn, "", 0},
	{"v a:ask v:no wait", closure.Abrupt, closure.StepFarewell, 0}, // there was an answer

	// Typing by the visitor counts as activity.
	{"v a:ask half type", closure.Abrupt, closure.StepWait, patience},
	{"v a:ask half type half", closure.Abrupt, closure.StepWait, patience / 2},
	{"v a:ask wait type", closure.Abrupt, closure.StepWait, patience},
	{"v a:ask wait- type wait-", closure.Abrupt, closure.StepWait, time.Microsecond},
	{"v a:ask wait- type wait", closure.CheckedIn, "", 0},

	// The agent asked, the visitor answered, the agent said goodbye.
	{"v a:ask v:no", closure.Abrupt, closure.StepFarewell, 0},
	{"v a:ask v:no a", closure.Abrupt, closure.StepFarewell, 0},
	{"v a:ask v:no a:bye", closure.Confirmed, "", 0},
	{"v a:ask v:no a:bye a", closure.Abrupt, closure.StepFarewell, 0},
	{"v a:ask v:no a:bye a a:bye", closure.Confirmed, "", 0},
	{"v a:ask v:no a:bye a:auto", closure.Confirmed, "", 0},
	{"v a:ask v:no a:ask+bye", closure.Confirmed, "", 0}, // which offers more help
	{"v a:ask v a:ask+bye", closure.Confirmed, "", 0},
	{"v a:ask v:no a:bye a:ask+bye", closure.Confirmed, "", 0},
	{"v a:ask v:bye", closure.Abrupt, closure.StepFarewell, 0},
	{"v a:ask v:bye a:bye", closure.Confirmed, "", 0},
	{"v a:ask v:no a:bye v:bye", closure.Confirmed, "", 0}, // the last word is the customer's
	{"v a:ask v:no a:bye v:no", closure.Confirmed, "", 0},
	{"v a:ask v a", closure.Abrupt, closure.StepFarewell, 0},
	{"v a:ask v a:bye", closure.Confirmed, "", 0},
	{"v a:ask v:no a:bye v a", closure.Abrupt, closure.StepFarewell, 0},
	{"v a:ask v:no a:bye v a:bye", closure.Confirmed, "", 0},
	{"v a:ask a:bye v:no", closure.Abrupt, closure.StepFarewell, 0}, // who says goodbye too early says it again
	{"v a:bye a:ask v:no", closure.Abrupt, closure.StepFarewell, 0},
	{"v a:ask+bye v:no", closure.Abrupt, closure.StepFarewell, 0},
	{"v a:ask v:no a:ask", closure.Abrupt, closure.StepWait, patience}, // asking again begins anew
	{"v a:ask v:no a:bye a:ask", closure.Abrupt, closure.StepWait, patience},

	// Follow-ups of the idle ladder ask, prompts do not, and neither answers.
	{"v a follow-up", closure.Abrupt, closure.StepWait, patience},
	{"v a follow-up wait", closure.CheckedIn, "", 0},
	{"v a follow-up v:no a:bye", closure.Confirmed, "", 0},
	{"v follow-up", closure.Unanswered, closure.StepAnswer, 0},
	{"v follow-up wait", closure.Unanswered, closure.StepAnswer, 0},
	{"v a:ask v:no a:bye follow-up", closure.Confirmed, "", 0}, // what is complete stays it
	{"v a:ask v:no a:bye follow-up wait", closure.Confirmed, "", 0},
	{"v a:ask v:no a:bye a follow-up", closure.Abrupt, closure.StepWait, patience},
	{"v a:ask v:no follow-up", closure.Abrupt, closure.StepWait, patience},
	{"v a:ask v:no a:bye v follow-up wait", closure.Unanswered, closure.StepAnswer, 0},
	{"v a prompt", closure.Abrupt, closure.StepCheckIn, 0},
	{"v a prompt wait", closure.Abrupt, closure.StepCheckIn, 0},

	// A snooze changes nothing of it.
	{"v a:ask snooze", closure.Abrupt, closure.StepWait, patience},
	{"v a:ask snooze wait", closure.CheckedIn, "", 0},
	{"v a:ask snooze wait wake", closure.CheckedIn, "", 0},
	{"v a:ask snooze v:no", closure.Abrupt, closure.StepFarewell, 0}, // wakes it
	{"v a:ask snooze v", closure.Unanswered, closure.StepAnswer, 0},
	{"v a snooze a:ask wake wait", closure.CheckedIn, "", 0},

	// Nor do other hands.
	{"v a:ask transfer", closure.Abrupt, closure.StepWait, patience},
	{"v a:ask transfer wait", closure.CheckedIn, "", 0},
	{"v a:ask transfer v:no a:bye", closure.Confirmed, "", 0},
	{"v a:ask requeue wait take", closure.CheckedIn, "", 0},
	{"v a:ask requeue v:no take a:bye", closure.Confirmed, "", 0},
	{"v requeue take", closure.Unanswered, closure.StepAnswer, 0},

	// Who does not have it takes it first.
	{"v requeue", closure.Unanswered, closure.StepTake, 0},
	{"v a requeue", closure.Abrupt, closure.StepTake, 0},
	{"v a:ask requeue", closure.Abrupt, closure.StepTake, 0},
	{"v a:ask requeue wait", closure.CheckedIn, "", 0},
	{"v a:ask requeue v:no", closure.Abrupt, closure.StepTake, 0},
	{"v a:ask v:no a:bye requeue", closure.Confirmed, "", 0},

	// The bot answers, and says no goodbye.
	{"hand-back v bot take", closure.Abrupt, closure.StepCheckIn, 0},
	{"hand-back v take", closure.Unanswered, closure.StepAnswer, 0},
	{"v a:ask v:no hand-back v bot take", closure.Abrupt, closure.StepFarewell, 0},
	{"v a:ask v:no hand-back v bot take a:bye", closure.Confirmed, "", 0},
	{"v hand-back bot", closure.Abrupt, "", 0}, // who has written nothing has no goodbye to say
	{"v hand-back bot v:no", closure.Abrupt, "", 0},
	{"v a:auto hand-back bot", closure.Abrupt, "", 0},
	{"v hand-back", closure.Unanswered, closure.StepTake, 0},
	{"v hand-back bot v", closure.Unanswered, closure.StepTake, 0},
	{"v a hand-back", closure.Abrupt, closure.StepTake, 0}, // handing back gets nobody round it
	{"v a hand-back bot", closure.Abrupt, closure.StepTake, 0},
	{"v a:ask hand-back", closure.Abrupt, closure.StepTake, 0},
	{"v a:ask hand-back wait", closure.CheckedIn, "", 0},
	{"v a:ask v:no hand-back", closure.Abrupt, closure.StepTake, 0},
	{"v a:ask v:no a:bye hand-back", closure.Confirmed, "", 0},

	// A new beginning is a new goodbye, and the message that reopens is its first.
	{"v a:ask v:no a:bye close v", closure.Unanswered, closure.StepTake, 0},
	{"v a:ask v:no a:bye close v bot", closure.Abrupt, "", 0},
	{"v a:ask v:no a:bye close v take a:bye hand-back", closure.Abrupt, closure.StepTake, 0},
	{"v a:ask v:no a:bye close v take a", closure.Abrupt, closure.StepCheckIn, 0},
	{"v a:ask v:no a:bye close v:no", closure.Abrupt, "", 0},
	{"v a:ask v:no a:bye close reopen", closure.Abrupt, closure.StepCheckIn, 0},
	{"v a:ask close reopen wait", closure.Abrupt, closure.StepCheckIn, 0},
	{"v a:ask close v:auto reopen", closure.Abrupt, closure.StepCheckIn, 0},
}

// talk tells a story.
func (l *life) talk(story string) {
	l.Helper()
	for word := range strings.FieldsSeq(story) {
		holder := conversation.Agent(l.c.Agent)
		who, said, _ := strings.Cut(word, ":")
		switch who {
		case "v":
			l.do(vera, conversation.Say{Text: "…", Automatic: said == "auto", Marks: marks[said]})
		case "a":
			l.do(holder, conversation.Say{Text: "…", Automatic: said == "auto", Marks: marks[said]})
		case "bot":
			l.say(robot)
		case "host":
			l.say(host)
		case "person":
			l.do(vera, conversation.RequestAgent{})
		case "for-vera":
			l.do(host, conversation.RequestAgent{})
		case "type":
			l.do(vera, conversation.Typing{})
		case "half":
			l.after(patience / 2)
		case "wait-":
			l.after(patience - time.Microsecond)
		case "wait":
			l.after(patience)
		case "prompt", "follow-up":
			l.policy.Idle.Assigned = steps(time.Minute, idle.Action(strings.ReplaceAll(who, "-", "_")))
			l.idle()
		case "snooze":
			l.do(holder, conversation.Snooze{Until: snooze.For(time.Hour)})
		case "wake":
			l.do(holder, conversation.Wake{})
		case "transfer":
			l.do(holder, conversation.Transfer{Agent: "bob"})
		case "requeue":
			l.do(holder, conversation.Requeue{})
		case "hand-back":
			l.do(holder, conversation.HandBack{})
		case "take":
			l.do(ann, conversation.Take{})
		case "reopen":
			l.do(ann, conversation.Reopen{})
		case "close":
			l.do(sue, conversation.Close{Outcome: closure.Resolved, Force: true})
		default:
			l.Fatalf("no word of a story: %q", word)
		}
	}
}

var marks = map[string][]closure.Mark{
	"ask": {closure.CheckIn}, "no": {closure.Confirmation}, "bye": {closure.Farewell},
	"ask+bye": {closure.Farewell, closure.CheckIn},
}

// guarded tells the story under a guard.
func (g goodbye) guarded(t *testing.T, guard closure.Guard) *life {
	t.Helper()
	l := held(t, conversation.Policy{
		Bot: true, Idle: conversation.Idle{Assigned: idle.Ladder{Off: true}},
		Courtesy: conversation.Courtesy{Guard: guard, Patience: patience, CheckIn: "All good?", Farewell: "So long."},
	})
	l.talk(g.story)
	return l
}

// closer is who would close it: who has it, or else ann.
func closer(l *life) conversation.Actor {
	if l.c.Agent != "" {
		return conversation.Agent(l.c.Agent)
	}
	return ann
}

func TestEveryClosingByAPersonIsGraded(t *testing.T) {
	t.Parallel()
	for _, g := range goodbyes {
		for _, by := range []string{"agent", "supervisor"} {
			l := g.guarded(t, closure.GuardOff)
			who := closer(l)
			if by == "supervisor" {
				who = sue
			}
			e := only[conversation.Closed](l, l.do(who, resolved))
			if e.Grade != g.grade || l.c.Closing.Grade != g.grade || e.Acknowledged {
				t.Errorf("%q: graded %q by %s, acknowledged %t, want %q", g.story, e.Grade, who, e.Acknowledged, g.grade)
			}
		}
	}
}

func TestNobodyElseIsGraded(t *testing.T) {
	t.Parallel()
	for _, guard := range closure.Guards() {
		for _, by := range []conversation.Actor{vera, host} {
			l := goodbye{story: "v a"}.guarded(t, guard)
			e := only[conversation.Closed](l, l.do(by, command("close", by)))
			same(t, "the grade", e.Grade, closure.Grade(""))
		}
		l := goodbye{story: "v hand-back"}.guarded(t, guard)
		e := only[conversation.Closed](l, l.do(robot, resolved))
		same(t, "the grade of the bot", e.Grade, closure.Grade(""))

		l = goodbye{story: "v a"}.guarded(t, guard)
		l.policy.Idle.Assigned = steps(time.Minute, idle.FollowUp, idle.Close)
		l.idle()
		e = only[conversation.Closed](l, l.idle())
		same(t, "the grade of silence", e.Grade, closure.Grade(""))
	}
}

// advice is what the guard should say.
func (g goodbye) advice() *closure.Advice {
	a := &closure.Advice{Grade: g.grade, Next: g.next, Wait: g.wait}
	switch g.next {
	case "":
		return nil
	case closure.StepCheckIn:
		a.Phrase = "All good?"
	case closure.StepFarewell:
		a.Phrase = "So long."
	}
	return a
}

func TestAGuardThatEnforcesRefusesWithWhatToSayNext(t *testing.T) {
	t.Parallel()
	refused := 0
	for _, g := range goodbyes {
		l := g.guarded(t, closure.GuardEnforce)
		want := g.advice()
		if want == nil {
			l.do(closer(l), resolved)
			same(t, g.story+": the grade", l.c.Closing.Grade, g.grade)
			continue
		}
		refused++
		for _, grade := range append(closure.Grades(), "") {
			c := conversation.Close{Outcome: closure.Resolved, Acknowledged: grade}
			for _, by := range []conversation.Actor{closer(l), sue} {
				e := l.refused(by, c, conversation.ErrDiscourteous)
				same(t, g.story+": the advice", e.Advice, want)
				if !strings.Contains(e.Error(), string(want.Next)) {
					t.Errorf("%q: the refusal does not say what is next: %v", g.story, e)
				}
			}
		}
	}
	t.Logf("courtesy: %d stories, %d refused", len(goodbyes), refused)
}

func TestAGuardThatWarnsNeedsASecondYes(t *testing.T) {
	t.Parallel()
	for _, g := range goodbyes {
		want := g.advice()
		for _, yes := range append(closure.Grades(), "", "polite") {
			l := g.guarded(t, closure.GuardWarn)
			c := conversation.Close{Outcome: closure.Resolved, Acknowledged: yes}
			if want != nil && yes != g.grade {
				same(t, g.story+": the advice", l.refused(closer(l), c, conversation.ErrDiscourteous).Advice, want)
				continue
			}
			e := only[conversation.Closed](l, l.do(closer(l), c))
			if e.Grade != g.grade || e.Acknowledged != (want != nil) || e.Cause != closure.Agent {
				t.Errorf("%q, acknowledged %q: %+v, want the grade %s, acknowledged %t", g.story, yes, e, g.grade, want != nil)
			}
		}
	}
}

// A yes is to what was warned of. What comes after the warning is another one.
func TestAYesHoldsForTheGradeThatWasWarnedOf(t *testing.T) {
	t.Parallel()
	l := goodbye{story: "v a"}.guarded(t, closure.GuardWarn)
	warned := l.refused(ann, resolved, conversation.ErrDiscourteous).Advice.Grade
	same(t, "the grade", warned, closure.Abrupt)
	yes := conversation.Close{Outcome: closure.Resolved, Acknowledged: warned}
	l.talk("v")
	again := l.refusedAsOf(0, ann, yes, conversation.ErrDiscourteous) // whoever says as of nothing
	same(t, "the other warning", again.Advice, &closure.Advice{Grade: closure.Unanswered, Next: closure.StepAnswer})
	l.talk("a")
	e := only[conversation.Closed](l, l.do(ann, yes))
	same(t, "closed over the warning", e.Acknowledged, true)
}

func TestWhoOpensForAPersonWantsSomething(t *testing.T) {
	t.Parallel()
	for by, want := range map[conversation.Actor]closure.Grade{vera: closure.Unanswered, host: closure.Abrupt, bob: closure.Abrupt} {
		for _, forAgent := range []bool{true, false} {
			l := tell(t, noBot)
			l.do(by, conversation.Open{Visitor: "vera", ForAgent: forAgent})
			l.do(ann, conversation.Take{})
			l.do(ann, resolved)
			if !forAgent {
				want = closure.Abrupt
			}
			same(t, "the grade of what was opened by "+by.String(), l.c.Closing.Grade, want)
		}
	}
}

// The words that the workspace proposes to its agents are recognised, in whatever
// language, with whatever marks the message comes.
func TestThePolicysOwnPhrasesAreMarked(t *testing.T) {
	t.Parallel()
	german := conversation.Policy{Bot: true, Courtesy: conversation.Courtesy{CheckIn: " Kann ich noch etwas für Sie tun? ", Farewell: "Auf Wiederhören"}}
	ladder := german
	ladder.Idle.Assigned = idle.Ladder{Steps: []idle.Step{
		{After: time.Minute, Action: idle.Prompt, Text: "Fragen Sie nach.", Phrase: "Sind Sie noch da?"},
		{After: time.Minute, Action: idle.FollowUp, Text: "Noch da?"},
		{After: time.Minute, Action: idle.Prompt, Text: "Fragen Sie nach.", Phrase: "Hallo Österreich?"},
	}}
	blank := conversation.Policy{Courtesy: conversation.Courtesy{CheckIn: " ", Farewell: "\n\t"}}
	check, bye := closure.CheckIn, closure.Farewell
	for _, test := range []struct {
		policy conversation.Policy
		text   string
		give   []closure.Mark
		want   []closure.Mark
	}{
		{german, "Kann ich noch etwas für Sie tun?", nil, []closure.Mark{check}},
		{german, "Gern. KANN ICH NOCH ETWAS FÜR SIE TUN? Bis gleich.", nil, []closure.Mark{check}},
		{german, "Gern!\nAuf Wiederhören.", nil, []closure.Mark{bye}},
		{german, "Auf Wiederhören. Kann ich noch etwas für Sie tun?", nil, []closure.Mark{check, bye}},
		{german, "Kann ich noch etwas für Sie tun?", []closure.Mark{bye}, []closure.Mark{bye, check}},
		{german, "Kann ich noch etwas für Sie tun?", []closure.Mark{check}, []closure.Mark{check}},
		{german, "Auf Wiederhören.", []closure.Mark{bye, check}, []closure.Mark{bye, check}},
		{german, "Kann ich noch etwas für Sie", nil, nil},
		{german, "", nil, nil},
		{german, "…", []closure.Mark{check}, []closure.Mark{check}},
		{german, idle.DefaultPhrase, nil, []closure.Mark{check}}, // that of the ladder which runs
		{german, closure.DefaultFarewell, nil, nil},
		{conversation.Policy{}, idle.DefaultPhrase, nil, []closure.Mark{check}},
		{conversation.Policy{}, closure.DefaultCheckIn, nil, nil}, // that is the classifier's
		{ladder, "sind sie noch da?", nil, []closure.Mark{check}},
		{ladder, "Hallo österreich?", nil, []closure.Mark{check}},
		{ladder, "Auf Wiederhören. Sind Sie noch da?", nil, []closure.Mark{bye, check}},
		{ladder, "Noch da?", nil, nil}, // the text of a step is not an agent's
		{ladder, idle.DefaultPhrase, nil, nil},
		{blank, "…", nil, nil},
		{blank, " \n\t ", nil, nil},
	} {
		for _, by := range []conversation.Actor{ann, conversation.Supervisor("ann")} {
			l := held(t, test.policy)
			said := only[conversation.Said](l, l.do(by, conversation.Say{Text: test.text, Marks: test.give}))
			same(t, "the marks of "+test.text, said.Marks, test.want)
		}
		l := opened(t, test.policy)
		var others []conversation.Actor
		if others = append(others, vera, host); test.policy.Bot {
			others = append(others, robot)
		}
		for _, by := range others {
			said := only[conversation.Said](l, l.do(by, conversation.Say{Text: test.text}))
			same(t, fmt.Sprintf("the marks of %q by %s", test.text, by), said.Marks, []closure.Mark(nil))
		}
	}

	l := held(t, german)
	l.policy.Courtesy.Guard = closure.GuardEnforce
	l.policy.Courtesy.Patience = time.Minute
	advice := l.refused(ann, resolved, conversation.ErrDiscourteous).Advice
	l.do(ann, conversation.Say{Text: advice.Phrase})
	l.talk("v:no")
	advice = l.refused(ann, resolved, conversation.ErrDiscourteous).Advice
	l.do(ann, conversation.Say{Text: advice.Phrase})
	l.do(ann, resolved)
	same(t, "the grade of who said what was advised", l.c.Closing.Grade, closure.Confirmed)
}

// A forced closing is possible, and marked.
func TestForceClosesOverCourtesy(t *testing.T) {
	t.Parallel()
	for _, guard := range closure.Guards() {
		for _, g := range goodbyes {
			for _, by := range []conversation.Actor{sue, host} {
				l := g.guarded(t, guard)
				e := only[conversation.Closed](l, l.do(by, conversation.Close{Outcome: closure.Resolved, Force: true, Acknowledged: g.grade}))
				grade := g.grade
				if by == host {
					grade = ""
				}
				if e.Cause != closure.Forced || e.Grade != grade || e.Acknowledged {
					t.Errorf("%q, guard %q, by %s: %+v, want the cause forced and the grade %q", g.story, guard, by, e, grade)
				}
			}
			l := g.guarded(t, guard)
			l.invalid(closer(l), conversation.Close{Outcome: closure.Resolved, Force: true}, "force")
		}
	}
}

func TestWhatNeedsNoGoodbye(t *testing.T) {
	t.Parallel()
	for _, cause := range []closure.Cause{closure.Spam, closure.Merged} {
		l := goodbye{story: "v"}.guarded(t, closure.GuardEnforce)
		e := only[conversation.Closed](l, l.do(ann, conversation.Close{Outcome: closure.Unresolved, Cause: cause}))
		same(t, "the grade, which is kept", e.Grade, closure.Unanswered)
	}
	l := goodbye{story: "v"}.guarded(t, closure.GuardEnforce)
	l.do(ann, conversation.Block{})
	l.do(ann, resolved)

	l = goodbye{story: "v"}.guarded(t, closure.GuardEnforce)
	l.full()
	l.do(ann, resolved)

	l = goodbye{story: "v"}.guarded(t, closure.GuardEnforce)
	l.do(vera, conversation.Close{})
}

// Who has not seen the visitor's message is told of it, not of courtesy; who may
// not close, or left a field empty, is told that.
func TestWhatIsSaidBeforeCourtesy(t *testing.T) {
	t.Parallel()
	l := goodbye{story: "v a v"}.guarded(t, closure.GuardEnforce)
	l.refusedAsOf(l.c.Version-1, ann, resolved, conversation.ErrStale)
	l.refusedAsOf(0, ann, resolved, conversation.ErrDiscourteous)
	l.refused(bob, resolved, conversation.ErrHeld)
	l.policy.Required = []closure.Field{closure.FieldNotes}
	l.refused(ann, resolved, conversation.ErrFormIncomplete)
	l.do(sue, conversation.Close{Outcome: closure.Resolved, Force: true})
	l.refused(ann, resolved, conversation.ErrAlreadyClosed)
}

func TestTheDefaultsOfAGuard(t *testing.T) {
	t.Parallel()
	l := held(t, conversation.Policy{Courtesy: conversation.Courtesy{Guard: closure.GuardEnforce}})
	same(t, "the question", l.refused(ann, resolved, conversation.ErrDiscourteous).Advice,
		&closure.Advice{Grade: closure.Abrupt, Next: closure.StepCheckIn, Phrase: closure.DefaultCheckIn})
	l.talk("a:ask")
	same(t, "the patience", l.refused(ann, resolved, conversation.ErrDiscourteous).Advice,
		&closure.Advice{Grade: closure.Abrupt, Next: closure.StepWait, Wait: 2 * time.Minute})
	l.talk("v:no")
	same(t, "the goodbye", l.refused(ann, resolved, conversation.ErrDiscourteous).Advice,
		&closure.Advice{Grade: closure.Abrupt, Next: closure.StepFarewell, Phrase: closure.DefaultFarewell})
}

// Typing is recorded when it moves the end of patience noticeably, also where no
// ladder runs, and where one would move less.
func TestTypingUnderPatience(t *testing.T) {
	t.Parallel()
	l := goodbye{story: "v a:ask"}.guarded(t, closure.GuardEnforce)
	l.after(conversation.TypingGrain-time.Microsecond).already(vera, conversation.Typing{})
	l.after(time.Microsecond).do(vera, conversation.Typing{})
	l.after(time.Second).already(vera, conversation.Typing{})
	l.talk("v:no")
	l.after(time.Hour).already(vera, conversation.Typing{}) // nobody waits for an answer

	l = goodbye{story: "v a:ask"}.guarded(t, closure.GuardEnforce)
	l.policy.Courtesy.Patience = 20 * time.Second // a quarter of it is less than the grain
	l.after(5*time.Second-time.Microsecond).already(vera, conversation.Typing{})
	l.after(time.Microsecond).do(vera, conversation.Typing{})
	l.after(20*time.Second-time.Microsecond).refused(ann, resolved, conversation.ErrDiscourteous)
	l.after(time.Microsecond).do(ann, resolved)
}

// The guard asks of the present policy: what was said under another one counts.
func TestAGuardThatIsSwitchedOnLooksBack(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.talk("v a:ask v:no a:bye")
	l.policy.Courtesy.Guard = closure.GuardEnforce
	l.do(ann, resolved)
	same(t, "the grade", l.c.Closing.Grade, closure.Confirmed)
}

func TestMarksAreTheRightOnesForWhoSpeaks(t *testing.T) {
	t.Parallel()
	can := map[conversation.ActorKind][]closure.Mark{
		conversation.KindVisitor:    {closure.Confirmation, closure.Farewell},
		conversation.KindAgent:      {closure.CheckIn, closure.Farewell},
		conversation.KindSupervisor: {closure.CheckIn, closure.Farewell},
	}
	for _, by := range []conversation.Actor{vera, ann, sue, robot, host, timer} {
		for _, mark := range append(closure.Marks(), "", "Farewell", "wave") {
			want := "marks"
			for _, of := range can[by.Kind] {
				if of == mark {
					want = ""
				}
			}
			say := conversation.Say{Text: "…", Marks: []closure.Mark{mark}}
			if got := fieldOf(t, conversation.CheckCommand(by, say)); got != want {
				t.Errorf("%q by %s: field %q is refused, want %q", mark, by, got, want)
			}
		}
		if err := conversation.CheckCommand(by, conversation.Say{Text: "…", Marks: []closure.Mark{}}); err != nil {
			t.Errorf("no marks by %s: %v", by, err)
		}
	}
	twice := conversation.Say{Marks: []closure.Mark{closure.Farewell, closure.CheckIn, closure.Farewell}}
	same(t, "the field of a mark that is given twice", fieldOf(t, conversation.CheckCommand(ann, twice)), "marks")
	both := conversation.Say{Marks: []closure.Mark{closure.Farewell, closure.CheckIn}}
	same(t, "the field of two marks", fieldOf(t, conversation.CheckCommand(ann, both)), "")
}

// What is recorded is a copy, and the same as what is read back from a store.
func TestMarksAreRecordedAsTheyAreStored(t *testing.T) {
	t.Parallel()
	given := []closure.Mark{closure.CheckIn}
	l := held(t, noBot)
	said := only[conversation.Said](l, l.do(ann, conversation.Say{Marks: given}))
	given[0] = closure.Farewell
	same(t, "the marks", said.Marks, []closure.Mark{closure.CheckIn})
	said = only[conversation.Said](l, l.do(ann, conversation.Say{Marks: []closure.Mark{}}))
	same(t, "no marks", said, conversation.Said{})
}
