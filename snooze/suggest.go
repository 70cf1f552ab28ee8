package snooze

import "time"

// margin is how far from now, and from the close of a shift, a suggested end
// stays where it has to move: time to settle the matter.
const margin = 30 * time.Minute

// A Suggestion is what [Suggest] recommends. Its Until resolves at the instant
// it was made for.
type Suggestion struct {
	Until Until `json:"until"`
	AtEnd AtEnd `json:"at_end"`
}

// Suggest recommends a snooze at now. It ends after [Short] while the visitor
// is online, else after [Long], and never later than Long.
//
// With hours, nil if they are not known, the end lies inside them. If the end
// above does not, it moves to the nearest instant that does and is from half an
// hour to [Long] away: the opening of a shift, or half an hour before the close
// of one; the earlier of two that are equally near. It is to [Keep], since the
// agent will be there. If there is none, the agent will not be back within 24
// hours, so that the suggestion is the end above and to [Release].
//
// The error is that of [Hours.Check].
func Suggest(now time.Time, online bool, hours *Hours) (Suggestion, error) {
	length := Long
	if online {
		length = Short
	}
	if hours == nil {
		return Suggestion{Until: For(length), AtEnd: Keep}, nil
	}
	loc, err := hours.load()
	if err != nil {
		return Suggestion{}, err
	}
	end := now.Add(length)
	at, ok := fit(hours.shifts(now, loc), now, end)
	switch {
	case !ok:
		return Suggestion{Until: For(length), AtEnd: Release}, nil
	case at.Equal(end):
		return Suggestion{Until: For(length), AtEnd: Keep}, nil
	}
	return Suggestion{Until: At(at.UTC()), AtEnd: Keep}, nil
}

// fit returns the instant inside the shifts, and in reach of now, that is
// nearest to end.
func fit(shifts []shift, now, end time.Time) (at time.Time, ok bool) {
	for _, s := range shifts {
		if s.holds(end) {
			return end, true
		}
		near := s.nearest(end)
		if near.Before(now.Add(margin)) || near.After(now.Add(Long)) {
			continue
		}
		if !ok || near.Sub(end).Abs() < at.Sub(end).Abs() {
			at, ok = near, true
		}
	}
	return at, ok
}

// nearest returns the instant nearest to end, which is outside the shift: its
// opening, or margin before its close if it lasts that long.
func (s shift) nearest(end time.Time) time.Time {
	if last := s.close.Add(-margin); last.After(s.open) && s.open.Before(end) {
		return last
	}
	return s.open
}
