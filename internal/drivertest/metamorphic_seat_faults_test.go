package drivertest_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

func metaAgentKey(workspace, id string) storage.RecordKey {
	return storage.RecordKey{Workspace: workspace, Kind: storage.KindAgent, ID: id}
}

// metaCommitFault changes what is committed, which takes a seat of the agent, or
// returns an error in place of that. It gets the conversation as it was and the
// record of the agent.
func metaCommitFault(name string, change func(c *storage.Commit, before storage.Head, agent storage.Record) error) metaFault {
	return metaFault{name, func(b *metaBroken) {
		b.commit = func(ctx context.Context, c *storage.Commit) error {
			l, err := b.Store.Load(ctx, c.Key, "")
			if err != nil {
				return err
			}
			agent, err := b.Store.Record(ctx, metaAgentKey(c.Key.Workspace, c.Head.Seat))
			if err != nil || l.Head.Version != c.Expect {
				return err // the store itself refuses it
			}
			return change(c, l.Head, agent)
		}
	}}
}

// metaFreedFault settles the record of an agent a seat of whose was freed.
func metaFreedFault(name string, due func(before, at time.Time) time.Time) metaFault {
	return metaFault{name, func(b *metaBroken) {
		var before storage.Record
		b.commit = func(ctx context.Context, c *storage.Commit) error {
			l, err := b.Store.Load(ctx, c.Key, "")
			if err == nil {
				before, err = b.Store.Record(ctx, metaAgentKey(c.Key.Workspace, l.Head.Seat))
			}
			return err
		}
		b.committed = func(ctx context.Context, c storage.Commit, _ storage.Head) {
			now, _ := b.Store.Record(ctx, before.Key)
			if now.Version > 0 && now.Seats < before.Seats {
				now.Due = due(before.Due, c.At)
				_ = b.Store.Settle(ctx, now)
			}
		}
	}}
}

// full reports whether the agent has a record and no seat left.
func full(agent storage.Record) bool { return agent.Version > 0 && agent.Seats >= agent.Capacity }

var metaSeatFaults = []metaFault{
	metaCommitFault("an agent can have one more than the capacity", func(c *storage.Commit, _ storage.Head, agent storage.Record) error {
		if agent.Seats == agent.Capacity && c.Seen.Agent == "" {
			c.Seen = storage.Seen{Agent: c.Head.Seat, Version: agent.Version, Overfill: true}
		}
		return nil
	}),
	metaCommitFault("an agent can have one less than the capacity", func(c *storage.Commit, before storage.Head, agent storage.Record) error {
		taken := len(c.Events) > 0 && c.Head.Seat != before.Seat && !c.Seen.Overfill
		if taken && c.Seen.Agent == "" && agent.Version > 0 && agent.Seats == agent.Capacity-1 {
			return storage.ErrFull
		}
		return nil
	}),
	metaCommitFault("who keeps a seat needs a free one", func(c *storage.Commit, before storage.Head, agent storage.Record) error {
		if len(c.Events) > 0 && c.Head.Seat == before.Seat && full(agent) && c.Seen == (storage.Seen{}) {
			return storage.ErrFull
		}
		return nil
	}),
	metaCommitFault("a commit without events needs a free seat", func(c *storage.Commit, before storage.Head, agent storage.Record) error {
		if len(c.Events) == 0 && c.Head.Seat != before.Seat && full(agent) && c.Seen == (storage.Seen{}) {
			return storage.ErrFull
		}
		return nil
	}),
	metaCommitFault("overfilling one agent overfills every one", func(c *storage.Commit, _ storage.Head, agent storage.Record) error {
		if c.Seen.Overfill && c.Seen.Agent != c.Head.Seat {
			c.Seen.Agent, c.Seen.Version = c.Head.Seat, agent.Version
		}
		return nil
	}),
	metaCommitFault("nobody overfills", func(c *storage.Commit, _ storage.Head, _ storage.Record) error {
		c.Seen.Overfill = false
		return nil
	}),
	{"the agent that was seen is not compared", func(b *metaBroken) {
		b.commit = func(ctx context.Context, c *storage.Commit) error {
			seen, err := b.Store.Record(ctx, metaAgentKey(c.Key.Workspace, c.Seen.Agent))
			c.Seen.Version = seen.Version
			return err
		}
	}},
	{"the agent that was seen is not compared without events", func(b *metaBroken) {
		b.commit = func(_ context.Context, c *storage.Commit) error {
			if len(c.Events) == 0 {
				c.Seen = storage.Seen{}
			}
			return nil
		}
	}},
	{"a closing does not free the seat", func(b *metaBroken) {
		kept := map[storage.RecordKey]int{}
		b.committed = func(_ context.Context, c storage.Commit, before storage.Head) {
			if c.Head.State == string(conversation.StateClosed) && before.Seat != "" && len(c.Events) > 0 {
				kept[metaAgentKey(c.Key.Workspace, before.Seat)]++
			}
		}
		b.record = func(r *storage.Record) {
			if r.Version > 0 {
				r.Seats += kept[r.Key]
			}
		}
	}},
	{"a transfer frees no seat", func(b *metaBroken) {
		kept := map[storage.RecordKey]int{}
		b.committed = func(_ context.Context, c storage.Commit, before storage.Head) {
			if before.Seat != "" && c.Head.Seat != "" && before.Seat != c.Head.Seat && len(c.Events) > 0 {
				kept[metaAgentKey(c.Key.Workspace, before.Seat)]++
			}
		}
		b.record = func(r *storage.Record) {
			if r.Version > 0 {
				r.Seats += kept[r.Key]
			}
		}
	}},
	{"a seat that is taken is no move", func(b *metaBroken) {
		uncounted := map[storage.RecordKey]int64{}
		b.committed = func(_ context.Context, c storage.Commit, before storage.Head) {
			if c.Head.Seat != "" && c.Head.Seat != before.Seat && len(c.Events) > 0 {
				uncounted[metaAgentKey(c.Key.Workspace, c.Head.Seat)]++
			}
		}
		b.record = func(r *storage.Record) {
			if r.Version == 0 {
				delete(uncounted, r.Key)
			}
			r.SeatMoves -= uncounted[r.Key]
		}
		b.put = func(_ context.Context, r *storage.Record, _ storage.Record) { r.SeatMoves += uncounted[r.Key] }
		b.settle = func(r *storage.Record, _ storage.Record) { r.SeatMoves += uncounted[r.Key] }
	}},
	{"who keeps a seat moves it", func(b *metaBroken) {
		moved := map[storage.RecordKey]time.Time{}
		b.committed = func(_ context.Context, c storage.Commit, before storage.Head) {
			if len(c.Events) > 0 && c.Head.Seat == before.Seat {
				moved[metaAgentKey(c.Key.Workspace, c.Head.Seat)] = c.At
			} else {
				delete(moved, metaAgentKey(c.Key.Workspace, c.Head.Seat))
				delete(moved, metaAgentKey(c.Key.Workspace, before.Seat))
			}
		}
		b.record = func(r *storage.Record) {
			if at, known := moved[r.Key]; known && r.Version > 0 {
				r.SeatsAt = at
			}
		}
	}},
	metaFreedFault("a freed seat leaves the due instant of the agent", func(before, _ time.Time) time.Time { return before }),
	metaFreedFault("a freed seat puts an earlier due instant off", func(_, at time.Time) time.Time { return at }),
	{"a taken seat makes the agent due", func(b *metaBroken) {
		b.committed = func(ctx context.Context, c storage.Commit, before storage.Head) {
			if len(c.Events) == 0 || c.Head.Seat == before.Seat {
				return
			}
			r, _ := b.Store.Record(ctx, metaAgentKey(c.Key.Workspace, c.Head.Seat))
			if r.Version > 0 && r.Due.IsZero() {
				r.Due = c.At
				_ = b.Store.Settle(ctx, r)
			}
		}
	}},
	{"a moved seat gives the agent a new version", func(b *metaBroken) {
		b.committed = func(ctx context.Context, c storage.Commit, before storage.Head) {
			r, _ := b.Store.Record(ctx, metaAgentKey(c.Key.Workspace, c.Head.Seat))
			if r.Version > 0 && len(c.Events) > 0 && c.Head.Seat != before.Seat {
				_ = b.Store.Put(ctx, r)
			}
		}
	}},
	{"a purge keeps the seats", func(b *metaBroken) {
		kept := map[storage.RecordKey]int{}
		b.purge = func(ctx context.Context, before time.Time, limit int) (int, error) {
			seats := map[storage.RecordKey]int{}
			for _, workspace := range metaWorkspaces {
				for _, id := range metaAgents {
					r, _ := b.Store.Record(ctx, metaAgentKey(workspace, id))
					seats[r.Key] = r.Seats
				}
			}
			n, err := b.Store.Purge(ctx, before, limit)
			for key, had := range seats {
				r, _ := b.Store.Record(ctx, key)
				kept[key] += had - r.Seats
			}
			return n, err
		}
		b.record = func(r *storage.Record) {
			if r.Version > 0 {
				r.Seats += kept[r.Key]
			}
		}
	}},
	{"a transaction does not see the seats that it moves", func(b *metaBroken) {
		b.subject.begun = func(draft *metaDraft) { draft.blind = true }
	}},
	{"who was rolled back keeps the seat", func(b *metaBroken) {
		b.subject.end = func(draft *metaDraft, commit bool) error {
			if commit {
				return draft.apply(context.Background())
			}
			for key, r := range draft.agents {
				now, _ := b.Store.Record(context.Background(), key)
				if now.Due = r.Due; r.Seats < now.Seats { // at least it is due
					_ = b.Store.Settle(context.Background(), now)
				}
			}
			return nil
		}
	}},
}

var metaRecordFaults = []metaFault{
	{"Put asks for no version", func(b *metaBroken) {
		b.put = func(_ context.Context, r *storage.Record, now storage.Record) { r.Version = now.Version }
	}},
	{"Put asks for no seat moves", func(b *metaBroken) {
		b.put = func(_ context.Context, r *storage.Record, now storage.Record) { r.SeatMoves = now.SeatMoves }
	}},
	{"Put keeps what is due earlier", func(b *metaBroken) {
		b.put = func(_ context.Context, r *storage.Record, now storage.Record) {
			if !now.Due.IsZero() && now.Due.Before(r.Due) {
				r.Due = now.Due
			}
		}
	}},
	{"Put begins the seat moves anew", func(b *metaBroken) {
		forgotten := map[storage.RecordKey]int64{}
		b.put = func(_ context.Context, r *storage.Record, now storage.Record) {
			r.SeatMoves += forgotten[r.Key]
			if r.Version == now.Version && r.SeatMoves == now.SeatMoves {
				forgotten[r.Key] = now.SeatMoves
			}
		}
		b.settle = func(r *storage.Record, _ storage.Record) { r.SeatMoves += forgotten[r.Key] }
		b.record = func(r *storage.Record) { r.SeatMoves -= forgotten[r.Key] }
	}},
	{"an agent who is added has no seats from before", func(b *metaBroken) {
		before := map[storage.RecordKey]int{}
		b.committed = func(_ context.Context, c storage.Commit, head storage.Head) {
			if key := metaAgentKey(c.Key.Workspace, head.Seat); before[key] > 0 && len(c.Events) > 0 && head.Seat != c.Head.Seat {
				before[key]--
			}
		}
		b.put = func(ctx context.Context, r *storage.Record, now storage.Record) {
			if now.Version > 0 || r.Version > 0 || r.Key.Kind != storage.KindAgent {
				return
			}
			n := 0
			for _, state := range conversation.States() {
				rows, _ := b.Store.View(ctx, storage.Query{Workspace: r.Key.Workspace, State: string(state)}, 1000)
				for _, row := range rows {
					if row.Head.Seat == r.Key.ID {
						n++
					}
				}
			}
			before[r.Key] = n
		}
		b.record = func(r *storage.Record) { r.Seats = max(0, r.Seats-before[r.Key]) }
	}},
	{"Settle asks for no version", func(b *metaBroken) {
		b.settle = func(r *storage.Record, now storage.Record) { r.Version = now.Version }
	}},
	{"Settle asks for no seat moves", func(b *metaBroken) {
		b.settle = func(r *storage.Record, now storage.Record) { r.SeatMoves = now.SeatMoves }
	}},
	{"Settle does not put off", func(b *metaBroken) {
		b.settle = func(r *storage.Record, now storage.Record) {
			later := r.Due.IsZero() || now.Due.Before(r.Due)
			if now.Due.After(b.subject.player.now) && later { // what is over would be due for ever
				r.Due = now.Due
			}
		}
	}},
	{"whoever is available is free", func(b *metaBroken) {
		b.list = func(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			if limit > 100 { // a Desk would serve who is full for ever
				return b.Store.List(ctx, q, after, limit)
			}
			return b.listed(ctx, q, after, limit, func(r storage.Record) bool { return !q.Free || r.Available })
		}
	}},
	{"whoever has a seat is free", func(b *metaBroken) {
		b.list = func(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			return b.listed(ctx, q, after, limit, func(r storage.Record) bool { return !q.Free || r.Seats < r.Capacity })
		}
	}},
	{"agents stay in the groups that they were in", func(b *metaBroken) {
		ever := map[string]bool{}
		b.put = func(_ context.Context, _ *storage.Record, now storage.Record) {
			for _, group := range now.Groups {
				ever[now.Key.Workspace+" "+group+" "+now.Key.ID] = true
			}
		}
		b.list = func(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			if !q.Free { // or a Desk would have them leave for ever
				return b.Store.List(ctx, q, after, limit)
			}
			group := q.Group
			q.Group = ""
			return b.listed(ctx, q, after, limit, func(r storage.Record) bool {
				return r.Available && r.Seats < r.Capacity &&
					(group == "" || slices.Contains(r.Groups, group) || ever[q.Workspace+" "+group+" "+r.Key.ID])
			})
		}
	}},
	{"lists begin with the given one", func(b *metaBroken) {
		b.list = func(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			found, err := b.Store.List(ctx, q, after, limit)
			if r, _ := b.Store.Record(ctx, storage.RecordKey{Workspace: q.Workspace, Kind: q.Kind, ID: after}); len(found) > 0 && r.Version > 0 {
				found[0] = r
			}
			return found, err
		}
	}},
	{"lists go by people's alphabet", func(b *metaBroken) {
		b.list = func(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			found, err := b.Store.List(ctx, q, after, limit)
			slices.SortFunc(found, func(x, y storage.Record) int {
				return strings.Compare(strings.ToLower(x.Key.ID)+y.Key.ID, strings.ToLower(y.Key.ID)+x.Key.ID)
			})
			return found, err
		}
	}},
	{"records that are due now are not", func(b *metaBroken) {
		b.dueRecords = func(found []storage.DueRecord) []storage.DueRecord {
			return slices.DeleteFunc(found, func(d storage.DueRecord) bool {
				return d.At.Equal(b.subject.player.now.Truncate(time.Microsecond))
			})
		}
	}},
	{"due records go by key", func(b *metaBroken) {
		b.dueRecords = func(found []storage.DueRecord) []storage.DueRecord {
			slices.SortFunc(found, func(x, y storage.DueRecord) int { return x.Key.Compare(y.Key) })
			return found
		}
	}},
	{"the addresses of visitors are not erased", func(b *metaBroken) {
		kept := map[storage.RecordKey]storage.Record{}
		b.erase = func(ctx context.Context, workspace, visitor string) (int, error) {
			key := storage.RecordKey{Workspace: workspace, Kind: storage.KindVisitor, ID: visitor}
			if r, _ := b.Store.Record(ctx, key); r.Text != "" {
				kept[key] = r
			}
			return b.Store.Erase(ctx, workspace, visitor)
		}
		b.record = func(r *storage.Record) {
			if old, known := kept[r.Key]; known && old.Version+1 == r.Version {
				r.Text = old.Text
			}
		}
	}},
	{"an address that is erased leaves the version", func(b *metaBroken) {
		uncounted := map[storage.RecordKey]int64{}
		b.erase = func(ctx context.Context, workspace, visitor string) (int, error) {
			key := storage.RecordKey{Workspace: workspace, Kind: storage.KindVisitor, ID: visitor}
			if r, _ := b.Store.Record(ctx, key); r.Text != "" {
				uncounted[key]++
			}
			return b.Store.Erase(ctx, workspace, visitor)
		}
		b.record = func(r *storage.Record) { r.Version -= uncounted[r.Key] }
		b.put = func(_ context.Context, r *storage.Record, _ storage.Record) { r.Version += uncounted[r.Key] }
		b.settle = func(r *storage.Record, _ storage.Record) { r.Version += uncounted[r.Key] }
	}},
	{"erasing nothing makes a new version of the visitor", func(b *metaBroken) {
		b.erase = func(ctx context.Context, workspace, visitor string) (int, error) {
			r, _ := b.Store.Record(ctx, storage.RecordKey{Workspace: workspace, Kind: storage.KindVisitor, ID: visitor})
			if r.Version > 0 && r.Text == "" {
				_ = b.Store.Put(ctx, r)
			}
			return b.Store.Erase(ctx, workspace, visitor)
		}
	}},
}

// listed lists records as a query says but for what it selects.
func (b *metaBroken) listed(ctx context.Context, q storage.RecordQuery, after string, limit int, selects func(storage.Record) bool) ([]storage.Record, error) {
	q.Free = false
	found, err := b.Store.List(ctx, q, after, 1000)
	found = slices.DeleteFunc(found, func(r storage.Record) bool { return !selects(r) })
	return found[:min(limit, len(found))], err
}

// metaQueryFault changes what views and counts are asked for.
func metaQueryFault(name string, change func(q *storage.Query)) metaFault {
	return metaFault{name, func(b *metaBroken) { b.query = change }}
}

var metaViewFaults = []metaFault{
	metaQueryFault("what begins at From is left out", func(q *storage.Query) {
		if !q.From.IsZero() {
			q.From = q.From.Add(time.Microsecond)
		}
	}),
	metaQueryFault("what is at To is not left out", func(q *storage.Query) {
		if !q.To.IsZero() {
			q.To = q.To.Add(time.Microsecond)
		}
	}),
	metaQueryFault("views by the last change are by the state", func(q *storage.Query) { q.Order = storage.BySince }),
	metaQueryFault("those without a group are any", func(q *storage.Query) { q.Ungrouped = false }),
	metaQueryFault("outcomes select nothing away", func(q *storage.Query) { q.Outcome = "" }),
	metaQueryFault("groups are the same in upper case and in lower case", func(q *storage.Query) { q.Group = strings.ToLower(q.Group) }),
	metaQueryFault("what is behind a place is behind its instant", func(q *storage.Query) {
		if !q.After.At.IsZero() && !q.Newest {
			q.After.Conversation = "~"
		}
	}),
	{"Count takes no notice of After", func(b *metaBroken) {
		b.count = func(ctx context.Context, q storage.Query) (int, error) {
			q.After = storage.Place{}
			return b.Store.Count(ctx, q)
		}
	}},
	{"Count takes no notice of the direction", func(b *metaBroken) {
		b.count = func(ctx context.Context, q storage.Query) (int, error) {
			q.Newest = false
			return b.Store.Count(ctx, q)
		}
	}},
	{"those of one instant go forwards, also for the newest first", func(b *metaBroken) {
		b.view = func(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			return b.viewed(ctx, q, limit, func(x, y storage.Place) int {
				order := x.At.Compare(y.At)
				if q.Newest {
					order = -order
				}
				return cmp.Or(order, strings.Compare(x.Conversation, y.Conversation))
			})
		}
	}},
	{"those of one instant go by people's alphabet", func(b *metaBroken) {
		b.view = func(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			return b.viewed(ctx, q, limit, func(x, y storage.Place) int {
				order := cmp.Or(x.At.Compare(y.At),
					strings.Compare(strings.ToLower(x.Conversation), strings.ToLower(y.Conversation)),
					strings.Compare(y.Conversation, x.Conversation))
				if q.Newest {
					return -order
				}
				return order
			})
		}
	}},
	{"what lost a tag is still found by it", func(b *metaBroken) {
		had := map[storage.Key][]string{}
		b.commit = func(ctx context.Context, c *storage.Commit) error {
			l, err := b.Store.Load(ctx, c.Key, "")
			had[c.Key] = append(had[c.Key], l.Head.Tags...)
			return err
		}
		b.view = func(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			tag := q.Tag
			if q.Tag = ""; tag == "" {
				return b.Store.View(ctx, q, limit)
			}
			rows, err := b.Store.View(ctx, q, 1000)
			rows = slices.DeleteFunc(rows, func(row storage.Row) bool {
				return !slices.Contains(row.Head.Tags, tag) && !slices.Contains(had[row.Key], tag)
			})
			return rows[:min(limit, len(rows))], err
		}
	}},
	{"a commit without events changes the tags", func(b *metaBroken) {
		tags := map[storage.Key][]string{}
		b.committed = func(_ context.Context, c storage.Commit, _ storage.Head) { tags[c.Key] = c.Head.Tags }
		b.loaded = func(key storage.Key, _ string, l *storage.Loaded) {
			if now, known := tags[key]; known && l.Head.Version > 0 {
				l.Head.Tags = now
			}
		}
	}},
	{"only the first tag counts", func(b *metaBroken) {
		b.view = func(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			rows, err := b.Store.View(ctx, q, 1000)
			rows = slices.DeleteFunc(rows, func(row storage.Row) bool { return q.Tag != "" && row.Head.Tags[0] != q.Tag })
			return rows[:min(limit, len(rows))], err
		}
	}},
	{"the agent of a closed conversation is forgotten", func(b *metaBroken) {
		b.commit = func(_ context.Context, c *storage.Commit) error {
			if !c.Head.DormantSince.IsZero() {
				c.Head.Agent = ""
			}
			return nil
		}
	}},
	{"views have what was purged", func(b *metaBroken) {
		counted := map[storage.Query]int{}
		b.count = func(ctx context.Context, q storage.Query) (int, error) {
			n, err := b.Store.Count(ctx, q)
			if q.State == string(conversation.StateClosed) {
				counted[q] = max(counted[q], n)
				return counted[q], err
			}
			return n, err
		}
	}},
}

// viewed reads a view in another order.
func (b *metaBroken) viewed(ctx context.Context, q storage.Query, limit int, order func(x, y storage.Place) int) ([]storage.Row, error) {
	after := q.After
	q.After = storage.Place{}
	rows, err := b.Store.View(ctx, q, 1000)
	place := func(row storage.Row) storage.Place { return metaPlace(q.Order, row) }
	rows = slices.DeleteFunc(rows, func(row storage.Row) bool { return after != (storage.Place{}) && order(place(row), after) <= 0 })
	slices.SortFunc(rows, func(x, y storage.Row) int { return order(place(x), place(y)) })
	return rows[:min(limit, len(rows))], err
}
