package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"testing"
)

// serveDesk runs the program on a new file, until the test is over, and returns
// the address of its pages.
func serveDesk(t testing.TB, flags ...string) (site string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out := &output{}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, append(flags, deskArgs("127.0.0.1:0", newFile(t))...), out) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the desk wrote:\n%s", out)
		}
	})
	eventually(t, "the desk", func() bool {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the desk ended: %v", err)
		default:
		}
		site = out.Address()
		return site != ""
	})
	return site
}

func deskArgs(addr, file string) []string {
	return []string{"-open=false", "-addr", addr, "-db", file}
}

// An output keeps what the program writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

var openAt = regexp.MustCompile(`open at (http://\S+)/`)

// Address returns where the pages are, once the program said it.
func (o *output) Address() string {
	if found := openAt.FindStringSubmatch(o.String()); found != nil {
		return found[1]
	}
	return ""
}

// empty is the flag of a desk on which nothing has happened yet.
const empty = "-demo=false"

// deskVariable is set for a test binary that is to be the desk.
const deskVariable = "DESK_TEST_PROCESS"

// startDesk starts the program as a process of its own. It returns when its pages
// can be opened, with what kills it.
func startDesk(t testing.TB, addr, file string, flags ...string) (site string, kill func()) {
	t.Helper()
	out := &output{}
	cmd := exec.Command(os.Args[0], append(flags, deskArgs(addr, file)...)...)
	cmd.Env = append(os.Environ(), deskVariable+"=1")
	cmd.Stdout, cmd.Stderr = out, out
	check(t, cmd.Start())
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		<-exited
	})
	t.Cleanup(func() {
		kill()
		if t.Failed() {
			t.Logf("the desk wrote:\n%s", out)
		}
	})
	eventually(t, "the desk", func() bool {
		select {
		case <-exited:
			t.Fatalf("the desk ended:\n%s", out)
		default:
		}
		site = out.Address()
		return site != ""
	})
	return site, kill
}

// freePort returns an address where nobody listens.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().String()
}

// SignIn opens the desk of an agent from the front page.
func (b *browser) SignIn(name string) *tab {
	b.t.Helper()
	front := b.Open("front", "/")
	agent := front.Popup(name, func() { front.Click("", name) })
	agent.Sees(".bar", name)
	return agent
}

// Visit opens the chat of a new visitor from the front page.
func (b *browser) Visit(name string) *tab {
	b.t.Helper()
	front := b.Open("front", "/")
	front.Fill("", "Your name", name)
	return front.Popup("visitor", func() { front.Click("", "Open the chat") })
}
