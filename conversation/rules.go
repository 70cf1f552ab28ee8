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
	on[Open](StateNone).by(everyone).when(agentWanted).to(StateWaiting, open(StateWaiting)),
	on[Open](StateNone).by(everyone).when(botConfigured).to(StateBot, open(StateBot)),
	on[Open](StateNone).by(everyone).to(StateWaiting, open(StateWaiting)),
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
	on[Say](StateSnoozed).by(TheVisitor).when(agentReady).to(StateAssigned, sayAndWake(StateAssigned)),
	on[Say](StateSnoozed).by(TheVisitor).to(StateWaiting, sayAndWake(StateWaiting)),
	on[Say](StateClosed).by(TheVisitor | TheSystem).when(automatic).stays(say),
	on[Say](StateClosed).by(TheVisitor).when(windowOver).refuse(ErrWindowOver),
	on[Say](StateClosed).by(TheVisitor).when(botConfigured).to(StateBot, sayAndReopen(StateBot)),
	on[Say](StateClosed).by(TheVisitor).when(agentReady).to(StateAssigned, sayAndReopen(StateAssigned)),
	on[Say](StateClosed).by(TheVisitor).to(StateWaiting, sayAndReopen(StateWaiting)),

	// Asking for a person. Who has one, or is in that queue, has asked already;
	// while the agent's hold is snoozed it wakes as a message would.
	on[RequestAgent](unclosed...).by(TheVisitor).when(visitorBlocked).refuse(ErrBlocked),
	on[RequestAgent](StateBot).by(everyone).to(StateWaiting, requestAgent),
	on[RequestAgent](StateWaiting).by(everyone).when(otherGroup).stays(requestAgent),
	on[RequestAgent](StateWaiting, StateAssigned).by(everyone).already(),
	on[RequestAgent](StateSnoozed).by(TheVisitor|TheSystem).when(agentReady).to(StateAssigned, requestAgentAndWake(StateAssigned)),
	on[RequestAgent](StateSnoozed).by(TheVisitor|TheSystem).to(StateWaiting, requestAgentAndWake(StateWaiting)),

	// Taking and being given. An agent who is not available gets nothing new,
	// but what is transferred to them.
	on[Take](StateAssigned).by(TheHolder).already(),
	on[Take](StateSnoozed).by(TheHolder).when(agentGone).refuse(ErrAgentGone),
	on[Take](StateSnoozed).by(TheHolder).when(wakerFull).refuse(ErrAgentFull),
	on[Take](StateSnoozed).by(TheHolder).asOf(handover).to(StateAssigned, wake[Take](StateAssigned, WokenByAgent)),
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
	on[Wake](StateSnoozed).by(TheHolder).to(StateAssigned, wake[Wake](StateAssigned, WokenByAgent)),
	on[Wake](StateSnoozed).by(AnySupervisor).when(agentReady).to(StateAssigned, wake[Wake](StateAssigned, WokenByAgent)),
	on[Wake](StateSnoozed).by(AnySupervisor).to(StateWaiting, wake[Wake](StateWaiting, WokenByAgent)),

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
	on[Reopen](StateClosed).by(AnyAgent|AnySupervisor).to(StateAssigned, reopen(StateAssigned)),
	on[Reopen](StateClosed).by(TheSystem).when(botConfigured).to(StateBot, reopen(StateBot)),
	on[Reopen](StateClosed).by(TheSystem).when(agentReady).to(StateAssigned, reopen(StateAssigned)),
	on[Reopen](StateClosed).by(TheSystem).to(StateWaiting, reopen(StateWaiting)),

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
	on[Expire](StateSnoozed).by(TheTimer).when(snoozeOverAndKept).to(StateAssigned, wake[Expire](StateAssigned, WokenByTimer)),
	on[Expire](StateSnoozed).by(TheTimer).when(snoozeOver).to(StateWaiting, wake[Expire](StateWaiting, WokenByTimer)),
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
	command CommandName
	who     Who
	guard   guard
	asOf    relevance
	to      State // StateNone: stays where it is
	why     error // set in refusing rows
	effect  func(*decision)
}

// row is a rule in the making; its type parameter keeps command and effect
// together.
type row[C Command] struct{ rule }

func on[C Command](from ...State) row[C] {
	var c C
	return row[C]{rule{from: from, command: c.Name()}}
}

func (r row[C]) by(w Who) row[C]         { r.who = w; return r }
func (r row[C]) when(g guard) row[C]     { r.guard = g; return r }
func (r row[C]) asOf(v relevance) row[C] { r.rule.asOf = v; return r }

func (r row[C]) to(s State, effect func(*decision, C)) rule {
	r.rule.to = s
	return r.stays(effect)
}

func (r row[C]) stays(effect func(*decision, C)) rule {
	r.effect = func(d *decision) { effect(d, d.command.(C)) }
	return r.rule
}

func (r row[C]) already() rule         { return r.rule }
func (r row[C]) refuse(why error) rule { r.why = why; return r.rule }

// records reports whether the row lets the command through to do something.
func (r *rule) records() bool { return r.effect != nil }

// A cell is a state and a command; rulesOf holds the rows of each cell in order.
type cell struct {
	state   State
	command CommandName
}

var rulesOf = index(rules)

func index(rules []rule) map[cell][]*rule {
	cells := map[cell][]*rule{}
	for i := range rules {
		for _, s := range rules[i].from {
			at := cell{s, rules[i].command}
			cells[at] = append(cells[at], &rules[i])
		}
	}
	return cells
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
				From: from, Command: r.command, Who: r.who, When: r.guard.name, AsOf: r.asOf.String(),
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
