package drivertest_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// A shownView is a view with the index that it goes along.
type shownView struct {
	name  string
	query storage.Query
	index string
}

// shownViews are those that a desk shows, of the conversations that crowd fills in.
func shownViews() []shownView {
	in := func(state string) storage.Query { return storage.Query{Workspace: "acme", State: state} }
	view := func(name, index string, q storage.Query, change func(q *storage.Query)) shownView {
		if change != nil {
			change(&q)
		}
		return shownView{name, q, index}
	}
	byUpdated := func(q *storage.Query) { q.Order = storage.ByUpdated }
	return []shownView{
		view("state", "heads_state", in("closed"), nil),
		view("state, small", "heads_state", in("queued"), nil),
		view("agent", "heads_agent", in("closed"), func(q *storage.Query) { q.Agent = "agent-7" }),
		view("agent, small", "heads_agent", in("open"), func(q *storage.Query) { q.Agent = "agent-7" }),
		view("group", "heads_group", in("closed"), func(q *storage.Query) { q.Group = "group-3" }),
		view("ungrouped", "heads_group", in("queued"), func(q *storage.Query) { q.Ungrouped = true }),
		view("visitor", "heads_visitor", in("closed"), func(q *storage.Query) { q.Visitor = "visitor-1000" }),
		view("outcome", "heads_outcome", in("closed"), func(q *storage.Query) { q.Outcome = "outcome-2" }),
		view("tag", "tags", in("closed"), func(q *storage.Query) { q.Tag = "tag-5" }),
		view("agent, group, outcome and tag", "heads_agent", in("closed"), func(q *storage.Query) {
			q.Agent, q.Group, q.Outcome, q.Tag = "agent-7", "group-9", "outcome-2", "tag-14"
		}),
		view("tag and outcome", "tags", in("closed"), func(q *storage.Query) { q.Tag, q.Outcome = "tag-5", "outcome-0" }),
		view("updated", "heads_updated", in("closed"), byUpdated),
		view("updated, agent", "heads_updated", in("closed"), func(q *storage.Query) { byUpdated(q); q.Agent = "agent-7" }),
		view("updated, group", "heads_updated", in("closed"), func(q *storage.Query) { byUpdated(q); q.Group = "group-3" }),
		view("updated, ungrouped", "heads_updated", in("queued"), func(q *storage.Query) { byUpdated(q); q.Ungrouped = true }),
		view("updated, outcome", "heads_updated", in("closed"), func(q *storage.Query) { byUpdated(q); q.Outcome = "outcome-2" }),
		view("updated, tag", "heads_updated", in("closed"), func(q *storage.Query) { byUpdated(q); q.Tag = "tag-5" }),
		view("updated, nobody's", "heads_updated", in("closed"), func(q *storage.Query) { byUpdated(q); q.Agent = "nobody" }),
		view("updated, visitor", "heads_visitor", in("closed"), func(q *storage.Query) { byUpdated(q); q.Visitor = "visitor-1000" }),
	}
}

// A shownList is a list of records with the index that it goes along.
type shownList struct {
	name  string
	query storage.RecordQuery
	index string
}

func shownLists() []shownList {
	agents := storage.RecordQuery{Workspace: "acme", Kind: storage.KindAgent}
	free, members, freeMembers := agents, agents, agents
	free.Free, members.Group = true, "group-4"
	freeMembers.Group, freeMembers.Free = "group-4", true
	return []shownList{
		{"agents", agents, "records_key"},
		{"free agents", free, "records_available"},
		{"agents of a group", members, "memberships"},
		{"free agents of a group", freeMembers, "memberships"},
	}
}

const crowdAgents, crowdGroups = 200, 10

// crowd fills a file with conversations, 97 in 100 of them closed, and with
// agents, by SQL: a store would take as long as the hosts that wrote them.
func crowd(tb testing.TB, db *sql.DB, conversations int) {
	tb.Helper()
	const numbers = `WITH RECURSIVE numbers (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < ?2)`
	const heads = `
INSERT INTO adjourn_heads (
    workspace, conversation, version, dormant_since, due, policy_revision, updated, body,
    visitor, state, agent, grp, outcome, tags, since, seat)
` + numbers + `, made AS (
    SELECT i, ?3 + i * 7919 % ?5 * 1000000 AS since,
        CASE WHEN i % 100 < 97 THEN 'closed' WHEN i % 100 = 97 THEN 'queued' WHEN i % 100 = 98 THEN 'open' ELSE 'snoozed' END AS state
    FROM numbers)
SELECT 'acme', printf('conversation-%08d', i), 10, iif(state = 'closed', since, NULL), iif(state = 'closed', NULL, since),
    1, since + i * 104729 % ?5 * 1000, zeroblob(600), 'visitor-' || (i / 3), state,
    iif(state = 'queued', '', 'agent-' || (i / 100 % ?4)), iif(i % 11 = 10, '', 'group-' || (i % 11)),
    iif(state = 'closed', 'outcome-' || (i % 5), ''), iif(i % 3 = 0, '["tag-' || (i / 3 % 20) || '"]', ''),
    since, iif(state = 'open', 'agent-' || (i / 100 % ?4), '')
FROM made`
	const tags = `
INSERT INTO adjourn_tags (workspace, tag, state, since, conversation)
SELECT h.workspace, t.value, h.state, h.since, h.conversation
FROM adjourn_heads h, json_each(h.tags) t
WHERE h.tags <> ''
ORDER BY 1, 2, 3, 4, 5`
	const records = `
INSERT INTO adjourn_records (workspace, kind, id, version, due, grps, available, capacity, body)
` + numbers + `
SELECT 'acme', 'agent', 'agent-' || i, 1, ?3 + i, '["group-' || (i % ?4) || '"]', i % 4 = 0, 1000000, zeroblob(200) FROM numbers`
	const memberships = `
INSERT INTO adjourn_memberships (workspace, grp, agent)
SELECT r.workspace, g.value, r.id FROM adjourn_records r, json_each(r.grps) g`
	at := noon.UnixMicro()
	run := func(text string, args ...any) {
		tb.Helper()
		if _, err := db.Exec(text, args...); err != nil {
			tb.Fatal(err)
		}
	}
	const portion = 100_000
	for from := 0; from < conversations; from += portion {
		run(heads, from, min(from+portion, conversations), at, crowdAgents, conversations)
	}
	run(tags)
	run(records, 0, crowdAgents, at, crowdGroups)
	run(memberships)
}

// TestSQLiteCrowd reads views, counts and lists of many conversations, first and
// in the middle, each by the index that is there for it, and logs what they take.
// ADJOURN_MILLION=1 has a million of them; otherwise the times mean little.
func TestSQLiteCrowd(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	conversations := 20_000
	if os.Getenv("ADJOURN_MILLION") != "" {
		conversations = 1_000_000
	}
	d := sqliteDrivers[0]
	file := migratedFile(t)
	start := time.Now()
	crowd(t, sqliteDrivers[1].open(t, file, "?_synchronous=OFF&_cache_size=-1000000"), conversations)
	stat, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("views: %d conversations, %d MB, filled in %.0f s", conversations, stat.Size()>>20, time.Since(start).Seconds())
	db, w := d.watched(t, file, "")
	s := sqliteStore(t, db, nil)
	if err := s.CheckSchema(t.Context()); err != nil { // as the first call does otherwise
		t.Fatal(err)
	}
	c := crowded{t, db, w, s, new(int)}
	middle := noon.Add(time.Duration(conversations/2) * time.Second)
	for _, v := range shownViews() {
		for _, newest := range []bool{false, true} {
			q := v.query
			q.Newest = newest
			first := c.view(v, q)
			q.After = storage.Place{At: middle}
			deep := c.view(v, q)
			if len(first)+len(deep) == 0 && !strings.Contains(v.name, "nobody's") {
				t.Errorf("%s: nothing was found", v.name)
			}
		}
		c.count(v)
	}
	for _, l := range shownLists() {
		c.measure(l.name, l.index, func() (int, error) {
			found, err := s.List(t.Context(), l.query, "", 50)
			return len(found), err
		})
	}
	c.measure("due records", "records_due", func() (int, error) {
		found, err := s.DueRecords(t.Context(), noon.Add(time.Hour), storage.DueRecord{}, 50)
		return len(found), err
	})
	c.measure("seats of an agent", "heads_seat", func() (int, error) {
		r, err := s.Record(t.Context(), storage.RecordKey{Workspace: "acme", Kind: storage.KindAgent, ID: "agent-7"})
		return r.Seats, err
	})
	c.commit("a message", func(*storage.Head) {})
	c.commit("a change of state", func(h *storage.Head) { h.State, h.Since, h.Seat = "ended", h.Updated, "agent-9" })
	c.figure("conversations")
	plan := explain(t, db, `SELECT * FROM adjourn_heads WHERE updated + 0 > 1`, nil)
	proof.Planted(t, "lists", "a statement in SQLite that no index serves", len(scansOf(plan)) > 0)
}

// crowded measures what is read of a store with many conversations.
type crowded struct {
	t  *testing.T
	db *sql.DB
	w  *watcher
	s  *sqlite.Store

	asked *int // how many reads were measured
}

// figure takes down that none of the reads looked at everything.
func (c crowded) figure(of string) {
	c.t.Helper()
	proof.Count(c.t, proof.Figure{
		Suite: "lists", Tried: int64(*c.asked), Trials: "reads of " + of + " in SQLite", Breaks: "looked at everything", Every: true,
	})
}

func (c crowded) view(v shownView, q storage.Query) (found []storage.Row) {
	c.t.Helper()
	name := v.name
	if q.Newest {
		name += ", newest first"
	}
	if !q.After.At.IsZero() {
		name += ", from the middle on"
	}
	plan := c.measure(name, v.index, func() (int, error) {
		var err error
		found, err = c.s.View(c.t.Context(), q, 50)
		return len(found), err
	})
	if few := q.Visitor != "" && q.Order == storage.ByUpdated; sortsRows(plan) != few {
		c.t.Errorf("%s: sorts what it reads: %t", name, !few)
	}
	return found
}

func (c crowded) count(v shownView) {
	c.t.Helper()
	counting := v.query
	counting.After.At = noon.Add(time.Millisecond) // so that the order matters
	for name, q := range map[string]storage.Query{"count of " + v.name: v.query, "count behind a place of " + v.name: counting} {
		index := v.index
		if q.Order == storage.ByUpdated && q.After.At.IsZero() {
			index = "" // that of another view
		}
		c.measure(name, index, func() (int, error) { return c.s.Count(c.t.Context(), q) })
	}
}

// measure logs the shortest of three times that a read took, and the plan of its
// statement, which must go along an index.
func (c crowded) measure(name, index string, read func() (int, error)) (plan []string) {
	c.t.Helper()
	*c.asked++
	c.w.forget()
	shortest, n := time.Hour, 0
	for range 3 {
		start := time.Now()
		found, err := read()
		if err != nil {
			c.t.Fatalf("%s: %v", name, err)
		}
		shortest, n = min(shortest, time.Since(start)), found
	}
	all := ours(c.w)
	if len(all) != 1 {
		c.t.Fatalf("%s: %d statements", name, len(all))
	}
	for text, args := range all {
		plan = explain(c.t, c.db, text, args)
	}
	c.t.Logf("views: %s: %d in %.2f ms: %s", name, n, float64(shortest.Microseconds())/1000, strings.Join(plan, "; "))
	if scans := scansOf(plan); len(scans) > 0 {
		c.t.Errorf("%s looks at everything: %q", name, scans)
	}
	searches := "INDEX adjourn_" + index + " "
	switch index {
	case "":
		return plan
	case "tags":
		searches = "SEARCH t USING PRIMARY KEY "
	case "memberships":
		searches = "SEARCH m USING PRIMARY KEY "
	}
	if !slices.ContainsFunc(plan, func(line string) bool { return strings.Contains(line, searches) }) {
		c.t.Errorf("%s does not go along %s", name, index)
	}
	return plan
}

// commit logs what a commit takes to one of many conversations, after another.
func (c crowded) commit(what string, change func(h *storage.Head)) {
	c.t.Helper()
	const n = 300
	var took time.Duration
	for i := range n {
		l, err := c.s.Load(c.t.Context(), sized(i*61, 0).Key, "")
		if err != nil {
			c.t.Fatal(err)
		}
		in := sized(i*61, l.Head.Version)
		in.Head = l.Head
		in.Head.Version++
		in.Head.Updated = noon.Add(time.Hour)
		change(&in.Head)
		start := time.Now()
		if err := c.s.Commit(c.t.Context(), in); err != nil {
			c.t.Fatal(err)
		}
		took += time.Since(start)
	}
	c.t.Logf("views: commit of %s: %.2f ms", what, float64(took.Microseconds())/1000/n)
}

// TestSQLiteViews compares what is read by every combination of what a query can
// ask for with what a loop over all conversations finds, in pages.
func TestSQLiteViews(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	s := sqliteDrivers[1].store(t)
	r := seeded(t)
	heads := map[storage.Key]storage.Head{}
	for range 400 {
		c := sized(0, 0)
		c.Key = storage.Key{Workspace: pick(r, "a", "a", "a", "b"), Conversation: fmt.Sprint(r.IntN(150))}
		c.Expect = heads[c.Key].Version
		c.Events[0].Version, c.Head.Version, c.Command.ID = c.Expect+1, c.Expect+1, ""
		scatter(r, &c.Head, heads[c.Key])
		if err := s.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		heads[c.Key] = c.Head
	}
	read := 0
	for fields := range 1 << 8 {
		q := storage.Query{Workspace: "a", State: pick(r, "open", "closed")}
		set := func(bit int, field *string, values ...string) {
			if fields>>bit&1 == 1 {
				*field = pick(r, values...)
			}
		}
		set(0, &q.Agent, "ann", "bob")
		set(1, &q.Group, "sales", "billing")
		set(2, &q.Visitor, "vic", "wim")
		set(3, &q.Outcome, "resolved", "spam")
		set(4, &q.Tag, "a", "b", `"b"`)
		q.Ungrouped = fields>>5&1 == 1
		q.Newest = fields>>6&1 == 1
		q.Order = storage.BySince
		if fields>>7&1 == 1 {
			q.Order = storage.ByUpdated
		}
		if r.IntN(2) == 0 {
			q.From, q.To = noon.Add(time.Duration(r.IntN(3_000))), noon.Add(8*time.Microsecond-time.Duration(r.IntN(3_000)))
		}
		read += inPages(t, s, q, naively(heads, q), 1+r.IntN(4))
	}
	if read < 400 {
		t.Errorf("only %d conversations were selected", read)
	}
}

func pick(r *rand.Rand, values ...string) string { return values[r.IntN(len(values))] }

// scatter gives a head values that many others have; often what it had before.
func scatter(r *rand.Rand, h *storage.Head, before storage.Head) {
	micros := func() time.Time { return noon.Add(time.Duration(r.IntN(10)) * time.Microsecond) }
	before.Version, before.Body, before.Updated = h.Version, h.Body, micros()
	if r.IntN(3) == 0 && before.State != "" {
		*h = before
		return
	}
	h.State, h.Agent, h.Group = pick(r, "open", "closed"), pick(r, "", "ann", "bob"), pick(r, "", "sales", "billing")
	h.Visitor, h.Outcome = pick(r, "vic", "wim"), pick(r, "", "resolved", "spam")
	h.Tags = [][]string{nil, {"a"}, {`"b"`, "a", "b"}}[r.IntN(3)]
	h.Since, h.Updated, h.Seat = micros(), micros(), pick(r, "", "ann", "bob")
}

// naively returns the rows that a query selects, as its fields say it.
func naively(heads map[storage.Key]storage.Head, q storage.Query) (rows []storage.Row) {
	for key, h := range heads {
		at := placeOf(q, storage.Row{Key: key, Head: h}).At
		if key.Workspace == q.Workspace && h.State == q.State &&
			(q.Agent == "" || q.Agent == h.Agent) && (q.Group == "" || q.Group == h.Group) && (!q.Ungrouped || h.Group == "") &&
			(q.Visitor == "" || q.Visitor == h.Visitor) && (q.Outcome == "" || q.Outcome == h.Outcome) &&
			(q.Tag == "" || slices.Contains(h.Tags, q.Tag)) &&
			(q.From.IsZero() || !at.Before(q.From)) && (q.To.IsZero() || at.Before(q.To)) {
			rows = append(rows, storage.Row{Key: key, Head: h})
		}
	}
	slices.SortFunc(rows, func(a, b storage.Row) int {
		one, other := placeOf(q, a), placeOf(q, b)
		return cmp.Or(one.At.Compare(other.At), strings.Compare(one.Conversation, other.Conversation))
	})
	if q.Newest {
		slices.Reverse(rows)
	}
	return rows
}

func placeOf(q storage.Query, row storage.Row) storage.Place {
	if q.Order == storage.ByUpdated {
		return storage.Place{At: row.Head.Updated, Conversation: row.Key.Conversation}
	}
	return storage.Place{At: row.Head.Since, Conversation: row.Key.Conversation}
}

// inPages reads a view in pages, counts what is left before each, and returns how
// many there were.
func inPages(t *testing.T, s storage.Store, q storage.Query, want []storage.Row, limit int) (read int) {
	t.Helper()
	for read <= len(want) {
		n, err := s.Count(t.Context(), q)
		if err != nil || n != len(want)-read {
			t.Errorf("Count(%+v): %d, %v, want %d", q, n, err, len(want)-read)
		}
		page, err := s.View(t.Context(), q, limit)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want[read:min(read+limit, len(want))], page); diff != "" && len(page)+len(want)-read > 0 {
			t.Fatalf("View(%+v) (-want +got):\n%s", q, diff)
		}
		if len(page) == 0 {
			break
		}
		read += len(page)
		q.After = placeOf(q, page[len(page)-1])
	}
	return read
}
