package conversation_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

var asking = conversation.Policy{Survey: conversation.Asking{Offer: true, Open: time.Hour}}

func rated(rating int) conversation.AnswerSurvey { return conversation.AnswerSurvey{Rating: rating} }

// figure returns a figure of a closing that the conversation still knows.
func figure(l *life, number int, f closure.Figure) int64 {
	l.Helper()
	for _, r := range l.c.Closings() {
		if r.Number == number {
			return r.Figures[f]
		}
	}
	l.Fatalf("closing %d is not known", number)
	return 0
}

func TestASurveyIsOfferedOnEveryClosing(t *testing.T) {
	t.Parallel()
	for by, c := range map[conversation.Actor]conversation.Close{
		ann: resolved, sue: {Outcome: closure.Unresolved, Force: true}, vera: {}, host: {Outcome: closure.Unresolved, Cause: closure.QueueTimeout},
	} {
		l := held(t, asking)
		events := l.do(by, c)
		same(t, "the events", len(events), 2)
		same(t, "the offer by "+by.String(), events[1], conversation.Event(conversation.SurveyOffered{Number: 1, Until: start.Add(time.Hour)}))
		same(t, "the survey", l.c.Closing.Survey, &conversation.Survey{OfferedAt: start, Until: start.Add(time.Hour)})
		same(t, "surveyed", figure(l, 1, closure.Surveyed), int64(1))
		same(t, "the rating", figure(l, 1, closure.Rating), closure.None)
		if !conversation.VisibleToVisitor(events[1]) || conversation.VisibleToVisitor(events[0]) {
			t.Error("the visitor sees another of the events than the offer")
		}
		l.is(conversation.StateClosed, "")
		l.nothingNext()
	}
	p := asking
	p.Idle.Assigned = steps(time.Minute, idle.FollowUp, idle.Close)
	l := held(t, p)
	l.idle()
	same(t, "the events of silence", len(l.idle()), 2)

	p = asking
	p.Bot = true
	l = opened(t, p)
	same(t, "the events of the bot's closing", len(l.do(robot, resolved)), 2)
}

func TestWhatIsNotAskedAbout(t *testing.T) {
	t.Parallel()
	for _, cause := range []closure.Cause{closure.Spam, closure.Merged} {
		for _, by := range []conversation.Actor{ann, sue, host} {
			l := held(t, asking)
			only[conversation.Closed](l, l.do(by, conversation.Close{Outcome: closure.Unresolved, Cause: cause}))
			same(t, "surveyed", figure(l, 1, closure.Surveyed), int64(0))
		}
	}
	l := held(t, asking)
	l.do(ann, conversation.Block{})
	only[conversation.Closed](l, l.do(ann, resolved))

	l = held(t, asking).full()
	only[conversation.Closed](l, l.do(ann, resolved))
	l.refused(host, conversation.OfferSurvey{}, conversation.ErrHistoryFull)

	l = held(t, noBot)
	only[conversation.Closed](l, l.do(ann, resolved))
}

func TestAnAnswerComesBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for _, by := range []conversation.Actor{vera, host} {
		for rating := 1; rating <= conversation.MaxRating; rating++ {
			l := held(t, asking)
			l.do(ann, resolved)
			e := only[conversation.SurveyAnswered](l, l.after(time.Hour-time.Microsecond).do(by, conversation.AnswerSurvey{Rating: rating, Comment: "thank you"}))
			same(t, "the event", e, conversation.SurveyAnswered{Number: 1, Rating: rating, Comment: "thank you"})
			same(t, "the survey", l.c.Closing.Survey, &conversation.Survey{
				OfferedAt: start, Until: start.Add(time.Hour), AnsweredAt: l.now, Rating: rating,
			})
			same(t, "the rating", figure(l, 1, closure.Rating), int64(rating))
			l.is(conversation.StateClosed, "")
		}
		l := held(t, asking)
		l.do(ann, resolved)
		l.after(time.Hour).refused(by, rated(5), conversation.ErrSurveyOver)
		same(t, "the rating", figure(l, 1, closure.Rating), closure.None)
	}
}

func TestASurveyIsOpenForAWeekUnlessThePolicySays(t *testing.T) {
	t.Parallel()
	l := held(t, conversation.Policy{Survey: conversation.Asking{Offer: true}})
	l.do(ann, resolved)
	l.policy = noBot // what was offered stands
	l.after(7*24*time.Hour - time.Microsecond)
	other := *l
	l.do(vera, rated(1))
	other.after(time.Microsecond).refused(vera, rated(1), conversation.ErrSurveyOver)
}

func TestTheFirstAnswerStands(t *testing.T) {
	t.Parallel()
	l := held(t, asking)
	l.do(ann, resolved)
	l.do(vera, rated(2))
	before := l.c
	for _, again := range []int{1, 2, 5} {
		l.after(time.Minute).refused(vera, rated(again), conversation.ErrSurveyAnswered)
		l.refused(host, rated(again), conversation.ErrSurveyAnswered)
	}
	l.after(time.Hour).refused(vera, rated(5), conversation.ErrSurveyAnswered) // also when it is over
	same(t, "the conversation", l.c, before)
}

func TestWhoAnswers(t *testing.T) {
	t.Parallel()
	l := held(t, asking)
	l.do(ann, resolved)
	for _, by := range []conversation.Actor{victor, ann, sue, robot, timer} {
		l.refused(by, rated(5), conversation.ErrForbidden)
	}
	l.do(ann, conversation.Block{})
	l.refused(vera, rated(1), conversation.ErrBlocked)
	l.do(host, rated(1))
}

func TestWhoOffersASurvey(t *testing.T) {
	t.Parallel()
	for _, by := range []conversation.Actor{ann, bob, sue, host} {
		l := held(t, noBot)
		l.refused(host, conversation.OfferSurvey{}, conversation.ErrNotPossible)
		l.do(ann, conversation.Close{Outcome: closure.Unresolved, Cause: closure.Spam})
		e := only[conversation.SurveyOffered](l, l.after(time.Minute).do(by, conversation.OfferSurvey{}))
		same(t, "the offer", e, conversation.SurveyOffered{Number: 1, Until: l.now.Add(conversation.DefaultSurveyOpen)})
		l.already(by, conversation.OfferSurvey{})
		l.do(vera, rated(3))
		l.already(by, conversation.OfferSurvey{})
		l.after(30*24*time.Hour).already(by, conversation.OfferSurvey{}) // each closing has one at most
	}
	l := held(t, noBot)
	l.do(ann, resolved)
	for _, by := range []conversation.Actor{vera, robot, timer} {
		l.refused(by, conversation.OfferSurvey{}, conversation.ErrForbidden)
	}
}

// An answer belongs to its closing, and to the agent of that.
func TestAnAnswerBelongsToItsClosing(t *testing.T) {
	t.Parallel()
	l := held(t, asking)
	l.do(ann, resolved)
	l.say(vera) // which reopens it, to ann
	l.refused(vera, conversation.AnswerSurvey{Number: 2, Rating: 5}, conversation.ErrNoSurvey)
	l.do(ann, conversation.Transfer{Agent: "bob"})
	l.after(time.Minute).do(bob, unresolved)
	l.do(vera, conversation.AnswerSurvey{Number: 1, Rating: 5})
	same(t, "the rating of the first", figure(l, 1, closure.Rating), int64(5))
	same(t, "the rating of the second", figure(l, 2, closure.Rating), closure.None)
	same(t, "whose they are", []string{l.c.Closings()[0].Agent, l.c.Closings()[1].Agent}, []string{"ann", "bob"})
	same(t, "what came of them", []int64{figure(l, 1, closure.Reopened), figure(l, 2, closure.Reopened)}, []int64{1, 0})

	l.refused(vera, conversation.AnswerSurvey{Number: 1, Rating: 1}, conversation.ErrSurveyAnswered)
	l.do(vera, rated(2)) // zero: the last, as no other waits for an answer
	same(t, "the rating of the second", figure(l, 2, closure.Rating), int64(2))
	for _, number := range []int{3, 1000} {
		l.refused(vera, conversation.AnswerSurvey{Number: number, Rating: 1}, conversation.ErrNoSurvey)
	}
}

// Where more than one closing could be meant, one must be named.
func TestAnAnswerToOneOfSeveral(t *testing.T) {
	t.Parallel()
	twice := func() *life {
		l := held(t, asking)
		l.do(ann, resolved)
		l.after(time.Minute).do(ann, conversation.Reopen{})
		l.do(ann, resolved)
		return l
	}
	for _, by := range []conversation.Actor{vera, host} {
		l := twice()
		l.refused(by, rated(5), conversation.ErrNoSurvey)
		l.do(by, conversation.AnswerSurvey{Number: 2, Rating: 5})
		l.refused(by, rated(5), conversation.ErrNoSurvey) // the first is open still
		l.do(by, conversation.AnswerSurvey{Number: 1, Rating: 4})
		l.refused(by, rated(5), conversation.ErrSurveyAnswered)
		same(t, "the ratings", []int64{figure(l, 1, closure.Rating), figure(l, 2, closure.Rating)}, []int64{4, 5})
	}
	l := twice()
	other := *l
	other.after(59*time.Minute-time.Microsecond).refused(vera, rated(5), conversation.ErrNoSurvey)
	l.after(59*time.Minute).do(vera, rated(5)) // that of the first is over
	same(t, "the rating of the second", figure(l, 2, closure.Rating), int64(5))

	l = twice()
	l.do(ann, conversation.Reopen{}) // it is about both of them all the same
	l.refused(vera, rated(5), conversation.ErrNoSurvey)
	l.do(vera, conversation.AnswerSurvey{Number: 1, Rating: 5})
	l.do(vera, rated(3))
	same(t, "the rating of the second", figure(l, 2, closure.Rating), int64(3))

	l = held(t, asking)
	l.do(ann, resolved)
	l.do(ann, conversation.Reopen{})
	l.policy = noBot
	l.do(ann, resolved) // which nobody is asked about
	l.refused(vera, rated(5), conversation.ErrNoSurvey)
	if names := conversation.Allowed(l.c, vera, l.facts()); slices.Contains(names, conversation.NameAnswerSurvey) {
		t.Errorf("Allowed = %v, in the plain form", names)
	}
	l.do(vera, conversation.AnswerSurvey{Number: 1, Rating: 5})
}

func TestABlockedVisitorIsOfferedNoSurvey(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.do(ann, resolved)
	l.do(ann, conversation.Block{})
	for _, by := range []conversation.Actor{ann, bob, sue, host} {
		l.refused(by, conversation.OfferSurvey{}, conversation.ErrBlocked)
	}
	l.do(ann, conversation.Unblock{})
	l.do(ann, conversation.OfferSurvey{})
	l.do(ann, conversation.Block{})
	l.already(ann, conversation.OfferSurvey{}) // it was offered before
}

// An answer is accepted in every state, and is nothing else: no message, no
// reopening, no end of a silence.
func TestAnAnswerChangesNothingElse(t *testing.T) {
	t.Parallel()
	for s := range openStates(t) {
		l := opened(t, asking)
		l.do(host, conversation.Close{Outcome: closure.Unresolved, Force: true})
		l.policy.Bot = s == conversation.StateBot
		l.do(host, conversation.Reopen{})
		switch s {
		case conversation.StateSnoozed:
			l.do(ann, conversation.Take{})
			l.do(ann, conversation.Snooze{Until: shortly})
		case conversation.StateAssigned:
			l.do(ann, conversation.Take{})
		}
		l.is(s, l.c.Agent)
		want := l.c
		l.after(time.Minute).do(vera, rated(4))
		answered := *want.Closing
		answered.Survey = &conversation.Survey{OfferedAt: start, Until: start.Add(time.Hour), AnsweredAt: l.now, Rating: 4}
		want.Closing, want.Version, want.UpdatedAt = &answered, l.c.Version, l.now
		same(t, "the conversation in "+string(s), l.c, want)
	}
}

func TestClosingsAreRememberedWhileTheirSurveysAreOpen(t *testing.T) {
	t.Parallel()
	l := held(t, asking)
	again := func() {
		l.do(ann, resolved)
		l.do(ann, conversation.Reopen{})
	}
	again()
	l.after(time.Hour - time.Microsecond)
	again()
	same(t, "known closings", len(l.c.Closings()), 2)
	l.after(time.Microsecond)
	l.refused(vera, conversation.AnswerSurvey{Number: 1, Rating: 5}, conversation.ErrSurveyOver)
	again()
	same(t, "the numbers that are known", []int{l.c.Closings()[0].Number, l.c.Closings()[1].Number}, []int{2, 3})
	l.refused(vera, conversation.AnswerSurvey{Number: 1, Rating: 5}, conversation.ErrNoSurvey)

	for range conversation.MaxEarlier + 3 {
		again()
	}
	same(t, "known closings", len(l.c.Earlier), conversation.MaxEarlier)
	last := l.c.Closing.Number
	oldest := l.c.Earlier[0].Number
	same(t, "the oldest", oldest, last-conversation.MaxEarlier)
	l.refused(vera, conversation.AnswerSurvey{Number: oldest - 1, Rating: 5}, conversation.ErrNoSurvey)
	l.do(vera, conversation.AnswerSurvey{Number: oldest, Rating: 5})
	same(t, "the rating", figure(l, oldest, closure.Rating), int64(5))

	all := conversation.Recount("acme", "c1", l.journal)
	same(t, "what the journal knows", len(all), last)
	same(t, "the last of them", all[len(all)-len(l.c.Closings()):], l.c.Closings())
}

func TestANewDecisionAsksNobodyAgain(t *testing.T) {
	t.Parallel()
	l := held(t, asking)
	l.do(ann, unresolved)
	l.do(vera, rated(1))
	survey := *l.c.Closing.Survey
	only[conversation.Reclassified](l, l.after(time.Hour).do(ann, conversation.Reclassify{Outcome: closure.Resolved}))
	same(t, "the survey", *l.c.Closing.Survey, survey)
	l.already(ann, conversation.OfferSurvey{})
	same(t, "surveys", count[conversation.SurveyOffered](l), 1)
}

func TestTwoAnswersAtOnce(t *testing.T) {
	t.Parallel()
	l := held(t, asking)
	l.do(ann, resolved)
	other := *l
	other.do(vera, rated(1))
	l.do(vera, rated(5))
	same(t, "what the one wrote into the other", other.c.Closing.Survey.Rating, 1)
	same(t, "the other way round", l.c.Closing.Survey.Rating, 5)
}

func TestAFullHistoryTakesNoAnswer(t *testing.T) {
	t.Parallel()
	l := held(t, asking)
	l.do(ann, resolved)
	l.full().refused(vera, rated(5), conversation.ErrHistoryFull)
	if names := conversation.Allowed(l.c, vera, l.facts()); slices.Contains(names, conversation.NameAnswerSurvey) {
		t.Errorf("Allowed = %v", names)
	}
}

func TestAnswersHaveLimits(t *testing.T) {
	t.Parallel()
	for _, rating := range []int{-1, 0, 6, 1 << 40} {
		same(t, "the field", fieldOf(t, conversation.CheckCommand(vera, rated(rating))), "rating")
	}
	same(t, "the field of a negative number", fieldOf(t, conversation.CheckCommand(vera, conversation.AnswerSurvey{Number: -1, Rating: 1})), "number")
	for comment, field := range map[string]string{
		"": "", "fine\n\tthank you": "", strings.Repeat("x", 4<<10): "", strings.Repeat("é", 2<<10): "",
		strings.Repeat("x", 4<<10+1): "comment", "a\x00": "comment", "\xff": "comment", "a\r\n": "comment", "\x1b[2J": "comment",
	} {
		same(t, "the field", fieldOf(t, conversation.CheckCommand(vera, conversation.AnswerSurvey{Rating: 1, Comment: comment})), field)
	}
}
