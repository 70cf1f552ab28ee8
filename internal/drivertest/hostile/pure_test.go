package hostile_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
)

// purePackages take input without a store behind them.
var purePackages = []string{"conversation", "closure", "snooze", "idle", "roster"}

// A judge is a function of a pure package that takes words, bytes or numbers of
// somebody else.
type judge struct {
	values []try
	refuse bool // it must refuse every one of them
	own    bool // it reads what stores hold: its errors may say what they found
	call   func(v any) error
}

// quiet is for what returns no error: it must only not panic, nor hang.
func quiet(do func(s string)) judge {
	longEnough := func(s string) bool { return len(s) <= conversation.MaxText+1 } // longer ones were refused before
	values := tries(keep(join(empty, badTexts(conversation.MaxText), legalTexts(conversation.MaxText), badIDs()), longEnough))
	return judge{values: values, call: func(v any) error { do(v.(string)); return nil }}
}

func decoder(decode func([]byte) error) judge {
	return judge{values: tries(badBodies()), refuse: false, own: true, call: func(v any) error { return decode([]byte(v.(string))) }}
}

// judges are by package and name.
func judges() map[string]judge {
	words := func(values []named[string], check func(string) error) judge {
		return judge{values: tries(values), refuse: true, call: func(v any) error { return check(v.(string)) }}
	}
	phrases := closure.DefaultPhrases()
	agent := roster.New("ann", 3, "billing")
	hours := func(zone string) snooze.Hours { return snooze.Hours{Zone: zone} }
	badSpans := judge{refuse: true, call: func(v any) error { return snooze.Hours{Zone: "UTC", Spans: v.([]snooze.Span)}.Check() }}
	for name, s := range map[string]snooze.Span{
		"day 7": {Day: 7, From: 1, To: 2}, "day -1": {Day: -1, From: 1, To: 2}, "from -1": {From: -1, To: 2}, "from 1440": {From: 1440, To: 1450}, "to before": {From: 5, To: 4}, "nothing": {}, "too long": {From: 1, To: 1442},
		"the greatest": {Day: time.Weekday(huge[0].v), From: huge[0].v, To: huge[0].v}, "the least": {From: 5, To: negative[1].v},
	} {
		badSpans.values = append(badSpans.values, try{value: name, v: []snooze.Span{s}})
	}
	badSpans.values = append(badSpans.values, try{value: "100,000", v: slices.Repeat([]snooze.Span{{From: 1, To: 2}}, 100_000)})
	return map[string]judge{
		"conversation.CheckID":   words(join(empty, badIDs()), func(s string) error { return conversation.CheckID("x", s) }),
		"conversation.CheckText": words(badTexts(conversation.MaxNote), func(s string) error { return conversation.CheckText("x", s, conversation.MaxNote) }),
		"conversation.CheckCommand": words(badTexts(conversation.MaxText), func(s string) error {
			return conversation.CheckCommand(vic, conversation.Say{Text: s})
		}),
		"conversation.Actor.Check":    words(join(empty, badIDs()), func(s string) error { return conversation.Agent(s).Check() }),
		"conversation.Policy.Check":   words(join(empty, badEnums), func(s string) error { return conversation.Policy{Required: []closure.Field{closure.Field(s)}}.Check() }),
		"conversation.Policies.Check": words(badLines(conversation.MaxTag), func(s string) error { return conversation.Policies{Tags: []string{s}}.Check() }),
		"conversation.Decide": words(join(empty, badIDs()), func(s string) error {
			_, err := conversation.Decide(conversation.Conversation{}, conversation.Request{By: host, Command: conversation.Open{Visitor: "vic", Group: s + "/"}}, conversation.Facts{Now: start})
			return err
		}),
		"conversation.Decode":         decoder(func(b []byte) error { _, err := conversation.Decode(b); return err }),
		"conversation.DecodeWhole":    decoder(func(b []byte) error { _, _, err := conversation.DecodeWhole(b); return err }),
		"conversation.DecodeRecord":   decoder(func(b []byte) error { _, err := conversation.DecodeRecord(b); return err }),
		"conversation.DecodePolicies": decoder(func(b []byte) error { _, err := conversation.DecodePolicies(b); return err }),
		"conversation.EncodeRecord":   words(badEnums[:1], func(s string) error { _, err := conversation.EncodeRecord(conversation.Record{}); return err }),
		"conversation.Recount":        quiet(func(s string) { conversation.Recount(s, s, nil) }),
		"conversation.WithText":       quiet(func(s string) { conversation.WithText(conversation.Said{}, s) }),
		"conversation.Policies.For":   quiet(func(s string) { policies().For(s) }),
		"closure.Check":               words(join(empty, badEnums, nearly("resolved")), func(s string) error { return closure.Check(closure.Outcome(s), "") }),
		"closure.CompareTags":         quiet(func(s string) { closure.CompareTags(s, "late") }),
		"closure.Form.Missing": quiet(func(s string) {
			closure.Form{Notes: s}.Missing([]closure.Field{closure.Field(s)}, closure.Outcome(s), closure.Reason(s), []string{s})
		}),
		"closure.Phrases.OfAgent":      quiet(func(s string) { closure.Phrases{CheckIn: []string{s}, Brief: []string{s}}.OfAgent(s) }),
		"closure.Phrases.OfVisitor":    quiet(func(s string) { closure.Phrases{Confirmation: []string{s}, Unless: []string{s}}.OfVisitor(s) }),
		"closure.Recognizer.OfAgent":   quiet(func(s string) { phrases.Recognizer().OfAgent(s) }),
		"closure.Recognizer.OfVisitor": quiet(func(s string) { phrases.Recognizer().OfVisitor(s) }),
		"snooze.Tomorrow":              words(join(empty, badZones), func(s string) error { _, err := snooze.Tomorrow(start, s, 9, 0); return err }),
		"snooze.Next":                  words(join(empty, badZones), func(s string) error { _, err := snooze.Next(start, time.Monday, s, 9, 0); return err }),
		"snooze.Calendar":              words(join(empty, badLocals), func(s string) error { _, err := snooze.Calendar(s, "UTC").Resolve(start); return err }),
		"snooze.Until.Resolve":         words(join(empty, badZones), func(s string) error { _, err := snooze.Calendar("2026-03-03T09:00", s).Resolve(start); return err }),
		"snooze.Hours.Check":           badSpans,
		"snooze.Suggest":               words(join(empty, badZones), func(s string) error { h := hours(s); _, err := snooze.Suggest(start, true, &h); return err }),
		"idle.Ladder.Check": words(join(badEnums, nearly("close")), func(s string) error {
			return idle.Ladder{Steps: []idle.Step{{After: time.Minute, Action: idle.Action(s)}}}.Check(idle.Actions()...)
		}),
		"roster.Decode":      decoder(func(b []byte) error { _, err := roster.Decode[roster.Agent](b); return err }),
		"roster.New":         quiet(func(s string) { roster.New(s, 1, s, s) }),
		"roster.Agent.Check": {values: tries(join(negative, huge)), refuse: true, call: func(v any) error { return roster.New("ann", v.(int)).Check() }},
		"roster.Agent.In":    quiet(func(s string) { agent.In(s) }),
		"roster.Agent.Leave": quiet(func(s string) { agent.Leave(s) }),
	}
}

// plainOnes take strings and judge nothing: what they return is judged elsewhere,
// or they write what was read and judged before.
var plainOnes = []string{
	"conversation.Agent", "conversation.Bot", "conversation.Supervisor", "conversation.System", "conversation.Visitor",
	"conversation.Encode", "conversation.EncodePolicies", "conversation.Record.MarshalJSON", "conversation.InvalidError.Is", "conversation.InvalidError.Unwrap", "conversation.RefusedError.Unwrap", "roster.Encode",
	"conversation.InvalidError.Error", "conversation.RefusedError.Error",
}

// badBodies are no bodies that a store was given, or those of a newer version.
func badBodies() []named[string] {
	bodies := []named[string]{
		{"nothing", " "}, {"null", "null"}, {"an array", "[]"}, {"an empty object", "{}"}, {"a newer version", `{"v":2}`}, {"no version", `{"data":{}}`}, {"a negative version", `{"v":-1}`}, {"a great version", `{"v":9223372036854775807}`},
		{"a version beyond numbers", `{"v":1e400}`}, {"a version with a fraction", `{"v":1.5}`}, {"a version that is a word", `{"v":"1"}`}, {"two versions", `{"v":2,"v":1}`}, {"a capital version", `{"V":1}`},
		{"cut", `{"v":1,"data":{`}, {"more behind", `{"v":1,"data":{}}x`}, {"not UTF-8", "{\"v\":1,\"data\":\"\xff\"}"}, {"NUL", "{\"v\":1,\x00\"data\":{}}"}, {"a byte order mark", "\ufeff{\"v\":1}"},
		{"a lone surrogate", `{"v":1,"data":{"visitor":"\ud800","id":"\udc00"},"type":"\ud800"}`}, {"swapped surrogates", `{"v":1,"data":{"id":"\ude00\ud83d"}}`}, {"an escaped NUL", `{"v":1,"data":{"id":"\u0000"}}`},
		{"deep arrays", strings.Repeat("[", 1_000_000)}, {"deep objects", strings.Repeat(`{"data":`, 100_000)}, {"deep inside", `{"v":1,"data":` + strings.Repeat("[", 20_000)}, {"10 MB", `{"v":1,"data":"` + tenMegabytes + `"}`},
		{"a time that is none", `{"v":1,"seq":1,"at":"` + canary + `","type":"said","data":{}}`}, {"30 February", `{"v":1,"at":"2026-02-30T00:00:00Z","type":"said"}`}, {"no data", `{"v":1,"type":"said"}`}, {"data of another type", `{"v":1,"type":"said","data":[1]}`},
		{"no type", `{"v":1,"data":{}}`}, {"a negative sequence", `{"v":1,"seq":-1,"type":"typed","data":{}}`}, {"NaN", `{"v":1,"data":{"version":NaN}}`}, {"Infinity", `{"v":1,"data":{"version":Infinity}}`}, {"XML", "<a/>"}, {"gob", "\x0c\xff\x81\x02\x01\x02"},
		{"a proxy of a prototype", `{"v":1,"data":{"__proto__":{"x":1}}}`}, {"100,000 fields", `{"v":1,"data":{` + strings.Repeat(`"a":1,`, 100_000) + `"b":2}}`}, {"100,000 groups", `{"v":1,"data":{"groups":{` + strings.Repeat(`"a b":{},`, 100_000) + `"b":{}}}}`},
	}
	for _, state := range conversation.States() {
		bodies = append(bodies, named[string]{"nothing but the state " + string(state), fmt.Sprintf(`{"v":1,"data":{"state":%q}}`, state)})
	}
	return bodies
}

// TestPure throws bad values at every function of the pure packages that takes
// any.
func TestPure(t *testing.T) {
	t.Parallel()
	all := judges()
	if testing.Short() {
		for name, j := range all {
			j.values = slices.DeleteFunc(slices.Clone(j.values), func(one try) bool { s, ok := one.v.(string); return ok && len(s) > 4<<10 })
			all[name] = j
		}
	}
	problems, tried := pure(all)
	for _, p := range problems {
		t.Error(p)
	}
	proof.Count(t, proof.Figure{
		Suite: suite, Tried: int64(tried), Trials: "bad values in pure functions", Broken: int64(len(problems)), Breaks: "taken or answered otherwise than they must be",
		Details: fmt.Sprintf("%d functions", len(all)),
	})
}

// pure asks the judges.
func pure(all map[string]judge) (problems []string, tried int) {
	for name, j := range all {
		for _, one := range j.values {
			tried++
			begun := time.Now()
			a := ask(context.Background(), nil, try{give: func(context.Context, *world) ([]any, error) { return nil, j.call(one.v) }})
			took := time.Since(begun)
			where := name + ", " + one.value + ": "
			if a.class == "panic" || !j.own && !wellSaid(a) {
				problems = append(problems, where+strings.Join(a.broken, "; "))
			}
			if j.refuse && a.class == "accepted" {
				problems = append(problems, where+"accepted")
			}
			if took > patience/2 {
				problems = append(problems, fmt.Sprintf("%stook %v", where, took))
			}
		}
	}
	return problems, tried
}

// wellSaid reports whether an answer is short. Errors of the pure packages below
// conversation have sentinels of their own, and may quote up to 64 letters for
// whoever calls them directly.
func wellSaid(a answer) bool {
	return !slices.ContainsFunc(a.broken, func(b string) bool {
		return strings.HasPrefix(b, "an error of") && !strings.HasPrefix(b, "an error of no class")
	})
}

// TestEveryJudgeIsAsked: whoever adds a function that takes strings or bytes, or
// returns an error, to a pure package says what becomes of bad values in it.
func TestEveryJudgeIsAsked(t *testing.T) {
	t.Parallel()
	missing := unasked(t, judges())
	for _, name := range missing {
		t.Errorf("%s is not asked", name)
	}
}

// unasked are the functions of the pure packages that no judge stands for.
func unasked(t testing.TB, all map[string]judge) []string {
	t.Helper()
	var missing []string
	for _, dir := range purePackages {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		must(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			must(t, err)
			for _, d := range parsed.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || !f.Name.IsExported() || !takesInput(f) {
					continue
				}
				name := dir + "." + receiver(f) + f.Name.Name
				if _, asked := all[name]; !asked && !slices.Contains(plainOnes, name) {
					missing = append(missing, name)
				}
			}
		}
	}
	return missing
}

// takesInput reports whether a function takes strings or bytes, or can refuse.
func takesInput(f *ast.FuncDecl) bool {
	if f.Type.Results != nil {
		for _, r := range f.Type.Results.List {
			if id, ok := r.Type.(*ast.Ident); ok && id.Name == "error" {
				return true
			}
		}
	}
	for _, p := range f.Type.Params.List {
		of := p.Type
		switch list := of.(type) {
		case *ast.ArrayType:
			of = list.Elt
		case *ast.Ellipsis:
			of = list.Elt
		}
		if id, ok := of.(*ast.Ident); ok && (id.Name == "string" || id.Name == "byte") {
			return true
		}
	}
	return false
}

// TestPureCatches plants faults into the judges.
func TestPureCatches(t *testing.T) {
	t.Parallel()
	values := tries(badIDs())
	for _, fault := range []struct {
		name string
		j    judge
	}{
		{"a parser takes what it must not", judge{values: values, refuse: true, call: func(any) error { return nil }}},
		{"a parser panics on a long value", judge{values: values, call: func(v any) error { _ = [130]byte{}[len(v.(string))]; return nil }}},
		{"an error grows with the value", judge{values: values, call: func(v any) error { return fmt.Errorf("%w: %s", conversation.ErrInvalid, v) }}},
	} {
		problems, _ := pure(map[string]judge{"planted": fault.j})
		proof.Planted(t, suite, fault.name, len(problems) > 0)
	}
	all := judges()
	delete(all, "roster.Decode")
	proof.Planted(t, suite, "a decoder that nobody asks", slices.Contains(unasked(t, all), "roster.Decode"))
}
