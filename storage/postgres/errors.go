package postgres

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/adjourn/adjourn/storage"
)

// Codes of the server's errors.
const (
	serializationFailure = "40001"
	completionUnknown    = "40003"
	deadlockDetected     = "40P01"
	lockNotAvailable     = "55P03"
	queryCanceled        = "57014"
)

// sqlState is the server's code for an error, as pgx and lib/pq tell it; empty
// if the error is not the server's.
func sqlState(err error) string {
	if coded, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return coded.SQLState()
	}
	return ""
}

func class(state string) string { return state[:min(2, len(state))] }

// rolledBack reports whether an error of what commits says that the transaction
// did not take effect. When the server shuts down or fails, or the connection
// breaks, the commit may have been made and the answer lost.
func rolledBack(err error) bool {
	if errors.Is(err, sql.ErrTxDone) {
		return true // it was over before, so COMMIT was not sent
	}
	switch sqlState(err) {
	case completionUnknown:
		return false
	case queryCanceled:
		return true
	}
	switch class(sqlState(err)) {
	case "0A", "21", "22", "23", "25", "26", "40", "42", "54", "55": // of the statement and its data
		return true
	}
	return false
}

// raced tells from other errors that another transaction was there first, which
// is a conflict, or still is.
func raced(err error) error {
	switch sqlState(err) {
	case serializationFailure, deadlockDetected:
		return fmt.Errorf("%w: %w", storage.ErrConflict, err)
	case lockNotAvailable:
		return fmt.Errorf("%w: %w", storage.ErrHeld, err)
	}
	return err
}

// worthAlone reports whether the commits of a batch that failed as a whole may
// fare better one by one: not if the server cannot be reached.
func worthAlone(err error) bool {
	if errors.Is(err, storage.ErrOutcomeUnknown) {
		return false
	}
	switch class(sqlState(err)) {
	case "21", "22", "23", "40", "54", "55": // the data of one of them, its locks or its size
		return true
	}
	return false
}
