package drivertest_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// A host on one machine keeps its conversations in a file. What one process has
// closed, the next one knows.
func Example_sqlite() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx, file := context.Background(), filepath.Join(dir, "conversations.db")
	chat := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
	ann := conversation.Agent("ann")
	for _, work := range []func(desk *lifecycle.Desk) (lifecycle.Result, error){
		func(desk *lifecycle.Desk) (lifecycle.Result, error) {
			desk.Open(ctx, chat.As(conversation.Visitor("vic")), conversation.Open{})
			desk.Take(ctx, chat.As(ann))
			return desk.Close(ctx, chat.As(ann), conversation.Close{Outcome: closure.Resolved})
		},
		func(desk *lifecycle.Desk) (lifecycle.Result, error) {
			return desk.AddNote(ctx, chat.As(ann), "Refund is on its way.")
		},
	} {
		db, err := sql.Open("sqlite", file)
		if err != nil {
			log.Fatal(err)
		}
		store, err := sqlite.New(ctx, db, nil)
		if err != nil {
			log.Fatal(err)
		}
		if err := store.Migrate(ctx); err != nil { // creates the tables, once
			log.Fatal(err)
		}
		desk, err := lifecycle.New(store, nil)
		if err != nil {
			log.Fatal(err)
		}
		result, err := work(desk)
		fmt.Println(result.Conversation.State, result.Conversation.Closing.Outcome, err)
		store.Close()
		db.Close()
	}
	// Output:
	// closed resolved <nil>
	// closed resolved <nil>
}

// A command joins the host's own transaction: both take effect or neither. The
// parameters have transactions begin with the write lock, and each commit wait
// until it is on the disk.
func Example_sqliteTx() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "shop.db")+
		"?_txlock=immediate&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store, err := sqlite.New(ctx, db, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		log.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, "CREATE TABLE refunds (chat TEXT, cents INTEGER)"); err != nil {
		log.Fatal(err)
	}
	desk, err := lifecycle.New(store, nil)
	if err != nil {
		log.Fatal(err)
	}
	chat := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
	desk.Open(ctx, chat.As(conversation.Visitor("vic")), conversation.Open{})

	for _, changedHisMind := range []bool{true, false} {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			log.Fatal(err)
		}
		in := desk.Tx(store.Tx(tx))
		if _, err := tx.ExecContext(ctx, "INSERT INTO refunds VALUES ('chat-1', 999)"); err != nil {
			log.Fatal(err)
		}
		if _, err := in.Take(ctx, chat.As(conversation.Agent("ann"))); err != nil {
			log.Fatal(err)
		}
		if changedHisMind {
			err = tx.Rollback()
		} else if err = tx.Commit(); err == nil {
			in.Committed()
		}
		if err != nil {
			log.Fatal(err)
		}
		var refunds int
		db.QueryRowContext(ctx, "SELECT count(*) FROM refunds").Scan(&refunds)
		now, err := desk.Get(ctx, "acme", "chat-1")
		fmt.Println(refunds, now.State, err)
	}
	// Output:
	// 0 waiting <nil>
	// 1 assigned <nil>
}
