package main

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// workspace is the one of all conversations. A host with many customers of its
// own has one for each.
const workspace = "demo"

// An app is the whole application.
type app struct {
	db       *sql.DB
	store    *sqlite.Store
	desk     *lifecycle.Desk
	clock    *demoClock
	kept     *clockFile
	people   *people
	presence *presence
	live     *live
	log      *slog.Logger
}

// newApp opens the file, and sets it up if it is new.
func newApp(ctx context.Context, file string, log *slog.Logger) (a *app, err error) {
	a = &app{log: log, live: newLive()}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	// The host's tables are in the same file, so its transactions are as the store
	// wants them: see the package of the store.
	a.db, err = openFile(file, "_txlock=immediate&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	if a.store, err = sqlite.New(ctx, a.db, nil); err != nil {
		return nil, err
	}
	if err := a.store.Migrate(ctx); err != nil {
		return nil, err
	}
	if a.people, err = openPeople(ctx, a.db); err != nil {
		return nil, err
	}
	if err := openMails(ctx, a.db); err != nil {
		return nil, err
	}
	if a.kept, err = openClock(ctx, a.db); err != nil {
		return nil, err
	}
	a.clock = a.kept.clock
	a.desk, err = lifecycle.New(a.store, &lifecycle.Options{
		Clock:  a.clock,
		Logger: log,
		Poll:   time.Hour, // nobody else writes to the file, and the clock may go fast
	})
	if err != nil {
		return nil, err
	}
	a.presence = newPresence(a.desk, a.live.Changed)
	everybody := a.people.Of(conversation.KindVisitor, conversation.KindAgent, conversation.KindSupervisor)
	if err := a.presence.expect(ctx, everybody); err != nil {
		return nil, err
	}
	return a, a.setUp(ctx)
}

// run does what happens by itself, until ctx is done.
func (a *app) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.desk.Run(ctx) })
	group.Go(func() error { return a.live.follow(ctx, a.desk, a.clock) })
	group.Go(func() error { return a.presence.run(ctx, a.failed) })
	group.Go(func() error { return a.kept.run(ctx, a.failed) })
	group.Go(func() error { return a.runBot(ctx) })
	group.Go(func() error { return a.runMailer(ctx) })
	return group.Wait()
}

func (a *app) failed(err error) { a.log.Error("in the background", "error", err) }

func (a *app) close() error {
	var errs []error
	if a.kept != nil {
		errs = append(errs, a.kept.Close())
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	return errors.Join(errs...)
}
