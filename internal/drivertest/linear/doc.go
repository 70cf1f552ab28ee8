// Package linear shows that each conversation is one thing, however many nodes
// serve it: what clients see of it is what they would see if their requests had
// come one after the other, each at an instant between its call and its return.
//
// Clients give commands and read, on a few conversations that all of them want,
// through nodes in processes of their own with a Desk each. Nodes are killed,
// connections cut and the server killed meanwhile. What each client asked, was
// answered, and when, is a history; porcupine looks for an order of it that the
// model allows. The model is written from what the library promises and shares no
// code with it.
//
// The promise is that of [lifecycle.Desk.Do] and, for reads, of
// [lifecycle.Desk.Get], which returns a conversation as it stands. Lists, counts
// and the feed promise less and are not in the histories.
//
// A history that has no such order is saved with a picture of it, and the test
// says where.
//
//	SEED=n                repeats the choices of a run, as far as processes allow
//	SOAK=n                n times as many histories
//	LINEAR_DIR=dir        where histories are saved; otherwise a new directory
//	LINEAR_HISTORY=file   checks a saved history again, and does nothing else
package linear
