package conversation

import (
	"cmp"
	"slices"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// A guard is a condition of a row, in the words that the documentation shows. The
// zero guard always holds.
type guard string

const (
	agentWanted       guard = "a person is asked for"
	botConfigured     guard = "there is a bot"
	noBot             guard = "there is no bot"
	visitorBlocked    guard = "the visitor is blocked"
	automatic         guard = "the message is automatic"
	automaticOrAsleep guard = "the message is automatic, or the snooze stays asleep"
	windowOver        guard = "the reopen window is over"
	otherGroup        guard = "another group is asked for"

	agentReady       guard = "the agent who had it can have it again"
	agentGone        guard = "there is no such agent"
	agentFull        guard = "the agent has no seat left"
	wakerFull        guard = "the agent has no seat left, and waking may not overfill"
	agentUnavailable guard = "the agent is not available"
	assigneeHolds    guard = "the agent has it"
	targetIsAgent    guard = "the target is an agent"
	targetHolds      guard = "the target has it"

	formIncomplete guard = "a required field is empty"
	discourteous   guard = "the guard finds it discourteous"
	sameDecision   guard = "the decision is the same"
	surveyOffered  guard = "it was offered"
	noSurvey       guard = "there is no such survey"
	surveyAnswered guard = "it was answered"
	surveyOver     guard = "it is over"

	sameGroup       guard = "it is of the group"
	assigneeLeft    guard = "the agent has it and was available"
	assigneeAway    guard = "the agent has it and was away"
	emailWanted     guard = "an e-mail is wanted about unread answers"
	typingPostpones guard = "it moves the idle deadline, or the end of patience, noticeably"
	nothingUnread   guard = "nothing is unread"
	articleLinked   guard = "it is linked"
	articlesFull    guard = "it has as many as it can have"

	snoozeOver        guard = "the snooze is over"
	snoozeOverAndKept guard = "the snooze is over, it is kept, and the agent can have it"
	takeAwayDue       guard = "the visitor has waited too long for an agent who is away"
	backInTime        guard = "the visitor has waited too long, but the agent is back"
	promptDue         guard = "a prompt is due"
	followUpDue       guard = "a follow-up is due"
	handBackDue       guard = "an idle hand-back is due"
	requeueDue        guard = "an idle requeue is due"
	closeDue          guard = "an idle closing is due"
)

// holds reports whether the condition of a row is met. It is a switch, as
// [decision.apply] is, because a decision that goes through a function value can not
// stay on the stack.
func (d *decision) holds(g guard) bool {
	switch g {
	case "":
		return true

	case agentWanted:
		return d.Command.(Open).ForAgent
	case botConfigured:
		return d.facts.Policy.Bot
	case noBot:
		return !d.facts.Policy.Bot
	case visitorBlocked:
		return d.c.Blocked
	case automatic:
		return d.automatic(d.Command.(Say))
	case automaticOrAsleep:
		return d.automatic(d.Command.(Say)) || d.c.Snooze.OnReply == snooze.StayAsleep
	case windowOver:
		window := d.facts.Policy.reopenWindow()
		return window < 0 || d.facts.Now.Sub(d.c.Closing.At) > window || d.c.Version >= MaxHistory
	case otherGroup:
		group := d.Command.(RequestAgent).Group
		return group != "" && group != d.c.Group

	case agentReady:
		return d.agentBefore() != "" && d.agentReady()
	case agentGone:
		return d.facts.Agent == AgentRemoved || d.facts.Agent == AgentUnknown
	case agentFull:
		return d.facts.Agent == AgentFull
	case wakerFull:
		return d.facts.Agent == AgentFull && !d.facts.Policy.WakeOverCapacity
	case agentUnavailable:
		return d.facts.Agent == AgentUnavailable
	case assigneeHolds:
		return d.Command.(Assign).Agent == d.c.Agent
	case targetIsAgent:
		return d.Command.(Transfer).Agent != ""
	case targetHolds:
		t := d.Command.(Transfer)
		if d.c.State == StateWaiting {
			return t.Group != "" && t.Group == d.c.Group
		}
		return t.Agent != "" && t.Agent == d.c.Agent

	case formIncomplete:
		return len(d.missing()) > 0
	case discourteous:
		c := d.Command.(Close)
		advice, advised := d.advice(&c)
		return advised && !d.acknowledges(&c, advice)
	case sameDecision:
		r := d.Command.(Reclassify)
		return r.Outcome == d.c.Closing.Outcome && r.Reason == d.c.Closing.Reason && d.c.Closing.hasForm(r.Form)
	case surveyOffered:
		return d.c.Closing.Survey != nil
	case noSurvey:
		return d.survey() == nil
	case surveyAnswered:
		return d.survey().Rating > 0
	case surveyOver:
		return !d.facts.Now.Before(d.survey().Until)

	case sameGroup:
		return d.Command.(Regroup).Group == d.c.Group
	case assigneeLeft:
		return d.Command.(AssigneeGone).Agent == d.c.Agent && d.c.AwaySince.IsZero()
	case assigneeAway:
		return d.Command.(AssigneeBack).Agent == d.c.Agent && !d.c.AwaySince.IsZero()
	case emailWanted:
		return len(d.c.Unread) > 0 && d.emailWanted()
	case typingPostpones:
		return d.typingPostpones()
	case nothingUnread:
		upTo := d.Command.(MarkRead).UpTo
		return len(d.c.Unread) == 0 || upTo != 0 && upTo < d.c.Unread[0]
	case articleLinked:
		return slices.Contains(d.c.Articles, d.Command.(LinkArticle).Article)
	case articlesFull:
		return len(d.c.Articles) >= MaxArticles

	case snoozeOver:
		return d.snoozeOver()
	case snoozeOverAndKept:
		return d.snoozeOver() && d.c.Snooze.AtEnd == snooze.Keep && d.agentReady()
	case takeAwayDue:
		return d.takeAwayDue() && (d.holds(agentGone) || d.holds(agentUnavailable))
	case backInTime:
		return d.takeAwayDue()
	case promptDue:
		return d.stepDue(idle.Prompt)
	case followUpDue:
		return d.stepDue(idle.FollowUp)
	case handBackDue:
		return d.stepDue(idle.HandBack)
	case requeueDue:
		return d.stepDue(idle.Requeue)
	case closeDue:
		return d.stepDue(idle.Close)
	}
	panic("conversation: no such guard: " + g)
}

// stepDue reports whether what is due is a step of the idle ladder that does action.
func (d *decision) stepDue(action idle.Action) bool {
	why, step := d.due()
	return why == IdleStep && d.facts.Policy.ladder(d.c.State).Steps[step].Action == action
}

// typingPostpones reports whether the visitor's typing moves what waits for them by
// enough to be worth a record.
func (d *decision) typingPostpones() bool {
	if d.c.State == StateAssigned && d.c.Courtesy.Pending() {
		patience := d.facts.Policy.Courtesy.patience()
		if d.facts.Now.Sub(d.c.Courtesy.ActiveAt) >= min(TypingGrain, patience/4) {
			return true
		}
	}
	at, _, ok := nextIdle(d.c, &d.facts.Policy)
	if !ok {
		return false
	}
	since := d.c.Silence.Since
	return d.facts.Now.Sub(since) >= min(TypingGrain, at.Sub(since)/4)
}

func (d *decision) snoozeOver() bool {
	why, _ := d.due()
	return why == SnoozeOver
}

// takeAwayDue reports whether what is due is to take it from the agent.
func (d *decision) takeAwayDue() bool {
	why, _ := d.due()
	return why == Reassignment
}

// agentReady reports whether the agent to whom the conversation would go back can
// have it again; out of a snooze, the policy may let that overfill them.
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
	switch c := d.Command.(type) {
	case Close:
		if c.Force {
			return nil
		}
		outcome, reason, _ := c.decision(d.By)
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
func (d *decision) advice(c *Close) (closure.Advice, bool) {
	policy := d.facts.Policy.Courtesy
	switch {
	case policy.Guard == closure.GuardOff,
		c.Force, c.Cause == closure.Spam, c.Cause == closure.Merged,
		d.c.State == StateBot && !d.c.Courtesy.Open && !d.c.Cycle.PersonWrote,
		d.c.Blocked, d.c.Version >= MaxHistory, d.missed(visitorMessage, d.AsOf) != 0:
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
func (d *decision) acknowledges(c *Close, advice closure.Advice) bool {
	return d.facts.Policy.Courtesy.Guard == closure.GuardWarn && c.Acknowledged == advice.Grade
}

// survey returns the survey that the visitor answers, nil if there is none, or
// more than one that could be meant.
func (d *decision) survey() *Survey {
	number := d.Command.(AnswerSurvey).Number
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
		slices.Equal(sortedOnce(f.Tags), of.Tags) &&
		slices.Equal(once(f.Tickets), of.Tickets)
}

// sortedOnce returns the strings ascending, each once.
func sortedOnce(list []string) []string {
	if len(list) == 0 {
		return nil // as it is read from a store
	}
	sorted := slices.Clone(list)
	slices.Sort(sorted)
	return slices.Compact(sorted)
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

// due returns what is next in the conversation, and which step of the idle ladder that
// is; nothing unless its time has come.
func (d *decision) due() (why DueReason, step int) {
	why, at, step := next(d.c, &d.facts.Policy)
	if at.After(d.facts.Now) {
		return "", 0
	}
	return why, step
}

// automatic reports whether a message counts as no activity.
func (d *decision) automatic(s Say) bool { return s.Automatic || d.By.Kind == KindSystem }

// agentBefore returns the agent to whom the conversation would go back.
func (d *decision) agentBefore() string {
	if d.c.State == StateClosed {
		return d.c.Closing.Agent
	}
	return d.c.Agent
}
