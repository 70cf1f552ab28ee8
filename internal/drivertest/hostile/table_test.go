package hostile_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// An entry is a place that takes a value, and what becomes of each bad one.
type entry struct {
	name  string // "Desk.SetAgent.id"
	want  string // the class of the error, "accepted", or the beginning of one with a *
	tries []try
}

// A try is a call with one bad value in it.
type try struct {
	value string // its name
	v     any
	give  func(ctx context.Context, w *world) ([]any, error)
}

// A table is what is thrown at a Desk. What is not in it has a reason.
type table struct {
	desk, tx surface
	entries  []entry
	thin     int // only each so many of the values of an entry
}

// good are arguments with which each method of a Desk does something.
var good = map[string][]any{
	"AddNote":         {open(ann), "a note"},
	"Advance":         {"crm", storage.Position(0)},
	"Agent":           {acme, "ann"},
	"Agents":          {acme, "billing", "", 10},
	"Allowed":         {acme, "c-open", ann},
	"AnswerSurvey":    {closed(vic), conversation.AnswerSurvey{Number: 1, Rating: 4}},
	"Articles":        {acme, closure.Filter{}},
	"Assign":          {open(sue), "ben"},
	"Block":           {open(ann)},
	"Close":           {open(sue), conversation.Close{Outcome: closure.Resolved, Force: true}},
	"Closings":        {acme, lifecycle.ClosingView{}, "", 10},
	"Count":           {acme, lifecycle.View{}},
	"CustomerHistory": {acme, "vic", "", 10},
	"Do":              {open(ann), conversation.AddNote{Text: "a note"}},
	"Feed":            {"crm", 10},
	"ForceLogOut":     {acme, "ann", sue, conversation.Requeue{}},
	"Forget":          {acme, "vic"},
	"Get":             {acme, "c-open"},
	"Group":           {acme, "billing"},
	"Groups":          {acme, "", 10},
	"HandBack":        {open(ann)},
	"History":         {acme, "c-open", conversation.Version(0), 0},
	"LinkArticle":     {open(ann), "kb-2"},
	"List":            {acme, lifecycle.View{}, "", 10},
	"LogOut":          {acme, "ann"},
	"MarkRead":        {open(vic), conversation.Version(0)},
	"NextDue":         {start.Add(time.Hour)},
	"OfferSurvey":     {closed(ann)},
	"Open":            {lifecycle.Call{Workspace: acme, Conversation: "c-new", By: vic}, conversation.Open{}},
	"Policies":        {acme},
	"PoliciesApplied": {acme},
	"Purge":           {time.Hour},
	"Queue":           {acme, "billing"},
	"QueuePosition":   {acme, "c-waiting"},
	"Reclassify":      {closed(ann), conversation.Reclassify{Outcome: closure.Resolved}},
	"Regroup":         {open(host), "sales"},
	"Release":         {acme, "c-open"},
	"RemoveAgent":     {acme, "ann"},
	"RemoveGroup":     {acme, "billing", "sales"},
	"Reopen":          {closed(ann)},
	"Report":          {acme, lifecycle.ReportQuery{}},
	"RequestAgent":    {open(vic), "billing"},
	"Requeue":         {open(ann)},
	"Run":             {},
	"Say":             {open(vic), "Hello?"},
	"SetAgent":        {acme, "ann", 4, []string{"billing"}},
	"SetAvailability": {acme, "ann", roster.Manual, roster.Unavailable},
	"SetEmail":        {acme, "vic", "other@example.com"},
	"SetGroup":        {acme, "vip"},
	"SetPolicies":     {acme, conversation.Policies{}, int64(1)},
	"SetPresence":     {acme, "vic", true},
	"Setbacks":        {"", "", 10},
	"Snooze":          {open(ann), conversation.Snooze{Until: snooze.For(time.Hour)}},
	"Spreads":         {acme, lifecycle.ReportQuery{}, closure.Handling, []int{50}},
	"Subscribe":       {1},
	"Tags":            {acme},
	"Take":            {lifecycle.Call{Workspace: acme, Conversation: "c-snoozed", By: ann}},
	"Tick":            {},
	"Transcript":      {acme, "c-open", lifecycle.Notes{}, lifecycle.ForAgents},
	"Transfer":        {open(ann), conversation.Transfer{Agent: "ben"}},
	"Tx":              {nil},
	"Typing":          {open(vic)},
	"Unblock":         {open(ann)},
	"Unconfirmed":     {acme, lifecycle.ClosingView{}, lifecycle.Notes{}, "", 10},
	"Unread":          {acme, "vic"},
	"UnreadCount":     {acme, "vic"},
	"Visitor":         {acme, "vic"},
	"Wake":            {lifecycle.Call{Workspace: acme, Conversation: "c-snoozed", By: ann}},
	"Committed":       {},
}

func open(by conversation.Actor) lifecycle.Call {
	return lifecycle.Call{Workspace: acme, Conversation: "c-open", By: by}
}

func closed(by conversation.Actor) lifecycle.Call {
	return lifecycle.Call{Workspace: acme, Conversation: "c-closed-1", By: by}
}

// newTable returns the table, with each so many of the values of an entry.
func newTable(t testing.TB, thin int) *table {
	t.Helper()
	b := &table{
		desk: surfaceOf(t, reflect.TypeFor[*lifecycle.Desk](), "Desk", "commands"),
		tx:   surfaceOf(t, reflect.TypeFor[*lifecycle.Tx](), "Tx", "commands"),
		thin: thin,
	}
	b.calls()
	b.commands()
	b.strangeCommands()
	b.people()
	b.lists()
	b.reports()
	b.tokens(t)
	b.feeds()
	b.policies()
	b.unknown()
	b.done()
	return b
}

// add adds the entries of one place: of the Desk, and of a Tx if it has the
// method.
func (b *table) add(method, place, want string, values []try, give func(w *world, target any, v any) func(context.Context) ([]any, error)) {
	for _, on := range []struct {
		name    string
		surface surface
		of      func(*world) any
	}{
		{"Desk", b.desk, func(w *world) any { return w.desk }},
		{"Tx", b.tx, func(w *world) any { return w.desk.Tx(w.store) }},
	} {
		if _, has := on.surface.methods[method]; !has {
			continue
		}
		e := entry{name: on.name + "." + method + place, want: want}
		for i, one := range values {
			if i%b.thin != len(b.entries)%b.thin && len(values) > 2*b.thin {
				continue
			}
			if s, is := one.v.(string); is && b.thin > 1 && len(s) > 1<<20 && len(values) > 10 {
				continue
			}
			e.tries = append(e.tries, try{one.value, one.v, func(ctx context.Context, w *world) ([]any, error) {
				return give(w, on.of(w), one.v)(ctx)
			}})
		}
		b.entries = append(b.entries, e)
	}
}

func tries[T any](values []named[T]) []try {
	all := make([]try, len(values))
	for i, n := range values {
		all[i] = try{value: n.name, v: n.v}
	}
	return all
}

// scalar puts values in the place of a parameter.
func scalar[T any](b *table, method, parameter string, values []named[T], want string) {
	i := b.place(method, parameter)
	b.add(method, "."+parameter, want, tries(values), func(_ *world, target, v any) func(context.Context) ([]any, error) {
		arguments := slices.Clone(good[method])
		if is, to := reflect.ValueOf(v), reflect.TypeOf(arguments[i]); v != nil && to != nil && is.CanConvert(to) {
			v = is.Convert(to).Interface()
		}
		arguments[i] = v
		return func(ctx context.Context) ([]any, error) { return call(ctx, target, method, arguments) }
	})
}

// field puts values into a field of a parameter that is a struct.
func field[S, T any](b *table, method, parameter, path string, values []named[T], want string, set func(*S, T)) {
	i := b.place(method, parameter)
	b.add(method, "."+parameter+"."+path, want, tries(values), func(_ *world, target, v any) func(context.Context) ([]any, error) {
		arguments := slices.Clone(good[method])
		s := arguments[i].(S)
		set(&s, v.(T))
		arguments[i] = s
		return func(ctx context.Context) ([]any, error) { return call(ctx, target, method, arguments) }
	})
}

// place returns the index of a parameter.
func (b *table) place(method, parameter string) int {
	i := slices.Index(b.desk.methods[method], parameter)
	if i < 0 {
		panic(fmt.Sprintf("%s has no %s", method, parameter))
	}
	return i
}

// callMethods are the methods that take a Call.
func (b *table) callMethods() []string {
	var all []string
	for name, params := range b.desk.methods {
		if slices.Contains(params, "call") {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// with returns the methods that have a parameter.
func (b *table) with(parameter string) []string {
	var all []string
	for name, params := range b.desk.methods {
		if slices.Contains(params, parameter) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// missing are the places that the surface has and the table does not know.
func (b *table) missing(s surface, on string) []string {
	var missing []string
	for _, place := range s.fields() {
		known := slices.ContainsFunc(b.entries, func(e entry) bool { return e.name == on+"."+place })
		if !known && !slices.ContainsFunc(trusted, func(p string) bool { return matches(p, place) }) {
			missing = append(missing, on+"."+place)
		}
	}
	for name := range s.methods {
		if _, has := good[name]; !has {
			missing = append(missing, on+"."+name)
		}
	}
	return missing
}
