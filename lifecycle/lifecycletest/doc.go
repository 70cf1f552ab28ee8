// Package lifecycletest is for the tests of hosts: a Desk on a fake clock, where
// three days pass in milliseconds and nothing sleeps.
//
//	kit := lifecycletest.New(t, nil)
//	chat := kit.Chat("chat-1")
//	chat.Open(vic)
//	chat.Do(ann, conversation.Take{})
//	chat.Do(ann, conversation.Snooze{Until: snooze.For(snooze.Long)})
//	kit.Advance(24 * time.Hour)
//	chat.WantState(conversation.StateAssigned)
//
// [Kit.Advance] is the heart of it: it stops at every due instant on the way, so
// that each deadline is worked off exactly when it is due and in order. The
// clock is a [Clock], or a *clock.Mock of github.com/benbjohnson/clock that the
// options give; the host's own code can have it too.
//
// The other way is testing/synctest: a Desk without a Clock option inside a
// bubble, with Run in a goroutine, and time.Sleep to let time pass. The example
// of package lifecycle shows the same life both ways.
//
// The package is for tests only. It will never be imported by a part of the
// library that is not a test.
package lifecycletest
