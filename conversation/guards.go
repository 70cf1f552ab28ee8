package conversation

import (
	"slices"

	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// A guard is a named condition of a row. The name is what the documentation
// shows; the zero guard always holds.
type guard struct {
	name  string
	holds func(*decision) bool
}

func (g guard) open(d *decision) bool { return g.holds == nil || g.holds(d) }

var (
	botConfigured = guard{"there is a bot", func(d *decision) bool { return d.facts.Policy.Bot }}
	noBot         = guard{"there is no bot", func(d *decision) bool { return !d.facts.Policy.Bot }}

	agentWanted = guard{"a person is asked for", func(d *decision) bool {
		return d.command.(Open).ForAgent
	}}
	visitorBlocked = guard{"the visitor is blocked", func(d *decision) bool { return d.c.Blocked }}

	automatic = guard{"the message is automatic", func(d *decision) bool {
		return d.automatic(d.command.(Say))
	}}
	automaticOrAsleep = guard{"the message is automatic, or the snooze stays asleep", func(d *decision) bool {
		return d.automatic(d.command.(Say)) || d.c.Snooze.OnReply == snooze.StayAsleep
	}}

	// agentReady looks at the agent to whom the conversation would go back: the
	// keeper of the snooze, or whoever held a closed one.
	agentReady = guard{"the agent who had it can have it again", func(d *decision) bool {
		return d.agentBefore() != "" && d.agentReady()
	}}

	agentGone = guard{"there is no such agent", func(d *decision) bool {
		return d.facts.Agent == AgentRemoved || d.facts.Agent == AgentUnknown
	}}
	agentFull = guard{"the agent has no seat left", func(d *decision) bool {
		return d.facts.Agent == AgentFull
	}}
	wakerFull = guard{"the agent has no seat left, and waking may not overfill", func(d *decision) bool {
		return d.facts.Agent == AgentFull && !d.facts.Policy.WakeOverCapacity
	}}
	agentUnavailable = guard{"the agent is not available", func(d *decision) bool {
		return d.facts.Agent == AgentUnavailable
	}}

	sameGroup = guard{"it is of the group", func(d *decision) bool {
		return d.command.(Regroup).Group == d.c.Group
	}}
	assigneeLeft = guard{"the agent has it and was available", func(d *decision) bool {
		return d.command.(AssigneeGone).Agent == d.c.Agent && d.c.AwaySince.IsZero()
	}}
	assigneeAway = guard{"the agent has it and was away", func(d *decision) bool {
		return d.command.(AssigneeBack).Agent == d.c.Agent && !d.c.AwaySince.IsZero()
	}}
	emailWanted = guard{"an e-mail is wanted about unread answers", func(d *decision) bool {
		return len(d.c.Unread) > 0 && d.emailWanted()
	}}

	windowOver = guard{"the reopen window is over", func(d *decision) bool {
		window := d.facts.Policy.reopenWindow()
		return window < 0 || d.facts.Now.Sub(d.c.Closing.At) > window || d.c.Version >= MaxHistory
	}}

	otherGroup = guard{"another group is asked for", func(d *decision) bool {
		group := d.command.(RequestAgent).Group
		return group != "" && group != d.c.Group
	}}
	assigneeHolds = guard{"the agent has it", func(d *decision) bool {
		return d.command.(Assign).Agent == d.c.Agent
	}}
	targetIsAgent = guard{"the target is an agent", func(d *decision) bool {
		return d.command.(Transfer).Agent != ""
	}}
	targetHolds = guard{"the target has it", func(d *decision) bool {
		t := d.command.(Transfer)
		if d.c.State == StateWaiting {
			return t.Group != "" && t.Group == d.c.Group
		}
		return t.Agent != "" && t.Agent == d.c.Agent
	}}

	sameDecision = guard{"the decision is the same", func(d *decision) bool {
		r := d.command.(Reclassify)
		tags := slices.Compact(slices.Sorted(slices.Values(r.Tags)))
		return r.Outcome == d.c.Closing.Outcome && r.Reason == d.c.Closing.Reason &&
			(r.Tags == nil || slices.Equal(tags, d.c.Closing.Tags))
	}}

	typingPostpones = guard{"it moves the idle deadline noticeably", func(d *decision) bool {
		next, ok := nextIdle(d.c, &d.facts.Policy)
		if !ok {
			return false
		}
		moved := d.facts.Now.Sub(d.c.Silence.Since)
		return moved >= min(TypingGrain, next.wait/4)
	}}
	nothingUnread = guard{"nothing is unread", func(d *decision) bool {
		upTo := d.command.(MarkRead).UpTo
		return len(d.c.Unread) == 0 || upTo != 0 && upTo < d.c.Unread[0]
	}}
	articleLinked = guard{"it is linked", func(d *decision) bool {
		return slices.Contains(d.c.Articles, d.command.(LinkArticle).Article)
	}}

	articlesFull = guard{"it has as many as it can have", func(d *decision) bool {
		return len(d.c.Articles) >= MaxArticles
	}}

	snoozeOver = guard{"the snooze is over", func(d *decision) bool {
		_, due := d.due()
		return due
	}}
	snoozeOverAndKept = guard{"the snooze is over, it is kept, and the agent can have it", func(d *decision) bool {
		_, due := d.due()
		return due && d.c.Snooze.AtEnd == snooze.Keep && d.agentReady()
	}}

	takeAwayDue = guard{"the visitor has waited too long for an agent who is away", func(d *decision) bool {
		return d.takeAwayDue() && (agentGone.open(d) || agentUnavailable.open(d))
	}}
	backInTime = guard{"the visitor has waited too long, but the agent is back", (*decision).takeAwayDue}

	promptDue   = stepDue("a prompt is due", idle.Prompt)
	followUpDue = stepDue("a follow-up is due", idle.FollowUp)
	handBackDue = stepDue("an idle hand-back is due", idle.HandBack)
	requeueDue  = stepDue("an idle requeue is due", idle.Requeue)
	closeDue    = stepDue("an idle closing is due", idle.Close)
)

func stepDue(name string, action idle.Action) guard {
	return guard{name, func(d *decision) bool {
		next, due := d.due()
		return due && next.action == action
	}}
}

// takeAwayDue reports whether what is due is to take it from the agent.
func (d *decision) takeAwayDue() bool {
	next, due := d.due()
	return due && d.c.State == StateAssigned && next.action == ""
}

// agentReady reports whether the agent can have it again; out of a snooze, the
// policy may let that overfill them.
func (d *decision) agentReady() bool {
	over := d.c.State == StateSnoozed && d.facts.Policy.WakeOverCapacity
	return d.facts.Agent == AgentReady || d.facts.Agent == AgentFull && over
}

// emailWanted reports whether an e-mail is to be asked for, given that there are
// unread answers.
func (d *decision) emailWanted() bool {
	return d.facts.Policy.NotifyByEmail && d.facts.AwayWithEmail && !d.c.EmailRequested
}

// due returns the deadline of the conversation if it has passed.
func (d *decision) due() (deadline, bool) {
	next, ok := nextDeadline(d.c, &d.facts.Policy)
	return next, ok && !next.at.After(d.facts.Now)
}

// automatic reports whether a message counts as no activity.
func (d *decision) automatic(s Say) bool { return s.Automatic || d.by.Kind == KindSystem }

// agentBefore returns the agent to whom the conversation would go back.
func (d *decision) agentBefore() string {
	if d.c.State == StateClosed {
		return d.c.Closing.Agent
	}
	return d.c.Agent
}
