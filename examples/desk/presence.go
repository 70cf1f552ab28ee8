package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
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

	mu     sync.Mutex                         // guards people, and the pages of each
	people map[conversation.Actor]*attendance // who is here, and who went unless the Desk knows
}

// An attendance is which pages of somebody are open, and what the Desk knows of it.
type attendance struct {
	pages map[string]time.Time // when they last spoke: really, not on the clock of the demo

	telling sync.Mutex // held while the Desk is told, so that it hears in order; guards the fields below
	told    bool       // what the Desk was told last
	heard   bool       // it surely was: what failed may have reached it
}

const (
	// lost is how long a page that says nothing counts as open: browsers let pages
	// in the background speak once a minute.
	lost = 150 * time.Second

	longestPage = 64 // bytes of the name of a page
	mostPages   = 50 // of a person
)

func newPresence(desk *lifecycle.Desk, changed func()) *presence {
	return &presence{desk: desk, changed: changed, people: map[conversation.Actor]*attendance{}}
}

// Here notes that a page is open.
func (p *presence) Here(ctx context.Context, who person, page string) error {
	if len(page) > longestPage {
		return wrong("page", fmt.Sprintf("must have at most %d bytes", longestPage))
	}
	return p.note(ctx, who, func(pages map[string]time.Time) {
		pages[page] = time.Now()
		if len(pages) > mostPages {
			delete(pages, slices.MinFunc(slices.Collect(maps.Keys(pages)), func(a, b string) int { return pages[a].Compare(pages[b]) }))
		}
	})
}

// Gone notes that a page was closed.
func (p *presence) Gone(ctx context.Context, who person, page string) error {
	return p.note(ctx, who, func(pages map[string]time.Time) { delete(pages, page) })
}

// Left notes that somebody was signed out: pages of theirs that are still open no
// longer speak for them.
func (p *presence) Left(ctx context.Context, who person) error {
	return p.note(ctx, who, func(pages map[string]time.Time) { clear(pages) })
}

// note changes which pages of somebody are open.
func (p *presence) note(ctx context.Context, who person, change func(pages map[string]time.Time)) error {
	p.mu.Lock()
	one := p.people[who.Actor()]
	if one == nil {
		one = &attendance{pages: map[string]time.Time{}}
		p.people[who.Actor()] = one
	}
	change(one.pages)
	p.mu.Unlock()
	return p.settle(ctx, who.Actor(), one)
}

// settle tells the Desk whether somebody is there, unless it knows. The request of
// a page that closes ends at once, and the Desk is told all the same.
func (p *presence) settle(ctx context.Context, who conversation.Actor, one *attendance) error {
	one.telling.Lock()
	defer one.telling.Unlock()
	p.mu.Lock()
	here := len(one.pages) > 0
	p.mu.Unlock()
	if one.heard && one.told == here {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := p.tell(ctx, who, here)
	one.told, one.heard = here, err == nil
	if one.heard && !here {
		p.forget(who, one)
	}
	return err
}

// forget drops who went, unless they have just come back.
func (p *presence) forget(who conversation.Actor, one *attendance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.people[who] == one && len(one.pages) == 0 {
		delete(p.people, who)
	}
}

func (p *presence) tell(ctx context.Context, who conversation.Actor, here bool) error {
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
	if errors.Is(err, lifecycle.ErrNoAgent) { // removed from the team
		return nil
	}
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
			if err := p.sweep(ctx, time.Now().Add(-lost)); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
	}
}

// sweep forgets pages that last spoke before an instant, and tells the Desk what it
// does not know: of them, and what it could not be told when it was so.
func (p *presence) sweep(ctx context.Context, before time.Time) (err error) {
	for who, one := range p.swept(before) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		err = cmp.Or(err, p.settle(ctx, who, one)) // the others are told all the same
	}
	return err
}

// swept returns everybody, without the pages that fell silent.
func (p *presence) swept(before time.Time) map[conversation.Actor]*attendance {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make(map[conversation.Actor]*attendance, len(p.people))
	for who, one := range p.people {
		for page, at := range one.pages {
			if at.Before(before) {
				delete(one.pages, page)
			}
		}
		all[who] = one
	}
	return all
}

// expect counts those who were there before a restart as there, until their pages
// had the time to come back.
func (p *presence) expect(ctx context.Context, all []person) error {
	for _, who := range all {
		here, err := p.told(ctx, who)
		if err != nil {
			return err
		}
		if here {
			p.mu.Lock()
			p.people[who.Actor()] = &attendance{
				pages: map[string]time.Time{"before": time.Now().Add(15*time.Second - lost)},
				told:  true, heard: true,
			}
			p.mu.Unlock()
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
