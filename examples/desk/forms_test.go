package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// What cannot be read, and what is too long, is said so, and nothing is done.
func TestFormsThatCannotBeRead(t *testing.T) {
	a := openApp(t, newFile(t))
	client, server := newBrowser(t, a)
	status(t, client, post(t, server+"/sign-in", url.Values{"agent": {"sue"}}))
	for _, route := range []string{"conversations/c-1/say", "conversations/c-1/close", "logout/c-1/hand-back", "team", "settings"} {
		long := post(t, server+"/agents/sue/"+route, url.Values{"text": {strings.Repeat("x", 2<<20)}})
		if got, _ := status(t, client, long); got != http.StatusRequestEntityTooLarge {
			t.Errorf("%s, too long: %d", route, got)
		}
		bad, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server+"/agents/sue/"+route, strings.NewReader("a=%zz"))
		if err != nil {
			t.Fatal(err)
		}
		bad.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got, _ := status(t, client, bad); got != http.StatusBadRequest {
			t.Errorf("%s, not a form: %d", route, got)
		}
	}
}

// One ID is good for one form: what was changed since is said, wherever it is sent.
func TestFormsThatWereChanged(t *testing.T) {
	a := openApp(t, newFile(t))
	client, server := newBrowser(t, a)
	status(t, client, post(t, server+"/sign-in", url.Values{"agent": {"ann"}}))
	if err := a.presence.Here(t.Context(), personOf(t, a, "ann"), "tab"); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"conversations", "logout"} {
		id := "c-" + page
		chat := lifecycle.Call{Workspace: workspace, Conversation: id}
		if _, err := a.desk.Open(t.Context(), chat.As(conversation.Visitor("vic")), conversation.Open{ForAgent: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := a.desk.Take(t.Context(), chat.As(conversation.Agent("ann"))); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			to   string
			want int
		}{{"agent:ben", http.StatusSeeOther}, {"agent:ben", http.StatusSeeOther}, {"agent:sue", http.StatusConflict}} {
			r := post(t, server+"/agents/ann/"+page+"/"+id+"/transfer", url.Values{"to": {step.to}, "request": {"one"}})
			if got, _ := status(t, client, r); got != step.want {
				t.Errorf("%s, to %s: %d, want %d", page, step.to, got, step.want)
			}
		}
	}
}

// Nobody waits in a group that there is not.
func TestGroupsThatThereAreNot(t *testing.T) {
	a := openApp(t, newFile(t))
	client, server := newBrowser(t, a)
	status(t, client, post(t, server+"/sign-in", url.Values{"agent": {"sue"}}))
	if err := a.presence.Here(t.Context(), personOf(t, a, "sue"), "tab"); err != nil {
		t.Fatal(err)
	}
	chat := lifecycle.Call{Workspace: workspace, Conversation: "c-1"}
	if _, err := a.desk.Open(t.Context(), chat.As(conversation.Visitor("vic")), conversation.Open{ForAgent: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.desk.Take(t.Context(), chat.As(conversation.Supervisor("sue"))); err != nil {
		t.Fatal(err)
	}
	for route, form := range map[string]url.Values{
		"conversations/c-1/transfer": {"to": {"group:ghosts"}},
		"logout/c-1/transfer":        {"to": {"group:ghosts"}},
		"team/ben/logout":            {"fate": {"transfer"}, "group": {"ghosts"}},
	} {
		if got, _ := status(t, client, post(t, server+"/agents/sue/"+route, form)); got != http.StatusNotFound {
			t.Errorf("%s: %d", route, got)
		}
	}
	if c, err := a.desk.Get(t.Context(), workspace, "c-1"); err != nil || c.State != conversation.StateAssigned {
		t.Errorf("it is %s, %v", c.State, err)
	}
}

// Names that show nothing are none.
func TestNamesThatShowNothing(t *testing.T) {
	for name, want := range map[string]string{
		"\u200b\u2060": "", " \t\n": "", "a\u202eb": "ab", "\u200bAnn \u00ad Archer": "Ann Archer", "Zoë": "Zoë",
	} {
		if got, err := checkName(name); got != want || err != nil {
			t.Errorf("%q is %q, %v; want %q", name, got, err, want)
		}
	}
	if _, err := checkName("a\xff"); err == nil {
		t.Error("what is no UTF-8 is a name")
	}
}

func personOf(t *testing.T, a *app, id string) person {
	t.Helper()
	one, ok := a.people.Find(id)
	if !ok {
		t.Fatalf("nobody is %s", id)
	}
	return one
}
