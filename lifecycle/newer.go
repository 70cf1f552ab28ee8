package lifecycle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/roster"
)

// rewrite returns the encoding of next, which replaces what is stored, with all
// that the stored body has and this version of the library does not know: a newer
// one, on another node, may have written it. A later format is not replaced, and what
// is damaged is replaced whole.
func rewrite[T any](stored []byte, decode func([]byte) (T, error), encode func(T) ([]byte, error), next T) ([]byte, error) {
	body, err := encode(next)
	if err != nil || len(stored) == 0 {
		return body, err
	}
	was, err := decode(stored)
	switch {
	case errors.Is(err, conversation.ErrNewer) || errors.Is(err, roster.ErrNewer):
		return nil, err
	case err != nil:
		return body, nil
	}
	known, err := encode(was)
	if err != nil {
		return nil, err
	}
	return keepUnknown(stored, known, body)
}

// keepUnknown returns next with all that stored has beyond known, which is what
// this version of the library reads of it.
//
// What is unknown stays with the thing that it is said of: with the conversation,
// the agent, the group or the policy, and with a closing, a cycle or a snooze wherever
// that one goes. A snooze that takes the place of another has nothing of it. An element
// of a list that says nothing of which it is, such as a step of a ladder, is the one
// that was equal, or else stood there in a list as long.
func keepUnknown(stored, known, next []byte) ([]byte, error) {
	if bytes.Equal(stored, known) { // nearly always
		return next, nil
	}
	var s, k, n any
	if err := errors.Join(parse(stored, &s), parse(known, &k), parse(next, &n)); err != nil {
		return nil, fmt.Errorf("keep what a newer version stored: %w", err)
	}
	m := merger{things: map[string]pair{}}
	m.find("", pair{s, k})
	if !m.found {
		return next, nil
	}
	m.keep("", pair{s, k}, n)
	return json.Marshal(n)
}

type object = map[string]any

// parse reads numbers as they are written.
func parse(body []byte, into *any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	return d.Decode(into)
}

// A pair is what is stored of something, and what this version knows of it.
type pair struct{ stored, known any }

func (p pair) member(name string) pair {
	s, _ := p.stored.(object)
	k, _ := p.known.(object)
	return pair{s[name], k[name]}
}

// elements returns nothing if the lists are not alike.
func (p pair) elements() []pair {
	s, _ := p.stored.([]any)
	k, _ := p.known.([]any)
	if len(s) != len(k) {
		return nil
	}
	all := make([]pair, len(s))
	for i := range s {
		all[i] = pair{s[i], k[i]}
	}
	return all
}

// A merger knows what is stored of the things that go from place to place.
type merger struct {
	things map[string]pair // by their identity
	found  bool            // something is unknown
}

// find looks through all that is stored.
func (m *merger) find(name string, p pair) {
	if id := identity(name, p.known); id != "" {
		m.things[id] = p
	}
	stored, _ := p.stored.(object)
	if known, ok := p.known.(object); ok {
		for name := range stored {
			if _, ok := known[name]; !ok {
				m.found = true
				continue
			}
			m.find(name, p.member(name))
		}
	}
	for _, e := range p.elements() {
		m.find("closing", e)
	}
}

// keep adds to next what is unknown of p, or of the thing that next is.
func (m *merger) keep(name string, p pair, next any) {
	if id := identity(name, next); id != "" {
		p = m.things[id]
	}
	switch next := next.(type) {
	case object:
		known, _ := p.known.(object)
		for name, value := range next {
			m.keep(name, p.member(name), value)
		}
		if stored, ok := p.stored.(object); ok && known != nil {
			for name, value := range stored {
				if _, ok := known[name]; !ok && next[name] == nil {
					next[name] = value
				}
			}
		}
	case []any:
		for i, was := range pairUp(p.elements(), next) {
			m.keep("closing", was, next[i])
		}
	}
}

// pairUp returns for each element the one that it was: the equal one, at best in
// its place, or else what stood in its place in a list as long.
func pairUp(was []pair, next []any) []pair {
	of := make([]pair, len(next))
	done, taken := make([]bool, len(next)), make([]bool, len(was))
	take := func(i, j int) { of[i], done[i], taken[j] = was[j], true, true }
	for i := range min(len(was), len(next)) {
		if reflect.DeepEqual(was[i].known, next[i]) {
			take(i, i)
		}
	}
	for i := range next {
		for j := 0; j < len(was) && !done[i]; j++ {
			if !taken[j] && reflect.DeepEqual(was[j].known, next[i]) {
				take(i, j)
			}
		}
	}
	for i := range next {
		if len(was) == len(next) && !done[i] && !taken[i] {
			take(i, i)
		}
	}
	return of
}

// identity returns what tells a member or an element from others of its name;
// empty for what has nothing of that. What a body holds has none: there is one of it.
func identity(name string, value any) string {
	members, _ := value.(object)
	if name == "data" {
		return ""
	}
	var is strings.Builder
	for _, by := range []string{"number", "at", "since", "asked_at", "offered_at"} {
		if v, ok := members[by]; ok {
			fmt.Fprintf(&is, " %s %v", by, v)
		}
	}
	if is.Len() == 0 || name == "" {
		return ""
	}
	return name + is.String()
}
