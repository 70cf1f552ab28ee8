package conversation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/snooze"
)

// Limits of the input. They hold on every store.
const (
	MaxID      = 128      // bytes of an ID
	MaxText    = 64 << 10 // bytes of a message
	MaxNote    = 4 << 10  // bytes of a note
	MaxHistory = 20_000   // events in a journal; then a conversation can only end

	MaxTags      = 32   // tags of a closing
	MaxTag       = 64   // bytes of a tag
	MaxCatalogue = 1000 // tags of a workspace

	MaxTickets = 1000 // of a closing: far beyond any use
	MaxTicket  = 512  // bytes of a ticket

	MaxRating  = 5  // the best answer to a survey
	MaxEarlier = 10 // earlier closings whose surveys can still be answered

	MaxArticles = 100 // articles linked to a conversation
	MaxUnread   = 100 // unread answers that are kept count of; more look the same
)

// CheckID returns an [*InvalidError] for field unless id has 1 to [MaxID] bytes,
// all of them of [A-Za-z0-9._:@-].
func CheckID(field, id string) error {
	if id == "" || len(id) > MaxID {
		return &InvalidError{Field: field, Rule: fmt.Sprintf("must have 1 to %d bytes, has %d", MaxID, len(id))}
	}
	for i := range len(id) {
		if !idByte(id[i]) {
			return &InvalidError{Field: field, Rule: fmt.Sprintf("must be of [A-Za-z0-9._:@-], byte %d is not", i)}
		}
	}
	return nil
}

func idByte(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		return true
	case b == '.', b == '_', b == ':', b == '@', b == '-':
		return true
	}
	return false
}

// CheckText returns an [*InvalidError] for field unless text has at most limit
// bytes, is valid UTF-8, and has no control characters but newline and tab.
func CheckText(field, text string, limit int) error {
	if len(text) > limit {
		return &InvalidError{Field: field, Rule: fmt.Sprintf("must have at most %d bytes, has %d", limit, len(text))}
	}
	if printable(text) {
		return nil
	}
	if !utf8.ValidString(text) {
		return &InvalidError{Field: field, Rule: "must be valid UTF-8"}
	}
	for i, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return &InvalidError{Field: field, Rule: fmt.Sprintf("must have no control characters but newline and tab, byte %d is one", i)}
		}
	}
	return nil
}

// printable reports whether text is of nothing but what a plain keyboard has: that
// needs no closer look, which takes several times as long.
func printable(text string) bool {
	for i := range len(text) {
		if b := text[i]; (b < ' ' || b > '~') && b != '\n' && b != '\t' {
			return false
		}
	}
	return true
}

func checkOptionalID(field, id string) error {
	if id == "" {
		return nil
	}
	return CheckID(field, id)
}

func (r *Request) check(c *Conversation) error {
	if err := CheckCommand(r.By, r.Command); err != nil {
		return err
	}
	if c.State == StateNone && r.Command.Name() != NameOpen {
		return nil // whatever it is as of, the conversation is not found
	}
	if r.AsOf < 0 || r.AsOf > c.Version {
		return &InvalidError{Field: "as of", Rule: "must be a version that the conversation has had"}
	}
	if r.AsOf == 0 && r.By.Kind == KindBot && (r.Command.Name() == NameSay || r.Command.Name() == NameClose) {
		return &InvalidError{Field: "as of", Rule: "a bot must name the version it answers"}
	}
	return nil
}

// CheckCommand returns an [*InvalidError] if by could never mean the command: by
// is no actor, a field breaks a limit, or it is nil, a pointer, or a type of
// another package that embeds a command. The deadline of a snooze is judged only
// by [Decide], which knows the time.
func CheckCommand(by Actor, c Command) error {
	if err := by.Check(); err != nil {
		return err
	}
	if indexOf(c) == unknownCommand {
		return &InvalidError{Field: "command", Rule: "must be one of this package's commands, as a value"}
	}
	return c.check(by)
}

func (o Open) check(by Actor) error {
	switch {
	case by.Kind == KindVisitor && o.Visitor != "" && o.Visitor != by.ID:
		return &InvalidError{Field: "visitor", Rule: "a visitor opens only their own conversation"}
	case by.Kind != KindVisitor && o.Visitor == "":
		return &InvalidError{Field: "visitor", Rule: "must be given unless the visitor opens it"}
	}
	if err := checkOptionalID("visitor", o.Visitor); err != nil {
		return err
	}
	if err := checkOptionalID("previous", o.Previous); err != nil {
		return err
	}
	if err := checkOptionalID("previous agent", o.PreviousAgent); err != nil {
		return err
	}
	return checkOptionalID("group", o.Group)
}

// marksOf are the marks that messages of each kind of actor can have.
var marksOf = map[ActorKind][]closure.Mark{
	KindVisitor:    {closure.Confirmation, closure.Farewell},
	KindAgent:      {closure.CheckIn, closure.Farewell},
	KindSupervisor: {closure.CheckIn, closure.Farewell},
}

func (s Say) check(by Actor) error {
	for i, mark := range s.Marks {
		if !slices.Contains(marksOf[by.Kind], mark) || slices.Contains(s.Marks[:i], mark) {
			return &InvalidError{Field: "marks", Rule: fmt.Sprintf("must be of %q for a %s, each once", marksOf[by.Kind], by.Kind)}
		}
	}
	return CheckText("text", s.Text, MaxText)
}

func (r RequestAgent) check(Actor) error { return checkOptionalID("group", r.Group) }
func (Take) check(Actor) error           { return nil }
func (a Assign) check(Actor) error       { return CheckID("agent", a.Agent) }
func (HandBack) check(Actor) error       { return nil }

func (t Transfer) check(Actor) error {
	if (t.Agent == "") == (t.Group == "") {
		return &InvalidError{Field: "transfer", Rule: "must name an agent or a group, and not both"}
	}
	if t.Agent != "" {
		return CheckID("agent", t.Agent)
	}
	return CheckID("group", t.Group)
}

var waitReasons = []WaitReason{
	WaitUnavailable, WaitFull, WaitLeftGroup, WaitRemoved, WaitUnknown, WaitReleased, WaitGivenUp, WaitLoggedOut,
}

func (r Requeue) check(by Actor) error {
	switch {
	case r.Reason == "":
		return nil
	case by.Kind != KindSystem && (by.Kind != KindSupervisor || r.Reason != WaitLoggedOut):
		return &InvalidError{Field: "reason", Rule: "only the system gives a reason, and a supervisor that of a log-out"}
	case !slices.Contains(waitReasons, r.Reason):
		return &InvalidError{Field: "reason", Rule: fmt.Sprintf("must be one of %q", waitReasons)}
	}
	return nil
}

// check leaves the deadline to the decision, which knows what time it is.
func (s Snooze) check(Actor) error {
	if !slices.Contains([]snooze.AtEnd{"", snooze.Keep, snooze.Release}, s.AtEnd) {
		return &InvalidError{Field: "at_end", Rule: "must be keep or release"}
	}
	if !slices.Contains([]snooze.OnReply{"", snooze.Wake, snooze.StayAsleep}, s.OnReply) {
		return &InvalidError{Field: "on_reply", Rule: "must be wake or stay_asleep"}
	}
	if s.Until.Reply && s.OnReply == snooze.StayAsleep {
		return &InvalidError{Field: "on_reply", Rule: "a snooze until the reply cannot stay asleep on it"}
	}
	return nil
}

func (Wake) check(Actor) error { return nil }

// causes a closing may name, by kind of actor. The empty one is derived.
var closingCauses = map[ActorKind][]closure.Cause{
	KindVisitor:    {"", closure.VisitorLeft},
	KindAgent:      {"", closure.Agent, closure.Spam, closure.Merged},
	KindSupervisor: {"", closure.Agent, closure.Spam, closure.Merged},
	KindBot:        {"", closure.Bot},
	KindSystem:     {closure.VisitorLeft, closure.QueueTimeout, closure.Spam, closure.Merged},
}

func (c Close) check(by Actor) error {
	if by.Kind == KindTimer {
		return nil // forbidden to it, whatever it says
	}
	if c.Force {
		if by.Kind != KindSupervisor && by.Kind != KindSystem {
			return &InvalidError{Field: "force", Rule: "only a supervisor or the system may force"}
		}
		if c.Cause != "" && c.Cause != closure.Forced {
			return &InvalidError{Field: "cause", Rule: "a forced closing has the cause forced"}
		}
	} else if !slices.Contains(closingCauses[by.Kind], c.Cause) {
		return &InvalidError{Field: "cause", Rule: fmt.Sprintf("must be one of %q for a %s", closingCauses[by.Kind], by.Kind)}
	}
	if by.Kind == KindVisitor {
		if err := c.checkOfVisitor(); err != nil {
			return err
		}
	}
	if err := checkForm(&c.Form); err != nil {
		return err
	}
	return checkOutcome(c.decision(by))
}

// checkOfVisitor refuses what visitors do not fill in.
func (c *Close) checkOfVisitor() error {
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"tags", len(c.Tags) > 0}, {"sentiment", c.Sentiment != ""}, {"notes", c.Notes != ""}, {"tickets", len(c.Tickets) > 0},
	} {
		if f.given {
			return &InvalidError{Field: f.name, Rule: "a visitor gives none"}
		}
	}
	return nil
}

func checkForm(f *closure.Form) error {
	if f.Sentiment != "" && !slices.Contains(closure.Sentiments(), f.Sentiment) {
		return &InvalidError{Field: "sentiment", Rule: fmt.Sprintf("must be one of %q, or empty", closure.Sentiments())}
	}
	if err := CheckText("notes", f.Notes, MaxNote); err != nil {
		return err
	}
	if err := checkTickets(f.Tickets); err != nil {
		return err
	}
	return checkClosingTags(f.Tags)
}

// checkTickets refuses links that a browser would run rather than open.
func checkTickets(tickets []string) error {
	if len(tickets) > MaxTickets {
		return &InvalidError{Field: "tickets", Rule: fmt.Sprintf("must be at most %d, are %d", MaxTickets, len(tickets))}
	}
	for i, ticket := range tickets {
		if err := checkLine("tickets", ticket, MaxTicket); err != nil {
			return err
		}
		if !plainTicket(ticket) && !webLink(ticket) {
			return &InvalidError{Field: "tickets", Rule: fmt.Sprintf("must be numbers, or links of http or https, number %d is not", i+1)}
		}
	}
	return nil
}

// webLink reports whether the ticket is a link that opens a page.
func webLink(ticket string) bool {
	scheme, rest, _ := strings.Cut(ticket, "://")
	host, _ := utf8.DecodeRuneInString(rest)
	return (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")) && (unicode.IsLetter(host) || unicode.IsDigit(host))
}

// activeSchemes are of links that a browser runs or reads rather than opens.
var activeSchemes = []string{"javascript", "data", "vbscript", "file", "blob"}

// plainTicket reports whether no browser would take the ticket for a link: it begins
// neither with a slash nor with what could be a scheme, unless a number follows.
func plainTicket(ticket string) bool {
	scheme, rest, colon := strings.Cut(ticket, ":")
	if strings.ContainsAny(ticket[:1], `/\`) || colon && slices.Contains(activeSchemes, strings.ToLower(scheme)) {
		return false
	}
	foreign := func(r rune) bool { return r > unicode.MaxASCII || r != '+' && !idByte(byte(r)) }
	if !colon || strings.ContainsFunc(scheme, foreign) {
		return true
	}
	return rest != "" && ('0' <= rest[0] && rest[0] <= '9' || rest[0] == ' ')
}

func checkClosingTags(tags []string) error {
	if len(tags) > MaxTags {
		return &InvalidError{Field: "tags", Rule: fmt.Sprintf("must be at most %d, are %d", MaxTags, len(tags))}
	}
	return checkTags(tags)
}

func checkTags(tags []string) error {
	for _, tag := range tags {
		if err := checkLine("tags", tag, MaxTag); err != nil {
			return err
		}
	}
	return nil
}

// checkLine refuses what would make a tag, or a ticket, look like another one, or
// like none.
func checkLine(field, line string, limit int) error {
	if strings.TrimSpace(line) != line || line == "" {
		return &InvalidError{Field: field, Rule: "must not be empty, nor begin or end with a space"}
	}
	if err := CheckText(field, line, limit); err != nil {
		return err
	}
	shows := false
	for i, r := range line {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return &InvalidError{Field: field, Rule: fmt.Sprintf("must have no control characters, byte %d is one", i)}
		}
		shows = shows || unicode.IsGraphic(r)
	}
	if !shows {
		return &InvalidError{Field: field, Rule: "must show something"}
	}
	return nil
}

// decision returns what a closing by by records: a visitor's is unresolved
// unless they say otherwise, which checkOutcome refuses.
func (c *Close) decision(by Actor) (closure.Outcome, closure.Reason, closure.Cause) {
	outcome, reason, cause := c.Outcome, c.Reason, c.Cause
	switch {
	case c.Force:
		cause = closure.Forced
	case cause != "":
	case by.Kind == KindVisitor:
		cause = closure.VisitorLeft
	case by.Kind == KindBot:
		cause = closure.Bot
	default:
		cause = closure.Agent
	}
	if by.Kind == KindVisitor && outcome == "" {
		outcome = closure.Unresolved
	}
	if cause == closure.VisitorLeft && outcome == closure.Unresolved && reason == "" {
		reason = closure.ReasonVisitorLeft
	}
	return outcome, reason, cause
}

func checkOutcome(outcome closure.Outcome, reason closure.Reason, cause closure.Cause) error {
	if cause == closure.VisitorLeft && outcome == closure.Resolved {
		return &InvalidError{Field: "outcome", Rule: "a visitor who leaves is not resolved"}
	}
	return checkOutcomeOf("outcome", outcome, reason)
}

func checkOutcomeOf(field string, outcome closure.Outcome, reason closure.Reason) error {
	if err := closure.Check(outcome, reason); err != nil {
		return &InvalidError{Field: field, Rule: ruleOf(err, closure.ErrOutcome, closure.ErrReason), Err: err}
	}
	return nil
}

// ruleOf returns the rule that an error of another package is about, which is one
// of those given: the error itself may repeat the input.
func ruleOf(err error, rules ...error) string {
	for _, rule := range rules {
		if errors.Is(err, rule) {
			return rule.Error()
		}
	}
	return "is not legal"
}

func (r Reclassify) check(Actor) error {
	if r.Form != nil {
		if err := checkForm(r.Form); err != nil {
			return err
		}
	}
	return checkOutcome(r.Outcome, r.Reason, "")
}

func (OfferSurvey) check(Actor) error { return nil }

func (a AnswerSurvey) check(Actor) error {
	switch {
	case a.Rating < 1 || a.Rating > MaxRating:
		return &InvalidError{Field: "rating", Rule: fmt.Sprintf("must be 1 to %d", MaxRating)}
	case a.Number < 0:
		return &InvalidError{Field: "number", Rule: "must not be negative"}
	}
	return CheckText("comment", a.Comment, MaxNote)
}

func (Reopen) check(Actor) error    { return nil }
func (r Regroup) check(Actor) error { return checkOptionalID("group", r.Group) }

func (a AssigneeGone) check(Actor) error {
	since := a.Since.UTC().Truncate(time.Microsecond)
	if year := since.Year(); since.IsZero() || year < 1 || year > 9999 {
		return &InvalidError{Field: "since", Rule: "must be given, in the years 1 to 9999"}
	}
	return CheckID("agent", a.Agent)
}

func (a AssigneeBack) check(Actor) error { return CheckID("agent", a.Agent) }
func (NotifyByEmail) check(Actor) error  { return nil }
func (Typing) check(Actor) error         { return nil }

func (m MarkRead) check(Actor) error {
	if m.UpTo < 0 {
		return &InvalidError{Field: "up_to", Rule: "must not be negative"}
	}
	return nil
}

func (a AddNote) check(Actor) error {
	if a.Text == "" {
		return &InvalidError{Field: "note", Rule: "must not be empty"}
	}
	return CheckText("note", a.Text, MaxNote)
}

func (l LinkArticle) check(Actor) error { return CheckID("article", l.Article) }
func (Block) check(Actor) error         { return nil }
func (Unblock) check(Actor) error       { return nil }
func (Expire) check(Actor) error        { return nil }
