package conversation_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/conversation"
)

const (
	statesBegin = "<!-- states:begin -->\n"
	statesEnd   = "<!-- states:end -->\n"
)

func statesBlock() string {
	return statesBegin + "```mermaid\n" + conversation.Mermaid() + "```\n" + statesEnd
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run go generate ./conversation)", err)
	}
	return string(text)
}

func TestTheReadmeShowsTheDiagram(t *testing.T) {
	t.Parallel()
	text := read(t, "../README.md")
	_, rest, found := strings.Cut(text, statesBegin)
	if !found || !strings.HasPrefix(statesBegin+rest, statesBlock()) {
		t.Errorf("README.md does not show the diagram (run go generate ./conversation):\n%s", statesBlock())
	}
}

func TestTheRulesPageShowsTheTable(t *testing.T) {
	t.Parallel()
	head, table, found := strings.Cut(read(t, "../docs/rules.md"), "\n\n| ")
	if !found || !strings.HasPrefix(head, "# ") {
		t.Fatalf("docs/rules.md has no title or no table:\n%s", head)
	}
	same(t, "docs/rules.md (run go generate ./conversation)", "| "+table, conversation.Table())
}

// generate runs the program of go generate over a README, or none if it is
// empty, and returns what it said.
func generate(t *testing.T, program, readme string) (root, said string, err error) {
	t.Helper()
	root = t.TempDir()
	dir := filepath.Join(root, "conversation")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if readme != "" {
		if err := os.WriteFile(filepath.Join(root, "README.md"), []byte(readme), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return root, string(out), err
}

func TestTheGenerator(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "diagram")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../internal/diagram").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, test := range []struct{ name, readme, want string }{
		{"no README", "", "README.md"},
		{"no marker", "# adjourn\n", "states:begin"},
		{"half a marker", "# adjourn\n" + statesBegin, "states:end"},
		{"markers the wrong way round", statesEnd + statesBegin, "states:end"},
	} {
		root, said, err := generate(t, program, test.readme)
		if err == nil || !strings.Contains(said, test.want) {
			t.Errorf("%s: the generator said %q, %v, want an error about %s", test.name, said, err, test.want)
		}
		if text, _ := os.ReadFile(filepath.Join(root, "README.md")); string(text) != test.readme {
			t.Errorf("%s: the README was changed to %q", test.name, text)
		}
	}
	root, said, err := generate(t, program, "before\n"+statesBegin+"old\n"+statesEnd+"after\n")
	if err != nil || said != "" {
		t.Fatalf("the generator: %v, %s", err, said)
	}
	same(t, "the README", read(t, filepath.Join(root, "README.md")), "before\n"+statesBlock()+"after\n")
	same(t, "the rules page", read(t, filepath.Join(root, "docs", "rules.md")), read(t, "../docs/rules.md"))
}

func TestTheDiagramIsReadFromTheTable(t *testing.T) {
	t.Parallel()
	var drawn []string
	for line := range strings.Lines(conversation.Mermaid()) {
		if arrow, _, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			drawn = append(drawn, arrow)
		}
	}
	moves := map[string]bool{}
	for _, r := range conversation.Transitions() {
		from := string(r.From)
		if r.From == conversation.StateNone {
			from = "[*]"
		}
		if r.Changes && r.From != r.To {
			moves[from+" --> "+string(r.To)] = true
		}
		line := " | " + string(r.Command) + " | " + r.Who.String() + " | " + r.When + " | "
		if !strings.Contains(conversation.Table(), line) {
			t.Errorf("the table has no line %q", line)
		}
	}
	slices.Sort(drawn)
	same(t, "the arrows, each drawn once", drawn, slices.Sorted(maps.Keys(moves)))
}
