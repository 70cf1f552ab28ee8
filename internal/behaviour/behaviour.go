package behaviour

import (
	"testing"

	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

// A sentence is one promise, named as it is spoken.
type sentence struct {
	name string
	test func(w *world)
}

// A chapter is the sentences about one thing.
type chapter struct {
	name      string
	sentences []sentence
}

func chapters() []chapter {
	return []chapter{
		{"agents", agentSentences},
		{"seats", seatSentences},
		{"waiting", waitingSentences()},
		{"routing", routingSentences()},
		{"transfer", transferSentences},
		{"away", awaySentences},
		{"logout", logoutSentences()},
		{"removal", removalSentences()},
		{"snooze", snoozeSentences},
		{"closing", closingSentences},
		{"forms", formSentences},
		{"courtesy", courtesySentences},
		{"survey", surveySentences},
		{"customers", customerSentences},
		{"transcripts", transcriptSentences},
		{"reports", reportSentences},
		{"views", viewSentences},
		{"presence", presenceSentences},
		{"unread", unreadSentences},
		{"email", emailSentences},
		{"input", inputSentences},
		{"workspaces", workspaceSentences},
	}
}

// Run tests every sentence. Each is a subtest, which calls open for an empty store
// of its own. Subtests run in parallel, so open must be safe for concurrent use; it
// closes what it opened with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) storage.Store) {
	t.Helper()
	RunWith(t, lifecycle.Options{}, open)
}

// RunWith is [Run] with Desks of those options, but for their clock. It is there
// to show that a Desk that does not keep a sentence is caught.
func RunWith(t *testing.T, options lifecycle.Options, open func(t *testing.T) storage.Store) {
	t.Helper()
	for _, c := range chapters() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range c.sentences {
				t.Run(s.name, func(t *testing.T) {
					t.Parallel()
					s.test(newWorld(t, options, open(t)))
				})
			}
		})
	}
}
