package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A repository is a git repository of its own with a module in it.
type repository struct {
	t   *testing.T
	dir string
}

// library is what each repository begins with.
var library = map[string]string{
	"go.mod": "module example.com/lib\n\ngo 1.26.0\n",
	"lib.go": `package lib

import "io"

// A Store keeps things.
type Store interface{ Load(key string) ([]byte, error) }

// Options are choices.
type Options struct{ Size int }

// Open opens.
func Open(r io.Reader) (Store, error) { return nil, nil }

func unexported() {}
`,
	"sub/sub.go":       "package sub\n\n// A Name is one.\ntype Name string\n\n// String is it.\nfunc (n Name) String() string { return string(n) }\n",
	"internal/in/a.go": "package in\n\n// Hidden is nobody's.\nfunc Hidden() {}\n",
	"cmd/tool/main.go": "package main\n\n// Exported is nobody's either.\nfunc Exported() {}\n\nfunc main() {}\n",
}

func newRepository(t *testing.T) *repository {
	t.Helper()
	r := &repository{t, t.TempDir()}
	r.git("init", "-q", "-b", "main")
	r.write(library)
	r.commit()
	return r
}

func (r *repository) git(args ...string) {
	r.t.Helper()
	args = append([]string{"-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"}, args...)
	if _, err := run(r.dir, "git", args...); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repository) commit() {
	r.t.Helper()
	r.git("add", "--all")
	r.git("commit", "-q", "-m", "a change")
}

// write writes files; without content they are removed.
func (r *repository) write(files map[string]string) {
	r.t.Helper()
	for name, content := range files {
		path := filepath.Join(r.dir, name)
		if content == "" {
			if err := os.RemoveAll(path); err != nil {
				r.t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			r.t.Fatal(err)
		}
	}
}

// check checks the repository, and wants the sentences in what is said.
func (r *repository) check(next string, want bool, sentences ...string) {
	r.t.Helper()
	var said bytes.Buffer
	ok, err := check(r.dir, next, &said)
	if err != nil {
		r.t.Fatal(err)
	}
	if ok != want {
		r.t.Errorf("check = %t, want %t:\n%s", ok, want, said.String())
	}
	for _, s := range sentences {
		if !strings.Contains(said.String(), s) {
			r.t.Errorf("it does not say %q:\n%s", s, said.String())
		}
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	lib := library["lib.go"]
	for name, tt := range map[string]struct {
		files map[string]string
		ok    bool
		says  []string
	}{
		"none": {nil, true, []string{"Compared with v1.2.0", "0 incompatible changes", "0 compatible changes", "at least v1.2.1"}},
		"function added": {
			map[string]string{"more.go": "package lib\n\n// More is new.\nfunc More() {}\n"},
			true, []string{"1 compatible changes", "More: added", "at least v1.3.0"},
		},
		"field added": {
			map[string]string{"lib.go": strings.Replace(lib, "Size int", "Size, Depth int", 1)},
			true, []string{"Options.Depth: added"},
		},
		"package added": {
			map[string]string{"new/new.go": "package new\n\n// X is new.\nconst X = 1\n"},
			true, []string{"1 compatible changes", "package example.com/lib/new: added"},
		},
		"only what is internal or a command": {
			map[string]string{"internal/in/a.go": "", "cmd/tool/main.go": "package main\n\nfunc main() {}\n"},
			true, []string{"0 incompatible changes", "0 compatible changes"},
		},
		"names of parameters": {
			map[string]string{"lib.go": strings.Replace(lib, "r io.Reader", "in io.Reader", 1)},
			true, []string{"0 incompatible changes"},
		},
		"function removed": {
			map[string]string{"lib.go": lib[:strings.Index(lib, "// Open opens")]},
			false, []string{"Open: removed", "only v2.0.0 can"},
		},
		"signature changed": {
			map[string]string{"lib.go": strings.Replace(lib, "(r io.Reader)", "(r io.ReadCloser)", 1)},
			false, []string{"1 incompatible changes", "Open: changed from func(io.Reader)"},
		},
		"interface method added": {
			map[string]string{"lib.go": strings.Replace(lib, "([]byte, error) }", "([]byte, error); Close() error }", 1)},
			false, []string{"Store.Close: added", "only v2.0.0 can"},
		},
		"method removed":  {map[string]string{"sub/sub.go": "package sub\n\n// A Name is one.\ntype Name string\n"}, false, []string{"Name.String: removed"}},
		"type changed":    {map[string]string{"sub/sub.go": strings.Replace(library["sub/sub.go"], "Name string", "Name []rune", 1)}, false, []string{"Name: changed"}},
		"package removed": {map[string]string{"sub": ""}, false, []string{"package example.com/lib/sub: removed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t)
			r.git("tag", "v1.2.0")
			files := maps.Clone(tt.files)
			if files["lib.go"] != "" && !strings.Contains(files["lib.go"], "io.") {
				files["lib.go"] = strings.Replace(files["lib.go"], "import \"io\"\n", "", 1)
			}
			r.write(files)
			r.check("", tt.ok, tt.says...)
		})
	}
}

// TestNextVersion: what the next version may bring.
func TestNextVersion(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		tag, change, next string
		ok                bool
	}{
		{"v0.3.1", "add", "", true},
		{"v0.3.1", "add", "v0.3.2", true},
		{"v0.3.1", "remove", "", false},
		{"v0.3.1", "remove", "v0.3.2", false},
		{"v0.3.1", "remove", "v0.4.0", true},
		{"v0.3.1", "remove", "v0.4.0-rc.1", true},
		{"v0.3.1", "remove", "v1.0.0", true},
		{"v1.4.0", "add", "v1.4.1", false},
		{"v1.4.0", "add", "v1.5.0", true},
		{"v1.4.0", "remove", "v1.5.0", false},
		{"v1.4.0", "remove", "v2.0.0", true},
	} {
		t.Run(tt.tag+" "+tt.change+" "+tt.next, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t)
			r.git("tag", tt.tag)
			if tt.change == "add" {
				r.write(map[string]string{"more.go": "package lib\n\n// More is new.\nconst More = 1\n"})
			} else {
				r.write(map[string]string{"sub": ""})
			}
			r.check(tt.next, tt.ok)
		})
	}
}

// TestWhichRelease: the highest that the commit comes from, as a version and not as a word.
func TestWhichRelease(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.check("", true, "There is no release yet", "example.com/lib: 5 exported identifiers", "example.com/lib/sub: 2", "2 packages, 7 exported identifiers")
	for _, tag := range []string{"v0.9.0", "v0.10.0", "v0.11.0-rc.1", "v2", "vnext", "examples/v3.0.0"} {
		r.git("tag", tag)
	}
	r.git("checkout", "-q", "-b", "other")
	r.write(map[string]string{"sub": ""})
	r.commit()
	r.git("tag", "v0.12.0")
	r.git("checkout", "-q", "main")
	r.check("", true, "Compared with v0.10.0: 2 packages, were 2; 7 exported identifiers, were 7")
	r.write(map[string]string{"sub": ""})
	r.check("", false, "Compared with v0.10.0: 1 packages, were 2", "only v0.11.0 can")
}

// TestWhatCannotBeCompared is an error, and no pass.
func TestWhatCannotBeCompared(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.git("tag", "v0.1.0")
	var said bytes.Buffer
	if _, err := check(r.dir, "next", &said); err == nil {
		t.Error("a next version that is none: no error")
	}
	shallow := filepath.Join(t.TempDir(), "shallow")
	r.write(map[string]string{"more.go": "package lib\n"})
	r.commit()
	r.git("clone", "-q", "--depth=1", "--no-tags", "file://"+r.dir, shallow)
	if ok, err := check(shallow, "", &said); err == nil || ok {
		t.Errorf("a clone without the tag: %t, %v", ok, err)
	}
	r.write(map[string]string{"lib.go": "package lib\n\nfunc Broken() Unknown { return nil }\n"})
	if ok, err := check(r.dir, "", &said); err == nil || ok {
		t.Errorf("what does not compile: %t, %v", ok, err)
	}
	if ok, err := check(t.TempDir(), "", &said); err == nil || ok {
		t.Errorf("no module: %t, %v", ok, err)
	}
}
