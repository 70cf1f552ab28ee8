package conversation_test

import (
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// still is a policy without ladders, so that nothing happens by itself.
var still = conversation.Policy{Bot: true, Idle: conversation.Idle{Assigned: idle.Ladder{Off: true}}}

// last returns the record of the last closing.
func last(l *life) closure.Record {
	l.Helper()
	all := l.c.Closings()
	if len(all) == 0 {
		l.Fatal("nothing was closed")
	}
	return all[len(all)-1]
}

// measures checks some figures, in milliseconds or counts.
func measures(l *life, what string, want map[closure.Figure]int64) {
	l.Helper()
	r := last(l)
	for f, v := range want {
		if r.Figures[f] != v {
			l.Errorf("%s: %s is %d, want %d", what, f, r.Figures[f], v)
		}
	}
}

const minute = int64(time.Minute / time.Millisecond)

func TestTheTimeInEachStateIsTheResolution(t *testing.T) {
	t.Parallel()
	l := opened(t, still)
	l.after(time.Minute).do(vera, conversation.RequestAgent{})
	l.after(2*time.Minute).do(ann, conversation.Take{})
	l.after(4 * time.Minute).say(ann)
	l.after(8*time.Minute).do(ann, conversation.Snooze{Until: snooze.For(time.Hour)})
	l.after(16 * time.Minute).idle() // at the end of the hour
	l.after(32*time.Minute).do(ann, conversation.Transfer{Agent: "bob"})
	l.after(64*time.Minute).do(bob, conversation.Requeue{})
	l.after(128*time.Minute).do(ann, conversation.Take{})
	l.after(256*time.Minute).do(ann, conversation.HandBack{})
	l.after(512*time.Minute).do(ann, resolved)
	measures(l, "the first cycle", map[closure.Figure]int64{
		closure.InBot: 513 * minute, closure.InWaiting: 130 * minute, closure.InSnoozed: 60 * minute,
		closure.Handling: (4 + 8 + 32 + 64 + 256) * minute, closure.NetHandling: (4 + 8 + 32 + 64 + 256) * minute,
		closure.Resolution: (513 + 130 + 60 + 364) * minute, closure.FirstResponse: 6 * minute,
		closure.Snoozes: 1, closure.Reopened: 0, closure.Prompts: 0, closure.FollowUps: 0,
		closure.Surveyed: 0, closure.Rating: closure.None,
	})
	same(t, "the side", last(l).Side, closure.SideTeam)
	same(t, "the agent: who closed what the bot had", last(l).Agent, "ann")

	l.after(time.Hour).say(vera) // a cycle of its own, with the bot
	l.after(time.Minute).do(vera, conversation.Close{})
	measures(l, "the second cycle", map[closure.Figure]int64{
		closure.Resolution: minute, closure.InBot: minute, closure.InWaiting: 0, closure.Handling: 0, closure.NetHandling: 0,
		closure.InSnoozed: 0, closure.FirstResponse: closure.None, closure.Snoozes: 0,
	})
	same(t, "the side", last(l).Side, closure.SideBot)
	same(t, "the agent", last(l).Agent, "")
	first := conversation.Recount("acme", "c1", l.journal)[0]
	same(t, "reopened, of the first", first.Figures[closure.Reopened], int64(1))
	same(t, "when it was closed", last(l).At, l.now)
}

func TestFiguresAreRoundedDown(t *testing.T) {
	t.Parallel()
	l := opened(t, still)
	for range 4 { // four states of 999 µs, and as many of 1999 µs
		l.after(999*time.Microsecond).do(ann, conversation.Take{})
		l.after(1999*time.Microsecond).do(ann, conversation.HandBack{})
	}
	l.do(ann, resolved)
	measures(l, "rounded", map[closure.Figure]int64{closure.InBot: 3, closure.Handling: 7, closure.Resolution: 11})
}

func TestTheFirstResponse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		story func(l *life)
		want  int64
	}{
		{"nobody wrote", func(l *life) { l.do(ann, conversation.Take{}) }, closure.None},
		{"from the queue", func(l *life) {
			l.after(time.Hour).do(vera, conversation.RequestAgent{})
			l.after(time.Minute).do(ann, conversation.Take{})
			l.after(time.Minute).say(ann)
			l.after(time.Hour).say(ann)
		}, 2 * minute},
		{"from the desk", func(l *life) {
			l.after(time.Hour).do(ann, conversation.Take{})
			l.after(time.Minute).say(ann)
		}, minute},
		{"not by the bot, the system, a text that is automatic, or a note", func(l *life) {
			l.say(robot)
			l.do(ann, conversation.Take{})
			l.say(host)
			l.do(ann, conversation.Say{Automatic: true})
			l.do(ann, conversation.AddNote{Text: "paid twice"})
			l.after(3 * time.Minute).say(ann)
		}, 3 * minute},
		{"by whoever got it", func(l *life) {
			l.do(ann, conversation.Take{})
			l.after(time.Minute).do(ann, conversation.Transfer{Agent: "bob"})
			l.after(time.Minute).do(bob, conversation.Requeue{})
			l.after(time.Minute).do(sue, conversation.Take{})
			l.after(time.Minute).say(sue)
		}, 4 * minute},
		{"what the bot got back before anybody wrote is counted from the next time", func(l *life) {
			l.do(ann, conversation.Take{})
			l.after(time.Hour).do(ann, conversation.HandBack{})
			l.after(time.Hour).do(vera, conversation.RequestAgent{})
			l.after(time.Minute).do(ann, conversation.Take{})
			l.after(time.Minute).say(ann)
		}, 2 * minute},
		{"what the bot got back and kept has none", func(l *life) {
			l.do(ann, conversation.Take{})
			l.after(time.Hour).do(ann, conversation.HandBack{})
		}, closure.None},
		{"what the bot got back after somebody wrote has one already", func(l *life) {
			l.do(ann, conversation.Take{})
			l.after(time.Minute).say(ann)
			l.do(ann, conversation.HandBack{})
			l.do(ann, conversation.Take{})
			l.after(time.Hour).say(ann)
		}, minute},
		{"out of a snooze", func(l *life) {
			l.do(ann, conversation.Take{})
			l.do(ann, conversation.Snooze{Until: snooze.For(time.Hour)})
			l.after(time.Minute).say(ann)
		}, minute},
	}
	for _, test := range tests {
		l := opened(t, still)
		l.say(vera)
		test.story(l)
		l.do(sue, resolved)
		measures(l, test.name, map[closure.Figure]int64{closure.FirstResponse: test.want})
	}
}

// Patience is never penalised: the time between the question and the answer, or
// the end, is handling time, but not net.
func TestHandlingWithAndWithoutTheCourtesyWait(t *testing.T) {
	t.Parallel()
	ask := func(l *life) { l.talk("a:ask") }
	tests := []struct {
		name  string
		story func(l *life)
		wait  int64
	}{
		{"nobody asked", func(l *life) { l.after(time.Hour) }, 0},
		{"to the end", func(l *life) { ask(l); l.after(time.Hour) }, 60 * minute},
		{"to the answer", func(l *life) { ask(l); l.after(time.Minute).talk("v:no"); l.after(time.Hour) }, minute},
		{"an automatic text is no answer", func(l *life) { ask(l); l.after(time.Minute).talk("v:auto"); l.after(time.Hour) }, 61 * minute},
		{"nor is typing", func(l *life) { ask(l); l.after(time.Minute).talk("type"); l.after(time.Hour) }, 61 * minute},
		{"to whatever else the agent says", func(l *life) { ask(l); l.after(time.Minute).talk("a"); l.after(time.Hour) }, minute},
		{"to the goodbye", func(l *life) { ask(l); l.after(time.Minute).talk("a:bye"); l.after(time.Hour) }, minute},
		{"an automatic text of the agent is nothing else", func(l *life) { ask(l); l.after(time.Minute).talk("a:auto"); l.after(time.Hour) }, 61 * minute},
		{"nor is what the host says", func(l *life) { ask(l); l.after(time.Minute).talk("host"); l.after(time.Hour) }, 61 * minute},
		{"something else, and asked again", func(l *life) {
			ask(l)
			l.after(time.Minute).talk("a")
			l.after(time.Hour)
			ask(l)
			l.after(2 * time.Minute)
		}, 3 * minute},
		{"asked after the goodbye is complete", func(l *life) {
			ask(l)
			l.after(time.Minute).talk("v:no a:bye follow-up")
			l.after(time.Hour)
		}, minute},
		{"who asks for a person has answered", func(l *life) {
			ask(l)
			l.after(time.Minute).talk("snooze person")
			l.after(time.Hour)
		}, minute},
		{"who asks for a person in the bot's hands has answered", func(l *life) {
			ask(l)
			l.after(time.Minute).talk("hand-back person take")
			l.after(time.Hour)
		}, minute},
		{"another who asks for a person has not answered", func(l *life) {
			ask(l)
			l.after(time.Minute).talk("hand-back for-vera take")
			l.after(time.Hour)
		}, 61 * minute},
		{"asked twice", func(l *life) { ask(l); l.after(time.Minute); ask(l); l.after(time.Minute) }, 2 * minute},
		{"asked again", func(l *life) {
			ask(l)
			l.after(time.Minute).talk("v")
			l.after(time.Hour)
			ask(l)
			l.after(2 * time.Minute)
		}, 3 * minute},
		{"by the idle ladder", func(l *life) { l.talk("follow-up"); l.after(time.Minute) }, minute},
		{"a prompt asks nothing", func(l *life) { l.talk("prompt"); l.after(time.Minute) }, 0},
		{"in other hands", func(l *life) { ask(l); l.after(time.Minute).talk("transfer"); l.after(time.Minute) }, 2 * minute},
		{"only on a desk", func(l *life) {
			ask(l)
			l.after(time.Minute).talk("requeue")
			l.after(time.Hour).talk("take")
			l.after(time.Minute)
		}, 2 * minute},
		{"and not in the queue after it was answered", func(l *life) {
			ask(l)
			l.after(time.Minute).talk("requeue")
			l.after(time.Hour).talk("v:no take")
			l.after(time.Minute)
		}, minute},
		{"nor while it sleeps", func(l *life) {
			ask(l)
			l.after(time.Minute).talk("snooze")
			l.after(30 * time.Minute).talk("wake")
			l.after(time.Minute)
		}, 2 * minute},
		{"asked in its sleep", func(l *life) {
			l.talk("snooze a:ask")
			l.after(30 * time.Minute).talk("wake")
			l.after(time.Minute)
		}, minute},
		{"woken by the answer", func(l *life) {
			ask(l)
			l.after(time.Minute).talk("snooze")
			l.after(time.Minute).talk("v:no")
			l.after(time.Minute)
		}, minute},
		{"not over the hand-back", func(l *life) {
			ask(l)
			l.after(time.Minute).talk("hand-back")
			l.after(time.Hour).talk("take")
			l.after(time.Minute)
		}, 2 * minute},
	}
	for _, test := range tests {
		l := held(t, still)
		l.after(time.Minute).talk("v a")
		test.story(l)
		l.do(sue, conversation.Close{Outcome: closure.Resolved, Force: true})
		r := last(l)
		if got := r.Figures[closure.Handling] - r.Figures[closure.NetHandling]; got != test.wait || r.Figures[closure.NetHandling] < minute {
			t.Errorf("%s: the courtesy wait is %d of %d, want %d", test.name, got, r.Figures[closure.Handling], test.wait)
		}
	}
}

func TestAReopeningBeginsToMeasureAnew(t *testing.T) {
	t.Parallel()
	l := held(t, conversation.Policy{})
	l.talk("v a:ask")
	l.idle()
	l.after(time.Hour).do(ann, resolved)
	measures(l, "the first cycle", map[closure.Figure]int64{closure.Prompts: 1, closure.Handling: 62 * minute, closure.NetHandling: 0})
	l.after(time.Hour).do(bob, conversation.Reopen{})
	l.after(time.Minute).say(bob)
	l.after(time.Minute).do(bob, resolved)
	measures(l, "the second cycle", map[closure.Figure]int64{
		closure.Prompts: 0, closure.Handling: 2 * minute, closure.NetHandling: 2 * minute, closure.Resolution: 2 * minute,
		closure.FirstResponse: minute, closure.InBot: 0, closure.InWaiting: 0,
	})
	same(t, "the cycle of what is closed", l.c.Cycle, conversation.Cycle{})
	same(t, "the goodbye of what is closed", l.c.Courtesy, closure.Courtesy{})
}

// Bot only if no person wrote in that cycle; what the bot never had is the
// team's.
func TestTheSide(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		story func(l *life)
		want  closure.Side
	}{
		{"the bot alone", func(l *life) { l.say(robot) }, closure.SideBot},
		{"nobody came", func(l *life) { l.do(vera, conversation.RequestAgent{}) }, closure.SideBot},
		{"somebody came and said nothing", func(l *life) { l.do(ann, conversation.Take{}) }, closure.SideBot},
		{"a note is nothing said", func(l *life) { l.do(ann, conversation.AddNote{Text: "…"}) }, closure.SideBot},
		{"somebody wrote", func(l *life) { l.do(ann, conversation.Take{}); l.say(ann) }, closure.SideTeam},
		{"somebody wrote, and handed it back", func(l *life) {
			l.do(ann, conversation.Take{})
			l.say(ann)
			l.do(ann, conversation.HandBack{})
			l.say(robot)
		}, closure.SideTeam},
		{"somebody wrote, before it was reopened", func(l *life) {
			l.do(ann, conversation.Take{})
			l.say(ann)
			l.do(ann, resolved)
			l.say(vera)
		}, closure.SideBot},
		{"reopened by a person", func(l *life) { l.do(sue, resolved); l.do(ann, conversation.Reopen{}) }, closure.SideTeam},
		{"reopened by a person, who hands it back", func(l *life) {
			l.do(sue, resolved)
			l.do(ann, conversation.Reopen{})
			l.do(ann, conversation.HandBack{})
		}, closure.SideBot},
	}
	for _, test := range tests {
		l := opened(t, still)
		l.say(vera)
		test.story(l)
		l.do(sue, resolved)
		same(t, test.name, last(l).Side, test.want)
	}
	l := opened(t, noBot)
	l.do(vera, conversation.Close{})
	same(t, "without a bot", last(l).Side, closure.SideTeam)
}

func TestCounts(t *testing.T) {
	t.Parallel()
	l := held(t, onDesk(steps(time.Minute, idle.Prompt, idle.FollowUp, idle.FollowUp)))
	l.say(vera)
	l.idle()
	l.idle()
	l.idle()
	l.do(ann, conversation.Snooze{Until: snooze.For(time.Hour)})
	l.do(ann, conversation.Snooze{Until: snooze.For(2 * time.Hour)}) // moved
	l.idle()
	l.say(ann)
	l.idle()
	l.do(ann, conversation.Snooze{Until: snooze.For(time.Hour)})
	l.do(ann, resolved)
	measures(l, "counted", map[closure.Figure]int64{closure.Snoozes: 3, closure.Prompts: 2, closure.FollowUps: 2})
}

// The agent is who had it, else the person who closed it.
func TestWhoseAClosingIs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		l    *life
		by   conversation.Actor
		want string
	}{
		{"the agent's own", held(t, noBot), ann, "ann"},
		{"a supervisor's of what ann had", held(t, noBot), sue, "ann"},
		{"the visitor's of what ann had", held(t, noBot), vera, "ann"},
		{"from the queue", opened(t, noBot), bob, "bob"},
		{"from the queue, by the visitor", opened(t, noBot), vera, ""},
		{"the bot's", opened(t, withBot), robot, ""},
		{"from the queue, by the system", opened(t, noBot), host, ""},
	} {
		test.l.do(test.by, command("close", test.by))
		same(t, test.name, last(test.l).Agent, test.want)
	}
	l := tell(t, noBot)
	l.do(vera, conversation.Open{Group: "billing"})
	l.do(ann, resolved)
	l.do(ann, conversation.Reopen{})
	l.do(sue, conversation.Regroup{Group: "support"})
	same(t, "the group, which it had then", last(l).Group, "billing")
}

func TestARecordHasTagsAndArticlesInOrder(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	for _, article := range []string{"kb-9", "kb-1", "kb-5"} {
		l.do(ann, conversation.LinkArticle{Article: article})
	}
	if _, err := l.tagging(ann, conversation.Close{
		Outcome: closure.Unresolved, Reason: closure.ReasonOther,
		Form: closure.Form{Sentiment: closure.Positive, Tags: []string{"b", "a", "b"}},
	}, "a", "b"); err != nil {
		t.Fatal(err)
	}
	l.do(ann, conversation.LinkArticle{Article: "kb-0"}) // while it is closed
	got := last(l)
	got.Figures = closure.Figures{}
	same(t, "the record", got, closure.Record{
		Conversation: "c1", Number: 1, At: start, Outcome: closure.Unresolved, Reason: closure.ReasonOther, Cause: closure.Agent,
		Side: closure.SideTeam, Agent: "ann", Sentiment: closure.Positive, Grade: closure.Abrupt,
		Tags: []string{"a", "b"}, Articles: []string{"kb-0", "kb-1", "kb-5", "kb-9"},
	})
}

// What is linked after a reopening is of the next closing only.
func TestArticlesStayWithTheirClosing(t *testing.T) {
	t.Parallel()
	articles := func(l *life) (all [][]string) {
		for _, r := range l.c.Closings() {
			all = append(all, r.Articles)
		}
		return all
	}
	link := func(l *life, article string) { l.do(ann, conversation.LinkArticle{Article: article}) }
	l := held(t, asking)
	link(l, "kb-1")
	l.do(ann, resolved)
	same(t, "closed", articles(l), [][]string{{"kb-1"}})
	link(l, "kb-2")
	same(t, "linked later", articles(l), [][]string{{"kb-1", "kb-2"}})
	l.say(vera)
	same(t, "reopened", articles(l), [][]string{{"kb-1", "kb-2"}})
	link(l, "kb-3")
	same(t, "linked after the reopening", articles(l), [][]string{{"kb-1", "kb-2"}})
	l.do(ann, resolved)
	link(l, "kb-4")
	want := [][]string{{"kb-1", "kb-2"}, {"kb-1", "kb-2", "kb-3", "kb-4"}}
	same(t, "closed again", articles(l), want)
	same(t, "Recount", conversation.Recount("acme", "c1", l.journal), l.c.Closings())
	l.do(ann, conversation.Reopen{})
	link(l, "kb-5")
	l.do(vera, conversation.AnswerSurvey{Number: 1, Rating: 5})
	same(t, "reopened again", articles(l), want)
}

// The parts of the resolution sum up to it also where the clock was set back over one.
func TestTheResolutionIsTheSumOfTheStates(t *testing.T) {
	t.Parallel()
	l := opened(t, still)
	l.after(10*time.Minute).do(ann, conversation.Take{})
	l.after(-5*time.Minute).do(ann, conversation.Snooze{Until: snooze.For(time.Hour)})
	l.after(7*time.Minute).do(ann, conversation.Wake{})
	l.after(3*time.Minute).do(ann, conversation.HandBack{})
	l.after(-time.Hour).do(vera, conversation.RequestAgent{})
	l.after(time.Minute).do(sue, resolved)
	measures(l, "the figures", map[closure.Figure]int64{
		closure.InBot: 10 * minute, closure.Handling: 3 * minute, closure.InSnoozed: 7 * minute, closure.InWaiting: minute,
		closure.Resolution: 21 * minute,
	})
}

// A conversation that was stored before cycles were kept knows counts, and no
// durations, until it is reopened.
func TestWhatWasNotMeasuredIsNone(t *testing.T) {
	t.Parallel()
	none := map[closure.Figure]int64{}
	for _, f := range []closure.Figure{
		closure.FirstResponse, closure.Handling, closure.NetHandling, closure.Resolution, closure.InBot, closure.InWaiting, closure.InSnoozed,
	} {
		none[f] = closure.None
	}
	none[closure.Snoozes], none[closure.Prompts] = 1, 0

	l := held(t, still)
	l.c.Cycle = conversation.Cycle{}
	l.after(time.Minute).say(ann)
	l.do(ann, conversation.Snooze{Until: snooze.For(time.Hour)})
	l.after(time.Minute).do(ann, resolved)
	measures(l, "closed since", none)

	l.after(time.Minute).do(ann, conversation.Reopen{})
	l.after(time.Minute).do(ann, resolved)
	measures(l, "reopened", map[closure.Figure]int64{closure.Handling: minute, closure.Resolution: minute, closure.InBot: 0, closure.FirstResponse: closure.None})

	l = held(t, still)
	l.after(time.Minute).do(ann, resolved)
	before := *l.c.Closing
	before.Cycle = conversation.Cycle{}
	l.c.Closing = &before
	none[closure.Snoozes] = 0
	measures(l, "closed before", none)
}

// What Closings returns is the caller's: writing to it reaches nothing.
func TestClosingsAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.do(ann, conversation.LinkArticle{Article: "kb-1"})
	if _, err := l.tagging(ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"a"}}}, "a"); err != nil {
		t.Fatal(err)
	}
	r := last(l)
	r.Tags[0], r.Articles[0] = "x", "x"
	same(t, "the tags", last(l).Tags, []string{"a"})
	same(t, "the articles", last(l).Articles, []string{"kb-1"})
	if opened(t, noBot).c.Closings() != nil {
		t.Error("Closings of what was never closed is not nil")
	}
}

func TestAClockThatIsSetBackGivesNoNegativeFigures(t *testing.T) {
	t.Parallel()
	stories := map[string]func(l *life, back time.Duration){
		"in the bot's hands": func(l *life, back time.Duration) { l.after(back).do(ann, conversation.Take{}) },
		"in the queue": func(l *life, back time.Duration) {
			l.do(vera, conversation.RequestAgent{})
			l.after(back).do(ann, conversation.Take{})
		},
		"before the first word": func(l *life, back time.Duration) { l.do(ann, conversation.Take{}); l.after(back).say(ann) },
		"on the desk":           func(l *life, back time.Duration) { l.do(ann, conversation.Take{}); l.after(back) },
		"while waiting for the answer": func(l *life, back time.Duration) {
			l.do(ann, conversation.Take{})
			l.talk("a:ask")
			l.after(back).talk("v:no")
		},
		"before the question's end": func(l *life, back time.Duration) {
			l.do(ann, conversation.Take{})
			l.after(back).talk("a:ask")
			l.after(-back).talk("v:no")
			l.after(back)
		},
		"in a snooze": func(l *life, back time.Duration) {
			l.do(ann, conversation.Take{})
			l.do(ann, conversation.Snooze{Until: snooze.For(time.Hour)})
			l.after(back).do(ann, conversation.Wake{})
		},
	}
	for name, story := range stories {
		for _, back := range []time.Duration{-time.Microsecond, -time.Minute, -1000 * time.Hour} {
			l := opened(t, still)
			l.after(time.Minute).say(vera)
			story(l, back)
			l.do(sue, resolved)
			for f, v := range last(l).Figures {
				if v < 0 && (v != closure.None || closure.Figure(f) != closure.FirstResponse && closure.Figure(f) != closure.Rating) {
					t.Errorf("%s, %v: %s is %d", name, back, closure.Figure(f), v)
				}
			}
		}
	}
}
