// Package crash ends what keeps conversations as it ends in real life, and looks
// at what is left: processes killed or stopped at any moment, a file system whose
// cache is gone, a database server that dies.
//
// What was acknowledged must be there, nothing may have happened twice, and what
// is stored must agree with itself. Each suite has a control, with a mistake that
// it must find.
//
//	SEED=n   repeats the choices of a run, as far as processes allow
//	SOAK=n   n times as much of everything
package crash
