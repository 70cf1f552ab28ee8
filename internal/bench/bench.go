package bench

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
)

// A Row is a comparison: a line of the table, and a section of
// BENCHMARKS.md.
type Row struct {
	Name string // one word, for -only
	What string // what is measured, in a few words
	Note string // what exactly each side does: paragraphs of Markdown

	// Open builds what the cases measure. What it opens is closed by what it
	// gives to [Env.Cleanup].
	Open func(ctx context.Context, e *Env) ([]Case, error)
}

// A Case is a size, a number of callers or a command.
type Case struct {
	Name    string
	Sides   []Side // ours first
	Targets []Target
}

// A Side is one of those compared. Run measures it once.
type Side struct {
	Name string
	Run  func(ctx context.Context) (Sample, error)
}

// A Sample is what one run measured, by unit. The units of Go's benchmarks are
// NsPerOp, AllocsPerOp and BytesPerOp; less is better in all.
type Sample map[string]float64

// Units of samples.
const (
	NsPerOp     = "ns/op"
	AllocsPerOp = "allocs/op"
	BytesPerOp  = "B/op"
)

// A Target is what a case has to reach.
type Target struct {
	Unit    string // empty: NsPerOp
	Side    string // empty: the first
	Against string // empty: AtMost is a bound of Side's own value

	// AtLeast: Side is so many times as good as Against, which means that it
	// needs less; the usual way to compare speeds. Zero: it is not asked.
	AtLeast float64

	// AtMost: Side's value is at most so many times Against's. Zero, with
	// AtLeast: it is not asked.
	AtMost float64
}

// An Env is what the rows run in.
type Env struct {
	Rounds int
	Quick  bool      // sizes that only show that a row works
	Dir    string    // for files, on a disk
	Log    io.Writer // of what is going on

	cluster *pgtest.Cluster
	cleanup []func()
	notes   []string
}

// Size returns n, or quick in a quick run.
func (e *Env) Size(n, quick int) int {
	if e.Quick {
		return quick
	}
	return n
}

// Logf says what is going on.
func (e *Env) Logf(format string, args ...any) { fmt.Fprintf(e.Log, format+"\n", args...) }

// Notef adds a paragraph of Markdown to the row's section, such as a plan.
func (e *Env) Notef(format string, args ...any) {
	e.notes = append(e.notes, fmt.Sprintf(format, args...))
}

// Cleanup has f called when the row is over, the last first.
func (e *Env) Cleanup(f func()) { e.cleanup = append(e.cleanup, f) }

// Postgres returns a server of the row's own that keeps what was committed, as
// one does by default: fsync and synchronous_commit are on. Settings are further
// ones, such as "shared_buffers=1GB", and are those of the first call.
func (e *Env) Postgres(settings ...string) (*pgtest.Cluster, error) {
	if e.cluster != nil {
		return e.cluster, nil
	}
	c, err := pgtest.Start(pgtest.Options{Durable: true, Settings: settings})
	if err != nil {
		return nil, err
	}
	e.cluster = c
	e.Cleanup(func() { c.Stop(); e.cluster = nil })
	return c, nil
}

func (e *Env) close() {
	for _, f := range slices.Backward(e.cleanup) {
		f()
	}
	e.cleanup, e.notes = nil, nil
	runtime.GC()
}

// Run measures a row.
func (e *Env) Run(ctx context.Context, r Row) (Result, error) {
	defer e.close()
	dir, err := os.MkdirTemp(e.Dir, "bench")
	if err != nil {
		return Result{}, err
	}
	e.Cleanup(func() { _ = os.RemoveAll(dir) })
	whole := e.Dir
	e.Dir = dir
	defer func() { e.Dir = whole }()

	began := time.Now()
	cases, err := r.Open(ctx, e)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", r.Name, err)
	}
	e.Logf("%s: built in %v", r.Name, time.Since(began).Round(time.Millisecond))
	result := Result{Row: r}
	for _, c := range cases {
		if err := c.check(); err != nil {
			return Result{}, fmt.Errorf("%s, %s: %w", r.Name, c.Name, err)
		}
		result.Cases = append(result.Cases, Measured{Case: c, Samples: make([][]Sample, len(c.Sides))})
	}
	for round := range e.Rounds {
		for i := range result.Cases {
			if err := result.Cases[i].measure(ctx, round); err != nil {
				return Result{}, fmt.Errorf("%s, %w", r.Name, err)
			}
		}
	}
	result.Notes, result.Took = e.notes, time.Since(began)
	e.Logf("%s: %d rounds in %v", r.Name, e.Rounds, result.Took.Round(time.Second))
	return result, nil
}

// check refuses targets that name no side.
func (c Case) check() error {
	for _, t := range c.Targets {
		for _, name := range []string{t.Side, t.Against} {
			if name != "" && c.side(name) < 0 {
				return fmt.Errorf("no side is called %q", name)
			}
		}
		if t.AtLeast == 0 && t.AtMost == 0 || t.AtLeast > 0 && t.Against == "" {
			return fmt.Errorf("the target %+v asks nothing", t)
		}
	}
	return nil
}

// side returns the place of a side, -1 if there is none.
func (c Case) side(name string) int {
	if name == "" {
		return 0
	}
	return slices.IndexFunc(c.Sides, func(s Side) bool { return s.Name == name })
}

// measure runs every side once. Which is first changes with the round.
func (m *Measured) measure(ctx context.Context, round int) error {
	for i := range m.Sides {
		if err := ctx.Err(); err != nil {
			return err
		}
		i = (i + round) % len(m.Sides)
		runtime.GC() // what one side leaves is not collected at the cost of the next
		sample, err := m.Sides[i].Run(ctx)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", m.Name, m.Sides[i].Name, err)
		}
		m.Samples[i] = append(m.Samples[i], sample)
	}
	return nil
}

// PerOp measures operations: f is called with growing numbers of them until they
// take as long as d, and the last call counts.
func PerOp(ctx context.Context, d time.Duration, f func(n int) error) (Sample, error) {
	for n := 1; ; {
		sample, took, err := once(n, f)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || took >= d {
			return sample, err
		}
		// A fifth more than it seems to take, and at most a hundred times more.
		more := int(1.2 * float64(n) * float64(d) / float64(max(took, time.Microsecond)))
		n = min(max(n+1, more), 100*n)
	}
}

// Once measures n operations that can be done only once.
func Once(n int, f func() error) (Sample, error) {
	sample, _, err := once(n, func(int) error { return f() })
	return sample, err
}

func once(n int, f func(n int) error) (Sample, time.Duration, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	err := f(n)
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	per := float64(n)
	return Sample{
		NsPerOp:     float64(took) / per,
		AllocsPerOp: math.Round(100*float64(after.Mallocs-before.Mallocs)/per) / 100, // the runtime has some of its own
		BytesPerOp:  math.Round(float64(after.TotalAlloc-before.TotalAlloc) / per),
	}, took, err
}

// paragraphs joins texts of Markdown.
func paragraphs(texts ...string) string {
	texts = slices.DeleteFunc(texts, func(t string) bool { return t == "" })
	return strings.Join(texts, "\n\n")
}
