//go:build linux

package routing_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/adjourn/adjourn/internal/drivertest/tail"
)

// patience is how long anything may take that is not hurried on, on a machine
// that is busy with other things.
const patience = time.Minute

// A process is a worker. It ends with the test, and with the test binary.
type process struct {
	cmd    *exec.Cmd
	orders io.WriteCloser
	said   *tail.Tail
	exited chan struct{} // closed when it has ended
}

// spawn starts a worker, which waits for its order. What it reports goes to told.
func spawn(t testing.TB, told func(report)) *process {
	t.Helper()
	p := &process{said: new(tail.Tail), exited: make(chan struct{})}
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), workerVariable+"=1", "GORACE=halt_on_error=1")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p.cmd.Stdout = &listener{told: told}
	p.cmd.Stderr = p.said
	var err error
	p.orders, err = p.cmd.StdinPipe()
	check(t, err)
	started := make(chan error)
	go func() {
		// The worker dies with the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
		}
		close(p.exited)
	}()
	check(t, <-started)
	t.Cleanup(p.kill)
	return p
}

// give tells a worker what to do.
func (p *process) give(t testing.TB, o order) {
	t.Helper()
	check(t, json.NewEncoder(p.orders).Encode(o))
	check(t, p.orders.Close())
}

// kill ends a worker at once, and returns when all that it reported is known.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.exited
}

// endedItself says what a worker died of that was not killed.
func (p *process) endedItself() error {
	select {
	case <-p.exited:
	default:
		return nil
	}
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		return nil
	}
	return fmt.Errorf("the worker ended by itself, %v:\n%s", p.cmd.ProcessState, p.said)
}

// A report is one line of what a worker says.
type report struct {
	Counts    map[string]int `json:",omitempty"` // since the last report
	Complaint string         `json:",omitempty"` // what must not happen
	Changed   *changed       `json:",omitempty"`
}

// reporter returns what tells the parent of a worker.
func reporter() func(report) {
	var mu sync.Mutex
	out := json.NewEncoder(os.Stdout)
	return func(r report) {
		mu.Lock()
		defer mu.Unlock()
		if err := out.Encode(r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// A listener passes the reports of a worker on.
type listener struct {
	told func(report)
	rest []byte // the beginning of a line
}

// Write implements io.Writer.
func (l *listener) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		var r report
		if err := json.Unmarshal(line, &r); err != nil {
			return 0, fmt.Errorf("a worker says %q: %w", line, err)
		}
		l.told(r)
		l.rest = rest
	}
}
