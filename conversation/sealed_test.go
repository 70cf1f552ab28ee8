package conversation_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/adjourn/adjourn/conversation"
)

func TestEveryEventHasAStoredName(t *testing.T) {
	t.Parallel()
	samples := map[string]conversation.Event{"Unknown": conversation.Unknown{Name: "unknown"}}
	for _, e := range sampleEvents() {
		samples[reflect.TypeOf(e).Name()] = e
	}
	types := receivers(t, "event.go", "event")
	same(t, "the events of event.go against the samples", types, slices.Sorted(maps.Keys(samples)))
	seen := map[string]string{}
	for _, name := range types {
		stored := conversation.EventName(samples[name])
		if stored == "" || seen[stored] != "" {
			t.Errorf("the stored name of %s is %q, which %q has", name, stored, seen[stored])
		}
		seen[stored] = name
	}
}

func TestCommandsAreAllCommands(t *testing.T) {
	t.Parallel()
	var listed []string
	names := map[conversation.CommandName]bool{}
	for _, c := range conversation.Commands() {
		listed = append(listed, reflect.TypeOf(c).Name())
		names[c.Name()] = true
	}
	slices.Sort(listed)
	same(t, "Commands() against command.go", listed, receivers(t, "command.go", "Name"))
	same(t, "the number of names", len(names), len(listed))
}

// receivers returns the types of a file that have a method, sorted.
func receivers(t *testing.T, file, method string) []string {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, d := range tree.Decls {
		f, ok := d.(*ast.FuncDecl)
		if ok && f.Recv != nil && f.Name.Name == method {
			types = append(types, f.Recv.List[0].Type.(*ast.Ident).Name)
		}
	}
	slices.Sort(types)
	return types
}

// The compiler takes a pointer to a command for a command. The machine refuses
// it like any other thing that could never be meant.
func TestAPointerToACommandIsInvalid(t *testing.T) {
	t.Parallel()
	for _, c := range conversation.Commands() {
		pointer := reflect.New(reflect.TypeOf(c))
		for _, p := range []reflect.Value{pointer, reflect.Zero(pointer.Type())} {
			for _, l := range []*life{tell(t, noBot), held(t, noBot)} {
				r := conversation.Request{By: ann, Command: p.Interface().(conversation.Command)}
				var err error
				if why := crash(func() { _, err = conversation.Decide(l.c, r, l.facts()) }); why != nil {
					t.Errorf("Decide of a %T in %q: panic: %v", r.Command, l.c.State, why)
				} else if !errors.Is(err, conversation.ErrInvalid) {
					t.Errorf("Decide of a %T in %q: %v, want %v", r.Command, l.c.State, err, conversation.ErrInvalid)
				}
			}
		}
	}
}
