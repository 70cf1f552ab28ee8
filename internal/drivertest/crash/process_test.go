//go:build linux

package crash_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
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
	ledger *ledger // of what it reports

	cmd    *exec.Cmd
	orders io.WriteCloser
	said   *tail.Tail
	exited chan struct{} // closed when it has ended
}

// spawn starts a worker, which waits for its order.
func spawn(t testing.TB) *process {
	t.Helper()
	p := &process{ledger: newLedger(), said: new(tail.Tail), exited: make(chan struct{})}
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), workerVariable+"=1", "GORACE=halt_on_error=1")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p.cmd.Stdout = &listener{to: p.ledger}
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

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// kill ends a worker at once, and returns when all that it reported is known.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.exited
}

// endedItself says what a worker died of that was not killed.
func (p *process) endedItself() error {
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		return nil
	}
	return fmt.Errorf("the worker ended by itself, %v:\n%s", p.cmd.ProcessState, p.said)
}

// A listener passes the reports of a worker on.
type listener struct {
	to   *ledger
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
		var said report
		if err := json.Unmarshal(line, &said); err != nil {
			return 0, fmt.Errorf("a worker says %q: %w", line, err)
		}
		l.to.enter(said)
		l.rest = rest
	}
}
