// Package lifecycle is what hosts use: a [Desk], to which commands are given,
// which works off deadlines, and which tells what happened.
//
//	desk, err := lifecycle.New(memory.New(), nil)
//	chat := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
//	desk.Open(ctx, chat.As(vic), conversation.Open{})
//	desk.Say(ctx, chat.As(vic), "My parcel is late.")
//	desk.Take(ctx, chat.As(ann))
//	desk.Close(ctx, chat.As(ann), conversation.Close{Outcome: closure.Resolved})
//
// # Commands
//
// A command goes one way, and there is no other: load the conversation, let
// [conversation.Decide] decide, evolve, and commit on the version that was
// loaded. If somebody else was faster it is decided anew. [Desk.Do] takes any
// command; the methods named after the commands are shorthands. Its [Result]
// holds the conversation afterwards and says who must answer the visitor now.
// What a refusal means is documented in package conversation.
//
// A [Call] may carry a command ID, which makes it safe to repeat, and the
// version that the actor last saw, so that nobody closes on a message they have
// not read.
//
// # Time
//
// Snoozes and idle ladders work while somebody calls [Desk.Run], or [Desk.Tick]
// from a scheduler of their own. New starts nothing. Any number of Desks may run
// on one store: each deadline has its effect once, because a commit succeeds
// once. A deadline that passed while nothing ran is worked off late, one step at
// a time, never in a burst.
//
// A Desk tells the time by its [Clock]. Tests give it a fake one: see package
// lifecycletest. Nodes whose clocks may differ can tell it by the store's
// ([Options].StoreClock). Either way a deadline has its effect once; with the
// store's clock also never before that clock has reached it, however wrong a
// node's own is.
//
// A conversation that fails to be worked off keeps nobody waiting: it is tried
// again with longer and longer waits and then quarantined; [Desk.Setbacks] lists
// it and [Desk.Release] lets it go on.
//
// # People
//
// [Desk.SetAgent] adds an agent with groups and a capacity, and
// [Desk.SetAvailability] says when they are there. From then on a waiting
// conversation goes to the next agent of its group with a free seat, whom a
// [Router] chooses; a group whose policy is PullOnly waits for a Take instead. How
// somebody stands is kept in a record, and what follows from a change of it is
// worked off like a deadline, by Tick and Run. Agents whom the Desk was never told
// of can take conversations too, as many as they like.
//
// [Desk.List] reads the lists that desks show: [MyConversations], [Waiting],
// [BotPool], [Snoozed] and [History]. [Desk.SetPresence] says whether a visitor is
// on the site and [Desk.Unread] what they have not read.
//
// # Endings
//
// A closing has an outcome, and a form that a policy may require people to fill
// in; [Desk.Tags] lists the catalogue for it. Every closing by a person is graded by
// whether the customer had the last word, which a policy's guard may insist on: the
// refusal then says what to do first. A [Classifier] tells what messages mean for
// that. [Desk.OfferSurvey], or the policy, asks the visitor afterwards.
//
// [Desk.Report] counts closings by whatever tells them apart, [Desk.Spreads] has the
// medians, [Desk.Articles] the articles that leave customers without an answer, and
// [Desk.Unconfirmed] the closings that were too hasty. [Desk.CustomerHistory] is for
// the next engagement with a customer, and [Desk.Transcript] for whoever wants to
// read one.
//
// # Together with the host's own writes
//
// [Desk.Tx] gives commands within a transaction that the host began in the same
// database: a ticket is filed and the conversation closed, both or neither.
//
// # What happened
//
// [Desk.History] returns the journal of one conversation and [Notes] renders it
// for people, in a language of the host's choice. [Desk.Feed] delivers
// everything to named subscribers, at least once and in order;
// [Desk.Subscribe] delivers what this Desk does live, as a hint.
//
// # What is kept, and for how long
//
// Everything, until the host says otherwise. [Desk.Forget] erases what was said
// in the conversations of one visitor, at once; [Desk.Purge] removes
// conversations that were closed long ago.
//
// # Policies
//
// What happens by itself, and when, is a [conversation.Policy] for each
// workspace and group, set with [Desk.SetPolicies] and kept in the store.
//
// # Two versions of the library at once
//
// While hosts are upgraded one after the other, Desks of two versions work on one
// store. Journals are never written anew. What a newer version stores in the same
// format and the older one does not know, is kept when the older one writes: events
// of unknown names are delivered as [conversation.Unknown] and otherwise only count,
// and unknown fields of conversations, policies and records stay with what they are
// said of. A field of a snooze, for one, goes with that snooze, and one of a ladder is
// gone when the ladder is taken out of its policy. They are kept, not
// maintained: the older version does not know what it should have changed in them.
// What it delivers of an event has the fields that it knows, so upgrade subscribers
// that pass events on before anybody writes new ones.
//
// What an older version must not touch has a later format, which it refuses:
// [conversation.ErrNewer], or ErrNewer of package roster. It is not written over, is
// listed as unreadable, keeps nobody else waiting and is not quarantined. A new value
// of a field that an older version acts on, such as an action of an idle ladder, is
// of a later format. No two fields differ in upper and lower case only.
//
// # What it will never do
//
// The package does not know who anybody is: the host authenticates, and says on
// whose behalf it calls. It moves no message to anybody and renders no page. It
// starts no goroutine but the workers of a running Tick and one for each question
// to a Router or a Classifier of the host's, and reads the real time in one place, which a fake
// clock replaces.
package lifecycle
