package lifecycle

import "github.com/adjourn/adjourn/storage"

// A Tx gives commands within a transaction of the host's, beside the host's own
// writes: they take effect together or not at all. It has the commands and reads
// of a [Desk] on single conversations. It is not safe for concurrent use.
//
// A Tx does not decide anew when somebody else was faster: the error then wraps
// [storage.ErrConflict], or [storage.ErrFull] where an agent's last seat went to
// somebody else meanwhile; the transaction is as usable as before, and what to do
// is the host's choice, as the outcome of its own COMMIT is. Deadlines that a
// command sets are worked off by any running Desk after the host's commit.
type Tx struct {
	commands
	desk *Desk
	told []proposal // what Committed will tell
}

// Tx returns a Tx on a store's view of the host's transaction, such as
// postgres.Store.Tx returns.
func (d *Desk) Tx(tx storage.Tx) *Tx {
	t := &Tx{commands: d.commands}
	t.store = tx
	t.attempts = 1
	t.tell = func(p proposal) { t.told = append(t.told, p) }
	t.desk = d
	if clock, ok := tx.(storage.Clock); ok && d.storeClock != nil {
		t.now = clock.Now // with the connection that the transaction has
	}
	return t
}

// Committed tells the Desk's subscriptions, and its Run, what the commands did.
// Call it after the host's transaction was committed, and never after a rollback.
// Without it they hear of nothing and Run finds the deadlines at its next poll;
// the feed has everything either way.
func (t *Tx) Committed() {
	for _, p := range t.told {
		t.desk.tell(p)
	}
	t.told = nil
}
