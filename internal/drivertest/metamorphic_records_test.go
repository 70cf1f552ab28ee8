package drivertest_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// A metaPut replaces a record as of a version, and of seats, that it may not be
// at.
type metaPut struct {
	record        storage.Record // but for Version and SeatMoves
	older, fewer  int64          // than its version and its moves
	seats, seatAt bool           // what is put names seats that are not looked at
}

func (o metaPut) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	store := p.subject.store()
	now, err := store.Record(ctx, o.record.Key)
	if s.failed(err) {
		return
	}
	r := o.record
	r.Version, r.SeatMoves = now.Version-o.older, now.SeatMoves-o.fewer
	if o.seats {
		r.Seats = now.Seats + 7
	}
	if o.seatAt {
		r.SeatsAt = metaEnd
	}
	s.failed(store.Put(ctx, r))
	s.stored(ctx, store, o.record.Key)
}

// A metaSettle changes a due instant as of a version, and of seats, that the
// record may not be at.
type metaSettle struct {
	key          storage.RecordKey
	due          time.Time
	older, fewer int64
}

func (o metaSettle) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	store := p.subject.store()
	now, err := store.Record(ctx, o.key)
	if s.failed(err) {
		return
	}
	// What else is given is not looked at.
	r := storage.Record{Key: o.key, Version: now.Version - o.older, SeatMoves: now.SeatMoves - o.fewer, Due: o.due, Text: "settled", Capacity: 99}
	s.failed(store.Settle(ctx, r))
	s.stored(ctx, store, o.key)
}

// A metaCommit is a commit that no Desk would give: decided on an old version or
// on an agent who has changed, with a seat that does not follow from the state,
// with tags. The machine's guards do not see it, so only the store keeps agents
// from having too many.
type metaCommit struct {
	key     storage.Key
	older   int64              // than its version
	event   conversation.Event // nil: none, unless it does not exist yet
	opened  conversation.Opened
	seat    string // in place of the one that follows from the state
	seated  bool   // seat counts
	keeps   bool   // the seat that it has, if any, in place of both
	tags    []string
	due     time.Time
	look    bool // due at the instant at which it began to wait
	command string
	seen    metaSeen

	closings []closure.Record // beside those of the machine; none without events
}

// A metaSeen is a [storage.Seen] at a version that is older than the record's.
type metaSeen struct {
	agent    string
	older    int64
	overfill bool
}

func (o metaCommit) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	o.give(ctx, p, p.desk, p.subject.store(), s)
}

// give implements metaInTx.
func (o metaCommit) give(ctx context.Context, p *metaPlayer, _ metaCommands, tx storage.Tx, s *metaSight) {
	c, before, ok := o.commit(ctx, tx, p.now.UTC().Truncate(time.Microsecond), s)
	if !ok {
		return
	}
	s.failed(tx.Commit(ctx, c))
	s.load(ctx, tx, o.key, o.command)
	agents := []string{before, c.Head.Seat, c.Seen.Agent}
	slices.Sort(agents)
	for _, agent := range slices.Compact(agents) {
		if agent != "" {
			s.stored(ctx, tx, storage.RecordKey{Workspace: o.key.Workspace, Kind: storage.KindAgent, ID: agent})
		}
	}
}

// after implements metaInTx.
func (o metaCommit) after(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.load(ctx, p.subject.store(), o.key, o.command)
}

// commit makes the commit, unless the conversation cannot be read. It returns
// whose seat the conversation has until then.
func (o metaCommit) commit(ctx context.Context, tx storage.Tx, now time.Time, s *metaSight) (_ storage.Commit, had string, ok bool) {
	loaded, err := tx.Load(ctx, o.key, o.command)
	if s.failed(err) {
		return storage.Commit{}, "", false
	}
	before := conversation.Conversation{Workspace: o.key.Workspace, ID: o.key.Conversation}
	if loaded.Head.Version > 0 {
		before, err = conversation.Decode(loaded.Head.Body)
		if err != nil || int64(before.Version) != loaded.Head.Version {
			s.say("not readable")
			return storage.Commit{}, "", false
		}
	}
	after, records := conversation.Append(before, conversation.System("raw"), now, o.events(before))
	c := storage.Commit{Key: o.key, At: now, Head: loaded.Head}
	if len(records) > 0 {
		c.Head = metaHead(after)
		c.Head.Body, err = conversation.Encode(after)
		s.failed(err)
	}
	if len(records) > 0 {
		c.Closings = closingsOf(before, after)
		for _, r := range o.closings {
			r.Conversation = o.key.Conversation
			c.Closings = append(c.Closings, r)
		}
	}
	for _, r := range records {
		body, err := conversation.EncodeRecord(r)
		s.failed(err)
		text, _ := conversation.Text(r.Event)
		c.Events = append(c.Events, storage.Event{Version: int64(r.Seq), Body: body, Text: text})
	}
	// A Desk counts on the seat of what is assigned. Without events it is not
	// looked at.
	if o.seated && (len(records) == 0 || after.State != conversation.StateAssigned) {
		c.Head.Seat = o.seat
	}
	if o.keeps && after.State != conversation.StateAssigned {
		c.Head.Seat = loaded.Head.Seat
	}
	c.Head.Tags, c.Head.Due, c.Head.PolicyRevision = slices.Clone(o.tags), o.due, loaded.Policies.Revision
	if o.look && after.State == conversation.StateWaiting {
		c.Head.Due = after.Since
	}
	c.Expect = max(0, loaded.Head.Version-o.older)
	for i := range c.Events {
		c.Events[i].Version = c.Expect + int64(i) + 1
	}
	c.Head.Version = c.Expect + int64(len(c.Events))
	if o.command != "" {
		c.Command = storage.Command{ID: o.command, Fingerprint: [16]byte{1}}
	}
	if o.seen.agent != "" {
		r, err := tx.Record(ctx, storage.RecordKey{Workspace: o.key.Workspace, Kind: storage.KindAgent, ID: o.seen.agent})
		s.failed(err)
		c.Seen = storage.Seen{Agent: o.seen.agent, Version: r.Version - o.seen.older, Overfill: o.seen.overfill}
	}
	return c, loaded.Head.Seat, true
}

// events are those that mean something now.
func (o metaCommit) events(c conversation.Conversation) []conversation.Event {
	switch {
	case c.State == conversation.StateNone && o.event == nil:
		return []conversation.Event{o.opened}
	case c.State == conversation.StateNone:
		return []conversation.Event{o.opened, o.event}
	case o.event == nil:
		return nil
	case c.State == conversation.StateClosed:
		return []conversation.Event{conversation.NoteAdded{Text: "raw"}}
	}
	if closed, ok := o.event.(conversation.Closed); ok {
		closed.Number, closed.Agent = 1, c.Agent
		if c.Closing != nil {
			closed.Number = c.Closing.Number + 1
		}
		return []conversation.Event{closed}
	}
	return []conversation.Event{o.event}
}

// metaHead is what a conversation is found by, as a Desk stores it.
func metaHead(c conversation.Conversation) storage.Head {
	h := storage.Head{
		Version: int64(c.Version), Visitor: c.Visitor, State: string(c.State), Agent: c.Agent, Group: c.Group,
		Since: c.Since, Updated: c.UpdatedAt,
	}
	switch c.State {
	case conversation.StateAssigned:
		h.Seat = c.Agent
	case conversation.StateClosed:
		h.DormantSince, h.Agent, h.Outcome = c.UpdatedAt, c.Closing.Agent, string(c.Closing.Outcome)
	}
	return h
}

// A metaList lists records in pages.
type metaList struct {
	query storage.RecordQuery
	after string
	page  int
}

func (o metaList) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.list(ctx, p.subject.store(), o.query, o.after, o.page)
}

// A metaDueRecords reads the records that are due by an instant, in pages.
type metaDueRecords struct {
	by   time.Time
	page int
}

func (o metaDueRecords) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.dueRecords(ctx, p.subject.store(), o.by, o.page)
}

// A metaView reads a view in pages, and counts what is behind each.
type metaView struct {
	query storage.Query
	page  int
}

func (o metaView) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.view(ctx, p.subject.store(), o.query, o.page)
}

// The rest is how a stream is made up.

func (v *metaInventor) workspace() string {
	if v.one(6) {
		return metaPick(v.Rand, metaWorkspaces...)
	}
	return metaPick(v.Rand, v.hot...).Workspace
}

func (v *metaInventor) agentKey() storage.RecordKey {
	return storage.RecordKey{Workspace: v.workspace(), Kind: storage.KindAgent, ID: metaPick(v.Rand, metaAgents...)}
}

func (v *metaInventor) recordKey() storage.RecordKey {
	key := v.agentKey()
	switch v.IntN(6) {
	case 0:
		key.Kind, key.ID = storage.KindGroup, metaPick(v.Rand, "sales", "Sales")
	case 1:
		key.Kind, key.ID = storage.KindVisitor, metaPick(v.Rand, metaVisitors...)
	}
	return key
}

// instant is now, or near it, or never.
func (v *metaInventor) instant() time.Time {
	now := v.now.UTC().Truncate(time.Microsecond)
	return metaPick(v.Rand, time.Time{}, now, now.Add(time.Microsecond), now.Add(-time.Hour), now.Add(metaPick(v.Rand, metaWaits...)))
}

// off is by how much a version is not the right one, mostly not at all.
func (v *metaInventor) off() int64 {
	if v.one(5) {
		return metaPick[int64](v.Rand, -1, 1)
	}
	return 0
}

func (v *metaInventor) groups() []string {
	return metaPick(v.Rand, nil, nil, []string{"sales"}, []string{"Sales"}, []string{"Sales", "sales"})
}

// put makes up a record that a Desk can read, with few exceptions. The groups of
// an agent are those of the body: a Desk that has an agent leave a group would
// otherwise try for ever.
func (v *metaInventor) put(context.Context) metaOperation {
	o := metaPut{record: storage.Record{Key: v.recordKey(), Due: v.instant()}, older: v.off(), seats: v.one(3), seatAt: v.one(3)}
	if v.one(6) {
		o.fewer = metaPick[int64](v.Rand, -1, 1)
	}
	r := &o.record
	switch r.Key.Kind {
	case storage.KindAgent:
		r.Groups, r.Capacity, r.Available = v.groups(), metaPick(v.Rand, 0, 1, 1, 2), !v.one(3)
		r.Body = metaAgentBody(r.Key.ID, *r)
	case storage.KindGroup:
		r.Body = metaGroupBody(r.Key.ID)
	case storage.KindVisitor:
		r.Body = []byte(metaPick(v.Rand, `{"v":1,"online":true}`, `{"v":1,"online":false,"since":"2026-03-06T09:00:00Z"}`))
		r.Text = metaPick(v.Rand, metaTexts[:10]...)
	}
	if v.one(12) || r.Key.Kind == storage.KindVisitor && v.one(2) {
		r.Body = []byte(metaPick(v.Rand, "not JSON", "\x00\xff\xfe", `{"v":999}`, ""))
	}
	return o
}

// settle prefers a record that will be due.
func (v *metaInventor) settle(ctx context.Context) metaOperation {
	o := metaSettle{key: v.recordKey(), due: v.instant(), older: v.off()}
	due, _ := v.model.subject.store().DueRecords(ctx, metaEnd, storage.DueRecord{At: v.now}, 100)
	if len(due) > 0 && !v.one(3) {
		o.key, o.due = metaPick(v.Rand, due...).Key, metaPick(v.Rand, o.due, time.Time{})
	}
	if v.one(4) {
		o.fewer = metaPick[int64](v.Rand, -1, 1)
	}
	return o
}

func (v *metaInventor) commit(ctx context.Context) metaOperation {
	o := v.commitTo(ctx, v.key())
	assigned := storage.Query{Workspace: v.workspace(), State: string(conversation.StateAssigned)}
	if rows, _ := v.model.subject.store().View(ctx, assigned, 10); o.keeps && len(rows) > 0 {
		o.key, o.older = metaPick(v.Rand, rows...).Key, 0
	}
	v.raw, v.kept = o.key, o.keeps
	return o
}

// commitTo mostly gives the conversation to somebody, often to who is full.
func (v *metaInventor) commitTo(ctx context.Context, key storage.Key) metaCommit {
	agent, group := metaPick(v.Rand, metaAgents...), metaPick(v.Rand, metaGroups...)
	agents, _ := v.model.subject.store().List(ctx, storage.RecordQuery{Workspace: key.Workspace, Kind: storage.KindAgent}, "", 10)
	agents = slices.DeleteFunc(agents, func(r storage.Record) bool { return r.Seats < r.Capacity })
	if len(agents) > 0 && v.one(2) {
		agent = metaPick(v.Rand, agents...).Key.ID
	}
	o := metaCommit{
		key: key, due: v.instant(), look: v.one(2), tags: metaPick(v.Rand, metaTags...), closings: v.rawClosings(),
		opened: conversation.Opened{Visitor: metaPick(v.Rand, metaVisitors...), Group: group, To: conversation.StateWaiting},
	}
	if o.older = v.off(); v.one(20) {
		o.older = 1 << 40 // as if it did not exist yet
	}
	switch n := v.IntN(14); {
	case n < 6:
		o.event = conversation.Assigned{Agent: agent}
	case n < 8:
		o.event = conversation.Closed{Outcome: metaPick(v.Rand, metaOutcomes...), Cause: "agent"}
	case n < 9:
		o.event = conversation.Requeued{}
	case n < 10:
		o.event = conversation.Regrouped{Group: group}
	case n < 11:
		o.event = conversation.NoteAdded{Text: metaPick(v.Rand, metaTexts[:10]...)} // a store is given no other
	}
	_, o.keeps = o.event.(conversation.Closed)
	if o.keeps = o.keeps && !v.one(3); v.one(6) || o.event == nil {
		o.seated, o.seat = true, metaPick(v.Rand, "", agent, agent)
	}
	if v.one(2) {
		o.seen = metaSeen{agent: metaPick(v.Rand, agent, agent, metaPick(v.Rand, metaAgents...)), older: v.off(), overfill: v.one(2)}
	}
	if o.event == nil && len(agents) > 0 && v.one(2) { // it takes no seat, and is decided on nobody
		o.older, o.seat, o.seen = 0, agents[0].Key.ID, metaSeen{}
	}
	if v.one(4) {
		o.command = v.commandID()
		v.commands[key] = append(v.commands[key], o.command)
	}
	v.known[key] = true
	return o
}

func (v *metaInventor) list(context.Context) metaOperation {
	key := v.recordKey()
	o := metaList{query: storage.RecordQuery{Workspace: key.Workspace, Kind: key.Kind}, page: metaPick(v.Rand, 1, 2, 100)}
	if key.Kind == storage.KindAgent {
		o.query.Group, o.query.Free = metaPick(v.Rand, "", "sales", "sales", "Sales"), !v.one(3)
	}
	if v.one(4) {
		o.after = key.ID
	}
	return o
}

func (v *metaInventor) dueRecords(context.Context) metaOperation {
	o := metaDueRecords{v.instant(), metaPick(v.Rand, 1, 2, 100)}
	if o.by.IsZero() {
		o.by = metaEnd
	}
	return o
}

// view mostly selects by what a conversation has, with bounds and a place that
// conversations have, or just beside them.
func (v *metaInventor) view(ctx context.Context) metaOperation {
	o := metaView{page: metaPick(v.Rand, 1, 2, 100)}
	key := v.key()
	if v.raw != (storage.Key{}) && v.one(2) {
		key = v.raw // which may have tags
	}
	q := storage.Query{
		Workspace: key.Workspace, State: string(metaPick(v.Rand, conversation.States()...)),
		Order: metaPick(v.Rand, "", storage.BySince, storage.ByUpdated), Newest: v.one(2),
	}
	loaded, _ := v.model.subject.store().Load(ctx, key, "")
	if head := loaded.Head; head.Version > 0 && !v.one(6) {
		q.State = head.State
		v.filter(&q, head)
	} else {
		v.filter(&q, storage.Head{
			Agent: metaPick(v.Rand, metaAgents...), Group: metaPick(v.Rand, metaGroups...), Visitor: metaPick(v.Rand, metaVisitors...),
			Outcome: string(metaPick(v.Rand, metaOutcomes...)), Tags: metaPick(v.Rand, metaTags...),
		})
	}
	all := storage.Query{Workspace: q.Workspace, State: q.State, Order: q.Order}
	if rows, _ := v.model.subject.store().View(ctx, all, 100); len(rows) > 0 {
		v.bounds(&q, rows)
	}
	o.query = q
	return o
}

// filter selects by some of what the conversation has.
func (v *metaInventor) filter(q *storage.Query, like storage.Head) {
	if len(like.Tags) > 0 && v.one(2) {
		q.Tag = metaPick(v.Rand, like.Tags...)
	}
	for range v.IntN(3) {
		switch v.IntN(6) {
		case 0:
			q.Agent = like.Agent
		case 1, 2:
			q.Group, q.Ungrouped = like.Group, like.Group == ""
		case 3:
			q.Visitor = like.Visitor
		case 4:
			q.Outcome = like.Outcome
		case 5:
			q.Tag = metaPick(v.Rand, "vip", "VIP")
		}
	}
}

func (v *metaInventor) bounds(q *storage.Query, rows []storage.Row) {
	place := func() storage.Place { return metaPlace(q.Order, metaPick(v.Rand, rows...)) }
	beside := func() time.Time {
		return place().At.Add(metaPick(v.Rand, 0, 0, 0, -time.Microsecond, time.Microsecond))
	}
	if v.one(3) {
		q.From = beside()
	}
	if v.one(3) {
		q.To = beside()
	}
	if !v.one(3) {
		return
	}
	if q.After = place(); v.one(4) {
		q.After.Conversation = metaPick(v.Rand, metaConversations...)
	}
}

// metaPlace is that of a conversation in a view.
func metaPlace(order storage.Order, row storage.Row) storage.Place {
	if order == storage.ByUpdated {
		return storage.Place{At: row.Head.Updated, Conversation: row.Key.Conversation}
	}
	return storage.Place{At: row.Head.Since, Conversation: row.Key.Conversation}
}

// The sights of records and views.

func (s *metaSight) stored(ctx context.Context, store storage.Tx, key storage.RecordKey) {
	r, err := store.Record(ctx, key)
	if !s.failed(err) {
		s.record(r)
	}
}

func (s *metaSight) record(r storage.Record) {
	s.say("record %s %s %s at %d: %q %s due %s", r.Key.Workspace, r.Key.Kind, r.Key.ID, r.Version, r.Body, metaText(r.Text), metaTime(r.Due))
	if r.Key.Kind == storage.KindAgent {
		s.say("  in %q available %t, %d of %d seats, moved %d times, last %s",
			r.Groups, r.Available, r.Seats, r.Capacity, r.SeatMoves, metaTime(r.SeatsAt))
	}
}

func (s *metaSight) list(ctx context.Context, store storage.Store, q storage.RecordQuery, after string, page int) {
	metaPages(s, func(last storage.Record) ([]storage.Record, error) {
		return store.List(ctx, q, max(after, last.Key.ID), page)
	}, func(found []storage.Record) {
		for _, r := range found {
			s.record(r)
		}
	})
}

func (s *metaSight) dueRecords(ctx context.Context, store storage.Store, by time.Time, page int) {
	metaPages(s, func(last storage.DueRecord) ([]storage.DueRecord, error) {
		return store.DueRecords(ctx, by, last, page)
	}, func(found []storage.DueRecord) {
		for _, d := range found {
			s.say("due record %s %s", metaTime(d.At), d.Key)
		}
	})
}

func (s *metaSight) view(ctx context.Context, store storage.Store, q storage.Query, page int) {
	count := func() {
		n, err := store.Count(ctx, q)
		if !s.failed(err) {
			s.say("%d from there on", n)
		}
	}
	count()
	metaPages(s, func(storage.Row) ([]storage.Row, error) {
		return store.View(ctx, q, page)
	}, func(found []storage.Row) {
		for _, row := range found {
			s.say("row %s %s", row.Key.Workspace, row.Key.Conversation)
			s.head(row.Head)
			q.After = metaPlace(q.Order, row)
		}
		count()
	})
}

// all says all records and all conversations of a workspace.
func (s *metaSight) all(ctx context.Context, store storage.Store, workspace string) {
	const most = 1000
	for _, kind := range []storage.Kind{storage.KindAgent, storage.KindGroup, storage.KindVisitor} {
		found, err := store.List(ctx, storage.RecordQuery{Workspace: workspace, Kind: kind}, "", most)
		s.failed(err)
		for _, r := range found {
			s.record(r)
		}
	}
	for _, state := range conversation.States() {
		rows, err := store.View(ctx, storage.Query{Workspace: workspace, State: string(state)}, most)
		s.failed(err)
		for _, row := range rows {
			s.say("row %s %s", row.Key.Workspace, row.Key.Conversation)
			s.head(row.Head)
		}
	}
}

func (s *metaSight) head(h storage.Head) {
	s.say("  at %d: %q of %s, %s, agent %q, group %q, outcome %q, tags %q, since %s, updated %s, closed %s, due %s by %d, seat %q",
		h.Version, h.Body, h.Visitor, h.State, h.Agent, h.Group, h.Outcome, h.Tags, metaTime(h.Since), metaTime(h.Updated),
		metaTime(h.DormantSince), metaTime(h.Due), h.PolicyRevision, h.Seat)
}

var _ fmt.Stringer = metaCommit{}

// String names the event, which its fields do not.
func (o metaCommit) String() string {
	text := fmt.Sprintf("(%s %s", o.key.Workspace, o.key.Conversation)
	if o.older != 0 {
		text += fmt.Sprintf(" %d too old", o.older)
	}
	text += fmt.Sprintf(": %T%+[1]v or else %+v, tags %q, due %s, to be looked at %t", o.event, o.opened, o.tags, metaTime(o.due), o.look)
	if o.seated {
		text += fmt.Sprintf(", seat %q", o.seat)
	}
	if o.keeps {
		text += ", keeps its seat"
	}
	if o.seen.agent != "" {
		text += fmt.Sprintf(", seen %+v", o.seen)
	}
	if o.command != "" {
		text += " under " + o.command
	}
	for _, r := range o.closings {
		text += fmt.Sprintf(", closing %+v", r)
	}
	return text + ")"
}
