package sim_test

import (
	"bytes"
	stdcmp "cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage"
)

// Evidence is what a run has seen: what the store said that it wrote, what clients
// and subscribers were told, and how much of everything there was.
type evidence struct {
	violations []string

	log         []*written
	keys        []storage.Key // in the order in which they were opened
	shadows     map[storage.Key]conversation.Conversation
	revised     map[revision]conversation.Policies
	latest      map[string]int64
	came        map[storage.Key]int // how long the log was when they were opened, also again, or came to their group
	regrouped   map[string]int      // how long it was when the group was last put
	ops         []*op
	ticks       []*ticked
	opIDs       int
	poison      map[storage.Key]poisoning
	wasPoisoned map[storage.Key]bool
	again       int
	steps       int
	badPolicies bool

	journals [][]conversation.Record // of the keys, as read at the end
	entries  []storage.Entry         // of the feed
	figures
}

// Figures are what there was of everything.
type figures struct {
	Calls, Crashes, Pauses, Skews, Restarts, Unknown, UnknownApplied, Conflicts int
	Poisonings, Setbacks, Released, Failures, RefusedTicks                      int
	Commits, Fired, Assigned, Acknowledged, Delivered, Lulls                    int
}

func (f *figures) add(g figures) {
	to, from := reflect.ValueOf(f).Elem(), reflect.ValueOf(g)
	for i := range to.NumField() {
		to.Field(i).SetInt(to.Field(i).Int() + from.Field(i).Int())
	}
}

// A revision names the policies of a workspace at some time.
type revision struct {
	workspace string
	number    int64
}

// Written is something that the store said it wrote, in the order of writing.
type written struct {
	at     time.Time // true time
	job    *job
	node   *node
	commit *storage.Commit
	record *storage.Record

	records []conversation.Record // of the commit
}

// Ticked is a tick that was not lost, and how wrong its node's clock was before
// and after.
type ticked struct {
	job             *job
	node            *node
	did             lifecycle.Ticked
	err             error
	skew, skewAfter time.Duration
}

func newEvidence() *evidence {
	return &evidence{
		shadows: map[storage.Key]conversation.Conversation{}, revised: map[revision]conversation.Policies{},
		latest: map[string]int64{}, came: map[storage.Key]int{}, regrouped: map[string]int{}, poison: map[storage.Key]poisoning{}, wasPoisoned: map[storage.Key]bool{},
	}
}

func (e *evidence) violated(format string, args ...any) {
	e.violations = append(e.violations, fmt.Sprintf(format, args...))
}

func (r *run) committed(j *job, n *node, c storage.Commit) {
	w := &written{at: time.Now(), job: j, node: n, commit: &c}
	before, known := r.shadows[c.Key]
	if !known {
		before = blank(c.Key)
		r.keys = append(r.keys, c.Key)
	}
	wasOpen, group := before.Open(), before.Group
	for _, e := range c.Events {
		record, err := decodeEvent(e)
		if err != nil {
			r.violated("%s: the desk commits what cannot be read: %v", named(c.Key), err)
			return
		}
		w.records = append(w.records, record)
		before = conversation.Evolve(before, record)
	}
	r.shadows[c.Key] = before
	if !wasOpen || before.Group != group {
		r.came[c.Key] = len(r.log)
	}
	j.wrote = append(j.wrote, w)
	r.log = append(r.log, w)
	r.Commits++
}

func decodeEvent(e storage.Event) (conversation.Record, error) {
	record, err := conversation.DecodeRecord(e.Body)
	if err == nil {
		record.Event = conversation.WithText(record.Event, e.Text)
	}
	return record, err
}

func (r *run) put(j *job, record storage.Record) {
	w := &written{at: time.Now(), job: j, record: &record}
	if record.Key.Kind == storage.KindGroup {
		r.regrouped[record.Key.ID] = len(r.log)
	}
	j.wrote = append(j.wrote, w)
	r.log = append(r.log, w)
}

func (r *run) policiesSet(workspace string, number int64, body []byte) {
	r.latest[workspace] = number
	if p, err := conversation.DecodePolicies(body); err == nil {
		r.revised[revision{workspace, number}] = p
	}
}

// check looks at everything after the end, and says what is wrong.
func (r *run) check() {
	r.wait()
	r.checkLog()
	for _, key := range r.keys {
		r.checkConversation(key)
	}
	r.checkClosings()
	r.checkFeed()
	for _, s := range r.workers.readers {
		r.checkReader(s)
	}
	r.checkOps()
	r.checkTicks()
	r.checkPeople()
	if what := r.overdue(false); what != "" {
		r.violated("at the end, %s", what)
	}
}

// differ is [cmp.Diff], which is slow where there is nothing to tell.
func differ(want, got any, options ...cmp.Option) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got, options...)
}

// firstDifference is that of two lists.
func firstDifference[T any](want, got []T) string {
	for i := range min(len(want), len(got)) {
		if diff := differ(want[i], got[i]); diff != "" {
			return fmt.Sprintf("number %d: %s", i+1, diff)
		}
	}
	if len(want) != len(got) {
		return fmt.Sprintf("there are %d, and should be %d", len(got), len(want))
	}
	return ""
}

// A seating is who takes seats, as the log goes by.
type seating struct {
	records map[string]storage.Record // of agents of the first workspace
	taken   map[string]int
}

// checkLog goes through what was written, in that order: each effect of a deadline
// is the one that was due, just once and not early, and no seat is taken that is
// not there.
func (r *run) checkLog() {
	states := map[storage.Key]conversation.Conversation{}
	commands := map[storage.Key]map[string]bool{}
	happened := map[string]bool{} // effects of deadlines
	seats := seating{records: map[string]storage.Record{}, taken: map[string]int{}}
	for _, w := range r.log {
		if w.record != nil {
			if w.record.Key.Kind == storage.KindAgent {
				r.checkLogOut(w, seats.taken[w.record.Key.ID])
				put := *w.record
				put.Version++
				seats.records[put.Key.ID] = put
			}
			continue
		}
		c := w.commit
		before, known := states[c.Key]
		if !known {
			before = blank(c.Key)
			commands[c.Key] = map[string]bool{}
		}
		if int64(before.Version) != c.Expect {
			r.violated("%s: a commit was decided on version %d, and applied to %d", named(c.Key), c.Expect, before.Version)
		}
		if id := c.Command.ID; id != "" {
			if commands[c.Key][id] {
				r.violated("%s: command %s was applied twice", named(c.Key), id)
			}
			commands[c.Key][id] = true
		}
		policy := r.revised[revision{c.Key.Workspace, c.Head.PolicyRevision}].For(before.Group)
		after := before
		for _, record := range w.records {
			if record.By.Kind == conversation.KindTimer && record.Seq == before.Version+1 {
				r.checkTimer(w, before, record, policy, happened)
			}
			after = conversation.Evolve(after, record)
		}
		states[c.Key] = after
		if c.Key.Workspace == first {
			r.checkSeat(w, before, after, policy, &seats)
		}
	}
}

func (r *run) checkTimer(w *written, before conversation.Conversation, record conversation.Record, policy conversation.Policy, happened map[string]bool) {
	key := w.commit.Key
	what := fmt.Sprintf("%s: %s by a deadline, version %d", named(key), conversation.EventName(record.Event), record.Seq)
	next, due := conversation.Next(before, policy)
	switch {
	case !due:
		r.violated("%s, and nothing was to come", what)
		return
	case next.At.After(record.Now()):
		r.violated("%s, at %s, and it was due at %s", what, r.since(record.Now()), r.since(next.At))
	case r.plan.storeClock && next.At.After(w.at):
		r.violated("%s, and by the store's clock it was due %s later", what, next.At.Sub(w.at))
	case !fits(next, record.Event):
		r.violated("%s, and %s %s was to come", what, next.Why, next.Action)
	}
	effect := fmt.Sprintf("%s %s %s %s %d", named(key), next.Why, next.Action, next.At, next.Step)
	if happened[effect] {
		r.violated("%s, a second time for the same deadline", what)
	}
	happened[effect] = true
}

// fits reports whether an event is what was to come.
func fits(next conversation.Upcoming, e conversation.Event) bool {
	action := map[string]string{"prompted": "prompt", "followed_up": "follow_up", "handed_back": "hand_back", "requeued": "requeue", "closed": "close"}
	name := conversation.EventName(e)
	switch next.Why {
	case conversation.SnoozeOver:
		return name == "woken"
	case conversation.Reassignment:
		return name == "requeued" || name == "assignee_returned"
	}
	return action[name] == string(next.Action)
}

func seatOf(c conversation.Conversation) string {
	if c.State == conversation.StateAssigned {
		return c.Agent
	}
	return ""
}

// checkSeat checks a commit that gives a conversation to an agent.
func (r *run) checkSeat(w *written, before, after conversation.Conversation, policy conversation.Policy, seats *seating) {
	from, to := seatOf(before), seatOf(after)
	if from == to {
		return
	}
	if from != "" {
		seats.taken[from]--
	}
	if to == "" {
		return
	}
	seats.taken[to]++
	record := seats.records[to]
	if record.Version == 0 {
		return // nobody told the Desk of them: they have seats without end
	}
	what := fmt.Sprintf("%s: version %d gives it to %s", named(w.commit.Key), after.Version, to)
	over := before.State == conversation.StateSnoozed && policy.WakeOverCapacity
	if seats.taken[to] > record.Capacity && !over {
		r.violated("%s, who then has %d conversations and %d seats", what, seats.taken[to], record.Capacity)
	}
	a, err := roster.Decode[roster.Agent](record.Body)
	if err != nil {
		r.violated("agent %s: %v", to, err)
		return
	}
	given := after.Version > before.Version
	for _, e := range w.records {
		switch e.Event.(type) {
		case conversation.Taken, conversation.Assigned:
			if given && a.Availability() != roster.Available {
				r.violated("%s, who is not available", what)
			}
		}
	}
	if a.Removed {
		r.violated("%s, who was removed", what)
	}
}

// checkLogOut checks that nobody logs out who has a conversation.
func (r *run) checkLogOut(w *written, taken int) {
	if w.job.op != nil && strings.HasPrefix(w.job.op.what, logOut) && taken > 0 {
		r.violated("%s: agent %s has %d conversations", w.job.op.what, w.record.Key.ID, taken)
	}
}

// checkConversation compares the stored state with the journal, and the journal
// with what was written.
func (r *run) checkConversation(key storage.Key) {
	ctx := context.Background()
	events, err := r.store.History(ctx, key, 0, 100_000)
	if err != nil {
		r.violated("%s: %v", named(key), err)
		return
	}
	var wrote []storage.Event
	for _, w := range r.log {
		if w.commit != nil && w.commit.Key == key {
			wrote = append(wrote, w.commit.Events...)
		}
	}
	if diff := firstDifference(wrote, events); diff != "" {
		r.violated("%s: the journal is not what was written: %s", named(key), diff)
		return
	}
	c := blank(key)
	var journal []conversation.Record
	for i, e := range events {
		record, err := decodeEvent(e)
		switch {
		case err != nil:
			r.violated("%s: version %d: %v", named(key), i+1, err)
			return
		case e.Version != int64(i+1) || record.Seq != conversation.Version(i+1):
			r.violated("%s: the journal has version %d, in the row of %d, in place %d", named(key), record.Seq, e.Version, i+1)
			return
		case record.At.Before(c.UpdatedAt):
			r.violated("%s: version %d is earlier than the one before", named(key), i+1)
		}
		journal = append(journal, record)
		c = conversation.Evolve(c, record)
		r.digest.Write(e.Body)
		r.digest.Write([]byte(e.Text))
	}
	loaded, err := r.store.Load(ctx, key, "")
	if err != nil {
		r.violated("%s: %v", named(key), err)
		return
	}
	r.checkHead(key, c, loaded)
	r.journals = append(r.journals, journal)
}

func (r *run) checkHead(key storage.Key, c conversation.Conversation, loaded storage.Loaded) {
	body, err := conversation.Encode(c)
	if err != nil {
		r.violated("%s: %v", named(key), err)
		return
	}
	h := loaded.Head
	if !bytes.Equal(body, h.Body) {
		r.violated("%s: the stored state is not what the journal amounts to (-journal +stored):\n%s", named(key), differ(string(body), string(h.Body)))
		return
	}
	due, _ := conversation.NextDue(c, r.revised[revision{key.Workspace, loaded.Policies.Revision}].For(c.Group))
	want := storage.Head{
		Version: int64(c.Version), Body: h.Body, Due: due, PolicyRevision: loaded.Policies.Revision,
		Visitor: c.Visitor, State: string(c.State), Agent: c.Agent, Group: c.Group, Since: c.Since, Updated: c.UpdatedAt, Seat: seatOf(c),
	}
	if c.State == conversation.StateClosed {
		want.Agent, want.Outcome, want.Tags, want.DormantSince = c.Closing.Agent, string(c.Closing.Outcome), c.Closing.Tags, c.UpdatedAt
		want.PolicyRevision = h.PolicyRevision // nothing is due under any
	}
	if diff := differ(want, h); diff != "" {
		r.violated("%s: it is stored under other columns than its state has (-journal +stored):\n%s", named(key), diff)
	}
	if !h.Due.IsZero() && !h.Due.After(time.Now()) {
		r.violated("%s: it was due at %s, and nothing came of it", named(key), r.since(h.Due))
	}
	// One that failed when it was read once more, after all that was due was done,
	// keeps its setback until something else is due.
	if b := loaded.Setback; b.Failures != 0 && (b.RetryAt.IsZero() || !h.Due.IsZero() && !h.Due.After(time.Now())) {
		r.violated("%s: it is set back still: %+v", named(key), b)
	}
}

// checkClosings compares the closings that reports count with the journals.
func (r *run) checkClosings() {
	var want []closure.Record
	for i, journal := range r.journals {
		if key := r.keys[i]; key.Workspace == first {
			want = append(want, conversation.Recount(first, key.Conversation, journal)...)
		}
	}
	got, err := r.store.Closings(context.Background(), storage.ClosingQuery{Workspace: first}, 100_000)
	if err != nil {
		r.violated("closings: %v", err)
		return
	}
	order := func(a, b closure.Record) int {
		return stdcmp.Or(strings.Compare(a.Conversation, b.Conversation), stdcmp.Compare(a.Number, b.Number))
	}
	slices.SortFunc(want, order)
	slices.SortFunc(got, order)
	if diff := differ(want, got, cmpopts.EquateEmpty()); diff != "" {
		r.violated("the closings that are counted are not those of the journals (-journals +store):\n%s", diff)
	}
}

// checkFeed compares the feed with what was written.
func (r *run) checkFeed() {
	entries, err := r.store.Feed(context.Background(), 0, 100_000)
	if err != nil {
		r.violated("feed: %v", err)
		return
	}
	var want []storage.Entry
	for _, w := range r.log {
		if w.commit != nil && len(w.commit.Events) > 0 {
			want = append(want, storage.Entry{Position: storage.Position(len(want) + 1), Key: w.commit.Key, Events: w.commit.Events})
		}
	}
	if diff := firstDifference(want, entries); diff != "" {
		r.violated("the feed is not what was written (-written +feed):\n%s", diff)
	}
	for _, e := range entries {
		fmt.Fprintf(r.digest, "%d %s", e.Position, named(e.Key))
	}
	r.entries = entries
}

// checkReader checks what a subscriber was given: everything, in order, and
// nothing again that it had said it was done with.
func (r *run) checkReader(s *reader) {
	var cursor, seen storage.Position
	maybe := map[storage.Position]bool{} // where the cursor may be, beyond cursor
	for _, b := range s.batches {
		begin := b.deliveries[0].Position - 1
		if begin != cursor && !(begin > cursor && maybe[begin]) {
			r.violated("%s is given what comes after %d, and its cursor stands at %d", s.name, begin, cursor)
			return
		}
		for i, d := range b.deliveries {
			if d.Position != begin+storage.Position(i)+1 || int(d.Position) > len(r.entries) {
				r.violated("%s is given position %d after %d", s.name, d.Position, begin+storage.Position(i))
				return
			}
			if what := r.differs(d, r.entries[d.Position-1]); what != "" {
				r.violated("%s is given at position %d: %s", s.name, d.Position, what)
				return
			}
			seen = max(seen, d.Position)
		}
		if b.to == 0 {
			continue
		}
		maybe[b.to] = true
		if b.told {
			cursor = max(cursor, b.to)
		}
	}
	if int(seen) != len(r.entries) {
		r.violated("%s was given %d positions, and there are %d", s.name, seen, len(r.entries))
	}
}

func (r *run) differs(d lifecycle.Delivery, e storage.Entry) string {
	if d.Workspace != e.Key.Workspace || d.Conversation != e.Key.Conversation || len(d.Records) != len(e.Events) {
		return fmt.Sprintf("%d records of %s, which are %d of %s", len(d.Records), d.Conversation, len(e.Events), e.Key.Conversation)
	}
	for i, event := range e.Events {
		record, err := decodeEvent(event)
		if err != nil {
			return err.Error()
		}
		if !reflect.DeepEqual(record, d.Records[i]) {
			return differ(record, d.Records[i])
		}
	}
	return ""
}

// checkOps checks that what was acknowledged happened once, what was refused did
// not, and what nobody knows of at most once.
func (r *run) checkOps() {
	texts := map[string]int{}
	byKey := map[storage.Key][]conversation.Record{}
	for i, journal := range r.journals {
		byKey[r.keys[i]] = journal
		for _, record := range journal {
			if text, ok := conversation.Text(record.Event); ok {
				texts[text]++
			}
		}
	}
	for _, o := range r.ops {
		if o.command != nil {
			r.checkOp(o, byKey, texts)
		}
	}
}

func (r *run) checkOp(o *op, byKey map[storage.Key][]conversation.Record, texts map[string]int) {
	applied, acknowledged, unsure := 0, 0, 0
	var first lifecycle.Result
	for i, a := range o.attempts {
		mine := a.applied(o.command)
		applied += mine
		name := fmt.Sprintf("op %d %s, attempt %d", o.id, o.what, i+1)
		switch {
		case !a.told || errors.Is(a.err, storage.ErrOutcomeUnknown):
			unsure++
		case a.err != nil:
			if mine > 0 {
				r.violated("%s: it failed with %v, and was applied", name, a.err)
			}
		default:
			acknowledged++
			r.checkResult(name, a, byKey)
			if acknowledged == 1 {
				first = a.result
			} else if diff := differ(first.Records, a.result.Records, cmpopts.EquateEmpty()); diff != "" {
				r.violated("%s: the repetition has another result:\n%s", name, diff)
			}
		}
	}
	if len(o.attempts) == 1 && acknowledged == 1 && len(first.Records) > 0 != (applied == 1) {
		r.violated("op %d %s: it was acknowledged with %d records, and applied %d times", o.id, o.what, len(first.Records), applied)
	}
	if applied > 1 {
		r.violated("op %d %s: it was applied %d times", o.id, o.what, applied)
	}
	if acknowledged > 0 && len(first.Records) > 0 && applied != 1 {
		r.violated("op %d %s: it was acknowledged, and applied %d times", o.id, o.what, applied)
	}
	if o.text == "" {
		return
	}
	switch n := texts[o.text]; {
	case acknowledged > 0 && n != 1:
		r.violated("op %d %s: it was acknowledged, and its text is in the journals %d times", o.id, o.what, n)
	case acknowledged == 0 && unsure == 0 && n != 0:
		r.violated("op %d %s: it was refused, and its text is in the journals", o.id, o.what)
	case n > 1:
		r.violated("op %d %s: its text is in the journals %d times", o.id, o.what, n)
	}
}

// applied counts the commits by which an attempt had its effect. A message after
// the reopen window may open the conversation that it goes to.
func (a *attempt) applied(command conversation.Command) int {
	n := 0
	for _, w := range a.job.wrote {
		if w.commit == nil || len(w.records) == 0 {
			continue
		}
		_, opened := w.records[0].Event.(conversation.Opened)
		if _, opens := command.(conversation.Open); opened && !opens {
			continue
		}
		n++
	}
	return n
}

// checkResult checks that what a client was told stands in the journal.
func (r *run) checkResult(name string, a *attempt, byKey map[storage.Key][]conversation.Record) {
	c := a.result.Conversation
	journal := byKey[keyOf(c.Workspace, c.ID)]
	for _, record := range a.result.Records {
		if int(record.Seq) > len(journal) || !reflect.DeepEqual(journal[record.Seq-1], record) {
			r.violated("%s: it was acknowledged as version %d, which the journal does not have so", name, record.Seq)
			return
		}
	}
	if int(c.Version) > len(journal) {
		r.violated("%s: the client saw version %d, and there are %d", name, c.Version, len(journal))
		return
	}
	was := blank(keyOf(c.Workspace, c.ID))
	for _, record := range journal[:c.Version] {
		was = conversation.Evolve(was, record)
	}
	if len(a.result.Records) > 0 && !reflect.DeepEqual(was, c) {
		r.violated("%s: the client saw a state that never was: %s", name, differ(was, c))
	}
}

// checkTicks checks that a node whose clock is far from the store's works nothing
// off, and that what a tick says it did was done.
func (r *run) checkTicks() {
	const far = lifecycle.MaxSkew + time.Minute // answers are slow
	for _, t := range r.ticks {
		wrote := 0
		for _, w := range t.job.wrote {
			if w.commit != nil && len(w.records) > 0 {
				wrote++
			}
		}
		wrong := t.skew.Abs() > far && t.skew == t.skewAfter
		if r.plan.storeClock && wrong && wrote > 0 {
			r.violated("tick %d: the clock of node %d is wrong by %s, and it worked off %d", t.job.id, t.node.id, t.skew, wrote)
		}
		if errors.Is(t.err, lifecycle.ErrSkew) && (!r.plan.storeClock || wrote > 0) {
			r.violated("tick %d: %v, and it worked off %d", t.job.id, t.err, wrote)
		}
		fired := 0
		for _, f := range t.did.Fired {
			fired += len(f.Records)
		}
		timers := 0
		for _, w := range t.job.wrote {
			if w.commit == nil {
				continue
			}
			for _, record := range w.records {
				if record.By.Kind == conversation.KindTimer {
					timers++
				}
			}
		}
		if fired > timers {
			r.violated("tick %d: it says that it fired %d records, and wrote %d", t.job.id, fired, timers)
		}
	}
}

// checkPeople checks, when all is at rest, the records of agents and groups against
// what was written and who has what.
func (r *run) checkPeople() {
	put := map[storage.RecordKey]storage.Record{}
	for _, w := range r.log {
		if w.record != nil {
			last := *w.record
			if last.Version != put[last.Key].Version {
				r.violated("%s %s: version %d was put over %d", last.Key.Kind, last.Key.ID, last.Version, put[last.Key].Version)
			}
			last.Version++
			put[last.Key] = last
		}
	}
	r.checkAgents(put)
	for _, id := range groups {
		r.checkGroup(id, put[storage.RecordKey{Workspace: first, Kind: storage.KindGroup, ID: id}])
	}
}

// checkGroup checks that everybody has left a removed group who was in it, and that
// nobody waits for it.
func (r *run) checkGroup(id string, record storage.Record) {
	if record.Version == 0 {
		return
	}
	g, err := roster.Decode[roster.Group](record.Body)
	if err != nil {
		r.violated("group %s: %v", id, err)
		return
	}
	for _, key := range r.keys {
		c := r.shadows[key]
		if !g.Removed || key.Workspace != first || !c.Open() || c.Group != id {
			continue
		}
		if c.State == conversation.StateWaiting || r.came[key] < r.regrouped[id] {
			r.violated("%s: it is %s in group %s, which was removed", named(key), c.State, id)
		}
	}
}

// checkAgents checks that who was removed has nothing, that conversations know who
// is away, and that nobody waits beside a free agent.
func (r *run) checkAgents(put map[storage.RecordKey]storage.Record) {
	ctx := context.Background()
	taken := map[string]int{}
	var waiting []conversation.Conversation
	for _, key := range r.keys {
		c := r.shadows[key]
		if key.Workspace != first {
			continue
		}
		taken[seatOf(c)]++
		if c.State == conversation.StateWaiting {
			waiting = append(waiting, c)
		}
	}
	for _, id := range agents {
		key := storage.RecordKey{Workspace: first, Kind: storage.KindAgent, ID: id}
		record, err := r.store.Record(ctx, key)
		if err != nil {
			r.violated("agent %s: %v", id, err)
			return
		}
		want := put[key]
		if record.Version != want.Version || !bytes.Equal(record.Body, want.Body) || record.Capacity != want.Capacity || !slices.Equal(record.Groups, want.Groups) {
			r.violated("agent %s: the record is not what was put: %s", id, differ(want, record))
			return
		}
		if record.Version == 0 {
			continue
		}
		if record.Seats != taken[id] {
			r.violated("agent %s: %d seats are taken, and there are %d conversations", id, record.Seats, taken[id])
		}
		a, err := roster.Decode[roster.Agent](record.Body)
		if err != nil {
			r.violated("agent %s: %v", id, err)
			return
		}
		r.checkHeld(id, a)
		for _, c := range waiting {
			if r.wasPoisoned[keyOf(first, c.ID)] {
				continue // it could not be read when somebody looked for it
			}
			pull := r.revised[revision{first, r.latest[first]}].For(c.Group).PullOnly
			if !pull && a.TakesNew() && a.In(c.Group) && taken[id] < record.Capacity {
				r.violated("%s waits, and %s has a free seat", c.ID, id)
			}
		}
	}
}

// checkHeld checks the conversations of an agent against how the agent stands.
func (r *run) checkHeld(id string, a roster.Agent) {
	for _, key := range r.keys {
		c := r.shadows[key]
		if key.Workspace != first || c.Agent != id {
			continue
		}
		away := a.Availability() == roster.Unavailable
		switch {
		case a.Removed:
			r.violated("%s: it is %s with %s still, who was removed", named(key), c.State, id)
		case c.State == conversation.StateAssigned && away == c.AwaySince.IsZero():
			r.violated("%s: %s is away since %s for it, and is %q", named(key), id, r.since(c.AwaySince), a.Availability())
		}
	}
}
