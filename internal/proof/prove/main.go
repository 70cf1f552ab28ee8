// Command prove runs the suites that claim "never", and prints a line for each
// with its figure. Run it from the root of the repository; make proof does.
//
//	prove                 all suites in the size of CI
//	prove -only model     one of them
//	prove -soak 10        ten times the size
//	prove -write          writes the figures to RELIABILITY.md and RELIABILITY.json as well
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/adjourn/adjourn/internal/proof"
)

func main() {
	var o options
	flag.StringVar(&o.only, "only", "", "run the suite of this `name` alone")
	flag.IntVar(&o.soak, "soak", 0, "run `n` times the size")
	flag.BoolVar(&o.write, "write", false, "write RELIABILITY.md and RELIABILITY.json")
	flag.IntVar(&o.atOnce, "at-once", 2, "how many suites run at once")
	flag.BoolVar(&o.verbose, "v", false, "print what the tests print")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: prove [flags], from the root of the repository")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 || o.soak < 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := prove(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "prove:", err)
		os.Exit(1)
	}
}

type options struct {
	only           string
	soak, atOnce   int
	write, verbose bool
}

func prove(ctx context.Context, o options) error {
	chosen := slices.DeleteFunc(slices.Clone(proof.Suites), func(s proof.Suite) bool { return o.only != "" && s.Name != o.only })
	if len(chosen) == 0 {
		return fmt.Errorf("there is no suite %q, the suites are %q", o.only, suiteNames())
	}
	if o.write && (o.only != "" || o.soak > 0 || os.Getenv(proof.SoakVariable) != "" || os.Getenv(proof.SeedVariable) != "") {
		return errors.New("the figures that are kept are those of all suites in the size of CI, with seeds of their own")
	}
	dir, err := os.MkdirTemp("", "prove")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	begin := time.Now()
	fmt.Println(`suites that claim "never":`)
	results := runAll(ctx, o, dir, chosen)
	for _, r := range results {
		if r.err != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", r.suite.Name, r.err))
		}
	}
	if err != nil {
		return err
	}
	merged := merge(results)
	faults := 0
	for _, r := range merged {
		faults += len(r.faults)
	}
	fmt.Printf("%d suites passed, all %d planted faults caught, %v\n", len(merged), faults, time.Since(begin).Round(time.Second))
	if o.write {
		return write(ctx, merged)
	}
	return nil
}

func suiteNames() (names []string) {
	for _, s := range proof.Suites {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// A result is what a suite has counted.
type result struct {
	suite   proof.Suite
	figures []proof.Figure
	faults  []proof.Fault
	skipped []string // what was not tested
	took    time.Duration
	err     error
}

// runAll runs some suites at once, prints a line of each when it has ended, and
// returns the results in the order of the suites.
func runAll(ctx context.Context, o options, dir string, chosen []proof.Suite) []result {
	results := make([]result, len(chosen))
	next := make(chan int)
	var printing sync.Mutex
	var group sync.WaitGroup
	for range max(o.atOnce, 1) {
		group.Go(func() {
			for i := range next {
				results[i] = run(ctx, o, filepath.Join(dir, strconv.Itoa(i)), chosen[i])
				printing.Lock()
				fmt.Println(results[i])
				printing.Unlock()
			}
		})
	}
	for i := range chosen {
		next <- i
	}
	close(next)
	group.Wait()
	return results
}

// run runs a suite. A suite that counted nothing has failed.
func run(ctx context.Context, o options, file string, s proof.Suite) result {
	// A suite that hangs must not hang what runs it.
	args := []string{"test", "-v", "-count=1", fmt.Sprint("-timeout=", max(o.soak, 1)*20, "m"), "-run=" + s.Run}
	if s.Parallel > 0 {
		args = append(args, "-parallel="+strconv.Itoa(s.Parallel))
	}
	cmd := exec.CommandContext(ctx, "go", append(args, s.Package)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	// Suites make a lot of garbage and little that lasts: collecting it less often saves a fifth of the time.
	cmd.Env = append(os.Environ(), proof.FiguresVariable+"="+file, "GOGC=400")
	if o.soak > 0 {
		cmd.Env = append(cmd.Env, proof.SoakVariable+"="+strconv.Itoa(o.soak))
	}
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	r := result{suite: s, took: time.Since(begin)}
	if o.verbose {
		fmt.Printf("%s", out)
	}
	if err != nil {
		r.err = fmt.Errorf("%w\n%s", err, passed.ReplaceAll(out, nil))
		return r
	}
	for _, m := range skipped.FindAllSubmatch(out, -1) {
		r.skipped = append(r.skipped, string(m[0]))
	}
	r.figures, r.faults, r.err = read(file)
	if r.err == nil && len(r.figures)+len(r.faults) == 0 {
		r.err = fmt.Errorf("nothing was counted\n%s", out)
	}
	return r
}

var (
	passed  = regexp.MustCompile(`(?m)^(=== .*|\s*--- PASS.*)\n`)
	skipped = regexp.MustCompile(`NOT TESTED.*`) // as tests say that lack what they need
)

// String is a line: what was counted, and how many planted faults were caught.
func (r result) String() string {
	if r.err != nil {
		return fmt.Sprintf("%-18s FAILED after %v", r.suite.Name, r.took.Round(time.Second))
	}
	var all []string
	for _, f := range r.figures {
		all = append(all, f.String())
	}
	if n := len(r.faults); n > 0 {
		all = append(all, fmt.Sprintf("%d of %d planted faults caught", n, n))
	}
	if len(r.skipped) > 0 {
		all = append(all, strings.Join(r.skipped, ", "))
	}
	return fmt.Sprintf("%-18s %s; %v", r.suite.Name, strings.Join(all, "; "), r.took.Round(time.Second))
}

// merge puts together what several rows counted for one suite.
func merge(results []result) []result {
	var merged []result
	for _, r := range results {
		i := slices.IndexFunc(merged, func(m result) bool { return m.suite.Name == r.suite.Name })
		if i < 0 {
			merged = append(merged, r)
			continue
		}
		m := &merged[i]
		m.figures = append(m.figures, r.figures...)
		m.faults = append(m.faults, r.faults...)
		m.skipped = append(m.skipped, r.skipped...)
		m.took += r.took
	}
	return merged
}
