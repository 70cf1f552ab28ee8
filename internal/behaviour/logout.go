package behaviour

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// exits are the ways out of a conversation, and where it goes by them.
var exits = map[conversation.CommandName]struct {
	command conversation.Command
	goes    string
}{
	conversation.NameHandBack: {conversation.HandBack{}, withBot},
	conversation.NameTransfer: {conversation.Transfer{Agent: "ben"}, "ben"},
	conversation.NameRequeue:  {conversation.Requeue{}, inQueue},
	conversation.NameSnooze:   {conversation.Snooze{Until: snooze.For(snooze.Short)}, "snoozed ann"},
	conversation.NameClose:    {conversation.Close{Outcome: closure.Resolved}, closed},
}

// leaving has ann have two conversations, one that she snoozed, and one that she
// closed.
func leaving(w *world) {
	w.agent("ann", 2)
	w.begin("snoozed", "closed")
	w.give("snoozed", "ann")
	w.give("closed", "ann")
	w.do("snoozed", ann, conversation.Snooze{Until: snooze.For(3 * day)})
	w.do("closed", ann, conversation.Close{Outcome: closure.Resolved})
	w.beginApart("c-1", "c-2")
	w.give("c-1", "ann")
	w.Clock.Add(time.Second)
	w.give("c-2", "ann")
	w.settle()
}

func (w *world) logOut(id string) error {
	w.Helper()
	return w.Desk.LogOut(w.Context(), workspace, id)
}

// blockers returns what keeps ann from logging out.
func (w *world) blockers() []lifecycle.Blocker {
	w.Helper()
	err := w.logOut("ann")
	e, ok := errors.AsType[*lifecycle.LogOutError](err)
	if !ok || e.Agent != "ann" {
		w.Fatalf("log-out of ann: error %v, want a LogOutError about her", err)
	}
	for _, b := range e.Blockers {
		if !strings.Contains(err.Error(), b.Conversation) {
			w.Errorf("error %q does not name %s", err, b.Conversation)
		}
	}
	return e.Blockers
}

func logoutSentences() []sentence {
	all := []sentence{
		{"it is refused with the list of what is neither snoozed nor closed, and the ways out of each", func(w *world) {
			leaving(w)
			ways := []conversation.CommandName{
				conversation.NameTransfer, conversation.NameRequeue, conversation.NameSnooze, conversation.NameClose,
			}
			w.same("blockers", w.blockers(), []lifecycle.Blocker{{Conversation: "c-1", Exits: ways}, {Conversation: "c-2", Exits: ways}})
		}},
		{"with a bot, handing back is a way out", func(w *world) {
			leaving(w)
			w.policy(func(p *conversation.Policy) { p.Bot = true })
			if ways := w.blockers()[0].Exits; !slices.Contains(ways, conversation.NameHandBack) {
				w.Errorf("ways out are %v, without handing back", ways)
			}
		}},
		{"refused, it changes nothing", func(w *world) {
			leaving(w)
			before := w.whois("ann")
			w.blockers()
			w.same("ann", w.whois("ann"), before)
			w.hire("ann", 3)
			w.begin("c-3")
			w.settle()
			w.want(map[string]string{"c-1": "ann", "c-2": "ann", "c-3": "ann"})
		}},
		{"who has nothing but snoozed and closed ones logs out, and keeps them", func(w *world) {
			leaving(w)
			w.do("c-1", ann, conversation.Close{Outcome: closure.Resolved})
			w.do("c-2", ann, conversation.Snooze{Until: snooze.UntilReply()})
			w.ok(w.logOut("ann"))
			w.settle()
			w.wantAvailability("ann", roster.Unavailable)
			w.same("since", w.whois("ann").Since, w.now())
			w.want(map[string]string{"snoozed": "snoozed ann", "c-2": "snoozed ann", "closed": closed})
		}},
		{"who logged out gets nothing new until they are back", func(w *world) {
			w.agent("ann", 1)
			w.ok(w.logOut("ann"))
			w.begin("c-1")
			w.Advance(time.Hour)
			w.want(map[string]string{"c-1": inQueue})
			w.refused("c-1", ann, conversation.Take{}, conversation.ErrAgentUnavailable)
			w.connect("ann") // her connection alone does not bring her back
			w.settle()
			w.want(map[string]string{"c-1": inQueue})
			w.set("ann", roster.Manual, roster.Unset)
			w.settle()
			w.want(map[string]string{"c-1": "ann"})
		}},
		{"logging out has no grace, and again changes nothing", func(w *world) {
			w.hire("ann", 1)
			w.connect("ann")
			w.ok(w.logOut("ann"))
			w.wantAvailability("ann", roster.Unavailable)
			before := w.whois("ann")
			w.Advance(time.Hour)
			w.ok(w.logOut("ann"))
			w.same("ann", w.whois("ann"), before)
		}},
		{"nobody unknown logs out", func(w *world) {
			w.fails(w.logOut("ann"), lifecycle.ErrNoAgent)
			w.hire("ann", 1)
			w.ok(w.Desk.RemoveAgent(w.Context(), workspace, "ann"))
			w.fails(w.logOut("ann"), lifecycle.ErrNoAgent)
			_, err := w.Desk.ForceLogOut(w.Context(), workspace, "ann", sue, conversation.Requeue{})
			w.fails(err, lifecycle.ErrNoAgent)
		}},
		{"a conversation that comes while somebody logs out is either listed or does not come", func(w *world) { w.logOutRace() }},
		{"a conversation that comes just before the log-out is stored keeps it from being", func(w *world) {
			w.agent("ann", 1)
			w.begin("c-1")
			store := &putMeddler{meddler{Store: w.Store, before: func(storage.Commit) { w.do("c-1", ann, conversation.Take{}) }}}
			err := w.on(store).LogOut(w.Context(), workspace, "ann")
			e, ok := errors.AsType[*lifecycle.LogOutError](err)
			if !ok || len(e.Blockers) != 1 || e.Blockers[0].Conversation != "c-1" {
				w.Fatalf("log-out: error %v, want it to name c-1", err)
			}
			w.wantAvailability("ann", roster.Available)
		}},
		{"a forced log-out leaves what is snoozed or closed alone", func(w *world) {
			leaving(w)
			w.forceOut(sue, conversation.Requeue{}, "c-1", "c-2")
			w.want(map[string]string{"snoozed": "snoozed ann", "closed": closed})
			w.wantAvailability("ann", roster.Unavailable)
		}},
		{"a forced log-out that is refused for one leaves it, says so, and can be repeated", func(w *world) {
			leaving(w)
			w.agent("ben", 1)
			done, err := w.Desk.ForceLogOut(w.Context(), workspace, "ann", sue, conversation.Transfer{Agent: "ben"})
			w.fails(err, conversation.ErrAgentFull)
			if len(done) != 1 || done[0].ID != "c-1" || !strings.Contains(err.Error(), "c-2") {
				w.Fatalf("done %v, error %v, want c-1 done and c-2 named", done, err)
			}
			w.want(map[string]string{"c-1": "ben", "c-2": "ann"})
			w.wantAvailability("ann", roster.Unavailable)
			w.hire("ben", 2)
			w.forceOut(sue, conversation.Transfer{Agent: "ben"}, "c-2")
			w.want(map[string]string{"c-1": "ben", "c-2": "ben"})
		}},
		{"a forced log-out without a bot hands nothing back", func(w *world) {
			leaving(w)
			_, err := w.Desk.ForceLogOut(w.Context(), workspace, "ann", sue, conversation.HandBack{})
			w.fails(err, conversation.ErrNoBot)
			w.want(map[string]string{"c-1": "ann", "c-2": "ann"})
		}},
		{"what is left of a forced log-out goes to another after 24 hours", func(w *world) {
			w.agent("ann", 1)
			w.begin("c-1")
			w.settle()
			w.ask("c-1")
			_, err := w.Desk.ForceLogOut(w.Context(), workspace, "ann", sue, conversation.HandBack{})
			w.fails(err, conversation.ErrNoBot)
			w.agent("ben", 1)
			w.wantAfter(day, "ben")
		}},
		{"what is requeued by a forced log-out is routed to another", func(w *world) {
			leaving(w)
			w.agent("ben", 5)
			w.forceOut(host, conversation.Requeue{Reason: conversation.WaitLoggedOut}, "c-1", "c-2")
			w.waits("c-1", conversation.WaitLoggedOut)
			w.settle()
			w.want(map[string]string{"c-1": "ben", "c-2": "ben"})
		}},
	}
	for name, exit := range exits {
		all = append(all, sentence{"whoever goes each way out can log out, " + string(name), func(w *world) {
			leaving(w)
			w.policy(func(p *conversation.Policy) { p.Bot, p.PullOnly = true, true })
			w.agent("ben", 5)
			for _, b := range w.blockers() {
				if !slices.Contains(b.Exits, name) {
					w.Fatalf("%s has the ways out %v, not %s", b.Conversation, b.Exits, name)
				}
				w.do(b.Conversation, ann, exit.command)
			}
			w.ok(w.logOut("ann"))
			w.settle()
			w.want(map[string]string{"c-1": exit.goes, "c-2": exit.goes})
		}})
	}
	for _, by := range []conversation.Actor{sue, host} {
		for name, exit := range exits {
			if name == conversation.NameSnooze {
				continue // nobody snoozes for another
			}
			fate := exit.command
			if name == conversation.NameClose {
				fate = conversation.Close{Outcome: closure.Unresolved, Force: true}
			}
			if by == host && (name == conversation.NameHandBack || name == conversation.NameTransfer) {
				continue // the rule table leaves these to people
			}
			all = append(all, sentence{"a forced log-out names what happens to them, " + string(name) + " by the " + string(by.Kind), func(w *world) {
				leaving(w)
				w.policy(func(p *conversation.Policy) { p.Bot, p.PullOnly = true, true })
				w.agent("ben", 5)
				w.forceOut(by, fate, "c-1", "c-2")
				w.settle()
				w.want(map[string]string{"c-1": exit.goes, "c-2": exit.goes, "snoozed": "snoozed ann"})
				w.wantAvailability("ann", roster.Unavailable)
				for _, id := range []string{"c-1", "c-2"} {
					if n := len(w.Chat(id).Journal()); n != 3 { // opened, assigned, and this
						w.Errorf("%s has %d events, want one for its fate", id, n)
					}
				}
			}})
		}
	}
	return all
}

// forceOut logs ann out and ends the test unless that was the fate of just these.
func (w *world) forceOut(by conversation.Actor, fate conversation.Command, want ...string) {
	w.Helper()
	done, err := w.Desk.ForceLogOut(w.Context(), workspace, "ann", by, fate)
	w.ok(err)
	var got []string
	for _, c := range done {
		got = append(got, c.ID)
	}
	w.same("whose fate it was", got, want)
}
