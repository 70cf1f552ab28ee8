//go:build linux

package routing_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/storage/postgres"
)

// workerVariable makes the test binary a worker, which does what it reads from
// its standard input.
const workerVariable = "ROUTING_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) == "" {
		pgtest.Main(m)
	}
	fmt.Fprintln(os.Stderr, obey(context.Background()))
	os.Exit(1)
}

// An order is what a worker does until it is killed: one of the two.
type order struct {
	Node   *nodeOrder
	Mortal *mortalOrder
}

func obey(ctx context.Context) error {
	var o order
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		return err
	}
	if o.Mortal != nil {
		return o.Mortal.obey(ctx)
	}
	return o.Node.obey(ctx)
}

// newRand returns the chances of a suite, and their seed.
func newRand(t *testing.T) (*rand.Rand, uint64) {
	t.Helper()
	seed := rand.Uint64()
	if n, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0)), seed
}

// size is how much a suite does: n, unless the environment says otherwise.
func size(t *testing.T, variable string, n int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" && testing.Short() {
		return max(n/10, 3)
	}
	if text == "" {
		return n
	}
	given, err := strconv.Atoi(text)
	if err != nil || given < 1 {
		t.Fatalf("%s=%s, want a number of at least one", variable, text)
	}
	return given
}

// grouped writes a number as people do.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pool is how many connections a node has.
const pool = 10

// openPostgres opens a database as a host does.
func openPostgres(ctx context.Context, url string) (*sql.DB, *postgres.Store, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(pool)
	db.SetMaxIdleConns(pool)
	store, err := postgres.New(ctx, db, nil)
	return db, store, err
}

// pause waits, and reports whether there is time left.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// between is a duration of so many milliseconds.
func between(r *rand.Rand, from, to int) time.Duration {
	return time.Duration(from+r.IntN(to-from)) * time.Millisecond
}
