// Package tenancy shows, on every store, what one workspace knows of another
// and what is left of a visitor who was erased: nothing but what is documented.
//
//   - Two workspaces with the same IDs are played interleaved: each is, byte for
//     byte, what it is alone.
//   - An ID of another workspace is answered like one that nobody has: on memory in
//     every argument of every method of a Desk, and in a random sample of those of a
//     Tx; on each SQL store in a random sample of those of a Desk.
//   - A word in every field that takes free text is gone after Forget, wherever one
//     may read, and was never in a log or an error.
//
// Without a server of Postgres its part is skipped, and the tests say so.
//
// Stated exceptions, all of them for the host and not for a workspace: the feed and
// its subscribers, live subscriptions, setbacks, ticks and purges go across
// workspaces.
package tenancy
