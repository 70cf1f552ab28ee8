package closure

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
)

// A Share is how many closings were resolved of those that have an outcome.
type Share struct {
	Resolved, Unresolved int64
}

// Decided returns how many there are.
func (s Share) Decided() int64 { return s.Resolved + s.Unresolved }

// Value returns resolved / (resolved + unresolved), from 0 to 1; ok is false if
// there is nothing to share.
func (s Share) Value() (share float64, ok bool) {
	if s.Decided() == 0 {
		return 0, false
	}
	return float64(s.Resolved) / float64(s.Decided()), true
}

// Interval returns the Wilson interval of the share at 95 % confidence: see
// [Wilson].
func (s Share) Interval() (low, high float64) { return Wilson(s.Resolved, s.Decided()) }

// Add returns the share of both together.
func (s Share) Add(other Share) Share {
	return Share{s.Resolved + other.Resolved, s.Unresolved + other.Unresolved}
}

// Wilson returns the score interval of E. B. Wilson (1927) for the share that k of
// n stand for, at 95 % confidence. Unlike k/n plus or minus something it stays
// within 0 and 1 and says much about small numbers: none of three is up to 56 %.
// Of nothing, everything is possible: 0 to 1.
func Wilson(k, n int64) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	const z = 1.959963984540054 // the 97.5 % quantile of the normal distribution
	count := float64(n)
	p := float64(k) / count
	middle := p + z*z/(2*count)
	width := z * math.Sqrt(p*(1-p)/count+z*z/(4*count*count))
	scale := 1 + z*z/count
	low, high = max(0, (middle-width)/scale), min(1, (middle+width)/scale)
	switch k { // what rounding leaves
	case 0:
		low = 0
	case n:
		high = 1
	}
	return low, high
}

// A Line is one line of a report: what the closings of the same keys amount to.
type Line struct {
	Keys []string // of each dimension asked for, in that order

	Closings  int64
	Share     Share // of all of them
	Bot, Team Share // of those of each side

	Figures [NumFigures]Sum
}

// Lines makes a report of groups: a line for the closings of the same keys in the
// dimensions by. The groups are broken down by the dimensions of, which are those
// of by, [BySide] and [ByOutcome], each once, in any order. Lines are ordered by
// their keys, byte by byte.
func Lines(groups []Group, of, by []Dimension) []Line {
	side, outcome := slices.Index(of, BySide), slices.Index(of, ByOutcome)
	lines := map[string]*Line{}
	for _, g := range groups {
		keys := make([]string, len(by))
		for i, d := range by {
			keys[i] = g.Keys[slices.Index(of, d)]
		}
		id := strings.Join(keys, "\x00")
		if lines[id] == nil {
			lines[id] = &Line{Keys: keys}
		}
		lines[id].add(g, Side(g.Keys[side]), Outcome(g.Keys[outcome]))
	}
	var all []Line
	for _, id := range slices.Sorted(maps.Keys(lines)) {
		all = append(all, *lines[id])
	}
	return all
}

// Total returns what lines amount to together, if no closing is in more than one
// of them.
func Total(lines []Line) Line {
	var t Line
	for _, l := range lines {
		t.Closings += l.Closings
		t.Share, t.Bot, t.Team = t.Share.Add(l.Share), t.Bot.Add(l.Bot), t.Team.Add(l.Team)
		for f := range t.Figures {
			t.Figures[f] = t.Figures[f].Add(l.Figures[f])
		}
	}
	return t
}

func (l *Line) add(g Group, side Side, outcome Outcome) {
	var share Share
	switch outcome {
	case Resolved:
		share.Resolved = g.Closings
	case Unresolved:
		share.Unresolved = g.Closings
	}
	l.Closings += g.Closings
	l.Share = l.Share.Add(share)
	switch side {
	case SideBot:
		l.Bot = l.Bot.Add(share)
	case SideTeam:
		l.Team = l.Team.Add(share)
	}
	for f := range l.Figures {
		l.Figures[f] = l.Figures[f].Add(g.Figures[f])
	}
}

// FewConversations is how many conversations an article must be linked to before
// its share says anything about it.
const FewConversations = 5

// An Article is a knowledge base article by the conversations that it is linked
// to, each counted once, by its last closing.
type Article struct {
	Article string
	Share   // of the conversations

	// Few: there are fewer than [FewConversations], too few to judge it by.
	Few bool
}

// UnresolvedShare returns the Wilson interval of the unresolved share: the higher
// its low end, the surer it is that the article leaves customers without an answer.
func (a Article) UnresolvedShare() (low, high float64) { return Wilson(a.Unresolved, a.Decided()) }

// Articles makes a report of groups by [ByArticle] and [ByOutcome] of the last
// closing of each conversation: the articles linked to unresolved conversations.
// Those that can be judged come first, the surest to improve before others; then
// those with few conversations, the most often unresolved before others.
func Articles(groups []Group) []Article {
	var all []Article
	for _, g := range groups {
		article, outcome := g.Keys[0], Outcome(g.Keys[1])
		if article == "" {
			continue
		}
		if len(all) == 0 || all[len(all)-1].Article != article {
			all = append(all, Article{Article: article})
		}
		a := &all[len(all)-1]
		switch outcome {
		case Resolved:
			a.Resolved += g.Closings
		case Unresolved:
			a.Unresolved += g.Closings
		}
		a.Few = a.Decided() < FewConversations
	}
	all = slices.DeleteFunc(all, func(a Article) bool { return a.Unresolved == 0 })
	slices.SortFunc(all, compareArticles)
	return all
}

func compareArticles(a, b Article) int {
	if a.Few != b.Few {
		if a.Few {
			return 1
		}
		return -1
	}
	lowA, _ := a.UnresolvedShare()
	lowB, _ := b.UnresolvedShare()
	byShare, byCount := cmp.Compare(lowB, lowA), cmp.Compare(b.Unresolved, a.Unresolved)
	if a.Few {
		return cmp.Or(byCount, cmp.Compare(a.Article, b.Article))
	}
	return cmp.Or(byShare, byCount, cmp.Compare(a.Article, b.Article))
}
