// Package conversation is the machine: the life of one customer-service
// conversation as a pure function.
//
// A [Conversation] is in one of five states. The bot has it, it waits for a
// person, an agent has it, it is snoozed, or it is closed. It changes by
// commands ([Take], [Snooze], [Close] …). [Decide] says which events a command
// causes, or refuses it; [Evolve] says what the conversation is after an event:
//
//	events, err := conversation.Decide(c, conversation.Request{
//		By:      conversation.Agent("ann"),
//		Command: conversation.Take{},
//	}, conversation.Facts{Now: now})
//
// What time it is, what the workspace's [Policy] says and what is known of the
// agents comes in with [Facts]. Time itself acts through the same door: [Next]
// returns what the conversation will next do by itself, when and why, such as wake
// up or prompt its agent, and [Expire] is the command that lets it.
//
// # The rule table
//
// Every command of every actor is decided by one table, in rules.go: from which
// state, by whom, on what condition, to which state. There is no other path.
// The state diagram ([Mermaid]), the printed table ([Table]), the list of what
// somebody may do ([Allowed]) and the list in a [RefusedError] are read from it.
// What is not in the table is refused.
//
// # Refusals
//
// A command that is refused changes nothing. The [*RefusedError] says why, by
// wrapping one sentinel ([ErrHeld], [ErrAlreadyClosed], [ErrStale] …), and what
// is allowed instead. Input that could never be meant is an [*InvalidError]
// naming field and rule. A command that asks for what holds already, such as a
// second hand-back, is accepted without an event; only a second closing is
// refused, so that the second closer learns how it was closed.
//
// # Journal and state
//
// The events of a conversation, each in a [Record] with its sequence number,
// time and actor, are its journal. A Conversation is what the journal amounts
// to: evolving the records from the first gives the same value. Events carry
// codes, never words; the text of messages and notes is kept apart from them
// ([Text]), so that it can be erased. Records and conversations are stored as
// versioned JSON ([EncodeRecord], [Encode]); events with unknown names survive as
// [Unknown].
//
// # Endings
//
// Every closing has an outcome, a cause and, by people, a form ([Close]) and a
// grade: whether the visitor had the last word. A [Policy] may require fields, and
// have a guard that warns ([ErrDiscourteous]) or refuses. [Reclassify] replaces the
// decision, and a survey may follow ([OfferSurvey], [AnswerSurvey]). What reports
// count, a conversation knows by then: [Conversation.Closings], and [Recount] from a
// journal.
//
// # What it will never do
//
// The package reads no clock and no store, starts no goroutine, takes no lock,
// draws no random number and sends nothing. The one thing outside its arguments
// that it reads is the time zone database, to resolve a snooze until a calendar
// time. Hosts with an event store of their own can use it alone; most use it
// through package lifecycle.
package conversation
