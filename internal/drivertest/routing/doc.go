// Package routing lets many take conversations while Desks route them, on several
// nodes of which some die, and asks the database all the time what came of it, in
// SQL of its own.
//
// No agent ever has more conversations than seats when one is taken, none is given
// to somebody while somebody else has it, each seat is the one of the journal, and
// nothing waits beside an agent who could have it. Each of these has a control,
// with a mistake that must be found.
//
//	SEED=n   repeats the choices of a run, as far as processes allow
//	SOAK=n   n times as much of everything
package routing
