package main

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/snooze"
)

func TestSnoozing(t *testing.T) {
	t.Parallel()
	a := openDesk(t, nil)
	ann := agentUser(t, a, "ann")
	opens(t, a, "c1", "Vic", "Hello?")
	ann.Does("c1", "take-form", nil)
	recommended := func(want string) {
		t.Helper()
		page := ann.Sees("c1")
		if got := page.Value("snooze-form", "until"); got != want {
			t.Errorf("%s is chosen, want %s", got, want)
		}
		if got := strings.Count(page.body, ">recommended<"); got != 1 {
			t.Errorf("%d choices are recommended", got)
		}
		if got := page.Value("snooze-form", "keep"); got != "on" {
			t.Errorf("keep is %q", got)
		}
	}
	recommended("24h")
	if _, err := a.desk.SetPresence(t.Context(), workspace, "v-c1", true); err != nil {
		t.Fatal(err)
	}
	recommended("3h")

	at := a.clock.Now().Local().Add(50 * time.Hour).Truncate(time.Minute)
	page := ann.Does("c1", "snooze-form", url.Values{"until": {"clock"}, "at": {at.Format(localTime)}, "asleep": {"on"}})
	page.wants(t, "the advice", page.body, "That is a long snooze")
	c := stands(t, a, "c1", conversation.StateSnoozed, "ann")
	if !c.Snooze.At.Equal(at) || c.Snooze.OnReply != snooze.StayAsleep {
		t.Errorf("the snooze is %+v, want one until %v", *c.Snooze, at)
	}
	visitorSays(t, a, "c1", "Hello again")
	page = ann.Sees("c1")
	page.wants(t, "the hint", page.body, "The visitor has written; it stays asleep")
	page = ann.Does("c1", "snooze-form", url.Values{"until": {"3h"}})
	if strings.Contains(page.body, "That is a long snooze") {
		t.Error("three hours are a long snooze")
	}
	ann.Does("c1", "snooze-form", url.Values{"until": {"reply"}, "asleep": {"on"}})
	visitorSays(t, a, "c1", "Hello?")
	stands(t, a, "c1", conversation.StateAssigned, "ann")
}
