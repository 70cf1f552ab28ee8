package conversation_test

// The specification, written by hand: who gets what, for every command in every
// situation. A row names situations, then one outcome for each of columns:
//
//	V  the visitor                 v  another visitor
//	h  the holder, an agent        a  another agent
//	H  the holder, a supervisor    s  another supervisor
//	b  the bot      y  the system      t  the timer
//
// In a state without a holder, the two holders are an agent and a supervisor
// like others. The outcomes:
//
//	B W A S C  accepted with events, and then with the bot, waiting, assigned,
//	           snoozed, closed
//	=          accepted, and nothing happens, because it holds already
//	.          not allowed for this actor        h  held by somebody else
//	n          not possible in this state        f  no such conversation
//	e          the conversation exists already   c  already closed
//	x          the visitor is blocked            o  there is no bot
//	w          the reopen window is over         m  too many articles are linked
//	!          invalid input
//
// A row for a state holds for every situation of it that has no row of its own.
// A state without any row refuses everybody: not possible in this state, or, if
// there is no conversation, no such conversation.
var specification = map[string]string{
	"open": `                               V v h a H s b y t
		none                                B B B B B B B B .
		none/no-bot                         W W W W W W W W .
		bot waiting assigned snoozed closed e . e e e e e e .`,
	"open-for-agent": `                     V v h a H s b y t
		none                                W W W W W W W W .
		bot waiting assigned snoozed closed e . e e e e e e .`,

	"say": `                                V v h a H s b y t
		bot                                 B . h h h h B B .
		bot/no-bot                          W . h h h h B B .
		bot/blocked                         x . h h h h B B .
		waiting                             W . h h h h h W .
		waiting/blocked                     x . h h h h h W .
		assigned                            A . A h A h h A .
		assigned/blocked                    x . A h A h h A .
		snoozed                             A . S h S h h S .
		snoozed/unavailable snoozed/over+unavailable snoozed/over+released+unavailable
		                                    W . S h S h h S .
		snoozed/asleep snoozed/asleep+unavailable snoozed/over+asleep
		                                    S . S h S h h S .
		snoozed/blocked                     x . S h S h h S .
		closed                              B . . . . . . C .
		closed/no-bot closed/no-bot+window-edge
		                                    A . . . . . . C .
		closed/no-bot+unavailable closed/no-bot+nobody-before
		                                    W . . . . . . C .
		closed/window-over closed/no-bot+window-over closed/no-window closed/full closed/no-bot+full
		                                    w . . . . . . C .
		closed/blocked closed/no-bot+blocked
		                                    x . . . . . . C .`,
	"say-automatically": `                  V v h a H s b y t
		bot                                 B . h h h h B B .
		bot/blocked                         x . h h h h B B .
		waiting                             W . h h h h h W .
		waiting/blocked                     x . h h h h h W .
		assigned                            A . A h A h h A .
		assigned/blocked                    x . A h A h h A .
		snoozed                             S . S h S h h S .
		snoozed/blocked                     x . S h S h h S .
		closed                              C . . . . . . C .
		closed/blocked closed/no-bot+blocked
		                                    x . . . . . . C .`,
	"request-agent": `                      V v h a H s b y t
		bot                                 W . W W W W W W .
		bot/blocked                         x . W W W W W W .
		waiting assigned                    = . = = = = = = .
		waiting/blocked assigned/blocked    x . = = = = = = .
		snoozed                             A . . . . . h A .
		snoozed/unavailable snoozed/asleep+unavailable snoozed/over+unavailable snoozed/over+released+unavailable
		                                    W . . . . . h W .
		snoozed/blocked                     x . . . . . h A .`,
	"request-agent-group": `                V v h a H s b y t
		bot                                 W . W W W W W W .
		bot/blocked                         x . W W W W W W .
		waiting                             W . W W W W W W .
		waiting/blocked                     x . W W W W W W .
		waiting/in-group assigned           = . = = = = = = .
		assigned/blocked                    x . = = = = = = .
		snoozed                             A . . . . . h A .
		snoozed/unavailable snoozed/asleep+unavailable snoozed/over+unavailable snoozed/over+released+unavailable
		                                    W . . . . . h W .
		snoozed/blocked                     x . . . . . h A .`,

	"take": `                               V v h a H s b y t
		bot waiting                         . . A A A A . . .
		assigned                            . . = h = A . . .
		snoozed                             . . A h A A . . .`,
	"assign-ann": `                         V v h a H s b y t
		bot waiting snoozed                 . . . . A A . A .
		assigned                            . . . . = = . = .`,
	"assign-bob": `                         V v h a H s b y t
		bot waiting assigned snoozed        . . . . A A . A .`,
	"hand-back": `                          V v h a H s b y t
		bot                                 . . = = = = . . .
		assigned                            . . B h B B . . .
		assigned/no-bot                     . . o h o o . . .`,
	"transfer-ann": `                       V v h a H s b y t
		waiting                             . . h h A A . . .
		assigned                            . . = h = = . . .
		snoozed                             . . A h A A . . .`,
	"transfer-bob": `                       V v h a H s b y t
		waiting                             . . h h A A . . .
		assigned snoozed                    . . A h A A . . .`,
	"transfer-group": `                     V v h a H s b y t
		waiting                             . . h h W W . . .
		waiting/in-group                    . . h h = = . . .
		assigned snoozed                    . . W h W W . . .`,
	"requeue": `                            V v h a H s b y t
		waiting                             . . = = = = . = .
		assigned snoozed                    . . W h W W . W .`,

	"snooze": `                             V v h a H s b y t
		assigned snoozed                    . . S h S h . . .`,
	"snooze-until-reply": `                 V v h a H s b y t
		assigned snoozed                    . . S h S h . . .`,
	"wake": `                               V v h a H s b y t
		assigned                            . . = h = = . . .
		snoozed                             . . A h A A . . .
		snoozed/unavailable snoozed/asleep+unavailable snoozed/over+unavailable snoozed/over+released+unavailable
		                                    . . A h A W . . .`,

	"close": `                              V v h a H s b y t
		bot                                 C . C C C C C C .
		waiting                             C . C C C C h C .
		assigned snoozed                    C . C h C C h C .
		closed                              c . c c c c c c .`,
	"close-forced": `                       V v h a H s b y t
		none                                ! ! ! ! f f ! f f
		bot waiting assigned snoozed        ! ! ! ! C C ! C .
		closed                              ! ! ! ! c c ! c .`,
	"reclassify-same": `                    V v h a H s b y t
		closed                              . . = = = = . = .`,
	"reclassify": `                         V v h a H s b y t
		closed                              . . C C C C . C .`,
	"reopen": `                             V v h a H s b y t
		closed                              . . A A A A . B .
		closed/no-bot closed/no-bot+blocked closed/no-bot+full closed/no-bot+window-edge closed/no-bot+window-over
		                                    . . A A A A . A .
		closed/no-bot+unavailable closed/no-bot+nobody-before
		                                    . . A A A A . W .`,

	"come-online": `                        V v h a H s b y t
		bot                                 B . . . . . . B .
		waiting                             W . . . . . . W .
		assigned                            A . . . . . . A .
		snoozed                             S . . . . . . S .
		closed                              C . . . . . . C .
		bot/busy waiting/busy assigned/busy snoozed/busy closed/busy
		                                    = . . . . . . = .`,
	"go-offline": `                         V v h a H s b y t
		bot waiting assigned snoozed closed = . . . . . . = .
		bot/busy                            B . . . . . . B .
		waiting/busy                        W . . . . . . W .
		assigned/busy                       A . . . . . . A .
		snoozed/busy                        S . . . . . . S .
		closed/busy                         C . . . . . . C .`,
	"type": `                               V v h a H s b y t
		bot waiting assigned snoozed closed = . . . . . . . .
		bot/silent bot/follow-up-due bot/requeue-due bot/close-due
		                                    B . . . . . . . .
		waiting/silent waiting/follow-up-due waiting/hand-back-due waiting/close-due
		                                    W . . . . . . . .
		assigned/silent assigned/prompt-due assigned/follow-up-due
		assigned/hand-back-due assigned/requeue-due assigned/close-due assigned/told+close-due assigned/untold
		                                    A . . . . . . . .
		bot/blocked waiting/blocked assigned/blocked snoozed/blocked closed/blocked closed/no-bot+blocked
		                                    x . . . . . . . .`,
	"mark-read": `                          V v h a H s b y t
		bot waiting assigned snoozed closed = . . . . . . = .
		bot/busy                            B . . . . . . B .
		waiting/busy                        W . . . . . . W .
		assigned/busy                       A . . . . . . A .
		snoozed/busy                        S . . . . . . S .
		closed/busy                         C . . . . . . C .`,
	"mark-read-older": `                    V v h a H s b y t
		bot waiting assigned snoozed closed = . . . . . . = .`,

	"add-note": `                           V v h a H s b y t
		bot                                 . . B B B B B B .
		waiting                             . . W W W W W W .
		assigned                            . . A A A A A A .
		snoozed                             . . S S S S S S .
		closed                              . . C C C C C C .`,
	"link-kb-1": `                          V v h a H s b y t
		bot                                 . . B B B B B B .
		waiting                             . . W W W W W W .
		assigned                            . . A A A A A A .
		snoozed                             . . S S S S S S .
		closed                              . . C C C C C C .
		bot/busy waiting/busy assigned/busy snoozed/busy closed/busy
		                                    . . = = = = = = .
		bot/all-linked waiting/all-linked assigned/all-linked snoozed/all-linked closed/all-linked
		                                    . . = = = = = = .`,
	"link-kb-2": `                          V v h a H s b y t
		bot                                 . . B B B B B B .
		waiting                             . . W W W W W W .
		assigned                            . . A A A A A A .
		snoozed                             . . S S S S S S .
		closed                              . . C C C C C C .
		bot/all-linked waiting/all-linked assigned/all-linked snoozed/all-linked closed/all-linked
		                                    . . m m m m m m .`,
	"block": `                              V v h a H s b y t
		bot                                 . . B B B B . B .
		waiting                             . . W W W W . W .
		assigned                            . . A A A A . A .
		snoozed                             . . S S S S . S .
		closed                              . . C C C C . C .
		bot/blocked waiting/blocked assigned/blocked snoozed/blocked closed/blocked closed/no-bot+blocked
		                                    . . = = = = . = .`,
	"unblock": `                            V v h a H s b y t
		bot waiting assigned snoozed closed . . = = = = . = .
		bot/blocked                         . . B B B B . B .
		waiting/blocked                     . . W W W W . W .
		assigned/blocked                    . . A A A A . A .
		snoozed/blocked                     . . S S S S . S .
		closed/blocked closed/no-bot+blocked
		                                    . . C C C C . C .`,

	"expire": `                             V v h a H s b y t
		bot waiting assigned snoozed closed . . . . . . . . =
		bot/follow-up-due                   . . . . . . . . B
		bot/requeue-due                     . . . . . . . . W
		bot/close-due                       . . . . . . . . C
		waiting/follow-up-due               . . . . . . . . W
		waiting/hand-back-due               . . . . . . . . B
		waiting/close-due                   . . . . . . . . C
		assigned/prompt-due assigned/follow-up-due assigned/untold
		                                    . . . . . . . . A
		assigned/hand-back-due              . . . . . . . . B
		assigned/requeue-due                . . . . . . . . W
		assigned/close-due assigned/told+close-due
		                                    . . . . . . . . C
		snoozed/over snoozed/over+asleep    . . . . . . . . A
		snoozed/over+unavailable snoozed/over+released snoozed/over+released+unavailable
		                                    . . . . . . . . W`,
}

// evenWhenFull is what a full history still takes. Whatever else would add to
// it is refused.
var evenWhenFull = []string{"close", "close-forced", "block", "expire"}

// mustHaveSeen is what a command as of an old version must not have missed, by
// the kind of actor; without a kind, for everybody. Nothing else is refused for
// being late.
var mustHaveSeen = map[string]string{
	"say bot":               "visitor message, handover",
	"say-automatically bot": "visitor message, handover",
	"take":                  "handover",
	"assign-ann":            "handover",
	"assign-bob":            "handover",
	"hand-back":             "visitor message",
	"snooze":                "visitor message",
	"snooze-until-reply":    "visitor message",
	"close":                 "visitor message",
	"close bot":             "visitor message, handover",
	"close visitor":         "",
}
