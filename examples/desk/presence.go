package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

// Presence knows whose pages are open, and tells the Desk: visitors are on the
// site, and agents are available unless they chose not to be. A page says every
// ten seconds that it is there, and when it goes.
type presence struct {
	desk    *lifecycle.Desk
	changed func() // somebody came or went

	mu   sync.Mutex                      // guards seen
	seen map[person]map[string]time.Time // by person and page, really, not on the clock of the demo
}

// lost is how long a page that says nothing counts as open: browsers let pages in
// the background speak once a minute.
const lost = 150 * time.Second

func newPresence(desk *lifecycle.Desk, changed func()) *presence {
	return &presence{desk: desk, changed: changed, seen: map[person]map[string]time.Time{}}
}

// Here notes that a page is open.
func (p *presence) Here(ctx context.Context, who person, page string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.seen[who] == nil
	if first {
		p.seen[who] = map[string]time.Time{}
	}
	p.seen[who][page] = time.Now()
	if first {
		return p.tell(ctx, who, true)
	}
	return nil
}

// Gone notes that a page was closed.
func (p *presence) Gone(ctx context.Context, who person, page string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gone(ctx, who, page)
}

func (p *presence) gone(ctx context.Context, who person, page string) error {
	pages := p.seen[who]
	if _, open := pages[page]; !open {
		return nil
	}
	delete(pages, page)
	if len(pages) > 0 {
		return nil
	}
	delete(p.seen, who)
	return p.tell(ctx, who, false)
}

// tell is called with the lock held, so that the Desk hears it in order.
func (p *presence) tell(ctx context.Context, who person, here bool) error {
	defer p.changed()
	if who.Kind == conversation.KindVisitor {
		_, err := p.desk.SetPresence(ctx, workspace, who.ID, here)
		return err
	}
	to := roster.Unavailable
	if here {
		to = roster.Available
	}
	_, err := p.desk.SetAvailability(ctx, workspace, who.ID, roster.Automatic, to)
	return err
}

// run notices pages that fell silent, until ctx is done.
func (p *presence) run(ctx context.Context, failed func(error)) error {
	sweep := time.NewTicker(5 * time.Second)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-sweep.C:
			if err := p.sweep(ctx, time.Now().Add(-lost)); err != nil {
				failed(err)
			}
		}
	}
}

func (p *presence) sweep(ctx context.Context, before time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for who, pages := range p.seen {
		for page, at := range pages {
			if at.Before(before) {
				if err := p.gone(ctx, who, page); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// expect counts those who were there before a restart as there, until their pages
// had the time to come back.
func (p *presence) expect(ctx context.Context, all []person) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, who := range all {
		here, err := p.told(ctx, who)
		if err != nil {
			return err
		}
		if here {
			p.seen[who] = map[string]time.Time{"before": time.Now().Add(15*time.Second - lost)}
		}
	}
	return nil
}

// told returns what the Desk was last told.
func (p *presence) told(ctx context.Context, who person) (here bool, err error) {
	if who.Kind == conversation.KindVisitor {
		visitor, err := p.desk.Visitor(ctx, workspace, who.ID)
		return visitor.Online, err
	}
	agent, err := p.desk.Agent(ctx, workspace, who.ID)
	if errors.Is(err, lifecycle.ErrNoAgent) {
		return false, nil
	}
	return agent.Automatic == roster.Available, err
}

// here and gone are what pages say.
func (a *app) here(w http.ResponseWriter, r *http.Request) {
	a.answerPage(w, r, a.presence.Here(r.Context(), me(r), r.FormValue("page")))
}

func (a *app) gone(w http.ResponseWriter, r *http.Request) {
	a.answerPage(w, r, a.presence.Gone(r.Context(), me(r), r.FormValue("page")))
}

func (a *app) answerPage(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		a.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
