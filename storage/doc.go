// Package storage is the contract between a Desk and whatever keeps its
// conversations: the [Store] interface and the values that cross it.
//
// A store keeps opaque bodies under keys, with the few columns it must search
// by. It never decodes a body, judges nothing, retries nothing and decides by no
// clock. Everything that makes conversations behave lives above it, so that a
// new store is little more than its statements.
//
// The contract is written on the methods of [Store]. Each of its sentences is a
// subtest of package storagetest, which stores outside this module run too.
//
// Three powers are optional, and found by asking for them: a [Clock] that all nodes
// share, a [Tx], with which commands join a transaction of the host's, and a
// [Tallier], which counts closings where they lie.
//
// The promise that everything rests on is [Store.Commit]: one conversation, all
// or nothing, and only on the version that was read. Two nodes that decide at
// once can never both be right, whoever holds which lease.
package storage
