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
//	g          there is no such agent            l  the agent has no seat left
//	u          the agent is not available        !  invalid input
//	i          a required field is empty         d  the courtesy guard is against it
//	q          there is no such survey           r  the survey is answered already
//	z          the survey is over
//
// A row for a state holds for every situation of it that has no row of its own;
// one for state/*flags for every situation of it that has these flags, and no row
// of its own or with more of its flags. A state without any row refuses
// everybody: not possible in this state, or, if there is no conversation, no such
// conversation.
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
		bot/*blocked                         x . h h h h B B .
		waiting                             W . h h h h h W .
		waiting/*blocked                     x . h h h h h W .
		assigned                            A . A h A h h A .
		assigned/*blocked                    x . A h A h h A .
		snoozed snoozed/*overfill+seats-taken
		                                    A . S h S h h S .
		snoozed/*unavailable|seats-taken|left-group|removed|unknown
		                                    W . S h S h h S .
		snoozed/*overfill+unavailable|left-group|removed|unknown
		                                    W . S h S h h S .
		snoozed/*asleep snoozed/*asleep+unavailable|seats-taken|left-group|removed|unknown
		                                    S . S h S h h S .
		snoozed/*blocked                     x . S h S h h S .
		closed                              B . . . . . . C .
		closed/no-bot closed/no-bot+window-edge
		                                    A . . . . . . C .
		closed/*no-bot+unavailable|seats-taken|left-group|removed|unknown closed/no-bot+nobody-before
		                                    W . . . . . . C .
		closed/window-over closed/no-bot+window-over closed/no-window closed/*full
		                                    w . . . . . . C .
		closed/*blocked closed/no-bot+blocked
		                                    x . . . . . . C .`,
	"say-automatically": `                  V v h a H s b y t
		bot                                 B . h h h h B B .
		bot/*blocked                         x . h h h h B B .
		waiting                             W . h h h h h W .
		waiting/*blocked                     x . h h h h h W .
		assigned                            A . A h A h h A .
		assigned/*blocked                    x . A h A h h A .
		snoozed                             S . S h S h h S .
		snoozed/*blocked                     x . S h S h h S .
		closed                              C . . . . . . C .
		closed/*blocked closed/no-bot+blocked
		                                    x . . . . . . C .`,
	"request-agent": `                      V v h a H s b y t
		bot                                 W . W W W W W W .
		bot/*blocked                         x . W W W W W W .
		waiting assigned                    = . = = = = = = .
		waiting/*blocked assigned/*blocked    x . = = = = = = .
		snoozed snoozed/*overfill+seats-taken
		                                    A . . . . . h A .
		snoozed/*unavailable|seats-taken|left-group|removed|unknown
		                                    W . . . . . h W .
		snoozed/*overfill+unavailable|left-group|removed|unknown
		                                    W . . . . . h W .
		snoozed/*blocked                     x . . . . . h A .`,
	"request-agent-group": `                V v h a H s b y t
		bot                                 W . W W W W W W .
		bot/*blocked                         x . W W W W W W .
		waiting                             W . W W W W W W .
		waiting/*blocked                     x . W W W W W W .
		waiting/*in-group assigned          = . = = = = = = .
		assigned/*blocked                    x . = = = = = = .
		snoozed snoozed/*overfill+seats-taken
		                                    A . . . . . h A .
		snoozed/*unavailable|seats-taken|left-group|removed|unknown
		                                    W . . . . . h W .
		snoozed/*overfill+unavailable|left-group|removed|unknown
		                                    W . . . . . h W .
		snoozed/*blocked                     x . . . . . h A .`,

	"take": `                               V v h a H s b y t
		bot waiting                         . . A A A A . . .
		bot/*removed|unknown waiting/*removed|unknown
		                                    . . g g g g . . .
		bot/*seats-taken waiting/*seats-taken
		                                    . . l l l l . . .
		bot/*unavailable waiting/*unavailable
		                                    . . u u u u . . .
		assigned                            . . = h = A . . .
		assigned/*removed|unknown           . . = h = g . . .
		assigned/*seats-taken               . . = h = l . . .
		assigned/*unavailable               . . = h = u . . .
		snoozed                             . . A h A A . . .
		snoozed/*removed|unknown            . . g h g g . . .
		snoozed/*seats-taken                . . l h l l . . .
		snoozed/*overfill+seats-taken       . . A h A l . . .
		snoozed/*unavailable                . . A h A u . . .`,
	"assign-ann": `                         V v h a H s b y t
		bot waiting snoozed                 . . . . A A . A .
		bot/*removed|unknown waiting/*removed|unknown snoozed/*removed|unknown
		                                    . . . . g g . g .
		bot/*seats-taken waiting/*seats-taken snoozed/*seats-taken
		                                    . . . . l l . l .
		bot/*unavailable waiting/*unavailable snoozed/*unavailable
		                                    . . . . u u . u .
		assigned                            . . . . = = . = .`,
	"assign-bob": `                         V v h a H s b y t
		bot waiting assigned snoozed        . . . . A A . A .
		bot/*removed|unknown waiting/*removed|unknown assigned/*removed|unknown snoozed/*removed|unknown
		                                    . . . . g g . g .
		bot/*seats-taken waiting/*seats-taken assigned/*seats-taken snoozed/*seats-taken
		                                    . . . . l l . l .
		bot/*unavailable waiting/*unavailable assigned/*unavailable snoozed/*unavailable
		                                    . . . . u u . u .`,
	"hand-back": `                          V v h a H s b y t
		bot                                 . . = = = = . . .
		assigned                            . . B h B B . . .
		assigned/no-bot                     . . o h o o . . .`,
	"transfer-ann": `                       V v h a H s b y t
		waiting                             . . h h A A . . .
		waiting/*removed|unknown            . . h h g g . . .
		waiting/*seats-taken                . . h h l l . . .
		assigned                            . . = h = = . . .
		snoozed                             . . A h A A . . .
		snoozed/*removed|unknown            . . g h g g . . .
		snoozed/*seats-taken                . . l h l l . . .`,
	"transfer-bob": `                       V v h a H s b y t
		waiting                             . . h h A A . . .
		waiting/*removed|unknown            . . h h g g . . .
		waiting/*seats-taken                . . h h l l . . .
		assigned snoozed                    . . A h A A . . .
		assigned/*removed|unknown snoozed/*removed|unknown
		                                    . . g h g g . . .
		assigned/*seats-taken snoozed/*seats-taken
		                                    . . l h l l . . .`,
	"transfer-group": `                     V v h a H s b y t
		waiting                             . . h h W W . . .
		waiting/*in-group                   . . h h = = . . .
		assigned snoozed                    . . W h W W . . .`,
	"requeue": `                            V v h a H s b y t
		waiting                             . . = = = = . = .
		assigned snoozed                    . . W h W W . W .`,
	"requeue-removed": `                    V v h a H s b y t
		none                                ! ! ! ! ! ! ! f !
		bot closed                          ! ! ! ! ! ! ! n !
		waiting                             ! ! ! ! ! ! ! = !
		assigned snoozed                    ! ! ! ! ! ! ! W !`,

	"snooze": `                             V v h a H s b y t
		assigned snoozed                    . . S h S h . . .`,
	"snooze-until-reply": `                 V v h a H s b y t
		assigned snoozed                    . . S h S h . . .`,
	"wake": `                               V v h a H s b y t
		assigned                            . . = h = = . . .
		snoozed snoozed/*overfill+seats-taken
		                                    . . A h A A . . .
		snoozed/*unavailable|left-group     . . A h A W . . .
		snoozed/*removed|unknown            . . g h g W . . .
		snoozed/*seats-taken                . . l h l W . . .`,

	"close": `                              V v h a H s b y t
		bot bot/*polite|warned+replied      C . C C C C C C .
		bot/*demands                        C . i i i i C C .
		bot/*polite|warned                  C . d d d d C C .
		waiting                             C . C C C C h C .
		waiting/*demands                    C . i i i i h C .
		waiting/*polite|warned              C . d d d d h C .
		assigned snoozed                    C . C h C C h C .
		assigned/*demands assigned/*demands+polite snoozed/*demands
		                                    C . i h i i h C .
		assigned/*polite|warned snoozed/*polite|warned
		                                    C . d h d d h C .
		assigned/*polite+blocked|full assigned/*polite|warned+asked-long|typed-long|confirmed
		snoozed/*polite+asked-long|confirmed
		                                    C . C h C C h C .
		closed                              c . c c c c c c .`,
	"close-filled": `                       V v h a H s b y t
		bot bot/*polite|warned+replied      C . C C C C C C .
		bot/*polite|warned                  C . d d d d C C .
		waiting                             C . C C C C h C .
		waiting/*polite|warned              C . d d d d h C .
		assigned snoozed                    C . C h C C h C .
		assigned/*polite|warned snoozed/*polite|warned
		                                    C . d h d d h C .
		assigned/*polite+blocked|full assigned/*polite|warned+asked-long|typed-long|confirmed
		snoozed/*polite+asked-long|confirmed
		                                    C . C h C C h C .
		closed                              c . c c c c c c .`,
	"close-over-unanswered": `              V v h a H s b y t
		bot bot/*polite|warned+replied      C . C C C C C C .
		bot/*demands                        C . i i i i C C .
		bot/*polite bot/*warned+returned    C . d d d d C C .
		waiting                             C . C C C C h C .
		waiting/*demands                    C . i i i i h C .
		waiting/*polite waiting/*warned+returned
		                                    C . d d d d h C .
		assigned snoozed                    C . C h C C h C .
		assigned/*demands assigned/*demands+polite snoozed/*demands
		                                    C . i h i i h C .
		assigned/*polite snoozed/*polite assigned/*warned+asked|asked-grain|asked-edge|typed|said
		                                    C . d h d d h C .
		assigned/*polite+blocked|full assigned/*polite+asked-long|typed-long|confirmed
		snoozed/*polite+asked-long|confirmed
		                                    C . C h C C h C .
		closed                              c . c c c c c c .`,
	"close-over-abrupt": `                  V v h a H s b y t
		bot bot/*polite|warned+replied bot/*warned+returned
		                                    C . C C C C C C .
		bot/*demands                        C . i i i i C C .
		bot/*polite|warned                  C . d d d d C C .
		waiting waiting/*warned+returned    C . C C C C h C .
		waiting/*demands                    C . i i i i h C .
		waiting/*polite|warned              C . d d d d h C .
		assigned snoozed                    C . C h C C h C .
		assigned/*demands assigned/*demands+polite snoozed/*demands
		                                    C . i h i i h C .
		assigned/*polite|warned snoozed/*polite|warned
		                                    C . d h d d h C .
		assigned/*polite+blocked|full assigned/*polite+asked-long|typed-long|confirmed
		assigned/*warned+asked|asked-grain|asked-edge|asked-long|typed|typed-long|said|confirmed
		snoozed/*polite+asked-long|confirmed
		                                    C . C h C C h C .
		closed                              c . c c c c c c .`,
	"close-spam": `                         V v h a H s b y t
		none                                ! ! f f f f ! f f
		bot                                 ! ! C C C C ! C .
		waiting                             ! ! C C C C ! C .
		assigned snoozed                    ! ! C h C C ! C .
		closed                              ! ! c c c c ! c .`,
	"close-forced": `                       V v h a H s b y t
		none                                ! ! ! ! f f ! f f
		bot waiting assigned snoozed        ! ! ! ! C C ! C .
		closed                              ! ! ! ! c c ! c .`,
	"reclassify-same": `                    V v h a H s b y t
		closed                              . . = = = = . = .`,
	"reclassify": `                         V v h a H s b y t
		closed                              . . C C C C . C .`,
	"reclassify-form": `                    V v h a H s b y t
		closed                              . . C C C C . C .
		closed/*demands                     . . i i i i . C .`,
	"reclassify-filled": `                  V v h a H s b y t
		closed                              . . C C C C . C .`,
	"offer-survey": `                       V v h a H s b y t
		closed                              . . C C C C . C .
		closed/*blocked                     . . x x x x . x .
		closed/*surveyed|survey-answered|survey-over closed/*surveyed+blocked
		                                    . . = = = = . = .`,
	"answer-survey": `                      V v h a H s b y t
		bot waiting assigned snoozed closed q . . . . . . q .
		bot/*blocked waiting/*blocked assigned/*blocked snoozed/*blocked closed/*blocked
		                                    x . . . . . . q .
		bot/*surveyed                       B . . . . . . B .
		waiting/*surveyed                   W . . . . . . W .
		assigned/*surveyed                  A . . . . . . A .
		snoozed/*surveyed                   S . . . . . . S .
		closed/*surveyed                    C . . . . . . C .
		bot/*surveyed+blocked               x . . . . . . B .
		closed/*surveyed+blocked            x . . . . . . C .
		bot/*surveyed+twice assigned/*surveyed+twice closed/*surveyed+twice
		                                    q . . . . . . q .
		bot/*survey-answered waiting/*survey-answered assigned/*survey-answered snoozed/*survey-answered
		closed/*survey-answered             r . . . . . . r .
		bot/*survey-over waiting/*survey-over assigned/*survey-over snoozed/*survey-over closed/*survey-over
		                                    z . . . . . . z .`,
	"answer-survey-2": `                    V v h a H s b y t
		bot waiting assigned snoozed closed q . . . . . . q .
		bot/*blocked waiting/*blocked assigned/*blocked snoozed/*blocked closed/*blocked
		                                    x . . . . . . q .
		bot/*surveyed+twice                 B . . . . . . B .
		assigned/*surveyed+twice            A . . . . . . A .
		closed/*surveyed+twice              C . . . . . . C .`,
	"reopen": `                             V v h a H s b y t
		closed                              . . A A A A . B .
		closed/*removed|unknown             . . g g g g . B .
		closed/*seats-taken                 . . l l l l . B .
		closed/*unavailable                 . . u u u u . B .
		closed/*no-bot                      . . A A A A . A .
		closed/*no-bot+removed|unknown      . . g g g g . W .
		closed/*no-bot+seats-taken          . . l l l l . W .
		closed/*no-bot+unavailable          . . u u u u . W .
		closed/*no-bot+left-group closed/no-bot+nobody-before
		                                    . . A A A A . W .`,
	"regroup": `                            V v h a H s b y t
		bot                                 . . . . B B . B .
		waiting                             . . . . W W . W .
		assigned                            . . . . A A . A .
		snoozed                             . . . . S S . S .
		bot/*in-group waiting/*in-group assigned/*in-group snoozed/*in-group
		                                    . . . . = = . = .`,
	"ungroup": `                            V v h a H s b y t
		bot waiting assigned snoozed        . . . . = = . = .
		bot/*in-group                       . . . . B B . B .
		waiting/*in-group                   . . . . W W . W .
		assigned/*in-group                  . . . . A A . A .
		snoozed/*in-group                   . . . . S S . S .`,
	"gone-ann": `                           V v h a H s b y t
		bot waiting snoozed closed          . . . . . . . = .
		assigned                            . . . . . . . A .
		assigned/*away|away-edge|overdue    . . . . . . . = .`,
	"gone-bob": `                           V v h a H s b y t
		bot waiting assigned snoozed closed . . . . . . . = .`,
	"back-ann": `                           V v h a H s b y t
		bot waiting assigned snoozed closed . . . . . . . = .
		assigned/*away|away-edge|overdue    . . . . . . . A .`,
	"back-bob": `                           V v h a H s b y t
		bot waiting assigned snoozed closed . . . . . . . = .`,
	"notify-by-email": `                    V v h a H s b y t
		bot waiting assigned snoozed closed . . . . . . . = .
		bot/*busy+mail                      . . . . . . . B .
		waiting/*busy+mail                  . . . . . . . W .
		assigned/*busy+mail                 . . . . . . . A .
		snoozed/*busy+mail                  . . . . . . . S .
		closed/*busy+mail                   . . . . . . . C .`,

	"type": `                               V v h a H s b y t
		bot waiting assigned snoozed closed = . . . . . . . .
		bot/*silent|follow-up-due|requeue-due|close-due
		                                    B . . . . . . . .
		waiting/*silent|follow-up-due|hand-back-due|close-due
		                                    W . . . . . . . .
		assigned/*silent|prompt-due|follow-up-due|hand-back-due|requeue-due|close-due|untold|late-step
		                                    A . . . . . . . .
		assigned/*asked-grain|asked-edge|asked-long|typed|typed-long
		                                    A . . . . . . . .
		bot/*blocked waiting/*blocked assigned/*blocked snoozed/*blocked closed/*blocked
		                                    x . . . . . . . .`,
	"mark-read": `                          V v h a H s b y t
		bot waiting assigned snoozed closed = . . . . . . = .
		bot/*busy                           B . . . . . . B .
		waiting/*busy                       W . . . . . . W .
		assigned/*busy                      A . . . . . . A .
		snoozed/*busy                       S . . . . . . S .
		closed/*busy                        C . . . . . . C .`,
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
		bot/*busy|all-linked waiting/*busy|all-linked assigned/*busy|all-linked snoozed/*busy|all-linked
		closed/*busy|all-linked             . . = = = = = = .`,
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
		bot/*blocked waiting/*blocked assigned/*blocked snoozed/*blocked closed/*blocked closed/no-bot+blocked
		                                    . . = = = = . = .`,
	"unblock": `                            V v h a H s b y t
		bot waiting assigned snoozed closed . . = = = = . = .
		bot/*blocked                         . . B B B B . B .
		waiting/*blocked                     . . W W W W . W .
		assigned/*blocked                    . . A A A A . A .
		snoozed/*blocked                     . . S S S S . S .
		closed/*blocked closed/no-bot+blocked
		                                    . . C C C C . C .`,

	"expire": `                             V v h a H s b y t
		bot waiting assigned snoozed closed . . . . . . . . =
		bot/*follow-up-due                  . . . . . . . . B
		bot/requeue-due                     . . . . . . . . W
		bot/*close-due                      . . . . . . . . C
		waiting/*follow-up-due              . . . . . . . . W
		waiting/hand-back-due               . . . . . . . . B
		waiting/close-due                   . . . . . . . . C
		assigned/prompt-due assigned/*follow-up-due assigned/untold
		                                    . . . . . . . . A
		assigned/hand-back-due              . . . . . . . . B
		assigned/requeue-due                . . . . . . . . W
		assigned/*close-due
		                                    . . . . . . . . C
		assigned/overdue assigned/overdue+seats-taken|left-group
		                                    . . . . . . . . A
		assigned/overdue+unavailable|removed|unknown assigned/overdue+late-step+unavailable
		                                    . . . . . . . . W
		assigned/overdue+prompt-due+unavailable
		                                    . . . . . . . . A
		snoozed/*over snoozed/*over+overfill+seats-taken
		                                    . . . . . . . . A
		snoozed/*over+unavailable|seats-taken|left-group|removed|unknown snoozed/*over+released
		snoozed/*over+released+unavailable|seats-taken|left-group|removed|unknown
		                                    . . . . . . . . W
		snoozed/*over+overfill+unavailable|left-group|removed|unknown
		                                    . . . . . . . . W`,
}

// evenWhenFull is what a full history still takes. Whatever else would add to
// it is refused.
var evenWhenFull = []string{"close", "close-forced", "close-filled", "close-over-unanswered", "close-over-abrupt", "close-spam",
	"block", "expire", "requeue-removed", "regroup", "ungroup"}

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

	"close-filled":                  "visitor message",
	"close-filled bot":              "visitor message, handover",
	"close-filled visitor":          "",
	"close-over-unanswered":         "visitor message",
	"close-over-unanswered bot":     "visitor message, handover",
	"close-over-unanswered visitor": "",
	"close-over-abrupt":             "visitor message",
	"close-over-abrupt bot":         "visitor message, handover",
	"close-over-abrupt visitor":     "",
	"close-spam":                    "visitor message",
}
