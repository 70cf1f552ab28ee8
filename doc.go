// Package adjourn is the front door of a library that owns the life of a
// customer-service conversation: a bot has it, it waits for a person, an agent
// holds it, it is snoozed, it is closed, and what happens at each turn, above
// all how it ends.
//
// There is nothing in this package. Start with
//
//   - [github.com/adjourn/adjourn/lifecycle], the Desk: commands in, deadlines
//     worked off, what happened out. It is all that most hosts use, with one
//     store.
//   - [github.com/adjourn/adjourn/lifecycle/lifecycletest], a Desk on a fake
//     clock for the host's own tests.
//   - [github.com/adjourn/adjourn/storage/memory], the store that needs nothing.
//
// Below them are the parts that can be used alone:
//
//   - [github.com/adjourn/adjourn/conversation], the machine as a pure function
//     over one rule table, for hosts that have an event store of their own.
//   - [github.com/adjourn/adjourn/snooze], [github.com/adjourn/adjourn/idle] and
//     [github.com/adjourn/adjourn/closure], the vocabulary of putting aside, of
//     silence and of endings; [github.com/adjourn/adjourn/roster], of agents and
//     their availability.
//   - [github.com/adjourn/adjourn/storage], the contract of a store, and
//     [github.com/adjourn/adjourn/storage/storagetest], the tests of it for a
//     store of your own.
//
// The library keeps to the life of the conversation. The host keeps its
// transport, its identities and its screens; it brings a store and a clock.
package adjourn
