package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/adjourn/adjourn/lifecycle"
)

// Live tells open pages that something changed. It does not say what: a page that
// hears of it asks for itself anew, so that one that missed something, was
// disconnected, or slept has the whole picture with the next word.
type live struct {
	mu    sync.Mutex // guards pages
	pages map[chan struct{}]bool

	closed chan struct{}
}

func newLive() *live {
	return &live{pages: map[chan struct{}]bool{}, closed: make(chan struct{})}
}

// Close ends the streams of events, which would go on for ever. It is called once.
func (l *live) Close() { close(l.closed) }

// Changed tells all pages.
func (l *live) Changed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for page := range l.pages {
		select {
		case page <- struct{}{}:
		default: // it has not heard the last yet, and will see this too
		}
	}
}

// Listen returns a channel that receives when something changed since the last
// receive, and what ends that.
func (l *live) Listen() (changed <-chan struct{}, stop func()) {
	page := make(chan struct{}, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pages[page] = true
	return page, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.pages, page)
	}
}

// follow tells pages of whatever the Desk does, and now and then that time has
// passed, until ctx is done.
func (l *live) follow(ctx context.Context, desk *lifecycle.Desk, clock *demoClock) error {
	updates := desk.Subscribe(64) // a dropped one was followed by others
	defer updates.Close()
	seconds := time.NewTicker(time.Second)
	defer seconds.Stop()
	for passed := 0; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-updates.Updates():
		case <-seconds.C:
			if passed++; clock.Speed() == 1 && passed%15 != 0 {
				continue
			}
		}
		l.Changed()
	}
}

// events is the stream of server-sent events of a page. It begins with a word, so
// that a page that comes back, also after a restart, has what it missed. It ends
// with one, by which the page of somebody who was signed out learns it.
func (a *app) events(w http.ResponseWriter, r *http.Request) {
	changed, stop := a.live.Listen()
	defer stop()
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		_, _, ok, err := a.admitted(r)
		if word(w) != nil || !ok || err != nil {
			return
		}
		select {
		case <-r.Context().Done(): // the page is gone
			return
		case <-a.live.closed:
			return
		case <-changed:
		}
	}
}

// word writes one word of a stream. A page that does not read it in time is let go.
func word(w http.ResponseWriter) error {
	response := http.NewResponseController(w)
	if err := response.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprint(w, "retry: 1000\nevent: changed\ndata: now\n\n"); err != nil {
		return err
	}
	if err := response.Flush(); err != nil {
		return err
	}
	return response.SetWriteDeadline(time.Time{}) // until the next one it may be long
}
