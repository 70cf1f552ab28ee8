package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/examples/internal/timeline"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// The rules by which conversations begin and end here. The file says who wrote
// when and how much; all else is decided here, and the same for the same file.
//
// Who has it:
//
//   - A conversation that begins with a short question begins with the bot, which
//     gives the first answer of the file. Who then writes anything but thanks asks
//     for a person. All others wait for a person from the beginning, and so does
//     who comes back to a closed conversation.
//   - The first agent who writes takes it, as long before as writing takes; another
//     who writes gets it by transfer. Agents who wrote, and will not hear or write for more than an hour but within
//     a day, snooze it.
//   - When nobody will write for more than a day, the agent or the bot closes it. A
//     visitor who writes within a day of that reopens it, a later one begins a
//     successor.
//
// What messages mean, which is not read but measured:
//
//   - A visitor's very short message after an answer is thanks: a confirmation.
//   - An agent's long message has room for "is there anything else?"; a short one
//     after thanks is a goodbye.
//
// How it is closed:
//
//   - An agent with nothing else at hand asks whether anything is left, waits five
//     minutes, and says goodbye to who gave thanks. An agent with other
//     conversations closes within the minute, or forgets it to the idle ladder if
//     there was little to say.
//   - A question that nobody will answer is closed after four hours, while the
//     visitor waits. What nobody takes runs out in the queue after three days.
//   - Resolved is what ended with thanks, with an article, or with more than a few
//     words of the agent. All else is unresolved.
//   - Half a day later a supervisor looks at abrupt closings without thanks or
//     article, and finds the resolved among them unresolved.
//   - Visitors who wrote more than once answer the survey six hours after their last
//     message: 5, less one for a slow answer, for being handed over and for many
//     questions each, and less two if it was unresolved.
const (
	shortQuestion = 80  // characters, at most
	longQuestion  = 150 // characters, at least
	thanks        = 20  // characters, at most
	roomToAsk     = 100 // characters, at least
	goodbye       = 60  // characters, at most
	fewWords      = 60  // characters, below

	manyQuestions = 3 // messages of the visitor
	slowAnswer    = 10 * time.Minute
	negativeAfter = 30 * time.Minute

	perCharacter   = time.Second / 5 // of writing
	wrapUpAfter    = time.Minute
	patience       = 5 * time.Minute
	botPatience    = 10 * time.Minute
	giveUpAfter    = 4 * time.Hour
	snoozeAfter    = time.Hour
	surveyAfter    = 6 * time.Hour
	reviewAfter    = 12 * time.Hour
	settledAfter   = snooze.Long
	followUpText   = "Are you still there? If all is settled, this chat will close by itself."
	queueText      = "You have not been forgotten: the next free agent is yours."
	reviewer       = "reviewer"
	bot            = "bot"
	withArticle    = "with article"
	handedOver     = "handed over"
	longAsked      = "long question"
	oftenAsked     = "many questions"
	slowlyAnswered = "slow answer"
)

// policies returns the policies of the workspace.
func policies() conversation.Policies {
	return conversation.Policies{
		Tags: []string{withArticle, handedOver, longAsked, oftenAsked, slowlyAnswered},
		Default: conversation.Policy{
			Bot:      true,
			PullOnly: true, // the agents of the file take what they write to
			Required: []closure.Field{closure.FieldReason, closure.FieldNotes},
			Survey:   conversation.Asking{Offer: true},
			Idle: conversation.Idle{
				Assigned: idle.Ladder{LastSpeaker: idle.Responder, Steps: []idle.Step{
					{After: idle.DefaultAfter, Action: idle.Prompt, Text: idle.DefaultText, Phrase: idle.DefaultPhrase},
					{After: 8 * time.Minute, Action: idle.FollowUp, Text: followUpText},
					{After: 50 * time.Minute, Action: idle.Close},
				}},
				Waiting: idle.Ladder{Steps: []idle.Step{
					{After: 30 * time.Minute, Action: idle.FollowUp, Text: queueText},
					{After: 72 * time.Hour, Action: idle.Close},
				}},
			},
		},
	}
}

// A story is what a timeline says until a message, which is its last.
type story []timeline.Message

func (s story) last() timeline.Message { return s[len(s)-1] }

// firstAnswer returns the index of the first message of an agent.
func (s story) firstAnswer() (int, bool) {
	i := slices.IndexFunc(s, func(m timeline.Message) bool { return m.Agent != "" })
	return i, i >= 0
}

// forBot reports whether the conversation begins with the bot.
func forBot(all story) bool {
	_, answered := all.firstAnswer()
	return answered && all[0].Agent == "" && all[0].Chars <= shortQuestion
}

// begun returns when the agent begins to write message i: not before what stands
// before it was said.
func (s story) begun(i int) time.Time {
	at := s[i].At.Add(-time.Duration(s[i].Chars) * perCharacter)
	if i > 0 && at.Before(s[i-1].At) {
		return s[i-1].At
	}
	return at
}

// thanked reports whether the last message is thanks.
func (s story) thanked() bool {
	_, answered := s.firstAnswer()
	return answered && s.last().Agent == "" && s.last().Chars <= thanks
}

// asked reports whether the last message asks whether anything is left.
func (s story) asked() bool { return s.last().Agent != "" && s.last().Chars >= roomToAsk }

// marks returns what the last message means for the goodbye.
func (s story) marks() []closure.Mark {
	switch {
	case s.thanked():
		return []closure.Mark{closure.Confirmation}
	case s.asked():
		return []closure.Mark{closure.CheckIn}
	case s.last().Agent != "" && s.last().Chars <= goodbye && len(s) > 1 && s[:len(s)-1].thanked():
		return []closure.Mark{closure.Farewell}
	}
	return []closure.Mark{} // nil would let the Desk look at the text
}

func (s story) linked() bool {
	return slices.ContainsFunc(s, func(m timeline.Message) bool { return m.Article != "" })
}

// resolved reports whether a closing after the last message is one as resolved.
func (s story) resolved() bool {
	switch {
	case s.last().Agent == "":
		return s.thanked()
	case s.linked():
		return true
	}
	return s.last().Chars >= fewWords
}

// forgotten reports whether an agent with more to do leaves it to the idle ladder.
func (s story) forgotten() bool {
	return s.last().Agent != "" && s.last().Chars < fewWords && !s.linked()
}

// visitorMessages returns how many messages the visitor wrote.
func (s story) visitorMessages() int {
	n := 0
	for _, m := range s {
		if m.Agent == "" {
			n++
		}
	}
	return n
}

func (s story) agents() int {
	seen := map[string]bool{}
	for _, m := range s {
		if m.Agent != "" {
			seen[m.Agent] = true
		}
	}
	return len(seen)
}

// wait returns how long the visitor waited for the first answer.
func (s story) wait() time.Duration {
	i, answered := s.firstAnswer()
	if !answered || s[0].Agent != "" {
		return 0
	}
	return s[i].At.Sub(s[0].At)
}

// reason returns why it is unresolved.
func (s story) reason() closure.Reason {
	switch {
	case s.resolved():
		return ""
	case s.last().Agent == "":
		return closure.ReasonMissingKnowledge
	case s.agents() > 1:
		return closure.ReasonContactElsewhere
	}
	return closure.ReasonVisitorLeft
}

func (s story) outcome() closure.Outcome {
	if s.resolved() {
		return closure.Resolved
	}
	return closure.Unresolved
}

// form returns the form as the agent fills it in.
func (s story) form(line int) closure.Form {
	f := closure.Form{
		Sentiment: s.sentiment(), Tags: s.tags(),
		Notes: fmt.Sprintf("The visitor wrote %d messages, agents %d.", s.visitorMessages(), len(s)-s.visitorMessages()),
	}
	if !s.resolved() {
		f.Tickets = []string{fmt.Sprintf("T-%d", line)}
	}
	return f
}

func (s story) sentiment() closure.Sentiment {
	switch {
	case s.wait() > negativeAfter, s.last().Agent == "" && !s.thanked():
		return closure.Negative
	case s.thanked():
		return closure.Positive
	case s.visitorMessages() > 1:
		return closure.Neutral
	}
	return "" // who could tell
}

func (s story) tags() []string {
	var tags []string
	for _, tag := range []struct {
		name string
		fits bool
	}{
		{withArticle, s.linked()},
		{handedOver, s.agents() > 1},
		{longAsked, s[0].Agent == "" && s[0].Chars >= longQuestion},
		{oftenAsked, s.visitorMessages() >= manyQuestions},
		{slowlyAnswered, s.wait() > slowAnswer},
	} {
		if tag.fits {
			tags = append(tags, tag.name)
		}
	}
	return tags
}

// rating returns the visitor's answer to the survey; none if they give none.
func (s story) rating(outcome closure.Outcome) (rating int, answers bool) {
	rating = conversation.MaxRating
	for _, annoyed := range []bool{s.wait() > slowAnswer, s.agents() > 1, s.visitorMessages() >= manyQuestions} {
		if annoyed {
			rating--
		}
	}
	if outcome == closure.Unresolved {
		rating -= 2
	}
	return max(1, rating), s.visitorMessages() > 1
}
