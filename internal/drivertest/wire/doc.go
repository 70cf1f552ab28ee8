// Package wire is a network that fails on purpose: a proxy between a driver and a
// Postgres server that understands enough of their protocol to see a COMMIT go by,
// and decides there and then what becomes of it.
//
//	p := wire.ListenFor(t, cluster.NewDatabase(t)) // ends with the test
//	db, err := sql.Open("pgx", p.URL())            // as any other server; lib/pq too
//	p.OnCommit(func(c wire.Commit) wire.Fate {
//		if c.Contains("command-17") { // a parameter of a statement in the transaction
//			return wire.CutAfter // it is applied, and the client does not learn it
//		}
//		return wire.Pass
//	})
//
// A client in another process takes the URL like any other; the proxy stays in
// the process of the test. All of it is switched while connections are in use:
//
//   - [Proxy.OnCommit] says what becomes of each COMMIT: see [Fate].
//   - [Proxy.OnRow] cuts in the middle of a row of a result.
//   - [Proxy.CutAll] cuts all connections at once, [Proxy.HangAll] has them
//     fall silent without an end.
//   - [Proxy.Refuse] turns new connections away, [Proxy.Slow] delays each
//     message, [Proxy.Partition] lets nothing pass until [Proxy.Heal].
//   - [Proxy.Counts] says what happened, [Proxy.Open] how many connections there
//     are.
//
// A COMMIT is a statement of that word or END, in a simple query as its last
// statement, or executed by the extended protocol. One outside a transaction that
// changes rows, and so commits itself, is one too, together with the message that
// has it committed. Rolled back transactions never meet the hook.
//
// The proxy will never change what it passes on, except that it refuses
// encryption for itself. It knows nothing of conversations. It returns nothing
// to a client that the server has not said.
package wire
