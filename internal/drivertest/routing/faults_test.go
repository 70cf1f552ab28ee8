//go:build linux

package routing_test

import (
	"context"
	"math/rand/v2"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// A fault is a mistake in the store of a node.
type fault string

const (
	overfilling fault = "overfilling" // it takes seats without looking whether one is free
	forgetful   fault = "forgetful"   // it sometimes takes what an agent has for waiting
)

func (f fault) plant(s storage.Store) storage.Store {
	switch f {
	case overfilling:
		return overfill{s}
	case forgetful:
		return forget{s}
	}
	return s
}

type overfill struct{ storage.Store }

func (s overfill) Commit(ctx context.Context, c storage.Commit) error {
	c.Seen.Overfill = true
	return s.Store.Commit(ctx, c)
}

type forget struct{ storage.Store }

func (s forget) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	loaded, err := s.Store.Load(ctx, key, commandID)
	if err != nil || loaded.Head.Seat == "" || rand.IntN(10) > 0 {
		return loaded, err
	}
	c, err := conversation.Decode(loaded.Head.Body)
	if err != nil {
		return loaded, err
	}
	c.State, c.Agent = conversation.StateWaiting, ""
	loaded.Head.Body, err = conversation.Encode(c)
	return loaded, err
}

// deaf are triggers under which nobody hears that an agent has a free seat: the
// record of the agent is not due for it.
const deaf = `
	CREATE FUNCTION stay_quiet() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		NEW.due := OLD.due;
		RETURN NEW;
	END $$;
	CREATE TRIGGER deaf BEFORE UPDATE ON adjourn.records
		FOR EACH ROW WHEN (OLD.seat_moves <> NEW.seat_moves) EXECUTE FUNCTION stay_quiet()`
