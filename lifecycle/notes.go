package lifecycle

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/adjourn/adjourn/conversation"
)

// Notes renders records as system notes for people, such as "Ann closed the
// conversation (resolved)". The zero value speaks English and calls everybody by
// their ID. It is a value: copy and change it per language.
type Notes struct {
	// Texts replaces texts of [DefaultTexts] by code. A text may hold the
	// placeholders {name} (who did it), {agent} (who had it before or gets it),
	// {group}, {outcome}, {reason}, {cause}, {until}, {article}, {rating} and {text}
	// (what was said, noted, prompted or commented); those that a record does not
	// have are empty. An empty text leaves the note out.
	Texts map[string]string

	// Name returns what an actor is called. Nil means their ID, or their kind
	// if they have none. The result is put in as it is, and never looked
	// through for placeholders; escaping for a page is the host's.
	Name func(conversation.Actor) string

	// Location is the time zone of {until}; nil means UTC. Calendar snoozes
	// show the time that was asked for, in its own zone.
	Location *time.Location
}

// A Note is a record, rendered.
type Note struct {
	Code string // the code of its text, the same in every language
	Text string
	At   time.Time

	// ForVisitor marks what belongs in the visitor's view too: messages and
	// follow-ups. Everything else is for agents only.
	ForVisitor bool
}

var defaultTexts = map[string]string{
	"opened":                "The conversation began",
	"said":                  "{name}: {text}",
	"erased":                "(erased)", // in the place of {text}
	"agent_requested":       "{name} asked for a person",
	"taken":                 "{name} took the conversation",
	"taken.from":            "{name} took the conversation from {agent}",
	"assigned":              "{name} assigned the conversation to {agent}",
	"handed_back":           "{agent} left the conversation",
	"handed_back.idle":      "The conversation went back to the bot, because nobody wrote",
	"transferred.agent":     "{name} transferred the conversation to {agent}",
	"transferred.group":     "{name} transferred the conversation to {group}",
	"requeued":              "{name} put the conversation back into the queue",
	"requeued.idle":         "The conversation went back into the queue, because nobody wrote",
	"requeued.no_bot":       "The conversation went into the queue, because there is no bot any more",
	"snoozed":               "{name} snoozed the conversation until {until}",
	"snoozed.reply":         "{name} snoozed the conversation until the visitor replies",
	"woken.timer":           "The snooze is over; the conversation is back with {agent}",
	"woken.timer.waiting":   "The snooze is over; the conversation waits for a person ({reason})",
	"woken.visitor":         "The visitor replied; the conversation is back with {agent}",
	"woken.visitor.waiting": "The visitor replied; the conversation waits for a person ({reason})",
	"woken.agent":           "{name} ended the snooze",
	"woken.agent.waiting":   "{name} ended the snooze; the conversation waits for a person ({reason})",
	"closed":                "{name} closed the conversation ({outcome})",
	"closed.idle":           "The conversation was closed, because nobody wrote ({outcome})",
	"closed.queue_timeout":  "The conversation was closed, because nobody came ({outcome})",
	"reclassified":          "{name} changed the outcome to {outcome}",
	"reclassified.form":     "{name} changed what was filled in at the closing",
	"survey_offered":        "How satisfied are you with this conversation?",
	"survey_answered":       "The visitor's rating: {rating} of 5",
	"survey_answered.said":  "The visitor's rating: {rating} of 5, and: {text}",
	"reopened":              "{name} reopened the conversation",
	"requeued.taken_away":   "The conversation went back into the queue ({reason})",
	"regrouped":             "{name} moved the conversation to {group}",
	"regrouped.none":        "{name} moved the conversation to no group",
	"assignee_left":         "The agent is not available any more",
	"assignee_returned":     "The agent is available again",
	"email_requested":       "The visitor is told of unread answers by e-mail",
	"typed":                 "",
	"marked_read":           "",
	"note_added":            "Note by {name}: {text}",
	"article_linked":        "{name} linked the article {article}",
	"blocked":               "{name} blocked the visitor",
	"unblocked":             "{name} unblocked the visitor",
	"prompted":              "{text}",
	"followed_up":           "{text}",

	"outcome.resolved":   "resolved",
	"outcome.unresolved": "unresolved",

	"reason.visitor_left":      "the visitor left",
	"reason.contact_elsewhere": "needs contact elsewhere",
	"reason.missing_knowledge": "missing from the knowledge base",
	"reason.other":             "other",

	"wait.released":    "it was not to be kept",
	"wait.unavailable": "the agent is unavailable",
	"wait.full":        "the agent has no free seat",
	"wait.left_group":  "the agent left the group",
	"wait.removed":     "the agent is gone",
	"wait.unknown":     "there is no such agent",
	"wait.logged_out":  "the agent was logged out",
	"wait.given_up":    "the agent gave it up",
}

// DefaultTexts returns the English texts by code: those of the notes, and those
// of the outcomes, reasons and waits that the notes name.
func DefaultTexts() map[string]string { return maps.Clone(defaultTexts) }

// Render returns the note for a record; ok is false if it has none, because its
// text is empty or its event unknown.
func (n Notes) Render(r conversation.Record) (note Note, ok bool) {
	code := noteCode(r)
	text := n.text(code)
	if _, unknown := r.Event.(conversation.Unknown); unknown || text == "" {
		return Note{}, false
	}
	return Note{
		Code:       code,
		Text:       strings.NewReplacer(n.placeholders(r)...).Replace(text),
		At:         r.At,
		ForVisitor: conversation.VisibleToVisitor(r.Event),
	}, true
}

func (n Notes) text(code string) string {
	if own, ok := n.Texts[code]; ok {
		return own
	}
	return defaultTexts[code]
}

// noteCode returns the name of the event, with what makes its note another.
func noteCode(r conversation.Record) string {
	name := conversation.EventName(r.Event)
	byTimer := r.By.Kind == conversation.KindTimer
	switch e := r.Event.(type) {
	case conversation.Taken:
		if e.From != "" {
			return name + ".from"
		}
	case conversation.Requeued:
		switch {
		case e.Reason != "":
			return name + ".taken_away"
		case byTimer:
			return name + ".idle"
		case r.By.Kind == conversation.KindVisitor:
			return name + ".no_bot"
		}
	case conversation.Regrouped:
		if e.Group == "" {
			return name + ".none"
		}
	case conversation.HandedBack:
		if byTimer {
			return name + ".idle"
		}
	case conversation.Closed:
		if byTimer {
			return name + "." + string(e.Cause)
		}
	case conversation.Reclassified:
		if e.Outcome == e.OldOutcome && e.Reason == e.OldReason {
			return name + ".form"
		}
	case conversation.SurveyAnswered:
		if e.Comment != "" || r.Erased {
			return name + ".said"
		}
	case conversation.Transferred:
		if e.Agent != "" {
			return name + ".agent"
		}
		return name + ".group"
	case conversation.Snoozed:
		if e.Deadline.At.IsZero() {
			return name + ".reply"
		}
	case conversation.Woken:
		name += "." + string(e.Cause)
		if e.Agent == "" {
			name += ".waiting"
		}
	}
	return name
}

// placeholders returns pairs of placeholder and value. They are replaced in one
// pass, so that a value that looks like a placeholder stays what it is.
func (n Notes) placeholders(r conversation.Record) []string {
	var agent, group, outcome, reason, cause, until, article, rating, text string
	switch e := r.Event.(type) {
	case conversation.Said:
		text = e.Text
	case conversation.NoteAdded:
		text = e.Text
	case conversation.Prompted:
		text = e.Text
	case conversation.FollowedUp:
		text = e.Text
	case conversation.AgentRequested:
		group = e.Group
	case conversation.Taken:
		agent = e.From
	case conversation.Assigned:
		agent = e.Agent
	case conversation.HandedBack:
		agent = e.Agent
	case conversation.Transferred:
		agent, group = e.Agent, e.Group
	case conversation.Requeued:
		agent, reason = e.From, n.text("wait."+string(e.Reason))
	case conversation.Regrouped:
		group = e.Group
	case conversation.Snoozed:
		until = n.until(e)
	case conversation.Woken:
		agent, reason = e.Agent, n.text("wait."+string(e.Reason))
	case conversation.Closed:
		agent, cause = e.Agent, string(e.Cause)
		outcome, reason = n.text("outcome."+string(e.Outcome)), n.text("reason."+string(e.Reason))
	case conversation.Reclassified:
		outcome, reason = n.text("outcome."+string(e.Outcome)), n.text("reason."+string(e.Reason))
	case conversation.SurveyAnswered:
		rating, text = strconv.Itoa(e.Rating), e.Comment
	case conversation.Reopened:
		agent, reason = e.Agent, n.text("wait."+string(e.Reason))
	case conversation.ArticleLinked:
		article = e.Article
	}
	if r.Erased {
		text = n.text("erased")
	}
	if agent != "" {
		agent = n.name(conversation.Agent(agent))
	}
	return []string{
		"{name}", n.name(r.By), "{agent}", agent, "{group}", group,
		"{outcome}", outcome, "{reason}", reason, "{cause}", cause,
		"{until}", until, "{article}", article, "{rating}", rating, "{text}", text,
	}
}

func (n Notes) name(a conversation.Actor) string {
	switch {
	case n.Name != nil:
		return n.Name(a)
	case a.ID != "":
		return a.ID
	}
	return string(a.Kind)
}

func (n Notes) until(e conversation.Snoozed) string {
	if e.Local != "" {
		return strings.Replace(e.Local, "T", " ", 1) + " " + e.Zone
	}
	zone := n.Location
	if zone == nil {
		zone = time.UTC
	}
	return e.Deadline.At.In(zone).Format("2006-01-02 15:04 MST")
}
