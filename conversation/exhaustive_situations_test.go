package conversation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// The situations: a state, and what of it could matter to a guard. Without a
// flag there is a bot; the visitor is not blocked, is on the site, and has read
// all; nothing speaks against any agent; nothing is due; the snooze is kept, not
// over, and ends with a reply; the reopen window is open; no field is required,
// there is no courtesy guard, and no survey. What one may choose
// from, a|b, stands for a situation of each.
var situationNames = expand(`
	none none/no-bot

	bot bot/no-bot bot/blocked bot/busy bot/all-linked bot/full bot/hushed bot/silent bot/in-group
	bot/follow-up-due bot/requeue-due bot/close-due
	bot/follow-up-due+mail bot/mail bot/busy+mail|mailed|mail-off|mail-there
	bot/unavailable|seats-taken|left-group|removed|unknown
	bot/demands bot/polite bot/warned bot/polite|warned+replied|returned bot/asks bot/close-due+asks bot/surveyed|survey-answered|survey-over bot/surveyed+blocked|twice

	waiting waiting/no-bot waiting/blocked waiting/busy waiting/all-linked waiting/full
	waiting/hushed waiting/silent waiting/in-group waiting/follow-up-due waiting/hand-back-due waiting/close-due
	waiting/follow-up-due+mail waiting/mail waiting/busy+mail|mailed|mail-off|mail-there
	waiting/lost waiting/lost+in-group
	waiting/unavailable|seats-taken|left-group|removed|unknown
	waiting/demands waiting/polite|warned waiting/polite|warned+returned waiting/asks waiting/surveyed|survey-answered|survey-over

	assigned assigned/no-bot assigned/blocked assigned/busy assigned/all-linked assigned/full
	assigned/hushed assigned/silent assigned/in-group assigned/prompt-due assigned/follow-up-due
	assigned/hand-back-due assigned/requeue-due assigned/close-due assigned/told+close-due assigned/untold
	assigned/follow-up-due+mail assigned/mail assigned/busy+mail|mailed|mail-off|mail-there
	assigned/unavailable|seats-taken|left-group|removed|unknown
	assigned/away assigned/away-edge assigned/away+unavailable assigned/away-edge+unavailable assigned/away+overfill+seats-taken
	assigned/overdue assigned/overdue+unavailable|seats-taken|left-group|removed|unknown
	assigned/overdue+answered+unavailable assigned/overdue+for-ever+unavailable
	assigned/overdue+prompt-due+unavailable assigned/overdue+late-step+unavailable
	assigned/demands assigned/polite assigned/warned assigned/demands+polite assigned/polite+blocked assigned/polite+full
	assigned/asked|asked-grain|asked-edge|asked-long|typed|typed-long|confirmed|said
	assigned/polite|warned+asked|asked-grain|asked-edge|asked-long|typed|typed-long|confirmed|said
	assigned/asks assigned/asks+blocked assigned/asks+full assigned/close-due+asks
	assigned/surveyed|survey-answered|survey-over assigned/surveyed+asks|twice

	snoozed snoozed/no-bot snoozed/blocked snoozed/busy snoozed/all-linked snoozed/full snoozed/until-reply snoozed/in-group
	snoozed/mail snoozed/busy+mail|mailed|mail-off|mail-there
	snoozed/demands snoozed/polite snoozed/warned snoozed/polite+asked-long|asked-edge|confirmed snoozed/asks
	snoozed/surveyed|survey-answered|survey-over
	snoozed/asleep snoozed/released snoozed/over snoozed/over+asleep snoozed/over+released
	snoozed/overfill snoozed/over+overfill
	snoozed/unavailable|seats-taken|left-group|removed|unknown
	snoozed/asleep|over|overfill+unavailable|seats-taken|left-group|removed|unknown
	snoozed/over+overfill|released+unavailable|seats-taken|left-group|removed|unknown

	closed closed/blocked closed/busy closed/all-linked closed/full closed/in-group closed/nobody-before
	closed/window-edge closed/window-over closed/no-window
	closed/no-bot closed/no-bot+blocked closed/no-bot+full
	closed/no-bot+nobody-before closed/no-bot+window-edge closed/no-bot+window-over
	closed/mail closed/busy+mail|mailed|mail-off|mail-there
	closed/demands closed/polite closed/surveyed|survey-answered|survey-over closed/surveyed+blocked|full|twice
	closed/unavailable|seats-taken|left-group|removed|unknown
	closed/no-bot|nobody-before+unavailable|seats-taken|left-group|removed|unknown
	closed/no-bot+overfill|nobody-before+unavailable|seats-taken|left-group|removed|unknown
`)

// expand returns the names of a text, one for each choice.
func expand(text string) []string {
	var all []string
	for name := range strings.FieldsSeq(text) {
		state, flags, flagged := strings.Cut(name, "/")
		if !flagged {
			all = append(all, name)
			continue
		}
		names := []string{state + "/"}
		if rest, any := strings.CutPrefix(flags, "*"); any {
			names[0], flags = state+"/*", rest
		}
		for i, choice := range strings.Split(flags, "+") {
			var more []string
			for _, n := range names {
				for flag := range strings.SplitSeq(choice, "|") {
					if i > 0 {
						flag = "+" + flag
					}
					more = append(more, n+flag)
				}
			}
			names = more
		}
		all = append(all, names...)
	}
	return all
}

// A situation is what a command meets: a conversation, the time, the policy and
// what is known of the agent.
type situation struct {
	*life
	name  string
	state string
	flags []string

	message, handover conversation.Version // when the visitor last wrote, and it last changed hands
}

func (s situation) has(flag string) bool { return slices.Contains(s.flags, flag) }

// readiness is what speaks against the agent on whom the decision depends.
var readiness = map[string]conversation.Readiness{
	"unavailable": conversation.AgentUnavailable, "seats-taken": conversation.AgentFull, "left-group": conversation.AgentLeftGroup,
	"removed": conversation.AgentRemoved, "unknown": conversation.AgentUnknown,
}

func (s situation) ready() conversation.Readiness {
	for _, f := range s.flags {
		if r, ok := readiness[f]; ok {
			return r
		}
	}
	return conversation.AgentReady
}

// isAway reports whether it is known that the agent who has it is away.
func (s situation) isAway() bool { return s.has("away") || s.has("away-edge") || s.has("overdue") }

// takenAway reports whether the visitor has waited too long for an agent who was
// away, and nothing else is due before that.
func (s situation) takenAway() bool {
	return s.has("overdue") && !s.has("answered") && !s.has("for-ever") && !s.has("prompt-due")
}

// due returns the idle action that is due, or nothing. A closing that the visitor
// was not told of becomes the follow-up before it.
func (s situation) due() idle.Action {
	if s.has("untold") {
		return idle.FollowUp
	}
	for _, f := range s.flags {
		if action, ok := strings.CutSuffix(f, "-due"); ok {
			return idle.Action(strings.ReplaceAll(action, "-", "_"))
		}
	}
	return ""
}

// saidLast reports whether it was the agent, or the bot, who wrote last.
func (s situation) saidLast() bool { return s.has("answered") || s.grade() != closure.Unanswered }

// grade is how a closing by a person is graded.
func (s situation) grade() closure.Grade {
	switch {
	case s.has("confirmed"):
		return closure.Confirmed
	case s.has("asked-long"), s.has("typed-long"):
		return closure.CheckedIn
	case s.asked(), s.has("said"), s.has("answered"), s.has("replied"), s.has("returned"):
		return closure.Abrupt
	}
	return closure.Unanswered
}

// asked reports whether the visitor was asked and has not answered.
func (s situation) asked() bool {
	return slices.ContainsFunc(strings.Fields("asked asked-grain asked-edge asked-long typed typed-long"), s.has)
}

// discourteous reports whether the guard of the situation has something against a
// closing by a person.
func (s situation) discourteous() bool {
	return (s.has("polite") || s.has("warned")) && !s.grade().Courteous() && !s.has("blocked") && !s.has("full") && !s.has("replied")
}

// next is the step that is advised to somebody who closes it now.
func (s situation) next() closure.Step {
	switch {
	case s.state == "bot" || s.state == "waiting":
		return closure.StepTake
	case s.asked():
		return closure.StepWait
	case s.has("said"):
		return closure.StepCheckIn
	}
	return closure.StepAnswer
}

// hasSurvey reports whether the last closing has a survey.
func (s situation) hasSurvey() bool {
	return s.has("surveyed") || s.has("survey-answered") || s.has("survey-over")
}

func situations(t *testing.T) []situation {
	var all []situation
	for _, name := range situationNames {
		s := arrange(t, name)
		s.message, s.handover = s.marks()
		all = append(all, s)
	}
	return all
}

// arrange tells the story that leads to a situation.
func arrange(t *testing.T, name string) situation {
	state, flags, _ := strings.Cut(name, "/")
	s := situation{name: name, state: state, flags: strings.Split(flags, "+")}
	s.life = tell(t, s.laws())
	if state == "none" {
		return s
	}
	s.begin()
	switch state {
	case "assigned":
		s.sayGoodbye()
	case "snoozed":
		s.sayGoodbye()
		s.do(ann, s.putAside())
	case "closed":
		s.end()
		s.survey()
	}
	s.decorate()
	s.wait()
	s.agent = s.ready()
	return s
}

func (s situation) laws() conversation.Policy {
	p := conversation.Policy{Bot: !s.has("no-bot"), WakeOverCapacity: s.has("overfill")}
	p.NotifyByEmail = s.has("mail") || s.has("mailed") || s.has("mail-there")
	p.Survey = conversation.Asking{Offer: s.has("asks"), Open: time.Minute}
	if s.has("demands") {
		p.Required = []closure.Field{closure.FieldSentiment}
	}
	switch {
	case s.has("polite"):
		p.Courtesy.Guard = closure.GuardEnforce
	case s.has("warned"):
		p.Courtesy.Guard = closure.GuardWarn
	}
	if s.has("for-ever") {
		p.ReassignAfter = -1
	}
	if s.has("no-window") {
		p.ReopenWindow = -1
	}
	var l idle.Ladder
	switch due := s.due(); {
	case s.has("untold"):
		l = steps(time.Minute, idle.FollowUp)
	case s.has("told"):
		l = steps(time.Minute, idle.FollowUp, idle.Prompt, idle.Close)
	case due == idle.Close:
		l = steps(time.Minute, idle.FollowUp, idle.Close)
	case due != "":
		l = steps(time.Minute, due)
	case s.has("late-step"):
		l = steps(conversation.DefaultReassignAfter+time.Microsecond, idle.Prompt)
	case s.isAway(), s.asked(), s.hasSurvey():
		l.Off = true
	case s.has("hushed") || s.has("silent"):
		l = steps(time.Hour, idle.FollowUp)
	}
	switch s.state {
	case "bot":
		p.Idle.Bot = l
	case "waiting":
		p.Idle.Waiting = l
	case "assigned":
		p.Idle.Assigned = l
	}
	return p
}

// begin leads up to ann's desk, or to where the way there ends.
func (s situation) begin() {
	group := ""
	if s.has("in-group") {
		group = "support"
	}
	bot := s.policy.Bot
	s.policy.Bot = bot || s.state == "bot"
	s.do(vera, conversation.Open{Group: group})
	rounds := 0
	if s.hasSurvey() && s.state != "closed" {
		rounds++
	}
	if s.has("twice") {
		rounds++
	}
	for range rounds {
		s.do(host, conversation.Close{Outcome: closure.Unresolved, Cause: closure.QueueTimeout})
		s.survey()
		s.do(host, conversation.Reopen{})
	}
	s.say(vera)
	s.policy.Bot = bot
	if s.has("replied") {
		s.say(robot)
		s.do(vera, conversation.MarkRead{})
	}
	if s.has("returned") {
		s.do(ann, conversation.Take{})
		s.say(ann)
		s.do(vera, conversation.MarkRead{})
		if s.state == "bot" {
			s.do(ann, conversation.HandBack{})
		} else {
			s.do(ann, conversation.Requeue{})
		}
	}
	if s.state == "bot" || s.c.State == conversation.StateWaiting && s.has("returned") {
		return
	}
	if s.c.State == conversation.StateBot {
		s.do(vera, conversation.RequestAgent{})
	}
	if s.has("lost") {
		s.do(ann, conversation.Take{})
		s.do(host, conversation.Requeue{Reason: conversation.WaitLoggedOut})
	}
	if s.state == "waiting" || s.has("nobody-before") {
		return
	}
	s.do(ann, conversation.Take{})
	if !s.has("busy") { // there, the handover came after the message
		s.say(vera)
	}
}

// sayGoodbye is how far ann comes with the end of the conversation.
func (s situation) sayGoodbye() {
	if !s.saidLast() || s.has("answered") {
		return
	}
	marks := []closure.Mark{closure.CheckIn}
	if s.has("said") {
		marks = []closure.Mark{closure.Farewell} // without having asked
	}
	s.do(ann, conversation.Say{Text: "Anything else?", Marks: marks})
	if s.has("confirmed") {
		s.do(vera, conversation.Say{Text: "No.", Marks: []closure.Mark{closure.Confirmation}})
		s.do(ann, conversation.Say{Text: "Bye.", Marks: []closure.Mark{closure.Farewell}})
	}
	if s.has("typed") || s.has("typed-long") {
		s.after(closure.DefaultPatience-time.Microsecond).do(vera, conversation.Typing{})
	}
	s.do(vera, conversation.MarkRead{})
}

// survey offers one about the last closing.
func (s situation) survey() {
	if !s.hasSurvey() {
		return
	}
	if !s.policy.Survey.Offer {
		s.do(host, conversation.OfferSurvey{})
	}
	if s.has("survey-answered") {
		s.do(vera, conversation.AnswerSurvey{Rating: 2})
	}
}

func (s situation) putAside() conversation.Snooze {
	c := conversation.Snooze{Until: snooze.For(snooze.Short)}
	if s.has("until-reply") {
		c.Until = snooze.UntilReply()
	}
	if s.has("asleep") {
		c.OnReply = snooze.StayAsleep
	}
	if s.has("released") {
		c.AtEnd = snooze.Release
	}
	return c
}

func (s situation) end() {
	laws := s.policy
	defer func() { s.policy = laws }()
	s.policy.Required, s.policy.Courtesy = nil, conversation.Courtesy{} // they came later
	if s.has("nobody-before") {
		s.do(sue, unresolved)
		return
	}
	s.do(ann, unresolved)
}

func (s situation) decorate() {
	if s.has("blocked") {
		s.do(ann, conversation.Block{})
	}
	if s.has("busy") {
		s.left = s.has("mailed")
		s.say(host)
		s.do(host, conversation.LinkArticle{Article: "kb-1"})
	}
	s.left = s.has("mail") || s.has("mailed") || s.has("mail-off")
	if s.isAway() {
		s.do(host, conversation.AssigneeGone{Agent: "ann", Since: s.now})
	}
	if s.has("answered") {
		s.say(ann)
		s.do(vera, conversation.MarkRead{})
	}
	for i := 1; s.has("all-linked") && i <= conversation.MaxArticles; i++ {
		s.do(host, conversation.LinkArticle{Article: fmt.Sprintf("kb-%d", i*i*i)}) // 1 is one of them, 2 is not
	}
	for s.has("full") && s.c.Version < conversation.MaxHistory {
		s.c = conversation.Evolve(s.c, conversation.Record{
			Seq: s.c.Version + 1, At: s.now, By: ann, Event: conversation.NoteAdded{},
		})
	}
}

// wait lets pass the time that makes the situation.
func (s situation) wait() {
	switch {
	case s.has("asked-grain"):
		s.after(conversation.TypingGrain)
	case s.has("asked"):
		s.after(conversation.TypingGrain - time.Microsecond)
	case s.has("asked-edge"), s.has("typed"):
		s.after(closure.DefaultPatience - time.Microsecond)
	case s.has("asked-long"), s.has("typed-long"):
		s.after(closure.DefaultPatience)
	case s.has("survey-over"):
		s.after(time.Minute)
	case s.has("surveyed"):
		s.after(time.Minute - time.Microsecond)
	case s.has("overdue"):
		s.after(conversation.DefaultReassignAfter + time.Microsecond)
	case s.has("away-edge"):
		s.after(conversation.DefaultReassignAfter - time.Microsecond)
	case s.has("untold"): // in this silence, which is not the first
		s.idle()
		s.do(sue, conversation.Transfer{Agent: "bob"})
		s.do(sue, conversation.Transfer{Agent: "ann"})
		s.do(vera, conversation.MarkRead{})
		s.policy.Idle.Assigned = steps(time.Minute, idle.Prompt, idle.FollowUp)
		s.idle()
		s.policy.Idle.Assigned = steps(time.Minute, idle.FollowUp, idle.Close)
		s.after(time.Minute)
	case s.has("told"):
		s.idle()
		s.do(vera, conversation.MarkRead{})
		s.idle()
		s.after(conversation.TypingGrain).do(vera, conversation.Typing{})
		s.after(time.Minute)
	case s.due() == idle.Close:
		s.idle()
		s.do(vera, conversation.MarkRead{})
		s.after(time.Minute)
	case s.due() != "":
		s.after(time.Minute)
	case s.has("silent"):
		s.after(conversation.TypingGrain)
	case s.has("hushed"):
		s.after(conversation.TypingGrain - time.Microsecond)
	case s.has("over"):
		s.after(snooze.Short)
	case s.has("window-edge"):
		s.after(conversation.DefaultReopenWindow)
	case s.has("window-over"):
		s.after(conversation.DefaultReopenWindow + time.Microsecond)
	}
}

// An actorColumn is one column of the specification.
type actorColumn struct {
	by conversation.Actor
	as string
}

var columns = []actorColumn{
	{vera, "the visitor"},
	{victor, "another visitor"},
	{ann, "the holder, an agent"},
	{bob, "another agent"},
	{conversation.Supervisor("ann"), "the holder, a supervisor"},
	{sue, "another supervisor"},
	{robot, "the bot"},
	{host, "the system"},
	{timer, "the timer"},
}
