package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

// A pipeListener is a server's in a bubble of synctest, where time passes only when
// all wait.
type pipeListener struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{connections: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.connections:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return loopback }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.connections <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A served is an application that is served, with somebody signed in.
type served struct {
	t        *testing.T
	app      *app
	listener *pipeListener
	client   *http.Client
	cookie   string

	stop  func()
	ended chan error
}

const pipeSite = "http://localhost:8088"

func serveOnPipes(t *testing.T) *served {
	t.Helper()
	s := &served{t: t, app: openApp(t, newFile(t)), listener: newPipeListener(), ended: make(chan error, 1)}
	transport := &http.Transport{DialContext: s.listener.dial, ExpectContinueTimeout: time.Hour}
	t.Cleanup(transport.CloseIdleConnections)
	s.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	token, err := s.app.people.SignIn(t.Context(), "ann")
	check(t, err)
	s.cookie = token
	ctx, stop := context.WithCancel(t.Context())
	s.stop = stop
	t.Cleanup(func() { s.app.clock.AdvanceTo(time.Now().Add(farAhead)) }) // ends what waits for it
	go func() { s.ended <- s.app.serve(ctx, s.listener) }()
	return s
}

// stops stops the server and returns how long it took.
func (s *served) stops() time.Duration {
	s.t.Helper()
	began := time.Now()
	s.stop()
	check(s.t, <-s.ended)
	return time.Since(began)
}

func (s *served) request(method, path string, body io.Reader) *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, pipeSite+path, body)
	check(s.t, err)
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: s.cookie})
	return r
}

// events opens a stream of events, and reads the first line.
func (s *served) events() (*http.Response, *bufio.Reader) {
	s.t.Helper()
	response, err := s.client.Do(s.request(http.MethodGet, "/agents/ann/events", nil))
	check(s.t, err)
	lines := bufio.NewReader(response.Body)
	if line, err := lines.ReadString('\n'); err != nil || line != "retry: 1000\n" {
		s.t.Fatalf("the stream begins with %q, %v", line, err)
	}
	return response, lines
}

// A command that is on its way when the server stops is done, and its answer says so.
func TestStopDuringACommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serveOnPipes(t)
		call := lifecycle.Call{Workspace: workspace, Conversation: "c-1", By: conversation.Visitor("v-1")}
		_, err := s.app.desk.Open(t.Context(), call, conversation.Open{ForAgent: true})
		check(t, err)
		_, err = s.app.desk.SetAvailability(t.Context(), workspace, "ann", roster.Manual, roster.Available)
		check(t, err)
		_, err = s.app.desk.Take(t.Context(), call.As(conversation.Agent("ann")))
		check(t, err)

		body, form := io.Pipe()
		r := s.request(http.MethodPost, "/agents/ann/conversations/c-1/say", body)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Expect", "100-continue")
		reading := make(chan struct{})
		r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(reading) }}))
		answer := make(chan string, 1)
		go func() {
			response, err := s.client.Do(r)
			if err != nil {
				answer <- err.Error()
				return
			}
			response.Body.Close()
			answer <- response.Status
		}()
		<-reading // the handler is at work
		s.stop()
		<-s.listener.closed
		_, err = io.WriteString(form, url.Values{"request": {"r-1"}, "text": {"Hello"}}.Encode())
		check(t, err)
		check(t, form.Close())
		if got := <-answer; got != "303 See Other" {
			t.Errorf("the answer is %q", got)
		}
		check(t, <-s.ended)
		journal, err := s.app.desk.History(t.Context(), workspace, "c-1", 0, 0)
		check(t, err)
		if said, ok := journal[len(journal)-1].Event.(conversation.Said); !ok || said.Text != "Hello" {
			t.Errorf("the last that happened is %+v", journal[len(journal)-1].Event)
		}
	})
}

// Streams of events end when the server stops: nothing waits for them.
func TestStopDuringEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serveOnPipes(t)
		response, lines := s.events()
		defer response.Body.Close()
		read := make(chan error, 1)
		go func() {
			_, err := io.Copy(io.Discard, lines)
			read <- err
		}()
		synctest.Wait()
		if took := s.stops(); took >= time.Second {
			t.Errorf("it took %s to stop", took)
		}
		if err := <-read; err != nil {
			t.Errorf("the stream ended with %v", err)
		}
	})
}

// Browsers open connections in advance. They hold up nobody for long.
func TestStopWithAnUnusedConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serveOnPipes(t)
		c, err := s.listener.dial(t.Context(), "", "")
		check(t, err)
		defer c.Close()
		synctest.Wait()
		began := time.Now()
		s.stops()
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the connection is open: %v", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s to stop", took)
		}
	})
}

// A request that ended is not answered as if it had been done.
func TestRequestThatEnded(t *testing.T) {
	a := openApp(t, newFile(t))
	token, err := a.people.SignIn(t.Context(), "ann")
	check(t, err)
	ctx, end := context.WithCancel(t.Context())
	end()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, pipeSite+"/agents/ann/availability", strings.NewReader("to=unavailable"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: token})
	w := httptest.NewRecorder()
	a.handler(loopback).ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("the answer is %d", w.Code)
	}
}

// A page that reads nothing any more is let go.
func TestStuckReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serveOnPipes(t)
		response, _ := s.events()
		defer response.Body.Close()
		synctest.Wait()
		pages := func() int {
			s.app.live.mu.Lock()
			defer s.app.live.mu.Unlock()
			return len(s.app.live.pages)
		}
		if n := pages(); n != 1 {
			t.Fatalf("%d pages listen", n)
		}
		for range 60 { // the client's own buffers take some words
			s.app.live.Changed()
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		if n := pages(); n != 0 {
			t.Errorf("%d pages that read nothing are waited for", n)
		}
		s.stops()
	})
}
