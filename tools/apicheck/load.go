package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/exp/apidiff"
	"golang.org/x/mod/semver"
)

// lastRelease returns the highest release that the checked-out commit comes from; empty: there is none.
func lastRelease(dir string) (string, error) {
	out, err := run(dir, "git", "tag", "--merged", "HEAD", "--list", "v*")
	if err != nil {
		return "", err
	}
	last := ""
	for _, tag := range strings.Fields(string(out)) {
		release := semver.IsValid(tag) && semver.Canonical(tag) == tag && semver.Prerelease(tag) == ""
		if release && (last == "" || semver.Compare(tag, last) > 0) {
			last = tag
		}
	}
	if last == "" {
		shallow, err := run(dir, "git", "rev-parse", "--is-shallow-repository")
		if err != nil {
			return "", err
		}
		if strings.TrimSpace(string(shallow)) == "true" {
			return "", errors.New("the clone is shallow and may lack the tag of the last release: fetch it with --unshallow --tags")
		}
	}
	return last, nil
}

// loadAt returns the module as it is at a tag. It is unpacked elsewhere; the repository is only read.
func loadAt(dir, tag string) (*apidiff.Module, error) {
	temp, err := os.MkdirTemp("", "apicheck")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	archive, err := run(dir, "git", "archive", tag, ".")
	if err != nil {
		return nil, err
	}
	if err := unpack(bytes.NewReader(archive), temp); err != nil {
		return nil, fmt.Errorf("unpack %s: %w", tag, err)
	}
	return load(temp)
}

func unpack(archive io.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg { // directories come with their files
			continue
		}
		if err := root.MkdirAll(filepath.Dir(h.Name), 0o777); err != nil {
			return err
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := root.WriteFile(h.Name, content, 0o666); err != nil {
			return err
		}
	}
}

// listed is what go list says of a package.
type listed struct {
	ImportPath string
	Name       string
	Dir        string
	GoFiles    []string
	Imports    []string
	Export     string // the file of its types, if that was asked for
	Module     *struct {
		Path string
		Main bool
	}
}

func (p listed) ours() bool { return p.Module != nil && p.Module.Main }

// load returns the public packages of the module in dir, ordered by path, each with the types that its users see. The
// module is not built: only what it exports is looked at.
func load(dir string) (*apidiff.Module, error) {
	packages, err := list(dir, "-find", "./...")
	if err != nil {
		return nil, err
	}
	module := &apidiff.Module{}
	var public []string
	for _, p := range packages {
		module.Path = p.Module.Path
		if p.Name != "main" && !slices.Contains(strings.Split(p.ImportPath, "/"), "internal") {
			public = append(public, p.ImportPath)
		}
	}
	if len(public) == 0 {
		return nil, fmt.Errorf("%s has no public package", dir)
	}
	packages, err = list(dir, append([]string{"-deps"}, public...)...) // what is imported comes first
	if err != nil {
		return nil, err
	}
	c, err := newChecker(dir, packages)
	if err != nil {
		return nil, err
	}
	for _, p := range packages {
		if !p.ours() {
			continue
		}
		if err := c.check(p); err != nil {
			return nil, err
		}
		if slices.Contains(public, p.ImportPath) {
			module.Packages = append(module.Packages, c.checked[p.ImportPath])
		}
	}
	slices.SortFunc(module.Packages, func(a, b *types.Package) int { return strings.Compare(a.Path(), b.Path()) })
	return module, nil
}

// A checker finds out the types of a module's packages, from the sources of their own and what the compiler knows of all
// others.
type checker struct {
	files   *token.FileSet
	checked map[string]*types.Package
	others  types.Importer
}

func newChecker(dir string, packages []listed) (*checker, error) {
	c := &checker{token.NewFileSet(), map[string]*types.Package{}, nil}
	ours, others := map[string]bool{}, map[string]bool{}
	for _, p := range packages {
		ours[p.ImportPath] = p.ours()
	}
	for _, p := range packages {
		for _, path := range p.Imports {
			if p.ours() && !ours[path] && path != "unsafe" {
				others[path] = true
			}
		}
	}
	exports := map[string]string{}
	if len(others) > 0 {
		known, err := list(dir, append([]string{"-export"}, slices.Sorted(maps.Keys(others))...)...)
		if err != nil {
			return nil, err
		}
		for _, p := range known {
			exports[p.ImportPath] = p.Export
		}
	}
	c.others = importer.ForCompiler(c.files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	return c, nil
}

// Import implements [types.Importer].
func (c *checker) Import(path string) (*types.Package, error) {
	if p := c.checked[path]; p != nil {
		return p, nil
	}
	return c.others.Import(path)
}

func (c *checker) check(p listed) error {
	var files []*ast.File
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(c.files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	config := types.Config{Importer: c, IgnoreFuncBodies: true}
	var err error
	c.checked[p.ImportPath], err = config.Check(p.ImportPath, c.files, files, nil)
	return err
}

// list returns what go list says.
func list(dir string, args ...string) ([]listed, error) {
	out, err := run(dir, "go", append([]string{"list", "-json=ImportPath,Name,Dir,GoFiles,Imports,Export,Module"}, args...)...)
	if err != nil {
		return nil, err
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("go list: %w", err)
		}
		all = append(all, p)
	}
}

// exported counts the identifiers that users of packages can name: of the package, methods and fields.
func exported(packages ...*types.Package) int {
	n := 0
	for _, p := range packages {
		for _, name := range p.Scope().Names() {
			if !token.IsExported(name) {
				continue
			}
			n++
			if t, ok := p.Scope().Lookup(name).(*types.TypeName); ok {
				n += inside(t.Type())
			}
		}
	}
	return n
}

func inside(t types.Type) int {
	n := 0
	if named, ok := t.(*types.Named); ok {
		for m := range named.Methods() {
			if m.Exported() {
				n++
			}
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Interface:
		for m := range u.ExplicitMethods() {
			if m.Exported() {
				n++
			}
		}
	case *types.Struct:
		for f := range u.Fields() {
			if f.Exported() {
				n++
			}
		}
	}
	return n
}

// run returns what a command prints. Each module is looked at alone, whatever workspace it is in.
func run(dir, name string, args ...string) ([]byte, error) {
	command := exec.Command(name, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOWORK=off", "PWD="+dir)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}
