package tenancy_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

// The other workspace, an ID that everything in it has, and one that nothing has
// anywhere. Both come after all others by the alphabet, and are as long.
const (
	theirs  = "theirs"
	foreign = "zz-foreign"
	unknown = "zz-unknown"
)

// A slot is a place for an ID in the arguments of a method.
type slot struct {
	method string
	row    int // of its templates
	path   string
	tx     bool // in a transaction of the host's
}

// String names the slot.
func (s slot) String() string {
	on := "Desk"
	if s.tx {
		on = "Tx"
	}
	return fmt.Sprintf("%s.%s %d%s", on, s.method, s.row, s.path)
}

// slots are all places of the templates that hold a plain string, set or not, but
// for the workspace: who calls in the name of another one is the host.
func slots() []slot {
	var all []slot
	rows := templates(ours)
	inTx := reflect.TypeFor[*lifecycle.Tx]()
	for _, method := range slices.Sorted(maps.Keys(rows)) {
		for row, arguments := range rows[method] {
			fill(arguments, "", "", func(path string) {
				all = append(all, slot{method, row, path, false})
				if _, ok := inTx.MethodByName(method); ok {
					all = append(all, slot{method, row, path, true})
				}
			})
		}
	}
	return all
}

// fill returns copies of arguments with an ID in the place of a path, and tells of
// every path that there is.
func fill(arguments []any, at, id string, tell func(path string)) []reflect.Value {
	filled := make([]reflect.Value, len(arguments))
	for i, a := range arguments {
		v := reflect.New(reflect.TypeOf(a)).Elem()
		v.Set(reflect.ValueOf(a))
		fillValue(v, fmt.Sprintf(" %d", i), at, id, tell)
		filled[i] = v
	}
	return filled
}

func fillValue(v reflect.Value, path, at, id string, tell func(path string)) {
	visit := func(set func()) {
		tell(path)
		if path == at {
			set()
		}
	}
	copied := func(v reflect.Value) reflect.Value {
		c := reflect.New(v.Type()).Elem()
		c.Set(v)
		return c
	}
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && v.String() != ours {
			visit(func() { v.SetString(id) })
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[[]string]() {
			visit(func() { v.Set(reflect.ValueOf([]string{id})) })
		}
	case reflect.Map:
		if v.Type().Key() == reflect.TypeFor[string]() {
			visit(func() {
				m := reflect.MakeMap(v.Type())
				m.SetMapIndex(reflect.ValueOf(id), reflect.Zero(v.Type().Elem()))
				v.Set(m)
			})
		}
	case reflect.Pointer:
		if !v.IsNil() && v.Elem().Kind() == reflect.Struct && takesString(v.Type()) {
			c := copied(v.Elem())
			v.Set(c.Addr())
			fillValue(c, path, at, id, tell)
		}
	case reflect.Interface:
		if !v.IsNil() {
			c := copied(v.Elem())
			fillValue(c, path, at, id, tell)
			v.Set(c)
		}
	case reflect.Struct:
		for f, field := range v.Fields() {
			if f.IsExported() {
				fillValue(field, path+"."+f.Name, at, id, tell)
			}
		}
	}
}

// both is a world with both workspaces, in which something leaks from then on.
func both(t *testing.T, open opening, leak leaks) *world {
	t.Helper()
	leaking := &leaky{names: [2]string{ours, theirs}}
	w := newWorld(t, open, func(store storage.Store) storage.Store {
		leaking.Store = store
		return leaking
	}, lifecycle.Options{})
	build(t, w, theirs, foreign)
	build(t, w, ours)
	leaking.leak = leak
	return w
}

// ask calls the method with an ID in the slot.
func (s slot) ask(t *testing.T, w *world, id string) string {
	var on any = w.desk
	if s.tx {
		on = w.desk.Tx(w.store)
	}
	return invoke(t.Context(), on, s.method, fill(templates(ours)[s.method][s.row], s.path, id, func(string) {}))
}

// asked is what comes of a call with an ID in a slot: the answer and our workspace
// afterwards, and theirs.
func asked(t *testing.T, open opening, leak leaks, s slot, id string) (answer, other string) {
	t.Helper()
	w := both(t, open, leak)
	defer w.shut()
	answer = s.ask(t, w, id)
	if _, err := w.desk.Tick(t.Context()); err != nil {
		answer += " tick: " + err.Error()
	}
	for _, seen := range append(stored(t.Context(), w, ours), answered(t.Context(), w, ours)...) {
		answer += "\n" + rendered(seen)
	}
	for _, seen := range stored(t.Context(), w, theirs) {
		other += "\n" + rendered(seen)
	}
	return answer, other
}

// compare says what tells a foreign ID from an unknown one.
func compare(t *testing.T, open opening, leak leaks, s slot) string {
	t.Helper()
	known, theirsThen := asked(t, open, leak, s, foreign)
	nobodys, theirsElse := asked(t, open, leak, s, unknown)
	if different := lines(strings.ReplaceAll(nobodys, unknown, foreign), known); different != "" {
		return fmt.Sprintf("%v: %s", s, different)
	}
	if different := lines(theirsElse, theirsThen); different != "" {
		return fmt.Sprintf("%v changes the other workspace: %s", s, different)
	}
	return ""
}

func lines(want, got string) string {
	if want == got {
		return ""
	}
	wanted, have := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(wanted), len(have)) {
		if wanted[i] != have[i] {
			return fmt.Sprintf("an unknown ID gives\n%s\na foreign one\n%s", wanted[i], have[i])
		}
	}
	return fmt.Sprintf("%d lines with an unknown ID, %d with a foreign one", len(wanted), len(have))
}

// TestTenancyForeignIDs asks with an ID of another workspace, and with one that
// nobody has, in the arguments of the methods of a Desk, in each there is, and of a
// Tx, which has the commands of a Desk, in some, others with each seed. The answer is
// the same to the letter, and so is what then is in the store.
func TestTenancyForeignIDs(t *testing.T) {
	t.Parallel()
	desk, tx := slotsOf(slots())
	if len(desk)+len(tx) < 300 {
		t.Errorf("only %d places for an ID: the search finds too few", len(desk)+len(tx))
	}
	seed := proof.Seed(t)
	some := desk
	if testing.Short() {
		some = sample(seed, desk, 12)
	}
	ask(t, inMemory, "of a Desk on memory", some, len(desk), seed)
	ask(t, inMemory, "of a Tx on memory", sample(seed, tx, proof.Size(t, 40)), len(tx), seed)
}

// TestTenancyForeignIDsStores asks in some places of a Desk on the SQL stores: a new
// store for each takes long, and what answers is the Desk. A Tx would be an open
// transaction there.
func TestTenancyForeignIDsStores(t *testing.T) {
	t.Parallel()
	desk, _ := slotsOf(slots())
	eachStore(t, func(t *testing.T, store string, open opening) {
		seed := proof.Seed(t)
		ask(t, open, "of a Desk on "+store, sample(seed, desk, proof.Size(t, 6)), len(desk), seed)
	})
}

// slotsOf parts the slots of a Desk from those of a Tx.
func slotsOf(all []slot) (desk, tx []slot) {
	for _, s := range all {
		if s.tx {
			tx = append(tx, s)
		} else {
			desk = append(desk, s)
		}
	}
	return desk, tx
}

// ask asks in some of the slots that there are.
func ask(t *testing.T, open opening, where string, some []slot, of int, seed uint64) {
	t.Helper()
	told := 0
	still := both(t, open, leaks{}) // for what changes nothing
	defer still.shut()
	for _, s := range some {
		var different string
		if !s.tx && slices.Contains(reads, s.method) {
			different = lines(strings.ReplaceAll(s.ask(t, still, unknown), unknown, foreign), s.ask(t, still, foreign))
		} else {
			different = compare(t, open, leaks{}, s)
		}
		if different != "" {
			if told++; told <= 3 {
				t.Error(different)
			}
		}
	}
	f := proof.Figure{
		Suite: suite, Tried: int64(len(some)), Trials: "places for a foreign ID " + where, Broken: int64(told), Breaks: "that tell it from an unknown one",
		Details: "all there are", Every: true,
	}
	if len(some) < of {
		f.Details, f.Every, f.Seed = fmt.Sprintf("a random sample of %d", of), false, seed
	}
	proof.Count(t, f)
}

// sample is so many of a list, others with each seed.
func sample[T any](seed uint64, all []T, n int) []T {
	some := slices.Clone(all)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	return some[:min(n, len(some))]
}

// planted are the names of faults: all, or a few in a short run, others with each
// seed.
func planted[T any](seed uint64, faults map[string]T) []string {
	names := slices.Sorted(maps.Keys(faults))
	if testing.Short() {
		return sample(seed, names, 3)
	}
	return names
}

// TestTenancyForeignTokens: the token of another workspace's page is no token, like
// one that was made up.
func TestTenancyForeignTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, inMemory, nil, lifecycle.Options{})
	defer w.shut()
	for _, workspace := range []string{theirs, ours, "third"} {
		build(t, w, workspace)
		b := builder{t, w, workspace}
		b.do(b.call("chat-1", ann), conversation.Close{Outcome: closure.Resolved})
	}
	for _, method := range []string{"List", "Closings", "CustomerHistory", "Unconfirmed"} {
		page := func(workspace, token string) (next string, err error) {
			arguments := values(templates(workspace)[method][0])
			arguments[len(arguments)-1], arguments[len(arguments)-2] = reflect.ValueOf(1), reflect.ValueOf(token)
			out := reflect.ValueOf(w.desk).MethodByName(method).Call(append([]reflect.Value{reflect.ValueOf(t.Context())}, arguments...))
			err, _ = out[1].Interface().(error)
			return out[0].FieldByName("Next").String(), err
		}
		token, err := page(theirs, "")
		if err != nil || token == "" {
			t.Fatalf("%s: token %q, %v", method, token, err)
		}
		if _, err := page(theirs, token); err != nil {
			t.Errorf("%s: its own token: %v", method, err)
		}
		_, foreign := page(ours, token)
		_, madeUp := page(ours, token[:len(token)-4]+"AAAA")
		if foreign == nil || madeUp == nil || foreign.Error() != madeUp.Error() {
			t.Errorf("%s: a foreign token is %v, one that was made up %v", method, foreign, madeUp)
		}
	}
}

func TestTenancyForeignIDsCatches(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]slot{
		"a conversation is looked up without its workspace": {method: "Get", path: " 1"},
		"command IDs are one space":                         {method: "AddNote", path: " 0.CommandID"},
		"a journal is found without its workspace":          {method: "History", path: " 1"},
		"lists have everybody's":                            {method: "List", path: " 1.Agent"},
		"counts count everybody's":                          {method: "Count", path: " 1.Visitor"},
		"reports have everybody's":                          {method: "Report", path: " 1.Filter.Agent"},
		"a visitor's presence and address are shared":       {method: "Visitor", path: " 1"},
		"who is erased in one is erased in both":            {method: "Forget", path: " 1"},
	} {
		leak, ok := plantedLeaks[name]
		if !ok {
			t.Fatalf("no such leak: %s", name)
		}
		if !slices.Contains(slots(), at) {
			t.Fatalf("no such slot: %v", at)
		}
		proof.Planted(t, suite, name+", by a foreign ID", compare(t, inMemory, leak, at) != "")
	}
}
