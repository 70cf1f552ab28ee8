package closure

import (
	"slices"
	"time"
)

// A Mark says what a message means for the end of a conversation. Hosts mark
// messages, or a classifier such as [Phrases] does.
type Mark string

// The marks. The values are stored: never change one.
const (
	CheckIn      Mark = "check_in"     // an agent asks whether anything is left
	Confirmation Mark = "confirmation" // the visitor says that nothing is left
	Farewell     Mark = "farewell"     // either side says goodbye
)

// Marks returns every mark.
func Marks() []Mark { return []Mark{CheckIn, Confirmation, Farewell} }

// A Grade says how courteous a closing by a person was: whether the customer had
// the last word.
type Grade string

// The grades. The values are stored: never change one.
const (
	Confirmed  Grade = "confirmed"  // the agent asked, the visitor answered, the agent said goodbye
	CheckedIn  Grade = "checked_in" // the agent asked, and waited in vain for as long as patience asks
	Unanswered Grade = "unanswered" // the visitor wrote last, neither a confirmation nor a farewell
	Abrupt     Grade = "abrupt"     // none of these
)

// Grades returns every grade, the most courteous first.
func Grades() []Grade { return []Grade{Confirmed, CheckedIn, Unanswered, Abrupt} }

// Courteous reports whether the grade is one that a guard lets pass.
func (g Grade) Courteous() bool { return g == Confirmed || g == CheckedIn }

// A Guard says what happens to a closing that would not be courteous.
type Guard string

// The guards. The values are stored in policies: never change one.
const (
	GuardOff     Guard = ""        // it is only graded
	GuardWarn    Guard = "warn"    // refused with advice, until the agent says that they have seen it
	GuardEnforce Guard = "enforce" // refused with advice
)

// Guards returns every guard.
func Guards() []Guard { return []Guard{GuardOff, GuardWarn, GuardEnforce} }

// DefaultPatience is how long an agent who asked waits for an answer where the
// host does not say: as long as the idle prompt waits.
const DefaultPatience = 2 * time.Minute

// What an agent is advised to say where the host does not say. [DefaultPhrases]
// recognises both.
const (
	DefaultCheckIn  = "Is there anything else I can help you with?"
	DefaultFarewell = "Thank you for contacting us. Have a nice day!"
)

// Courtesy is how far the goodbye of a conversation has come. The zero value is
// that of a conversation in which nobody has written. Its methods return the next
// one.
type Courtesy struct {
	// AskedAt is when the visitor was last asked whether anything is left; zero:
	// never.
	AskedAt time.Time `json:"asked_at,omitzero"`

	// ActiveAt is when the visitor last got something to answer, or wrote, or
	// typed.
	ActiveAt time.Time `json:"active_at,omitzero"`

	Answered bool `json:"answered,omitempty"` // the visitor has written since they were asked
	Farewell bool `json:"farewell,omitempty"` // an agent has said goodbye since that

	// Open: the visitor wrote last, and neither confirmed nor said goodbye.
	Open bool `json:"open,omitempty"`
}

// AgentSaid takes in a message of an agent. What says goodbye once the visitor has
// answered does not ask again, though it offers more help; what neither asks nor says
// goodbye gives the visitor something new to answer.
func (c Courtesy) AgentSaid(at time.Time, marks []Mark) Courtesy {
	c.Open = false
	farewell := slices.Contains(marks, Farewell)
	switch {
	case farewell && c.Answered:
		c.Farewell = true
	case slices.Contains(marks, CheckIn):
		return c.Asked(at)
	case !farewell:
		c.Farewell = false
		c.ActiveAt = at
	}
	return c
}

// FollowedUp takes in that the visitor was asked by the idle rules. That is no
// reason to begin a goodbye anew that is complete.
func (c Courtesy) FollowedUp(at time.Time) Courtesy {
	if c.Answered && c.Farewell {
		return c
	}
	return c.Asked(at)
}

// Asked takes in that the visitor was asked whether anything is left.
func (c Courtesy) Asked(at time.Time) Courtesy {
	return Courtesy{AskedAt: at, ActiveAt: at, Open: c.Open}
}

// BotSaid takes in a message of a bot, which answers and is no goodbye.
func (c Courtesy) BotSaid() Courtesy {
	c.Open = false
	return c
}

// VisitorSaid takes in a message of the visitor. One that is neither a
// confirmation nor a farewell asks for another goodbye.
func (c Courtesy) VisitorSaid(at time.Time, marks []Mark) Courtesy {
	c.Open = !slices.Contains(marks, Confirmation) && !slices.Contains(marks, Farewell)
	c.Answered = c.Answered || c.Pending()
	c.Farewell = c.Farewell && !c.Open
	c.ActiveAt = at
	return c
}

// VisitorTyped takes in that the visitor is writing.
func (c Courtesy) VisitorTyped(at time.Time) Courtesy {
	c.ActiveAt = at
	return c
}

// Pending reports whether the visitor was asked and has not answered.
func (c Courtesy) Pending() bool { return !c.AskedAt.IsZero() && !c.Answered }

// Grade returns how courteous a closing is now.
func (c Courtesy) Grade(now time.Time, patience time.Duration) Grade {
	switch {
	case c.Open:
		return Unanswered
	case c.Answered && c.Farewell:
		return Confirmed
	case c.Pending() && now.Sub(c.ActiveAt) >= patience:
		return CheckedIn
	}
	return Abrupt
}

// A Step is what an agent does next to end a conversation courteously.
type Step string

// The steps. The values are the API's: they never change.
const (
	StepTake     Step = "take"        // take the conversation: who does not have it cannot answer
	StepAnswer   Step = "answer"      // answer what the visitor wrote
	StepCheckIn  Step = "check_in"    // ask whether anything is left
	StepWait     Step = "wait"        // give the visitor time to answer
	StepFarewell Step = "say_goodbye" // say goodbye
)

// Advice says how a closing would be graded, and what to do first.
type Advice struct {
	Grade  Grade
	Next   Step
	Wait   time.Duration // with StepWait: how much longer
	Phrase string        // with StepCheckIn and StepFarewell: what to say
}

// Advise returns the advice about a closing now; ok is false if it needs none.
func (c Courtesy) Advise(now time.Time, patience time.Duration) (a Advice, ok bool) {
	a.Grade = c.Grade(now, patience)
	switch {
	case a.Grade.Courteous():
		return Advice{}, false
	case c.Open:
		a.Next = StepAnswer
	case c.AskedAt.IsZero():
		a.Next, a.Phrase = StepCheckIn, DefaultCheckIn
	case c.Pending():
		a.Next, a.Wait = StepWait, patience-now.Sub(c.ActiveAt)
	default:
		a.Next, a.Phrase = StepFarewell, DefaultFarewell
	}
	return a, true
}
