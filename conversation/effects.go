package conversation

import (
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// The effects: what each accepting row of the rule table records.

func open(to State) func(*decision, Open) {
	return func(d *decision, o Open) {
		visitor := o.Visitor
		if visitor == "" {
			visitor = d.by.ID
		}
		d.record(Opened{
			Visitor: visitor, Group: o.Group, Previous: o.Previous, PreviousAgent: o.PreviousAgent,
			To: to, AgentRequested: o.ForAgent,
		})
	}
}

func say(d *decision, s Say) {
	marks := append([]closure.Mark(nil), s.Marks...) // nil for none, as it is read from a store
	if d.by.person() {
		marks = d.facts.Policy.marks(marks, s.Text)
	}
	d.record(Said{Automatic: d.automatic(s), Marks: marks, Text: s.Text})
	if speaker(d.by) == idle.Responder {
		d.answered()
	}
}

// answered asks for an e-mail about what the visitor, who is away, has not seen.
func (d *decision) answered() {
	if d.emailWanted() {
		d.record(EmailRequested{})
	}
}

func sayToQueue(d *decision, s Say) {
	say(d, s)
	d.record(Requeued{})
}

func sayAndWake(to State) func(*decision, Say) {
	return func(d *decision, s Say) {
		say(d, s)
		d.wake(to, WokenByVisitor)
	}
}

func sayAndReopen(to State) func(*decision, Say) {
	return func(d *decision, s Say) {
		say(d, s)
		d.reopen(to)
	}
}

func requestAgent(d *decision, r RequestAgent) {
	d.record(AgentRequested(r))
}

func requestAgentAndWake(to State) func(*decision, RequestAgent) {
	return func(d *decision, r RequestAgent) {
		requestAgent(d, r)
		d.wake(to, WokenByVisitor)
	}
}

func take(d *decision, _ Take) { d.record(Taken{From: d.c.Agent}) }

func assign(d *decision, a Assign) {
	d.record(Assigned{Agent: a.Agent, From: d.c.Agent})
}

func handBack[C Command](d *decision, _ C) { d.record(HandedBack{Agent: d.c.Agent}) }

func transfer(d *decision, t Transfer) {
	d.record(Transferred{From: d.c.Agent, Agent: t.Agent, Group: t.Group, Unavailable: d.facts.Agent == AgentUnavailable})
}

func requeue(d *decision, r Requeue)    { d.record(Requeued{From: d.c.Agent, Reason: r.Reason}) }
func requeueIdle(d *decision, _ Expire) { d.record(Requeued{From: d.c.Agent}) }

func takeAway(d *decision, _ Expire) {
	d.record(Requeued{From: d.c.Agent, Reason: WaitReason(d.facts.Agent)})
}

func regroup(d *decision, r Regroup) { d.record(Regrouped{From: d.c.Group, Group: r.Group}) }

// goneAway takes an instant to come, which only another clock can have named, for
// the present one.
func goneAway(d *decision, a AssigneeGone) {
	since := a.Since.UTC().Truncate(time.Microsecond)
	if since.After(d.facts.Now) {
		since = d.facts.Now
	}
	d.record(AssigneeLeft{Since: since})
}

func backAgain[C Command](d *decision, _ C)      { d.record(AssigneeReturned{}) }
func notifyByEmail(d *decision, _ NotifyByEmail) { d.record(EmailRequested{}) }

func putAside(d *decision, s Snooze) {
	until, err := s.Until.Resolve(d.facts.Now)
	if err != nil {
		rule := ruleOf(err, snooze.ErrChoice, snooze.ErrZone, snooze.ErrLocal, snooze.ErrHorizon, snooze.ErrPast)
		d.err = &InvalidError{Field: "until", Rule: rule, Err: err}
		return
	}
	e := Snoozed{Deadline: until, AtEnd: snooze.Keep, OnReply: snooze.Wake}
	if s.AtEnd != "" {
		e.AtEnd = s.AtEnd
	}
	if s.OnReply != "" {
		e.OnReply = s.OnReply
	}
	d.record(e)
}

func wake[C Command](to State, cause WakeCause) func(*decision, C) {
	return func(d *decision, _ C) { d.wake(to, cause) }
}

// wake ends the snooze: the keeper has the conversation again, or it waits, for
// the reason that kept it from them.
func (d *decision) wake(to State, cause WakeCause) {
	w := Woken{Cause: cause}
	switch {
	case to == StateAssigned:
		w.Agent = d.c.Agent
		w.Unavailable = d.facts.Agent == AgentUnavailable
	case cause == WokenByTimer && d.c.Snooze.AtEnd == snooze.Release:
		w.Reason = WaitReleased
	default:
		w.Reason = WaitReason(d.facts.Agent)
	}
	if cause == WokenByTimer {
		w.Late = d.facts.Now.Sub(d.c.Snooze.At)
	}
	d.record(w)
}

func closeIt(d *decision, c Close) {
	outcome, reason, cause := c.decision(d.by)
	e := Closed{Outcome: outcome, Reason: reason, Cause: cause, Form: d.form(c.Form, nil), Noted: c.Notes != ""}
	if d.by.person() {
		e.Grade = d.c.Courtesy.Grade(d.facts.Now, d.facts.Policy.Courtesy.patience())
		_, e.Acknowledged = d.advice(c) // the guard has let it pass all the same
	}
	d.close(e)
}

// form returns a form as it is recorded. Tags that the closing has already need
// not be of the catalogue.
func (d *decision) form(f closure.Form, has []string) closure.Form {
	f.Tags, f.Tickets = d.tags(f.Tags, has), once(f.Tickets)
	return f
}

// tags returns tags in order, each once. All must be of the catalogue, or those
// that the closing has already.
func (d *decision) tags(given, has []string) []string {
	for i, tag := range given {
		if !slices.Contains(d.facts.Tags, tag) && !slices.Contains(has, tag) {
			d.err = &InvalidError{Field: "tags", Rule: fmt.Sprintf("must be of the catalogue, number %d is not", i+1)}
		}
	}
	tags := slices.Sorted(slices.Values(given))
	return slices.Compact(tags)
}

// closeIdle ends a conversation in which nobody wrote. Nobody came to one that
// waited: that has a cause of its own.
func closeIdle(d *decision, _ Expire) {
	next, _ := d.due()
	outcome := closure.Outcome(d.facts.Policy.ladder(d.c.State).Steps[next.Step].Outcome)
	if outcome == "" {
		outcome = closure.Unresolved
	}
	cause := closure.Idle
	if d.c.State == StateWaiting {
		cause = closure.QueueTimeout
	}
	d.close(Closed{Outcome: outcome, Cause: cause})
}

// close records a closing, and the offer of a survey if the policy wants one. What
// was no request, or goes on elsewhere, is not asked about.
func (d *decision) close(e Closed) {
	e.Number, e.Agent = d.c.closings()+1, d.c.Agent
	d.record(e)
	asks := e.Cause != closure.Spam && e.Cause != closure.Merged && !d.c.Blocked && d.c.Version < MaxHistory
	if d.facts.Policy.Survey.Offer && asks {
		d.offer(e.Number)
	}
}

func (d *decision) offer(number int) {
	until := d.facts.Now.Add(d.facts.Policy.Survey.open())
	d.record(SurveyOffered{Number: number, Until: until})
}

func offerSurvey(d *decision, _ OfferSurvey) { d.offer(d.c.Closing.Number) }

func answerSurvey(d *decision, a AnswerSurvey) {
	number := d.c.closing(a.Number).Number
	d.record(SurveyAnswered{Number: number, Rating: a.Rating, Comment: a.Comment})
}

func reclassify(d *decision, r Reclassify) {
	last := d.c.Closing
	e := Reclassified{
		Number: last.Number, Outcome: r.Outcome, Reason: r.Reason,
		OldOutcome: last.Outcome, OldReason: last.Reason,
	}
	if r.Form != nil {
		form := d.form(*r.Form, last.Tags)
		e.Form, e.Noted = &form, form.Notes != ""
	}
	d.record(e)
}

func reopen(to State) func(*decision, Reopen) {
	return func(d *decision, _ Reopen) { d.reopen(to) }
}

func (d *decision) reopen(to State) {
	e := Reopened{Number: d.c.Closing.Number, To: to}
	switch {
	case to == StateAssigned && (d.by.Kind == KindAgent || d.by.Kind == KindSupervisor):
		e.Agent = d.by.ID
	case to == StateAssigned:
		e.Agent = d.c.Closing.Agent
	case to == StateWaiting && d.c.Closing.Agent != "":
		e.Reason = WaitReason(d.facts.Agent)
	}
	d.record(e)
}

func typing(d *decision, _ Typing) { d.record(Typed{}) }

func markRead(d *decision, m MarkRead) {
	if m.UpTo == 0 || m.UpTo > d.c.Version {
		m.UpTo = d.c.Version
	}
	d.record(MarkedRead(m))
}

func addNote(d *decision, n AddNote)         { d.record(NoteAdded(n)) }
func linkArticle(d *decision, l LinkArticle) { d.record(ArticleLinked(l)) }
func block(d *decision, _ Block)             { d.record(Blocked{}) }
func unblock(d *decision, _ Unblock)         { d.record(Unblocked{}) }

func prompt(d *decision, _ Expire) {
	i, s := d.step()
	d.record(Prompted{Step: i, Text: s.Text, Phrase: s.Phrase})
}

func followUp(d *decision, _ Expire) {
	i, s := d.step()
	d.record(FollowedUp{Step: i, Text: s.Text})
	d.answered()
}

// step returns the step of the idle ladder that is due.
func (d *decision) step() (int, idle.Step) {
	next, _ := d.due()
	return next.Step, d.facts.Policy.ladder(d.c.State).Steps[next.Step]
}

// closings returns how often the conversation has been closed.
func (c *Conversation) closings() int {
	if c.Closing == nil {
		return 0
	}
	return c.Closing.Number
}
