package conversation_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
)

// A ledger is a journal, read as a person would: backwards and forwards, from
// record to record, without keeping anything.
type ledger []conversation.Record

// state returns where the conversation was after record i.
func (l ledger) state(i int) conversation.State {
	held := func(agent string) conversation.State {
		if agent == "" {
			return conversation.StateWaiting
		}
		return conversation.StateAssigned
	}
	for ; i >= 0; i-- {
		switch e := l[i].Event.(type) {
		case conversation.Opened:
			return e.To
		case conversation.AgentRequested:
			if before := l.state(i - 1); before != conversation.StateBot {
				return before
			}
			return conversation.StateWaiting
		case conversation.Taken, conversation.Assigned:
			return conversation.StateAssigned
		case conversation.HandedBack:
			return conversation.StateBot
		case conversation.Transferred:
			return held(e.Agent)
		case conversation.Requeued:
			return conversation.StateWaiting
		case conversation.Snoozed:
			return conversation.StateSnoozed
		case conversation.Woken:
			return held(e.Agent)
		case conversation.Closed:
			return conversation.StateClosed
		case conversation.Reopened:
			return e.To
		}
	}
	return conversation.StateNone
}

func (l ledger) person(i int) bool {
	return l[i].By.Kind == conversation.KindAgent || l[i].By.Kind == conversation.KindSupervisor
}

// spoke reports whether record i is a message, not an automatic one.
func (l ledger) spoke(i int) bool {
	said, ok := l[i].Event.(conversation.Said)
	return ok && !said.Automatic && l[i].By.Kind != conversation.KindSystem
}

// says reports whether record i is a person's message with all of the marks.
func (l ledger) says(i int, marks ...closure.Mark) bool {
	if !l.spoke(i) || !l.person(i) {
		return false
	}
	for _, mark := range marks {
		if !slices.Contains(l[i].Event.(conversation.Said).Marks, mark) {
			return false
		}
	}
	return true
}

// turn reports whether with record i the visitor said something, or asked for a
// person.
func (l ledger) turn(i int) bool {
	_, requested := l[i].Event.(conversation.AgentRequested)
	return l[i].By.Kind == conversation.KindVisitor && (l.spoke(i) || requested)
}

// any returns the first record after one, and up to another, of which it is true, or
// -1.
func (l ledger) any(after, upTo int, is func(i int) bool) int {
	for i := after + 1; i <= upTo; i++ {
		if is(i) {
			return i
		}
	}
	return -1
}

// question returns the record in a cycle that began at first, up to i, in which the
// visitor was last asked whether anything is left, or -1. What says goodbye after the
// answer asks nothing more, nor does a follow-up after that.
func (l ledger) question(first, i int) int {
	for ; i > first; i-- {
		_, followed := l[i].Event.(conversation.FollowedUp)
		switch {
		case followed && l.state(i) == conversation.StateAssigned && !l.left(first, i-1),
			l.says(i, closure.CheckIn) && !(l.says(i, closure.Farewell) && l.answer(first, i-1) >= 0):
			return i
		}
	}
	return -1
}

// answer returns the record of the first answer to that question, or -1.
func (l ledger) answer(first, i int) int {
	asked := l.question(first, i)
	if asked < 0 {
		return -1
	}
	return l.any(asked, i, l.turn)
}

// left reports whether a person said goodbye after the answer, and nobody wanted or
// added anything since.
func (l ledger) left(first, i int) bool {
	answer := l.answer(first, i)
	if answer < 0 {
		return false
	}
	for ; i > answer; i-- {
		if l.says(i, closure.Farewell) {
			return true
		}
		if l.says(i) || l.turn(i) && (!l.spoke(i) || len(l[i].Event.(conversation.Said).Marks) == 0) {
			return false
		}
	}
	return false
}

// pending reports whether, after record i of a cycle that began at first, an
// agent waits for the answer whether anything is left. Who says something else does
// not wait any more, until it comes to a desk again.
func (l ledger) pending(first, i int) bool {
	asked := l.question(first, i)
	if l.state(i) != conversation.StateAssigned || asked < 0 || l.answer(first, i) >= 0 {
		return false
	}
	for ; i > asked; i-- {
		if l.says(i) {
			return false
		}
		if l.state(i-1) != conversation.StateAssigned {
			break
		}
	}
	return true
}

// spent adds up the intervals between records first and end for which should
// holds. What belongs together counts as nothing if the clock went back over it.
func (l ledger) spent(first, end int, should func(i int) bool) time.Duration {
	var sum, stretch time.Duration
	for i := first; i < end; i++ {
		if !should(i) {
			sum, stretch = sum+max(0, stretch), 0
			continue
		}
		stretch += l[i+1].Now().Sub(l[i].Now())
	}
	return sum + max(0, stretch)
}

// response returns how long the visitor waited for the first word of a person.
func (l ledger) response(first, end int) (time.Duration, bool) {
	for i := first; i < end; i++ {
		if !l.spoke(i) || !l.person(i) {
			continue
		}
		reached := i
		for reached > first && l.state(reached-1) != conversation.StateBot {
			reached--
		}
		return max(0, l[i].Now().Sub(l[reached].Now())), true
	}
	return 0, false
}

func events[E conversation.Event](l ledger, first, end int) []E {
	var all []E
	for _, r := range l[first:end] {
		if e, ok := r.Event.(E); ok {
			all = append(all, e)
		}
	}
	return all
}

// survey returns until when the survey about closing n could be answered.
func (l ledger) survey(n, end int) (until time.Time) {
	for _, e := range events[conversation.SurveyOffered](l, 0, end) {
		if e.Number == n {
			until = e.Until
		}
	}
	return until
}

// forgotten returns the record with which the conversation forgot each closing,
// if it did: a later closing that came when the survey was over, or when there
// were ten between the two to be remembered.
func (l ledger) forgotten() map[int]int {
	forgotten := map[int]int{}
	var known []int // before the last, the oldest first
	for i, r := range l {
		e, ok := r.Event.(conversation.Closed)
		if !ok {
			continue
		}
		known = slices.DeleteFunc(known, func(n int) bool {
			over := !r.Now().Before(l.survey(n, i))
			if over {
				forgotten[n] = i
			}
			return over
		})
		for ; len(known) > 10; known = known[1:] {
			forgotten[known[0]] = i
		}
		known = append(known, e.Number)
	}
	return forgotten
}

// closings returns every closing, with figures that are added up anew for each.
func (l ledger) closings(id string) []closure.Record {
	var all []closure.Record
	for end, r := range l {
		if closed, ok := r.Event.(conversation.Closed); ok {
			all = append(all, l.closing(id, end, closed))
		}
	}
	return all
}

func (l ledger) closing(id string, end int, closed conversation.Closed) closure.Record {
	n := closed.Number
	first := end - 1
	for ; first > 0; first-- {
		if _, again := l[first].Event.(conversation.Reopened); again {
			break
		}
	}
	r := closure.Record{
		Conversation: id, Number: n, At: l[end].Now(), Outcome: closed.Outcome, Reason: closed.Reason, Cause: closed.Cause,
		Agent: closed.Agent, Sentiment: closed.Sentiment, Grade: closed.Grade, Tags: closed.Tags,
	}
	if r.Agent == "" && l.person(end) {
		r.Agent = l[end].By.ID
	}
	for _, e := range events[conversation.Reclassified](l, end, len(l)) {
		if e.Number == n {
			r.Outcome, r.Reason = e.Outcome, e.Reason
			if e.Form != nil {
				r.Sentiment, r.Tags = e.Form.Sentiment, e.Form.Tags
			}
		}
	}
	known := len(l)
	if i := slices.IndexFunc(l[end:], func(r conversation.Record) bool { return conversation.EventName(r.Event) == "reopened" }); i >= 0 {
		known = end + i
	}
	for _, e := range events[conversation.ArticleLinked](l, 0, known) {
		r.Articles = append(r.Articles, e.Article)
	}
	slices.Sort(r.Articles)
	r.Group = l.group(end)
	r.Figures, r.Side = l.figures(first, end)
	l.aftermath(n, end, &r.Figures)
	return r
}

func (l ledger) group(end int) (group string) {
	for _, r := range l[:end] {
		switch e := r.Event.(type) {
		case conversation.Opened:
			group = e.Group
		case conversation.Regrouped:
			group = e.Group
		case conversation.AgentRequested:
			if e.Group != "" {
				group = e.Group
			}
		case conversation.Transferred:
			if e.Group != "" {
				group = e.Group
			}
		}
	}
	return group
}

// figures are those of the cycle from record first to the closing.
func (l ledger) figures(first, end int) (f closure.Figures, side closure.Side) {
	in := func(s conversation.State) time.Duration {
		return l.spent(first, end, func(i int) bool { return l.state(i) == s })
	}
	waited := l.spent(first, end, func(i int) bool { return l.pending(first, i) })
	f[closure.FirstResponse] = -1
	response, wrote := l.response(first, end)
	if wrote {
		f[closure.FirstResponse] = response.Milliseconds()
	}
	f[closure.Handling] = in(conversation.StateAssigned).Milliseconds()
	f[closure.NetHandling] = max(0, in(conversation.StateAssigned)-waited).Milliseconds()
	f[closure.Resolution] = (in(conversation.StateBot) + in(conversation.StateWaiting) + in(conversation.StateAssigned) + in(conversation.StateSnoozed)).Milliseconds()
	f[closure.InBot] = in(conversation.StateBot).Milliseconds()
	f[closure.InWaiting] = in(conversation.StateWaiting).Milliseconds()
	f[closure.InSnoozed] = in(conversation.StateSnoozed).Milliseconds()
	f[closure.Snoozes] = int64(len(events[conversation.Snoozed](l, first, end)))
	f[closure.Prompts] = int64(len(events[conversation.Prompted](l, first, end)))
	f[closure.FollowUps] = int64(len(events[conversation.FollowedUp](l, first, end)))

	bot := false
	for i := first; i < end; i++ {
		bot = bot || l.state(i) == conversation.StateBot
	}
	if bot && !wrote {
		return f, "bot"
	}
	return f, "team"
}

// aftermath adds what came of the closing.
func (l ledger) aftermath(n, end int, f *closure.Figures) {
	for _, e := range events[conversation.Reopened](l, end, len(l)) {
		if e.Number == n {
			f[closure.Reopened] = 1
		}
	}
	if !l.survey(n, len(l)).IsZero() {
		f[closure.Surveyed] = 1
	}
	f[closure.Rating] = -1
	for _, e := range events[conversation.SurveyAnswered](l, end, len(l)) {
		if e.Number == n {
			f[closure.Rating] = int64(e.Rating)
		}
	}
}

// TestClosingsAreWhatTheJournalSays lives random lives, and compares what the
// conversation gave to reports after each command with what the ledger and
// Recount make of the whole journal.
func TestClosingsAreWhatTheJournalSays(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	seed := modelSeedOf(t)
	lives := 1500 * proof.Soak(t)
	tally := oracleTally{}
	for life := range uint64(lives) {
		if err := oracleLife(modelReal(), seed, life, &tally); err != nil {
			t.Fatalf("seed %d, life %d: %v", seed, life, err)
		}
	}
	proof.Count(t, proof.Figure{
		Suite: "closings", Tried: int64(tally.records), Trials: "records", Breaks: "with another closing than the journal says", Seed: seed,
		Details: fmt.Sprintf("%d closings, %d forgotten, %d decided again, %d rated, %d summed up",
			tally.closings, tally.forgotten, tally.again, tally.rated, tally.summed),
	})
	if tally.closings < 1500 || tally.forgotten < 500 || tally.again < 1000 || tally.rated < 100 || tally.summed < 500 {
		t.Errorf("seed %d: the lives prove little: %+v", seed, tally)
	}
}

// The positive control: what is measured wrongly, and a journal that lost a
// record, are found.
func TestTheLedgerFindsWhatIsWrong(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	seed := modelSeedOf(t)
	for _, name := range []string{
		"the next agent handles from zero", "snoozed time is handling time", "waiting while it is snoozed counts as courtesy",
		"an answer does not end the courtesy wait", "asking again begins another wait", "moving a snooze is none",
		"a prompt is a follow-up", "a reopened conversation was always open", "a closing does not know that it was not the end",
		"the bot responds like a person", "the first response is the last", "what the bot got back is still waited for",
		"what the bot got back is not its own", "a clock that was set back takes time away", "the closing is not of its group",
		"a new decision removes the form", "deadlines come from the clamped time",
	} {
		i := slices.IndexFunc(modelBugs, func(b modelBug) bool { return b.name == name })
		if i < 0 {
			t.Fatalf("there is no bug %q", name)
		}
		machine := modelReal()
		modelBugs[i].plant(&machine)
		found := false
		for life := uint64(0); !found && life < 6000; life++ {
			found = oracleLife(machine, seed, life, &oracleTally{}) != nil
		}
		proof.Planted(t, "closings", name, found)
		if !found {
			t.Errorf("seed %d: not found: %s", seed, name)
		}
	}

	l := held(t, asking)
	l.do(ann, resolved)
	l.do(vera, rated(5))
	whole := conversation.Recount("acme", "c1", l.journal)
	if diff := cmp.Diff(ledger(l.journal).closings("c1"), whole); diff != "" {
		t.Fatal(diff)
	}
	if lost := conversation.Recount("acme", "c1", l.journal[:len(l.journal)-1]); reflect.DeepEqual(lost, whole) {
		t.Error("Recount does not miss the last record")
	}
}

type oracleTally struct{ records, closings, forgotten, again, rated, summed int }

func oracleLife(machine modelMachine, seed, life uint64, tally *oracleTally) error {
	rng := rand.New(rand.NewPCG(seed, life))
	unused := modelNewTally()
	pair := modelNewPair(machine, &unused, 0)
	var moves []modelMove
	if life%16 == 0 {
		moves = modelReturning(rng)
	}
	given := map[int]closure.Record{}
	back := false // the clock went back
	for i := range 60 + rng.IntN(41) {
		move := modelMove{}
		if i < len(moves) {
			move = moves[i]
		} else {
			move = modelInvent(rng, pair)
		}
		if life%2 == 0 {
			move.wait = max(0, move.wait)
		}
		before := pair.now
		pair.play(move) // how it differs from the model is another test's
		back = back || pair.now.Before(before)
		for _, r := range pair.real.Closings() {
			given[r.Number] = r
		}
		if i%8 == 0 || i+1 == len(moves) {
			if err := oracleDiff("Recount, under way", given, conversation.Recount("w", "c", pair.journal)); err != nil {
				return err
			}
		}
		if pair.real.State == conversation.StateClosed && i%4 == 0 {
			if err := oracleTwice(rng, pair); err != nil {
				return err
			}
			tally.again++
		}
	}
	l := ledger(pair.journal)
	if err := oracleDiff("Recount", given, conversation.Recount("w", "c", l)); err != nil {
		return err
	}
	if err := oracleDiff("the ledger", given, l.closings("c")); err != nil {
		return err
	}
	tally.records += len(l)
	tally.forgotten += len(l.forgotten())
	for n, r := range given {
		tally.closings++
		if r.Figures[closure.Rating] > 0 {
			tally.rated++
		}
		if back {
			continue
		}
		tally.summed++
		f := r.Figures
		sum := f[closure.InBot] + f[closure.InWaiting] + f[closure.Handling] + f[closure.InSnoozed]
		if off := f[closure.Resolution] - sum; off < 0 || off > 3 {
			return fmt.Errorf("closing %d: the states sum to %d, the resolution is %d", n, sum, f[closure.Resolution])
		}
	}
	return nil
}

func oracleDiff(what string, given map[int]closure.Record, want []closure.Record) error {
	var got []closure.Record
	for _, n := range slices.Sorted(maps.Keys(given)) {
		got = append(got, given[n])
	}
	if reflect.DeepEqual(got, want) {
		return nil
	}
	return fmt.Errorf("%s (-%[1]s +given):\n%s", what, cmp.Diff(want, got))
}

// oracleTwice decides anew, and the same again a day later: that must be as if it
// was decided once.
func oracleTwice(rng *rand.Rand, p *modelPair) error {
	r := conversation.Request{By: conversation.System(""), Command: conversation.Reclassify{
		Outcome: modelPick(rng, closure.Resolved, closure.Unresolved), Form: modelPick(rng, nil, new(modelInventForm(rng))),
	}}
	f := conversation.Facts{Now: p.now, Policy: p.policy, Tags: []string{"late", "refund"}}
	decide := func(c conversation.Conversation) (conversation.Conversation, []closure.Record, error) {
		events, err := p.machine.decide(c, r, f)
		for _, e := range events {
			c = p.machine.evolve(c, conversation.Record{Seq: c.Version + 1, At: f.Now, By: r.By, Event: e})
		}
		return c, c.Closings(), err
	}
	once, first, err := decide(p.real)
	f.Now = f.Now.Add(24 * time.Hour)
	_, second, again := decide(once)
	if !reflect.DeepEqual(first, second) || (err == nil) != (again == nil) {
		return fmt.Errorf("%+v twice is not once (%v, %v):\n%s", r.Command, err, again, cmp.Diff(first, second))
	}
	return nil
}
