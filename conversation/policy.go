package conversation

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/idle"
)

// A Policy is what a workspace, or a group of it, has chosen. It is data without
// functions, stored as JSON and loaded with the conversation. The zero value is
// the default: no bot, a reopen window of [DefaultReopenWindow], and one private
// prompt to the agent after two minutes of silence.
type Policy struct {
	// Bot says that there is a bot: it gets new and reopened conversations, and
	// agents can hand back to it. Conversations that are with the bot when it is
	// switched off go to Waiting with the visitor's next message.
	Bot bool `json:"bot,omitempty"`

	// ReopenWindow is how long after a closing a message of the visitor reopens
	// the conversation; a later one belongs in a new conversation. Zero means
	// [DefaultReopenWindow], a negative value that nothing reopens.
	ReopenWindow time.Duration `json:"reopen_window,omitempty"`

	Idle Idle `json:"idle,omitzero"`

	// PullOnly leaves waiting conversations to those who take them. Otherwise
	// they are given to agents as soon as one has a free seat, and can be taken
	// too.
	PullOnly bool `json:"pull_only,omitempty"`

	// Sticky gives a waiting conversation to the agent who had it before, if
	// they are among those who could have it.
	Sticky bool `json:"sticky,omitempty"`

	// ReassignAfter is how long a visitor waits for an agent who is unavailable
	// before another gets the conversation: since the agent left or the visitor
	// wrote, whichever was later, and anew when the agent was back. Zero means
	// [DefaultReassignAfter], a negative value for ever.
	ReassignAfter time.Duration `json:"reassign_after,omitempty"`

	// WakeOverCapacity lets a snoozed conversation go back to the agent who kept
	// it even if all their seats are taken. Otherwise it waits.
	WakeOverCapacity bool `json:"wake_over_capacity,omitempty"`

	// KnownAgentsOnly refuses to give a conversation to an agent without a
	// record. Otherwise such agents can have any number of conversations.
	KnownAgentsOnly bool `json:"known_agents_only,omitempty"`

	// NotifyByEmail asks the host for an e-mail to a visitor who has left the
	// site, left an address, and has unread answers: see [EmailRequested].
	NotifyByEmail bool `json:"notify_by_email,omitempty"`

	// Required are the fields that people must fill in when they close, or give
	// a new form. Timers, bots, visitors and the system never have to.
	Required []closure.Field `json:"required,omitempty"`

	Courtesy Courtesy `json:"courtesy,omitzero"`
	Survey   Asking   `json:"survey,omitzero"`
}

// Courtesy is what a policy asks of closings by people. They are graded under
// every policy.
type Courtesy struct {
	Guard closure.Guard `json:"guard,omitempty"` // zero: none

	// Patience is how long an agent who asked whether anything is left waits for
	// the answer. Zero means [closure.DefaultPatience].
	Patience time.Duration `json:"patience,omitempty"`

	// What the guard advises to say, at most [idle.MaxText] bytes each. Empty
	// means [closure.DefaultCheckIn] and [closure.DefaultFarewell]. A message of an
	// agent that has one of them in it is marked as such, whatever the classifier
	// knows; so is one with the phrase of an idle prompt, as a check-in.
	CheckIn  string `json:"check_in,omitempty"`
	Farewell string `json:"farewell,omitempty"`
}

func (c Courtesy) patience() time.Duration { return cmp.Or(c.Patience, closure.DefaultPatience) }

// marks returns the marks of an agent's message with those of the phrases in it that
// the policy itself proposes.
func (p *Policy) marks(marks []closure.Mark, text string) []closure.Mark {
	var buffer [256]byte // on the stack; few messages are longer
	var lower []byte
	length := utf8.RuneCountInString(text)
	says := func(phrase string) bool {
		phrase = strings.TrimSpace(phrase)
		if phrase == "" || utf8.RuneCountInString(phrase) > length {
			return false
		}
		if lower == nil {
			lower = appendLower(buffer[:0], text)
		}
		var buffer [256]byte
		return bytes.Contains(lower, appendLower(buffer[:0], phrase))
	}
	add := func(mark closure.Mark) {
		if !slices.Contains(marks, mark) {
			marks = append(marks, mark)
		}
	}
	if says(p.Courtesy.CheckIn) {
		add(closure.CheckIn)
	}
	if says(p.Courtesy.Farewell) {
		add(closure.Farewell)
	}
	for _, step := range p.ladder(StateAssigned).Steps {
		if says(step.Phrase) {
			add(closure.CheckIn)
		}
	}
	return marks
}

func appendLower(b []byte, text string) []byte {
	for _, r := range text {
		b = utf8.AppendRune(b, unicode.ToLower(r))
	}
	return b
}

// Asking is what a policy wants of surveys.
type Asking struct {
	// Offer asks the visitor after every closing, but for spam and what was
	// merged.
	Offer bool `json:"offer,omitempty"`

	// Open is how long a survey can be answered. Zero means
	// [DefaultSurveyOpen].
	Open time.Duration `json:"open,omitempty"`
}

func (a Asking) open() time.Duration { return cmp.Or(a.Open, DefaultSurveyOpen) }

// The defaults of a policy that does not say.
const (
	DefaultSurveyOpen    = 7 * 24 * time.Hour
	DefaultReopenWindow  = 24 * time.Hour
	DefaultReassignAfter = 24 * time.Hour
)

// Idle holds the idle ladder of each state. A zero ladder means the default:
// [idle.Default] for Assigned and none for Bot and Waiting. A ladder that is Off
// never does anything. Snoozed and closed conversations never run one.
type Idle struct {
	Bot      idle.Ladder `json:"bot,omitzero"`
	Waiting  idle.Ladder `json:"waiting,omitzero"`
	Assigned idle.Ladder `json:"assigned,omitzero"`
}

var (
	defaultAssigned = idle.Default()
	noLadder        idle.Ladder
)

// ladder returns the ladder that runs in state, without steps if none does.
func (p *Policy) ladder(state State) *idle.Ladder {
	switch state {
	case StateBot:
		return &p.Idle.Bot
	case StateWaiting:
		return &p.Idle.Waiting
	case StateAssigned:
		if p.Idle.Assigned.IsZero() {
			return &defaultAssigned
		}
		return &p.Idle.Assigned
	}
	return &noLadder
}

func (p *Policy) reassignAfter() time.Duration {
	if p.ReassignAfter == 0 {
		return DefaultReassignAfter
	}
	return p.ReassignAfter
}

func (p *Policy) reopenWindow() time.Duration {
	if p.ReopenWindow == 0 {
		return DefaultReopenWindow
	}
	return p.ReopenWindow
}

// The actions that make sense in each state: only an assigned conversation has
// an agent to prompt, and none can go to where it is.
var (
	botActions      = []idle.Action{idle.FollowUp, idle.Requeue, idle.Close}
	waitingActions  = []idle.Action{idle.FollowUp, idle.HandBack, idle.Close}
	assignedActions = []idle.Action{idle.Prompt, idle.FollowUp, idle.HandBack, idle.Requeue, idle.Close}
)

// Check returns an [*InvalidError] for a policy that could not run: a ladder
// that [idle.Ladder.Check] refuses or with an action that makes no sense in its
// state, a hand-back without a bot, an unknown outcome, a window beyond
// [idle.MaxWait], or ladders of the bot and of the queue that would pass a
// conversation to and fro for ever.
func (p Policy) Check() error {
	if p.ReopenWindow > idle.MaxWait {
		return &InvalidError{Field: "reopen_window", Rule: fmt.Sprintf("must be at most %v", idle.MaxWait)}
	}
	if p.ReassignAfter > idle.MaxWait {
		return &InvalidError{Field: "reassign_after", Rule: fmt.Sprintf("must be at most %v", idle.MaxWait)}
	}
	if err := p.checkEndings(); err != nil {
		return err
	}
	if ends(p.Idle.Bot, idle.Requeue) && ends(p.Idle.Waiting, idle.HandBack) {
		return &InvalidError{Field: "idle.waiting", Rule: "must not hand back what the bot's ladder requeues"}
	}
	ladders := []struct {
		field   string
		ladder  idle.Ladder
		allowed []idle.Action
	}{
		{"idle.bot", p.Idle.Bot, botActions},
		{"idle.waiting", p.Idle.Waiting, waitingActions},
		{"idle.assigned", p.Idle.Assigned, assignedActions},
	}
	for _, l := range ladders {
		if err := l.ladder.Check(l.allowed...); err != nil {
			return &InvalidError{Field: l.field, Rule: err.Error(), Err: err}
		}
		for _, s := range l.ladder.Steps {
			if err := p.checkStep(l.field, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkEndings checks what the policy says of forms, courtesy and surveys.
func (p Policy) checkEndings() error {
	for i, field := range p.Required {
		if !slices.Contains(closure.Fields(), field) || slices.Contains(p.Required[:i], field) {
			return &InvalidError{Field: "required", Rule: fmt.Sprintf("must be of %q, each once", closure.Fields())}
		}
	}
	switch {
	case !slices.Contains(closure.Guards(), p.Courtesy.Guard):
		return &InvalidError{Field: "courtesy.guard", Rule: fmt.Sprintf("must be one of %q", closure.Guards())}
	case p.Courtesy.Patience < 0 || p.Courtesy.Patience > idle.MaxWait:
		return &InvalidError{Field: "courtesy.patience", Rule: fmt.Sprintf("must be at most %v, and not negative", idle.MaxWait)}
	case p.Survey.Open < 0 || p.Survey.Open > idle.MaxWait:
		return &InvalidError{Field: "survey.open", Rule: fmt.Sprintf("must be at most %v, and not negative", idle.MaxWait)}
	}
	if err := CheckText("courtesy.check_in", p.Courtesy.CheckIn, idle.MaxText); err != nil {
		return err
	}
	return CheckText("courtesy.farewell", p.Courtesy.Farewell, idle.MaxText)
}

// ends reports whether the last step of the ladder is the action.
func ends(l idle.Ladder, action idle.Action) bool {
	last := len(l.Steps) - 1
	return last >= 0 && l.Steps[last].Action == action
}

func (p Policy) checkStep(field string, s idle.Step) error {
	if s.Action == idle.HandBack && !p.Bot {
		return &InvalidError{Field: field, Rule: "cannot hand back without a bot", Err: ErrNoBot}
	}
	if s.Outcome != "" {
		if err := checkOutcomeOf(field, closure.Outcome(s.Outcome), ""); err != nil {
			return err
		}
	}
	if err := CheckText(field, s.Text, idle.MaxText); err != nil {
		return err
	}
	return CheckText(field, s.Phrase, idle.MaxText)
}

// Policies are the policies of one workspace. The zero value is the default
// policy for every group.
type Policies struct {
	Default Policy            `json:"default,omitzero"` // for conversations without a group, and groups without their own
	Groups  map[string]Policy `json:"groups,omitempty"` // by group ID; a group's policy replaces the default whole

	// Tags is the catalogue of tags that a closing can have, at most
	// [MaxCatalogue], each once. What was tagged before one was taken out keeps
	// it.
	Tags []string `json:"tags,omitempty"`

	// AvailabilityGrace is how long an agent whose connection was lost still
	// counts as available, so that one who is back soon was never gone. New
	// conversations do not come meanwhile. A shorter one holds from the next
	// loss on. Zero means [DefaultAvailabilityGrace], a negative value none.
	AvailabilityGrace time.Duration `json:"availability_grace,omitempty"`
}

// DefaultAvailabilityGrace is the grace of policies that do not say.
const DefaultAvailabilityGrace = 30 * time.Second

// For returns the policy of the group.
func (p Policies) For(group string) Policy {
	if own, ok := p.Groups[group]; ok {
		return own
	}
	return p.Default
}

// Check returns an error wrapping an [*InvalidError] for the first policy that
// [Policy.Check] refuses or group that is no ID.
func (p Policies) Check() error {
	if len(p.Tags) > MaxCatalogue {
		return &InvalidError{Field: "tags", Rule: fmt.Sprintf("must be at most %d, are %d", MaxCatalogue, len(p.Tags))}
	}
	if err := checkTags(p.Tags); err != nil {
		return err
	}
	if once := slices.Compact(slices.Sorted(slices.Values(p.Tags))); len(once) < len(p.Tags) {
		return &InvalidError{Field: "tags", Rule: "must be in the catalogue once each"}
	}
	if p.AvailabilityGrace > idle.MaxWait {
		return &InvalidError{Field: "availability_grace", Rule: fmt.Sprintf("must be at most %v", idle.MaxWait)}
	}
	if err := p.Default.Check(); err != nil {
		return fmt.Errorf("default policy: %w", err)
	}
	for _, group := range slices.Sorted(maps.Keys(p.Groups)) {
		if err := CheckID("group", group); err != nil {
			return err
		}
		if err := p.Groups[group].Check(); err != nil {
			return fmt.Errorf("policy of group %s: %w", group, err)
		}
	}
	return nil
}
