package storagetest

import (
	"fmt"

	"github.com/adjourn/adjourn/storage"
)

const (
	commitApplies = "Commit applies a command to one conversation: head, events, texts, due instant, feed entry, command ID, seats and closings, all or nothing."
	conflicts     = "It returns ErrConflict, and applies nothing, if the conversation is not at version Expect, if the command ID is known for this conversation, or if the record of the agent in Seen is not at that version."
	textApart     = "Its text is kept apart from its body, so that it can be erased and the journal stays whole."
)

var commitCases = []testCase{
	{
		name:     "applies all",
		sentence: commitApplies,
		run: func(p probe) {
			first := identified("one", sleeping(chat("a"), noon))
			second := identified("two", change(chat("a"), 1, 3))
			second.Head.Due = noon.AddDate(0, 0, 1)
			p.commit(first, second)
			p.same("what the store tells", p.picture(chat("a"), "two"), picture{
				Loaded: storage.Loaded{
					Head:    second.Head,
					Applied: &storage.Applied{Fingerprint: fingerprint("two"), From: 1, To: 4},
				},
				History: append(first.Events, second.Events...),
				Due:     []storage.Due{due(second)},
				Feed:    []storage.Entry{entry(1, first), entry(2, second)},
				View:    rows(second),
			})
		},
	},
	{
		name:     "applies to one conversation",
		sentence: commitApplies,
		run: func(p probe) {
			bystanders := []storage.Key{chat("a"), chat("c"), {Workspace: "other", Conversation: "b"}}
			var want []storage.Loaded
			for _, k := range bystanders {
				c := identified("x", sleeping(k, noon))
				p.commit(c)
				want = append(want, p.load(k, "x"))
			}
			p.commit(identified("y", opening(chat("b"))), closing(change(chat("b"), 1, 5)))
			for i, k := range bystanders {
				p.same(fmt.Sprintf("the head of bystander %v", k), p.load(k, "x"), want[i])
				p.same(fmt.Sprintf("the events of bystander %v", k), p.history(k, 0, all), opening(k).Events)
				if l := p.load(k, "y"); l.Applied != nil {
					p.Errorf("command of another conversation known for bystander %v", k)
				}
			}
		},
	},
	{
		name:     "keeps texts of events without body and bodies without text",
		sentence: textApart,
		run: func(p probe) {
			c := change(chat("a"), 0, 3)
			c.Events[0].Text = ""
			c.Events[1].Body = []byte{}
			c.Events[2].Body, c.Events[2].Text = []byte("same"), "same"
			p.commit(c)
			p.same("the events in History", p.history(chat("a"), 0, all), c.Events)
			p.same("the events in Feed", p.feed(0, all), []storage.Entry{entry(1, c)})
		},
	},
}

var conflictCases = []testCase{
	{
		name:     "behind",
		sentence: conflicts,
		run: func(p probe) {
			p.commit(change(chat("a"), 0, 2), change(chat("a"), 2, 1))
			p.conflict(change(chat("a"), 2, 1))
			p.conflict(change(chat("a"), 1, 1))
		},
	},
	{
		name:     "ahead",
		sentence: conflicts,
		run: func(p probe) {
			p.commit(opening(chat("a")))
			p.conflict(change(chat("a"), 2, 1))
			p.conflict(change(chat("a"), 3, 1))
		},
	},
	{
		name:     "exists already",
		sentence: conflicts,
		run: func(p probe) {
			p.commit(opening(chat("a")))
			p.conflict(opening(chat("a")))
			p.conflict(change(chat("a"), 0, 2))
		},
	},
	{
		name:     "does not exist",
		sentence: conflicts,
		run: func(p probe) {
			p.commit(opening(storage.Key{Workspace: "other", Conversation: "a"}))
			p.conflict(change(chat("a"), 1, 1))
			p.same("what the store tells", p.load(chat("a"), "").Head, storage.Head{})
			p.commit(opening(chat("a")))
		},
	},
	{
		name:     "without events, at an old version",
		sentence: conflicts,
		run: func(p probe) {
			first, second := opening(chat("a")), change(chat("a"), 1, 1)
			p.commit(first, second)
			late := without(first)
			late.Head.Due = noon
			p.conflict(late)
			p.same("the head", p.load(chat("a"), "").Head, second.Head)
		},
	},
	{
		name:     "at an old version applies nothing",
		sentence: conflicts,
		run: func(p probe) {
			p.setPolicies("acme", 0, "ours")
			p.commit(under(1, sleeping(chat("a"), noon)), under(1, change(chat("a"), 1, 1)))
			p.setBack(chat("a"), 2, failed(1, noon))
			p.put(agent("zoe", 3))
			p.appliesNothing(identified("refused", seated("zoe", change(chat("a"), 1, 1))))
			p.appliesNothing(identified("refused", closing(sleeping(chat("a"), noon.AddDate(0, 0, 2)))))
			p.appliesNothing(identified("refused", change(chat("a"), 1, 2)))
			p.appliesNothing(identified("refused", change(chat("a"), 5, 1)))
			p.appliesNothing(identified("refused", change(chat("nobody"), 1, 1)))
			p.commit(under(1, identified("refused", change(chat("a"), 2, 1))))
		},
	},
}

// appliesNothing commits what must be refused and must leave no trace.
func (p probe) appliesNothing(c storage.Commit) {
	p.Helper()
	before := p.picture(c.Key, c.Command.ID)
	p.conflict(c)
	p.same("what changed in a conflict", p.picture(c.Key, c.Command.ID), before)
}
