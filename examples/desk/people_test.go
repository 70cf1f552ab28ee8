package main

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/roster"
)

// openApp opens the application on a file, until the test ends.
func openApp(t testing.TB, file string) *app {
	t.Helper()
	var log bytes.Buffer
	a, err := newApp(t.Context(), file, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func newFile(t testing.TB) string { return filepath.Join(t.TempDir(), "desk.db") }

func TestPeopleAndSessionsOutliveTheProcess(t *testing.T) {
	file := newFile(t)
	vic := person{conversation.KindVisitor, "v-1", "Vic <Quinn>"}
	a := openApp(t, file)
	if err := a.people.Add(t.Context(), a.db, vic); err != nil {
		t.Fatal(err)
	}
	token, err := a.people.SignIn(t.Context(), vic.ID)
	if err != nil {
		t.Fatal(err)
	}
	a = openApp(t, file)
	got, ok, err := a.people.Session(t.Context(), token)
	if err != nil || !ok {
		t.Fatalf("the session is gone: %v, %v", ok, err)
	}
	if diff := cmp.Diff(vic, got); diff != "" {
		t.Errorf("whose session it is (-want +got):\n%s", diff)
	}
	if got := a.people.Name(conversation.Visitor("v-1")); got != vic.Name {
		t.Errorf("they are called %q", got)
	}
	if err := a.people.EndSessions(t.Context(), vic.ID); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := a.people.Session(t.Context(), token); ok || err != nil {
		t.Errorf("the session is there after it ended: %v, %v", ok, err)
	}
}

func TestSessionsAreOverSomeday(t *testing.T) {
	a := openApp(t, newFile(t))
	token, err := a.people.SignIn(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.db.ExecContext(t.Context(), `UPDATE sessions SET until = until - ?`, int(sessionLasts.Seconds())); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := a.people.Session(t.Context(), token); ok || err != nil {
		t.Errorf("a session that is over: %v, %v", ok, err)
	}
	if _, err := a.people.SignIn(t.Context(), "ben"); err != nil {
		t.Fatal(err)
	}
	var kept int
	if err := a.db.QueryRowContext(t.Context(), `SELECT count(*) FROM sessions`).Scan(&kept); err != nil || kept != 1 {
		t.Errorf("%d sessions are kept, %v; want one", kept, err)
	}
}

// Who reads the file cannot sign in with what it says.
func TestTokensAreKeptHashed(t *testing.T) {
	a := openApp(t, newFile(t))
	token, err := a.people.SignIn(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	var kept []byte
	if err := a.db.QueryRowContext(t.Context(), `SELECT token FROM sessions`).Scan(&kept); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(kept, []byte(token)) {
		t.Error("the token is in the file as it is")
	}
	if _, ok, _ := a.people.Session(t.Context(), string(kept)); ok {
		t.Error("what the file says is a token")
	}
}

func TestNames(t *testing.T) {
	a := openApp(t, newFile(t))
	for _, test := range []struct {
		of   conversation.Actor
		want string
	}{
		{conversation.Agent("ann"), "Ann Archer"},
		{conversation.Supervisor("sue"), "Sue Lindqvist"},
		{conversation.Bot("bot"), "Bot"},
		{conversation.Agent("nobody"), "nobody"},
		{conversation.Timer(), "timer"},
	} {
		if got := a.people.Name(test.of); got != test.want {
			t.Errorf("%s is called %q, want %q", test.of, got, test.want)
		}
	}
}

func TestPresence(t *testing.T) {
	a := openApp(t, newFile(t))
	vic := person{conversation.KindVisitor, "v-1", "Vic"}
	ann, _ := a.people.Find("ann")
	told := 0
	p := newPresence(a.desk, func() { told++ })
	online := func(want bool) {
		t.Helper()
		visitor, err := a.desk.Visitor(t.Context(), workspace, vic.ID)
		if err != nil || visitor.Online != want {
			t.Errorf("on the site: %v, %v; want %v", visitor.Online, err, want)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(p.Here(t.Context(), vic, "tab 1"))
	do(p.Here(t.Context(), vic, "tab 1"))
	do(p.Here(t.Context(), vic, "tab 2"))
	online(true)
	if told != 1 {
		t.Errorf("told %d times that a visitor came, want once", told)
	}
	do(p.Gone(t.Context(), vic, "tab 1"))
	do(p.Gone(t.Context(), vic, "tab 1"))
	online(true)
	do(p.Gone(t.Context(), vic, "tab 2"))
	online(false)

	do(p.Here(t.Context(), vic, "tab 3"))
	do(p.sweep(t.Context(), time.Now().Add(-lost)))
	online(true)
	do(p.sweep(t.Context(), time.Now().Add(time.Second)))
	online(false)

	do(p.Here(t.Context(), ann, "tab"))
	agent, err := a.desk.Agent(t.Context(), workspace, "ann")
	if err != nil || agent.Availability() != roster.Available {
		t.Errorf("the agent is %v, %v", agent.Availability(), err)
	}
}

// Who was there before a restart is there after it, until their pages had the time
// to come back.
func TestPresenceAfterARestart(t *testing.T) {
	file := newFile(t)
	a := openApp(t, file)
	vic := person{conversation.KindVisitor, "v-1", "Vic"}
	if err := a.people.Add(t.Context(), a.db, vic); err != nil {
		t.Fatal(err)
	}
	if err := a.presence.Here(t.Context(), vic, "tab"); err != nil {
		t.Fatal(err)
	}
	a = openApp(t, file)
	for _, step := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {14 * time.Second, true}, {16 * time.Second, false}} {
		if err := a.presence.sweep(t.Context(), time.Now().Add(step.after-lost)); err != nil {
			t.Fatal(err)
		}
		visitor, err := a.desk.Visitor(t.Context(), workspace, vic.ID)
		if err != nil || visitor.Online != step.want {
			t.Errorf("after %s on the site: %v, %v; want %v", step.after, visitor.Online, err, step.want)
		}
	}
}
