package conversation

// The rule table: the machine is these rows and nothing else. For a state and a
// command, the first row whose role and guard fit decides; if no row fits, the
// command is refused. Effects are in effects.go, guards in guards.go.
//
// A row ends in one of four ways:
//
//	to(state, effect)   the conversation enters state
//	stays(effect)       something is recorded, the state stays
//	already()           it holds already: accepted, and nothing happens
//	refuse(why)         refused for a reason of its own
var rules = []rule{
	// A conversation begins.
	on[Open](StateNone).by(everyone).when(agentWanted).to(StateWaiting, open),
	on[Open](StateNone).by(everyone).when(botConfigured).to(StateBot, open),
	on[Open](StateNone).by(everyone).to(StateWaiting, open),
	on[Open](existing...).by(everyone).refuse(ErrExists),

	// Messages. What a blocked visitor writes is accepted nowhere.
	on[Say](existing...).by(TheVisitor).when(visitorBlocked).refuse(ErrBlocked),
	on[Say](StateBot).by(TheVisitor).when(automatic).stays(say),
	on[Say](StateBot).by(TheVisitor).when(noBot).to(StateWaiting, sayToQueue), // it was switched off
	on[Say](StateBot).by(TheVisitor | TheSystem).stays(say),
	on[Say](StateBot).by(TheBot).asOf(visitorMessage | handover).stays(say),
	on[Say](StateWaiting).by(TheVisitor | TheSystem).stays(say),
	on[Say](StateAssigned).by(TheVisitor | TheHolder | TheSystem).stays(say),
	on[Say](StateSnoozed).by(TheHolder | TheSystem).stays(say),
	on[Say](StateSnoozed).by(TheVisitor).when(automaticOrAsleep).stays(say),
	on[Say](StateSnoozed).by(TheVisitor).when(agentReady).to(StateAssigned, sayAndWake),
	on[Say](StateSnoozed).by(TheVisitor).to(StateWaiting, sayAndWake),
	on[Say](StateClosed).by(TheVisitor | TheSystem).when(automatic).stays(say),
	on[Say](StateClosed).by(TheVisitor).when(windowOver).refuse(ErrWindowOver),
	on[Say](StateClosed).by(TheVisitor).when(botConfigured).to(StateBot, sayAndReopen),
	on[Say](StateClosed).by(TheVisitor).when(agentReady).to(StateAssigned, sayAndReopen),
	on[Say](StateClosed).by(TheVisitor).to(StateWaiting, sayAndReopen),

	// Asking for a person. Who has one, or is in that queue, has asked already;
	// while the agent's hold is snoozed it wakes as a message would.
	on[RequestAgent](unclosed...).by(TheVisitor).when(visitorBlocked).refuse(ErrBlocked),
	on[RequestAgent](StateBot).by(everyone).to(StateWaiting, requestAgent),
	on[RequestAgent](StateWaiting).by(everyone).when(otherGroup).stays(requestAgent),
	on[RequestAgent](StateWaiting, StateAssigned).by(everyone).already(),
	on[RequestAgent](StateSnoozed).by(TheVisitor|TheSystem).when(agentReady).to(StateAssigned, requestAgentAndWake),
	on[RequestAgent](StateSnoozed).by(TheVisitor|TheSystem).to(StateWaiting, requestAgentAndWake),

	// Taking and being given. An agent who is not available gets nothing new,
	// but what is transferred to them.
	on[Take](StateAssigned).by(TheHolder).already(),
	on[Take](StateSnoozed).by(TheHolder).when(agentGone).refuse(ErrAgentGone),
	on[Take](StateSnoozed).by(TheHolder).when(wakerFull).refuse(ErrAgentFull),
	on[Take](StateSnoozed).by(TheHolder).asOf(handover).to(StateAssigned, wakeByAgent),
	on[Take](StateAssigned, StateSnoozed).by(AnyAgent).refuse(ErrHeld),
	on[Take](unclosed...).by(AnyAgent | AnySupervisor).when(agentGone).refuse(ErrAgentGone),
	on[Take](unclosed...).by(AnyAgent | AnySupervisor).when(agentFull).refuse(ErrAgentFull),
	on[Take](unclosed...).by(AnyAgent | AnySupervisor).when(agentUnavailable).refuse(ErrAgentUnavailable),
	on[Take](StateBot, StateWaiting).by(AnyAgent|AnySupervisor).asOf(handover).to(StateAssigned, take),
	on[Take](StateAssigned, StateSnoozed).by(AnySupervisor).asOf(handover).to(StateAssigned, take),
	on[Assign](StateAssigned).by(AnySupervisor | TheSystem).when(assigneeHolds).already(),
	on[Assign](unclosed...).by(AnySupervisor | TheSystem).when(agentGone).refuse(ErrAgentGone),
	on[Assign](unclosed...).by(AnySupervisor | TheSystem).when(agentFull).refuse(ErrAgentFull),
	on[Assign](unclosed...).by(AnySupervisor | TheSystem).when(agentUnavailable).refuse(ErrAgentUnavailable),
	on[Assign](StateBot, StateWaiting, StateAssigned, StateSnoozed).by(AnySupervisor|TheSystem).asOf(handover).to(StateAssigned, assign),

	// Giving away.
	on[HandBack](StateBot).by(AnyAgent | AnySupervisor).already(),
	on[HandBack](StateAssigned).by(TheHolder | AnySupervisor).when(noBot).refuse(ErrNoBot),
	on[HandBack](StateAssigned).by(TheHolder|AnySupervisor).asOf(visitorMessage).to(StateBot, handBack),
	on[Transfer](StateAssigned).by(TheHolder | AnySupervisor).when(targetHolds).already(),
	on[Transfer](StateWaiting).by(AnySupervisor).when(targetHolds).already(),
	on[Transfer](StateAssigned, StateSnoozed).by(TheHolder | AnySupervisor).when(agentGone).refuse(ErrAgentGone),
	on[Transfer](StateAssigned, StateSnoozed).by(TheHolder | AnySupervisor).when(agentFull).refuse(ErrAgentFull),
	on[Transfer](StateWaiting).by(AnySupervisor).when(agentGone).refuse(ErrAgentGone),
	on[Transfer](StateWaiting).by(AnySupervisor).when(agentFull).refuse(ErrAgentFull),
	on[Transfer](StateAssigned, StateSnoozed).by(TheHolder|AnySupervisor).when(targetIsAgent).to(StateAssigned, transfer),
	on[Transfer](StateAssigned, StateSnoozed).by(TheHolder|AnySupervisor).to(StateWaiting, transfer),
	on[Transfer](StateWaiting).by(AnySupervisor).when(targetIsAgent).to(StateAssigned, transfer),
	on[Transfer](StateWaiting).by(AnySupervisor).stays(transfer),
	on[Requeue](StateWaiting).by(AnyAgent | AnySupervisor | TheSystem).already(),
	on[Requeue](StateAssigned, StateSnoozed).by(TheHolder|AnySupervisor|TheSystem).to(StateWaiting, requeue),

	// Putting aside and coming back.
	on[Snooze](StateAssigned, StateSnoozed).by(TheHolder).asOf(visitorMessage).to(StateSnoozed, putAside),
	on[Wake](StateAssigned).by(TheHolder | AnySupervisor).already(),
	on[Wake](StateSnoozed).by(TheHolder).when(agentGone).refuse(ErrAgentGone),
	on[Wake](StateSnoozed).by(TheHolder).when(wakerFull).refuse(ErrAgentFull),
	on[Wake](StateSnoozed).by(TheHolder).to(StateAssigned, wakeByAgent),
	on[Wake](StateSnoozed).by(AnySupervisor).when(agentReady).to(StateAssigned, wakeByAgent),
	on[Wake](StateSnoozed).by(AnySupervisor).to(StateWaiting, wakeByAgent),

	// Ending, and changing one's mind.
	on[Close](StateBot).by(TheBot).asOf(visitorMessage|handover).to(StateClosed, closeIt),
	on[Close](unclosed...).by(TheVisitor).to(StateClosed, closeIt),
	on[Close](StateBot, StateWaiting).by(AnyAgent | AnySupervisor).when(formIncomplete).refuse(ErrFormIncomplete),
	on[Close](StateBot, StateWaiting).by(AnyAgent | AnySupervisor).when(discourteous).refuse(ErrDiscourteous),
	on[Close](StateAssigned, StateSnoozed).by(TheHolder | AnySupervisor).when(formIncomplete).refuse(ErrFormIncomplete),
	on[Close](StateAssigned, StateSnoozed).by(TheHolder | AnySupervisor).when(discourteous).refuse(ErrDiscourteous),
	on[Close](StateBot, StateWaiting).by(AnyAgent|AnySupervisor|TheSystem).asOf(visitorMessage).to(StateClosed, closeIt),
	on[Close](StateAssigned, StateSnoozed).by(TheHolder|AnySupervisor|TheSystem).asOf(visitorMessage).to(StateClosed, closeIt),
	on[Close](StateClosed).by(everyone).refuse(ErrAlreadyClosed),
	on[Reclassify](StateClosed).by(AnyAgent | AnySupervisor | TheSystem).when(sameDecision).already(),
	on[Reclassify](StateClosed).by(AnyAgent | AnySupervisor).when(formIncomplete).refuse(ErrFormIncomplete),
	on[Reclassify](StateClosed).by(AnyAgent | AnySupervisor | TheSystem).stays(reclassify),
	on[OfferSurvey](StateClosed).by(AnyAgent | AnySupervisor | TheSystem).when(surveyOffered).already(),
	on[OfferSurvey](StateClosed).by(AnyAgent | AnySupervisor | TheSystem).when(visitorBlocked).refuse(ErrBlocked),
	on[OfferSurvey](StateClosed).by(AnyAgent | AnySupervisor | TheSystem).stays(offerSurvey),
	on[AnswerSurvey](existing...).by(TheVisitor).when(visitorBlocked).refuse(ErrBlocked),
	on[AnswerSurvey](existing...).by(TheVisitor | TheSystem).when(noSurvey).refuse(ErrNoSurvey),
	on[AnswerSurvey](existing...).by(TheVisitor | TheSystem).when(surveyAnswered).refuse(ErrSurveyAnswered),
	on[AnswerSurvey](existing...).by(TheVisitor | TheSystem).when(surveyOver).refuse(ErrSurveyOver),
	on[AnswerSurvey](existing...).by(TheVisitor | TheSystem).stays(answerSurvey),
	on[Reopen](StateClosed).by(AnyAgent | AnySupervisor).when(agentGone).refuse(ErrAgentGone),
	on[Reopen](StateClosed).by(AnyAgent | AnySupervisor).when(agentFull).refuse(ErrAgentFull),
	on[Reopen](StateClosed).by(AnyAgent | AnySupervisor).when(agentUnavailable).refuse(ErrAgentUnavailable),
	on[Reopen](StateClosed).by(AnyAgent|AnySupervisor).to(StateAssigned, reopen),
	on[Reopen](StateClosed).by(TheSystem).when(botConfigured).to(StateBot, reopen),
	on[Reopen](StateClosed).by(TheSystem).when(agentReady).to(StateAssigned, reopen),
	on[Reopen](StateClosed).by(TheSystem).to(StateWaiting, reopen),

	// What changes nobody's turn.
	on[Regroup](unclosed...).by(AnySupervisor | TheSystem).when(sameGroup).already(),
	on[Regroup](unclosed...).by(AnySupervisor | TheSystem).stays(regroup),
	on[AssigneeGone](StateAssigned).by(TheSystem).when(assigneeLeft).stays(goneAway),
	on[AssigneeGone](existing...).by(TheSystem).already(),
	on[AssigneeBack](StateAssigned).by(TheSystem).when(assigneeAway).stays(backAgain),
	on[AssigneeBack](existing...).by(TheSystem).already(),
	on[NotifyByEmail](existing...).by(TheSystem).when(emailWanted).stays(notifyByEmail),
	on[NotifyByEmail](existing...).by(TheSystem).already(),
	on[Typing](existing...).by(TheVisitor).when(visitorBlocked).refuse(ErrBlocked),
	on[Typing](StateBot, StateWaiting, StateAssigned).by(TheVisitor).when(typingPostpones).stays(typing),
	on[Typing](existing...).by(TheVisitor).already(),
	on[MarkRead](existing...).by(TheVisitor | TheSystem).when(nothingUnread).already(),
	on[MarkRead](existing...).by(TheVisitor | TheSystem).stays(markRead),
	on[AddNote](existing...).by(AnyAgent | AnySupervisor | TheBot | TheSystem).stays(addNote),
	on[LinkArticle](existing...).by(AnyAgent | AnySupervisor | TheBot | TheSystem).when(articleLinked).already(),
	on[LinkArticle](existing...).by(AnyAgent | AnySupervisor | TheBot | TheSystem).when(articlesFull).refuse(ErrTooManyArticles),
	on[LinkArticle](existing...).by(AnyAgent | AnySupervisor | TheBot | TheSystem).stays(linkArticle),
	on[Block](existing...).by(AnyAgent | AnySupervisor | TheSystem).when(visitorBlocked).already(),
	on[Block](existing...).by(AnyAgent | AnySupervisor | TheSystem).stays(block),
	on[Unblock](existing...).by(AnyAgent | AnySupervisor | TheSystem).when(visitorBlocked).stays(unblock),
	on[Unblock](existing...).by(AnyAgent | AnySupervisor | TheSystem).already(),

	// Passed deadlines. One decision works off one deadline.
	on[Expire](StateSnoozed).by(TheTimer).when(snoozeOverAndKept).to(StateAssigned, wakeByTimer),
	on[Expire](StateSnoozed).by(TheTimer).when(snoozeOver).to(StateWaiting, wakeByTimer),
	on[Expire](StateAssigned).by(TheTimer).when(takeAwayDue).to(StateWaiting, takeAway),
	on[Expire](StateAssigned).by(TheTimer).when(backInTime).stays(backAgain),
	on[Expire](StateAssigned).by(TheTimer).when(promptDue).stays(prompt),
	on[Expire](StateBot, StateWaiting, StateAssigned).by(TheTimer).when(followUpDue).stays(followUp),
	on[Expire](StateWaiting, StateAssigned).by(TheTimer).when(handBackDue).to(StateBot, handBack),
	on[Expire](StateBot, StateAssigned).by(TheTimer).when(requeueDue).to(StateWaiting, requeueIdle),
	on[Expire](StateBot, StateWaiting, StateAssigned).by(TheTimer).when(closeDue).to(StateClosed, closeIdle),
	on[Expire](existing...).by(TheTimer).already(),
}

var (
	unclosed = []State{StateBot, StateWaiting, StateAssigned, StateSnoozed}
	existing = States()
)

const everyone = TheVisitor | AnyAgent | AnySupervisor | TheBot | TheSystem

// A relevance names what a request "as of" a version must not have missed.
type relevance uint8

const (
	visitorMessage relevance = 1 << iota // a message of the visitor
	handover                             // a change of who has the conversation
)

// String names what matters, as in "visitor message, handover".
func (r relevance) String() string {
	switch r {
	case visitorMessage:
		return "visitor message"
	case handover:
		return "handover"
	case visitorMessage | handover:
		return "visitor message, handover"
	}
	return ""
}

// A rule is one row of the table.
type rule struct {
	from    []State
	command Command // a zero one
	who     Who
	guard   guard
	asOf    relevance
	to      State // StateNone: stays where it is
	why     error // set in refusing rows
	effect  effect
}

// row is a rule in the making.
type row struct{ rule }

func on[C Command](from ...State) row {
	var c C
	return row{rule{from: from, command: c}}
}

func (r row) by(w Who) row         { r.who = w; return r }
func (r row) when(g guard) row     { r.guard = g; return r }
func (r row) asOf(v relevance) row { r.rule.asOf = v; return r }

func (r row) to(s State, e effect) rule { r.rule.to = s; return r.stays(e) }
func (r row) stays(e effect) rule       { r.effect = e; return r.rule }
func (r row) already() rule             { return r.rule }
func (r row) refuse(why error) rule     { r.why = why; return r.rule }

// records reports whether the row lets the command through to do something.
func (r *rule) records() bool { return r.effect != nothing }

// rulesOf holds the rows of each state and command in order.
var rulesOf = index(rules)

type ruleIndex [unknownState + 1][unknownCommand][]*rule

func index(rules []rule) *ruleIndex {
	var x ruleIndex
	for i := range rules {
		command := indexOf(rules[i].command)
		for _, s := range rules[i].from {
			rows := &x[s.index()][command]
			*rows = append(*rows, &rules[i])
		}
	}
	return &x
}

// unknownState is the index of a state that an event of a later version led to. It has
// no rows.
const unknownState = 6

func (s State) index() int {
	switch s {
	case StateNone:
		return 0
	case StateBot:
		return 1
	case StateWaiting:
		return 2
	case StateAssigned:
		return 3
	case StateSnoozed:
		return 4
	case StateClosed:
		return 5
	}
	return unknownState
}

// unknownCommand is the index of what is no command: nil, a pointer, or a type of
// another package that embeds one.
const unknownCommand = 26

// indexOf numbers the commands. It looks at types, not at names, because whoever
// embeds a command has its name.
func indexOf(c Command) int {
	switch c.(type) {
	case Open:
		return 0
	case Say:
		return 1
	case RequestAgent:
		return 2
	case Take:
		return 3
	case Assign:
		return 4
	case HandBack:
		return 5
	case Transfer:
		return 6
	case Requeue:
		return 7
	case Snooze:
		return 8
	case Wake:
		return 9
	case Close:
		return 10
	case Reclassify:
		return 11
	case OfferSurvey:
		return 12
	case AnswerSurvey:
		return 13
	case Reopen:
		return 14
	case Regroup:
		return 15
	case AssigneeGone:
		return 16
	case AssigneeBack:
		return 17
	case NotifyByEmail:
		return 18
	case Typing:
		return 19
	case MarkRead:
		return 20
	case AddNote:
		return 21
	case LinkArticle:
		return 22
	case Block:
		return 23
	case Unblock:
		return 24
	case Expire:
		return 25
	}
	return unknownCommand
}

// A Transition is one row of the rule table for one state, as documentation
// shows it.
type Transition struct {
	From    State
	Command CommandName
	Who     Who
	When    string // the guard in words; empty: always
	AsOf    string // what a request "as of" a version must not have missed; empty: nothing
	To      State  // equal to From where the state stays
	Changes bool   // false: accepted without an event, because it holds already
	Refused error  // the reason, in rows that refuse
}

// Transitions returns the rule table, row by row and state by state, in the
// order in which [Decide] walks it.
func Transitions() []Transition {
	var all []Transition
	for i := range rules {
		r := &rules[i]
		for _, from := range r.from {
			t := Transition{
				From: from, Command: r.command.Name(), Who: r.who, When: string(r.guard), AsOf: r.asOf.String(),
				To: r.to, Changes: r.records(), Refused: r.why,
			}
			if t.To == StateNone {
				t.To = from
			}
			all = append(all, t)
		}
	}
	return all
}
