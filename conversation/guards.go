package conversation

import (
	"cmp"
	"slices"

	"github.com/adjourn/adjourn/closure"
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

	formIncomplete = guard{"a required field is empty", func(d *decision) bool {
		return len(d.missing()) > 0
	}}
	discourteous = guard{"the guard finds it discourteous", func(d *decision) bool {
		c := d.command.(Close)
		advice, advised := d.advice(c)
		return advised && !d.acknowledges(c, advice)
	}}
	sameDecision = guard{"the decision is the same", func(d *decision) bool {
		r := d.command.(Reclassify)
		return r.Outcome == d.c.Closing.Outcome && r.Reason == d.c.Closing.Reason && d.c.Closing.hasForm(r.Form)
	}}

	surveyOffered  = guard{"it was offered", func(d *decision) bool { return d.c.Closing.Survey != nil }}
	noSurvey       = guard{"there is no such survey", func(d *decision) bool { return d.survey() == nil }}
	surveyAnswered = guard{"it was answered", func(d *decision) bool {
		return d.survey().Rating > 0
	}}
	surveyOver = guard{"it is over", func(d *decision) bool {
		return !d.facts.Now.Before(d.survey().Until)
	}}

	typingPostpones = guard{"it moves the idle deadline, or the end of patience, noticeably", func(d *decision) bool {
		if d.c.State == StateAssigned && d.c.Courtesy.Pending() {
			patience := d.facts.Policy.Courtesy.patience()
			if d.facts.Now.Sub(d.c.Courtesy.ActiveAt) >= min(TypingGrain, patience/4) {
				return true
			}
		}
		next, ok := nextIdle(d.c, &d.facts.Policy)
		if !ok {
			return false
		}
		moved := d.facts.Now.Sub(next.Since)
		return moved >= min(TypingGrain, next.At.Sub(next.Since)/4)
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
		return due && next.Action == action
	}}
}

// takeAwayDue reports whether what is due is to take it from the agent.
func (d *decision) takeAwayDue() bool {
	next, due := d.due()
	return due && next.Why == Reassignment
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

// missing returns the required fields that a closing, or a new decision with a
// form, leaves empty. Only people fill in forms, and nobody who forces.
func (d *decision) missing() []closure.Field {
	required := d.facts.Policy.Required
	switch c := d.command.(type) {
	case Close:
		if c.Force {
			return nil
		}
		outcome, reason, _ := c.decision(d.by)
		return c.Form.Missing(required, outcome, reason, d.facts.Tags)
	case Reclassify:
		if r := c; r.Form != nil {
			return r.Form.Missing(required, r.Outcome, r.Reason, d.facts.Tags)
		}
		if slices.Contains(required, closure.FieldReason) {
			return closure.Form{}.Missing([]closure.Field{closure.FieldReason}, c.Outcome, c.Reason, nil)
		}
	}
	return nil
}

// advice returns what the courtesy guard has against a closing by a person. What
// was no request, goes on elsewhere, or has nobody to answer needs no goodbye; what
// only the bot wrote in needs no agent's, only an answer; and nobody can say one
// where the history is full. Who has missed a message is told that instead.
func (d *decision) advice(c Close) (closure.Advice, bool) {
	policy := d.facts.Policy.Courtesy
	switch {
	case policy.Guard == closure.GuardOff,
		c.Force, c.Cause == closure.Spam, c.Cause == closure.Merged,
		d.c.State == StateBot && !d.c.Courtesy.Open && !d.c.Cycle.PersonWrote,
		d.c.Blocked, d.c.Version >= MaxHistory, d.missed(visitorMessage, d.asOf) != 0:
		return closure.Advice{}, false
	}
	advice, advised := d.c.Courtesy.Advise(d.facts.Now, policy.patience())
	if advised && (d.c.State == StateBot || d.c.State == StateWaiting) {
		return closure.Advice{Grade: advice.Grade, Next: closure.StepTake}, true
	}
	switch advice.Next {
	case closure.StepCheckIn:
		advice.Phrase = cmp.Or(policy.CheckIn, advice.Phrase)
	case closure.StepFarewell:
		advice.Phrase = cmp.Or(policy.Farewell, advice.Phrase)
	}
	return advice, advised
}

// acknowledges reports whether a person closes over this advice, of a guard that
// only warns.
func (d *decision) acknowledges(c Close, advice closure.Advice) bool {
	return d.facts.Policy.Courtesy.Guard == closure.GuardWarn && c.Acknowledged == advice.Grade
}

// survey returns the survey that the visitor answers, nil if there is none, or
// more than one that could be meant.
func (d *decision) survey() *Survey {
	number := d.command.(AnswerSurvey).Number
	of := d.c.closing(number)
	if of == nil || number == 0 && slices.ContainsFunc(d.c.Earlier, d.unanswered) {
		return nil
	}
	return of.Survey
}

func (d *decision) unanswered(of Closing) bool {
	return of.surveyed(d.facts.Now) && of.Survey.Rating == 0
}

// hasForm reports whether a form would change nothing. Notes are not at hand to be
// compared: new ones are a change.
func (of *Closing) hasForm(f *closure.Form) bool {
	if f == nil {
		return true
	}
	return f.Sentiment == of.Sentiment && f.Notes == "" && !of.Noted &&
		slices.Equal(slices.Compact(slices.Sorted(slices.Values(f.Tags))), of.Tags) &&
		slices.Equal(once(f.Tickets), of.Tickets)
}

// once returns the strings in their order, without those that came before.
func once(list []string) []string {
	var all []string
	for _, s := range list {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// due returns what is next in the conversation if its time has come.
func (d *decision) due() (Upcoming, bool) {
	u, ok := next(d.c, &d.facts.Policy)
	return u, ok && !u.At.After(d.facts.Now)
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
