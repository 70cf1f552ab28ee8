package main

import (
	"flag"
	"fmt"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// Rules is everything that the replay decides and the file does not say. All of
// it is in this file; flags change the numbers.
//
// The file says who wrote when. What a conversation does by itself in between,
// the policy says:
//
//   - With an agent: a private prompt to the agent after 2 minutes of silence
//     (the library's default), "are you still there?" to the visitor 8 minutes
//     after that, and the closing 50 minutes after that. So an hour of silence
//     ends a conversation, and nobody is closed on without having been told.
//   - Waiting for an agent: a word to the visitor after 30 minutes, and the
//     closing 3 days after that.
//   - A visitor who writes within 24 hours of the closing (the library's
//     default) reopens the conversation; one who writes later begins its
//     successor.
//
// What people do beside writing, these rules say:
//
//   - The first message of a visitor opens the conversation and asks for a
//     person. One that an agent begins, is opened by the agent for the visitor.
//   - Who writes as an agent has the conversation first: takes it when it waits,
//     gets it by transfer from the agent who has it (also while it is snoozed),
//     wakes it when it was their own snooze, reopens it when it is closed.
//   - An agent who wrote, and will not hear or write again for more than an
//     hour, snoozes: see [rules.snooze]. Here the replay looks ahead, and knows
//     how long the gap will be. It stands for what a real agent knows: "I will
//     try that tonight", or "I will ask the depot and be back tomorrow".
//   - A visitor who writes has read what was written to them, unless the
//     conversation is closed.
//   - A conversation has one visitor: the author of the first visitor's message.
//     All visitors' messages are theirs.
//   - An article is linked after the message, by the agent who wrote it.
//   - Nobody closes by hand: the file does not say who would have.
type rules struct {
	prompt, followUp, close     time.Duration // the ladder with an agent; zero: without that step
	queueFollowUp, queueClose   time.Duration // the ladder of those who wait; zero: without that step
	lastSpeaker                 string        // whose silence the agent's ladder measures
	reopenWindow                time.Duration // zero or less: nothing reopens
	snoozeAfter, snoozeForReply time.Duration // see snooze
	staffed                     bool          // by agents of its own, see staff.go
}

func (r *rules) flags(f *flag.FlagSet) {
	f.DurationVar(&r.prompt, "prompt", idle.DefaultAfter, "prompt the agent after this silence; 0: never")
	f.DurationVar(&r.followUp, "follow-up", 8*time.Minute, "follow up with the visitor this long after the prompt; 0: never")
	f.DurationVar(&r.close, "close", 50*time.Minute, "close this long after the follow-up; 0: never")
	f.DurationVar(&r.queueFollowUp, "queue-follow-up", 30*time.Minute, "write to a visitor who waits after this silence; 0: never")
	f.DurationVar(&r.queueClose, "queue-close", 72*time.Hour, "close on a visitor who waits this long after that; 0: never")
	f.StringVar(&r.lastSpeaker, "last-speaker", "anyone", "run the agent's ladder only if the last to write was `anyone`, visitor\nor responder; with responder it never closes on a visitor who waits\nfor an answer, and prompts no agent who owes one")
	f.DurationVar(&r.reopenWindow, "reopen-window", conversation.DefaultReopenWindow, "how long after its closing a visitor reopens a conversation; 0: never")
	f.DurationVar(&r.snoozeAfter, "snooze-after", time.Hour, "agents snooze if nobody will write for longer than this; 0: never")
	f.DurationVar(&r.snoozeForReply, "snooze-for-reply", snooze.Long, "the longest time for which an agent expects a visitor back")
}

// Texts that visitors get. What agents get is the library's default.
const (
	followUpText = "Are you still there? If all is settled, this chat will close by itself."
	queueText    = "You have not been forgotten: the next free agent is yours."
)

// policy returns the policy of every workspace. It is data: hosts would keep it
// as JSON, and change it while conversations run.
func (r *rules) policy() conversation.Policy {
	p := conversation.Policy{
		ReopenWindow:    r.reopenWindow,
		PullOnly:        !r.staffed, // the agents of the file take what they write to
		KnownAgentsOnly: r.staffed,
		Idle: conversation.Idle{
			Assigned: ladder(
				idle.Step{After: r.prompt, Action: idle.Prompt, Text: idle.DefaultText, Phrase: idle.DefaultPhrase},
				idle.Step{After: r.followUp, Action: idle.FollowUp, Text: followUpText},
				idle.Step{After: r.close, Action: idle.Close},
			),
			Waiting: ladder(
				idle.Step{After: r.queueFollowUp, Action: idle.FollowUp, Text: queueText},
				idle.Step{After: r.queueClose, Action: idle.Close},
			),
		},
	}
	if p.ReopenWindow <= 0 {
		p.ReopenWindow = -1 // zero would be the default
	}
	if r.lastSpeaker != "anyone" && !p.Idle.Assigned.Off {
		p.Idle.Assigned.LastSpeaker = idle.Speaker(r.lastSpeaker)
	}
	return p
}

// ladder returns the steps that have a wait. Without any it is off, because a
// ladder that says nothing stands for the default.
func ladder(steps ...idle.Step) idle.Ladder {
	var l idle.Ladder
	for _, s := range steps {
		if s.After != 0 {
			l.Steps = append(l.Steps, s)
		}
	}
	l.Off = len(l.Steps) == 0
	return l
}

func (r *rules) check() error {
	if err := r.policy().Check(); err != nil {
		return fmt.Errorf("the flags make no policy: %w", err)
	}
	return nil
}

// snooze returns what an agent does who has just written, if the next to write
// does so after gap: nothing where it is short. Otherwise one who will write
// again themselves has something to find out, and puts the conversation aside
// for a day, keeping it. One who waits for the visitor puts it aside until the
// reply, if the visitor is to be back within a day. About later than that nobody
// knows anything: the matter looks settled, and the idle ladder has it.
func (r *rules) snooze(gap time.Duration, nextIsAgent bool) (conversation.Snooze, bool) {
	switch {
	case r.snoozeAfter <= 0 || gap <= r.snoozeAfter:
		return conversation.Snooze{}, false
	case nextIsAgent:
		return conversation.Snooze{Until: snooze.For(snooze.Long), AtEnd: snooze.Keep}, true
	case gap <= r.snoozeForReply:
		return conversation.Snooze{Until: snooze.UntilReply()}, true
	}
	return conversation.Snooze{}, false
}
