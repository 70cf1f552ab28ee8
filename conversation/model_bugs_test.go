package conversation_test

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

// modelEndingBugs are mistakes about the goodbye, forms, surveys, and what is
// measured.
var modelEndingBugs = []modelBug{
	// The goodbye.
	{"a closing by a person is not graded", modelCloses(func(c conversation.Conversation, r conversation.Request, e *conversation.Closed) {
		e.Grade = ""
	})},
	{"whoever closes is graded", modelCloses(func(c conversation.Conversation, r conversation.Request, e *conversation.Closed) {
		if e.Grade == "" {
			e.Grade = c.Courtesy.Grade(start, time.Minute)
		}
	})},
	{"patience runs from the question alone", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		c.Courtesy.ActiveAt = c.Courtesy.AskedAt
	})},
	{"every workspace is as patient", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		f.Policy.Courtesy.Patience = 0
	})},
	{"typing restarts no patience", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Typed) {
		after.Courtesy = before.Courtesy
	})},
	{"typing counts as an answer", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Typed) {
		after.Courtesy.Answered = after.Courtesy.Answered || after.Courtesy.Pending()
	})},
	{"typing is only for the ladder", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameTyping {
			c.Courtesy = closure.Courtesy{}
		}
	})},
	{"a follow-up at the desk asks nothing", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.FollowedUp) {
		after.Courtesy = before.Courtesy
	})},
	{"a follow-up in the queue asks", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.FollowedUp) {
		after.Courtesy = after.Courtesy.Asked(r.Now())
	})},
	{"a follow-up answers", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.FollowedUp) {
		after.Courtesy.Open = false
	})},
	{"a prompt asks the visitor", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Prompted) {
		after.Courtesy = after.Courtesy.Asked(r.Now())
	})},
	{"what the bot says answers nothing", modelSays(conversation.KindBot, func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Said) {
		after.Courtesy.Open = before.Courtesy.Open
	})},
	{"a goodbye before the answer counts", modelSays(conversation.KindAgent, func(before, after *conversation.Conversation, _ conversation.Record, e conversation.Said) {
		if slices.Contains(e.Marks, closure.Farewell) {
			after.Courtesy.Farewell = true
		}
	})},
	{"a goodbye outlives another question", modelSays(conversation.KindVisitor, func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Said) {
		after.Courtesy.Farewell = before.Courtesy.Farewell
	})},
	{"every word of the visitor leaves something open", modelSays(conversation.KindVisitor, func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Said) {
		after.Courtesy.Open = true
	})},
	{"an automatic text is the last word", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, e conversation.Said) {
		if e.Automatic && r.By.Kind == conversation.KindVisitor && after.State != conversation.StateClosed {
			after.Courtesy = after.Courtesy.VisitorSaid(r.Now(), e.Marks)
		}
	})},
	{"asking again keeps the old answer", modelSays(conversation.KindAgent, func(before, after *conversation.Conversation, _ conversation.Record, e conversation.Said) {
		if slices.Contains(e.Marks, closure.CheckIn) {
			after.Courtesy.Answered = before.Courtesy.Answered
		}
	})},
	{"a goodbye holds over the closing", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Closed) {
		after.Courtesy = before.Courtesy
	})},
	{"the message that reopens is forgotten", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Reopened) {
		after.Courtesy = closure.Courtesy{}
	})},
	{"having seen the advice is enough for any guard", modelToClose(func(c *conversation.Conversation, r conversation.Close, f *conversation.Facts) conversation.Close {
		if r.Acknowledged != "" {
			f.Policy.Courtesy.Guard = closure.GuardOff
		}
		return r
	})},
	{"a warning is all that a guard gives", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if f.Policy.Courtesy.Guard == closure.GuardEnforce {
			f.Policy.Courtesy.Guard = closure.GuardWarn
		}
	})},
	{"nobody knows who closed over a warning", modelCloses(func(c conversation.Conversation, r conversation.Request, e *conversation.Closed) {
		e.Acknowledged = false
	})},
	{"spam needs a goodbye", modelToClose(func(c *conversation.Conversation, r conversation.Close, f *conversation.Facts) conversation.Close {
		if r.Cause == closure.Spam {
			r.Cause = closure.Agent
		}
		return r
	})},
	{"a blocked visitor needs a goodbye", modelToClose(func(c *conversation.Conversation, r conversation.Close, f *conversation.Facts) conversation.Close {
		c.Blocked = false
		return r
	})},
	{"who missed a message is told to be polite", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if errors.Is(err, conversation.ErrStale) && r.Command.Name() == conversation.NameClose && r.By.Kind == conversation.KindAgent {
			return nil, conversation.ErrDiscourteous
		}
		return events, err
	})},
	{"the advice has no words of the host", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if refused, ok := errors.AsType[*conversation.RefusedError](err); ok && refused.Advice != nil && refused.Advice.Next == closure.StepFarewell {
			refused.Advice.Phrase = closure.DefaultFarewell
		}
		return events, err
	})},
	{"the advice says nothing of how long", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if refused, ok := errors.AsType[*conversation.RefusedError](err); ok && refused.Advice != nil {
			refused.Advice.Wait = 0
		}
		return events, err
	})},
	{"Allowed leaves out a closing that is rude now", modelAllows(func(c conversation.Conversation, name conversation.CommandName) bool {
		return name != conversation.NameClose || !c.Courtesy.Open
	})},

	{"what the agent adds restarts no patience", modelAdds(func(before, after *conversation.Conversation) {
		after.Courtesy.ActiveAt = before.Courtesy.ActiveAt
	})},
	{"a goodbye outlives what the agent adds", modelAdds(func(before, after *conversation.Conversation) {
		after.Courtesy.Farewell = before.Courtesy.Farewell
	})},
	{"what the agent adds leaves the courtesy wait", modelAdds(func(before, after *conversation.Conversation) {
		after.Cycle.AskedSince, after.Cycle.CourtesyWait = before.Cycle.AskedSince, before.Cycle.CourtesyWait
	})},
	{"a goodbye that offers more help begins anew", modelSays(conversation.KindAgent, func(before, after *conversation.Conversation, r conversation.Record, e conversation.Said) {
		if slices.Contains(e.Marks, closure.CheckIn) && slices.Contains(e.Marks, closure.Farewell) && !e.Automatic {
			after.Courtesy = before.Courtesy.AgentSaid(r.Now(), []closure.Mark{closure.CheckIn})
		}
	})},
	{"a follow-up begins the goodbye anew", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.FollowedUp) {
		if after.State == conversation.StateAssigned {
			after.Courtesy = before.Courtesy.Asked(r.Now())
		}
	})},
	{"asking for a person is no turn of the visitor", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.AgentRequested) {
		after.Courtesy = before.Courtesy
	})},
	{"whoever asks for a person, it is the visitor's turn", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.AgentRequested) {
		after.Courtesy = before.Courtesy.VisitorSaid(r.Now(), nil)
	})},
	{"who opens for a person wants nothing", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Opened) {
		after.Courtesy = closure.Courtesy{}
	})},
	{"who hands back needs no goodbye", modelToClose(func(c *conversation.Conversation, r conversation.Close, f *conversation.Facts) conversation.Close {
		if c.State == conversation.StateBot {
			c.Cycle.PersonWrote = false
		}
		return r
	})},
	{"what the bot alone had needs a goodbye", modelToClose(func(c *conversation.Conversation, r conversation.Close, f *conversation.Facts) conversation.Close {
		c.Cycle.PersonWrote = true
		return r
	})},
	{"who does not have it is told to answer", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if refused, ok := errors.AsType[*conversation.RefusedError](err); ok && refused.Advice != nil && refused.Advice.Next == closure.StepTake && c.Courtesy.Open {
			refused.Advice.Next = closure.StepAnswer
		}
		return events, err
	})},
	{"a yes is one to any warning", modelToClose(func(c *conversation.Conversation, r conversation.Close, f *conversation.Facts) conversation.Close {
		if r.Acknowledged != "" {
			r.Acknowledged = c.Courtesy.Grade(f.Now, cmp.Or(f.Policy.Courtesy.Patience, closure.DefaultPatience))
		}
		return r
	})},
	{"nobody knows the host's own words", modelToSay(func(r conversation.Request, f *conversation.Facts) { f.Policy.Courtesy.CheckIn = "" })},
	{"nobody knows the words of the ladder", modelToSay(func(r conversation.Request, f *conversation.Facts) {
		f.Policy.Idle.Assigned = idle.Ladder{Off: true}
	})},
	{"what the visitor says is as the host would say it", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		for i, e := range events {
			if said, ok := e.(conversation.Said); ok && r.By.Kind == conversation.KindVisitor && strings.HasPrefix(said.Text, "so long") && said.Marks == nil {
				said.Marks = []closure.Mark{closure.Farewell}
				events[i] = said
			}
		}
		return events, err
	})},

	// Forms.
	{"a forced closing needs its form", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if closing, ok := r.Command.(conversation.Close); ok && closing.Force && closing.Sentiment == "" && err == nil && len(events) > 0 {
			return nil, conversation.ErrFormIncomplete
		}
		return events, err
	})},
	{"tags are required where there are none", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if len(f.Tags) == 0 {
			f.Tags = []string{"late"}
		}
	})},
	{"a reason is required of what is resolved", modelToClose(func(c *conversation.Conversation, r conversation.Close, f *conversation.Facts) conversation.Close {
		if slices.Contains(f.Policy.Required, closure.FieldReason) && r.Outcome == closure.Resolved {
			f.Policy.Required = []closure.Field{closure.FieldSentiment}
		}
		return r
	})},
	{"a new decision needs no form", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameReclassify {
			f.Policy.Required = nil
		}
	})},
	{"a new decision removes the form", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, e conversation.Reclassified) {
		last := *after.Closing
		if e.Form == nil {
			last.Sentiment, last.Tags, last.Tickets = "", nil, nil
		}
		after.Closing = &last
	})},
	{"a new form adds to the old", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, e conversation.Reclassified) {
		last := *after.Closing
		if e.Form != nil && last.Sentiment == "" {
			last.Sentiment = before.Closing.Sentiment
		}
		after.Closing = &last
	})},
	{"a new form keeps that there were notes", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Reclassified) {
		last := *after.Closing
		last.Noted = last.Noted || before.Closing.Noted
		after.Closing = &last
	})},
	{"a tag that has left the catalogue cannot stay", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if again, ok := r.Command.(conversation.Reclassify); ok && again.Form != nil && err == nil && len(events) > 0 && len(again.Form.Tags) > 0 && c.Closing.Tags != nil {
			return nil, conversation.ErrInvalid
		}
		return events, err
	})},
	{"the closing is not of its group", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Closed) {
		last := *after.Closing
		last.Group = ""
		after.Closing = &last
	})},
	{"new notes are no change", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if again, ok := r.Command.(conversation.Reclassify); ok && err == nil && len(events) > 0 && again.Form != nil && again.Form.Notes != "" && again.Outcome == c.Closing.Outcome {
			return nil, nil
		}
		return events, err
	})},

	// Surveys.
	{"nobody is asked after silence", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if r.By.Kind == conversation.KindTimer {
			events = slices.DeleteFunc(slices.Clone(events), func(e conversation.Event) bool {
				return conversation.EventName(e) == "survey_offered"
			})
		}
		return events, err
	})},
	{"spam is asked about", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if closing, ok := r.Command.(conversation.Close); ok && closing.Cause == closure.Spam && len(events) == 1 {
			events = append(events, conversation.SurveyOffered{Number: events[0].(conversation.Closed).Number, Until: start})
		}
		return events, err
	})},
	{"a blocked visitor is asked", modelToClose(func(c *conversation.Conversation, r conversation.Close, f *conversation.Facts) conversation.Close {
		if f.Policy.Courtesy.Guard == closure.GuardOff {
			c.Blocked = false
		}
		return r
	})},
	{"a blocked visitor answers", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameAnswerSurvey {
			c.Blocked = false
		}
	})},
	{"a second answer replaces the first", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if answer, ok := r.Command.(conversation.AnswerSurvey); ok && errors.Is(err, conversation.ErrSurveyAnswered) {
			return []conversation.Event{conversation.SurveyAnswered{Number: answer.Number, Rating: answer.Rating}}, nil
		}
		return events, err
	})},
	{"a late answer counts", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameAnswerSurvey {
			f.Now = modelStart
		}
	})},
	{"an answer comes to the last instant", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameAnswerSurvey {
			f.Now = f.Now.Add(-time.Minute)
		}
	})},
	{"every answer is about the last closing", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if answer, ok := r.Command.(conversation.AnswerSurvey); ok {
			r.Command = conversation.AnswerSurvey{Rating: answer.Rating, Comment: answer.Comment, Number: min(answer.Number, 0)}
		}
	})},
	{"the next closing forgets who was asked", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Closed) {
		after.Earlier = nil
	})},
	{"no closing is ever forgotten", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Closed) {
		if before.Closing != nil {
			after.Earlier = append(slices.Clone(before.Earlier), *before.Closing)
		}
	})},
	{"one closing too many is remembered", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Closed) {
		if len(after.Earlier) == conversation.MaxEarlier && len(before.Earlier) == conversation.MaxEarlier {
			after.Earlier = append(slices.Clone(before.Earlier[:1]), after.Earlier...)
		}
	})},
	{"an answer writes into the value before it", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, e conversation.SurveyAnswered) {
		if before.Closing.Survey != nil {
			before.Closing.Survey.Rating = e.Rating
		}
	})},
	{"an answer without a number is the last closing's", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if answer, ok := r.Command.(conversation.AnswerSurvey); ok && answer.Number == 0 && c.Closing != nil {
			answer.Number = c.Closing.Number
			r.Command = answer
		}
	})},
	{"who is blocked is asked later", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameOfferSurvey {
			c.Blocked = false
		}
	})},
	{"a survey offered twice is two", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if r.Command.Name() == conversation.NameOfferSurvey && err == nil && len(events) == 0 {
			return []conversation.Event{conversation.SurveyOffered{Number: c.Closing.Number, Until: c.Closing.Survey.Until}}, nil
		}
		return events, err
	})},

	// What is measured.
	{"a reopening forgets the articles", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, e conversation.Reopened) {
		last := *after.Closing
		last.Articles = nil
		after.Closing = &last
	})},
	{"an article that is linked later is of the closing before", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.ArticleLinked) {
		if after.Closing != nil {
			last := *after.Closing
			last.Articles = after.Articles
			after.Closing = &last
		}
	})},
	{"the next agent handles from zero", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Transferred) {
		if before.State == conversation.StateAssigned && after.State == conversation.StateAssigned {
			after.Since = r.Now()
		}
	})},
	{"snoozed time is handling time", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Woken) {
		after.Cycle.InAssigned += after.Cycle.InSnoozed - before.Cycle.InSnoozed
	})},
	{"waiting while it is snoozed counts as courtesy", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Snoozed) {
		after.Cycle.AskedSince, after.Cycle.CourtesyWait = before.Cycle.AskedSince, before.Cycle.CourtesyWait
	})},
	{"an answer does not end the courtesy wait", modelSays(conversation.KindVisitor, func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Said) {
		if after.State == conversation.StateAssigned {
			after.Cycle.AskedSince, after.Cycle.CourtesyWait = before.Cycle.AskedSince, before.Cycle.CourtesyWait
		}
	})},
	{"asking again begins another wait", modelSays(conversation.KindAgent, func(before, after *conversation.Conversation, r conversation.Record, e conversation.Said) {
		if slices.Contains(e.Marks, closure.CheckIn) && after.State == conversation.StateAssigned {
			after.Cycle.AskedSince = r.Now()
		}
	})},
	{"a question asked in the snooze is no wait after it", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Woken) {
		after.Cycle.AskedSince = time.Time{}
	})},
	{"moving a snooze is none", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Snoozed) {
		if before.State == conversation.StateSnoozed {
			after.Cycle.Snoozes = before.Cycle.Snoozes
		}
	})},
	{"a prompt is a follow-up", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Prompted) {
		after.Cycle.FollowUps++
	})},
	{"a reopened conversation was always open", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Reopened) {
		after.Cycle.InAssigned, after.Cycle.InBot = before.Closing.Cycle.InAssigned, before.Closing.Cycle.InBot
	})},
	{"a closing does not know that it was not the end", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Reopened) {
		after.Closing = before.Closing
	})},
	{"the bot responds like a person", modelSays(conversation.KindBot, func(before, after *conversation.Conversation, r conversation.Record, e conversation.Said) {
		after.Cycle.PersonWrote = after.Cycle.PersonWrote || !e.Automatic
	})},
	{"the first response is the last", modelSays(conversation.KindAgent, func(before, after *conversation.Conversation, r conversation.Record, e conversation.Said) {
		if !e.Automatic {
			after.Cycle.FirstResponse = max(0, r.Now().Sub(after.Cycle.ToPeopleAt))
		}
	})},
	{"an automatic text is a response", modelSays(conversation.KindAgent, func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Said) {
		after.Cycle.PersonWrote = true
	})},
	{"what the bot got back is still waited for", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.HandedBack) {
		after.Cycle.ToPeopleAt = before.Cycle.ToPeopleAt
	})},
	{"what the bot got back is not its own", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.HandedBack) {
		after.Cycle.HadBot = before.Cycle.HadBot
	})},
	{"taking it begins the wait for a response", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Taken) {
		if !after.Cycle.PersonWrote {
			after.Cycle.ToPeopleAt = r.Now()
		}
	})},
	{"a clock that was set back takes time away", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Closed) {
		last := *after.Closing
		if spent := r.Now().Sub(before.Since); spent < 0 && before.State == conversation.StateAssigned {
			last.Cycle.InAssigned += spent
		}
		after.Closing = &last
	})},
}

// modelCloses plants a bug into what a closing records.
func modelCloses(bug func(c conversation.Conversation, r conversation.Request, e *conversation.Closed)) func(*modelMachine) {
	return modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		events = slices.Clone(events)
		for i := range events {
			if closed, ok := events[i].(conversation.Closed); ok {
				bug(c, r, &closed)
				events[i] = closed
			}
		}
		return events, err
	})
}

// modelToClose plants a bug into what a closing is decided on.
func modelToClose(bug func(c *conversation.Conversation, r conversation.Close, f *conversation.Facts) conversation.Close) func(*modelMachine) {
	return modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if closing, ok := r.Command.(conversation.Close); ok {
			r.Command = bug(c, closing, f)
		}
	})
}

// modelToSay plants a bug into what a message is decided on.
func modelToSay(bug func(r conversation.Request, f *conversation.Facts)) func(*modelMachine) {
	return modelAsks(func(_ *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameSay {
			bug(*r, f)
		}
	})
}

// modelAdds plants a bug into what an agent's message does that neither asks nor
// says goodbye.
func modelAdds(bug func(before, after *conversation.Conversation)) func(*modelMachine) {
	return modelSays(conversation.KindAgent, func(before, after *conversation.Conversation, _ conversation.Record, e conversation.Said) {
		if !e.Automatic && len(e.Marks) == 0 {
			bug(before, after)
		}
	})
}

// modelSays plants a bug into what a message of a kind of actor does.
func modelSays(kind conversation.ActorKind, bug func(before, after *conversation.Conversation, r conversation.Record, e conversation.Said)) func(*modelMachine) {
	return modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, e conversation.Said) {
		if r.By.Kind == kind {
			bug(before, after, r, e)
		}
	})
}
