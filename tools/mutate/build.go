package main

import (
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
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// A pkg is a package as it stands in the tree.
type pkg struct {
	ImportPath, Name, Dir string
	GoFiles               []string

	exports map[string]string // files with what imported packages export
	fset    *token.FileSet
	sources []*source
	types   *types.Package
	info    *types.Info
}

func load(path string) (*pkg, error) {
	// The standard packages are those that switchText imports.
	out, err := goCommand("list", "-export", "-deps", "-json=ImportPath,Name,Dir,GoFiles,Export,Standard,DepOnly",
		path, "os", "strconv", "sync", "syscall")
	if err != nil {
		return nil, err
	}
	p := &pkg{exports: map[string]string{}, fset: token.NewFileSet()}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var one struct {
			pkg
			Export            string
			Standard, DepOnly bool
		}
		if err := dec.Decode(&one); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		p.exports[one.ImportPath] = one.Export
		if !one.Standard && !one.DepOnly {
			p.ImportPath, p.Name, p.Dir, p.GoFiles = one.ImportPath, one.Name, one.Dir, one.GoFiles
		}
	}
	var files []*ast.File
	for _, name := range p.GoFiles {
		text, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(p.fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.sources = append(p.sources, &source{path: p.Name + "/" + name, text: text, file: file})
		files = append(files, file)
	}
	p.info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	if p.types, err = p.config(p.fset).Check(p.ImportPath, p.fset, files, p.info); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *pkg) config(fset *token.FileSet) *types.Config {
	return &types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(p.exports[path])
	})}
}

// mutate finds the mutants that compile, and returns the files that have them all, by their names. What the type
// checker objects to is dropped, until it does not.
func (p *pkg) mutate() (mutants []*mutant, invalid int, files map[string][]byte, err error) {
	dropped := map[int]bool{}
	for {
		f := &finder{fset: p.fset, pkg: p.types, info: p.info, dropped: dropped, names: map[string]int{}}
		files = map[string][]byte{}
		for i, src := range p.sources {
			src.changes = nil
			f.find(src)
			files[p.GoFiles[i]] = src.rewrite()
		}
		bad, err := p.culprits(files)
		if err != nil {
			return nil, 0, nil, err
		}
		if len(bad) == 0 {
			mutants = slices.DeleteFunc(f.mutants, func(m *mutant) bool { return dropped[m.id] })
			return mutants, len(dropped), files, nil
		}
		for _, id := range bad {
			dropped[id] = true
		}
	}
}

// culprits returns the mutants that the type checker objects to.
func (p *pkg) culprits(files map[string][]byte) ([]int, error) {
	fset := token.NewFileSet()
	switched, err := parser.ParseFile(fset, "switch", switchText(p.Name), 0)
	if err != nil {
		return nil, err
	}
	parsed := []*ast.File{switched}
	for name, text := range files {
		file, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, file)
	}
	var bad []int
	var strange error
	config := p.config(fset)
	config.Error = func(err error) {
		var e types.Error
		if !errors.As(err, &e) {
			strange = err
			return
		}
		at := fset.Position(e.Pos)
		if id := culprit(files[at.Filename], at.Offset); id > 0 {
			bad = append(bad, id)
		} else {
			strange = err
		}
	}
	_, _ = config.Check(p.ImportPath, fset, parsed, nil) // Error has heard of it
	if len(bad) == 0 {
		return nil, strange
	}
	return bad, nil
}

// switchText is the file that turns a mutant on. It reads the environment before any variable of the package is set.
func switchText(name string) string {
	return `package ` + name + `

import (
	"os"
	"strconv"
	"sync"
	"syscall"
)

var mutateOn__, mutateHits__ = func() (int, *os.File) {
	on, _ := strconv.Atoi(os.Getenv("MUTATE_ON"))
	if seconds, _ := strconv.Atoi(os.Getenv("MUTATE_SECONDS")); seconds > 0 {
		_ = syscall.Setrlimit(syscall.RLIMIT_CPU, &syscall.Rlimit{Cur: uint64(seconds), Max: uint64(seconds) + 1})
		_ = syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: 6 << 30, Max: 6 << 30})
	}
	hits, _ := os.OpenFile(os.Getenv("MUTATE_HITS"), os.O_WRONLY|os.O_APPEND, 0)
	return on, hits
}()

func mutate__(id int) bool {
	if mutateHits__ != nil {
		mutateHit__(id)
	}
	return id == mutateOn__
}

var mutateSeen__ sync.Map

func mutateHit__(id int) {
	if _, seen := mutateSeen__.LoadOrStore(id, true); !seen {
		_, _ = mutateHits__.WriteString(strconv.Itoa(id) + "\n")
	}
}
`
}

// build compiles the tests of the package with all its mutants.
func build(p *pkg, temp string, flags []string) (*binary, error) {
	mutants, invalid, files, err := p.mutate()
	if err != nil {
		return nil, err
	}
	files["mutate__.go"] = []byte(switchText(p.Name))
	var overlay struct{ Replace map[string]string }
	overlay.Replace = map[string]string{}
	for name, text := range files {
		written := filepath.Join(temp, name)
		if err := os.WriteFile(written, text, 0o600); err != nil {
			return nil, err
		}
		overlay.Replace[filepath.Join(p.Dir, name)] = written
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		return nil, err
	}
	list := filepath.Join(temp, "overlay.json")
	if err := os.WriteFile(list, text, 0o600); err != nil {
		return nil, err
	}
	b := &binary{path: filepath.Join(temp, "test"), dir: p.Dir, temp: temp, flags: flags, mutants: mutants, invalid: invalid}
	_, err = goCommand("test", "-c", "-vet=off", "-overlay", list, "-o", b.path, p.ImportPath)
	return b, err
}

func goCommand(args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, stderr.Bytes())
	}
	return out, nil
}
