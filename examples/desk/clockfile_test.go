package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The clock does not go back with a restart, whether the process ended or was
// killed, and goes as usual after it.
func TestClockAfterARestart(t *testing.T) {
	for name, test := range map[string]struct {
		do     func(click func(path, name, value string))
		ahead  time.Duration // of the real time, at least
		killed time.Duration // how much further ahead, at most, if the process was killed
	}{
		"never touched": {func(func(path, name, value string)) { time.Sleep(time.Hour) }, 0, 0},
		"fast": {func(click func(path, name, value string)) {
			click("/speed", "speed", "4")
			time.Sleep(time.Minute)
		}, 59 * time.Hour, 4 * time.Hour},
		"fast, just now": {func(click func(path, name, value string)) {
			click("/speed", "speed", "4")
			time.Sleep(time.Millisecond)
		}, 3 * time.Second, 4 * time.Hour},
		"a day skipped": {func(click func(path, name, value string)) { click("/skip", "by", "day") }, 24 * time.Hour, 30 * time.Second},
		"a day skipped, a while ago": {func(click func(path, name, value string)) {
			click("/skip", "by", "day")
			time.Sleep(time.Hour + 29*time.Second)
		}, 24 * time.Hour, 30 * time.Second},
		"an hour skipped while it is fast": {func(click func(path, name, value string)) {
			click("/speed", "speed", "2")
			click("/skip", "by", "hour")
		}, time.Hour, 4 * time.Minute},
		"fast, then as usual": {func(click func(path, name, value string)) {
			click("/speed", "speed", "4")
			time.Sleep(10 * time.Second)
			click("/speed", "speed", "0")
			time.Sleep(10 * time.Hour)
		}, 9 * time.Hour, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				file := newFile(t)
				a := openApp(t, file)
				ctx, stop := context.WithCancel(t.Context())
				go a.kept.run(ctx, func(err error) { t.Error(err) })
				test.do(clicker(t, a))
				stop()
				synctest.Wait()
				showed := a.clock.Now()
				if ahead := time.Until(showed); ahead < test.ahead {
					t.Errorf("the clock is %s ahead, want %s", ahead, test.ahead)
				}
				goesOn := func(how string, atMost time.Duration) {
					t.Helper()
					next := openApp(t, file)
					if on := next.clock.Now().Sub(showed); on < 0 || on > atMost {
						t.Errorf("%s, the clock went on by %s, want at most %s", how, on, atMost)
					}
					if speed := next.clock.Speed(); speed != 1 {
						t.Errorf("%s, it goes %d times as fast", how, speed)
					}
				}
				goesOn("killed", test.killed)
				check(t, a.kept.Close())
				goesOn("ended", 0)
			})
		})
	}
}

// While the real time goes by, nothing is written.
func TestClockIsKeptWhenItMatters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := openApp(t, newFile(t))
		ctx, stop := context.WithCancel(t.Context())
		go a.kept.run(ctx, func(err error) { t.Error(err) })
		changes := func() (n int) {
			t.Helper()
			check(t, a.db.QueryRowContext(t.Context(), `SELECT coalesce(sum(shows), 0) FROM clock`).Scan(&n))
			return n
		}
		time.Sleep(time.Hour)
		if n := changes(); n != 0 {
			t.Errorf("the file says %d", n)
		}
		clicker(t, a)("/skip", "by", "hour")
		before := changes()
		time.Sleep(20 * time.Second)
		if after := changes(); after != before {
			t.Error("the file was written for a few seconds")
		}
		stop()
		synctest.Wait()
	})
}

// clicker returns what sends a form of Ann's.
func clicker(t *testing.T, a *app) func(path, name, value string) {
	t.Helper()
	token, err := a.people.SignIn(t.Context(), "ann")
	check(t, err)
	pages := a.handler(loopback)
	return func(path, name, value string) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, pipeSite+"/agents/ann"+path, strings.NewReader(url.Values{name: {value}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: token})
		w := httptest.NewRecorder()
		if pages.ServeHTTP(w, r); w.Code != http.StatusSeeOther {
			t.Fatalf("%s %s=%s: %d", path, name, value, w.Code)
		}
	}
}
