package snooze

import (
	"errors"
	"fmt"
	"time"
)

// The presets of a dialog, and the limit of every snooze.
const (
	Short   = 3 * time.Hour
	Long    = 24 * time.Hour // beyond it a snooze is allowed, with advice
	Horizon = 400 * 24 * time.Hour
)

// Errors of this package. Each is returned wrapped, with the value that was
// given.
var (
	ErrPast    = errors.New("snooze: the end, in whole microseconds, must be after now")
	ErrHorizon = errors.New("snooze: the end must be at most 400 days after now")
	ErrZone    = errors.New("snooze: the zone must be an IANA name in the zone database")
	ErrLocal   = errors.New("snooze: the calendar time must exist and be written 2006-01-02T15:04 or 2006-01-02T15:04:05")
	ErrChoice  = errors.New("snooze: exactly one of reply, for, at and local with zone must be given")
	ErrHours   = errors.New("snooze: invalid working hours")
)

// An Until says when a snoozed conversation comes back: exactly one of reply,
// for, at, and local with zone. The zero value is none of them and invalid.
// It is what somebody asked for, possibly nonsense; [Until.Resolve] judges it.
type Until struct {
	Reply bool          `json:"reply,omitempty"` // until the visitor replies; no deadline
	For   time.Duration `json:"for,omitempty"`   // nanoseconds in JSON
	At    time.Time     `json:"at,omitzero"`
	Local string        `json:"local,omitempty"` // calendar time, "2006-01-02T15:04" or with ":05"; goes with Zone
	Zone  string        `json:"zone,omitempty"`  // IANA name
}

// For returns an Until that ends d after now.
func For(d time.Duration) Until { return Until{For: d} }

// At returns an Until that ends at t.
func At(t time.Time) Until { return Until{At: t} }

// Calendar returns an Until that ends when the clocks of zone, an IANA name,
// show local, written "2006-01-02T15:04" or "2006-01-02T15:04:05".
func Calendar(local, zone string) Until { return Until{Local: local, Zone: zone} }

// UntilReply returns an Until without a deadline: only the visitor ends it, or
// somebody who wakes the conversation.
func UntilReply() Until { return Until{Reply: true} }

// A Deadline is a resolved [Until].
type Deadline struct {
	// At is when the snooze ends: UTC, whole microseconds. The zero time means
	// that it ends when the visitor replies.
	At time.Time `json:"at,omitzero"`

	// Local and Zone are those of a calendar time, as given; else empty.
	Local string `json:"local,omitempty"`
	Zone  string `json:"zone,omitempty"`
}

// Resolve returns the deadline that u means at now: after now, at most
// [Horizon] away, cut down to the microsecond. The package comment says what
// a calendar time becomes that its zone shows twice or never.
//
// The error wraps [ErrChoice] unless u is exactly one of the four ways;
// [ErrPast] if the end would not be after now, or if a For is less than a
// microsecond; [ErrHorizon] if it would be too far; and for a calendar time
// [ErrLocal] or [ErrZone]. A zero For or At cannot be told from none given, so
// an Until without any way wraps ErrPast as well as ErrChoice, and one that has
// a Local without a Zone wraps ErrZone as well.
func (u Until) Resolve(now time.Time) (Deadline, error) {
	// Round drops the monotonic reading, which an error would show.
	now = now.Round(0)
	if err := u.checkChoice(); err != nil {
		return Deadline{}, err
	}
	switch {
	case u.Reply:
		return Deadline{}, nil
	case u.For != 0:
		return resolveFor(u.For, now)
	case !u.At.IsZero():
		return resolveAt(u.At, now)
	}
	at, err := resolveLocal(u.Local, u.Zone, now)
	if err != nil {
		return Deadline{}, err
	}
	return Deadline{At: at, Local: u.Local, Zone: u.Zone}, nil
}

func (u Until) checkChoice() error {
	ways := 0
	for _, given := range []bool{u.Reply, u.For != 0, !u.At.IsZero(), u.Local != "" || u.Zone != ""} {
		if given {
			ways++
		}
	}
	switch {
	case ways == 0:
		return fmt.Errorf("%w: got none, or a zero duration or instant (%w)", ErrChoice, ErrPast)
	case ways > 1:
		return fmt.Errorf("%w: got %d of them", ErrChoice, ways)
	case u.Zone != "" && u.Local == "":
		return fmt.Errorf("%w: got zone %.64q without a local time", ErrChoice, u.Zone)
	case u.Local != "" && u.Zone == "":
		return fmt.Errorf("%w: got local time %.64q without a zone (%w)", ErrChoice, u.Local, ErrZone)
	}
	return nil
}

func resolveFor(d time.Duration, now time.Time) (Deadline, error) {
	// Before adding: a duration beyond the horizon could overflow.
	if d > Horizon {
		return Deadline{}, fmt.Errorf("%w: got %v", ErrHorizon, d)
	}
	whole := d.Truncate(time.Microsecond)
	if whole <= 0 {
		return Deadline{}, fmt.Errorf("%w: got %v", ErrPast, d)
	}
	return Deadline{At: micros(now.Add(whole))}, nil
}

func resolveAt(t, now time.Time) (Deadline, error) {
	at := micros(t)
	if err := checkRange(at, now); err != nil {
		return Deadline{}, fmt.Errorf("%w: got %v at %v", err, t, now)
	}
	return Deadline{At: at}, nil
}

// checkRange returns [ErrPast] or [ErrHorizon] bare: the caller knows what was
// asked for.
func checkRange(at, now time.Time) error {
	if !at.After(now) {
		return ErrPast
	}
	if at.After(now.Add(Horizon)) {
		return ErrHorizon
	}
	return nil
}

func micros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// AtEnd says what happens to the agent's hold when a snooze ends. The zero
// value means [Keep].
type AtEnd string

// The ends of a snooze. The values are stored: never change one.
const (
	Keep    AtEnd = "keep"    // the conversation returns to the agent who snoozed it
	Release AtEnd = "release" // it goes to another available agent
)

// OnReply says what a visitor's message does to a snoozed conversation. The
// zero value means [Wake].
type OnReply string

// The effects of a reply. The values are stored: never change one.
const (
	Wake       OnReply = "wake"        // it comes back at once
	StayAsleep OnReply = "stay_asleep" // it comes back at the deadline, flagged unread
)
