// Package closure names how a conversation ended: the outcome, the reason for
// it, and what caused the ending.
//
// The three are recorded apart because they answer different questions. The
// [Outcome] says whether the customer got what they needed, and every closing
// has one. The [Reason] says why it stayed unresolved, if anybody said so. The
// [Cause] says what ended it: an agent, the visitor leaving, an idle rule. A
// visitor who left did not thereby get an answer: package conversation refuses to
// close as [VisitorLeft] what is [Resolved]. Whoever knows better later may
// change the outcome; the cause stays.
//
// [Check] is the one rule that binds outcome and reason.
//
// The values are codes: they are stored, compared and counted. The words that
// people see ("Not resolved") are the host's. The package will never render
// text, look at a clock or know what a conversation is.
package closure
