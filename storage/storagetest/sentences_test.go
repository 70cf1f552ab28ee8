package storagetest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/internal/proof"
)

// notTested are the sentences of the contract without a subtest, with the
// reason.
var notTested = map[string]string{
	"Of an agent, and kept by the store.":      "says what follows",
	"A Key names a conversation.":              "says what follows",
	"A Head is a conversation as it stands.":   "says what follows",
	"An Event is one event of a conversation.": "says what follows",
	"A Setback keeps a conversation that could not be worked on from being tried again and again.":                             "says what follows",
	"A SetbackOf is a conversation with its setback.":                                                                          "says what follows",
	"A Clock is a store with a clock that all its users share, such as the database server's.":                                 "says what follows",
	"Policies are the policies of a workspace.":                                                                                "says what follows",
	"A Store keeps conversations.":                                                                                             "says what follows",
	"Due names a conversation and its due instant.":                                                                            "says what follows",
	"A Commit is everything that one command changes.":                                                                         "says what follows",
	"A Command is the caller's identification of a command, to tell a repetition.":                                             "says what follows",
	"Loaded is what a decision about one conversation needs.":                                                                  "says what follows",
	"Errors that a store returns, wrapped or as they are.":                                                                     "says what follows",
	"ErrConflict: what the commit was decided on has changed.":                                                                 "is tested where it is returned",
	"Nothing was applied; load and decide again.":                                                                              "is tested where it is returned",
	"ErrPosition: a subscriber cannot move past the end of the feed.":                                                          "is tested where it is returned",
	"ErrOutcomeUnknown: a change may or may not have been applied, or may yet be, such as when the connection broke under it.": "a kit cannot break the connection of a store that it does not know",
	"For a commit, loading with the command's ID tells, unless it may yet be applied; then another commit on the same version settles it, because only one of the two succeeds.": "a kit cannot break the connection of a store that it does not know",
	"Compare orders keys by workspace, then conversation, both byte by byte.":                                                                                                    "is code of package storage; stores are tested by the orders that they return",
	"Compare orders keys by workspace, kind and ID, each byte by byte.":                                                                                                          "is code of package storage; stores are tested by the orders that they return",
	"Seen is the agent that a commit was decided on.":                                                                                                                            "says what follows",
	"A Kind says what a record is about.":                                                                                                                                        "says what follows",
	"The kinds of records.":                                                                                                                                                      "says what follows",
	"A RecordKey names a record.":                                                                                                                                                "says what follows",
	"A Record is what is kept of an agent, a group or a visitor.":                                                                                                                "says what follows",
	"A DueRecord names a record and its due instant.":                                                                                                                            "says what follows",
	"The orders of a view.":                                                                                                                                                      "says what follows",
	"A Place is that of a conversation in a view.":                                                                                                                               "says what follows",
	"Records are those of agents, groups and visitors.":                                                                                                                          "says what follows",
	"A Reader reads conversations as desks show them.":                                                                                                                           "says what follows",
	"Compare orders by instant, then key.":                                                                                                                                       "is code of package storage; stores are tested by the orders that they return",
	"Error names the positions.":                                                                                                                                                 "is code of package storage",
	"A subscriber that would rather go on advances to the position before Oldest.":                                                                                               "advises the caller, and is tested where the error is returned",
	"ErrHeld: somebody else's transaction holds the conversation for longer than the store waits.":                                                                               "a kit does not know how to hold a conversation",
	"Error names the versions and the way out.":                                                                                                                                  "is code of package storage",
	"A SchemaError says that the tables of a store are not those that this version of the library works with.":                                                                   "a kit that knows a store by its methods sees no tables",
	"It does not stand still during a transaction.":                                                                                                                              "a clock is not in a transaction here, and a kit that waits for one to move depends on timing",
	"It is not safe for concurrent use.":                                                                                                                                         "binds the caller",
	"Texts are valid UTF-8 without NUL.":                                                                                                                                         "binds the caller",
	"Closings are of this conversation, each number once.":                                                                                                                       "binds the caller",
	"Who asks sees that the breakdown has known dimensions, each once, and the days ByDay needs.":                                                                                "binds the caller",
	"A Tallier is a store that counts closings by itself, as package closure counts what Closings returns.":                                                                      "says what follows",
	"Limits are positive.":                                                                                                                                                       "binds the caller",
}

// TestSentences shows that each sentence of the contract has a subtest, and
// that the kit quotes the contract as it stands.
func TestSentences(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	contract := sentences(t, "../storage.go")
	claimed := map[string]bool{}
	for _, failures := range reported(t).broken {
		for caseName, sentence := range failures {
			if !claimed[sentence] && !slices.Contains(contract, sentence) {
				t.Errorf("%s quotes what is not in the contract: %q", caseName, sentence)
			}
			claimed[sentence] = true
		}
	}
	for _, sentence := range contract {
		if _, excused := notTested[sentence]; excused == claimed[sentence] {
			t.Errorf("subtest: %t, listed as not tested: %t, for %q", claimed[sentence], excused, sentence)
		}
	}
	for _, sentence := range slices.Sorted(maps.Keys(notTested)) {
		if !slices.Contains(contract, sentence) {
			t.Errorf("listed as not tested, but not in the contract: %q", sentence)
		}
	}
}

var sentenceEnd = regexp.MustCompile(`[.] (?:[A-Z])`)

// sentences are those of the comments on exported declarations, on the methods
// of interfaces and on the variables of a file.
func sentences(t *testing.T, file string) (all []string) {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	add := func(comment *ast.CommentGroup) {
		text := strings.Join(strings.Fields(comment.Text()), " ")
		for text != "" {
			end := len(text)
			if at := sentenceEnd.FindStringIndex(text); at != nil {
				end = at[0] + 1
			}
			all = append(all, text[:end])
			text = strings.TrimSpace(text[end:])
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			add(n.Doc)
		case *ast.FuncDecl:
			add(n.Doc)
		case *ast.ValueSpec:
			add(n.Doc)
		case *ast.Field:
			add(n.Doc)
		}
		return true
	})
	return all
}
