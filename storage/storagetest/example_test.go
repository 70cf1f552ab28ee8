package storagetest_test

import (
	"testing"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
	"github.com/adjourn/adjourn/storage/storagetest"
)

// open returns a new, empty store. One with a database would make a fresh
// database here, and drop it with t.Cleanup.
func open(*testing.T) storage.Store { return memory.New() }

// This is the whole test of a store. In the tests of a package it is a function
// of its own, func TestStore(t *testing.T).
func ExampleRun() {
	testStore := func(t *testing.T) {
		storagetest.Run(t, open)
	}
	_ = testStore // go test calls it
}
