package main

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
)

// A snoozing is the dialog that puts a conversation aside.
type snoozing struct {
	*dialog
	Again  bool // it is snoozed, and the end is moved
	Ways   []way
	At     string // of the way by the clock
	Zone   string // whose clock that is
	Keep   bool
	Asleep bool
	Online bool
	After  string // what becomes of it if it is not kept
}

// A way is a choice of how long.
type way struct {
	Value       string
	Says        string
	Chosen      bool
	Recommended bool
}

// localTime is how browsers write a field of type datetime-local.
const localTime = "2006-01-02T15:04"

func (a *app) snoozing(p page, o *openConversation, policy conversation.Policy) (*snoozing, error) {
	d := o.dialog(p, "snooze")
	if d == nil {
		return nil, nil
	}
	advice, err := snooze.Suggest(p.Now, o.Online, nil)
	if err != nil {
		return nil, err
	}
	now := p.Now.Local()
	zone, _ := now.Zone()
	tomorrow := time.Date(now.Year(), now.Month(), now.Day()+1, 9, 0, 0, 0, time.Local)
	s := &snoozing{
		dialog: d,
		Again:  o.State == conversation.StateSnoozed,
		At:     d.Or("at", tomorrow.Format(localTime)),
		Zone:   zone,
		Keep:   d.Ticked("keep", advice.AtEnd != snooze.Release),
		Asleep: d.Ticked("asleep", false),
		Online: o.Online,
		After:  released(policy),
	}
	recommended := "3h"
	if advice.Until.For > snooze.Short {
		recommended = "24h"
	}
	for _, w := range []way{
		{Value: "3h", Says: "3 hours"},
		{Value: "24h", Says: "24 hours"},
		{Value: "clock", Says: "By the clock"},
		{Value: "reply", Says: "Until the visitor replies"},
	} {
		w.Recommended = w.Value == recommended
		w.Chosen = w.Value == d.Or("until", recommended)
		s.Ways = append(s.Ways, w)
	}
	return s, nil
}

func (a *app) snooze(ctx context.Context, call lifecycle.Call, form url.Values) error {
	s := conversation.Snooze{AtEnd: snooze.Release}
	switch form.Get("until") {
	case "3h":
		s.Until = snooze.For(snooze.Short)
	case "24h":
		s.Until = snooze.For(snooze.Long)
	case "reply":
		s.Until = snooze.UntilReply()
	case "clock":
		at, err := time.ParseInLocation(localTime, form.Get("at"), time.Local)
		if err != nil {
			return wrong("by the clock", "give a date and a time")
		}
		s.Until = snooze.At(at)
	default:
		return wrong("how long", "choose one")
	}
	if form.Has("keep") {
		s.AtEnd = snooze.Keep
	}
	if form.Has("asleep") && !s.Until.Reply { // what ends with the reply cannot sleep on
		s.OnReply = snooze.StayAsleep
	}
	_, err := a.desk.Snooze(ctx, call, s)
	switch {
	case errors.Is(err, snooze.ErrPast):
		return wrong("by the clock", "that time has passed")
	case errors.Is(err, snooze.ErrHorizon):
		return wrong("by the clock", "a snooze lasts 400 days at most")
	}
	return err
}

func (a *app) wake(ctx context.Context, call lifecycle.Call, _ url.Values) error {
	_, err := a.desk.Wake(ctx, call)
	return err
}

// tooLong reports whether a conversation is kept for longer than visitors should
// wait: what the Desk advised of when it was snoozed, read off its journal.
func tooLong(c conversation.Conversation, journal []conversation.Record) bool {
	if c.State != conversation.StateSnoozed || c.Snooze.At.IsZero() || c.Snooze.AtEnd != snooze.Keep {
		return false
	}
	for i := len(journal) - 1; i >= 0; i-- {
		if _, snoozed := journal[i].Event.(conversation.Snoozed); snoozed {
			return c.Snooze.At.Sub(journal[i].At) > snooze.Long
		}
	}
	return false
}
