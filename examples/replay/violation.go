package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// A violation is a promise of the library, broken.
type violation struct {
	key        storage.Key
	line, step int
	after      string // what was done
	what       string
}

func (v *violation) Error() string {
	if v.key == (storage.Key{}) {
		return fmt.Sprintf("after %s: %s", v.after, v.what)
	}
	return fmt.Sprintf("conversation %s of workspace %s (line %d), step %d, after %s: %s",
		v.key.Conversation, v.key.Workspace, v.line, v.step, v.after, v.what)
}

func (k *checker) broken(key storage.Key, after, format string, args ...any) error {
	v := &violation{key: key, after: after, what: fmt.Sprintf(format, args...)}
	if s := k.shadows[key]; s != nil {
		v.line, v.step = s.family.Line, s.steps
	}
	return v
}

// difference lists the fields in which two encoded conversations differ.
func difference(stored, folded []byte) string {
	type encoded struct {
		Data map[string]json.RawMessage `json:"data"`
	}
	var a, b encoded
	if json.Unmarshal(stored, &a) != nil || json.Unmarshal(folded, &b) != nil {
		return fmt.Sprintf("%.1000q, not %.1000q", stored, folded)
	}
	fields := maps.Clone(b.Data)
	maps.Copy(fields, a.Data)
	var lines []string
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if !bytes.Equal(a.Data[field], b.Data[field]) {
			lines = append(lines, fmt.Sprintf("%s is %s, not %s", field, or(a.Data[field], "none"), or(b.Data[field], "none")))
		}
	}
	return strings.Join(lines, ", ")
}

func or(value []byte, none string) string {
	if len(value) == 0 {
		return none
	}
	return string(value)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "no time"
	}
	return t.UTC().Format("2006-01-02T15:04:05.999999Z")
}
