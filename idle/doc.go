// Package idle describes what happens while nobody writes: the idle ladder.
//
// A [Ladder] is an ordered list of steps, each with a wait and an action:
// prompt the agent in private, follow up with the visitor, hand back to the
// bot, requeue, or close. The wait of the first step runs from the last message
// of either side; the wait of every further step runs from the moment the step
// before it really happened, so that an outage never fires a burst. A message
// starts the ladder again from its first step.
//
//	idle.Ladder{Steps: []idle.Step{
//		{After: 2 * time.Minute, Action: idle.Prompt},
//		{After: 10 * time.Minute, Action: idle.FollowUp, Text: "Are you still there?"},
//		{After: 24 * time.Hour, Action: idle.Close},
//	}}
//
// [Default] is the ladder of an assigned conversation unless a host sets
// another: after two minutes of silence, one private prompt that asks the agent
// to check in before closing. Closing by idleness is never the default, and a
// ladder that closes must follow up with the visitor first ([Ladder.Check]).
//
// The package holds plain values. It will never look at a clock, send a message
// or know what a conversation is.
package idle
