package tenancy_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

var start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// A stopped clock shows what it was set to.
type stopped struct{ at time.Time }

func (c *stopped) Now() time.Time                       { return c.at }
func (c *stopped) After(time.Duration) <-chan time.Time { return nil }

// A world is a Desk on a store, with its log and its live updates.
type world struct {
	desk  *lifecycle.Desk
	store storage.Store
	clock *stopped
	log   *bytes.Buffer
	live  *lifecycle.Subscription
	heard []lifecycle.Update
	rows  func(context.Context) (string, error)
	shut  func()
}

var phrases = lifecycle.ByPhrases(closure.DefaultPhrases())

// newWorld opens a place for a Desk; wrap, unless it is nil, makes something of the
// store.
func newWorld(t *testing.T, open opening, wrap func(storage.Store) storage.Store, o lifecycle.Options) *world {
	t.Helper()
	at := open(t)
	w := &world{store: at.Store, clock: &stopped{start}, log: new(bytes.Buffer), rows: at.rows}
	if wrap != nil {
		w.store = wrap(w.store)
	}
	o.Clock = w.clock
	if o.Classifier == nil {
		o.Classifier = phrases // making one takes longer than what most worlds do
	}
	o.Logger = slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	made := 0
	o.NewID = func() string { made++; return fmt.Sprint("made-", made) }
	var err error
	w.desk, err = lifecycle.New(w.store, &o)
	must(t, err)
	w.live = w.desk.Subscribe(200)
	w.shut = func() { must(t, at.close()) }
	return w
}

// The people of every workspace.
var (
	vic = conversation.Visitor("vic")
	ann = conversation.Agent("ann")
	ben = conversation.Agent("ben")
	sue = conversation.Supervisor("sue")
	bot = conversation.Bot("bot")
	sys = conversation.System("host")
)

var policies = conversation.Policies{
	Default: conversation.Policy{Bot: true, NotifyByEmail: true, Survey: conversation.Asking{Offer: true}, Idle: conversation.Idle{
		Assigned: idle.Ladder{Steps: []idle.Step{{After: 10 * time.Minute, Action: idle.Prompt, Text: "Still there?"}, {After: time.Hour, Action: idle.FollowUp, Text: "Hello?"}}},
	}},
	Groups: map[string]conversation.Policy{"sales": {Sticky: true}},
	Tags:   []string{"vip", "late"},
}

// A builder gives commands that must be accepted.
type builder struct {
	t         *testing.T
	w         *world
	workspace string
}

func (b builder) call(id string, by conversation.Actor) lifecycle.Call {
	return lifecycle.Call{Workspace: b.workspace, Conversation: id, By: by}
}

func (b builder) do(call lifecycle.Call, commands ...conversation.Command) {
	b.t.Helper()
	for _, c := range commands {
		if _, err := b.w.desk.Do(b.t.Context(), call, c); err != nil {
			b.t.Fatalf("%s: %T by %v: %v", call.Conversation, c, call.By, err)
		}
	}
}

// build makes a workspace with a conversation in each state: chat-1 is ann's, chat-2
// waits in sales, chat-3 was closed, chat-4 sleeps and chat-5 is the bot's. With
// other IDs there are an agent, a group, a visitor, a conversation, an article, a
// tag and a command of each of these too.
func build(t *testing.T, w *world, workspace string, others ...string) {
	t.Helper()
	b, ctx, desk := builder{t, w, workspace}, t.Context(), w.desk
	p := policies
	p.Tags = append(slices.Clone(p.Tags), others...)
	_, err := desk.SetPolicies(ctx, workspace, p, 0)
	must(t, err)
	for _, group := range append([]string{"sales", "care"}, others...) {
		must(t, desk.SetGroup(ctx, workspace, group))
	}
	for _, agent := range []string{"ann", "ben"} {
		_, err := desk.SetAgent(ctx, workspace, agent, 5, "care")
		must(t, err)
		_, err = desk.SetAvailability(ctx, workspace, agent, roster.Manual, roster.Available)
		must(t, err)
	}
	_, err = desk.SetEmail(ctx, workspace, "vic", "vic@example.org")
	must(t, err)
	for _, id := range []string{"chat-1", "chat-2", "chat-3", "chat-4", "chat-5"} {
		b.do(b.call(id, vic), conversation.Open{}, conversation.Say{Text: "Hello"})
	}
	b.do(b.call("chat-1", ann), conversation.Take{}, conversation.Say{Text: "Hi"})
	b.do(b.call("chat-2", vic), conversation.RequestAgent{Group: "sales"})
	b.do(b.call("chat-3", ann), conversation.Take{}, conversation.LinkArticle{Article: "article-1"},
		conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"vip"}, Notes: "nice"}})
	b.do(b.call("chat-4", ann), conversation.Take{}, conversation.Snooze{Until: snooze.For(time.Hour)})
	for _, other := range others {
		_, err := desk.SetAgent(ctx, workspace, other, 5, other)
		must(t, err)
		_, err = desk.SetAvailability(ctx, workspace, other, roster.Manual, roster.Available)
		must(t, err)
		_, err = desk.SetEmail(ctx, workspace, other, "other@example.org")
		must(t, err)
		_, err = desk.SetPresence(ctx, workspace, other, true)
		must(t, err)
		agent := conversation.Agent(other)
		theirs := b.call(other, conversation.Visitor(other))
		theirs.CommandID = other
		b.do(theirs, conversation.Open{Group: other})
		b.do(b.call(other, agent), conversation.Take{}, conversation.LinkArticle{Article: other}, conversation.Say{Text: other},
			conversation.Close{Outcome: closure.Unresolved, Reason: closure.ReasonOther, Form: closure.Form{Tags: []string{other}, Tickets: []string{other}}})
		known := b.call("chat-1", ann)
		known.CommandID = other
		b.do(known, conversation.AddNote{Text: other})
		b.do(b.call("for-"+other, conversation.Visitor(other)), conversation.Open{Group: other, ForAgent: true})
	}
	_, err = desk.Tick(ctx)
	must(t, err)
}

// ours is the workspace of the templates: an argument with this value is not looked
// for in another one.
const ours = "ours"

// samples are commands of every kind, each where it is accepted.
var samples = []struct {
	on      string
	by      conversation.Actor
	command conversation.Command
}{
	{"chat-9", vic, conversation.Open{}},
	{"chat-9", sys, conversation.Open{Visitor: "vic", Group: "sales", Previous: "chat-3", PreviousAgent: "ann", ForAgent: true}},
	{"chat-1", vic, conversation.Say{Text: "More"}},
	{"chat-3", vic, conversation.Say{Text: "Again"}},
	{"chat-4", ann, conversation.Say{Text: "Later"}},
	{"chat-5", vic, conversation.RequestAgent{Group: "sales"}},
	{"chat-2", ben, conversation.Take{}},
	{"chat-2", sue, conversation.Assign{Agent: "ben"}},
	{"chat-1", ann, conversation.HandBack{}},
	{"chat-1", ann, conversation.Transfer{Agent: "ben"}},
	{"chat-1", ann, conversation.Transfer{Group: "sales"}},
	{"chat-1", ann, conversation.Requeue{}},
	{"chat-1", ann, conversation.Snooze{Until: snooze.For(time.Hour)}},
	{"chat-1", ann, conversation.Snooze{Until: snooze.Calendar("2026-03-04T09:00", "Europe/Paris")}},
	{"chat-4", ann, conversation.Wake{}},
	{"chat-1", ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Notes: "done", Tags: []string{"vip"}, Tickets: []string{"T-1"}}}},
	{"chat-3", ann, conversation.Reclassify{Outcome: closure.Unresolved, Reason: closure.ReasonOther, Form: &closure.Form{Notes: "not done", Tags: []string{"late"}}}},
	{"chat-3", sys, conversation.OfferSurvey{}},
	{"chat-3", vic, conversation.AnswerSurvey{Rating: 4, Comment: "fine"}},
	{"chat-3", ann, conversation.Reopen{}},
	{"chat-2", sue, conversation.Regroup{Group: "care"}},
	{"chat-1", sys, conversation.AssigneeGone{Agent: "ann", Since: start}},
	{"chat-1", sys, conversation.AssigneeBack{Agent: "ann"}},
	{"chat-1", sys, conversation.NotifyByEmail{}},
	{"chat-1", vic, conversation.Typing{}},
	{"chat-1", vic, conversation.MarkRead{}},
	{"chat-1", ann, conversation.AddNote{Text: "angry"}},
	{"chat-1", ann, conversation.LinkArticle{Article: "article-1"}},
	{"chat-1", sue, conversation.Block{}},
	{"chat-1", sue, conversation.Unblock{}},
	{"chat-1", conversation.Timer(), conversation.Expire{}},
}

// templates are arguments, after the context, for every method of a Desk that takes
// a string somewhere.
func templates(workspace string) map[string][][]any {
	at := func(id string, by conversation.Actor) lifecycle.Call {
		return lifecycle.Call{Workspace: workspace, Conversation: id, By: by}
	}
	closings := lifecycle.ClosingView{Filter: closure.Filter{From: start.Add(-time.Hour), To: start.Add(1000 * time.Hour)}}
	report := lifecycle.ReportQuery{Filter: closings.Filter, By: []closure.Dimension{closure.ByAgent, closure.ByTag}}
	all := map[string][][]any{
		"Open":         {{at("chat-9", vic), conversation.Open{}}},
		"Say":          {{at("chat-1", vic), "More"}, {at("chat-3", vic), "Again"}},
		"RequestAgent": {{at("chat-5", vic), "sales"}},
		"Take":         {{at("chat-2", ben)}},
		"Assign":       {{at("chat-2", sue), "ben"}},
		"HandBack":     {{at("chat-1", ann)}},
		"Transfer":     {{at("chat-1", ann), conversation.Transfer{Agent: "ben"}}, {at("chat-1", ann), conversation.Transfer{Group: "sales"}}},
		"Requeue":      {{at("chat-1", ann)}},
		"Snooze":       {{at("chat-1", ann), conversation.Snooze{Until: snooze.Calendar("2026-03-04T09:00", "Europe/Paris")}}},
		"Wake":         {{at("chat-4", ann)}},
		"Close":        {{at("chat-1", ann), conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"vip"}}}}},
		"Reclassify":   {{at("chat-3", ann), conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Tags: []string{"late"}}}}},
		"OfferSurvey":  {{at("chat-3", sys)}},
		"AnswerSurvey": {{at("chat-3", vic), conversation.AnswerSurvey{Rating: 4, Comment: "fine"}}},
		"Reopen":       {{at("chat-3", ann)}},
		"Regroup":      {{at("chat-2", sue), "care"}},
		"Typing":       {{at("chat-1", vic)}},
		"MarkRead":     {{at("chat-1", vic), conversation.Version(0)}},
		"AddNote":      {{at("chat-1", ann), "angry"}},
		"LinkArticle":  {{at("chat-1", ann), "article-1"}},
		"Block":        {{at("chat-1", sue)}},
		"Unblock":      {{at("chat-1", sue)}},

		"Get":        {{workspace, "chat-1"}},
		"Allowed":    {{workspace, "chat-1", ann}, {workspace, "chat-1", vic}, {workspace, "chat-3", ben}, {workspace, "chat-2", bot}},
		"History":    {{workspace, "chat-1", conversation.Version(0), 0}, {workspace, "chat-3", conversation.Version(0), 0}},
		"Transcript": {{workspace, "chat-1", lifecycle.Notes{}, lifecycle.ForAgents}, {workspace, "chat-3", lifecycle.Notes{}, lifecycle.ForEverybody}},

		"Agent":           {{workspace, "ann"}},
		"Agents":          {{workspace, "", "", 500}, {workspace, "care", "", 500}},
		"SetAgent":        {{workspace, "ann", 3, []string{"sales"}}},
		"SetAvailability": {{workspace, "ann", roster.Manual, roster.Unavailable}},
		"RemoveAgent":     {{workspace, "ann"}},
		"LogOut":          {{workspace, "ann"}, {workspace, "ben"}},
		"ForceLogOut":     {{workspace, "ann", sue, conversation.Requeue{}}, {workspace, "ann", sue, conversation.Transfer{Agent: "ben"}}},
		"Group":           {{workspace, "sales"}},
		"Groups":          {{workspace, "", 500}},
		"SetGroup":        {{workspace, "sales"}},
		"RemoveGroup":     {{workspace, "sales", "care"}, {workspace, "sales", ""}},
		"Visitor":         {{workspace, "vic"}},
		"SetPresence":     {{workspace, "vic", true}},
		"SetEmail":        {{workspace, "vic", "new@example.org"}},
		"Unread":          {{workspace, "vic"}},
		"UnreadCount":     {{workspace, "vic"}},
		"Forget":          {{workspace, "vic"}},
		"Policies":        {{workspace}},
		"SetPolicies":     {{workspace, policies, int64(1)}},
		"PoliciesApplied": {{workspace}},
		"Tags":            {{workspace}},
		"Release":         {{workspace, "chat-1"}},

		"List":            {{workspace, lifecycle.View{}, "", 500}, {workspace, lifecycle.MyConversations("ann"), "", 500}},
		"Count":           {{workspace, lifecycle.View{}}, {workspace, lifecycle.Waiting("sales")}},
		"Queue":           {{workspace, ""}, {workspace, "sales"}},
		"QueuePosition":   {{workspace, "chat-2"}},
		"CustomerHistory": {{workspace, "vic", "", 50}},
		"Closings":        {{workspace, closings, "", 500}},
		"Unconfirmed":     {{workspace, closings, lifecycle.Notes{}, "", 50}},
		"Report":          {{workspace, report}},
		"Spreads":         {{workspace, report, closure.Handling, []int{50, 90}}},
		"Articles":        {{workspace, closings.Filter}},

		// Across workspaces.
		"Feed":     {{"subscriber-1", 500}},
		"Advance":  {{"subscriber-1", storage.Position(0)}},
		"Setbacks": {{workspace, "", 500}},
	}
	for _, s := range samples {
		all["Do"] = append(all["Do"], []any{at(s.on, s.by), s.command})
	}
	return all
}

// reads are the methods that change nothing and answer about one workspace.
var reads = []string{
	"Get", "Allowed", "History", "Transcript", "Agent", "Agents", "Group", "Groups", "Visitor", "Unread", "UnreadCount", "Policies",
	"PoliciesApplied", "Tags", "List", "Count", "Queue", "QueuePosition", "CustomerHistory", "Closings", "Unconfirmed", "Report", "Spreads", "Articles",
}

// TestTemplatesAreWhole: no method of a Desk, or of its Tx, that takes a string
// anywhere is without a template, and no command without a sample.
func TestTemplatesAreWhole(t *testing.T) {
	t.Parallel()
	have := templates(ours)
	for _, of := range []reflect.Type{reflect.TypeFor[*lifecycle.Desk](), reflect.TypeFor[*lifecycle.Tx]()} {
		for m := range of.Methods() {
			takes := false
			for i := 1; i < m.Type.NumIn(); i++ {
				takes = takes || takesString(m.Type.In(i))
			}
			if rows := have[m.Name]; takes && len(rows) == 0 {
				t.Errorf("%v.%s takes a string: give it a row in templates", of, m.Name)
			}
		}
	}
	for name := range have {
		if _, ok := reflect.TypeFor[*lifecycle.Desk]().MethodByName(name); !ok {
			t.Errorf("templates has %s, which a Desk does not have", name)
		}
	}
	for _, c := range conversation.Commands() {
		if !slices.ContainsFunc(samples, func(s struct {
			on      string
			by      conversation.Actor
			command conversation.Command
		}) bool {
			return reflect.TypeOf(s.command) == reflect.TypeOf(c)
		}) {
			t.Errorf("%T has no sample", c)
		}
	}
}

var commandType = reflect.TypeFor[conversation.Command]()

// takesString reports whether a value of a type can hold a plain string that
// somebody outside could set.
func takesString(of reflect.Type) bool {
	switch of.Kind() {
	case reflect.String:
		return of == reflect.TypeFor[string]()
	case reflect.Slice, reflect.Pointer:
		return takesString(of.Elem())
	case reflect.Map:
		return takesString(of.Key()) || takesString(of.Elem())
	case reflect.Interface:
		return of == commandType
	case reflect.Struct:
		for f := range of.Fields() {
			if f.IsExported() && takesString(f.Type) {
				return true
			}
		}
	}
	return false
}

// invoke calls a method by its name, and renders what it answers.
func invoke(ctx context.Context, on any, method string, arguments []reflect.Value) string {
	m := reflect.ValueOf(on).MethodByName(method)
	in := append([]reflect.Value{reflect.ValueOf(ctx)}, arguments...)
	var out []reflect.Value
	if m.Type().IsVariadic() {
		out = m.CallSlice(in)
	} else {
		out = m.Call(in)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:", method)
	for _, v := range out {
		b.WriteByte(' ')
		render(&b, v)
	}
	return b.String()
}

func values(arguments []any) []reflect.Value {
	all := make([]reflect.Value, len(arguments))
	for i, a := range arguments {
		all[i] = reflect.ValueOf(a)
	}
	return all
}

// render writes all that a value holds, whether it would be encoded or not: texts
// are left out of the encoding of events.
func render(b *strings.Builder, v reflect.Value) {
	if !v.IsValid() {
		b.WriteString("nil")
		return
	}
	if err, ok := asError(v); ok {
		fmt.Fprintf(b, "%T %v", err, err)
		return
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		switch {
		case v.IsNil():
			b.WriteString("nil")
		case v.Type() == reflect.TypeFor[*time.Location]():
			b.WriteString("zone")
		default:
			render(b, v.Elem())
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() && v.CanInterface() {
			b.WriteString(v.Interface().(time.Time).Format(time.RFC3339Nano))
			return
		}
		fmt.Fprintf(b, "%s{", v.Type().Name())
		for f, field := range v.Fields() {
			fmt.Fprintf(b, " %s:", f.Name)
			render(b, field)
		}
		b.WriteString("}")
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
			b.Write(v.Bytes())
			return
		}
		b.WriteByte('[')
		for i := range v.Len() {
			render(b, v.Index(i))
			b.WriteByte(' ')
		}
		b.WriteByte(']')
	case reflect.Map:
		var entries []string
		for key, value := range v.Seq2() {
			var e strings.Builder
			render(&e, key)
			e.WriteByte(':')
			render(&e, value)
			entries = append(entries, e.String())
		}
		slices.Sort(entries)
		fmt.Fprintf(b, "map%q", entries)
	case reflect.Func, reflect.Chan:
	default:
		fmt.Fprintf(b, "%v", v)
	}
}

// asError returns the error that a value is; its fields are what Unwrap and the
// text tell of.
func asError(v reflect.Value) (error, bool) {
	if v.Kind() != reflect.Interface || v.IsNil() || !v.CanInterface() {
		return nil, false
	}
	err, ok := v.Interface().(error)
	return err, ok
}

func rendered(v any) string {
	var b strings.Builder
	render(&b, reflect.ValueOf(v))
	return b.String()
}
