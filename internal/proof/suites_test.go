package proof_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/internal/proof"
)

const root = "../.."

// What is left out of a short run is run by a suite, or it would never be run.
func TestEveryLongTestIsOfASuite(t *testing.T) {
	long := longTests(t)
	if len(long) < 10 {
		t.Fatalf("only %d long tests found: %v", len(long), long)
	}
	for _, l := range long {
		ran := false
		for _, s := range proof.Suites {
			ran = ran || s.Package == l.pkg && regexp.MustCompile(s.Run).MatchString(l.name)
		}
		if !ran {
			t.Errorf("%s in %s is left out of short runs, and no suite runs it", l.name, l.pkg)
		}
	}
}

type longTest struct{ pkg, name string }

// longTests are the tests that call proof.Long themselves.
func longTests(t *testing.T) (long []longTest) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") && callsLong(f) {
				long = append(long, longTest{"./" + filepath.ToSlash(dir), f.Name.Name})
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return long
}

func callsLong(f *ast.FuncDecl) (calls bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Long" {
			x, ok := s.X.(*ast.Ident)
			calls = calls || ok && x.Name == "proof"
		}
		return true
	})
	return calls
}

// A suite's pattern finds tests, where its package is.
func TestEverySuiteHasTests(t *testing.T) {
	for _, s := range proof.Suites {
		if s.Promise == "" && !hasPromise(s.Name) {
			t.Errorf("%s promises nothing", s.Name)
		}
		files, err := filepath.Glob(filepath.Join(root, s.Package, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
				found = found || regexp.MustCompile(s.Run).Match(m[1])
			}
		}
		if !found {
			t.Errorf("%s finds no test in %s", s.Run, s.Package)
		}
	}
}

func hasPromise(name string) bool {
	for _, s := range proof.Suites {
		if s.Name == name && s.Promise != "" {
			return true
		}
	}
	return false
}

// RELIABILITY.md says of each suite what it found, and of no other.
func TestThePageHasEverySuite(t *testing.T) {
	const page = "RELIABILITY.md"
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	figures := string(text)
	rows := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\| \[([^]]+)\]`).FindAllStringSubmatch(figures, -1) {
		rows[m[1]] = true
	}
	for _, s := range proof.Suites {
		if !rows[s.Name] {
			t.Errorf("%s says nothing of %s: run make figures", page, s.Name)
		}
		if s.Promise != "" && !strings.Contains(figures, s.Promise) {
			t.Errorf("%s does not say what %s promises: run make figures", page, s.Name)
		}
	}
	for name := range rows {
		if !hasPromise(name) {
			t.Errorf("%s has figures of %s, which is no suite", page, name)
		}
	}
}
