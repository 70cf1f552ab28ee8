package memory

import (
	"cmp"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// A place is that of a conversation among others that are ordered by an instant.
// Each conversation has half a dozen of them: they are kept small.
type place struct {
	at int64 // in Unix microseconds
	of *conversation
}

func comparePlaces(a, b place) int {
	if c := cmp.Compare(a.at, b.at); c != 0 {
		return c
	}
	return a.of.key.Compare(b.of.key)
}

func placeAt(at time.Time, of *conversation) place { return place{at.UnixMicro(), of} }

// placeOf is where a conversation of that name stands, or would stand, which need
// not exist.
func placeOf(at time.Time, key storage.Key) place {
	return placeAt(at, &conversation{key: key})
}

// placeFrom is before every conversation at or after a bound, which need not be in
// whole microseconds, and behind all others.
func placeFrom(bound time.Time) place {
	return placeOf(bound.Add(time.Microsecond-1), storage.Key{})
}
