// Package behaviour tests what a Desk promises about people, visitors and views,
// and about how conversations end and what reports make of that: one subtest for
// each sentence, on any store and on a fake clock.
//
// It goes through the methods of the Desk alone, as a host does. What a store
// promises is storagetest's, and what the machine allows is tested with package
// conversation.
package behaviour
