package hostile_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const root = "../../.."

// parameters returns the names of the parameters of the exported methods of
// the types of a package, by "Type.Method"; those of functions by "Function". The
// context is left out.
func parameters(dir string) (map[string][]string, error) {
	files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	if err != nil {
		return nil, err
	}
	found := map[string][]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.IsExported() {
				found[receiver(f)+f.Name.Name] = names(f)
			}
		}
	}
	return found, nil
}

// receiver returns the type of a method with a dot, or nothing.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	of := f.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	return fmt.Sprint(of) + "."
}

func names(f *ast.FuncDecl) []string {
	var all []string
	for _, field := range f.Type.Params.List {
		for _, name := range field.Names {
			if name.Name != "ctx" {
				all = append(all, name.Name)
			}
		}
	}
	return all
}

// A surface is the exported methods of a type, with the names of what they take.
type surface struct {
	of      reflect.Type
	methods map[string][]string
}

// surfaceOf returns that of a type of package lifecycle, whose source names the
// parameters; from are the types in the source that have the methods.
func surfaceOf(t testing.TB, of reflect.Type, from ...string) surface {
	t.Helper()
	source, err := parameters("lifecycle")
	must(t, err)
	s := surface{of, map[string][]string{}}
	for i := range of.NumMethod() {
		name := of.Method(i).Name
		for _, receiver := range from {
			if p, ok := source[receiver+"."+name]; ok {
				s.methods[name] = p
			}
		}
		if s.methods[name] == nil && of.Method(i).Type.NumIn() > 2 {
			t.Fatalf("no parameters found for %s.%s", of, name)
		}
	}
	return s
}

// fields returns what each method takes, as "Method.parameter" and, for structs,
// "Method.parameter.Field" down to what is no struct. Booleans cannot be bad.
func (s surface) fields() []string {
	var all []string
	for name, params := range s.methods {
		m, _ := s.of.MethodByName(name)
		types := m.Type
		first := types.NumIn() - len(params)
		for i, p := range params {
			all = append(all, deep(name+"."+p, types.In(first+i))...)
		}
	}
	slices.Sort(all)
	return all
}

func deep(path string, t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Bool, reflect.Func:
		return nil
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if t != reflect.TypeFor[*time.Location]() {
			return deep(path, t.Elem())
		}
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			break
		}
		var all []string
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Anonymous {
				all = append(all, deep(path, f.Type)...)
			} else if f.IsExported() {
				all = append(all, deep(path+"."+f.Name, f.Type)...)
			}
		}
		return all
	}
	return []string{path}
}

// call calls a method with arguments behind the context.
func call(ctx context.Context, target any, method string, arguments []any) (results []any, err error) {
	m := reflect.ValueOf(target).MethodByName(method)
	var in []reflect.Value
	if m.Type().NumIn() > 0 && m.Type().In(0) == reflect.TypeFor[context.Context]() {
		in = append(in, reflect.ValueOf(ctx))
	}
	for _, a := range arguments {
		v := reflect.ValueOf(a)
		if a == nil {
			v = reflect.Zero(m.Type().In(len(in)))
		}
		in = append(in, v)
	}
	var out []reflect.Value
	if m.Type().IsVariadic() {
		out = m.CallSlice(in)
	} else {
		out = m.Call(in)
	}
	for _, v := range out {
		if e, ok := v.Interface().(error); ok {
			err = e
		} else if v.Type() != reflect.TypeFor[error]() {
			results = append(results, v.Interface())
		}
	}
	return results, err
}
