package conversation_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/snooze"
)

// nextFunc is Next, or Next with a planted fault.
type nextFunc func(conversation.Conversation, conversation.Policy) (conversation.Upcoming, bool)

// awayFor is onDesk with a time after which an agent who is away loses it.
func awayFor(after time.Duration, l idle.Ladder) conversation.Policy {
	p := onDesk(l)
	p.ReassignAfter = after
	return p
}

// gone says that ann is away since now.
func gone(l *life) { l.do(host, conversation.AssigneeGone{Agent: "ann", Since: l.now}) }

func TestNextSaysWhatComesAndWhy(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	off := idle.Ladder{Off: true}
	waitingVisitor := steps(minute, idle.FollowUp, idle.Close)
	waitingVisitor.LastSpeaker = idle.Visitor
	queue := conversation.Policy{Bot: true, Idle: conversation.Idle{
		Bot: steps(minute, idle.FollowUp), Waiting: steps(minute, idle.HandBack), Assigned: off,
	}}
	snoozed := func(s conversation.Snooze) func(*life) {
		return func(l *life) { l.after(minute).do(ann, s) }
	}
	type comes struct {
		why       conversation.DueReason
		since, at time.Duration // from the start
		step      int
		action    idle.Action
	}
	tests := []struct {
		name   string
		policy conversation.Policy
		live   func(*life) // after ann has taken it
		want   comes       // zero: nothing
	}{
		{"the default prompt", noBot, func(l *life) {},
			comes{conversation.IdleStep, 0, 2 * minute, 0, idle.Prompt}},
		{"a message counts anew", onDesk(informed), func(l *life) { l.idle(); l.say(vera) },
			comes{conversation.IdleStep, minute, 2 * minute, 0, idle.Prompt}},
		{"an automatic one does not", noBot, func(l *life) { l.after(minute).do(host, conversation.Say{Text: "we are busy"}) },
			comes{conversation.IdleStep, 0, 2 * minute, 0, idle.Prompt}},
		{"typing postpones", noBot, func(l *life) { l.after(minute).do(vera, conversation.Typing{}) },
			comes{conversation.IdleStep, minute, 3 * minute, 0, idle.Prompt}},
		{"another agent counts anew", noBot, func(l *life) { l.after(minute).do(sue, conversation.Take{}) },
			comes{conversation.IdleStep, minute, 3 * minute, 0, idle.Prompt}},
		{"the step after a prompt", onDesk(informed), func(l *life) { l.idle() },
			comes{conversation.IdleStep, minute, 2 * minute, 1, idle.FollowUp}},
		{"a step after one that was late", onDesk(informed), func(l *life) { l.after(time.Hour).expire() },
			comes{conversation.IdleStep, time.Hour, time.Hour + minute, 1, idle.FollowUp}},
		{"a step that is late itself", onDesk(informed), func(l *life) { l.after(time.Hour) },
			comes{conversation.IdleStep, 0, minute, 0, idle.Prompt}},
		{"a closing", onDesk(informed), func(l *life) { l.idle(); l.idle() },
			comes{conversation.IdleStep, 2 * minute, 3 * minute, 2, idle.Close}},
		{"a closing of who was not told is a follow-up", onDesk(steps(minute, idle.Prompt, idle.Prompt, idle.FollowUp)), func(l *life) {
			l.idle()
			l.idle()
			l.policy = onDesk(steps(time.Hour, idle.FollowUp, idle.Prompt, idle.Close))
		}, comes{conversation.IdleStep, 2 * minute, 2*minute + time.Hour, 0, idle.FollowUp}},
		{"a hand-back", onDesk(steps(minute, idle.HandBack)), func(l *life) {},
			comes{conversation.IdleStep, 0, minute, 0, idle.HandBack}},
		{"a requeue", onDesk(steps(minute, idle.Prompt, idle.Requeue)), func(l *life) { l.idle() },
			comes{conversation.IdleStep, minute, 2 * minute, 1, idle.Requeue}},
		{"the queue's ladder", queue, func(l *life) { l.after(minute).do(ann, conversation.Requeue{}) },
			comes{conversation.IdleStep, minute, 2 * minute, 0, idle.HandBack}},
		{"another queue", queue, func(l *life) {
			l.do(ann, conversation.Requeue{})
			l.after(30*time.Second).do(host, conversation.Regroup{Group: "billing"})
		}, comes{conversation.IdleStep, 30 * time.Second, 90 * time.Second, 0, idle.HandBack}},
		{"the bot's ladder", queue, func(l *life) { l.do(ann, conversation.HandBack{}) },
			comes{conversation.IdleStep, 0, minute, 0, idle.FollowUp}},
		{"a ladder for who spoke last", onDesk(waitingVisitor), func(l *life) { l.say(vera) },
			comes{conversation.IdleStep, 0, minute, 0, idle.FollowUp}},
		{"a ladder for another who spoke last", onDesk(waitingVisitor), func(l *life) { l.say(ann) }, comes{}},
		{"a ladder for who spoke last, and nobody did", onDesk(waitingVisitor), func(l *life) {}, comes{}},
		{"a ladder that is off", onDesk(off), func(l *life) { l.say(vera) }, comes{}},
		{"a ladder at its end", noBot, func(l *life) { l.idle() }, comes{}},
		{"a ladder cut short", onDesk(informed), func(l *life) {
			l.idle()
			l.policy = noBot
		}, comes{}},

		{"a snooze", noBot, snoozed(conversation.Snooze{Until: shortly}),
			comes{conversation.SnoozeOver, minute, minute + snooze.Short, 0, ""}},
		{"a snooze that is not kept", noBot, snoozed(conversation.Snooze{Until: shortly, AtEnd: snooze.Release}),
			comes{conversation.SnoozeOver, minute, minute + snooze.Short, 0, ""}},
		{"a snooze by the calendar", noBot, snoozed(conversation.Snooze{Until: snooze.Calendar("2026-03-02T12:00", "Europe/Berlin")}),
			comes{conversation.SnoozeOver, minute, 2 * time.Hour, 0, ""}},
		{"a snooze that was moved", noBot, func(l *life) {
			l.do(ann, conversation.Snooze{Until: snooze.For(snooze.Long)})
			l.after(time.Hour).do(ann, conversation.Snooze{Until: shortly})
		}, comes{conversation.SnoozeOver, 0, time.Hour + snooze.Short, 0, ""}},
		{"a snooze in which the visitor wrote", noBot, func(l *life) {
			l.do(ann, conversation.Snooze{Until: shortly, OnReply: snooze.StayAsleep})
			l.after(time.Hour).say(vera)
		}, comes{conversation.SnoozeOver, 0, snooze.Short, 0, ""}},
		{"a snooze until the visitor replies", noBot, snoozed(conversation.Snooze{Until: untilReply}), comes{}},
		{"a snooze until a reply, of who is away", awayFor(minute, off), func(l *life) {
			l.say(vera)
			gone(l)
			l.do(ann, conversation.Snooze{Until: untilReply})
		}, comes{}},

		{"an agent who left", awayFor(time.Hour, off), func(l *life) { l.say(vera); l.after(minute); gone(l) },
			comes{conversation.Reassignment, minute, minute + time.Hour, 0, ""}},
		{"a visitor who wrote later", awayFor(time.Hour, off), func(l *life) { gone(l); l.after(minute).say(vera) },
			comes{conversation.Reassignment, minute, minute + time.Hour, 0, ""}},
		{"a visitor who wrote again", awayFor(time.Hour, off), func(l *life) { gone(l); l.say(vera); l.after(minute).say(vera) },
			comes{conversation.Reassignment, 0, time.Hour, 0, ""}},
		{"the default time", onDesk(off), func(l *life) { l.say(vera); gone(l) },
			comes{conversation.Reassignment, 0, conversation.DefaultReassignAfter, 0, ""}},
		{"the step comes first", awayFor(time.Hour, informed), func(l *life) { l.say(vera); gone(l) },
			comes{conversation.IdleStep, 0, minute, 0, idle.Prompt}},
		{"the reassignment comes first", awayFor(30*time.Second, informed), func(l *life) { l.say(vera); gone(l) },
			comes{conversation.Reassignment, 0, 30 * time.Second, 0, ""}},
		{"both at once", awayFor(minute, informed), func(l *life) { l.say(vera); gone(l) },
			comes{conversation.IdleStep, 0, minute, 0, idle.Prompt}},
		{"after all steps", awayFor(time.Hour, steps(minute, idle.FollowUp)), func(l *life) { l.say(vera); gone(l); l.idle() },
			comes{conversation.Reassignment, 0, time.Hour, 0, ""}},
		{"nobody waits for who left", awayFor(time.Hour, off), func(l *life) { l.say(vera); l.say(ann); gone(l) }, comes{}},
		{"who left is back", awayFor(time.Hour, off), func(l *life) {
			l.say(vera)
			gone(l)
			l.do(host, conversation.AssigneeBack{Agent: "ann"})
		}, comes{}},
		{"never taken away", awayFor(-1, off), func(l *life) { l.say(vera); gone(l) }, comes{}},

		{"closed", queue, func(l *life) { l.do(ann, unresolved) }, comes{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := held(t, test.policy)
			test.live(l)
			got, ok := conversation.Next(l.c, l.policy)
			var want conversation.Upcoming
			if w := test.want; w != (comes{}) {
				want = conversation.Upcoming{Why: w.why, Since: start.Add(w.since), At: start.Add(w.at), Step: w.step, Action: w.action}
			}
			same(t, "what comes next", got, want)
			same(t, "whether anything comes", ok, want.Why != "")
			if wrong := nextWrong(conversation.Next, l.c, l.facts()); wrong != "" {
				t.Error(wrong)
			}
		})
	}
	if got, ok := conversation.Next(conversation.Conversation{}, queue); ok || got != (conversation.Upcoming{}) {
		t.Errorf("Next of what does not exist = %+v, %v, want nothing", got, ok)
	}
}

// The codes are in what hosts show and send.
func TestWhatComesNextHasStableCodes(t *testing.T) {
	t.Parallel()
	for want, u := range map[string]conversation.Upcoming{
		`{"why":"snooze_over","at":"2026-03-02T12:00:00Z","since":"2026-03-02T09:00:00Z","step":0}`: {
			Why: conversation.SnoozeOver, At: start.Add(snooze.Short), Since: start},
		`{"why":"idle_step","at":"2026-03-02T09:01:00Z","since":"2026-03-02T09:00:00Z","step":2,"action":"close"}`: {
			Why: conversation.IdleStep, At: start.Add(time.Minute), Since: start, Step: 2, Action: idle.Close},
		`{"why":"reassignment","at":"2026-03-03T09:00:00Z","since":"2026-03-02T09:00:00Z","step":0}`: {
			Why: conversation.Reassignment, At: start.Add(24 * time.Hour), Since: start},
	} {
		got, err := json.Marshal(u)
		if err != nil || string(got) != want {
			t.Errorf("Marshal(%+v) = %s, %v, want %s", u, got, err, want)
		}
		var back conversation.Upcoming
		if err := json.Unmarshal(got, &back); err != nil {
			t.Error(err)
		}
		same(t, "there and back", back, u)
	}
}

// nextWrong returns what is not as next says, or "". The facts say how it stands
// with the agent and the visitor when it comes.
func nextWrong(next nextFunc, c conversation.Conversation, f conversation.Facts) string {
	u, ok := next(c, f.Policy)
	if due, will := conversation.NextDue(c, f.Policy); ok != will || !u.At.Equal(due) {
		return fmt.Sprintf("Next: %v, %v; NextDue: %v, %v", u.At, ok, due, will)
	}
	expire := func(at time.Time) ([]conversation.Event, error) {
		f.Now = at
		return conversation.Decide(c, conversation.Request{By: timer, Command: conversation.Expire{}}, f)
	}
	if !ok {
		if events, err := expire(start.AddDate(100, 0, 0)); err != nil || len(events) > 0 || u != (conversation.Upcoming{}) {
			return fmt.Sprintf("Next: %+v, false; but Expire causes %+v, %v", u, events, err)
		}
		return ""
	}
	if events, err := expire(u.At.Add(-time.Microsecond)); err != nil || len(events) > 0 {
		return fmt.Sprintf("Next: %+v; a microsecond before, Expire causes %+v, %v", u, events, err)
	}
	events, err := expire(u.At)
	if err != nil || len(events) == 0 {
		return fmt.Sprintf("Next: %+v; Expire causes %+v, %v", u, events, err)
	}
	want, wrong := nextEvent(u, c, &f)
	if wrong != "" {
		return fmt.Sprintf("Next: %+v: %s", u, wrong)
	}
	if diff := cmp.Diff(want, events[0]); diff != "" {
		return fmt.Sprintf("Next: %+v; the event (-want +got):\n%s", u, diff)
	}
	for _, e := range events[1:] {
		_, mail := e.(conversation.EmailRequested)
		_, survey := e.(conversation.SurveyOffered)
		if follows := mail && u.Action == idle.FollowUp || survey && u.Action == idle.Close; !follows {
			return fmt.Sprintf("Next: %+v; Expire also causes %+v", u, e)
		}
	}
	return ""
}

// nextEvent returns the event that comes if u does, or what is wrong with u.
func nextEvent(u conversation.Upcoming, c conversation.Conversation, f *conversation.Facts) (want conversation.Event, wrong string) {
	if u.Why != conversation.IdleStep && (u.Step != 0 || u.Action != "") {
		return nil, "it is no step"
	}
	away := slices.Contains([]conversation.Readiness{
		conversation.AgentUnavailable, conversation.AgentRemoved, conversation.AgentUnknown}, f.Agent)
	full := f.Agent == conversation.AgentFull && !f.Policy.WakeOverCapacity
	switch u.Why {
	case conversation.SnoozeOver:
		w := conversation.Woken{Cause: conversation.WokenByTimer}
		switch {
		case c.Snooze.AtEnd == snooze.Release:
			w.Reason = conversation.WaitReleased
		case away, full, f.Agent == conversation.AgentLeftGroup:
			w.Reason = conversation.WaitReason(f.Agent)
		default:
			w.Agent = c.Agent
		}
		return w, ""
	case conversation.Reassignment:
		if away {
			return conversation.Requeued{From: c.Agent, Reason: conversation.WaitReason(f.Agent)}, ""
		}
		return conversation.AssigneeReturned{}, ""
	case conversation.IdleStep:
	default:
		return nil, "why is that?"
	}

	s, ok := nextStep(u.Step, c.State, &f.Policy)
	if !ok || s.Action != u.Action || s.After != u.At.Sub(u.Since) {
		return nil, fmt.Sprintf("the step is %+v", s)
	}
	switch u.Action {
	case idle.Prompt:
		return conversation.Prompted{Step: u.Step, Text: s.Text, Phrase: s.Phrase}, ""
	case idle.FollowUp:
		return conversation.FollowedUp{Step: u.Step, Text: s.Text}, ""
	case idle.HandBack:
		return conversation.HandedBack{Agent: c.Agent}, ""
	case idle.Requeue:
		return conversation.Requeued{From: c.Agent}, ""
	}
	closed := conversation.Closed{Number: 1, Outcome: closure.Outcome(s.Outcome), Cause: closure.Idle, Agent: c.Agent}
	if c.Closing != nil {
		closed.Number += c.Closing.Number
	}
	if s.Outcome == "" {
		closed.Outcome = closure.Unresolved
	}
	if c.State == conversation.StateWaiting {
		closed.Cause = closure.QueueTimeout
	}
	return closed, ""
}

// nextStep returns a step of the ladder that runs in the state, and false if there
// is no such step.
func nextStep(i int, s conversation.State, p *conversation.Policy) (idle.Step, bool) {
	ladder := map[conversation.State]idle.Ladder{
		conversation.StateBot: p.Idle.Bot, conversation.StateWaiting: p.Idle.Waiting, conversation.StateAssigned: p.Idle.Assigned,
	}[s]
	if s == conversation.StateAssigned && ladder.IsZero() {
		ladder = idle.Default()
	}
	if i < 0 || i >= len(ladder.Steps) {
		return idle.Step{}, false
	}
	return ladder.Steps[i], true
}

// TestWhatComesNextComes lives random lives of the model. After each command it
// lets come what comes next, with the agent as they may be then.
func TestWhatComesNextComes(t *testing.T) {
	t.Parallel()
	seed := modelSeedOf(t)
	seen := map[string]int{}
	commands := 0
	for life := range uint64(500 * proof.Soak(t)) {
		given, wrong := nextLife(conversation.Next, seed, life, seen)
		if wrong != "" {
			t.Fatalf("seed %d, life %d, after %d commands: %s", seed, life, given, wrong)
		}
		commands += given
	}
	proof.Count(t, proof.Figure{
		Suite: "next", Tried: int64(commands), Trials: "commands", Breaks: "after which something else came next than was said", Seed: seed,
		Details: fmt.Sprint(len(seen), " kinds of what comes next"),
	})
	for _, what := range []string{
		"nothing", "snooze_over", "a snooze that was moved", "reassignment", "idle_step prompt", "idle_step follow_up",
		"idle_step hand_back", "idle_step requeue", "idle_step close", "a closing that steps back", "one of two",
	} {
		if seen[what] == 0 {
			t.Errorf("seed %d: %s never came", seed, what)
		}
	}
}

// nextFaults are mistakes that somebody could make in Next.
var nextFaults = []struct {
	name  string
	fault func(u *conversation.Upcoming, ok *bool, c conversation.Conversation, p conversation.Policy)
}{
	{"it is a microsecond late", func(u *conversation.Upcoming, ok *bool, c conversation.Conversation, p conversation.Policy) {
		u.At = u.At.Add(time.Microsecond)
	}},
	{"the ladder goes first", func(u *conversation.Upcoming, ok *bool, c conversation.Conversation, p conversation.Policy) {
		c.AwaySince = time.Time{}
		if alone, will := conversation.Next(c, p); will {
			*u = alone
		}
	}},
	{"the reassignment is of the ladder", func(u *conversation.Upcoming, ok *bool, c conversation.Conversation, p conversation.Policy) {
		if u.Why == conversation.Reassignment {
			u.Why = conversation.IdleStep
		}
	}},
	{"a step is a reassignment", func(u *conversation.Upcoming, ok *bool, c conversation.Conversation, p conversation.Policy) {
		if u.Why == conversation.IdleStep && !c.AwaySince.IsZero() {
			u.Why, u.Step, u.Action = conversation.Reassignment, 0, ""
		}
	}},
	{"the closing does not step back", func(u *conversation.Upcoming, ok *bool, c conversation.Conversation, p conversation.Policy) {
		if u.Why == conversation.IdleStep {
			u.Step = c.Silence.Step
			s, _ := nextStep(u.Step, c.State, &p)
			u.Action = s.Action
		}
	}},
	{"steps are counted from one", func(u *conversation.Upcoming, ok *bool, c conversation.Conversation, p conversation.Policy) {
		if u.Why == conversation.IdleStep {
			u.Step++
		}
	}},
	{"a snooze until the reply ends", func(u *conversation.Upcoming, ok *bool, c conversation.Conversation, p conversation.Policy) {
		if c.Snooze != nil && !*ok {
			*u, *ok = conversation.Upcoming{Why: conversation.SnoozeOver, At: c.Since.Add(snooze.Long), Since: c.Since}, true
		}
	}},
	{"a closed conversation has something left", func(u *conversation.Upcoming, ok *bool, c conversation.Conversation, p conversation.Policy) {
		if c.State == conversation.StateClosed {
			u.Since = c.Since
		}
	}},
	{"a snooze counts from where it was moved", func(u *conversation.Upcoming, ok *bool, c conversation.Conversation, p conversation.Policy) {
		if u.Why == conversation.SnoozeOver && c.Cycle.Snoozes > 1 {
			u.Since = c.UpdatedAt
		}
	}},
	{"the time runs from the absence alone", func(u *conversation.Upcoming, ok *bool, c conversation.Conversation, p conversation.Policy) {
		if u.Why == conversation.Reassignment {
			u.Since = c.AwaySince
		}
	}},
	{"the time runs from the message alone", func(u *conversation.Upcoming, ok *bool, c conversation.Conversation, p conversation.Policy) {
		if u.Why == conversation.Reassignment {
			u.Since = c.UnansweredSince
		}
	}},
	{"a step counts from when the state was entered", func(u *conversation.Upcoming, ok *bool, c conversation.Conversation, p conversation.Policy) {
		if u.Why == conversation.IdleStep {
			u.Since = c.Since
		}
	}},
}

// The positive control of TestWhatComesNextComes.
func TestWhatComesNextAndDoesNotIsFound(t *testing.T) {
	t.Parallel()
	const enough = 300_000 // the rarest take some hundreds on average
	seed := modelSeedOf(t)
	for _, planted := range nextFaults {
		next := func(c conversation.Conversation, p conversation.Policy) (conversation.Upcoming, bool) {
			u, ok := conversation.Next(c, p)
			planted.fault(&u, &ok, c, p)
			return u, ok
		}
		all, found := 0, ""
		for life := uint64(0); found == "" && all < enough; life++ {
			given, wrong := nextLife(next, seed, life, map[string]int{})
			all, found = all+given, wrong
		}
		proof.Planted(t, "next", planted.name, found != "")
		t.Logf("found after %6d commands: %s", all, planted.name)
	}
}

// nextLife lives one life until what next says of it is wrong, and counts what it
// saw. Since is compared with what the model knows.
func nextLife(next nextFunc, seed, life uint64, seen map[string]int) (given int, wrong string) {
	rng := rand.New(rand.NewPCG(seed, life))
	unused := modelNewTally()
	pair := modelNewPair(modelReal(), &unused, 0)
	given = 60 + rng.IntN(41)
	for i := range given {
		before := pair.real
		pair.play(modelInvent(rng, pair)) // how it differs from the model is another test's
		c, p := pair.real, pair.policy
		if c.State == conversation.StateNone {
			continue
		}
		f := conversation.Facts{Policy: p, AwayWithEmail: rng.IntN(2) == 0}
		f.Agent = modelPick(rng, conversation.AgentReady, conversation.AgentReady, conversation.AgentUnavailable,
			conversation.AgentFull, conversation.AgentLeftGroup, conversation.AgentRemoved, conversation.AgentUnknown)
		u, ok := next(c, p)
		if wrong := nextWrong(next, c, f); wrong != "" {
			return i + 1, wrong
		}
		if want := nextSince(u.Why, &pair.model); !u.Since.Equal(want) {
			return i + 1, fmt.Sprintf("Next: %+v; since should be %v", u, want)
		}
		nextSaw(u, ok, pair, before, seen)
	}
	return given, ""
}

// nextSince returns what the model counts the wait from.
func nextSince(why conversation.DueReason, m *modelLife) time.Time {
	switch why {
	case conversation.SnoozeOver:
		return m.since
	case conversation.IdleStep:
		return m.quiet
	case conversation.Reassignment:
		if m.asked.After(m.away) {
			return m.asked
		}
		return m.away
	}
	return time.Time{}
}

func nextSaw(u conversation.Upcoming, ok bool, pair *modelPair, before conversation.Conversation, seen map[string]int) {
	c, p := pair.real, pair.policy
	if !ok {
		seen["nothing"]++
		return
	}
	what := string(u.Why)
	if u.Action != "" {
		what += " " + string(u.Action)
	}
	seen[what]++
	if c.Version > before.Version && before.Snooze != nil && c.Snooze != nil && !c.Snooze.At.Equal(before.Snooze.At) {
		seen["a snooze that was moved"]++
	}
	if s, ok := nextStep(c.Silence.Step, c.State, &p); ok && s.Action == idle.Close && u.Action == idle.FollowUp {
		seen["a closing that steps back"]++
	}
	if _, _, climbs := pair.model.next(p); climbs && !pair.model.taken(p).IsZero() {
		seen["one of two"]++
	}
}
