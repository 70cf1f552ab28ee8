package tenancy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

// A class says what becomes of what a host puts into a field.
type class string

const (
	text   class = "text"   // erased by Forget
	id     class = "ID"     // stays: docs/operating.md, "IDs are not erased."
	label  class = "label"  // stays: docs/operating.md, "Tags and tickets are not erased either"
	policy class = "policy" // of the workspace, not of a visitor
	moment class = "moment" // a calendar time and its zone
	asks   class = "asks"   // is only compared or rendered with, and kept nowhere
)

// stays are the sentences of docs/operating.md about what is not erased. What else
// is found after Forget is a leak.
var stays = []string{
	"Tags and tickets are not erased either", "IDs are not erased.", "Subscribers of the feed have got the texts before.",
}

// fields are all plain strings that a host can give to a Desk: in commands, and in
// the arguments of its methods by their places after the context.
var fields = map[string]class{
	"Open.Visitor": id, "Open.Group": id, "Open.Previous": id, "Open.PreviousAgent": id,
	"Say.Text":           text,
	"RequestAgent.Group": id,
	"Assign.Agent":       id,
	"Transfer.Agent":     id, "Transfer.Group": id,
	"Snooze.Until.Local": moment, "Snooze.Until.Zone": moment,
	"Close.Form.Notes": text, "Close.Form.Tags": label, "Close.Form.Tickets": label,
	"Reclassify.Form.Notes": text, "Reclassify.Form.Tags": label, "Reclassify.Form.Tickets": label,
	"AnswerSurvey.Comment": text,
	"Regroup.Group":        id,
	"AssigneeGone.Agent":   id, "AssigneeBack.Agent": id,
	"AddNote.Text":        text,
	"LinkArticle.Article": id,

	"Call.Workspace": id, "Call.Conversation": id, "Call.By.ID": id, "Call.CommandID": id, "Actor.ID": id,
	"Policies.Default": policy, "Policies.Groups": policy, "Policies.Tags": policy,
	"Notes.Texts": asks, "ReportQuery.Filter": asks, "ClosingView.Filter": asks, "Filter": asks, "View": asks,
}

// parameters are the plain strings among the parameters of the methods, in their
// order; those after a workspace that are not listed are IDs.
var parameters = map[string][]class{
	"Say": {text}, "AddNote": {text},
	"SetEmail": {id, id, text},
	"List":     {id, asks}, "Closings": {id, asks}, "Unconfirmed": {id, asks}, "CustomerHistory": {id, id, asks},
	"Regroup": {id}, "RequestAgent": {id}, "Assign": {id}, "LinkArticle": {id},
	"Advance": {id}, "Agent": {id, id}, "Agents": {id, id, id}, "Allowed": {id, id}, "Articles": {id}, "Count": {id}, "Feed": {id},
	"ForceLogOut": {id, id}, "Forget": {id, id}, "Get": {id, id}, "Group": {id, id}, "Groups": {id, id}, "History": {id, id}, "LogOut": {id, id},
	"Policies": {id}, "PoliciesApplied": {id}, "Queue": {id, id}, "QueuePosition": {id, id}, "Release": {id, id}, "RemoveAgent": {id, id},
	"RemoveGroup": {id, id, id}, "Report": {id}, "SetAgent": {id, id, id}, "SetAvailability": {id, id}, "SetGroup": {id, id}, "SetPolicies": {id},
	"SetPresence": {id, id}, "Setbacks": {id, id}, "Spreads": {id}, "Tags": {id}, "Transcript": {id, id}, "Unread": {id, id}, "UnreadCount": {id, id},
	"Visitor": {id, id},
}

// kept are the plain strings of what is stored. Those of bodies are what they were
// given as.
var kept = map[string]class{
	"Event.Text": text, "Record.Text": text, "Setback.Reason": text,
	"Head.Visitor": id, "Head.State": id, "Head.Agent": id, "Head.Group": id, "Head.Outcome": id, "Head.Tags": label, "Head.Seat": id,
	"Commit.Key": id, "Commit.Command.ID": id, "Commit.Seen.Agent": id, "Record.Key": id, "Record.Groups": id,
	"ClosingRecord.Conversation": id, "ClosingRecord.Agent": id, "ClosingRecord.Group": id, "ClosingRecord.Tags": label, "ClosingRecord.Articles": id,
}

// eventFields are the plain strings of events: what the text of an event is, is
// stored apart, and everything else stays.
var eventFields = map[string]class{
	"Said.Text": text, "NoteAdded.Text": text, "Closed.Form.Notes": text, "Reclassified.Form.Notes": text, "SurveyAnswered.Comment": text,
	"Opened.Visitor": id, "Opened.Group": id, "Opened.Previous": id, "Opened.PreviousAgent": id, "AgentRequested.Group": id, "Taken.From": id,
	"Assigned.Agent": id, "Assigned.From": id, "HandedBack.Agent": id, "Transferred.From": id, "Transferred.Agent": id, "Transferred.Group": id,
	"Requeued.From": id, "Snoozed.Deadline.Local": moment, "Snoozed.Deadline.Zone": moment, "Woken.Agent": id, "Closed.Agent": id,
	"Closed.Form.Tags": label, "Closed.Form.Tickets": label, "Reclassified.Form.Tags": label, "Reclassified.Form.Tickets": label,
	"Reopened.Agent": id, "Regrouped.From": id, "Regrouped.Group": id, "ArticleLinked.Article": id,
	"Prompted.Text": policy, "Prompted.Phrase": policy, "FollowedUp.Text": policy,
}

// events has an event of every kind: each has a golden file in package conversation.
var events = []conversation.Event{
	conversation.Opened{}, conversation.Said{}, conversation.AgentRequested{}, conversation.Taken{}, conversation.Assigned{}, conversation.HandedBack{},
	conversation.Transferred{}, conversation.Requeued{}, conversation.Regrouped{}, conversation.AssigneeLeft{}, conversation.AssigneeReturned{},
	conversation.Snoozed{}, conversation.Woken{}, conversation.Closed{}, conversation.Reclassified{}, conversation.SurveyOffered{},
	conversation.SurveyAnswered{}, conversation.Reopened{}, conversation.EmailRequested{}, conversation.Typed{}, conversation.MarkedRead{},
	conversation.NoteAdded{}, conversation.ArticleLinked{}, conversation.Blocked{}, conversation.Unblocked{}, conversation.Prompted{}, conversation.FollowedUp{},
}

// TestErasureKnowsEveryField: a new field that can hold a text has to be put into
// the tables, and into the life below, before this passes again.
func TestErasureKnowsEveryField(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	know := func(table map[string]class, name string, of reflect.Type) {
		stringsIn(of, name, func(path string) {
			for known := path; ; {
				if _, ok := table[known]; ok {
					used[known] = true
					return
				}
				cut := strings.LastIndexByte(known, '.')
				if cut < 0 {
					t.Errorf("%s can hold a text: say in the tables what becomes of it, and give it a canary", path)
					return
				}
				known = known[:cut]
			}
		})
	}
	for _, c := range conversation.Commands() {
		know(fields, reflect.TypeOf(c).Name(), reflect.TypeOf(c))
	}
	for m := range reflect.TypeFor[*lifecycle.Desk]().Methods() {
		plain := 0
		for i := 1; i < m.Type.NumIn(); i++ {
			in := m.Type.In(i)
			switch {
			case in == reflect.TypeFor[string](), in == reflect.TypeFor[[]string]():
				plain++
			case in == commandType:
			case in.Kind() == reflect.Struct:
				know(fields, in.Name(), in)
			case takesString(in):
				t.Errorf("%s takes a %v", m.Name, in)
			}
		}
		if plain != len(parameters[m.Name]) {
			t.Errorf("%s has %d strings among its parameters, the table %d", m.Name, plain, len(parameters[m.Name]))
		}
	}
	for _, stored := range []any{storage.Event{}, storage.Record{}, storage.Setback{}, storage.Head{}} {
		know(kept, reflect.TypeOf(stored).Name(), reflect.TypeOf(stored))
	}
	stringsIn(reflect.TypeFor[storage.Commit](), "Commit", func(path string) {
		if !strings.HasPrefix(path, "Commit.Events") && !strings.HasPrefix(path, "Commit.Head") && !strings.HasPrefix(path, "Commit.Closings") {
			know(kept, path, reflect.TypeFor[string]())
		}
	})
	know(kept, "ClosingRecord", reflect.TypeFor[closure.Record]())
	for _, e := range events {
		know(eventFields, reflect.TypeOf(e).Name(), reflect.TypeOf(e))
		name := reflect.TypeOf(e).Name()
		_, hasText := conversation.Text(e)
		if r, ok := e.(conversation.Reclassified); ok {
			r.Form = &closure.Form{}
			_, hasText = conversation.Text(r)
		}
		for field, c := range eventFields {
			if strings.HasPrefix(field, name+".") && c == text && !hasText {
				t.Errorf("%s is not stored apart", field)
			}
		}
	}
	golden, err := os.ReadDir("../../../conversation/testdata/events")
	must(t, err)
	for _, file := range golden {
		name := strings.TrimSuffix(file.Name(), ".json")
		if !slices.ContainsFunc(events, func(e conversation.Event) bool { return name == conversation.EventName(e) }) {
			t.Errorf("no event for %s", file.Name())
		}
	}
	for name := range fields {
		if !used[name] {
			t.Errorf("%s is in the table and nowhere else", name)
		}
	}
	// Of the store, what changes it, and what the dump reads.
	writes := []string{"Advance", "Commit", "Erase", "Purge", "Put", "SetBack", "SetPolicies", "Settle"}
	readBy := []string{"Closings", "Count", "Due", "DueRecords", "Feed", "History", "List", "Load", "Outdated", "Record", "Setbacks", "Spreads", "Tally", "View"}
	for _, of := range []reflect.Type{reflect.TypeFor[storage.Store](), reflect.TypeFor[storage.Tallier]()} {
		for m := range of.Methods() {
			if !slices.Contains(writes, m.Name) && !slices.Contains(readBy, m.Name) {
				t.Errorf("a store has a method %s: read with it in dump", m.Name)
			}
		}
	}
	operating, err := os.ReadFile("../../../docs/operating.md")
	must(t, err)
	for _, sentence := range stays {
		if !strings.Contains(strings.Join(strings.Fields(string(operating)), " "), sentence) {
			t.Errorf("docs/operating.md does not say %q", sentence)
		}
	}
}

// stringsIn tells of every plain string, and list of them, that a type has.
func stringsIn(of reflect.Type, path string, tell func(path string)) {
	switch of.Kind() {
	case reflect.String:
		if of == reflect.TypeFor[string]() {
			tell(path)
		}
	case reflect.Slice, reflect.Pointer, reflect.Array:
		stringsIn(of.Elem(), path, tell)
	case reflect.Map:
		tell(path)
	case reflect.Struct:
		for f := range of.Fields() {
			if f.IsExported() {
				stringsIn(f.Type, path+"."+f.Name, tell)
			}
		}
	}
}

const (
	canary  = "canary-" // begins what must go
	staying = "stays-"  // begins what must stay
)

// A life is that of a visitor from the first message until they are forgotten, with
// a canary wherever there is a text, and of another visitor who stays.
type life struct {
	builder
	errors   strings.Builder // what every refusal and failure said
	answers  []func() string // commands that are given again
	canaries []string
	found    map[string]bool // the fields that a canary was in, as the tables name them
	mute     string          // the field that gets none
	flaky    *flaky
}

// canary returns a word of its own for a field.
func (l *life) canary(field string) string {
	if field == l.mute {
		return "nothing"
	}
	word := fmt.Sprintf("%s%s-%d", canary, strings.ReplaceAll(field, ".", "-"), len(l.canaries))
	l.canaries = append(l.canaries, word)
	return word
}

// find notes the fields of a value, and of all in it, that have a canary. A field has
// a path from each struct that it is in.
func (l *life) find(v reflect.Value, paths ...string) {
	switch v.Kind() {
	case reflect.String:
		if strings.Contains(v.String(), canary) {
			for _, path := range paths {
				l.found[path] = true
			}
		}
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			l.find(v.Elem(), paths...)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			for i := range v.Len() {
				l.find(v.Index(i), paths...)
			}
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			l.find(key, paths...)
			l.find(value, paths...)
		}
	case reflect.Struct:
		paths = append(slices.Clone(paths), v.Type().Name())
		for f, field := range v.Fields() {
			if f.IsExported() {
				below := make([]string, len(paths))
				for i, path := range paths {
					below[i] = path + "." + f.Name
				}
				l.find(field, below...)
			}
		}
	}
}

// without returns the fields of the tables that take a text and had no canary.
func (l *life) without() (fieldsWithout []string) {
	none := func(field string, c class) {
		if c == text && !l.found[field] {
			fieldsWithout = append(fieldsWithout, field)
		}
	}
	for _, table := range []map[string]class{fields, kept, eventFields} {
		for field, c := range table {
			none(field, c)
		}
	}
	for method, classes := range parameters {
		for i, c := range classes {
			none(fmt.Sprintf("%s %d", method, i), c)
		}
	}
	slices.Sort(fieldsWithout)
	return fieldsWithout
}

// tell calls a method that takes strings, and notes which of them have a canary.
func (l *life) tell(method string, arguments ...any) {
	l.t.Helper()
	n := 0
	for _, a := range arguments {
		if s, ok := a.(string); ok {
			l.find(reflect.ValueOf(s), fmt.Sprintf("%s %d", method, n))
			n++
		}
	}
	in := append([]reflect.Value{reflect.ValueOf(l.t.Context())}, values(arguments)...)
	out := reflect.ValueOf(l.w.desk).MethodByName(method).Call(in)
	if err, failed := asError(out[len(out)-1]); failed {
		l.t.Fatalf("%s: %v", method, err)
	}
}

// give gives a command with an ID, which is given again in the end; and gives it
// where it is refused, and where the store fails.
func (l *life) give(on string, by conversation.Actor, command conversation.Command) {
	l.t.Helper()
	l.find(reflect.ValueOf(command))
	call := l.call(on, by)
	call.CommandID = fmt.Sprint("id-", len(l.answers))
	if by.Kind == conversation.KindBot {
		c, err := l.w.desk.Get(l.t.Context(), l.workspace, on)
		must(l.t, err)
		call.AsOf = c.Version
	}
	give := func(call lifecycle.Call) error {
		_, err := l.w.desk.Do(l.t.Context(), call, command)
		if err != nil {
			fmt.Fprintf(&l.errors, "%v %+v\n", err, err)
		}
		return err
	}
	l.flaky.failing = errors.New("disk on fire")
	if give(call) == nil {
		l.t.Fatalf("%T: the store failed, the command did not", command)
	}
	l.flaky.failing = storage.ErrConflict
	_ = give(call)
	l.flaky.failing = nil
	if err := give(call); err != nil {
		l.t.Fatalf("%s: %T by %v: %v", on, command, by, err)
	}
	if _, opens := command.(conversation.Open); !opens {
		nowhere := call
		nowhere.Conversation = "chat-nowhere"
		_ = give(nowhere)
	}
	_ = give(call.As(conversation.Actor{Kind: "nobody", ID: "x"}))
	wrong := call.As(conversation.Visitor("stranger"))
	wrong.CommandID = ""
	_ = give(wrong)
	changed := call
	changed.AsOf = 10_000
	_ = give(changed)
	l.answers = append(l.answers, func() string {
		result, err := l.w.desk.Do(l.t.Context(), call, command)
		if err != nil || !result.Repeated {
			l.t.Errorf("%T given again: repeated %t, %v", command, result.Repeated, err)
		}
		return rendered(result)
	})
}

// A flaky store fails commits when it is told to.
type flaky struct {
	storage.Store
	failing error
}

func (s *flaky) Commit(ctx context.Context, c storage.Commit) error {
	if err := s.failing; err != nil {
		if errors.Is(err, storage.ErrConflict) {
			s.failing = nil // once
		}
		return err
	}
	return s.Store.Commit(ctx, c)
}

// A careless host's classifier panics with what it was given, or answers wrongly.
type careless struct{}

func (careless) Marks(_ context.Context, _ conversation.Actor, text string) []closure.Mark {
	switch len(text) % 3 {
	case 0:
		panic("cannot classify " + text)
	case 1:
		panic(fmt.Errorf("cannot classify %q", text))
	}
	return nil
}

// live plays the life in a world.
func (l *life) live() {
	l.t.Helper()
	ctx, desk, t := l.t.Context(), l.w.desk, l.t
	build(t, l.w, l.workspace)
	eve := conversation.Visitor("eve")
	for _, v := range []conversation.Actor{eve, conversation.Visitor("kim")} {
		word := l.canary
		if v != eve {
			word = func(field string) string { return staying + strings.ReplaceAll(field, ".", "-") }
		}
		chat := "chat-of-" + v.ID
		l.give(chat, v, conversation.Open{})
		l.give(chat, v, conversation.Say{Text: word("Say.Text by the visitor")})
		l.give(chat, bot, conversation.Say{Text: word("Say.Text by the bot")})
		l.give(chat, sys, conversation.Say{Text: word("Say.Text by the system")})
		l.give(chat, ann, conversation.Take{})
		l.give(chat, ann, conversation.Say{Text: word("Say.Text by the agent")})
		l.give(chat, sue, conversation.Take{})
		l.give(chat, sue, conversation.Say{Text: word("Say.Text by the supervisor")})
		l.give(chat, sue, conversation.Transfer{Agent: "ann"})
		l.give(chat, v, conversation.Say{Text: word("Say.Text of a machine"), Automatic: true})
		l.give(chat, ann, conversation.AddNote{Text: word("AddNote.Text")})
		l.give(chat, ann, conversation.LinkArticle{Article: "article-1"})
		l.give(chat, ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{
			Notes: word("Close.Form.Notes"), Tags: []string{"vip"}, Tickets: []string{staying + "ticket"},
		}})
		l.give(chat, ann, conversation.Reclassify{Outcome: closure.Unresolved, Reason: closure.ReasonOther, Form: &closure.Form{
			Notes: word("Reclassify.Form.Notes"), Tags: []string{"late"}, Tickets: []string{staying + "ticket"},
		}})
		l.give(chat, v, conversation.AnswerSurvey{Rating: 2, Comment: word("AnswerSurvey.Comment")})
		l.give(chat, v, conversation.Say{Text: word("Say.Text that reopens")})
		open := chat + "-open"
		l.give(open, v, conversation.Open{ForAgent: true})
		l.give(open, v, conversation.Say{Text: word("Say.Text while it waits")})
		l.give(open, ben, conversation.Take{})
		l.give(open, ben, conversation.Say{Text: word("Say.Text that is unread")})
		l.tell("Say", l.call(open, v), word("Say.Text by the method"))
		l.tell("AddNote", l.call(open, ben), word("AddNote.Text by the method"))
		l.tell("SetEmail", l.workspace, v.ID, word("SetEmail")+"@example.org")
		_, err := desk.SetPresence(ctx, l.workspace, v.ID, false)
		must(t, err)
	}
	l.refusals()
	l.w.clock.at = l.w.clock.at.Add(10 * time.Minute)
	_, err := desk.Tick(ctx)
	must(t, err)
	l.setBack("chat-of-eve-open", l.canary("Setback.Reason"))
	l.setBack("chat-of-kim-open", staying+"Setback-Reason")
	l.findStored()
}

// findStored notes the fields of what is stored that have a canary.
func (l *life) findStored() {
	l.t.Helper()
	ctx := l.t.Context()
	for _, id := range []string{"chat-of-eve", "chat-of-eve-open"} {
		key := storage.Key{Workspace: l.workspace, Conversation: id}
		loaded, err := l.w.store.Load(ctx, key, "")
		must(l.t, err)
		stored, err := l.w.store.History(ctx, key, 0, most)
		must(l.t, err)
		records, err := l.w.desk.History(ctx, l.workspace, id, 0, 0)
		must(l.t, err)
		for _, v := range []any{loaded, stored, records} {
			l.find(reflect.ValueOf(v))
		}
	}
	r, err := l.w.store.Record(ctx, storage.RecordKey{Workspace: l.workspace, Kind: storage.KindVisitor, ID: "eve"})
	must(l.t, err)
	l.find(reflect.ValueOf(r))
}

// setBack has a conversation fail for a reason that quotes what was said.
func (l *life) setBack(id, reason string) {
	l.t.Helper()
	key := storage.Key{Workspace: l.workspace, Conversation: id}
	loaded, err := l.w.store.Load(l.t.Context(), key, "")
	must(l.t, err)
	setback := storage.Setback{Failures: 3, RetryAt: start.Add(1000 * time.Hour), Reason: reason}
	must(l.t, l.w.store.SetBack(l.t.Context(), key, loaded.Head.Version, setback))
}

// refusals gives what no Desk takes: the errors must not repeat it.
func (l *life) refusals() {
	refused := func(err error) {
		l.t.Helper()
		if err == nil {
			l.t.Error("it was accepted")
			return
		}
		fmt.Fprintf(&l.errors, "%v %+v\n", err, err)
	}
	ctx, desk := l.t.Context(), l.w.desk
	word := canary + "refused"
	eve := l.call("chat-of-eve", conversation.Visitor("eve"))
	for _, bad := range []string{word + "\x00", word + "\xff", word + strings.Repeat("x", conversation.MaxText)} {
		_, err := desk.Say(ctx, eve, bad)
		refused(err)
		_, err = desk.AddNote(ctx, eve.As(ann), bad)
		refused(err)
		_, err = desk.AnswerSurvey(ctx, eve, conversation.AnswerSurvey{Rating: 1, Comment: bad})
		refused(err)
		for _, form := range []closure.Form{{Notes: bad}, {Tags: []string{bad}}, {Tickets: []string{bad}}} {
			_, err = desk.Close(ctx, eve.As(ann), conversation.Close{Outcome: closure.Resolved, Form: form})
			refused(err)
			_, err = desk.Reclassify(ctx, eve.As(ann), conversation.Reclassify{Outcome: closure.Resolved, Form: &form})
			refused(err)
		}
		_, err = desk.SetEmail(ctx, l.workspace, "eve", bad)
		refused(err)
	}
	for _, bad := range []string{word, word + " <a@example.org>", "a@example.org, " + word + "@example.org"} {
		_, err := desk.SetEmail(ctx, l.workspace, "eve", bad)
		refused(err)
	}
	_, err := desk.AnswerSurvey(ctx, eve, conversation.AnswerSurvey{Rating: 9, Comment: word})
	refused(err)
	again := eve
	again.CommandID = "id-1"
	_, err = desk.Say(ctx, again, word)
	refused(err) // the ID was used for another text
	l.flaky.failing = errors.New("disk on fire")
	_, err = desk.Say(ctx, eve, word)
	refused(err)
	l.flaky.failing = nil
}

// dump is all that can be read of the workspace: through the store, through every
// method of the Desk, by repeating every command, from the feed, and in the tables.
func (l *life) dump() string {
	l.t.Helper()
	ctx := l.t.Context()
	var b strings.Builder
	seen := append(stored(ctx, l.w, l.workspace), answered(ctx, l.w, l.workspace)...)
	for _, s := range seen {
		render(&b, reflect.ValueOf(s))
		b.WriteByte('\n')
	}
	entries, err := l.w.store.Feed(ctx, 0, most)
	must(l.t, err)
	deliveries, err := l.w.desk.Feed(ctx, "subscriber-1", most)
	must(l.t, err)
	fmt.Fprintln(&b, rendered(entries), rendered(deliveries))
	for _, s := range []string{"eve", "kim"} {
		for _, id := range []string{"chat-of-" + s, "chat-of-" + s + "-open"} {
			for i := range l.answers {
				loaded, err := l.w.store.Load(ctx, storage.Key{Workspace: l.workspace, Conversation: id}, fmt.Sprint("id-", i))
				must(l.t, err)
				if loaded.Applied != nil && loaded.Applied.Fingerprint != [16]byte{} {
					fmt.Fprintf(&b, "%sfingerprint-of-%s\n", map[string]string{"eve": canary, "kim": staying}[s], s)
				}
			}
			for _, method := range []string{"Get", "History", "Transcript"} {
				row := slices.Clone(templates(l.workspace)[method][0])
				row[1] = id
				fmt.Fprintln(&b, invoke(ctx, l.w.desk, method, values(row)))
			}
			transcript, err := l.w.desk.Transcript(ctx, l.workspace, id, lifecycle.Notes{}, lifecycle.ForAgents)
			must(l.t, err)
			must(l.t, transcript.WriteText(&b))
			asJSON, err := json.Marshal(transcript)
			must(l.t, err)
			fmt.Fprintf(&b, "%s\n", asJSON)
		}
		for _, method := range []string{"Visitor", "Unread", "UnreadCount", "CustomerHistory"} {
			row := slices.Clone(templates(l.workspace)[method][0])
			row[1] = s
			fmt.Fprintln(&b, invoke(ctx, l.w.desk, method, values(row)))
		}
	}
	for _, again := range l.answers {
		fmt.Fprintln(&b, again())
	}
	if l.w.rows != nil {
		rows, err := l.w.rows(ctx)
		must(l.t, err)
		b.WriteString(rows)
	}
	return b.String()
}

// A lossy Forget leaves something, or takes too much.
type lossy func(storage.Store, *life) storage.Store

// forgotten plays a life, forgets the visitor, and says what is left.
func forgotten(t *testing.T, open opening, fault lossy) (canaries int, wrong []string) {
	t.Helper()
	l := &life{builder: builder{t: t, workspace: ours}, found: map[string]bool{}}
	l.w = newWorld(t, open, func(s storage.Store) storage.Store {
		if fault != nil {
			s = fault(s, l)
		}
		l.flaky = &flaky{Store: s}
		return l.flaky
	}, lifecycle.Options{Classifier: careless{}})
	defer l.w.shut()
	l.live()
	before := l.dump()
	rows := before
	if l.w.rows != nil {
		var err error
		rows, err = l.w.rows(t.Context())
		must(t, err)
	}
	for _, c := range l.canaries {
		if !strings.Contains(before, c) || !strings.Contains(rows, c) {
			t.Errorf("%s is nowhere before, or in no row: the test does not see it", c)
		}
	}
	for _, field := range l.without() {
		wrong = append(wrong, field+" takes a text and had no canary")
	}
	stayed := words(before, staying)
	if n, err := l.w.desk.Forget(t.Context(), l.workspace, "eve"); err != nil || n != 2 {
		t.Errorf("Forget: %d, %v", n, err)
	}
	after := l.dump()
	for range len(l.w.live.Updates()) { // before: subscribers have got the texts
		<-l.w.live.Updates()
	}
	// Whatever the Desk is asked afterwards.
	all := templates(l.workspace)
	for _, method := range slices.Sorted(maps.Keys(all)) {
		for _, row := range all[method] {
			after += invoke(t.Context(), l.w.desk, method, values(row)) + "\n"
		}
	}
	_, err := l.w.desk.Tick(t.Context())
	must(t, err)
	for range len(l.w.live.Updates()) {
		after += rendered(<-l.w.live.Updates())
	}
	for _, found := range []struct{ where, text string }{
		{"what can be read", after}, {"the log", l.w.log.String()}, {"an error", l.errors.String()},
	} {
		for _, word := range words(found.text, canary) {
			wrong = append(wrong, fmt.Sprintf("%s is in %s", word, found.where))
		}
	}
	for _, word := range stayed {
		if !strings.Contains(after, word) {
			wrong = append(wrong, word+" is gone, and was not the visitor's")
		}
	}
	if l.w.log.Len() == 0 || l.errors.Len() == 0 {
		t.Error("there is no log, or no error: the life is too quiet")
	}
	return len(l.canaries), wrong
}

// words are those of a text that begin with a prefix, each once.
func words(text, prefix string) []string {
	found := map[string]bool{}
	for i := strings.Index(text, prefix); i >= 0; {
		end := i + strings.IndexAny(text[i:]+" ", " \n\"',;{}[]@<>()\\")
		found[text[i:end]] = true
		next := strings.Index(text[end:], prefix)
		if next < 0 {
			break
		}
		i = end + next
	}
	return slices.Sorted(maps.Keys(found))
}

// TestErasure forgets a visitor who left a word of their own in every field that
// takes a text: it is in nothing that can be read, and was never in the log or in an
// error. What another visitor said stays, and so do tags, tickets and IDs.
func TestErasure(t *testing.T) {
	t.Parallel()
	erase(t, inMemory, "memory", "")
}

// TestErasureStores is the same on the SQL stores, and looks at every row of every
// table.
func TestErasureStores(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, store string, open opening) {
		erase(t, open, store, ", and every row of every table")
	})
}

func erase(t *testing.T, open opening, store, rows string) {
	t.Helper()
	canaries, wrong := forgotten(t, open, nil)
	if len(wrong) > 0 {
		t.Errorf("%d wrong: %q", len(wrong), wrong)
	}
	proof.Count(t, proof.Figure{
		Suite: "erasure", Tried: int64(canaries), Trials: "texts of a visitor on " + store, Broken: int64(len(wrong)), Breaks: "left, in a log or in an error", Every: true,
		Details: "through every read and repeated commands" + rows,
	})
}

// A remembering store still knows what was erased.
type remembering struct {
	storage.Store
	texts      map[storage.Key]map[int64]string
	types      map[storage.Key]map[int64]string
	applied    map[string]storage.Applied
	email      map[storage.RecordKey]string
	reasons    map[storage.Key]string
	erased     bool
	events     string // of which type the texts are still told, also in the feed if feed is set
	feed       bool
	fails      bool // a commit fails with what it was given, once
	tellsEmail bool
	tellsWhy   bool
	prints     bool // fingerprints are still known
	logs       *life
	greedy     bool
	inBodies   bool // texts are in the bodies of events, too
}

func (s *remembering) Commit(ctx context.Context, c storage.Commit) error {
	for _, e := range c.Events {
		if s.texts[c.Key] == nil {
			s.texts[c.Key], s.types[c.Key] = map[int64]string{}, map[int64]string{}
		}
		var body struct{ Type string }
		_ = json.Unmarshal(e.Body, &body)
		s.texts[c.Key][e.Version], s.types[c.Key][e.Version] = e.Text, body.Type
		if s.logs != nil && e.Text != "" {
			fmt.Fprintf(s.logs.w.log, "committed %s\n", e.Text)
		}
		if s.inBodies && e.Text != "" {
			also := strings.TrimSuffix(string(e.Body), "}") + fmt.Sprintf(`,"said":%q}`, e.Text)
			c.Events = slices.Clone(c.Events)
			c.Events[slices.IndexFunc(c.Events, func(of storage.Event) bool { return of.Version == e.Version })].Body = []byte(also)
		}
		if s.fails && strings.HasPrefix(e.Text, canary) {
			s.fails = false
			return fmt.Errorf("could not insert %q", e.Text)
		}
	}
	err := s.Store.Commit(ctx, c)
	if err == nil && c.Command.ID != "" {
		s.applied[c.Key.Conversation+c.Command.ID] = storage.Applied{Fingerprint: c.Command.Fingerprint}
	}
	return err
}

func (s *remembering) tell(key storage.Key, list []storage.Event) []storage.Event {
	for i, e := range list {
		if s.erased && e.Erased && s.types[key][e.Version] == s.events {
			list[i].Text, list[i].Erased = s.texts[key][e.Version], false
		}
	}
	return list
}

func (s *remembering) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	list, err := s.Store.History(ctx, key, after, limit)
	if !s.feed {
		list = s.tell(key, list)
	}
	return list, err
}

func (s *remembering) Feed(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	list, err := s.Store.Feed(ctx, after, limit)
	for i, e := range list {
		if s.feed {
			list[i].Events = s.tell(e.Key, e.Events)
		}
	}
	return list, err
}

func (s *remembering) Load(ctx context.Context, key storage.Key, id string) (storage.Loaded, error) {
	l, err := s.Store.Load(ctx, key, id)
	if s.erased && s.prints && l.Applied != nil {
		l.Applied.Fingerprint = s.applied[key.Conversation+id].Fingerprint
	}
	return l, err
}

func (s *remembering) Put(ctx context.Context, r storage.Record) error {
	if r.Text != "" {
		s.email[r.Key] = r.Text
	}
	return s.Store.Put(ctx, r)
}

func (s *remembering) Record(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	r, err := s.Store.Record(ctx, key)
	if s.erased && s.tellsEmail {
		r.Text = s.email[key]
	}
	return r, err
}

func (s *remembering) SetBack(ctx context.Context, key storage.Key, version int64, b storage.Setback) error {
	s.reasons[key] = b.Reason
	return s.Store.SetBack(ctx, key, version, b)
}

func (s *remembering) Setbacks(ctx context.Context, after storage.Key, limit int) ([]storage.SetbackOf, error) {
	list, err := s.Store.Setbacks(ctx, after, limit)
	for i := range list {
		if s.erased && s.tellsWhy {
			list[i].Reason = s.reasons[list[i].Key]
		}
	}
	return list, err
}

func (s *remembering) Erase(ctx context.Context, workspace, visitor string) (int, error) {
	s.erased = true
	if s.greedy {
		if _, err := s.Store.Erase(ctx, workspace, "kim"); err != nil {
			return 0, err
		}
	}
	return s.Store.Erase(ctx, workspace, visitor)
}

func TestErasureCatches(t *testing.T) {
	t.Parallel()
	faults := map[string]func(*remembering, *life){
		"messages are left":                 func(s *remembering, _ *life) { s.events = "said" },
		"notes are left":                    func(s *remembering, _ *life) { s.events = "note_added" },
		"notes of a closing are left":       func(s *remembering, _ *life) { s.events = "closed" },
		"notes of a new decision are left":  func(s *remembering, _ *life) { s.events = "reclassified" },
		"comments of a survey are left":     func(s *remembering, _ *life) { s.events = "survey_answered" },
		"the feed still has the messages":   func(s *remembering, _ *life) { s.events, s.feed = "said", true },
		"the e-mail address is left":        func(s *remembering, _ *life) { s.tellsEmail = true },
		"reasons of setbacks are left":      func(s *remembering, _ *life) { s.tellsWhy = true },
		"fingerprints of commands are left": func(s *remembering, _ *life) { s.prints = true },
		"texts are in bodies, too":          func(s *remembering, _ *life) { s.inBodies = true },
		"a log has a message":               func(s *remembering, l *life) { s.logs = l },
		"an error has a message":            func(s *remembering, _ *life) { s.fails = true },
		"somebody else is erased too":       func(s *remembering, _ *life) { s.greedy = true },
		"a field has no canary":             func(_ *remembering, l *life) { l.mute = "AnswerSurvey.Comment" },
	}
	for _, name := range planted(proof.Seed(t), faults) {
		_, wrong := forgotten(t, inMemory, func(store storage.Store, l *life) storage.Store {
			s := &remembering{
				Store: store, texts: map[storage.Key]map[int64]string{}, types: map[storage.Key]map[int64]string{},
				applied: map[string]storage.Applied{}, email: map[storage.RecordKey]string{}, reasons: map[storage.Key]string{},
			}
			faults[name](s, l)
			return s
		})
		proof.Planted(t, "erasure", name, len(wrong) > 0)
	}
}
