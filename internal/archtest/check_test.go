package archtest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// file is one Go file of the module. Its package is named by the path below the module, "" for the root.
type file struct {
	pkg  string
	name string // without directory
	src  string
}

func (f file) path() string { return path.Join(f.pkg, f.name) }

// load lists the Go files of the module at root, whatever their build constraints, nested modules not included.
func load(root string) ([]file, error) {
	// Opening the directories tells the cache of go test that a new one must run the tests again: it does not
	// see what go list opens.
	err := filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		return nil, err
	}

	// Without the workspace, because it would list the nested modules too; with -e, because a package that does not
	// compile is the compiler's affair.
	out, err := goCommand(root, "list", "-e",
		"-json=ImportPath,Dir,GoFiles,CgoFiles,IgnoredGoFiles,InvalidGoFiles,TestGoFiles,XTestGoFiles", "./...")
	if err != nil {
		return nil, err
	}
	var files []file
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Dir                                                              string
			GoFiles, CgoFiles, IgnoredGoFiles, InvalidGoFiles, TestGoFiles, XTestGoFiles []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		pkg := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		names := slices.Concat(p.GoFiles, p.CgoFiles, p.IgnoredGoFiles, p.InvalidGoFiles, p.TestGoFiles, p.XTestGoFiles)
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			src, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				return nil, err
			}
			files = append(files, file{pkg, name, string(src)})
		}
	}
	return files, nil
}

// goCommand runs the go command in dir, outside any workspace, and returns what it prints.
func goCommand(dir string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}

// check returns how f breaks the rules of the house, one sentence for each breach.
func check(f file) []string {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, f.path(), f.src, parser.SkipObjectResolution)
	if err != nil {
		return []string{fmt.Sprintf("%s: cannot be parsed: %v", f.path(), err)}
	}
	c := checker{file: f, room: house[f.pkg], fset: fset}
	if _, ok := house[f.pkg]; !ok {
		c.report(tree.Name, "package %q is not in the map of the house: add it there, with what it may import and why", f.pkg)
		return c.breaches
	}
	if strings.HasSuffix(f.name, "_test.go") {
		c.testPackage(tree)
		return c.breaches
	}
	if tree.Name.Name == "main" {
		// No package of the house is a program, so this is a generator that the package's build leaves out.
		return nil
	}
	for _, spec := range tree.Imports {
		c.importSpec(spec)
	}
	c.clock(tree)
	if c.room.pure {
		c.concurrency(tree)
	}
	return c.breaches
}

type checker struct {
	file
	room     room
	fset     *token.FileSet
	breaches []string
}

func (c *checker) report(at ast.Node, format string, args ...any) {
	line := c.fset.Position(at.Pos()).Line
	c.breaches = append(c.breaches, fmt.Sprintf("%s:%d: %s", c.path(), line, fmt.Sprintf(format, args...)))
}

func (c *checker) testPackage(tree *ast.File) {
	_, allowed := internalTests[c.path()]
	if !strings.HasSuffix(tree.Name.Name, "_test") && !allowed {
		c.report(tree.Name, "package %s: tests belong in package %[1]s_test and use what users use", tree.Name.Name)
	}
}

func (c *checker) importSpec(spec *ast.ImportSpec) {
	imported, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		c.report(spec, "import %s: %v", spec.Path.Value, err)
		return
	}
	first, _, _ := strings.Cut(imported, "/")
	switch {
	case imported == "C":
		c.report(spec, "import %q: hosts build the library without a C compiler", imported)
	case within(imported, module):
		below := strings.TrimPrefix(strings.TrimPrefix(imported, module), "/")
		if !slices.Contains(c.room.imports, below) {
			c.report(spec, "import %q is not allowed here: %s", imported, c.room.why)
		}
	case strings.Contains(first, "."):
		if !slices.ContainsFunc(c.room.modules, func(m string) bool { return within(imported, m) }) {
			c.report(spec, "import %q is not allowed here: third-party code is a cost to every host", imported)
		}
	case within(imported, "testing"):
		if !c.room.testing {
			c.report(spec, "import %q: only the kits for tests bring testing into a program", imported)
		}
	case c.room.pure:
		for banned, why := range impure {
			if within(imported, banned) {
				c.report(spec, "import %q in a pure package: %s", imported, why)
			}
		}
	}
}

// clock reports uses of the machine's clock. It goes by names, without types: a value that is called time and has a
// method Now would be reported too, and should be called something else.
func (c *checker) clock(tree *ast.File) {
	if c.path() == clockFile {
		return
	}
	name := ""
	for _, spec := range tree.Imports {
		if spec.Path.Value != `"time"` {
			continue
		}
		name = "time"
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "." {
			c.report(spec, `import . "time" hides the use of the clock`)
		}
	}
	if name == "" {
		return
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); !ok || x.Name != name {
			return true
		}
		if clockNames[sel.Sel.Name] {
			c.report(sel, "time.%s: only %s reads the machine's clock, everything else is told the time", sel.Sel.Name, clockFile)
		}
		if c.room.pure && sel.Sel.Name == "Local" {
			c.report(sel, "time.Local in a pure package: the machine's zone is hidden input")
		}
		return true
	})
}

// concurrency reports goroutines and channels.
func (c *checker) concurrency(tree *ast.File) {
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			c.report(n, "go statement in a pure package: nothing runs beside the caller")
		case *ast.ChanType:
			c.report(n, "channel in a pure package: results are returned")
		case *ast.SelectStmt:
			c.report(n, "select statement in a pure package: nothing waits")
		}
		return true
	})
}

// within says whether the import path is parent or below it.
func within(path, parent string) bool {
	return path == parent || strings.HasPrefix(path, parent+"/")
}

// goMod is what go mod edit -json says about a go.mod.
type goMod struct {
	Module  struct{ Path string }
	Require []struct {
		Path     string
		Indirect bool
	}
	Replace []struct{ Old struct{ Path string } }
}

// checkRequirements returns how a go.mod differs from what the house requires.
func checkRequirements(mod goMod) []string {
	var breaches []string
	if mod.Module.Path != module {
		breaches = append(breaches, fmt.Sprintf("go.mod: the module is %q, not %q", mod.Module.Path, module))
	}
	missing := maps.Clone(requirements)
	for _, r := range mod.Require {
		delete(missing, r.Path)
		if _, ok := requirements[r.Path]; !ok {
			breaches = append(breaches, fmt.Sprintf("go.mod: requires %s: third-party code is a cost to every host", r.Path))
		} else if r.Indirect {
			breaches = append(breaches, fmt.Sprintf("go.mod: requires %s only indirectly, but it is for %s", r.Path, requirements[r.Path]))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(missing)) {
		breaches = append(breaches, fmt.Sprintf("go.mod: does not require %s, which is for %s", path, missing[path]))
	}
	for _, r := range mod.Replace {
		breaches = append(breaches, fmt.Sprintf("go.mod: replaces %s, which hosts would not", r.Old.Path))
	}
	return breaches
}
