package storagetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/adjourn/adjourn/storage"
)

const (
	seatTaken     = "A conversation takes a seat of the agent that Seat names after a commit, unless it had it before, and frees that of the agent it named before."
	seatFull      = "If as many conversations have seats of the agent as the agent's record has capacity, and Seen does not overfill that agent, taking one is ErrFull; where commits take and free at the same time, too, there are never more."
	conflictFirst = "What is a conflict as well is ErrConflict."
	seatEndless   = "An agent without a record has seats without end."
	seatDue       = "A record whose seat is freed is due at At, unless it is due earlier."
	seatVersion   = "A record whose seat is taken or freed stays at its version."
	overfills     = "Overfill lets the commit take a seat of the agent's beyond the capacity."
	isFull        = "ErrFull: the commit would take a seat of an agent who has none left."
	fullNothing   = "Nothing was applied."
)

var seatCases = []testCase{
	{
		name:     "taken",
		sentence: seatTaken,
		run: func(p probe) {
			p.put(agent("zoe", 3), agent("yan", 3))
			p.commit(seated("zoe", opening(chat("a"))), opening(chat("b")))
			p.seats("zoe", 1, 1, noon)
			later := noon.Add(time.Microsecond)
			p.commit(decided(later, seated("zoe", change(chat("b"), 1, 2))))
			p.seats("zoe", 2, 2, later)
			p.seats("yan", 0, 0, never)
			p.same("the seat", p.load(chat("b"), "").Head.Seat, "zoe")
		},
	},
	{
		name:     "had before",
		sentence: seatTaken,
		run: func(p probe) {
			p.put(agent("zoe", 1))
			p.commit(seated("zoe", opening(chat("a"))))
			before := p.agent("zoe")
			for version := range int64(3) {
				p.commit(decided(evening, seated("zoe", change(chat("a"), version+1, 1))))
				p.same("the agent", p.agent("zoe"), before)
			}
		},
	},
	{
		name:     "freed",
		sentence: seatTaken,
		run: func(p probe) {
			p.put(agent("zoe", 2))
			p.commit(seated("zoe", opening(chat("a"))), seated("zoe", opening(chat("b"))))
			p.commit(decided(evening, change(chat("a"), 1, 1)))
			p.seats("zoe", 1, 3, evening)
			p.same("the seat", p.load(chat("a"), "").Head.Seat, "")
			p.commit(change(chat("a"), 2, 1))
			p.seats("zoe", 1, 3, evening)
			p.commit(seated("zoe", change(chat("a"), 3, 1)))
			p.seats("zoe", 2, 4, noon)
		},
	},
	{
		name:     "freed by closing, though the agent is still named",
		sentence: seatTaken,
		run: func(p probe) {
			p.put(agent("zoe", 1))
			closed := decided(evening, closing(change(chat("a"), 1, 1)))
			closed.Head.Agent = "zoe"
			p.commit(seated("zoe", opening(chat("a"))), closed)
			p.seats("zoe", 0, 2, evening)
			p.commit(seated("zoe", opening(chat("b"))))
			p.full(seated("zoe", change(chat("a"), 2, 1)))
		},
	},
	{
		name:     "kept by one that is closed",
		sentence: seatTaken,
		run: func(p probe) {
			p.put(agent("zoe", 1))
			p.commit(seated("zoe", opening(chat("a"))), closing(seated("zoe", change(chat("a"), 1, 1))))
			p.seats("zoe", 1, 1, noon)
			p.full(seated("zoe", opening(chat("b"))))
		},
	},
	{
		name:     "of another agent",
		sentence: seatTaken,
		run: func(p probe) {
			p.put(agent("zoe", 2), agent("yan", 2))
			p.commit(seated("zoe", opening(chat("a"))), seated("zoe", opening(chat("b"))))
			p.commit(decided(evening, seated("yan", change(chat("a"), 1, 1))))
			p.seats("zoe", 1, 3, evening)
			p.seats("yan", 1, 1, evening)
		},
	},
	{
		name:     "of an agent by ID and workspace",
		sentence: seatTaken,
		run: func(p probe) {
			elsewhere := agent("zoe", 1)
			elsewhere.Key.Workspace = "other"
			group := record(groupKey("zoe"))
			group.Capacity = 1
			ids := []string{"Zoe", "zo", "zoe.", "z_e"}
			p.put(agent("zoe", 1), elsewhere, group)
			for _, id := range ids {
				p.put(agent(id, 1))
			}
			p.commit(seated("zoe", opening(chat("a"))))
			p.seats("zoe", 1, 1, noon)
			for _, id := range ids {
				p.seats(id, 0, 0, never)
			}
			for _, r := range []storage.Record{elsewhere, group} {
				r.Version = 1
				p.same("another record of that ID", p.record(r.Key), r)
			}
			p.commit(seated("zoe", opening(storage.Key{Workspace: "other", Conversation: "a"})))
			p.seats("zoe", 1, 1, noon)
			p.same("the seats in the other workspace", p.record(elsewhere.Key).Seats, 1)
		},
	},
	{
		name:     "full",
		sentence: isFull,
		run: func(p probe) {
			p.put(agent("zoe", 2), agent("none", 0))
			p.full(seated("none", opening(chat("a"))))
			p.commit(seated("zoe", opening(chat("a"))), seated("zoe", opening(chat("b"))), opening(chat("c")))
			p.full(seated("zoe", change(chat("c"), 1, 1)))
			p.full(seated("zoe", opening(chat("d"))))
			p.commit(change(chat("a"), 1, 1))
			p.commit(seated("zoe", opening(chat("d"))))
			p.full(seated("zoe", change(chat("a"), 2, 1)))
			p.seats("zoe", 2, 4, noon)
		},
	},
	{
		name:     "full, whether the agent is available or not",
		sentence: isFull,
		run: func(p probe) {
			away := agent("zoe", 1)
			away.Available = false
			p.put(away)
			p.commit(seated("zoe", opening(chat("a")))) // Whether one may is not for the store to say.
			p.full(seated("zoe", opening(chat("b"))))
		},
	},
	{
		name:     "full applies nothing",
		sentence: fullNothing,
		run: func(p probe) {
			p.put(agent("zoe", 1), agent("yan", 2))
			p.commit(seated("zoe", opening(chat("a"))), seated("yan", sleeping(chat("b"), noon)))
			p.setBack(chat("b"), 1, failed(1, noon))
			refused := identified("refused", seated("zoe", change(chat("b"), 1, 2)))
			refused.Head.Due, refused.Head.Tags = evening, []string{"red"}
			p.fullNothing(refused)
			p.fullNothing(identified("refused", seated("zoe", opening(chat("c")))))
			p.commit(identified("refused", change(chat("b"), 1, 1)), identified("refused", opening(chat("c"))))
		},
	},
	{
		name:     "full only after what conflicts",
		sentence: conflictFirst,
		run: func(p probe) {
			p.put(agent("zoe", 1))
			p.commit(identified("one", seated("zoe", opening(chat("a")))), opening(chat("b")))
			p.conflict(identified("one", seated("zoe", opening(chat("a"))))) // It took the last seat itself.
			p.conflict(seated("zoe", opening(chat("b"))))
			p.conflict(seated("zoe", change(chat("b"), 2, 1)))
			p.commit(identified("two", without(opening(chat("b")))))
			p.conflict(identified("two", seated("zoe", change(chat("b"), 1, 1))))
			p.conflict(seeing("zoe", 2, seated("zoe", change(chat("b"), 1, 1))))
			p.full(seeing("zoe", 1, seated("zoe", change(chat("b"), 1, 1))))
		},
	},
	{
		name:     "not full for one that has its seat",
		sentence: seatFull,
		run: func(p probe) {
			p.put(agent("zoe", 1), agent("yan", 1))
			first := seated("zoe", opening(chat("a")))
			p.commit(first, seated("yan", opening(chat("b"))))
			p.commit(without(first), seated("zoe", change(chat("a"), 1, 1)))
			p.full(seated("yan", change(chat("a"), 2, 1)))
			p.commit(seated("zoe", change(chat("a"), 2, 1)))
		},
	},
	{
		name:     "full again and again",
		sentence: seatFull,
		run: func(p probe) {
			const capacity = 3
			p.put(agent("zoe", capacity))
			for i := range 10 {
				c := seated("zoe", opening(chat(fmt.Sprint(i))))
				if i < capacity {
					p.commit(c)
					continue
				}
				p.full(c)
				p.commit(change(chat(fmt.Sprint(i-capacity)), 1, 1))
				p.commit(c)
			}
			p.seats("zoe", capacity, capacity+2*(10-capacity), noon)
		},
	},
	{
		name:     "full by the capacity that the record has",
		sentence: seatFull,
		run: func(p probe) {
			p.put(agent("zoe", 3))
			for _, id := range []string{"a", "b", "c"} {
				p.commit(seated("zoe", opening(chat(id))))
			}
			p.reput("zoe", func(r *storage.Record) { r.Capacity = 1 })
			p.seats("zoe", 3, 3, noon)
			p.commit(seated("zoe", change(chat("a"), 1, 1)), change(chat("b"), 1, 1))
			p.full(seated("zoe", change(chat("b"), 2, 1)))
			p.commit(change(chat("c"), 1, 1))
			p.full(seated("zoe", change(chat("b"), 2, 1)))
			p.commit(change(chat("a"), 2, 1))
			p.commit(seated("zoe", change(chat("b"), 2, 1)))
			p.reput("zoe", func(r *storage.Record) { r.Capacity = 2 })
			p.commit(seated("zoe", change(chat("a"), 3, 1)))
			p.full(seated("zoe", change(chat("c"), 2, 1)))
		},
	},
	{
		name:     "overfilled",
		sentence: overfills,
		run: func(p probe) {
			p.put(agent("zoe", 1))
			p.commit(seated("zoe", opening(chat("a"))))
			p.commit(overfilling("zoe", 1, seated("zoe", opening(chat("b")))))
			p.commit(overfilling("zoe", 1, seated("zoe", opening(chat("c")))))
			p.seats("zoe", 3, 3, noon)
			p.full(seated("zoe", opening(chat("d"))))
			p.full(seeing("zoe", 1, seated("zoe", opening(chat("d")))))
			p.commit(change(chat("a"), 1, 1), change(chat("b"), 1, 1))
			p.full(seated("zoe", opening(chat("d"))))
			p.commit(change(chat("c"), 1, 1), seated("zoe", opening(chat("d"))))
		},
	},
	{
		name:     "overfilled for the agent in Seen only",
		sentence: overfills,
		run: func(p probe) {
			p.put(agent("zoe", 1), agent("yan", 1))
			p.commit(seated("zoe", opening(chat("a"))))
			p.full(overfilling("yan", 1, seated("zoe", opening(chat("b")))))
			p.conflict(overfilling("zoe", 2, seated("zoe", opening(chat("b")))))
		},
	},
	{
		name:     "without a record without end",
		sentence: seatEndless,
		run: func(p probe) {
			elsewhere := agent("zoe", 1)
			elsewhere.Key.Workspace = "other"
			p.put(elsewhere, record(groupKey("zoe")), record(visitorKey("zoe")))
			for i := range 20 {
				p.commit(seated("zoe", opening(chat(fmt.Sprint(i)))))
			}
			p.commit(seeing("zoe", 0, seated("zoe", opening(chat("seen")))))
			p.same("the record", p.agent("zoe"), storage.Record{Key: agentKey("zoe")})
			p.commit(change(chat("1"), 1, 1), seated("yan", change(chat("2"), 1, 1)))
			p.same("what is due", p.dueRecords(endOfTime, storage.DueRecord{}, all), []storage.DueRecord{})
		},
	},
	{
		name:     "freed is due at At",
		sentence: seatDue,
		run: func(p probe) {
			for i, before := range []time.Time{never, evening, noon.AddDate(0, 0, 1)} {
				id, k := fmt.Sprint("agent-", i), chat(fmt.Sprint(i))
				p.put(dueAt(before, agent(id, 1)))
				p.commit(seated(id, opening(k)))
				p.same("when it is due while the seat is taken", p.agent(id).Due, before)
				p.commit(decided(noon.Add(time.Duration(i)*time.Microsecond), change(k, 1, 1)))
			}
			want := []storage.DueRecord{
				{At: noon, Key: agentKey("agent-0")},
				{At: noon.Add(time.Microsecond), Key: agentKey("agent-1")},
				{At: noon.Add(2 * time.Microsecond), Key: agentKey("agent-2")},
			}
			p.same("what is due", p.dueRecords(endOfTime, storage.DueRecord{}, all), want)
			for _, d := range want {
				p.same("when it is due", p.record(d.Key).Due, d.At)
			}
		},
	},
	{
		name:     "freed is due earlier if it was",
		sentence: seatDue,
		run: func(p probe) {
			p.put(dueAt(noon, agent("zoe", 2)))
			p.commit(seated("zoe", opening(chat("a"))), seated("zoe", opening(chat("b"))))
			p.commit(decided(noon, change(chat("a"), 1, 1)), decided(evening, change(chat("b"), 1, 1)))
			p.same("when it is due", p.agent("zoe").Due, noon)
			p.same("what is due", p.dueRecords(endOfTime, storage.DueRecord{}, all),
				[]storage.DueRecord{{At: noon, Key: agentKey("zoe")}})
		},
	},
	{
		name:     "freed for another agent is due, not the other",
		sentence: seatDue,
		run: func(p probe) {
			p.put(agent("zoe", 1), agent("yan", 1))
			p.commit(seated("zoe", opening(chat("a"))))
			p.commit(decided(evening, seated("yan", change(chat("a"), 1, 1))))
			p.same("what is due", p.dueRecords(endOfTime, storage.DueRecord{}, all),
				[]storage.DueRecord{{At: evening, Key: agentKey("zoe")}})
			p.same("when the other is due", p.agent("yan").Due, never)
		},
	},
	{
		name:     "its record stays as it is",
		sentence: seatVersion,
		run: func(p probe) {
			r := dueAt(noon, agent("zoe", 2))
			r.Groups = []string{"sales", "support"}
			p.put(r)
			p.commit(seated("zoe", opening(chat("a"))), seated("zoe", opening(chat("b"))), change(chat("a"), 1, 1))
			r.Version, r.Seats, r.SeatsAt, r.SeatMoves = 1, 1, noon, 3
			p.same("the record", p.agent("zoe"), r)
			p.commit(seeing("zoe", 1, change(chat("a"), 2, 1)))
			p.put(r)
		},
	},
}

var seenCases = []testCase{
	{
		name:     "at another version",
		sentence: conflicts,
		run: func(p probe) {
			p.put(agent("zoe", 3))
			p.reput("zoe", func(r *storage.Record) { r.Available = false })
			p.commit(opening(chat("a")))
			for _, version := range []int64{0, 1, 3} {
				p.conflict(seeing("zoe", version, change(chat("a"), 1, 1)))
				p.conflict(seeing("zoe", version, seated("zoe", change(chat("a"), 1, 1))))
				p.conflict(overfilling("zoe", version, seated("zoe", opening(chat("b")))))
			}
			p.commit(seeing("zoe", 2, change(chat("a"), 1, 1)))
			p.commit(seeing("zoe", 2, seated("zoe", opening(chat("b")))))
			p.reput("zoe", func(r *storage.Record) { r.Available = true })
			p.conflict(seeing("zoe", 2, change(chat("a"), 2, 1)))
			p.commit(change(chat("a"), 2, 1)) // Who looked at nobody does not mind.
		},
	},
	{
		name:     "unknown at version zero",
		sentence: conflicts,
		run: func(p probe) {
			elsewhere := agent("zoe", 1)
			elsewhere.Key.Workspace = "other"
			p.put(elsewhere, record(groupKey("zoe")), record(visitorKey("zoe")), agent("Zoe", 1))
			p.conflict(seeing("zoe", 1, opening(chat("a"))))
			p.commit(seeing("zoe", 0, opening(chat("a"))))
			p.commit(seeing("zoe", 0, seated("zoe", change(chat("a"), 1, 1))))
			p.put(agent("zoe", 1))
			p.conflict(seeing("zoe", 0, change(chat("a"), 2, 1)))
			p.commit(seeing("zoe", 1, change(chat("a"), 2, 1)))
		},
	},
	{
		name:     "an agent whose seat is not taken",
		sentence: conflicts,
		run: func(p probe) {
			p.put(agent("zoe", 1), agent("yan", 1))
			p.reput("yan", func(r *storage.Record) { r.Text = "another" })
			p.conflict(seeing("yan", 1, seated("zoe", opening(chat("a")))))
			p.seats("zoe", 0, 0, never)
			p.commit(seeing("yan", 2, seated("zoe", opening(chat("a")))))
			p.conflict(seeing("yan", 1, change(chat("a"), 1, 1)))
			p.commit(seeing("yan", 2, change(chat("a"), 1, 1)))
		},
	},
	{
		name:     "applies nothing",
		sentence: conflicts,
		run: func(p probe) {
			p.put(agent("zoe", 2), agent("yan", 2))
			p.commit(seated("yan", sleeping(chat("a"), noon)))
			p.setBack(chat("a"), 1, failed(1, noon))
			refused := identified("refused", seated("zoe", change(chat("a"), 1, 2)))
			refused.Head.Due, refused.Head.Tags = evening, []string{"red"}
			p.appliesNothing(seeing("zoe", 0, refused))
			p.appliesNothing(seeing("zoe", 2, refused))
			p.appliesNothing(seeing("yan", 2, refused))
			p.appliesNothing(overfilling("zoe", 2, refused))
			p.appliesNothing(seeing("nobody", 1, refused))
			p.commit(seeing("zoe", 1, refused))
		},
	},
	{
		name:     "without events",
		sentence: conflicts,
		run: func(p probe) {
			p.put(agent("zoe", 2))
			first := sleeping(chat("a"), noon)
			p.commit(first)
			later := under(3, identified("later", without(first)))
			later.Head.Due = evening
			p.appliesNothing(seeing("zoe", 0, later))
			p.appliesNothing(seeing("zoe", 2, later))
			p.appliesNothing(seeing("nobody", 1, later))
			p.commit(seeing("zoe", 1, later))
			p.commit(seeing("nobody", 0, without(first)))
		},
	},
	{
		name:     "is not old when seats move or it is settled",
		sentence: conflicts,
		run: func(p probe) {
			p.put(agent("zoe", 3))
			p.commit(seated("zoe", opening(chat("a"))), seated("zoe", opening(chat("b"))), change(chat("a"), 1, 1))
			p.settle(dueAt(evening, p.agent("zoe")))
			p.commit(seeing("zoe", 1, seated("zoe", change(chat("a"), 2, 1))))
			p.commit(seeing("zoe", 1, opening(chat("c"))))
		},
	},
}

// seats checks how many seats of an agent are taken, how often one was taken or
// freed, and when one was last.
func (p probe) seats(id string, taken int, moves int64, at time.Time) {
	p.Helper()
	r := p.agent(id)
	p.same("the seats of "+id+" that are taken", r.Seats, taken)
	p.same("how often a seat of "+id+" was taken or freed", r.SeatMoves, moves)
	p.same("when a seat of "+id+" was last taken or freed", r.SeatsAt, at)
}

// full commits what must be refused because the agent has no seat left.
func (p probe) full(c storage.Commit) {
	p.Helper()
	if err := p.s.Commit(p.Context(), c); !errors.Is(err, storage.ErrFull) || errors.Is(err, storage.ErrConflict) {
		p.Fatalf("Commit to %v, which takes a seat of %s, who has none left: %v, want ErrFull", c.Key, c.Head.Seat, err)
	}
}

// fullNothing commits what must be refused so, and must leave no trace.
func (p probe) fullNothing(c storage.Commit) {
	p.Helper()
	before := p.picture(c.Key, c.Command.ID)
	p.full(c)
	p.same("what changed by ErrFull", p.picture(c.Key, c.Command.ID), before)
}

// reput puts the record of an agent with a change.
func (p probe) reput(id string, change func(*storage.Record)) {
	p.Helper()
	r := p.agent(id)
	change(&r)
	p.put(r)
}
