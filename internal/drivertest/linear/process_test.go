//go:build linux

package linear_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/internal/drivertest/tail"
)

// workerVariable makes the test binary a node.
const workerVariable = "LINEAR_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) == "" {
		pgtest.Main(m)
	}
	worker()
}

// patience is how long anything may take that is not hurried on, on a machine
// that is busy with other things.
const patience = time.Minute

// A process is a node that runs. It ends with the test binary.
type process struct {
	cmd    *exec.Cmd
	said   *tail.Tail
	exited chan struct{} // closed when it has ended, and all that it said is known

	mu     sync.Mutex // guards the fields below
	orders io.WriteCloser
	asked  int
	open   map[int]chan answer
	rest   []byte // the beginning of a line that it says
}

// spawn starts a node.
func spawn(url string) (*process, error) {
	p := &process{said: new(tail.Tail), exited: make(chan struct{}), open: map[int]chan answer{}}
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), workerVariable+"=1", "GORACE=halt_on_error=1")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p.cmd.Stdout, p.cmd.Stderr = p, p.said
	var err error
	if p.orders, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	started := make(chan error)
	go func() {
		// The node dies with the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
		}
		close(p.exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	_ = p.tell(url) // if it is dead already, that is noticed elsewhere
	return p, nil
}

// tell writes a line to the node.
func (p *process) tell(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = p.orders.Write(append(line, '\n'))
	return err
}

// ask returns the node's answer, or that nobody knows if it dies. Whatever it said
// before it died counts.
func (p *process) ask(r request) answer {
	heard := make(chan answer, 1)
	p.mu.Lock()
	p.asked++
	n := p.asked
	p.open[n] = heard
	err := p.tell(question{n, r})
	p.mu.Unlock()
	if err != nil {
		return answer{Outcome: unknown, Err: err.Error()}
	}
	select {
	case a := <-heard:
		return a
	case <-p.exited:
	case <-time.After(patience):
		return answer{Outcome: unknown, Err: tooLate}
	}
	select {
	case a := <-heard:
		return a
	default:
		return answer{Outcome: unknown, Err: "the node died"}
	}
}

// tooLate is what is said of a node that hangs, which none may.
const tooLate = "the node has not answered"

// Write hears what the node says.
func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest = append(p.rest, text...)
	for {
		line, rest, whole := bytes.Cut(p.rest, []byte("\n"))
		if !whole {
			return len(text), nil
		}
		var said reply
		if err := json.Unmarshal(line, &said); err != nil {
			return 0, fmt.Errorf("a node says %q: %w", line, err)
		}
		p.open[said.N] <- said.Answer
		delete(p.open, said.N)
		p.rest = rest
	}
}

func (p *process) kill() { _ = p.cmd.Process.Kill() }

// endedItself says what a node died of that was not killed.
func (p *process) endedItself() error {
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		return nil
	}
	return fmt.Errorf("a node ended by itself, %v:\n%s", p.cmd.ProcessState, p.said)
}

// A node is a place that has a process, except for the moment in which it was
// killed and the next is not there yet.
type node struct {
	url    string
	done   chan struct{} // closed when the last process has ended
	deaths int           // known when it is done

	mu      sync.Mutex // guards the fields below
	process *process
	up      chan struct{} // closed when process is another one
	closing bool
	err     error
}

// newNode starts a node, and another one whenever it died.
func newNode(url string) (*node, error) {
	p, err := spawn(url)
	if err != nil {
		return nil, err
	}
	n := &node{url: url, process: p, up: make(chan struct{}), done: make(chan struct{})}
	go n.keep()
	return n, nil
}

func (n *node) keep() {
	defer close(n.done)
	for {
		p := n.now()
		<-p.exited
		if n.ended() {
			return
		}
		n.deaths++
		next, err := spawn(n.url)
		err = errors.Join(err, p.endedItself())
		n.mu.Lock()
		if n.err = err; err == nil {
			n.process = next
			if n.closing {
				next.kill()
			}
		}
		close(n.up)
		n.up = make(chan struct{})
		n.mu.Unlock()
		if err != nil {
			if next != nil {
				next.kill()
				<-next.exited
			}
			return
		}
	}
}

func (n *node) now() *process {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process
}

func (n *node) ended() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.closing
}

// running returns the process, or the next one if it is dead.
func (n *node) running() (*process, error) {
	for {
		n.mu.Lock()
		p, up, err := n.process, n.up, n.err
		n.mu.Unlock()
		if err != nil {
			return nil, err
		}
		select {
		case <-p.exited:
		default:
			return p, nil
		}
		select {
		case <-up:
		case <-n.done:
			return nil, errors.New("the node was closed")
		}
	}
}

// close ends the node for good.
func (n *node) close() error {
	n.mu.Lock()
	n.closing = true
	n.process.kill()
	n.mu.Unlock()
	<-n.done
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.err
}
