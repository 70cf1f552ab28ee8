package roster_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/adjourn/adjourn/roster"
)

// What Decode takes, it writes as something that it takes for the same, and nothing
// that can be asked of it panics.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		"", "null", "{}", `{"v":1}`, `{"v":2,"data":7}`, `{"v":1,"data":{"id":"ann","groups":["a","b"],"capacity":3,"manual":"available","since":"2026-03-02T09:00:00Z"}}`,
		`{"v":1,"data":{"id":"a","removed":true,"into":"b"}}`, `{"v":1,"data":{"capacity":-9223372036854775808,"lost_at":"0001-01-01T00:00:00.000000001Z"}}`,
		`{"v":1,"data":{"id":"\ud800"}}`, "{\"v\":1,\"data\":{\"id\":\"\xff\"}}", `{"v":1e400}`, `{"v":1,"data":{"since":"9999-12-31T23:59:59-23:59"}}`,
	} {
		f.Add([]byte(body), int64(time.Minute))
	}
	f.Fuzz(func(t *testing.T, body []byte, grace int64) {
		if a, err := roster.Decode[roster.Agent](body); err == nil {
			again(t, a)
			_ = a.Check()
			now := a.Since.Add(time.Hour)
			for _, b := range []roster.Agent{a.Expire(now, time.Duration(grace)), a.With(roster.Automatic, roster.Unset, now, time.Duration(grace)), a.LoggedOut(now), a.Gone(now), a.Leave("a")} {
				if b.ID != a.ID || b.Removed && b.TakesNew() {
					t.Errorf("%+v became %+v", a, b)
				}
			}
			if a.TakesNew() && a.Availability() != roster.Available {
				t.Errorf("%+v takes new conversations and is %q", a, a.Availability())
			}
		}
		g, err := roster.Decode[roster.Group](body)
		if err == nil {
			again(t, g)
		} else if errors.Is(err, roster.ErrNewer) && !bytes.Contains(body, []byte("v")) && !bytes.Contains(body, []byte(`\u`)) && !bytes.Contains(body, []byte("V")) {
			t.Errorf("%q is of a newer version", body)
		}
	})
}

func again[T roster.Agent | roster.Group](t *testing.T, v T) {
	t.Helper()
	first, err := roster.Encode(v)
	if err != nil {
		return // what JSON can read and not write
	}
	second, err := roster.Decode[T](first)
	if err != nil {
		t.Fatalf("%s does not decode: %v", first, err)
	}
	if third, err := roster.Encode(second); err != nil || !bytes.Equal(first, third) {
		t.Fatalf("written twice:\n%s\n%s\n%v", first, third, err)
	}
}
