package main

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A page that has not heard the last word yet hears the next one with it.
func TestLiveChangesAreJoined(t *testing.T) {
	l := newLive()
	changed, stop := l.Listen()
	l.Changed()
	l.Changed()
	<-changed
	select {
	case <-changed:
		t.Error("it heard of two changes twice")
	default:
	}
	l.Changed()
	<-changed
	stop()
	l.Changed()
	select {
	case <-changed:
		t.Error("it heard of a change after it had stopped listening")
	default:
	}
	if n := len(l.pages); n != 0 {
		t.Errorf("%d pages are kept", n)
	}
}

// The stream of events begins with a word, so that pages that were away have what
// they missed, and ends when the page goes.
func TestEvents(t *testing.T) {
	a := &app{live: newLive()}
	server := httptest.NewServer(http.HandlerFunc(a.events))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("the content type is %q", got)
	}
	words := bufio.NewScanner(response.Body)
	word := func() string {
		var lines []string
		for words.Scan() && words.Text() != "" {
			lines = append(lines, words.Text())
		}
		return strings.Join(lines, "; ")
	}
	const want = "retry: 1000; event: changed; data: now"
	if got := word(); got != want {
		t.Errorf("the first word is %q, want %q", got, want)
	}
	a.live.Changed()
	if got := word(); got != want {
		t.Errorf("the word of a change is %q, want %q", got, want)
	}
}
