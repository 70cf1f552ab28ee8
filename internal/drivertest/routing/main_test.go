//go:build linux

package routing_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/internal/proof"
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
	seed := proof.Seed(t)
	return rand.New(rand.NewPCG(seed, 0)), seed
}

// grouped writes a number as people do.
func grouped(n int) string {
	return proof.Grouped(int64(n))
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
