package main

import (
	"bufio"
	"context"
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

// listen opens the stream of events of a page. What it returns reads a word, or an
// empty one when the stream has ended.
func (s seat) listen() (word func() string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	s.t.Cleanup(cancel)
	response, err := s.client.Do(get(s.t, s.base+"/events").WithContext(ctx))
	check(s.t, err)
	s.t.Cleanup(func() { response.Body.Close() })
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		s.t.Errorf("the content type is %q", got)
	}
	lines := bufio.NewScanner(response.Body)
	return func() string {
		var word []string
		for lines.Scan() && lines.Text() != "" {
			word = append(word, lines.Text())
		}
		return strings.Join(word, "; ")
	}
}

const changedWord = "retry: 1000; event: changed; data: now"

// The stream of events begins with a word, so that pages that were away have what
// they missed.
func TestEvents(t *testing.T) {
	o := newOffice(t)
	word := o.signIn("tom").listen()
	for range 3 {
		if got := word(); got != changedWord {
			t.Errorf("the word is %q, want %q", got, changedWord)
		}
		o.live.Changed()
	}
}

// Who was signed out hears of that, and of nothing more.
func TestEventsAfterTheSession(t *testing.T) {
	for name, end := range map[string]func(o office) error{
		"logged out": func(o office) error { return o.signOut(t.Context(), o.personOf("tom")) },
		"removed": func(o office) error {
			return o.removeAgent(t.Context(), o.personOf("sue"), o.personOf("tom"), nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			tom, una := o.signIn("tom").listen(), o.signIn("una").listen()
			for _, word := range []func() string{tom, una} {
				if got := word(); got != changedWord {
					t.Fatalf("the first word is %q", got)
				}
			}
			o.check(end(o))
			var words []string
			for word := tom(); word != ""; word = tom() {
				words = append(words, word)
			}
			if len(words) == 0 || len(words) > 2 { // one for each change
				t.Errorf("they hear %q", words)
			}
			if got := una(); got != changedWord {
				t.Errorf("another hears %q", got)
			}
		})
	}
}
