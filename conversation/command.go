package conversation

import (
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/snooze"
)

// A Command asks for a change. The commands of this file are all there are.
//
//sumtype:decl
type Command interface {
	// Name returns the command's name, as errors and Allowed spell it.
	Name() CommandName

	check(by Actor) error
}

// A CommandName names a command in errors, in [Allowed] and in the rule table.
type CommandName string

// A Request is a command with who gives it and what they had seen.
type Request struct {
	By      Actor
	Command Command

	// AsOf is the version that the actor last saw, or zero. The command is then
	// refused with [ErrStale] if something that matters to it came later: for a
	// hand-back, a snooze, or a closing by anybody but the visitor a message of
	// the visitor, for a take or an assignment a change of hands, for what a bot
	// says or closes both. Bots must give it.
	AsOf Version
}

// Open begins a conversation: with the bot if the policy has one, otherwise
// waiting for a person.
type Open struct {
	// Visitor is whose conversation it is. Empty means the actor, who must then
	// be a visitor; a visitor can open only their own.
	Visitor string `json:"visitor,omitempty"`

	Group    string `json:"group,omitempty"`    // the agents it is meant for; empty: any
	Previous string `json:"previous,omitempty"` // the conversation it continues

	// PreviousAgent had the conversation that it continues: see
	// [Policy].Sticky.
	PreviousAgent string `json:"previous_agent,omitempty"`

	// ForAgent puts it straight into Waiting, past the bot.
	ForAgent bool `json:"for_agent,omitempty"`
}

// Say adds a message. A visitor's message wakes a snoozed conversation, and
// reopens a closed one within the reopen window.
type Say struct {
	// Text is the message, at most 64 KiB of UTF-8. It may be empty, for a
	// message that is only an attachment on the host's side.
	Text string `json:"text"`

	// Automatic marks what no person and no bot wrote for this moment, such as
	// an out-of-office reply. It is recorded, but is no activity: it answers,
	// wakes, reopens and restarts nothing. What the system says is always
	// automatic.
	Automatic bool `json:"automatic,omitempty"`

	// Marks say what the message means for the goodbye: [closure.CheckIn] is for
	// agents, [closure.Confirmation] for visitors, [closure.Farewell] for both.
	// Nil leaves it to the Desk's classifier, empty says that it means nothing.
	Marks []closure.Mark `json:"marks,omitempty"`
}

// RequestAgent asks for a person: the conversation leaves the bot and takes a
// fresh place at the end of Waiting. Waiting already, it keeps its place and may
// move to another group; an agent who has it keeps it.
type RequestAgent struct {
	Group string `json:"group,omitempty"` // empty keeps the group it has
}

// Take gives the conversation to the agent who asks for it. Only a supervisor
// can take it from another agent.
type Take struct{}

// Assign gives the conversation to a named agent.
type Assign struct {
	Agent string `json:"agent"`
}

// HandBack gives the conversation back to the bot. Nothing already said is
// answered; the next message of the visitor is the bot's.
type HandBack struct{}

// Transfer passes the conversation to another agent or to a group: exactly one
// of the two. A group's conversation waits for one of its agents.
type Transfer struct {
	Agent string `json:"agent,omitempty"`
	Group string `json:"group,omitempty"`
}

// Requeue puts the conversation back into Waiting, at the end of the queue.
type Requeue struct {
	// Reason is why the agent lost it; for the system only, and for supervisors
	// who log the agent out.
	Reason WaitReason `json:"reason,omitempty"`
}

// Snooze puts the conversation aside. Snoozing again replaces the deadline.
type Snooze struct {
	Until   snooze.Until   `json:"until"`
	AtEnd   snooze.AtEnd   `json:"at_end,omitempty"`   // zero: keep
	OnReply snooze.OnReply `json:"on_reply,omitempty"` // zero: wake
}

// Wake ends a snooze early.
type Wake struct{}

// Close ends the conversation.
type Close struct {
	// Outcome is required, but for visitors, whose closing is always
	// unresolved: a visitor who leaves is not "resolved".
	Outcome closure.Outcome `json:"outcome"`

	// Reason is optional and for unresolved conversations only.
	Reason closure.Reason `json:"reason,omitempty"`

	// Cause is derived from the actor if empty. Agents and supervisors may name
	// spam or merged; the system must name one of visitor_left, queue_timeout,
	// spam and merged, or force.
	Cause closure.Cause `json:"cause,omitempty"`

	// Form is the wrap-up; visitors give none. Tags are of the workspace's
	// catalogue, at most [MaxTags], in any order. What a person has to fill in is
	// [Policy].Required.
	closure.Form

	// Acknowledged is the grade that a courtesy guard that only warns has warned
	// of, in the refusal's Advice, and that the agent closes with all the same. If
	// it is another by then, it is another warning.
	Acknowledged closure.Grade `json:"acknowledged,omitempty"`

	// Force lets a supervisor or the system close over a guard, such as a
	// message that came after AsOf, what courtesy asks for, or fields that are
	// required. It is recorded as the cause.
	Force bool `json:"force,omitempty"`
}

// Reclassify replaces the decision about the last closing. Nothing reopens.
type Reclassify struct {
	Outcome closure.Outcome `json:"outcome"`
	Reason  closure.Reason  `json:"reason,omitempty"`

	// Form replaces the form of the closing as a whole; nil keeps it. It may keep
	// tags that have left the catalogue.
	Form *closure.Form `json:"form,omitempty"`
}

// OfferSurvey asks the visitor how satisfied they are with what the last closing
// ended. Each closing has one survey at most; [Policy].Survey offers it by itself.
type OfferSurvey struct{}

// AnswerSurvey answers a survey. The first answer stands: a second one, and one
// that comes late, are refused.
type AnswerSurvey struct {
	// Number is that of the closing, as [SurveyOffered] gave it. Zero means the
	// last one, unless a survey about an earlier one is open too.
	Number int `json:"number,omitempty"`

	Rating  int    `json:"rating"`            // 1, the least satisfied, to [MaxRating]
	Comment string `json:"comment,omitempty"` // at most [MaxNote] bytes
}

// Reopen opens a closed conversation again, at any time: for the agent or
// supervisor who asks, or, asked by the system, where a visitor's message would
// have opened it.
type Reopen struct{}

// Regroup moves the conversation to another group, where it keeps its place in
// the queue and whoever has it. Empty means no group: any agent.
type Regroup struct {
	Group string `json:"group,omitempty"`
}

// AssigneeGone says that the agent is unavailable since an instant. If the agent
// has the conversation, the time runs after which somebody else gets it: see
// [Policy].ReassignAfter.
type AssigneeGone struct {
	Agent string    `json:"agent"`
	Since time.Time `json:"since"`
}

// AssigneeBack says that the agent is available again.
type AssigneeBack struct {
	Agent string `json:"agent"`
}

// NotifyByEmail asks the host to write to a visitor who has left the site, if
// the policy wants that, there are unread answers, and it was not asked for since
// the visitor last had none. See [Facts].AwayWithEmail.
type NotifyByEmail struct{}

// Typing says that the visitor is writing: it counts as activity and postpones
// the idle ladder. Hosts may send it as often as they like; it is recorded only
// when it moves the deadline noticeably.
type Typing struct{}

// MarkRead says that the visitor has read the answers up to a version; zero
// means all.
type MarkRead struct {
	UpTo Version `json:"up_to,omitempty"`
}

// AddNote adds a note for agents, 1 byte to 4 KiB of UTF-8. It is no message:
// it wakes and restarts nothing.
type AddNote struct {
	Text string `json:"text"`
}

// LinkArticle links a knowledge base article to the conversation, by the host's
// ID for it.
type LinkArticle struct {
	Article string `json:"article"`
}

// Block refuses everything that the visitor writes in this conversation from
// now on, also after it is closed.
type Block struct{}

// Unblock lifts a [Block].
type Unblock struct{}

// Expire works off what is due: the end of a snooze, a step of the idle ladder,
// or that it is taken from an agent who is away. Nothing due is no error. Only
// [Timer] may give it.
type Expire struct{}

// The names of the commands, in the order of this file.
const (
	NameOpen          CommandName = "open"
	NameSay           CommandName = "say"
	NameRequestAgent  CommandName = "request_agent"
	NameTake          CommandName = "take"
	NameAssign        CommandName = "assign"
	NameHandBack      CommandName = "hand_back"
	NameTransfer      CommandName = "transfer"
	NameRequeue       CommandName = "requeue"
	NameSnooze        CommandName = "snooze"
	NameWake          CommandName = "wake"
	NameClose         CommandName = "close"
	NameReclassify    CommandName = "reclassify"
	NameOfferSurvey   CommandName = "offer_survey"
	NameAnswerSurvey  CommandName = "answer_survey"
	NameReopen        CommandName = "reopen"
	NameRegroup       CommandName = "regroup"
	NameAssigneeGone  CommandName = "assignee_gone"
	NameAssigneeBack  CommandName = "assignee_back"
	NameNotifyByEmail CommandName = "notify_by_email"
	NameTyping        CommandName = "typing"
	NameMarkRead      CommandName = "mark_read"
	NameAddNote       CommandName = "add_note"
	NameLinkArticle   CommandName = "link_article"
	NameBlock         CommandName = "block"
	NameUnblock       CommandName = "unblock"
	NameExpire        CommandName = "expire"
)

// Commands returns a zero command of every kind, in the order of this file.
func Commands() []Command { return slices.Clone(commands) }

// commands are in the order of indexOf.
var commands = []Command{
	Open{}, Say{}, RequestAgent{}, Take{}, Assign{}, HandBack{}, Transfer{}, Requeue{},
	Snooze{}, Wake{}, Close{}, Reclassify{}, OfferSurvey{}, AnswerSurvey{}, Reopen{}, Regroup{},
	AssigneeGone{}, AssigneeBack{}, NotifyByEmail{}, Typing{}, MarkRead{}, AddNote{}, LinkArticle{}, Block{}, Unblock{}, Expire{},
}

// Name returns NameOpen.
func (Open) Name() CommandName { return NameOpen }

// Name returns NameSay.
func (Say) Name() CommandName { return NameSay }

// Name returns NameRequestAgent.
func (RequestAgent) Name() CommandName { return NameRequestAgent }

// Name returns NameTake.
func (Take) Name() CommandName { return NameTake }

// Name returns NameAssign.
func (Assign) Name() CommandName { return NameAssign }

// Name returns NameHandBack.
func (HandBack) Name() CommandName { return NameHandBack }

// Name returns NameTransfer.
func (Transfer) Name() CommandName { return NameTransfer }

// Name returns NameRequeue.
func (Requeue) Name() CommandName { return NameRequeue }

// Name returns NameSnooze.
func (Snooze) Name() CommandName { return NameSnooze }

// Name returns NameWake.
func (Wake) Name() CommandName { return NameWake }

// Name returns NameClose.
func (Close) Name() CommandName { return NameClose }

// Name returns NameReclassify.
func (Reclassify) Name() CommandName { return NameReclassify }

// Name returns NameOfferSurvey.
func (OfferSurvey) Name() CommandName { return NameOfferSurvey }

// Name returns NameAnswerSurvey.
func (AnswerSurvey) Name() CommandName { return NameAnswerSurvey }

// Name returns NameReopen.
func (Reopen) Name() CommandName { return NameReopen }

// Name returns NameRegroup.
func (Regroup) Name() CommandName { return NameRegroup }

// Name returns NameAssigneeGone.
func (AssigneeGone) Name() CommandName { return NameAssigneeGone }

// Name returns NameAssigneeBack.
func (AssigneeBack) Name() CommandName { return NameAssigneeBack }

// Name returns NameNotifyByEmail.
func (NotifyByEmail) Name() CommandName { return NameNotifyByEmail }

// Name returns NameTyping.
func (Typing) Name() CommandName { return NameTyping }

// Name returns NameMarkRead.
func (MarkRead) Name() CommandName { return NameMarkRead }

// Name returns NameAddNote.
func (AddNote) Name() CommandName { return NameAddNote }

// Name returns NameLinkArticle.
func (LinkArticle) Name() CommandName { return NameLinkArticle }

// Name returns NameBlock.
func (Block) Name() CommandName { return NameBlock }

// Name returns NameUnblock.
func (Unblock) Name() CommandName { return NameUnblock }

// Name returns NameExpire.
func (Expire) Name() CommandName { return NameExpire }

// TypingGrain is how far a [Typing] must move the idle deadline to be recorded:
// this much, or a quarter of the running wait if that is shorter.
const TypingGrain = 10 * time.Second
