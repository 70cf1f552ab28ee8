// Package drivertest runs the SQL stores against real databases through the
// drivers that hosts use. It is a module of its own, so that no driver becomes a
// dependency of the library.
package drivertest
