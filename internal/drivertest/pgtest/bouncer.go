package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// A Bouncer is a PgBouncer in front of a server, which lends a session for each
// transaction.
type Bouncer struct{ base *url.URL }

const bouncerConfig = `[databases]
* = host=%[1]s port=%[2]s user=postgres

[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = %[3]s
auth_type = any
pool_mode = transaction
default_pool_size = 8
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
`

// Bouncer starts a PgBouncer for a test, which is skipped if the machine has
// none.
func (c *Cluster) Bouncer(t testing.TB) *Bouncer {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer" // Debian puts it there, which is not in the PATH of all users
	}
	if !isFile(program) {
		t.Skip("NOT TESTED with PgBouncer: there is none on this machine")
	}
	if c.bin == "" {
		t.Skip("NOT TESTED with PgBouncer: the server was given")
	}
	dir, err := directory(c.owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	config := filepath.Join(dir, "pgbouncer.ini")
	text := fmt.Sprintf(bouncerConfig, c.dir, "5432", dir)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := runBouncer(t, program, config, c.owner); err != nil {
		t.Fatal(err)
	}
	b := &Bouncer{base: &url.URL{Scheme: "postgres", User: c.base.User, Path: "/postgres"}}
	b.base.RawQuery = url.Values{"host": {dir}, "port": {"6432"}, "sslmode": {"disable"}}.Encode()
	return b
}

// URL returns the address of a database of the server, through the bouncer.
func (b *Bouncer) URL(database string) string {
	u := *b.base
	u.Path = "/" + database
	return u.String()
}

func runBouncer(t testing.TB, program, config string, owner *syscall.Credential) error {
	cmd := exec.Command(program, config)
	cmd.SysProcAttr = attributes(owner)
	said := &serverLog{ready: make(chan struct{}), sign: []byte("process up")}
	cmd.Stdout, cmd.Stderr = said, said
	started, exited := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // see Restart
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
		close(exited)
	}()
	if err := <-started; err != nil {
		return err
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
	})
	select {
	case <-said.ready:
		return nil
	case <-exited:
		return fmt.Errorf("pgtest: pgbouncer ended:\n%s", bytes.TrimSpace([]byte(said.String())))
	case <-time.After(patience):
		return errors.New("pgtest: pgbouncer takes no connections")
	}
}
