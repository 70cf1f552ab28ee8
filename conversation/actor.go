package conversation

// An ActorKind says in what role somebody acts.
type ActorKind string

// The kinds of actor. The values are stored: never change one.
const (
	KindVisitor    ActorKind = "visitor"    // the person on the site
	KindAgent      ActorKind = "agent"      // a person who answers
	KindSupervisor ActorKind = "supervisor" // an agent who may act on others' conversations
	KindBot        ActorKind = "bot"        // the automation that answers first
	KindSystem     ActorKind = "system"     // the host application itself: its rules, its API
	KindTimer      ActorKind = "timer"      // a deadline that passed
)

// ActorKinds returns every kind.
func ActorKinds() []ActorKind {
	return []ActorKind{KindVisitor, KindAgent, KindSupervisor, KindBot, KindSystem, KindTimer}
}

// An Actor is who gives a command. The host authenticates it; whether it may do
// what it asks is decided by [Decide].
type Actor struct {
	Kind ActorKind `json:"kind"`

	// ID is the host's identifier, 1–128 bytes of [A-Za-z0-9._:@-]. It may be
	// empty for a bot and for the system, and is empty for a timer.
	ID string `json:"id,omitempty"`
}

// Visitor returns the visitor with the given ID.
func Visitor(id string) Actor { return Actor{KindVisitor, id} }

// Agent returns the agent with the given ID.
func Agent(id string) Actor { return Actor{KindAgent, id} }

// Supervisor returns the supervisor with the given ID. Agents and supervisors
// share one space of IDs: a supervisor who takes a conversation holds it under
// the same ID.
func Supervisor(id string) Actor { return Actor{KindSupervisor, id} }

// Bot returns the bot with the given ID, which may be empty.
func Bot(id string) Actor { return Actor{KindBot, id} }

// System returns the host application, or the part of it named by id, which may
// be empty.
func System(id string) Actor { return Actor{KindSystem, id} }

// Timer returns the actor of passed deadlines, the only one who may [Expire].
// Hosts that use package lifecycle never need it: a Desk refuses it from outside.
func Timer() Actor { return Actor{Kind: KindTimer} }

// person reports whether the actor is an agent or a supervisor.
func (a Actor) person() bool { return a.Kind == KindAgent || a.Kind == KindSupervisor }

// String returns kind and ID, as in "agent:ann".
func (a Actor) String() string {
	if a.ID == "" {
		return string(a.Kind)
	}
	return string(a.Kind) + ":" + a.ID
}

// Check returns an [*InvalidError] unless a is an actor: of a known kind, with a
// legal ID where one is needed.
func (a Actor) Check() error {
	switch a.Kind {
	case KindTimer:
		if a.ID != "" {
			return &InvalidError{Field: "actor", Rule: "a timer has no ID"}
		}
		return nil
	case KindBot, KindSystem:
		if a.ID == "" {
			return nil
		}
	case KindVisitor, KindAgent, KindSupervisor:
	default:
		return &InvalidError{Field: "actor", Rule: "must be one of the actor kinds"}
	}
	return CheckID("actor", a.ID)
}

// Who is a set of roles that an actor can have towards one conversation. The
// rule table names in each row who may.
type Who uint8

// The roles.
const (
	TheVisitor    Who = 1 << iota // the visitor whose conversation it is
	TheHolder                     // the agent or supervisor who holds it, or keeps it while snoozed
	AnyAgent                      // any agent, the holder too
	AnySupervisor                 // any supervisor, the holder too
	TheBot                        // the bot
	TheSystem                     // the host application
	TheTimer                      // a passed deadline
)

var whoNames = []struct {
	who  Who
	name string
}{
	{TheVisitor, "visitor"},
	{TheHolder, "holder"},
	{AnyAgent, "agent"},
	{AnySupervisor, "supervisor"},
	{TheBot, "bot"},
	{TheSystem, "system"},
	{TheTimer, "timer"},
}

// String lists the roles, as in "holder, supervisor".
func (w Who) String() string {
	s := ""
	for _, n := range whoNames {
		if w&n.who == 0 {
			continue
		}
		if s != "" {
			s += ", "
		}
		s += n.name
	}
	return s
}

// standing returns every role that by has towards c. A visitor opening a
// conversation that does not exist yet is its visitor.
func standing(c *Conversation, by Actor) Who {
	switch by.Kind {
	case KindVisitor:
		if c.State == StateNone || c.Visitor == by.ID {
			return TheVisitor
		}
	case KindAgent:
		return AnyAgent | holding(c, by)
	case KindSupervisor:
		return AnySupervisor | holding(c, by)
	case KindBot:
		return TheBot
	case KindSystem:
		return TheSystem
	case KindTimer:
		return TheTimer
	}
	return 0
}

func holding(c *Conversation, by Actor) Who {
	if c.Agent != "" && c.Agent == by.ID {
		return TheHolder
	}
	return 0
}
