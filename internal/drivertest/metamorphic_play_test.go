package drivertest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

// A metaSubject is a store on which a stream is played, with what surrounds it.
type metaSubject interface {
	store() storage.Store

	// begin begins a transaction of the host's, which end commits or rolls back.
	begin(ctx context.Context) (tx storage.Tx, end func(commit bool) error, err error)

	// reopen closes the store and opens it again, and reports whether it did.
	reopen(ctx context.Context) (bool, error)

	close() error
}

// A metaPlayer plays a stream on a subject. It is the clock of its Desk, which
// stands still while an operation is played.
type metaPlayer struct {
	subject metaSubject
	desk    *lifecycle.Desk
	live    *lifecycle.Subscription
	now     time.Time

	// model: committed transactions are played as commands outside of any, which
	// is what they must amount to.
	model bool

	opened   int                  // IDs that were made
	seen     map[storage.Key]bool // the conversations that live updates told of
	reopened int64
}

// Now and After implement lifecycle.Clock.
func (p *metaPlayer) Now() time.Time                       { return p.now }
func (p *metaPlayer) After(time.Duration) <-chan time.Time { return nil }

// metaFailures is how often a conversation may fail on the Desks of the streams,
// which are too short for the usual number.
const metaFailures = 3

// metaPatience ends an operation that would not, such as a tick that goes round
// in circles. It shows as an error then.
const metaPatience = time.Minute

func newMetaPlayer(subject metaSubject) (*metaPlayer, error) {
	p := &metaPlayer{subject: subject, seen: map[storage.Key]bool{}}
	if m, ok := subject.(*metaMemory); ok {
		m.player = p
	}
	return p, p.newDesk()
}

func (p *metaPlayer) newDesk() (err error) {
	p.desk, err = lifecycle.New(p.subject.store(), &lifecycle.Options{
		Clock:       p,
		MaxFailures: metaFailures,
		NewID: func() string {
			p.opened++
			return fmt.Sprint("new-", p.opened)
		},
	})
	if err == nil {
		p.live = p.desk.Subscribe(1000)
	}
	return err
}

// A metaStep is an operation and the instant at which it is played.
type metaStep struct {
	at time.Time
	metaOperation
}

// String is for people, so that what is long is cut.
func (s metaStep) String() string {
	text := strings.TrimPrefix(fmt.Sprintf("%T%+[1]v", s.metaOperation), "drivertest_test.meta")
	for _, long := range []string{metaWorkspaces[2], metaConversations[5]} {
		text = strings.ReplaceAll(text, long, long[:1]+"…")
	}
	if len(text) > 600 {
		text = text[:600] + "…"
	}
	return s.at.Format("02 Jan 15:04:05.000000000 ") + text
}

// A metaOperation is what the host does at one instant. It means the same on
// every store and says what came of it, down to the byte.
type metaOperation interface {
	play(ctx context.Context, p *metaPlayer, s *metaSight)
}

// play returns all that can be seen of a step.
func (p *metaPlayer) play(ctx context.Context, step metaStep) (seen string) {
	var s metaSight
	defer func() {
		if broken := recover(); broken != nil {
			seen = fmt.Sprintf("%s\npanic: %v", s.String(), broken)
		}
	}()
	p.now = step.at
	ctx, cancel := context.WithTimeout(ctx, metaPatience)
	defer cancel()
	step.metaOperation.play(ctx, p, &s)
	for len(p.live.Updates()) > 0 {
		update := <-p.live.Updates()
		p.seen[storage.Key{Workspace: update.Conversation.Workspace, Conversation: update.Conversation.ID}] = true
		s.say("live")
		s.conversation(update.Conversation)
		s.records(update.Records)
	}
	return s.String()
}

// A metaDo is a command.
type metaDo struct {
	call    lifecycle.Call
	command conversation.Command
}

// String names the command, which its fields do not.
func (o metaDo) String() string {
	text := fmt.Sprintf("(%s %s as of %d by %s: %T%+[5]v", o.call.Workspace, o.call.Conversation, o.call.AsOf, o.call.By, o.command)
	if r, ok := o.command.(conversation.Reclassify); ok && r.Form != nil {
		text += fmt.Sprintf(" with %+v", *r.Form)
	}
	if o.call.CommandID != "" {
		text += " under " + o.call.CommandID
	}
	return text + ")"
}

func (o metaDo) key() storage.Key {
	return storage.Key{Workspace: o.call.Workspace, Conversation: o.call.Conversation}
}

func (o metaDo) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.result(p.desk.Do(ctx, o.call, o.command))
	o.after(ctx, p, s)
}

// give implements metaInTx.
func (o metaDo) give(ctx context.Context, _ *metaPlayer, to metaCommands, _ storage.Tx, s *metaSight) {
	s.result(to.Do(ctx, o.call, o.command))
	now, err := to.Get(ctx, o.call.Workspace, o.call.Conversation)
	if s.failed(err) {
		return
	}
	s.conversation(now)
	records, err := to.History(ctx, o.call.Workspace, o.call.Conversation, now.Version-min(now.Version, 2), 5)
	if !s.failed(err) {
		s.records(records)
	}
}

// after implements metaInTx.
func (o metaDo) after(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.load(ctx, p.subject.store(), o.key(), o.call.CommandID)
}

// A metaInTx can be done in a transaction.
type metaInTx interface {
	give(ctx context.Context, p *metaPlayer, to metaCommands, tx storage.Tx, s *metaSight)

	// after looks at what came of it when the transaction has ended.
	after(ctx context.Context, p *metaPlayer, s *metaSight)
}

// metaCommands are what a Desk and its Tx have in common.
type metaCommands interface {
	Do(context.Context, lifecycle.Call, conversation.Command) (lifecycle.Result, error)
	Get(ctx context.Context, workspace, id string) (conversation.Conversation, error)
	History(ctx context.Context, workspace, id string, after conversation.Version, limit int) ([]conversation.Record, error)
}

// A metaTransaction is a transaction of the host's, with reads between its
// commands.
type metaTransaction struct {
	commands []metaInTx
	commit   bool
}

// String says how it ends, and the commands as they say it.
func (o metaTransaction) String() string {
	return fmt.Sprintf("(committed %t) %v", o.commit, o.commands)
}

func (o metaTransaction) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	if o.commit && p.model {
		o.give(ctx, p, p.desk, p.subject.store(), s)
	} else if err := o.transact(ctx, p, s); err != nil {
		s.say("transaction: %v", err)
	}
	for _, c := range o.commands {
		c.after(ctx, p, s)
	}
}

func (o metaTransaction) transact(ctx context.Context, p *metaPlayer, s *metaSight) error {
	tx, end, err := p.subject.begin(ctx)
	if err != nil {
		return err
	}
	desk := p.desk.Tx(tx)
	o.give(ctx, p, desk, tx, s)
	if err := end(o.commit); err != nil {
		return err
	}
	if o.commit {
		desk.Committed()
	}
	return nil
}

func (o metaTransaction) give(ctx context.Context, p *metaPlayer, to metaCommands, tx storage.Tx, s *metaSight) {
	for _, c := range o.commands {
		c.give(ctx, p, to, tx, s)
	}
}

// A metaTick is a [lifecycle.Desk.Tick].
type metaTick struct{}

func (metaTick) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	ticked, err := p.desk.Tick(ctx)
	s.failed(err)
	s.say("at %s, %d recomputed", metaTime(ticked.At), ticked.Recomputed)
	for _, f := range ticked.Fired {
		s.say("fired %s %s due %s", f.Workspace, f.Conversation, metaTime(f.Due))
		s.records(f.Records)
	}
	for _, a := range ticked.Assigned {
		s.say("assigned %s %s to %s after %v", a.Workspace, a.Conversation, a.Agent, a.Waited)
	}
	for _, f := range ticked.Failed {
		s.say("failed %s %s%s: %v", f.Workspace, f.Conversation, f.Record, f.Err)
		if f.Setback != nil {
			s.setback(*f.Setback)
		}
	}
}

// A metaFeed is a subscriber that reads and is done with so many deliveries.
type metaFeed struct {
	subscriber  string
	limit, done int
}

func (o metaFeed) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	deliveries, err := p.desk.Feed(ctx, o.subscriber, o.limit)
	var purged *storage.PurgedError
	var unreadable *lifecycle.FeedError
	to := storage.Position(0)
	switch {
	case errors.As(err, &purged):
		to = purged.Oldest - 1
	case errors.As(err, &unreadable):
		to = unreadable.Position
	case len(deliveries) > 0 && o.done > 0:
		to = deliveries[min(o.done, len(deliveries))-1].Position
	}
	s.failed(err)
	for _, d := range deliveries {
		s.say("%d %s %s", d.Position, d.Workspace, d.Conversation)
		s.records(d.Records)
	}
	s.cursor(p.desk.Advance(ctx, o.subscriber, to))
}

// A metaAdvance moves a cursor to where it may not be able to go.
type metaAdvance struct {
	subscriber string
	to         storage.Position
}

func (o metaAdvance) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.cursor(p.desk.Advance(ctx, o.subscriber, o.to))
}

// A metaSetPolicies replaces the policies of a workspace.
type metaSetPolicies struct {
	workspace string
	policies  conversation.Policies
	revision  int64
}

func (o metaSetPolicies) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	revision, err := p.desk.SetPolicies(ctx, o.workspace, o.policies, o.revision)
	if !s.failed(err) {
		s.say("revision %d", revision)
	}
	p.policiesApplied(ctx, s, o.workspace)
}

func (p *metaPlayer) policiesApplied(ctx context.Context, s *metaSight, workspace string) {
	applied, err := p.desk.PoliciesApplied(ctx, workspace)
	if !s.failed(err) {
		s.say("applied %t", applied)
	}
}

// A metaForget erases the texts of a visitor.
type metaForget struct{ workspace, visitor string }

func (o metaForget) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	n, err := p.desk.Forget(ctx, o.workspace, o.visitor)
	if !s.failed(err) {
		s.say("%d conversations", n)
	}
	s.person(ctx, p, o.workspace, storage.KindVisitor, o.visitor)
}

// A metaPurge removes what was closed long ago: all of it, or with a limit the
// first of it.
type metaPurge struct {
	keep  time.Duration
	limit int
}

func (o metaPurge) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	var n int
	var err error
	if o.limit == 0 {
		n, err = p.desk.Purge(ctx, o.keep)
	} else {
		n, err = p.subject.store().Purge(ctx, p.now.UTC().Truncate(time.Microsecond).Add(-o.keep), o.limit)
	}
	if !s.failed(err) {
		s.say("%d conversations", n)
	}
	for _, workspace := range metaWorkspaces {
		left, err := p.subject.store().Count(ctx, storage.Query{Workspace: workspace, State: string(conversation.StateClosed)})
		if !s.failed(err) {
			s.say("%d left", left)
		}
		closings, err := metaAllClosings(ctx, p.subject.store(), storage.ClosingQuery{Workspace: workspace})
		if !s.failed(err) {
			s.say("%d closings left", len(closings))
		}
	}
}

// A metaRead reads one conversation.
type metaRead struct {
	key   storage.Key
	by    conversation.Actor
	after conversation.Version
	limit int
}

func (o metaRead) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	now, err := p.desk.Get(ctx, o.key.Workspace, o.key.Conversation)
	if !s.failed(err) {
		s.conversation(now)
	}
	names, err := p.desk.Allowed(ctx, o.key.Workspace, o.key.Conversation, o.by)
	if !s.failed(err) {
		s.say("%s may %q", o.by, names)
	}
	records, err := p.desk.History(ctx, o.key.Workspace, o.key.Conversation, o.after, o.limit)
	if !s.failed(err) {
		s.records(records)
	}
}

// A metaRelease ends a setback.
type metaRelease struct{ key storage.Key }

func (o metaRelease) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.failed(p.desk.Release(ctx, o.key.Workspace, o.key.Conversation))
	s.load(ctx, p.subject.store(), o.key, "")
	p.policiesApplied(ctx, s, o.key.Workspace)
}

// A metaSetBack sets a conversation back as of a version that may not be its
// own.
type metaSetBack struct {
	key     storage.Key
	older   int64
	setback storage.Setback
}

func (o metaSetBack) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	loaded, err := p.subject.store().Load(ctx, o.key, "")
	if s.failed(err) {
		return
	}
	s.failed(p.subject.store().SetBack(ctx, o.key, loaded.Head.Version-o.older, o.setback))
	s.load(ctx, p.subject.store(), o.key, "")
}

// A metaDamage writes to an open conversation what no Desk can read, and makes
// it due.
type metaDamage struct {
	key        storage.Key
	head, body []byte
}

func (o metaDamage) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	loaded, err := p.subject.store().Load(ctx, o.key, "")
	if s.failed(err) {
		return
	}
	head := loaded.Head
	if head.Version == 0 || !head.DormantSince.IsZero() {
		s.say("not open")
		return
	}
	c := storage.Commit{Key: o.key, Expect: head.Version, At: p.now.UTC().Truncate(time.Microsecond)}
	c.Events = []storage.Event{{Version: head.Version + 1, Body: o.body}}
	head.Version, head.Body, head.Due = head.Version+1, o.head, p.now.UTC().Truncate(time.Microsecond)
	c.Head = head
	s.failed(p.subject.store().Commit(ctx, c))
	s.load(ctx, p.subject.store(), o.key, "")
}

// A metaReopen closes the store and opens it again, where that is played.
type metaReopen struct{}

func (metaReopen) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	reopened, err := p.subject.reopen(ctx)
	if err == nil && reopened {
		p.reopened++
		p.live.Close()
		err = p.newDesk()
	}
	s.failed(err)
}

// A metaLook looks at everything, in pages.
type metaLook struct {
	conversations []storage.Key
	commands      map[storage.Key][]string // their IDs
	page          int
}

func (o metaLook) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	store := p.subject.store()
	for _, key := range o.conversations {
		s.load(ctx, store, key, "")
		for _, id := range o.commands[key] {
			s.applied(ctx, store, key, id)
		}
		s.history(ctx, store, key, o.page)
	}
	for _, workspace := range metaWorkspaces {
		loaded, err := store.Load(ctx, storage.Key{Workspace: workspace}, "")
		if !s.failed(err) {
			s.say("policies %d %s", loaded.Policies.Revision, loaded.Policies.Body)
		}
		s.all(ctx, store, workspace)
		s.closings(ctx, store, storage.ClosingQuery{Workspace: workspace}, o.page)
	}
	for _, by := range []time.Time{p.now.UTC().Truncate(time.Microsecond), metaEnd} {
		s.due(ctx, store, by, o.page)
		s.outdated(ctx, store, by, o.page)
		s.dueRecords(ctx, store, by, o.page)
	}
	next, err := p.desk.NextDue(ctx, metaEnd)
	if !s.failed(err) {
		s.say("next due %s", metaTime(next))
	}
	s.setbacks(ctx, store, o.page)
	for _, subscriber := range metaSubscribers {
		s.cursor(store.Advance(ctx, subscriber, 0))
	}
	s.feed(ctx, store, o.page)
}

// metaEnd is after everything.
var metaEnd = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)
