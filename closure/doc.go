// Package closure is the vocabulary of endings: how a conversation ended, how
// courteously, and what endings amount to in reports.
//
// Codes. The [Outcome] says whether the customer got what they needed, and every
// closing has one. The [Reason] says why it stayed unresolved, if anybody said so.
// The [Cause] says what ended it: an agent, the visitor leaving, an idle rule. A
// visitor who left did not thereby get an answer: package conversation refuses to
// close as [VisitorLeft] what is [Resolved]. Whoever knows better later may change
// the outcome; the cause stays. [Check] binds outcome and reason.
//
// The form. [Form] is the wrap-up that an agent fills in; [Form.Missing] says what
// the host demands and did not get.
//
// Courtesy. [Courtesy] folds what is said into how far the goodbye has come,
// [Courtesy.Grade] judges it, and [Courtesy.Advise] says what to do first.
// [Phrases] recognise goodbyes where the host does not mark them.
//
// Reports. A [Record] is one closing, a [Filter] selects some, and [Tally] and
// [Spreads] count them by a [Breakdown]: they are the definition of every report,
// which stores that count by themselves must equal. [Lines] and [Articles] make
// reports of groups, with the [Wilson] interval for small numbers.
//
// The values are codes: they are stored, compared and counted. The words that
// people see ("Not resolved") are the host's. The package will never render text,
// guess how somebody feels, look at a clock or know what a conversation is.
package closure
