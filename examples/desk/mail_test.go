package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

func TestMailer(t *testing.T) {
	file := newFile(t)
	a := openApp(t, file)
	var log bytes.Buffer
	mails := func(want int) {
		t.Helper()
		a.log = slog.New(slog.NewTextHandler(&log, nil))
		if err := a.catchUp(t.Context(), "mailer", a.mailRequested); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(log.String(), "e-mail:"); got != want {
			t.Errorf("%d e-mails were sent, want %d:\n%s", got, want, log.String())
		}
	}
	if _, err := a.desk.SetPresence(t.Context(), workspace, "v-1", false); err != nil {
		t.Fatal(err)
	}
	if _, err := a.desk.SetEmail(t.Context(), workspace, "v-1", "vic@example.com"); err != nil {
		t.Fatal(err)
	}
	a.clock.AdvanceTo(a.clock.Now().Add(lifecycle.AwayGrace + time.Second))
	c := newBotChat(t, a, "chat")
	c.says("When do you open?")
	mails(0)
	c.botHears()
	deliveries, err := a.desk.Feed(t.Context(), "mailer", feedPage)
	if err != nil {
		t.Fatal(err)
	}
	mails(1)
	c.says("And where is my parcel?")
	c.botHears()
	mails(1) // the first is not read yet

	for _, d := range deliveries { // again, after a crash
		if err := a.mailRequested(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	mails(1)
	a = openApp(t, file)
	for _, d := range deliveries {
		if err := a.mailRequested(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	mails(1)

	c.a = a
	a.clock.AdvanceTo(a.clock.Now().Add(2 * lifecycle.AwayGrace))
	c.does(c.call.By, conversation.MarkRead{})
	c.says("Are there returns?")
	c.botHears()
	mails(2) // about what came since

	c.does(c.call.By, conversation.MarkRead{})
	c.says("Where is my invoice?")
	c.botHears()
	if _, err := a.desk.Forget(t.Context(), workspace, "v-1"); err != nil {
		t.Fatal(err)
	}
	mails(2) // there is no address any more

	for _, secret := range []string{"vic@", "example", "parcel", "Our shop"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}
