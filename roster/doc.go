// Package roster knows the people who answer: agents with their groups, how many
// conversations they can have at once, and whether they are available.
//
// Availability has two sources. What the agent chose is manual, what the host
// saw of their connection is automatic, and manual beats automatic. A connection
// that is lost counts only after a grace, so that one that comes and goes changes
// nothing: neither since when the agent is available, nor what becomes of their
// conversations. New conversations do not come during the grace.
//
//	ann := roster.New("ann", 3, "billing")
//	ann = ann.With(roster.Automatic, roster.Available, now, grace)
//
// Everything here is a value: a change returns a new one, and what was decided is
// stored with it, so that a grace survives a restart.
//
// The package will never know which conversations somebody has, tell the time,
// or keep anything. It knows no passwords and no names.
package roster
