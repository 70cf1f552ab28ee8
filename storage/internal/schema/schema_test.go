package schema_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/storage/internal/schema"
)

// files are the migrations of a store, by name.
func files(texts map[string]string) fs.FS {
	all := fstest.MapFS{}
	for name, text := range texts {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return all
}

var two = map[string]string{
	"00001_first.sql": `-- +goose Up

-- A comment; with a semicolon;
CREATE TABLE {prefix}a (
    b TEXT, -- of {prefix}c
    c TEXT DEFAULT ';'
);
CREATE INDEX {prefix}a_b ON {prefix}a (b);

INSERT INTO {prefix}schema VALUES (1);
`,
	"00002_second.sql": "-- +goose Up\r\nDROP TABLE {prefix}a;  \r\nINSERT INTO {prefix}schema VALUES (2);",
	"README.md":        "no migration",
}

func TestRead(t *testing.T) {
	t.Parallel()
	got, err := schema.Read(files(two), "x_")
	want := []schema.Migration{
		{Version: 1, Statements: []string{
			"CREATE TABLE x_a (\n    b TEXT, -- of x_c\n    c TEXT DEFAULT ';'\n)",
			"CREATE INDEX x_a_b ON x_a (b)",
			"INSERT INTO x_schema VALUES (1)",
		}},
		{Version: 2, Statements: []string{
			"DROP TABLE x_a",
			"INSERT INTO x_schema VALUES (2)",
		}},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Read: %v (-want +got):\n%s", err, diff)
	}
}

// TestReadInOrder: ten comes after two.
func TestReadInOrder(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	for _, number := range []string{"01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11"} {
		texts[number+"_x.sql"] = "SELECT " + number + ";"
	}
	got, err := schema.Read(files(texts), "")
	if err != nil || len(got) != len(texts) {
		t.Fatalf("Read: %d migrations, %v", len(got), err)
	}
	for i, m := range got {
		if want := fmt.Sprintf("SELECT %02d", i+1); m.Version != i+1 || m.Statements[0] != want {
			t.Errorf("migration %d is %+v, want %q", i+1, m, want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, texts := range map[string]map[string]string{
		"a gap":           {"00001_a.sql": "", "00003_c.sql": ""},
		"a missing first": {"00002_b.sql": ""},
		"two of a number": {"00001_a.sql": "", "00001_b.sql": ""},
		"no number":       {"first.sql": ""},
		"no name":         {"00001.sql": ""},
	} {
		if got, err := schema.Read(files(texts), ""); err == nil {
			t.Errorf("%s: Read returned %+v, want an error", name, got)
		}
	}
}

func TestFS(t *testing.T) {
	t.Parallel()
	rendered, err := schema.FS(files(two), "x_")
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(rendered, "00001_first.sql", "00002_second.sql"); err != nil {
		t.Error(err)
	}
	names, err := fs.Glob(rendered, "*")
	if diff := cmp.Diff([]string{"00001_first.sql", "00002_second.sql"}, names); err != nil || diff != "" {
		t.Errorf("the files: %v (-want +got):\n%s", err, diff)
	}
	for _, name := range names {
		got, err := fs.ReadFile(rendered, name)
		want := strings.ReplaceAll(two[name], "{prefix}", "x_")
		if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	again, err := schema.Read(rendered, "y_")
	if err != nil || len(again) != 2 || strings.Contains(again[0].Statements[0], "y_") {
		t.Errorf("Read of the rendered files: %+v, %v", again, err)
	}
}
