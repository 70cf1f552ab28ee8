//go:build linux && cgo

package crash_test

import _ "github.com/mattn/go-sqlite3"

func init() { sqliteDrivers = append(sqliteDrivers, "sqlite3") }
