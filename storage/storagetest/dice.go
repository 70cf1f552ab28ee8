package storagetest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// seedVariable is the environment variable that repeats what was random.
const seedVariable = "STORAGETEST_SEED"

// A dice draws closings and queries.
type dice struct{ *rand.Rand }

// dice returns one with a seed that the test prints.
func (p probe) dice() dice {
	p.Helper()
	seed := rand.Uint64()
	if given := os.Getenv(seedVariable); given != "" {
		var err error
		seed, err = strconv.ParseUint(given, 10, 64)
		p.ok(err, "reading %s", seedVariable)
	}
	p.Logf("%s=%d repeats it", seedVariable, seed)
	return dice{rand.New(rand.NewPCG(seed, 0))}
}

// one reports whether it is the one of n.
func (r dice) one(n int) bool { return r.IntN(n) == 0 }

// word is one of a few that are easily confused, or none.
func (r dice) word() string {
	return draw(r, "", "zoe", "Zoe", "zoe ", "zoé", "zoe\u0301", "Z", "z", "_", "%", "100%", `zo"e`, "zo'e", `zo\e`, `\`, "🙂", "🙃",
		"[\"zoe\"]", "zoe,yan", "NULL", "null", "0", "00", "-1", "10", "9", "\t", "$1", "?", "\uffff", "a\x01")
}

// words are a few, ascending and each once.
func (r dice) words() []string {
	var words []string
	for range r.IntN(5) {
		if word := r.word(); word != "" {
			words = append(words, word)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

func draw[T any](r dice, of ...T) T { return of[r.IntN(len(of))] }

// instant is one of those around which closings are, which many have in common.
func (r dice) instant() time.Time {
	return closedAt(r.IntN(40)).Add(time.Duration(r.IntN(3)-1) * time.Microsecond)
}

// bound is an instant, as fine as hosts like.
func (r dice) bound() time.Time { return r.instant().Add(time.Duration(r.IntN(3)-1) * time.Nanosecond) }

// figure is a value of a figure.
func (r dice) figure() int64 {
	switch r.IntN(4) {
	case 0:
		return closure.None
	case 1:
		return r.Int64N(6)
	case 2:
		return r.Int64N(100_000)
	default:
		return r.Int64N(1 << 50)
	}
}

// closing is one of a conversation.
func (r dice) closing(conversation string, number int, at time.Time) closure.Record {
	c := closure.Record{
		Conversation: conversation, Number: number, At: at,
		Outcome: draw(r, closure.Outcomes()...), Reason: draw(r, append(closure.Reasons(), "")...),
		Cause: draw(r, closure.Causes()...), Side: draw(r, closure.Sides()...),
		Agent: r.word(), Group: r.word(),
		Sentiment: draw(r, append(closure.Sentiments(), "")...), Grade: draw(r, append(closure.Grades(), "")...),
		Tags: r.words(), Articles: r.words(),
	}
	for f := range c.Figures {
		c.Figures[f] = r.figure()
	}
	return c
}

// fileRandom puts a few hundred closings, some of them twice, and others into
// another workspace.
func (p probe) fileRandom(r dice) (records []closure.Record) {
	p.Helper()
	for i := range 100 {
		conversation := fmt.Sprintf("%c-%d", "aAbB"[r.IntN(4)], i)
		at := r.instant()
		var of, again []closure.Record
		for number := range 1 + r.IntN(4) {
			of = append(of, r.closing(conversation, number+1, at))
			at = at.Add(time.Duration(r.IntN(4)-1) * time.Millisecond) // Now and then back.
		}
		p.file("acme", of...)
		for j := range of {
			if r.one(4) {
				of[j] = r.closing(conversation, of[j].Number, of[j].At)
				again = append(again, of[j])
			}
		}
		p.file("acme", again...)
		records = append(records, of...)
		if r.one(10) {
			p.file("other", r.closing(conversation, 9, at))
		}
	}
	return records
}

// query asks for a few things.
func (r dice) query() storage.ClosingQuery {
	var q storage.ClosingQuery
	for _, ask := range []func(){
		func() { q.From = r.bound() },
		func() { q.To = r.bound() },
		func() { q.Outcome = draw(r, closure.Outcomes()...) },
		func() { q.Cause = draw(r, closure.Causes()...) },
		func() { q.Side = draw(r, closure.Sides()...) },
		func() { q.Agent = r.word() },
		func() { q.Group = r.word() },
		func() { q.Sentiment = draw(r, closure.Sentiments()...) },
		func() {
			for range r.IntN(4) {
				q.Grades = append(q.Grades, draw(r, append(closure.Grades(), "")...))
			}
		},
		func() { q.Tag = r.word() },
		func() { q.Article = r.word() },
	} {
		if r.one(6) {
			ask()
		}
	}
	q.Last = r.one(3)
	return q
}

// breakdown is by up to four dimensions.
func (r dice) breakdown() closure.Breakdown {
	dimensions := closure.Dimensions()
	r.Shuffle(len(dimensions), func(i, j int) { dimensions[i], dimensions[j] = dimensions[j], dimensions[i] })
	b := closure.Breakdown{By: dimensions[:r.IntN(5)]}
	if slices.Contains(b.By, closure.ByDay) || r.one(5) {
		for range 2 + r.IntN(12) {
			b.Days = append(b.Days, r.bound())
		}
		b.Days = append(b.Days, closedAt(20), closedAt(21))
		slices.SortFunc(b.Days, time.Time.Compare)
		b.Days = slices.CompactFunc(b.Days, time.Time.Equal)
	}
	return b
}

// percentages are a few, in any order.
func (r dice) percentages() []int {
	var list []int
	for range r.IntN(6) {
		list = append(list, 1+r.IntN(100))
	}
	return list
}
