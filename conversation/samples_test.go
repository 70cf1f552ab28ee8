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
		conversation.Opened{Visitor: "vera", Group: "billing", Previous: "c0", To: conversation.StateWaiting, AgentRequested: true},
		conversation.Said{Automatic: true},
		conversation.AgentRequested{Group: "billing"},
		conversation.Taken{From: "ann"},
		conversation.Assigned{Agent: "bob", From: "ann"},
		conversation.HandedBack{Agent: "ann"},
		conversation.Transferred{From: "ann", Agent: "bob", Group: "billing"},
		conversation.Requeued{From: "ann"},
		conversation.Snoozed{Deadline: sampleDeadline, AtEnd: snooze.Release, OnReply: snooze.StayAsleep},
		conversation.Woken{Cause: conversation.WokenByTimer, Late: 90 * time.Second, Agent: "ann", Reason: conversation.WaitReleased},
		conversation.Closed{Number: 2, Outcome: closure.Unresolved, Reason: closure.ReasonOther, Cause: closure.Agent, Agent: "ann"},
		conversation.Reclassified{Number: 2, Outcome: closure.Unresolved, Reason: closure.ReasonOther,
			OldOutcome: closure.Unresolved, OldReason: closure.ReasonMissingKnowledge},
		conversation.Reopened{Number: 2, To: conversation.StateWaiting, Agent: "ann", Reason: "unavailable"},
		conversation.PresenceChanged{Online: true},
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

func sampleRecord(e conversation.Event) conversation.Record {
	at := start.Add(1500 * time.Microsecond)
	return conversation.Record{Seq: 3, At: at, Clock: at.Add(-time.Second), By: ann, Event: e}
}

func sampleConversation() conversation.Conversation {
	return conversation.Conversation{
		Workspace: "acme", ID: "c1", Version: 42, State: conversation.StateSnoozed,
		Visitor: "vera", Group: "billing", Previous: "c0", Agent: "ann",
		OpenedAt: start, Since: start.Add(time.Hour), UpdatedAt: start.Add(3 * time.Hour),
		LastSpeaker: idle.Visitor, LastMessageAt: start.Add(2 * time.Hour), UnansweredSince: start.Add(time.Hour),
		LastVisitorMessage: 40, LastHandover: 39,
		Silence: conversation.Silence{Step: 1, Since: start.Add(time.Minute), Informed: true}, FollowUps: 2,
		Snooze: &conversation.SnoozeState{
			Deadline: sampleDeadline, AtEnd: snooze.Keep, OnReply: snooze.StayAsleep, Unread: true,
		},
		Closing: &conversation.Closing{
			Number: 2, Outcome: closure.Unresolved, Reason: closure.ReasonVisitorLeft, Cause: closure.VisitorLeft,
			By: vera, Agent: "ann", At: start.Add(30 * time.Minute),
		},
		FirstClosedAt: start.Add(10 * time.Minute), Online: true, Blocked: true,
		Unread: []conversation.Version{38, 41}, Articles: []string{"kb-1", "kb-2"},
	}
}
