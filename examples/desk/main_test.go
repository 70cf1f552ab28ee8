package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A file has the name that was given, whatever characters are in it.
func TestNamesOfFiles(t *testing.T) {
	for _, name := range []string{
		"desk.db", "what?.db", "what?mode=memory", "no#1.db", "100%.db", "a%20b.db", "a b&c=d;e.db", "größe.db", ":memory:", "file:x",
	} {
		if runtime.GOOS == "windows" && strings.ContainsAny(name, "?:") {
			continue // it has no such names
		}
		dir := t.TempDir()
		for how, file := range map[string]string{"absolute": filepath.Join(dir, name), "relative": name} {
			t.Chdir(dir)
			a, err := newApp(t.Context(), file, discard)
			if err != nil {
				t.Errorf("%s, %s: %v", name, how, err)
				continue
			}
			check(t, a.close())
			files, err := os.ReadDir(dir)
			check(t, err)
			if len(files) != 1 || files[0].Name() != name {
				t.Errorf("%s, %s, made %v", name, how, files)
			}
			check(t, deleteFile(file))
		}
	}
}

// Two desks on one file would not hear of each other, and none deletes what another
// is using. A process that is killed leaves nothing that keeps the next one off.
func TestOneDeskAtATime(t *testing.T) {
	file := newFile(t)
	_, kill := startDesk(t, "127.0.0.1:0", file, empty)
	open, err := os.Open(file) // so that no other one is taken for it
	check(t, err)
	defer open.Close()
	before, err := open.Stat()
	check(t, err)
	for _, flags := range [][]string{{empty}, {empty, "-fresh"}} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // is done only if it serves
		err := run(ctx, append(flags, deskArgs("127.0.0.1:0", file)...), &output{})
		cancel()
		if want := file + " is in use by another desk"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: the error is %v, want %q", flags, err, want)
		}
	}
	after, err := os.Stat(file)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the file is another one: %v", err)
	}
	kill()
	_, kill = startDesk(t, "127.0.0.1:0", file, empty, "-fresh")
	defer kill()
	if again, err := os.Stat(file); err != nil || os.SameFile(before, again) {
		t.Errorf("the file is the same, begun anew: %v", err)
	}
}

// Who serves other machines is told what that means, and by which names.
func TestServingOthers(t *testing.T) {
	for addr, others := range map[string]bool{"127.0.0.1:0": false, "localhost:0": false, ":0": true, "0.0.0.0:0": true} {
		ctx, cancel := context.WithCancel(t.Context())
		out := &output{}
		ended := make(chan error, 1)
		args := append(deskArgs(addr, newFile(t)), empty, "-host", "desk.example", "-host", "desk.test")
		go func() { ended <- run(ctx, args, out) }()
		eventually(t, "the desk", func() bool { return out.Address() != "" })
		for host, want := range map[string]int{"desk.example": http.StatusOK, "desk.test": http.StatusOK, "evil.example": http.StatusMisdirectedRequest} {
			r := get(t, out.Address()+"/")
			r.Host = host
			if code, _ := status(t, http.DefaultClient, r); code != want {
				t.Errorf("on %s, by the name %s: %d, want %d", addr, host, code, want)
			}
		}
		cancel()
		check(t, <-ended)
		if got := strings.Contains(out.String(), "can be anybody"); got != others {
			t.Errorf("on %s it says: %s", addr, out)
		}
	}
}

// Who presses Ctrl+C once more waits for nothing.
func TestSecondInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("one process cannot interrupt another here")
	}
	cmd := exec.Command(os.Args[0], append(deskArgs("127.0.0.1:0", newFile(t)), empty)...)
	cmd.Env = append(os.Environ(), deskVariable+"=1")
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	check(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	eventually(t, "the desk", func() bool { return out.Address() != "" })

	// A connection that says nothing yet holds up the end.
	c, err := net.Dial("tcp", strings.TrimPrefix(out.Address(), "http://"))
	check(t, err)
	defer c.Close()
	if code, _ := status(t, http.DefaultClient, get(t, out.Address()+"/")); code != http.StatusOK { // so that it was accepted before
		t.Fatalf("the front page: %d", code)
	}
	interrupts := time.NewTicker(5 * time.Millisecond)
	defer interrupts.Stop()
	for {
		select {
		case err = <-ended:
			exit, ok := errors.AsType[*exec.ExitError](err)
			if !ok {
				t.Fatalf("it ended with %v:\n%s", err, out)
			}
			if how, ok := exit.Sys().(syscall.WaitStatus); !ok || !how.Signaled() || how.Signal() != syscall.SIGINT {
				t.Errorf("it ended with %v:\n%s", err, out)
			}
			return
		case <-interrupts.C:
			_ = cmd.Process.Signal(os.Interrupt)
		}
	}
}

var discard = slog.New(slog.DiscardHandler)
