// Package compat keeps what versions of the library have stored, and says whether
// today's code reads it as it was meant.
//
// A [Life] is a file of testdata that was written once and is never edited: every
// write to a store, in order, with bodies and texts as a store has them; what each
// journal amounted to after each record; and what a Desk answered in the end.
// [Life.Check] replays the writes on any store and asks today's code the same. A
// directory holds what one format wrote, such as v1; a changed format gets a new
// one, beside which the old stays readable for good.
//
// What a file says must hold for ever: no member of its JSON may be missing or
// differ. Members that its version did not have, which are all that are not in the
// members.txt beside it, may come in.
package compat
