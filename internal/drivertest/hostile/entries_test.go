package hostile_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
)

// trusted are places that hold the host's own code and words, not somebody's
// input.
var trusted = []string{"Tx.tx", "*.notes*"}

func matches(pattern, place string) bool {
	if rest, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.Contains(place, strings.TrimSuffix(rest, "*"))
	}
	return pattern == place
}

var badKinds = join(empty, badEnums, nearly("agent"), nearly("system"), []named[string]{{"timer", "timer"}})

// calls puts bad values into each field of each call.
func (b *table) calls() {
	ids := badIDs()
	for _, m := range b.callMethods() {
		field(b, m, "call", "Workspace", join(empty, ids), "invalid workspace", func(c *lifecycle.Call, id string) { c.Workspace = id })
		noID := empty
		if m == "Open" { // it gets one then
			noID = nil
		}
		field(b, m, "call", "Conversation", join(noID, ids), "invalid conversation", func(c *lifecycle.Call, id string) { c.Conversation = id })
		field(b, m, "call", "CommandID", ids, "invalid command ID", func(c *lifecycle.Call, id string) { c.CommandID = id })
		field(b, m, "call", "By.ID", join(empty, ids), "invalid actor", func(c *lifecycle.Call, id string) {
			if c.By.ID = id; c.By.Kind == conversation.KindSystem { // which needs none
				c.By.Kind = conversation.KindAgent
			}
		})
		field(b, m, "call", "By.Kind", badKinds, "invalid actor", func(c *lifecycle.Call, kind string) { c.By.Kind = conversation.ActorKind(kind) })
		seen := badVersions
		if m == "Open" { // decided on a conversation that does not exist
			seen = []named[conversation.Version]{{"-1", -1}, {"the future", 9}}
		}
		field(b, m, "call", "AsOf", seen, "invalid as of", func(c *lifecycle.Call, v conversation.Version) { c.AsOf = v })
	}
	for _, kind := range conversation.ActorKinds() {
		if kind != conversation.KindTimer {
			field(b, "Do", "call", "By.ID", ids, "invalid actor", func(c *lifecycle.Call, id string) { c.By = conversation.Actor{Kind: kind, ID: id} })
		}
	}
	// Whoever is not in a conversation, and whoever says that an ID is new.
	for _, m := range b.callMethods() {
		if m == "Open" {
			continue
		}
		want := "refused*"
		if m == "Close" { // which it would be by force
			want = "invalid force"
		}
		field(b, m, "call", "By", []named[conversation.Actor]{{"another visitor", conversation.Visitor("mallory")}}, want,
			func(c *lifecycle.Call, by conversation.Actor) { c.By = by })
		field(b, m, "call", "Conversation", []named[string]{{"of another workspace", "c-other"}, {"unknown", "c-0"}, {"of other case", "C-OPEN"}},
			"refused not_found", func(c *lifecycle.Call, id string) { c.Conversation = id })
		field(b, m, "call", "Workspace", []named[string]{{"another", "other"}, {"unknown", "nowhere"}, {"of other case", "Acme"}},
			"refused not_found", func(c *lifecycle.Call, id string) { c.Workspace = id })
		field(b, m, "call", "CommandID", []named[string]{{"of another command", "cmd-1"}}, "ErrCommandIDReused",
			func(c *lifecycle.Call, id string) { c.CommandID = id })
	}
}

// commands puts bad values into each field of each command that has a method.
func (b *table) commands() {
	ids := badIDs()
	scalar(b, "AddNote", "text", join(empty, badTexts(conversation.MaxNote)), "invalid note")
	scalar(b, "Say", "text", badTexts(conversation.MaxText), "invalid text")
	scalar(b, "Assign", "agent", join(empty, ids), "invalid agent")
	scalar(b, "LinkArticle", "article", join(empty, ids), "invalid article")
	scalar(b, "Regroup", "group", ids, "invalid group")
	scalar(b, "RequestAgent", "group", ids, "invalid group")
	scalar(b, "MarkRead", "upTo", badVersions[:2], "invalid up_to")

	field(b, "Open", "open", "Visitor", ids, "invalid visitor", func(o *conversation.Open, id string) { o.Visitor = id })
	field(b, "Open", "open", "Group", ids, "invalid group", func(o *conversation.Open, id string) { o.Group = id })
	field(b, "Open", "open", "Previous", ids, "invalid previous", func(o *conversation.Open, id string) { o.Previous = id })
	field(b, "Open", "open", "PreviousAgent", ids, "invalid previous agent", func(o *conversation.Open, id string) { o.PreviousAgent = id })
	field(b, "Transfer", "transfer", "Agent", join(empty, ids), "invalid*", func(t *conversation.Transfer, id string) { t.Agent = id })
	field(b, "Transfer", "transfer", "Group", join(empty, ids), "invalid*", func(t *conversation.Transfer, id string) { t.Agent, t.Group = "", id })
	field(b, "AnswerSurvey", "answer", "Rating", join(zero, negative, huge, []named[int]{{"6", 6}}), "invalid rating",
		func(a *conversation.AnswerSurvey, n int) { a.Rating = n })
	field(b, "AnswerSurvey", "answer", "Number", negative, "invalid number", func(a *conversation.AnswerSurvey, n int) { a.Number = n })
	field(b, "AnswerSurvey", "answer", "Number", huge, "refused no_survey", func(a *conversation.AnswerSurvey, n int) { a.Number = n })
	field(b, "AnswerSurvey", "answer", "Comment", badTexts(conversation.MaxNote), "invalid comment",
		func(a *conversation.AnswerSurvey, s string) { a.Comment = s })

	form(b, "Close", "closing.", func(c *conversation.Close) *closure.Form { return &c.Form })
	ending(b, "Close", "closing", func(c *conversation.Close) (*closure.Outcome, *closure.Reason) { return &c.Outcome, &c.Reason })
	field(b, "Close", "closing", "Cause", join(badEnums, nearly("spam"), []named[string]{{"of the timer", "idle"}, {"of the queue", "queue_timeout"}, {"of the visitor", "visitor_left"}}),
		"invalid cause", func(c *conversation.Close, s string) { c.Force, c.Cause = false, closure.Cause(s) })
	field(b, "Close", "closing", "Acknowledged", join(badEnums, nearly("abrupt")), "refused discourteous",
		func(c *conversation.Close, s string) { c.Force, c.Acknowledged = false, closure.Grade(s) })
	ending(b, "Reclassify", "decision", func(r *conversation.Reclassify) (*closure.Outcome, *closure.Reason) { return &r.Outcome, &r.Reason })
	form(b, "Reclassify", "decision.Form.", func(r *conversation.Reclassify) *closure.Form {
		r.Form = new(closure.Form)
		return r.Form
	})

	until := func(path string, set func(*snooze.Until, string), values []named[string]) {
		field(b, "Snooze", "snooze", "Until."+path, values, "invalid until", func(s *conversation.Snooze, v string) {
			s.Until = snooze.Calendar("2026-03-03T09:00", "Europe/Berlin")
			set(&s.Until, v)
		})
	}
	until("Zone", func(u *snooze.Until, s string) { u.Zone = s }, join(empty, badZones))
	until("Local", func(u *snooze.Until, s string) { u.Local = s }, join(empty, badLocals, []named[string]{
		{"the past", "2026-03-02T08:00"}, {"year 0", "0000-01-01T00:00"}, {"year 1", "0001-01-01T00:00"}, {"year 9999", "9999-12-31T23:59"}, {"too far", "2027-12-31T09:00"},
	}))
	field(b, "Snooze", "snooze", "Until.For", join(negativeDurations, longDurations, []named[time.Duration]{{"none", 0}, {"1 ns", 1}, {"999 ns", 999}}), "invalid until",
		func(s *conversation.Snooze, d time.Duration) { s.Until = snooze.For(d) })
	field(b, "Snooze", "snooze", "Until.At", join(farTimes, []named[time.Time]{{"none", time.Time{}}, {"now", start}, {"the past", start.Add(-1)}, {"beyond the horizon", start.Add(snooze.Horizon + time.Microsecond)}}),
		"invalid until", func(s *conversation.Snooze, at time.Time) { s.Until = snooze.At(at) })
	field(b, "Snooze", "snooze", "Until", []named[snooze.Until]{
		{"none", snooze.Until{}}, {"two ways", snooze.Until{Reply: true, For: time.Hour}}, {"all ways", snooze.Until{Reply: true, For: 1, At: start, Local: "x", Zone: "y"}},
	}, "invalid until", func(s *conversation.Snooze, u snooze.Until) { s.Until = u })
	field(b, "Snooze", "snooze", "AtEnd", join(badEnums, nearly("keep")), "invalid at_end", func(s *conversation.Snooze, v string) { s.AtEnd = snooze.AtEnd(v) })
	field(b, "Snooze", "snooze", "OnReply", join(badEnums, nearly("wake")), "invalid on_reply", func(s *conversation.Snooze, v string) { s.OnReply = snooze.OnReply(v) })
}

// form puts bad values into a wrap-up.
func form[S any](b *table, method, path string, of func(*S) *closure.Form) {
	parameter, prefix, _ := strings.Cut(path, ".")
	field(b, method, parameter, prefix+"Sentiment", join(badEnums, nearly("positive")), "invalid sentiment",
		func(s *S, v string) { of(s).Sentiment = closure.Sentiment(v) })
	field(b, method, parameter, prefix+"Notes", badTexts(conversation.MaxNote), "invalid notes", func(s *S, v string) { of(s).Notes = v })
	field(b, method, parameter, prefix+"Tags", badLines(conversation.MaxTag), "invalid tags", func(s *S, v string) { of(s).Tags = []string{"late", v} })
	field(b, method, parameter, prefix+"Tags", []named[[]string]{
		{"33", slices.Repeat([]string{"late"}, conversation.MaxTags+1)}, {"10,000", slices.Repeat([]string{canary}, 10_000)}, {"not in the catalogue", []string{canary}},
		{"of other case", []string{"Late"}}, {"injected", []string{"late'; --"}},
	}, "invalid tags", func(s *S, v []string) { of(s).Tags = v })
	field(b, method, parameter, prefix+"Tickets", join(badLines(conversation.MaxTicket), badTickets), "invalid tickets",
		func(s *S, v string) { of(s).Tickets = []string{"T-1", v} })
	field(b, method, parameter, prefix+"Tickets", []named[[]string]{
		{"1001", slices.Repeat([]string{"T-1"}, conversation.MaxTickets+1)}, {"100,000", slices.Repeat([]string{canary}, 100_000)},
	}, "invalid tickets", func(s *S, v []string) { of(s).Tickets = v })
}

// ending puts bad values into a decision.
func ending[S any](b *table, method, parameter string, of func(*S) (*closure.Outcome, *closure.Reason)) {
	field(b, method, parameter, "Outcome", join(empty, badEnums, nearly("resolved")), "invalid outcome", func(s *S, v string) {
		outcome, _ := of(s)
		*outcome = closure.Outcome(v)
	})
	field(b, method, parameter, "Reason", join(badEnums, nearly("other")), "invalid outcome", func(s *S, v string) {
		outcome, reason := of(s)
		*outcome, *reason = closure.Unresolved, closure.Reason(v)
	})
	field(b, method, parameter, "Reason", []named[string]{{"beside resolved", "other"}}, "invalid outcome", func(s *S, v string) {
		outcome, reason := of(s)
		*outcome, *reason = closure.Resolved, closure.Reason(v)
	})
}

// An embedding command is one for the compiler.
type embedding struct{ conversation.Take }

// strangeCommands gives Do and ForceLogOut what is no command, and those that have
// no method.
func (b *table) strangeCommands() {
	none := []named[conversation.Command]{
		{"nil", nil}, {"a pointer", &conversation.Take{}}, {"a nil pointer", (*conversation.Take)(nil)}, {"a pointer to a closing", &conversation.Close{Outcome: closure.Resolved}},
		{"one that embeds", embedding{}}, {"a pointer to one that embeds", &embedding{}}, {"one that embeds nothing", struct{ conversation.Command }{}},
	}
	for _, c := range conversation.Commands() { // embedded in a type that nobody knows
		none = append(none, named[conversation.Command]{"embedding " + string(c.Name()), struct{ conversation.Command }{c}})
	}
	scalar(b, "Do", "command", none, "invalid command")
	scalar(b, "ForceLogOut", "fate", none, "invalid fate")
	var others []named[conversation.Command]
	for _, c := range conversation.Commands() {
		switch c.(type) {
		case conversation.HandBack, conversation.Transfer, conversation.Requeue, conversation.Close:
		default:
			others = append(others, named[conversation.Command]{string(c.Name()), c})
		}
	}
	scalar(b, "ForceLogOut", "fate", others, "invalid fate")
	scalar(b, "ForceLogOut", "fate", []named[conversation.Command]{{"to herself", conversation.Transfer{Agent: "ann"}}}, "invalid fate")
	scalar(b, "ForceLogOut", "fate", []named[conversation.Command]{
		{"to nobody", conversation.Transfer{}}, {"without an outcome", conversation.Close{}}, {"an unknown reason", conversation.Requeue{Reason: canary}},
		{"to a bad ID", conversation.Transfer{Group: canary + "/"}}, {"with notes of 10 MB", conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Notes: tenMegabytes}}},
	}, "invalid*")
	scalar(b, "Do", "command", []named[conversation.Command]{{"expire", conversation.Expire{}}}, "refused*")

	give := func(name, want string, by conversation.Actor, commands []named[conversation.Command]) {
		b.add("Do", ".command."+name, want, tries(commands), func(_ *world, target, v any) func(context.Context) ([]any, error) {
			return func(ctx context.Context) ([]any, error) { return call(ctx, target, "Do", []any{open(by), v}) }
		})
	}
	var gone, back, waits []named[conversation.Command]
	for _, id := range join(empty, badIDs()) {
		gone = append(gone, named[conversation.Command]{id.name, conversation.AssigneeGone{Agent: id.v, Since: start}})
		back = append(back, named[conversation.Command]{id.name, conversation.AssigneeBack{Agent: id.v}})
	}
	give("AssigneeGone.Agent", "invalid agent", host, gone)
	give("AssigneeBack.Agent", "invalid agent", host, back)
	for _, reason := range join(badEnums, nearly("full")) {
		waits = append(waits, named[conversation.Command]{reason.name, conversation.Requeue{Reason: conversation.WaitReason(reason.v)}})
	}
	give("Requeue.Reason", "invalid reason", host, waits)
	var since []named[conversation.Command]
	for _, at := range append(farTimes, named[time.Time]{"none", time.Time{}}) {
		since = append(since, named[conversation.Command]{at.name, conversation.AssigneeGone{Agent: "ann", Since: at.v}})
	}
	give("AssigneeGone.Since", "invalid since", host, since)
	var marks []named[conversation.Command]
	for _, mark := range join(empty, badEnums, nearly("farewell"), []named[string]{{"of an agent", "check_in"}}) {
		marks = append(marks, named[conversation.Command]{mark.name, conversation.Say{Text: "x", Marks: []closure.Mark{closure.Mark(mark.v)}}})
	}
	marks = append(marks,
		named[conversation.Command]{"twice", conversation.Say{Marks: []closure.Mark{closure.Farewell, closure.Farewell}}},
		named[conversation.Command]{"10,000", conversation.Say{Marks: slices.Repeat([]closure.Mark{closure.Farewell}, 10_000)}})
	give("Say.Marks", "invalid marks", vic, marks)
	give("Close of a visitor", "invalid*", vic, []named[conversation.Command]{
		{"resolved", conversation.Close{Outcome: closure.Resolved}}, {"by force", conversation.Close{Force: true}}, {"with tags", conversation.Close{Form: closure.Form{Tags: []string{"late"}}}},
		{"with notes", conversation.Close{Form: closure.Form{Notes: canary}}}, {"with tickets", conversation.Close{Form: closure.Form{Tickets: []string{"T-1"}}}},
		{"with a sentiment", conversation.Close{Form: closure.Form{Sentiment: closure.Positive}}}, {"as spam", conversation.Close{Cause: closure.Spam}},
	})
	give("a bot that names no version", "invalid as of", bot, []named[conversation.Command]{{"say", conversation.Say{Text: "x"}}, {"close", conversation.Close{Outcome: closure.Resolved}}})
	b.add("Do", ".command.with an ID and a time that JSON has not", "invalid command", tries([]named[time.Time]{farTimes[2], farTimes[4], farTimes[6]}), func(_ *world, target, v any) func(context.Context) ([]any, error) {
		c := open(ann)
		c.CommandID = "cmd-2"
		return func(ctx context.Context) ([]any, error) {
			return call(ctx, target, "Do", []any{c, conversation.Snooze{Until: snooze.At(v.(time.Time))}})
		}
	})
}

// people puts bad values into what is said of agents, groups and visitors.
func (b *table) people() {
	ids := badIDs()
	for _, m := range b.with("workspace") {
		scalar(b, m, "workspace", join(empty, ids), "invalid workspace")
	}
	for method, kind := range map[string]string{
		"Agent": "agent", "SetAgent": "agent", "RemoveAgent": "agent", "SetAvailability": "agent", "LogOut": "agent", "ForceLogOut": "agent",
		"Group": "group", "SetGroup": "group", "RemoveGroup": "group", "Visitor": "visitor",
		"Get": "conversation", "History": "conversation", "Allowed": "conversation", "Transcript": "conversation", "QueuePosition": "conversation", "Release": "conversation",
	} {
		scalar(b, method, "id", join(empty, ids), "invalid "+kind)
	}
	for _, m := range b.with("visitor") {
		scalar(b, m, "visitor", join(empty, ids), "invalid visitor")
	}
	scalar(b, "Agents", "group", ids, "invalid group")
	scalar(b, "Agents", "after", ids, "invalid after")
	scalar(b, "Groups", "after", ids, "invalid after")
	scalar(b, "Queue", "group", ids, "invalid group")
	scalar(b, "RemoveGroup", "into", ids, "invalid group")
	scalar(b, "RemoveGroup", "into", []named[string]{{"itself", "billing"}}, "invalid into")
	scalar(b, "RemoveGroup", "into", []named[string]{{"unknown", "nowhere"}}, "ErrNoGroup")
	scalar(b, "SetAgent", "capacity", join(negative, huge, []named[int]{{"10,001", roster.MaxCapacity + 1}}), "invalid agent")
	var groups []named[[]string]
	for _, id := range join(empty, ids) {
		groups = append(groups, named[[]string]{id.name, []string{id.v}})
	}
	scalar(b, "SetAgent", "groups", groups, "invalid group")
	many := make([]string, 10_000)
	for i := range many {
		many[i] = canary + strings.Repeat("g", i%50) + string(rune('a'+i%26)) + strings.Repeat("h", i/500)
	}
	scalar(b, "SetAgent", "groups", []named[[]string]{{"10,000", many}}, "invalid agent")
	scalar(b, "SetAgent", "groups", []named[[]string]{{"unknown", []string{"billing", "nowhere"}}}, "ErrNoGroup")
	scalar(b, "SetAvailability", "source", join(empty, badEnums, nearly("manual")), "invalid source")
	scalar(b, "SetAvailability", "to", join(badEnums, nearly("available")), "invalid availability")
	scalar(b, "SetEmail", "email", badEmails, "invalid email")
	field(b, "ForceLogOut", "by", "Kind", join(empty, badEnums, nearly("supervisor"), []named[string]{{"agent", "agent"}, {"visitor", "visitor"}, {"timer", "timer"}, {"bot", "bot"}}),
		"invalid actor", func(a *conversation.Actor, s string) { a.Kind = conversation.ActorKind(s) })
	field(b, "ForceLogOut", "by", "ID", join(empty, ids), "invalid actor", func(a *conversation.Actor, s string) { a.ID = s })
	field(b, "Allowed", "by", "Kind", keep(badKinds, func(s string) bool { return s != "timer" }), "invalid actor", func(a *conversation.Actor, s string) { a.Kind = conversation.ActorKind(s) })
	for _, kind := range conversation.ActorKinds() {
		field(b, "Allowed", "by", "ID", ids, "invalid actor", func(a *conversation.Actor, s string) { a.Kind, a.ID = kind, s })
	}
}

// badEmails are no addresses, or more than one.
var badEmails = join(around(controls()), around(notUTF8), around(bidi()), []named[string]{
	{"no sign", canary}, {"no name", "@" + canary + ".example"}, {"no host", canary + "@"}, {"with a name", "Vic <" + canary + "@example.com>"}, {"in brackets", "<" + canary + "@example.com>"},
	{"two", canary + "@example.com, x@example.com"}, {"a line behind", canary + "@example.com\n"}, {"a header", canary + "@example.com\r\nBcc: all@example.com"}, {"a space inside", canary + "@exa mple.com"},
	{"NUL", "\x00" + canary + "@example.com"}, {"two signs", canary + "@@example.com"}, {"a comment", canary + "(x)@example.com"}, {"bidi", canary + "\u202e@example.com"},
	{"zero width", canary + "\u200b@example.com"}, {"255 bytes", canary + strings.Repeat("x", 255-len(canary)-len("@example.com")) + "@example.com"}, {"10 MB", tenMegabytes + "@example.com"},
	{"a dot first", "." + canary + "@example.com"}, {"two dots", canary + "..x@example.com"}, {"a group", "x:" + canary + "@example.com;"}, {"encoded", "=?utf-8?q?" + canary + "?= <x@example.com>"},
	{"a link", "mailto:" + canary + "@example.com"}, {"a space behind", canary + "@example.com "}, {"a semicolon", canary + "@example.com;x@example.com"},
})

// feeds puts bad values into what goes across workspaces.
func (b *table) feeds() {
	ids := badIDs()
	scalar(b, "Feed", "subscriber", join(empty, ids), "invalid subscriber")
	scalar(b, "Advance", "subscriber", join(empty, ids), "invalid subscriber")
	scalar(b, "Feed", "limit", join(zero, negative), "invalid limit")
	scalar(b, "Feed", "limit", huge, "accepted")
	scalar(b, "Advance", "to", []named[int64]{{"-1", -1}, {"the least", math.MinInt64}, {"behind the end", 10_000}, {"the greatest", math.MaxInt64}, {"more than 32 bits", math.MaxInt32 + 1}}, "ErrPosition")
	scalar(b, "Setbacks", "afterWorkspace", ids, "invalid workspace")
	scalar(b, "Setbacks", "afterID", ids, "invalid conversation")
	scalar(b, "Setbacks", "limit", join(zero, negative), "invalid limit")
	scalar(b, "Setbacks", "limit", huge, "accepted")
	scalar(b, "NextDue", "by", join(farTimes, []named[time.Time]{{"none", time.Time{}}}), "accepted")
	scalar(b, "Purge", "keep", join(negativeDurations, []named[time.Duration]{{"none", 0}}), "invalid keep")
	scalar(b, "Purge", "keep", longDurations, "accepted")
	scalar(b, "Subscribe", "buffer", join(zero, negative, huge), "accepted")
	scalar(b, "History", "after", badVersions[:2], "invalid history")
	scalar(b, "History", "after", badVersions[2:], "accepted")
	scalar(b, "History", "limit", negative, "invalid history")
	scalar(b, "History", "limit", huge, "accepted")
	scalar(b, "Transcript", "audience", join(empty, badEnums, nearly("agents")), "invalid audience")
}

// unknown asks for what does not exist, or is somebody else's.
func (b *table) unknown() {
	elsewhere := []named[string]{{"another", "other"}, {"unknown", "nowhere"}}
	for method, want := range map[string]string{
		"Get": "ErrNotFound", "History": "ErrNotFound", "Transcript": "ErrNotFound", "QueuePosition": "ErrNotFound", "Release": "ErrNotFound",
		"Agent": "ErrNoAgent", "RemoveAgent": "ErrNoAgent", "LogOut": "ErrNoAgent", "ForceLogOut": "ErrNoAgent", "SetAvailability": "ErrNoAgent",
		"Group": "ErrNoGroup", "RemoveGroup": "ErrNoGroup", "SetAgent": "ErrNoGroup", "SetPolicies": "ErrPolicyConflict",
		"Allowed": "accepted", "Agents": "accepted", "Groups": "accepted", "List": "accepted", "Count": "accepted", "Closings": "accepted", "Report": "accepted", "Spreads": "accepted",
		"Articles": "accepted", "Unconfirmed": "accepted", "CustomerHistory": "accepted", "Unread": "accepted", "UnreadCount": "accepted", "Visitor": "accepted",
		"Queue": "accepted", "Tags": "accepted", "Policies": "accepted", "PoliciesApplied": "accepted", "Forget": "accepted",
	} {
		values := elsewhere
		if method == "Forget" { // the other workspace has that visitor too
			values = elsewhere[1:]
		}
		scalar(b, method, "workspace", values, want)
		if i := slices.Index(b.desk.methods[method], "id"); i >= 0 && method != "SetAgent" && method != "Allowed" {
			scalar(b, method, "id", []named[string]{{"unknown", "nobody"}, {"of other case", "ANN"}}, want)
		}
	}
}

// done gives good calls whose context is over.
func (b *table) done() {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for method := range b.desk.methods {
		if method == "Subscribe" || method == "Tx" {
			continue
		}
		b.add(method, " when it is over", "canceled", []try{{value: "a context that is done"}}, func(_ *world, target, _ any) func(context.Context) ([]any, error) {
			return func(context.Context) ([]any, error) { return call(over, target, method, good[method]) }
		})
	}
}
