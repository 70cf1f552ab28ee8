package compat

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// The people of the lives.
var (
	vic  = conversation.Visitor("vic")
	wim  = conversation.Visitor("wim")
	ann  = conversation.Agent("ann")
	ben  = conversation.Agent("ben")
	sue  = conversation.Supervisor("sue")
	bot  = conversation.Bot("helper")
	host = conversation.System("shop")
)

// A story is a kit whose store takes down what is written.
type story struct {
	*lifecycletest.Kit
	*lifecycletest.Chat // the first conversation
	t                   testing.TB
	recorder            *Recorder
}

const here = lifecycletest.Workspace

// retell returns the life that a story tells today.
func retell(t testing.TB, name string, tell func(*story)) Life {
	t.Helper()
	r := &Recorder{Store: memory.New()}
	kit := lifecycletest.NewOn(t, r, nil)
	tell(&story{kit, kit.Chat("chat-1"), t, r})
	l := Life{Format: format, Name: name, end: kit.Clock.Now().UTC(), writes: r.writes}
	var err error
	if l.states, err = l.fold(today); err != nil {
		t.Fatal(err)
	}
	store := memory.New()
	if err := l.Replay(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	if l.answers, err = l.ask(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	return l
}

func (s *story) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// may gives a command that is allowed to be refused.
func (s *story) may(c *lifecycletest.Chat, by conversation.Actor, command conversation.Command) {
	call := c.By(by)
	call.AsOf = 0
	_, _ = s.Desk.Do(context.Background(), call, command)
}

func (s *story) later(d time.Duration) { s.t.Helper(); s.Advance(d) }

func (s *story) groups(ids ...string) {
	s.t.Helper()
	for _, id := range ids {
		s.must(s.Desk.SetGroup(s.t.Context(), here, id))
	}
}

func (s *story) agent(id string, capacity int, groups ...string) {
	s.t.Helper()
	_, err := s.Desk.SetAgent(s.t.Context(), here, id, capacity, groups...)
	s.must(err)
	s.there(id, roster.Available)
}

func (s *story) there(id string, a roster.Availability) {
	s.t.Helper()
	_, err := s.Desk.SetAvailability(s.t.Context(), here, id, roster.Manual, a)
	s.must(err)
}

func (s *story) policies(p conversation.Policies) {
	s.t.Helper()
	_, revision, err := s.Desk.Policies(s.t.Context(), here)
	s.must(err)
	_, err = s.Desk.SetPolicies(s.t.Context(), here, p, revision)
	s.must(err)
	s.later(0)
}

// held opens the conversation and gives it to ann, after a word of the visitor.
func (s *story) held() {
	s.t.Helper()
	s.Open(vic)
	s.Say(vic, "My parcel is late.")
	s.Do(ann, conversation.Take{})
	s.later(time.Minute)
}

func steps(s ...idle.Step) idle.Ladder { return idle.Ladder{Steps: s} }

// lives are the stories of the files of format. One whose course changes with the
// library gets a new name: the old file stays, and needs no story.
var lives = map[string]func(*story){
	"bot-answers": func(s *story) {
		s.SetPolicy(conversation.Policy{Bot: true})
		s.Open(vic)
		s.Say(vic, "Where is my parcel?")
		s.Say(bot, "It comes <today> & is blue\u2028.")
		s.Say(vic, "Merci, c’est parfait 🎉")
		s.Do(bot, conversation.Close{Outcome: closure.Resolved})
	},
	"bot-hands-over": func(s *story) {
		s.SetPolicy(conversation.Policy{Bot: true})
		s.groups("billing")
		s.Do(host, conversation.Open{Visitor: "vic"})
		s.Say(vic, "I was charged twice.")
		s.Do(bot, conversation.RequestAgent{Group: "billing"})
		s.Do(vic, conversation.RequestAgent{})
		s.Do(ann, conversation.Take{})
		s.Say(ann, "I see.")
		s.Do(ann, conversation.HandBack{})
		s.Say(bot, "Anything else?")
		s.Do(ann, conversation.Take{})
	},
	"opened-for-an-agent": func(s *story) {
		s.SetPolicy(conversation.Policy{Bot: true, PullOnly: true})
		s.groups("billing")
		s.Do(vic, conversation.Open{Group: "billing", Previous: "chat-0", PreviousAgent: "ann", ForAgent: true})
		s.Do(host, conversation.Say{Text: "You are next.", Automatic: true})
		s.Do(sue, conversation.Transfer{Group: "support"})
	},
	"bot-switched-off": func(s *story) {
		s.SetPolicy(conversation.Policy{Bot: true})
		s.Open(vic)
		s.SetPolicy(conversation.Policy{})
		s.Say(vic, "Anybody?")
	},
	"taken-and-assigned": func(s *story) {
		s.held()
		s.Do(sue, conversation.Take{})
		s.Do(sue, conversation.Assign{Agent: "ben"})
		s.Do(sue, conversation.Assign{Agent: "ann"})
		s.Do(ann, conversation.Requeue{})
		s.Do(host, conversation.Assign{Agent: "ben"})
	},
	"transferred": func(s *story) {
		s.groups("billing", "support")
		s.agent("ann", 2, "support")
		s.agent("ben", 2, "billing")
		s.Open(vic)
		s.later(time.Minute)
		s.there("ben", roster.Unavailable)
		s.Do(sue, conversation.Take{})
		s.Do(sue, conversation.Transfer{Agent: "ben"})
		s.Do(ben, conversation.Transfer{Group: "support"})
		s.later(time.Minute)
		s.later(time.Hour)
	},
	"snoozed-for-a-while": func(s *story) {
		s.held()
		s.Say(ann, "I call the shop.")
		s.Do(ann, conversation.Snooze{Until: snooze.For(2 * time.Hour)})
		s.later(time.Hour)
		s.Do(ann, conversation.Snooze{Until: snooze.For(3 * time.Hour)})
		s.Clock.Add(5 * time.Hour) // and nobody ticks
		s.later(0)
	},
	"snoozed-until-tomorrow": func(s *story) {
		s.held()
		s.Do(ann, conversation.Snooze{Until: snooze.Calendar("2026-03-29T02:30", "Europe/Berlin"), AtEnd: snooze.Release})
		s.later(28 * 24 * time.Hour)
	},
	"snoozed-until-reply": func(s *story) {
		s.held()
		s.Do(ann, conversation.Snooze{Until: snooze.UntilReply()})
		s.later(30 * 24 * time.Hour)
		s.Do(vic, conversation.Say{Text: "Out of office.", Automatic: true})
		s.Say(vic, "I have found it.")
	},
	"snoozed-and-asleep": func(s *story) {
		s.held()
		s.Do(ann, conversation.Snooze{Until: snooze.At(lifecycletest.Start.Add(24 * time.Hour)), OnReply: snooze.StayAsleep})
		s.Say(vic, "One more thing.")
		s.Do(ann, conversation.Snooze{Until: snooze.For(48 * time.Hour), OnReply: snooze.StayAsleep})
		s.later(time.Hour)
		s.Do(ann, conversation.Wake{})
	},
	"woken-by-a-supervisor": func(s *story) {
		s.agent("ann", 1)
		s.held()
		s.Do(ann, conversation.Snooze{Until: snooze.For(time.Hour)})
		s.there("ann", roster.Unavailable)
		s.Do(ann, conversation.Take{})
		s.Do(ann, conversation.Snooze{Until: snooze.For(time.Hour)})
		s.Do(sue, conversation.Wake{})
	},
	"woken-and-ann-is-full": func(s *story) {
		s.agent("ann", 1)
		s.held()
		s.Do(ann, conversation.Snooze{Until: snooze.For(time.Hour)})
		second := s.Kit.Chat("chat-2")
		second.Open(wim)
		s.later(2 * time.Hour)
	},
	"woken-over-capacity": func(s *story) {
		s.SetPolicy(conversation.Policy{WakeOverCapacity: true})
		s.agent("ann", 1)
		s.held()
		s.Do(ann, conversation.Snooze{Until: snooze.For(time.Hour)})
		second := s.Kit.Chat("chat-2")
		second.Open(wim)
		s.later(2 * time.Hour)
	},
	"woken-and-ann-is-gone": func(s *story) {
		s.SetPolicy(conversation.Policy{KnownAgentsOnly: true})
		s.groups("billing")
		s.agent("ann", 3, "billing")
		for i, end := range []func(){
			func() { s.must(s.Desk.RemoveAgent(s.t.Context(), here, "ann")) },
			func() { s.agent("ann", 3) },
			func() { s.there("ann", roster.Unavailable) },
		} {
			s.agent("ann", 3, "billing")
			c := s.Kit.Chat(fmt.Sprintf("chat-%d", i+1))
			c.Do(vic, conversation.Open{Group: "billing"})
			s.later(0)
			c.Do(ann, conversation.Snooze{Until: snooze.For(time.Hour)})
			end()
			s.later(2 * time.Hour)
		}
	},
	"idle-agent": func(s *story) {
		s.SetPolicy(conversation.Policy{Idle: conversation.Idle{Assigned: steps(
			idle.Step{After: time.Minute, Action: idle.Prompt, Text: "Check in.", Phrase: "Are you still there?"},
			idle.Step{After: time.Minute, Action: idle.FollowUp, Text: "Are you there?"},
			idle.Step{After: time.Minute, Action: idle.Close, Outcome: string(closure.Unresolved)},
		)}})
		s.held()
		s.Say(ann, "Are you still there? I wait.")
		s.later(time.Minute)
		s.Say(vic, "Yes.")
		s.later(time.Hour)
	},
	"idle-bot-and-queue": func(s *story) {
		s.SetPolicy(conversation.Policy{Bot: true, Idle: conversation.Idle{
			Bot:      steps(idle.Step{After: time.Minute, Action: idle.FollowUp, Text: "Hello?"}, idle.Step{After: time.Minute, Action: idle.Requeue}),
			Waiting:  steps(idle.Step{After: time.Hour, Action: idle.FollowUp, Text: "Soon."}, idle.Step{After: time.Hour, Action: idle.Close}),
			Assigned: steps(idle.Step{After: time.Hour, Action: idle.HandBack}),
		}})
		s.Open(vic)
		s.Say(vic, "A person, please.")
		s.Say(bot, "Which one?")
		s.later(2 * time.Minute)
		s.Do(ann, conversation.Take{})
		s.later(time.Hour)
		s.later(4 * time.Hour)
	},
	"idle-requeue": func(s *story) {
		s.SetPolicy(conversation.Policy{Idle: conversation.Idle{
			Waiting:  idle.Ladder{Off: true},
			Assigned: idle.Ladder{LastSpeaker: idle.Visitor, Steps: []idle.Step{{After: time.Hour, Action: idle.Requeue}}},
		}})
		s.held()
		s.later(24 * time.Hour)
	},
	"queue-handed-back": func(s *story) {
		s.SetPolicy(conversation.Policy{Bot: true, Idle: conversation.Idle{
			Waiting: steps(idle.Step{After: time.Hour, Action: idle.HandBack}),
		}})
		s.Do(vic, conversation.Open{ForAgent: true})
		s.later(2 * time.Hour)
	},
	"typing": func(s *story) {
		s.held()
		s.Say(ann, "Is there anything else I can help you with?")
		s.later(90 * time.Second)
		s.Do(vic, conversation.Typing{})
		s.later(90 * time.Second)
		s.Say(vic, "No, thank you, bye.")
		s.Say(ann, "Goodbye!")
		s.Do(ann, conversation.Close{Outcome: closure.Resolved})
	},
	"closed-with-a-form": func(s *story) {
		s.policies(conversation.Policies{
			Tags: []string{"late", "refund", "lost"},
			Default: conversation.Policy{
				Required: closure.Fields(),
				Courtesy: conversation.Courtesy{Guard: closure.GuardWarn, Patience: time.Minute, CheckIn: "All good?", Farewell: "So long."},
			},
		})
		s.held()
		s.Do(ann, conversation.LinkArticle{Article: "kb-1"})
		s.Do(ann, conversation.AddNote{Text: "VIP; call after six."})
		s.Say(ann, "It was lost. All good?")
		s.Do(ann, conversation.Close{
			Outcome: closure.Unresolved, Reason: closure.ReasonOther, Acknowledged: closure.Abrupt,
			Form: closure.Form{Sentiment: closure.Negative, Notes: "Refund by hand.", Tags: []string{"refund", "late"}, Tickets: []string{"SHOP-7"}},
		})
		s.later(time.Hour)
		s.Do(sue, conversation.Reclassify{Outcome: closure.Unresolved, Reason: closure.ReasonMissingKnowledge, Form: &closure.Form{
			Sentiment: closure.Neutral, Notes: "Nobody knew.", Tags: []string{"late"}, Tickets: []string{"SHOP-8", "SHOP-7"},
		}})
		s.Do(host, conversation.Reclassify{Outcome: closure.Resolved})
	},
	"closed-by-others": func(s *story) {
		ends := []struct {
			by conversation.Actor
			conversation.Close
		}{
			{vic, conversation.Close{}},
			{host, conversation.Close{Outcome: closure.Unresolved, Cause: closure.VisitorLeft}},
			{host, conversation.Close{Outcome: closure.Unresolved, Cause: closure.QueueTimeout}},
			{ann, conversation.Close{Outcome: closure.Unresolved, Cause: closure.Spam}},
			{sue, conversation.Close{Outcome: closure.Resolved, Force: true}},
		}
		for i, end := range ends {
			c := s.Kit.Chat(fmt.Sprintf("chat-%d", i+1))
			c.Open(vic)
			c.Do(end.by, end.Close)
			s.later(time.Minute)
		}
	},
	"merged": func(s *story) {
		s.held()
		second := s.Kit.Chat("chat-2")
		second.Do(vic, conversation.Open{Previous: "chat-1"})
		second.Say(vic, "It is about the same parcel.")
		second.Do(ann, conversation.Take{})
		second.Do(ann, conversation.AddNote{Text: "Goes on in chat-1."})
		second.Do(ann, conversation.Close{Outcome: closure.Resolved, Cause: closure.Merged})
		s.Say(ann, "I am on both.")
	},
	"surveyed": func(s *story) {
		s.SetPolicy(conversation.Policy{Survey: conversation.Asking{Offer: true, Open: 48 * time.Hour}})
		s.held()
		s.Do(ann, conversation.Close{Outcome: closure.Resolved})
		s.Say(vic, "It is broken.")
		s.later(time.Minute)
		s.Do(ann, conversation.Close{Outcome: closure.Resolved})
		s.Do(vic, conversation.AnswerSurvey{Number: 2, Rating: 5, Comment: "Quick, \"friendly\"."})
		s.Do(vic, conversation.AnswerSurvey{Number: 1, Rating: 2})
		s.Say(vic, "And once more.")
		s.later(time.Hour)
		s.Do(ann, conversation.Close{Outcome: closure.Unresolved})
	},
	"survey-by-hand": func(s *story) {
		s.held()
		s.Do(ann, conversation.Close{Outcome: closure.Resolved})
		s.Do(sue, conversation.OfferSurvey{})
		s.later(10 * 24 * time.Hour)
	},
	"reopened": func(s *story) {
		s.groups("billing")
		s.agent("ann", 3, "billing")
		s.Do(vic, conversation.Open{Group: "billing"})
		s.later(time.Minute)
		s.Do(ann, conversation.LinkArticle{Article: "kb-7"})
		s.Do(ann, conversation.Close{Outcome: closure.Unresolved})
		s.Say(vic, "Not yet.")
		s.Do(ann, conversation.Close{Outcome: closure.Resolved})
		s.there("ann", roster.Unavailable)
		s.Say(vic, "Still not.")
		s.later(time.Minute)
		s.Do(sue, conversation.Close{Outcome: closure.Resolved})
		s.Do(sue, conversation.Reopen{})
		s.Do(sue, conversation.Close{Outcome: closure.Resolved})
		s.Do(host, conversation.Reopen{})
	},
	"succeeded": func(s *story) {
		s.SetPolicy(conversation.Policy{ReopenWindow: time.Hour, Sticky: true})
		s.held()
		s.Do(ann, conversation.Close{Outcome: closure.Resolved})
		s.later(2 * time.Hour)
		s.Say(vic, "Hello again.")
	},
	"forgotten": func(s *story) {
		_, err := s.Desk.SetEmail(s.t.Context(), here, "vic", "vic@example.com")
		s.must(err)
		s.held()
		s.Do(ann, conversation.AddNote{Text: "Lives at 5, Main Street."})
		call := s.By(vic)
		call.CommandID = "web-1"
		_, err = s.Desk.Say(s.t.Context(), call, "My number is 555-1234.")
		s.must(err)
		s.Do(ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Notes: "Called 555-1234."}})
		_, err = s.Desk.Forget(s.t.Context(), here, "vic")
		s.must(err)
		s.Say(vic, "Did you forget me?")
	},
	"purged": func(s *story) {
		s.held()
		s.Do(ann, conversation.Close{Outcome: closure.Resolved})
		second := s.Kit.Chat("chat-2")
		second.Open(wim)
		s.later(90 * 24 * time.Hour)
		second.Say(wim, "Anybody?")
		_, err := s.Desk.Purge(s.t.Context(), 60*24*time.Hour)
		s.must(err)
	},
	"written-by-email": func(s *story) {
		s.SetPolicy(conversation.Policy{NotifyByEmail: true})
		_, err := s.Desk.SetPresence(s.t.Context(), here, "vic", true)
		s.must(err)
		_, err = s.Desk.SetEmail(s.t.Context(), here, "vic", "vic@example.com")
		s.must(err)
		s.held()
		s.Say(ann, "Which order?")
		_, err = s.Desk.SetPresence(s.t.Context(), here, "vic", false)
		s.must(err)
		s.Say(ann, "I look for it.")
		s.later(time.Minute)
		s.Do(vic, conversation.MarkRead{UpTo: 4})
		s.Do(vic, conversation.MarkRead{})
		s.Say(ann, "I have it.")
	},
	"blocked": func(s *story) {
		s.held()
		s.Do(ann, conversation.Block{})
		s.may(s.Chat, vic, conversation.Say{Text: "No!"})
		s.Do(sue, conversation.Unblock{})
		s.Say(vic, "Sorry.")
		s.Do(host, conversation.Block{})
	},
	"group-removed": func(s *story) {
		s.groups("billing", "support")
		s.agent("ann", 3, "billing")
		s.Do(vic, conversation.Open{Group: "billing"})
		second := s.Kit.Chat("chat-2")
		second.Do(wim, conversation.Open{Group: "billing"})
		s.later(0)
		second.Do(ann, conversation.Requeue{})
		s.must(s.Desk.RemoveGroup(s.t.Context(), here, "billing", "support"))
		s.later(time.Minute)
		s.Do(sue, conversation.Regroup{})
	},
	"agent-away": func(s *story) {
		s.policies(conversation.Policies{AvailabilityGrace: time.Minute, Default: conversation.Policy{ReassignAfter: time.Hour, Idle: conversation.Idle{Assigned: idle.Ladder{Off: true}}}})
		s.agent("ann", 2)
		s.held()
		_, err := s.Desk.SetAvailability(s.t.Context(), here, "ann", roster.Automatic, roster.Available)
		s.must(err)
		s.there("ann", roster.Unset)
		_, err = s.Desk.SetAvailability(s.t.Context(), here, "ann", roster.Automatic, roster.Unavailable)
		s.must(err)
		s.later(30 * time.Second)
		s.later(10 * time.Minute)
		s.there("ann", roster.Available)
		s.later(time.Minute)
		s.there("ann", roster.Unavailable)
		s.agent("ben", 2)
		s.later(3 * time.Hour)
	},
	"logged-out": func(s *story) {
		s.agent("ann", 3)
		s.held()
		second := s.Kit.Chat("chat-2")
		second.Open(wim)
		s.later(0)
		second.Do(ann, conversation.Snooze{Until: snooze.For(24 * time.Hour)})
		_, err := s.Desk.ForceLogOut(s.t.Context(), here, "ann", sue, conversation.Requeue{Reason: conversation.WaitLoggedOut})
		s.must(err)
		s.agent("ben", 3)
		s.later(time.Hour)
		s.must(s.Desk.RemoveAgent(s.t.Context(), here, "ann"))
		s.later(48 * time.Hour)
	},
	"clock-stepped-back": func(s *story) {
		s.held()
		s.Clock.Set(s.Clock.Now().Add(-time.Hour))
		s.Say(ann, "What time is it?")
		s.Do(ann, conversation.Snooze{Until: snooze.For(30 * time.Minute)})
		s.later(2 * time.Hour)
	},
	"repeated": func(s *story) {
		call := s.By(vic)
		for _, id := range []string{"open-1", "say-1", "say-1", "say-2"} {
			call.CommandID = id
			var err error
			if id == "open-1" {
				_, err = s.Desk.Open(s.t.Context(), call, conversation.Open{})
			} else {
				_, err = s.Desk.Say(s.t.Context(), call, "Hello?")
			}
			s.must(err)
		}
		call = s.By(host)
		call.CommandID = "wait-1"
		_, err := s.Desk.RequestAgent(s.t.Context(), call, "")
		s.must(err)
	},
	"fed": func(s *story) {
		s.held()
		_, err := s.Desk.Advance(s.t.Context(), "golden", 2)
		s.must(err)
		s.Say(ann, "Hello.")
	},
	"every-policy": func(s *story) {
		s.groups("billing", "support")
		p := conversation.Policy{
			Bot: true, ReopenWindow: 2 * time.Hour, PullOnly: true, Sticky: true, ReassignAfter: -1, WakeOverCapacity: true,
			KnownAgentsOnly: true, NotifyByEmail: true, Required: closure.Fields(),
			Courtesy: conversation.Courtesy{Guard: closure.GuardEnforce, Patience: time.Minute, CheckIn: "All good?", Farewell: "So long."},
			Survey:   conversation.Asking{Offer: true, Open: time.Hour},
			Idle: conversation.Idle{
				Bot:      idle.Ladder{LastSpeaker: idle.Responder, Steps: []idle.Step{{After: time.Minute, Action: idle.FollowUp, Text: "Hm?"}, {After: time.Minute, Action: idle.Close, Outcome: string(closure.Unresolved)}}},
				Waiting:  idle.Ladder{Off: true},
				Assigned: steps(idle.Step{After: time.Minute, Action: idle.Prompt, Text: "Well?", Phrase: "Still there?"}),
			},
		}
		s.policies(conversation.Policies{
			Default: p, Groups: map[string]conversation.Policy{"billing": p, "support": {ReopenWindow: -1}},
			Tags: []string{"late", "Été"}, AvailabilityGrace: -1,
		})
		s.Do(vic, conversation.Open{Group: "billing"})
		s.Say(bot, "Hello.")
		s.later(time.Hour)
	},
	"two-workspaces": func(s *story) {
		s.held()
		_, err := s.Desk.SetPolicies(s.t.Context(), "other", conversation.Policies{Default: conversation.Policy{Bot: true}}, 0)
		s.must(err)
		_, err = s.Desk.Open(s.t.Context(), lifecycle.Call{Workspace: "other", Conversation: "chat-9", By: vic}, conversation.Open{})
		s.must(err)
	},
}

func init() {
	for seed := range uint64(6) {
		lives[fmt.Sprintf("random-%d", seed+1)] = func(s *story) { wander(s, rand.New(rand.NewPCG(seed, 1))) }
	}
}

// wander gives commands at random, whatever becomes of them.
func wander(s *story, dice *rand.Rand) {
	actors := []conversation.Actor{vic, ann, ben, sue, bot, host}
	pick := func(n int) int { return dice.IntN(n) }
	ladder := func() idle.Ladder {
		return steps(idle.Step{After: time.Duration(1+pick(60)) * time.Minute, Action: idle.FollowUp, Text: "Hello?"})
	}
	s.policies(conversation.Policies{Tags: []string{"late"}, Default: conversation.Policy{
		Bot: pick(2) == 0, PullOnly: pick(2) == 0, Sticky: pick(2) == 0, NotifyByEmail: true,
		ReopenWindow: time.Duration(1+pick(5)) * time.Hour, ReassignAfter: time.Duration(1+pick(5)) * time.Hour,
		Idle: conversation.Idle{Bot: ladder(), Waiting: ladder(), Assigned: ladder()}, Survey: conversation.Asking{Offer: pick(2) == 0},
	}})
	s.groups("billing")
	s.agent("ann", 1+pick(2), "billing")
	s.agent("ben", 1+pick(2))
	chats := []*lifecycletest.Chat{s.Chat, s.Kit.Chat("chat-2"), s.Kit.Chat("chat-3")}
	for _, c := range chats {
		c.Open(vic)
	}
	for range 40 {
		commands := []conversation.Command{
			conversation.Say{Text: "Hello?"}, conversation.Say{Text: "Hello?"}, conversation.RequestAgent{Group: "billing"},
			conversation.Take{}, conversation.HandBack{}, conversation.Transfer{Agent: "ben"}, conversation.Transfer{Group: "billing"},
			conversation.Requeue{}, conversation.Snooze{Until: snooze.For(time.Duration(1+pick(10)) * time.Hour)}, conversation.Wake{},
			conversation.Close{Outcome: closure.Resolved}, conversation.Close{Outcome: closure.Unresolved, Reason: closure.ReasonOther},
			conversation.Reclassify{Outcome: closure.Unresolved}, conversation.AnswerSurvey{Rating: 1 + pick(5)}, conversation.Reopen{},
			conversation.Typing{}, conversation.MarkRead{}, conversation.AddNote{Text: "A note."}, conversation.LinkArticle{Article: "kb-1"},
		}
		s.may(chats[pick(len(chats))], actors[pick(len(actors))], commands[pick(len(commands))])
		if pick(4) == 0 {
			s.there([]string{"ann", "ben"}[pick(2)], []roster.Availability{roster.Available, roster.Unavailable}[pick(2)])
		}
		if pick(3) == 0 {
			s.later(time.Duration(pick(120)) * time.Minute)
		}
	}
}

var _ storage.Store = (*Recorder)(nil)
