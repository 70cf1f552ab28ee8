package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A binary is the compiled tests of a package with its mutants.
type binary struct {
	path, dir, temp string
	flags           []string
	mutants         []*mutant
	invalid         int // mutants that did not compile

	tests map[int][]test // those that come by a mutant, the quick ones first
}

// A test is one that passes without a mutant.
type test struct {
	name string
	took time.Duration // of CPU
}

// run runs tests with a mutant, none for 0, and returns the CPU time that they took. A limit of 0 is none.
func (b *binary) run(tests []string, id int, limit time.Duration, hits string) (time.Duration, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	args := append([]string{"-test.short", "-test.failfast", "-test.run", "^(" + strings.Join(tests, "|") + ")$"}, b.flags...)
	cmd := exec.CommandContext(ctx, b.path, args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GOTRACEBACK=none", "MUTATE_ON="+strconv.Itoa(id), "MUTATE_HITS="+hits)
	if limit > 0 {
		cmd.Env = append(cmd.Env, fmt.Sprintf("MUTATE_SECONDS=%d", int(limit.Seconds())+1))
	}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		return 0, out, err
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), out, err
}

// record runs each test alone, without a mutant.
func (b *binary) record(skip *regexp.Regexp, workers int) error {
	cmd := exec.Command(b.path, "-test.list", "^(Test|Example|Fuzz)")
	cmd.Dir = b.dir
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	names := slices.DeleteFunc(strings.Fields(string(out)), skip.MatchString)
	b.tests = map[int][]test{}
	var mu sync.Mutex
	var failed error
	inParallel(names, workers, func(name string) {
		hits := filepath.Join(b.temp, name)
		if err := os.WriteFile(hits, nil, 0o600); err != nil {
			panic(err)
		}
		took, out, err := b.run([]string{name}, 0, 0, hits)
		text, _ := os.ReadFile(hits)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			failed = fmt.Errorf("%s fails without a mutant: %w\n%s", name, err, out)
		}
		for _, hit := range strings.Fields(string(text)) {
			id, _ := strconv.Atoi(hit)
			b.tests[id] = append(b.tests[id], test{name, took})
		}
	})
	for _, tests := range b.tests {
		slices.SortFunc(tests, func(a, b test) int { return cmp.Or(cmp.Compare(a.took, b.took), cmp.Compare(a.name, b.name)) })
	}
	return failed
}

// quick is how much work of tests is done in one run, unless there is one that takes longer.
const quick = time.Second

// try returns the mutants that no test fails with.
func (b *binary) try(mutants []*mutant, workers int) map[int]bool {
	survived := map[int]bool{}
	var mu sync.Mutex
	inParallel(mutants, workers, func(m *mutant) {
		for tests := b.tests[m.id]; len(tests) > 0; {
			var names []string
			var work time.Duration
			for len(tests) > 0 && (work == 0 || work+tests[0].took <= quick) {
				names, work, tests = append(names, tests[0].name), work+tests[0].took, tests[1:]
			}
			if _, _, err := b.run(names, m.id, time.Second+5*work, ""); err != nil {
				return
			}
		}
		mu.Lock()
		defer mu.Unlock()
		survived[m.id] = true
	})
	return survived
}

func inParallel[T any](all []T, workers int, f func(T)) {
	next := make(chan T)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for one := range next {
				f(one)
			}
		})
	}
	for _, one := range all {
		next <- one
	}
	close(next)
	wg.Wait()
}
