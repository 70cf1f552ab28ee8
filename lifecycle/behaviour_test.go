package lifecycle_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/internal/behaviour"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// TestBehaviour: every sentence about people, visitors and views, on the memory
// store.
func TestBehaviour(t *testing.T) {
	t.Parallel()
	behaviour.Run(t, func(*testing.T) storage.Store { return memory.New() })
}

// A saboteur is a Desk that breaks some sentences.
type saboteur struct {
	name    string
	router  lifecycle.Router
	store   func(storage.Store) storage.Store // nil: as it is
	chapter string                            // of the sentences that must catch it
	caught  []string
}

var saboteurs = []saboteur{
	{
		name: "ignores the capacity", store: func(s storage.Store) storage.Store { return roomy{s} },
		chapter: "seats", caught: []string{
			"nobody gets more than they have seats", "whoever becomes known has the seats that they had",
			"a seat that is taken while something is decided is not there", "seats are never overfilled by races",
		},
	},
	{
		name: "overfills only where commits meet", store: func(s storage.Store) storage.Store { return overfilling{s} },
		chapter: "seats", caught: []string{"a seat that is taken while something is decided is not there"},
	},
	{
		name: "takes what it saw of an agent for the present", store: func(s storage.Store) storage.Store { return believing{s} },
		chapter: "agents", caught: []string{
			"who leaves while something is decided gets nothing new", "who leaves while something is routed gets nothing new",
		},
	},
	{
		name: "decides the end of a wait on what it saw of the agent", store: func(s storage.Store) storage.Store { return believing{s} },
		chapter: "away", caught: []string{"back while the end is being decided, nothing happens"},
	},
	{
		name: "logs out without looking again", store: func(s storage.Store) storage.Store { return believing{s} },
		chapter: "logout", caught: []string{
			"a conversation that comes just before the log-out is stored keeps it from being",
		},
	},
	{
		name: "names always the first", router: firstOfAll{},
		chapter: "routing", caught: []string{
			"the least loaded gets it, by the share of the seats", "conversations that come together are spread",
			"of the least loaded, who has been idle for longest gets it",
		},
	},
	{
		name: "does not notice a seat that is freed", store: func(s storage.Store) storage.Store { return forgetful{s} },
		chapter: "waiting", caught: []string{
			"the next free agent gets it, when she closes one", "the next free agent gets it, when she snoozes one",
			"also after a crash of the node that accepted the change, when she closes one",
		},
	},
	{
		name: "serves the newest first", store: func(s storage.Store) storage.Store { return backward{s} },
		chapter: "waiting", caught: []string{"waiting is served oldest first", "a nagging visitor does not lose the place"},
	},
	{
		name: "shows one workspace to another", store: func(s storage.Store) storage.Store { return leaky{s} },
		chapter: "workspaces", caught: []string{
			"agents of another workspace are unknown and get nothing", "views of another workspace are empty",
		},
	},
	{
		name: "keeps addresses", store: func(s storage.Store) storage.Store { return keeping{s} },
		chapter: "email", caught: []string{"forgetting a visitor erases the address, and nothing is asked for any more"},
	},
	{
		name: "lets another have it a moment early", store: func(s storage.Store) storage.Store { return early{s} },
		chapter: "away", caught: []string{"after 24 hours another agent of the same group gets it, to the microsecond"},
	},
}

// inSabotage is set where saboteurs run: in a process of its own, because they
// fail their tests.
const inSabotage = "BEHAVIOUR_SABOTAGED"

// TestSabotage shows that the sentences fail for Desks that break them.
func TestSabotage(t *testing.T) {
	if os.Getenv(inSabotage) != "" {
		for _, s := range saboteurs {
			t.Run(s.name, func(t *testing.T) {
				behaviour.RunWith(t, lifecycle.Options{Router: s.router}, func(*testing.T) storage.Store {
					if s.store == nil {
						return memory.New()
					}
					return s.store(memory.New())
				})
			})
		}
		return
	}
	t.Parallel()
	for _, s := range saboteurs {
		t.Run(s.name, func(t *testing.T) {
			failed := sabotaged(t, s)
			for _, sentence := range s.caught {
				if !slices.Contains(failed, underscored(sentence)) {
					t.Errorf("%q does not catch it; these do: %q", sentence, failed)
				}
			}
		})
	}
}

var failure = regexp.MustCompile(`(?m)^ +--- FAIL: TestSabotage/[^/\n]+/[^/\n]+/(.+) \(`)

// sabotaged returns the sentences that a saboteur breaks, of its chapter.
func sabotaged(t *testing.T, s saboteur) (failed []string) {
	t.Helper()
	self, err := os.Executable()
	check(t, err)
	pattern := "^TestSabotage$/^" + regexp.QuoteMeta(underscored(s.name)) + "$/^" + s.chapter + "$"
	cmd := exec.Command(self, "-test.run="+pattern, "-test.v", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), inSabotage+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil || bytes.Contains(out, []byte("panic: ")) || bytes.Contains(out, []byte("WARNING: DATA RACE")) {
		t.Fatalf("error %v, want sentences to fail:\n%s", err, out)
	}
	for _, m := range failure.FindAllSubmatch(out, -1) {
		failed = append(failed, string(m[1]))
	}
	return failed
}

func underscored(name string) string { return strings.ReplaceAll(name, " ", "_") }

// A firstOfAll router names the first candidate.
type firstOfAll struct{}

func (firstOfAll) Route(_ context.Context, r lifecycle.Routing) (string, error) {
	return r.Candidates[0].Agent, nil
}

// A roomy store has room on every seat.
type roomy struct{ storage.Store }

func (s roomy) Record(ctx context.Context, k storage.RecordKey) (storage.Record, error) {
	r, err := s.Store.Record(ctx, k)
	r.Seats = 0
	return r, err
}

func (s roomy) Commit(ctx context.Context, c storage.Commit) error {
	c.Seen.Overfill = true
	return s.Store.Commit(ctx, c)
}

// An overfilling store counts seats only where it is asked for them.
type overfilling struct{ storage.Store }

func (s overfilling) Commit(ctx context.Context, c storage.Commit) error {
	c.Seen.Overfill = true
	return s.Store.Commit(ctx, c)
}

// A believing store takes what was seen of an agent for what they are.
type believing struct{ storage.Store }

func (s believing) Commit(ctx context.Context, c storage.Commit) error {
	if c.Seen.Agent != "" {
		r, err := s.Record(ctx, storage.RecordKey{Workspace: c.Key.Workspace, Kind: storage.KindAgent, ID: c.Seen.Agent})
		if err != nil {
			return err
		}
		c.Seen.Version = r.Version
	}
	return s.Store.Commit(ctx, c)
}

func (s believing) Put(ctx context.Context, r storage.Record) error {
	present, err := s.Record(ctx, r.Key)
	if err != nil {
		return err
	}
	r.Version, r.SeatMoves = present.Version, present.SeatMoves
	return s.Store.Put(ctx, r)
}

// A forgetful store has nothing done when a seat is freed.
type forgetful struct{ storage.Store }

func (s forgetful) Commit(ctx context.Context, c storage.Commit) error {
	loaded, err := s.Load(ctx, c.Key, "")
	if err != nil {
		return err
	}
	if err := s.Store.Commit(ctx, c); err != nil || loaded.Head.Seat == "" || loaded.Head.Seat == c.Head.Seat {
		return err
	}
	r, err := s.Record(ctx, storage.RecordKey{Workspace: c.Key.Workspace, Kind: storage.KindAgent, ID: loaded.Head.Seat})
	if err != nil || r.Version == 0 {
		return err
	}
	r.Due = time.Time{}
	return s.Settle(ctx, r)
}

// A backward store has every view the other way round.
type backward struct{ storage.Store }

func (s backward) View(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
	q.Newest = !q.Newest
	return s.Store.View(ctx, q, limit)
}

// A leaky store takes every workspace for one.
type leaky struct{ storage.Store }

func (s leaky) Record(ctx context.Context, k storage.RecordKey) (storage.Record, error) {
	r, err := s.Store.Record(ctx, k)
	if err == nil && r.Version == 0 {
		k.Workspace = "test"
		return s.Store.Record(ctx, k)
	}
	return r, err
}

func (s leaky) View(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
	q.Workspace = "test"
	return s.Store.View(ctx, q, limit)
}

// A keeping store erases no address.
type keeping struct{ storage.Store }

func (s keeping) Erase(ctx context.Context, workspace, visitor string) (int, error) {
	key := storage.RecordKey{Workspace: workspace, Kind: storage.KindVisitor, ID: visitor}
	before, err := s.Record(ctx, key)
	if err != nil {
		return 0, err
	}
	n, err := s.Store.Erase(ctx, workspace, visitor)
	if err != nil {
		return n, err
	}
	after, err := s.Record(ctx, key)
	if err != nil {
		return n, err
	}
	after.Text = before.Text
	return n, s.Put(ctx, after)
}

// An early store says of agents that they left a moment before they did.
type early struct{ storage.Store }

func (s early) Commit(ctx context.Context, c storage.Commit) error {
	for i, e := range c.Events {
		if bytes.Contains(e.Body, []byte("assignee_left")) {
			c.Events[i].Body = sooner(e.Body)
			c.Head.Body, c.Head.Due = sooner(c.Head.Body), c.Head.Due.Add(-time.Microsecond)
		}
	}
	return s.Store.Commit(ctx, c)
}

// sooner moves 10:00:00 sharp, when the agent of that sentence leaves.
func sooner(body []byte) []byte {
	return bytes.ReplaceAll(body, []byte(`"2026-03-02T10:00:00Z"`), []byte(`"2026-03-02T09:59:59.999999Z"`))
}
