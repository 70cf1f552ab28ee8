package conversation_test

import (
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

const day = conversation.DefaultReassignAfter

// quiet is a policy without an idle ladder on the desk.
var quiet = onDesk(idle.Ladder{Off: true})

// speaksAgainst is all that can speak against an agent.
var speaksAgainst = []conversation.Readiness{
	conversation.AgentUnavailable, conversation.AgentFull, conversation.AgentLeftGroup,
	conversation.AgentRemoved, conversation.AgentUnknown,
}

// why is the refusal of something new for an agent; leaving the group is none.
var whyNothingNew = map[conversation.Readiness]error{
	conversation.AgentUnavailable: conversation.ErrAgentUnavailable,
	conversation.AgentFull:        conversation.ErrAgentFull,
	conversation.AgentRemoved:     conversation.ErrAgentGone,
	conversation.AgentUnknown:     conversation.ErrAgentGone,
}

// gone says that ann has been away since now.
func (l *life) gone() {
	l.Helper()
	only[conversation.AssigneeLeft](l, l.do(host, conversation.AssigneeGone{Agent: "ann", Since: l.now}))
	same(l, "since when she is away", l.c.AwaySince, l.now)
}

// with says what speaks against the agent of the next commands.
func (l *life) with(r conversation.Readiness) *life {
	l.agent = r
	return l
}

func TestAnAgentWhoIsUnavailableGetsNothingNew(t *testing.T) {
	t.Parallel()
	for ready, want := range whyNothingNew {
		for _, begin := range []func(testing.TB, conversation.Policy) *life{opened, held} {
			l := begin(t, noBot).with(ready)
			before := l.c
			l.refused(sue, conversation.Take{}, want)
			l.refused(sue, conversation.Assign{Agent: "bob"}, want)
			l.refused(host, conversation.Assign{Agent: "bob"}, want)
			same(t, "the conversation", l.c, before)
		}
		l := opened(t, withBot).with(ready)
		l.refused(bob, conversation.Take{}, want)
		l = closedBy(t, noBot).with(ready)
		l.refused(bob, conversation.Reopen{}, want)
		l.is(conversation.StateClosed, "")
	}
	for _, c := range []conversation.Command{conversation.Take{}, conversation.Assign{Agent: "sue"}} { // of another group
		l := opened(t, noBot).with(conversation.AgentLeftGroup)
		l.do(sue, c)
		l.is(conversation.StateAssigned, "sue")
	}
}

func TestWhoHasItHasItWhateverTheyAre(t *testing.T) {
	t.Parallel()
	for _, ready := range speaksAgainst {
		l := held(t, noBot).with(ready)
		l.already(ann, conversation.Take{})
		l.already(sue, conversation.Assign{Agent: "ann"})
		l.already(sue, conversation.Transfer{Agent: "ann"})
		l.already(ann, conversation.Wake{})
		l.say(ann)
		l.do(ann, conversation.Snooze{Until: shortly})
	}
}

func TestATransferToWhoIsUnavailableIsLegal(t *testing.T) {
	t.Parallel()
	l := held(t, quiet).with(conversation.AgentUnavailable)
	e := only[conversation.Transferred](l, l.after(time.Minute).do(ann, conversation.Transfer{Agent: "bob"}))
	same(t, "the transfer", e, conversation.Transferred{From: "ann", Agent: "bob", Unavailable: true})
	l.is(conversation.StateAssigned, "bob")
	same(t, "since when bob is away", l.c.AwaySince, l.now)

	for ready, want := range whyNothingNew {
		if ready == conversation.AgentUnavailable {
			continue
		}
		l := held(t, noBot).with(ready)
		l.refused(ann, conversation.Transfer{Agent: "bob"}, want)
		opened(t, noBot).with(ready).refused(sue, conversation.Transfer{Agent: "bob"}, want)
		l.do(ann, conversation.Transfer{Group: "billing"}) // a group is nobody
		same(t, "why it waits", l.c.WaitReason, conversation.WaitGivenUp)
		same(t, "since when who is away", l.c.AwaySince, time.Time{})
	}
}

func TestWhoKeepsItMayWakeItEarlyThoughUnavailable(t *testing.T) {
	t.Parallel()
	for _, by := range []conversation.Actor{ann, conversation.Supervisor("ann")} {
		for _, c := range []conversation.Command{conversation.Wake{}, conversation.Take{}} {
			l := asleep(t, conversation.Snooze{Until: shortly, AtEnd: snooze.Release}).with(conversation.AgentUnavailable)
			e := only[conversation.Woken](l, l.after(time.Minute).do(by, c))
			same(t, "the wake", e, conversation.Woken{Cause: conversation.WokenByAgent, Agent: "ann", Unavailable: true})
			l.is(conversation.StateAssigned, "ann")
			same(t, "since when she is away", l.c.AwaySince, l.now)
		}
	}
}

func TestWhoWasRemovedOrIsFullWakesNothing(t *testing.T) {
	t.Parallel()
	for ready, want := range map[conversation.Readiness]error{
		conversation.AgentFull:    conversation.ErrAgentFull,
		conversation.AgentRemoved: conversation.ErrAgentGone,
		conversation.AgentUnknown: conversation.ErrAgentGone,
	} {
		for _, c := range []conversation.Command{conversation.Wake{}, conversation.Take{}} {
			l := asleep(t, conversation.Snooze{Until: shortly}).with(ready)
			l.refused(ann, c, want)
			l.is(conversation.StateSnoozed, "ann")
		}
	}
}

// endings are the ways in which a snooze ends by others than its keeper.
var endings = map[conversation.WakeCause]func(*life){
	conversation.WokenByTimer:   func(l *life) { l.idle() },
	conversation.WokenByVisitor: func(l *life) { l.say(vera) },
	conversation.WokenByAgent:   func(l *life) { l.do(sue, conversation.Wake{}) },
}

func TestASnoozeEndsWithItsKeeperOrInTheQueueWithTheReason(t *testing.T) {
	t.Parallel()
	for cause, end := range endings {
		for _, ready := range speaksAgainst {
			for _, over := range []bool{false, true} {
				l := asleep(t, conversation.Snooze{Until: shortly}).with(ready)
				l.policy.WakeOverCapacity = over
				end(l)
				woken := l.journal[len(l.journal)-1].Event.(conversation.Woken)
				same(t, "the cause", woken.Cause, cause)
				if over && ready == conversation.AgentFull {
					l.is(conversation.StateAssigned, "ann")
					same(t, "the reason", woken.Reason+l.c.WaitReason, conversation.WaitReason(""))
					continue
				}
				l.is(conversation.StateWaiting, "")
				same(t, "the reason", woken.Reason, conversation.WaitReason(ready))
				same(t, "why it waits", l.c.WaitReason, conversation.WaitReason(ready))
				same(t, "who had it", l.c.PreviousAgent, "ann")
			}
		}
	}
}

func TestOnlyTheEndOfASnoozeOverfills(t *testing.T) {
	t.Parallel()
	over := conversation.Policy{WakeOverCapacity: true}
	for _, c := range []conversation.Command{conversation.Wake{}, conversation.Take{}} {
		l := asleep(t, conversation.Snooze{Until: shortly}).with(conversation.AgentFull)
		l.policy = over
		l.do(ann, c)
		l.is(conversation.StateAssigned, "ann")
	}
	l := asleep(t, conversation.Snooze{Until: shortly}).with(conversation.AgentFull)
	l.policy = over
	l.refused(sue, conversation.Take{}, conversation.ErrAgentFull)
	l.refused(sue, conversation.Assign{Agent: "ann"}, conversation.ErrAgentFull)
	l.refused(sue, conversation.Transfer{Agent: "bob"}, conversation.ErrAgentFull)
	l = closedBy(t, over).with(conversation.AgentFull)
	l.refused(ann, conversation.Reopen{}, conversation.ErrAgentFull)
	l.say(vera)
	l.is(conversation.StateWaiting, "")
	same(t, "why it waits", l.c.WaitReason, conversation.WaitFull)
}

// waitsForAnn is a story in which vera has written to ann, who left an hour later.
func waitsForAnn(t testing.TB, p conversation.Policy) *life {
	t.Helper()
	l := held(t, p)
	l.say(vera)
	l.after(time.Hour).gone()
	return l
}

func TestAfter24HoursSomebodyElseGetsIt(t *testing.T) {
	t.Parallel()
	for _, ready := range []conversation.Readiness{
		conversation.AgentUnavailable, conversation.AgentRemoved, conversation.AgentUnknown,
	} {
		l := waitsForAnn(t, quiet).with(ready)
		l.next(day)
		l.after(day-time.Microsecond).already(timer, conversation.Expire{})
		l.is(conversation.StateAssigned, "ann")
		e := only[conversation.Requeued](l, l.after(time.Microsecond).expire())
		same(t, "the requeueing", e, conversation.Requeued{From: "ann", Reason: conversation.WaitReason(ready)})
		l.is(conversation.StateWaiting, "")
		same(t, "why it waits", l.c.WaitReason, conversation.WaitReason(ready))
		same(t, "who had it", l.c.PreviousAgent, "ann")
		same(t, "the place in the queue", l.c.Since, l.now)
		same(t, "since when vera waits", l.c.UnansweredSince, start)
		same(t, "since when who is away", l.c.AwaySince, time.Time{})
		l.nothingNext()
	}
}

func TestThe24HoursRunFromWhatCameLater(t *testing.T) {
	t.Parallel()
	l := held(t, quiet)
	l.gone()
	l.nothingNext() // nobody waits
	l.after(5 * time.Hour).say(vera)
	l.next(day)
	l.after(time.Hour).say(vera) // she has waited since before
	l.next(day - time.Hour)

	l = waitsForAnn(t, quiet) // gone after the message
	l.next(day)
	l.after(time.Hour).already(host, conversation.AssigneeGone{Agent: "ann", Since: l.now})
	l.next(day - time.Hour)

	l = held(t, quiet)
	l.say(vera)
	l.after(3*time.Hour).do(host, conversation.AssigneeGone{Agent: "ann", Since: start.Add(time.Hour)}) // told late
	l.next(day - 2*time.Hour)
}

func TestBackAfter23Hours59MinutesNothingHappens(t *testing.T) {
	t.Parallel()
	l := waitsForAnn(t, quiet)
	l.after(day-time.Minute).do(host, conversation.AssigneeBack{Agent: "ann"})
	l.nothingNext()
	l.after(day).already(timer, conversation.Expire{})
	l.is(conversation.StateAssigned, "ann")
	l.already(host, conversation.AssigneeBack{Agent: "ann"})
	l.gone() // another absence is another day
	l.next(day)
}

func TestAnAnswerStopsTheTime(t *testing.T) {
	t.Parallel()
	l := waitsForAnn(t, quiet)
	l.after(time.Hour).do(ann, conversation.Say{Text: "on holiday", Automatic: true})
	l.next(day - time.Hour) // no answer
	l.say(ann)
	l.nothingNext()
	l.after(2*day).already(timer, conversation.Expire{})
	l.say(vera) // still nobody there
	l.next(day)
	l.with(conversation.AgentUnavailable).idle()
	l.is(conversation.StateWaiting, "")
}

func TestAnAgentWhoIsFoundBackKeepsIt(t *testing.T) {
	t.Parallel()
	for _, ready := range []conversation.Readiness{conversation.AgentReady, conversation.AgentFull, conversation.AgentLeftGroup} {
		l := waitsForAnn(t, onDesk(steps(2*day, idle.Prompt))).with(ready)
		only[conversation.AssigneeReturned](l, l.idle())
		l.is(conversation.StateAssigned, "ann")
		same(t, "since when she is away", l.c.AwaySince, time.Time{})
		same(t, "since when vera waits", l.c.UnansweredSince, start)
		l.next(day - time.Hour) // the ladder goes on
	}
}

func TestTheTimeRunsAfterATransferAndAnEarlyWakeToo(t *testing.T) {
	t.Parallel()
	l := held(t, quiet)
	l.say(vera)
	l.after(time.Hour).with(conversation.AgentUnavailable).do(ann, conversation.Transfer{Agent: "bob"})
	l.next(day)
	e := only[conversation.Requeued](l, l.idle())
	same(t, "the requeueing", e, conversation.Requeued{From: "bob", Reason: conversation.WaitUnavailable})

	l = held(t, quiet)
	l.do(ann, conversation.Snooze{Until: shortly, OnReply: snooze.StayAsleep})
	l.say(vera)
	l.after(time.Hour).with(conversation.AgentUnavailable).do(ann, conversation.Wake{})
	l.next(day)
	e = only[conversation.Requeued](l, l.idle())
	same(t, "the requeueing", e, conversation.Requeued{From: "ann", Reason: conversation.WaitUnavailable})
}

func TestEveryChangeOfHandsClearsTheAbsence(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*life){
		"taken":       func(l *life) { l.do(sue, conversation.Take{}) },
		"assigned":    func(l *life) { l.do(host, conversation.Assign{Agent: "bob"}) },
		"transferred": func(l *life) { l.do(ann, conversation.Transfer{Agent: "bob"}) },
		"to a group":  func(l *life) { l.do(ann, conversation.Transfer{Group: "billing"}) },
		"handed back": func(l *life) { l.do(ann, conversation.HandBack{}) },
		"requeued":    func(l *life) { l.do(ann, conversation.Requeue{}) },
		"snoozed":     func(l *life) { l.do(ann, conversation.Snooze{Until: shortly}) },
		"closed":      func(l *life) { l.do(ann, unresolved) },
	} {
		l := waitsForAnn(t, conversation.Policy{Bot: true, Idle: quiet.Idle})
		change(l)
		same(t, name+": since when who is away", l.c.AwaySince, time.Time{})
	}
}

func TestTheLadderAndTheAbsenceRunSideBySide(t *testing.T) {
	t.Parallel()
	l := waitsForAnn(t, onDesk(steps(2*time.Hour, idle.Prompt, idle.FollowUp))).with(conversation.AgentUnavailable)
	only[conversation.Prompted](l, l.idle())
	only[conversation.FollowedUp](l, l.idle())
	l.next(day - 3*time.Hour) // what the ladder wrote is no answer
	only[conversation.Requeued](l, l.idle())

	l = waitsForAnn(t, onDesk(steps(2*day, idle.Prompt))).with(conversation.AgentUnavailable)
	l.next(day)
	only[conversation.Requeued](l, l.after(3*day).expire()) // both have passed

	l = waitsForAnn(t, onDesk(steps(day+time.Hour, idle.Prompt))).with(conversation.AgentUnavailable)
	l.next(day) // at the same instant one is worked off after the other
	only[conversation.Prompted](l, l.idle())
	only[conversation.Requeued](l, l.expire())
}

func TestAPolicySaysHowLongAndWhether(t *testing.T) {
	t.Parallel()
	p := quiet
	p.ReassignAfter = time.Hour
	waitsForAnn(t, p).next(time.Hour)
	p.ReassignAfter = -1
	waitsForAnn(t, p).nothingNext()
	for field, p := range map[string]conversation.Policies{
		"reassign_after":     {Default: conversation.Policy{ReassignAfter: idle.MaxWait + 1}},
		"availability_grace": {AvailabilityGrace: idle.MaxWait + 1},
	} {
		same(t, "the field", fieldOf(t, p.Check()), field)
	}
	sound := conversation.Policies{
		Default: conversation.Policy{ReassignAfter: idle.MaxWait}, AvailabilityGrace: idle.MaxWait,
		Groups: map[string]conversation.Policy{"billing": {ReassignAfter: -1}},
	}
	if err := sound.Check(); err != nil {
		t.Error(err)
	}
}

func TestOnlyTheAgentWhoHasItIsAway(t *testing.T) {
	t.Parallel()
	l := held(t, quiet)
	l.already(host, conversation.AssigneeGone{Agent: "bob", Since: l.now})
	l.gone()
	l.already(host, conversation.AssigneeBack{Agent: "bob"})
	same(t, "since when ann is away", l.c.AwaySince, l.now)
	for state, l := range openStates(t) {
		if state != conversation.StateAssigned {
			l.already(host, conversation.AssigneeGone{Agent: "ann", Since: l.now})
			l.already(host, conversation.AssigneeBack{Agent: "ann"})
		}
		for _, by := range []conversation.Actor{vera, ann, sue, robot, timer} {
			l.refused(by, conversation.AssigneeGone{Agent: "ann", Since: l.now}, conversation.ErrForbidden)
			l.refused(by, conversation.AssigneeBack{Agent: "ann"}, conversation.ErrForbidden)
		}
	}
}

func TestAnAbsenceIsKeptInWholeMicrosecondsAndNeverToCome(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("Berlin", 3600)
	l := held(t, quiet)
	l.do(host, conversation.AssigneeGone{Agent: "ann", Since: start.Add(-1500 * time.Nanosecond).In(berlin)})
	same(t, "since when", l.c.AwaySince, start.Add(-2*time.Microsecond))
	l = held(t, quiet)
	l.do(host, conversation.AssigneeGone{Agent: "ann", Since: start.Add(time.Hour)}) // by a clock that is ahead
	same(t, "since when", l.c.AwaySince, start)
}

func TestTheSystemRequeuesWithAReason(t *testing.T) {
	t.Parallel()
	for _, reason := range []conversation.WaitReason{
		conversation.WaitUnavailable, conversation.WaitFull, conversation.WaitLeftGroup, conversation.WaitRemoved,
		conversation.WaitUnknown, conversation.WaitReleased, conversation.WaitGivenUp, conversation.WaitLoggedOut,
	} {
		l := held(t, noBot)
		e := only[conversation.Requeued](l, l.do(host, conversation.Requeue{Reason: reason}))
		same(t, "the requeueing", e, conversation.Requeued{From: "ann", Reason: reason})
		same(t, "why it waits", l.c.WaitReason, reason)
		l.already(host, conversation.Requeue{Reason: conversation.WaitFull})
		same(t, "why it still waits", l.c.WaitReason, reason)
		for _, by := range []conversation.Actor{vera, ann, sue, robot, timer} {
			if by == sue && reason == conversation.WaitLoggedOut {
				l.already(by, conversation.Requeue{Reason: reason}) // who logs the agent out
				continue
			}
			l.invalid(by, conversation.Requeue{Reason: reason}, "reason")
		}
		l.do(vera, conversation.RequestAgent{Group: "billing"})
		same(t, "why it waits in another group", l.c.WaitReason, reason)
		l.do(bob, conversation.Take{})
		same(t, "why it waited", l.c.WaitReason, conversation.WaitReason(""))
	}
	l := held(t, noBot)
	l.do(ann, conversation.Requeue{})
	same(t, "why it waits that she gave away", l.c.WaitReason, conversation.WaitGivenUp)
}

func TestAClosedOneReopensIntoTheQueueWithTheReason(t *testing.T) {
	t.Parallel()
	for _, ready := range speaksAgainst {
		l := closedBy(t, noBot).with(ready)
		l.say(vera)
		l.is(conversation.StateWaiting, "")
		same(t, "why it waits", l.c.WaitReason, conversation.WaitReason(ready))
		same(t, "who had it", l.c.PreviousAgent, "ann")
	}
}

func TestWhoHadItBeforeIsRemembered(t *testing.T) {
	t.Parallel()
	l := tell(t, withBot)
	l.do(vera, conversation.Open{PreviousAgent: "eva", ForAgent: true})
	same(t, "who had the one before it", l.c.PreviousAgent, "eva")
	l.do(ann, conversation.Take{})
	same(t, "who had it before ann", l.c.PreviousAgent, "eva")
	l.do(sue, conversation.Transfer{Agent: "bob"})
	same(t, "who had it before bob", l.c.PreviousAgent, "ann")
	l.do(bob, conversation.Snooze{Until: shortly})
	l.idle()
	same(t, "who had it before he put it aside", l.c.PreviousAgent, "ann")
	l.do(bob, conversation.Requeue{})
	same(t, "who had it before the queue", l.c.PreviousAgent, "bob")
	l.do(bob, conversation.Take{})
	l.do(bob, resolved)
	same(t, "who had it before the end", l.c.PreviousAgent, "bob")
}

func TestAHandBackForgetsWhoHadIt(t *testing.T) {
	t.Parallel()
	for _, ladder := range []idle.Ladder{{Off: true}, steps(time.Hour, idle.HandBack)} {
		p := withBot
		p.Idle.Assigned = ladder
		l := held(t, p)
		if ladder.Off {
			l.do(ann, conversation.HandBack{})
		} else {
			l.idle()
		}
		l.is(conversation.StateBot, "")
		same(t, "who had it before the bot", l.c.PreviousAgent, "")
		l.do(vera, conversation.RequestAgent{})
		same(t, "who had it before the queue", l.c.PreviousAgent, "")
	}
	p := withBot
	p.Idle.Waiting = steps(time.Hour, idle.HandBack)
	l := held(t, p)
	l.do(ann, conversation.Requeue{})
	l.idle()
	same(t, "who had it before the bot, which the queue handed it", l.c.PreviousAgent, "")
}

func TestAnotherGroupChangesNeitherPlaceNorHolder(t *testing.T) {
	t.Parallel()
	for state, l := range openStates(t) {
		before := l.c
		for _, by := range []conversation.Actor{sue, host} {
			for _, group := range []string{"billing", ""} {
				from := l.c.Group
				e := only[conversation.Regrouped](l, l.after(time.Minute).do(by, conversation.Regroup{Group: group}))
				same(t, "the move", e, conversation.Regrouped{From: from, Group: group})
				l.already(by, conversation.Regroup{Group: group})
				same(t, "the group", l.c.Group, group)
			}
		}
		after := l.c
		if state == conversation.StateWaiting {
			same(t, "the silence", l.c.Silence, conversation.Silence{Since: l.now})
			after.Silence = before.Silence
		}
		after.Version, after.UpdatedAt = before.Version, before.UpdatedAt
		same(t, "everything else", after, before)
		for _, by := range []conversation.Actor{vera, ann, bob, robot, timer} {
			l.refused(by, conversation.Regroup{Group: "billing"}, conversation.ErrForbidden)
		}
	}
	closedBy(t, noBot).refused(sue, conversation.Regroup{Group: "billing"}, conversation.ErrNotPossible)
}

func TestAnotherGroupLeavesAnAbsenceAndItsReason(t *testing.T) {
	t.Parallel()
	l := waitsForAnn(t, quiet)
	l.after(time.Hour).do(sue, conversation.Regroup{Group: "billing"})
	l.next(day - time.Hour)
	l.do(host, conversation.Requeue{Reason: conversation.WaitLeftGroup})
	l.do(sue, conversation.Regroup{Group: "support"})
	same(t, "why it waits", l.c.WaitReason, conversation.WaitLeftGroup)
	l.do(sue, conversation.Transfer{Group: "sales"}) // is another way of waiting
	same(t, "why it waits", l.c.WaitReason, conversation.WaitReason(""))
}

// byMail is a policy that asks for e-mails, with a follow-up on the desk.
var byMail = conversation.Policy{NotifyByEmail: true, Idle: conversation.Idle{Assigned: steps(time.Hour, idle.FollowUp)}}

// mails returns how many e-mails were asked for.
func (l *life) mails(want int) {
	l.Helper()
	same(l, "e-mails asked for", count[conversation.EmailRequested](l), want)
	same(l, "whether one was in this stretch", l.c.EmailRequested, len(l.c.Unread) > 0 && want > 0)
}

func TestAnAnswerToWhoHasLeftAsksForAnEmailOnce(t *testing.T) {
	t.Parallel()
	l := held(t, byMail)
	l.left = true
	same(t, "the events", l.say(ann), []conversation.Event{conversation.Said{Text: "…"}, conversation.EmailRequested{}})
	only[conversation.Said](l, l.say(ann))
	only[conversation.Said](l, l.say(host))
	l.idle()
	l.already(host, conversation.NotifyByEmail{})
	l.mails(1)
	l.do(vera, conversation.MarkRead{UpTo: l.c.Unread[0]})
	l.say(ann)
	l.mails(1) // some are still unread
	l.do(vera, conversation.MarkRead{})
	l.mails(1)
	l.say(ann)
	l.mails(2)
}

func TestAFollowUpToWhoHasLeftAsksForAnEmail(t *testing.T) {
	t.Parallel()
	l := held(t, byMail)
	l.left = true
	same(t, "the events", l.idle(), []conversation.Event{
		conversation.FollowedUp{Text: "Are you still there?"}, conversation.EmailRequested{},
	})
	l.mails(1)
}

func TestEveryAnswerCountsForAnEmail(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(*life){
		"the bot's":    func(l *life) { l.say(robot) },
		"the system's": func(l *life) { l.say(host) },
		"to the queue": func(l *life) { l.do(vera, conversation.RequestAgent{}); l.say(host) },
		"after the end": func(l *life) {
			l.do(sue, unresolved)
			l.say(host)
		},
	} {
		l := opened(t, conversation.Policy{Bot: true, NotifyByEmail: true})
		l.left = true
		write(l)
		if got := count[conversation.EmailRequested](l); got != 1 {
			t.Errorf("%s: %d e-mails were asked for, want 1", name, got)
		}
	}
}

func TestWhoIsThereOrHasLeftNoAddressGetsNoEmail(t *testing.T) {
	t.Parallel()
	l := held(t, byMail)
	l.say(ann)
	l.idle()
	l.already(host, conversation.NotifyByEmail{})
	l.mails(0)
	l.left = true
	l.policy.NotifyByEmail = false
	l.say(ann)
	l.already(host, conversation.NotifyByEmail{})
	l.mails(0)
	l.policy.NotifyByEmail = true
	l.do(vera, conversation.Say{Text: "bye"}) // by what the visitor writes nobody is asked
	l.mails(0)
	only[conversation.EmailRequested](l, l.do(host, conversation.NotifyByEmail{})) // the visitor left with answers unread
	l.mails(1)
}

func TestAnEmailIsAboutSomethingUnread(t *testing.T) {
	t.Parallel()
	for state, l := range openStates(t) {
		l.policy.NotifyByEmail, l.left = true, true
		l.already(host, conversation.NotifyByEmail{})
		for _, by := range []conversation.Actor{vera, ann, sue, robot, timer} {
			l.refused(by, conversation.NotifyByEmail{}, conversation.ErrForbidden)
		}
		l.left = false
		l.say(host)
		l.left = true
		before := l.c
		only[conversation.EmailRequested](l, l.do(host, conversation.NotifyByEmail{}))
		before.EmailRequested, before.Version = true, before.Version+1
		same(t, "what else it changes in "+string(state), l.c, before)
	}
}
