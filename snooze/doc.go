// Package snooze answers when a conversation that was put aside comes back.
//
// # Saying when
//
// An agent chooses one of four ways, and an [Until] holds exactly one:
//
//	snooze.For(snooze.Short)                                // in three hours
//	snooze.At(instant)                                      // at an instant
//	snooze.Calendar("2026-03-30T09:00", "Europe/Paris")     // when the clocks of Paris show it
//	snooze.UntilReply()                                     // when the visitor writes; no deadline
//
// [Tomorrow] and [Next] are calendar times that a dialog offers: "tomorrow
// 9:00", "next Monday 9:00", as seen in a zone. Prefer them to For(24*time.Hour)
// where a person means a time of day: over a change of the clocks, 24 hours
// after 9:00 is 8:00 or 10:00.
//
// # Resolving it
//
// [Until.Resolve] turns the choice into a [Deadline]: an instant in UTC, in
// whole microseconds, always after now and at most [Horizon] away, or the zero
// Deadline for UntilReply. It refuses everything else with an error that wraps
// one of the errors below and names the value and the rule. A snooze beyond
// [Long] is legal; whoever shows it may advise against it.
//
// A calendar time is what a wall clock shows, and a clock that is changed may
// show it twice or never. Resolve chooses
//
//   - where the clock is put forward over it (a gap): the first instant after
//     the gap; the same where a zone left out a whole day, as Apia did with
//     30 December 2011;
//   - where the clock is put back over it (an overlap): the first of the two
//     instants that is still in the future.
//
// The Deadline of a calendar time keeps the local time and the zone, because
// governments change the rules: resolve Calendar(d.Local, d.Zone) again after
// an update of the zone database. Leap seconds do not exist here, as in all
// POSIX time.
//
// # The zone database
//
// Zones go by their IANA name ("Europe/Paris", "UTC"), never by "Local" or an
// offset. Reading one with [time.LoadLocation] is the one thing in this package
// that depends on more than its arguments; [Tomorrow], [Next], [Suggest],
// [Hours.Check] and Resolve of a calendar time do it. LoadLocation asks
// $ZONEINFO, then the system, then the copy in the program. A host that imports
// time/tzdata therefore always has every zone; one whose nodes must also agree
// on the version sets $ZONEINFO to the same file on all of them. On a system
// whose file names ignore case, LoadLocation finds "EUROPE/PARIS" too.
//
// # At the end
//
// [AtEnd] says what becomes of the agent's hold when the deadline passes, and
// [OnReply] what a message of the visitor does before that. [Suggest]
// recommends a length and an AtEnd: short while the visitor is online, longer
// when they have gone, never over 24 hours, inside the agent's [Hours] if they
// are known.
//
// # What it never does
//
// The package will never look at a clock (now is an argument), start a timer,
// wake a conversation, or know what a conversation is. It keeps no state: its
// types are plain values to copy and to store as JSON, and its functions are
// safe for concurrent use.
package snooze
