package lifecycle

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// A Desk is what a host uses: commands go in, deadlines are worked off, and what
// happened comes out. It keeps nothing that matters in itself: any number of
// Desks, in any number of processes, may work on one store. It is safe for
// concurrent use.
type Desk struct {
	commands

	store   storage.Store
	clock   Clock
	poll    time.Duration
	workers int
	router  Router

	tagOrder func(a, b string) int

	storeClock  storage.Clock // nil: the Desk's own clock decides
	maxFailures int

	live broadcaster

	running atomic.Bool
	sooner  chan struct{} // tells Run of something before wakeAt
	wakeAt  atomic.Int64  // when Run means to wake, in Unix microseconds
}

// Options are the choices of a Desk. The zero value, and nil, are the defaults.
type Options struct {
	// Clock is what the Desk tells the time by. Nil means the system's clock.
	Clock Clock

	// Logger receives what goes wrong with nobody there to tell: Run's errors
	// and conversations that fail. It never gets a text, a name or an address of
	// a visitor; what a database driver says of its connection is passed on. Nil
	// means silence.
	Logger *slog.Logger

	// Poll is how long Run waits at most before it looks at the store again,
	// for what other processes wrote. Zero means [DefaultPoll].
	Poll time.Duration

	// Workers is how many due conversations Tick works on at once. Zero means
	// one: strictly in the order in which they were due.
	Workers int

	// StoreClock makes the store's clock decide what is due and when things
	// happened, so that nodes whose own clocks differ agree. It costs a question
	// to the store for each decision. The store must be a [storage.Clock]. The
	// Desk's own clock then only says how long to sleep, and that the store's is
	// not far off: see [ErrSkew].
	StoreClock bool

	// MaxFailures is how often in a row a conversation may fail to be worked off
	// before it is quarantined: see [Desk.Setbacks]. Zero means
	// [DefaultMaxFailures].
	MaxFailures int

	// Router chooses who gets a waiting conversation. Nil means [LeastLoaded].
	Router Router

	// Classifier recognises what messages mean for the goodbye. Nil means
	// [ByPhrases] with [closure.DefaultPhrases], in English.
	Classifier Classifier

	// TagOrder is the order of [Desk.Tags], negative if a comes first: that of
	// the agents' language, such as golang.org/x/text/collate has. It must be
	// safe for concurrent use. Nil means [closure.CompareTags].
	TagOrder func(a, b string) int

	// NewID makes the ID of a conversation that is opened without one. Nil
	// means 128 random bits.
	NewID func() string
}

// The defaults of Options that do not say.
const (
	DefaultPoll        = time.Second
	DefaultMaxFailures = 10 // with their waits, about nine minutes
)

// New returns a Desk on the store. It starts nothing: deadlines are worked off
// by [Desk.Run] or [Desk.Tick]. It returns an error if the store is nil, an
// option is negative, or the store lacks the clock that is asked for.
func New(store storage.Store, options *Options) (*Desk, error) {
	var o Options
	if options != nil {
		o = *options
	}
	switch {
	case store == nil:
		return nil, errors.New("lifecycle: a Desk needs a store")
	case o.Poll < 0:
		return nil, fmt.Errorf("lifecycle: a poll of %v, must not be negative", o.Poll)
	case o.Workers < 0:
		return nil, fmt.Errorf("lifecycle: %d workers, must not be negative", o.Workers)
	case o.MaxFailures < 0:
		return nil, fmt.Errorf("lifecycle: %d failures, must not be negative", o.MaxFailures)
	}
	d := &Desk{
		store:       store,
		clock:       o.Clock,
		router:      o.Router,
		tagOrder:    o.TagOrder,
		poll:        cmp.Or(o.Poll, DefaultPoll),
		workers:     cmp.Or(o.Workers, 1),
		maxFailures: cmp.Or(o.MaxFailures, DefaultMaxFailures),
		sooner:      make(chan struct{}, 1),
	}
	if o.StoreClock {
		var ok bool
		if d.storeClock, ok = store.(storage.Clock); !ok {
			return nil, fmt.Errorf("lifecycle: %T has no clock of its own", store)
		}
	}
	if d.tagOrder == nil {
		d.tagOrder = closure.CompareTags
	}
	if d.router == nil {
		d.router = LeastLoaded{}
	}
	if d.clock == nil {
		d.clock = systemClock{}
	}
	d.commands = commands{
		store:    store,
		attempts: maxAttempts,
		policies: new(policyCache),
		log:      cmp.Or(o.Logger, slog.New(slog.DiscardHandler)),
		judge:    o.Classifier,
		newID:    o.NewID,
		now:      d.now,
		tell:     d.tell,
	}
	if d.judge == nil {
		d.judge = ByPhrases(closure.DefaultPhrases())
	}
	if d.newID == nil {
		d.newID = rand.Text
	}
	return d, nil
}

// now reads the clock that decides.
func (d *Desk) now(ctx context.Context) (time.Time, error) {
	if d.storeClock == nil {
		return d.ownNow(), nil
	}
	now, err := d.storeClock.Now(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("lifecycle: the store's clock: %w", err)
	}
	return now.UTC().Truncate(time.Microsecond), nil
}

// ownNow reads the clock of this node.
func (d *Desk) ownNow() time.Time { return d.clock.Now().UTC().Truncate(time.Microsecond) }

// tell lets everybody here know what was committed.
func (d *Desk) tell(p proposal) {
	d.tellRun(p.commit.Head.Due)
	if p.freed {
		d.wakeRun()
	}
	d.live.publish(p.after, p.records)
}
