// Package examples holds programs that show adjourn at work, one directory each.
//
// It is a module of its own, so that what the programs depend on (database drivers, web servers)
// never reaches a host that imports the library. It is meant to be run from a clone, is not tagged
// and promises no compatibility.
package examples
