// Package pgtest starts Postgres servers of their own for tests: in a temporary
// directory, reached by a Unix socket, ended with the test binary, however that
// ends.
//
// It will never touch a server that it did not start, except the one that
// ADJOURN_TEST_POSTGRES names, where it creates and drops databases.
package pgtest

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the administrator's driver
)

// serverVariable names a server to use instead of starting one: a URL of a user
// who may create databases. [Start] does not look at it.
const serverVariable = "ADJOURN_TEST_POSTGRES"

// patience is how long a server may take to start, a database to be created and
// so on, on a machine that is busy with other things.
const patience = time.Minute

// ErrNoServer: there are no binaries of Postgres on this machine.
var ErrNoServer = errors.New("pgtest: no initdb in PATH and none in /usr/lib/postgresql")

// Options of a server. The zero value is a fast one, which loses everything when
// it is killed.
type Options struct {
	Durable  bool     // keep what was committed, as a server does by default
	Settings []string // further ones, such as "max_prepared_transactions=8"
}

// A Cluster is a server. It is safe for concurrent use, but for Stop, Kill and
// Restart.
type Cluster struct {
	base    *url.URL // with any database
	options Options
	bin     string // of its binaries; empty: it was given
	dir     string // of its data and its socket
	owner   *syscall.Credential

	process *os.Process
	exited  chan struct{} // closed when the process has ended
	log     *serverLog
}

// Start starts a server of its own. The error wraps [ErrNoServer] if the
// machine has none.
func Start(o Options) (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	c := &Cluster{options: o, bin: bin}
	if os.Getuid() == 0 { // Postgres refuses to run as root
		if c.owner, err = otherUser(); err != nil {
			return nil, err
		}
	}
	if c.dir, err = directory(c.owner); err != nil {
		return nil, err
	}
	c.base = &url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres"}
	c.base.RawQuery = url.Values{"host": {c.dir}, "port": {"5432"}, "sslmode": {"disable"}}.Encode()
	if err := c.initialize(); err != nil {
		c.Stop()
		return nil, err
	}
	if err := c.Restart(); err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

// StartFor starts a server of its own for a test, which is skipped if the
// machine has none; with CI set in the environment it fails.
func StartFor(t testing.TB, o Options) *Cluster {
	t.Helper()
	c, err := Start(o)
	need(t, err)
	t.Cleanup(c.Stop)
	return c
}

func need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrNoServer) && os.Getenv("CI") == "":
		t.Skipf("NOT TESTED with Postgres: %v; or name a server in %s", err, serverVariable)
	default:
		t.Fatal(err)
	}
}

var shared struct {
	once    sync.Once
	cluster *Cluster
	err     error
}

// Shared returns the one server of the test binary, which the first call
// starts and [Main] ends. Without a server it skips or fails as [StartFor] does.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	shared.once.Do(func() { shared.cluster, shared.err = given() })
	need(t, shared.err)
	return shared.cluster
}

// given is the server that the environment names, or a new one.
func given() (*Cluster, error) {
	text := os.Getenv(serverVariable)
	if text == "" {
		return Start(Options{})
	}
	base, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("pgtest: %s is not a URL", serverVariable)
	}
	return &Cluster{base: base}, nil
}

// Main is the TestMain of a package that uses [Shared].
func Main(m *testing.M) {
	code := m.Run()
	if shared.cluster != nil {
		shared.cluster.Stop()
	}
	os.Exit(code)
}

// URL returns the address of a database, as pgx and lib/pq read it.
func (c *Cluster) URL(database string) string {
	u := *c.base
	u.Path = "/" + database
	return u.String()
}

var databases atomic.Int64

// NewDatabase creates an empty database for a test, which drops it when it
// ends, and returns its URL.
func (c *Cluster) NewDatabase(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("adjourn_test_%d_%d", os.Getpid(), databases.Add(1))
	if err := c.administer("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.administer("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil && c.running() {
			t.Error(err)
		}
	})
	return c.URL(name)
}

func (c *Cluster) administer(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	db, err := sql.Open("pgx", c.base.String())
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("pgtest: %s: %w", statement, err)
	}
	return nil
}

// Stop ends the server and removes its files.
func (c *Cluster) Stop() {
	if c.bin == "" {
		return
	}
	c.end(syscall.SIGQUIT) // at once: there is nothing to keep
	_ = os.RemoveAll(c.dir)
}

// Kill ends the server with all its processes as kill -9 does. [Cluster.Restart]
// starts it again.
func (c *Cluster) Kill() error {
	if c.bin == "" {
		return errors.New("pgtest: a server that was given is not killed")
	}
	if c.process == nil {
		return nil
	}
	_ = c.process.Signal(syscall.SIGSTOP) // it has no more children, once it has stopped
	killChildren(c.process.Pid)
	c.end(syscall.SIGKILL)
	return nil
}

// killChildren ends the processes of a server that was told to stop, and returns
// when they have ended, which takes a moment if they wait for the disk. One that
// was left would run on without the server, and not let it start again.
func killChildren(server int) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		state, _ := processStatus(server)
		running := state == "R" || state == "S" || state == "D"
		pids := children(server)
		if !running && len(pids) == 0 {
			return
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func (c *Cluster) end(s syscall.Signal) {
	if c.process == nil {
		return
	}
	_ = c.process.Signal(s)
	select {
	case <-c.exited:
	case <-time.After(patience):
		_ = c.process.Kill()
		<-c.exited
	}
	c.process = nil
}

func (c *Cluster) running() bool {
	if c.bin == "" {
		return true
	}
	return c.process != nil
}

// Restart starts a server that was killed, and returns when it takes
// connections.
func (c *Cluster) Restart() error {
	if c.bin == "" || c.process != nil {
		return errors.New("pgtest: the server runs")
	}
	settings := []string{"listen_addresses=", "unix_socket_directories=" + c.dir, "max_connections=300"}
	if !c.options.Durable {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	args := []string{"-D", c.data()}
	for _, s := range append(settings, c.options.Settings...) {
		args = append(args, "-c", s)
	}
	c.log = &serverLog{ready: make(chan struct{}), sign: []byte("database system is ready to accept connections")}
	cmd := c.command("postgres", args...)
	cmd.Stderr = c.log
	started := make(chan error)
	c.exited = make(chan struct{})
	go func() {
		// The server dies with the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
		close(c.exited)
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("pgtest: starting postgres: %w", err)
	}
	c.process = cmd.Process
	select {
	case <-c.log.ready:
		return nil
	case <-c.exited:
		c.process = nil
		return fmt.Errorf("pgtest: postgres ended:\n%s", c.log)
	case <-time.After(patience):
		c.end(syscall.SIGQUIT)
		return fmt.Errorf("pgtest: postgres takes no connections:\n%s", c.log)
	}
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *Cluster) initialize() error {
	cmd := c.command("initdb", "-D", c.data(), "-U", "postgres",
		"--auth=trust", "--locale=C", "--encoding=UTF8", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: initdb: %w\n%s", err, out)
	}
	return nil
}

func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir = c.dir
	cmd.Env = []string{"PATH=" + c.bin, "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = attributes(c.owner)
	cmd.WaitDelay = time.Second // a backend that outlives the server holds its log
	return cmd
}

// serverLog keeps what the server says, and notices when it is ready.
type serverLog struct {
	mu    sync.Mutex
	text  bytes.Buffer
	sign  []byte // that it is ready
	ready chan struct{}
	is    bool
}

// Write implements io.Writer.
func (l *serverLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.is { // what it says later interests nobody
		return len(p), nil
	}
	l.text.Write(p)
	if bytes.Contains(l.text.Bytes(), l.sign) {
		l.is = true
		close(l.ready)
	}
	return len(p), nil
}

// String returns what the server said until it was ready.
func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// binaries returns the directory of initdb and postgres. Debian puts neither
// into PATH, and some machines put links there.
func binaries() (string, error) {
	var found []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			found = append(found, filepath.Dir(real))
		}
	}
	versions, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(versions, func(a, b string) int { return cmp.Compare(major(b), major(a)) })
	for _, dir := range append(found, versions...) {
		if isFile(filepath.Join(dir, "initdb")) && isFile(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", ErrNoServer
}

func major(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// directory makes one that owner can reach, and whose socket has a path that
// fits into a socket address. The directories of testing.T are neither.
func directory(owner *syscall.Credential) (string, error) {
	const longest = 107
	var errs []error
	for _, parent := range slices.Compact([]string{os.TempDir(), "/tmp"}) {
		dir, err := os.MkdirTemp(parent, "pgtest")
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if len(filepath.Join(dir, ".s.PGSQL.5432")) <= longest && (owner == nil || reachable(parent)) {
			if owner != nil {
				err = os.Chown(dir, int(owner.Uid), int(owner.Gid))
			}
			return dir, err
		}
		_ = os.Remove(dir)
		errs = append(errs, fmt.Errorf("%s is too long or cannot be reached by other users", parent))
	}
	return "", fmt.Errorf("pgtest: no directory for the server: %w", errors.Join(errs...))
}

// reachable reports whether any user may pass through a directory and those
// above it.
func reachable(dir string) bool {
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&1 == 0 {
			return false
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		return true
	}
}

// children returns the processes that have not ended and whose parent is pid,
// where the system says so in /proc.
func children(pid int) (all []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if state, parent := processStatus(child); parent == pid && state != "Z" {
			all = append(all, child)
		}
	}
	return all
}

// processStatus returns the letter of what a process does and its parent, or
// neither if it is gone or the system has no /proc.
func processStatus(pid int) (state string, parent int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0
	}
	// The name stands in brackets, and may have brackets and spaces in it.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 2 {
		return "", 0
	}
	parent, _ = strconv.Atoi(fields[1])
	return fields[0], parent
}
