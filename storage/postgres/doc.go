// Package postgres keeps conversations in a Postgres database.
package postgres
