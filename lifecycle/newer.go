package lifecycle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
// the agent, the group or the policy for good, and with a closing, a cycle or a
// snooze wherever that one goes. A snooze that takes the place of another has nothing
// of it. An element of a list that says nothing of which it is, such as a step of a
// ladder, is the one that was alike, or else stood there in a list as long.
func keepUnknown(stored, known, next []byte) ([]byte, error) {
	if bytes.Equal(stored, known) { // nearly always
		return next, nil
	}
	u := unknown{members: map[string]object{}, elements: map[string]bool{}}
	u.collect("", stored, known)
	kept, err := u.addTo("", next)
	if err != nil {
		return nil, fmt.Errorf("keep what a newer version stored: %w", err)
	}
	return kept, nil
}

type (
	object = map[string]json.RawMessage
	list   = []json.RawMessage
)

// unknown is what a stored value has that this version does not know. Things have
// keys: their paths, or what tells them from others of their kind.
type unknown struct {
	members  map[string]object // by the key of the thing
	elements map[string]bool   // the keys of elements as they were
}

func (u unknown) collect(key string, stored, known json.RawMessage) {
	if s, k := read[object](stored), read[object](known); k != nil {
		for name, value := range s {
			if was, ok := k[name]; ok {
				u.collect(memberKey(key, name, was), value, was)
				continue
			}
			if u.members[key] == nil {
				u.members[key] = object{}
			}
			u.members[key][name] = value
		}
	}
	if s, k := read[list](stored), read[list](known); len(s) == len(k) {
		for i, was := range k {
			u.elements[alike(key, was)] = true
			u.collect(alike(key, was), s[i], was)
			u.collect(standing(key, i, k), s[i], was)
		}
	}
}

func (u unknown) addTo(key string, value json.RawMessage) (json.RawMessage, error) {
	if members := read[object](value); members != nil {
		for name, member := range members {
			var err error
			if members[name], err = u.addTo(memberKey(key, name, member), member); err != nil {
				return nil, err
			}
		}
		for name, member := range u.members[key] {
			if _, known := members[name]; !known {
				members[name] = member
			}
		}
		return json.Marshal(members)
	}
	if elements := read[list](value); elements != nil {
		now := read[list](value)
		for i, element := range now {
			at := alike(key, element)
			if !u.elements[at] {
				at = standing(key, i, now)
			}
			var err error
			if elements[i], err = u.addTo(at, element); err != nil {
				return nil, err
			}
		}
		return json.Marshal(elements)
	}
	return value, nil
}

// read returns the members of an object or the elements of a list, nil for anything
// else.
func read[T object | list](value json.RawMessage) T {
	var v T
	if json.Unmarshal(value, &v) != nil {
		return nil
	}
	return v
}

// whole is the path of what a stored value holds beside its format. There is one of
// it, whatever it says.
const whole = "/data"

// memberKey returns the key of a member.
func memberKey(parent, name string, value json.RawMessage) string {
	path := parent + "/" + name
	if is := identity(value); is != "" && path != whole {
		return name + is
	}
	return path
}

// alike returns the key of an element: the closings of a conversation are in a list
// when another came.
func alike(parent string, element json.RawMessage) string {
	if is := identity(element); is != "" {
		return "closing" + is
	}
	return parent + "=" + string(element)
}

func standing(parent string, i int, in list) string {
	if is := identity(in[i]); is != "" {
		return "closing" + is
	}
	return fmt.Sprintf("%s/%d of %d", parent, i, len(in))
}

// identity returns what tells a thing from others of its kind; empty for what has
// nothing of that.
func identity(value json.RawMessage) string {
	members := read[object](value)
	var is strings.Builder
	for _, name := range []string{"number", "at", "since", "asked_at", "offered_at"} {
		if v, ok := members[name]; ok {
			fmt.Fprintf(&is, " %s %s", name, v)
		}
	}
	return is.String()
}
