package sim_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// A run is one seed: its nodes, its store, and all that happened.
type run struct {
	seed  uint64
	rng   *rand.Rand // drawn from by the scheduler alone
	plan  plan
	fault *planted
	store storage.Store
	start time.Time

	nodes   []*node
	workers workload

	mu      sync.Mutex // guards the two below, which goroutines add to
	arrived []*request
	ended   []*job

	parked   []*request
	running  int
	jobs     int
	late     []late
	troubled atomic.Bool // faults are drawn, and code of the host's fails
	ids      int
	still    bool // nothing takes time any more

	*evidence
	lines   []string // of the trace, if it is wanted
	verbose bool
	digest  interface {
		Write([]byte) (int, error)
		Sum64() uint64
	}
	buf []byte
}

// A plan is what a run draws at its beginning.
type plan struct {
	nodes      int
	workers    int
	storeClock bool
	failures   int     // Options.MaxFailures
	actions    int     // of clients, nodes and subscribers
	abreast    int     // how many at once
	eager      float64 // to begin something beside what goes on
	chats      int
	people     float64 // how many of the actions are about agents, visitors and policies
	rush       bool    // many want the seats of few, who come and go
	turnover   bool    // agents and groups are removed, and policies replaced, while much waits and sleeps
	lulls      int     // after so many actions, all comes to rest and is looked at; 0: only at the end

	write, read map[fate]float64
	slow        float64 // calls, and answers
	pause       float64 // for each step of the scheduler
	skew        float64
	restart     float64
	poison      float64
	hooks       bool // router and classifier are the host's, and bad
	impatient   float64
}

// A fate is what becomes of a call of the store.
type fate int

const (
	fine fate = iota
	fails
	held
	unknownNot   // unknown outcome: never applied
	unknownAfter // unknown outcome: it was applied
	unknownLater // unknown outcome: it will be applied
	crashBefore
	crashAfter
	crashLater // the node is gone, and what it sent is on its way
	dead       // the node crashed while the call waited
)

var fates = []fate{fails, held, unknownNot, unknownAfter, unknownLater, crashBefore, crashAfter, crashLater}

var fateNames = map[fate]string{
	fine: "", fails: " FAILS", held: " HELD", unknownNot: " UNKNOWN, not applied", unknownAfter: " UNKNOWN, applied",
	unknownLater: " UNKNOWN, to be applied", crashBefore: " CRASH before", crashAfter: " CRASH after", crashLater: " CRASH, to be applied",
}

var (
	errDead    = errors.New("sim: the node has crashed")
	errFailed  = errors.New("sim: no connection")
	errUnknown = fmt.Errorf("sim: connection lost: %w", storage.ErrOutcomeUnknown)
)

// A late is a write that is applied some time after its node was told that the
// outcome is unknown.
type late struct {
	at    time.Time
	what  string
	apply func() error
}

// A node is a process with a Desk, until it crashes: then its life is another.
type node struct {
	id          int
	skew        time.Duration
	life        *life // nil: it is down
	lives       int
	upAt        time.Time
	pausedUntil time.Time
	draining    bool
}

// A life is what a crash ends.
type life struct {
	node  *node
	desk  *lifecycle.Desk
	over  atomic.Bool // set by whoever crashes it
	jobs  []*job
	ticks int // at work
}

// A job is one call of a Desk, in a goroutine.
type job struct {
	id     int
	what   string
	life   *life
	op     *op // nil for ticks and subscribers
	ctx    context.Context
	cancel context.CancelFunc
	finish func()
	lost   bool // nobody hears its answer
	wrote  []*written
}

// A request is a call of the store that waits to be let go.
type request struct {
	job       *job
	what      string
	write     bool
	commit    bool
	answer    bool // it was executed, and its answer is on the way
	notBefore time.Time
	grant     chan verdict
	gone      bool // guarded by run.mu: the caller has given up
}

type verdict struct {
	fate   fate
	answer time.Duration // how slow the answer is
}

func newRun(seed uint64, fault *planted, verbose bool) *run {
	r := &run{
		seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), fault: fault, start: time.Now(),
		verbose: verbose, digest: fnv.New64a(), evidence: newEvidence(),
	}
	r.drawPlan()
	r.store = memory.New()
	if fault != nil && fault.store != nil {
		r.store = fault.store(r, r.store)
	}
	r.troubled.Store(true)
	for i := range r.plan.nodes {
		r.nodes = append(r.nodes, &node{id: i + 1})
		r.begin(r.nodes[i])
	}
	r.workers.run = r
	return r
}

func (r *run) drawPlan() {
	p := plan{
		nodes: 2 + r.rng.IntN(3), workers: 1, storeClock: r.chance(0.5), failures: 1 + r.rng.IntN(4),
		actions: 20 + r.rng.IntN(30), abreast: 1 + r.rng.IntN(8), eager: 0.1 + 0.7*r.rng.Float64(),
		chats: 1 + r.rng.IntN(5), people: []float64{0.05, 0.1, 0.3}[r.rng.IntN(3)],
		write: map[fate]float64{}, read: map[fate]float64{},
	}
	if r.chance(0.05) {
		p.actions *= 4
	}
	if p.rush = r.chance(0.25); p.rush {
		p.chats, p.people, p.eager, p.abreast = 8, 0.4, 0.85, 8
	} else if p.turnover = r.chance(0.4); p.turnover {
		p.chats, p.people, p.eager, p.abreast = 12, 0.4, 0.7, 6
	}
	if p.turnover || r.chance(0.4) {
		p.lulls = 6 + r.rng.IntN(10)
	}
	// Each run has its own mixture: faults that are everywhere hide each other.
	often := func(most float64) float64 {
		if r.chance(0.4) {
			return 0
		}
		return r.rng.Float64() * most
	}
	for _, f := range fates {
		p.write[f] = often(0.06)
	}
	p.read[fails], p.read[crashBefore] = often(0.02), often(0.01)
	p.slow, p.pause, p.skew = often(0.05), often(0.03), often(0.04)
	p.restart, p.poison, p.impatient = often(0.02), often(0.04), often(0.3)
	if p.hooks = r.chance(0.3); !p.hooks && r.chance(0.3) {
		p.workers = 3 // sleeping hooks could wake two of them at one instant
	}
	r.plan = p
}

func (r *run) chance(p float64) bool { return r.rng.Float64() < p }

// between returns a duration in whole microseconds.
func (r *run) between(least, most time.Duration) time.Duration {
	return (least + time.Duration(r.rng.Int64N(int64(most-least)))).Truncate(time.Microsecond)
}

func (r *run) say(format string, args ...any) {
	r.buf = fmt.Appendf(r.buf[:0], "%12s ", time.Since(r.start).Round(time.Microsecond))
	r.buf = fmt.Appendf(r.buf, format, args...)
	r.buf = append(r.buf, '\n')
	r.digest.Write(r.buf)
	if r.verbose {
		r.lines = append(r.lines, string(r.buf[:len(r.buf)-1]))
	}
}

// phrases is the classifier of a Desk that is given none. To make it takes long.
var phrases = lifecycle.ByPhrases(closure.DefaultPhrases())

// begin gives a node a life.
func (r *run) begin(n *node) {
	n.lives++
	n.draining = false
	l := &life{node: n}
	options := lifecycle.Options{
		Clock: nodeClock{n}, StoreClock: r.plan.storeClock, Workers: r.plan.workers, MaxFailures: r.plan.failures,
		NewID: func() string { r.ids++; return fmt.Sprintf("new-%d", r.ids) },
	}
	options.Classifier = phrases
	if r.plan.hooks {
		options.Router, options.Classifier = router{r}, classifier{r}
	}
	var store storage.Store = &nodeStore{run: r, life: l}
	if r.fault != nil && r.fault.desk != nil {
		store = r.fault.desk(r, n, store)
	}
	desk, err := lifecycle.New(store, &options)
	if err != nil {
		panic(err)
	}
	l.desk, n.life = desk, l
	r.say("node %d begins its life %d", n.id, n.lives)
}

// A nodeClock is the clock of a node: true time, and what it is wrong by.
type nodeClock struct{ *node }

func (c nodeClock) Now() time.Time { return time.Now().Add(c.skew) }

func (c nodeClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

type jobKey struct{}

func jobOf(ctx context.Context) *job { return ctx.Value(jobKey{}).(*job) }

// launch has a node do something. Finish is called by the scheduler when it is
// done, unless the node crashed under it; lost tells then.
func (r *run) launch(n *node, what string, o *op, patience time.Duration, do func(context.Context, *lifecycle.Desk), finish func(), lost func()) *job {
	r.jobs++
	j := &job{id: r.jobs, what: what, life: n.life, op: o}
	ctx := context.WithValue(context.Background(), jobKey{}, j)
	if patience > 0 {
		j.ctx, j.cancel = context.WithTimeout(ctx, patience)
	} else {
		j.ctx, j.cancel = context.WithCancel(ctx)
	}
	j.finish = func() {
		if j.lost {
			lost()
			return
		}
		finish()
	}
	n.life.jobs = append(n.life.jobs, j)
	r.running++
	r.say("job %d on node %d: %s", j.id, n.id, what)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				if _, planned := p.(poisonPanic); !planned {
					panic(p)
				}
				j.lost = true // what a host makes of a panic is its own
			}
			j.cancel()
			r.mu.Lock()
			r.ended = append(r.ended, j)
			r.mu.Unlock()
		}()
		do(j.ctx, j.life.desk)
	}()
	return j
}

// park waits until the scheduler lets the call go.
func (r *run) park(ctx context.Context, q *request) (verdict, error) {
	q.grant = make(chan verdict, 1)
	r.mu.Lock()
	r.arrived = append(r.arrived, q)
	r.mu.Unlock()
	select {
	case v := <-q.grant:
		return v, nil
	case <-ctx.Done():
		r.mu.Lock()
		q.gone = true
		r.mu.Unlock()
		return verdict{}, ctx.Err()
	}
}

// wait lets everybody go on until they stop, and takes in what they did.
func (r *run) wait() {
	synctest.Wait()
	for _, n := range r.nodes {
		if l := n.life; l != nil && l.over.Load() {
			r.bury(n)
		}
	}
	r.mu.Lock()
	arrived, ended := r.arrived, r.ended
	r.arrived, r.ended = nil, nil
	if len(arrived) > 0 || len(r.parked) > 0 {
		r.parked = slices.DeleteFunc(r.parked, func(q *request) bool { return q.gone })
		arrived = slices.DeleteFunc(arrived, func(q *request) bool { return q.gone })
	}
	r.mu.Unlock()
	// Several come at once where workers begin, each with another conversation, or
	// where time has passed, for other jobs.
	slices.SortFunc(arrived, func(a, b *request) int {
		return cmp.Or(cmp.Compare(a.job.id, b.job.id), cmp.Compare(a.what, b.what))
	})
	for _, q := range arrived {
		if !q.answer && r.trouble(r.plan.slow) {
			q.notBefore = time.Now().Add(r.between(time.Millisecond, 20*time.Second))
		}
	}
	r.parked = append(r.parked, arrived...)
	slices.SortFunc(ended, func(a, b *job) int { return cmp.Compare(a.id, b.id) })
	for _, j := range ended {
		r.running--
		j.life.jobs = slices.DeleteFunc(j.life.jobs, func(other *job) bool { return other == j })
		j.lost = j.lost || j.life.over.Load()
		j.finish()
	}
	for _, n := range r.nodes {
		if n.draining && n.life != nil && len(n.life.jobs) == 0 {
			r.Restarts++
			r.begin(n)
		}
	}
}

func (r *run) trouble(p float64) bool { return p > 0 && r.troubled.Load() && r.chance(p) }

// bury ends the life of a node that has crashed, with all that it was doing.
func (r *run) bury(n *node) {
	l := n.life
	n.life, n.pausedUntil, n.draining = nil, time.Time{}, false
	n.upAt = time.Now().Add(r.between(time.Millisecond, time.Minute))
	r.Crashes++
	r.say("node %d is gone", n.id)
	for _, j := range l.jobs {
		j.cancel()
	}
	synctest.Wait()
}

// grant lets one call go, with the fate that the seed has for it. Some time passes
// with each: what two nodes do in the same microsecond nobody can tell apart.
func (r *run) grant(i int) {
	if !r.still {
		r.pass(time.Duration(1+r.rng.IntN(2000)) * time.Microsecond)
	}
	q := r.parked[i]
	r.parked = slices.Delete(r.parked, i, i+1)
	v := verdict{}
	if !q.answer && r.troubled.Load() {
		v.fate = r.fateOf(q)
		if r.chance(r.plan.slow) {
			v.answer = r.between(time.Millisecond, 20*time.Second)
		}
	}
	r.say("job %d node %d %s%s", q.job.id, q.job.life.node.id, q.what, fateNames[v.fate])
	r.Calls++
	if v.fate == crashBefore {
		q.job.life.over.Store(true)
		v.fate = dead
	}
	q.grant <- v
}

func (r *run) fateOf(q *request) fate {
	rates := r.plan.read
	if q.write {
		rates = r.plan.write
	}
	x := r.rng.Float64()
	for _, f := range fates {
		if x -= rates[f]; x < 0 {
			if f == held && !q.commit {
				f = fails
			}
			return f
		}
	}
	return fine
}

// eligible returns which of the parked calls can be let go now.
func (r *run) eligible() []int {
	now := time.Now()
	var all []int
	for i, q := range r.parked {
		if !q.notBefore.After(now) && !q.job.life.node.pausedUntil.After(now) {
			all = append(all, i)
		}
	}
	return all
}

// pass lets time go by. What is late is applied on the way.
func (r *run) pass(d time.Duration) {
	until := time.Now().Add(d)
	for {
		next := until
		for _, l := range r.late {
			if l.at.Before(next) {
				next = l.at
			}
		}
		if d := time.Until(next); d > 0 {
			time.Sleep(d)
		}
		r.applyLate()
		if !time.Now().Before(until) {
			return
		}
	}
}

func (r *run) applyLate() {
	for i := 0; i < len(r.late); {
		l := r.late[i]
		if l.at.After(time.Now()) {
			i++
			continue
		}
		r.late = slices.Delete(r.late, i, i+1)
		err := l.apply()
		r.say("late %s: %v", l.what, err)
	}
}

// maxSteps bounds a run. A run that does not end is a violation.
const maxSteps = 10_000

// step does one thing: it lets a call go, begins something new, or lets time pass.
func (r *run) step() {
	r.wait()
	r.steps++
	now := time.Now()
	for _, n := range r.nodes {
		if n.life == nil && (!n.upAt.After(now) || !r.troubled.Load()) {
			r.begin(n)
		}
	}
	r.disturb()
	ready := r.eligible()
	more := r.workers.left > 0 && r.running < r.plan.abreast
	switch {
	case len(ready) > 0 && (!more || !r.chance(r.plan.eager)):
		r.grant(ready[r.rng.IntN(len(ready))])
	case more && r.workers.next():
	default:
		r.pass(r.idle())
	}
}

// idle is how long nothing can be done.
func (r *run) idle() time.Duration {
	now := time.Now()
	d := time.Second // code of the host's sleeps, or all nodes are down
	for _, q := range r.parked {
		at := q.notBefore
		if p := q.job.life.node.pausedUntil; p.After(at) {
			at = p
		}
		if w := at.Sub(now); w > 0 && w < d {
			d = w
		}
	}
	return d
}

// disturb has things happen to nodes, and to what is stored.
func (r *run) disturb() {
	if !r.troubled.Load() {
		return
	}
	switch n := r.nodes[r.rng.IntN(len(r.nodes))]; {
	case r.chance(r.plan.pause):
		n.pausedUntil = time.Now().Add(r.between(time.Second, 3*time.Minute))
		r.Pauses++
		r.say("node %d stands still until %s", n.id, n.pausedUntil.Sub(r.start))
	case r.chance(r.plan.skew):
		n.skew = 0
		if r.chance(0.8) {
			most := []time.Duration{time.Second, 30 * time.Second, 10 * time.Minute}[r.rng.IntN(3)]
			n.skew = r.between(-most, most)
		}
		r.Skews++
		r.say("the clock of node %d is wrong by %s", n.id, n.skew)
	case r.chance(r.plan.restart) && n.life != nil:
		n.draining = true
	case r.chance(r.plan.poison):
		r.poisonOne()
	}
}

// quiet ends the faults, and waits for what was begun.
func (r *run) quiet() {
	r.wait()
	r.troubled.Store(false)
	r.say("the faults end")
	for _, n := range r.nodes {
		n.pausedUntil, n.skew, n.draining = time.Time{}, 0, false
	}
	for i := range r.late {
		r.late[i].at = time.Now()
	}
	r.drain()
	r.applyLate()
}

// drain waits until no job runs.
func (r *run) drain() {
	for {
		r.step()
		r.wait()
		if r.running == 0 || r.stuck() {
			return
		}
	}
}

func (r *run) stuck() bool {
	if r.steps > maxSteps {
		r.violated("it does not end")
	}
	return len(r.violations) > 0
}

// play is the whole run.
func (r *run) play() {
	r.workers.setUp()
	r.workers.left = r.plan.actions
	lull := r.workers.left - r.plan.lulls
	for (r.workers.left > 0 || r.running > 0) && !r.stuck() {
		r.step()
		if r.plan.lulls > 0 && r.workers.left <= lull {
			r.lull()
			lull = r.workers.left - r.plan.lulls
		}
	}
	r.quiet()
	r.settle(false)
	r.heal()
	r.workers.retry()
	r.settle(true)
	r.still = true
	r.workers.readOn()
	if len(r.violations) == 0 {
		r.check()
	}
	// Whoever still sleeps wakes up, and nobody is left in the bubble.
	for _, n := range r.nodes {
		if n.life != nil {
			for _, j := range n.life.jobs {
				j.cancel()
			}
		}
	}
	time.Sleep(time.Hour)
	synctest.Wait()
}

// lull ends the faults for a while, has what was begun end and what is due worked
// off, and checks how people stand before anything else happens, which might mend
// what is wrong.
func (r *run) lull() {
	left := r.workers.left
	r.workers.left = 0
	r.quiet()
	for n := 0; !r.stuck(); n++ {
		due := r.overdue(true)
		if due == "" {
			break
		}
		if n == 50 {
			r.violated("in a lull, it does not come to rest: %s", due)
		}
		r.tickOnce()
	}
	if len(r.violations) == 0 && r.rested() {
		r.Lulls++
		r.checkPeople()
	}
	r.workers.left = left
	r.troubled.Store(true)
	r.say("the lull is over")
}

// rested reports whether nothing is left to be done for later: what cannot be read,
// what is set back, a grace, and what was written by a clock that was ahead.
func (r *run) rested() bool {
	ctx := context.Background()
	now := time.Now()
	setbacks, err := r.store.Setbacks(ctx, storage.Key{}, 1)
	records, also := r.store.DueRecords(ctx, now.Add(time.Hour), storage.DueRecord{}, 1)
	if err = errors.Join(err, also); err != nil {
		r.violated("in a lull: %v", err)
	}
	for _, key := range r.keys {
		if r.shadows[key].UpdatedAt.After(now) {
			return false
		}
	}
	return len(setbacks) == 0 && len(records) == 0 && len(r.poison) == 0
}

// settle ticks until nothing is due, and goes on so for longer than the longest
// wait of a conversation that is set back.
func (r *run) settle(healed bool) {
	end := time.Now().Add(6 * time.Minute)
	for !r.stuck() {
		r.tickOnce()
		if r.stuck() {
			return
		}
		due := r.overdue(!healed)
		if due == "" && !time.Now().Before(end) {
			return
		}
		if due != "" {
			if r.again++; r.again > 200 {
				r.violated("it does not come to rest: %s", due)
			}
			continue
		}
		r.again = 0
		r.pass(r.untilDue(end))
	}
}

// untilDue is how long nothing will be due.
func (r *run) untilDue(end time.Time) time.Duration {
	ctx := context.Background()
	next := end
	now := time.Now()
	due, _ := r.store.Due(ctx, end, storage.Due{At: now.Add(time.Microsecond)}, 1)
	for _, d := range due {
		next = d.At
	}
	records, _ := r.store.DueRecords(ctx, end, storage.DueRecord{At: now.Add(time.Microsecond)}, 1)
	for _, d := range records {
		if d.At.Before(next) {
			next = d.At
		}
	}
	setbacks, _ := r.store.Setbacks(ctx, storage.Key{}, 100)
	for _, s := range setbacks {
		if s.RetryAt.After(now) && s.RetryAt.Before(next) {
			next = s.RetryAt
		}
	}
	return next.Sub(now)
}

// overdue says what should have been worked off by now.
func (r *run) overdue(poisoned bool) string {
	ctx := context.Background()
	now := time.Now()
	due, err := r.store.Due(ctx, now, storage.Due{}, 100)
	if err != nil {
		return err.Error()
	}
	for _, d := range due {
		if !poisoned || !r.poisoned(d.Key) {
			return fmt.Sprintf("%s was due at %s", d.Key.Conversation, d.At.Sub(r.start))
		}
	}
	records, err := r.store.DueRecords(ctx, now, storage.DueRecord{}, 100)
	if err != nil {
		return err.Error()
	}
	for _, d := range records {
		if !poisoned || len(r.poison) == 0 {
			return fmt.Sprintf("%s %s was due at %s", d.Key.Kind, d.Key.ID, d.At.Sub(r.start))
		}
	}
	outdated, err := r.store.Outdated(ctx, now, storage.Key{}, 100)
	if err != nil {
		return err.Error()
	}
	for _, key := range outdated {
		if !poisoned || !r.poisoned(key) {
			return key.Conversation + " was not brought in line with the policies"
		}
	}
	return ""
}

// tickOnce has one node tick, and waits for it.
func (r *run) tickOnce() {
	n := r.nodes[r.rng.IntN(len(r.nodes))]
	for n.life == nil && !r.stuck() {
		r.step()
	}
	if r.stuck() {
		return
	}
	r.workers.tick(n)
	r.drain()
}

// heal makes everything readable again, and lets what was quarantined go on.
func (r *run) heal() {
	r.say("all is healed")
	r.poison = map[storage.Key]poisoning{}
	r.healPolicies()
	n := r.nodes[0]
	r.launch(n, "release", nil, 0, func(ctx context.Context, desk *lifecycle.Desk) {
		setbacks, err := desk.Setbacks(ctx, "", "", 1000)
		for _, s := range setbacks {
			if s.Quarantined() {
				r.Released++
				err = errors.Join(err, desk.Release(ctx, s.Workspace, s.Conversation))
			}
		}
		if err != nil {
			r.violated("release: %v", err)
		}
	}, func() {}, func() {})
	r.drain()
}

func keyOf(workspace, id string) storage.Key {
	return storage.Key{Workspace: workspace, Conversation: id}
}

func named(key storage.Key) string { return key.Workspace + "/" + key.Conversation }

func blank(key storage.Key) conversation.Conversation {
	return conversation.Conversation{Workspace: key.Workspace, ID: key.Conversation}
}
