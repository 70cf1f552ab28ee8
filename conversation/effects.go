package conversation

import (
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// An effect is what an accepting row records.
type effect uint8

// The effects, in the order of [decision.apply].
const (
	nothing effect = iota
	open
	say
	sayToQueue
	sayAndWake
	sayAndReopen
	requestAgent
	requestAgentAndWake
	take
	assign
	handBack
	transfer
	requeue
	requeueIdle
	takeAway
	regroup
	goneAway
	backAgain
	notifyByEmail
	putAside
	wakeByAgent
	wakeByTimer
	closeIt
	closeIdle
	reclassify
	offerSurvey
	answerSurvey
	reopen
	typing
	markRead
	addNote
	linkArticle
	block
	unblock
	prompt
	followUp
)

// apply appends the events of a row that records something.
func (d *decision) apply(r *rule, events []Event) ([]Event, error) {
	switch r.effect {
	case open:
		return append(events, d.opened(r.to)), nil

	case say:
		return d.said(events), nil
	case sayToQueue:
		return append(d.said(events), Requeued{}), nil
	case sayAndWake:
		return append(d.said(events), d.woken(r.to, WokenByVisitor)), nil
	case sayAndReopen:
		return append(d.said(events), d.reopened(r.to)), nil
	case requestAgent:
		return append(events, AgentRequested(d.Command.(RequestAgent))), nil
	case requestAgentAndWake:
		return append(events, AgentRequested(d.Command.(RequestAgent)), d.woken(r.to, WokenByVisitor)), nil

	case take:
		return append(events, Taken{From: d.c.Agent}), nil
	case assign:
		return append(events, Assigned{Agent: d.Command.(Assign).Agent, From: d.c.Agent}), nil
	case handBack:
		return append(events, HandedBack{Agent: d.c.Agent}), nil
	case transfer:
		return append(events, d.transferred()), nil
	case requeue:
		return append(events, Requeued{From: d.c.Agent, Reason: d.Command.(Requeue).Reason}), nil
	case requeueIdle:
		return append(events, Requeued{From: d.c.Agent}), nil
	case takeAway:
		return append(events, Requeued{From: d.c.Agent, Reason: WaitReason(d.facts.Agent)}), nil
	case regroup:
		return append(events, Regrouped{From: d.c.Group, Group: d.Command.(Regroup).Group}), nil
	case goneAway:
		return append(events, d.assigneeLeft()), nil
	case backAgain:
		return append(events, AssigneeReturned{}), nil
	case notifyByEmail:
		return append(events, EmailRequested{}), nil

	case putAside:
		return d.snoozed(events)
	case wakeByAgent:
		return append(events, d.woken(r.to, WokenByAgent)), nil
	case wakeByTimer:
		return append(events, d.woken(r.to, WokenByTimer)), nil

	case closeIt:
		return d.closedByActor(events)
	case closeIdle:
		return d.closedIdle(events), nil
	case reclassify:
		return d.reclassified(events)
	case offerSurvey:
		return append(events, d.surveyOffered(d.c.Closing.Number)), nil
	case answerSurvey:
		return append(events, d.surveyAnswered()), nil
	case reopen:
		return append(events, d.reopened(r.to)), nil

	case typing:
		return append(events, Typed{}), nil
	case markRead:
		return append(events, d.markedRead()), nil
	case addNote:
		return append(events, NoteAdded(d.Command.(AddNote))), nil
	case linkArticle:
		return append(events, ArticleLinked(d.Command.(LinkArticle))), nil
	case block:
		return append(events, Blocked{}), nil
	case unblock:
		return append(events, Unblocked{}), nil

	case prompt:
		i, s := d.step()
		return append(events, Prompted{Step: i, Text: s.Text, Phrase: s.Phrase}), nil
	case followUp:
		i, s := d.step()
		return d.answered(append(events, FollowedUp{Step: i, Text: s.Text})), nil
	}
	return events, nil
}

func (d *decision) opened(to State) Opened {
	o := d.Command.(Open)
	visitor := o.Visitor
	if visitor == "" {
		visitor = d.By.ID
	}
	return Opened{
		Visitor: visitor, Group: o.Group, Previous: o.Previous, PreviousAgent: o.PreviousAgent,
		To: to, AgentRequested: o.ForAgent,
	}
}

func (d *decision) said(events []Event) []Event {
	s := d.Command.(Say)
	marks := append([]closure.Mark(nil), s.Marks...) // nil for none, as it is read from a store
	if d.By.person() {
		marks = d.facts.Policy.marks(marks, s.Text)
	}
	events = append(events, Said{Automatic: d.automatic(s), Marks: marks, Text: s.Text})
	if speaker(d.By) == idle.Responder {
		return d.answered(events)
	}
	return events
}

// answered asks for an e-mail about what the visitor, who is away, has not seen.
func (d *decision) answered(events []Event) []Event {
	if d.emailWanted() {
		return append(events, EmailRequested{})
	}
	return events
}

func (d *decision) transferred() Transferred {
	t := d.Command.(Transfer)
	return Transferred{From: d.c.Agent, Agent: t.Agent, Group: t.Group, Unavailable: d.facts.Agent == AgentUnavailable}
}

// assigneeLeft takes an instant to come, which only another clock can have named,
// for the present one.
func (d *decision) assigneeLeft() AssigneeLeft {
	since := d.Command.(AssigneeGone).Since.UTC().Truncate(time.Microsecond)
	if since.After(d.facts.Now) {
		since = d.facts.Now
	}
	return AssigneeLeft{Since: since}
}

func (d *decision) snoozed(events []Event) ([]Event, error) {
	s := d.Command.(Snooze)
	until, err := s.Until.Resolve(d.facts.Now)
	if err != nil {
		rule := ruleOf(err, snooze.ErrChoice, snooze.ErrZone, snooze.ErrLocal, snooze.ErrHorizon, snooze.ErrPast)
		return nil, &InvalidError{Field: "until", Rule: rule, Err: err}
	}
	e := Snoozed{Deadline: until, AtEnd: snooze.Keep, OnReply: snooze.Wake}
	if s.AtEnd != "" {
		e.AtEnd = s.AtEnd
	}
	if s.OnReply != "" {
		e.OnReply = s.OnReply
	}
	return append(events, e), nil
}

// woken ends the snooze: the keeper has the conversation again, or it waits, for
// the reason that kept it from them.
func (d *decision) woken(to State, cause WakeCause) Woken {
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
	return w
}

func (d *decision) closedByActor(events []Event) ([]Event, error) {
	c := d.Command.(Close)
	form, err := d.form(&c.Form, nil)
	if err != nil {
		return nil, err
	}
	outcome, reason, cause := c.decision(d.By)
	e := Closed{Outcome: outcome, Reason: reason, Cause: cause, Form: form, Noted: c.Notes != ""}
	if d.By.person() {
		e.Grade = d.c.Courtesy.Grade(d.facts.Now, d.facts.Policy.Courtesy.patience())
		_, e.Acknowledged = d.advice(&c) // the guard has let it pass all the same
	}
	return d.closed(events, &e), nil
}

// form returns a form as it is recorded. Tags that the closing has already need
// not be of the catalogue.
func (d *decision) form(f *closure.Form, has []string) (closure.Form, error) {
	tags, err := d.tags(f.Tags, has)
	return closure.Form{Sentiment: f.Sentiment, Notes: f.Notes, Tags: tags, Tickets: once(f.Tickets)}, err
}

// tags returns tags in order, each once. All must be of the catalogue, or those
// that the closing has already.
func (d *decision) tags(given, has []string) ([]string, error) {
	for i, tag := range slices.Backward(given) {
		if !slices.Contains(d.facts.Tags, tag) && !slices.Contains(has, tag) {
			return nil, &InvalidError{Field: "tags", Rule: fmt.Sprintf("must be of the catalogue, number %d is not", i+1)}
		}
	}
	return sortedOnce(given), nil
}

// closedIdle ends a conversation in which nobody wrote. Nobody came to one that
// waited: that has a cause of its own.
func (d *decision) closedIdle(events []Event) []Event {
	_, s := d.step()
	outcome := closure.Outcome(s.Outcome)
	if outcome == "" {
		outcome = closure.Unresolved
	}
	cause := closure.Idle
	if d.c.State == StateWaiting {
		cause = closure.QueueTimeout
	}
	return d.closed(events, &Closed{Outcome: outcome, Cause: cause})
}

// closed appends a closing, and the offer of a survey if the policy wants one. What
// was no request, or goes on elsewhere, is not asked about.
func (d *decision) closed(events []Event, e *Closed) []Event {
	e.Number, e.Agent = d.c.closings()+1, d.c.Agent
	events = append(events, *e)
	asks := e.Cause != closure.Spam && e.Cause != closure.Merged && !d.c.Blocked && d.c.Version < MaxHistory
	if d.facts.Policy.Survey.Offer && asks {
		return append(events, d.surveyOffered(e.Number))
	}
	return events
}

func (d *decision) surveyOffered(number int) SurveyOffered {
	return SurveyOffered{Number: number, Until: d.facts.Now.Add(d.facts.Policy.Survey.open())}
}

func (d *decision) surveyAnswered() SurveyAnswered {
	a := d.Command.(AnswerSurvey)
	return SurveyAnswered{Number: d.c.closing(a.Number).Number, Rating: a.Rating, Comment: a.Comment}
}

func (d *decision) reclassified(events []Event) ([]Event, error) {
	r, last := d.Command.(Reclassify), d.c.Closing
	e := Reclassified{
		Number: last.Number, Outcome: r.Outcome, Reason: r.Reason,
		OldOutcome: last.Outcome, OldReason: last.Reason,
	}
	if r.Form != nil {
		form, err := d.form(r.Form, last.Tags)
		if err != nil {
			return nil, err
		}
		e.Form, e.Noted = &form, form.Notes != ""
	}
	return append(events, e), nil
}

func (d *decision) reopened(to State) Reopened {
	e := Reopened{Number: d.c.Closing.Number, To: to}
	switch {
	case to == StateAssigned && d.By.person():
		e.Agent = d.By.ID
	case to == StateAssigned:
		e.Agent = d.c.Closing.Agent
	case to == StateWaiting && d.c.Closing.Agent != "":
		e.Reason = WaitReason(d.facts.Agent)
	}
	return e
}

func (d *decision) markedRead() MarkedRead {
	m := d.Command.(MarkRead)
	if m.UpTo == 0 || m.UpTo > d.c.Version {
		m.UpTo = d.c.Version
	}
	return MarkedRead(m)
}

// step returns the step of the idle ladder that is due.
func (d *decision) step() (int, *idle.Step) {
	_, step := d.due()
	return step, &d.facts.Policy.ladder(d.c.State).Steps[step]
}

// closings returns how often the conversation has been closed.
func (c *Conversation) closings() int {
	if c.Closing == nil {
		return 0
	}
	return c.Closing.Number
}
