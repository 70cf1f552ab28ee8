package drivertest_test

import (
	"context"
	"slices"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage"
)

// A metaSetAgent adds an agent or changes one.
type metaSetAgent struct {
	workspace, id string
	capacity      int
	groups        []string
}

func (o metaSetAgent) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.agent(p.desk.SetAgent(ctx, o.workspace, o.id, o.capacity, o.groups...))
	s.person(ctx, p, o.workspace, storage.KindAgent, o.id)
}

// A metaSetAvailability says whether an agent is available.
type metaSetAvailability struct {
	workspace, id string
	source        roster.Source
	to            roster.Availability
}

func (o metaSetAvailability) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.agent(p.desk.SetAvailability(ctx, o.workspace, o.id, o.source, o.to))
	s.person(ctx, p, o.workspace, storage.KindAgent, o.id)
}

// A metaRemoveAgent removes an agent.
type metaRemoveAgent struct{ workspace, id string }

func (o metaRemoveAgent) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.failed(p.desk.RemoveAgent(ctx, o.workspace, o.id))
	s.person(ctx, p, o.workspace, storage.KindAgent, o.id)
}

// A metaLogOut logs an agent out, whatever they have if there is a fate for it.
type metaLogOut struct {
	workspace, id string
	by            conversation.Actor
	fate          conversation.Command // nil: only if they have nothing
}

func (o metaLogOut) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	if o.fate == nil {
		o.plain(ctx, p, s)
	} else {
		done, err := p.desk.ForceLogOut(ctx, o.workspace, o.id, o.by, o.fate)
		for _, c := range done {
			s.conversation(c)
		}
		s.failed(err)
	}
	s.person(ctx, p, o.workspace, storage.KindAgent, o.id)
}

// plain leaves out agents whose seats were taken by a [metaCommit] for
// conversations that nobody has: a Desk would look for them for ever.
func (o metaLogOut) plain(ctx context.Context, p *metaPlayer, s *metaSight) {
	if metaLegal(storage.Key{Workspace: o.workspace, Conversation: o.id}, "") && o.astray(ctx, p.subject.store(), s) {
		s.say("seats of conversations that they do not have")
		return
	}
	s.failed(p.desk.LogOut(ctx, o.workspace, o.id))
}

func (o metaLogOut) astray(ctx context.Context, store storage.Store, s *metaSight) bool {
	r, err := store.Record(ctx, storage.RecordKey{Workspace: o.workspace, Kind: storage.KindAgent, ID: o.id})
	s.failed(err)
	n, err := store.Count(ctx, storage.Query{Workspace: o.workspace, State: string(conversation.StateAssigned), Agent: o.id})
	s.failed(err)
	return r.Seats > 0 && n == 0
}

// A metaSetGroup adds a group, or removes one.
type metaSetGroup struct {
	workspace, id string
	remove        bool
	into          string
}

func (o metaSetGroup) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	if o.remove {
		s.failed(p.desk.RemoveGroup(ctx, o.workspace, o.id, o.into))
	} else {
		s.failed(p.desk.SetGroup(ctx, o.workspace, o.id))
	}
	s.person(ctx, p, o.workspace, storage.KindGroup, o.id)
	metaTeam{workspace: o.workspace, page: 100}.play(ctx, p, s)
}

// A metaSetPresence says whether a visitor is on the site.
type metaSetPresence struct {
	workspace, visitor string
	online             bool
}

func (o metaSetPresence) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.visitor(p.desk.SetPresence(ctx, o.workspace, o.visitor, o.online))
	s.person(ctx, p, o.workspace, storage.KindVisitor, o.visitor)
}

// A metaSetEmail says where a visitor can be written to.
type metaSetEmail struct{ workspace, visitor, email string }

func (o metaSetEmail) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.visitor(p.desk.SetEmail(ctx, o.workspace, o.visitor, o.email))
	s.person(ctx, p, o.workspace, storage.KindVisitor, o.visitor)
}

// A metaUnread reads what a visitor has not.
type metaUnread struct{ workspace, visitor string }

func (o metaUnread) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.visitor(p.desk.Visitor(ctx, o.workspace, o.visitor))
	n, err := p.desk.UnreadCount(ctx, o.workspace, o.visitor)
	if !s.failed(err) {
		s.say("%d unread", n)
	}
	answers, err := p.desk.Unread(ctx, o.workspace, o.visitor)
	s.failed(err)
	for _, a := range answers {
		s.say("unread in %s", a.Conversation)
		s.records([]conversation.Record{a.Record})
	}
}

// A metaDeskView lists conversations page by page, as desks show them, with their
// places in the queue.
type metaDeskView struct {
	workspace string
	view      lifecycle.View
	limit     int
}

func (o metaDeskView) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	n, err := p.desk.Count(ctx, o.workspace, o.view)
	if !s.failed(err) {
		s.say("%d selected", n)
	}
	for token, pages := "", 0; pages < 1000; pages++ {
		page, err := p.desk.List(ctx, o.workspace, o.view, token, o.limit)
		if s.failed(err) {
			break
		}
		for _, c := range page.Conversations {
			at, err := p.desk.QueuePosition(ctx, o.workspace, c.ID)
			s.failed(err)
			s.say("place %d", at)
			s.conversation(c)
		}
		if token = page.Next; token == "" {
			break
		}
		s.say("next %s", token)
	}
	q, err := p.desk.Queue(ctx, o.workspace, o.view.Group)
	if !s.failed(err) {
		s.say("queue of %d, the oldest since %s", q.Waiting, metaTime(q.Oldest))
	}
}

// A metaTeam lists agents and groups in pages.
type metaTeam struct {
	workspace, group string
	page             int
}

func (o metaTeam) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	metaPages(s, func(last lifecycle.Agent) ([]lifecycle.Agent, error) {
		return p.desk.Agents(ctx, o.workspace, o.group, last.ID, o.page)
	}, func(found []lifecycle.Agent) {
		for _, a := range found {
			s.agent(a, nil)
		}
	})
	metaPages(s, func(last roster.Group) ([]roster.Group, error) {
		return p.desk.Groups(ctx, o.workspace, last.ID, o.page)
	}, func(found []roster.Group) {
		for _, g := range found {
			s.say("group %s removed %t into %q", g.ID, g.Removed, g.Into)
		}
	})
}

// The sights of people.

func (s *metaSight) agent(a lifecycle.Agent, err error) {
	if s.failed(err) {
		return
	}
	body, err := roster.Encode(a.Agent)
	s.failed(err)
	s.say("agent %s, %s, takes new %t, %d seats, last %s", body, a.Availability(), a.TakesNew(), a.Seats, metaTime(a.SeatsAt))
}

func (s *metaSight) visitor(v lifecycle.Visitor, err error) {
	if !s.failed(err) {
		s.say("visitor %s online %t since %s at %q", v.ID, v.Online, metaTime(v.Since), v.Email)
	}
}

// person says what is stored of somebody.
func (s *metaSight) person(ctx context.Context, p *metaPlayer, workspace string, kind storage.Kind, id string) {
	if metaLegal(storage.Key{Workspace: workspace, Conversation: id}, "") {
		s.stored(ctx, p.subject.store(), storage.RecordKey{Workspace: workspace, Kind: kind, ID: id})
	}
}

// The rest is how a stream is made up.

// metaAgentBody and metaGroupBody are what a Desk stores of an agent like the
// record, and of a group.
func metaAgentBody(id string, r storage.Record) []byte {
	a := roster.New(id, r.Capacity, r.Groups...)
	if a.Since = metaStart; r.Available {
		a.Manual = roster.Available
	}
	body, _ := roster.Encode(a) // cannot fail: plain fields
	return body
}

func metaGroupBody(id string) []byte {
	body, _ := roster.Encode(roster.Group{ID: id}) // cannot fail: plain fields
	return body
}

// team is what most streams begin with: agents of few seats who are available,
// so that conversations are given to them.
func (v *metaInventor) team() []metaOperation {
	if v.one(3) {
		return nil
	}
	workspace := v.hot[0].Workspace
	planned := []metaOperation{metaSetGroup{workspace: workspace, id: "sales"}}
	if v.one(2) {
		o := metaSetPolicies{workspace: workspace, policies: conversation.Policies{Default: v.policy()}}
		o.policies.Default.NotifyByEmail, o.policies.Default.PullOnly = true, false
		o.policies.Tags = metaPick(v.Rand, metaCatalogues...)
		planned = append(planned, o, metaSetEmail{workspace, metaPick(v.Rand, metaVisitors...), "vic@example.com"})
	}
	for _, id := range metaAgents[:1+v.IntN(2)] {
		planned = append(planned,
			metaSetAgent{workspace, id, 1 + v.IntN(2), metaPick(v.Rand, nil, []string{"sales"})},
			metaSetAvailability{workspace, id, metaPick(v.Rand, roster.Manual, roster.Automatic), roster.Available})
	}
	return planned
}

// person makes up a change of an agent, a group or a visitor.
func (v *metaInventor) person(ctx context.Context) metaOperation {
	workspace, id, visitor := v.workspace(), metaPick(v.Rand, metaAgents...), metaPick(v.Rand, metaVisitors...)
	bad := v.one(40)
	if bad {
		bad := metaPick(v.Rand, &workspace, &id, &visitor)
		*bad = metaPick(v.Rand, metaBadIDs...)
	}
	switch n := v.IntN(30); {
	case n < 5:
		return metaSetAgent{workspace, id, metaPick(v.Rand, 1, 1, 1, 2, 2, 0, -1, roster.MaxCapacity+1), v.groups()}
	case n < 14:
		return v.availability(ctx, workspace, id)
	case n < 15:
		return metaRemoveAgent{workspace, id}
	case n < 18 && (bad || !v.one(3)):
		return metaLogOut{workspace: workspace, id: id}
	case n < 18:
		return metaLogOut{
			workspace, id, metaPick(v.Rand, conversation.Supervisor("sue"), conversation.System("api"), conversation.Agent("ann")),
			metaPick[conversation.Command](v.Rand, conversation.Requeue{}, conversation.HandBack{}, conversation.Close{Outcome: "unresolved", Force: true},
				conversation.Transfer{Agent: metaPick(v.Rand, metaAgents...)}, conversation.Transfer{Group: "sales"}, conversation.Take{}),
		}
	case n < 20:
		return metaSetGroup{workspace: workspace, id: metaPick(v.Rand, "sales", "sales", "Sales")}
	case n < 22:
		return metaSetGroup{workspace, metaPick(v.Rand, "sales", "sales", "Sales"), true, metaPick(v.Rand, "", "Sales", "sales")}
	case n < 26:
		return metaSetPresence{workspace, visitor, v.one(2)}
	}
	return metaSetEmail{workspace, visitor, metaPick(v.Rand, "vic@example.com", "vic@example.com", "", "Vic <vic@example.com>", "not an address")}
}

// availability often changes that of an agent who has conversations.
func (v *metaInventor) availability(ctx context.Context, workspace, id string) metaOperation {
	o := metaSetAvailability{
		workspace, id, metaPick(v.Rand, roster.Manual, roster.Automatic, roster.Automatic),
		metaPick(v.Rand, roster.Available, roster.Available, roster.Unavailable, roster.Unset),
	}
	agents, _ := v.model.desk.Agents(ctx, workspace, "", "", 10)
	agents = slices.DeleteFunc(agents, func(a lifecycle.Agent) bool { return a.Seats == 0 })
	if len(agents) == 0 || v.one(2) {
		return o
	}
	a := metaPick(v.Rand, agents...)
	if o.id, o.to = a.ID, roster.Unavailable; a.Availability() == roster.Unavailable {
		o.to = roster.Available
	}
	v.planned = append(v.planned, metaTick{})
	return o
}

func (v *metaInventor) readPeople(ctx context.Context) metaOperation {
	workspace := v.workspace()
	switch v.IntN(5) {
	case 0:
		if c := v.get(ctx, v.key()); c.Visitor != "" && !v.one(3) {
			return metaUnread{c.Workspace, c.Visitor}
		}
		return metaUnread{workspace, metaPick(v.Rand, metaVisitors...)}
	case 1, 2:
		return metaTeam{workspace, metaPick(v.Rand, metaGroups...), metaPick(v.Rand, 1, 2, 100)}
	}
	return metaDeskView{workspace, v.deskView(), metaPick(v.Rand, 1, 2, 100, 0)}
}

func (v *metaInventor) deskView() lifecycle.View {
	agent := metaPick(v.Rand, metaAgents...)
	view := metaPick(v.Rand,
		lifecycle.MyConversations(agent), lifecycle.Waiting(metaPick(v.Rand, metaGroups...)), lifecycle.BotPool(),
		lifecycle.Snoozed(metaPick(v.Rand, "", agent)), lifecycle.History(), lifecycle.HistoryOf(metaPick(v.Rand, metaVisitors...)), lifecycle.View{})
	switch v.IntN(8) {
	case 0:
		view.Order = lifecycle.ByUpdated
	case 1:
		view.Newest = !view.Newest
	case 2:
		view.From = v.now.Add(-metaPick(v.Rand, metaWaits...))
	case 3:
		view.To = v.now.Add(-metaPick(v.Rand, metaWaits...))
	case 4:
		view.Ungrouped = true
	case 5:
		view.Outcome = metaPick(v.Rand, metaOutcomes...)
	}
	return view
}
