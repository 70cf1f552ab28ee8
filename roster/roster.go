package roster

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Availability says whether an agent takes new conversations.
type Availability string

// The availabilities. The values are stored: never change one.
const (
	Unset       Availability = "" // the source says nothing
	Available   Availability = "available"
	Unavailable Availability = "unavailable"
)

// A Source says who set an availability.
type Source string

// The sources.
const (
	Manual    Source = "manual"    // the agent, or somebody for them; holds until it is Unset
	Automatic Source = "automatic" // the host, which sees their connection
)

// DefaultCapacity is how many conversations an agent can have at once if the
// host does not say.
const DefaultCapacity = 3

// MaxGroups is how many groups an agent can be in, and MaxCapacity how many
// conversations one can have at once.
const (
	MaxGroups   = 100
	MaxCapacity = 10_000
)

// An Agent is a person who answers. Use [New]; the zero Agent is nobody.
type Agent struct {
	ID       string   `json:"id"`
	Groups   []string `json:"groups,omitempty"` // ascending, without repetition
	Capacity int      `json:"capacity"`         // the conversations they can have at once

	Manual    Availability `json:"manual,omitempty"`
	Automatic Availability `json:"automatic,omitempty"`

	// Since is since when they are what [Agent.Availability] says.
	Since time.Time `json:"since"`

	// LostAt is when the connection was lost whose grace is running, or zero.
	LostAt time.Time `json:"lost_at,omitzero"`

	// Removed: they are kept only so that nobody takes the ID for unknown.
	Removed bool `json:"removed,omitempty"`
}

// New returns an agent who is unavailable, because nobody said otherwise yet. A
// capacity of zero means [DefaultCapacity].
func New(id string, capacity int, groups ...string) Agent {
	if capacity == 0 {
		capacity = DefaultCapacity
	}
	groups = slices.Clone(groups)
	slices.Sort(groups)
	return Agent{ID: id, Capacity: capacity, Groups: slices.Compact(groups)}
}

// Check returns an error that names the field for a capacity that is not
// between 1 and [MaxCapacity], or more than [MaxGroups] groups. IDs are checked
// where they come in.
func (a Agent) Check() error {
	switch {
	case a.Capacity < 1 || a.Capacity > MaxCapacity:
		return fmt.Errorf("roster: capacity %d, must be 1 to %d", a.Capacity, MaxCapacity)
	case len(a.Groups) > MaxGroups:
		return fmt.Errorf("roster: %d groups, at most %d", len(a.Groups), MaxGroups)
	}
	return nil
}

// Availability returns Available or Unavailable: what was chosen by hand if
// anything was, otherwise what the connection says, which a running grace still
// says is there. Who was removed is unavailable.
func (a Agent) Availability() Availability {
	switch {
	case a.Removed:
		return Unavailable
	case a.Manual != Unset:
		return a.Manual
	case a.Automatic == Available || !a.LostAt.IsZero():
		return Available
	}
	return Unavailable
}

// TakesNew reports whether new conversations may come: the agent is available,
// and not only because a grace is running.
func (a Agent) TakesNew() bool {
	return a.Availability() == Available && (a.Manual == Available || a.LostAt.IsZero())
}

// In reports whether the agent is in the group; every agent is in the group
// without a name.
func (a Agent) In(group string) bool {
	return group == "" || slices.Contains(a.Groups, group)
}

// With returns the agent after a source said what they are. A connection that is
// lost while they are available starts the grace, unless it is zero or less. Unset
// lets the other source decide.
func (a Agent) With(source Source, to Availability, now time.Time, grace time.Duration) Agent {
	before := a.Availability()
	switch source {
	case Manual:
		a.Manual = to
	case Automatic:
		lost := a.Automatic == Available && to != Available
		a.Automatic = to
		switch {
		case to == Available:
			a.LostAt = time.Time{}
		case lost && grace > 0:
			a.LostAt = now
		}
	}
	return a.since(before, now)
}

// Expire returns the agent after a grace that is over: they have been unavailable
// since the connection was lost. If none is over it changes nothing.
func (a Agent) Expire(now time.Time, grace time.Duration) Agent {
	if due := a.Due(grace); due.IsZero() || due.After(now) {
		return a
	}
	before, lost := a.Availability(), a.LostAt
	a.LostAt = time.Time{}
	return a.since(before, lost)
}

// Due returns when a running grace is over, or the zero time.
func (a Agent) Due(grace time.Duration) time.Time {
	if a.LostAt.IsZero() {
		return time.Time{}
	}
	return a.LostAt.Add(max(grace, 0))
}

// LoggedOut returns the agent after they logged out: unavailable at once, and by
// hand, so that a connection that is still reported does not bring them back.
func (a Agent) LoggedOut(now time.Time) Agent {
	before := a.Availability()
	a.Manual, a.LostAt = Unavailable, time.Time{}
	return a.since(before, now)
}

// Gone returns the agent after they were removed, in no group any more.
func (a Agent) Gone(now time.Time) Agent {
	before := a.Availability()
	a.Manual, a.Automatic, a.LostAt = Unset, Unset, time.Time{}
	a.Removed, a.Groups = true, nil
	return a.since(before, now)
}

// Leave returns the agent without a group.
func (a Agent) Leave(group string) Agent {
	a.Groups = slices.DeleteFunc(slices.Clone(a.Groups), func(g string) bool { return g == group })
	return a
}

func (a Agent) since(before Availability, now time.Time) Agent {
	if a.Since.IsZero() || a.Availability() != before {
		a.Since = now
	}
	return a
}

// A Group is a group of agents.
type Group struct {
	ID string `json:"id"`

	// Removed: its conversations go to the group Into, or to any agent if that
	// is empty.
	Removed bool   `json:"removed,omitempty"`
	Into    string `json:"into,omitempty"`
}

// ErrNewer is returned for a record of a later format than this version of the
// library knows.
var ErrNewer = errors.New("roster: stored by a newer version of the library")

const format = 1

type stored[T any] struct {
	Format int `json:"v"`
	Data   T   `json:"data"`
}

// Encode returns an agent or a group as JSON, for a store.
func Encode[T Agent | Group](v T) ([]byte, error) { return json.Marshal(stored[T]{format, v}) }

// Decode reads what [Encode] wrote, by this version of the library or an earlier
// one; a later format is [ErrNewer].
func Decode[T Agent | Group](body []byte) (T, error) {
	var s stored[T]
	err := json.Unmarshal(body, &s)
	switch {
	case s.Format > format:
		return s.Data, ErrNewer
	case err != nil:
		return s.Data, fmt.Errorf("roster: stored record: %w", err)
	case s.Format < 1:
		return s.Data, errors.New("roster: stored record has no format")
	}
	return s.Data, nil
}
