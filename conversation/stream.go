package conversation

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A stream writes JSON as encoding/json does, or reads what was written so. What
// is stored says once, in its method members, which members it has and in which
// order: writing and reading are the same walk over them, without reflection.
//
// A stream reads nothing but what one writes. All else that JSON allows, such as
// white space, another order, unknown members or null, makes it fail, and so does
// what cannot be written. Then encoding/json does it all again, and decides what it
// means, or which error it is.
type stream struct {
	reading bool
	failed  bool

	body []byte // all that there is to read, or what was written but for the last
	at   int    // how much of it was read

	// last is what was written last. It is part of the stream so that the body is
	// made once, when its length is known.
	last [2048]byte
	n    int
}

func (s *stream) fail() {
	s.failed = true
	s.at = len(s.body) // nothing comes next
}

// done reports whether all was read.
func (s *stream) done() bool { return !s.failed && s.at == len(s.body) }

// written returns what was written; ok is false if that failed.
func (s *stream) written() (body []byte, ok bool) {
	return append(slices.Clip(s.body), s.last[:s.n]...), !s.failed
}

// tail returns what was written last, to append to it and hand it to wrote.
func (s *stream) tail() []byte { return s.last[:s.n] }

func (s *stream) wrote(tail []byte) {
	if cap(tail) > len(s.last) { // it has grown out of last, and may be as short by now
		tail = s.overflow(tail)
	}
	s.n = len(tail)
}

// overflow leaves the last byte, which the next member looks at.
func (s *stream) overflow(tail []byte) []byte {
	end := len(tail) - 1
	s.body = append(s.body, tail[:end]...)
	return append(s.last[:0], tail[end])
}

// literal writes what always stands there, or goes past it.
func (s *stream) literal(text string) {
	switch {
	case !s.reading:
		s.wrote(append(s.tail(), text...))
	case !s.skip(text):
		s.fail()
	}
}

// skip goes past text, if it comes next.
func (s *stream) skip(text string) bool {
	rest := s.body[s.at:]
	if len(rest) < len(text) || string(rest[:len(text)]) != text {
		return false
	}
	s.at += len(text)
	return true
}

// Whether a member is written, as its tag says. Flags and lists are never written
// when they are empty.
type presence bool

const (
	always    presence = false
	omitempty presence = true
	omitzero  presence = true
)

// member writes the name of a member that is present, or goes past it if it comes
// next. It reports whether the value follows.
func (s *stream) member(name string, present bool) bool {
	if s.reading {
		return s.skipName(name)
	}
	if present {
		s.wrote(s.named(name))
	}
	return present
}

// named is tail with the name of a member, to append its value.
func (s *stream) named(name string) []byte {
	tail := s.tail()
	if tail[len(tail)-1] != '{' {
		tail = append(tail, ',')
	}
	tail = append(tail, '"')
	tail = append(tail, name...)
	return append(tail, '"', ':')
}

func (s *stream) skipName(name string) bool {
	if s.failed {
		return false
	}
	quote := s.at
	if s.body[quote-1] != '{' {
		quote++ // after a comma
	}
	first := quote + 1
	end := first + len(name)
	if end+2 > len(s.body) || s.body[first] != name[0] || // which tells most apart
		string(s.body[first:end]) != name || s.body[quote] != '"' || s.body[end] != '"' || s.body[end+1] != ':' ||
		quote > s.at && s.body[s.at] != ',' {
		return false
	}
	s.at = end + 2
	return true
}

// begin is member for an object: its members follow, and then end.
func (s *stream) begin(name string, present bool) bool {
	is := s.member(name, present)
	if is {
		s.literal("{")
	}
	return is
}

func (s *stream) end() { s.literal("}") }

func text[S ~string](s *stream, name string, v *S, when presence) {
	if !s.reading {
		s.writeText(name, string(*v), when)
	} else if s.skipName(name) {
		*v = S(s.readText())
	}
}

// code is text that is nearly always one of a few: reading those costs no memory.
func code[S ~string](s *stream, name string, v *S, when presence) {
	if !s.reading {
		s.writeText(name, string(*v), when)
	} else if s.skipName(name) {
		*v = S(s.readCode())
	}
}

func (s *stream) writeText(name, v string, when presence) {
	if when == always || v != "" {
		s.wrote(appendText(s.named(name), v))
	}
}

func number[N ~int | ~int64](s *stream, name string, v *N, when presence) {
	switch {
	case s.reading:
		if s.skipName(name) {
			*v = readNumber[N](s)
		}
	case when == always || *v != 0:
		s.wrote(strconv.AppendInt(s.named(name), int64(*v), 10))
	}
}

func flag(s *stream, name string, v *bool) {
	switch {
	case s.reading:
		if s.skipName(name) {
			s.literal("true") // false is left out
			*v = true
		}
	case *v:
		s.wrote(append(s.named(name), "true"...))
	}
}

func instant(s *stream, name string, v *time.Time, when presence) {
	switch {
	case s.reading:
		if s.skipName(name) {
			s.readInstant(v)
		}
	case when == always || !v.IsZero():
		tail, err := v.AppendText(append(s.named(name), '"'))
		if err != nil {
			s.fail()
		}
		s.wrote(append(tail, '"'))
	}
}

func texts[S ~string](s *stream, name string, list *[]S) {
	if !s.member(name, len(*list) > 0) {
		return
	}
	for i := 0; element(s, list, i); i++ {
		if s.reading {
			(*list)[i] = S(s.readText())
		} else {
			s.wrote(appendText(s.tail(), string((*list)[i])))
		}
	}
}

func codes[S ~string](s *stream, name string, list *[]S) {
	if !s.member(name, len(*list) > 0) {
		return
	}
	for i := 0; element(s, list, i); i++ {
		if s.reading {
			(*list)[i] = S(s.readCode())
		} else {
			s.wrote(appendText(s.tail(), string((*list)[i])))
		}
	}
}

func numbers[N ~int | ~int64](s *stream, name string, list *[]N) {
	if !s.member(name, len(*list) > 0) {
		return
	}
	for i := 0; element(s, list, i); i++ {
		if s.reading {
			(*list)[i] = readNumber[N](s)
		} else {
			s.wrote(strconv.AppendInt(s.tail(), int64((*list)[i]), 10))
		}
	}
}

// element goes to element i of a list, which it makes longer when reading. At the
// end it goes past the list and reports false. No list is empty: see [presence].
func element[T any](s *stream, list *[]T, i int) bool {
	switch {
	case i == 0:
		s.literal("[")
	case s.reading && s.skip("]"):
		return false
	case !s.reading && i == len(*list):
		s.literal("]")
		return false
	default:
		s.literal(",")
	}
	if s.reading {
		var zero T
		*list = append(*list, zero)
	}
	return !s.failed
}

// target returns what a pointer points to: when reading, a new value.
func target[T any](s *stream, v **T) *T {
	if s.reading {
		*v = new(T)
	}
	return *v
}

func appendText(b []byte, v string) []byte {
	for i := range len(v) {
		if !plain[v[i]] {
			quoted, _ := json.Marshal(v) // no string is an error
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, v...)
	return append(b, '"')
}

// plain are the bytes that stand for themselves in a string.
var plain = func() (is [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		is[c] = !strings.ContainsRune(`"\<>&`, rune(c))
	}
	return is
}()

func (s *stream) readText() string {
	if v, ok := s.readPlain(); ok {
		return string(v)
	}
	return s.readEscaped()
}

func (s *stream) readCode() string {
	v, ok := s.readPlain()
	if !ok {
		return s.readEscaped()
	}
	if known, ok := knownCodes[string(v)]; ok {
		return known
	}
	return string(v)
}

// readPlain reads a string whose bytes stand for themselves. Otherwise it goes
// nowhere.
func (s *stream) readPlain() (v []byte, ok bool) {
	rest := s.body[s.at:]
	if len(rest) == 0 || rest[0] != '"' {
		return nil, false
	}
	end := 1
	for end < len(rest) && plain[rest[end]] {
		end++
	}
	if end == len(rest) || rest[end] != '"' {
		return nil, false
	}
	s.at += end + 1
	return rest[1:end], true
}

func (s *stream) readEscaped() (v string) {
	rest := s.body[s.at:]
	if len(rest) == 0 || rest[0] != '"' {
		s.fail()
		return ""
	}
	end := 1
	for end < len(rest) && rest[end] != '"' {
		if rest[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(rest) || json.Unmarshal(rest[:end+1], &v) != nil {
		s.fail()
		return ""
	}
	s.at += end + 1
	return v
}

// readNumber reads a whole number of at most 18 digits, which is in range.
func readNumber[N ~int | ~int64](s *stream) N {
	negative := s.skip("-")
	digits, v := s.at, int64(0)
	for s.at < len(s.body) && '0' <= s.body[s.at] && s.body[s.at] <= '9' {
		v = 10*v + int64(s.body[s.at]-'0')
		s.at++
	}
	n := s.at - digits
	if n == 0 || n > 18 || n > 1 && s.body[digits] == '0' || int64(N(v)) != v {
		s.fail()
	}
	if negative {
		return N(-v)
	}
	return N(v)
}

func (s *stream) readInstant(v *time.Time) {
	rest := s.body[s.at:]
	end := 1 + bytes.IndexByte(rest[min(1, len(rest)):], '"')
	if end == 0 || v.UnmarshalJSON(rest[:end+1]) != nil {
		s.fail()
		return
	}
	s.at += end + 1
}
