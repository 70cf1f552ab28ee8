package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/conversation"
)

func TestEmail(t *testing.T) {
	s := newShop(t)
	vic := s.visitor("Vic")
	kept := func(want string) {
		t.Helper()
		if got, err := s.desk.Visitor(t.Context(), workspace, vic.id); err != nil || got.Email != want {
			t.Errorf("the address is %q, want %q: %v", got.Email, want, err)
		}
	}
	for _, bad := range []string{"vic", "Vic <vic@example.com>", "vic@example.com\n", strings.Repeat("x", 300) + "@example.com"} {
		code, page := vic.send("/email", "email", bad+" x")
		if code != http.StatusUnprocessableEntity {
			t.Errorf("the address %q: %d", bad, code)
		}
		contains(t, page, `role="alert"`, `id="yourdata" open`)
	}
	kept("")
	vic.sent("/email", "email", " vic@example.com ")
	kept("vic@example.com")
	page := vic.page("/")
	contains(t, page, `<strong id="email-kept">vic@example.com</strong>`, "Remove the address")
	vic.sent("/email", "email", "")
	kept("")
	contains(t, vic.page("/"), `type="email"`)
}

func TestForgetMe(t *testing.T) {
	s := newShop(t)
	vic := s.visitor("Vic Quinn")
	_, id := vic.taken()
	s.must(s.desk.Say(t.Context(), s.call(id), "It comes tomorrow."))
	vic.sent("/email", "email", "vic@example.com")
	contains(t, vic.page("/"), "Vic Quinn", `<dialog id="forget-me"`)
	for range 2 {
		vic.sent("/forget")
	}
	page := vic.page("/")
	lacks(t, page, "Vic Quinn", "Where is my parcel?", "tomorrow", "vic@example.com")
	contains(t, page, `class="text erased"`)
	if got := s.people.Name(conversation.Visitor(vic.id)); got != "Visitor" {
		t.Errorf("the visitor is called %q", got)
	}
	again, err := openPeople(t.Context(), s.db)
	if err != nil {
		t.Fatal(err)
	}
	if got := again.Name(conversation.Visitor(vic.id)); got != "Visitor" {
		t.Errorf("the file has them as %q", got)
	}
	vic.sent("/say", "request", "later", "text", "Who am I?") // what is written later is kept again
	contains(t, vic.page("/"), "Who am I?")
}
