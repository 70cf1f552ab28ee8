// Package hosttx_test gives commands in a host's own transactions, beside the
// host's own writes, on real databases.
package hosttx_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/benbjohnson/clock"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
	"github.com/adjourn/adjourn/storage/sqlite"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// A host has tickets of its own in the database of the store.
type host struct {
	*lifecycletest.Kit
	t  *testing.T
	db *sql.DB
	tx func(*sql.Tx) storage.Tx
}

func newHost(t *testing.T, db *sql.DB, store storage.Store, tx func(*sql.Tx) storage.Tx) *host {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE tickets (conversation text)"); err != nil {
		t.Fatal(err)
	}
	return &host{lifecycletest.NewOn(t, store, nil), t, db, tx}
}

var (
	vic = conversation.Visitor("vic")
	ann = conversation.Agent("ann")
)

// on runs test on every store with transactions.
func on(t *testing.T, test func(*host)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		db := open(t, "sqlite", "file:"+filepath.Join(t.TempDir(), "host.db")+"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=synchronous(full)")
		store, err := sqlite.New(t.Context(), db, nil)
		must(t, err)
		t.Cleanup(func() { store.Close() })
		must(t, store.Migrate(t.Context()))
		test(newHost(t, db, store, func(tx *sql.Tx) storage.Tx { return store.Tx(tx) }))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db := open(t, "pgx", pgtest.Shared(t).NewDatabase(t))
		store, err := postgres.New(t.Context(), db, nil)
		must(t, err)
		t.Cleanup(func() { store.Close() })
		must(t, store.Migrate(t.Context()))
		test(newHost(t, db, store, func(tx *sql.Tx) storage.Tx { return store.Tx(tx) }))
	})
}

func open(t *testing.T, driver, source string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, source)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// begin begins a transaction that ends in a rollback, if not before.
func (h *host) begin() *sql.Tx {
	h.t.Helper()
	tx, err := h.db.BeginTx(h.t.Context(), nil)
	must(h.t, err)
	h.t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// closeWithTicket closes the conversation and files a ticket, in tx.
func (h *host) closeWithTicket(tx *sql.Tx, chat *lifecycletest.Chat) (*lifecycle.Tx, error) {
	h.t.Helper()
	_, err := tx.ExecContext(h.t.Context(), "INSERT INTO tickets VALUES ('chat-1')")
	must(h.t, err)
	desk := h.Desk.Tx(h.tx(tx))
	_, err = desk.Close(h.t.Context(), chat.By(ann), conversation.Close{Outcome: closure.Resolved})
	return desk, err
}

func (h *host) tickets() (n int) {
	h.t.Helper()
	must(h.t, h.db.QueryRowContext(h.t.Context(), "SELECT count(*) FROM tickets").Scan(&n))
	return n
}

func (h *host) taken(id string) *lifecycletest.Chat {
	chat := h.Chat(id)
	chat.Open(vic)
	chat.Do(ann, conversation.Take{})
	return chat
}

// TestTogether: the ticket and the closing are there, both, after the commit, and
// subscriptions hear of it then.
func TestTogether(t *testing.T) {
	t.Parallel()
	on(t, func(h *host) {
		chat := h.taken("chat-1")
		live := h.Desk.Subscribe(10)
		defer live.Close()
		tx := h.begin()
		desk, err := h.closeWithTicket(tx, chat)
		must(h.t, err)
		within, err := desk.Get(h.t.Context(), lifecycletest.Workspace, "chat-1")
		if must(h.t, err); within.State != conversation.StateClosed {
			h.t.Errorf("within the transaction it is %s", within.State)
		}
		chat.WantState(conversation.StateAssigned) // outside
		must(h.t, tx.Commit())
		if n := len(live.Updates()); n != 0 {
			h.t.Errorf("subscriptions heard of %d commands before they were told", n)
		}
		desk.Committed()
		if n := len(live.Updates()); n != 1 {
			h.t.Errorf("subscriptions heard of %d commands, want 1", n)
		}
		chat.WantState(conversation.StateClosed)
		if h.tickets() != 1 {
			h.t.Error("the ticket is missing")
		}
		h.wantFeed("opened", "taken", "closed")
	})
}

func (h *host) wantFeed(want ...string) {
	h.t.Helper()
	deliveries, err := h.Desk.Feed(h.t.Context(), "crm", 100)
	must(h.t, err)
	var got []string
	for i, d := range deliveries {
		if d.Position != storage.Position(i+1) {
			h.t.Errorf("delivery %d has position %d", i, d.Position)
		}
		for _, r := range d.Records {
			got = append(got, conversation.EventName(r.Event))
		}
	}
	if len(got) != len(want) {
		h.t.Fatalf("the feed has %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			h.t.Fatalf("the feed has %v, want %v", got, want)
		}
	}
}

// TestRolledBackTogether: neither is there, and the feed has no gap.
func TestRolledBackTogether(t *testing.T) {
	t.Parallel()
	on(t, func(h *host) {
		chat := h.taken("chat-1")
		tx := h.begin()
		_, err := h.closeWithTicket(tx, chat)
		must(h.t, err)
		must(h.t, tx.Rollback())
		chat.WantState(conversation.StateAssigned)
		if h.tickets() != 0 {
			h.t.Error("the ticket remained")
		}
		chat.Say(ann, "Still here")
		h.wantFeed("opened", "taken", "said")
	})
}

// TestRefusedInATransaction: a refusal and a conflict leave the host's
// transaction usable.
func TestRefusedInATransaction(t *testing.T) {
	t.Parallel()
	on(t, func(h *host) {
		chat, other := h.taken("chat-1"), h.taken("chat-2")
		tx := h.begin()
		desk, err := h.closeWithTicket(tx, chat)
		must(h.t, err)
		_, err = desk.Close(h.t.Context(), chat.By(ann), conversation.Close{Outcome: closure.Unresolved})
		if !errors.Is(err, conversation.ErrAlreadyClosed) {
			h.t.Fatalf("closing again: %v, want %v", err, conversation.ErrAlreadyClosed)
		}
		stale := staleTx{h.tx(tx)}
		_, err = h.Desk.Tx(stale).Close(h.t.Context(), other.By(ann), conversation.Close{Outcome: closure.Resolved})
		if !errors.Is(err, storage.ErrConflict) {
			h.t.Fatalf("decided on an old version: %v, want %v", err, storage.ErrConflict)
		}
		_, err = desk.Say(h.t.Context(), other.By(ann), "One moment")
		must(h.t, err)
		must(h.t, tx.Commit())
		chat.WantEvents("opened", "taken", "closed")
		other.WantEvents("opened", "taken", "said")
	})
}

// A staleTx has seen versions that are over.
type staleTx struct{ storage.Tx }

func (s staleTx) Commit(ctx context.Context, c storage.Commit) error {
	c.Expect--
	c.Head.Version--
	return s.Tx.Commit(ctx, c)
}

// TestDeadlineOfATransaction: what a command of a transaction makes due is worked
// off by a Desk that was told nothing.
func TestDeadlineOfATransaction(t *testing.T) {
	t.Parallel()
	on(t, func(h *host) {
		chat := h.Chat("chat-1")
		chat.Open(vic)
		tx := h.begin()
		_, err := h.Desk.Tx(h.tx(tx)).Take(h.t.Context(), chat.By(ann))
		must(h.t, err)
		must(h.t, tx.Commit())

		mock := clock.NewMock()
		mock.Set(h.Clock.Now().Add(3 * time.Minute))
		another, err := lifecycle.New(h.Store, &lifecycle.Options{Clock: mock})
		must(h.t, err)
		ticked, err := another.Tick(h.t.Context())
		if must(h.t, err); len(ticked.Fired) != 1 || len(ticked.Failed) != 0 {
			h.t.Errorf("fired %v, failed %v, want the prompt", ticked.Fired, ticked.Failed)
		}
	})
}

// TestRepeatedInATransaction: a command ID is known inside as well as outside, and
// not after a rollback.
func TestRepeatedInATransaction(t *testing.T) {
	t.Parallel()
	on(t, func(h *host) {
		chat := h.taken("chat-1")
		call := chat.By(vic)
		call.CommandID = "message-1"
		say := func(desk *lifecycle.Tx) lifecycle.Result {
			h.t.Helper()
			result, err := desk.Say(h.t.Context(), call, "Hello?")
			must(h.t, err)
			return result
		}
		tx := h.begin()
		desk := h.Desk.Tx(h.tx(tx))
		if say(desk).Repeated || !say(desk).Repeated {
			h.t.Error("want the first to be new and the second its repetition")
		}
		must(h.t, tx.Rollback())
		tx = h.begin()
		desk = h.Desk.Tx(h.tx(tx))
		if say(desk).Repeated {
			h.t.Error("what was rolled back is remembered")
		}
		must(h.t, tx.Commit())
		again, err := h.Desk.Say(h.t.Context(), call, "Hello?")
		if must(h.t, err); !again.Repeated {
			h.t.Error("what was committed is forgotten")
		}
		chat.WantEvents("opened", "taken", "said")
	})
}

// TestOneConnection: a command in a transaction needs no connection but that of
// the transaction, also for the server's time. Otherwise as many transactions as
// the pool has connections would wait for each other.
func TestOneConnection(t *testing.T) {
	t.Parallel()
	db := open(t, "pgx", pgtest.Shared(t).NewDatabase(t))
	store, err := postgres.New(t.Context(), db, nil)
	must(t, err)
	t.Cleanup(func() { store.Close() })
	must(t, store.Migrate(t.Context()))
	desk, err := lifecycle.New(store, &lifecycle.Options{StoreClock: true})
	must(t, err)
	db.SetMaxOpenConns(1)
	tx, err := db.BeginTx(t.Context(), nil)
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	call := lifecycle.Call{Workspace: "acme", Conversation: "chat-1", By: vic}
	_, err = desk.Tx(store.Tx(tx)).Open(ctx, call, conversation.Open{})
	must(t, err)
	must(t, tx.Commit())
}
