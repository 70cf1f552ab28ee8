package conversation_test

import (
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/snooze"
)

// command returns the command that the specification calls name, as by would
// give it.
func command(name string, by conversation.Actor) conversation.Command {
	switch name {
	case "open", "open-for-agent":
		o := conversation.Open{ForAgent: name == "open-for-agent"}
		if by.Kind != conversation.KindVisitor {
			o.Visitor = "vera"
		}
		return o
	case "close", "close-filled", "close-over-unanswered", "close-over-abrupt", "close-spam":
		return closing(name, by)
	}
	return plainCommands[name]
}

func closing(name string, by conversation.Actor) conversation.Close {
	c := resolved
	switch by.Kind {
	case conversation.KindVisitor:
		c = conversation.Close{}
	case conversation.KindSystem:
		c = conversation.Close{Outcome: closure.Unresolved, Cause: closure.QueueTimeout}
	}
	switch {
	case name == "close-over-unanswered":
		c.Acknowledged = closure.Unanswered
	case name == "close-over-abrupt":
		c.Acknowledged = closure.Abrupt
	case name == "close-spam":
		c.Cause, c.Sentiment = closure.Spam, closure.Neutral
	case name == "close-filled" && by.Kind != conversation.KindVisitor:
		c.Sentiment = closure.Neutral
	}
	return c
}

var plainCommands = map[string]conversation.Command{
	"say":                 conversation.Say{Text: "hello"},
	"say-automatically":   conversation.Say{Text: "I am on holiday", Automatic: true},
	"request-agent":       conversation.RequestAgent{},
	"request-agent-group": conversation.RequestAgent{Group: "support"},
	"take":                conversation.Take{},
	"assign-ann":          conversation.Assign{Agent: "ann"},
	"assign-bob":          conversation.Assign{Agent: "bob"},
	"hand-back":           conversation.HandBack{},
	"transfer-ann":        conversation.Transfer{Agent: "ann"},
	"transfer-bob":        conversation.Transfer{Agent: "bob"},
	"transfer-group":      conversation.Transfer{Group: "support"},
	"requeue":             conversation.Requeue{},
	"requeue-removed":     conversation.Requeue{Reason: conversation.WaitRemoved},
	"snooze":              conversation.Snooze{Until: snooze.For(time.Hour)},
	"snooze-until-reply":  conversation.Snooze{Until: snooze.UntilReply()},
	"wake":                conversation.Wake{},
	"close-forced":        conversation.Close{Outcome: closure.Resolved, Force: true},
	"reclassify-same":     conversation.Reclassify{Outcome: closure.Unresolved},
	"reclassify":          conversation.Reclassify{Outcome: closure.Resolved},
	"reclassify-form":     conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Tickets: []string{"T-1"}}},
	"reclassify-filled":   conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Sentiment: closure.Neutral}},
	"offer-survey":        conversation.OfferSurvey{},
	"answer-survey":       conversation.AnswerSurvey{Rating: 4},
	"answer-survey-2":     conversation.AnswerSurvey{Rating: 4, Number: 2},
	"reopen":              conversation.Reopen{},
	"regroup":             conversation.Regroup{Group: "support"},
	"ungroup":             conversation.Regroup{},
	"gone-ann":            conversation.AssigneeGone{Agent: "ann", Since: start.Add(-time.Minute)},
	"gone-bob":            conversation.AssigneeGone{Agent: "bob", Since: start.Add(-time.Minute)},
	"back-ann":            conversation.AssigneeBack{Agent: "ann"},
	"back-bob":            conversation.AssigneeBack{Agent: "bob"},
	"notify-by-email":     conversation.NotifyByEmail{},
	"type":                conversation.Typing{},
	"mark-read":           conversation.MarkRead{},
	"mark-read-older":     conversation.MarkRead{UpTo: 1},
	"add-note":            conversation.AddNote{Text: "paid twice"},
	"link-kb-1":           conversation.LinkArticle{Article: "kb-1"},
	"link-kb-2":           conversation.LinkArticle{Article: "kb-2"},
	"block":               conversation.Block{},
	"unblock":             conversation.Unblock{},
	"expire":              conversation.Expire{},
}
