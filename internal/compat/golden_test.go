package compat

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

const suite = "compatibility"

// format is the directory of the present format: that of the records, conversations
// and policies that are written today.
const format = "v1"

var update = flag.Bool("update", false, "add the files of testdata that are missing; none is ever replaced")

// add writes a file that is not there yet.
func add(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// TestUpdate adds what is missing in testdata, with -update. It is to be run again
// to check what it wrote.
func TestUpdate(t *testing.T) {
	if !*update {
		t.Skip("without -update")
	}
	dir := filepath.Join("testdata", format)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	// A life may not say more than the members that it was written with.
	name := filepath.Join(dir, "members.txt")
	if err := add(name, membersToday().text()); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(name); err != nil || !bytes.Equal(text, membersToday().text()) {
		t.Fatalf("%s has other members than today's code: new lives belong in a new directory, which is named in format (%v)", name, err)
	}
	for name, tell := range lives {
		t.Run(name, func(t *testing.T) {
			text, err := retell(t, name, tell).text()
			if err != nil {
				t.Fatal(err)
			}
			if err := add(filepath.Join(dir, name+".life"), text); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestGolden: today's code decodes what every version has stored, writes it as the
// same bytes, evolves it to the same conversations, and answers the same about it.
func TestGolden(t *testing.T) {
	t.Parallel()
	all := golden(t)
	var sum Result
	events := map[string]bool{}
	states := map[string]bool{}
	for _, l := range all {
		r, err := l.Check(t.Context(), memory.New())
		if err != nil {
			t.Errorf("%s: %v", l.Name, err)
		}
		for _, d := range r.Differences {
			t.Error(d)
		}
		sum.Records += r.Records
		sum.States += r.States
		sum.Answers += r.Answers
		sum.Differences = append(sum.Differences, r.Differences...)
		for _, journal := range l.journals() {
			for _, e := range journal {
				var body struct{ Type string }
				if err := json.Unmarshal(e.Body, &body); err != nil {
					t.Fatal(err)
				}
				events[body.Type] = true
			}
		}
		for _, s := range l.states {
			c, err := conversation.Decode(s.State)
			if err != nil {
				t.Fatal(err)
			}
			states[string(c.State)] = true
		}
	}
	if len(all) < 30 {
		t.Errorf("%d lives, want at least 30", len(all))
	}
	if len(states) != len(conversation.States()) {
		t.Errorf("only the states %v occur", slices.Sorted(maps.Keys(states)))
	}
	for _, name := range eventNames(t) {
		if !events[name] {
			t.Errorf("no life has the event %s", name)
		}
	}
	proof.Count(t, proof.Figure{
		Suite: suite, Tried: int64(sum.Records + sum.States + sum.Answers), Trials: "golden values",
		Broken: int64(len(sum.Differences)), Breaks: "read or written otherwise",
		Details: fmt.Sprintf("%d lives, %d records, %d states, %d answers, %d event types",
			len(all), sum.Records, sum.States, sum.Answers, len(events)),
	})
}

func golden(t testing.TB) []Life {
	t.Helper()
	all, err := Lives()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// eventNames are the events that have been stored once, by the golden files of
// package conversation.
func eventNames(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../conversation/testdata/events/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("the golden events of package conversation: %v", err)
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(filepath.Base(file), ".json")
	}
	return files
}

// TestMembersStay: what the JSON of a version had is still there, under its name.
func TestMembersStay(t *testing.T) {
	t.Parallel()
	now := membersToday()
	for _, l := range golden(t) {
		for name := range l.known {
			if !now[name] && name != "" {
				t.Fatalf("%s knew %s, today's code does not", l.Format, name)
			}
		}
	}
}

// TestEveryMemberOccurs: a member of what is stored that no life has would be
// checked by nothing.
func TestEveryMemberOccurs(t *testing.T) {
	t.Parallel()
	known, err := membersOf(format)
	if err != nil {
		t.Fatal(err)
	}
	seen := members{}
	for _, l := range golden(t) {
		for _, s := range l.states {
			seen.see(t, known, "conversation", s.State)
		}
		for _, a := range l.answers {
			seen.see(t, known, a.Type, a.Answer)
		}
		for _, w := range l.writes {
			if w.Put != nil && w.Put.Key.Kind == storage.KindAgent {
				var body struct{ Data json.RawMessage }
				if err := json.Unmarshal(w.Put.Body, &body); err != nil {
					t.Fatal(err)
				}
				seen.see(t, known, "agents/*", body.Data)
			}
		}
	}
	for name := range seen {
		seen[typeOf.Replace(name)] = true
	}
	for name := range known {
		root, _, _ := strings.Cut(name, "/")
		stored := slices.Contains([]string{"conversation", "policies", "record", "agents", "groups"}, root)
		if stored && !seen[typeOf.Replace(name)] && !strings.HasSuffix(name, "/notes") { // stored apart
			t.Errorf("no life has %s", name)
		}
	}
}

// typeOf replaces the paths of what is of the same type by one.
var typeOf = strings.NewReplacer(
	"data/groups/*", "data/default", "idle/bot", "idle/assigned", "idle/waiting", "idle/assigned",
	"data/earlier/*/cycle", "data/cycle", "data/closing/cycle", "data/cycle", "data/earlier/*", "data/closing",
)

// see notes the members of JSON.
func (m members) see(t testing.TB, known members, of string, body json.RawMessage) {
	t.Helper()
	v, err := valueOf(body)
	if err != nil {
		t.Fatal(err)
	}
	m.walk(known, of, v)
}

func (m members) walk(known members, at string, v any) {
	m[at] = true
	switch v := v.(type) {
	case map[string]any:
		inside := known.inside(at, v)
		for name, value := range v {
			m.walk(known, known.below(at, inside, name), value)
			m[at+"/"+name] = true
		}
	case []any:
		for _, value := range v {
			m.walk(known, at+"/*", value)
		}
	}
}

// TestLivesAreToldAsTheyWere: the stories give today what they gave when their
// files were written. What a story gives that has changed on purpose gets a new
// name, and its file stays.
func TestLivesAreToldAsTheyWere(t *testing.T) {
	t.Parallel()
	for name, tell := range lives {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			was, err := testdata.ReadFile("testdata/" + format + "/" + name + ".life")
			if err != nil {
				t.Fatalf("%v: run the test with -update, which adds it", err)
			}
			now, err := retell(t, name, tell).text()
			if err != nil {
				t.Fatal(err)
			}
			if was, now := noClosings(was), noClosings(now); !bytes.Equal(was, now) {
				t.Errorf("the story gives something else today: %s", firstDifference(was, now))
			}
		})
	}
}

// noClosings makes one of the two ways in which a commit puts none: a store is told
// the same by an empty list and by no list.
func noClosings(life []byte) []byte {
	return bytes.ReplaceAll(life, []byte(`"Closings":null`), []byte(`"Closings":[]`))
}

func firstDifference(was, now []byte) string {
	w, n := strings.Split(string(was), "\n"), strings.Split(string(now), "\n")
	for i := range min(len(w), len(n)) {
		if w[i] != n[i] {
			return fmt.Sprintf("line %d\nwas %s\nis  %s", i+1, w[i], n[i])
		}
	}
	return fmt.Sprintf("%d lines, were %d", len(n), len(w))
}
