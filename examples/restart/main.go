// Restart shows a snooze that outlives its process. An agent snoozes a
// conversation for three hours, and the process is killed as if the power had
// gone. Four hours later another process opens the same file: the conversation
// wakes, an hour late, once. A third process finds nothing left to do.
//
//	go run ./examples/restart
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// These variables make a process one of the three.
const (
	fileVariable = "RESTART_FILE"
	timeVariable = "RESTART_TIME"
)

var morning = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

func main() {
	if file := os.Getenv(fileVariable); file != "" {
		now, err := time.Parse(time.RFC3339, os.Getenv(timeVariable))
		if err == nil {
			err = work(context.Background(), file, now)
		}
		if err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run lets three processes work on one file, one after the other.
func run(stdout io.Writer) error {
	dir, err := os.MkdirTemp("", "restart")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, now := range []time.Time{morning, morning.Add(4 * time.Hour), morning.Add(4*time.Hour + time.Minute)} {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		child := exec.Command(self)
		child.Env = append(os.Environ(),
			fileVariable+"="+filepath.Join(dir, "restart.db"), timeVariable+"="+now.Format(time.RFC3339))
		child.Stdout, child.Stderr = stdout, os.Stderr
		var ended *exec.ExitError
		switch err := child.Run(); {
		case errors.As(err, &ended) && ended.ExitCode() == -1:
			fmt.Fprintf(stdout, "%s  the process was killed\n", now.Format("15:04"))
		case err != nil:
			return err
		}
	}
	return nil
}

// work is one of the processes.
func work(ctx context.Context, file string, now time.Time) error {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return err
	}
	defer db.Close()
	store, err := sqlite.New(ctx, db, nil)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	desk, err := lifecycle.New(store, &lifecycle.Options{Clock: stopped{now}})
	if err != nil {
		return err
	}
	chat := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
	if now.Equal(morning) {
		return snoozeAndDie(ctx, desk, chat)
	}
	return catchUp(ctx, desk, now)
}

func snoozeAndDie(ctx context.Context, desk *lifecycle.Desk, chat lifecycle.Call) error {
	vic, ann := conversation.Visitor("vic"), conversation.Agent("ann")
	if _, err := desk.Open(ctx, chat.As(vic), conversation.Open{}); err != nil {
		return err
	}
	if _, err := desk.Say(ctx, chat.As(vic), "Where is my parcel?"); err != nil {
		return err
	}
	if _, err := desk.Take(ctx, chat.As(ann)); err != nil {
		return err
	}
	asleep, err := desk.Snooze(ctx, chat.As(ann), conversation.Snooze{Until: snooze.For(snooze.Short)})
	if err != nil {
		return err
	}
	fmt.Println("09:00  snoozed until", asleep.Conversation.Snooze.At.Format("15:04"))
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	if err := self.Kill(); err != nil {
		return err
	}
	select {} // until it arrives
}

// catchUp works off what became due while nothing ran. A service calls Run.
func catchUp(ctx context.Context, desk *lifecycle.Desk, now time.Time) error {
	ticked, err := desk.Tick(ctx)
	if err != nil {
		return err
	}
	for _, f := range ticked.Fired {
		for _, r := range f.Records {
			note, _ := lifecycle.Notes{}.Render(r)
			fmt.Printf("%s  %s late: %s\n", now.Format("15:04"), now.Sub(f.Due), note.Text)
		}
	}
	if len(ticked.Fired) == 0 {
		fmt.Printf("%s  nothing is due\n", now.Format("15:04"))
	}
	return nil
}

// stopped is a clock that stands still.
type stopped struct{ at time.Time }

func (s stopped) Now() time.Time                       { return s.at }
func (s stopped) After(time.Duration) <-chan time.Time { return nil }
