package pgtest_test

import (
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
)

// orphanVariable makes the test binary start a server, say so and hang.
const orphanVariable = "PGTEST_ORPHAN"

func TestMain(m *testing.M) {
	if os.Getenv(orphanVariable) == "" {
		pgtest.Main(m)
	}
	if _, err := pgtest.Start(pgtest.Options{}); err != nil {
		panic(err)
	}
	_, _ = os.Stdout.WriteString("started\n")
	select {}
}

func TestDriversReachADatabase(t *testing.T) {
	t.Parallel()
	address := pgtest.Shared(t).NewDatabase(t)
	for _, driver := range []string{"pgx", "postgres"} {
		db := open(t, driver, address)
		if _, err := db.Exec(`CREATE TABLE ` + driver + ` (id int)`); err != nil {
			t.Errorf("%s: %v", driver, err)
		}
	}
}

func TestDurableServerKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	c := pgtest.StartFor(t, pgtest.Options{Durable: true})
	db := open(t, "pgx", c.URL("postgres"))
	if _, err := db.Exec(`CREATE TABLE kept AS SELECT 42 AS answer`); err != nil {
		t.Fatal(err)
	}
	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := db.Ping(); err == nil {
		t.Error("the server answers after Kill")
	}
	if err := c.Restart(); err != nil {
		t.Fatal(err)
	}
	var answer int
	if err := db.QueryRow(`SELECT answer FROM kept`).Scan(&answer); err != nil || answer != 42 {
		t.Errorf("after Restart: %d, %v, want 42", answer, err)
	}
}

func TestServerDiesWithTheTestBinary(t *testing.T) {
	t.Parallel()
	pgtest.Shared(t) // skips without a server
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("only Linux ends a server whose starter was killed")
	}
	temp, err := os.MkdirTemp("/tmp", "orphan")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(temp) })
	if err := os.Chmod(temp, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), orphanVariable+"=1", "TMPDIR="+temp)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	pid := postmaster(t, temp)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for start := time.Now(); syscall.Kill(pid, 0) == nil; time.Sleep(10 * time.Millisecond) {
		if state(pid) == "Z" {
			break // it has ended; nobody asked how
		}
		if time.Since(start) > time.Minute {
			t.Fatalf("server %d still runs", pid)
		}
	}
}

// postmaster returns the process of the server whose files are below dir.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "*", "data", "postmaster.pid"))
	if len(files) != 1 {
		t.Fatalf("servers: %v, want 1", files)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func state(pid int) string {
	text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	_, rest, _ := strings.Cut(string(text), ") ")
	return rest[:min(1, len(rest))]
}

func open(t *testing.T, driver, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
