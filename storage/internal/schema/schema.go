// Package schema reads the migrations of the SQL stores: numbered files of SQL
// with a placeholder for where the tables go.
//
// It knows no database. It will never run a statement or choose what to run.
package schema

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

// Placeholder stands in the files before the name of every table.
const Placeholder = "{prefix}"

// A Migration brings the tables from the version before to its own.
type Migration struct {
	Version    int
	Statements []string // the last of them records the version
}

var fileName = regexp.MustCompile(`^(\d+)_\w+\.sql$`)

// Read returns the migrations among the files, in order, with prefix in the
// place of [Placeholder]. Their versions count from one without gaps.
func Read(files fs.FS, prefix string) ([]Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	var migrations []Migration
	for i, name := range names {
		match := fileName.FindStringSubmatch(name)
		if match == nil {
			return nil, fmt.Errorf("schema: %s is not named like 00001_what.sql", name)
		}
		if version, err := strconv.Atoi(match[1]); err != nil || version != i+1 {
			return nil, fmt.Errorf("schema: %s is migration %d", name, i+1)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		migrations = append(migrations, Migration{
			Version:    i + 1,
			Statements: statements(strings.ReplaceAll(string(text), Placeholder, prefix)),
		})
	}
	return migrations, nil
}

// statements splits a file at the semicolons that end a line. Drivers differ in
// whether they take more than one statement at once.
func statements(text string) []string {
	var all []string
	var b strings.Builder
	for line := range strings.Lines(text) {
		code := strings.TrimSpace(line)
		if code == "" || strings.HasPrefix(code, "--") {
			continue
		}
		b.WriteString(line)
		if strings.HasSuffix(code, ";") {
			all = append(all, strings.TrimSuffix(strings.TrimSpace(b.String()), ";"))
			b.Reset()
		}
	}
	return all
}

// FS returns the files with prefix in the place of [Placeholder], for hosts that
// run them with a tool of their own.
func FS(files fs.FS, prefix string) (fs.FS, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	var archive bytes.Buffer // a zip is a file system that the standard library keeps in memory
	w := zip.NewWriter(&archive)
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		f, err := w.Create(name)
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(bytes.ReplaceAll(text, []byte(Placeholder), []byte(prefix))); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
}
