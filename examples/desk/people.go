package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/adjourn/adjourn/conversation"
)

// A person is somebody whom the host knows. adjourn knows their ID only.
type person struct {
	Kind conversation.ActorKind // visitor, agent or supervisor
	ID   string
	Name string
}

func (p person) Actor() conversation.Actor { return conversation.Actor{Kind: p.Kind, ID: p.ID} }

func (p person) Supervisor() bool { return p.Kind == conversation.KindSupervisor }

// Base is where the pages of the person are. The cookie of a session reaches
// these only, so that one browser can be several people, in a tab each.
func (p person) Base() string {
	if p.Kind == conversation.KindVisitor {
		return "/visitors/" + p.ID
	}
	return "/agents/" + p.ID
}

// People are the host's own tables, in the same file as the conversations: who
// there is, and who is signed in. It is safe for concurrent use.
type people struct {
	db *sql.DB

	mu    sync.RWMutex // guards names
	names map[string]person
}

const peopleTables = `
CREATE TABLE IF NOT EXISTS people (
	id   TEXT PRIMARY KEY,
	kind TEXT NOT NULL,
	name TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sessions (
	token  BLOB PRIMARY KEY, -- its hash: whoever reads the file is not signed in
	person TEXT NOT NULL REFERENCES people,
	until  INTEGER NOT NULL -- in seconds since 1970
) STRICT`

// sessionLasts is how long somebody stays signed in.
const sessionLasts = 30 * 24 * time.Hour

func openPeople(ctx context.Context, db *sql.DB) (*people, error) {
	if _, err := db.ExecContext(ctx, peopleTables); err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `SELECT id, kind, name FROM people`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	p := &people{db: db, names: map[string]person{}}
	for rows.Next() {
		var one person
		if err := rows.Scan(&one.ID, &one.Kind, &one.Name); err != nil {
			return nil, err
		}
		p.names[one.ID] = one
	}
	return p, rows.Err()
}

// Add adds somebody, or changes what they are called. A transaction or the
// database itself takes it.
func (p *people) Add(ctx context.Context, to executor, one person) error {
	_, err := to.ExecContext(ctx,
		`INSERT INTO people (id, kind, name) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name`,
		one.ID, one.Kind, one.Name)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names[one.ID] = one
	return nil
}

// An executor is a *sql.DB or a *sql.Tx.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Of returns those of some kinds, in no order.
func (p *people) Of(kinds ...conversation.ActorKind) []person {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var all []person
	for _, one := range p.names {
		for _, kind := range kinds {
			if one.Kind == kind {
				all = append(all, one)
			}
		}
	}
	return all
}

// Find returns somebody by their ID.
func (p *people) Find(id string) (person, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	one, ok := p.names[id]
	return one, ok
}

// Name returns what an actor is called.
func (p *people) Name(a conversation.Actor) string {
	if one, ok := p.Find(a.ID); ok {
		return one.Name
	}
	switch {
	case a.Kind == conversation.KindBot:
		return "Bot"
	case a.ID != "":
		return a.ID
	}
	return string(a.Kind)
}

// SignIn begins a session and returns its token. Those that are over go.
func (p *people) SignIn(ctx context.Context, id string) (token string, err error) {
	now := time.Now() // not on the clock of the demo: browsers have their own
	if _, err := p.db.ExecContext(ctx, `DELETE FROM sessions WHERE until <= ?`, now.Unix()); err != nil {
		return "", err
	}
	token = rand.Text()
	_, err = p.db.ExecContext(ctx, `INSERT INTO sessions (token, person, until) VALUES (?, ?, ?)`,
		hash(token), id, now.Add(sessionLasts).Unix())
	return token, err
}

// EndSessions ends all sessions of somebody.
func (p *people) EndSessions(ctx context.Context, id string) error {
	_, err := p.db.ExecContext(ctx, `DELETE FROM sessions WHERE person = ?`, id)
	return err
}

// Session returns whose session a token is of.
func (p *people) Session(ctx context.Context, token string) (person, bool, error) {
	var id string
	err := p.db.QueryRowContext(ctx, `SELECT person FROM sessions WHERE token = ? AND until > ?`, hash(token), time.Now().Unix()).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return person{}, false, nil
	}
	one, ok := p.Find(id)
	return one, ok && err == nil, err
}

func hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
