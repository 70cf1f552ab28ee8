package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/snooze"
)

func TestAskForPerson(t *testing.T) {
	s := newShop(t)
	first, vic := s.visitor("First"), s.visitor("Vic")
	for i, one := range []visitor{first, vic} {
		path, id := one.begun()
		contains(t, one.page("/"), "Talk to a person")
		for range 2 {
			one.sent(path+"/request-agent", "request", "ask")
		}
		page := one.page("/")
		lacks(t, page, "Talk to a person")
		n, err := s.desk.QueuePosition(t.Context(), workspace, id)
		if err != nil || i == 1 && n < 2 {
			t.Fatalf("the place in the queue: %d, %v", n, err)
		}
		contains(t, page, fmt.Sprintf("You are number %d in the queue.", n))
	}
	id := vic.chats()[0].ID
	s.must(s.desk.Take(t.Context(), s.call(id)))
	contains(t, vic.page("/"), "Zoe &lt;b&gt;Z&lt;/b&gt; is here for you.")
}

func TestEndOfChat(t *testing.T) {
	s := newShop(t)
	vic := s.visitor("Vic")
	path, id := vic.taken()
	contains(t, vic.page("/"), `<dialog id="end-chat"`, `commandfor="end-chat"`)
	for range 2 {
		vic.sent(path+"/close", "request", "end")
	}
	vic.sent(path+"/close", "request", "another-tab")
	page := vic.page("/")
	wantSaid(t, page, "mine Where is my parcel?", "notice The chat has ended")
	lacks(t, page, "End the chat", "unresolved")
	contains(t, page, `id="composer"`)
	got := s.get(id).Closing
	if got == nil || got.By != conversation.Visitor(vic.id) || got.Outcome != closure.Unresolved || got.Number != 1 {
		t.Errorf("the closing: %+v", got)
	}
}

// Who writes after the end goes on, or begins anew: the page says which.
func TestWritingAfterTheEnd(t *testing.T) {
	s := newShop(t)
	vic := s.visitor("Vic")
	_, id := vic.taken()
	s.closed(id)
	for range 2 {
		vic.sent("/say", "request", "again", "text", "And the lamp?")
	}
	before := []string{
		"mine Where is my parcel?", "notice The chat has ended",
		"notice Your conversation goes on", "mine And the lamp?",
	}
	wantSaid(t, vic.page("/"), before...)
	if got := s.get(id); !got.Open() {
		t.Errorf("the conversation is %s", got.State)
	}
	s.must(s.desk.Take(t.Context(), s.call(id)))
	s.closed(id)
	s.clock.AdvanceTo(s.clock.Now().Add(conversation.DefaultReopenWindow + time.Hour))
	for range 2 {
		vic.sent("/say", "request", "much-later", "text", "A new order")
	}
	chats := vic.chats()
	if len(chats) != 2 || chats[0].Previous != id {
		t.Fatalf("the conversations: %v", chats)
	}
	page := vic.page("/")
	wantSaid(t, page, "notice A new conversation", "mine A new order")
	earlier := "/conversations/" + id
	contains(t, page, "Earlier chats", vic.base+earlier)
	page = vic.page(earlier)
	wantSaid(t, page, append(before, "notice The chat has ended")...)
	lacks(t, page, `id="composer"`, `commandfor="end-chat"`)
}

// A reopening by the team comes before what they write then.
func TestReopenedByTheTeam(t *testing.T) {
	s := newShop(t)
	vic := s.visitor("Vic")
	_, id := vic.taken()
	s.closed(id)
	s.must(s.desk.Reopen(t.Context(), s.call(id)))
	s.must(s.desk.Say(t.Context(), s.call(id), "One more thing."))
	wantSaid(t, vic.page("/"), "mine Where is my parcel?", "notice The chat has ended",
		"notice Your conversation goes on", "theirs One more thing.")
}

// What was not seen counts, until the page says that it was: asking for pages
// changes nothing.
func TestUnread(t *testing.T) {
	s := newShop(t)
	vic := s.visitor("Vic")
	path, id := vic.taken()
	say := func(text string) { s.must(s.desk.Say(t.Context(), s.call(id), text)) }
	unread := func(want int) {
		t.Helper()
		if got, err := s.desk.UnreadCount(t.Context(), workspace, vic.id); err != nil || got != want {
			t.Errorf("%d are unread, want %d: %v", got, want, err)
		}
	}
	lacks(t, vic.page("/"), "data-read")
	lacks(t, vic.page("/?chat=closed"), `id="unread"`)
	say("It comes tomorrow.")
	say("Is there anything else?")
	version := s.get(id).Version
	folded, open := vic.page("/?chat=closed"), vic.page("/")
	contains(t, folded, `<span class="badge" id="unread">2</span>`, "<title>(2) ")
	lacks(t, folded, "tomorrow", "data-read", `id="composer"`)
	read := fmt.Sprintf("%s/read?up_to=%d", path, version)
	contains(t, open, "It comes tomorrow.", fmt.Sprintf(`data-read="%s%s"`, vic.base, read))
	if got := s.get(id).Version; got != version {
		t.Errorf("showing pages recorded something: version %d, was %d", got, version)
	}
	unread(2)
	if code, _ := vic.do(get(t, vic.server+vic.base+read)); code == http.StatusNoContent {
		t.Error("a GET says that it was read")
	}
	for _, bad := range []string{"", "?up_to=0", "?up_to=-1", "?up_to=x"} {
		if code, _ := vic.send(path + "/read" + bad); code != http.StatusNotFound {
			t.Errorf("read%s: %d", bad, code)
		}
	}
	unread(2)

	say("Hello?") // after the page was shown
	vic.sent(read)
	unread(1)
	contains(t, vic.page("/?chat=closed"), `<span class="badge" id="unread">1</span>`, "unread answer<")
	vic.sent(fmt.Sprintf("%s/read?up_to=%d", path, s.get(id).Version))
	unread(0)
	lacks(t, vic.page("/"), "data-read", "<title>(")
}

// Answers in an earlier conversation can be found, and read.
func TestUnreadInAnEarlierChat(t *testing.T) {
	s := newShop(t)
	vic := s.visitor("Vic")
	path, id := vic.taken()
	s.must(s.desk.Say(t.Context(), s.call(id), "It comes tomorrow."))
	s.closed(id)
	s.clock.AdvanceTo(s.clock.Now().Add(conversation.DefaultReopenWindow + time.Hour))
	vic.sent("/say", "request", "later", "text", "Hello?")
	page := vic.page("/")
	contains(t, page, vic.base+path, `<span class="badge">1</span>`)
	lacks(t, page, "data-read")
	contains(t, vic.page(path), fmt.Sprintf(`data-read="%s%s/read?up_to=%d"`, vic.base, path, s.get(id).Version))
}

func TestTyping(t *testing.T) {
	s := newShop(t)
	vic := s.visitor("Vic")
	lacks(t, vic.page("/"), "data-typing")
	path, id := vic.taken()
	s.must(s.desk.Say(t.Context(), s.call(id), "Which parcel?"))
	contains(t, vic.page("/"), fmt.Sprintf(`data-typing="%s%s/typing"`, vic.base, path))
	s.clock.AdvanceTo(s.clock.Now().Add(time.Minute))
	vic.sent(path + "/typing")
	journal, err := s.desk.History(t.Context(), workspace, id, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if last := journal[len(journal)-1].Event; last != (conversation.Typed{}) {
		t.Errorf("the last event is %#v", last)
	}
}

func TestBlockedVisitor(t *testing.T) {
	s := newShop(t)
	vic := s.visitor("Vic")
	path, id := vic.begun()
	s.must(s.desk.Block(t.Context(), s.call(id)))
	page := vic.page("/")
	contains(t, page, "You cannot write in this chat.")
	lacks(t, page, `id="composer"`, "Talk to a person", "is blocked")
	for _, form := range []string{"/say", path + "/request-agent"} {
		code, page := vic.send(form, "request", "r9", "text", "Let me in")
		if code != http.StatusConflict {
			t.Errorf("%s: %d", form, code)
		}
		contains(t, page, "You cannot write in this chat.")
		lacks(t, page, "is blocked")
	}
	if code, page := vic.send(path + "/typing"); code != http.StatusNoContent || page != "" {
		t.Errorf("typing: %d, %q", code, page)
	}
	wantSaid(t, vic.page("/"), "mine Where is my parcel?")
	s.must(s.desk.Unblock(t.Context(), s.call(id)))
	contains(t, vic.page("/"), `id="composer"`)
}

// What the idle rules write comes from the team.
func TestFollowUps(t *testing.T) {
	a := &app{people: &people{}}
	lines := a.chatLines(page{}, []conversation.Record{
		{Seq: 1, By: conversation.Visitor("v"), Event: conversation.Opened{Visitor: "v", To: conversation.StateBot}},
		{Seq: 2, By: conversation.Bot("bot"), Event: conversation.Said{Text: "Hello"}},
		{Seq: 3, By: conversation.Timer(), Event: conversation.FollowedUp{Text: "Are you still there?"}},
		{Seq: 4, By: conversation.System("shop"), Event: conversation.Said{Text: "We close early today."}},
	})
	var got []string
	for _, line := range lines {
		got = append(got, line.Kind+", "+line.Name+": "+line.Text)
	}
	want := "theirs, Bot: Hello\ntheirs, The team: Are you still there?\ntheirs, The team: We close early today."
	if strings.Join(got, "\n") != want {
		t.Errorf("the chat: %q", got)
	}
}

// That a conversation was put aside, or that its visitor is blocked, is not said.
func TestStatusOfWhatSleeps(t *testing.T) {
	s := newShop(t)
	vic := s.visitor("Vic")
	_, id := vic.taken()
	status := func() string { return element(t, vic.page("/"), "chat-status") }
	for _, test := range []struct {
		how  conversation.Snooze
		want string
	}{
		{conversation.Snooze{Until: snooze.For(snooze.Short)}, "Zoe <b>Z</b> is here for you."},
		{conversation.Snooze{Until: snooze.For(snooze.Short), OnReply: snooze.StayAsleep}, "Zoe <b>Z</b> will be back."},
		{conversation.Snooze{Until: snooze.For(snooze.Short), OnReply: snooze.StayAsleep, AtEnd: snooze.Release}, "We will get back to you."},
	} {
		s.must(s.desk.Snooze(t.Context(), s.call(id), test.how))
		if got := status(); got != test.want {
			t.Errorf("snoozed, it says %q, want %q", got, test.want)
		}
	}
	s.must(s.desk.Wake(t.Context(), s.call(id)))
	s.must(s.desk.HandBack(t.Context(), s.call(id)))
	s.must(s.desk.Block(t.Context(), s.call(id)))
	if got := status(); got != "" {
		t.Errorf("blocked, it says %q", got)
	}
}
