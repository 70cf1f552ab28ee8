package main

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
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
