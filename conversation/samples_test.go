package conversation_test

import (
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

var sampleDeadline = snooze.Deadline{
	At: time.Date(2026, time.March, 29, 7, 0, 0, 0, time.UTC), Local: "2026-03-29T09:00", Zone: "Europe/Berlin",
}

// sampleEvents has one event of every kind, every field set.
func sampleEvents() []conversation.Event {
	return []conversation.Event{
		conversation.Opened{Visitor: "vera", Group: "billing", Previous: "c0", To: conversation.StateWaiting,
			PreviousAgent: "ann", AgentRequested: true},
		conversation.Said{Automatic: true, Marks: []closure.Mark{closure.CheckIn, closure.Farewell}},
		conversation.AgentRequested{Group: "billing"},
		conversation.Taken{From: "ann"},
		conversation.Assigned{Agent: "bob", From: "ann"},
		conversation.HandedBack{Agent: "ann"},
		conversation.Transferred{From: "ann", Agent: "bob", Group: "billing", Unavailable: true},
		conversation.Requeued{From: "ann", Reason: conversation.WaitUnavailable},
		conversation.Regrouped{From: "support", Group: "billing"},
		conversation.AssigneeLeft{Since: start},
		conversation.AssigneeReturned{},
		conversation.Snoozed{Deadline: sampleDeadline, AtEnd: snooze.Release, OnReply: snooze.StayAsleep},
		conversation.Woken{Cause: conversation.WokenByTimer, Late: 90 * time.Second, Agent: "ann",
			Reason: conversation.WaitReleased, Unavailable: true},
		conversation.Closed{Number: 2, Outcome: closure.Unresolved, Reason: closure.ReasonOther, Cause: closure.Agent, Agent: "ann",
			Form: sampleForm(), Noted: true, Grade: closure.Unanswered, Acknowledged: true},
		conversation.Reclassified{Number: 2, Outcome: closure.Unresolved, Reason: closure.ReasonOther,
			Form: new(sampleForm()), Noted: true, OldOutcome: closure.Unresolved, OldReason: closure.ReasonMissingKnowledge},
		conversation.SurveyOffered{Number: 2, Until: start.Add(conversation.DefaultSurveyOpen)},
		conversation.SurveyAnswered{Number: 2, Rating: 4},
		conversation.Reopened{Number: 2, To: conversation.StateWaiting, Agent: "ann", Reason: "unavailable"},
		conversation.EmailRequested{},
		conversation.Typed{},
		conversation.MarkedRead{UpTo: 7},
		conversation.NoteAdded{},
		conversation.ArticleLinked{Article: "kb-1"},
		conversation.Blocked{},
		conversation.Unblocked{},
		conversation.Prompted{Step: 1, Text: "Check in.", Phrase: "Are you still there?"},
		conversation.FollowedUp{Step: 1, Text: "Are you <still> there & reading?"},
	}
}

// sampleForm has every field set but the notes, which are stored apart.
func sampleForm() closure.Form {
	return closure.Form{
		Sentiment: closure.Negative, Tags: []string{"late", "refund"},
		Tickets: []string{"SHOP-7", "https://jira.example/browse/SHOP-8"},
	}
}

func sampleCycle() conversation.Cycle {
	return conversation.Cycle{
		Since: start, InBot: time.Minute, InWaiting: 90 * time.Second, InAssigned: time.Hour, InSnoozed: 3 * time.Hour,
		HadBot: true, ToPeopleAt: start.Add(time.Minute), PersonWrote: true, FirstResponse: 2 * time.Minute,
		CourtesyWait: 30 * time.Second, AskedSince: start.Add(50 * time.Minute), Snoozes: 2, Prompts: 1, FollowUps: 3,
	}
}

func sampleClosing(number int) conversation.Closing {
	form := sampleForm()
	return conversation.Closing{
		Number: number, Outcome: closure.Unresolved, Reason: closure.ReasonVisitorLeft, Cause: closure.VisitorLeft,
		By: vera, Agent: "ann", Group: "billing", At: start.Add(30 * time.Minute),
		Sentiment: form.Sentiment, Tags: form.Tags, Tickets: form.Tickets, Noted: true, Articles: []string{"kb-1"},
		Grade: closure.CheckedIn, Cycle: sampleCycle(), ReopenedAt: start.Add(time.Hour),
		Survey: &conversation.Survey{
			OfferedAt: start.Add(30 * time.Minute), Until: start.Add(conversation.DefaultSurveyOpen),
			AnsweredAt: start.Add(40 * time.Minute), Rating: 5,
		},
	}
}

func sampleRecord(e conversation.Event) conversation.Record {
	at := start.Add(1500 * time.Microsecond)
	return conversation.Record{Seq: 3, At: at, Clock: at.Add(-time.Second), By: ann, Event: e}
}

func sampleConversation() conversation.Conversation {
	return conversation.Conversation{
		Workspace: "acme", ID: "c1", Version: 42, State: conversation.StateSnoozed,
		Visitor: "vera", Group: "billing", Previous: "c0", Agent: "ann",
		AwaySince: start.Add(40 * time.Minute), PreviousAgent: "bob", WaitReason: conversation.WaitRemoved,
		OpenedAt: start, Since: start.Add(time.Hour), UpdatedAt: start.Add(3 * time.Hour),
		LastSpeaker: idle.Visitor, LastMessageAt: start.Add(2 * time.Hour), UnansweredSince: start.Add(time.Hour),
		LastVisitorMessage: 40, LastHandover: 39,
		Silence: conversation.Silence{Step: 1, Since: start.Add(time.Minute), Informed: true}, FollowUps: 2,
		Snooze: &conversation.SnoozeState{
			Deadline: sampleDeadline, AtEnd: snooze.Keep, OnReply: snooze.StayAsleep, Unread: true,
		},
		Closing: new(sampleClosing(2)), Earlier: []conversation.Closing{sampleClosing(1)}, Cycle: sampleCycle(),
		Courtesy:      closure.Courtesy{AskedAt: start, ActiveAt: start.Add(time.Minute), Answered: true, Farewell: true, Open: true},
		FirstClosedAt: start.Add(10 * time.Minute), Blocked: true,
		Unread: []conversation.Version{38, 41}, EmailRequested: true, Articles: []string{"kb-1", "kb-2"},
	}
}
