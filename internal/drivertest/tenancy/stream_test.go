package tenancy_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
)

// The small world that both workspaces have, with the same IDs. That of a
// conversation continues what the names of some workspaces begin.
var (
	commandIDs       = []string{"m-1", "m-2", "m-3", "m-4"}
	conversationIDs  = []string{"chat-1", "chat-2", "b:chat-1", "chat-5"}
	visitorIDs       = []string{"vic", "vic", "eve"}
	agentIDs         = []string{"ann", "ben"}
	groupIDs         = []string{"", "sales", "care"}
	texts            = []string{"Hello?", "Is there anything else I can help you with?", "Thanks, bye", "No", ""}
	workspaceNames   = [][2]string{{"acme", "umbrella"}, {"acme", "Acme"}, {"a", "a:b"}, {"acme", "acme."}, {"1", "01"}}
	streamOperations = 18
)

// An operation is what one workspace does at one time: the same whenever it is
// played on the same conversations.
type operation struct {
	name string
	play func(ctx context.Context, d *lifecycle.Desk, workspace string) (any, error)
}

// A turn is an operation of one of the two, or time that passes for both.
type turn struct {
	who     int // 0 or 1
	does    operation
	passes  time.Duration
	working bool // the Desk ticks then
}

func pick[T any](dice *rand.Rand, from ...T) T { return from[dice.IntN(len(from))] }

// stream makes up what two workspaces do, interleaved.
func stream(dice *rand.Rand) []turn {
	var turns []turn
	queues := [2][]operation{}
	for who := range queues {
		queues[who] = append(team(dice), openings(dice)...)
		for range streamOperations {
			queues[who] = append(queues[who], anything(dice))
		}
	}
	for len(queues[0])+len(queues[1]) > 0 {
		who := dice.IntN(2)
		if len(queues[who]) == 0 {
			who = 1 - who
		}
		turns = append(turns, turn{who: who, does: queues[who][0]})
		queues[who] = queues[who][1:]
		if dice.IntN(3) == 0 {
			passes := pick(dice, 0, time.Second, time.Minute, 10*time.Minute, time.Hour, 25*time.Hour)
			turns = append(turns, turn{who: -1, passes: passes, working: dice.IntN(4) > 0})
		}
	}
	return append(turns, turn{who: -1, working: true})
}

// team sets up a team, or what is left of one.
func team(dice *rand.Rand) []operation {
	var all []operation
	for _, group := range groupIDs[1:] {
		all = append(all, operation{"SetGroup", func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
			return nil, d.SetGroup(ctx, ws, group)
		}})
	}
	all = append(all, setPolicies(dice))
	for _, agent := range agentIDs {
		all = append(all, setAgent(dice, agent), setAvailability(agent, roster.Available))
	}
	return all[:len(all)-dice.IntN(3)]
}

func setPolicies(dice *rand.Rand) operation {
	p := conversation.Policies{Tags: pick(dice, nil, []string{"vip"}, []string{"vip", "late"})}
	p.Default = conversation.Policy{
		Bot: dice.IntN(2) == 0, Sticky: dice.IntN(2) == 0, PullOnly: dice.IntN(4) == 0, NotifyByEmail: dice.IntN(2) == 0,
		KnownAgentsOnly: dice.IntN(4) == 0, Survey: conversation.Asking{Offer: dice.IntN(2) == 0},
		ReopenWindow: pick(dice, 0, time.Minute, -1),
	}
	if dice.IntN(2) == 0 {
		p.Default.Idle.Assigned = idle.Ladder{Steps: []idle.Step{{After: pick(dice, time.Minute, time.Hour), Action: idle.Prompt, Text: "Hm?"}}}
	}
	if dice.IntN(2) == 0 {
		p.Groups = map[string]conversation.Policy{"sales": {Bot: true}}
	}
	return operation{"SetPolicies", func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
		_, revision, err := d.Policies(ctx, ws)
		if err != nil {
			return nil, err
		}
		return d.SetPolicies(ctx, ws, p, revision)
	}}
}

func setAgent(dice *rand.Rand, agent string) operation {
	capacity, groups := 1+dice.IntN(2), pick(dice, []string{}, []string{"sales"}, []string{"sales", "care"})
	return operation{"SetAgent", func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
		return d.SetAgent(ctx, ws, agent, capacity, groups...)
	}}
}

func setAvailability(agent string, to roster.Availability) operation {
	return operation{"SetAvailability", func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
		return d.SetAvailability(ctx, ws, agent, roster.Manual, to)
	}}
}

func openings(dice *rand.Rand) []operation {
	var all []operation
	for _, id := range conversationIDs[:2+dice.IntN(3)] {
		all = append(all, give(dice, id, conversation.Visitor(pick(dice, visitorIDs...)), conversation.Open{Group: pick(dice, groupIDs...)}))
	}
	return all
}

// give gives a command, often with a command ID, as of the present where it is a
// bot's.
func give(dice *rand.Rand, id string, by conversation.Actor, command conversation.Command) operation {
	commandID := ""
	if dice.IntN(3) == 0 {
		commandID = pick(dice, commandIDs...)
	}
	asOf := conversation.Version(0)
	if dice.IntN(8) == 0 {
		asOf = conversation.Version(1 + dice.IntN(4))
	}
	return operation{fmt.Sprintf("%T %s", command, id), func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
		call := lifecycle.Call{Workspace: ws, Conversation: id, By: by, CommandID: commandID, AsOf: asOf}
		if by.Kind == conversation.KindBot {
			c, err := d.Get(ctx, ws, id)
			if err != nil {
				return nil, err
			}
			call.AsOf = c.Version
		}
		return d.Do(ctx, call, command)
	}}
}

// anything is a command, or something about the people.
func anything(dice *rand.Rand) operation {
	visitor, agent, group := pick(dice, visitorIDs...), pick(dice, agentIDs...), pick(dice, groupIDs...)
	if dice.IntN(5) > 0 {
		id := pick(dice, conversationIDs...)
		of := func(by conversation.Actor, command conversation.Command) operation {
			return give(dice, id, by, command)
		}
		form := closure.Form{Notes: pick(dice, "", "nice"), Tags: pick(dice, nil, []string{"vip"})}
		v, a, s, b, h := conversation.Visitor(visitor), conversation.Agent(agent), sue, bot, sys
		return pick(dice,
			func() operation { return of(v, conversation.Open{Group: group}) },
			func() operation { return of(v, conversation.Say{Text: pick(dice, texts...)}) },
			func() operation { return of(v, conversation.Say{Text: pick(dice, texts...)}) },
			func() operation { return of(v, conversation.Say{Text: pick(dice, texts...)}) },
			func() operation { return of(a, conversation.Say{Text: pick(dice, texts...)}) },
			func() operation { return of(a, conversation.Say{Text: pick(dice, texts...)}) },
			func() operation { return of(b, conversation.Say{Text: "Beep"}) },
			func() operation { return of(v, conversation.RequestAgent{Group: group}) },
			func() operation { return of(a, conversation.Take{}) },
			func() operation { return of(a, conversation.Take{}) },
			func() operation { return of(s, conversation.Assign{Agent: agent}) },
			func() operation { return of(a, conversation.HandBack{}) },
			func() operation { return of(a, conversation.Transfer{Agent: pick(dice, agentIDs...)}) },
			func() operation { return of(a, conversation.Transfer{Group: "sales"}) },
			func() operation { return of(a, conversation.Requeue{}) },
			func() operation {
				return of(a, conversation.Snooze{Until: pick(dice, snooze.For(time.Hour), snooze.UntilReply()), AtEnd: pick(dice, snooze.Keep, snooze.Release)})
			},
			func() operation { return of(a, conversation.Wake{}) },
			func() operation { return of(a, conversation.Close{Outcome: closure.Resolved, Form: form}) },
			func() operation { return of(v, conversation.Close{}) },
			func() operation {
				return of(a, conversation.Reclassify{Outcome: closure.Unresolved, Reason: closure.ReasonOther, Form: &form})
			},
			func() operation { return of(h, conversation.OfferSurvey{}) },
			func() operation { return of(v, conversation.AnswerSurvey{Rating: 1 + dice.IntN(5), Comment: "ok"}) },
			func() operation { return of(a, conversation.Reopen{}) },
			func() operation { return of(s, conversation.Regroup{Group: group}) },
			func() operation { return of(v, conversation.Typing{}) },
			func() operation { return of(v, conversation.MarkRead{}) },
			func() operation { return of(a, conversation.AddNote{Text: "angry"}) },
			func() operation {
				return of(a, conversation.LinkArticle{Article: pick(dice, "article-1", "article-2")})
			},
			func() operation { return of(s, conversation.Block{}) },
			func() operation { return of(s, conversation.Unblock{}) },
		)()
	}
	desk := func(name string, play func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error)) operation {
		return operation{name, play}
	}
	online, availability := dice.IntN(2) == 0, pick(dice, roster.Available, roster.Unavailable, roster.Unset)
	return pick(dice,
		setPolicies(dice), setAgent(dice, agent), setAvailability(agent, availability),
		desk("RemoveAgent", func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
			return nil, d.RemoveAgent(ctx, ws, agent)
		}),
		desk("LogOut", func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
			return nil, d.LogOut(ctx, ws, agent)
		}),
		desk("ForceLogOut", func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
			return d.ForceLogOut(ctx, ws, agent, sue, conversation.Requeue{})
		}),
		desk("SetGroup", func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
			return nil, d.SetGroup(ctx, ws, "sales")
		}),
		desk("RemoveGroup", func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
			return nil, d.RemoveGroup(ctx, ws, "sales", "care")
		}),
		desk("SetPresence", func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
			return d.SetPresence(ctx, ws, visitor, online)
		}),
		desk("SetEmail", func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
			return d.SetEmail(ctx, ws, visitor, visitor+"@example.org")
		}),
		desk("Forget", func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
			return d.Forget(ctx, ws, visitor)
		}),
		desk("Unread", func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
			return d.Unread(ctx, ws, visitor)
		}),
		desk("List", func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
			return d.List(ctx, ws, lifecycle.View{}, "", 3)
		}),
		desk("Report", func(ctx context.Context, d *lifecycle.Desk, ws string) (any, error) {
			return d.Report(ctx, ws, lifecycle.ReportQuery{By: []closure.Dimension{closure.ByAgent}})
		}),
	)
}
