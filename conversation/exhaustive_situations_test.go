package conversation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// The situations: a state, and what of it could matter to a guard. Without a
// flag there is a bot; the visitor is not blocked, offline, and has read all;
// the agent who had it can have it again; nothing is due; the snooze is kept, not
// over, and ends with a reply; the reopen window is open.
var situationNames = strings.Fields(`
	none none/no-bot

	bot bot/no-bot bot/blocked bot/busy bot/all-linked bot/full bot/hushed bot/silent
	bot/follow-up-due bot/requeue-due bot/close-due

	waiting waiting/no-bot waiting/blocked waiting/busy waiting/all-linked waiting/full
	waiting/hushed waiting/silent waiting/in-group waiting/follow-up-due waiting/hand-back-due waiting/close-due

	assigned assigned/no-bot assigned/blocked assigned/busy assigned/all-linked assigned/full
	assigned/hushed assigned/silent assigned/in-group assigned/prompt-due assigned/follow-up-due
	assigned/hand-back-due assigned/requeue-due assigned/close-due assigned/told+close-due assigned/untold

	snoozed snoozed/no-bot snoozed/blocked snoozed/busy snoozed/all-linked snoozed/full snoozed/until-reply
	snoozed/unavailable snoozed/asleep snoozed/asleep+unavailable snoozed/released
	snoozed/over snoozed/over+unavailable snoozed/over+asleep
	snoozed/over+released snoozed/over+released+unavailable

	closed closed/blocked closed/busy closed/all-linked closed/full closed/unavailable closed/nobody-before
	closed/window-edge closed/window-over closed/no-window
	closed/no-bot closed/no-bot+blocked closed/no-bot+full closed/no-bot+unavailable
	closed/no-bot+nobody-before closed/no-bot+window-edge closed/no-bot+window-over
`)

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
	case "snoozed":
		s.do(ann, s.putAside())
	case "closed":
		s.end()
	}
	s.decorate()
	s.wait()
	return s
}

func (s situation) laws() conversation.Policy {
	p := conversation.Policy{Bot: !s.has("no-bot")}
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
	s.say(vera)
	s.policy.Bot = bot
	if s.state == "bot" {
		return
	}
	if s.c.State == conversation.StateBot {
		s.do(vera, conversation.RequestAgent{})
	}
	if s.state == "waiting" || s.has("nobody-before") {
		return
	}
	s.do(ann, conversation.Take{})
	if !s.has("busy") { // there, the handover came after the message
		s.say(vera)
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
	if s.has("nobody-before") {
		s.do(sue, unresolved)
		return
	}
	s.do(ann, unresolved)
}

func (s situation) decorate() {
	if s.has("unavailable") {
		s.agent = conversation.AgentUnavailable
	}
	if s.has("blocked") {
		s.do(ann, conversation.Block{})
	}
	if s.has("busy") {
		s.do(vera, conversation.SetPresence{Online: true})
		s.say(host)
		s.do(host, conversation.LinkArticle{Article: "kb-1"})
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
