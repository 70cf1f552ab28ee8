package conversation_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
)

// addFiles gives a target the golden files as first inputs.
func addFiles(f *testing.F, pattern string) {
	f.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		f.Fatalf("%s: %d files, %v", pattern, len(names), err)
	}
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
}

// fuzzBodies are bodies that are nearly what is stored.
var fuzzBodies = []string{
	"", "null", "{}", "[]", `{"v":1}`, `{"v":2}`, `{"v":-1}`, `{"v":1e400}`, `{"v":"1"}`, `{"v":1,"data":null}`, `{"v":1,"data":[]}`, "{\"v\":1,\"data\":\"\xff\"}",
	`{"v":1,"seq":1,"type":"said"}`, `{"v":1,"seq":-9223372036854775808,"type":"said","data":{"marks":["x"]}}`, `{"v":1,"type":"new","data":{"a":1e999}}`,
	`{"v":1,"type":"\ud800"}`, `{"v":1,"at":"0000-01-01T00:00:00Z","type":"typed","data":{}}`, `{"v":1,"at":"9999-12-31T23:59:59.999999999-23:59","type":"typed","data":{}}`,
	`{"v":1,"data":{"version":1,"state":"closed","closing":{}}}`, `{"v":1,"data":{"version":1,"state":"snoozed","agent":"a","snooze":{}}}`,
	`{"v":1,"data":{"version":1,"state":"assigned","agent":"a","silence":{"step":9223372036854775807}}}`,
}

// DecodeRecord is the plain way. What it takes, it writes as something that it takes
// for the same; and Evolve applies it, whatever it is, without a panic.
func FuzzDecodeRecord(f *testing.F) {
	addFiles(f, "testdata/events/*.json")
	for _, body := range fuzzBodies {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if diff := realCodec.apartInRecord(body); diff != "" {
			t.Fatal(diff)
		}
		r, err := conversation.DecodeRecord(body)
		if err != nil {
			checkDecodeError(t, err)
			return
		}
		if diff, _ := realCodec.apartFromRecord(r); diff != "" {
			t.Fatal(diff)
		}
		again, err := conversation.EncodeRecord(r)
		if err != nil { // what JSON can read and not write, such as a year in a zone that makes it 10000
			return
		}
		second, err := conversation.DecodeRecord(again)
		if err != nil {
			t.Fatalf("%s does not decode: %v", again, err)
		}
		third, err := conversation.EncodeRecord(second)
		if err != nil || !bytes.Equal(again, third) {
			t.Fatalf("written twice:\n%s\n%s\n%v", again, third, err)
		}
		conversation.Evolve(conversation.Conversation{Workspace: "w", ID: "c"}, r)
		conversation.Recount("w", "c", []conversation.Record{r, r})
	})
}

// Decode is the plain way. What it takes can be worked with: no command and no
// question panics, and it is written as something that Decode takes for the same.
func FuzzDecode(f *testing.F) {
	addFiles(f, "testdata/conversation*.json")
	for _, body := range fuzzBodies {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if diff := realCodec.apartIn(body); diff != "" {
			t.Fatal(diff)
		}
		c, err := conversation.Decode(body)
		if err != nil {
			checkDecodeError(t, err)
			return
		}
		if diff, _ := realCodec.apartFrom(c); diff != "" {
			t.Fatal(diff)
		}
		again, err := conversation.Encode(c)
		if err != nil {
			return
		}
		second, err := conversation.Decode(again)
		if err != nil {
			t.Fatalf("%s does not decode: %v", again, err)
		}
		if third, err := conversation.Encode(second); err != nil || !bytes.Equal(again, third) {
			t.Fatalf("written twice:\n%s\n%s\n%v", again, third, err)
		}
		work(c)
	})
}

// work gives every command of every kind of actor, and asks every question.
func work(c conversation.Conversation) {
	for _, policy := range []conversation.Policy{{}, {Bot: true, NotifyByEmail: true, Survey: conversation.Asking{Offer: true}}} {
		for _, now := range []time.Time{start, start.AddDate(7000, 0, 0)} {
			f := conversation.Facts{Now: now, Policy: policy, AwayWithEmail: true, Tags: []string{"late"}}
			for _, by := range []conversation.Actor{{Kind: conversation.KindVisitor, ID: "vic"}, conversation.Agent("ann"), conversation.Supervisor("sue"), conversation.Bot(""), conversation.System(""), conversation.Timer()} {
				conversation.Allowed(c, by, f)
				for _, command := range conversation.Commands() {
					plain := modelPlain(command.Name(), by, &c)
					events, err := conversation.Decide(c, conversation.Request{By: by, Command: plain, AsOf: max(c.Version, 0)}, f)
					if err == nil {
						after, _ := conversation.Append(c, by, now, events)
						conversation.NextDue(after, policy)
						after.Closings()
					}
				}
			}
		}
		conversation.Next(c, policy)
	}
	c.Closings()
}

// What DecodePolicies takes and Check allows is written as something that is the
// same.
func FuzzDecodePolicies(f *testing.F) {
	addFiles(f, "testdata/policies.json")
	for _, body := range append(fuzzBodies, `{"v":1,"data":{"groups":{"a b":{}}}}`, `{"v":1,"data":{"default":{"idle":{"bot":{"steps":[{"after":1,"action":"close"}]}}}}}`,
		`{"v":1,"data":{"default":{"reopen_window":9223372036854775807}}}`, `{"v":1,"data":{"tags":["",""]}}`) {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := conversation.DecodePolicies(body)
		if err != nil {
			checkDecodeError(t, err)
			return
		}
		if err := p.Check(); err != nil {
			if !errors.Is(err, conversation.ErrInvalid) || len(err.Error()) > 1<<10 {
				t.Fatalf("Check: %.2000v", err)
			}
			return
		}
		again, err := conversation.EncodePolicies(p)
		if err != nil {
			t.Fatal(err)
		}
		second, err := conversation.DecodePolicies(again)
		if err != nil || second.Check() != nil {
			t.Fatalf("%s: %v, %v", again, err, second.Check())
		}
		if third, err := conversation.EncodePolicies(second); err != nil || !bytes.Equal(again, third) {
			t.Fatalf("written twice:\n%s\n%s\n%v", again, third, err)
		}
		for group := range p.Groups {
			if !reflect.DeepEqual(p.For(group), p.Groups[group]) {
				t.Fatalf("the policy of %q is another", group)
			}
		}
	})
}

func checkDecodeError(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, conversation.ErrInvalid) {
		t.Fatalf("what is stored is not somebody's input: %v", err)
	}
}

// A byteSource makes choices of bytes, one for each, so that a fuzzer that changes
// a byte changes one choice. When they are used up it goes on by itself.
type byteSource struct {
	left []byte
	more rand.Source
}

func (s *byteSource) Uint64() uint64 {
	if len(s.left) == 0 {
		return s.more.Uint64()
	}
	b := s.left[0]
	s.left = s.left[1:]
	return uint64(b) * 0x0101010101010101 // whichever bits are looked at
}

// fuzzLife lives the life that bytes mean, and returns how machine and model come
// apart in it.
func fuzzLife(machine modelMachine, life []byte) modelFailure {
	source := &byteSource{left: life, more: rand.NewPCG(1, 2)}
	rng := rand.New(source)
	tally := modelNewTally()
	f := modelFailure{machine: machine}
	if len(life) > 0 && life[0] == 0xff {
		f.first = conversation.MaxHistory - conversation.Version(1+rng.IntN(60))
	}
	pair := modelNewPair(machine, &tally, f.first)
	for len(source.left) > 0 && len(f.moves) < 150 {
		f.moves = append(f.moves, modelInvent(rng, pair))
		if f.diff = pair.play(f.moves[len(f.moves)-1]); f.diff != "" {
			return f
		}
	}
	f.diff = pair.checkJournal()
	return f
}

// Bytes are a stream of commands, on which machine and model agree.
func FuzzModel(f *testing.F) {
	for seed := range uint64(16) {
		life := make([]byte, 1000)
		rand.NewChaCha8([32]byte{byte(seed)}).Read(life)
		f.Add(life)
	}
	f.Add(bytes.Repeat([]byte{0xff}, 300))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, life []byte) {
		if len(life) > 1200 {
			t.Skip("longer than a life")
		}
		if failure := fuzzLife(modelReal(), life); failure.diff != "" {
			t.Fatal(failure.shrunk())
		}
	})
}

// TestFuzzModelCatches: the lives of bytes find planted bugs too.
func TestFuzzModelCatches(t *testing.T) {
	t.Parallel()
	lives := make([][]byte, 400)
	rng := rand.NewChaCha8([32]byte{7})
	for i := range lives {
		lives[i] = make([]byte, 1500)
		rng.Read(lives[i])
	}
	caught := 0
	common := modelBugs[:5]
	for _, bug := range common {
		machine := modelReal()
		bug.plant(&machine)
		for _, life := range lives {
			if fuzzLife(machine, life).diff != "" {
				caught++
				break
			}
		}
	}
	if caught < len(common) {
		t.Errorf("%d of %d planted bugs were found", caught, len(common))
	}
}
