package hostile_test

import (
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	_ "github.com/mattn/go-sqlite3"
	_ "modernc.org/sqlite"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
)

const suite = "hostile input"

func TestMain(m *testing.M) { pgtest.Main(m) }
