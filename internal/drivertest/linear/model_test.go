//go:build linux

package linear_test

import (
	"fmt"

	"github.com/anishathalye/porcupine"

	"github.com/adjourn/adjourn/conversation"
)

// What clients ask for beside commands.
const (
	read conversation.CommandName = "read"

	// ended is what the end of a snooze does. Nobody asks for it: it is found in
	// the journal.
	ended conversation.CommandName = "ended"
)

// A standing is how a conversation stands, as far as the model goes. It is the
// model's whole state, and what a client is shown.
type standing struct {
	Version  int64
	State    conversation.State
	Agent    string // who has it, or keeps it while it is snoozed
	Message  int64  // version of the visitor's last message
	Handover int64  // version of the last change of who has it
}

// A refusal is why a request was refused; the zero refusal is none.
type refusal struct {
	Code  string
	Since int64 // with stale: the version that the client had not seen
}

func refuse(code string) refusal { return refusal{Code: code} }

// after is the rules of the house as people are told them, for a house with a bot
// and agents without limits: how a conversation stands after a request, or why the
// request is refused.
func (s standing) after(r request) (standing, refusal) {
	if s.State == conversation.StateNone {
		if r.Do != conversation.NameOpen {
			return s, refuse("not_found")
		}
		return s.pass(conversation.StateBot, ""), refusal{}
	}
	if r.Do == read {
		return s, refusal{}
	}
	if r.By.Kind == conversation.KindVisitor {
		return s.afterVisitor(r)
	}
	held := s.State == conversation.StateAssigned || s.State == conversation.StateSnoozed
	mine := held && s.Agent == r.By.ID
	switch r.Do {
	case ended:
		if s.State != conversation.StateSnoozed {
			return s, refuse("no snooze to end")
		}
		return s.pass(conversation.StateAssigned, s.Agent), refusal{}
	case conversation.NameSay:
		switch {
		case s.State == conversation.StateClosed:
			return s, refuse("forbidden")
		case !mine:
			return s, refuse("held")
		}
		return s.pass(s.State, s.Agent), refusal{}
	case conversation.NameTake:
		switch {
		case s.State == conversation.StateClosed:
			return s, refuse("not_possible")
		case held && !mine:
			return s, refuse("held")
		case s.State == conversation.StateAssigned:
			return s, refusal{} // they have it
		}
		return s.passAsOf(r.AsOf, s.Handover, conversation.StateAssigned, r.By.ID)
	case conversation.NameHandBack:
		switch {
		case s.State == conversation.StateBot:
			return s, refusal{} // the bot has it
		case s.State != conversation.StateAssigned:
			return s, refuse("not_possible")
		case !mine:
			return s, refuse("held")
		}
		return s.passAsOf(r.AsOf, s.Message, conversation.StateBot, "")
	case conversation.NameTransfer:
		switch {
		case s.State == conversation.StateBot, s.State == conversation.StateClosed:
			return s, refuse("not_possible")
		case !mine:
			return s, refuse("held")
		case s.State == conversation.StateAssigned && r.Agent == s.Agent:
			return s, refusal{} // the other has it
		case r.Agent == "":
			return s.pass(conversation.StateWaiting, ""), refusal{}
		}
		return s.pass(conversation.StateAssigned, r.Agent), refusal{}
	case conversation.NameSnooze:
		switch {
		case !held:
			return s, refuse("not_possible")
		case !mine:
			return s, refuse("held")
		}
		return s.passAsOf(r.AsOf, s.Message, conversation.StateSnoozed, s.Agent)
	case conversation.NameClose:
		switch {
		case s.State == conversation.StateClosed:
			return s, refuse("already_closed")
		case held && !mine:
			return s, refuse("held")
		}
		return s.passAsOf(r.AsOf, s.Message, conversation.StateClosed, "")
	case conversation.NameReopen:
		if s.State != conversation.StateClosed {
			return s, refuse("not_possible")
		}
		return s.pass(conversation.StateAssigned, r.By.ID), refusal{}
	}
	return s, refuse("not in the model")
}

func (s standing) afterVisitor(r request) (standing, refusal) {
	switch r.Do {
	case conversation.NameOpen:
		return s, refuse("exists")
	case conversation.NameSay:
		said := s.pass(s.State, s.Agent)
		said.Message = said.Version
		switch s.State {
		case conversation.StateSnoozed: // it wakes
			said = said.pass(conversation.StateAssigned, s.Agent)
		case conversation.StateClosed: // the bot gets it again
			said = said.pass(conversation.StateBot, "")
		}
		return said, refusal{}
	case conversation.NameClose:
		if s.State == conversation.StateClosed {
			return s, refuse("already_closed")
		}
		return s.pass(conversation.StateClosed, ""), refusal{}
	}
	return s, refuse("not in the model")
}

// pass is one event later: it is in a state, with an agent.
func (s standing) pass(state conversation.State, agent string) standing {
	after := s
	after.Version++
	after.State, after.Agent = state, agent
	if handed := agent != s.Agent || agent == "" && state != s.State; handed {
		after.Handover = after.Version
	}
	return after
}

// passAsOf is pass for who has seen what matters, or never said what they saw.
func (s standing) passAsOf(seen, matters int64, state conversation.State, agent string) (standing, refusal) {
	if seen != 0 && matters > seen {
		return s, refusal{"stale", matters}
	}
	return s.pass(state, agent), refusal{}
}

// allows reports whether the request can have been answered so, given how the
// conversation stood then, and how it stands afterwards.
func (s standing) allows(r request, a answer) (bool, standing) {
	after, refused := s.after(r)
	switch a.Outcome {
	case accepted:
		return refused == refusal{} && a.From == s.Version && a.Sight == after, after
	case found:
		return refused == refusal{} && a.From == s.Version && a.To == after.Version, after
	case rejected:
		same := refused == a.Refusal && refused != refusal{} && a.Sight.State == s.State
		if refused.Code == "held" {
			same = same && a.Sight.Agent == s.Agent
		}
		return same, s
	}
	return false, s
}

// model is what porcupine asks: a conversation is a state machine, and knows
// nothing of the others.
var model = porcupine.Model{
	Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
		var parts [][]porcupine.Operation
		of := map[string]int{}
		for _, o := range all {
			id := o.Input.(request).Conversation
			if _, ok := of[id]; !ok {
				of[id] = len(parts)
				parts = append(parts, nil)
			}
			parts[of[id]] = append(parts[of[id]], o)
		}
		return parts
	},
	Init: func() any { return standing{} },
	Step: func(state, input, output any) (bool, any) {
		return state.(standing).allows(input.(request), output.(answer))
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprint(input, " → ", output) },
	DescribeState:     func(state any) string { return state.(standing).String() },
}

// String says it in a few letters, for pictures.
func (s standing) String() string {
	if s.State == conversation.StateNone {
		return "none"
	}
	text := fmt.Sprintf("%d %s", s.Version, s.State)
	if s.Agent != "" {
		text += " " + s.Agent
	}
	return text
}
