package archtest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// root is the directory of the module, seen from this package's.
const root = "../.."

func TestHouse(t *testing.T) {
	t.Parallel()
	files, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(files, func(f file) bool { return f.path() == "internal/archtest/archtest_test.go" }) {
		t.Fatalf("load(%q) did not find this file among %d", root, len(files))
	}
	for _, f := range files {
		for _, breach := range check(f) {
			t.Error(breach)
		}
	}
}

func TestRequirements(t *testing.T) {
	t.Parallel()
	// Read here so that the cache of go test notices a change: it does not see what the go command opens.
	if _, err := os.ReadFile(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	out, err := goCommand(root, "mod", "edit", "-json")
	if err != nil {
		t.Fatal(err)
	}
	var mod goMod
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	for _, breach := range checkRequirements(mod) {
		t.Error(breach)
	}
}

// TestMapIsSound checks the map itself: no cycles, no pure room above an impure one, nothing allowed that is unknown.
func TestMapIsSound(t *testing.T) {
	t.Parallel()
	var walk func(pkg string, above []string)
	walk = func(pkg string, above []string) {
		if slices.Contains(above, pkg) {
			t.Errorf("the map allows a cycle: %s", strings.Join(append(above, pkg), " → "))
			return
		}
		for _, imported := range house[pkg].imports {
			if r, ok := house[imported]; !ok {
				t.Errorf("%q may import %q, which is not in the map", pkg, imported)
			} else if house[pkg].pure && !r.pure {
				t.Errorf("%q is pure but may import %q, which is not", pkg, imported)
			}
			walk(imported, append(slices.Clone(above), pkg))
		}
	}
	for pkg, r := range house {
		walk(pkg, nil)
		if r.why == "" {
			t.Errorf("%q has no reason", pkg)
		}
		for _, m := range r.modules {
			if _, ok := requirements[m]; !ok {
				t.Errorf("%q may import %s, which go.mod does not require", pkg, m)
			}
		}
	}
	for path, why := range internalTests {
		if why == "" {
			t.Errorf("%s is allowed to be an internal test without a reason", path)
		}
	}
}

// TestPlanted shows that check sees each breach, and sees none where there is none.
func TestPlanted(t *testing.T) {
	t.Parallel()
	imports := func(paths ...string) string {
		var src strings.Builder
		src.WriteString("package p\n")
		for _, path := range paths {
			src.WriteString("import _ \"" + path + "\"\n")
		}
		return src.String()
	}
	uses := func(name string) string { return "package p\nimport \"time\"\nvar _ = " + name + "\n" }

	tests := []struct {
		name string
		pkg  string
		file string // default p.go
		src  string
		want string // part of the one breach, "" for none
	}{
		// Unknown packages.
		{"new package", "billing", "", "package billing", `package "billing" is not in the map`},
		{"new package below a known one", "snooze/calendar", "", "package calendar", "is not in the map"},
		{"new package with tests only", "billing", "p_test.go", "package billing_test", "is not in the map"},

		// Imports within the house.
		{"root re-exports", "", "", imports(module + "/lifecycle"), "not allowed here: the front door"},
		{"floor 1 imports a neighbour", "snooze", "", imports(module + "/idle"), `import "` + module + `/idle" is not allowed`},
		{"floor 1 imports floor 2", "closure", "", imports(module + "/conversation"), "not allowed"},
		{"floor 2 imports floor 1", "conversation", "", imports(module+"/snooze", module+"/closure", module+"/idle"), ""},
		{"floor 2 imports floor 3", "conversation", "", imports(module + "/storage"), "not allowed here: the machine"},
		{"floor 2 imports the root", "conversation", "", imports(module), "not allowed"},
		{"contract imports floor 2", "storage", "", imports(module + "/conversation"), ""},
		{"contract imports a store", "storage", "", imports(module + "/storage/memory"), "not allowed here: the contract"},
		{"store imports the contract", "storage/memory", "", imports(module+"/storage", module+"/conversation"), ""},
		{"store imports the desk", "storage/memory", "", imports(module + "/lifecycle"), "not allowed here: a store"},
		{"conformance kit imports a store", "storage/storagetest", "", imports(module + "/storage/memory"), "not allowed"},
		{"desk imports what it may", "lifecycle", "", imports(module+"/storage", module+"/conversation", module+"/idle"), ""},
		{"desk imports a store", "lifecycle", "", imports(module + "/storage/memory"), "not allowed here: the desk"},
		{"desk imports its kit", "lifecycle", "", imports(module + "/lifecycle/lifecycletest"), "not allowed"},
		{"kit imports desk and store", "lifecycle/lifecycletest", "", imports(module+"/lifecycle", module+"/storage/memory"), ""},
		{"kit imports the other kit", "lifecycle/lifecycletest", "", imports(module + "/storage/storagetest"), "not allowed"},
		{"module with a longer name", "lifecycle", "", imports(module + "x/storage"), "third-party"},
		{"test imports upward", "snooze", "p_test.go", "package p_test\nimport _ \"" + module + "/lifecycle\"", ""},

		// Imports from elsewhere.
		{"desk imports x/sync", "lifecycle", "", imports("golang.org/x/sync/errgroup"), "third-party"},
		{"store imports x/sync", "storage/memory", "", imports("golang.org/x/sync/errgroup"), "third-party"},
		{"desk imports clock", "lifecycle", "", imports("github.com/benbjohnson/clock"), "third-party"},
		{"kit imports go-cmp", "lifecycle/lifecycletest", "", imports("github.com/google/go-cmp/cmp"), ""},
		{"kit imports clock", "lifecycle/lifecycletest", "", imports("github.com/benbjohnson/clock"), "third-party"},
		{"conformance kit imports go-cmp", "storage/storagetest", "", imports("github.com/google/go-cmp/cmp"), ""},
		{"conformance kit imports clock", "storage/storagetest", "", imports("github.com/benbjohnson/clock"), "third-party"},
		{"kit imports testify", "lifecycle/lifecycletest", "", imports("github.com/stretchr/testify/require"), "third-party"},
		{"floor 2 imports go-cmp", "conversation", "", imports("github.com/google/go-cmp/cmp"), "third-party"},
		{"cgo", "storage/memory", "", imports("C"), "without a C compiler"},

		// testing outside tests.
		{"desk imports testing", "lifecycle", "", imports("testing"), "only the kits"},
		{"store imports testing/fstest", "storage/memory", "", imports("testing/fstest"), "only the kits"},
		{"floor 1 imports testing", "idle", "", imports("testing"), "only the kits"},
		{"conformance kit imports testing", "storage/storagetest", "", imports("testing", "testing/synctest"), ""},
		{"kit imports testing", "lifecycle/lifecycletest", "", imports("testing"), ""},

		// Purity.
		{"pure imports", "conversation", "", imports("cmp", "encoding/json", "errors", "fmt", "iter", "maps", "slices", "strings", "time"), ""},
		{"impure imports above floor 2", "lifecycle", "", imports("context", "crypto/rand", "database/sql", "log/slog", "os", "sync"), ""},
		{"impure imports in a test", "conversation", "p_test.go", "package p_test\nimport _ \"os\"", ""},
		{"file for another system", "idle", "p_windows.go", imports("os"), "in a pure package"},
		{"generator beside the package", "conversation", "gen.go", "//go:build ignore\n\npackage main\nimport _ \"os\"", ""},
		{"goroutine", "conversation", "", "package p\nfunc f() { go f() }", "go statement"},
		{"goroutine above floor 2", "lifecycle", "", "package p\nfunc f() { go f() }", ""},
		{"channel field", "idle", "", "package p\ntype t struct { c chan int }", "channel"},
		{"channel parameter", "snooze", "", "package p\nfunc f(<-chan int) {}", "channel"},
		{"channel made", "closure", "", "package p\nfunc f() any { return make(chan int) }", "channel"},
		{"channel above floor 2", "lifecycle", "", "package p\ntype t struct { c chan int }", ""},
		{"select", "conversation", "", "package p\nfunc f() { select {} }", "select statement"},
		{"the machine's zone", "snooze", "", uses("time.Local"), "hidden input"},

		// The clock.
		{"clock in its file", "lifecycle", "clock.go", uses("time.Now"), ""},
		{"clock in another file of that package", "lifecycle", "", uses("time.Now"), "only lifecycle/clock.go"},
		{"clock in a file of that name", "storage/memory", "clock.go", uses("time.Now"), "only lifecycle/clock.go"},
		{"clock in a test", "lifecycle", "p_test.go", "package p_test\nimport \"time\"\nvar _ = time.Now", ""},
		{"clock called", "conversation", "", uses("time.Now()"), "time.Now"},
		{"clock under another name", "idle", "", "package p\nimport clock \"time\"\nvar _ = clock.Now()", "time.Now"},
		{"dot import", "idle", "", "package p\nimport . \"time\"\nvar _ = Now()", "hides the use"},
		{"times without the clock", "snooze", "", uses("time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).Add(time.Hour)"), ""},
		{"methods called After", "snooze", "", "package p\nimport \"time\"\nfunc f(a, b time.Time) bool { return a.After(b) }", ""},
		{"another package's Now", "lifecycle", "", "package p\nfunc f(c interface{ Now() int }) int { return c.Now() }", ""},

		// Tests.
		{"internal test", "lifecycle", "p_test.go", "package lifecycle", "package lifecycle_test"},
		{"external test", "lifecycle", "p_test.go", "package lifecycle_test", ""},

		{"not Go", "lifecycle", "", "func", "cannot be parsed"},
	}
	for path := range impure {
		tests = append(tests, struct{ name, pkg, file, src, want string }{
			path + " in floor 2", "conversation", "", imports(path), "in a pure package",
		})
	}
	for _, path := range []string{"net/http", "log/slog", "math/rand/v2", "os/exec", "sync/atomic", "database/sql/driver"} {
		tests = append(tests, struct{ name, pkg, file, src, want string }{
			path + " in floor 1", "idle", "", imports(path), "in a pure package",
		})
	}
	for name := range clockNames {
		tests = append(tests, struct{ name, pkg, file, src, want string }{
			"time." + name + " in the desk", "lifecycle", "", uses("time." + name), "time." + name,
		})
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.file == "" {
				tt.file = "p.go"
			}
			got := check(file{tt.pkg, tt.file, tt.src})
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("check = %q, want no breach", got)
			case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
				t.Errorf("check = %q, want one breach with %q", got, tt.want)
			}
		})
	}
}

// TestPlantedModule shows that load finds the files to check, also those that this machine's build leaves out.
func TestPlantedModule(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, src := range map[string]string{
		"go.mod":                    "module " + module + "\n\ngo 1.26.0\n",
		"doc.go":                    "package adjourn\n",
		"snooze/snooze.go":          "package snooze\n\nimport _ \"" + module + "/lifecycle\"\n",
		"snooze/snooze_plan9.go":    "package snooze\n\nimport _ \"os\"\n",
		"snooze/internal_test.go":   "package snooze\n",
		"lifecycle/lifecycle.go":    "package lifecycle\n\nimport \"time\"\n\nvar Start = time.Now()\n",
		"lifecycle/testdata/x.go":   "package x\n\nimport _ \"github.com/stretchr/testify\"\n",
		"billing/billing.go":        "package billing\n",
		"examples/go.mod":           "module " + module + "/examples\n\ngo 1.26.0\n",
		"examples/replay/replay.go": "package main\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(src), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	files, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		for _, breach := range check(f) {
			file, _, _ := strings.Cut(breach, ":")
			got = append(got, file)
		}
	}
	slices.Sort(got)
	want := []string{
		"billing/billing.go",
		"lifecycle/lifecycle.go",
		"snooze/internal_test.go",
		"snooze/snooze.go",
		"snooze/snooze_plan9.go",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files with breaches (-want +got):\n%s", diff)
	}
}

// TestPlantedRequirements shows that checkRequirements sees each breach.
func TestPlantedRequirements(t *testing.T) {
	t.Parallel()
	const good = `{"Module": {"Path": "github.com/adjourn/adjourn"}, "Require": [
		{"Path": "github.com/benbjohnson/clock"}, {"Path": "github.com/google/go-cmp"}]`
	for _, tt := range []struct{ name, mod, want string }{
		{"as it should be", good + "}", ""},
		{"another module", strings.Replace(good, "adjourn/adjourn", "adjourn/other", 1) + "}", `the module is "github.com/adjourn/other"`},
		{"a fourth", strings.Replace(good, "[", `[{"Path": "github.com/jackc/pgx/v5"}, `, 1) + "}", "requires github.com/jackc/pgx/v5"},
		{"a fourth, indirect", strings.Replace(good, "[", `[{"Path": "x.org/y", "Indirect": true}, `, 1) + "}", "requires x.org/y"},
		{"one missing", strings.Replace(good, `, {"Path": "github.com/google/go-cmp"}`, "", 1) + "}", "does not require github.com/google/go-cmp"},
		{"one unused", strings.Replace(good, `go-cmp"`, `go-cmp", "Indirect": true`, 1) + "}", "go-cmp only indirectly"},
		{"a replacement", good + `, "Replace": [{"Old": {"Path": "github.com/google/go-cmp"}}]}`, "replaces github.com/google/go-cmp"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var mod goMod
			if err := json.Unmarshal([]byte(tt.mod), &mod); err != nil {
				t.Fatal(err)
			}
			got := checkRequirements(mod)
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("checkRequirements = %q, want no breach", got)
			case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
				t.Errorf("checkRequirements = %q, want one breach with %q", got, tt.want)
			}
		})
	}
}
