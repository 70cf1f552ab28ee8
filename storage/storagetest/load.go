package storagetest

import (
	"github.com/adjourn/adjourn/storage"
)

const (
	loadReturns = "Load returns a conversation with the policies of its workspace, its setback and, if commandID is not empty, what that command did to this conversation."
	loadUnknown = "An unknown conversation is the zero Head, not an error; so is one of another workspace."
	keyStarts   = "Every key starts with its workspace: a conversation of another workspace is as unknown as one that does not exist."
	zeroPolicy  = "The zero value stands for a workspace that never set any."
)

var loadCases = []testCase{
	{
		name:     "returns the conversation",
		sentence: loadReturns,
		run: func(p probe) {
			first, second := under(7, sleeping(chat("a"), noon)), under(8, of("bob", change(chat("a"), 1, 2)))
			first.Head.Agent, first.Head.Group, first.Head.Outcome, first.Head.Seat = "zoe", "sales", "won", "yan"
			second.Head.Tags, second.Head.Since, second.Head.Updated = []string{"blue", "red"}, evening, evening
			p.commit(first, opening(chat("b")))
			p.same("the head after the first commit", p.load(chat("a"), "").Head, first.Head)
			p.commit(second)
			p.same("the head after the second commit", p.load(chat("a"), "").Head, second.Head)
			closed := closing(change(chat("a"), 3, 1))
			p.commit(closed)
			p.same("the head after closing", p.load(chat("a"), "").Head, closed.Head)
			reopened := change(chat("a"), 4, 1)
			p.commit(reopened)
			p.same("the head after reopening", p.load(chat("a"), "").Head, reopened.Head)
		},
	},
	{
		name:     "returns the policies of the workspace",
		sentence: loadReturns,
		run: func(p probe) {
			p.commit(opening(chat("a")))
			p.setPolicies("other", 0, "theirs")
			p.setPolicies("acme", 0, "first")
			p.setPolicies("acme", 1, "second")
			want := storage.Policies{Revision: 2, Body: []byte("second")}
			p.same("the policies", p.load(chat("a"), "").Policies, want)
		},
	},
	{
		name:     "returns the policies for an unknown conversation",
		sentence: loadReturns,
		run: func(p probe) {
			p.setPolicies("acme", 0, "ours")
			want := storage.Loaded{Policies: storage.Policies{Revision: 1, Body: []byte("ours")}}
			p.same("what Load returned", p.load(chat("nobody"), ""), want)
		},
	},
	{
		name:     "policies never set are zero",
		sentence: zeroPolicy,
		run: func(p probe) {
			p.setPolicies("other", 0, "theirs")
			p.commit(opening(chat("a")))
			p.same("the policies", p.load(chat("a"), "").Policies, storage.Policies{})
		},
	},
	{
		name:     "unknown is the zero head",
		sentence: loadUnknown,
		run: func(p probe) {
			p.same("of an empty store", p.load(chat("a"), "c"), storage.Loaded{})
			p.commit(sleeping(chat("a"), noon))
			p.same("of another conversation", p.load(chat("b"), "c"), storage.Loaded{})
		},
	},
	{
		name:     "another workspace is unknown",
		sentence: loadUnknown,
		run: func(p probe) {
			p.commit(identified("c", sleeping(chat("a"), noon)))
			other := storage.Key{Workspace: "other", Conversation: "a"}
			p.same("the same ID in another workspace", p.load(other, "c"), storage.Loaded{})
		},
	},
	{
		name:     "keys are workspace and conversation byte by byte",
		sentence: keyStarts,
		run: func(p probe) {
			keys := alikeKeys()
			for _, k := range keys {
				p.same("a key alike was unknown", p.load(k, "").Head, storage.Head{})
				p.commit(opening(k))
			}
			for _, k := range keys {
				p.same("the head", p.load(k, "").Head, opening(k).Head)
				p.same("the events", p.history(k, 0, all), opening(k).Events)
			}
		},
	},
}

// alikeKeys differ in as little as keys can, within the IDs that are legal.
func alikeKeys() []storage.Key {
	long := make([]byte, 127)
	for i := range long {
		long[i] = 'x'
	}
	return []storage.Key{
		{Workspace: "a", Conversation: "b"},
		{Workspace: "A", Conversation: "b"},
		{Workspace: "a", Conversation: "B"},
		{Workspace: "b", Conversation: "a"},
		{Workspace: "a:b", Conversation: "c"},
		{Workspace: "a", Conversation: "b:c"},
		{Workspace: "a.b", Conversation: "c"},
		{Workspace: "a", Conversation: "b.c"},
		{Workspace: "1", Conversation: "01"},
		{Workspace: "01", Conversation: "1"},
		{Workspace: string(long) + "1", Conversation: string(long) + "1"},
		{Workspace: string(long) + "1", Conversation: string(long) + "2"},
	}
}
