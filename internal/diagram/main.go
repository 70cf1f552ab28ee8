// Command diagram writes what the rule table says into the documents that show
// it: the state diagram into README.md, between its markers, and the whole table
// into docs/rules.md. It is run by go generate, in the directory of package
// conversation.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/adjourn/adjourn/conversation"
)

// The paths, seen from package conversation.
const (
	readme = "../README.md"
	rules  = "../docs/rules.md"
)

// The markers between which README.md shows the diagram.
const (
	begin = "<!-- states:begin -->\n"
	end   = "<!-- states:end -->\n"
)

const rulesHead = `# The rule table

This is every rule of the machine, generated from conversation/rules.go: for a state and a command, the first row whose
actor and condition fit decides, and what no row fits is refused.

`

func main() {
	log.SetFlags(0)
	log.SetPrefix("diagram: ")
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	text, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	shown, err := splice(string(text), "```mermaid\n"+conversation.Mermaid()+"```\n")
	if err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	if err := write(readme, shown); err != nil {
		return err
	}
	return write(rules, rulesHead+conversation.Table())
}

// splice returns text with what stands between the markers replaced.
func splice(text, diagram string) (string, error) {
	before, rest, ok := strings.Cut(text, begin)
	if !ok {
		return "", fmt.Errorf("no line %q", strings.TrimSpace(begin))
	}
	_, after, ok := strings.Cut(rest, end)
	if !ok {
		return "", fmt.Errorf("no line %q after %q", strings.TrimSpace(end), strings.TrimSpace(begin))
	}
	return before + begin + diagram + end + after, nil
}

// write leaves a file alone that has the text already.
func write(path, text string) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == text {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o666)
}
