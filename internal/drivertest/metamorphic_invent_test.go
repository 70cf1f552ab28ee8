package drivertest_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// The small world of the streams. Its IDs are those that databases are known to
// confuse: they differ in case only, sort otherwise in some languages, look like
// numbers, or are as long as they may be.
var (
	metaWorkspaces    = []string{"acme", "Acme", strings.Repeat("w", conversation.MaxID)}
	metaConversations = []string{"chat-1", "Chat-1", "chat_1", "007", "1e3", strings.Repeat("@", conversation.MaxID)}
	metaVisitors      = []string{"vic", "Vic", "null"}
	metaAgents        = []string{"ann", "Ann", "sue"}
	metaGroups        = []string{"", "", "sales", "Sales"}
	metaOutcomes      = []closure.Outcome{closure.Resolved, closure.Unresolved}
	metaTags          = [][]string{nil, {"vip"}, {"VIP"}, {"VIP", "späť 👋", "vip"}, {"späť 👋", "vip"}}
	metaSubscribers   = []string{"mail", "Mail", "figures"}
	metaBadIDs        = []string{"", "not an ID", strings.Repeat("x", conversation.MaxID+1), "a\x00b", "naïve"}
)

// metaTexts are those that storage is known to change or refuse, and some that no
// store is ever given, because a Desk refuses them.
var metaTexts = []string{
	"Hello?", "Hello?", "Hello?", "", " kept as it is \t\n\n", "two\nlines", "👋🏽 from 👩‍👩‍👧 in 🇫🇷", "\U0010FFFD\uFEFF",
	"e\u0301 is not \u00e9", "\u202eright to left", `'quoted' "twice"; DROP TABLE -- \x41 \u0000 $1 ?1 %s {prefix}`, "NULL", "0",
	"a\x00b", "\xff\xfe", "\x1b[31m",
}

var (
	metaLongText    = strings.Repeat("long 👋", conversation.MaxText/len("long 👋")) + "!!!!!!!!!"[:conversation.MaxText%len("long 👋")]
	metaTooLongText = metaLongText + "!"
)

var metaWaits = []time.Duration{
	time.Microsecond, time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 24 * time.Hour, 72 * time.Hour,
}

// metaStart is shortly before clocks change in Europe and in America.
var metaStart = time.Date(2026, time.March, 6, 9, 0, 0, 0, time.UTC)

// A metaInventor makes up a stream while it is played on the model, a memory
// store, so that operations come where they do something. What it makes up is
// concrete: it means the same on every store, and when operations before it are
// dropped.
type metaInventor struct {
	*rand.Rand
	model    *metaPlayer
	hot      []storage.Key // on which most happens
	known    map[storage.Key]bool
	commands map[storage.Key][]string
	given    []metaDo // with a command ID
	planned  []metaOperation
	raw      storage.Key // of the last metaCommit
	kept     bool        // there may be a closed conversation that takes a seat
	now      time.Time
}

// metaInvent makes up a stream of so many operations. It returns what the model
// saw of each too.
func metaInvent(ctx context.Context, dice *rand.Rand, operations int) (steps []metaStep, seen []string, err error) {
	model, err := newMetaModel()
	if err != nil {
		return nil, nil, err
	}
	v := &metaInventor{Rand: dice, model: model, known: map[storage.Key]bool{}, commands: map[storage.Key][]string{}, now: metaStart}
	workspace := metaPick(dice, metaWorkspaces...)
	for range 3 {
		v.hot = append(v.hot, storage.Key{Workspace: workspace, Conversation: metaPick(dice, metaConversations...)})
		if v.one(3) {
			workspace = metaPick(dice, metaWorkspaces...)
		}
	}
	v.planned = v.team()
	for range operations {
		v.wait(ctx)
		steps = append(steps, metaStep{v.now, v.operation(ctx)})
		seen = append(seen, model.play(ctx, steps[len(steps)-1]))
		maps.Copy(v.known, model.seen)
	}
	steps = append(steps, metaStep{v.now, v.look(ctx)})
	return steps, append(seen, model.play(ctx, steps[operations])), nil
}

func newMetaModel() (*metaPlayer, error) {
	model, err := newMetaPlayer(&metaMemory{Store: memory.New()})
	model.model = true
	return model, err
}

func metaPick[T any](dice *rand.Rand, from ...T) T { return from[dice.IntN(len(from))] }

// one reports whether it is the one of n times.
func (v *metaInventor) one(n int) bool { return v.IntN(n) == 0 }

// wait moves the clock: often not at all, to the next due instant or just beside
// it, by less than a microsecond, far, or back.
func (v *metaInventor) wait(ctx context.Context) {
	micros := func(most time.Duration) time.Duration {
		return time.Duration(v.Int64N(int64(most))).Truncate(time.Microsecond)
	}
	switch n := v.IntN(100); {
	case n < 25:
	case n < 50:
		if next := v.next(ctx); next.After(v.now) {
			v.now = next.Add(metaPick(v.Rand, 0, 0, 0, -time.Microsecond, time.Microsecond))
		}
	case n < 75:
		v.now = v.now.Add(micros(30 * time.Second))
	case n < 88:
		v.now = v.now.Add(metaPick(v.Rand, metaWaits...))
	case n < 92:
		v.now = v.now.Add(micros(72 * time.Hour))
	case n < 95:
		v.now = v.now.Add(-micros(time.Hour))
	default:
		v.now = v.now.Add(time.Duration(v.IntN(2000)))
	}
}

// next is when a conversation, or a record, is next due.
func (v *metaInventor) next(ctx context.Context) (next time.Time) {
	store := v.model.subject.store()
	if due, _ := store.Due(ctx, metaEnd, storage.Due{At: v.now}, 1); len(due) > 0 {
		next = due[0].At
	}
	if due, _ := store.DueRecords(ctx, metaEnd, storage.DueRecord{At: v.now}, 1); len(due) > 0 && (next.IsZero() || due[0].At.Before(next)) {
		next = due[0].At
	}
	return next
}

// metaKinds are the kinds of operations, and how often each comes among a
// hundred or so.
var metaKinds = []struct {
	often  int
	invent func(*metaInventor, context.Context) metaOperation
}{
	{52, func(v *metaInventor, ctx context.Context) metaOperation { return v.do(ctx, v.key()) }},
	{7, (*metaInventor).transaction},
	{13, func(*metaInventor, context.Context) metaOperation { return metaTick{} }},
	{12, (*metaInventor).person},
	{3, (*metaInventor).readPeople},
	{4, (*metaInventor).put},
	{3, (*metaInventor).settle},
	{8, (*metaInventor).commit},
	{4, (*metaInventor).list},
	{1, (*metaInventor).dueRecords},
	{4, (*metaInventor).view},
	{9, (*metaInventor).readClosings},
	{4, (*metaInventor).report},
	{3, (*metaInventor).ending},
	{5, (*metaInventor).setPolicies},
	{6, (*metaInventor).readFeed},
	{3, (*metaInventor).advance},
	{4, (*metaInventor).read},
	{3, (*metaInventor).forget},
	{4, (*metaInventor).purge},
	{2, (*metaInventor).damage},
	{4, (*metaInventor).setBack},
	{2, (*metaInventor).release},
	{1, (*metaInventor).look},
	{5, func(*metaInventor, context.Context) metaOperation { return metaReopen{} }},
}

var metaOften = func() (all int) {
	for _, kind := range metaKinds {
		all += kind.often
	}
	return all
}()

func (v *metaInventor) operation(ctx context.Context) metaOperation {
	if len(v.planned) > 0 {
		next := v.planned[0]
		v.planned = v.planned[1:]
		return next
	}
	if v.kept && v.one(3) {
		v.kept = false
		return v.purge(ctx)
	}
	n := v.IntN(metaOften)
	for _, kind := range metaKinds {
		if n -= kind.often; n < 0 {
			return kind.invent(v, ctx)
		}
	}
	panic("no operation")
}

func (v *metaInventor) key() storage.Key {
	if v.one(4) {
		return storage.Key{Workspace: metaPick(v.Rand, metaWorkspaces...), Conversation: metaPick(v.Rand, metaConversations...)}
	}
	if known := v.all(); len(known) > 0 && v.one(6) {
		return metaPick(v.Rand, known...)
	}
	return metaPick(v.Rand, v.hot...)
}

// all are the conversations that anything was heard of.
func (v *metaInventor) all() []storage.Key {
	return slices.SortedFunc(maps.Keys(v.known), storage.Key.Compare)
}

func (v *metaInventor) get(ctx context.Context, key storage.Key) conversation.Conversation {
	c, _ := v.model.desk.Get(ctx, key.Workspace, key.Conversation)
	return c
}

// do makes up a command to the conversation, a few of them such as could never be
// meant.
func (v *metaInventor) do(ctx context.Context, key storage.Key) metaDo {
	if len(v.given) > 0 && v.one(10) {
		return v.again(ctx)
	}
	c := v.get(ctx, key)
	by := v.actor(c)
	call := lifecycle.Call{Workspace: key.Workspace, Conversation: key.Conversation, By: by}
	name := v.name(ctx, c, key, by)
	o := metaDo{call, v.command(ctx, name, c, by)}
	if c.Open() && v.one(12) { // what holds already: there may be the ID to remember, and no event
		o.call.By, o.command = conversation.System(""), conversation.Regroup{Group: c.Group}
	}
	o.call.AsOf = v.asOf(name, c, by)
	if name == conversation.NameOpen && v.one(8) {
		o.call.Conversation = ""
	}
	if v.one(2) {
		o.call.CommandID = v.commandID()
	}
	if v.one(100) {
		bad := metaPick(v.Rand, &o.call.Workspace, &o.call.Conversation, &o.call.CommandID, &o.call.By.ID)
		*bad = metaPick(v.Rand, metaBadIDs...)
	}
	v.note(o)
	return o
}

// again gives a command ID once more, mostly with the same command.
func (v *metaInventor) again(ctx context.Context) metaDo {
	o := metaPick(v.Rand, v.given...)
	switch v.IntN(4) {
	case 0:
		o.call.By = v.actor(v.get(ctx, o.key()))
	case 1:
		c := v.get(ctx, o.key())
		o.command = v.command(ctx, v.name(ctx, c, o.key(), o.call.By), c, o.call.By)
	}
	return o
}

func (v *metaInventor) commandID() string {
	id := fmt.Sprint("command-", len(v.given))
	switch v.IntN(12) {
	case 0:
		return id + strings.Repeat("0", conversation.MaxID-len(id))
	case 1:
		return strings.ToUpper(id)
	}
	return id
}

func (v *metaInventor) note(o metaDo) {
	key := o.key()
	if !metaLegal(key, o.call.CommandID) {
		return
	}
	v.known[key] = true
	if o.call.CommandID != "" {
		v.commands[key] = append(v.commands[key], o.call.CommandID)
		v.given = append(v.given, o)
	}
}

func (v *metaInventor) actor(c conversation.Conversation) conversation.Actor {
	switch n := v.IntN(100); {
	case n < 26 || c.State == conversation.StateNone && n < 80:
		if c.Visitor != "" && !v.one(10) {
			return conversation.Visitor(c.Visitor)
		}
		return conversation.Visitor(metaPick(v.Rand, metaVisitors...))
	case n < 62 && c.Agent != "":
		return conversation.Agent(c.Agent)
	case n < 80:
		return metaPick(v.Rand, conversation.Agent, conversation.Agent, conversation.Supervisor)(metaPick(v.Rand, metaAgents...))
	case n < 89:
		return conversation.Bot(metaPick(v.Rand, "", "robo"))
	case n < 98:
		return conversation.System(metaPick(v.Rand, "", "api"))
	}
	return metaPick(v.Rand, conversation.Timer(), conversation.Actor{}, conversation.Actor{Kind: "ghost", ID: "boo"})
}

// name prefers what would do something now.
func (v *metaInventor) name(ctx context.Context, c conversation.Conversation, key storage.Key, by conversation.Actor) conversation.CommandName {
	allowed, _ := v.model.desk.Allowed(ctx, key.Workspace, key.Conversation, by)
	switch {
	case c.Blocked && by.Kind == conversation.KindVisitor && v.one(2):
		return conversation.NameSay
	case c.Open() && v.one(16): // whoever may not have it
		return metaPick(v.Rand, conversation.NameTake, conversation.NameAssign)
	case len(allowed) > 0 && !v.one(6):
		if slices.Contains(allowed, conversation.NameSay) && v.one(3) {
			return conversation.NameSay
		}
		return metaPick(v.Rand, allowed...)
	case c.State == conversation.StateNone && !v.one(4):
		return conversation.NameOpen
	}
	return metaPick(v.Rand, conversation.Commands()...).Name()
}

func (v *metaInventor) asOf(name conversation.CommandName, c conversation.Conversation, by conversation.Actor) conversation.Version {
	answers := by.Kind == conversation.KindBot && (name == conversation.NameSay || name == conversation.NameClose)
	switch {
	case v.one(100):
		return metaPick(v.Rand, -1, c.Version+1)
	case answers && !v.one(20), v.one(4):
		return max(0, c.Version-metaPick[conversation.Version](v.Rand, 0, 0, 0, 1, 2, 5))
	}
	return 0
}

func (v *metaInventor) text() string {
	switch v.IntN(80) {
	case 0:
		return metaLongText
	case 1:
		return metaTooLongText
	}
	return metaPick(v.Rand, metaTexts...)
}

func (v *metaInventor) command(ctx context.Context, name conversation.CommandName, c conversation.Conversation, by conversation.Actor) conversation.Command {
	agent, group := metaPick(v.Rand, metaAgents...), metaPick(v.Rand, metaGroups...)
	switch name {
	case conversation.NameOpen:
		o := conversation.Open{Group: group, ForAgent: v.one(4)}
		if by.Kind != conversation.KindVisitor || v.one(10) {
			o.Visitor = metaPick(v.Rand, metaVisitors...)
		}
		if v.one(6) {
			o.Previous, o.PreviousAgent = metaPick(v.Rand, metaConversations...), agent
		}
		return o
	case conversation.NameSay:
		return conversation.Say{Text: v.text(), Automatic: v.one(6), Marks: v.marks(by)}
	case conversation.NameRequestAgent:
		return conversation.RequestAgent{Group: group}
	case conversation.NameAssign:
		return conversation.Assign{Agent: agent}
	case conversation.NameTransfer:
		return metaPick(v.Rand, conversation.Transfer{Agent: agent}, conversation.Transfer{Agent: agent}, conversation.Transfer{Group: "sales"},
			conversation.Transfer{Agent: agent, Group: group})
	case conversation.NameSnooze:
		return v.snooze()
	case conversation.NameClose:
		return v.closing(ctx, c, by)
	case conversation.NameReclassify:
		r := conversation.Reclassify{}
		if r.Outcome, r.Reason = v.outcome(); v.one(2) {
			form := v.form(ctx, c.Workspace)
			r.Form = &form
		}
		return r
	case conversation.NameAnswerSurvey:
		return v.answer(c)
	case conversation.NameRequeue:
		if by.Kind == conversation.KindSystem || v.one(12) {
			return conversation.Requeue{Reason: metaPick(v.Rand, "", conversation.WaitUnavailable, "bored")}
		}
		return conversation.Requeue{}
	case conversation.NameRegroup:
		return conversation.Regroup{Group: group}
	case conversation.NameAssigneeGone:
		return conversation.AssigneeGone{Agent: metaPick(v.Rand, c.Agent, agent), Since: v.now.Add(-metaPick(v.Rand, metaWaits...))}
	case conversation.NameAssigneeBack:
		return conversation.AssigneeBack{Agent: metaPick(v.Rand, c.Agent, agent)}
	case conversation.NameMarkRead:
		return conversation.MarkRead{UpTo: conversation.Version(v.IntN(12) - 1)}
	case conversation.NameAddNote:
		return conversation.AddNote{Text: v.text()}
	case conversation.NameLinkArticle:
		return conversation.LinkArticle{Article: metaPick(v.Rand, "kb1", "kb2", "KB2", "")}
	}
	return metaPlain(name)
}

func metaPlain(name conversation.CommandName) conversation.Command {
	for _, command := range conversation.Commands() {
		if command.Name() == name {
			return command
		}
	}
	panic("no command " + name)
}

func (v *metaInventor) outcome() (closure.Outcome, closure.Reason) {
	return metaPick(v.Rand, closure.Resolved, closure.Unresolved, closure.Unresolved, closure.Unresolved, ""),
		metaPick(v.Rand, "", "", "", closure.ReasonOther)
}

func (v *metaInventor) closing(ctx context.Context, of conversation.Conversation, by conversation.Actor) conversation.Command {
	c := conversation.Close{Acknowledged: v.yes(of)}
	c.Outcome, c.Reason = v.outcome()
	if by.Kind != conversation.KindVisitor && v.one(2) || v.one(40) {
		c.Form = v.form(ctx, of.Workspace)
	}
	if by.Kind == conversation.KindSystem || v.one(12) {
		c.Cause = metaPick(v.Rand, closure.Causes()...)
	}
	if (by.Kind == conversation.KindSupervisor || by.Kind == conversation.KindSystem) && v.one(3) {
		c.Force, c.Cause = true, ""
	}
	return c
}

func (v *metaInventor) snooze() conversation.Command {
	return conversation.Snooze{
		Until: metaPick(v.Rand,
			snooze.UntilReply(), snooze.For(snooze.Short), snooze.For(snooze.Long+time.Hour), snooze.For(metaPick(v.Rand, metaWaits...)),
			snooze.At(v.now.Add(metaPick(v.Rand, -time.Hour, 1500*time.Nanosecond, 90*time.Minute, snooze.Horizon, 2*snooze.Horizon))),
			snooze.Calendar(v.now.AddDate(0, 0, v.IntN(40)).Format("2006-01-02T02:30"), metaPick(v.Rand, "Europe/Paris", "America/New_York", "Atlantis/Port")),
			snooze.Until{}),
		AtEnd:   metaPick(v.Rand, "", snooze.Keep, snooze.Release),
		OnReply: metaPick(v.Rand, "", snooze.Wake, snooze.StayAsleep),
	}
}

// transaction makes up one of a few commands, mostly to the same conversation.
func (v *metaInventor) transaction(ctx context.Context) metaOperation {
	key := v.key()
	o := metaTransaction{commit: v.one(2)}
	for range 1 + v.IntN(3) {
		if v.one(5) {
			o.commands = append(o.commands, v.commitTo(ctx, key))
		} else {
			o.commands = append(o.commands, v.do(ctx, key))
		}
		if v.one(3) {
			key = v.key()
		}
	}
	return o
}

func (v *metaInventor) setPolicies(ctx context.Context) metaOperation {
	o := metaSetPolicies{workspace: metaPick(v.Rand, v.hot[0].Workspace, metaPick(v.Rand, metaWorkspaces...))}
	_, o.revision, _ = v.model.desk.Policies(ctx, o.workspace)
	if v.one(8) {
		o.revision += metaPick[int64](v.Rand, -1, 1)
	}
	o.policies.Default = v.policy()
	o.policies.AvailabilityGrace = metaPick(v.Rand, 0, 0, -1, time.Minute)
	o.policies.Tags = metaPick(v.Rand, metaCatalogues...)
	if v.one(2) {
		o.policies.Groups = map[string]conversation.Policy{"sales": v.policy(), "Sales": v.policy()}
	}
	if v.one(20) {
		o.workspace = metaPick(v.Rand, metaBadIDs...)
	}
	return o
}

// policy makes up one, of which some could not run and are refused.
func (v *metaInventor) policy() conversation.Policy {
	p := conversation.Policy{
		Bot: !v.one(3), ReopenWindow: metaPick(v.Rand, 0, 0, time.Minute, time.Hour, 7*24*time.Hour, -1),
		PullOnly: v.one(6), Sticky: v.one(2), ReassignAfter: metaPick(v.Rand, 0, time.Minute, time.Hour, -1),
		WakeOverCapacity: v.one(3), KnownAgentsOnly: v.one(6), NotifyByEmail: v.one(2),
	}
	v.endings(&p)
	p.Idle.Bot = v.ladder([]idle.Action{idle.FollowUp}, idle.Requeue, idle.Close)
	p.Idle.Waiting = v.ladder([]idle.Action{idle.FollowUp}, idle.Close)
	if p.Bot {
		p.Idle.Assigned = v.ladder([]idle.Action{idle.Prompt, idle.FollowUp}, idle.Requeue, idle.Close, idle.HandBack)
	} else {
		p.Idle.Assigned = v.ladder([]idle.Action{idle.Prompt, idle.FollowUp}, idle.Requeue, idle.Close)
	}
	return p
}

func (v *metaInventor) ladder(stay []idle.Action, leave ...idle.Action) idle.Ladder {
	switch v.IntN(8) {
	case 0:
		return idle.Ladder{}
	case 1:
		return idle.Ladder{Off: true}
	}
	l := idle.Ladder{LastSpeaker: metaPick(v.Rand, idle.Anyone, idle.Anyone, idle.Visitor, idle.Responder)}
	for range v.IntN(4) {
		text := metaPick(v.Rand, "Still there?", "Noch da? 👋", "a 'quote'\nand a line")
		l.Steps = append(l.Steps, idle.Step{After: metaPick(v.Rand, metaWaits...), Action: metaPick(v.Rand, stay...), Text: text})
	}
	last := idle.Step{After: metaPick(v.Rand, metaWaits...), Action: metaPick(v.Rand, leave...)}
	told := slices.ContainsFunc(l.Steps, func(s idle.Step) bool { return s.Action == idle.FollowUp })
	if last.Action != idle.Close || told || v.one(30) {
		l.Steps = append(l.Steps, last)
	}
	if len(l.Steps) == 0 {
		l.LastSpeaker = idle.Anyone
	}
	return l
}

func (v *metaInventor) readFeed(context.Context) metaOperation {
	limit := metaPick(v.Rand, 1, 2, 5, 100, 100)
	return metaFeed{subscriber: metaPick(v.Rand, metaSubscribers...), limit: limit, done: v.IntN(limit + 1)}
}

func (v *metaInventor) advance(context.Context) metaOperation {
	o := metaAdvance{metaPick(v.Rand, metaSubscribers...), storage.Position(v.IntN(40))}
	switch v.IntN(12) {
	case 0:
		o.to = -1
	case 1:
		o.to = 1 << 60
	case 2:
		o.subscriber = metaPick(v.Rand, metaBadIDs...)
	}
	return o
}

func (v *metaInventor) read(ctx context.Context) metaOperation {
	o := metaRead{key: v.key(), limit: metaPick(v.Rand, 0, 0, 1, 3, -1)}
	c := v.get(ctx, o.key)
	o.by = v.actor(c)
	o.after = conversation.Version(v.Int64N(int64(c.Version) + 2))
	return o
}

func (v *metaInventor) forget(ctx context.Context) metaOperation {
	key := v.key()
	o := metaForget{key.Workspace, v.get(ctx, key).Visitor}
	if o.visitor == "" || v.one(4) {
		o.visitor = metaPick(v.Rand, metaVisitors...)
	}
	visitors := storage.RecordQuery{Workspace: key.Workspace, Kind: storage.KindVisitor}
	known, _ := v.model.subject.store().List(ctx, visitors, "", 10)
	known = slices.DeleteFunc(known, func(r storage.Record) bool { return r.Text == "" })
	if len(known) > 0 && !v.one(3) {
		o.visitor = metaPick(v.Rand, known...).Key.ID
	}
	return o
}

// purge often cuts exactly where a conversation was closed, or just beside it.
func (v *metaInventor) purge(ctx context.Context) metaOperation {
	o := metaPurge{keep: metaPick(v.Rand, time.Microsecond, time.Hour, time.Hour, 24*time.Hour, 72*time.Hour)}
	closed := storage.Query{Workspace: v.workspace(), State: string(conversation.StateClosed)}
	rows, _ := v.model.subject.store().View(ctx, closed, 10)
	if i := slices.IndexFunc(rows, func(row storage.Row) bool { return row.Head.Seat != "" }); i >= 0 {
		rows = rows[i : i+1]
	}
	if len(rows) > 0 && !v.one(4) {
		at := metaPick(v.Rand, rows...).Head.DormantSince
		o.keep = v.now.UTC().Truncate(time.Microsecond).Sub(at) + metaPick(v.Rand, -time.Microsecond, -time.Microsecond, 0, time.Microsecond)
	}
	switch {
	case len(rows) > 1 && v.one(2): // of all of them the first
		o.keep, o.limit = time.Microsecond, 1
	case v.one(3):
		o.limit = 1 + v.IntN(2)
	}
	return o
}

func (v *metaInventor) damage(context.Context) metaOperation {
	return metaDamage{
		key:  v.key(),
		head: []byte(metaPick(v.Rand, "not JSON", "\x00\xff\xfe", `{"v":1}`, `{"v":999}`)),
		body: []byte(metaPick(v.Rand, "not JSON", "\x00\xff\xfe", `{"v":999}`, "")),
	}
}

// setBack mostly sets back what nothing is wrong with, so that it recovers.
func (v *metaInventor) setBack(context.Context) metaOperation {
	o := metaSetBack{key: metaPick(v.Rand, v.hot...), setback: storage.Setback{Failures: 1 + v.IntN(3), Reason: metaPick(v.Rand, metaTexts[:10]...)}}
	o.setback.RetryAt = metaPick(v.Rand, time.Time{}, v.now.UTC().Truncate(time.Microsecond).Add(metaPick(v.Rand, metaWaits...)))
	if v.one(6) {
		o.setback = storage.Setback{}
	}
	if v.one(4) {
		o.older = metaPick[int64](v.Rand, -1, 1)
	}
	return o
}

// release prefers a conversation that is set back.
func (v *metaInventor) release(ctx context.Context) metaOperation {
	o := metaRelease{v.key()}
	if all, _ := v.model.subject.store().Setbacks(ctx, storage.Key{}, 10); len(all) > 0 {
		o.key = metaPick(v.Rand, all...).Key
	}
	return o
}

func (v *metaInventor) look(context.Context) metaOperation {
	o := metaLook{conversations: v.all(), commands: map[storage.Key][]string{}, page: metaPick(v.Rand, 1, 3, 100, 100)}
	for key, ids := range v.commands {
		o.commands[key] = slices.Compact(slices.Sorted(slices.Values(ids)))
	}
	return o
}
