package conversation_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
)

// A decider is Decide, or something that stands in for it.
type decider func(conversation.Conversation, conversation.Request, conversation.Facts) ([]conversation.Event, error)

// A cell is one command in one situation by one actor, with what the
// specification says about it.
type cell struct {
	situation
	command string
	column  int
	want    string
	allowed map[conversation.Readiness][]conversation.CommandName // by what speaks against the actor
}

func (x cell) by() conversation.Actor { return columns[x.column].by }

func (x cell) request(asOf conversation.Version) conversation.Request {
	return conversation.Request{By: x.by(), Command: command(x.command, x.by()), AsOf: asOf}
}

func (x cell) String() string {
	return fmt.Sprintf("%s by %s (%s) in %s", x.command, x.by(), columns[x.column].as, x.name)
}

// cells returns every command × situation × actor. They are made once, and only
// read.
func cells(t *testing.T) []cell {
	t.Helper()
	made.once.Do(func() { made.cells = makeCells(t) })
	if len(made.cells) == 0 {
		t.Fatal("there are no cells")
	}
	return made.cells
}

var made struct {
	once  sync.Once
	cells []cell
}

func makeCells(t *testing.T) []cell {
	var all []cell
	allowed := map[string]map[conversation.Readiness][]conversation.CommandName{}
	arranged := situations(t)
	for _, s := range arranged {
		for _, c := range columns {
			ready := s.facts()
			ready.Agent = conversation.AgentReady
			allowed[s.name+c.as] = map[conversation.Readiness][]conversation.CommandName{
				s.agent:                 conversation.Allowed(s.c, c.by, s.facts()),
				conversation.AgentReady: conversation.Allowed(s.c, c.by, ready),
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(specification)) {
		rows := parse(t, name, specification[name])
		for _, s := range arranged {
			for i, c := range columns {
				all = append(all, cell{s, name, i, expected(rows, s, name, i), allowed[s.name+c.as]})
			}
		}
	}
	return all
}

// parse reads the rows of one command, and finds each situation its row: the one
// with its name, or else the one that names the most of its flags, or none, as the
// row of its state does.
func parse(t *testing.T, command, text string) map[string][]string {
	var rows []specRow
	var names, outcomes []string
	_, text, _ = strings.Cut(text, "V v h a H s b y t")
	for word := range strings.FieldsSeq(text) {
		if len(word) > 1 {
			names = append(names, word)
			continue
		}
		if outcomes = append(outcomes, word); len(outcomes) < len(columns) {
			continue
		}
		for _, n := range expand(strings.Join(names, " ")) {
			rows = append(rows, newSpecRow(n, outcomes))
		}
		names, outcomes = nil, nil
	}
	if len(names)+len(outcomes) > 0 {
		t.Fatalf("the specification of %s ends in half a row: %v %v", command, names, outcomes)
	}
	used := make([]bool, len(rows))
	found := map[string][]string{}
	for _, name := range situationNames {
		best, rival := -1, -1
		for i, r := range rows {
			switch {
			case !r.fits(name) || best >= 0 && rows[best].weight > r.weight:
			case best >= 0 && rows[best].weight == r.weight:
				rival = i
			default:
				best, rival = i, -1
			}
		}
		if rival >= 0 {
			t.Fatalf("the specification of %s has two rows for %s: %s and %s", command, name, rows[best].name, rows[rival].name)
		}
		if best >= 0 {
			used[best] = true
			found[name] = rows[best].outcomes
		}
	}
	for i, r := range rows {
		if !used[i] {
			t.Fatalf("the specification of %s has a row %q for no situation", command, r.name)
		}
	}
	return found
}

// A specRow is a row under one of its names.
type specRow struct {
	name, state string
	flags       []string // of the situations that it is for
	weight      int      // the heavier decides
	outcomes    []string
}

func newSpecRow(name string, outcomes []string) specRow {
	state, flags, _ := strings.Cut(name, "/*")
	r := specRow{name: name, state: state, outcomes: outcomes}
	switch {
	case flags != "":
		r.flags = strings.Split(flags, "+")
		r.weight = len(r.flags)
	case strings.Contains(name, "/"):
		r.state, r.weight = "", 100
	}
	return r
}

func (r specRow) fits(situation string) bool {
	if r.state == "" {
		return r.name == situation
	}
	state, flags, _ := strings.Cut(situation, "/")
	has := strings.Split(flags, "+")
	return state == r.state && !slices.ContainsFunc(r.flags, func(f string) bool { return !slices.Contains(has, f) })
}

// expected is what the specification says, and what it says by saying nothing.
func expected(rows map[string][]string, s situation, command string, column int) string {
	row := rows[s.name]
	switch {
	case row == nil && s.state == "none":
		return "f"
	case row == nil:
		return "n"
	case s.has("full") && changes(row[column]) && !slices.Contains(evenWhenFull, command):
		return "F"
	}
	return row[column]
}

// changes reports whether the outcome is a state that is entered or stayed in
// with an event.
func changes(outcome string) bool { return strings.Contains("BWASC", outcome) }

var letters = map[conversation.State]string{
	conversation.StateBot: "B", conversation.StateWaiting: "W", conversation.StateAssigned: "A",
	conversation.StateSnoozed: "S", conversation.StateClosed: "C",
}

var sentinels = map[error]string{
	conversation.ErrForbidden: ".", conversation.ErrHeld: "h", conversation.ErrNotPossible: "n",
	conversation.ErrNotFound: "f", conversation.ErrExists: "e", conversation.ErrAlreadyClosed: "c",
	conversation.ErrBlocked: "x", conversation.ErrNoBot: "o", conversation.ErrWindowOver: "w",
	conversation.ErrAgentGone: "g", conversation.ErrAgentFull: "l", conversation.ErrAgentUnavailable: "u",
	conversation.ErrTooManyArticles: "m", conversation.ErrHistoryFull: "F", conversation.ErrStale: "s",
	conversation.ErrFormIncomplete: "i", conversation.ErrDiscourteous: "d", conversation.ErrNoSurvey: "q",
	conversation.ErrSurveyAnswered: "r", conversation.ErrSurveyOver: "z",
}

// check compares what decide does in the cell with what is wanted.
func (x cell) check(decide decider, asOf conversation.Version, want string) error {
	r := x.request(asOf)
	events, err := decide(x.c, r, x.facts())
	got, wrong := x.outcome(r, events, err)
	if wrong == nil && got != want {
		wrong = fmt.Errorf("got %q (%d events, %v), want %q", got, len(events), err, want)
	}
	if wrong == nil && changes(got) {
		wrong = x.checkEvents(got, events)
	}
	if wrong != nil {
		return fmt.Errorf("%v as of %d: %w", x, asOf, wrong)
	}
	return nil
}

// outcome returns the letter of what was decided, and what is wrong in itself.
func (x cell) outcome(r conversation.Request, events []conversation.Event, err error) (string, error) {
	if err != nil && len(events) > 0 {
		return "", fmt.Errorf("%d events beside the error %v", len(events), err)
	}
	if err == nil {
		return x.apply(r, events), nil
	}
	if _, ok := errors.AsType[*conversation.InvalidError](err); ok {
		return "!", nil
	}
	refused, ok := errors.AsType[*conversation.RefusedError](err)
	if !ok {
		return "", fmt.Errorf("error %v of type %T", err, err)
	}
	return sentinels[refused.Why], x.checkRefusal(r, refused)
}

func (x cell) apply(r conversation.Request, events []conversation.Event) string {
	if len(events) == 0 {
		return "="
	}
	after, _ := conversation.Append(x.c, r.By, x.now, events)
	return letters[after.State]
}

// checkRefusal checks that a refusal says what was refused, in which state, to
// whom, and what is allowed.
func (x cell) checkRefusal(r conversation.Request, e *conversation.RefusedError) error {
	if e.Command != r.Command.Name() || e.State != x.c.State || e.By != r.By {
		return fmt.Errorf("the refusal speaks of %s in %q by %s", e.Command, e.State, e.By)
	}
	if !errors.Is(e, e.Why) {
		return fmt.Errorf("the refusal does not wrap %v", e.Why)
	}
	for _, word := range []string{string(e.Command), x.state, e.By.String(), e.Why.Error()} {
		if !strings.Contains(e.Error(), word) {
			return fmt.Errorf("the text of the refusal, %q, does not say %q", e.Error(), word)
		}
	}
	if e.Why == conversation.ErrHeld && e.Holder != x.c.Agent {
		return fmt.Errorf("the refusal says that %q has it", e.Holder)
	}
	if missing := []closure.Field{closure.FieldSentiment}; (e.Why == conversation.ErrFormIncomplete) != slices.Equal(e.Missing, missing) {
		return fmt.Errorf("the refusal says that %v are missing", e.Missing)
	}
	if err := x.checkAdvice(e); err != nil {
		return err
	}
	if e.Why == conversation.ErrAlreadyClosed && e.Closing != x.c.Closing {
		return errors.New("the refusal does not say how it was closed")
	}
	known := conversation.AgentReady
	if conversation.AgentFor(x.c, r).Agent == x.by().ID {
		known = x.agent
	}
	if want := x.allowed[known]; !slices.Equal(e.Allowed, want) {
		return fmt.Errorf("the refusal allows %v, Allowed says %v", e.Allowed, want)
	}
	return nil
}

// checkAdvice checks that a discourteous closing is answered with what to do
// first.
func (x cell) checkAdvice(e *conversation.RefusedError) error {
	if (e.Why == conversation.ErrDiscourteous) != (e.Advice != nil) {
		return fmt.Errorf("%v, with the advice %+v", e.Why, e.Advice)
	}
	if e.Advice == nil {
		return nil
	}
	if e.Advice.Grade != x.grade() || e.Advice.Next != x.next() {
		return fmt.Errorf("the advice is %+v, want the grade %s and the step %s", e.Advice, x.grade(), x.next())
	}
	return nil
}

// person reports whether an agent or supervisor gives the command.
func (x cell) person() bool {
	return x.by().Kind == conversation.KindAgent || x.by().Kind == conversation.KindSupervisor
}

// versions returns the versions between which staleness can change.
func (x cell) versions() []conversation.Version {
	all := []conversation.Version{1, x.message - 1, x.message, x.handover - 1, x.handover, x.c.Version}
	all = slices.DeleteFunc(all, func(v conversation.Version) bool { return v < 1 || v > x.c.Version })
	slices.Sort(all)
	return slices.Compact(all)
}

// marks returns when the visitor last wrote and when it last changed hands, read
// from the journal.
func (s situation) marks() (message, handover conversation.Version) {
	c := conversation.Conversation{}
	for _, r := range s.journal {
		before := hands(c)
		c = conversation.Evolve(c, r)
		if hands(c) != before {
			handover = r.Seq
		}
		if said, ok := r.Event.(conversation.Said); ok && r.By == vera && !said.Automatic {
			message = r.Seq
		}
	}
	return message, handover
}

func hands(c conversation.Conversation) string {
	if c.Agent != "" {
		return "agent " + c.Agent
	}
	return string(c.State)
}

// stale reports whether the specification refuses the cell as of a version.
func (x cell) stale(asOf conversation.Version) bool {
	if !changes(x.want) && x.want != "F" && x.want != "d" { // who has not seen the message is told that first
		return false
	}
	matters := x.matters()
	return strings.Contains(matters, "message") && x.message > asOf ||
		strings.Contains(matters, "handover") && x.handover > asOf
}

// matters returns what the command must not have missed, if it does something.
func (x cell) matters() string {
	if matters, ok := mustHaveSeen[x.command+" "+string(x.by().Kind)]; ok {
		return matters
	}
	return mustHaveSeen[x.command]
}

// TestEveryCell asserts every command in every situation by every actor, as of
// the present version and as of every older one that could matter.
func TestEveryCell(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	all, late, broken := cells(t), 0, 0
	for _, x := range all {
		if err := x.check(conversation.Decide, x.c.Version, x.want); err != nil {
			t.Error(err)
			broken++
		}
		for _, v := range x.versions() {
			want := x.want
			if x.stale(v) {
				want = "s"
			}
			if err := x.check(conversation.Decide, v, want); err != nil {
				t.Error(err)
				broken++
			}
			late++
		}
	}
	proof.Count(t, proof.Figure{
		Suite: "exhaustive", Tried: int64(len(all) + late), Trials: "cells", Breaks: "not as specified",
		Details: fmt.Sprintf("%s as of the present, %s as of an older version; these are all", proof.Grouped(int64(len(all))), proof.Grouped(int64(late))),
		Every:   true, Broken: int64(broken),
	})
}

func TestTheSpecificationHasEveryCommand(t *testing.T) {
	t.Parallel()
	var missing []conversation.CommandName
	for _, c := range conversation.Commands() {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(specification)), func(name string) bool {
			return command(name, ann).Name() == c.Name()
		}) {
			missing = append(missing, c.Name())
		}
	}
	if len(missing) > 0 {
		t.Errorf("no specification for %v", missing)
	}
}
