package group_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/internal/group"
)

func key(conversation string) storage.Key {
	return storage.Key{Workspace: "acme", Conversation: conversation}
}

// A change is a value about a conversation.
type change struct {
	of string
	n  int
}

// A database keeps the batches that were written to it. Each waits for a token,
// if there are any to wait for.
type database struct {
	tokens  chan bool
	fail    func(c change) error
	writing int
	batches [][]change
}

func (d *database) write(batch []change) []error {
	d.writing++
	defer func() { d.writing-- }()
	if d.writing > 1 {
		panic("two batches at once")
	}
	if d.tokens != nil {
		<-d.tokens
	}
	d.batches = append(d.batches, batch)
	results := make([]error, len(batch))
	if d.fail != nil {
		for i, c := range batch {
			results[i] = d.fail(c)
		}
	}
	return results
}

// commits is a Committer whose values are given in order: each waits before the
// next is given.
type commits struct {
	*group.Committer[change]
	wg      sync.WaitGroup
	results []error
}

func (c *commits) commit(ctx context.Context, of string, n int) {
	c.results = append(c.results, errors.New("no result yet"))
	i := len(c.results) - 1
	c.wg.Go(func() { c.results[i] = c.Commit(ctx, key(of), change{of, n}) })
	synctest.Wait()
}

// start is a Committer that writes a first batch, until it gets a token.
func start(d *database, max int) *commits {
	d.tokens = make(chan bool)
	c := &commits{Committer: group.New(max, 1, d.write)}
	c.commit(context.Background(), "first", 0)
	return c
}

// finish lets all batches be written and returns the results.
func (c *commits) finish(d *database) []error {
	close(d.tokens)
	c.wg.Wait()
	return c.results
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(change{}), cmp.Comparer(func(a, b error) bool { return a == b })); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// TestBatches: what comes while a batch is written is the next one, in order, and
// no batch has two values of a conversation or more than it may have.
func TestBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		c := start(d, 3)
		for n, of := range []string{"a", "b", "a", "c", "d", "a"} {
			c.commit(t.Context(), of, n+1)
		}
		for i, err := range c.finish(d) {
			if err != nil {
				t.Errorf("commit %d: %v", i, err)
			}
		}
		same(t, "the batches", d.batches, [][]change{
			{{"first", 0}},
			{{"a", 1}, {"b", 2}, {"c", 4}},
			{{"a", 3}, {"d", 5}},
			{{"a", 6}},
		})
	})
}

// TestBeside: of two batches that are written at once, none has a conversation of
// the other, and what waited for one comes when it has been written.
func TestBeside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tokens := map[string]chan bool{"a": make(chan bool), "b": make(chan bool), "c": make(chan bool)}
		var mu sync.Mutex
		var begun [][]change
		c := &commits{Committer: group.New(3, 2, func(batch []change) []error {
			mu.Lock()
			begun = append(begun, batch)
			mu.Unlock()
			<-tokens[batch[0].of]
			return make([]error, len(batch))
		})}
		for n, of := range []string{"a", "b", "a", "b", "c"} {
			c.commit(t.Context(), of, n)
		}
		tokens["b"] <- true // the other is still written
		synctest.Wait()
		same(t, "what was begun", begun, [][]change{{{"a", 0}}, {{"b", 1}}, {{"b", 3}, {"c", 4}}})
		tokens["a"] <- true
		synctest.Wait()
		same(t, "what was begun then", begun[3:], [][]change{{{"a", 2}}})
		close(tokens["a"])
		close(tokens["b"])
		c.wg.Wait()
		c.Close()
	})
}

// TestResults: every value has its own result.
func TestResults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		failures := []error{nil, errors.New("one"), nil, storage.ErrConflict, errors.New("four")}
		d := &database{fail: func(c change) error { return failures[c.n] }}
		c := start(d, 10)
		for n := 1; n < len(failures); n++ {
			c.commit(t.Context(), fmt.Sprint(n), n)
		}
		same(t, "the results", c.finish(d), failures)
		same(t, "the number of batches", len(d.batches), 2)
	})
}

// TestTakesBack: a value whose context is done while it waits is not written, and
// the others are.
func TestTakesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		c := start(d, 10)
		ctx, cancel := context.WithCancel(t.Context())
		c.commit(t.Context(), "a", 1)
		c.commit(ctx, "b", 2)
		c.commit(t.Context(), "c", 3)
		cancel()
		synctest.Wait()
		same(t, "the result when the context was done", c.results[2], context.Canceled)
		c.commit(ctx, "d", 4)
		same(t, "the results", c.finish(d), []error{nil, nil, context.Canceled, nil, context.Canceled})
		same(t, "the batches", d.batches, [][]change{{{"first", 0}}, {{"a", 1}, {"c", 3}}})
	})
}

// TestUnknown: a value whose context is done while it is written has an unknown
// outcome, is written all the same, and does not keep the next from coming.
func TestUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{tokens: make(chan bool)}
		c := &commits{Committer: group.New(10, 1, d.write)}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c.commit(ctx, "a", 1)
		c.commit(t.Context(), "a", 2)
		time.Sleep(time.Second) // of the bubble
		synctest.Wait()
		if err := c.results[0]; !errors.Is(err, storage.ErrOutcomeUnknown) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while it was written: %v, want ErrOutcomeUnknown and %v", err, context.DeadlineExceeded)
		}
		same(t, "the result of the next", c.finish(d)[1], error(nil))
		same(t, "the batches", d.batches, [][]change{{{"a", 1}}, {{"a", 2}}})
	})
}

// TestClose waits for what was given, and refuses the rest.
func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		c := start(d, 1)
		c.commit(t.Context(), "a", 1)
		c.commit(t.Context(), "b", 2)
		closed := false
		c.wg.Go(func() { c.Close(); closed = true })
		synctest.Wait()
		c.commit(t.Context(), "c", 3)
		for range 2 {
			d.tokens <- true
			synctest.Wait()
			if closed {
				t.Error("Close did not wait for what was given before")
			}
		}
		same(t, "the results", c.finish(d), []error{nil, nil, nil, group.ErrClosed})
		c.Close()
		same(t, "closed twice", closed, true)
		same(t, "the result after Close", c.Commit(t.Context(), key("d"), change{"d", 4}), group.ErrClosed)
		same(t, "the batches", d.batches, [][]change{{{"first", 0}}, {{"a", 1}}, {{"b", 2}}})
	})
}

// TestCloseIdle: nothing has to be waited for.
func TestCloseIdle(t *testing.T) {
	t.Parallel()
	c := group.New(1, 1, (&database{}).write)
	c.Close()
}

// TestAtOnce commits from many goroutines, on few conversations: each value is
// written once, in one batch at a time, and those of a conversation that come one
// after the other are written in this order.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	const callers, each, max = 16, 200, 5
	d := &database{}
	c := group.New(max, 1, d.write)
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := range each {
				if err := c.Commit(t.Context(), key(fmt.Sprint(caller%8)), change{fmt.Sprint(caller % 8), caller*each + i}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	c.Close()
	last, n := map[int]int{}, 0
	for _, batch := range d.batches {
		if len(batch) > max {
			t.Errorf("a batch has %d values, want at most %d", len(batch), max)
		}
		taken := map[string]bool{}
		for _, v := range batch {
			if taken[v.of] {
				t.Errorf("a batch has two values of %s", v.of)
			}
			taken[v.of] = true
			n++
			caller := v.n / each
			if want := last[caller]; v.n%each != want {
				t.Errorf("caller %d: value %d was written where %d must be", caller, v.n%each, want)
			}
			last[caller] = v.n%each + 1
		}
	}
	same(t, "the number of values", n, callers*each)
}
